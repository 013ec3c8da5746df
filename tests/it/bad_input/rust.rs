//! Toolchain files that ask for what cannot be had, and locks that have no such
//! Rust.

use super::{Case, MANIFEST};

/// A lock of a release that nobody has released.
const LOCK: &str = r#"version = 1

[rust]
channel = "1.80.0"
components = []
targets = []
version = "1.80.0 (0123abcde 2024-07-25)"
date = "2024-07-25"
sha256 = "0000000000000000000000000000000000000000000000000000000000000000"
key = "108F66205EAEB0AAA8DD5E1C85AB96E6FA1BE5FE"

[[rust.component]]
name = "cargo"
target = "x86_64-unknown-linux-gnu"
path = "dist/2024-07-25/cargo-1.80.0-x86_64-unknown-linux-gnu.tar.xz"
sha256 = "0000000000000000000000000000000000000000000000000000000000000001"
size = 1000

[[rust.component]]
name = "rust-std"
target = "x86_64-unknown-linux-gnu"
path = "dist/2024-07-25/rust-std-1.80.0-x86_64-unknown-linux-gnu.tar.xz"
sha256 = "0000000000000000000000000000000000000000000000000000000000000002"
size = 1000

[[rust.component]]
name = "rustc"
target = "x86_64-unknown-linux-gnu"
path = "dist/2024-07-25/rustc-1.80.0-x86_64-unknown-linux-gnu.tar.xz"
sha256 = "0000000000000000000000000000000000000000000000000000000000000003"
size = 1000
"#;

const FILE: &str = "rust-toolchain.toml";

#[test]
fn toolchain_files_that_ask_for_what_cannot_be_had() {
    for (text, says) in [
        (
            "[toolchain]\nchannel = \"nightlyy\"\n",
            &[
                "PROJECT/rust-toolchain.toml:2: `nightlyy` is no channel of Rust",
                "hint: did you mean `nightly`?",
            ][..],
        ),
        (
            "[toolchain]\npath = \"/opt/rust\"\n",
            &[
                "PROJECT/rust-toolchain.toml:2: `toolchain.path` is a toolchain in a folder",
                "hint: name its release",
            ],
        ),
        (
            "[toolchain]\nchannel = \"1.80\"\nprofile = \"small\"\n",
            &["PROJECT/rust-toolchain.toml:3: `small` is no profile"],
        ),
        (
            "[toolchain]\nchannel = 1.80\n",
            &["PROJECT/rust-toolchain.toml:2: `toolchain.channel` must be a string"],
        ),
        ("[toolchain", &["PROJECT/rust-toolchain.toml:1: "]),
    ] {
        for args in [&["build"][..], &["lock"], &["toolchain"]] {
            Case {
                args,
                files: &[(FILE, Some(text))],
                code: 82,
                says,
                ..Case::default()
            }
            .check();
        }
    }
}

#[test]
fn locks_without_the_rust_that_is_asked_for() {
    let asks = "[toolchain]\nchannel = \"1.80.0\"\nprofile = \"minimal\"\n";
    let other = asks.replace("1.80.0", "1.81.0");
    let cut = &LOCK[..LOCK.len() - 20];
    let escaping = LOCK.replace("dist/2024-07-25/rustc", "../rustc");
    let lacking = LOCK.replace("\"rustc\"", "\"rustd\"");
    let claiming = LOCK.replace("version = \"1.80.0", "version = \"1.70.0");
    let odd = LOCK.replace("0123abcde 2024-07-25", "0123abcde");
    let odd = odd.replace("1.80.0 (", "1.80.0;x (");
    for (file, lock, says) in [
        (
            Some(asks),
            None,
            &["asks for Rust 1.80.0, and there is no `PROJECT/xbuild.lock`"][..],
        ),
        (
            Some(&other),
            Some(LOCK),
            &["asks for Rust 1.81.0, and `PROJECT/xbuild.lock` locks 1.80.0"],
        ),
        (
            None,
            Some(LOCK),
            &["locks Rust 1.80.0, and no rust-toolchain.toml asks for it"],
        ),
        (
            Some(asks),
            Some("version = 1\n"),
            &["`PROJECT/xbuild.lock` locks none"],
        ),
        (Some(asks), Some(cut), &["is no lock of xbuild's"]),
        (Some(asks), Some(&escaping), &["odd path for `rustc`"]),
        (Some(asks), Some(&lacking), &["lacks `rustc`"]),
        (Some(asks), Some(&claiming), &["as `1.80.0`"]),
        (Some(asks), Some(&odd), &["what it locks of Rust has"]),
    ] {
        let mut files = Vec::new();
        files.extend(file.map(|text| (FILE, Some(text))));
        files.extend(lock.map(|text| ("xbuild.lock", Some(text))));
        for args in [&["build"][..], &["build", "--locked"], &["lock", "--check"]] {
            Case {
                args,
                files: &files,
                code: 82,
                says,
                ..Case::default()
            }
            .check();
        }
    }
    // Its bytes cannot be had here, nor could they be right.
    Case {
        args: &["build", "--offline"],
        env: &[("RUSTUP_DIST_SERVER", "http://127.0.0.1:9")],
        files: &[(FILE, Some(asks)), ("xbuild.lock", Some(LOCK))],
        code: 83,
        says: &["offline, and "],
    }
    .check();
    for (variable, value, code, says) in [
        (
            "RUSTUP_DIST_SERVER",
            "mirror",
            82,
            "the variable RUSTUP_DIST_SERVER: `mirror` is no address",
        ),
        (
            "XBUILD_RUST_KEY",
            "Cargo.toml",
            82,
            "`Cargo.toml` is no OpenPGP key",
        ),
        (
            "XBUILD_RUST_KEY",
            "nowhere.asc",
            87,
            "failed to read `nowhere.asc`",
        ),
    ] {
        Case {
            args: &["lock"],
            env: &[(variable, value)],
            files: &[(FILE, Some(asks))],
            code,
            says: &[says],
        }
        .check();
    }
}

#[test]
fn packages_that_are_for_a_newer_rust() {
    let package = format!("{MANIFEST}rust-version = \"1.999\"\n");
    let workspace = format!(
        "{MANIFEST}rust-version.workspace = true\n\
         [workspace]\npackage.rust-version = \"1.999\"\n"
    );
    for manifest in [&package, &workspace] {
        for verb in ["build", "check", "run"] {
            Case {
                args: &[verb],
                files: &[("Cargo.toml", Some(manifest.as_str()))],
                code: 81,
                says: &[
                    "PROJECT/Cargo.toml: `tiny` is for Rust 1.999 and newer, and this is 1.",
                    "hint: write `channel = \"1.999\"`",
                    "then: xbuild lock",
                ],
                ..Case::default()
            }
            .check();
        }
    }
    // Cargo passes it over when told to; here it has nothing to run with.
    Case {
        args: &["build", "--offline", "--ignore-rust-version"],
        files: &[("Cargo.toml", Some(&package))],
        code: 83,
        says: &["offline"],
        ..Case::default()
    }
    .check();
}
