//! Other runners of tests and benches than cargo's own, on another machine.

use std::fs;

use serde_json::Value;

use crate::support::{copied, one_at_a_time, xbuild};

const TARGET: &str = "--target=aarch64-unknown-linux-gnu.2.17";

#[test]
fn criterion_measures_under_qemu_and_keeps_its_results() {
    let _building = one_at_a_time();
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
