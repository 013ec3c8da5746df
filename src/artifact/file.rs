//! Reads one file for its facts. Memory stays small however large the file is.

use std::fs::File;
use std::io::Seek;
use std::path::{Path, PathBuf};

use object::read::ReadCache;

use super::memory::Stamp;
use super::{BinaryFacts, Leak, Memory, Needle, facts, scan};
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
    load(path, needles, None)
}

/// As [`read`], but a file that is remembered and has not changed is not read
/// whole again.
///
/// # Errors
/// As [`read`].
pub fn read_remembering(path: &Path, needles: &[Needle], memory: &Memory) -> Result<Artifact> {
    load(path, needles, Some(memory))
}

fn load(path: &Path, needles: &[Needle], memory: Option<&Memory>) -> Result<Artifact> {
    let mut file = File::open(path).at("open", path)?;
    let metadata = file.metadata().at("read", path)?;
    if !metadata.is_file() {
        return Err(Error::new(
            Kind::Filesystem,
            format!("`{}` is not a regular file", path.display()),
        ));
    }
    let stamp = Stamp::of(&metadata);
    let recalled = memory.and_then(|memory| memory.recall(path, &stamp, needles));
    let scanned = match recalled {
        Some(scan) => scan,
        None => {
            let scanned = scan(&mut file, needles).at("read", path)?;
            file.rewind().at("read", path)?;
            // What changed while it was read is not known well enough to keep.
            let after = Stamp::of(&file.metadata().at("read", path)?);
            if let Some(memory) = memory.filter(|_| after == stamp) {
                memory.keep(path, stamp, needles, &scanned);
            }
            scanned
        }
    };
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
