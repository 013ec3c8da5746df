//! Locks between concurrent runs, by `flock(2)`: the kernel lets go of them
//! when a run ends, however it ends.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::error::{IoContext, Result};
use crate::host::Folders;
use crate::terminal;

/// A lock that is held until it is dropped.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Whether others may hold the lock at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    Shared,
    Exclusive,
}

impl Lock {
    /// Takes the lock where nobody else has it.
    ///
    /// # Errors
    /// Where the lock file cannot be made or locked.
    pub fn try_exclusive(locks: &Path, name: &str) -> Result<Option<Self>> {
        let (path, file) = open(locks, name)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Lock { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => Err(source).at("lock", &path),
        }
    }

    /// Takes the lock `name` of the folder `locks`, waiting for it, and
    /// saying so, where another run has it.
    ///
    /// # Errors
    /// Where the lock file cannot be made or locked.
    pub fn take(locks: &Path, name: &str, share: Share) -> Result<Self> {
        let (path, file) = open(locks, name)?;
        let now = match share {
            Share::Shared => file.try_lock_shared(),
            Share::Exclusive => file.try_lock(),
        };
        match now {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                terminal::status("Waiting", format!("for another xbuild ({name})"));
                match share {
                    Share::Shared => file.lock_shared(),
                    Share::Exclusive => file.lock(),
                }
                .at("lock", &path)?;
            }
            Err(TryLockError::Error(source)) => return Err(source).at("lock", &path),
        }
        Ok(Lock { _file: file })
    }
}

/// Keeps what has this name from being collected until this run ends. Where no
/// lock can be written nothing can be collected either.
pub(super) fn keep(folders: &Folders, name: &str) {
    static KEPT: Mutex<BTreeMap<PathBuf, Lock>> = Mutex::new(BTreeMap::new());
    let path = folders.locks().join(name);
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if !kept.contains_key(&path)
        && let Ok(lock) = Lock::take(&folders.locks(), name, Share::Shared)
    {
        kept.insert(path, lock);
    }
}

fn open(locks: &Path, name: &str) -> Result<(PathBuf, File)> {
    fs::create_dir_all(locks).at("make the folder", locks)?;
    let path = locks.join(name);
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .at("open the lock", &path)?;
    Ok((path, file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exclusive_lock_waits_for_every_other() {
        let folder = tempfile::tempdir().unwrap();
        let first = Lock::take(folder.path(), "x", Share::Shared).unwrap();
        let second = Lock::take(folder.path(), "x", Share::Shared).unwrap();
        let other = File::open(folder.path().join("x")).unwrap();
        assert!(matches!(other.try_lock(), Err(TryLockError::WouldBlock)));
        drop(first);
        assert!(Lock::try_exclusive(folder.path(), "x").unwrap().is_none());
        drop(second);
        assert!(Lock::try_exclusive(folder.path(), "x").unwrap().is_some());
        assert!(other.try_lock().is_ok());
    }
}
