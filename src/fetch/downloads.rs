//! The cache of downloads, by content: `<first two hex digits>/<hex>`.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::client::{Client, Timeouts};
use super::part;
use super::progress::Progress;
use super::transfer::{Outcome, Patience, Run};
use super::{Mirrors, Wanted, attempt};
use crate::error::{Error, IoContext, Kind, Result};
use crate::host::Folders;
use crate::pins::hash::{Hasher, Sha256};
use crate::terminal;

/// Verified files of the archive, kept until removed by hand or by `gc`.
#[derive(Debug, Clone)]
pub struct Downloads {
    folder: PathBuf,
}

/// How files are fetched.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Take only what is in the cache.
    pub offline: bool,
    /// How many connections at once.
    pub jobs: usize,
    /// Hash files that are in the cache again, and fetch those that have rotted.
    pub verify: bool,
    pub timeouts: Timeouts,
    pub patience: Patience,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            offline: false,
            jobs: 8,
            verify: false,
            timeouts: Timeouts::default(),
            patience: Patience::default(),
        }
    }
}

impl Downloads {
    pub fn new(folders: &Folders) -> Self {
        Downloads::at(folders.downloads())
    }

    /// The cache in a given folder, which is made when first needed.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Downloads {
            folder: folder.into(),
        }
    }

    /// Where a file is, if it is there.
    pub fn path_of(&self, sha256: &Sha256) -> Option<PathBuf> {
        Some(self.place(sha256)).filter(|path| path.is_file())
    }

    /// Where a file belongs.
    fn place(&self, sha256: &Sha256) -> PathBuf {
        let hex = sha256.to_hex();
        self.folder.join(&hex[..2]).join(hex)
    }

    /// Those of the files that are not in the cache, each once.
    pub fn missing<'a>(&self, wanted: &'a [Wanted]) -> Vec<&'a Wanted> {
        let by_hash: BTreeMap<Sha256, &Wanted> =
            wanted.iter().map(|file| (file.sha256, file)).collect();
        let absent = |file: &&Wanted| !part::is_present(&self.place(&file.sha256), file.size);
        by_hash.into_values().filter(absent).collect()
    }

    /// Brings all the files into the cache, in parallel, and says where each
    /// is, in the order given.
    ///
    /// # Errors
    /// The first file that no mirror could give (`Kind::Network`, or
    /// `Kind::Integrity` where a mirror gave wrong bytes of it), or
    /// `Kind::Filesystem` where it cannot be written. What has come by then
    /// is kept for the next try.
    pub fn fetch(
        &self,
        wanted: &[Wanted],
        mirrors: &Mirrors,
        options: &Options,
    ) -> Result<Vec<PathBuf>> {
        if options.verify {
            self.drop_rotten(wanted)?;
        }
        let mut missing = self.missing(wanted);
        if options.offline && !missing.is_empty() {
            return Err(attempt::offline(&missing));
        }
        if !missing.is_empty() {
            // The largest first, so that none is left alone at the end.
            missing.sort_by_key(|file| std::cmp::Reverse(file.size));
            self.fetch_missing(&missing, mirrors, options)?;
        }
        Ok(wanted.iter().map(|file| self.place(&file.sha256)).collect())
    }

    fn fetch_missing(
        &self,
        missing: &[&Wanted],
        mirrors: &Mirrors,
        options: &Options,
    ) -> Result<()> {
        let client = Client::new(options.timeouts)?;
        let bytes = missing.iter().map(|file| file.size).sum();
        let progress = Progress::start(missing.len(), bytes);
        let run = Run::new(&client, mirrors, &progress, options.patience);
        let next = AtomicUsize::new(0);
        let failure: Mutex<Option<Error>> = Mutex::new(None);
        let work = || {
            while let Some(file) = missing.get(next.fetch_add(1, Ordering::Relaxed)) {
                match run.obtain(file, &self.place(&file.sha256)) {
                    Ok(Outcome::Done) if !run.is_stopped() => {}
                    Ok(_) => return,
                    Err(error) => {
                        run.stop();
                        if let Ok(mut first) = failure.lock() {
                            first.get_or_insert(error);
                        }
                        return;
                    }
                }
            }
        };
        std::thread::scope(|scope| {
            for _ in 0..options.jobs.clamp(1, missing.len()) {
                scope.spawn(work);
            }
        });
        match failure.into_inner() {
            Ok(None) => {
                progress.finish();
                Ok(())
            }
            Ok(Some(error)) => {
                progress.stop();
                Err(error)
            }
            Err(_) => Err(Error::new(Kind::Internal, "a download ended in a panic")),
        }
    }

    /// Removes files of the cache whose bytes no longer fit their names.
    fn drop_rotten(&self, wanted: &[Wanted]) -> Result<()> {
        for file in wanted {
            let place = self.place(&file.sha256);
            if place.is_file() && hash_of(&place)? != file.sha256 {
                terminal::warning(format!(
                    "`{}` (`{}`) is no longer what was downloaded; it is fetched again",
                    file.name,
                    place.display()
                ));
                std::fs::remove_file(&place).at("remove", &place)?;
            }
        }
        Ok(())
    }
}

/// The SHA-256 of a file.
fn hash_of(path: &Path) -> Result<Sha256> {
    let mut file = File::open(path).at("open", path)?;
    let mut hasher = Hasher::default();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match file.read(&mut buffer).at("read", path)? {
            0 => return Ok(hasher.finish()),
            count => hasher.update(&buffer[..count]),
        }
    }
}
