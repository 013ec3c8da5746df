//! What would bite, and what has bitten: causes and remedies. [pure but for
//! what says otherwise]
//!
//! [`symptoms`] recognises what compilers, linkers, build scripts and loaders
//! say, [`remedies`] knows what to do about it on a target, [`libraries`] which
//! package and which feature brings a library of the system.

pub mod libraries;
pub mod remedies;
pub mod symptoms;

pub use libraries::Library;
pub use remedies::{Place, remedy};
pub use symptoms::Symptom;
