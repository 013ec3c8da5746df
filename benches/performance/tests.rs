//! Tests under QEMU: one program after another, as cargo runs them, and side by
//! side, as xbuild does.

use std::fmt::Write;
use std::fs;

use tempfile::TempDir;

use crate::document::{cell, goal, ratio};
use crate::measure::{self, Contender, in_turn};
use crate::peer::Peer;
use crate::{Result, caller};

const TARGET: &str = "aarch64-unknown-linux-gnu.2.17";

const ROUNDS: usize = 3;

const BINARIES: usize = 4;

/// Of the time of one after another, on two processors.
const GOAL: f64 = 0.6;

/// Some seconds of work under QEMU, which no optimiser sees through.
const TEST: &str = "\
#[test]
fn works() {
    let mut state = 1_u64;
    for _ in 0..500_000_000_u64 {
        state = std::hint::black_box(state ^ (state << 13));
        state ^= state >> 7;
    }
    assert_ne!(state, 0);
}
";

pub fn section(_: Option<&Peer>) -> Result<String> {
    let project = TempDir::new()?;
    let manifest = "[package]\nname = \"slow\"\nversion = \"0.1.0\"\nedition = \"2021\"\n";
    fs::write(project.path().join("Cargo.toml"), manifest)?;
    for folder in ["src", "tests"] {
        fs::create_dir(project.path().join(folder))?;
    }
    fs::write(project.path().join("src/main.rs"), "fn main() {}\n")?;
    for number in 0..BINARIES {
        fs::write(project.path().join(format!("tests/part{number}.rs")), TEST)?;
    }
    let words = ["test", "--release", "--target", TARGET];
    let at_once = caller::ours(project.path()).args(words);
    let cargo = at_once.clone().args(["--test-jobs", "1"]);
    for command in [&cargo, &at_once] {
        caller::succeed(command)?;
    }
    let mut contenders: Vec<Contender<'_>> = vec![
        Box::new(|| measure::once(&cargo)),
        Box::new(|| measure::once(&at_once)),
    ];
    let samples = in_turn(ROUNDS, &mut contenders)?;
    let [one_by_one, parallel] = &samples[..] else {
        return Err("two samples were to be taken".into());
    };
    let mut text = format!(
        "## Tests under QEMU\n\n\
         {BINARIES} test programs of one test each, for `{TARGET}`: `xbuild test --test-jobs 1`\n\
         runs one after another, as cargo does, and `xbuild test` as many at once as there\n\
         are processors.\n\n\
         | one after another | side by side | ratio | runs |\n\
         | ---: | ---: | ---: | ---: |\n",
    );
    let _ = writeln!(
        text,
        "| {} | {} | {} | {} |",
        cell(Some(one_by_one)),
        cell(Some(parallel)),
        ratio(parallel, Some(one_by_one)),
        parallel.runs()
    );
    let met = parallel.median() <= GOAL * one_by_one.median();
    text.push_str(&goal(
        &format!("at most {GOAL} of the time of one after another"),
        met,
    ));
    Ok(text)
}
