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

    /// The pins that follow from these releases and indexes.
    ///
    /// # Errors
    /// Which set asks for something that is not there.
    pub fn resolve(
        &self,
        releases: &BTreeMap<String, (Release, Sha256)>,
        indexes: &BTreeMap<IndexKey, Index>,
    ) -> Result<Pins, String> {
        let mut packages: BTreeMap<String, Package> = BTreeMap::new();
        let mut sets = BTreeMap::new();
        for (name, set) in &self.sets {
            let found = set
                .resolve(indexes)
                .map_err(|error| format!("the set `{name}` {error}"))?;
            sets.insert(
                name.clone(),
                found.iter().map(|package| package.id()).collect(),
            );
            for package in found {
                let id = package.id();
                // A package for all architectures stands in several indexes.
                let known = packages.insert(id.clone(), package.clone());
                if known.is_some_and(|known| known != *package) {
                    return Err(format!("the indexes disagree about `{id}`"));
                }
            }
        }
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
        Ok(Pins::assemble(packages, sets, suites.collect()))
    }
}

impl Set {
    fn resolve<'a>(
        &self,
        indexes: &'a BTreeMap<IndexKey, Index>,
    ) -> Result<Vec<&'a Package>, String> {
        let index = indexes
            .get(&(self.suite.clone(), self.arch.clone()))
            .ok_or_else(|| format!("needs {} of {}", self.arch, self.suite))?;
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
        let found = names
            .into_iter()
            .map(|name| index.get(name).ok_or_else(|| missing(name)));
        found.collect()
    }
}
