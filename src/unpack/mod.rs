//! Archives that others made → files, trusting nothing about their shape.
//!
//! What is unpacked here is known by its hash; that says who made it, not that
//! it is well made, and some hashes are a project's own. So no member leaves
//! the folder, no link points out of it, nothing is unpacked twice to one
//! path, and what comes out is bounded however little went in.

mod deb;
#[cfg(test)]
mod tests;
mod tree;

use std::io::Read;
use std::path::Path;

use flate2::read::GzDecoder;
use xz2::read::XzDecoder;
use xz2::stream::Stream;

use crate::error::{Error, Kind, Result};

pub use deb::{file_in_deb, unpack_deb};
pub use tree::{Limits, unpack_tar};

/// What decoding xz may take of memory, in bytes: as much as `xz -9` asks for,
/// and half as much again.
const XZ_MEMORY: u64 = 96 << 20;

/// Unpacks those members of a gzipped tar archive whose path `wanted` accepts,
/// such as a crate's; `name` is for messages.
///
/// # Errors
/// `Kind::Integrity` as [`unpack_tar`] refuses, naming the member;
/// `Kind::Filesystem` where the machine fails.
pub fn unpack_tar_gz(
    name: &Path,
    archive: impl Read,
    root: &Path,
    limits: Limits,
    wanted: &dyn Fn(&Path) -> bool,
) -> Result<()> {
    unpack_tar(GzDecoder::new(archive), root, limits, wanted)
        .map_err(|cause| failed(name, root, cause))
}

/// Decodes xz, of several streams behind each other too, in bounded memory.
///
/// # Errors
/// Where liblzma has no memory for a decoder.
pub fn xz<R: Read>(packed: R) -> std::io::Result<XzDecoder<R>> {
    let stream = Stream::new_stream_decoder(XZ_MEMORY, xz2::stream::CONCATENATED)?;
    Ok(XzDecoder::new_stream(packed, stream))
}

/// What is wrong with an archive, or with the machine.
fn failed(archive: &Path, root: &Path, cause: std::io::Error) -> Error {
    match cause.raw_os_error() {
        // The machine's fault: a full disk, for example.
        Some(_) => Error::io("unpack packages into", root, cause),
        None => unusable(archive, &cause.to_string()),
    }
}

fn unusable(archive: &Path, why: &str) -> Error {
    let name = archive.file_name().unwrap_or(archive.as_os_str());
    Error::new(
        Kind::Integrity,
        format!("the package `{}` is unusable: {why}", name.display()),
    )
}
