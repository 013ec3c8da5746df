//! Build scripts, of the project and of its dependencies.

use std::fs;
use std::path::{Path, PathBuf};

use toml::Value;

use super::{Examined, entries, table};
use crate::doctor::{Finding, Topic, Weight, scripts};
use crate::error::Result;
use crate::target::{HOST, Table, Target};

impl Examined<'_> {
    /// Build scripts, the project's own and those of its dependencies.
    pub(super) fn build_scripts(&mut self) -> Result<()> {
        let project = &self.request.project;
        let manifests: Vec<PathBuf> = project.manifests().to_vec();
        for manifest in manifests {
            if let Some(script) = build_script(&manifest) {
                self.build_script(&script, None)?;
            }
        }
        let mut homes = vec![self.request.workshop.folders.cargo_home()];
        homes.extend(self.request.user.home.clone());
        let registries: Vec<PathBuf> = homes
            .iter()
            .flat_map(|home| entries(&home.join("registry/src")))
            .collect();
        let crates: Vec<(String, String)> = self
            .lock
            .crates
            .iter()
            .map(|one| (one.name.clone(), one.version.clone()))
            .collect();
        for (name, version) in crates {
            let unpacked = registries
                .iter()
                .map(|registry| registry.join(format!("{name}-{version}/Cargo.toml")))
                .find(|manifest| manifest.is_file());
            match unpacked {
                None => self.unread += 1,
                Some(manifest) => {
                    if let Some(script) = build_script(&manifest) {
                        self.build_script(&script, Some(&format!("{name} {version}")))?;
                    }
                }
            }
        }
        Ok(())
    }

    /// One script; of a dependency where that has a name.
    fn build_script(&mut self, path: &Path, dependency: Option<&str>) -> Result<()> {
        let text = fs::read_to_string(path).unwrap_or_default();
        let Ok(script) = scripts::read(&text) else {
            // The compiler says best what is wrong with it.
            return Ok(());
        };
        self.scripts += 1;
        let table = Table::embedded()?;
        let Some(machine) = table.get(HOST) else {
            return Ok(());
        };
        let whose = dependency
            .map(|name| format!(" of {name}"))
            .unwrap_or_default();
        for question in script.questions {
            let asked: Vec<&Target> = self.request.specs.iter().map(|it| it.target()).collect();
            let differs = |target: &&&Target| question.differs(machine, target);
            let (target, others) = match asked.iter().find(differs) {
                Some(target) => (*target, ""),
                None if dependency.is_some() => continue,
                None => match table
                    .iter()
                    .find(|target| question.differs(machine, target))
                {
                    Some(target) => (target, "other targets such as "),
                    None => continue,
                },
            };
            let message = format!(
                "{} in the build script{whose} tells of the machine that builds, not of {others}{}",
                question.asked, target.triple
            );
            let weight = match (dependency, others) {
                (None, "") => Weight::Bites,
                _ => Weight::Note,
            };
            let finding = Finding {
                weight,
                ..Finding::bites(Topic::BuildScript, message)
            };
            let finding = finding.at(path, Some(question.line));
            self.findings.push(
                finding.hint(match dependency {
                    None => format!("std::env::var(\"{}\")", question.instead),
                    Some(_) => {
                        "look whether the target's programs are right: such a crate may ask \
                            for a tool of its own, or has a newer version"
                            .to_owned()
                    }
                }),
            );
        }
        // Of a dependency it may be a flag that the script warns of.
        let native = script.native.into_iter().filter(|_| dependency.is_none());
        for (line, flag) in native {
            let message = format!("the build script names {flag}: code for one processor");
            let finding = Finding::bites(Topic::Processor, message).at(path, Some(line));
            self.findings
                .push(finding.hint("name the oldest processor that it is for"));
        }
        Ok(())
    }
}

/// The build script of a package.
fn build_script(manifest: &Path) -> Option<PathBuf> {
    let folder = manifest.parent()?;
    let table = table(manifest)?;
    let package = table.get("package")?;
    let path = match package.get("build") {
        Some(Value::String(path)) => folder.join(path),
        Some(Value::Boolean(false)) => return None,
        _ => folder.join("build.rs"),
    };
    path.is_file().then_some(path)
}
