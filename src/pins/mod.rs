//! Pins: which bytes make up the toolchain, and the signed chain they hang
//! from.
//!
//! `nix/packages.json` says what is asked for; `xbuild pins update` follows
//! the chain `InRelease` (OpenPGP) → `Packages` → `.deb` and writes
//! `nix/pins/packages.json`, which is all that anything else reads.

pub mod hash;
mod pinned;

pub use hash::Sha256;
pub use pinned::{Package, Pins, Suite};
