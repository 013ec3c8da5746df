//! Crates that want a library of the system's.

use std::collections::BTreeSet;
use std::fs;

use toml::{Table, Value};

use super::{Examined, line_of, table};
use crate::doctor::{Finding, Place, Topic, libraries};
use crate::error::Result;

impl Examined<'_> {
    /// Crates that cannot be built without a library of the system's.
    pub(super) fn system_libraries(&mut self) -> Result<()> {
        let lock_text = fs::read_to_string(&self.request.project.lock).unwrap_or_default();
        let asked = self.features();
        let names: BTreeSet<&str> = self.lock.crates.iter().map(|one| &*one.name).collect();
        let known = libraries::all()?;
        for library in &known {
            let Some(wants) = library.crates.iter().find(|name| names.contains(&***name)) else {
                continue;
            };
            let along = library.along.as_ref().is_some_and(|along| {
                let told = along.told_by.iter().any(|name| names.contains(&**name));
                // `native-tls-vendored` is one too; another library's is not.
                let of_other = |name: &String| {
                    known.iter().any(|other| {
                        other != library
                            && (other.crates.contains(name)
                                || other.along.as_ref().is_some_and(|along| along.add == *name))
                    })
                };
                told || asked
                    .iter()
                    .any(|(name, feature)| feature.contains(&along.feature) && !of_other(name))
            });
            for spec in &self.request.specs {
                let packages = self.request.config.for_target(spec.triple()).packages;
                let packages = packages
                    .iter()
                    .map(|package| package.value.name().to_owned());
                let packages: Vec<String> = packages.collect();
                if along || packages.contains(&library.package) {
                    continue;
                }
                let place = Place {
                    spec,
                    packages: &packages,
                    crates: &self.crates,
                };
                let message = format!(
                    "{wants} wants the system's {}, which {spec} has not",
                    library.what
                );
                let line = line_of(&lock_text, &format!("name = \"{wants}\""));
                let finding = Finding::bites(Topic::SystemLibrary, message);
                let finding = finding.at(&self.request.project.lock, line);
                self.findings.push(finding.hint(place.supply(library)));
            }
        }
        Ok(())
    }

    /// The features that the project's own manifests ask of crates.
    fn features(&self) -> Vec<(String, String)> {
        let mut asked = Vec::new();
        for manifest in self.request.project.manifests() {
            let Some(table) = table(manifest) else {
                continue;
            };
            let workspace = table.get("workspace").and_then(Value::as_table);
            let targets = table.get("target").and_then(Value::as_table);
            let targets = targets.into_iter().flat_map(Table::values);
            let tables = targets.filter_map(Value::as_table);
            for table in tables.chain([&table]).chain(workspace) {
                for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
                    let section = table.get(section).and_then(Value::as_table);
                    for (name, dependency) in section.into_iter().flatten() {
                        let features = dependency.get("features").and_then(Value::as_array);
                        let features = features.into_iter().flatten().filter_map(Value::as_str);
                        asked.extend(features.map(|feature| (name.clone(), feature.to_owned())));
                    }
                }
            }
        }
        asked
    }
}
