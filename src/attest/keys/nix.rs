//! Nix's signing keys, and signatures of store paths in a narinfo. [pure]
//!
//! Formats: `nix-store --generate-binary-cache-key`, and the fingerprint of
//! `nix store sign`: `1;PATH;sha256:HASH;SIZE;REFERENCES`.

use ed25519_dalek::{Signer, SigningKey};
use nix_compat::narinfo::NarInfo;
use nix_compat::signature::compute_fingerprint;
use zeroize::Zeroizing;

use super::KeyFault;
use crate::attest::base64;

/// A signing key and the name that it is trusted under.
pub struct NixKey {
    name: String,
    key: SigningKey,
}

impl NixKey {
    /// Reads `NAME:BASE64`, of 64 bytes: the seed and the public key.
    pub fn read(text: &str) -> Result<Self, KeyFault> {
        let (name, secret) = text.trim().split_once(':').ok_or(KeyFault::Unknown)?;
        let secret = base64::decode(secret).map(Zeroizing::new);
        let secret = secret.ok_or(KeyFault::Unknown)?;
        if secret.len() == 32 {
            return Err(KeyFault::IsPublic);
        }
        let secret: &[u8; 64] = secret[..]
            .try_into()
            .map_err(|_| broken("it has not 64 bytes"))?;
        if name.is_empty() {
            return Err(broken("it has no name"));
        }
        Ok(NixKey {
            name: name.to_owned(),
            key: SigningKey::from_keypair_bytes(secret)
                .map_err(|_| broken("its public half is another key's"))?,
        })
    }

    /// The narinfo with a signature more; the same text where this key's is
    /// there already.
    ///
    /// # Errors
    /// Where the text is no narinfo.
    pub fn sign_narinfo(&self, text: &str) -> Result<String, String> {
        let info = NarInfo::parse(text).map_err(|cause| cause.to_string())?;
        let print = compute_fingerprint(
            &info.store_path,
            &info.nar_hash,
            info.nar_size,
            &info.references,
        );
        let signature = self.key.sign(print.as_bytes()).to_bytes();
        let signature = format!("{}:{}", self.name, base64::encode(&signature));
        if info.signatures.contains(&signature) {
            return Ok(text.to_owned());
        }
        let gap = if text.ends_with('\n') { "" } else { "\n" };
        Ok(format!("{text}{gap}Sig: {signature}\n"))
    }

    /// `NAME:BASE64` of the public key, for `trusted-public-keys`.
    pub fn public(&self) -> String {
        let public = self.key.verifying_key().to_bytes();
        format!("{}:{}", self.name, base64::encode(&public))
    }
}

fn broken(why: &str) -> KeyFault {
    KeyFault::Broken("Nix", why.to_owned())
}
