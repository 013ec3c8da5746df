//! Other runners of tests and benches than cargo's own, on another machine.

use std::fs;

use serde_json::Value;

use crate::support::{copied, turn_to_build, xbuild};

const TARGET: &str = "--target=aarch64-unknown-linux-gnu.2.17";

#[test]
fn criterion_measures_under_qemu_and_keeps_its_results() {
    let _building = turn_to_build();
    let project = copied("tests/fixtures/runners");
    let bench = |words: &[&str]| {
        let caller = xbuild().cwd(project.path()).args(["bench", TARGET, "--"]);
        let caller = caller.args([
            "--sample-size=10",
            "--nresamples=1001",
            "--warm-up-time=0.1",
        ]);
        let caller = caller.args(["--measurement-time=0.1", "--noplot"]);
        caller.args(words).run().ok().stdout
    };
    let first = bench(&["--save-baseline=first"]);
    assert!(
        first.contains("counting") && first.contains("time: "),
        "{first}"
    );
    let kept = project.path().join("target/criterion/counting/first");
    let estimates = fs::read(kept.join("estimates.json")).expect("what criterion keeps");
    let estimates: Value = serde_json::from_slice(&estimates).expect("JSON");
    let mean = estimates["mean"]["point_estimate"].as_f64();
    assert!(mean > Some(0.0), "{estimates}");
    let second = bench(&["--baseline=first"]);
    assert!(second.contains("change: "), "{second}");
}

/// What a test finds wrong is for the user to look at, where he looks.
#[test]
fn snapshots_are_found_and_new_ones_land_where_tests_may_write() {
    let _building = turn_to_build();
    let project = copied("tests/fixtures/runners");
    let test = |words: &[&str]| {
        let caller = xbuild().cwd(project.path()).args(["test", TARGET]);
        caller.args(words).run()
    };
    // Cargo describes the crates of every platform, and so they must be there.
    let caller = xbuild().cwd(project.path());
    let described = caller.args(["metadata", "--format-version=1"]).run().ok();
    assert!(described.json()["resolve"]["nodes"].is_array());
    test(&[]).ok();

    // The source is read-only, unless it is said that it is not.
    let snapshot = project
        .path()
        .join("tests/snapshots/snapshots__in_a_file.snap");
    let new = snapshot.with_extension("snap.new");
    let kept = fs::read_to_string(&snapshot).expect("a snapshot");
    let other = kept.replace("another 7", "another 8");
    fs::write(&snapshot, &other).expect("another snapshot");
    let failed = test(&["--test=snapshots"]).exits(101);
    assert!(failed.stdout.contains("+another 7"), "{failed}");
    assert!(!new.exists());
    let config = project.path().join("xbuild.toml");
    fs::write(&config, "[test]\nwritable = true\n").expect("a configuration");
    let failed = test(&["--test=snapshots"]).exits(101);
    let found = fs::read_to_string(&new).unwrap_or_else(|error| panic!("{error} of\n{failed}"));
    assert!(found.ends_with("another 7\n"), "{found}");
    assert_eq!(fs::read_to_string(&snapshot).expect("a snapshot"), other);
    fs::remove_file(&config).expect("no configuration");
    fs::remove_file(&new).expect("no new snapshot");

    // The runner of snapshots is made to write; it is built once.
    let accepted = test(&["--runner=insta", "--accept", "--test=snapshots"]).ok();
    let found = fs::read_to_string(&snapshot).expect("a snapshot");
    assert_eq!(found.lines().last(), Some("another 7"), "{accepted}");
    let again = test(&["--runner=insta", "--check", "--offline"]).ok();
    assert!(!again.stderr.contains("Compiling"), "{again}");

    // Only the pinned crate is built, and nothing without a network.
    let pinned = |version: &str| {
        let text = format!(
            "[test]\nrunner = \"insta\"\n[runner.insta]\nversion = \"{version}\"\nsha256 = \"{}\"\n",
            "0".repeat(64)
        );
        fs::write(&config, text).expect("a configuration");
    };
    pinned("1.49.0");
    test(&[])
        .exits(84)
        .says("`cargo-insta-1.49.0.crate` has the SHA-256 5ab76c24f134684a")
        .says("hint: if that is the one you mean, in xbuild.toml: [runner.insta] sha256 = \"5ab7");
    pinned("1.48.0");
    test(&["--offline"])
        .exits(83)
        .says("offline, and `cargo-insta` 1.48.0 was never built");
}

#[test]
fn nextest_runs_the_tests_of_a_workspace_under_qemu() {
    let _building = turn_to_build();
    let workspace = copied("tests/fixtures/workspace");
    let settings = workspace.path().join(".config");
    fs::create_dir(&settings).expect("a folder");
    let settings = settings.join("nextest.toml");
    fs::write(settings, "[profile.ci.junit]\npath = \"junit.xml\"\n").expect("a setting");
    let test = |words: &[&str]| {
        let caller = xbuild().cwd(workspace.path()).args(["test", TARGET]);
        let caller = caller.args(["--runner=nextest", "-p=macros", "-p", "sums"]);
        caller.args(words).run()
    };
    let all = test(&["--profile", "ci"]).ok();
    let all = all
        .says("with nextest profile: ci")
        .says("6 tests run: 6 passed, 1 skipped");
    assert!(all.stderr.contains("qemu-aarch64"), "{all}");
    let report = workspace.path().join("target/nextest/ci/junit.xml");
    let report = fs::read_to_string(report).expect("a report");
    assert!(
        report.contains("only_the_macro_ran_on_the_builder"),
        "{report}"
    );
    let some = test(&["-E", "test(threads_add_up)", "--no-fail-fast"]).ok();
    some.says("1 test run: 1 passed, 6 skipped");
    // nextest's own code for a filter that nothing passes.
    test(&["-E", "test(there_is_none)"]).exits(4);
}
