//! Keys and files that `xbuild sign` and `xbuild attest verify` do not take.

use std::fs;

use super::{Desk, PASSPHRASE};
use crate::support::{run, xbuild};

#[test]
fn a_key_that_cannot_be_used_is_told_by_its_place_alone() {
    let desk = Desk::new();
    let openssl = |args: &[&str]| run(&desk.tool("openssl").args(args)).ok();
    openssl(&["genpkey", "-algorithm", "RSA", "-out", "rsa.key"]);
    openssl(&["genpkey", "-algorithm", "ed25519", "-out", "ed.key"]);
    openssl(&["pkey", "-in", "ed.key", "-pubout", "-out", "ed.pub"]);
    run(&desk.tool("cosign").arg("generate-key-pair")).ok();
    desk.write("text", "my dog's name");
    desk.write("wrong", "not it\n");
    desk.write("right", &format!("{PASSPHRASE}\n"));
    fs::create_dir(desk.path("folder")).expect("a folder");
    let table: [(&[&str], i32, &str); 13] = [
        (&[], 2, "there is no key to sign with"),
        (&["--passphrase", "right"], 2, "--key <KEY>"),
        (&["--key", "absent"], 82, "failed to read the key `absent`"),
        (&["--key", "folder"], 82, "failed to read the key `folder`"),
        (
            &["--key", "env:ABSENT"],
            82,
            "the variable ABSENT is not set",
        ),
        (&["--key", "text"], 82, "no key of a known kind"),
        (
            &["--key", "-"],
            82,
            "the key in standard input cannot be used",
        ),
        (&["--key", "-", "--passphrase", "-"], 2, "cannot be both"),
        (&["--key", "rsa.key"], 82, "it is a RSA key"),
        (&["--key", "ed.pub"], 82, "it is a public key"),
        (&["--key", "cosign.key"], 82, "there is no passphrase"),
        (
            &["--key", "cosign.key", "--passphrase", "wrong"],
            82,
            "does not open it",
        ),
        (
            &["--key", "cosign.key", "--passphrase", "absent"],
            82,
            "no file to read the passphrase from",
        ),
    ];
    for (args, code, why) in table {
        let caller = xbuild().arg("sign").args(args).arg("hello.bin");
        let outcome = caller.cwd(desk.path("")).run().exits(code).says(why);
        assert!(!outcome.stderr.contains("my dog"), "{outcome}");
        assert!(!outcome.stderr.contains("not it"), "{outcome}");
    }
    // A secret in the place of its place is not repeated.
    let nix = "team-1:utG5fAfshQNkQNgxGXK8QPRhgDHpcgeDKbEDZe8fqC3KyvO8YZbqRnSxhsYrJ7lXBqXb0tZ6GeySMs28rF4Q1A==";
    for key in [&*desk.read("ed.key"), &desk.read("cosign.key"), nix] {
        let caller = xbuild().args(["sign", "--key", key, "hello.bin"]);
        let outcome = caller.cwd(desk.path("")).run().exits(2);
        let secret = key.lines().nth(1).unwrap_or(key);
        assert!(!outcome.stderr.contains(secret), "{outcome}");
        outcome.says("a key is never an argument");
    }
    let hunter = [
        "sign",
        "--key",
        "cosign.key",
        "--passphrase",
        "hunter2",
        "hello.bin",
    ];
    let outcome = xbuild().args(hunter).cwd(desk.path("")).run().exits(82);
    assert!(!outcome.stderr.contains("hunter2"), "{outcome}");
    let names: Vec<_> = fs::read_dir(desk.path("")).expect("a folder").collect();
    let left = names.iter().flatten().map(|entry| entry.file_name());
    assert!(
        !left
            .into_iter()
            .any(|name| name.to_string_lossy().contains("sigstore"))
    );
    let sign = |args: &[&str]| xbuild().arg("sign").args(args).cwd(desk.path("")).run();
    sign(&["--key", "cosign.key", "--passphrase", "right", "hello.bin"]).ok();
    sign(&["--key", "ed.key", "absent"])
        .exits(87)
        .says("`absent`");
    desk.write("nix.key", "x:AAAA");
    sign(&["--key", "nix.key", "hello.bin"])
        .exits(82)
        .says("broken Nix key");
}
