//! Programs that were built already.

use super::{Examined, begins_with, entries};
use crate::artifact;
use crate::check::{self, Expectation};
use crate::doctor::{Finding, Topic};
use crate::error::Result;

impl Examined<'_> {
    /// Programs that are in the target folder already.
    pub(super) fn artefacts(&mut self) -> Result<()> {
        for spec in &self.request.specs {
            let expected = Expectation::of(spec, self.request.allowed(spec.triple())?)?;
            let folder = self.request.project.target_dir.join(spec.triple());
            for file in entries(&folder).iter().flat_map(|profile| entries(profile)) {
                let is_library = file.extension().is_some_and(|end| end == "so");
                let is_program = file.extension().is_none() && begins_with(&file, b"\x7fELF");
                if !is_program && !(is_library && begins_with(&file, b"\x7fELF")) {
                    continue;
                }
                let Ok(artifact) = artifact::read(&file, &[]) else {
                    continue;
                };
                let found = check::check(&artifact, &expected);
                for one in found {
                    if one.severity == check::Severity::Error {
                        let finding =
                            Finding::bites(Topic::Artefact, format!("{}: {}", one.id, one.message));
                        self.findings.push(finding.at(&file, None).hint(one.hint));
                    }
                }
            }
        }
        Ok(())
    }
}
