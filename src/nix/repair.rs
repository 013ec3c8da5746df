//! Verifies a realised toolchain against its hashes and puts right what was
//! altered or removed.

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
        let repaired = self.repair_paths(hold, &realised)?;
        Ok(Health { repaired, realised })
    }

    /// Repairs what is wrong and says what that was.
    pub(super) fn repair_paths(&self, _hold: &Hold, realised: &Realised) -> Result<Vec<StorePath>> {
        let bad = self.altered(realised.closure())?;
        if bad.is_empty() {
            return Ok(bad);
        }
        for path in &bad {
            terminal::warning(format!("{path} was altered or removed; rebuilding it"));
        }
        let repair = self
            .command("nix-store")
            .arg("--repair-path")
            .args(bad.iter().map(ToString::to_string));
        self.output(&repair)?;
        let left = self.altered(&bad)?;
        match left.first() {
            None => Ok(bad),
            Some(path) => Err(Error::new(
                Kind::Integrity,
                format!("{path} is still not what it should be after a rebuild"),
            )),
        }
    }

    /// Those of the paths whose contents do not have their recorded hash.
    fn altered(&self, paths: &[StorePath]) -> Result<Vec<StorePath>> {
        let verify = |paths: &[StorePath]| {
            let verify = self
                .command("nix-store")
                .arg("--verify-path")
                .args(paths.iter().map(ToString::to_string));
            terminal::verbose(&verify);
            verify.output().is_ok()
        };
        // One process for the common case; one a path to find the culprits,
        // as Nix's messages about them differ by version.
        if verify(paths) {
            return Ok(Vec::new());
        }
        Ok(paths
            .iter()
            .filter(|path| !verify(std::slice::from_ref(*path)))
            .cloned()
            .collect())
    }
}
