//! The keys that people have, told by what they look like. [pure but for
//! [`source`]]
//!
//! Invariant: nothing here that holds a secret has `Debug`, `Display` or
//! `Serialize`, and all of it is wiped when it is dropped.

mod cosign;
mod fault;
mod minisign;
mod nix;
mod pem;
mod scrypt;
mod secret;
pub mod source;
mod ssh;

use p256::ecdsa::signature::{Signer, Verifier};

use super::base64;
use crate::pins::Sha256;

pub use fault::KeyFault;
pub use minisign::{MinisignKey, MinisignPublic};
pub use nix::NixKey;
pub use secret::Secret;

/// A key that can sign.
pub enum SecretKey {
    P256(p256::ecdsa::SigningKey),
    Ed25519(ed25519_dalek::SigningKey),
    Minisign(MinisignKey),
    Ssh(Box<ssh_key::PrivateKey>),
    Nix(NixKey),
}

/// A key that can verify.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PublicKey {
    P256(p256::ecdsa::VerifyingKey),
    Ed25519(ed25519_dalek::VerifyingKey),
    Minisign(MinisignPublic),
    Ssh(Box<ssh_key::PublicKey>),
}

impl SecretKey {
    /// Reads a private key of any known kind; the passphrase is used where
    /// the key is encrypted.
    ///
    /// # Errors
    /// What is wrong with it, without a byte of it.
    pub fn read(text: &Secret, passphrase: Option<&Secret>) -> Result<Self, KeyFault> {
        let text = text.text().ok_or(KeyFault::Unknown)?;
        if let Some((label, block)) = pem::block(text, "PRIVATE KEY") {
            return match label {
                "PRIVATE KEY" => pem::pkcs8(block),
                "EC PRIVATE KEY" => pem::sec1(block),
                "OPENSSH PRIVATE KEY" => {
                    ssh::open(block, passphrase).map(|key| SecretKey::Ssh(Box::new(key)))
                }
                "ENCRYPTED SIGSTORE PRIVATE KEY" | "ENCRYPTED COSIGN PRIVATE KEY" => {
                    cosign::open(block, passphrase)
                }
                "ENCRYPTED PRIVATE KEY" => pem::pkcs8_encrypted(block, passphrase),
                "RSA PRIVATE KEY" => Err(KeyFault::Algorithm("RSA".to_owned())),
                _ => Err(KeyFault::Unknown),
            };
        }
        if text.starts_with(minisign::COMMENT) {
            return MinisignKey::open(text, passphrase).map(SecretKey::Minisign);
        }
        let is_public = ["ssh-", "ecdsa-sha2-"]
            .iter()
            .any(|word| text.starts_with(word));
        if is_public || pem::block(text, "PUBLIC KEY").is_some() {
            return Err(KeyFault::IsPublic);
        }
        match text.trim().lines().count() {
            1 => NixKey::read(text).map(SecretKey::Nix),
            _ => Err(KeyFault::Unknown),
        }
    }

    /// What it is called in messages.
    pub fn kind(&self) -> &'static str {
        match self {
            SecretKey::P256(_) => "ECDSA P-256",
            SecretKey::Ed25519(_) => "Ed25519",
            SecretKey::Minisign(_) => "minisign",
            SecretKey::Ssh(_) => "SSH",
            SecretKey::Nix(_) => "Nix",
        }
    }

    /// The key that verifies; Nix's verify store paths alone.
    pub fn public(&self) -> Option<PublicKey> {
        Some(match self {
            SecretKey::P256(key) => PublicKey::P256(*key.verifying_key()),
            SecretKey::Ed25519(key) => PublicKey::Ed25519(key.verifying_key()),
            SecretKey::Minisign(key) => PublicKey::Minisign(key.public()),
            SecretKey::Ssh(key) => PublicKey::Ssh(Box::new(key.public_key().clone())),
            SecretKey::Nix(_) => return None,
        })
    }

    /// A bare signature: DER of ECDSA with SHA-256, or Ed25519's 64 bytes.
    /// Both are deterministic (RFC 6979, RFC 8032).
    ///
    /// # Errors
    /// [`KeyFault::Purpose`] for keys that sign in a format of their own.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyFault> {
        match self {
            SecretKey::P256(key) => {
                let signature: p256::ecdsa::Signature = key.sign(message);
                Ok(signature.to_der().as_bytes().to_vec())
            }
            SecretKey::Ed25519(key) => Ok(key.sign(message).to_bytes().to_vec()),
            other => Err(KeyFault::Purpose(
                other.kind(),
                "it has a format of its own for files",
            )),
        }
    }

    /// An armoured signature of `ssh-keygen -Y`, where it is an SSH key.
    ///
    /// # Errors
    /// Where the key is another kind's.
    pub fn sign_ssh(&self, data: &[u8]) -> Result<String, KeyFault> {
        match self {
            SecretKey::Ssh(key) => ssh::sign(key, data),
            other => Err(KeyFault::Purpose(other.kind(), "it is no SSH key")),
        }
    }
}

impl PublicKey {
    /// Reads a public key of any known kind.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(text: &str) -> Result<Self, KeyFault> {
        if pem::block(text, "PRIVATE KEY").is_some() {
            return Err(KeyFault::IsPrivate);
        }
        if let Some((_, block)) = pem::block(text, "PUBLIC KEY") {
            return pem::public(block);
        }
        let text = text.trim();
        if text.starts_with("ssh-") || text.starts_with("ecdsa-sha2-") {
            let key = ssh_key::PublicKey::from_openssh(text)
                .map_err(|cause| KeyFault::Broken("OpenSSH", cause.to_string()))?;
            return Ok(PublicKey::Ssh(Box::new(key)));
        }
        if text.starts_with(minisign::COMMENT) || text.starts_with("RW") && text.len() == 56 {
            return MinisignPublic::read(text).map(PublicKey::Minisign);
        }
        Err(KeyFault::Unknown)
    }

    /// Whether a bare signature is this key's over the message.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            PublicKey::P256(key) => p256::ecdsa::Signature::from_der(signature)
                .is_ok_and(|signature| key.verify(message, &signature).is_ok()),
            PublicKey::Ed25519(key) => ed25519_dalek::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify_strict(message, &signature).is_ok()),
            PublicKey::Minisign(_) | PublicKey::Ssh(_) => false,
        }
    }

    /// Whether the text of a signature's file is this key's over the data.
    pub fn verify_file(&self, data: &[u8], signature: &str) -> bool {
        match self {
            PublicKey::Minisign(key) => key.verify(data, signature),
            PublicKey::Ssh(key) => ssh::verify(key, data, signature),
            PublicKey::P256(_) | PublicKey::Ed25519(_) => false,
        }
    }

    /// What the signature beside a file is called, for keys that make such.
    pub fn suffix(&self) -> Option<&'static str> {
        match self {
            PublicKey::Minisign(_) => Some(".minisig"),
            PublicKey::Ssh(_) => Some(".sig"),
            PublicKey::P256(_) | PublicKey::Ed25519(_) => None,
        }
    }

    /// How a Sigstore bundle names it: the SHA-256 of its DER form, in base64.
    pub fn hint(&self) -> Option<String> {
        let der = pem::public_der(self)?;
        Some(base64::encode(Sha256::of(&der).as_bytes()))
    }
}

#[cfg(test)]
pub mod samples;
#[cfg(test)]
mod tests;
