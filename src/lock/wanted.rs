//! What the configuration asks for: the packages of one target. [pure]

use std::collections::{BTreeMap, BTreeSet};

use crate::config::{Config, Origin};
use crate::error::{Error, Kind, Result};
use crate::target::{Libc, TargetSpec};

/// Packages that are wanted for a target, from the suite of its floor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    pub triple: String,
    /// As it is typed, floor included.
    pub target: String,
    pub suite: String,
    /// As Debian calls it.
    pub arch: String,
    /// Name → where it is asked for.
    asked: BTreeMap<String, Origin>,
}

/// What is wanted for a target; nothing where no package is configured for it.
///
/// # Errors
/// `Kind::Config` for a target that can have none, and for a package of another
/// architecture, naming where it is asked for.
pub fn wanted(config: &Config, spec: &TargetSpec) -> Result<Option<Wanted>> {
    let packages = config.for_target(spec.triple()).packages;
    let Some(first) = packages.first() else {
        return Ok(None);
    };
    let target = spec.target();
    let Some(base) = spec.base().filter(|_| target.libc == Libc::Glibc) else {
        return Err(no_glibc(spec, &first.origin));
    };
    let mut asked = BTreeMap::new();
    for package in packages {
        let name = package.value.name();
        if let Some(arch) = package.value.arch().filter(|arch| *arch != target.arch) {
            let message = format!(
                "{}: `{name}:{arch}` is not of {}'s architecture, which is {}",
                package.origin,
                spec.triple(),
                target.arch
            );
            return Err(Error::new(Kind::Config, message).hint(format!("write `{name}`")));
        }
        asked.entry(name.to_owned()).or_insert(package.origin);
    }
    Ok(Some(Wanted {
        triple: spec.triple().to_owned(),
        target: spec.to_string(),
        suite: base.suite.clone(),
        arch: target.arch.clone(),
        asked,
    }))
}

impl Wanted {
    pub fn asked(&self) -> BTreeSet<String> {
        self.asked.keys().cloned().collect()
    }

    pub fn names(&self) -> Vec<&str> {
        self.asked.keys().map(String::as_str).collect()
    }

    /// Where a package is asked for.
    pub fn origin(&self, name: &str) -> &Origin {
        self.asked.get(name).unwrap_or(&Origin::Default)
    }

    /// The command that locks it.
    pub fn command(&self) -> String {
        format!("xbuild lock --target {}", self.target)
    }
}

fn no_glibc(spec: &TargetSpec, origin: &Origin) -> Error {
    let triple = spec.triple();
    let message =
        format!("{origin}: {triple} can have no packages: Debian builds its libraries for glibc");
    let gnu = triple.replace("musl", "gnu");
    Error::new(Kind::Config, message)
        .hint(
            "build the library with the program: features such as `vendored` (openssl), \
             `bundled` (rusqlite) or `static` do, and link it statically",
        )
        .hint(format!(
            "or build for glibc, and move `packages` there: [target.{gnu}]"
        ))
}
