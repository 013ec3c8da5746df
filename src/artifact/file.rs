//! Reads one file for its facts: the only part of this room that touches the
//! disk. Memory stays small however large the file is.

use std::fs::File;
use std::io::Seek;
use std::path::{Path, PathBuf};

use object::read::ReadCache;

use super::{BinaryFacts, Leak, Needle, facts, scan};
use crate::error::{Error, IoContext, Kind, Result};

/// A file and everything known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    pub path: PathBuf,
    /// Bytes.
    pub size: u64,
    /// Lower-case hexadecimal.
    pub sha256: String,
    pub facts: BinaryFacts,
    /// Needles that were found, in the order of the needles.
    pub leaks: Vec<Leak>,
}

/// Reads a file's facts, size and SHA-256, and looks for the needles in it.
///
/// # Errors
/// Where the file cannot be read or is not a regular one ([`Kind::Filesystem`]),
/// or its contents are broken ([`Kind::Finding`]).
pub fn read(path: &Path, needles: &[Needle]) -> Result<Artifact> {
    let mut file = File::open(path).at("open", path)?;
    if !file.metadata().at("read", path)?.is_file() {
        return Err(Error::new(
            Kind::Filesystem,
            format!("`{}` is not a regular file", path.display()),
        ));
    }
    let scanned = scan(&mut file, needles).at("read", path)?;
    file.rewind().at("read", path)?;
    let cache = ReadCache::new(file);
    let facts = facts(&cache).map_err(|malformed| {
        Error::new(
            Kind::Finding,
            format!("`{}` is a broken binary", path.display()),
        )
        .caused_by(malformed)
        .hint("build it again; if it was downloaded, compare its size and SHA-256")
    })?;
    Ok(Artifact {
        path: path.to_owned(),
        size: scanned.size,
        sha256: scanned.sha256,
        facts,
        leaks: scanned.leaks,
    })
}
