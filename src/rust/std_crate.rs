//! The crates that the standard library is built with: those of the lock file
//! in its source, `library/Cargo.lock`, which `rust-src` does not bring along.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use serde::{Deserialize, Serialize};
use xz2::read::XzDecoder;

use crate::attest::LockedCrate;
use crate::cargo::Lockfile;
use crate::cargo::registry::SOURCE as CRATES_IO;
use crate::error::{Error, IoContext, Kind, Result};
use crate::fetch::{CrateServer, Wanted as Download};
use crate::pins::Sha256;

/// The lock file, below the component's folder.
const LOCK: &str = "lib/rustlib/src/rust/library/Cargo.lock";

/// The largest lock file that is read, in bytes: they have about 10 kB.
const LOCK_MAX: u64 = 1 << 20;

/// A crate of crates.io that the standard library is built with.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StdCrate {
    pub name: String,
    pub version: String,
    pub sha256: Sha256,
    /// In bytes.
    pub size: u64,
}

impl StdCrate {
    /// As a lock file of cargo's has it.
    pub fn locked(&self) -> LockedCrate {
        LockedCrate {
            name: self.name.clone(),
            version: self.version.clone(),
            source: CRATES_IO.to_owned(),
            checksum: Some(self.sha256),
        }
    }

    /// The name of its file.
    pub fn file_name(&self) -> String {
        format!("{}-{}.crate", self.name, self.version)
    }

    /// The name of its store path, as `nix/lib/crates.nix` has it.
    pub fn store_name(&self) -> String {
        self.file_name().replace('+', "-")
    }

    /// Where it is, below the mirrors of a server.
    pub fn path(&self, server: &CrateServer) -> String {
        server.path(&self.name, &self.version, self.sha256)
    }

    /// The file to download.
    pub fn wanted(&self, path: String) -> Download {
        Download {
            name: self.file_name(),
            path,
            size: self.size,
            sha256: self.sha256,
            suite: String::new(),
        }
    }

    /// Whether name and version are such that its file can be asked for, and
    /// be put in the store.
    pub(super) fn is_plain(&self) -> bool {
        let legal = |c: char| c.is_ascii_alphanumeric() || "+._-".contains(c);
        let begins = |text: &str| text.starts_with(|c: char| c.is_ascii_alphanumeric());
        [&self.name, &self.version]
            .into_iter()
            .all(|text| begins(text) && text.chars().all(legal))
    }
}

/// The crates of the lock file in the component `rust-src`, ordered, without
/// their sizes; none where it has no such file, as before Rust 1.83.
///
/// # Errors
/// `Kind::Filesystem`; `Kind::Integrity` where the file is no such component.
pub fn crates_of(rust_src: &Path) -> Result<Vec<StdCrate>> {
    let refused = |why: String| {
        let message = format!("`{}` is no source of Rust's", rust_src.display());
        Error::new(Kind::Integrity, message).caused_by(why)
    };
    let file = BufReader::new(File::open(rust_src).at("open", rust_src)?);
    let text = lock_in(XzDecoder::new_multi_decoder(file));
    let Some(text) = text.map_err(|error| refused(error.to_string()))? else {
        return Ok(Vec::new());
    };
    let lock =
        Lockfile::parse(Path::new(LOCK), &text).map_err(|error| refused(error.to_string()))?;
    let mut crates = Vec::new();
    for one in lock.crates {
        let (Some(sha256), CRATES_IO) = (one.checksum, one.source.as_str()) else {
            let why = format!("its {LOCK} has `{}` of `{}`", one.name, one.source);
            return Err(refused(why));
        };
        let one = StdCrate {
            name: one.name,
            version: one.version,
            sha256,
            size: 0,
        };
        if !one.is_plain() {
            return Err(refused(format!(
                "its {LOCK} has an odd crate: `{}`",
                one.name
            )));
        }
        crates.push(one);
    }
    crates.sort();
    Ok(crates)
}

fn lock_in(tar: impl Read) -> std::io::Result<Option<String>> {
    let mut tar = tar::Archive::new(tar);
    for entry in tar.entries()? {
        let entry = entry?;
        // `rust-src-1.88.0/rust-src/…`: the package's folder and the component's.
        if entry.path()?.iter().skip(2).eq(Path::new(LOCK)) {
            let mut text = String::new();
            entry.take(LOCK_MAX).read_to_string(&mut text)?;
            return Ok(Some(text));
        }
    }
    Ok(None)
}
