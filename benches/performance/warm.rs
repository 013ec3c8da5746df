//! A build with nothing to do, and one after a touched file.

use std::fmt::Write;
use std::path::Path;

use tempfile::TempDir;
use xbuild::report::size;

use crate::document::{cell, compared, goal, ratio};
use crate::measure::{self, Contender, OpenShell, Sample, in_turn};
use crate::peer::{self, Peer};
use crate::published::{copy, published};
use crate::{Result, caller};

/// Runs of each contender; the medians are of these.
const NOTHING_TO_DO: usize = 31;
const TOUCHED: usize = 11;
const TOUCHED_LARGE: usize = 3;

const TARGETS: [&str; 3] = [
    "x86_64-unknown-linux-gnu.2.17",
    "aarch64-unknown-linux-gnu.2.17",
    "x86_64-unknown-linux-musl",
];

/// Milliseconds more than bare cargo, times as long, and of the peer's time.
const GOAL: (f64, f64, f64) = (15.0, 1.3, 0.25);

/// Of the peer's time.
const GOAL_TOUCHED: f64 = 0.8;

/// All figures of a program for one target.
struct Measured {
    program: &'static str,
    target: &'static str,
    /// xbuild, bare cargo, and the peer where it takes part.
    nothing: Vec<Sample>,
    touched: Vec<Sample>,
    /// In bytes, of xbuild's own process.
    memory: u64,
}

pub fn section(peer: Option<&Peer>) -> Result<String> {
    let hello = caller::hello()?;
    let mut results = Vec::new();
    for target in TARGETS {
        let file = "src/main.rs";
        results.push(compare("hello", hello.path(), file, target, TOUCHED, peer)?);
    }
    let mut text = String::new();
    nothing_to_do(&mut text, &results);
    text.push_str("## One source file touched\n\n");
    touched(&mut text, &results);
    Ok(text)
}

/// The same of a program whose own crate takes seconds to compile.
pub fn large(peer: Option<&Peer>) -> Result<String> {
    let ripgrep = published("ripgrep", "15.2.0");
    let mut results = Vec::new();
    for target in TARGETS {
        let file = "crates/core/main.rs";
        results.push(compare(
            "ripgrep",
            ripgrep.path(),
            file,
            target,
            TOUCHED_LARGE,
            peer,
        )?);
    }
    let mut text = "## One source file of a large program touched\n\n".to_owned();
    touched(&mut text, &results);
    Ok(text)
}

fn compare(
    program: &'static str,
    source: &Path,
    file: &str,
    target: &'static str,
    rounds: usize,
    peer: Option<&Peer>,
) -> Result<Measured> {
    let project = TempDir::new()?;
    copy(source, project.path());
    let xbuild = caller::xbuild(project.path(), target);
    // The first build makes what the others find done.
    caller::succeed(&xbuild)?;
    let mut bare = OpenShell::open(project.path(), target, "")?;
    // The shell's environment says the target.
    let cargo = "cargo build --release --offline";
    let line = peer::line(target);
    let mut theirs = peer.map(|peer| peer.ready(source, target)).transpose()?;
    let mut run = |rounds: usize, touch: bool| -> Result<Vec<Sample>> {
        let before = |project: &Path| match touch {
            true => caller::touch(&project.join(file)),
            false => Ok(()),
        };
        let mut contenders: Vec<Contender<'_>> = vec![
            Box::new(|| {
                before(project.path())?;
                measure::once(&xbuild)
            }),
            Box::new(|| {
                before(project.path())?;
                bare.once(cargo)
            }),
        ];
        if let Some((project, shell)) = &mut theirs {
            contenders.push(Box::new(|| {
                before(project.path())?;
                shell.once(&line)
            }));
        }
        // The first round warms the machine's caches.
        in_turn(1, &mut contenders)?;
        in_turn(rounds, &mut contenders)
    };
    Ok(Measured {
        program,
        target,
        nothing: run(NOTHING_TO_DO, false)?,
        touched: run(rounds, true)?,
        memory: measure::peak_memory(&xbuild)?,
    })
}

/// As a profile had it (strace by seccomp, and perf) on the machine of the table.
const WHERE_IT_GOES: &str = "\
Where it goes, by a profile: 1.2 ms until xbuild's `main` runs; 1 ms for the seven
namespaces, half of it for the network's; 1.5 ms for the root of the shell, three
dozen mounts; half a millisecond for capabilities and filters; 1 ms for the
kernel to take all of that down, and for three processes to end one after another.
What xbuild itself computes (configuration, project, toolchain, plan) runs beside
that on another processor, and the check of the artefact beside the end of cargo.
Half of cargo's own time is the loading of its shared libraries.

";

fn nothing_to_do(text: &mut String, results: &[Measured]) {
    text.push_str(
        "## Nothing to do\n\n\
         `xbuild build --release --target T` again.\n\n\
         | program | target | xbuild | bare cargo | more | ratio | cargo zigbuild | ratio | runs |\n\
         | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    let mut met = true;
    let mut memory = 0;
    for result in results {
        let [ours, bare, peer @ ..] = &result.nothing[..] else {
            continue;
        };
        let peer = peer.first();
        let more = ours.median() - bare.median();
        met &= more <= GOAL.0 && ours.median() <= GOAL.1 * bare.median();
        met &= peer.is_none_or(|peer| ours.median() <= GOAL.2 * peer.median());
        memory = memory.max(result.memory);
        let _ = writeln!(
            text,
            "| {} | `{}` | {} | {} | {more:.1} ms | {} | {} | {} | {} |",
            result.program,
            result.target,
            cell(Some(ours)),
            cell(Some(bare)),
            ratio(ours, Some(bare)),
            cell(peer),
            ratio(ours, peer),
            ours.runs(),
        );
    }
    let what = format!(
        "at most {} ms more and {} times as long as bare cargo, and {} of cargo-zigbuild's time",
        GOAL.0, GOAL.1, GOAL.2
    );
    text.push_str(&goal(&what, met));
    let _ = writeln!(
        text,
        "xbuild's own process held at most {} of memory.\n",
        size(memory)
    );
    text.push_str(WHERE_IT_GOES);
}

fn touched(text: &mut String, results: &[Measured]) {
    text.push_str(
        "The crate of the program is compiled and linked, and by xbuild its artefact is\n\
         checked.\n\n\
         | program | target | xbuild | bare cargo | ratio | cargo zigbuild | ratio | runs |\n\
         | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    let mut met = true;
    for result in results {
        let [ours, bare, peer @ ..] = &result.touched[..] else {
            continue;
        };
        let peer = peer.first();
        met &= peer.is_none_or(|peer| ours.median() <= GOAL_TOUCHED * peer.median());
        let _ = writeln!(
            text,
            "| {} | `{}` | {}",
            result.program,
            result.target,
            compared(ours, bare, peer)
        );
    }
    let what = format!("at most {GOAL_TOUCHED} of cargo-zigbuild's time");
    text.push_str(&goal(&what, met));
}
