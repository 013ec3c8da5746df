//! The whole chain, with keys made here and a mirror on the loopback.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use jiff::Timestamp;
use pgp::composed::{
    ArmorOptions, CleartextSignedMessage, KeyType, SecretKeyParamsBuilder, SignedSecretKey,
    SubkeyParamsBuilder,
};
use pgp::crypto::hash::HashAlgorithm;
use pgp::packet::{SignatureConfig, SignatureType, Subpacket, SubpacketData};
use pgp::types::{Duration, KeyDetails, Password, Tag, Timestamp as KeyTime};

use super::*;
use crate::error::{Error, Kind};
use crate::fetch::{BaseUrl, Downloads, Mirrors, Options};

/// A key like Debian's automatic ones: a primary key, and a subkey to sign
/// with.
fn make_key(name: &str) -> SignedSecretKey {
    make_key_born(name, KeyTime::now())
}

fn make_key_born(name: &str, born: KeyTime) -> SignedSecretKey {
    let mut subkey = SubkeyParamsBuilder::default();
    subkey
        .key_type(KeyType::Ed25519Legacy)
        .can_sign(true)
        .created_at(born);
    let mut key = SecretKeyParamsBuilder::default();
    key.key_type(KeyType::Ed25519Legacy)
        .can_certify(true)
        .can_sign(true)
        .created_at(born)
        .primary_user_id(name.to_owned())
        .subkeys(vec![subkey.build().unwrap()]);
    key.build().unwrap().generate(rand::thread_rng()).unwrap()
}

static OURS: LazyLock<SignedSecretKey> = LazyLock::new(|| make_key("archive"));
static THEIRS: LazyLock<SignedSecretKey> = LazyLock::new(|| make_key("forger"));

/// The keys that are trusted in these tests.
fn keys() -> Keys {
    let public = OURS
        .to_public_key()
        .to_armored_string(ArmorOptions::default());
    Keys::parse(&[&public.unwrap()]).unwrap()
}

fn armoured(message: &CleartextSignedMessage) -> String {
    message.to_armored_string(ArmorOptions::default()).unwrap()
}

fn sign(text: &str, key: &SignedSecretKey) -> String {
    let rng = rand::thread_rng();
    let message = CleartextSignedMessage::sign(rng, text, &key.primary_key, &Password::empty());
    armoured(&message.unwrap())
}

fn sign_with_subkey(text: &str, key: &SignedSecretKey) -> String {
    let (rng, subkey) = (rand::thread_rng(), &key.secret_subkeys[0].key);
    armoured(&CleartextSignedMessage::sign(rng, text, subkey, &Password::empty()).unwrap())
}

/// Text of a release with these lines instead of, or besides, the usual ones.
fn release_text(date: &str, more: &str, files: &str) -> String {
    format!(
        "Origin: Debian\nSuite: stable\nVersion: 13.7\nCodename: trixie\nDate: {date}\nAcquire-By-Hash: yes\n{more}SHA256:\n{files}"
    )
}

/// A verified release of a suite with these files, and its hash.
pub(crate) fn a_release(suite: &str, files: &str) -> (Release, Sha256) {
    let text =
        release_text(DATE, "", files).replace("Codename: trixie", &format!("Codename: {suite}"));
    let message = sign(&text, &OURS);
    let release = Release::verify(&message, &keys(), &expected(suite)).unwrap();
    (release, Sha256::of(message.as_bytes()))
}

const DATE: &str = "Sat, 12 Sep 2026 07:55:41 UTC";

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Signatures are made now; what is judged by a given time is the release.
fn now() -> Timestamp {
    Timestamp::now()
}

fn expected(suite: &str) -> Expected<'_> {
    Expected {
        suite,
        now: Some(now()),
        not_before: None,
    }
}

#[test]
fn a_release_signed_by_a_known_key_is_read() {
    let hash = Sha256::of(b"x");
    let text = release_text(
        DATE,
        "",
        &format!(" {hash}  12 main/binary-amd64/Packages.xz\n"),
    );
    for message in [sign(&text, &OURS), sign_with_subkey(&text, &OURS)] {
        for suite in ["trixie", "stable"] {
            let release = Release::verify(&message, &keys(), &expected(suite)).unwrap();
            assert_eq!(
                (release.codename.as_str(), release.version.as_str()),
                ("trixie", "13.7")
            );
            assert_eq!(release.date, time("2026-09-12T07:55:41Z"));
            assert_eq!(release.snapshot(), "debian/20260913T075541Z");
            assert!(release.by_hash);
            assert_eq!(
                release.file("main/binary-amd64/Packages.xz"),
                Some((hash, 12))
            );
            assert_eq!(release.file("main/binary-arm64/Packages.xz"), None);
        }
    }
}

#[test]
fn a_release_that_cannot_be_believed_is_refused_with_the_reason() {
    let hash = Sha256::of(b"x");
    let files = format!(" {hash} 12 main/binary-amd64/Packages.xz\n");
    let text = release_text(DATE, "", &files);
    let good = sign(&text, &OURS);
    let until = |date: &str| {
        sign(
            &release_text(DATE, &format!("Valid-Until: {date}\n"), &files),
            &OURS,
        )
    };
    let two = format!("{text}\nSHA256:\n {hash} 13 other\n");
    // (the file, the suite asked for, the reason)
    let table: &[(&str, &str, &str)] = &[
        (&text, "trixie", "not a clear-signed message"),
        (
            "<html>captive portal</html>",
            "trixie",
            "not a clear-signed message",
        ),
        ("", "trixie", "not a clear-signed message"),
        (
            &sign(&text, &THEIRS),
            "trixie",
            "not signed by any known key",
        ),
        (
            &sign_with_subkey(&text, &THEIRS),
            "trixie",
            "not signed by any known key",
        ),
        (&good.replace("13.7", "13.8"), "trixie", "altered"),
        (
            &good.replace("  12 ", " 13 ").replace(" 12 ", " 13 "),
            "trixie",
            "altered",
        ),
        (
            &format!("Codename: trixie\n{good}"),
            "trixie",
            "not a clear-signed message",
        ),
        (
            &format!("{good}Codename: sid\n"),
            "trixie",
            "not a clear-signed message",
        ),
        (
            &good[..good.len() / 2],
            "trixie",
            "not a clear-signed message",
        ),
        (
            &good,
            "bookworm",
            "is the release of `trixie` (stable), not of `bookworm`",
        ),
        (&good, "", "not of ``"),
        (
            &until("Sun, 13 Sep 2020 07:55:41 UTC"),
            "trixie",
            "has expired on 2020-09-13",
        ),
        (&until("whenever"), "trixie", "odd Valid-Until"),
        (&sign(&two, &OURS), "trixie", "more than one stanza"),
        (
            &sign(&release_text("yesterday", "", &files), &OURS),
            "trixie",
            "odd Date",
        ),
        (
            &sign(&release_text(DATE, "", " 00 12 x\n"), &OURS),
            "trixie",
            "not a SHA-256",
        ),
        (
            &sign(&release_text(DATE, "", " half a line of it\n"), &OURS),
            "trixie",
            "odd line",
        ),
        (
            &sign("Codename: trixie\n", &OURS),
            "trixie",
            "no field `SHA256`",
        ),
    ];
    for (message, suite, reason) in table {
        let error = Release::verify(message, &keys(), &expected(suite)).unwrap_err();
        assert!(error.contains(reason), "{reason}: {error}");
    }
    assert!(
        Release::verify(
            &until("Sun, 13 Sep 2099 07:55:41 UTC"),
            &keys(),
            &expected("trixie")
        )
        .is_ok()
    );
}

#[test]
fn an_older_release_than_the_pinned_one_is_a_rollback() {
    let message = sign(&release_text(DATE, "", ""), &OURS);
    let verify = |pinned: &str| {
        let not_before = Some(time(pinned));
        let expected = Expected {
            not_before,
            ..expected("trixie")
        };
        Release::verify(&message, &keys(), &expected).map(|_| ())
    };
    assert_eq!(verify("2026-09-12T07:55:41Z"), Ok(()));
    assert!(
        verify("2026-09-12T07:55:42Z")
            .unwrap_err()
            .contains("older than the pinned one")
    );
}

#[test]
fn a_signature_from_the_future_is_refused() {
    let message = sign(&release_text(DATE, "", ""), &OURS);
    let past = Some(time("2020-01-01T00:00:00Z"));
    let expected = Expected {
        now: past,
        ..expected("trixie")
    };
    let error = Release::verify(&message, &keys(), &expected).unwrap_err();
    assert!(error.contains("future"), "{error}");
}

/// A statement of a key about itself.
fn about_itself(typ: SignatureType, key: &SignedSecretKey, more: SubpacketData) -> SignatureConfig {
    let mut config = SignatureConfig::v4(typ, key.primary_key.algorithm(), HashAlgorithm::Sha256);
    config.hashed_subpackets = [
        SubpacketData::SignatureCreationTime(KeyTime::now()),
        SubpacketData::IssuerFingerprint(key.fingerprint()),
        more,
    ]
    .map(|data| Subpacket::regular(data).unwrap())
    .to_vec();
    config
}

#[test]
fn a_key_counts_only_while_it_lives() {
    let reason = |key: &SignedSecretKey| {
        let public = key
            .to_public_key()
            .to_armored_string(ArmorOptions::default());
        let keys = Keys::parse(&[&public.unwrap()]).unwrap();
        let text = release_text(DATE, "", "");
        let by_subkey = Release::verify(&sign_with_subkey(&text, key), &keys, &expected("trixie"));
        let by_key = Release::verify(&sign(&text, key), &keys, &expected("trixie"));
        assert_eq!(by_subkey.as_ref().err(), by_key.as_ref().err());
        by_key.map(|_| ()).unwrap_err()
    };
    let password = Password::empty();
    let long_ago = KeyTime::from_secs(1_500_000_000);

    let mut expired = make_key_born("expired", long_ago);
    let life = SubpacketData::KeyExpirationTime(Duration::from_secs(3600));
    let binding = about_itself(SignatureType::CertPositive, &expired, life)
        .sign_certification(
            &expired.primary_key,
            expired.primary_key.public_key(),
            &password,
            Tag::UserId,
            &expired.details.users[0].id,
        )
        .unwrap();
    expired.details.users[0].signatures = vec![binding];
    assert_eq!(reason(&expired), "is signed by a key that had expired");

    let mut revoked = make_key_born("revoked", long_ago);
    let why = SubpacketData::RevocationReason(0.into(), Default::default());
    let revocation = about_itself(SignatureType::KeyRevocation, &revoked, why)
        .sign_key(
            &revoked.primary_key,
            &password,
            revoked.primary_key.public_key(),
        )
        .unwrap();
    revoked.details.revocation_signatures.push(revocation);
    assert_eq!(reason(&revoked), "is signed by a key that was revoked");

    let unborn = make_key_born("unborn", KeyTime::from_secs(4_000_000_000));
    assert_eq!(reason(&unborn), "has a signature older than its key");
}

#[test]
fn one_good_signature_among_others_is_enough_and_an_extra_one_is_none() {
    let text = release_text(DATE, "", "");
    let both = |first: &SignedSecretKey, second: &SignedSecretKey| {
        let signed = |key: &SignedSecretKey| {
            let rng = rand::thread_rng();
            let one =
                CleartextSignedMessage::sign(rng, &text, &key.primary_key, &Password::empty());
            one.unwrap().signatures()[0].clone()
        };
        let many =
            CleartextSignedMessage::new_many(&text, |_| Ok(vec![signed(first), signed(second)]));
        armoured(&many.unwrap())
    };
    assert!(Release::verify(&both(&THEIRS, &OURS), &keys(), &expected("trixie")).is_ok());
    assert!(Release::verify(&both(&THEIRS, &THEIRS), &keys(), &expected("trixie")).is_err());
}

#[test]
fn debians_keys_are_the_ones_that_the_readme_lists() {
    let readme = include_str!("../../nix/pins/keys/README.md");
    let fingerprints = Keys::debian().unwrap().fingerprints();
    assert_eq!(fingerprints.len(), 6);
    for fingerprint in fingerprints {
        assert!(readme.contains(&fingerprint), "{fingerprint}");
    }
    assert!(Keys::parse(&["no key"]).is_err());
}

#[test]
fn the_committed_releases_are_debians_and_the_pins_name_them() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("nix/pins");
    let pins = Pins::embedded().unwrap();
    assert!(!pins.suites().is_empty());
    for (name, suite) in pins.suites() {
        let text = std::fs::read_to_string(folder.join(format!("{name}.InRelease"))).unwrap();
        assert_eq!(Sha256::of(text.as_bytes()), suite.inrelease);
        let expected = Expected {
            now: None,
            ..expected(name)
        };
        let release = Release::verify(&text, &Keys::debian().unwrap(), &expected).unwrap();
        assert_eq!(release.date.to_string(), suite.date);
        assert_eq!(release.snapshot(), suite.snapshot);
        let forged = text.replacen("Codename", "Codenames", 1);
        assert!(Release::verify(&forged, &Keys::debian().unwrap(), &expected).is_err());
        assert!(Release::verify(&text, &keys(), &expected).is_err());
    }
    let written = std::fs::read_to_string(folder.join("packages.json")).unwrap();
    assert_eq!(
        pins.to_json(),
        written,
        "the pins are as the tool writes them"
    );
}

/// An archive of one suite on the loopback, and a checkout that asks for it.
struct Archive {
    server: Arc<tiny_http::Server>,
    thread: Option<std::thread::JoinHandle<()>>,
    mirrors: Mirrors,
    root: tempfile::TempDir,
    cache: tempfile::TempDir,
}

const INDEX: &str = "Package: tool\nVersion: 1.0\nArchitecture: amd64\nDepends: lib\nFilename: pool/t/tool_1.0.deb\nSize: 3\nSHA256: 2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae\n\nPackage: lib\nVersion: 2\nArchitecture: all\nFilename: pool/l/lib_2.deb\nSize: 3\nSHA256: fcde2b2edba56bf408601fb721fe9b5c338d10ee429ea04fae5511b68fbf8fb9\n";

pub(crate) fn xz(text: &str) -> Vec<u8> {
    let mut encoder = xz2::write::XzEncoder::new(Vec::new(), 1);
    std::io::Write::write_all(&mut encoder, text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

impl Archive {
    /// `served` are the bytes that stand where the release says that the index
    /// is; `plain` serves them under their name alone.
    fn new(inrelease: String, served: Vec<u8>, plain: bool) -> Self {
        let server = Arc::new(tiny_http::Server::http("127.0.0.1:0").unwrap());
        let base = format!("http://{}", server.server_addr().to_ip().unwrap());
        let hash = Sha256::of(&xz(INDEX));
        let index = match plain {
            true => "/dists/trixie/main/binary-amd64/Packages.xz".to_owned(),
            false => format!("/dists/trixie/main/binary-amd64/by-hash/SHA256/{hash}"),
        };
        let files = BTreeMap::from([
            ("/dists/trixie/InRelease".to_owned(), inrelease.into_bytes()),
            (index, served),
        ]);
        let serving = server.clone();
        let thread = std::thread::spawn(move || {
            for request in serving.incoming_requests() {
                let answer = match files.get(request.url()) {
                    Some(bytes) => tiny_http::Response::from_data(bytes.clone()),
                    None => tiny_http::Response::from_string("no").with_status_code(404),
                };
                // A client may have gone.
                let _ = request.respond(answer);
            }
        });
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join("nix")).unwrap();
        let archive = Archive {
            server,
            thread: Some(thread),
            mirrors: Mirrors::only(vec![BaseUrl::parse(&base).unwrap()]),
            root,
            cache: tempfile::tempdir().unwrap(),
        };
        archive.ask(r#"{"sets":{"one":{"suite":"trixie","arch":"amd64","packages":["tool"],"closure":true},"two":{"suite":"trixie","arch":"amd64","packages":["lib"]}}}"#);
        archive
    }

    fn good(date: &str) -> Self {
        Archive::new(sign(&index_release(date), &OURS), xz(INDEX), false)
    }

    fn ask(&self, request: &str) {
        std::fs::write(self.root.path().join("nix/packages.json"), request).unwrap();
    }

    fn pins_file(&self) -> std::path::PathBuf {
        self.root.path().join("nix/pins/packages.json")
    }

    fn update(&self) -> crate::error::Result<Pins> {
        let downloads = Downloads::at(self.cache.path());
        update::run_with(
            self.root.path(),
            &downloads,
            &self.mirrors,
            &Options::default(),
            now(),
            &keys(),
        )
    }

    fn check(&self) -> crate::error::Result<check::Proved> {
        let downloads = Downloads::at(self.cache.path());
        check::pins(
            self.root.path(),
            &downloads,
            &self.mirrors,
            &Options::default(),
            &keys(),
        )
    }
}

impl Drop for Archive {
    fn drop(&mut self) {
        self.server.unblock();
        let _ = self.thread.take().unwrap().join();
    }
}

fn index_release(date: &str) -> String {
    let bytes = xz(INDEX);
    let line = format!(
        " {} {} main/binary-amd64/Packages.xz\n",
        Sha256::of(&bytes),
        bytes.len()
    );
    release_text(date, "", &line)
}

fn cause(error: &Error) -> String {
    std::error::Error::source(error)
        .map(ToString::to_string)
        .unwrap_or_default()
}

#[test]
fn an_update_follows_the_chain_and_a_check_proves_it() {
    let archive = Archive::good(DATE);
    let pins = archive.update().unwrap();
    let ids = |name: &str| -> Vec<String> {
        pins.set(name).unwrap().iter().map(|one| one.id()).collect()
    };
    assert_eq!(ids("one"), ["trixie/all/lib", "trixie/amd64/tool"]);
    assert_eq!(ids("two"), ["trixie/all/lib"]);
    let text = std::fs::read_to_string(archive.pins_file()).unwrap();
    assert_eq!(Pins::parse(&text).unwrap(), pins);
    assert!(!text.contains("127.0.0.1"), "pins name no host");
    assert_eq!(archive.check().unwrap().packages, 2);
    assert_eq!(
        archive.update().unwrap(),
        pins,
        "a second update changes nothing"
    );

    for (from, to, said) in [
        (
            "\"version\": \"1.0\"",
            "\"version\": \"1.1\"",
            "`trixie/amd64/tool` is 1.1",
        ),
        ("13.7", "13.6", "other releases"),
        ("\n}\n", "\n}", "not in the form"),
    ] {
        std::fs::write(archive.pins_file(), text.replace(from, to)).unwrap();
        let error = archive.check().unwrap_err();
        assert_eq!(error.kind(), Kind::Integrity);
        assert!(cause(&error).contains(said), "{}", cause(&error));
    }
}

#[test]
fn a_mirror_without_files_by_hash_serves_them_by_name() {
    let archive = Archive::new(sign(&index_release(DATE), &OURS), xz(INDEX), true);
    archive.update().unwrap();
    archive.check().unwrap();
}

#[test]
fn nothing_is_written_unless_the_whole_chain_holds() {
    let good = index_release(DATE);
    let mut wrong = xz(INDEX);
    wrong[20] ^= 1;
    let table = [
        (sign(&good, &THEIRS), xz(INDEX), Kind::Integrity),
        (sign(&good, &OURS), wrong, Kind::Integrity),
        (sign(&good, &OURS), xz("Package: tool\n"), Kind::Network),
        (
            sign(&release_text(DATE, "", ""), &OURS),
            xz(INDEX),
            Kind::Integrity,
        ),
    ];
    for (inrelease, served, kind) in table {
        let archive = Archive::new(inrelease, served, false);
        assert_eq!(archive.update().unwrap_err().kind(), kind);
        assert!(!archive.pins_file().exists());
    }
    let archive = Archive::good(DATE);
    for request in [
        r#"{"sets":{"one":{"suite":"trixie","arch":"amd64","packages":["nowhere"]}}}"#,
        r#"{"sets":{"one":{"suite":"trixie","arch":"amd64","packages":["tool"],"typo":1}}}"#,
    ] {
        archive.ask(request);
        assert_eq!(archive.update().unwrap_err().kind(), Kind::Config);
        assert!(!archive.pins_file().exists());
    }
}

#[test]
fn a_mirror_that_rolls_back_is_refused() {
    let new = Archive::good(DATE);
    new.update().unwrap();
    let old = Archive::good("Sat, 05 Sep 2026 07:55:41 UTC");
    let committed = new.root.path().join("nix/pins/trixie.InRelease");
    std::fs::create_dir(old.root.path().join("nix/pins")).unwrap();
    std::fs::copy(committed, old.root.path().join("nix/pins/trixie.InRelease")).unwrap();
    let error = old.update().unwrap_err();
    assert_eq!(error.kind(), Kind::Integrity);
    assert!(
        cause(&error).contains("older than the pinned one"),
        "{}",
        cause(&error)
    );
}
