//! Exact Rust: which one a project asks for, and which bytes that is.
//!
//! `rust-toolchain.toml` names a channel. Where that is what the pinned Debian
//! packages are anyway, nothing more is to do; any other is resolved by
//! `xbuild lock` in the signed manifest of a channel of the official
//! distribution, and pinned by hash in the table `rust` of `xbuild.lock`.
//!
//! Invariant: a project that asks for one Rust is never built with another.

mod attach;
mod channel;
mod file;
mod find;
mod make;
mod manifest;
mod pin;
mod plan;
mod server;
mod std_crate;
#[cfg(test)]
mod tests;
mod wanted;

pub use attach::attach;
pub use channel::Channel;
pub use file::ToolchainFile;
pub use find::find;
pub use make::{Maker, Origins};
pub use pin::{Component, RustPin};
pub use plan::{Plan, plan};
pub use server::{DIST_SERVER, OFFICIAL, REMEDY, RUST_KEY, ReleaseKey, dist_server};
pub use std_crate::StdCrate;
pub use wanted::{Wanted, wanted};

/// The version of the pinned Debian compiler, as upstream counts: `1.96.0`.
pub const DEBIAN_VERSION: &str = env!("XBUILD_DEBIAN_RUST");
