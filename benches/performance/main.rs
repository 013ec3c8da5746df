//! How fast xbuild is, side by side with bare cargo and `cargo zigbuild`.
//!
//! `cargo bench --bench performance` takes the contenders in turn, prints
//! medians and ratios and writes `docs/performance.md`. Names of sections
//! choose: `cargo bench --bench performance -- warm cold`; the page keeps the
//! others as they were. It is no test: it fails where something cannot be run,
//! never because of a clock.

mod bytes;
mod caller;
mod clean;
mod cold;
mod document;
mod measure;
mod peer;
mod proof;
#[path = "../../tests/it/published.rs"]
mod published;
mod targets;
mod tests;
mod warm;

use std::error::Error;
use std::process::ExitCode;

use xbuild::terminal;

use document::Page;
use peer::Peer;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// A section of the page: its name on the command line, and what measures it
/// and gives its text, which begins with a heading of the second level.
type Section = (&'static str, fn(Option<&Peer>) -> Result<String>);

/// In the order of the page.
const SECTIONS: [Section; 8] = [
    ("warm", warm::section),
    ("large", warm::large),
    ("clean", clean::section),
    ("targets", targets::section),
    ("tests", tests::section),
    ("proof", proof::section),
    ("cold", cold::section),
    ("bytes", bytes::section),
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
    let chosen: Vec<String> = std::env::args()
        .skip(1)
        .filter(|arg| !arg.starts_with("--"))
        .collect();
    let is_chosen = |name: &str| chosen.is_empty() || chosen.iter().any(|one| one == name);
    let peer = peer::install();
    let mut page = Page::open(peer.as_ref().map_err(String::as_str))?;
    for (name, section) in SECTIONS {
        if is_chosen(name) {
            terminal::status("Measuring", name);
            let load = document::load();
            let text = section(peer.as_ref().ok())?;
            terminal::data(&text);
            page.set(name, &text, &load);
        }
        // An hour's work is not to be lost for its last minute.
        page.write(&SECTIONS.map(|(name, _)| name))?;
    }
    Ok(())
}
