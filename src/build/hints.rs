//! What a failed cargo has said → the remedy, where there is one.

use std::time::SystemTime;

use super::Build;
use crate::cargo::Lockfile;
use crate::doctor::{Place, remedy, symptoms};
use crate::error::Result;
use crate::target::TargetSpec;
use crate::terminal;

impl Build<'_> {
    /// Says what helps against what cargo failed of: its own words tell, or
    /// what is found afterwards.
    pub(super) fn note_failure(&self, said: &str, since: SystemTime) {
        if !self.note_symptom(said) {
            self.note_failed_scripts(since);
        }
        self.note_faults();
    }

    /// One hint for what is recognised; whether there was one.
    fn note_symptom(&self, said: &str) -> bool {
        let Ok(Some(hint)) = self.remedy(said) else {
            return false;
        };
        if terminal::verbosity() >= 0 {
            terminal::hint(hint);
        }
        true
    }

    fn remedy(&self, said: &str) -> Result<Option<String>> {
        let found = symptoms::recognise(said);
        let specs = self.specs();
        let (Some(spec), false) = (spoken_of(&specs, said), found.is_empty()) else {
            return Ok(None);
        };
        let packages = self.request.config.for_target(spec.triple()).packages;
        let packages: Vec<String> = packages
            .iter()
            .map(|package| package.value.name().to_owned())
            .collect();
        let crates = Lockfile::read(&self.request.project.lock).map(|lock| lock.versions());
        let place = Place {
            spec,
            packages: &packages,
            crates: &crates.unwrap_or_default(),
        };
        for symptom in &found {
            if let Some(hint) = remedy(symptom, &place)? {
                return Ok(Some(hint));
            }
        }
        Ok(None)
    }
}

/// The target that an error is about: of several, the one that it names.
fn spoken_of<'s>(specs: &'s [TargetSpec], said: &str) -> Option<&'s TargetSpec> {
    let named = specs.iter().find(|spec| said.contains(spec.triple()));
    named.or(specs.first())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::Table;

    #[test]
    fn of_several_targets_the_error_says_which() {
        let table = Table::embedded().unwrap();
        let texts = ["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-musl"];
        let specs = texts.map(|text| TargetSpec::parse(&table, text, None).unwrap());
        for (said, expected) in [
            ("cc --target=aarch64-unknown-linux-musl", texts[1]),
            ("fatal error: 'x.h' file not found", texts[0]),
        ] {
            let spec = spoken_of(&specs, said).unwrap();
            assert_eq!(spec.triple(), expected, "{said}");
        }
    }
}
