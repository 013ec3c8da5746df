//! The fetch step: the one run of cargo with the network on. It fills the
//! cargo home and writes `Cargo.lock`; it runs nothing of the project.
//!
//! The source is bound read-only in it too. So that cargo can still write
//! `Cargo.lock`, the workspace's root is a scratch folder in the shell, which
//! holds a copy of the lock file and on which every other entry of the real
//! root is mounted read-only ([`Stage`]). When cargo has succeeded, and only
//! then, a changed lock file is moved to the real root in one step.
//!
//! Cargo asks rustc for each target's `cfg`, so both are in that shell. The
//! project's `.cargo/config.toml` could name other programs for it to run
//! (a rustc, a wrapper, a credential provider): it is shown cut down to sources
//! and registries. Cargo must therefore run in [`Stage::cwd`], where no other
//! such file is in its way up.
//!
//! Whether the step is needed is kept in `fetched.json`, so that a warm run
//! looks at the lock file and the manifests and starts nothing.

use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::args::CargoArgs;
use super::home::project_config;
use super::layout::{Layout, create_tagged, write_atomically};
use super::plan::{CargoInvocation, Phase, Stdout};
use super::registry::Mirror;
use crate::error::{Error, IoContext, Kind, Result};
use crate::project::{Mounts, Project, Stamp};

/// What decides whether anything must be fetched.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    pub project: &'a Project,
    /// Plain triples, as of [`with_host`].
    pub targets: &'a [String],
    /// The cargo home that the step fills, on the host.
    pub cargo_home: &'a Path,
    /// The text of [`super::home::Home::config`] for the fetch shell.
    pub config: &'a str,
    /// The compiler, whose standard library has crates of its own.
    pub rustc: &'a str,
}

/// Whether a fetch is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Need {
    /// All is there already.
    Nothing,
    /// Why it is needed, as a fragment.
    Fetch(&'static str),
}

/// What the last successful fetch was for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Fetched {
    xbuild: String,
    targets: Vec<String>,
    cargo_home: PathBuf,
    /// The inodes of the folders of crates: others were not filled.
    crates: [Option<u64>; 2],
    /// The hash of the configuration's text.
    config: String,
    rustc: String,
    /// The values of `-Z`.
    unstable: Vec<String>,
    /// The name of [`Mirror`].
    #[serde(default)]
    mirror: Option<String>,
    files: Vec<Seen>,
}

/// A file as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Seen {
    path: PathBuf,
    stamp: Option<Stamp>,
    sha256: Option<String>,
}

impl Wanted<'_> {
    /// Compares with what the last fetch left, by stamps first and by hashes
    /// where those differ.
    ///
    /// # Errors
    /// `Kind::Project` where `--locked` or `--frozen` is given and there is no
    /// `Cargo.lock`.
    pub fn need(&self, args: &CargoArgs) -> Result<Need> {
        check_lock(self.project, args)?;
        if !self.project.lock.exists() {
            return Ok(Need::Fetch("there is no Cargo.lock yet"));
        }
        let Some(fetched) = recall(&self.state()) else {
            return Ok(Need::Fetch("nothing was fetched yet"));
        };
        if fetched.xbuild != env!("CARGO_PKG_VERSION") || fetched.cargo_home != self.cargo_home {
            return Ok(Need::Fetch("nothing was fetched yet"));
        }
        if fetched.crates != crates(self.cargo_home) {
            return Ok(Need::Fetch("the cargo home is another one"));
        }
        if !self
            .targets
            .iter()
            .all(|target| fetched.targets.contains(target))
        {
            return Ok(Need::Fetch("there is a new target"));
        }
        if fetched.config != hash(self.config.as_bytes()) {
            return Ok(Need::Fetch("cargo's configuration has changed"));
        }
        if fetched.rustc != self.rustc {
            return Ok(Need::Fetch("the compiler is another one"));
        }
        if !unstable(args).all(|flag| fetched.unstable.contains(&flag)) {
            return Ok(Need::Fetch("there is a new -Z"));
        }
        let paths: Vec<&Path> = fetched
            .files
            .iter()
            .map(|seen| seen.path.as_path())
            .collect();
        if paths != self.files() {
            return Ok(Need::Fetch("the workspace has changed"));
        }
        if fetched
            .files
            .iter()
            .all(|seen| Stamp::of(&seen.path) == seen.stamp)
        {
            return Ok(Need::Nothing);
        }
        if fetched
            .files
            .iter()
            .all(|seen| hash_of(&seen.path) == seen.sha256)
        {
            // Touched, not changed: next time the stamps say so at once.
            self.write(fetched.targets, fetched.unstable, fetched.mirror)?;
            return Ok(Need::Nothing);
        }
        Ok(Need::Fetch("a manifest or Cargo.lock has changed"))
    }

    /// Records that a fetch for a command line has succeeded, and from which
    /// mirror.
    ///
    /// # Errors
    /// `Kind::Filesystem`.
    pub fn record(&self, args: &CargoArgs, mirror: Option<&Mirror>) -> Result<()> {
        for (_, crates_io) in mirror.iter().flat_map(|it| it.folders(self.cargo_home)) {
            // What the mirror's folder is bound on.
            fs::create_dir_all(&crates_io).at("create", &crates_io)?;
        }
        self.write(
            self.targets.to_vec(),
            unstable(args).collect(),
            mirror.map(|mirror| mirror.name().to_owned()),
        )
    }

    fn write(
        &self,
        targets: Vec<String>,
        unstable: Vec<String>,
        mirror: Option<String>,
    ) -> Result<()> {
        let see = |path: &Path| Seen {
            path: path.to_owned(),
            stamp: Stamp::of(path),
            sha256: hash_of(path),
        };
        let fetched = Fetched {
            xbuild: env!("CARGO_PKG_VERSION").to_owned(),
            targets,
            cargo_home: self.cargo_home.to_owned(),
            crates: crates(self.cargo_home),
            config: hash(self.config.as_bytes()),
            rustc: self.rustc.to_owned(),
            unstable,
            mirror,
            files: self.files().into_iter().map(see).collect(),
        };
        let bytes = serde_json::to_vec(&fetched).map_err(|error| {
            Error::new(Kind::Internal, "a fetch cannot be recorded").caused_by(error)
        })?;
        create_tagged(&self.project.target_dir)?;
        write_atomically(&self.state(), &bytes)
    }

    fn state(&self) -> PathBuf {
        state(&self.project.target_dir)
    }

    fn files(&self) -> Vec<&Path> {
        let project = self.project;
        let manifests = project.manifests().iter().chain(&project.settings.files);
        std::iter::once(&project.lock)
            .chain(manifests)
            .map(PathBuf::as_path)
            .collect()
    }
}

fn unstable(args: &CargoArgs) -> impl Iterator<Item = String> {
    let flags = args.unstable.iter();
    flags.map(|flag| flag.to_string_lossy().into_owned())
}

/// The mirror that the last fetch for a target folder took crates.io's crates
/// from, where it was one.
pub fn mirror(target_dir: &Path) -> Option<Mirror> {
    let fetched = recall(&state(target_dir))?;
    fetched.mirror.map(Mirror::named)
}

fn state(target_dir: &Path) -> PathBuf {
    Layout::own(target_dir).join("fetched.json")
}

fn recall(state: &Path) -> Option<Fetched> {
    serde_json::from_slice(&fs::read(state).ok()?).ok()
}

/// Refuses what cannot come to anything, before a toolchain is fetched for it.
///
/// # Errors
/// `Kind::Project` where `--locked` or `--frozen` is given and there is no
/// `Cargo.lock`.
pub fn check_lock(project: &Project, args: &CargoArgs) -> Result<()> {
    if project.lock.exists() || !(args.locked || args.frozen) {
        return Ok(());
    }
    let message = format!(
        "there is no `{}`, and it may not be made",
        project.lock.display()
    );
    Err(Error::new(Kind::Project, message)
        .hint("leave out --locked and --frozen once, or run `cargo generate-lockfile`"))
}

/// The targets that crates are fetched for: the host is one of them, because
/// `cargo fetch --target` leaves out what only build scripts and proc macros
/// need on another platform.
pub fn with_host(targets: &[String], host: &str) -> Vec<String> {
    let mut all = targets.to_vec();
    if !all.iter().any(|target| target == host) {
        all.push(host.to_owned());
    }
    all
}

/// The run of cargo for the fetch shell, for targets as of [`with_host`]. With `--offline` or `--frozen` the
/// shell's network is to stay off, and cargo says what is missing.
pub fn invocation(args: &CargoArgs, targets: &[String], manifest: &Path) -> CargoInvocation {
    let mut words: Vec<OsString> = vec!["fetch".into(), "--manifest-path".into(), manifest.into()];
    words.extend(
        targets
            .iter()
            .flat_map(|target| ["--target".into(), target.into()]),
    );
    let flags = [
        ("--locked", args.locked),
        ("--offline", args.offline),
        ("--frozen", args.frozen),
        ("--quiet", args.quiet),
    ];
    words.extend(
        flags
            .iter()
            .filter(|(_, given)| *given)
            .map(|(flag, _)| OsString::from(flag)),
    );
    words.extend((0..args.verbose).map(|_| "--verbose".into()));
    if let Some(color) = &args.color {
        words.push(format!("--color={color}").into());
    }
    words.extend(args.unstable_words());
    words.extend(
        args.config
            .iter()
            .flat_map(|value| ["--config".into(), value.clone()]),
    );
    CargoInvocation {
        phase: Phase::Build,
        args: words,
        stdout: Stdout::Inherit,
    }
}

/// Whether the fetch shell needs the network.
pub fn needs_network(args: &CargoArgs) -> bool {
    !args.offline && !args.frozen
}

/// The scratch folder that stands for the workspace's root in the fetch shell.
/// It is gone when this value is.
#[derive(Debug)]
pub struct Stage {
    folder: tempfile::TempDir,
    lock: PathBuf,
    /// The folder in the shell where cargo must run.
    pub cwd: PathBuf,
    /// What to bind, in this order: host, shell, and whether it is writable.
    pub binds: Vec<(PathBuf, PathBuf, bool)>,
}

impl Stage {
    /// Makes the scratch folder, with a mount point for every entry of the root.
    ///
    /// # Errors
    /// `Kind::Filesystem`; `Kind::Config` where the project's cargo
    /// configuration is not TOML.
    pub fn new(project: &Project) -> Result<Self> {
        let own = Layout::own(&project.target_dir);
        create_tagged(&project.target_dir)?;
        fs::create_dir_all(&own).at("create", &own)?;
        remove_stale(&own);
        let folder = tempfile::Builder::new()
            .prefix(SCRATCH)
            .tempdir_in(&own)
            .at("create a folder in", &own)?;
        let root = folder.path().join("root");
        fs::create_dir(&root).at("create", &root)?;

        let mounts = project.mounts(&[])?;
        let (around, beside): (Vec<_>, Vec<_>) = mounts
            .binds
            .iter()
            .filter(|(host, _)| *host != project.root)
            .map(|(host, inside)| (host.clone(), inside.clone(), false))
            .partition(|(host, _, _)| project.root.starts_with(host));
        // A folder that holds the root comes first, the root's stand-in over it.
        let mut binds = around;
        binds.push((root.clone(), mounts.root.clone(), true));
        for entry in fs::read_dir(&project.root).at("read", &project.root)? {
            let host = entry.at("read", &project.root)?.path();
            // The target folder is no source, and holds this very folder.
            if host != project.lock && host != project.target_dir && mount_point(&host, &root)? {
                let name = host.file_name().unwrap_or_default();
                let inside = mounts.root.join(name);
                binds.push((host, inside, false));
            }
        }
        binds.extend(beside);
        binds.extend(configurations(project, &mounts, folder.path())?);
        match fs::read(&project.lock) {
            Ok(bytes) => {
                let copy = root.join("Cargo.lock");
                fs::write(&copy, bytes).at("write", &copy)?;
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error).at("read", &project.lock),
        }
        Ok(Stage {
            folder,
            lock: project.lock.clone(),
            cwd: mounts.root,
            binds,
        })
    }

    /// Takes over the lock file that cargo left, where it differs, and says
    /// whether it did. To be called after a run that succeeded.
    ///
    /// # Errors
    /// `Kind::Filesystem`.
    pub fn finish(self) -> Result<bool> {
        let staged = self.folder.path().join("root/Cargo.lock");
        let new = fs::read(&staged).at("read", &staged)?;
        if fs::read(&self.lock).is_ok_and(|old| old == new) {
            return Ok(false);
        }
        write_atomically(&self.lock, &new)?;
        Ok(true)
    }
}

/// The beginning of a scratch folder's name.
const SCRATCH: &str = "fetch-";

/// Removes the scratch folders of runs that were killed a day ago or earlier:
/// no fetch that still runs is as old.
fn remove_stale(own: &Path) {
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    for entry in fs::read_dir(own).into_iter().flatten().flatten() {
        let is_scratch = entry
            .file_name()
            .as_encoded_bytes()
            .starts_with(SCRATCH.as_bytes());
        let age = entry.metadata().and_then(|metadata| metadata.modified());
        let age = age.ok().and_then(|time| time.elapsed().ok());
        if is_scratch && age.is_some_and(|age| age > DAY) {
            // It costs a few kilobytes if it stays.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Makes in `root` what a copy of an entry needs to be mounted on, and says
/// whether there is something to mount. A symbolic link is made again instead.
fn mount_point(host: &Path, root: &Path) -> Result<bool> {
    let point = root.join(host.file_name().unwrap_or_default());
    let kind = fs::symlink_metadata(host).at("read", host)?.file_type();
    if kind.is_symlink() {
        let to = fs::read_link(host).at("read", host)?;
        symlink(&to, &point).at("link", &point)?;
    } else if kind.is_dir() {
        fs::create_dir(&point).at("create", &point)?;
    } else if kind.is_file() {
        fs::write(&point, []).at("create", &point)?;
    }
    Ok(kind.is_dir() || kind.is_file())
}

/// Binds the harmless part of each cargo configuration over the whole of it.
fn configurations(
    project: &Project,
    mounts: &Mounts,
    folder: &Path,
) -> Result<Vec<(PathBuf, PathBuf, bool)>> {
    let mut binds = Vec::new();
    for above in project.root.ancestors() {
        for name in ["config", "config.toml"] {
            let host = above.join(".cargo").join(name);
            let Some(inside) = mounts.inside(&host).filter(|_| host.is_file()) else {
                continue;
            };
            let text = fs::read_to_string(&host).at("read", &host)?;
            let harmless = folder.join(format!("config-{}", binds.len()));
            let text = project_config(&host, &text)?;
            fs::write(&harmless, text).at("write", &harmless)?;
            binds.push((harmless, inside, false));
        }
    }
    Ok(binds)
}

/// The inodes of the folders that hold crates; none before the first fetch.
fn crates(cargo_home: &Path) -> [Option<u64>; 2] {
    ["registry", "git"].map(|name| {
        let metadata = fs::metadata(cargo_home.join(name)).ok()?;
        Some(metadata.ino())
    })
}

fn hash_of(path: &Path) -> Option<String> {
    fs::read(path).ok().map(|bytes| hash(&bytes))
}

fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
#[path = "fetch_tests.rs"]
mod tests;
