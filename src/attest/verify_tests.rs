//! Each way in which an attestation can be wrong, and its refusal.

use serde_json::{Value, json};

use super::dsse::{Envelope, pae};
use super::keys::{MinisignKey, PublicKey, SecretKey};
use super::policy::Policy;
use super::provenance::statement;
use super::refusal::Refusal;
use super::samples::{COMMIT, SOURCE, build, files, given, key, public};
use super::slsa::{self, LOCAL_BUILDER};
use super::statement::MEDIA_TYPE;
use super::verify::{Accepted, Request, verify};
use super::{Build, Comparison, bundle};
use crate::config::Isolation;
use crate::pins::Sha256;

fn payload(build: &Build) -> Value {
    serde_json::to_value(statement(build, &files())).unwrap()
}

fn enveloped(payload: &[u8]) -> Envelope {
    let signature = key().sign(&pae(MEDIA_TYPE, payload)).unwrap();
    Envelope::new(MEDIA_TYPE, payload, &signature)
}

fn signed(payload: &Value) -> Vec<u8> {
    enveloped(payload.to_string().as_bytes())
        .line()
        .into_bytes()
}

fn checked(attestation: &[u8], policy: &Policy) -> Result<Accepted, Refusal> {
    verify(&Request {
        attestation,
        detached: None,
        key: &public(),
        files: &given(),
        partial: false,
        policy,
    })
}

/// Everything that can be asked for.
fn strictest() -> Policy {
    Policy {
        builder: Some(LOCAL_BUILDER.into()),
        source: Some(SOURCE.into()),
        commit: Some(COMMIT.into()),
        pins: Some(Sha256::of(b"pins")),
        targets: Some(vec!["x86_64-unknown-linux-musl".into()]),
        passthrough: Some(Vec::new()),
        volumes: Some(Vec::new()),
        hermetic: true,
        reproducible: true,
        variations: vec!["time".into()],
        clean: true,
    }
}

#[test]
fn what_was_signed_is_accepted_under_the_strictest_policy() {
    let payload = payload(&build());
    let envelope = enveloped(payload.to_string().as_bytes());
    let bundle = bundle::of_envelope(&envelope, "hint").to_string();
    let mut url_safe = serde_json::to_value(&envelope).unwrap();
    for text in ["/payload", "/signatures/0/sig"] {
        let text = url_safe.pointer_mut(text).unwrap();
        *text = text
            .as_str()
            .unwrap()
            .replace('+', "-")
            .replace('/', "_")
            .into();
    }
    let url_safe = url_safe.to_string();
    for text in [envelope.line(), bundle, url_safe] {
        let accepted = checked(text.as_bytes(), &strictest()).unwrap();
        assert!(accepted.comparison.unwrap().is_reproducible());
        assert_eq!(accepted.statement, statement(&build(), &files()));
    }
}

#[test]
fn the_predicate_has_the_shape_that_slsa_gives() {
    let payload = payload(&build());
    let predicate = &payload["predicate"];
    let definition = &predicate["buildDefinition"];
    assert_eq!(payload["_type"], "https://in-toto.io/Statement/v1");
    assert_eq!(payload["predicateType"], "https://slsa.dev/provenance/v1");
    assert_eq!(definition["internalParameters"]["xbuild_hermetic"], true);
    let dependencies = definition["resolvedDependencies"].as_array().unwrap();
    let table = [
        (format!("{SOURCE}@{COMMIT}"), json!({ "gitCommit": COMMIT })),
        (
            "pkg:cargo/serde@1.0.1".to_owned(),
            json!({ "sha256": Sha256::of(b"serde") }),
        ),
        (
            format!(
                "pkg:cargo/forked@0.1.0?vcs_url=git%2Bhttps:%2F%2Fexample.invalid%2Fforked%3Frev%3D1%23{COMMIT}"
            ),
            json!({ "gitCommit": COMMIT }),
        ),
        (
            "pkg:deb/debian/libstdc%2B%2B6@14.2.0-19?arch=amd64&distro=trixie".to_owned(),
            json!({ "sha256": Sha256::of(b"deb") }),
        ),
    ];
    assert_eq!(dependencies.len(), table.len());
    for (dependency, (uri, digest)) in dependencies.iter().zip(table) {
        assert_eq!(dependency["uri"], json!(uri));
        assert_eq!(dependency["digest"], digest);
    }
    let metadata = &predicate["runDetails"]["metadata"];
    assert_eq!(metadata["startedOn"], "2027-01-15T08:00:00Z");
    assert_eq!(metadata["finishedOn"], "2027-01-15T08:01:00Z");
    let byproducts = predicate["runDetails"]["byproducts"].as_array().unwrap();
    assert_eq!(byproducts[0]["name"], "xbuild_second_build/hello");
    assert_eq!(
        byproducts[0]["annotations"]["xbuild_verdict"],
        "reproducible"
    );
}

#[test]
fn a_build_says_of_itself_only_what_was_seen() {
    let differs = || {
        let second = files()
            .into_iter()
            .map(|(name, _)| (name, Sha256::of(b"other")));
        Some(Comparison::new(["time".to_owned()], files(), second))
    };
    let of_program_only = || {
        let one = || files().into_iter().filter(|(name, _)| name == "hello");
        Some(Comparison::new(["time".to_owned()], one(), one()))
    };
    type Change = (fn(&mut Policy), Refusal);
    type Case<'a> = (Box<dyn Fn(&mut Build) + 'a>, Change);
    let archive = || "hello.tar.gz".to_owned();
    let cases: [Case<'_>; 8] = [
        (
            Box::new(|build| build.isolation = Isolation::None),
            (|policy| policy.hermetic = true, Refusal::NotHermetic),
        ),
        (
            Box::new(|build| build.comparison = None),
            (|policy| policy.reproducible = true, Refusal::Unverified),
        ),
        (
            Box::new(|build| build.comparison = None),
            (
                |policy| policy.variations = vec!["time".into()],
                Refusal::Unverified,
            ),
        ),
        (
            Box::new(move |build| build.comparison = differs()),
            (
                |policy| policy.reproducible = true,
                Refusal::NotReproducible(archive(), "differs"),
            ),
        ),
        (
            Box::new(move |build| build.comparison = of_program_only()),
            (
                |policy| policy.reproducible = true,
                Refusal::NotReproducible(archive(), "never compared"),
            ),
        ),
        (
            Box::new(|_| {}),
            (
                |policy| policy.variations = vec!["time".into(), "aslr".into()],
                Refusal::NotVaried("aslr".into()),
            ),
        ),
        (
            Box::new(|build| build.source.dirty = true),
            (|policy| policy.clean = true, Refusal::Dirty),
        ),
        (
            Box::new(|build| build.source.commit = None),
            (|policy| policy.clean = true, Refusal::Dirty),
        ),
    ];
    let passed = Refusal::Policy {
        what: "the variables passed on",
        wanted: "[]".into(),
        found: "CI".into(),
    };
    let passed: Case<'_> = (
        Box::new(|build| build.passthrough = vec!["CI".into()]),
        (|policy| policy.passthrough = Some(Vec::new()), passed),
    );
    let volume = |writable| slsa::Volume {
        name: "DATA".into(),
        writable,
    };
    let shown = Refusal::Policy {
        what: "the volumes",
        wanted: "[]".into(),
        found: "DATA".into(),
    };
    let shown: Case<'_> = (
        Box::new(|build| build.volumes = vec![volume(false)]),
        (|policy| policy.volumes = Some(Vec::new()), shown),
    );
    let written: Case<'_> = (
        Box::new(|build| build.volumes = vec![volume(true)]),
        (|policy| policy.hermetic = true, Refusal::NotHermetic),
    );
    for (change, (wish, refusal)) in cases.into_iter().chain([passed, shown, written]) {
        let mut build = build();
        change(&mut build);
        let attestation = signed(&payload(&build));
        checked(&attestation, &Policy::default()).unwrap();
        let mut policy = Policy::default();
        wish(&mut policy);
        assert_eq!(checked(&attestation, &policy), Err(refusal));
    }
}

#[test]
fn verdicts_that_the_digests_belie_are_refused() {
    type Lie = fn(&mut Value);
    let lies: [Lie; 7] = [
        |p| {
            p["runDetails"]["byproducts"][0]["annotations"]["xbuild_second"] = "0".repeat(64).into()
        },
        |p| p["runDetails"]["byproducts"][0]["annotations"]["xbuild_verdict"] = "differs".into(),
        |p| p["runDetails"]["byproducts"] = json!([]),
        |p| {
            let verification =
                &mut p["buildDefinition"]["internalParameters"]["xbuild_verification"];
            verification["verdict"] = "differs".into();
        },
        |p| p["buildDefinition"]["internalParameters"]["xbuild_verification"] = Value::Null,
        |p| {
            let volume = json!([{ "name": "DATA", "writable": true }]);
            p["buildDefinition"]["externalParameters"]["volumes"] = volume;
        },
        |p| {
            let first = p["runDetails"]["byproducts"][0].clone();
            let list = p["runDetails"]["byproducts"].as_array_mut().unwrap();
            list.push(first);
        },
    ];
    for (index, lie) in lies.into_iter().enumerate() {
        let mut payload = payload(&build());
        lie(&mut payload["predicate"]);
        let refusal = checked(&signed(&payload), &Policy::default()).unwrap_err();
        assert!(
            matches!(refusal, Refusal::Contradiction(_)),
            "{index}: {refusal}"
        );
    }
}

#[test]
fn each_change_of_what_is_said_has_its_refusal() {
    type Change = fn(&mut Value);
    let table: [(Change, &str); 14] = [
        (
            |s| s["subject"][0]["digest"]["sha256"] = "0".repeat(64).into(),
            "not the file that it is about",
        ),
        (
            |s| s["subject"][0]["digest"] = json!({"sha512": "00"}),
            "is by sha512",
        ),
        (
            |s| s["subject"][0]["digest"]["md5"] = "00".into(),
            "is by md5",
        ),
        (|s| s["subject"][0]["digest"] = json!({}), "is by nothing"),
        (
            |s| s["subject"][0]["digest"]["sha256"] = "00".into(),
            "is no SHA-256",
        ),
        (
            |s| s["subject"][0]["name"] = "other".into(),
            "it is about `other` as well",
        ),
        (
            |s| s["subject"][0]["name"] = "hello".into(),
            "it is about `hello`",
        ),
        (
            |s| {
                s["subject"].as_array_mut().unwrap().pop();
            },
            "says nothing about `hello`",
        ),
        (
            |s| s["subject"][1] = s["subject"][0].clone(),
            "names `hello.tar.gz` twice",
        ),
        (
            |s| s["predicateType"] = "https://slsa.dev/provenance/v0.2".into(),
            "not SLSA provenance v1",
        ),
        (
            |s| s["_type"] = "https://in-toto.io/Statement/v0.1".into(),
            "in-toto statement v1",
        ),
        (
            |s| s["predicate"]["buildDefinition"]["buildType"] = "other".into(),
            "not xbuild's",
        ),
        (
            |s| s["predicate"]["buildDefinition"]["externalParameters"]["hook"] = 1.into(),
            "unknown or missing external parameter: unknown field `hook`",
        ),
        (
            |s| {
                s["predicate"]["buildDefinition"]["externalParameters"]
                    .as_object_mut()
                    .unwrap()
                    .remove("source");
            },
            "missing external parameter: missing field `source`",
        ),
    ];
    for (change, why) in table {
        let mut statement = payload(&build());
        change(&mut statement);
        let refusal = checked(&signed(&statement), &Policy::default()).unwrap_err();
        let said = refusal.to_string();
        // The digest of another file stands under the name of this one.
        let why = if why == "it is about `hello`" {
            "not the file"
        } else {
            why
        };
        assert!(said.contains(why), "{said}");
    }
}

#[test]
fn a_policy_that_is_not_met_is_said_with_both_sides() {
    let attestation = signed(&payload(&build()));
    type Wish = fn(&mut Policy);
    let table: [(Wish, &str, &str); 5] = [
        (
            |p| p.builder = Some("other".into()),
            "the builder other",
            LOCAL_BUILDER,
        ),
        (
            |p| p.source = Some("git+https://else".into()),
            "the source git+https://else",
            SOURCE,
        ),
        (|p| p.commit = Some("ff".into()), "the commit ff", COMMIT),
        (
            |p| p.pins = Some(Sha256::of(b"")),
            "the pins e3b0c442",
            "says",
        ),
        (
            |p| p.targets = Some(vec!["arm".into()]),
            "the targets [arm]",
            "x86_64",
        ),
    ];
    for (wish, wanted, found) in table {
        let mut policy = Policy::default();
        wish(&mut policy);
        let said = checked(&attestation, &policy).unwrap_err().to_string();
        assert!(said.contains(wanted) && said.contains(found), "{said}");
    }
}

#[test]
fn an_envelope_opens_only_as_it_was_signed() {
    let statement = payload(&build());
    let envelope: Value = serde_json::from_slice(&signed(&statement)).unwrap();
    let text = envelope.to_string();
    let with = |key: &str, value: Value| {
        let mut changed = envelope.clone();
        changed[key] = value;
        changed.to_string()
    };
    let encoded = |text: &str| json!(super::base64::encode(text.as_bytes()));
    let twice = statement.to_string().replacen('{', "{\"_type\":\"x\",", 1);
    let twice = enveloped(twice.as_bytes()).line();
    let other_kind = key().sign(&pae("text/plain", b"{}")).unwrap();
    let other_kind = Envelope::new("text/plain", b"{}", &other_kind).line();
    let bundle_of_file = bundle::of_file(Sha256::of(b""), b"", "").to_string();
    let table = [
        (
            with("payload", encoded(&format!("{statement:#}"))),
            "no signature in it",
        ),
        (with("payload", encoded("{}")), "no signature in it"),
        (
            with("payloadType", json!("application/json")),
            "no signature in it",
        ),
        (with("signatures", json!([])), "no signature in it"),
        (
            with("signatures", json!([{"sig": "AAAA"}])),
            "no signature in it",
        ),
        (with("payload", json!("*")), "not base64"),
        (
            text.replacen('{', "{\"payload\":\"e30=\",", 1),
            "`payload` stands twice",
        ),
        (twice, "`_type` stands twice"),
        (other_kind, "text/plain"),
        (statement.to_string(), "not signed"),
        (bundle_of_file, "holds no DSSE envelope"),
        (format!("{text}\n{text}"), "trailing"),
        (String::new(), "EOF"),
        ("[]".to_owned(), "no DSSE envelope"),
    ];
    for (attestation, why) in table {
        let refusal = checked(attestation.as_bytes(), &Policy::default()).unwrap_err();
        assert!(refusal.to_string().contains(why), "{why}: {refusal}");
    }
}

#[test]
fn only_the_right_key_opens_an_envelope() {
    let attestation = signed(&payload(&build()));
    let ed25519 = ed25519_dalek::SigningKey::from_bytes(&[7; 32]);
    let p256 = p256::ecdsa::SigningKey::from_bytes(&[8; 32].into()).unwrap();
    let others = [SecretKey::Ed25519(ed25519), SecretKey::P256(p256)];
    for other in others {
        let key = other.public().unwrap();
        let result = verify(&Request {
            attestation: &attestation,
            detached: None,
            key: &key,
            files: &given(),
            partial: false,
            policy: &Policy::default(),
        });
        assert_eq!(result, Err(Refusal::Signature));
    }
}

#[test]
fn fewer_files_than_signed_are_enough_only_when_asked_for() {
    let attestation = signed(&payload(&build()));
    let mut files = given();
    let mut check = |partial: bool| {
        files.remove("hello.tar.gz");
        verify(&Request {
            attestation: &attestation,
            detached: None,
            key: &public(),
            files: &files,
            partial,
            policy: &Policy::default(),
        })
    };
    assert!(check(true).is_ok());
    let refusal = Refusal::ExtraSubject("hello.tar.gz".into());
    assert_eq!(check(false), Err(refusal));
}

#[test]
fn a_statement_with_a_signature_beside_it_holds_as_it_stands() {
    let (text, passphrase) = (super::keys::samples::MINISIGN, None);
    let key = MinisignKey::open(text, passphrase).unwrap();
    let statement = payload(&build()).to_string();
    let signature = key.sign("statement", statement.as_bytes());
    let public = PublicKey::Minisign(key.public());
    let check = |attestation: &str, detached: Option<&str>| {
        verify(&Request {
            attestation: attestation.as_bytes(),
            detached,
            key: &public,
            files: &given(),
            partial: false,
            policy: &strictest(),
        })
    };
    assert!(check(&statement, Some(&signature)).is_ok());
    assert_eq!(check(&statement, None), Err(Refusal::Unsigned));
    let spaced = format!("{statement}\n");
    assert_eq!(check(&spaced, Some(&signature)), Err(Refusal::Signature));
    let renamed = signature.replace("file:statement", "file:other");
    assert_eq!(check(&statement, Some(&renamed)), Err(Refusal::Signature));
    // Its key has no business with envelopes.
    let envelope = String::from_utf8(signed(&payload(&build()))).unwrap();
    assert_eq!(check(&envelope, Some(&signature)), Err(Refusal::Signature));
}

proptest::proptest! {
    /// One other byte anywhere, and an attestation is refused, or it says the
    /// very same thing: a name without meaning or a blank may change.
    #[test]
    fn no_other_bytes_are_accepted_for_the_signed_ones(at in 0usize..8000, byte: u8) {
        let payload = payload(&build());
        let envelope = enveloped(payload.to_string().as_bytes());
        let expected = statement(&build(), &files());
        for text in [envelope.line(), bundle::of_envelope(&envelope, "hint").to_string()] {
            let mut bytes = text.into_bytes();
            let at = at % bytes.len();
            bytes[at] = byte;
            if let Ok(accepted) = checked(&bytes, &Policy::default()) {
                assert_eq!(accepted.statement, expected);
            }
        }
    }
}
