//! The table `rust` of `xbuild.lock`. [pure]

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::channel::{Channel, is_date};
use super::manifest::{ROOT, is_plain};
use super::{StdCrate, Wanted};
use crate::fetch::Wanted as File;
use crate::pins::Sha256;
use crate::target::HOST;

/// The component with the standard library's source.
pub(super) const SOURCE: &str = "rust-src";

/// A release of Rust, pinned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RustPin {
    /// What was asked for.
    pub channel: String,
    pub components: BTreeSet<String>,
    pub targets: BTreeSet<String>,
    /// What it was then, as rustc says it: `1.88.0 (6b00bc388 2025-06-23)`.
    pub version: String,
    /// Of the manifest: `YYYY-MM-DD`.
    pub date: String,
    /// Of the manifest.
    pub sha256: Sha256,
    /// The fingerprint of the key that the manifest is signed with.
    pub key: String,
    /// What its standard library is built with, where it may be built here;
    /// ordered by name and version.
    #[serde(rename = "crate", default, skip_serializing_if = "Vec::is_empty")]
    pub crates: Vec<StdCrate>,
    /// Ordered by name and target.
    #[serde(rename = "component")]
    pub files: Vec<Component>,
}

/// A file of the release.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Component {
    /// Without `-preview`.
    pub name: String,
    /// None where it is the same for every machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Below the server.
    pub path: String,
    pub sha256: Sha256,
    /// In bytes.
    pub size: u64,
}

impl Component {
    /// The name of its file, and of its store path.
    pub fn file_name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// Its address in the manifest, wherever it is downloaded from.
    pub fn address(&self) -> String {
        format!("{ROOT}{}", self.path)
    }

    /// The file to download.
    pub fn wanted(&self) -> File {
        File {
            name: self.file_name().to_owned(),
            path: self.path.clone(),
            size: self.size,
            sha256: self.sha256,
            suite: String::new(),
        }
    }
}

impl RustPin {
    /// Whether it is what is wanted now.
    pub fn fits(&self, wanted: &Wanted) -> bool {
        self.channel == wanted.channel.to_string()
            && self.components == wanted.components
            && self.targets == wanted.targets
    }

    /// The release alone: `1.88.0`, `1.90.0-nightly`.
    pub fn release(&self) -> &str {
        let end = self.version.find(' ').unwrap_or(self.version.len());
        &self.version[..end]
    }

    /// The files that a target's toolchain is made from.
    pub fn for_target<'p>(&'p self, triple: &'p str) -> impl Iterator<Item = &'p Component> {
        let has_std = self.std_of(triple).is_some();
        self.files.iter().filter(move |file| {
            let target = file.target.as_deref();
            match file.name.as_str() {
                "rustc" | "cargo" => true,
                "rust-std" => target.is_some_and(|target| {
                    target == triple || target == HOST || self.targets.contains(target)
                }),
                SOURCE => !has_std || self.components.contains(SOURCE),
                name => self.components.contains(name),
            }
        })
    }

    /// The crates that are needed to make a target's toolchain: where the
    /// release has no standard library for it.
    pub fn crates_for(&self, triple: &str) -> &[StdCrate] {
        match self.std_of(triple) {
            None => &self.crates,
            Some(_) => &[],
        }
    }

    /// The crates that a build may want, which has the source at hand.
    pub fn crates_in_build(&self) -> &[StdCrate] {
        match self.components.contains(SOURCE) {
            true => &self.crates,
            false => &[],
        }
    }

    /// The file of the standard library's source.
    pub fn source(&self) -> Option<&Component> {
        self.files.iter().find(|file| file.name == SOURCE)
    }

    /// The files that its lints are made from.
    pub fn for_clippy(&self) -> impl Iterator<Item = &Component> {
        let clippy = self.files.iter().filter(|file| file.name == "clippy");
        clippy.chain(self.for_target(HOST))
    }

    /// What `nix/project.nix` takes of it: as it stands in the lock.
    pub fn for_nix(&self) -> serde_json::Value {
        // Strings and numbers alone: nothing here can fail.
        serde_json::to_value(self).unwrap_or_default()
    }

    /// The standard library of a target.
    pub fn std_of(&self, triple: &str) -> Option<&Component> {
        let mut files = self.files.iter();
        files.find(|file| file.name == "rust-std" && file.target.as_deref() == Some(triple))
    }

    /// Where its manifest stands for good.
    pub fn manifest(&self) -> Option<String> {
        let channel = Channel::parse(&self.channel).ok()?;
        Some(channel.manifest_of(&self.date))
    }

    /// What must hold of it, or why it does not.
    pub fn check(&self) -> Result<(), String> {
        let channel = Channel::parse(&self.channel);
        let fits = channel.is_ok_and(|channel| channel.fits(self.release(), &self.date));
        if !fits || !is_date(&self.date) {
            return Err(format!(
                "has `{}` of {} as `{}`",
                self.version, self.date, self.channel
            ));
        }
        let legal = |c: char| c.is_ascii_alphanumeric() || "+.-".contains(c);
        if !self.release().chars().all(legal) {
            return Err(format!("has an odd version: `{}`", self.version));
        }
        if !self
            .files
            .is_sorted_by(|a, b| (&a.name, &a.target) < (&b.name, &b.target))
        {
            return Err("has a component out of its order".to_owned());
        }
        if let Some(odd) = self.files.iter().find(|file| !is_plain(&file.path)) {
            return Err(format!(
                "has an odd path for `{}`: `{}`",
                odd.name, odd.path
            ));
        }
        if let Some(odd) = self.crates.iter().find(|one| !one.is_plain()) {
            return Err(format!("has an odd crate: `{}` {}", odd.name, odd.version));
        }
        if !self
            .crates
            .is_sorted_by(|a, b| (&a.name, &a.version) < (&b.name, &b.version))
        {
            return Err("has a crate out of its order".to_owned());
        }
        let of_host = |name: &str| {
            let of_host = |file: &&Component| file.target.as_deref().is_none_or(|one| one == HOST);
            let named = self.files.iter().filter(|file| file.name == name);
            named.into_iter().any(|file| of_host(&file))
        };
        let asked = self.components.iter().map(String::as_str);
        let mut needed = ["rustc", "cargo", "rust-std"].into_iter().chain(asked);
        if let Some(missing) = needed.find(|name| !of_host(name)) {
            return Err(format!("lacks `{missing}`"));
        }
        match self.targets.iter().find(|one| self.std_of(one).is_none()) {
            Some(target) => Err(format!("lacks the standard library of {target}")),
            None => Ok(()),
        }
    }
}
