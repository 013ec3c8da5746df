//! Debian packages: an ar archive with a tar archive in it, deb(5).

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use object::read::archive::ArchiveFile;
use object::read::{ReadCache, ReadRef};

use super::tree::Members;
use super::{Limits, failed, unpack_tar, unusable, xz};
use crate::error::{IoContext, Result};

/// The member that holds the files.
const DATA: &[u8] = b"data.tar.xz";

/// The largest file that is read out of a package into memory, in bytes.
const FILE: u64 = 64 << 20;

/// Unpacks those members of the package `deb` below `root` whose path `wanted`
/// accepts; later packages replace files of earlier ones, as dpkg's
/// `--force-overwrite` does.
///
/// # Errors
/// `Kind::Integrity` where the package is malformed or has a member that
/// [`unpack_tar`] refuses; `Kind::Filesystem` where the machine fails.
pub fn unpack_deb(deb: &Path, root: &Path, wanted: &dyn Fn(&Path) -> bool) -> Result<()> {
    let mut file = File::open(deb).at("open", deb)?;
    let data = data(&ReadCache::new(&file)).map_err(|why| unusable(deb, &why))?;
    file.seek(SeekFrom::Start(data.0)).at("read", deb)?;
    let packed = BufReader::new(file.take(data.1));
    let tar = xz(packed).map_err(|cause| failed(deb, root, cause))?;
    unpack_tar(tar, root, Limits::PACKAGE, wanted).map_err(|cause| failed(deb, root, cause))
}

/// The bytes of a file inside a package, named as it is installed, without the
/// leading slash. [pure]
///
/// # Errors
/// Where the package is broken, packed other than with xz, or has no such file.
pub fn file_in_deb(deb: &[u8], wanted: &str) -> Result<Vec<u8>, String> {
    let broken = |error: std::io::Error| format!("has a broken data.tar.xz: {error}");
    let (offset, size) = data(deb)?;
    let packed = deb.read_bytes_at(offset, size);
    let packed = packed.map_err(|()| "is cut short".to_owned())?;
    let members = Members::new(xz(packed).map_err(broken)?, Limits::PACKAGE);
    let mut found = None;
    members
        .each(&mut |path, member| {
            if path == Path::new(wanted) && found.is_none() {
                let mut bytes = Vec::new();
                member.take(FILE + 1).read_to_end(&mut bytes)?;
                found = Some(bytes);
            }
            Ok(())
        })
        .map_err(broken)?;
    match found {
        Some(bytes) if bytes.len() as u64 > FILE => {
            Err(format!("has `{wanted}` of more than {FILE} bytes"))
        }
        Some(bytes) => Ok(bytes),
        None => Err(format!("has no `{wanted}`")),
    }
}

/// Offset and size of the member that holds the files, in bytes.
fn data<'d>(deb: impl ReadRef<'d>) -> Result<(u64, u64), String> {
    let broken = |error: object::read::Error| format!("it is no ar archive: {error}");
    let archive = ArchiveFile::parse(deb).map_err(broken)?;
    for member in archive.members() {
        let member = member.map_err(broken)?;
        if member.name() == DATA && !member.is_thin() {
            return Ok(member.file_range());
        }
    }
    Err("it has no data.tar.xz".to_owned())
}
