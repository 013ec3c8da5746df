//! The same source gives the same bits, whoever builds it and wherever.

use std::fs;

use crate::support::{Caller, copied, turn_to_build, xbuild};

/// The same call by somebody quite different.
pub fn stranger(caller: Caller) -> Caller {
    let elsewhere = caller.home().join("elsewhere");
    fs::create_dir_all(elsewhere.join("registry")).expect("another cargo home");
    let config = "[build]\nrustflags = [\"-Cdebuginfo=1\"]\n[env]\nFROM_CONFIG = \"1\"\n";
    fs::write(elsewhere.join("config.toml"), config).expect("another configuration");
    caller
        .umask("077")
        .env("CARGO_HOME", &elsewhere)
        .env("TMPDIR", &elsewhere)
        .env("RUSTFLAGS", "-Cdebuginfo=1")
        .env("CFLAGS", "-O0")
        .env("LANG", "de_DE.UTF-8")
        .env("LC_ALL", "tr_TR.UTF-8")
        .env("TZ", "Asia/Tokyo")
        .env("USER", "mallory")
        .env("LOGNAME", "mallory")
        .env("HOSTNAME", "elsewhere")
        .env("SOURCE_DATE_EPOCH", "1")
        .env("SSH_AUTH_SOCK", "/run/agent")
        .env("SECRET_TOKEN", "s3cret")
        .env("CARGO_REGISTRY_TOKEN", "s3cret")
        .env("AWS_SECRET_ACCESS_KEY", "s3cret")
}

#[test]
fn two_checkouts_and_two_callers_give_the_same_hash() {
    let _building = turn_to_build();
    let targets = [
        "x86_64-unknown-linux-musl",
        "aarch64-unknown-linux-gnu.2.17",
    ];
    let hashes = |caller: Caller, folder: &str| -> Vec<String> {
        let checkout = copied("examples/hello");
        let source = checkout.path().join(folder);
        fs::create_dir(&source).expect("a folder");
        for name in ["Cargo.toml", "Cargo.lock", "src"] {
            fs::rename(checkout.path().join(name), source.join(name)).expect("a move");
        }
        let build = caller.cwd(&source).args(["build", "--format=json"]);
        let build = build.args(targets.map(|target| format!("--target={target}")));
        let outcome = build.run().ok();
        let reports = outcome.reports();
        let hash = |report: &serde_json::Value| report["artifacts"][0]["sha256"].to_string();
        reports.iter().map(hash).collect()
    };
    let here = hashes(xbuild(), "a");
    assert_eq!(here.len(), targets.len());
    assert_ne!(here[0], here[1]);
    assert_eq!(hashes(stranger(xbuild()), "another, longer folder"), here);
}
