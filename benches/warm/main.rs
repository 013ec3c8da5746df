//! What a build with nothing to do costs, and a rebuild after one touched file:
//! xbuild, the same pinned cargo bare in the same shell, and `cargo zigbuild`.
//!
//! `cargo bench --bench warm` takes them in turn, prints the medians and writes
//! `docs/performance.md`. It is no test: it fails where something cannot be
//! run, never because of a clock.

mod bytes;
mod caller;
mod document;
mod measure;
mod peer;

use std::error::Error;
use std::process::ExitCode;

use measure::{Contender, in_turn};
use xbuild::terminal;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Runs of each contender; the medians are of these.
const NOTHING_TO_DO: usize = 31;
const TOUCHED: usize = 11;

/// A target, and whether the peer takes part: it needs rustup's std for it.
const TARGETS: [(&str, bool); 2] = [
    ("x86_64-unknown-linux-gnu.2.17", true),
    ("aarch64-unknown-linux-gnu.2.17", false),
];

fn main() -> ExitCode {
    // `cargo test --all-targets` starts this as well, and wants no figures.
    if !std::env::args().any(|arg| arg == "--bench") {
        return ExitCode::SUCCESS;
    }
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            terminal::talk(format_args!("{error}\n"));
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let load = document::load();
    let peer = peer::install();
    let mut results = Vec::new();
    for (target, with_peer) in TARGETS {
        terminal::status("Measuring", target);
        results.push(compare(target, peer.as_ref().ok().filter(|_| with_peer))?);
    }
    let text = document::render(&document::Findings {
        results: &results,
        peer: peer.as_ref().map_err(String::as_str),
        load: &load,
        bytes: &bytes::by_part()?,
    });
    terminal::data(&text);
    let path = caller::repository("docs/performance.md");
    std::fs::write(&path, text)?;
    Ok(())
}

/// All figures of one target.
fn compare(target: &str, peer: Option<&peer::Peer>) -> Result<document::Measured> {
    let project = caller::hello()?;
    let xbuild = caller::xbuild(project.path(), target);
    // The first build makes what the others find done.
    caller::succeed(&xbuild)?;
    let mut bare = measure::BareShell::open(project.path(), target)?;
    let theirs = match peer {
        Some(peer) => {
            let project = caller::hello()?;
            let command = peer.command(project.path(), target);
            caller::succeed(&command)?;
            Some((project, command))
        }
        None => None,
    };

    let mut contenders: Vec<Contender<'_>> = vec![
        Box::new(|| measure::once(&xbuild)),
        Box::new(|| bare.once()),
    ];
    if let Some((_, command)) = &theirs {
        contenders.push(Box::new(|| measure::once(command)));
    }
    let nothing = in_turn(NOTHING_TO_DO, &mut contenders)?;

    let mut contenders: Vec<Contender<'_>> = vec![Box::new(|| {
        caller::touch(project.path())?;
        measure::once(&xbuild)
    })];
    if let Some((project, command)) = &theirs {
        contenders.push(Box::new(|| {
            caller::touch(project.path())?;
            measure::once(command)
        }));
    }
    let touched = in_turn(TOUCHED, &mut contenders)?;
    Ok(document::Measured {
        target: target.to_owned(),
        nothing,
        touched,
        memory: measure::peak_memory(&xbuild)?,
    })
}
