//! What would bite, and what has bitten: causes and remedies. [pure but for
//! [`project`], [`machine`] and [`measure`]]
//!
//! [`symptoms`] recognises what compilers, linkers, build scripts and loaders
//! say, [`remedies`] knows what to do about it on a target, [`libraries`] which
//! package and which feature brings a library of the system. [`scripts`],
//! [`sources`] and [`flags`] read a project's files, [`profile`] what makes its
//! programs large.

mod cfg;
pub mod finding;
pub mod flags;
pub mod libraries;
pub mod machine;
pub mod measure;
pub mod profile;
pub mod project;
pub mod remedies;
pub mod scripts;
pub mod sources;
pub mod symptoms;

pub use finding::{Finding, Spot, Topic, Weight};
pub use libraries::Library;
pub use measure::Measured;
pub use profile::Choice;
pub use remedies::{Place, remedy};
pub use symptoms::Symptom;

/// Everything that was found.
#[derive(Debug, Default)]
pub struct Diagnosis {
    /// The targets that it is about, floors included.
    pub targets: Vec<String>,
    pub findings: Vec<Finding>,
    /// What is right, as far as somebody may want to know: what it is about,
    /// and how it is.
    pub facts: Vec<(String, String)>,
    /// The release profile, key by key.
    pub profile: Vec<Choice>,
    /// Sizes of the programs with other profiles, where that was asked for.
    pub measured: Vec<Measured>,
}

impl Diagnosis {
    /// How many findings would bite.
    pub fn biting(&self) -> usize {
        let biting = |finding: &&Finding| finding.weight == Weight::Bites;
        self.findings.iter().filter(biting).count()
    }
}
