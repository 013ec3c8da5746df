//! Files and folders on disk → members of a package, the time that they are
//! given, and members → a folder.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::{Contents, FIRST, LAST, Member};
use crate::error::{Error, IoContext, Kind, Result};
use crate::host;

/// Reads a file, or all files below a folder, as members below `prefix`; each
/// keeps its own name, and a folder's files the folder's.
///
/// # Errors
/// `Kind::Filesystem`, or `Kind::Usage` for what cannot be packed: a link to a
/// folder, a socket, a name that is no text.
pub fn gather(path: &Path, prefix: &str) -> Result<Vec<Member>> {
    let name = path.file_name().and_then(|name| name.to_str());
    let name = name.ok_or_else(|| unpackable(path, "has no name that can be packed"))?;
    let mut members = Vec::new();
    walk(path, &join(prefix, name), &mut members)?;
    Ok(members)
}

/// The time of everything in a package: the caller's `SOURCE_DATE_EPOCH`
/// (reproducible-builds.org), or the one that builds have. A build's may be any
/// number; of one that packages cannot express the nearest is taken.
///
/// # Errors
/// `Kind::Config` where the variable is no number.
pub fn epoch(builds: &str) -> Result<i64> {
    let Some(text) = host::var("SOURCE_DATE_EPOCH") else {
        return Ok(builds.parse().unwrap_or(FIRST).clamp(FIRST, LAST));
    };
    let text = text.to_string_lossy().into_owned();
    text.parse().map_err(|_| {
        let message = format!("the variable SOURCE_DATE_EPOCH: `{text}` is no number of seconds");
        Error::new(Kind::Config, message).hint("SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)")
    })
}

/// Writes the members as the only files of a folder, in one step. A folder
/// that is there is replaced only where it is empty or an image layout.
///
/// # Errors
/// `Kind::Usage` for a folder of other things, `Kind::Filesystem`.
pub fn write_folder(folder: &Path, contents: &Contents) -> Result<()> {
    let there = folder.symlink_metadata().is_ok();
    if there && !folder.join("oci-layout").is_file() {
        let mut entries = fs::read_dir(folder).at("read", folder)?;
        if entries.next().is_some() {
            let message = format!("`{}` holds other things than an image", folder.display());
            return Err(Error::new(Kind::Usage, message).hint("-o NEW-FOLDER"));
        }
    }
    let parent = match folder.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    fs::create_dir_all(parent).at("create", parent)?;
    let staging = tempfile::Builder::new()
        .prefix(".xbuild-")
        .tempdir_in(parent)
        .at("create a folder in", parent)?;
    let new = staging.path().join("new");
    for member in contents.members() {
        let path = new.join(member.path());
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).at("create", folder)?;
        }
        fs::write(&path, member.bytes()).at("write", &path)?;
    }
    if there {
        fs::rename(folder, staging.path().join("old")).at("replace", folder)?;
    }
    fs::rename(&new, folder).at("write", folder)
}

fn walk(path: &Path, name: &str, members: &mut Vec<Member>) -> Result<()> {
    let plain = fs::symlink_metadata(path).at("read", path)?;
    // A link to a file is that file; one to a folder may lead in circles.
    let metadata = fs::metadata(path).at("read", path)?;
    if metadata.is_file() {
        let executable = metadata.permissions().mode() & 0o100 != 0;
        let bytes = fs::read(path).at("read", path)?;
        members.push(Member::new(name, bytes, executable)?);
        return Ok(());
    }
    if !metadata.is_dir() || plain.is_symlink() {
        return Err(unpackable(path, "is neither a file nor a folder"));
    }
    for entry in fs::read_dir(path).at("read", path)? {
        let entry = entry.at("read", path)?;
        let below = entry.file_name();
        let Some(below) = below.to_str() else {
            return Err(unpackable(&entry.path(), "has no name that can be packed"));
        };
        walk(&entry.path(), &join(name, below), members)?;
    }
    Ok(())
}

fn join(folder: &str, name: &str) -> String {
    match folder.trim_end_matches('/') {
        "" => name.to_owned(),
        folder => format!("{folder}/{name}"),
    }
}

fn unpackable(path: &Path, why: &str) -> Error {
    Error::new(Kind::Usage, format!("`{}` {why}", path.display()))
}
