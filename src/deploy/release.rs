//! Which glibc the well-known distributions have, and for which processors.
//! [pure]

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::{Kernel, Place};
use crate::target::Floor;

/// A release and its glibc.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Release {
    pub version: String,
    pub glibc: Floor,
    #[serde(default)]
    pub codename: Option<String>,
    /// As `nix/targets/*.json` name them.
    #[serde(default)]
    pub machines: Vec<String>,
    /// Not for what lives for months only.
    #[serde(default = "yes")]
    pub shown: bool,
    /// Where it is older than what Rust wants.
    #[serde(default)]
    pub kernel: Option<String>,
}

/// Distributions with the same releases, from old to new.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Family {
    pub name: String,
    /// `ID` of os-release → what people call it.
    pub ids: BTreeMap<String, String>,
    /// What stands before the number in `PLATFORM_ID`.
    #[serde(default)]
    pub platform: Option<String>,
    /// The first release of those that are younger than the family.
    #[serde(default)]
    from: BTreeMap<String, String>,
    pub releases: Vec<Release>,
}

/// How distributions whose releases do not matter have their C library.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    Musl,
    Rolling,
    Apart,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Others {
    pub libc: Kind,
    pub ids: BTreeMap<String, String>,
}

/// The file; its source and date are for who reads it.
#[derive(Debug, Deserialize, Default)]
pub(super) struct File {
    pub families: Vec<Family>,
    pub others: Vec<Others>,
}

fn yes() -> bool {
    true
}

/// Empty only where the file is broken, which the tests rule out.
pub(super) static KNOWN: LazyLock<File> =
    LazyLock::new(|| serde_json::from_str(include_str!("releases.json")).unwrap_or_default());

/// The first release of each family that has a glibc and a processor:
/// `Debian 8+`, … Families that never had both are left out. The processor is
/// named as `nix/targets/*.json` do.
pub fn runs_on(glibc: Floor, machine: &str) -> Vec<String> {
    let fits = |release: &&Release| {
        let has = release.machines.iter().any(|one| one == machine);
        release.shown && release.glibc >= glibc && has
    };
    let families = KNOWN.families.iter();
    families
        .filter_map(|family| {
            let first = family.releases.iter().find(fits)?;
            Some(format!("{} {}+", family.name, first.version))
        })
        .collect()
}

/// A distribution by the `ID` of os-release.
pub(super) enum Known {
    /// One whose release decides.
    Family(&'static Family, &'static str),
    /// One whose release does not matter.
    Other(Place),
}

/// The distribution of an `ID`.
pub(super) fn by_id(id: &str) -> Option<Known> {
    for family in &KNOWN.families {
        if let Some(name) = family.ids.get(id) {
            return Some(Known::Family(family, name));
        }
    }
    let others = KNOWN.others.iter();
    let found = others.filter_map(|others| Some((others.libc, others.ids.get(id)?.clone())));
    found
        .map(|(libc, name)| match libc {
            Kind::Musl => Known::Other(Place::Musl { name }),
            Kind::Rolling => Known::Other(Place::Rolling { name }),
            Kind::Apart => Known::Other(Place::Apart { name }),
        })
        .next()
}

/// The release that a code name means, with its family.
pub(super) fn by_codename(word: &str) -> Option<(&'static Family, &'static Release)> {
    let is_it = |release: &&Release| release.codename.as_deref() == Some(word);
    let mut families = KNOWN.families.iter();
    families.find_map(|family| Some((family, family.releases.iter().find(is_it)?)))
}

/// The release that a `PLATFORM_ID` such as `platform:el9` means.
pub(super) fn by_platform(text: &str) -> Option<(&'static Family, &'static Release)> {
    let word = text.strip_prefix("platform:")?;
    let mut families = KNOWN.families.iter();
    families.find_map(|family| {
        let version = word.strip_prefix(family.platform.as_deref()?)?;
        Some((family, family.release("", version)?.0))
    })
}

impl Family {
    /// The releases that one of its distributions has.
    pub fn releases_of(&self, id: &str) -> &[Release] {
        let first = self.from.get(id);
        let skipped = self
            .releases
            .iter()
            .take_while(|release| first.is_some_and(|first| release.version != *first));
        &self.releases[skipped.count()..]
    }

    /// The release of a version of a distribution, and whether it is older than the version: a
    /// point release has the glibc of the one that it is of, and a later one
    /// has no older glibc than the last that is known.
    pub fn release(&self, id: &str, version: &str) -> Option<(&Release, bool)> {
        let releases = self.releases_of(id);
        let wanted = numbers(version)?;
        let same = |release: &&Release| {
            let known = numbers(&release.version);
            known.is_some_and(|known| known[0] == wanted[0] && known <= wanted)
        };
        if let Some(release) = releases.iter().rev().find(same) {
            return Some((release, false));
        }
        let last = releases.last()?;
        let newest = numbers(&last.version)?;
        (wanted[0] > newest[0]).then_some((last, true))
    }
}

/// A version's numbers; at least one.
fn numbers(version: &str) -> Option<Vec<u32>> {
    version.split('.').map(|part| part.parse().ok()).collect()
}

/// A release as a place, under the name that its distribution has.
pub(super) fn place(name: &str, version: &str, release: &Release, beyond: bool) -> Place {
    let name = if beyond {
        format!(
            "{name} {version} (as {}, the newest known here)",
            release.version
        )
    } else {
        format!("{name} {version}")
    };
    Place::Glibc {
        name: name.trim_end().to_owned(),
        glibc: release.glibc,
    }
}

/// The kernel that a release came with, where that matters.
pub(super) fn kernel(release: &Release) -> Option<Kernel> {
    Kernel::parse(release.kernel.as_deref()?)
}
