//! What somebody published, as digests to compare a build with: a manifest,
//! `SHA256SUMS`, or provenance. [pure]
//!
//! No signature is looked at here: whoever rebuilds finds out by the digests
//! alone. `xbuild attest verify` says whose words they are.

use std::collections::BTreeMap;

use serde_json::Value;

use super::provenance::SECOND_BUILD;
use super::{base64, json, manifest, sums};
use crate::error::{Error, Kind, Result};
use crate::pins::Sha256;

/// The digests in a published file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Published {
    /// Files by the names that they were published under.
    pub files: BTreeMap<String, Sha256>,
    /// Artefacts by target and name of the file, as far as they are told.
    pub artefacts: BTreeMap<(String, String), Sha256>,
}

impl Published {
    /// Reads any of the formats, told by what is in it.
    ///
    /// # Errors
    /// `Kind::Integrity` for what is none of them, and for a manifest of
    /// another version.
    pub fn parse(place: &str, bytes: &[u8]) -> Result<Self> {
        let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
        if first != Some(&b'{') {
            let text = String::from_utf8_lossy(bytes);
            return Ok(Published {
                files: sums::parse(place, &text)?,
                artefacts: BTreeMap::new(),
            });
        }
        let value = json::parse(bytes).map_err(|cause| unknown(place).caused_by(cause))?;
        if value.get("files").is_some() || value.get("version").is_some() {
            return manifest::Manifest::parse(place, bytes).map(|manifest| of_manifest(&manifest));
        }
        let statement = statement(value).ok_or_else(|| unknown(place))?;
        of_statement(&statement).ok_or_else(|| unknown(place))
    }
}

fn of_manifest(manifest: &manifest::Manifest) -> Published {
    let mut published = Published::default();
    for file in &manifest.files {
        published.files.insert(file.name.clone(), file.sha256);
        let Some(target) = &file.target else { continue };
        for content in &file.contents {
            let name = content.path.rsplit('/').next().unwrap_or(&content.path);
            let key = (target.clone(), name.to_owned());
            published.artefacts.insert(key, content.sha256);
        }
    }
    published
}

/// The statement in a bundle or an envelope, or the value itself.
fn statement(mut value: Value) -> Option<Value> {
    if value.get("_type").is_some() {
        return Some(value);
    }
    let envelope = match value.get_mut("dsseEnvelope") {
        Some(envelope) => envelope.take(),
        None => value,
    };
    let payload = base64::decode(envelope.get("payload")?.as_str()?)?;
    json::parse(&payload).ok()
}

fn of_statement(statement: &Value) -> Option<Published> {
    let mut published = Published::default();
    for subject in statement.get("subject")?.as_array()? {
        let name = subject.get("name")?.as_str()?;
        published.files.insert(name.to_owned(), sha256(subject)?);
    }
    let byproducts = statement.pointer("/predicate/runDetails/byproducts");
    for byproduct in byproducts.and_then(Value::as_array).into_iter().flatten() {
        let name = byproduct.get("name").and_then(Value::as_str);
        let name = name.and_then(|name| name.strip_prefix(SECOND_BUILD));
        if let Some((target, file)) = name.and_then(|name| name.split_once('/'))
            && let Some(first) = byproduct.pointer("/annotations/xbuild_first")
            && let Some(first) = first.as_str().and_then(|hex| hex.parse().ok())
        {
            let key = (target.to_owned(), file.to_owned());
            published.artefacts.insert(key, first);
        }
    }
    Some(published)
}

fn sha256(subject: &Value) -> Option<Sha256> {
    subject.pointer("/digest/sha256")?.as_str()?.parse().ok()
}

fn unknown(place: &str) -> Error {
    let message = format!("`{place}` is neither a manifest, nor SHA256SUMS, nor provenance");
    Error::new(Kind::Integrity, message)
}

#[cfg(test)]
mod tests {
    use super::super::bundle;
    use super::super::dsse::Envelope;
    use super::super::manifest::{Content, File, Manifest};
    use super::super::observed::Comparison;
    use super::super::provenance;
    use super::super::statement::MEDIA_TYPE;
    use super::super::{samples, sums};
    use super::*;

    #[test]
    fn every_format_tells_the_same_files() {
        let (target, hello) = ("x86_64-unknown-linux-musl", Sha256::of(b"program"));
        let archive = ("a.zip".to_owned(), Sha256::of(b"a.zip"));
        let program = (format!("{target}/hello"), hello);
        let both = || [archive.clone(), program.clone()];
        let mut build = samples::build();
        build.comparison = Some(Comparison::new(["time".to_owned()], both(), both()));
        let statement = provenance::statement(&build, std::slice::from_ref(&archive));
        let statement = serde_json::to_string(&statement).unwrap();
        let envelope = Envelope::new(MEDIA_TYPE, statement.as_bytes(), b"unread");
        let content = Content {
            path: "hello-1.0/hello".into(),
            size: 7,
            sha256: hello,
        };
        let file = File {
            name: archive.0.clone(),
            size: 5,
            sha256: archive.1,
            target: Some(target.into()),
            contents: vec![content],
        };
        let whole = Published {
            files: [archive.clone()].into(),
            artefacts: [((target.to_owned(), "hello".to_owned()), hello)].into(),
        };
        let only_files = Published {
            artefacts: BTreeMap::new(),
            ..whole.clone()
        };
        for (text, expected) in [
            (sums::text(&[archive]).unwrap(), &only_files),
            (Manifest::new(&build, vec![file]).text(), &whole),
            (statement, &whole),
            (envelope.line(), &whole),
            (bundle::of_envelope(&envelope, "").to_string(), &whole),
        ] {
            assert_eq!(&Published::parse("it", text.as_bytes()).unwrap(), expected);
        }
    }

    #[test]
    fn what_is_none_of_them_is_refused() {
        for (text, why) in [
            ("{}", "neither a manifest"),
            ("{\"payload\":\"e30=\"}", "neither a manifest"),
            ("{\"_type\":\"x\",\"subject\":[{}]}", "neither a manifest"),
            ("{\"a\":1,\"a\":2}", "neither a manifest"),
            ("{\"version\":2,\"files\":[]}", "of version 2, not 1"),
            ("hello", "it:1: not a SHA-256"),
        ] {
            let error = Published::parse("it", text.as_bytes()).unwrap_err();
            assert_eq!(error.kind(), Kind::Integrity);
            assert!(error.to_string().contains(why), "{error}");
        }
    }
}
