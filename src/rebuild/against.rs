//! What others published: names and SHA-256, from a manifest, `SHA256SUMS`, or
//! provenance in any of its envelopes. [pure]
//!
//! It is only compared with. Whether it is signed, and by whom, is for
//! `xbuild attest verify` to say.

use serde_json::Value;

use crate::attest::manifest::Manifest;
use crate::attest::provenance::SECOND_BUILD;
use crate::attest::statement::Statement;
use crate::attest::{Envelope, bundle, json, sums};
use crate::error::{Error, Kind, Result};
use crate::pins::Sha256;

/// A list of what was published.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Published {
    pub files: Vec<PublishedFile>,
    /// The hash of the pins that it was built with, where it says so.
    pub pins: Option<Sha256>,
    /// The `SOURCE_DATE_EPOCH` that it was built with, where it says so.
    pub source_date_epoch: Option<String>,
}

/// One file of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedFile {
    /// As it stands in the list; folders included.
    pub name: String,
    /// As typed, where the list says so.
    pub target: Option<String>,
    pub sha256: Sha256,
}

impl Published {
    /// Reads a list of any kind; its contents say which. `place` is what to
    /// call it.
    ///
    /// # Errors
    /// `Kind::Integrity` where it is none of them, is broken, or of another
    /// version.
    pub fn parse(place: &str, bytes: &[u8]) -> Result<Self> {
        if bytes.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
            let text = std::str::from_utf8(bytes).map_err(|cause| none(place).caused_by(cause))?;
            let sums = sums::parse(place, text)?;
            if sums.is_empty() {
                return Err(none(place).caused_by("it is empty"));
            }
            let file = |(name, sha256)| PublishedFile {
                name,
                target: None,
                sha256,
            };
            return Ok(Published {
                files: sums.into_iter().map(file).collect(),
                ..Published::default()
            });
        }
        // One document, or one a line.
        if let Ok(value) = json::parse(bytes) {
            return of_json(place, value, bytes);
        }
        let mut all = Published::default();
        for line in bytes.split(|byte| *byte == b'\n') {
            if line.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            let value = json::parse(line).map_err(|cause| none(place).caused_by(cause))?;
            let one = of_json(place, value, line)?;
            all.files.extend(one.files);
            all.source_date_epoch = all.source_date_epoch.or(one.source_date_epoch);
        }
        Ok(all)
    }

    /// What was published under a file's name, for a target as typed and its
    /// plain triple. Where several files have that name, those count that are
    /// said to be, or lie in a folder, of that target.
    pub fn of(&self, name: &str, target: &str, triple: &str) -> Vec<&PublishedFile> {
        let base = |file: &PublishedFile| file.name.rsplit('/').next() == Some(name);
        let named: Vec<&PublishedFile> = self.files.iter().filter(|file| base(file)).collect();
        let told = |file: &&PublishedFile| match &file.target {
            Some(other) => other == target,
            None => file.name.contains(triple),
        };
        let own: Vec<&PublishedFile> = named.iter().copied().filter(told).collect();
        if own.is_empty() {
            let untold = |file: &&PublishedFile| file.target.is_none();
            return named.into_iter().filter(untold).collect();
        }
        own
    }
}

fn of_json(place: &str, value: Value, bytes: &[u8]) -> Result<Published> {
    let refused = |refusal: crate::attest::Refusal| refusal.error(place);
    if value.get("mediaType").is_some() {
        return of_envelope(place, &bundle::envelope(value).map_err(refused)?);
    }
    if value.get("payload").is_some() {
        return of_envelope(place, &Envelope::read(value).map_err(refused)?);
    }
    if value.get("_type").is_some() {
        return of_statement(place, value);
    }
    if value.get("files").is_none() {
        return Err(none(place));
    }
    let manifest = Manifest::parse(place, bytes)?;
    let mut files = Vec::new();
    for file in manifest.files {
        let target = file.target;
        files.extend(file.contents.into_iter().map(|content| PublishedFile {
            name: content.path,
            target: target.clone(),
            sha256: content.sha256,
        }));
        files.push(PublishedFile {
            name: file.name,
            target,
            sha256: file.sha256,
        });
    }
    Ok(Published {
        files,
        pins: Some(manifest.pins),
        source_date_epoch: moment(place, manifest.source_date_epoch.as_deref())?,
    })
}

fn of_envelope(place: &str, envelope: &Envelope) -> Result<Published> {
    // Compared with, not trusted.
    let payload = envelope.payload_unverified();
    let payload = payload.map_err(|refusal| refusal.error(place))?;
    let value = json::parse(&payload).map_err(|cause| none(place).caused_by(cause))?;
    of_statement(place, value)
}

fn of_statement(place: &str, value: Value) -> Result<Published> {
    let statement: Statement =
        serde_json::from_value(value).map_err(|cause| none(place).caused_by(cause))?;
    let mut files = Vec::new();
    for subject in statement.subject {
        let Some(sha256) = subject.digest.get("sha256") else {
            let message = format!("`{place}` has no SHA-256 of `{}`", subject.name);
            return Err(Error::new(Kind::Integrity, message));
        };
        let sha256 = sha256
            .parse::<Sha256>()
            .map_err(|cause| none(place).caused_by(cause))?;
        files.push(PublishedFile {
            name: subject.name,
            target: None,
            sha256,
        });
    }
    // Provenance of ours tells what is in its packages: each artefact that two
    // builds gave.
    let byproducts = statement.predicate.pointer("/runDetails/byproducts");
    for byproduct in byproducts.and_then(Value::as_array).into_iter().flatten() {
        let name = byproduct.get("name").and_then(Value::as_str);
        let name = name.and_then(|name| name.strip_prefix(SECOND_BUILD));
        let first = byproduct.pointer("/annotations/xbuild_first");
        if let Some(name) = name
            && let Some((target, _)) = name.split_once('/')
            && let Some(first) = first.and_then(Value::as_str)
        {
            files.push(PublishedFile {
                name: name.to_owned(),
                target: Some(target.to_owned()),
                sha256: first
                    .parse()
                    .map_err(|cause| none(place).caused_by(cause))?,
            });
        }
    }
    let pins = "/buildDefinition/internalParameters/xbuild_pins/sha256";
    let pins = statement.predicate.pointer(pins).and_then(Value::as_str);
    let pins = pins.map(str::parse::<Sha256>).transpose();
    let pins = pins.map_err(|cause| none(place).caused_by(cause))?;
    let moment = "/buildDefinition/internalParameters/xbuild_source_date_epoch";
    let moment = statement.predicate.pointer(moment).and_then(Value::as_str);
    Ok(Published {
        files,
        pins,
        source_date_epoch: self::moment(place, moment)?,
    })
}

/// A `SOURCE_DATE_EPOCH` to build with: seconds and nothing else.
fn moment(place: &str, text: Option<&str>) -> Result<Option<String>> {
    match text {
        Some(text) if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) => {
            let message = format!("`{place}` says {text:?} for SOURCE_DATE_EPOCH");
            Err(Error::new(Kind::Integrity, message))
        }
        text => Ok(text.map(str::to_owned)),
    }
}

fn none(place: &str) -> Error {
    let message = format!("`{place}` is no list of published files");
    Error::new(Kind::Integrity, message)
        .hint("NAME.manifest.json or SHA256SUMS of a release, or its provenance (.intoto.jsonl)")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attest::statement::Subject;

    fn hash(text: &str) -> Sha256 {
        Sha256::of(text.as_bytes())
    }

    fn statement() -> Value {
        let subjects = vec![Subject::new("x86_64-unknown-linux-musl/rg", hash("rg"))];
        let statement = Statement::new(subjects, "https://example.invalid/x", Value::Null);
        serde_json::to_value(statement).unwrap()
    }

    #[test]
    fn each_kind_of_list_is_known_by_its_contents() {
        let statement = statement().to_string();
        let envelope = Envelope::new("application/vnd.in-toto+json", statement.as_bytes(), b"?");
        let sums = format!("{}  x86_64-unknown-linux-musl/rg\n", hash("rg"));
        let wrapped = bundle::of_envelope(&envelope, "hint").to_string();
        for text in [
            sums,
            statement.clone(),
            envelope.line(),
            format!("{}\n{}\n", envelope.line(), envelope.line()),
            wrapped,
        ] {
            let published = Published::parse("list", text.as_bytes()).unwrap();
            let found = published.of(
                "rg",
                "x86_64-unknown-linux-musl",
                "x86_64-unknown-linux-musl",
            );
            assert_eq!(found[0].sha256, hash("rg"), "{text}");
            assert!(published.of("other", "t", "t").is_empty());
        }
    }

    #[test]
    fn provenance_tells_what_is_in_its_packages() {
        let build = crate::attest::samples::build();
        let archive = ("hello.tar.gz".to_owned(), hash("hello.tar.gz"));
        let statement = crate::attest::provenance::statement(&build, &[archive]);
        let mut statement = serde_json::to_value(statement).unwrap();
        let byproduct = serde_json::json!({
            "name": "xbuild_second_build/x86_64-unknown-linux-gnu.2.17/rg",
            "annotations": { "xbuild_first": hash("rg"), "xbuild_second": null },
        });
        let byproducts = &mut statement["predicate"]["runDetails"]["byproducts"];
        byproducts.as_array_mut().unwrap().push(byproduct);
        let published = Published::parse("list", statement.to_string().as_bytes()).unwrap();
        assert_eq!(published.pins, Some(build.pins));
        assert_eq!(published.source_date_epoch.as_deref(), Some("1700000000"));
        let target = "x86_64-unknown-linux-gnu.2.17";
        let found = published.of("rg", target, "x86_64-unknown-linux-gnu");
        assert_eq!(found[0].sha256, hash("rg"));
        assert!(published.of("rg", "other", "other").is_empty());
    }

    #[test]
    fn a_name_of_several_targets_is_the_targets_own() {
        let file = |name: &str, target: Option<&str>| PublishedFile {
            name: name.to_owned(),
            target: target.map(str::to_owned),
            sha256: hash(&format!("{name}{target:?}")),
        };
        let published = Published {
            files: vec![
                file("rg", Some("a.2.17")),
                file("rg", Some("a.2.28")),
                file("b/rg", None),
                file("c/rg", None),
            ],
            ..Published::default()
        };
        let names = |target: &str, triple: &str| -> Vec<Sha256> {
            let found = published.of("rg", target, triple);
            found.into_iter().map(|file| file.sha256).collect()
        };
        assert_eq!(names("a.2.28", "a"), [published.files[1].sha256]);
        assert_eq!(names("b", "b"), [published.files[2].sha256]);
        // Of no target known: every one that might be it.
        assert_eq!(names("x", "x").len(), 2);
    }

    #[test]
    fn what_is_no_list_is_refused() {
        for (text, part) in [
            ("", "no list"),
            ("{}", "no list"),
            ("{\"files\":[],\"version\":9}", "version 9"),
            ("{\"a\":1,\"a\":2}", "no list"),
            ("not a hash  name\n", "list:1: "),
            ("{\"_type\":\"x\",\"subject\":[]", "no list"),
            (
                "{\"_type\":\"x\",\"subject\":[],\"predicateType\":\"x\",\"predicate\":\
                 {\"buildDefinition\":{\"internalParameters\":\
                 {\"xbuild_source_date_epoch\":\"now\"}}}}",
                "SOURCE_DATE_EPOCH",
            ),
            ("{\"mediaType\":\"x\"}", "list"),
            (
                "{\"payload\":\"?\",\"payloadType\":\"x\",\"signatures\":[]}",
                "list",
            ),
        ] {
            let error = Published::parse("list", text.as_bytes()).unwrap_err();
            assert!(error.to_string().contains(part), "{text}: {error}");
            assert_eq!(error.kind(), Kind::Integrity, "{text}");
        }
    }
}
