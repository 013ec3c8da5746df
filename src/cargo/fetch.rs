//! The fetch step: the one run of cargo with the network on. It fills the
//! cargo home and writes `Cargo.lock`; it runs nothing of the project.
//!
//! [`Stage`] is what it sees of the source.
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
use crate::error::{Error, Kind, Result};
use crate::project::{Project, Stamp};
use crate::target::HOST;

pub use super::stage::Stage;

/// What decides whether anything must be fetched.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    pub project: &'a Project,
    /// Plain triples.
    pub targets: &'a [String],
    /// The cargo home that the step fills, on the host.
    pub cargo_home: &'a Path,
    /// The text of [`super::home::Home::config`] for the fetch shell.
    pub config: &'a str,
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
        let lock = &self.project.lock;
        if !lock.exists() {
            if args.locked || args.frozen {
                let message = format!("there is no `{}`, and it may not be made", lock.display());
                return Err(Error::new(Kind::Project, message).hint(
                    "leave out --locked and --frozen once, or run `cargo generate-lockfile`",
                ));
            }
            return Ok(Need::Fetch("there is no Cargo.lock yet"));
        }
        let path = self.state();
        let recalled = fs::read(&path).ok();
        let recalled = recalled.and_then(|bytes| serde_json::from_slice::<Fetched>(&bytes).ok());
        let Some(fetched) = recalled else {
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
            self.write(fetched.targets)?;
            return Ok(Need::Nothing);
        }
        Ok(Need::Fetch("a manifest or Cargo.lock has changed"))
    }

    /// Records that a fetch has succeeded.
    ///
    /// # Errors
    /// `Kind::Filesystem`.
    pub fn record(&self) -> Result<()> {
        self.write(self.targets.to_vec())
    }

    fn write(&self, targets: Vec<String>) -> Result<()> {
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
            files: self.files().into_iter().map(see).collect(),
        };
        let bytes = serde_json::to_vec(&fetched).map_err(|error| {
            Error::new(Kind::Internal, "a fetch cannot be recorded").caused_by(error)
        })?;
        create_tagged(&self.project.target_dir)?;
        write_atomically(&self.state(), &bytes)
    }

    fn state(&self) -> PathBuf {
        Layout::own(&self.project.target_dir).join("fetched.json")
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

/// The run of cargo for the fetch shell. With `--offline` or `--frozen` the
/// shell's network is to stay off, and cargo says what is missing. The host is
/// fetched for too, because `cargo fetch --target` leaves out what only build
/// scripts and proc macros need on another platform.
pub fn invocation(args: &CargoArgs, targets: &[String], manifest: &Path) -> CargoInvocation {
    let mut words: Vec<OsString> = vec!["fetch".into(), "--manifest-path".into(), manifest.into()];
    let host = Some(HOST).filter(|host| !targets.iter().any(|target| target == host));
    let targets = targets.iter().map(String::as_str).chain(host);
    words.extend(targets.flat_map(|target| ["--target".into(), target.into()]));
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
