//! The in-toto Statement, version 1: which files a predicate is about. [pure]
//!
//! Format: github.com/in-toto/attestation, `spec/v1/statement.md`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::pins::Sha256;

/// The value of `_type`.
pub const TYPE: &str = "https://in-toto.io/Statement/v1";

/// The media type of a statement as a payload.
pub const MEDIA_TYPE: &str = "application/vnd.in-toto+json";

/// A predicate and the files that it is about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Statement<P = Value> {
    #[serde(rename = "_type")]
    pub kind: String,
    pub subject: Vec<Subject>,
    #[serde(rename = "predicateType")]
    pub predicate_type: String,
    pub predicate: P,
}

/// A file by its name and digests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    pub name: String,
    pub digest: DigestSet,
}

/// Digests by the names of their algorithms, in lower-case hexadecimal.
pub type DigestSet = BTreeMap<String, String>;

impl<P> Statement<P> {
    /// A statement about some files.
    pub fn new(subject: Vec<Subject>, predicate_type: &str, predicate: P) -> Self {
        Statement {
            kind: TYPE.to_owned(),
            subject,
            predicate_type: predicate_type.to_owned(),
            predicate,
        }
    }
}

impl Subject {
    pub fn new(name: impl Into<String>, sha256: Sha256) -> Self {
        Subject {
            name: name.into(),
            digest: sha256_only(sha256),
        }
    }
}

/// A digest set of a SHA-256.
pub fn sha256_only(sha256: Sha256) -> DigestSet {
    DigestSet::from([("sha256".to_owned(), sha256.to_hex())])
}
