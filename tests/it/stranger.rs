//! A stranger's machine: an ordinary user, an empty home folder, no compiler,
//! no Nix and no other program in reach.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::process::Stdio;

use serde_json::Value;

use crate::support::{self, copied, repository, temp, test_home, turn_to_build, xbuild};

const TARGET: &str = "aarch64-unknown-linux-gnu.2.17";

#[test]
fn an_ordinary_user_builds_runs_and_verifies_for_another_architecture() {
    let _alone = turn_to_build();
    // Only so that the downloads are shared: the user's own run has to bring
    // Nix, the toolchain and the runner by itself.
    xbuild()
        .args(["fetch", "--nix=own", "--target", TARGET])
        .cwd(repository("examples/hello"))
        .run()
        .ok();
    let ours = {
        let project = copied("examples/hello");
        let caller = xbuild().args(["verify", "--format=json", "--target", TARGET]);
        verified(&caller.cwd(project.path()).run().ok().json())
    };
    let house = temp();
    let place = |name: &str| house.path().join(name);
    for name in [
        "project",
        "home",
        "kept",
        "kept/cache",
        "kept/cache/downloads",
        "empty",
    ] {
        fs::create_dir(place(name)).expect("a folder of the user's");
    }
    support::copy(&repository("examples/hello"), &place("project"));
    support::copy(
        &test_home().join("cache/downloads"),
        &place("kept/cache/downloads"),
    );
    fs::copy(env!("CARGO_BIN_EXE_xbuild"), place("xbuild")).expect("the program alone");
    support::cargos_settings(&place("home/.cargo"));
    let uid = support::give_away(house.path());

    let call = |args: &[&str]| {
        let mut command = xbuild::process::Command::new(place("xbuild"))
            .args(args)
            .cwd(place("project"));
        for (name, value) in support::network() {
            command = command.env(name, value);
        }
        for (name, folder) in [("HOME", "home"), ("PATH", "empty"), ("XBUILD_HOME", "kept")] {
            command = command.env(name, place(folder));
        }
        let output = command
            .to_std()
            .uid(uid)
            .gid(uid)
            .stdin(Stdio::null())
            .output()
            .expect("the program starts");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{command}\n{said}");
        (String::from_utf8_lossy(&output.stdout).into_owned(), said)
    };
    let (printed, said) = call(&["run", "--release", "--target", TARGET]);
    assert!(
        printed.starts_with("Hello from aarch64"),
        "{printed}\n{said}"
    );
    assert!(place("kept/data/nix").is_dir(), "Nix is brought:\n{said}");
    let program = place("project/target/aarch64-unknown-linux-gnu/release/hello");
    assert_eq!(fs::metadata(&program).expect("an artefact").uid(), uid);
    // What was fetched and realised is enough from now on.
    let (printed, said) = call(&["run", "--release", "--offline", "--target", TARGET]);
    assert!(
        printed.starts_with("Hello from aarch64"),
        "{printed}\n{said}"
    );
    assert!(!said.contains("Fetching"), "{said}");
    // Who builds is no part of the bits: root gets the same, where the tests
    // run as root.
    let (printed, said) = call(&["verify", "--offline", "--format=json", "--target", TARGET]);
    let theirs = serde_json::from_str(&printed).expect("a report");
    assert_eq!(verified(&theirs), ours, "{said}");
    let strayed: Vec<_> = fs::read_dir(place("home"))
        .expect("a home folder")
        .collect();
    assert!(strayed.is_empty(), "{strayed:?}");
}

/// The hash that both builds of a verification gave.
fn verified(report: &Value) -> String {
    assert_eq!(report["verdict"], "reproducible", "{report}");
    assert!(
        report["varied"]
            .as_array()
            .is_some_and(|all| all.len() > 12)
    );
    let artifact = &report["artifacts"][0];
    assert_eq!(artifact["sha256"], artifact["sha256_second"], "{report}");
    artifact["sha256"].to_string()
}
