//! A home's life: filled once, warm from then on, emptied.

use std::fs;
use std::path::Path;

use crate::support::{Caller, copied, temp, test_home, turn_to_build, xbuild};

/// Links every file of a folder into another.
fn link_all(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type().expect("a type").is_dir() {
            link_all(&from, &to);
        } else if fs::hard_link(&from, &to).is_err() {
            fs::copy(&from, &to).expect("a copy");
        }
    }
}

#[test]
fn a_home_is_filled_offline_then_warm_without_nix_then_emptied() {
    let _building = turn_to_build();
    let witness = copied("tests/fixtures/witness");
    // The packages are in the tests' own home once this has run there.
    let fetched = ["fetch", "--target=x86_64-unknown-linux-gnu.2.17"];
    xbuild().cwd(witness.path()).args(fetched).run().ok();
    let home = temp();
    let below = |path: &str| home.path().join(path);
    link_all(
        &test_home().join("cache/downloads"),
        &below("cache/downloads"),
    );

    let called = |words: &[&str]| -> Caller {
        let caller = xbuild().env("XBUILD_HOME", home.path());
        caller.cwd(witness.path()).args(words)
    };
    let run = [
        "run",
        "-v",
        "--offline",
        "--target=x86_64-unknown-linux-gnu.2.17",
    ];
    let cold = called(&run).run().ok().says("nix");
    // Nothing but the cache and the toolchain's record is asked for now.
    for folder in ["data/nix", "data/sources", "cache/downloads"] {
        fs::rename(below(folder), below(&format!("{folder}-away"))).expect("a move");
    }
    let warm = called(&run).run().ok();
    assert_eq!(warm.stdout, cold.stdout);
    assert!(!warm.stderr.contains("nix build"), "{warm}");
    assert!(!below("data/nix").exists());
    for folder in ["data/nix", "data/sources", "cache/downloads"] {
        fs::rename(below(&format!("{folder}-away")), below(folder)).expect("a move");
    }

    let nothing = called(&["gc"]).run().ok();
    assert!(!nothing.stderr.contains("Dropped"), "{nothing}");
    let all = called(&["gc", "--all", "--downloads", "--format=json"]);
    let all = all.run().ok().says("Dropped").says("Freed").json();
    let dropped = all["dropped"].as_array().map(Vec::len);
    assert!(dropped > Some(0) && all["freed"].is_u64(), "{all}");
    assert_eq!(all["downloads"].as_str(), below("cache/downloads").to_str());
    assert!(!below("cache/downloads").exists());
    let left = fs::read_dir(below("data/store/nix/store")).expect("the store");
    let names = left.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let toolchains: Vec<String> = names.filter(|name| name.contains("toolchain")).collect();
    assert_eq!(toolchains, Vec::<String>::new());
}
