//! Facts and findings → text for a person or JSON for a program. [pure]
//!
//! The text is whole without colour and fits 80 columns; the JSON is described
//! in `docs/json.md`.

mod attest;
mod build;
mod choose;
mod doctor;
mod explain;
mod inspect;
mod json;
mod layout;
mod release;
mod table;
#[cfg(test)]
mod tests;
mod verify;

use crate::artifact::{Artifact, GlibcVersion};
use crate::check::{Finding, Severity, SystemLibrary};
use crate::error::{Error, Kind, Result};

pub use attest::{accepted_json, accepted_text};
pub use choose::{json as choose_json, labelled, text as choose_text};
pub use doctor::{json as doctor_json, text as doctor_text};
pub use explain::{json as explain_json, text as explain_text};
pub use inspect::{json as inspect_json, text as inspect_text};
pub use layout::{short, size};
pub use release::released_text;
pub use table::{Row, table};
pub use verify::{json as verify_json, text as verify_text};

/// What one build made, for one target.
#[derive(Debug, Clone)]
pub struct Report {
    /// The target as the user wrote it, floor included.
    pub target: String,
    /// Whether the build ran in the hermetic shell.
    pub hermetic: bool,
    pub entries: Vec<Entry>,
}

/// One artefact, checked.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Cargo's name of it.
    pub name: String,
    /// The path to show, relative to where the user stands if that is shorter.
    pub path: String,
    /// Where its debug information is, if in a file of its own.
    pub debug_info: Option<String>,
    pub artifact: Artifact,
    /// The glibc floor that was asked for.
    pub floor: Option<GlibcVersion>,
    /// What it loads of the project's packages.
    pub libraries: Vec<SystemLibrary>,
    pub findings: Vec<Finding>,
}

impl Entry {
    /// The packages that the machine must have, which is to run it, each with
    /// the libraries that it loads of it: what these need comes with them.
    fn packages(&self) -> Vec<(&SystemLibrary, Vec<&str>)> {
        let mut packages: Vec<(&SystemLibrary, Vec<&str>)> = Vec::new();
        for library in self.libraries.iter().filter(|library| library.direct) {
            let soname = library.soname.as_str();
            let known = packages
                .iter_mut()
                .find(|(one, _)| one.package == library.package);
            match known {
                Some((_, sonames)) => sonames.push(soname),
                None => packages.push((library, vec![soname])),
            }
        }
        packages
    }
}

impl Report {
    /// The block at the end of a build: a few lines an artefact, and what was
    /// found and allowed.
    pub fn text(&self) -> String {
        build::text(self)
    }

    /// What was found and not allowed, a paragraph each; empty where all is well.
    pub fn findings_text(&self) -> String {
        build::findings(self)
    }

    /// The report as JSON, version 1; `rust` is the version of the compiler.
    pub fn json(&self, rust: &str) -> serde_json::Value {
        json::report(self, rust)
    }

    /// # Errors
    /// [`Kind::Finding`], where a check found something that is not allowed.
    pub fn verdict(&self) -> Result<()> {
        let found = self
            .entries
            .iter()
            .flat_map(|entry| &entry.findings)
            .filter(|finding| finding.severity == Severity::Error)
            .count();
        match found {
            0 => Ok(()),
            1 => Err(Error::new(Kind::Finding, "one check found a fault")),
            many => Err(Error::new(
                Kind::Finding,
                format!("checks found {many} faults"),
            )),
        }
    }
}
