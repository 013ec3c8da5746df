//! Why an attestation is refused. [pure]

use crate::error::{Error, Kind};

/// One reason; the first that is found ends the verification.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("it is no {0}: {1}")]
    Malformed(&'static str, String),
    #[error("it is not JSON that can be read in one way only: {0}")]
    Json(String),
    #[error("no signature in it is this key's over its payload")]
    Signature,
    #[error("it is not signed")]
    Unsigned,
    #[error("its payload is a {0}, not an in-toto statement")]
    PayloadType(String),
    #[error("its predicate is {0}, not SLSA provenance v1")]
    Predicate(String),
    #[error("its build type is {0}, not xbuild's")]
    BuildType(String),
    #[error("it has an unknown or missing external parameter: {0}")]
    ExternalParameters(String),
    #[error("it says nothing about `{0}`")]
    MissingSubject(String),
    #[error("it is about `{0}` as well, which was not given")]
    ExtraSubject(String),
    #[error("it names `{0}` twice")]
    DoubleSubject(String),
    #[error("its digest of `{0}` is by {1}, and only SHA-256 is taken")]
    Algorithm(String, String),
    #[error("`{name}` is not the file that it is about: sha256 {found}, not {stated}")]
    Digest {
        name: String,
        stated: String,
        found: String,
    },
    #[error("the policy wants {what} {wanted}, and it says {found}")]
    Policy {
        what: &'static str,
        wanted: String,
        found: String,
    },
    #[error("the policy wants a hermetic build, and this one could see or change the machine")]
    NotHermetic,
    #[error("the policy wants a commit that says all, and the source had changes or none")]
    Dirty,
    #[error("the policy wants a verified build, and there was no second build")]
    Unverified,
    #[error("the policy wants a reproducible build, and `{0}` was not: {1}")]
    NotReproducible(String, &'static str),
    #[error("the policy wants `{0}` varied, and the second build did not vary it")]
    NotVaried(String),
    #[error("it contradicts itself: {0}")]
    Contradiction(String),
}

impl Refusal {
    /// As an error about the attestation at some place.
    pub fn error(self, place: &str) -> Error {
        Error::new(Kind::Integrity, format!("`{place}` is refused: {self}"))
    }
}
