//! The text of `xbuild.lock`. [pure]

use std::collections::BTreeSet;
use std::fmt::Display;
use std::path::{Component, Path};

use serde::{Deserialize, Serialize};

use super::Wanted;
use crate::error::{Error, Kind, Result};
use crate::pins::{Package, Release, Sha256};
use crate::rust::RustPin;

/// The version of the format that this code reads and writes.
const VERSION: u32 = 1;

const HEADER: &str = "\
# Written by `xbuild lock`, never by hand. `xbuild lock --check` proves it.
";

/// What is locked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    version: u32,
    /// The Rust that the project is built with, where it is not Debian's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rust: Option<RustPin>,
    /// Ordered by triple and suite.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    target: Vec<Libraries>,
}

/// The packages of one target in one suite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Libraries {
    pub triple: String,
    pub suite: String,
    /// As Debian calls it.
    pub arch: String,
    /// What the configuration asked for.
    pub asked: BTreeSet<String>,
    pub release: PinnedRelease,
    /// With all that they need, ordered by name.
    #[serde(rename = "package", default)]
    pub packages: Vec<Package>,
}

/// The signed release that packages follow from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PinnedRelease {
    /// Of the suite's `InRelease`.
    pub inrelease: Sha256,
    /// When it was made, as in RFC 3339.
    pub date: String,
    /// Where below the snapshot archive all of it is found.
    pub snapshot: String,
}

impl PinnedRelease {
    pub fn new(release: &Release, inrelease: Sha256) -> Self {
        PinnedRelease {
            inrelease,
            date: release.date.to_string(),
            snapshot: release.snapshot(),
        }
    }
}

impl Lock {
    /// A lock of these, in its own order.
    pub fn new(mut target: Vec<Libraries>, rust: Option<RustPin>) -> Self {
        target.sort_by(|a, b| (&a.triple, &a.suite).cmp(&(&b.triple, &b.suite)));
        Lock {
            version: VERSION,
            rust,
            target,
        }
    }

    /// Reads the text of a lock; `path` is for messages.
    ///
    /// # Errors
    /// `Kind::Config` where it is not this format, or contradicts itself.
    pub fn parse(path: &Path, text: &str) -> Result<Self> {
        // Before all else: of another version nothing else is known.
        let version = text.parse::<toml::Table>().ok();
        let version = version.and_then(|table| table.get("version")?.as_integer());
        if let Some(other) = version.filter(|version| *version != i64::from(VERSION)) {
            let message = format!(
                "`{}` is of version {other}, and this xbuild reads version {VERSION}",
                path.display()
            );
            return Err(Error::new(Kind::Config, message)
                .hint("use the xbuild that wrote it, or write it anew: xbuild lock --update"));
        }
        let lock: Lock = toml::from_str(text).map_err(|error| {
            let offset = error.span().map_or(0, |span| span.start);
            let before = &text.as_bytes()[..offset.min(text.len())];
            let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
            broken(&format!("{}:{line}", path.display()), error.message())
        })?;
        let mut places = BTreeSet::new();
        for libraries in &lock.target {
            let place = (&libraries.triple, &libraries.suite);
            let whole = if places.insert(place) {
                libraries.check()
            } else {
                Err("is there twice".to_owned())
            };
            whole.map_err(|why| {
                let of = format!("what it locks for {} {why}", libraries.triple);
                broken(&path.display(), &of)
            })?;
        }
        let rust = lock.rust.as_ref().map_or(Ok(()), RustPin::check);
        rust.map_err(|why| broken(&path.display(), &format!("what it locks of Rust {why}")))?;
        Ok(lock)
    }

    /// The text of the file.
    ///
    /// # Errors
    /// Never: strings and numbers only.
    pub fn to_text(&self) -> Result<String> {
        let text = toml::to_string(self).map_err(|cause| {
            Error::new(Kind::Internal, "the lock cannot be written").caused_by(cause)
        })?;
        Ok(format!("{HEADER}{text}"))
    }

    /// The Rust that is locked.
    pub fn rust(&self) -> Option<&RustPin> {
        self.rust.as_ref()
    }

    pub fn targets(&self) -> &[Libraries] {
        &self.target
    }

    pub fn find(&self, triple: &str, suite: &str) -> Option<&Libraries> {
        let mut all = self.target.iter();
        all.find(|one| one.triple == triple && one.suite == suite)
    }
}

impl Libraries {
    /// Whether it is what is wanted now.
    pub fn fits(&self, wanted: &Wanted) -> bool {
        self.arch == wanted.arch && self.asked == wanted.asked()
    }

    /// In what it is not what is wanted, as a fragment about the lock.
    pub(super) fn difference(&self, wanted: &Wanted) -> String {
        let asked = wanted.asked();
        let list = |names: Vec<&String>| {
            let names: Vec<&str> = names.into_iter().map(String::as_str).collect();
            names.join(", ")
        };
        let missing = list(asked.difference(&self.asked).collect());
        let extra = list(self.asked.difference(&asked).collect());
        let for_what = format!("for {} on {}", self.triple, self.suite);
        match (missing.is_empty(), extra.is_empty()) {
            (false, true) => format!("does not lock {missing} {for_what}"),
            (true, false) => format!("still locks {extra} {for_what}"),
            (false, false) => format!("locks {extra} {for_what}, where {missing} is wanted"),
            (true, true) => format!("locks packages of {} {for_what}", self.arch),
        }
    }

    /// What `nix/project.nix` takes of it: all that the realised toolchain
    /// depends on, and nothing else.
    pub fn for_nix(&self) -> (&str, Vec<serde_json::Value>) {
        let packages = self.packages.iter().map(|package| {
            serde_json::json!({
                "package": package.package,
                "version": package.version,
                "suite": package.suite,
                "path": package.path,
                "sha256": package.sha256.to_hex(),
            })
        });
        (&self.release.snapshot, packages.collect())
    }

    /// Size of all packages, in bytes.
    pub fn size(&self) -> u64 {
        self.packages.iter().map(|package| package.size).sum()
    }

    /// What must hold of each entry, or why it does not.
    fn check(&self) -> Result<(), String> {
        let mut last: Option<&str> = None;
        for package in &self.packages {
            let name = package.package.as_str();
            if last.is_some_and(|last| last >= name) {
                return Err(format!("has `{name}` out of its order"));
            }
            last = Some(name);
            if package.suite != self.suite {
                return Err(format!("has `{name}` of {}", package.suite));
            }
            if package.arch != self.arch && package.arch != "all" {
                return Err(format!("has `{name}` for {}", package.arch));
            }
            let normal = |part: Component<'_>| matches!(part, Component::Normal(_));
            let path = Path::new(&package.path);
            if !path.components().all(normal) || !package.path.ends_with(".deb") {
                return Err(format!("has an odd path for `{name}`: `{}`", package.path));
            }
        }
        let snapshot = self.release.snapshot.as_str();
        let legal = |c: char| c.is_ascii_alphanumeric() || c == '/';
        if !snapshot.starts_with("debian/") || !snapshot.chars().all(legal) {
            return Err(format!("has an odd snapshot: `{snapshot}`"));
        }
        Ok(())
    }
}

/// The error for a lock that was altered or cut.
pub(super) fn broken(place: &dyn Display, why: &str) -> Error {
    let why = why.lines().next().unwrap_or(why);
    Error::new(
        Kind::Config,
        format!("`{place}` is no lock of xbuild's: {why}"),
    )
    .hint("git checkout -- xbuild.lock")
    .hint("or write it anew: remove it, then xbuild lock")
}
