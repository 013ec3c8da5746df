//! Cargo's JSON messages: the artefacts they name, the diagnostics they carry,
//! and paths turned from the shell's into the host's. [pure]
//!
//! Format: "External tools" in the Cargo book.

use std::path::PathBuf;

use cargo_metadata::{Message, TargetKind};

use super::TARGET;

/// What sort of file an artefact is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArtefactKind {
    Bin,
    Example,
    Test,
    Bench,
    Cdylib,
    Staticlib,
}

/// A final file that cargo made of a local package for a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artefact {
    /// The name of cargo's target: the program's or the library's.
    pub name: String,
    pub kind: ArtefactKind,
    pub triple: String,
    /// Where it lies in the shell: `/build/target/<triple>/…`.
    pub inside: PathBuf,
    /// Its debug information, where that is in a file of its own (`.dwp`).
    pub debug_info: Option<PathBuf>,
    /// Whether cargo had nothing to do for it.
    pub fresh: bool,
    /// The flags of `cargo test` that choose it alone, such as `-p core --lib`.
    pub flags: String,
}

/// Gathers what a run's messages say, line by line.
#[derive(Debug, Default)]
pub struct Collector {
    artefacts: Vec<Artefact>,
    diagnostics: Vec<String>,
    succeeded: bool,
}

impl Collector {
    /// Reads one line. Only local packages count, and cargo's registry
    /// dependencies, most lines of a build, are not even parsed.
    pub fn line(&mut self, line: &str) {
        let diagnostic = line.contains(r#""reason":"compiler-message""#);
        // Before 1.77 an identifier was `name 0.1.0 (path+file:///…)`.
        let local = line.contains(r#""package_id":"path+"#) || line.contains(" (path+file://");
        if !diagnostic && !local {
            self.succeeded |= line.starts_with(r#"{"reason":"build-finished","success":true"#);
            return;
        }
        match serde_json::from_str(line) {
            Ok(Message::CompilerArtifact(artifact)) => self.artefacts.extend(artefacts(&artifact)),
            Ok(Message::CompilerMessage(message)) => {
                self.diagnostics.extend(message.message.rendered)
            }
            // A program's own output may stand between the messages.
            _ => {}
        }
    }

    pub fn artefacts(&self) -> &[Artefact] {
        &self.artefacts
    }

    /// Whether cargo has said that it has built all; it says no more of it.
    pub fn succeeded(&self) -> bool {
        self.succeeded
    }

    /// Diagnostics as rustc rendered them, with colours, in their order.
    pub fn diagnostics(&self) -> &[String] {
        &self.diagnostics
    }
}

fn artefacts(artifact: &cargo_metadata::Artifact) -> Vec<Artefact> {
    let target = &artifact.target;
    let mut files = artifact.filenames.iter();
    let debug_info = files.find(|path| path.extension() == Some("dwp"));
    let made = |path: &cargo_metadata::camino::Utf8Path, kind| {
        let triple = path.strip_prefix(TARGET).ok()?.components().next()?;
        Some(Artefact {
            name: target.name.clone(),
            kind,
            triple: triple.to_string(),
            inside: path.into(),
            debug_info: debug_info.map(Into::into),
            fresh: artifact.fresh,
            flags: flags(&artifact.package_id.repr, target),
        })
    };
    if let Some(executable) = &artifact.executable {
        let kind = match target.kind.first() {
            Some(TargetKind::Bench) => ArtefactKind::Bench,
            Some(TargetKind::Test) => ArtefactKind::Test,
            _ if artifact.profile.test => ArtefactKind::Test,
            Some(TargetKind::Example) => ArtefactKind::Example,
            _ => ArtefactKind::Bin,
        };
        return made(executable, kind).into_iter().collect();
    }
    let library = |path: &&cargo_metadata::camino::Utf8PathBuf| {
        let kind = match path.extension()? {
            "so" | "dylib" | "dll" if target.kind.contains(&TargetKind::CDyLib) => {
                ArtefactKind::Cdylib
            }
            "a" | "lib" if target.kind.contains(&TargetKind::StaticLib) => ArtefactKind::Staticlib,
            _ => return None,
        };
        made(path, kind)
    };
    artifact
        .filenames
        .iter()
        .collect::<Vec<_>>()
        .iter()
        .filter_map(library)
        .collect()
}

/// The flags of `cargo test` for a target of a package.
fn flags(id: &str, target: &cargo_metadata::Target) -> String {
    let name = &target.name;
    let flag = match target.kind.first() {
        Some(TargetKind::Test) => format!("--test {name}"),
        Some(TargetKind::Bin) => format!("--bin {name}"),
        Some(TargetKind::Example) => format!("--example {name}"),
        Some(TargetKind::Bench) => format!("--bench {name}"),
        _ => "--lib".to_owned(),
    };
    format!("-p {} {flag}", package(id))
}

/// The name in a package's identifier: `path+file:///folder/name#0.1.0`,
/// `path+file:///folder#name@0.1.0`, or before 1.77 `name 0.1.0 (…)`.
fn package(id: &str) -> &str {
    let Some((place, fragment)) = id.rsplit_once('#') else {
        return id.split(' ').next().unwrap_or(id);
    };
    match fragment.split_once('@') {
        Some((name, _)) => name,
        None => place.rsplit('/').next().unwrap_or(place),
    }
}

/// Rewrites every path of the shell in a JSON text to the host's: `mapping`
/// holds pairs of a folder in the shell and what stands for it. The longest
/// fitting one wins, and only whole components fit. Text that is not JSON
/// stays as it is.
pub fn rewrite_paths(json: &str, mapping: &[(String, String)]) -> String {
    let Ok(mut value) = serde_json::from_str::<serde_json::Value>(json) else {
        return json.to_owned();
    };
    rewrite_value(&mut value, mapping);
    value.to_string()
}

fn rewrite_value(value: &mut serde_json::Value, mapping: &[(String, String)]) {
    match value {
        serde_json::Value::String(text) => {
            let new = match text.contains('\n') {
                true => rewrite_rendered(text, mapping),
                false => rewrite_text(text, mapping),
            };
            if let Some(new) = new {
                *text = new;
            }
        }
        serde_json::Value::Array(items) => {
            items
                .iter_mut()
                .for_each(|item| rewrite_value(item, mapping));
        }
        // Keys of cargo's messages are never paths.
        serde_json::Value::Object(fields) => {
            fields
                .values_mut()
                .for_each(|field| rewrite_value(field, mapping));
        }
        _ => {}
    }
}

/// A diagnostic as people read it: rustc names files there in lines of their
/// own, behind arrows. What it quotes of the source stays.
fn rewrite_rendered(text: &str, mapping: &[(String, String)]) -> Option<String> {
    const ARROWS: [&str; 2] = ["--> ", "::: "];
    let mut changed = false;
    let lines: Vec<String> = text
        .split('\n')
        .map(|line| {
            let inner = line.trim_start();
            let path = ARROWS.iter().find_map(|arrow| inner.strip_prefix(arrow));
            let new = path.and_then(|path| rewrite_text(path, mapping));
            match (path, new) {
                (Some(path), Some(new)) => {
                    changed = true;
                    format!("{}{new}", &line[..line.len() - path.len()])
                }
                _ => line.to_owned(),
            }
        })
        .collect();
    changed.then(|| lines.join("\n"))
}

/// A string that is a path, or a package id such as `path+file:///build/source#a@1.0.0`.
fn rewrite_text(text: &str, mapping: &[(String, String)]) -> Option<String> {
    let at = match text.find("file:///") {
        Some(at) => at + "file://".len(),
        None => 0,
    };
    let path = &text[at..];
    let fits = |inside: &str| {
        path.strip_prefix(inside)
            .filter(|rest| rest.is_empty() || rest.starts_with(['/', '#', '?']))
    };
    let (inside, host) = mapping
        .iter()
        .filter(|(inside, _)| fits(inside).is_some())
        .max_by_key(|(inside, _)| inside.len())?;
    Some(format!("{}{host}{}", &text[..at], fits(inside)?))
}
