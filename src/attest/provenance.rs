//! A build and its files → the statement that is signed. [pure]
//!
//! Invariant: what the statement says of hermeticity and reproducibility is
//! worked out here from what was observed; no caller hands in a verdict.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::build::{Build, LockedCrate, deb_purl, rust_purl};
use super::observed::{Comparison, Pair};
use super::slsa::{
    BUILD_TYPE, BuildDefinition, Builder, ExternalParameters, InternalParameters, Metadata,
    PREDICATE_TYPE, Provenance, ResourceDescriptor, RunDetails, Rust, Verification,
};
use super::statement::{DigestSet, Statement, Subject, sha256_only};
use crate::pins::{Package, Sha256};
use crate::rust::{Component, RustPin};

/// The beginning of the names of byproducts that a second build gave.
pub const SECOND_BUILD: &str = "xbuild_second_build/";

/// The statement about a build's files: their names and digests.
pub fn statement(build: &Build, files: &[(String, Sha256)]) -> Statement<Provenance> {
    let subjects = files
        .iter()
        .map(|(name, sha256)| Subject::new(name, *sha256));
    Statement::new(subjects.collect(), PREDICATE_TYPE, predicate(build))
}

fn predicate(build: &Build) -> Provenance {
    let source = std::iter::once(source(build));
    let crates = build.crates.iter().map(locked_crate);
    let packages = build.packages.iter().map(package);
    let rust = build.rust.iter();
    let components = rust.flat_map(|rust| rust.files.iter().map(|file| component(rust, file)));
    let std = build.rust.iter().flat_map(|rust| &rust.crates);
    let std = std.map(|one| locked_crate(&one.locked()));
    let nix = build.nix.as_ref();
    let xbuild = std::iter::once(("xbuild".to_owned(), build.xbuild.clone()));
    let version = nix.map(|nix| ("nix".to_owned(), nix.version.clone()));
    Provenance {
        build_definition: BuildDefinition {
            build_type: BUILD_TYPE.to_owned(),
            external_parameters: ExternalParameters {
                source: build.source.uri.clone(),
                targets: build.targets.clone(),
                arguments: build.arguments.clone(),
                passthrough: build.passthrough.clone(),
                volumes: build.volumes.clone(),
            },
            internal_parameters: InternalParameters {
                xbuild_hermetic: build.is_hermetic(),
                xbuild_pins: sha256_only(build.pins),
                xbuild_toolchain_definition: sha256_only(build.toolchain_definition),
                xbuild_rust: build.rust.as_ref().map(|rust| Rust {
                    channel: rust.channel.clone(),
                    version: rust.version.clone(),
                    date: rust.date.clone(),
                    manifest: sha256_only(rust.sha256),
                    key: rust.key.clone(),
                }),
                xbuild_source_date_epoch: build.source_date_epoch.clone(),
                xbuild_source_dirty: !build.source.is_clean(),
                xbuild_verification: build.comparison.as_ref().map(verification),
                xbuild_derivations: nix.map_or_else(Vec::new, |nix| nix.derivations.clone()),
                xbuild_builders: nix.and_then(|nix| nix.builders.clone()),
            },
            resolved_dependencies: source
                .chain(crates)
                .chain(packages)
                .chain(components)
                .chain(std)
                .collect(),
        },
        run_details: RunDetails {
            builder: Builder {
                id: build.builder.clone(),
                version: xbuild.chain(version).collect(),
            },
            metadata: Some(Metadata {
                invocation_id: None,
                started_on: Some(time(build.started)),
                finished_on: Some(time(build.finished)),
            }),
            byproducts: build.comparison.iter().flat_map(byproducts).collect(),
        },
    }
}

fn source(build: &Build) -> ResourceDescriptor {
    let source = &build.source;
    let commit = source.commit.iter();
    ResourceDescriptor {
        name: Some(source.name.clone()),
        uri: Some(match &source.commit {
            Some(commit) => format!("{}@{commit}", source.uri),
            None => source.uri.clone(),
        }),
        digest: commit
            .map(|commit| ("gitCommit".to_owned(), commit.clone()))
            .collect(),
        ..ResourceDescriptor::default()
    }
}

fn locked_crate(one: &LockedCrate) -> ResourceDescriptor {
    // The commit of a crate from git stands behind the `#` of its source.
    let commit = one
        .source
        .strip_prefix("git+")
        .and_then(|url| url.rsplit_once('#'))
        .map(|(_, commit)| ("gitCommit".to_owned(), commit.to_owned()));
    let checksum = one
        .checksum
        .map(|sha256| ("sha256".to_owned(), sha256.to_hex()));
    ResourceDescriptor {
        name: Some(format!("{}-{}", one.name, one.version)),
        uri: Some(one.purl()),
        digest: commit.into_iter().chain(checksum).collect(),
        ..ResourceDescriptor::default()
    }
}

fn package(package: &Package) -> ResourceDescriptor {
    ResourceDescriptor {
        name: Some(package.file_name().to_owned()),
        uri: Some(deb_purl(package)),
        digest: sha256_only(package.sha256),
        ..ResourceDescriptor::default()
    }
}

fn component(rust: &RustPin, component: &Component) -> ResourceDescriptor {
    ResourceDescriptor {
        name: Some(component.file_name().to_owned()),
        uri: Some(rust_purl(rust, component)),
        digest: sha256_only(component.sha256),
        ..ResourceDescriptor::default()
    }
}

fn verification(comparison: &Comparison) -> Verification {
    Verification {
        variations: comparison.variations().to_vec(),
        verdict: comparison.verdict().to_owned(),
    }
}

fn byproducts(comparison: &Comparison) -> impl Iterator<Item = ResourceDescriptor> {
    comparison.pairs().map(|(name, pair)| ResourceDescriptor {
        name: Some(format!("{SECOND_BUILD}{name}")),
        digest: digest(pair),
        annotations: BTreeMap::from([
            ("xbuild_first".to_owned(), hex(pair.first())),
            ("xbuild_second".to_owned(), hex(pair.second())),
            ("xbuild_verdict".to_owned(), json!(pair.verdict().name())),
        ]),
        ..ResourceDescriptor::default()
    })
}

/// A descriptor needs a digest: of the second build's file, where it has one.
fn digest(pair: &Pair) -> DigestSet {
    let digest = pair.second().or(pair.first());
    digest.map(sha256_only).unwrap_or_default()
}

fn hex(sha256: Option<Sha256>) -> Value {
    json!(sha256.map(Sha256::to_hex))
}

/// A time of a whole second, as SLSA wants it.
pub fn time(time: Timestamp) -> String {
    let whole = Timestamp::from_second(time.as_second()).unwrap_or(time);
    whole.to_string()
}
