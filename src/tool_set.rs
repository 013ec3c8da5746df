//! Tools that only some projects' build scripts call, such as CMake. [pure]
//!
//! A project gets those whose callers stand in its `Cargo.lock`, and those that
//! its configuration names; so small builds download none.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::error::{Error, Kind, Result};

/// The table that `nix/` reads too.
const TABLE: &str = include_str!("../nix/tool-sets.json");

/// One set of tools.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ToolSet {
    #[serde(skip)]
    pub name: String,
    /// What it is, for people.
    pub what: String,
    /// The crates whose build scripts, or their users', call it.
    pub crates: Vec<String>,
    /// Whether it is a part of a target's sysroot, not a tool of the host.
    #[serde(default)]
    pub of_target: bool,
    /// How Debian's packages of it are named, or begin.
    pub packages: Vec<String>,
}

/// The set that a package of Debian's is in, such as `libclang-dev`.
pub fn of_package<'s>(sets: &'s [ToolSet], package: &str) -> Option<&'s ToolSet> {
    let has = |set: &&ToolSet| set.packages.iter().any(|name| package.starts_with(&**name));
    sets.iter().find(has)
}

/// The C++ library of targets whose sysroots have none by themselves.
pub const CPLUSPLUS: &str = "c++";

/// Every set, by name.
///
/// # Errors
/// `Kind::Internal`: the table is part of the program.
pub fn all() -> Result<Vec<ToolSet>> {
    let table: BTreeMap<String, ToolSet> = serde_json::from_str(TABLE)
        .map_err(|cause| Error::new(Kind::Internal, "the table of tools").caused_by(cause))?;
    let named = |(name, set)| ToolSet { name, ..set };
    Ok(table.into_iter().map(named).collect())
}

/// The names of the sets that a lock file's crates call.
pub fn called_by(sets: &[ToolSet], lock: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for line in lock.lines() {
        // Cargo writes one key a line, and a package's dependencies by name
        // alone in a list.
        let name = line.strip_prefix("name = \"");
        let Some(name) = name.and_then(|rest| rest.strip_suffix('"')) else {
            continue;
        };
        let calling = sets
            .iter()
            .filter(|set| set.crates.iter().any(|it| it == name));
        names.extend(calling.map(|set| set.name.clone()));
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_file_tells_what_is_called() {
        let sets = all().unwrap();
        let package = |name: &str| {
            format!(
                "[[package]]\nname = \"{name}\"\nversion = \"1.0.0\"\ndependencies = [\n \"cc\",\n \"protoc\",\n]\n\n"
            )
        };
        for (crates, names) in [
            (&["serde", "cmakefile"][..], &[][..]),
            (&["cmake"], &["c++", "cmake"]),
            (&["link-cplusplus"], &["c++"]),
            (
                &["openssl-src", "clang-sys", "prost-build"],
                &["libclang", "perl", "protoc"],
            ),
        ] {
            let lock: String = crates.iter().map(|name| package(name)).collect();
            let called: Vec<_> = called_by(&sets, &lock).into_iter().collect();
            assert_eq!(called, names, "{crates:?}");
        }
    }

    /// Packages and expressions go by the same names.
    #[test]
    fn every_set_has_its_packages() {
        let pins = crate::pins::Pins::embedded().unwrap();
        let sets = all().unwrap();
        assert!(
            sets.iter()
                .any(|set| set.name == CPLUSPLUS && set.of_target)
        );
        for set in sets.iter().filter(|set| !set.of_target) {
            assert!(pins.union(&[&*set.name]).is_ok(), "{}", set.name);
        }
    }
}
