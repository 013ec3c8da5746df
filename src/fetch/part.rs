//! A download under way: the file that grows, its lock and its running hash.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::fcntl::{Flock, FlockArg};

use crate::error::{IoContext, Result};
use crate::pins::hash::{Hasher, Sha256};

/// `<hex>.part` beside its final place, locked against every other run. What
/// an earlier run left in it is kept, and goes on where it ended.
pub(super) struct Part {
    file: Flock<File>,
    path: PathBuf,
    target: PathBuf,
    len: u64,
    hasher: Hasher,
}

impl Part {
    /// Opens and locks it, waiting for another run that holds it; `None` where
    /// that run has brought the whole file meanwhile.
    pub fn open(target: &Path, size: u64) -> Result<Option<Self>> {
        let path = target.with_extension("part");
        if let Some(folder) = target.parent() {
            std::fs::create_dir_all(folder).at("make the folder", folder)?;
        }
        loop {
            let mut options = OpenOptions::new();
            options.read(true).write(true).create(true).truncate(false);
            let file = options.open(&path).at("open", &path)?;
            let file = Flock::lock(file, FlockArg::LockExclusive)
                .map_err(|(_, errno)| std::io::Error::from(errno))
                .at("lock", &path)?;
            // Whoever held the lock may have renamed the file away.
            let ours = file.metadata().at("read", &path)?.ino();
            let still_there = std::fs::metadata(&path).is_ok_and(|found| found.ino() == ours);
            if is_present(target, size) {
                if still_there {
                    std::fs::remove_file(&path).at("remove", &path)?;
                }
                return Ok(None);
            }
            if still_there {
                let mut part = Part {
                    file,
                    path,
                    target: target.to_owned(),
                    len: 0,
                    hasher: Hasher::default(),
                };
                part.take_up(size)?;
                return Ok(Some(part));
            }
        }
    }

    /// Hashes what an earlier run left; more than the whole is no use.
    fn take_up(&mut self, size: u64) -> Result<()> {
        let left = self.file.metadata().at("read", &self.path)?.len();
        if left > size {
            return self.clear();
        }
        let mut buffer = vec![0; 64 * 1024];
        let mut rest = (&*self.file).take(left);
        loop {
            let count = rest.read(&mut buffer).at("read", &self.path)?;
            if count == 0 {
                return Ok(());
            }
            self.hasher.update(&buffer[..count]);
            self.len += count as u64;
        }
    }

    /// How many bytes are there.
    pub fn len(&self) -> u64 {
        self.len
    }

    pub fn append(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.write_all(bytes).at("write", &self.path)?;
        self.hasher.update(bytes);
        self.len += bytes.len() as u64;
        Ok(())
    }

    /// Throws away what is there.
    pub fn clear(&mut self) -> Result<()> {
        self.file.set_len(0).at("empty", &self.path)?;
        self.file.seek(SeekFrom::Start(0)).at("empty", &self.path)?;
        self.hasher = Hasher::default();
        self.len = 0;
        Ok(())
    }

    pub fn sha256(&self) -> Sha256 {
        self.hasher.clone().finish()
    }

    /// Puts it in its final place, in one step.
    pub fn finish(self) -> Result<()> {
        std::fs::rename(&self.path, &self.target).at("put in place", &self.target)
    }

    /// Gives up: an empty file is not worth keeping, a part of one is.
    pub fn abandon(self) {
        if self.len == 0 {
            // The failure that led here is the one to report.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Whether a file of this many bytes is there. Its name is its hash, and only
/// verified bytes are ever renamed to it.
pub(super) fn is_present(target: &Path, size: u64) -> bool {
    std::fs::metadata(target).is_ok_and(|found| found.is_file() && found.len() == size)
}
