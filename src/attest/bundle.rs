//! The Sigstore bundle, version 0.3: an envelope, or the signature of a file,
//! with what is needed to verify it offline. [pure]
//!
//! Format: github.com/sigstore/protobuf-specs, `sigstore_bundle.proto`, in the
//! JSON form of protocol buffers. Bundles made with a plain key carry a hint
//! of it in place of a certificate, and no entry of a transparency log.

use serde_json::{Value, json};

use super::base64;
use super::dsse::Envelope;
use super::refusal::Refusal;
use crate::pins::Sha256;

pub const MEDIA_TYPE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";

/// A bundle of an envelope. The hint names the key to people and programs; it
/// is no ground for trust.
pub fn of_envelope(envelope: &Envelope, hint: &str) -> Value {
    json!({
        "mediaType": MEDIA_TYPE,
        "verificationMaterial": material(hint),
        "dsseEnvelope": envelope,
    })
}

/// A bundle of a signature over a whole file.
pub fn of_file(sha256: Sha256, signature: &[u8], hint: &str) -> Value {
    json!({
        "mediaType": MEDIA_TYPE,
        "verificationMaterial": material(hint),
        "messageSignature": {
            "messageDigest": {
                "algorithm": "SHA2_256",
                "digest": base64::encode(sha256.as_bytes()),
            },
            "signature": base64::encode(signature),
        },
    })
}

fn material(hint: &str) -> Value {
    json!({ "publicKey": { "hint": hint }, "tlogEntries": [] })
}

/// The envelope in a bundle.
///
/// # Errors
/// [`Refusal::Malformed`] where it is no bundle of version 0.3, was not made
/// with a plain key, or holds something else than an envelope.
pub fn envelope(mut bundle: Value) -> Result<Envelope, Refusal> {
    let wrong = |why: String| Refusal::Malformed("Sigstore bundle", why);
    match bundle["mediaType"].as_str() {
        Some(MEDIA_TYPE) => {}
        other => {
            let other = other.unwrap_or("nothing");
            return Err(wrong(format!(
                "its media type is {other}, not {MEDIA_TYPE}"
            )));
        }
    }
    if !bundle["verificationMaterial"]["publicKey"].is_object() {
        return Err(wrong(
            "it was made with a certificate, not with a key".to_owned(),
        ));
    }
    match bundle["dsseEnvelope"].take() {
        Value::Null => Err(wrong("it holds no DSSE envelope".to_owned())),
        envelope => Envelope::read(envelope),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_bundle_of_an_envelope_is_opened() {
        let inner = Envelope::new("t", b"{}", b"sig");
        let good = of_envelope(&inner, "hint");
        assert_eq!(envelope(good.clone()), Ok(inner));
        let with = |key: &str, value: Value| {
            let mut bundle = good.clone();
            bundle[key] = value;
            bundle
        };
        let version = "application/vnd.dev.sigstore.bundle.v0.1+json";
        for (bundle, why) in [
            (with("mediaType", json!(version)), "media type"),
            (
                with("verificationMaterial", json!({"certificate": {}})),
                "certificate",
            ),
            (with("dsseEnvelope", Value::Null), "no DSSE envelope"),
            (with("dsseEnvelope", json!({"payload": 1})), "invalid type"),
            (of_file(Sha256::of(b""), b"sig", "hint"), "no DSSE envelope"),
            (json!([]), "media type is nothing"),
        ] {
            let refusal = envelope(bundle).unwrap_err();
            assert!(refusal.to_string().contains(why), "{refusal}");
        }
    }
}
