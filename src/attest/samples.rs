//! A build, its files and keys for the tests of this room.

use jiff::Timestamp;

use super::keys::{PublicKey, SecretKey};
use super::observed::Comparison;
use super::verify::Files;
use super::{Build, LockedCrate, Source};
use crate::config::Isolation;
use crate::pins::{Package, Sha256};

pub const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
pub const SOURCE: &str = "git+https://example.invalid/hello";

pub fn files() -> Vec<(String, Sha256)> {
    ["hello.tar.gz", "hello"]
        .map(|name| (name.to_owned(), Sha256::of(name.as_bytes())))
        .to_vec()
}

pub fn given() -> Files {
    files().into_iter().collect()
}

/// A clean, hermetic build that a second one confirmed.
pub fn build() -> Build {
    let variations = ["time", "umask"].map(str::to_owned);
    Build {
        source: Source {
            name: "hello".into(),
            version: "1.2.3".into(),
            uri: SOURCE.into(),
            commit: Some(COMMIT.into()),
            dirty: false,
        },
        targets: vec!["x86_64-unknown-linux-musl".into()],
        arguments: vec!["build".into(), "--release".into()],
        crates: vec![
            LockedCrate {
                name: "serde".into(),
                version: "1.0.1".into(),
                source: "registry+https://example.invalid/index".into(),
                checksum: Some(Sha256::of(b"serde")),
            },
            LockedCrate {
                name: "forked".into(),
                version: "0.1.0".into(),
                source: format!("git+https://example.invalid/forked?rev=1#{COMMIT}"),
                checksum: None,
            },
        ],
        packages: vec![Package {
            arch: "amd64".into(),
            package: "libstdc++6".into(),
            path: "pool/main/g/gcc-14/libstdc++6_14.2.0-19_amd64.deb".into(),
            sha256: Sha256::of(b"deb"),
            size: 3,
            suite: "trixie".into(),
            version: "14.2.0-19".into(),
        }],
        rust: None,
        pins: Sha256::of(b"pins"),
        toolchain_definition: Sha256::of(b"nix"),
        passthrough: Vec::new(),
        volumes: Vec::new(),
        source_date_epoch: Some("1700000000".into()),
        builder: super::slsa::LOCAL_BUILDER.into(),
        xbuild: "0.1.0".into(),
        started: Timestamp::from_second(1_800_000_000).unwrap(),
        finished: Timestamp::from_second(1_800_000_060).unwrap(),
        isolation: Isolation::Full,
        nix: None,
        comparison: Some(Comparison::new(variations, files(), files())),
    }
}

pub fn key() -> SecretKey {
    SecretKey::P256(p256::ecdsa::SigningKey::from_bytes(&[7; 32].into()).unwrap())
}

pub fn public() -> PublicKey {
    key().public().unwrap()
}
