//! `xbuild sign` on files, verified by the tools whose keys it took.

use std::fs;

use xbuild::host::Folders;
use xbuild::process::Command;

use super::{Desk, PASSPHRASE};
use crate::nixes;
use crate::support::{run, run_reading, test_home, xbuild};

#[test]
fn minisign_verifies_what_its_keys_signed() {
    let desk = Desk::new();
    desk.write("passphrase", &format!("{PASSPHRASE}\n{PASSPHRASE}\n"));
    for (name, flags) in [("plain", &["-W"][..]), ("encrypted", &[])] {
        let make = desk.tool("minisign").args(["-G", "-p"]);
        let make = make.args([format!("{name}.pub"), "-s".into(), format!("{name}.key")]);
        run_reading(&make.args(flags), &desk.path("passphrase")).ok();
        desk.sign(&format!("{name}.key"), "hello.bin").ok();
        let verify = desk.tool("minisign").args(["-V", "-m", "hello.bin", "-p"]);
        let verify = verify.arg(format!("{name}.pub"));
        let outcome = run(&verify).ok();
        assert!(outcome.stdout.contains("file:hello.bin"), "{outcome}");
        desk.write("hello.bin", "tampered with");
        run(&verify).exits(1);
        desk.write("hello.bin", "another file");
    }
}

#[test]
fn ssh_keygen_verifies_what_its_keys_signed() {
    let desk = Desk::new();
    for (name, kind, passphrase) in [
        ("plain", "ed25519", ""),
        ("encrypted", "ed25519", PASSPHRASE),
        ("nist", "ecdsa", ""),
    ] {
        let make = desk.tool("ssh-keygen").args(["-q", "-t", kind, "-f", name]);
        run(&make.args(["-C", "", "-N", passphrase])).ok();
        desk.sign(name, "hello.bin").ok();
        let public = desk.read(&format!("{name}.pub"));
        desk.write("allowed", &format!("me@example.invalid {public}"));
        let verify = desk
            .tool("ssh-keygen")
            .args(["-Y", "verify", "-f", "allowed"]);
        let verify = verify.args(["-I", "me@example.invalid", "-n", "file"]);
        let verify = verify.args(["-s", "hello.bin.sig"]);
        run_reading(&verify, &desk.path("hello.bin")).ok();
        run_reading(&verify, &desk.path("allowed")).exits(255);
    }
}

#[test]
fn cosign_verifies_what_keys_of_its_kinds_signed() {
    let desk = Desk::new();
    run(&desk.tool("cosign").arg("generate-key-pair")).ok();
    let openssl = |args: &[&str]| run(&desk.tool("openssl").args(args)).ok();
    openssl(&[
        "ecparam",
        "-name",
        "prime256v1",
        "-genkey",
        "-out",
        "sec1.key",
    ]);
    desk.ec_key("pkcs8.key");
    openssl(&["genpkey", "-algorithm", "ed25519", "-out", "ed.key"]);
    for name in ["sec1", "pkcs8", "ed"] {
        let (private, public) = (format!("{name}.key"), format!("{name}.pub"));
        openssl(&["pkey", "-in", &private, "-pubout", "-out", &public]);
    }
    for name in ["cosign", "sec1", "pkcs8", "ed"] {
        desk.sign(&format!("{name}.key"), "hello.bin").ok();
        let public = format!("{name}.pub");
        let verify = desk.cosign("verify-blob", "hello.bin.sigstore.json", &public);
        let verify = verify.arg("hello.bin");
        run(&verify).ok();
        desk.write("hello.bin", "tampered with");
        run(&verify).exits(1);
        desk.write("hello.bin", "another file");
    }
}

#[test]
fn nix_accepts_a_path_of_a_cache_that_its_key_signed() {
    let desk = Desk::new();
    let nix = nixes::own(&Folders::below(&test_home())).expect("our own Nix");
    let cache = format!("file://{}", desk.path("cache").display());
    let store = desk.path("store").display().to_string();
    desk.write(
        "nix.conf",
        "experimental-features = nix-command\nsubstituters =\n",
    );
    let nix = |args: &[&str]| {
        Command::new(nix.program())
            .args(args)
            .env("NIX_CONF_DIR", desk.path(""))
            .env("HOME", desk.path(""))
            .cwd(desk.path(""))
    };
    let key = run(&nix(&["key", "generate-secret", "--key-name", "team-1"])).ok();
    desk.write("nix.key", &key.stdout);
    let public = nix(&["key", "convert-secret-to-public"]);
    let public = run_reading(&public, &desk.path("nix.key")).ok().stdout;
    let added = run(&nix(&["store", "add-path", "hello.bin", "--store", &store])).ok();
    let path = added.stdout.trim().to_owned();
    run(&nix(&["copy", "--from", &store, "--to", &cache, &path])).ok();
    let info = fs::read_dir(desk.path("cache")).expect("a cache");
    let info = info.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut info = info.filter(|name| name.ends_with(".narinfo"));
    let info = format!("cache/{}", info.next().expect("a narinfo"));
    // A path that is named by its contents needs no signature; without that
    // claim it is like any that was built.
    let unsigned = desk.read(&info);
    let unsigned = unsigned.lines().filter(|line| !line.starts_with("CA:"));
    desk.write(
        &info,
        &format!("{}\n", unsigned.collect::<Vec<_>>().join("\n")),
    );
    let verify = nix(&[
        "store",
        "verify",
        "--sigs-needed",
        "1",
        "--store",
        &cache,
        &path,
    ]);
    let verify = verify.args(["--trusted-public-keys", &public]);
    assert_ne!(run(&verify).code, 0);
    desk.sign("nix.key", &info).ok();
    run(&verify).ok();
    let shown = run(&nix(&["path-info", "--sigs", "--store", &cache, &path])).ok();
    assert!(shown.stdout.contains("team-1:"), "{shown}");
    let other = run(&nix(&["key", "generate-secret", "--key-name", "team-1"])).ok();
    desk.write("nix.key", &other.stdout);
    let other = run_reading(
        &nix(&["key", "convert-secret-to-public"]),
        &desk.path("nix.key"),
    )
    .ok();
    let refused = nix(&[
        "store",
        "verify",
        "--sigs-needed",
        "1",
        "--store",
        &cache,
        &path,
    ])
    .args(["--trusted-public-keys", &other.stdout]);
    assert_ne!(run(&refused).code, 0);
}

#[test]
fn a_key_comes_from_a_file_a_variable_or_standard_input() {
    let desk = Desk::new();
    run(&desk
        .tool("minisign")
        .args(["-G", "-W", "-p", "k.pub", "-s", "k.key"]))
    .ok();
    let verified = || {
        run(&desk
            .tool("minisign")
            .args(["-V", "-m", "hello.bin", "-p", "k.pub"]))
        .ok();
        fs::remove_file(desk.path("hello.bin.minisig")).expect("a signature");
    };
    let sign = || xbuild().args(["sign", "--key"]).cwd(desk.path(""));
    sign().args(["k.key", "hello.bin"]).run().ok();
    verified();
    let caller = sign().args(["env:RELEASE_KEY", "hello.bin"]);
    caller.env("RELEASE_KEY", desk.read("k.key")).run().ok();
    verified();
    let program = Command::new(env!("CARGO_BIN_EXE_xbuild")).cwd(desk.path(""));
    let program = program.args(["sign", "--key", "-", "hello.bin"]);
    run_reading(&program.env("HOME", desk.path("")), &desk.path("k.key")).ok();
    verified();
}
