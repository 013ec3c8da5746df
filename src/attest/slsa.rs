//! The SLSA provenance predicate, version 1, as types. [pure]
//!
//! Format: slsa.dev/spec/v1.0/provenance. Keys that begin with `xbuild_` are
//! extensions of ours; `docs/provenance.md` describes them. Absent keys are
//! left out; of unknown ones only those in `externalParameters` are an error,
//! as the specification asks of verifiers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::statement::DigestSet;

/// The value of a statement's `predicateType`.
pub const PREDICATE_TYPE: &str = "https://slsa.dev/provenance/v1";

/// What `externalParameters` and `internalParameters` mean.
pub const BUILD_TYPE: &str = "xbuild:build:v1";

/// Who built, where nobody said anything else: xbuild on somebody's machine.
pub const LOCAL_BUILDER: &str = "xbuild:builder:local:v1";

/// The same, where xbuild had Nix build.
pub const NIX_BUILDER: &str = "xbuild:builder:nix:v1";

/// How artefacts came to be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Provenance {
    pub build_definition: BuildDefinition,
    pub run_details: RunDetails,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BuildDefinition {
    pub build_type: String,
    pub external_parameters: ExternalParameters,
    pub internal_parameters: InternalParameters,
    #[serde(default)]
    pub resolved_dependencies: Vec<ResourceDescriptor>,
}

/// What the caller decided: to be compared with what was expected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExternalParameters {
    /// Where the source is from, such as `git+https://…`; what was built of
    /// it is the first of the resolved dependencies.
    pub source: String,
    /// Targets as they are typed: a triple, with a floor where there is one.
    pub targets: Vec<String>,
    /// Cargo's arguments.
    pub arguments: Vec<String>,
    /// The names of the caller's variables that the shell was given, besides
    /// those that every shell gets and that reach nothing that is built.
    pub passthrough: Vec<String>,
    /// The caller's files and folders that the shell was given.
    pub volumes: Vec<Volume>,
}

/// A file or folder of the machine that the build saw. What was in it, nobody
/// says: it has no digest.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Volume {
    /// The variable that names it in the build, or its path where none does.
    pub name: String,
    /// Whether the build could change it.
    pub writable: bool,
}

/// What xbuild decided or observed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InternalParameters {
    /// Whether the build ran in the hermetic shell, or in Nix's sandbox.
    pub xbuild_hermetic: bool,
    /// The digest of `nix/pins/packages.json`.
    pub xbuild_pins: DigestSet,
    /// The digest of the expressions in `nix/` that made the toolchain.
    pub xbuild_toolchain_definition: DigestSet,
    /// The release of Rust that stood in the place of Debian's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub xbuild_rust: Option<Rust>,
    /// The `SOURCE_DATE_EPOCH` of the build; null where targets had different
    /// ones.
    #[serde(default)]
    pub xbuild_source_date_epoch: Option<String>,
    /// Whether the source had changes that no commit holds.
    pub xbuild_source_dirty: bool,
    /// What a second build found; none where there was none.
    pub xbuild_verification: Option<Verification>,
    /// What Nix built in its sandbox, in place of the hermetic shell.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub xbuild_derivations: Vec<Derivation>,
    /// The other machines that may have built, as Nix was told of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub xbuild_builders: Option<String>,
}

/// A release of Rust's official distribution, or of another one with its form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rust {
    /// As the project asked for it.
    pub channel: String,
    pub version: String,
    /// Of the manifest: `YYYY-MM-DD`.
    pub date: String,
    pub manifest: DigestSet,
    /// The fingerprint of the key that signed the manifest.
    pub key: String,
}

/// One target's build as an ordinary derivation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Derivation {
    /// As typed.
    pub target: String,
    /// The path of the `.drv`.
    pub derivation: String,
    /// The path of what it made.
    pub output: String,
}

/// What a second build found; the digests are in the byproducts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    /// In what the second build differed from the first.
    pub variations: Vec<String>,
    /// `reproducible` or `differs`.
    pub verdict: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunDetails {
    pub builder: Builder,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Metadata>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub byproducts: Vec<ResourceDescriptor>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Builder {
    pub id: String,
    #[serde(default)]
    pub version: BTreeMap<String, String>,
}

/// Times are in UTC, `YYYY-MM-DDThh:mm:ssZ`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invocation_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_on: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_on: Option<String>,
}

/// A thing that took part, or came out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceDescriptor {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub digest: DigestSet,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub download_location: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, Value>,
}
