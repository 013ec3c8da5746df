//! Getting pinned files: which mirrors to ask, and the cache of downloads.
//!
//! A file is known by its SHA-256; where it comes from never matters. Each
//! file is asked of each [`Mirrors`] entry in turn until one gives the right
//! bytes, and is kept in [`Downloads`] under its hash.

mod apt;
mod attempt;
mod client;
mod crates;
mod downloads;
mod mirrors;
mod part;
mod progress;
mod proxy;
#[cfg(test)]
mod tests;
mod transfer;

pub use apt::{AptSource, parse_deb822, parse_one_line};
pub use attempt::{Attempt, Reason};
pub use client::{Client, Timeouts};
pub use crates::CrateServer;
pub use downloads::{Downloads, Options};
pub use mirrors::{BaseUrl, Mirrors};
pub use transfer::Patience;

use crate::pins::hash::Sha256;

/// A file of the Debian archive that is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// What to call it on the terminal.
    pub name: String,
    /// Relative to the archive's root: `pool/main/…/libc6_2.41_amd64.deb`.
    pub path: String,
    /// In bytes.
    pub size: u64,
    pub sha256: Sha256,
    /// The suite whose snapshot still has it when the mirrors do not.
    pub suite: String,
}
