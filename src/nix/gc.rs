//! Removes toolchains that are no longer wanted, and what only they needed.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use super::find::Nix;
use super::lock::{Lock, Share};
use super::state::{self, Realised};
use super::{SOURCES_HASH, UNFINISHED};
use crate::error::{IoContext, Result};
use crate::host::Folders;

/// A toolchain that was realised once.
#[derive(Debug, Clone)]
pub struct Known {
    pub key: String,
    /// When it was last used, within hours.
    pub last_used: Option<SystemTime>,
    /// What it is, where it is still whole.
    pub realised: Option<Realised>,
}

/// What a garbage collection did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Collected {
    /// The keys of the toolchains that were dropped.
    pub dropped: Vec<String>,
    /// The keys of those that another run works with at this moment.
    pub in_use: Vec<String>,
    /// Bytes that the private store gave back, to Nix's own precision.
    pub freed: u64,
    /// Whether the store is the machine's: its user collects it himself, with
    /// `nix-collect-garbage`.
    pub left_to_the_machine: bool,
}

impl Nix {
    /// Every toolchain that was realised, by key. Looking does not count as
    /// a use.
    ///
    /// # Errors
    /// Where the folder of toolchains cannot be read.
    pub fn known(folders: &Folders) -> Result<Vec<Known>> {
        let folder = folders.toolchains();
        if !folder.is_dir() {
            return Ok(Vec::new());
        }
        let mut known = Vec::new();
        for entry in fs::read_dir(&folder).at("read the folder", &folder)? {
            let entry = entry.at("read the folder", &folder)?;
            let Ok(key) = entry.file_name().into_string() else {
                continue;
            };
            known.push(Known {
                last_used: state::last_used(&entry.path()),
                realised: Realised::load(folders, &key),
                key,
            });
        }
        known.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(known)
    }

    /// Drops every toolchain that `keep` does not want and no other run works
    /// with, then collects the garbage of our private store. Of a machine's
    /// store only our GC roots go. Call it without a [`super::Hold`], and in a
    /// run that has used no toolchain itself.
    ///
    /// # Errors
    /// Where a folder of ours cannot be removed, or Nix fails.
    pub fn gc(&self, keep: &dyn Fn(&Known) -> bool) -> Result<Collected> {
        let _lock = Lock::take(&self.folders.locks(), "store", Share::Exclusive)?;
        let mut collected = Collected::default();
        for known in Nix::known(&self.folders)? {
            // A realisation that failed: nobody has used anything of it.
            let failed = known.last_used.is_none();
            if !failed && keep(&known) {
                continue;
            }
            let Some(_alone) = Lock::try_exclusive(&self.folders.locks(), &known.key)? else {
                collected.in_use.push(known.key);
                continue;
            };
            super::remove_tree(&self.folders.toolchains().join(&known.key))?;
            if !failed {
                collected.dropped.push(known.key);
            }
        }
        self.settings().clear_tmp()?;
        self.remove_old_versions()?;
        if !self.is_own() {
            collected.left_to_the_machine = true;
            return Ok(collected);
        }
        let collect = self.command("nix-store").arg("--gc");
        crate::terminal::verbose(&collect);
        let output = collect.output()?;
        collected.freed = freed(&String::from_utf8_lossy(&output.stdout))
            .or_else(|| freed(&String::from_utf8_lossy(&output.stderr)))
            .unwrap_or(0);
        Ok(collected)
    }

    /// Removes other versions of our own Nix and of its sources, which are
    /// written again where another xbuild wants them.
    fn remove_old_versions(&self) -> Result<()> {
        let locks = self.folders.locks();
        let sources = self.folders.nix_sources();
        let _sources = Lock::take(&locks, "sources", Share::Exclusive)?;
        remove_others(&locks, "sources", &sources, &|name| {
            name == &SOURCES_HASH[..16]
        })?;
        if !self.is_own() {
            return Ok(());
        }
        let own = self.folders.own_nix();
        let _nix = Lock::take(&locks, "nix", Share::Exclusive)?;
        let kept = |name: &str| {
            let is_version = name.len() == 16 && name.bytes().all(|b| b.is_ascii_hexdigit());
            self.program().starts_with(own.join(name))
                || !(is_version || name.starts_with(UNFINISHED))
        };
        remove_others(&locks, "nix", &own, &kept)
    }
}

/// Removes entries of a folder but those that are kept, or that another run
/// works with: it holds the lock `WHAT-NAME`.
fn remove_others(
    locks: &Path,
    what: &str,
    folder: &Path,
    kept: &dyn Fn(&str) -> bool,
) -> Result<()> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Ok(());
    };
    for entry in entries {
        let path = entry.at("read the folder", folder)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if !kept(&name)
            && let Some(_alone) = Lock::try_exclusive(locks, &format!("{what}-{name}"))?
        {
            super::remove_tree(&path)?;
        }
    }
    Ok(())
}

/// Bytes, from `12 store paths deleted, 345.67 MiB freed`.
fn freed(output: &str) -> Option<u64> {
    let line = output.lines().rev().find(|line| line.contains(" freed"))?;
    let (before, _) = line.split_once(" freed")?;
    let mut words = before.rsplit(' ');
    let unit = match words.next()? {
        "B" | "bytes" => 1.0,
        "KiB" => 1024.0,
        "MiB" => 1024.0 * 1024.0,
        "GiB" => 1024.0 * 1024.0 * 1024.0,
        "TiB" => 1024.0 * 1024.0 * 1024.0 * 1024.0,
        _ => return None,
    };
    let number: f64 = words.next()?.parse().ok()?;
    // Rounding is the point: Nix prints two decimals.
    Some((number * unit).round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nix_says_it_freed_is_read() {
        let cases = [
            ("3 store paths deleted, 0.50 MiB freed\n", Some(524_288)),
            (
                "deleting x\n5 store paths deleted, 2.00 GiB freed",
                Some(2_147_483_648),
            ),
            ("0 store paths deleted, 0.00 KiB freed", Some(0)),
            ("1 store paths deleted, 12.0 KiB freed", Some(12_288)),
            ("1 store paths deleted, much freed", None),
            ("", None),
        ];
        for (output, expected) in cases {
            assert_eq!(freed(output), expected, "{output}");
        }
    }
}
