//! The manifest of a release, version 1: its files and what is in them. [pure]
//!
//! `docs/provenance.md` describes the keys. It holds nothing that differs from
//! one release of the same source to the next: no time, no machine.

use serde::{Deserialize, Serialize};

use super::build::Build;
use super::json;
use crate::error::{Error, Kind, Result};
use crate::pins::Sha256;

/// Rises when a key changes its meaning or goes.
pub const VERSION: u32 = 1;

/// What a release is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    pub version: u32,
    pub project: Project,
    pub source: Source,
    /// xbuild's version.
    pub xbuild: String,
    /// Of `nix/pins/packages.json`.
    pub pins: Sha256,
    /// Of all of `nix/`.
    pub toolchain_definition: Sha256,
    pub targets: Vec<String>,
    /// Cargo's arguments.
    pub arguments: Vec<String>,
    /// Of the build; null where targets had different ones.
    #[serde(default)]
    pub source_date_epoch: Option<String>,
    pub hermetic: bool,
    /// What a second build found; null where there was none.
    pub verification: Option<Verification>,
    pub files: Vec<File>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Project {
    pub name: String,
    pub version: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    pub uri: String,
    pub commit: Option<String>,
    pub dirty: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    pub variations: Vec<String>,
    /// `reproducible` or `differs`.
    pub verdict: String,
}

/// A published file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    pub name: String,
    /// In bytes.
    pub size: u64,
    pub sha256: Sha256,
    /// The target that it is for, as typed; null for what is for all.
    pub target: Option<String>,
    /// What is packed in it, in its order; empty for what is no package.
    #[serde(default)]
    pub contents: Vec<Content>,
}

/// A file in a package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    pub path: String,
    /// In bytes.
    pub size: u64,
    pub sha256: Sha256,
}

impl Manifest {
    /// The manifest of a build's files.
    pub fn new(build: &Build, files: Vec<File>) -> Self {
        Manifest {
            version: VERSION,
            project: Project {
                name: build.source.name.clone(),
                version: build.source.version.clone(),
            },
            source: Source {
                uri: build.source.uri.clone(),
                commit: build.source.commit.clone(),
                dirty: !build.source.is_clean(),
            },
            xbuild: build.xbuild.clone(),
            pins: build.pins,
            toolchain_definition: build.toolchain_definition,
            targets: build.targets.clone(),
            arguments: build.arguments.clone(),
            source_date_epoch: build.source_date_epoch.clone(),
            hermetic: build.is_hermetic(),
            verification: build.comparison.as_ref().map(|comparison| Verification {
                variations: comparison.variations().to_vec(),
                verdict: comparison.verdict().to_owned(),
            }),
            files,
        }
    }

    /// As text for people and programs.
    pub fn text(&self) -> String {
        // Structures of strings and numbers are always JSON.
        let text = serde_json::to_string_pretty(self).unwrap_or_default();
        format!("{text}\n")
    }

    /// Reads a manifest.
    ///
    /// # Errors
    /// `Kind::Integrity` where it is none, or one of another version.
    pub fn parse(place: &str, bytes: &[u8]) -> Result<Self> {
        let broken = |why: String| {
            let message = format!("`{place}` is not a manifest of a release");
            Error::new(Kind::Integrity, message).caused_by(why)
        };
        let value = json::parse(bytes).map_err(|cause| broken(cause.to_string()))?;
        match value["version"].as_u64() {
            Some(version) if version == u64::from(VERSION) => {}
            Some(other) => {
                let message = format!("`{place}` is a manifest of version {other}, not {VERSION}");
                return Err(Error::new(Kind::Integrity, message)
                    .hint("read it with the xbuild that it names"));
            }
            None => return Err(broken("it has no version".to_owned())),
        }
        serde_json::from_value(value).map_err(|cause| broken(cause.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;
    use crate::config::Isolation;

    fn sample() -> Manifest {
        let content = Content {
            path: "hello/hello".into(),
            size: 5,
            sha256: Sha256::of(b"hello"),
        };
        let file = File {
            name: "hello.tar.gz".into(),
            size: 12,
            sha256: Sha256::of(b"hello.tar.gz"),
            target: Some("x86_64-unknown-linux-musl".into()),
            contents: vec![content],
        };
        Manifest::new(&samples::build(), vec![file])
    }

    #[test]
    fn what_is_written_is_read_and_says_only_what_was_seen() {
        let manifest = sample();
        let text = manifest.text();
        assert_eq!(Manifest::parse("m", text.as_bytes()).unwrap(), manifest);
        assert!(manifest.hermetic && !manifest.source.dirty);
        assert_eq!(manifest.verification.unwrap().verdict, "reproducible");
        let mut build = samples::build();
        build.isolation = Isolation::None;
        build.comparison = None;
        build.source.commit = None;
        let manifest = Manifest::new(&build, Vec::new());
        assert!(!manifest.hermetic && manifest.source.dirty);
        assert_eq!(manifest.verification, None);
    }

    #[test]
    fn only_manifests_of_this_version_are_read() {
        let text = sample().text();
        for (text, why) in [
            (
                text.replacen("\"version\": 1", "\"version\": 2", 1),
                "of version 2, not 1",
            ),
            (
                text.replacen("\"version\": 1", "\"version\": \"1\"", 1),
                "not a manifest",
            ),
            (text.replacen('{', "{\"version\": 1,", 1), "not a manifest"),
            (
                text.replace("\"hermetic\"", "\"hermetical\""),
                "not a manifest",
            ),
            ("[]".to_owned(), "not a manifest"),
        ] {
            let error = Manifest::parse("m.json", text.as_bytes()).unwrap_err();
            assert_eq!(error.kind(), Kind::Integrity);
            assert!(error.to_string().contains(why), "{error}");
        }
    }
}
