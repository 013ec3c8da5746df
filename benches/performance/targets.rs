//! Several targets in one call, and apart.

use std::fmt::Write;
use std::time::Duration;

use tempfile::TempDir;
use xbuild::process::Command;

use crate::document::{cell, goal, ratio};
use crate::measure::{self, Contender, in_turn};
use crate::peer::Peer;
use crate::published::copy;
use crate::{Result, caller};

const ROUNDS: usize = 2;

const TARGETS: [&str; 4] = [
    "x86_64-unknown-linux-gnu.2.17",
    "aarch64-unknown-linux-gnu.2.17",
    "armv7-unknown-linux-gnueabihf.2.28",
    "i686-unknown-linux-gnu.2.28",
];

/// Of the time of the calls apart.
const GOAL: f64 = 0.9;

pub fn section(_: Option<&Peer>) -> Result<String> {
    let project = TempDir::new()?;
    copy(
        &caller::repository("benches/performance/c-code"),
        project.path(),
    );
    let build = |targets: &[&str]| -> Command {
        let call = caller::ours(project.path()).args(["build", "--release"]);
        targets
            .iter()
            .fold(call, |call, target| call.args(["--target", target]))
    };
    let together = build(&TARGETS);
    let apart = TARGETS.map(|target| build(&[target]));
    caller::succeed(&together)?;
    let clean = || std::fs::remove_dir_all(project.path().join("target"));
    let mut contenders: Vec<Contender<'_>> = vec![
        Box::new(|| {
            clean()?;
            measure::once(&together)
        }),
        Box::new(|| {
            let mut sum = Duration::ZERO;
            for one in &apart {
                clean()?;
                sum += measure::once(one)?;
            }
            Ok(sum)
        }),
    ];
    let samples = in_turn(ROUNDS, &mut contenders)?;
    let [together, apart] = &samples[..] else {
        return Err("two samples were to be taken".into());
    };
    let mut text = String::from(
        "## Four targets\n\n\
         A clean release build of a program around zstd's C code for\n\
         `x86_64-unknown-linux-gnu.2.17`,\n\
         `aarch64-unknown-linux-gnu.2.17`, `armv7-unknown-linux-gnueabihf.2.28` and\n\
         `i686-unknown-linux-gnu.2.28`, in one call and in four of them.\n\n\
         | in one call | apart | ratio | runs |\n\
         | ---: | ---: | ---: | ---: |\n",
    );
    let _ = writeln!(
        text,
        "| {} | {} | {} | {} |",
        cell(Some(together)),
        cell(Some(apart)),
        ratio(together, Some(apart)),
        together.runs()
    );
    let met = together.median() <= GOAL * apart.median();
    text.push_str(&goal(
        &format!("at most {GOAL} of the time of the four calls"),
        met,
    ));
    Ok(text)
}
