//! Keys between `-----BEGIN …-----` and `-----END …-----`. [pure]
//!
//! Formats: RFC 7468 (PEM), RFC 5958 (PKCS#8), RFC 8018 (PBES2), RFC 5915 (SEC1), RFC 8410
//! (Ed25519), RFC 5280 (public keys).

use p256::pkcs8::{
    DecodePrivateKey, DecodePublicKey, EncodePublicKey, ObjectIdentifier, PrivateKeyInfo,
    SecretDocument, SubjectPublicKeyInfoRef,
};

use pkcs8::EncryptedPrivateKeyInfo;
use pkcs8::pkcs5::pbes2::Kdf;

use super::{KeyFault, PublicKey, Secret, SecretKey, scrypt};

const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const ED448: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.113");

/// The first block whose label ends with `suffix`, and its label: OpenSSL puts
/// a block of parameters in front of its EC keys.
pub fn block<'t>(text: &'t str, suffix: &str) -> Option<(&'t str, &'t str)> {
    let mut from = 0;
    while let Some(found) = text[from..].find("-----BEGIN ") {
        let start = from + found;
        let label_at = start + "-----BEGIN ".len();
        let label_length = text[label_at..].find("-----")?;
        let label = &text[label_at..label_at + label_length];
        if label.ends_with(suffix) {
            let end = format!("-----END {label}-----");
            let length = text[start..].find(&end)? + end.len();
            return Some((label, &text[start..start + length]));
        }
        from = label_at;
    }
    None
}

/// A private key in PKCS#8, not encrypted.
pub fn pkcs8(pem: &str) -> Result<SecretKey, KeyFault> {
    let (_, document) = SecretDocument::from_pem(pem).map_err(|cause| broken("PKCS#8", &cause))?;
    pkcs8_der(document.as_bytes())
}

/// The same without the armour.
pub fn pkcs8_der(der: &[u8]) -> Result<SecretKey, KeyFault> {
    let info = PrivateKeyInfo::try_from(der).map_err(|cause| broken("PKCS#8", &cause))?;
    match info.algorithm.oid {
        ED25519 => ed25519_dalek::SigningKey::from_pkcs8_der(der)
            .map(SecretKey::Ed25519)
            .map_err(|cause| broken("Ed25519", &cause)),
        EC => p256::ecdsa::SigningKey::from_pkcs8_der(der)
            .map(SecretKey::P256)
            .map_err(|_| curve(info.algorithm.parameters_oid().ok())),
        other => Err(KeyFault::Algorithm(name(other))),
    }
}

/// A private key in encrypted PKCS#8.
pub fn pkcs8_encrypted(pem: &str, passphrase: Option<&Secret>) -> Result<SecretKey, KeyFault> {
    let (_, document) = SecretDocument::from_pem(pem).map_err(|cause| broken("PKCS#8", &cause))?;
    let info = EncryptedPrivateKeyInfo::try_from(document.as_bytes())
        .map_err(|_| KeyFault::Encryption("PKCS#8 without PBES2".to_owned()))?;
    if let Some(Kdf::Scrypt(asked)) = info.encryption_algorithm.pbes2().map(|pbes2| &pbes2.kdf) {
        scrypt::Cost {
            log_n: asked.cost_parameter.checked_ilog2().unwrap_or_default(),
            r: asked.block_size.into(),
            p: asked.parallelization.into(),
        }
        .check()?;
    }
    let passphrase = passphrase.ok_or(KeyFault::NeedsPassphrase)?;
    let opened = info
        .decrypt(passphrase.bytes())
        .map_err(|cause| match cause {
            // A wrong key gives wrong padding, or what is no key.
            pkcs8::Error::EncryptedPrivateKey(
                pkcs8::pkcs5::Error::DecryptFailed | pkcs8::pkcs5::Error::EncryptFailed,
            )
            | pkcs8::Error::Asn1(_) => KeyFault::WrongPassphrase,
            other => KeyFault::Encryption(other.to_string()),
        })?;
    pkcs8_der(opened.as_bytes()).map_err(|fault| match fault {
        KeyFault::Broken(..) => KeyFault::WrongPassphrase,
        other => other,
    })
}

/// A private key in SEC1's own form.
pub fn sec1(pem: &str) -> Result<SecretKey, KeyFault> {
    if pem.contains("ENCRYPTED") {
        let how = "OpenSSL's old encryption of PEM files".to_owned();
        return Err(KeyFault::Encryption(how));
    }
    p256::SecretKey::from_sec1_pem(pem)
        .map(|key| SecretKey::P256(key.into()))
        .map_err(|_| KeyFault::Algorithm("SEC1, but no P-256".to_owned()))
}

/// A public key.
pub fn public(pem: &str) -> Result<PublicKey, KeyFault> {
    let (_, document) =
        p256::pkcs8::Document::from_pem(pem).map_err(|cause| broken("public", &cause))?;
    let der = document.as_bytes();
    let info = SubjectPublicKeyInfoRef::try_from(der).map_err(|cause| broken("public", &cause))?;
    match info.algorithm.oid {
        ED25519 => ed25519_dalek::VerifyingKey::from_public_key_der(der)
            .map(PublicKey::Ed25519)
            .map_err(|cause| broken("Ed25519", &cause)),
        EC => p256::ecdsa::VerifyingKey::from_public_key_der(der)
            .map(PublicKey::P256)
            .map_err(|_| curve(info.algorithm.parameters_oid().ok())),
        other => Err(KeyFault::Algorithm(name(other))),
    }
}

/// The DER form of a public key, which names it.
pub fn public_der(key: &PublicKey) -> Option<Vec<u8>> {
    let document = match key {
        PublicKey::P256(key) => key.to_public_key_der(),
        PublicKey::Ed25519(key) => key.to_public_key_der(),
        PublicKey::Minisign(_) | PublicKey::Ssh(_) => return None,
    };
    document.ok().map(|document| document.as_bytes().to_vec())
}

/// What is wrong with an EC key that is not taken: its curve, if that is
/// another.
fn curve(oid: Option<ObjectIdentifier>) -> KeyFault {
    const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
    const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
    const P521: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");
    match oid {
        Some(P256) => KeyFault::Broken("P-256", "its number is no key".to_owned()),
        Some(P384) => KeyFault::Algorithm("P-384".to_owned()),
        Some(P521) => KeyFault::Algorithm("P-521".to_owned()),
        other => KeyFault::Algorithm(match other {
            Some(oid) => format!("elliptic curve {oid}"),
            None => "nameless elliptic curve".to_owned(),
        }),
    }
}

fn name(oid: ObjectIdentifier) -> String {
    match oid {
        RSA => "RSA".to_owned(),
        ED448 => "Ed448".to_owned(),
        other => format!("{other}"),
    }
}

fn broken(what: &'static str, cause: &impl std::fmt::Display) -> KeyFault {
    KeyFault::Broken(what, cause.to_string())
}
