//! Pins: which bytes make up the toolchain, and the signed chain they hang
//! from.
//!
//! `nix/packages.json` says what is asked for; `xbuild pins update` follows
//! the chain `InRelease` (OpenPGP) → `Packages` → `.deb` and writes
//! `nix/pins/packages.json`, which is all that anything else reads;
//! `xbuild pins check` proves that it still follows.

mod chain;
pub mod check;
mod deb;
pub mod hash;
mod index;
mod inrelease;
mod keys;
mod pinned;
mod request;
mod stanza;
#[cfg(test)]
mod tests;
pub mod update;
mod version;

pub use hash::{Hasher, Sha256};
pub use inrelease::{Expected, Release};
pub use keys::Keys;
pub use pinned::{Package, Pins, Suite};
