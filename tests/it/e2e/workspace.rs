//! A workspace's own tests, on another machine.

use std::fs;

use crate::support::{Outcome, copied, temp, turn_to_build, xbuild};

const TARGET: &str = "--target=aarch64-unknown-linux-gnu.2.17";

/// Passed, failed and ignored tests of all harnesses.
fn counts(outcome: &Outcome) -> [usize; 3] {
    let lines = outcome.stdout.lines();
    let results = lines.filter(|line| line.starts_with("test result: "));
    results.fold([0; 3], |sums, line| {
        let count = |what: &str| -> usize {
            let before = line.split(what).next().unwrap_or_default();
            let number = before.trim_end().rsplit(' ').next().unwrap_or_default();
            number
                .parse()
                .unwrap_or_else(|_| panic!("{what} in {line}"))
        };
        let counts = [count("passed"), count("failed"), count("ignored")];
        [0, 1, 2].map(|index| sums[index] + counts[index])
    })
}

#[test]
fn unit_integration_and_doc_tests_run_under_qemu() {
    let _building = turn_to_build();
    let workspace = copied("tests/fixtures/workspace");
    let test = |words: &[&str]| {
        let caller = xbuild().cwd(workspace.path()).args(["test", TARGET]);
        caller.args(words).run().ok()
    };
    // One of the macro's, two and one ignored of the library's, three of the
    // integration test's, two of the documentation's.
    let all = test(&["-p", "macros", "-p", "sums"]);
    assert_eq!(counts(&all), [8, 0, 1], "{all}");
    all.says("Doc-tests sums");
    let chosen = test(&[
        "-p",
        "sums",
        "--lib",
        "--",
        "--include-ignored",
        "only_where",
    ]);
    assert_eq!(counts(&chosen), [1, 0, 0], "{chosen}");
    let docs = test(&["-p", "sums", "--doc"]);
    assert_eq!(counts(&docs), [2, 0, 0], "{docs}");

    let benched = xbuild()
        .cwd(workspace.path())
        .args(["bench", "-p", "sums", "--bench", "adding", TARGET])
        .run()
        .ok();
    assert_eq!(
        benched.stdout, "added up to 499500 on aarch64\n",
        "{benched}"
    );
}

/// Only the kernel can start an emulator for a program that cargo has not
/// started; it learns of ours inside a user namespace since Linux 6.7.
#[test]
fn a_test_may_start_the_program_that_it_tests() {
    let _building = turn_to_build();
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").expect("the kernel's release");
    let mut numbers = release
        .split('.')
        .map_while(|part| part.parse::<u32>().ok());
    let known = (numbers.next(), numbers.next()) >= (Some(6), Some(7));
    let workspace = copied("tests/fixtures/workspace");
    for target in [
        "aarch64-unknown-linux-gnu.2.17",
        "armv7-unknown-linux-musleabihf",
        "s390x-unknown-linux-gnu",
        "i686-unknown-linux-gnu.2.17",
    ] {
        let tested = xbuild()
            .cwd(workspace.path())
            .args(["test", "-p", "programs", "--target", target])
            .run()
            .exits(if known { 0 } else { 101 });
        assert_eq!(counts(&tested)[0], usize::from(known), "{tested}");
    }
}

#[test]
fn a_failing_test_ends_as_it_does_with_cargo() {
    let _building = turn_to_build();
    let project = temp();
    for (name, text) in [
        (
            "Cargo.toml",
            "[package]\nname = \"fails\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\
             [lib]\npath = \"lib.rs\"\n[workspace]\n",
        ),
        (
            "lib.rs",
            "#[test]\nfn right() {}\n#[test]\nfn wrong() { assert_eq!(1, 2) }\n",
        ),
    ] {
        fs::write(project.path().join(name), text).expect("a project");
    }
    let test = |words: &[&str]| {
        let caller = xbuild().cwd(project.path()).args(["test", "--lib", TARGET]);
        caller.args(words).run()
    };
    let failed = test(&[]).exits(101);
    assert_eq!(counts(&failed), [1, 1, 0], "{failed}");
    assert!(failed.stdout.contains("left: 1"), "{failed}");
    assert_eq!(counts(&test(&["right"]).ok()), [1, 0, 0]);

    // What does not compile is cargo's to say, with cargo's own code.
    fs::write(project.path().join("lib.rs"), "fn broken() -> u8 { \"\" }").expect("a fault");
    test(&[]).exits(101).says("mismatched types");
}
