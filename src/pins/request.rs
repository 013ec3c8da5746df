//! What is asked for, and the pins that follow from it. [pure]

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::Sha256;
use super::index::Index;
use super::inrelease::Release;
use super::pinned::{Package, Pins, Suite};

/// `nix/packages.json`, written by hand.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    sets: BTreeMap<String, Set>,
}

/// Packages that are used together.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Set {
    suite: String,
    arch: String,
    packages: Vec<String>,
    /// Whether what they need comes too.
    #[serde(default)]
    closure: bool,
    /// What does not come, although it is needed.
    #[serde(default)]
    exclude: BTreeSet<String>,
}

/// The index of one suite and architecture.
pub type IndexKey = (String, String);

impl Request {
    /// # Errors
    /// Where the text is not that format.
    pub fn parse(text: &str) -> Result<Self, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    /// The suites that are needed, ordered.
    pub fn suites(&self) -> BTreeSet<String> {
        self.sets.values().map(|set| set.suite.clone()).collect()
    }

    /// The indexes that are needed, ordered.
    pub fn indexes(&self) -> BTreeSet<IndexKey> {
        let key = |set: &Set| (set.suite.clone(), set.arch.clone());
        self.sets.values().map(key).collect()
    }

    /// Resolves the sets of one suite and architecture in its index.
    ///
    /// # Errors
    /// Which set asks for something that is not there.
    pub fn resolve(&self, key: &IndexKey, index: &Index, found: &mut Found) -> Result<(), String> {
        for (name, set) in &self.sets {
            if (&set.suite, &set.arch) != (&key.0, &key.1) {
                continue;
            }
            let packages = set
                .resolve(index)
                .map_err(|error| format!("the set `{name}` {error}"))?;
            let ids = packages.iter().map(|package| package.id()).collect();
            found.sets.insert(name.clone(), ids);
            for package in packages {
                let id = package.id();
                // A package for all architectures stands in several indexes.
                let known = found.packages.insert(id.clone(), package.clone());
                if known.is_some_and(|known| known != *package) {
                    return Err(format!("the indexes disagree about `{id}`"));
                }
            }
        }
        Ok(())
    }
}

/// What was found so far, index by index.
#[derive(Debug, Default)]
pub struct Found {
    packages: BTreeMap<String, Package>,
    sets: BTreeMap<String, Vec<String>>,
}

impl Found {
    /// All of it, with the releases that it follows from.
    pub fn into_pins(self, releases: &BTreeMap<String, (Release, Sha256)>) -> Pins {
        let suites = releases.iter().map(|(name, (release, hash))| {
            let suite = Suite {
                codename: release.codename.clone(),
                date: release.date.to_string(),
                inrelease: *hash,
                snapshot: release.snapshot(),
                version: release.version.clone(),
            };
            (name.clone(), suite)
        });
        Pins::assemble(self.packages, self.sets, suites.collect())
    }
}

impl Set {
    fn resolve<'a>(&self, index: &'a Index) -> Result<Vec<&'a Package>, String> {
        let missing = |name: &str| {
            format!(
                "needs `{name}`, which {} has not for {}",
                self.suite, self.arch
            )
        };
        if self.closure {
            return index
                .closure(&self.packages, &self.exclude)
                .map_err(|name| missing(&name));
        }
        let names: BTreeSet<&String> = self.packages.iter().collect();
        names
            .into_iter()
            .map(|name| index.get(name).ok_or_else(|| missing(name)))
            .collect()
    }
}
