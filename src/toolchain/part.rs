//! What is realised by itself, and what it is made from. [pure]

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::error::Result;
use crate::lock::Libraries;
use crate::nix;
use crate::pins::{Package, Pins, Sha256};
use crate::rust::{Component, RustPin, StdCrate};
use crate::target::TargetSpec;

/// Something that is realised by itself, because not every command needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    attr: String,
    /// What it is called on the terminal.
    what: &'static str,
    sets: Vec<String>,
    /// Packages of the project's own that it is made with.
    libraries: Option<Arc<Libraries>>,
    /// The Rust that it is made with or for, where that is not Debian's.
    rust: Option<Arc<RustPin>>,
    /// The target that it is for, where it is for one.
    triple: Option<String>,
}

impl Part {
    /// Compiler, linker, sysroot and standard library.
    pub fn toolchain(spec: &TargetSpec) -> Self {
        Part {
            attr: format!("toolchain.{}", spec.name()),
            what: "toolchain",
            sets: spec.toolchain_sets(),
            libraries: spec.libraries().cloned(),
            rust: spec.rust().cloned(),
            triple: Some(spec.triple().to_owned()),
        }
    }

    /// What runs the target's programs.
    pub fn runner(spec: &TargetSpec) -> Self {
        Part {
            attr: format!("runner.{}", spec.runner_name()),
            what: "runner",
            sets: spec.runner_sets(),
            libraries: spec.libraries().cloned(),
            rust: None,
            triple: Some(spec.triple().to_owned()),
        }
    }

    /// The lints of `xbuild clippy`, for the Rust of the project where it has
    /// one of its own.
    pub fn clippy(rust: Option<&Arc<RustPin>>) -> Self {
        let sets: &[&str] = match rust {
            None => &["bootstrap", "rust", "llvm", "std-amd64", "clippy"],
            Some(_) => &["bootstrap", "rust", "llvm", "xz"],
        };
        Part {
            attr: "clippy".to_owned(),
            what: "clippy",
            sets: sets.iter().map(|set| (*set).to_owned()).collect(),
            libraries: None,
            rust: rust.cloned(),
            triple: None,
        }
    }

    /// A set of tools.
    pub fn tools(name: &str) -> Self {
        let sets = ["bootstrap", "rust", "llvm", name];
        Part {
            attr: format!("tools.{name}"),
            what: "tools",
            sets: sets.map(str::to_owned).to_vec(),
            libraries: None,
            rust: None,
            triple: None,
        }
    }

    /// What shows the programs of a second build another machine.
    pub fn stranger() -> Self {
        let sets = [
            "bootstrap",
            "busybox",
            "rust",
            "llvm",
            "sysroot-bullseye-amd64",
        ];
        Part {
            attr: "stranger".to_owned(),
            what: "stranger",
            sets: sets.map(str::to_owned).to_vec(),
            libraries: None,
            rust: None,
            triple: None,
        }
    }

    /// An attribute of `nix/default.nix`.
    pub fn attr(&self) -> &str {
        &self.attr
    }

    /// What it is called on the terminal.
    pub fn what(&self) -> &'static str {
        self.what
    }

    /// The Rust that it is made with or for, where that is not Debian's.
    pub fn rust(&self) -> Option<&RustPin> {
        self.rust.as_deref()
    }

    /// Everything that a realised part depends on is in the sources' hash, and
    /// in that of the project's lock where it is made with something of it.
    pub(super) fn key(&self) -> String {
        let sources = &nix::SOURCES_HASH[..16];
        match self.locked() {
            None => format!("{}-{sources}", self.attr),
            Some(locked) => {
                let locked = Sha256::of(locked.as_bytes()).to_hex();
                format!("{}-{sources}-{}", self.attr, &locked[..16])
            }
        }
    }

    /// What `nix/project.nix` is told of the project's lock.
    pub(super) fn locked(&self) -> Option<String> {
        if self.libraries.is_none() && self.rust.is_none() {
            return None;
        }
        let mut document = serde_json::Map::new();
        if let Some((_, name)) = self.attr.split_once('.') {
            document.insert("name".into(), name.into());
        }
        if let Some(libraries) = &self.libraries {
            let (snapshot, packages) = libraries.for_nix();
            document.insert("snapshot".into(), snapshot.into());
            document.insert("packages".into(), packages.into());
        }
        if let Some(rust) = &self.rust {
            document.insert("rust".into(), rust.for_nix());
        }
        Some(serde_json::Value::Object(document).to_string())
    }

    /// The files of the official distribution of Rust that parts are made
    /// from, each once.
    pub fn components<'p>(parts: &[&'p Part]) -> Vec<&'p Component> {
        let mut seen: BTreeSet<Sha256> = BTreeSet::new();
        let files = parts.iter().filter_map(|part| {
            let rust = part.rust.as_ref()?;
            Some(match &part.triple {
                Some(triple) => rust.for_target(triple).collect(),
                None => rust.for_clippy().collect::<Vec<_>>(),
            })
        });
        let files = files.flatten();
        files.filter(|file| seen.insert(file.sha256)).collect()
    }

    /// The crates that standard libraries of parts are built with, each once.
    pub fn std_crates<'p>(parts: &[&'p Part]) -> Vec<&'p StdCrate> {
        let mut seen: BTreeSet<Sha256> = BTreeSet::new();
        let crates = parts.iter().filter_map(|part| {
            let (rust, triple) = part.rust.as_ref().zip(part.triple.as_ref())?;
            Some(rust.crates_for(triple))
        });
        let crates = crates.flatten();
        crates.filter(|one| seen.insert(one.sha256)).collect()
    }

    /// The packages that it is made from, those of the project last; each once.
    ///
    /// # Errors
    /// `Kind::Internal` where a set is not pinned.
    pub fn packages<'p>(parts: &[&'p Part], pins: &'p Pins) -> Result<Vec<&'p Package>> {
        let mut packages = pins.union(&sets_of(parts))?;
        let mut seen: BTreeSet<Sha256> = packages.iter().map(|one| one.sha256).collect();
        let own = parts.iter().filter_map(|part| part.libraries.as_ref());
        let own = own.flat_map(|libraries| &libraries.packages);
        packages.extend(own.filter(|package| seen.insert(package.sha256)));
        Ok(packages)
    }
}

/// Files that parts are made from.
#[derive(Debug, Default)]
pub(super) struct Needs<'p> {
    pub(super) packages: Vec<&'p Package>,
    /// Suite and snapshot of each lock that has some of the packages.
    pub(super) snapshots: Vec<(&'p str, &'p str)>,
    pub(super) components: Vec<&'p Component>,
    pub(super) crates: Vec<&'p StdCrate>,
}

impl<'p> Needs<'p> {
    pub(super) fn of(parts: &[&'p Part], pins: &'p Pins) -> Result<Self> {
        let own = parts.iter().filter_map(|part| part.libraries.as_ref());
        let snapshot =
            |one: &'p Arc<Libraries>| (one.suite.as_str(), one.release.snapshot.as_str());
        Ok(Needs {
            packages: Part::packages(parts, pins)?,
            snapshots: own.map(snapshot).collect(),
            components: Part::components(parts),
            crates: Part::std_crates(parts),
        })
    }
}

/// The names of all sets that parts need, each once.
fn sets_of(parts: &[&Part]) -> Vec<String> {
    let mut sets: Vec<String> = parts
        .iter()
        .flat_map(|part| part.sets.iter().cloned())
        .collect();
    sets.sort();
    sets.dedup();
    sets
}
