//! The fetch step: the one run of cargo with the network on. It fills the
//! cargo home and writes `Cargo.lock`; it runs nothing of the project.
//!
//! The source is bound read-only in it too. So that cargo can still write
//! `Cargo.lock`, the workspace's root is a scratch folder in the shell, which
//! holds a copy of the lock file and on which every other entry of the real
//! root is mounted read-only ([`Stage`](super::Stage)). When cargo has succeeded, and only
//! then, a changed lock file is moved to the real root in one step.
//!
//! Cargo asks rustc for each target's `cfg`, so both are in that shell. The
//! project's `.cargo/config.toml` could name other programs for it to run
//! (a rustc, a wrapper, a credential provider): it is shown cut down to sources
//! and registries. Cargo must therefore run in [`Stage::cwd`](super::Stage::cwd), where no other
//! such file is in its way up.
//!
//! Whether the step is needed is kept in `fetched.json`, so that a warm run
//! looks at the lock file and the manifests and starts nothing.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::args::CargoArgs;
use super::layout::{Layout, create_tagged, write_atomically};
use super::plan::{CargoInvocation, Phase, Stdout};
use super::registry::Mirror;
use crate::error::{Error, IoContext, Kind, Result};
use crate::project::{Project, Stamp};

/// Among the targets of a fetch: those of every platform.
pub const EVERY_TARGET: &str = "*";

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
    /// As of [`text`].
    cargo_home: String,
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
    /// As of [`text`].
    path: String,
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
        if fetched.xbuild != env!("CARGO_PKG_VERSION")
            || fetched.cargo_home != text(self.cargo_home)
        {
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
        let files = self.files();
        let seen = fetched.files.iter().map(|seen| &seen.path);
        if !seen.eq(files
            .iter()
            .map(|path| text(path))
            .collect::<Vec<_>>()
            .iter())
        {
            return Ok(Need::Fetch("the workspace has changed"));
        }
        let mut pairs = files.iter().zip(&fetched.files);
        if pairs
            .clone()
            .all(|(path, seen)| Stamp::of(path) == seen.stamp)
        {
            return Ok(Need::Nothing);
        }
        if pairs.all(|(path, seen)| hash_of(path) == seen.sha256) {
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
            path: text(path),
            stamp: Stamp::of(path),
            sha256: hash_of(path),
        };
        let fetched = Fetched {
            xbuild: env!("CARGO_PKG_VERSION").to_owned(),
            targets,
            cargo_home: text(self.cargo_home),
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

/// The inodes of the folders that hold crates; none before the first fetch.
fn crates(cargo_home: &Path) -> [Option<u64>; 2] {
    ["registry", "git"].map(|name| {
        let metadata = fs::metadata(cargo_home.join(name)).ok()?;
        Some(metadata.ino())
    })
}

/// A path as JSON can hold it: one that is not UTF-8 with escapes, to be
/// compared and not to be opened.
fn text(path: &Path) -> String {
    let bytes = path.as_os_str().as_encoded_bytes();
    let escaped = || format!("escaped {}", bytes.escape_ascii());
    path.to_str().map_or_else(escaped, str::to_owned)
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
