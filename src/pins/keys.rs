//! OpenPGP keys, the archive's among them, and whether one of them signed a
//! text. [pure]
//!
//! What is checked of a signature (RFC 9580): it is over the text itself, with
//! SHA-256 or stronger; it was made by a known key or by a subkey that may
//! sign, whose bindings in both directions verify; that key existed and had
//! not expired when the signature was made; neither is revoked; the signature
//! has not expired and does not come from the future.

use jiff::Timestamp;
use pgp::composed::{CleartextSignedMessage, Deserializable, DetachedSignature, SignedPublicKey};
use pgp::crypto::hash::HashAlgorithm;
use pgp::packet::{Signature, SignatureType};
use pgp::types::{KeyDetails, VerifyingKey};

/// A clock may be this wrong before a signature counts as from the future.
const CLOCK_SKEW: i64 = 24 * 60 * 60;

const EMBEDDED: &[&str] = &[
    include_str!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/nix/pins/keys/trixie-stable.asc"
    )),
    include_str!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/nix/pins/keys/trixie-automatic.asc"
    )),
    include_str!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/nix/pins/keys/bookworm-stable.asc"
    )),
    include_str!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/nix/pins/keys/bookworm-automatic.asc"
    )),
    include_str!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/nix/pins/keys/bullseye-stable.asc"
    )),
    include_str!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/nix/pins/keys/bullseye-automatic.asc"
    )),
];

/// Keys that may sign a release.
#[derive(Debug, Clone)]
pub struct Keys(Vec<SignedPublicKey>);

impl Keys {
    /// Debian's archive keys, from `nix/pins/keys`.
    ///
    /// # Errors
    /// Never, unless the program was built from a broken tree.
    pub fn debian() -> Result<Self, String> {
        Keys::parse(EMBEDDED)
    }

    /// Reads armoured keys, and proves that their parts belong together.
    ///
    /// # Errors
    /// Where one cannot be read or a self-signature in it is wrong.
    pub fn parse(armoured: &[&str]) -> Result<Self, String> {
        let mut keys = Vec::new();
        for text in armoured {
            let (key, _) = SignedPublicKey::from_string(text)
                .map_err(|error| format!("is no OpenPGP key: {error}"))?;
            key.verify_bindings()
                .map_err(|error| format!("has a wrong signature of its own: {error}"))?;
            keys.push(key);
        }
        Ok(Keys(keys))
    }

    /// The fingerprints of the primary keys, in upper-case hex.
    pub fn fingerprints(&self) -> Vec<String> {
        let hex = |key: &SignedPublicKey| format!("{:X}", key.fingerprint());
        self.0.iter().map(hex).collect()
    }

    /// The text of a clear-signed message that at least one of the keys has
    /// signed: exactly what was signed, and nothing around it.
    ///
    /// # Errors
    /// Why it is not to be believed.
    pub fn signed_text(&self, message: &str, now: Option<Timestamp>) -> Result<String, String> {
        // The parser refuses anything but whitespace around the message.
        let (message, _) = CleartextSignedMessage::from_string(message.trim_end())
            .map_err(|error| format!("is not a clear-signed message: {error}"))?;
        let text = message.signed_text();
        let mut why = "is not signed by any known key".to_owned();
        for signature in message.signatures() {
            match self.accept(signature, text.as_bytes(), now) {
                Ok(_) => return Ok(text.replace("\r\n", "\n")),
                Err(Some(reason)) => why = reason,
                Err(None) => {}
            }
        }
        Err(why)
    }

    /// Whether an armoured signature that stands beside some bytes is by one
    /// of the keys; gives the fingerprint of that primary key, in upper-case
    /// hex.
    ///
    /// # Errors
    /// Why the bytes are not to be believed.
    pub fn signer_of(
        &self,
        bytes: &[u8],
        signature: &str,
        now: Option<Timestamp>,
    ) -> Result<String, String> {
        let (detached, _) = DetachedSignature::from_string(signature)
            .map_err(|error| format!("has a signature that cannot be read: {error}"))?;
        let accepted = self.accept(&detached.signature, bytes, now);
        accepted.map_err(|why| why.unwrap_or_else(|| "is not signed by any known key".to_owned()))
    }

    /// The fingerprint of the primary key that made a signature; `Err(None)`
    /// where that is by a key that is not known.
    fn accept(
        &self,
        signature: &Signature,
        text: &[u8],
        now: Option<Timestamp>,
    ) -> Result<String, Option<String>> {
        for key in &self.0 {
            let self_signatures = || {
                let of_users = key.details.users.iter().flat_map(|user| &user.signatures);
                of_users.chain(&key.details.direct_signatures)
            };
            let revoked = !key.details.revocation_signatures.is_empty();
            let fingerprint = || format!("{:X}", key.fingerprint());
            if is_by(signature, &key.primary_key) {
                let good = check_signature(signature, &key.primary_key, text, now)
                    .and_then(|at| check_lifetime(&key.primary_key, self_signatures(), at))
                    .and_then(|()| check_not(revoked));
                return good.map(|()| fingerprint()).map_err(Some);
            }
            for subkey in &key.public_subkeys {
                if !is_by(signature, &subkey.key) {
                    continue;
                }
                let revocation =
                    |one: &Signature| one.typ() == Some(SignatureType::SubkeyRevocation);
                let revoked = revoked || subkey.signatures.iter().any(revocation);
                let may_sign = subkey.signatures.iter().any(|one| one.key_flags().sign());
                let good = check_signature(signature, &subkey.key, text, now)
                    .and_then(|at| {
                        check_lifetime(&key.primary_key, self_signatures(), at)?;
                        check_lifetime(&subkey.key, subkey.signatures.iter(), at)
                    })
                    .and_then(|()| check_not(revoked))
                    .and_then(|()| match may_sign {
                        true => Ok(()),
                        false => Err("is signed by a subkey that may not sign".to_owned()),
                    });
                return good.map(|()| fingerprint()).map_err(Some);
            }
        }
        Err(None)
    }
}

/// Whether the signature says that this key made it.
fn is_by(signature: &Signature, key: &impl KeyDetails) -> bool {
    let (fingerprint, id) = (key.fingerprint(), key.legacy_key_id());
    signature
        .issuer_fingerprint()
        .into_iter()
        .any(|one| *one == fingerprint)
        || signature.issuer_key_id().into_iter().any(|one| *one == id)
}

/// The signature itself; gives the time when it was made.
fn check_signature(
    signature: &Signature,
    key: &impl VerifyingKey,
    text: &[u8],
    now: Option<Timestamp>,
) -> Result<i64, String> {
    if !matches!(
        signature.typ(),
        Some(SignatureType::Text | SignatureType::Binary)
    ) {
        return Err("has a signature over something else than a text".to_owned());
    }
    if !matches!(
        signature.hash_alg(),
        Some(HashAlgorithm::Sha256 | HashAlgorithm::Sha384 | HashAlgorithm::Sha512)
    ) {
        return Err("has a signature with a hash that is too weak".to_owned());
    }
    signature
        .verify(key, text)
        .map_err(|_| "was altered after it was signed".to_owned())?;
    let made = signature
        .created()
        .ok_or("has a signature without a date")?
        .as_secs();
    let made = i64::from(made);
    let now = now.map(Timestamp::as_second);
    if now.is_some_and(|now| made > now + CLOCK_SKEW) {
        return Err("has a signature from the future".to_owned());
    }
    let life = signature
        .signature_expiration_time()
        .map(|life| i64::from(life.as_secs()));
    if let (Some(life @ 1..), Some(now)) = (life, now)
        && made + life < now
    {
        return Err("has a signature that has expired".to_owned());
    }
    Ok(made)
}

/// Whether the key lived at a time, by the latest of its self-signatures.
fn check_lifetime<'a>(
    key: &impl KeyDetails,
    signatures: impl Iterator<Item = &'a Signature>,
    at: i64,
) -> Result<(), String> {
    let born = i64::from(key.created_at().as_secs());
    if at < born {
        return Err("has a signature older than its key".to_owned());
    }
    let latest = signatures.max_by_key(|one| one.created());
    let life = latest
        .and_then(Signature::key_expiration_time)
        .map(|life| i64::from(life.as_secs()));
    match life {
        Some(life @ 1..) if at > born + life => {
            Err("is signed by a key that had expired".to_owned())
        }
        _ => Ok(()),
    }
}

fn check_not(revoked: bool) -> Result<(), String> {
    match revoked {
        true => Err("is signed by a key that was revoked".to_owned()),
        false => Ok(()),
    }
}
