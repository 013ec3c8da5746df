//! `glibc-floor`: the file starts on every glibc from the floor up. [pure]

use std::collections::BTreeMap;

use super::symbols::is_younger_than;
use super::{CheckId, Expectation, Finding, Libc};
use crate::artifact::{ElfFacts, GlibcVersion, Version};

/// Versions that are marks of an ABI rather than of a release, with the
/// release that brought them.
const MARKS: [(&str, GlibcVersion, &str); 1] = [(
    "GLIBC_ABI_DT_RELR",
    GlibcVersion::new(2, 36),
    "leave out `-z pack-relative-relocs` and `--pack-dyn-relocs=relr`",
)];

pub(super) fn floor(elf: &ElfFacts, expected: &Expectation) -> Vec<Finding> {
    if expected.libc != Libc::Glibc {
        return Vec::new();
    }
    let mut findings = Vec::new();
    let versions = || elf.needed.iter().flat_map(|library| &library.versions);
    if let Some(floor) = expected.floor {
        findings.extend(above(versions(), floor));
    }
    for version in versions().filter(|version| version.name.starts_with("GLIBC_")) {
        findings.extend(mark(version, expected.floor));
    }
    findings.extend(missing(elf, expected));
    findings
}

/// One finding for all releases above the floor, the highest first.
fn above<'a>(versions: impl Iterator<Item = &'a Version>, floor: GlibcVersion) -> Option<Finding> {
    let mut found: BTreeMap<GlibcVersion, Vec<String>> = BTreeMap::new();
    for version in versions {
        let Some(release) = GlibcVersion::of_symbol_version(&version.name) else {
            continue;
        };
        if release > floor {
            found.entry(release).or_default().extend(symbols(version));
        }
    }
    let highest = *found.keys().next_back()?;
    let places = found
        .into_iter()
        .rev()
        .flat_map(|(_, symbols)| symbols)
        .collect::<Vec<_>>();
    Some(
        Finding::new(
            CheckId::GlibcFloor,
            format!("the file needs glibc {highest}, and the floor is {floor}"),
            format!(
                "raise the floor: `--target TRIPLE.{highest}`; or find the object or prebuilt \
                 library that was not compiled by this toolchain"
            ),
        )
        .at(places),
    )
}

/// `GLIBC_PRIVATE` and the marks, whose names hold no release.
fn mark(version: &Version, floor: Option<GlibcVersion>) -> Option<Finding> {
    if version.name == "GLIBC_PRIVATE" {
        return Some(
            Finding::new(
                CheckId::GlibcFloor,
                "the file uses glibc's private symbols, which change with each release",
                "link glibc dynamically and whole: a part of it was linked statically, or a \
                 library reaches into its inside",
            )
            .at(symbols(version)),
        );
    }
    if !version.name.starts_with("GLIBC_ABI_") {
        return None;
    }
    let floor = floor?;
    match MARKS.iter().find(|(name, ..)| *name == version.name) {
        Some((_, since, _)) if *since <= floor => None,
        Some((name, since, remedy)) => Some(Finding::new(
            CheckId::GlibcFloor,
            format!("the file needs {name}, which came with glibc {since}; the floor is {floor}"),
            *remedy,
        )),
        None => Some(Finding::new(
            CheckId::GlibcFloor,
            format!(
                "the file needs {}, which glibc {floor} may not have",
                version.name
            ),
            "look for the linker option that asks for it",
        )),
    }
}

/// A linker accepts undefined symbols in a shared library: what the floor took
/// away is then a strong reference without a version, which fails only on an
/// old system.
fn missing(elf: &ElfFacts, expected: &Expectation) -> Option<Finding> {
    let floor = expected.floor?;
    let gone: Vec<String> = elf
        .unversioned
        .iter()
        .filter(|symbol| !symbol.weak && is_younger_than(floor, &symbol.name))
        .map(|symbol| symbol.name.clone())
        .collect();
    let first = gone.first()?;
    Some(
        Finding::new(
            CheckId::GlibcFloor,
            format!("the file calls `{first}`, which glibc {floor} has not"),
            "raise the floor, or make the call depend on the version of glibc",
        )
        .at(gone),
    )
}

fn symbols(version: &Version) -> Vec<String> {
    if version.symbols.is_empty() {
        return vec![version.name.clone()];
    }
    version
        .symbols
        .iter()
        .map(|symbol| {
            let weak = if symbol.weak { " (weak)" } else { "" };
            format!("{}@{}{weak}", symbol.name, version.name)
        })
        .collect()
}
