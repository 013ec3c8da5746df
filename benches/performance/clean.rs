//! A release build of everything.

use std::fmt::Write;
use std::path::Path;

use tempfile::TempDir;

use crate::document::{compared, goal};
use crate::measure::{self, Contender, OpenShell, in_turn};
use crate::peer::{self, Peer};
use crate::published::{copy, published};
use crate::{Result, caller};

const ROUNDS: usize = 3;

const TARGET: &str = "aarch64-unknown-linux-gnu.2.17";

/// Times as long as bare cargo, and as the peer.
const GOAL: (f64, f64) = (1.02, 1.0);

pub fn section(peer: Option<&Peer>) -> Result<String> {
    let mut text = String::from(
        "## A clean release build\n\n\
         Everything but the download of crates, each time in an empty target folder.\n\n\
         | program | target | xbuild | bare cargo | ratio | cargo zigbuild | ratio | runs |\n\
         | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    let ripgrep = published("ripgrep", "15.2.0");
    let c_code = caller::repository("benches/performance/c-code");
    let mut met = true;
    for (name, source) in [
        ("ripgrep", ripgrep.path()),
        ("a program around zstd's C code", &c_code),
    ] {
        let samples = compare(source, peer)?;
        let [ours, bare, peer @ ..] = &samples[..] else {
            continue;
        };
        let peer = peer.first();
        met &= ours.median() <= GOAL.0 * bare.median();
        met &= peer.is_none_or(|peer| ours.median() <= GOAL.1 * peer.median());
        let _ = writeln!(
            text,
            "| {name} | `{TARGET}` | {}",
            compared(ours, bare, peer)
        );
    }
    let what = format!(
        "at most {} times as long as bare cargo, and no longer than cargo-zigbuild",
        GOAL.0
    );
    text.push_str(&goal(&what, met));
    Ok(text)
}

fn compare(source: &Path, peer: Option<&Peer>) -> Result<Vec<measure::Sample>> {
    let project = TempDir::new()?;
    copy(source, project.path());
    let xbuild = caller::xbuild(project.path(), TARGET);
    caller::succeed(&xbuild)?;
    let line = peer::line(TARGET);
    let mut theirs = peer.map(|peer| peer.ready(source, TARGET)).transpose()?;
    // Two shells of one project have one target folder.
    let mut shell = OpenShell::open(project.path(), TARGET, "")?;
    let shell = std::cell::RefCell::new(&mut shell);
    let clean = || -> Result<()> {
        shell.borrow_mut().once(CLEAN)?;
        Ok(())
    };
    let mut contenders: Vec<Contender<'_>> = vec![
        Box::new(|| {
            clean()?;
            measure::once(&xbuild)
        }),
        Box::new(|| {
            clean()?;
            shell.borrow_mut().once("cargo build --release --offline")
        }),
    ];
    if let Some((_, shell)) = &mut theirs {
        contenders.push(Box::new(|| {
            shell.once(CLEAN)?;
            shell.once(&line)
        }));
    }
    in_turn(ROUNDS, &mut contenders)
}

/// Removes what cargo made, for the target and for the host.
const CLEAN: &str = "rm -rf /build/target/release /build/target/*-linux-*/release";
