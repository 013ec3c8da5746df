//! An attestation, a key, files and a policy → what was proven, or why it is
//! refused. [pure]
//!
//! Invariant: what is read is the very bytes whose signature held; verdicts
//! are worked out again from digests, and words that say otherwise are refused.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;

use super::dsse::{Envelope, Verified};
use super::keys::PublicKey;
use super::observed::Comparison;
use super::policy::Policy;
use super::provenance::SECOND_BUILD;
use super::refusal::Refusal;
use super::slsa::{BUILD_TYPE, ExternalParameters, PREDICATE_TYPE, Provenance};
use super::statement::{DigestSet, MEDIA_TYPE, Statement, TYPE};
use super::{bundle, json};
use crate::pins::Sha256;

/// Files by the names that they were published under.
pub type Files = BTreeMap<String, Sha256>;

/// What is to be verified.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// A bundle, an envelope, or a statement with a signature beside it.
    pub attestation: &'a [u8],
    /// The text of the signature's file beside it, where there is one.
    pub detached: Option<&'a str>,
    pub key: &'a PublicKey,
    pub files: &'a Files,
    /// Whether the attestation may be about further files.
    pub partial: bool,
    pub policy: &'a Policy,
}

/// What an accepted attestation says.
#[derive(Debug, Clone, PartialEq)]
pub struct Accepted {
    pub statement: Statement<Provenance>,
    /// What a second build gave, with verdicts worked out from its digests.
    pub comparison: Option<Comparison>,
}

/// Verifies an attestation.
///
/// # Errors
/// The first reason to refuse it.
pub fn verify(request: &Request<'_>) -> Result<Accepted, Refusal> {
    let verified = opened(request)?;
    let statement = statement(&verified)?;
    subjects(&statement, request)?;
    let comparison = comparison(&statement.predicate)?;
    hermetic(&statement.predicate)?;
    hold(request.policy, &statement, comparison.as_ref())?;
    Ok(Accepted {
        statement,
        comparison,
    })
}

/// The payload, after its signature held.
struct Payload(Vec<u8>);

fn opened(request: &Request<'_>) -> Result<Payload, Refusal> {
    let value = parse(request.attestation)?;
    let is = |key: &str| value.get(key).is_some();
    if is("_type") {
        let signature = request.detached.ok_or(Refusal::Unsigned)?;
        if !request.key.verify_file(request.attestation, signature) {
            return Err(Refusal::Signature);
        }
        return Ok(Payload(request.attestation.to_vec()));
    }
    let envelope = if is("mediaType") {
        bundle::envelope(value)?
    } else {
        Envelope::read(value)?
    };
    let verified: Verified =
        envelope.open(|message, signature| request.key.verify(message, signature))?;
    if verified.payload_type() != MEDIA_TYPE {
        return Err(Refusal::PayloadType(verified.payload_type().to_owned()));
    }
    Ok(Payload(verified.payload().to_vec()))
}

fn parse(bytes: &[u8]) -> Result<Value, Refusal> {
    json::parse(bytes).map_err(|cause| Refusal::Json(cause.to_string()))
}

fn statement(payload: &Payload) -> Result<Statement<Provenance>, Refusal> {
    let value = parse(&payload.0)?;
    let malformed =
        |cause: serde_json::Error| Refusal::Malformed("in-toto statement", cause.to_string());
    let statement = Statement::<Value>::deserialize(value).map_err(malformed)?;
    if statement.kind != TYPE {
        let why = format!("its type is {}", statement.kind);
        return Err(Refusal::Malformed("in-toto statement v1", why));
    }
    if statement.predicate_type != PREDICATE_TYPE {
        return Err(Refusal::Predicate(statement.predicate_type));
    }
    let definition = &statement.predicate["buildDefinition"];
    match definition["buildType"].as_str() {
        Some(BUILD_TYPE) => {}
        other => return Err(Refusal::BuildType(other.unwrap_or("missing").to_owned())),
    }
    ExternalParameters::deserialize(&definition["externalParameters"])
        .map_err(|cause| Refusal::ExternalParameters(cause.to_string()))?;
    let predicate = Provenance::deserialize(statement.predicate)
        .map_err(|cause| Refusal::Malformed("SLSA provenance", cause.to_string()))?;
    Ok(Statement {
        kind: statement.kind,
        subject: statement.subject,
        predicate_type: statement.predicate_type,
        predicate,
    })
}

/// The one SHA-256 of a digest set.
fn sha256(name: &str, digests: &DigestSet) -> Result<Sha256, Refusal> {
    if let Some(other) = digests.keys().find(|algorithm| *algorithm != "sha256") {
        return Err(Refusal::Algorithm(name.to_owned(), other.clone()));
    }
    let none = || Refusal::Algorithm(name.to_owned(), "nothing".to_owned());
    let hex = digests.get("sha256").ok_or_else(none)?;
    hex.parse()
        .map_err(|_| Refusal::Malformed("statement", format!("`{hex}` is no SHA-256")))
}

fn subjects(statement: &Statement<Provenance>, request: &Request<'_>) -> Result<(), Refusal> {
    let mut seen = BTreeSet::new();
    for subject in &statement.subject {
        let name = &subject.name;
        let stated = sha256(name, &subject.digest)?;
        if !seen.insert(name.as_str()) {
            return Err(Refusal::DoubleSubject(name.clone()));
        }
        match request.files.get(name) {
            Some(found) if *found == stated => {}
            Some(found) => {
                return Err(Refusal::Digest {
                    name: name.clone(),
                    stated: stated.to_hex(),
                    found: found.to_hex(),
                });
            }
            None if request.partial => {}
            None => return Err(Refusal::ExtraSubject(name.clone())),
        }
    }
    match request
        .files
        .keys()
        .find(|name| !seen.contains(name.as_str()))
    {
        Some(name) => Err(Refusal::MissingSubject(name.clone())),
        None => Ok(()),
    }
}

/// What the second build gave, read from the digests; what the words beside
/// them say must be the same.
fn comparison(predicate: &Provenance) -> Result<Option<Comparison>, Refusal> {
    let stated = &predicate
        .build_definition
        .internal_parameters
        .xbuild_verification;
    let mut first = Vec::new();
    let mut second = Vec::new();
    let mut words = BTreeMap::new();
    for byproduct in &predicate.run_details.byproducts {
        let name = byproduct.name.as_deref().unwrap_or_default();
        let Some(name) = name.strip_prefix(SECOND_BUILD) else {
            continue;
        };
        for (key, list) in [("xbuild_first", &mut first), ("xbuild_second", &mut second)] {
            match byproduct.annotations.get(key) {
                Some(Value::String(hex)) => {
                    let digest = hex.parse().map_err(|_| {
                        Refusal::Malformed("statement", format!("`{hex}` is no SHA-256"))
                    })?;
                    list.push((name.to_owned(), digest));
                }
                None | Some(Value::Null) => {}
                Some(other) => {
                    let why = format!("`{key}` of `{name}` is {other}");
                    return Err(Refusal::Malformed("statement", why));
                }
            }
        }
        let word = byproduct.annotations.get("xbuild_verdict");
        let word = word.and_then(Value::as_str).unwrap_or_default();
        if words.insert(name, word).is_some() {
            let why = format!("it tells twice what the second build gave as `{name}`");
            return Err(Refusal::Contradiction(why));
        }
    }
    let Some(stated) = stated else {
        return match words.keys().next() {
            None => Ok(None),
            Some(name) => Err(Refusal::Contradiction(format!(
                "there was no second build, and it gave `{name}`"
            ))),
        };
    };
    let comparison = Comparison::new(stated.variations.iter().cloned(), first, second);
    let of_each = comparison.pairs().map(|(name, pair)| {
        let word = words.get(name).copied().unwrap_or_default();
        (name, word, pair.verdict().name())
    });
    let of_all = ("all of it", stated.verdict.as_str(), comparison.verdict());
    for (name, word, found) in of_each.chain([of_all]) {
        if word != found {
            return Err(Refusal::Contradiction(format!(
                "it calls {name} `{word}`, and by the digests it is `{found}`"
            )));
        }
    }
    Ok(Some(comparison))
}

/// A build that could write outside of itself was not hermetic, whatever it
/// says.
fn hermetic(predicate: &Provenance) -> Result<(), Refusal> {
    let definition = &predicate.build_definition;
    let mut volumes = definition.external_parameters.volumes.iter();
    match volumes.find(|volume| volume.writable) {
        Some(volume) if definition.internal_parameters.xbuild_hermetic => {
            Err(Refusal::Contradiction(format!(
                "it was hermetic, and it could write to the volume {}",
                volume.name
            )))
        }
        _ => Ok(()),
    }
}

fn hold(
    policy: &Policy,
    statement: &Statement<Provenance>,
    comparison: Option<&Comparison>,
) -> Result<(), Refusal> {
    let predicate = &statement.predicate;
    let definition = &predicate.build_definition;
    let internal = &definition.internal_parameters;
    let source = definition.resolved_dependencies.first();
    let commit = source.and_then(|source| source.digest.get("gitCommit"));
    let external = &definition.external_parameters;
    let pins = internal.xbuild_pins.get("sha256");
    let wanted_pins = policy.pins.map(Sha256::to_hex);
    let builder = &predicate.run_details.builder.id;
    for (what, wanted, found) in [
        ("the builder", &policy.builder, Some(builder)),
        ("the source", &policy.source, Some(&external.source)),
        ("the commit", &policy.commit, commit),
        ("the pins", &wanted_pins, pins),
    ] {
        if let Some(wanted) = wanted
            && found != Some(wanted)
        {
            return Err(Refusal::Policy {
                what,
                wanted: wanted.clone(),
                found: found.map_or("nothing", String::as_str).to_owned(),
            });
        }
    }
    let volumes = external.volumes.iter().map(|volume| volume.name.clone());
    let volumes: Vec<String> = volumes.collect();
    for (what, wanted, found) in [
        ("the targets", &policy.targets, &external.targets),
        (
            "the variables passed on",
            &policy.passthrough,
            &external.passthrough,
        ),
        ("the volumes", &policy.volumes, &volumes),
    ] {
        if let Some(wanted) = wanted
            && let Some(other) = found.iter().find(|one| !wanted.contains(one))
        {
            return Err(Refusal::Policy {
                what,
                wanted: format!("[{}]", wanted.join(", ")),
                found: other.clone(),
            });
        }
    }
    if policy.hermetic && !internal.xbuild_hermetic {
        return Err(Refusal::NotHermetic);
    }
    if policy.clean && (internal.xbuild_source_dirty || commit.is_none()) {
        return Err(Refusal::Dirty);
    }
    if policy.reproducible || !policy.variations.is_empty() {
        reproducible(policy, statement, comparison.ok_or(Refusal::Unverified)?)?;
    }
    Ok(())
}

fn reproducible(
    policy: &Policy,
    statement: &Statement<Provenance>,
    comparison: &Comparison,
) -> Result<(), Refusal> {
    for subject in &statement.subject {
        let name = &subject.name;
        let pair = comparison.pairs().find(|(of, _)| of == name);
        match pair {
            _ if comparison.covers(name, sha256(name, &subject.digest)?) => {}
            Some((_, pair)) => {
                return Err(Refusal::NotReproducible(
                    name.clone(),
                    pair.verdict().name(),
                ));
            }
            None => {
                return Err(Refusal::NotReproducible(name.clone(), "never compared"));
            }
        }
    }
    match policy
        .variations
        .iter()
        .find(|wanted| !comparison.variations().contains(wanted))
    {
        Some(missing) => Err(Refusal::NotVaried(missing.clone())),
        None => Ok(()),
    }
}
