//! A channel's manifest, version 2: what a release of Rust is made of. [pure]
//!
//! Format: `dist/channel-rust-*.toml`, as rust-lang/rust's `build-manifest`
//! writes it and rustup reads it.

use std::collections::BTreeMap;
use std::path::{Component as Part, Path};

use serde::Deserialize;

use crate::pins::Sha256;

/// The address that the files of a manifest begin with, whichever server it
/// came from.
pub(super) const ROOT: &str = "https://static.rust-lang.org/";

/// A manifest.
#[derive(Debug, Clone, Deserialize)]
pub struct Manifest {
    #[serde(rename = "manifest-version")]
    version: String,
    /// `YYYY-MM-DD`.
    pub date: String,
    pkg: BTreeMap<String, Package>,
    #[serde(default)]
    renames: BTreeMap<String, Rename>,
}

#[derive(Debug, Clone, Deserialize)]
struct Package {
    #[serde(default)]
    version: String,
    #[serde(default)]
    target: BTreeMap<String, File>,
}

#[derive(Debug, Clone, Deserialize)]
struct File {
    available: bool,
    xz_url: Option<String>,
    xz_hash: Option<Sha256>,
}

#[derive(Debug, Clone, Deserialize)]
struct Rename {
    to: String,
}

/// A component's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// None for a component that is the same for every machine.
    pub target: Option<String>,
    /// Below the server.
    pub path: String,
    pub sha256: Sha256,
}

impl Manifest {
    /// Reads the text of a manifest.
    ///
    /// # Errors
    /// Why it is none, as a fragment about it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let manifest: Manifest = toml::from_str(text)
            .map_err(|error| format!("is no manifest of a channel: {}", error.message()))?;
        match manifest.version.as_str() {
            "2" => Ok(manifest),
            other => Err(format!("is a manifest of version {other}, not 2")),
        }
    }

    /// The release, as rustc says it: `1.88.0 (6b00bc388 2025-06-23)`.
    pub fn version(&self) -> &str {
        let version = |name: &str| Some(self.pkg.get(name)?.version.as_str());
        version("rustc").or(version("rust")).unwrap_or_default()
    }

    /// The file of a component for a machine or a target, or the one that is
    /// the same for every one.
    ///
    /// # Errors
    /// Why the file that the manifest names is not to be asked for.
    pub fn find(&self, name: &str, target: &str) -> Result<Option<Found>, String> {
        let renamed = self.renames.get(name).map_or(name, |rename| &rename.to);
        let package = self.pkg.get(renamed).or_else(|| self.pkg.get(name));
        let Some(package) = package else {
            return Ok(None);
        };
        for (key, of) in [(target, Some(target)), ("*", None)] {
            let Some(file) = package.target.get(key).filter(|file| file.available) else {
                continue;
            };
            let (Some(url), Some(sha256)) = (&file.xz_url, file.xz_hash) else {
                return Err(format!("has no `{name}` that is packed with xz"));
            };
            let path = url.strip_prefix(ROOT).filter(|path| is_plain(path));
            let path = path.ok_or_else(|| format!("has an odd address for `{name}`: `{url}`"))?;
            return Ok(Some(Found {
                target: of.map(str::to_owned),
                path: path.to_owned(),
                sha256,
            }));
        }
        Ok(None)
    }

    /// The names of all components, without `-preview`.
    pub fn components(&self) -> impl Iterator<Item = &str> {
        let names = self.pkg.keys().map(String::as_str);
        names.map(|name| name.strip_suffix("-preview").unwrap_or(name))
    }

    /// The targets that it has a standard library for.
    pub fn targets(&self) -> impl Iterator<Item = &str> {
        let std = self.pkg.get("rust-std").into_iter();
        let targets = std.flat_map(|package| &package.target);
        targets
            .filter(|(_, file)| file.available)
            .map(|(name, _)| name.as_str())
    }
}

/// Whether a path stays below where it is put, and its file name is one of a
/// store path too.
pub(super) fn is_plain(path: &str) -> bool {
    let legal = |c: char| c.is_ascii_alphanumeric() || "+._=-/".contains(c);
    let normal = |part: Part<'_>| matches!(part, Part::Normal(_));
    let name = path.rsplit('/').next().unwrap_or_default();
    path.chars().all(legal)
        && Path::new(path).components().all(normal)
        && name.ends_with(".tar.xz")
        && !name.starts_with('.')
}
