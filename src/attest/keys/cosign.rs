//! The encrypted private keys of `cosign generate-key-pair`. [pure]
//!
//! Format: github.com/secure-systems-lab/go-securesystemslib, `encrypted`: JSON
//! in PEM with scrypt (RFC 7914) and NaCl's secretbox around a PKCS#8 key.

use crypto_secretbox::aead::{Aead, KeyInit};
use crypto_secretbox::{Key, Nonce, XSalsa20Poly1305};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::{KeyFault, Secret, SecretKey, pem, scrypt};
use crate::attest::base64;

#[derive(Deserialize)]
struct Encrypted {
    kdf: Kdf,
    cipher: Cipher,
    ciphertext: String,
}

#[derive(Deserialize)]
struct Kdf {
    name: String,
    params: Params,
    salt: String,
}

#[derive(Deserialize)]
struct Params {
    #[serde(rename = "N")]
    n: u64,
    r: u32,
    p: u32,
}

#[derive(Deserialize)]
struct Cipher {
    name: String,
    nonce: String,
}

/// Opens a key's block of PEM.
pub fn open(pem_block: &str, passphrase: Option<&Secret>) -> Result<SecretKey, KeyFault> {
    let lines = pem_block.lines().filter(|line| !line.starts_with("-----"));
    let body: String = lines.map(str::trim).collect();
    let body = base64::decode(&body).ok_or_else(|| broken("its armour is not base64"))?;
    let encrypted: Encrypted =
        serde_json::from_slice(&body).map_err(|cause| broken(&cause.to_string()))?;
    let (kdf, cipher) = (&encrypted.kdf, &encrypted.cipher);
    if kdf.name != "scrypt" || cipher.name != "nacl/secretbox" {
        return Err(KeyFault::Encryption(format!(
            "{} and {}",
            kdf.name, cipher.name
        )));
    }
    let bytes =
        |text: &str| base64::decode(text).ok_or_else(|| broken("a part of it is not base64"));
    let nonce: [u8; 24] = bytes(&cipher.nonce)?
        .try_into()
        .map_err(|_| broken("its nonce has not 24 bytes"))?;
    // cosign encrypts with an empty passphrase where people want none.
    let empty = Secret::new(Vec::new());
    let missing = match passphrase {
        Some(_) => KeyFault::WrongPassphrase,
        None => KeyFault::NeedsPassphrase,
    };
    let passphrase = passphrase.unwrap_or(&empty);
    if !kdf.params.n.is_power_of_two() {
        return Err(broken("scrypt's N is no power of two"));
    }
    let cost = scrypt::Cost {
        log_n: kdf.params.n.trailing_zeros(),
        r: kdf.params.r,
        p: kdf.params.p,
    };
    let mut key = Zeroizing::new([0; 32]);
    scrypt::derive(passphrase, &bytes(&kdf.salt)?, cost, &mut *key)?;
    let opened = XSalsa20Poly1305::new(Key::from_slice(&*key))
        .decrypt(Nonce::from_slice(&nonce), &*bytes(&encrypted.ciphertext)?)
        .map_err(|_| missing)?;
    pem::pkcs8_der(&Zeroizing::new(opened))
}

fn broken(why: &str) -> KeyFault {
    KeyFault::Broken("cosign", why.to_owned())
}
