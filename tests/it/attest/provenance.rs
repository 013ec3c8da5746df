//! Provenance, signed by `xbuild sign`: cosign and `xbuild attest verify` say
//! the same of it.

use std::fs;

use serde_json::{Value, json};
use xbuild::attest::provenance::statement;
use xbuild::attest::slsa::LOCAL_BUILDER;
use xbuild::attest::{Build, Comparison, Source};
use xbuild::config::Isolation;
use xbuild::pins::Sha256;

use super::Desk;
use crate::support::{Outcome, run, xbuild};

const SOURCE: &str = "git+https://example.invalid/hello";

/// A hermetic build of `hello.bin`, confirmed by a second one.
fn build(desk: &Desk) -> (Build, Vec<(String, Sha256)>) {
    let bytes = fs::read(desk.path("hello.bin")).expect("the file");
    let files = vec![("hello.bin".to_owned(), Sha256::of(&bytes))];
    let variations = ["time", "umask"].map(str::to_owned);
    let build = Build {
        source_date_epoch: None,
        source: Source {
            name: "hello".into(),
            version: "1.0.0".into(),
            uri: SOURCE.into(),
            commit: Some("0123456789abcdef0123456789abcdef01234567".into()),
            dirty: false,
        },
        targets: vec!["x86_64-unknown-linux-musl".into()],
        arguments: vec!["build".into(), "--release".into()],
        crates: Vec::new(),
        packages: Vec::new(),
        rust: None,
        pins: Sha256::of(b"pins"),
        toolchain_definition: Sha256::of(b"nix"),
        passthrough: Vec::new(),
        volumes: Vec::new(),
        builder: LOCAL_BUILDER.into(),
        xbuild: "0.1.0".into(),
        started: "2026-01-01T00:00:00Z".parse().expect("a time"),
        finished: "2026-01-01T00:01:00Z".parse().expect("a time"),
        isolation: Isolation::Full,
        nix: None,
        comparison: Some(Comparison::new(variations, files.clone(), files.clone())),
    };
    (build, files)
}

fn write_statement(desk: &Desk, change: impl Fn(&mut Build)) {
    let (mut build, files) = build(desk);
    change(&mut build);
    let text = serde_json::to_string(&statement(&build, &files)).expect("JSON");
    desk.write("hello.intoto.json", &text);
}

fn keys(desk: &Desk) {
    let openssl = |args: &[&str]| run(&desk.tool("openssl").args(args)).ok();
    desk.ec_key("ec.key");
    openssl(&["genpkey", "-algorithm", "ed25519", "-out", "ed.key"]);
    for name in ["ec", "ed"] {
        let (private, public) = (format!("{name}.key"), format!("{name}.pub"));
        openssl(&["pkey", "-in", &private, "-pubout", "-out", &public]);
    }
}

fn attest(desk: &Desk, args: &[&str]) -> Outcome {
    let caller = xbuild().args(["attest", "verify", "--key"]).args(args);
    caller.cwd(desk.path("")).run()
}

#[test]
fn cosign_and_xbuild_accept_and_refuse_the_same() {
    let desk = Desk::new();
    keys(&desk);
    write_statement(&desk, |_| {});
    for name in ["ec", "ed"] {
        desk.sign(&format!("{name}.key"), "hello.intoto.json").ok();
        let public = format!("{name}.pub");
        let both = |code: i32| {
            let bundle = "hello.intoto.sigstore.json";
            let cosign = desk.cosign("verify-blob-attestation", bundle, &public);
            let cosign = cosign.args(["--type", "slsaprovenance1", "hello.bin"]);
            run(&cosign).exits(code.min(1));
            for file in ["hello.intoto.jsonl", "hello.intoto.sigstore.json"] {
                attest(&desk, &[&public, file, "hello.bin"]).exits(code);
            }
        };
        both(0);
        let good = fs::read(desk.path("hello.bin")).expect("the file");
        desk.write("hello.bin", "tampered with");
        both(84);
        fs::write(desk.path("hello.bin"), good).expect("the file");
        let bundle = desk.read("hello.intoto.sigstore.json");
        let mut changed: Value = serde_json::from_str(&bundle).expect("JSON");
        let payload = changed["dsseEnvelope"]["payload"]
            .as_str()
            .expect("a payload");
        // `{"_type"` with a blank more.
        let payload = payload.replacen("eyJfdHlwZSI6", "eyAiX3R5cGUi", 1);
        changed["dsseEnvelope"]["payload"] = json!(payload);
        desk.write("hello.intoto.sigstore.json", &changed.to_string());
        desk.write("hello.intoto.jsonl", &changed["dsseEnvelope"].to_string());
        both(84);
    }
}

#[test]
fn a_policy_by_flags_or_file_decides() {
    let desk = Desk::new();
    keys(&desk);
    desk.write(
        "policy.toml",
        &format!("source = \"{SOURCE}\"\nhermetic = true\nreproducible = true\n"),
    );
    desk.write("bad.toml", "hermetic = true\nhermetical = true\n");
    let check = |args: &[&str]| {
        let all = [&["ec.pub", "hello.intoto.jsonl", "hello.bin"][..], args].concat();
        attest(&desk, &all)
    };
    write_statement(&desk, |_| {});
    desk.sign("ec.key", "hello.intoto.json").ok();
    let strict = [
        "--policy",
        "policy.toml",
        "--clean",
        "--varied",
        "time",
        "--format",
        "json",
    ];
    let report = check(&strict).ok().json();
    assert_eq!(report["hermetic"], true);
    assert_eq!(report["verification"]["verdict"], "reproducible");
    assert_eq!(report["files"][0]["name"], "hello.bin");
    let text = check(&[]).ok().stdout;
    assert!(
        text.contains("hermetic, reproducible under 2 variations"),
        "{text}"
    );
    check(&["--varied", "aslr"])
        .exits(84)
        .says("did not vary it");
    check(&["--commit", "ff"]).exits(84).says("the commit ff");
    check(&["--pins", "ff"]).exits(2).says("not a SHA-256");
    check(&["--policy", "bad.toml"])
        .exits(82)
        .says("bad.toml:2: unknown field `hermetical`");
    check(&["--policy", "absent.toml"])
        .exits(87)
        .says("absent.toml");
    attest(&desk, &["ed.pub", "hello.intoto.jsonl", "hello.bin"])
        .exits(84)
        .says("no signature in it");
    attest(&desk, &["ec.key", "hello.intoto.jsonl", "hello.bin"])
        .exits(82)
        .says("it is a private key");
    attest(&desk, &["ec.pub", "hello.intoto.json", "hello.bin"])
        .exits(84)
        .says("not signed");
    attest(&desk, &["ec.pub", "hello.intoto.jsonl"])
        .exits(84)
        .says("about `hello.bin` as well");
    attest(&desk, &["ec.pub", "hello.intoto.jsonl", "--partial"]).ok();
    attest(
        &desk,
        &["ec.pub", "hello.intoto.jsonl", "hello.bin", "ec.pub"],
    )
    .exits(84)
    .says("nothing about `ec.pub`");

    write_statement(&desk, |build| build.isolation = Isolation::None);
    desk.sign("ec.key", "hello.intoto.json").ok();
    check(&[]).ok();
    check(&["--policy", "policy.toml"])
        .exits(84)
        .says("could see or change the machine");

    write_statement(&desk, |build| build.comparison = None);
    desk.sign("ec.key", "hello.intoto.json").ok();
    check(&["--hermetic"]).ok();
    check(&["--policy", "policy.toml"])
        .exits(84)
        .says("there was no second build");
}

#[test]
fn a_statement_signed_beside_it_is_verified_by_its_key() {
    let desk = Desk::new();
    write_statement(&desk, |_| {});
    run(&desk
        .tool("minisign")
        .args(["-G", "-W", "-p", "mini.pub", "-s", "mini.key"]))
    .ok();
    run(&desk
        .tool("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-f", "ssh"]))
    .ok();
    for (key, public) in [("mini.key", "mini.pub"), ("ssh", "ssh.pub")] {
        desk.sign(key, "hello.intoto.json").ok();
        let check = || {
            attest(
                &desk,
                &[public, "hello.intoto.json", "hello.bin", "--reproducible"],
            )
        };
        check().ok();
        let text = desk.read("hello.intoto.json");
        desk.write("hello.intoto.json", &format!("{text}\n"));
        check().exits(84).says("no signature in it");
        desk.write("hello.intoto.json", &text);
    }
}
