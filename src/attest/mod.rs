//! What was built, signed so that a stranger can check it: statements,
//! envelopes, keys, signatures, and the policy that they are held against.
//!
//! The order of use: [`Build`] → [`statement`](provenance::statement) →
//! [`Envelope`] with a [`SecretKey`] → files; and back, [`verify`](verify::verify)
//! with a [`PublicKey`] and a [`Policy`]. All of it is pure but
//! [`keys::source`], which reads keys.

mod base64;
pub mod build;
pub mod bundle;
pub mod dsse;
pub mod json;
pub mod keys;
pub mod manifest;
pub mod observed;
pub mod policy;
pub mod provenance;
pub mod refusal;
pub mod sbom;
pub mod sign;
pub mod slsa;
pub mod statement;
pub mod sums;
pub mod verify;

pub use build::{Build, LockedCrate, NixBuild, Source};
pub use dsse::Envelope;
pub use keys::{PublicKey, SecretKey};
pub use observed::{Comparison, Verdict};
pub use policy::Policy;
pub use refusal::Refusal;
pub use slsa::Derivation;

#[cfg(test)]
pub(crate) mod samples;
#[cfg(test)]
mod verify_tests;
