//! Targets: triples, glibc floors, and the table of what is known. [pure]
//!
//! The table is `nix/targets/*.json`, the same files that Nix builds the
//! toolchains from, so that what `xbuild targets` says is what is built.

mod elsewhere;
mod floor;
mod magic;
mod rust;
mod spec;
mod table;

pub use elsewhere::{elsewhere, looks_like_triple, other_system};
pub use floor::Floor;
pub use magic::Magic;
pub use rust::RustTarget;
pub use spec::TargetSpec;
pub use table::{Base, Elf, Glibc, Libc, StdSource, Table, Target};

/// The triple of the machines that xbuild runs on.
pub const HOST: &str = "x86_64-unknown-linux-gnu";
