//! Attestations, manifests, lists of sums, keys and signatures, as anybody may
//! send them.

use serde_json::Value;
use xbuild::attest::keys::Secret;
use xbuild::attest::manifest::Manifest;
use xbuild::attest::verify::{Files, Request, verify};
use xbuild::attest::{Envelope, Policy, PublicKey, SecretKey, bundle, json, sums};

use super::keys::SIGNERS;

pub fn holds(data: &[u8]) {
    let files = Files::new();
    let policy = Policy::default();
    let text = std::str::from_utf8(data).ok();
    // None of it was signed with this key: what is in the corpus is signed
    // with the other one.
    for (_, key) in &SIGNERS[1..] {
        for detached in [None, text] {
            let request = Request {
                attestation: data,
                detached,
                key,
                files: &files,
                partial: true,
                policy: &policy,
            };
            assert!(verify(&request).is_err());
        }
    }
    if let Ok(value) = json::parse(data) {
        value_holds(value, data);
    }
    if let Ok(manifest) = Manifest::parse("manifest.json", data) {
        let printed = manifest.text();
        let again = Manifest::parse("manifest.json", printed.as_bytes());
        assert_eq!(again.expect("what is printed can be read"), manifest);
    }
    if let Some(text) = text {
        text_holds(text);
    }
}

fn value_holds(value: Value, data: &[u8]) {
    let lenient = serde_json::from_slice::<Value>(data);
    assert_eq!(lenient.expect("strict JSON is JSON"), value);
    if let Ok(envelope) = bundle::envelope(value.clone()) {
        let again = bundle::envelope(bundle::of_envelope(&envelope, "hint"));
        assert_eq!(again.expect("what is printed can be read"), envelope);
    }
    if let Ok(envelope) = Envelope::read(value) {
        let line = envelope.line();
        assert!(!line.contains('\n'));
        let again = json::parse(line.as_bytes()).expect("a line is JSON");
        assert_eq!(Envelope::read(again), Ok(envelope.clone()));
        if let Ok(opened) = envelope.open(|_, _| true) {
            let payload = envelope.payload_unverified();
            assert_eq!(opened.payload(), payload.expect("it was opened"));
        }
    }
}

fn text_holds(text: &str) {
    if let Ok(files) = sums::parse("SHA256SUMS", text) {
        let listed: Vec<_> = files.clone().into_iter().collect();
        if let Ok(printed) = sums::text(&listed) {
            let again = sums::parse("SHA256SUMS", &printed);
            assert_eq!(again.expect("what is printed can be read"), files);
        }
    }
    // Without a passphrase: its derivation is slow by design.
    let _ = SecretKey::read(&Secret::new(text.into()), None);
    if let Ok(key) = PublicKey::read(text) {
        assert!(!key.verify(b"message", &[0; 64]));
        assert!(!key.verify_file(b"message", text));
    }
}
