//! Finds the machine's Nix or brings our own, and runs it: seeds it with
//! pinned files, realises toolchains, heals them and collects garbage.
//!
//! The order of use: [`nix_sources`] → [`Nix::find`] → [`Nix::hold`] →
//! [`Nix::seed`] → [`Nix::realise`] → [`Realised`]. A warm run calls only
//! [`Realised::load`], which starts no process and takes no lock.
//!
//! Invariants: Nix reads no configuration but ours; every build runs in
//! Nix's sandbox; a private store is only ever changed under a [`Hold`].

mod deb;
mod event;
mod find;
mod gc;
mod lock;
mod own;
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
use std::path::Path;

use tempfile::TempDir;

use crate::error::{IoContext, Result};

pub use find::{Choice, Find, Nix, on_path};
pub use gc::{Collected, Known};
pub use lock::{Lock, Share};
pub use own::Packages;
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
            fs::remove_dir_all(entry.path()).at("remove", entry.path())?;
        }
    }
    tempfile::Builder::new()
        .prefix(UNFINISHED)
        .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .tempdir_in(parent)
        .at("make a folder in", parent)
}

/// Gives a whole folder its name, in place of a broken one.
fn publish(new: TempDir, folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).at("remove", folder)?;
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
