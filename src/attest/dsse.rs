//! DSSE, the envelope around what is signed: the signature covers the payload's
//! bytes and its type, and needs no canonical form of JSON. [pure]
//!
//! Format: github.com/secure-systems-lab/dsse, `protocol.md` and `envelope.md`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::base64;
use super::refusal::Refusal;

/// A payload with its signatures, as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Envelope {
    payload: String,
    payload_type: String,
    signatures: Vec<Signature>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Signature {
    sig: String,
    /// Tells keys apart; it is no ground for trust and is not looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    keyid: Option<String>,
}

/// A payload whose signature held: the very bytes that were verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    payload: Vec<u8>,
    payload_type: String,
}

impl Verified {
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    pub fn payload_type(&self) -> &str {
        &self.payload_type
    }
}

/// The bytes that are signed: the pre-authentication encoding, version 1.
pub fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let head = format!(
        "DSSEv1 {} {payload_type} {} ",
        payload_type.len(),
        payload.len()
    );
    let mut bytes = head.into_bytes();
    bytes.extend_from_slice(payload);
    bytes
}

impl Envelope {
    /// Puts a signature over [`pae`] around its payload.
    pub fn new(payload_type: &str, payload: &[u8], signature: &[u8]) -> Self {
        Envelope {
            payload: base64::encode(payload),
            payload_type: payload_type.to_owned(),
            signatures: vec![Signature {
                sig: base64::encode(signature),
                keyid: None,
            }],
        }
    }

    /// Reads an envelope.
    ///
    /// # Errors
    /// [`Refusal::Malformed`] where it is none.
    pub fn read(value: Value) -> Result<Self, Refusal> {
        serde_json::from_value(value)
            .map_err(|cause| Refusal::Malformed("DSSE envelope", cause.to_string()))
    }

    /// As one line of JSON.
    pub fn line(&self) -> String {
        // Strings and lists of strings are always JSON.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Gives out the payload where `verify` holds for one of the signatures.
    ///
    /// # Errors
    /// [`Refusal::Malformed`] where payload or signature are no base64;
    /// [`Refusal::Signature`] where no signature holds.
    pub fn open(&self, verify: impl Fn(&[u8], &[u8]) -> bool) -> Result<Verified, Refusal> {
        let payload = decode("payload", &self.payload)?;
        let message = pae(&self.payload_type, &payload);
        for signature in &self.signatures {
            if verify(&message, &decode("signature", &signature.sig)?) {
                return Ok(Verified {
                    payload,
                    payload_type: self.payload_type.clone(),
                });
            }
        }
        Err(Refusal::Signature)
    }

    /// The payload that anybody may have put there: for comparing with, never
    /// for trusting.
    ///
    /// # Errors
    /// [`Refusal::Malformed`] where it is no base64.
    pub fn payload_unverified(&self) -> Result<Vec<u8>, Refusal> {
        decode("payload", &self.payload)
    }
}

fn decode(what: &str, text: &str) -> Result<Vec<u8>, Refusal> {
    base64::decode(text)
        .ok_or_else(|| Refusal::Malformed("DSSE envelope", format!("its {what} is not base64")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_encoding_has_the_vector_of_the_specification() {
        assert_eq!(
            pae("http://example.com/HelloWorld", b"hello world"),
            b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
        );
        assert_eq!(pae("é", b""), "DSSEv1 2 é 0 ".as_bytes());
    }

    #[test]
    fn only_a_signature_over_type_and_payload_opens_an_envelope() {
        let (kind, payload) = ("t/x", &b"{}"[..]);
        let signs = |message: &[u8], signature: &[u8]| message == signature;
        let good = Envelope::new(kind, payload, &pae(kind, payload));
        assert_eq!(good.open(signs).unwrap().payload(), payload);
        let table = [
            Envelope::new("t/y", payload, &pae(kind, payload)),
            Envelope::new(kind, b"{ }", &pae(kind, payload)),
            Envelope::new(kind, payload, b""),
            Envelope {
                signatures: Vec::new(),
                ..good.clone()
            },
        ];
        for envelope in table {
            assert_eq!(envelope.open(signs), Err(Refusal::Signature));
        }
        let broken = Envelope {
            payload: "e30=!".to_owned(),
            ..good
        };
        assert!(matches!(broken.open(signs), Err(Refusal::Malformed(..))));
    }
}
