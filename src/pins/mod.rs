//! Pins: which bytes make up the toolchain, and the signed chain they hang
//! from.
//!
//! `nix/packages.json` says what is asked for; `xbuild pins update` follows
//! the chain `InRelease` (OpenPGP) → `Packages` → `.deb` and writes
//! `nix/pins/packages.json`, which is all that the toolchains are made of;
//! `xbuild pins check` proves that it still follows. A project's own packages
//! (`crate::lock`) follow from the same releases.

mod chain;
pub mod check;
pub mod hash;
mod index;
mod inrelease;
mod keys;
mod pinned;
mod relation;
mod release;
mod request;
pub mod resolve;
mod stanza;
#[cfg(test)]
pub(crate) mod tests;
pub mod update;
mod version;

pub use chain::Sources;
pub use hash::{Hasher, Sha256};
pub use index::Index;
pub use inrelease::{Expected, Release};
pub use keys::Keys;
pub use pinned::{Package, Pins, Suite};
pub use release::pinned_release;
