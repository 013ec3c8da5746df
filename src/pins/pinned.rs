//! The committed pins, read. [pure]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path};

use serde::{Deserialize, Serialize};

use super::hash::Sha256;
use crate::error::{Error, Kind, Result};
use crate::fetch::Wanted;

/// `nix/pins/packages.json` as this program was built with.
const EMBEDDED: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/nix/pins/packages.json"
));

/// A package of one suite and architecture, pinned by its hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Package {
    /// As Debian calls it; `all` for packages that fit every one.
    pub arch: String,
    pub package: String,
    /// Relative to the archive's root.
    pub path: String,
    pub sha256: Sha256,
    /// In bytes.
    pub size: u64,
    pub suite: String,
    pub version: String,
}

impl Package {
    /// `suite/arch/package`, the name by which sets refer to it.
    pub fn id(&self) -> String {
        format!("{}/{}/{}", self.suite, self.arch, self.package)
    }

    /// The name of the file in the archive.
    pub fn file_name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// The name of its store path: the file's, with what Nix does not allow in
    /// names (such as the `%` of an epoch) replaced by `-`.
    pub fn store_name(&self) -> String {
        let legal = |c: char| match c {
            'A'..='Z' | 'a'..='z' | '0'..='9' => c,
            '+' | '.' | '_' | '?' | '=' | '-' => c,
            _ => '-',
        };
        let name: String = self.file_name().chars().map(legal).collect();
        name.trim_start_matches('.').to_owned()
    }

    /// The file to download.
    pub fn wanted(&self) -> Wanted {
        Wanted {
            name: self.file_name().to_owned(),
            path: self.path.clone(),
            size: self.size,
            sha256: self.sha256,
            suite: self.suite.clone(),
        }
    }
}

/// The signed release of a suite that its packages follow from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Suite {
    pub codename: String,
    /// When it was made, as in RFC 3339.
    pub date: String,
    /// Of the committed `nix/pins/<suite>.InRelease`.
    pub inrelease: Sha256,
    /// Where below snapshot.debian.org/archive all of it is found:
    /// `debian/20260913T075541Z`.
    pub snapshot: String,
    /// Debian's own number, such as `13.7`.
    pub version: String,
}

/// All the pins: packages, and the sets that name them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pins {
    packages: BTreeMap<String, Package>,
    sets: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    suites: BTreeMap<String, Suite>,
}

impl Pins {
    /// Those that travel inside this program.
    ///
    /// # Errors
    /// Never, unless the program was built from a broken tree.
    pub fn embedded() -> Result<Self> {
        Pins::parse(EMBEDDED)
    }

    /// The digest of `nix/pins/packages.json` as this program was built with.
    pub fn embedded_sha256() -> Sha256 {
        Sha256::of(EMBEDDED.as_bytes())
    }

    /// Reads the text of `nix/pins/packages.json`.
    ///
    /// # Errors
    /// `Kind::Integrity` where it is not that format, a set names a package
    /// that is not there, or a path leads out of the archive.
    pub fn parse(text: &str) -> Result<Self> {
        let pins: Pins = serde_json::from_str(text)
            .map_err(|source| broken("cannot be read").caused_by(source))?;
        for (id, package) in &pins.packages {
            if *id != package.id() {
                return Err(broken(&format!("call `{}` `{id}`", package.id())));
            }
            let path = Path::new(&package.path);
            if !path
                .components()
                .all(|part| matches!(part, Component::Normal(_)))
            {
                return Err(broken(&format!("have an odd path `{}`", package.path)));
            }
        }
        for (name, ids) in &pins.sets {
            if let Some(id) = ids.iter().find(|id| !pins.packages.contains_key(*id)) {
                return Err(broken(&format!("lack `{id}` of the set `{name}`")));
            }
        }
        Ok(pins)
    }

    pub(super) fn assemble(
        packages: BTreeMap<String, Package>,
        sets: BTreeMap<String, Vec<String>>,
        suites: BTreeMap<String, Suite>,
    ) -> Self {
        Pins {
            packages,
            sets,
            suites,
        }
    }

    /// The text of `nix/pins/packages.json`: ordered, so that a change shows
    /// as a small difference.
    pub fn to_json(&self) -> String {
        let mut text = Vec::new();
        let indented = serde_json::ser::PrettyFormatter::with_indent(b" ");
        let mut serializer = serde_json::Serializer::with_formatter(&mut text, indented);
        // Strings and numbers into memory: nothing here can fail.
        let _ = self.serialize(&mut serializer);
        text.push(b'\n');
        String::from_utf8_lossy(&text).into_owned()
    }

    /// The packages of a set, in its order; `None` for a set that is not there.
    pub fn set(&self, name: &str) -> Option<Vec<&Package>> {
        let ids = self.sets.get(name)?;
        Some(ids.iter().filter_map(|id| self.packages.get(id)).collect())
    }

    /// The packages of several sets, each once, ordered by [`Package::id`].
    ///
    /// # Errors
    /// `Kind::Internal` where there is no such set.
    pub fn union<S: AsRef<str>>(&self, names: &[S]) -> Result<Vec<&Package>> {
        let mut ids = BTreeSet::new();
        for name in names.iter().map(AsRef::as_ref) {
            let set = self
                .sets
                .get(name)
                .ok_or_else(|| Error::new(Kind::Internal, format!("no set `{name}` is pinned")))?;
            ids.extend(set);
        }
        Ok(ids
            .into_iter()
            .filter_map(|id| self.packages.get(id))
            .collect())
    }

    /// The package of an id such as `trixie/amd64/busybox-static`.
    pub fn package(&self, id: &str) -> Option<&Package> {
        self.packages.get(id)
    }

    /// All packages, ordered by id.
    pub fn packages(&self) -> impl Iterator<Item = &Package> {
        self.packages.values()
    }

    /// The names of all sets, ordered.
    pub fn set_names(&self) -> impl Iterator<Item = &str> {
        self.sets.keys().map(String::as_str)
    }

    /// The suites that the packages come from, by name.
    pub fn suites(&self) -> &BTreeMap<String, Suite> {
        &self.suites
    }

    /// Suite → time of its snapshot, as [`crate::fetch::Mirrors`] wants it.
    pub fn snapshots(&self) -> BTreeMap<String, String> {
        let pair = |(name, suite): (&String, &Suite)| (name.clone(), suite.snapshot.clone());
        self.suites.iter().map(pair).collect()
    }
}

fn broken(why: &str) -> Error {
    Error::new(Kind::Integrity, format!("the pins {why}"))
        .hint("nix/pins/packages.json is generated: git checkout nix/pins, or xbuild pins update")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_pins_hold_every_set_whole() {
        let pins = Pins::embedded().unwrap();
        for name in [
            "bootstrap",
            "nix",
            "rust",
            "llvm",
            "qemu",
            "musl-arm64",
            "sysroot-bullseye-armhf",
        ] {
            assert!(!pins.set(name).unwrap().is_empty(), "{name}");
        }
        assert!(pins.set("nonsense").is_none());
        assert_eq!(
            pins.union(&["nonsense"]).unwrap_err().kind(),
            Kind::Internal
        );
        let both = pins.union(&["rust", "llvm", "rust"]).unwrap();
        let sum = pins.set("rust").unwrap().len() + pins.set("llvm").unwrap().len();
        assert!(both.len() < sum, "rustc and clang share libllvm");
        let mut ids: Vec<String> = both.iter().map(|package| package.id()).collect();
        ids.dedup();
        assert_eq!(ids.len(), both.len());
    }

    #[test]
    fn store_names_are_legal() {
        let table = [
            ("pool/x_1%3a2.0-1_amd64.deb", "x_1-3a2.0-1_amd64.deb"),
            (
                "pool/libstdc++6_14~rc1_arm64.deb",
                "libstdc++6_14-rc1_arm64.deb",
            ),
            ("pool/.hidden.deb", "hidden.deb"),
        ];
        let pins = Pins::embedded().unwrap();
        for (path, expected) in table {
            let mut package = pins.packages().next().unwrap().clone();
            package.path = path.to_owned();
            assert_eq!(package.store_name(), expected);
        }
    }

    #[test]
    fn broken_pins_are_refused_with_the_place() {
        let hash = "0".repeat(64);
        let package = |id: &str, path: &str, hash: &str| {
            format!(
                r#"{{"packages":{{"{id}":{{"suite":"s","package":"p","version":"1","arch":"a","path":"{path}","size":1,"sha256":"{hash}"}}}},"sets":{{"one":["s/a/p"]}}}}"#
            )
        };
        assert!(Pins::parse(&package("s/a/p", "pool/p.deb", &hash)).is_ok());
        let table = [
            (package("s/a/q", "pool/p.deb", &hash), "call"),
            (package("s/a/p", "../p.deb", &hash), "odd path"),
            (package("s/a/p", "/p.deb", &hash), "odd path"),
            (package("s/a/p", "pool/p.deb", "12"), "cannot be read"),
            (
                r#"{"packages":{},"sets":{"one":["s/a/p"]}}"#.to_owned(),
                "lack",
            ),
            ("not json".to_owned(), "cannot be read"),
        ];
        for (text, expected) in table {
            let error = Pins::parse(&text).unwrap_err();
            assert_eq!(error.kind(), Kind::Integrity);
            assert!(error.to_string().contains(expected), "{error}");
        }
    }
}
