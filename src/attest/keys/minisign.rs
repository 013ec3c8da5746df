//! minisign's keys and signatures. [pure]
//!
//! Format: jedisct1.github.io/minisign, and its sources. Own code, since the
//! crate of its author prints secret keys under `Debug`, does not wipe them,
//! and asks the terminal for passphrases.

use blake2::digest::{Update, VariableOutput};
use blake2::{Blake2b512, Blake2bVar, Digest};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use zeroize::Zeroizing;

use super::{KeyFault, Secret, scrypt};
use crate::attest::base64;

/// What every line of talk in these files begins with.
pub const COMMENT: &str = "untrusted comment:";

/// Of a file's BLAKE2b-512; `Ed`, of the file itself, is the old form.
const PREHASHED: &[u8; 2] = b"ED";
const PURE: &[u8; 2] = b"Ed";
const CHECKSUM: &[u8; 2] = b"B2";
const SCRYPT: &[u8; 2] = b"Sc";
const NO_KDF: [u8; 2] = [0, 0];

/// A signing key and the number that names it.
pub struct MinisignKey {
    number: [u8; 8],
    key: SigningKey,
}

/// A public key and the number that names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MinisignPublic {
    number: [u8; 8],
    key: VerifyingKey,
}

impl MinisignKey {
    /// Reads a secret key's file.
    pub fn open(text: &str, passphrase: Option<&Secret>) -> Result<Self, KeyFault> {
        let line = text.lines().nth(1).unwrap_or_default().trim();
        let bytes = base64::decode(line).map(Zeroizing::new);
        let bytes = bytes.ok_or_else(|| broken("its second line is not base64"))?;
        if bytes.len() == 42 {
            return Err(KeyFault::IsPublic);
        }
        let bytes: &[u8; 158] = bytes[..]
            .try_into()
            .map_err(|_| broken("its second line has not 158 bytes"))?;
        let [algorithm, kdf, checksum] = [&bytes[0..2], &bytes[2..4], &bytes[4..6]];
        if algorithm != PURE || checksum != CHECKSUM {
            return Err(broken("it is of an unknown kind"));
        }
        let mut sealed = Zeroizing::new([0; 104]);
        sealed.copy_from_slice(&bytes[54..158]);
        let encrypted = kdf == SCRYPT;
        if encrypted {
            let passphrase = passphrase.ok_or(KeyFault::NeedsPassphrase)?;
            let cost = cost(number(&bytes[38..46]), number(&bytes[46..54]));
            let mut stream = Zeroizing::new([0; 104]);
            scrypt::derive(passphrase, &bytes[6..38], cost, &mut *stream)?;
            for (byte, mask) in sealed.iter_mut().zip(stream.iter()) {
                *byte ^= mask;
            }
        } else if kdf != NO_KDF {
            return Err(KeyFault::Encryption("an unknown derivation".to_owned()));
        }
        let mut hash = Blake2bVar::new(32).map_err(|cause| broken(&cause.to_string()))?;
        hash.update(algorithm);
        hash.update(&sealed[..72]);
        let mut expected = [0; 32];
        hash.finalize_variable(&mut expected)
            .map_err(|cause| broken(&cause.to_string()))?;
        // minisign leaves the checksum of a key without a passphrase empty;
        // that the two halves of the key fit is looked at below.
        if encrypted && expected != sealed[72..104] {
            return Err(KeyFault::WrongPassphrase);
        }
        let mut pair = Zeroizing::new([0; 64]);
        pair.copy_from_slice(&sealed[8..72]);
        let mut number = [0; 8];
        number.copy_from_slice(&sealed[..8]);
        Ok(MinisignKey {
            number,
            key: SigningKey::from_keypair_bytes(&pair)
                .map_err(|cause| broken(&cause.to_string()))?,
        })
    }

    /// The signature's file for a file of that name.
    pub fn sign(&self, name: &str, data: &[u8]) -> String {
        let signature = self.key.sign(&Blake2b512::digest(data)).to_bytes();
        // No time: the same key and file give the same signature.
        let trusted = format!("file:{name}\thashed");
        let mut global = signature.to_vec();
        global.extend_from_slice(trusted.as_bytes());
        let global = self.key.sign(&global).to_bytes();
        let mut line = PREHASHED.to_vec();
        line.extend_from_slice(&self.number);
        line.extend_from_slice(&signature);
        format!(
            "{COMMENT} signature of {name}\n{}\ntrusted comment: {trusted}\n{}\n",
            base64::encode(&line),
            base64::encode(&global)
        )
    }

    pub fn public(&self) -> MinisignPublic {
        MinisignPublic {
            number: self.number,
            key: self.key.verifying_key(),
        }
    }
}

impl MinisignPublic {
    /// Reads a public key's file, or the one line that matters of it.
    pub fn read(text: &str) -> Result<Self, KeyFault> {
        let mut lines = text.lines().filter(|line| !line.starts_with(COMMENT));
        let bytes = base64::decode(lines.next().unwrap_or_default().trim())
            .ok_or_else(|| broken("it is not base64"))?;
        if bytes.len() == 158 {
            return Err(KeyFault::IsPrivate);
        }
        let bytes: [u8; 42] = bytes
            .try_into()
            .map_err(|_| broken("it has not 42 bytes"))?;
        let (mut number, mut key) = ([0; 8], [0; 32]);
        number.copy_from_slice(&bytes[2..10]);
        key.copy_from_slice(&bytes[10..42]);
        if &bytes[..2] != PURE {
            return Err(broken("it is of an unknown kind"));
        }
        let key = VerifyingKey::from_bytes(&key).map_err(|cause| broken(&cause.to_string()))?;
        Ok(MinisignPublic { number, key })
    }

    /// Whether a signature's file is this key's over the data, its trusted
    /// comment included.
    pub fn verify(&self, data: &[u8], signature: &str) -> bool {
        let mut lines = signature.lines();
        let (Some(_), Some(line), Some(trusted), Some(global)) =
            (lines.next(), lines.next(), lines.next(), lines.next())
        else {
            return false;
        };
        let Some(trusted) = trusted.strip_prefix("trusted comment: ") else {
            return false;
        };
        let (Some(line), Some(global)) = (base64::decode(line), base64::decode(global)) else {
            return false;
        };
        let (Some((head, signature)), Ok(global)) =
            (line.split_at_checked(10), Signature::from_slice(&global))
        else {
            return false;
        };
        let Ok(of_data) = Signature::from_slice(signature) else {
            return false;
        };
        let mut commented = signature.to_vec();
        commented.extend_from_slice(trusted.as_bytes());
        &head[..2] == PREHASHED
            && head[2..] == self.number
            && self
                .key
                .verify_strict(&Blake2b512::digest(data), &of_data)
                .is_ok()
            && self.key.verify_strict(&commented, &global).is_ok()
    }

    /// The public key's file.
    pub fn text(&self) -> String {
        let mut bytes = PURE.to_vec();
        bytes.extend_from_slice(&self.number);
        bytes.extend_from_slice(self.key.as_bytes());
        let number = u64::from_le_bytes(self.number);
        format!(
            "{COMMENT} minisign public key {number:016X}\n{}\n",
            base64::encode(&bytes)
        )
    }
}

/// libsodium's choice of scrypt's parameters, `pickparams` of
/// `crypto_pwhash_scryptsalsa208sha256`.
fn cost(operations: u64, memory: u64) -> scrypt::Cost {
    let operations = operations.max(32768);
    let log_of = |most: u64| (1..63).find(|log| (1u64 << log) > most / 2).unwrap_or(63);
    if operations < memory / 32 {
        return scrypt::Cost {
            log_n: log_of(operations / 32),
            r: 8,
            p: 1,
        };
    }
    let log_n = log_of(memory / 1024);
    let most = ((operations / 4) >> log_n).min(0x3fff_ffff);
    let p = u32::try_from(most / 8).unwrap_or(u32::MAX);
    scrypt::Cost { log_n, r: 8, p }
}

fn number(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .rev()
        .fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}

fn broken(why: &str) -> KeyFault {
    KeyFault::Broken("minisign", why.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cost_is_libsodiums() {
        // Its two documented pairs of limits.
        for (operations, memory, log_n, p) in
            [(33_554_432, 1 << 30, 20, 1), (524_288, 16 << 20, 14, 1)]
        {
            let expected = scrypt::Cost { log_n, r: 8, p };
            assert_eq!(cost(operations, memory), expected);
        }
    }
}
