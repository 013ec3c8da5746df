//! What a hostile or a curious build gets to see: nothing of the caller.

use std::fs;
use std::net::TcpListener;
use std::path::Path;

use super::bits::stranger;
use crate::support::{Caller, Outcome, copied, temp, turn_to_build, xbuild};

/// Puts into a caller's home what no build may read.
fn with_secrets(caller: Caller) -> Caller {
    let home = caller.home();
    for (path, text) in [
        (".ssh/id_ed25519", "s3cret key"),
        (".netrc", "password s3cret"),
        (".gnupg/private", "s3cret"),
        (
            ".cargo/credentials.toml",
            "[registry]\ntoken = \"s3cret\"\n",
        ),
        (".bash_history", "s3cret"),
    ] {
        let path = home.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a secret");
    }
    stranger(caller)
}

#[test]
fn a_hostile_project_is_refused_everything() {
    let _building = turn_to_build();
    let hostile = copied("tests/fixtures/hostile");
    let call = |words: &[&str]| -> Outcome {
        let caller = with_secrets(xbuild()).cwd(hostile.path());
        caller.args(words).run().ok()
    };
    // Its build script fails the build where a way out is open.
    let built = call(&["build", "--format=json"]);
    let [report] = &built.reports()[..] else {
        panic!("one report expected of\n{built}")
    };
    assert_eq!(report["hermetic"], true, "{built}");
    assert_eq!(report["artifacts"][0]["hermetic"], true, "{built}");

    let tested = call(&["test"]);
    assert!(
        tested.stdout.contains("every_way_out_is_closed ... ok"),
        "{tested}"
    );
    let ran = call(&["run"]);
    assert!(!ran.stdout.contains("open: "), "{ran}");
    assert!(ran.stdout.matches("refused: ").count() > 30, "{ran}");
}

/// The attempts of the witness, for what only this machine has.
fn write_attempts(source: &Path, caller: &Caller, outside: &Path, port: u16) -> usize {
    let home = caller.home();
    let attempts = [
        format!("read {}", home.join(".ssh/id_ed25519").display()),
        format!("read {}", home.join(".cargo/credentials.toml").display()),
        format!("read {}", outside.join("beside").display()),
        format!("list {}", source.display()),
        format!("list {}", home.display()),
        "read /etc/shadow".to_owned(),
        "read /proc/1/environ".to_owned(),
        "list /root".to_owned(),
        format!("connect 127.0.0.1:{port}"),
    ];
    fs::write(source.join("attempts.txt"), attempts.join("\n")).expect("attempts");
    attempts.len()
}

#[test]
fn nothing_of_the_caller_is_in_sight() {
    let _building = turn_to_build();
    let outside = temp();
    fs::write(outside.path().join("beside"), "s3cret").expect("a secret");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
    listener.set_nonblocking(true).expect("no waiting");
    let port = listener.local_addr().expect("an address").port();

    let seen = |caller: Caller| -> String {
        let witness = copied("tests/fixtures/witness");
        let attempts = write_attempts(witness.path(), &caller, outside.path(), port);
        let outcome = caller.cwd(witness.path()).arg("run").run().ok();
        let refused = outcome.stdout.matches(": refused, ").count();
        assert!(refused >= attempts, "{refused} of {attempts} in\n{outcome}");
        assert!(!outcome.stdout.contains("s3cret"), "{outcome}");
        assert!(!outcome.stdout.contains("connected"), "{outcome}");
        outcome.stdout
    };
    let plain = seen(xbuild());
    assert_eq!(seen(with_secrets(xbuild())), plain);
    assert!(listener.accept().is_err(), "somebody called");
    for line in [
        "CARGO_HOME=/build/cargo",
        "HOME=/build/home",
        "LANG=C.UTF-8",
        "LC_ALL=C.UTF-8",
        "TZ=UTC",
        "USER=xbuild",
        "folder: /build/source",
        "Umask:\t0022",
        "Uid:\t1000\t1000\t1000\t1000",
        "/proc/sys/kernel/hostname: xbuild",
        "HOME: ",
    ] {
        assert!(
            plain.lines().any(|seen| seen == line),
            "{line:?} in\n{plain}"
        );
    }
}

#[test]
fn only_what_is_passed_through_gets_in() {
    let _building = turn_to_build();
    let witness = copied("tests/fixtures/witness");
    let config = "[env]\npassthrough = [\"WANTED\", \"FIXED=2\"]\n";
    fs::write(witness.path().join("xbuild.toml"), config).expect("a configuration");
    let outcome = xbuild()
        .cwd(witness.path())
        .env("WANTED", "yes")
        .env("UNWANTED", "no")
        .arg("run")
        .run()
        .ok();
    let seen = |line: &str| outcome.stdout.lines().any(|seen| seen == line);
    assert!(seen("WANTED=yes") && seen("FIXED=2"), "{outcome}");
    assert!(!outcome.stdout.contains("UNWANTED"), "{outcome}");
}
