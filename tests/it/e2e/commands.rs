//! Every command of xbuild's own, and how the program is called.

use std::fs;

use crate::support::{Caller, cargo_xbuild, copied, one_at_a_time, xbuild};

#[test]
#[ignore = "builds with real toolchains"]
fn cargo_calls_it_as_a_subcommand() {
    let _building = one_at_a_time();
    let hello = copied("examples/hello");
    let called = |caller: Caller, words: &[&str]| {
        let targets = ["--target", "aarch64-unknown-linux-gnu.2.17"];
        let caller = caller.cwd(hello.path()).args(words).args(targets);
        caller.args(["--", "word"]).run().ok().stdout
    };
    let plain = called(xbuild(), &["run"]);
    assert!(plain.starts_with("Hello from aarch64 linux (64 bits, little endian)"));
    assert_eq!(called(cargo_xbuild(), &["xbuild", "run"]), plain);
    assert_eq!(called(cargo_xbuild(), &["run"]), plain);
}

#[test]
#[ignore = "builds with real toolchains"]
fn the_callers_rustc_and_wrappers_are_not_used() {
    let _building = one_at_a_time();
    let hello = copied("examples/hello");
    let caller = xbuild();
    let marker = caller.home().join("was-called");
    let wrapper = caller.home().join("wrapper");
    let text = format!("#!/bin/sh\ntouch {}\nexec \"$@\"\n", marker.display());
    fs::write(&wrapper, text).expect("a wrapper");
    let outcome = caller
        .cwd(hello.path())
        .env("RUSTC_WRAPPER", &wrapper)
        .env("RUSTC", &wrapper)
        .arg("check")
        .run()
        .ok();
    assert!(!marker.exists());
    outcome.says("RUSTC_WRAPPER is set and stays outside");
}
