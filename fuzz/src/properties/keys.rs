//! Keys that are made for this, always the same.

use std::sync::LazyLock;

use pgp::composed::{
    ArmorOptions, CleartextSignedMessage, KeyType, SecretKeyParamsBuilder, SignedSecretKey,
};
use pgp::types::{Password, Timestamp};
use rand::SeedableRng;
use rand::rngs::StdRng;
use xbuild::attest::keys::Secret;
use xbuild::attest::{PublicKey, SecretKey};
use xbuild::pins::Keys;

/// 2020-09-13.
const BORN: u32 = 1_600_000_000;

/// A key that signs releases.
pub struct Archive {
    key: SignedSecretKey,
    pub keys: Keys,
}

pub static ARCHIVE: LazyLock<Archive> = LazyLock::new(|| {
    let mut key = SecretKeyParamsBuilder::default();
    key.key_type(KeyType::Ed25519Legacy)
        .can_certify(true)
        .can_sign(true)
        .created_at(Timestamp::from_secs(BORN))
        .primary_user_id("archive".to_owned());
    let key = key.build().expect("the parameters are whole");
    let key = key.generate(StdRng::seed_from_u64(1));
    let key = key.expect("such a key can be made");
    let public = key.to_public_key();
    let public = public.to_armored_string(ArmorOptions::default());
    let public = public.expect("it can be written");
    Archive {
        key,
        keys: Keys::parse(&[&public]).expect("it is a key"),
    }
});

impl Archive {
    /// Clear-signs a text; none where OpenPGP has no form for it.
    pub fn sign(&self, text: &str) -> Option<String> {
        let rng = StdRng::seed_from_u64(2);
        let message =
            CleartextSignedMessage::sign(rng, text, &self.key.primary_key, &Password::empty());
        message
            .ok()?
            .to_armored_string(ArmorOptions::default())
            .ok()
    }
}

/// Two keys that sign attestations.
pub static SIGNERS: LazyLock<[(SecretKey, PublicKey); 2]> = LazyLock::new(|| {
    [
        include_str!("../../../src/attest/keys/samples/openssl-ed25519.pem"),
        include_str!("../../../src/attest/keys/samples/openssl-ec-pkcs8.pem"),
    ]
    .map(|text| {
        let secret = SecretKey::read(&Secret::new(text.into()), None);
        let secret = secret.expect("it is a key");
        let public = secret.public().expect("it has a public part");
        (secret, public)
    })
});
