//! Programs over libraries of the target's system: packages of Debian, pinned
//! in the fixture's `xbuild.lock`.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::{Outcome, copied, turn_to_build, xbuild};

const AARCH64: &str = "aarch64-unknown-linux-gnu";
const ARMV7: &str = "armv7-unknown-linux-gnueabihf";

fn run(project: &Path, words: &[&str]) -> Outcome {
    xbuild().cwd(project).args(words).run()
}

/// The packages that a report says the machine needs for a program.
fn packages(report: &Value, name: &str) -> Vec<String> {
    let artifacts = report["artifacts"].as_array().expect("artefacts");
    let artifact = artifacts.iter().find(|one| one["name"] == name);
    let packages = artifact.expect("the program")["packages"].as_array();
    let names = packages.expect("packages").iter();
    names
        .map(|one| one["package"].as_str().expect("a name").to_owned())
        .collect()
}

#[test]
fn programs_over_libpci_libssl_and_libudev_build_and_run() {
    let _building = turn_to_build();
    let project = copied("tests/fixtures/libraries");
    let project = project.path();
    let lock = fs::read(project.join("xbuild.lock")).expect("the lock");

    let (one, other) = (format!("--target={AARCH64}"), format!("--target={ARMV7}"));
    let built = run(
        project,
        &["build", "--locked", "--format=json", &one, &other],
    )
    .ok();
    let reports = built.reports();
    assert_eq!(reports.len(), 2, "{built}");
    for report in &reports {
        for (name, package) in [
            ("pci", "libpci3"),
            ("tls", "libssl1.1"),
            ("udev", "libudev1"),
        ] {
            assert_eq!(packages(report, name), [package], "{built}");
        }
    }
    for (target, arch) in [(&one, "aarch64"), (&other, "arm")] {
        for (name, says) in [
            ("pci", "libpci has linux-sysfs on"),
            ("tls", "libssl of OpenSSL 1.1.1w on"),
            ("udev", "libudev makes a\\x20b on"),
        ] {
            let ran = run(project, &["run", "-q", "-p", name, target]).ok();
            assert_eq!(ran.stdout, format!("{says} {arch}\n"), "{ran}");
        }
    }

    // Bullseye's libudev was built for a newer glibc than this floor's.
    let low = format!("--target={AARCH64}.2.28");
    run(project, &["build", "-p", "udev", &low])
        .exits(88)
        .says("system-libraries: `udev`: `libudev.so.1` of bullseye's libudev1")
        .says("needs glibc 2.30, and the floor is 2.28")
        .says("hint: `--target aarch64-unknown-linux-gnu.2.30` is the lowest floor");
    let allowed = ["build", "-p", "udev", "--allow=system-libraries", &low];
    run(project, &allowed)
        .ok()
        .says("needs package libudev1 (bullseye)");

    // The suite of higher floors is not in the lock; no build writes it.
    let high = format!("--target={AARCH64}.2.38");
    run(project, &["build", &high])
        .exits(82)
        .says("locks nothing of trixie for aarch64-unknown-linux-gnu")
        .says("hint: xbuild lock --target aarch64-unknown-linux-gnu.2.38");
    assert_eq!(
        fs::read(project.join("xbuild.lock")).expect("the lock"),
        lock
    );
}

#[test]
fn a_lock_is_proved_and_wishes_that_cannot_be_had_are_answered() {
    let _building = turn_to_build();
    let project = copied("tests/fixtures/libraries");
    let project = project.path();
    run(project, &["lock"]).ok().says("Unchanged xbuild.lock");
    run(project, &["lock", "--check"]).ok();

    let config = |package: &str| {
        let text = format!("[target.{AARCH64}]\npackages = [\"{package}\"]\n");
        fs::write(project.join("xbuild.toml"), text).expect("the configuration");
    };
    config("libpci");
    run(project, &["lock", "--check"])
        .exits(82)
        .says("which nothing asks for");
    run(project, &["lock"])
        .exits(82)
        .says("xbuild.toml:2: Debian's bullseye has no package `libpci` for arm64")
        .says("hint: did you mean libpci-dev");
    config("libudev-dev");
    run(project, &["lock"])
        .ok()
        .says("Locked 2 packages of bullseye for aarch64-unknown-linux-gnu")
        .says("Dropped packages of bullseye for armv7-unknown-linux-gnueabihf");
    let path = project.join("xbuild.lock");
    let text = fs::read_to_string(&path).expect("the lock");
    assert!(!text.contains("://"), "{text}");
    let at = text.find("sha256 = \"").expect("a hash") + 10;
    let forged = format!("{}{}{}", &text[..at], "0".repeat(64), &text[at + 64..]);
    fs::write(&path, forged).expect("a forged lock");
    run(project, &["lock", "--check"])
        .exits(84)
        .says("does not follow from the signed release of bullseye");
}
