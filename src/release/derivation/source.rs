//! The source that a derivation is made of: what git knows of the project, and
//! nothing that was built.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::error::{IoContext, Result};
use crate::project::Project;
use crate::release::git;

/// A folder with a copy of the source, below `parent`; `ours` are folders that
/// xbuild writes to. What is in no commit yet is part of it, what git is told
/// to ignore is not, but for the lock file.
///
/// # Errors
/// `Kind::Project` where git cannot read its repository; `Kind::Filesystem`.
pub fn copy(project: &Project, ours: &[&Path], parent: &Path) -> Result<TempDir> {
    let folder = tempfile::Builder::new()
        .prefix("source-")
        .tempdir_in(parent)
        .at("create a folder in", parent)?;
    let root = fs::canonicalize(&project.root).at("find", &project.root)?;
    let real = |folder: &&Path| fs::canonicalize(folder).unwrap_or_else(|_| folder.to_path_buf());
    let ours: Vec<PathBuf> = ours.iter().map(real).collect();
    let mut files = match git::files(project)? {
        Some(files) => files,
        None => walk(&root, &ours)?,
    };
    files.extend(project.lock.strip_prefix(&project.root).map(Path::to_owned));
    for file in files {
        let (from, to) = (root.join(&file), folder.path().join(&file));
        if !ours.iter().any(|folder| from.starts_with(folder)) {
            copy_file(&from, &to)?;
        }
    }
    Ok(folder)
}

/// Copies a file, or makes a link again; one that the work tree lacks is no
/// part of what is built.
fn copy_file(from: &Path, to: &Path) -> Result<()> {
    let Ok(metadata) = fs::symlink_metadata(from) else {
        return Ok(());
    };
    if metadata.is_dir() || fs::symlink_metadata(to).is_ok() {
        return Ok(());
    }
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder).at("create", folder)?;
    }
    if metadata.is_symlink() {
        let target = fs::read_link(from).at("read", from)?;
        return symlink(target, to).at("link", to);
    }
    fs::copy(from, to).at("copy", from)?;
    let executable = metadata.permissions().mode() & 0o100 != 0;
    let mode = fs::Permissions::from_mode(if executable { 0o755 } else { 0o644 });
    fs::set_permissions(to, mode).at("set the mode of", to)
}

/// Every file below a folder that is in no repository, relative to it.
fn walk(root: &Path, ours: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).at("read the folder", &folder)? {
            let entry = entry.at("read the folder", &folder)?;
            let path = entry.path();
            if ours.contains(&path) {
                continue;
            }
            if entry.file_type().at("read", &path)?.is_dir() {
                folders.push(path);
            } else if let Ok(file) = path.strip_prefix(root) {
                files.push(file.to_owned());
            }
        }
    }
    Ok(files)
}
