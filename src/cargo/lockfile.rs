//! `Cargo.lock`: every crate with its checksum, and the project's own
//! versions. [pure but for [`Lockfile::read`]]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Deserialize;

use crate::attest::LockedCrate;
use crate::error::{Error, IoContext, Kind, Result};
use crate::pins::Sha256;

/// What a lock file says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lockfile {
    /// What comes from elsewhere, in the file's order.
    pub crates: Vec<LockedCrate>,
    /// The versions of the project's own packages, by name.
    pub own: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Written {
    #[serde(default)]
    package: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    source: Option<String>,
    checksum: Option<Sha256>,
}

impl Lockfile {
    /// Reads a lock file.
    ///
    /// # Errors
    /// `Kind::Filesystem`, and as [`Lockfile::parse`].
    pub fn read(path: &Path) -> Result<Self> {
        Lockfile::parse(path, &fs::read_to_string(path).at("read", path)?)
    }

    /// Reads the text of a lock file.
    ///
    /// # Errors
    /// `Kind::Project` where it is none.
    pub fn parse(path: &Path, text: &str) -> Result<Self> {
        let written: Written = toml::from_str(text).map_err(|cause| {
            let message = format!("`{}` is not a lock file of cargo's", path.display());
            Error::new(Kind::Project, message).caused_by(cause.message().to_owned())
        })?;
        let mut lock = Lockfile::default();
        for package in written.package {
            match package.source {
                None => {
                    lock.own.insert(package.name, package.version);
                }
                Some(source) => lock.crates.push(LockedCrate {
                    name: package.name,
                    version: package.version,
                    source: without_user(&source),
                    checksum: package.checksum,
                }),
            }
        }
        Ok(lock)
    }
}

impl Lockfile {
    /// The crates of which there is one version only, with that version.
    pub fn versions(&self) -> BTreeMap<String, String> {
        let mut versions: BTreeMap<String, String> = BTreeMap::new();
        for one in &self.crates {
            let version = versions
                .entry(one.name.clone())
                .or_insert_with(|| one.version.clone());
            if *version != one.version {
                version.clear();
            }
        }
        versions.retain(|_, version| !version.is_empty());
        versions
    }
}

/// A source without the user and password that its address may carry.
fn without_user(source: &str) -> String {
    let Some((scheme, rest)) = source.split_once("://") else {
        return source.to_owned();
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    format!("{scheme}://{host}{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_packages_are_told_from_crates() {
        let hash = "0".repeat(64);
        let text = format!(
            "version = 4\n[[package]]\nname = \"me\"\nversion = \"1.2.3\"\ndependencies = [\"a\"]\n\
             [[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"registry+https://u:p@example.invalid/i\"\nchecksum = \"{hash}\"\n\
             [[package]]\nname = \"b\"\nversion = \"0.1.0\"\nsource = \"git+https://t@example.invalid/b?tag=x@y#0f\"\n"
        );
        let lock = Lockfile::parse(Path::new("Cargo.lock"), &text).unwrap();
        assert_eq!(lock.own["me"], "1.2.3");
        let sources: Vec<&str> = lock.crates.iter().map(|one| &*one.source).collect();
        let expected = [
            "registry+https://example.invalid/i",
            "git+https://example.invalid/b?tag=x@y#0f",
        ];
        assert_eq!(sources, expected);
        assert_eq!(lock.crates[0].checksum, hash.parse().ok());
        let versions: Vec<_> = lock.versions().into_iter().collect();
        let pair = |name: &str, version: &str| (name.to_owned(), version.to_owned());
        assert_eq!(versions, [pair("a", "1.0.0"), pair("b", "0.1.0")]);
        let mut twice = lock.clone();
        twice.crates[1].name = "a".to_owned();
        assert!(twice.versions().is_empty());
        for text in ["package = 1", "[[package]]\nname = \"a\"", "="] {
            let error = Lockfile::parse(Path::new("Cargo.lock"), text).unwrap_err();
            assert_eq!(error.kind(), Kind::Project);
        }
    }
}
