//! Finds the machine's Nix or brings our own, and runs it: seeds it with
//! pinned files, realises toolchains, heals them and collects garbage.
//!
//! The order of use: [`nix_sources`] → [`Nix::find`] → [`Nix::hold`] →
//! [`Nix::seed`] → [`Nix::realise`] → [`Realised`]. A warm run calls only
//! [`Realised::load`], which starts no process and takes no lock.
//!
//! Invariants: Nix reads no configuration but ours; every build runs in
//! Nix's sandbox; a private store is only ever changed under a [`Hold`].

mod event;
mod failure;
mod find;
mod gc;
mod lock;
mod own;
mod package;
mod realise;
mod repair;
mod seed;
mod settings;
mod sources;
mod state;
mod store_path;
mod version;

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tempfile::TempDir;

use crate::error::{IoContext, Result};

pub use find::{Choice, Find, Nix, on_path};
pub use gc::{Collected, Known};
pub use lock::{Lock, Share};
pub use own::Packages;
pub use package::{Derived, PackageRequest};
pub use realise::Request;
pub use repair::Health;
pub use seed::SeedFile;
pub use sources::{HASH as SOURCES_HASH, embedded, embedded_folder, nix_sources};
pub use state::Realised;
pub use store_path::{STORE_DIR, StorePath};
pub use version::Version;

/// The right to change the store: others may hold it as well, a garbage
/// collection may not.
#[derive(Debug)]
pub struct Hold {
    _lock: Lock,
}

/// What a folder is called until it is whole; a killed run leaves one behind.
const UNFINISHED: &str = ".unfinished-";

/// A folder beside the one it is to become, after removing those that killed
/// runs left. Call it under the lock of `parent`.
fn new_folder(parent: &Path) -> Result<TempDir> {
    fs::create_dir_all(parent).at("make the folder", parent)?;
    for entry in fs::read_dir(parent).at("read the folder", parent)? {
        let entry = entry.at("read the folder", parent)?;
        if entry
            .file_name()
            .as_encoded_bytes()
            .starts_with(UNFINISHED.as_bytes())
        {
            remove_tree(&entry.path())?;
        }
    }
    tempfile::Builder::new()
        .prefix(UNFINISHED)
        .permissions(fs::Permissions::from_mode(0o755))
        .tempdir_in(parent)
        .at("make a folder in", parent)
}

/// Removes a file or folder, read-only folders in it included; a builder
/// leaves such behind.
fn remove_tree(path: &Path) -> Result<()> {
    let metadata = fs::symlink_metadata(path).at("read", path)?;
    if !metadata.is_dir() {
        return fs::remove_file(path).at("remove", path);
    }
    let mode = metadata.permissions().mode();
    if mode & 0o700 != 0o700 {
        let writable = fs::Permissions::from_mode(mode | 0o700);
        fs::set_permissions(path, writable).at("set the mode of", path)?;
    }
    for entry in fs::read_dir(path).at("read the folder", path)? {
        remove_tree(&entry.at("read the folder", path)?.path())?;
    }
    fs::remove_dir(path).at("remove", path)
}

/// Gives a whole folder its name, in place of a broken one.
fn publish(new: TempDir, folder: &Path) -> Result<()> {
    if folder.exists() {
        remove_tree(folder)?;
    }
    fs::rename(new.path(), folder).at("move into place", folder)?;
    // It has another name now: there is nothing to remove.
    let _ = new.keep();
    Ok(())
}

/// Writes a file so that others see all of it or none.
fn write_atomically(path: &Path, write: impl FnOnce(&mut File) -> io::Result<()>) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut new = tempfile::NamedTempFile::new_in(folder).at("make a file in", folder)?;
    write(new.as_file_mut())
        .and_then(|()| new.as_file().sync_all())
        .at("write", path)?;
    new.persist(path)
        .map_err(|error| error.error)
        .at("write", path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn read_only_trees_are_removed_and_links_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let outside = folder.path().join("outside");
        fs::create_dir(&outside).unwrap();
        fs::write(outside.join("kept"), "").unwrap();
        let tree = folder.path().join("tree");
        fs::create_dir_all(tree.join("a/b")).unwrap();
        fs::write(tree.join("a/b/file"), "").unwrap();
        std::os::unix::fs::symlink(&outside, tree.join("a/link")).unwrap();
        for path in ["a/b", "a", ""] {
            let mode = fs::Permissions::from_mode(0o555);
            fs::set_permissions(tree.join(path), mode).unwrap();
        }
        remove_tree(&tree).unwrap();
        assert!(!tree.exists());
        assert!(outside.join("kept").exists());
    }
}
