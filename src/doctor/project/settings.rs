//! Flags and programs that the project's configuration names.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;

use toml::Value;

use super::{Examined, line_of, table};
use crate::build::triples;
use crate::config::Passthrough;
use crate::doctor::{Finding, Topic, flags};

impl Examined<'_> {
    /// Flags in the project's configuration of cargo and in `xbuild.toml`.
    pub(super) fn flags(&mut self) {
        let triples: Vec<String> = triples(&self.request.specs);
        for file in &self.request.project.settings.files {
            let (Ok(text), Some(table)) = (fs::read_to_string(file), table(file)) else {
                continue;
            };
            let at = |finding: Finding, word: &str| finding.at(file, line_of(&text, word));
            let mut settings: Vec<(String, Option<&Value>)> = Vec::new();
            if let Some(Value::Table(build)) = table.get("build") {
                settings.push(("build.rustflags".into(), build.get("rustflags")));
                for key in ["rustc", "rustc-wrapper", "rustc-workspace-wrapper"] {
                    if let Some(program) = build.get(key).and_then(Value::as_str) {
                        let message =
                            format!("build.{key} calls `{program}`, which the shell has not");
                        let finding = Finding::bites(Topic::Linker, message);
                        let finding = finding.hint(format!("leave `{key}` out of that file"));
                        self.findings.push(at(finding, key));
                    }
                }
            }
            if let Some(Value::Table(targets)) = table.get("target") {
                for (name, target) in targets {
                    if triples.contains(name) || name.starts_with("cfg(") {
                        let key = format!("target.{name}.rustflags");
                        settings.push((key, target.get("rustflags")));
                    }
                }
            }
            if let Some(Value::Table(env)) = table.get("env") {
                for (name, value) in env.iter().filter(|(name, _)| holds_flags(name)) {
                    let value = value.get("value").unwrap_or(value);
                    settings.push((format!("env.{name}"), Some(value)));
                }
            }
            for (key, value) in settings {
                let words = words(value);
                for finding in flags::judge(&key, &words) {
                    let word = words.iter().find(|word| is_telling(word));
                    let word = word.map_or("rustflags", String::as_str);
                    self.findings.push(at(finding, word));
                }
            }
        }
        let mut seen = BTreeSet::new();
        for spec in &self.request.specs {
            for setting in self.request.config.for_target(spec.triple()).passthrough {
                let name = setting.value.name().to_owned();
                let value = match &setting.value {
                    Passthrough::Set(_, value) => Some(value.clone()),
                    Passthrough::Inherit(name) => {
                        let value = self.request.vars.get(OsStr::new(name));
                        value.map(|value| value.to_string_lossy().into_owned())
                    }
                };
                let Some(value) = value.filter(|_| holds_flags(&name) && seen.insert(name.clone()))
                else {
                    continue;
                };
                let value = value.replace('\u{1f}', " ");
                let words: Vec<String> = value.split_whitespace().map(Into::into).collect();
                let place = setting.origin.to_string();
                for finding in flags::judge(&format!("{place}: {name}"), &words) {
                    self.findings.push(finding);
                }
            }
        }
    }
}

fn words(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::String(text)) => text.split_whitespace().map(Into::into).collect(),
        Some(Value::Array(items)) => {
            let items = items.iter().filter_map(Value::as_str);
            items.map(str::to_owned).collect()
        }
        _ => Vec::new(),
    }
}

/// Whether a variable holds flags of rustc or of a C compiler.
fn holds_flags(name: &str) -> bool {
    name.ends_with("RUSTFLAGS") || name.starts_with("CFLAGS") || name.starts_with("CXXFLAGS")
}

fn is_telling(word: &str) -> bool {
    [
        "target-cpu",
        "target-feature",
        "linker=",
        "-march=",
        "-mcpu=",
    ]
    .iter()
    .any(|part| word.contains(part))
}
