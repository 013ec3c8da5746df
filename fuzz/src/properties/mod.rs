//! What must hold of everything that reads bytes which xbuild did not write:
//! it ends, without a panic and within bounds, and what it accepts comes out
//! the same when it is written and read again.
//!
//! One function a target takes any bytes at all. `fuzz_targets/` gives them to
//! libFuzzer, and `tests/it/corpus.rs` replays `corpus/` through the same ones.

pub mod binary;
pub mod config;
pub mod deb;
pub mod env;
pub mod envelope;
pub mod index;
pub mod keys;
pub mod lock;
pub mod release;
pub mod statement;
pub mod tar;
pub mod triple;

/// A target by the name of its folder below `corpus/`.
pub type Target = (&'static str, fn(&[u8]));

pub const ALL: &[Target] = &[
    ("binary", binary::holds),
    ("config", config::holds),
    ("deb", deb::holds),
    ("env", env::holds),
    ("envelope", envelope::holds),
    ("index", index::holds),
    ("lock", lock::holds),
    ("release", release::holds),
    ("statement", statement::holds),
    ("tar", tar::holds),
    ("triple", triple::holds),
];
