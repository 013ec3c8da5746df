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

use crate::error::Result;
use crate::pins::Pins;

/// The version of the pinned Debian compiler, as upstream counts: `1.96.0`.
///
/// # Errors
/// Never, unless the program was built from a broken tree.
pub fn debian_version() -> Result<String> {
    let pins = Pins::embedded()?;
    let package = pins.package("trixie/amd64/rustc-web");
    let version = package.map_or("", |package| package.version.as_str());
    let end = version.find(['+', '-', '~']).unwrap_or(version.len());
    Ok(version[..end].to_owned())
}
