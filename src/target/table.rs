//! The table of known targets. [pure]

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Floor;
use crate::error::{Error, Kind, Result};

/// What is known of one target: a file of `nix/targets/`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    pub triple: String,
    /// Debian's name of the architecture.
    pub arch: String,
    pub libc: Libc,
    /// The folder name of its libraries and headers.
    pub multiarch: String,
    /// The triple that clang is called with.
    pub clang: String,
    /// The emulator that runs its programs elsewhere.
    pub qemu: String,
    pub elf: Elf,
    /// The loader that its dynamic programs name; none for musl, whose
    /// programs are static here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interpreter: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub glibc: Option<Glibc>,
    pub std: StdSource,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Libc {
    Glibc,
    Musl,
}

/// Where a target's standard library comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum StdSource {
    /// A package of Debian's.
    Debian,
    /// Built here, once, from the source of the same compiler.
    Source,
}

/// What the ELF header and attributes of its programs say.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Elf {
    /// 32 or 64.
    pub class: u8,
    /// `little` or `big`.
    pub endian: String,
    pub machine: String,
    /// The float ABI, where an architecture has several: `hard`, `double`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub float: Option<String>,
    /// The newest ARM architecture that a program may ask for: `v7`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu: Option<String>,
}

/// The floors of a glibc target.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Glibc {
    pub lowest: Floor,
    pub default: Floor,
    pub bases: Vec<Base>,
}

/// A Debian suite whose C library floors are made from.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Base {
    pub suite: String,
    /// The version of its glibc.
    pub version: Floor,
    pub from: Floor,
    pub until: Floor,
}

impl Glibc {
    /// The base of a floor, or none where no base reaches it.
    pub fn base(&self, floor: Floor) -> Option<&Base> {
        self.bases
            .iter()
            .find(|base| base.from <= floor && floor <= base.until)
    }

    /// The highest floor there is.
    pub fn highest(&self) -> Floor {
        let until = self.bases.iter().map(|base| base.until);
        until.max().unwrap_or(self.default)
    }
}

/// All known targets, by triple.
#[derive(Debug, Clone)]
pub struct Table {
    targets: BTreeMap<String, Target>,
}

impl Table {
    /// The table that travels inside this binary.
    ///
    /// # Errors
    /// `Kind::Internal` where one of its files is broken, which the tests rule
    /// out.
    pub fn embedded() -> Result<Self> {
        let mut targets = BTreeMap::new();
        for (name, bytes) in crate::nix::embedded_folder("targets") {
            let target: Target = serde_json::from_slice(bytes).map_err(|cause| {
                Error::new(Kind::Internal, format!("`nix/targets/{name}` is broken"))
                    .caused_by(cause)
            })?;
            targets.insert(target.triple.clone(), target);
        }
        Ok(Table { targets })
    }

    pub fn get(&self, triple: &str) -> Option<&Target> {
        self.targets.get(triple)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Target> {
        self.targets.values()
    }

    /// The known triples that are most like a word, best first: those that
    /// are near in spelling or share its architecture.
    pub fn nearest(&self, word: &str) -> Vec<&str> {
        let arch = |triple: &str| triple.split('-').next().unwrap_or("").to_owned();
        let mut ranked: Vec<(f64, &str)> = self
            .targets
            .keys()
            .map(|triple| {
                let same = f64::from(u8::from(arch(triple) == arch(word)));
                let score = strsim::jaro_winkler(word, triple) + 0.3 * same;
                (score, triple.as_str())
            })
            .filter(|(score, _)| *score > 0.8)
            .collect();
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
        ranked
            .into_iter()
            .map(|(_, triple)| triple)
            .take(3)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_table_is_whole() {
        let table = Table::embedded().unwrap();
        assert!(table.iter().count() >= 10);
        for target in table.iter() {
            assert_eq!(target.libc == Libc::Glibc, target.glibc.is_some());
            assert_eq!(target.libc == Libc::Glibc, target.interpreter.is_some());
            if let Some(glibc) = &target.glibc {
                assert!(glibc.base(glibc.lowest).is_some(), "{}", target.triple);
                assert!(glibc.base(glibc.default).is_some(), "{}", target.triple);
                for minor in glibc.lowest.minor()..=glibc.highest().minor() {
                    let base = glibc.base(Floor::new(2, minor));
                    assert!(base.is_some(), "{} 2.{minor}", target.triple);
                }
            }
        }
    }

    #[test]
    fn near_triples_come_first() {
        let table = Table::embedded().unwrap();
        for (word, expected) in [
            ("aarch64-unknown-linux-gun", "aarch64-unknown-linux-gnu"),
            ("aarch64-linux-gnu", "aarch64-unknown-linux-gnu"),
            ("x86_64-linux-musl", "x86_64-unknown-linux-musl"),
            (
                "armv7-unknown-linux-gnueabi",
                "armv7-unknown-linux-gnueabihf",
            ),
        ] {
            assert_eq!(table.nearest(word).first(), Some(&expected), "{word}");
        }
        assert!(table.nearest("zzz").is_empty());
    }
}
