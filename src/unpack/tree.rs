//! Tar archives → a folder: POSIX.1's ustar with GNU's long names, tar(5).

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{OpenOptionsExt, symlink};
use std::path::{Component, Path, PathBuf};

use tar::{Archive, Entry, EntryType};

/// The longest path of a member, in bytes: Linux's `PATH_MAX`.
const PATH: u64 = 4096;

/// What all paths of an archive's members may take together, in bytes.
const PATHS: usize = 32 << 20;

/// What may come out of an archive.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of the unpacked tar archive, headers included.
    pub bytes: u64,
    pub members: u64,
}

impl Limits {
    /// A Debian package: the largest in the archive unpack to 3 GiB.
    pub const PACKAGE: Limits = Limits {
        bytes: 4 << 30,
        members: 1 << 18,
    };
    /// A crate: what cargo itself unpacks of one.
    pub const CRATE: Limits = Limits {
        bytes: 512 << 20,
        members: 1 << 16,
    };
}

/// Unpacks those members of a tar archive below `root` whose path `wanted`
/// accepts. What stood there before is replaced.
///
/// # Errors
/// With the member's name: one that would leave `root` by an absolute path,
/// `..`, a link that points out, or a file below a link; a device or anything
/// else but a file, a folder or a link; a path that comes twice; and where
/// more comes out than `limits` allow. Set-user-ID bits are dropped.
pub fn unpack_tar(
    tar: impl Read,
    root: &Path,
    limits: Limits,
    wanted: &dyn Fn(&Path) -> bool,
) -> io::Result<()> {
    let mut seen = HashSet::new();
    let mut paths = 0;
    Members::new(tar, limits).each(&mut |path, member| {
        if !wanted(path) {
            return Ok(());
        }
        paths += path.as_os_str().len();
        if paths > PATHS {
            return Err(refused("the paths of its archive are too long".to_owned()));
        }
        if member.kind != EntryType::Directory && !seen.insert(path.to_path_buf()) {
            return Err(refused("it is there twice".to_owned()));
        }
        member.put(root, path)
    })
}

/// The members of an archive, in turn.
pub(super) struct Members<R: Read> {
    archive: Archive<Bounded<R>>,
    most: u64,
}

/// One member, with what is to be read of it.
pub(super) struct Member<'a, R: Read> {
    kind: EntryType,
    link: Option<PathBuf>,
    /// Bytes that are still to be read of it.
    left: u64,
    entry: Entry<'a, Bounded<R>>,
}

impl<R: Read> Members<R> {
    pub fn new(tar: R, limits: Limits) -> Self {
        Members {
            archive: Archive::new(Bounded {
                inner: tar,
                left: limits.bytes,
            }),
            most: limits.members,
        }
    }

    /// Calls `take` with each member's clean path; an error of its gets the
    /// path in front of it.
    pub fn each(
        mut self,
        take: &mut dyn FnMut(&Path, &mut Member<'_, R>) -> io::Result<()>,
    ) -> io::Result<()> {
        let (mut long_path, mut long_link) = (None, None);
        let (mut last, mut count) = (PathBuf::new(), 0);
        // Raw: the crate would read a long name of any length into memory.
        for entry in self.archive.entries()?.raw(true) {
            let mut entry = entry.map_err(|cause| named("behind", &last, cause))?;
            count += 1;
            if count > self.most {
                let why = format!("there are more than {} members", self.most);
                return Err(named("behind", &last, refused(why)));
            }
            match entry.header().entry_type() {
                EntryType::GNULongName if long_path.is_none() => {
                    long_path =
                        Some(long(&mut entry).map_err(|cause| named("behind", &last, cause))?);
                    continue;
                }
                EntryType::GNULongLink if long_link.is_none() => {
                    long_link =
                        Some(long(&mut entry).map_err(|cause| named("behind", &last, cause))?);
                    continue;
                }
                _ => {}
            }
            let written = match long_path.take() {
                Some(path) => path,
                None => entry.path()?.into_owned(),
            };
            let link = match long_link.take() {
                Some(link) => Some(link),
                None => entry.link_name()?.map(std::borrow::Cow::into_owned),
            };
            let path = inside(&written)?;
            let mut member = Member {
                kind: entry.header().entry_type(),
                left: entry.size(),
                link,
                entry,
            };
            if !path.as_os_str().is_empty() {
                take(&path, &mut member).map_err(|cause| named("at", &path, cause))?;
            }
            // What was left of it is read here, so that a bomb has its name.
            member.finish().map_err(|cause| named("at", &path, cause))?;
            last = path;
        }
        if let Some(path) = long_path.or(long_link) {
            return Err(named("at", &path, refused("no member follows".to_owned())));
        }
        // To the very end, where the packing has its checksum.
        io::copy(&mut self.archive.into_inner(), &mut io::sink())
            .map_err(|cause| named("behind", &last, cause))?;
        Ok(())
    }
}

impl<R: Read> Read for Member<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.entry.read(buffer)?;
        self.left = self.left.saturating_sub(read as u64);
        Ok(read)
    }
}

impl<R: Read> Member<'_, R> {
    /// Reads what is left of it.
    fn finish(&mut self) -> io::Result<()> {
        io::copy(self, &mut io::sink())?;
        match self.left {
            0 => Ok(()),
            left => Err(refused(format!("{left} bytes of it are missing"))),
        }
    }

    fn put(&mut self, root: &Path, path: &Path) -> io::Result<()> {
        let target = root.join(path);
        let parent = path.parent().unwrap_or(Path::new(""));
        real_folder(root, parent)?;
        match (self.kind, self.link.take()) {
            (EntryType::Directory, _) => real_folder(root, path),
            (EntryType::Regular | EntryType::Continuous, _) => {
                remove(&target)?;
                let mode = self.entry.header().mode()? & 0o755 | 0o600;
                let mut file = File::options()
                    .write(true)
                    .create_new(true)
                    .mode(mode)
                    .open(&target)?;
                io::copy(self, &mut file).map(drop)
            }
            (EntryType::Symlink, Some(link)) => {
                resolve(parent, &link)?;
                remove(&target)?;
                symlink(&link, &target)
            }
            (EntryType::Link, Some(link)) => {
                let source = inside(&link)?;
                real_folder(root, source.parent().unwrap_or(Path::new("")))?;
                let source = root.join(source);
                if source == target || !is_file(&source) {
                    let why = format!("it is a link to `{}`, which is no file", link.display());
                    return Err(refused(why));
                }
                remove(&target)?;
                fs::hard_link(source, &target)
            }
            (kind, _) => Err(refused(format!("it is a {kind:?}"))),
        }
    }
}

/// The text of one of GNU's members that give the next one a long name.
fn long<R: Read>(entry: &mut Entry<'_, R>) -> io::Result<PathBuf> {
    let size = entry.size();
    if size > PATH {
        let why = format!("a name of {size} bytes is longer than a path can be");
        return Err(refused(why));
    }
    let mut bytes = Vec::new();
    entry.read_to_end(&mut bytes)?;
    let end = bytes.iter().position(|byte| *byte == 0);
    bytes.truncate(end.unwrap_or(bytes.len()));
    Ok(PathBuf::from(OsString::from_vec(bytes)))
}

/// Fails where more comes out than may, in place of ending there.
struct Bounded<R> {
    inner: R,
    /// Bytes that may still come.
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        match self.left.checked_sub(read as u64) {
            Some(left) => self.left = left,
            None => return Err(refused("more comes out of it than is allowed".to_owned())),
        }
        Ok(read)
    }
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

/// Whether there is a file, or a link to be copied as one.
fn is_file(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| !found.is_dir())
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::IsADirectory => {
            Err(refused("a folder is there already".to_owned()))
        }
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn refused(why: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

/// Puts the member in front of what is wrong with it; the machine's own
/// failures stay what they are.
fn named(place: &str, path: &Path, cause: io::Error) -> io::Error {
    let kind = cause.kind();
    match cause.raw_os_error() {
        Some(_) if kind != io::ErrorKind::InvalidFilename => cause,
        _ => io::Error::new(kind, format!("{place} `{}`: {cause}", path.display())),
    }
}
