//! Verifies a realised toolchain against its hashes and puts right what was
//! altered or removed.

use std::fs;

use super::Hold;
use super::find::Nix;
use super::realise::Request;
use super::state::Realised;
use super::store_path::StorePath;
use crate::error::{Error, Kind, Result};
use crate::terminal;

/// What a verification found, and repaired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// Paths that were altered or missing; they are right now.
    pub repaired: Vec<StorePath>,
    pub realised: Realised,
}

impl Nix {
    /// Hashes every path of the toolchain's closure and rebuilds those that
    /// are not what they were. Its pinned files must have been seeded.
    ///
    /// # Errors
    /// Where a path cannot be rebuilt; on a machine's Nix with a daemon, only
    /// its trusted users may.
    pub fn repair(&self, hold: &Hold, request: &Request<'_>) -> Result<Health> {
        let realised = self.realise(hold, request)?;
        let repaired = self.altered(realised.closure())?;
        if repaired.is_empty() {
            return Ok(Health { repaired, realised });
        }
        self.put_right(&repaired)?;
        let realised = self.realise_anew(hold, request)?;
        match self.altered(&repaired)?.first() {
            None => Ok(Health { repaired, realised }),
            Some(path) => Err(Error::new(
                Kind::Integrity,
                format!("{path} is still not what it should be after a rebuild"),
            )),
        }
    }

    /// Sees to it that the next realisation gives these paths anew.
    pub(super) fn put_right(&self, bad: &[StorePath]) -> Result<()> {
        for path in bad {
            terminal::warning(format!("{path} was altered or removed; rebuilding it"));
        }
        if self.is_own() {
            return self.forget(bad);
        }
        // What others made of these paths is theirs, so they are rebuilt in
        // place. (Nix 2.26 cannot do that in a private store: it looks for
        // them below the machine's /nix/store.)
        let repair = self
            .command("nix-store")
            .arg("--repair-path")
            .args(bad.iter().map(ToString::to_string));
        self.output(&repair).map(drop)
    }

    /// Removes paths from our private store, and what refers to them.
    pub(super) fn forget(&self, bad: &[StorePath]) -> Result<()> {
        let query = self
            .command("nix-store")
            .args(["--query", "--referrers-closure"])
            .args(bad.iter().map(ToString::to_string));
        let all = self.output(&query)?;
        let delete = self
            .command("nix-store")
            .args(["--delete", "--ignore-liveness"])
            .args(all.lines());
        self.output(&delete).map(drop)
    }

    /// Forgets everything of our private store that is not on disk, and says
    /// whether there was anything.
    pub(super) fn forget_vanished(&self) -> Result<bool> {
        let all = self.command("nix").args(["path-info", "--all"]);
        let mut vanished = Vec::new();
        for path in self.output(&all)?.lines() {
            let path = StorePath::parse(path)?;
            if fs::symlink_metadata(self.physical(&path)).is_err() {
                vanished.push(path);
            }
        }
        if vanished.is_empty() {
            return Ok(false);
        }
        self.forget(&vanished)?;
        Ok(true)
    }

    /// Those of the paths whose contents do not have their recorded hash.
    ///
    /// # Errors
    /// Where Nix cannot be started.
    pub fn altered(&self, paths: &[StorePath]) -> Result<Vec<StorePath>> {
        let is_right = |paths: &[StorePath]| {
            let verify = self
                .command("nix-store")
                .arg("--verify-path")
                .args(paths.iter().map(ToString::to_string));
            terminal::verbose(&verify);
            let output = verify.to_std().output();
            output
                .map(|output| output.status.success())
                .map_err(|source| verify.not_started(source))
        };
        // One process for the common case; one a path to find the culprits,
        // as Nix's messages about them differ by version.
        let mut altered = Vec::new();
        if !is_right(paths)? {
            for path in paths {
                if !is_right(std::slice::from_ref(path))? {
                    altered.push(path.clone());
                }
            }
        }
        Ok(altered)
    }
}
