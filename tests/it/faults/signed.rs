//! An archive whose signed parts are not what Debian signed. What only a key
//! of Debian's could make, an expired release and one that is rolled back, has
//! its tests with other keys in `src/pins/tests.rs`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use pgp::composed::{
    ArmorOptions, CleartextSignedMessage, KeyType, SecretKeyParamsBuilder, SignedSecretKey,
};
use pgp::types::Password;
use tempfile::TempDir;
use xbuild::fetch::{Mirrors, Options, Wanted};
use xbuild::pins::{Pins, Sha256, pinned_release};
use xbuild::process::Command;

use super::{House, Loopback, Manner};
use crate::bad_input::check;
use crate::nixes;
use crate::support::{repository, run, temp};

const SUITE: &str = "trixie";
const INDEX: &str = "main/binary-amd64/Packages.xz";

/// A checkout that asks for one package and has no pins yet.
fn checkout() -> TempDir {
    let folder = temp();
    fs::create_dir(folder.path().join("nix")).expect("a folder");
    let request = serde_json::json!({"sets": {"one": {
        "suite": SUITE, "arch": "amd64", "packages": ["busybox-static"],
    }}});
    let file = folder.path().join("nix/packages.json");
    fs::write(file, request.to_string()).expect("a request");
    folder
}

/// The signed release, where its index is in the archive, and the index.
fn debian() -> (String, String, PathBuf) {
    let text = repository(&format!("nix/pins/{SUITE}.InRelease"));
    let text = fs::read_to_string(text).expect("the release");
    let (release, _) = pinned_release(SUITE).expect("the release");
    let (sha256, size) = release.file(INDEX).expect("an index");
    let hex = sha256.to_hex();
    let place = format!("dists/{SUITE}/main/binary-amd64/by-hash/SHA256/{hex}");
    let wanted = Wanted {
        name: INDEX.to_owned(),
        path: place.clone(),
        size,
        sha256,
        suite: SUITE.to_owned(),
    };
    let snapshots = Pins::embedded().expect("the pins").snapshots();
    let mirrors = Mirrors::for_machine(&[], snapshots).expect("mirrors");
    let fetched = nixes::downloads().fetch(&[wanted], &mirrors, &Options::default());
    let mut files = fetched.unwrap_or_else(|why| panic!("the index: {why}"));
    (text, place, files.remove(0))
}

/// `pins update` of a checkout, from one mirror.
fn update(house: &House, checkout: &Path, mirror: &Loopback) -> Command {
    house.xbuild(checkout, &mirror.url(), &["pins", "update"])
}

fn archive(folder: &Path, inrelease: &str, index: (&str, &Path)) -> Loopback {
    let release = folder.join("InRelease");
    fs::write(&release, inrelease).expect("a release");
    let files = [
        (format!("dists/{SUITE}/InRelease"), release),
        (index.0.to_owned(), index.1.to_owned()),
    ];
    Loopback::of(Manner::Honest, BTreeMap::from(files))
}

/// Signs a text with a key that nobody has heard of.
fn sign(text: &str) -> String {
    let mut key = SecretKeyParamsBuilder::default();
    key.key_type(KeyType::Ed25519Legacy)
        .can_sign(true)
        .primary_user_id("Debian Archive Automatic Signing Key".to_owned());
    let key = key.build().expect("a key");
    let key: SignedSecretKey = key.generate(rand::thread_rng()).expect("a key");
    let (rng, password) = (rand::thread_rng(), Password::empty());
    let message = CleartextSignedMessage::sign(rng, text, &key.primary_key, &password);
    let message = message.expect("a signature");
    let text = message.to_armored_string(ArmorOptions::default());
    text.expect("a message")
}

#[test]
fn a_forged_release_or_index_leads_to_no_pins() {
    let house = House::empty();
    let (good, place, index) = debian();
    let bytes = fs::read(&index).expect("an index");
    let served = temp();
    let wrong_index = served.path().join("index");
    let mut wrong = bytes.clone();
    wrong[bytes.len() / 2] ^= 1;
    fs::write(&wrong_index, wrong).expect("a wrong index");
    let other = fs::read_to_string(repository("nix/pins/bullseye.InRelease"));
    let other = other.expect("another release");
    let signed = good.lines().skip_while(|line| !line.is_empty());
    let signed = signed.take_while(|line| !line.starts_with("-----BEGIN PGP SIGNATURE"));
    let signed: Vec<&str> = signed.skip(1).collect();
    let forged = sign(&signed.join("\n"));
    let hash = Sha256::of(&bytes).to_hex();
    let other_hash = good.replace(&hash, &"0".repeat(64));
    assert_ne!(other_hash, good);

    for (inrelease, index, says) in [
        (&*forged, &index, "is not signed by any known key"),
        (&other_hash, &index, "altered"),
        (
            &good[..good.len() / 2],
            &index,
            "is not a clear-signed message",
        ),
        (
            "<html>Please log in</html>",
            &index,
            "is not a clear-signed message",
        ),
        (&other, &index, "not of `trixie`"),
        (&good, &wrong_index, "gave wrong bytes (sha256 "),
    ] {
        let checkout = checkout();
        let mirror = archive(served.path(), inrelease, (&place, index));
        let outcome = run(&update(&house, checkout.path(), &mirror));
        check(outcome, 84, &[says, &mirror.url(), "hint: name a mirror"]);
        assert!(!checkout.path().join("nix/pins").exists(), "{says}");
        house.downloads_are_right();
    }

    let checkout = checkout();
    let mirror = archive(served.path(), &good, (&place, &index));
    run(&update(&house, checkout.path(), &mirror))
        .ok()
        .says("Pinned 1 packages");
    let written = fs::read_to_string(checkout.path().join("nix/pins/packages.json"));
    let ours = Pins::embedded().expect("the pins");
    let ours = ours.package("trixie/amd64/busybox-static");
    let hash = ours.expect("the same package").sha256.to_hex();
    assert!(written.expect("pins").contains(&hash));
}
