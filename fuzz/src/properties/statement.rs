//! Statements behind a signature that holds.

use serde_json::Value;
use xbuild::attest::dsse::{Envelope, pae};
use xbuild::attest::statement::{MEDIA_TYPE, Statement, Subject};
use xbuild::attest::verify::{Accepted, Files, Request, verify};
use xbuild::attest::{Policy, PublicKey, Refusal, SecretKey, json};

use super::keys::SIGNERS;

pub fn holds(data: &[u8]) {
    let [(ed25519, public), (_, other)] = &*SIGNERS;
    let files = subjects(data);
    let policies = [
        Policy::default(),
        Policy {
            hermetic: true,
            clean: true,
            reproducible: true,
            ..Policy::default()
        },
    ];
    for policy in &policies {
        let Ok(accepted) = check(ed25519, public, data, &files, policy) else {
            continue;
        };
        let signed = envelope(ed25519, data);
        let forged = request(&signed, other, &files, policy);
        assert_eq!(verify(&forged), Err(Refusal::Signature));
        for (subject, sha256) in &files {
            let is = |one: &Subject| {
                let digests = one.digest.values().map(|hex| hex.parse());
                one.name == *subject && digests.eq([Ok(*sha256)])
            };
            assert!(accepted.statement.subject.iter().any(is));
        }
        let definition = &accepted.statement.predicate.build_definition;
        if policy.hermetic {
            assert!(definition.internal_parameters.xbuild_hermetic);
            let mut volumes = definition.external_parameters.volumes.iter();
            assert!(!volumes.any(|volume| volume.writable));
            let comparison = accepted.comparison.as_ref();
            let comparison = comparison.expect("a second build was asked for");
            for (name, sha256) in &files {
                assert!(comparison.covers(name, *sha256));
            }
        }
        let printed = serde_json::to_vec(&accepted.statement).expect("it can be written");
        let again = check(ed25519, public, &printed, &files, policy);
        assert_eq!(again.expect("what is printed is accepted"), accepted);
    }
}

fn check(
    key: &SecretKey,
    public: &PublicKey,
    payload: &[u8],
    files: &Files,
    policy: &Policy,
) -> Result<Accepted, Refusal> {
    verify(&request(&envelope(key, payload), public, files, policy))
}

fn envelope(key: &SecretKey, payload: &[u8]) -> Vec<u8> {
    let signature = key.sign(&pae(MEDIA_TYPE, payload));
    let signature = signature.expect("such a key signs anything");
    Envelope::new(MEDIA_TYPE, payload, &signature)
        .line()
        .into_bytes()
}

fn request<'a>(
    attestation: &'a [u8],
    key: &'a PublicKey,
    files: &'a Files,
    policy: &'a Policy,
) -> Request<'a> {
    Request {
        attestation,
        detached: None,
        key,
        files,
        partial: false,
        policy,
    }
}

/// The files that it is about, as if they were there.
fn subjects(data: &[u8]) -> Files {
    let statement = json::parse(data).and_then(serde_json::from_value::<Statement<Value>>);
    let subjects = statement.map(|statement| statement.subject);
    let digests = subjects.unwrap_or_default().into_iter().filter_map(|one| {
        let sha256 = one.digest.get("sha256")?.parse().ok()?;
        Some((one.name, sha256))
    });
    digests.collect()
}
