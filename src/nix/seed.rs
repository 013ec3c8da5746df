//! Adds pinned files that are already here and verified to the store, so that
//! Nix has nothing to fetch.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::failure::{self, failure};
use super::find::Nix;
use super::lock::{Lock, Share};
use super::store_path::StorePath;
use super::{Hold, new_folder};
use crate::error::{Error, IoContext, Kind, Result};
use crate::terminal;

/// How many files one process gets: far below the limit on arguments.
const BATCH: usize = 500;

/// A verified file and its name in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeedFile {
    pub store_name: String,
    pub path: PathBuf,
    /// In lowercase hexadecimal.
    pub sha256: String,
}

impl Nix {
    /// Adds those of the files that the store has not, and says how many
    /// those were. Nix hashes each again: a file that changed since it was
    /// verified ends up under another name, and is refused here.
    ///
    /// # Errors
    /// Where a file cannot be read, is not what its hash says, or the store
    /// cannot be written.
    pub fn seed(&self, _hold: &Hold, files: &[SeedFile]) -> Result<usize> {
        if self.missing(files)?.is_empty() {
            return Ok(0);
        }
        let _lock = Lock::take(&self.folders.locks(), "seed", Share::Exclusive)?;
        let missing = self.missing(files)?;
        let folder = new_folder(&self.folders.own_nix().join("seeding"))?;
        for batch in missing.chunks(BATCH) {
            self.add(folder.path(), batch)?;
        }
        Ok(missing.len())
    }

    /// The files that are not valid paths of the store, each once.
    fn missing<'f>(&self, files: &'f [SeedFile]) -> Result<Vec<(StorePath, &'f SeedFile)>> {
        let mut seen = BTreeSet::new();
        let mut all = Vec::new();
        for file in files {
            let path = StorePath::of_file(&file.store_name, &file.sha256)?;
            if seen.insert(path.clone()) {
                all.push((path, file));
            }
        }
        let invalid = self.invalid(all.iter().map(|(path, _)| path))?;
        all.retain(|(path, _)| invalid.contains(path));
        Ok(all)
    }

    /// Those of the paths that are not there and registered.
    fn invalid<'p>(
        &self,
        paths: impl Iterator<Item = &'p StorePath> + Clone,
    ) -> Result<BTreeSet<StorePath>> {
        if paths.clone().next().is_none() {
            return Ok(BTreeSet::new());
        }
        let unregistered = self.unregistered(paths.clone())?;
        let vanished: Vec<StorePath> = paths
            .clone()
            .filter(|path| !unregistered.contains(path))
            .filter(|path| fs::symlink_metadata(self.physical(path)).is_err())
            .cloned()
            .collect();
        if vanished.is_empty() {
            return Ok(unregistered);
        }
        if self.is_own() {
            self.forget(&vanished)?;
        } else {
            // It fails for paths that others refer to, and forgets the rest.
            let verify = self.command("nix-store").arg("--verify");
            terminal::verbose(&verify);
            let _ = verify.output();
        }
        self.unregistered(paths)
    }

    fn unregistered<'p>(
        &self,
        paths: impl Iterator<Item = &'p StorePath>,
    ) -> Result<BTreeSet<StorePath>> {
        let check = self
            .command("nix-store")
            .args(["--check-validity", "--print-invalid"])
            .args(paths.map(ToString::to_string));
        let output = self.output(&check)?;
        output.lines().map(StorePath::parse).collect()
    }

    /// Adds the files under their names, by way of a folder of hard links (or
    /// copies, where that is not possible).
    fn add(&self, folder: &Path, files: &[(StorePath, &SeedFile)]) -> Result<()> {
        let mut add = self.command("nix-store").args(["--add-fixed", "sha256"]);
        for (index, (path, file)) in files.iter().enumerate() {
            // Two files may share a name, so each has a folder of its own.
            let own = folder.join(index.to_string());
            fs::create_dir_all(&own).at("make the folder", &own)?;
            let named = own.join(path.name());
            let source = fs::canonicalize(&file.path).at("resolve", &file.path)?;
            if fs::hard_link(&source, &named).is_err() {
                fs::copy(&source, &named).at("copy", &source)?;
            }
            add = add.arg(named);
        }
        let output = self.output(&add)?;
        for ((expected, file), got) in files.iter().zip(output.lines()) {
            if StorePath::parse(got)? != *expected {
                return Err(Error::new(
                    Kind::Integrity,
                    format!(
                        "`{}` is not the file with SHA-256 {}",
                        file.path.display(),
                        file.sha256
                    ),
                )
                .hint(format!(
                    "rm {}",
                    crate::process::quote(file.path.as_os_str())
                )));
            }
        }
        Ok(())
    }

    /// What a command of Nix prints.
    pub(super) fn output(&self, command: &crate::process::Command) -> Result<String> {
        terminal::verbose(command);
        let output = command
            .output()
            .map_err(|cause| failure(cause.to_string(), failure::said(&cause)))?;
        String::from_utf8(output.stdout)
            .map_err(|cause| Error::new(Kind::Nix, "Nix printed no UTF-8").caused_by(cause))
    }
}
