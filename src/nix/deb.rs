//! Unpacks the files of a Debian package, trusting nothing about its shape:
//! the format is deb(5), an ar archive with a tar archive in it.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::{OpenOptionsExt, symlink};
use std::path::{Component, Path, PathBuf};

use tar::EntryType;
use xz2::read::XzDecoder;

use crate::error::{Error, IoContext, Kind, Result};

/// Unpacks those members of the package `deb` below `root` whose path `wanted`
/// accepts; later packages replace files of earlier ones, as dpkg's
/// `--force-overwrite` does.
///
/// # Errors
/// Where the package is malformed, or has a member that would leave `root`:
/// an absolute path, `..`, a link that points out, a file below a link, a
/// device. Set-user-ID bits are dropped.
pub fn unpack(deb: &Path, root: &Path, wanted: &dyn Fn(&Path) -> bool) -> Result<()> {
    let file = File::open(deb).at("open", deb)?;
    let mut members = ar::Archive::new(io::BufReader::new(file));
    while let Some(member) = members.next_entry() {
        let member = member.map_err(|cause| broken(deb, &cause.to_string()))?;
        if member.header().identifier() == b"data.tar.xz" {
            return unpack_tar(XzDecoder::new(member), root, wanted).map_err(|cause| {
                match cause.raw_os_error() {
                    // The machine's fault: a full disk, for example.
                    Some(_) => Error::io("unpack packages into", root, cause),
                    None => broken(deb, &cause.to_string()),
                }
            });
        }
    }
    Err(broken(deb, "it has no data.tar.xz"))
}

fn broken(deb: &Path, why: &str) -> Error {
    let name = deb.file_name().unwrap_or(deb.as_os_str());
    Error::new(
        Kind::Integrity,
        format!("the package `{}` is unusable: {why}", name.display()),
    )
}

fn unpack_tar(tar: impl Read, root: &Path, wanted: &dyn Fn(&Path) -> bool) -> io::Result<()> {
    let mut archive = tar::Archive::new(tar);
    for entry in archive.entries()? {
        let mut entry = entry?;
        let path = inside(&entry.path()?)?;
        if path.as_os_str().is_empty() || !wanted(&path) {
            continue;
        }
        let target = root.join(&path);
        real_folder(root, path.parent().unwrap_or(Path::new("")))?;
        let link = entry.link_name()?.map(std::borrow::Cow::into_owned);
        match (entry.header().entry_type(), link) {
            (EntryType::Directory, _) => real_folder(root, &path)?,
            (EntryType::Regular | EntryType::Continuous, _) => {
                remove(&target)?;
                let mode = entry.header().mode()? & 0o755 | 0o600;
                let mut file = File::options()
                    .write(true)
                    .create_new(true)
                    .mode(mode)
                    .open(&target)?;
                io::copy(&mut entry, &mut file)?;
            }
            (EntryType::Symlink, Some(link)) => {
                let parent = path.parent().unwrap_or(Path::new(""));
                resolve(parent, &link)
                    .map_err(|cause| refused(format!("`{}`: {cause}", path.display())))?;
                remove(&target)?;
                symlink(&link, &target)?;
            }
            (EntryType::Link, Some(link)) => {
                let source = inside(&link)?;
                real_folder(root, source.parent().unwrap_or(Path::new("")))?;
                remove(&target)?;
                fs::hard_link(root.join(source), &target)?;
            }
            (kind, _) => {
                return Err(refused(format!("`{}` is a {kind:?}", path.display())));
            }
        }
    }
    Ok(())
}

/// A member's own path without `.`; `..` is refused.
fn inside(path: &Path) -> io::Result<PathBuf> {
    resolve(Path::new(""), path)
}

/// Where a link in `folder` points, by name alone. `..` may only come first:
/// after a name it could climb out through another link.
fn resolve(folder: &Path, link: &Path) -> io::Result<PathBuf> {
    let mut clean = folder.to_path_buf();
    let mut named = false;
    for component in link.components() {
        match component {
            Component::Normal(name) => {
                clean.push(name);
                named = true;
            }
            Component::CurDir => {}
            Component::ParentDir if !named && clean.pop() => {}
            _ => return Err(refused(format!("`{}` leaves its tree", link.display()))),
        }
    }
    Ok(clean)
}

/// Makes a folder below `root`, none of whose parts may be a link.
fn real_folder(root: &Path, path: &Path) -> io::Result<()> {
    let mut folder = root.to_path_buf();
    for part in path.components() {
        folder.push(part);
        match fs::symlink_metadata(&folder) {
            Ok(found) if found.is_dir() => {}
            Ok(_) => return Err(refused(format!("`{}` is no folder", path.display()))),
            Err(_) => fs::create_dir(&folder)?,
        }
    }
    Ok(())
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn refused(why: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

#[cfg(test)]
mod tests;
