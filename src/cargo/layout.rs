//! The target folder on the host: what is bound into the shell, and the hard
//! links that put artefacts where cargo's users look for them.
//!
//! ```text
//! target/xbuild/host-KEY/          bound at /build/target: build scripts, proc macros
//! target/xbuild/TRIPLE-KEY/        bound at /build/target/TRIPLE: two floors never share objects
//! target/TRIPLE/release/NAME       a hard link to the artefact of the last build
//! target/TRIPLE/doc                a link to the documentation
//! target/criterion                 a link to what benches keep, and so for nextest
//! ```

use std::fs;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Component, Path, PathBuf};

use super::TARGET;
use crate::error::{Error, IoContext, Kind, Result};

/// The text of cargo's own tag, after <https://bford.info/cachedir/>.
const TAG: &str = "Signature: 8a477f597d28d172789f06886806bc55
# This file is a cache directory tag created by xbuild.
# For information about cache directory tags see https://bford.info/cachedir/
";

/// The folders of one build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    target_dir: PathBuf,
    host: PathBuf,
    triples: Vec<(String, PathBuf)>,
}

impl Layout {
    /// The layout below `target_dir`, for a key of the host's toolchain and
    /// each plain triple with the key of its own. Makes nothing.
    pub fn new(target_dir: &Path, host_key: &str, triples: &[(&str, &str)]) -> Self {
        let own = target_dir.join("xbuild");
        let triple = |(triple, key): &(&str, &str)| {
            ((*triple).to_owned(), own.join(format!("{triple}-{key}")))
        };
        Layout {
            target_dir: target_dir.to_owned(),
            host: own.join(format!("host-{host_key}")),
            triples: triples.iter().map(triple).collect(),
        }
    }

    /// The layout of a build outside any shell: one folder that is a target
    /// folder as it stands, because nothing can be mounted together.
    pub fn unisolated(target_dir: &Path, key: &str, triples: &[&str]) -> Self {
        let host = target_dir.join("xbuild").join(format!("none-{key}"));
        let triple = |triple: &&str| ((*triple).to_owned(), host.join(triple));
        Layout {
            target_dir: target_dir.to_owned(),
            triples: triples.iter().map(triple).collect(),
            host,
        }
    }

    /// The same folders below another target folder.
    #[must_use]
    pub fn below(&self, target_dir: &Path) -> Layout {
        let moved = |folder: &Path| match folder.strip_prefix(&self.target_dir) {
            Ok(rest) => target_dir.join(rest),
            Err(_) => folder.to_owned(),
        };
        Layout {
            target_dir: target_dir.to_owned(),
            host: moved(&self.host),
            triples: self
                .triples
                .iter()
                .map(|(triple, folder)| (triple.clone(), moved(folder)))
                .collect(),
        }
    }

    /// The folder on the host that is cargo's target folder.
    pub fn host(&self) -> &Path {
        &self.host
    }

    /// The folder that xbuild keeps to itself below a target folder.
    pub fn own(target_dir: &Path) -> PathBuf {
        target_dir.join("xbuild")
    }

    /// Makes the folders, the points that the inner ones are mounted on, and
    /// the tag that tells backups to leave the target folder out.
    ///
    /// # Errors
    /// `Kind::Filesystem` where something cannot be made, or is a link.
    pub fn create(&self) -> Result<()> {
        create_tagged(&self.target_dir)?;
        real_folder(&self.target_dir, &self.host)?;
        for (triple, folder) in &self.triples {
            real_folder(&self.target_dir, folder)?;
            real_folder(&self.target_dir, &self.host.join(triple))?;
        }
        Ok(())
    }

    /// What is bound writable into the shell, outer folders first: the path on
    /// the host and the one inside.
    pub fn binds(&self) -> Vec<(PathBuf, PathBuf)> {
        let outer = (self.host.clone(), PathBuf::from(TARGET));
        let inner = self
            .triples
            .iter()
            .map(|(triple, folder)| (folder.clone(), Path::new(TARGET).join(triple)));
        std::iter::once(outer).chain(inner).collect()
    }

    /// Where a file of the shell's target folder really lies on the host.
    pub fn real(&self, inside: &Path) -> Option<PathBuf> {
        let rest = below_target(inside)?;
        let of_triple = self
            .triples
            .iter()
            .find_map(|(triple, folder)| Some(join(folder, rest.strip_prefix(triple).ok()?)));
        Some(of_triple.unwrap_or_else(|| join(&self.host, rest)))
    }

    /// Where the user finds an artefact: `<target>/<triple>/…`.
    pub fn public(&self, inside: &Path) -> Option<PathBuf> {
        let rest = below_target(inside)?;
        let known = self
            .triples
            .iter()
            .any(|(triple, _)| rest.starts_with(triple));
        known.then(|| join(&self.target_dir, rest))
    }

    /// Folders of the shell and what the user should read in their place, for
    /// [`super::rewrite_paths`].
    pub fn mapping(&self) -> Vec<(String, String)> {
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let triples = self.triples.iter().map(|(triple, _)| {
            (
                format!("{TARGET}/{triple}"),
                text(&self.target_dir.join(triple)),
            )
        });
        triples
            .chain([(TARGET.to_owned(), text(&self.target_dir))])
            .collect()
    }

    /// The real place of an artefact, to be read there. The build wrote it,
    /// and could have put a symbolic link in its place, to be followed here to
    /// a file of the user's: only a regular file below this layout will do.
    ///
    /// # Errors
    /// `Kind::Filesystem` for anything else; `Kind::Internal` for a path that
    /// is not of this layout.
    pub fn built(&self, inside: &Path) -> Result<PathBuf> {
        let Some(real) = self.real(inside) else {
            let message = format!(
                "cargo names an artefact outside its target folder: {}",
                inside.display()
            );
            return Err(Error::new(Kind::Internal, message));
        };
        regular_file(&real, &Layout::own(&self.target_dir))?;
        Ok(real)
    }

    /// Puts an artefact where the user finds it and says where that is.
    ///
    /// # Errors
    /// `Kind::Filesystem`; `Kind::Internal` for a path that is not of this layout.
    pub fn uplift(&self, inside: &Path) -> Result<PathBuf> {
        let (Some(from), Some(to)) = (self.real(inside), self.public(inside)) else {
            let message = format!(
                "cargo names an artefact outside its target folder: {}",
                inside.display()
            );
            return Err(Error::new(Kind::Internal, message));
        };
        real_folder(&self.target_dir, to.parent().unwrap_or(&to))?;
        link_file(&from, &Layout::own(&self.target_dir), &to)?;
        Ok(to)
    }

    /// Links each triple's documentation to `<target>/<triple>/doc` and says
    /// which there are.
    ///
    /// # Errors
    /// `Kind::Filesystem`.
    pub fn link_docs(&self) -> Result<Vec<PathBuf>> {
        let mut linked = Vec::new();
        for (triple, folder) in &self.triples {
            let from = folder.join("doc");
            if from.is_dir() {
                let of_triple = self.target_dir.join(triple);
                real_folder(&self.target_dir, &of_triple)?;
                let to = of_triple.join("doc");
                link_folder(&from, &to)?;
                linked.push(to);
            }
        }
        Ok(linked)
    }

    /// Links folders that runners of tests and benches write below the target
    /// folder to where their users look for them, and says which could not be,
    /// because there is another.
    ///
    /// # Errors
    /// `Kind::Filesystem`.
    pub fn link_results(&self) -> Result<Vec<(PathBuf, PathBuf)>> {
        let mut hidden = Vec::new();
        for name in RESULTS {
            let (from, to) = (self.host.join(name), self.target_dir.join(name));
            let is_folder = |path: &Path| fs::symlink_metadata(path).is_ok_and(|it| it.is_dir());
            if !is_folder(&from) {
                continue;
            }
            if is_folder(&to) {
                hidden.push((from, to));
            } else {
                link_folder(&from, &to)?;
            }
        }
        Ok(hidden)
    }
}

/// What criterion and nextest call their folders.
const RESULTS: [&str; 2] = ["criterion", "nextest"];

/// Makes a folder that is to be left out of backups; one that is already there
/// is the user's and stays as it is, as with cargo.
pub(crate) fn create_tagged(folder: &Path) -> Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(folder).at("create", folder)?;
    let tag = folder.join("CACHEDIR.TAG");
    fs::write(&tag, TAG).at("write", &tag)
}

/// Makes a folder below a target folder. A link on the way may be the project's,
/// or that of an earlier build: what the shell may write to, and what is
/// written here, would lie wherever it points.
pub(super) fn real_folder(target_dir: &Path, folder: &Path) -> Result<()> {
    let mut made = target_dir.to_owned();
    for part in folder.strip_prefix(target_dir).unwrap_or(folder) {
        made.push(part);
        match fs::create_dir(&made) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            result => result.at("create", &made)?,
        }
        if !fs::symlink_metadata(&made).at("read", &made)?.is_dir() {
            let message = format!("`{}` is no folder of its own", made.display());
            let remedy = format!("rm {}", crate::process::quote(made.as_os_str()));
            return Err(Error::new(Kind::Filesystem, message).hint(remedy));
        }
    }
    Ok(())
}

/// What is known of a regular file that lies below `within`, followed through
/// no link that leads out.
fn regular_file(file: &Path, within: &Path) -> Result<fs::Metadata> {
    let metadata = fs::symlink_metadata(file).at("read", file)?;
    let real = fs::canonicalize(file).at("read", file)?;
    if metadata.is_file() && real.starts_with(fs::canonicalize(within).at("read", within)?) {
        return Ok(metadata);
    }
    let message = format!("`{}` is not a file that the build made", file.display());
    Err(Error::new(Kind::Filesystem, message))
}

/// Gives `from`, a regular file below `within`, the second name `to`, replacing
/// what stands there in one step. Copies where the two are on different file
/// systems.
fn link_file(from: &Path, within: &Path, to: &Path) -> Result<()> {
    let source = regular_file(from, within)?;
    let same = |other: &fs::Metadata| other.ino() == source.ino() && other.dev() == source.dev();
    if fs::symlink_metadata(to).is_ok_and(|there| same(&there)) {
        return Ok(());
    }
    replace(to, |staged| {
        if fs::hard_link(from, staged).is_err() {
            fs::copy(from, staged).at("copy", from)?;
        }
        Ok(())
    })
}

/// Makes `to` a symbolic link to `from`, unless it is a folder of its own.
fn link_folder(from: &Path, to: &Path) -> Result<()> {
    if fs::read_link(to).is_ok_and(|there| there == from) {
        return Ok(());
    }
    if fs::symlink_metadata(to).is_ok_and(|there| there.is_dir()) {
        let message = format!("`{}` is a folder that xbuild has not made", to.display());
        return Err(Error::new(Kind::Filesystem, message)
            .hint(format!("rm -r {}", crate::process::quote(to.as_os_str()))));
    }
    replace(to, |staged| symlink(from, staged).at("link", staged))
}

/// Puts what `make` makes at `to`, in one step.
fn replace(to: &Path, make: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let folder = to.parent().unwrap_or(Path::new("/"));
    fs::create_dir_all(folder).at("create", folder)?;
    // A folder of its own gives a name that nobody else uses, and cleans up.
    let staging = tempfile::Builder::new()
        .prefix(".xbuild-")
        .tempdir_in(folder)
        .at("create a folder in", folder)?;
    let staged = staging.path().join("staged");
    make(&staged)?;
    fs::rename(&staged, to).at("write", to)
}

/// Copies what `cargo install` left in the shell's root to the real one, each
/// program in one step, and says which.
///
/// # Errors
/// `Kind::Filesystem`.
pub fn install(staged: &Path, root: &Path) -> Result<Vec<PathBuf>> {
    let from = staged.join("bin");
    let entries = match fs::read_dir(&from) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error).at("read", &from),
    };
    let mut installed = Vec::new();
    for entry in entries {
        let entry = entry.at("read", &from)?;
        let to = root.join("bin").join(entry.file_name());
        link_file(&entry.path(), staged, &to)?;
        installed.push(to);
    }
    installed.sort();
    Ok(installed)
}

/// Writes a file in one step.
///
/// # Errors
/// `Kind::Filesystem`, naming the path.
pub(crate) fn write_atomically(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    fs::create_dir_all(folder).at("create", folder)?;
    // As any program makes a file; the umask has its say.
    let mut file = tempfile::Builder::new()
        .permissions(fs::Permissions::from_mode(0o666))
        .tempfile_in(folder)
        .at("create a file in", folder)?;
    file.write_all(bytes).at("write", path)?;
    file.persist(path)
        .map_err(|error| error.error)
        .at("write", path)?;
    Ok(())
}

fn below_target(inside: &Path) -> Option<&Path> {
    let rest = inside.strip_prefix(TARGET).ok()?;
    // The path comes from a message that a build script may have forged.
    let plain = rest
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    plain.then_some(rest)
}

/// `join` without the slash that joining nothing leaves behind.
fn join(base: &Path, rest: &Path) -> PathBuf {
    if rest.as_os_str().is_empty() {
        base.to_owned()
    } else {
        base.join(rest)
    }
}

#[cfg(test)]
#[path = "layout_tests.rs"]
mod tests;
