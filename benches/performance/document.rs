//! `docs/performance.md`: an introduction, and the sections, each between marks
//! by which the next run finds it.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

use crate::measure::Sample;
use crate::{Peer, Result, caller};

/// The page, as far as it is known.
pub struct Page {
    path: PathBuf,
    introduction: String,
    /// The text of each section, by its name.
    sections: BTreeMap<String, String>,
}

impl Page {
    /// The page of an earlier run, with the introduction of this one.
    pub fn open(peer: std::result::Result<&Peer, &str>) -> Result<Self> {
        let path = caller::repository("docs/performance.md");
        let old = fs::read_to_string(&path)?;
        let mut sections = BTreeMap::new();
        for part in old.split("<!-- section ").skip(1) {
            if let Some((name, text)) = part.split_once(" -->\n") {
                sections.insert(name.to_owned(), text.trim_end().to_owned());
            }
        }
        let peer = match peer {
            Ok(peer) => format!("The peer: {}.", peer.version),
            Err(why) => format!("The peer takes no part: {}", why.replace('\n', " ")),
        };
        Ok(Page {
            path,
            introduction: format!("{INTRODUCTION}{peer}\n"),
            sections,
        })
    }

    /// Puts a section's new text in the place of the old one.
    pub fn set(&mut self, name: &str, text: &str, load: &str) {
        let text = format!("{}\n\n{}", text.trim_end(), machine(load));
        self.sections.insert(name.to_owned(), text);
    }

    pub fn write(&self, order: &[&str]) -> Result<()> {
        let mut page = self.introduction.clone();
        for name in order {
            if let Some(text) = self.sections.get(*name) {
                let _ = write!(page, "\n<!-- section {name} -->\n{text}\n");
            }
        }
        Ok(fs::write(&self.path, page)?)
    }
}

const INTRODUCTION: &str = "\
# How fast it is

`cargo bench --bench performance` has written this page; nothing in it is
written by hand. The contenders run in turn (A B A B …), so that a busy machine
slows all alike; figures are medians, the fastest run in parentheses. What
counts are the differences and the ratios: above 1, xbuild is slower.

- **xbuild**: the command that the section names.
- **bare cargo**: the same pinned cargo and rustc in the same hermetic shell
  (`xbuild shell`) on the same target folder. The shell is opened once and stays
  open, so its cost is xbuild's alone.
- **cargo zigbuild**: the crate, and zig as PyPI's ziglang has it, in such a
  shell too: with the same cargo, rustc and standard libraries, so that the
  linkers and what surrounds them are compared and not two releases of Rust.

";

/// How busy the machine is, as proc_loadavg(5) says it.
pub fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or("?").to_owned()
}

fn machine(load: &str) -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let processors = read("/proc/cpuinfo");
    let model = processors
        .lines()
        .find_map(|line| line.strip_prefix("model name"));
    let model = model.map_or("an unnamed processor", |rest| {
        rest.trim_start_matches([' ', '\t', ':'])
    });
    let count = processors
        .lines()
        .filter(|line| line.starts_with("processor"))
        .count();
    let date = jiff::Timestamp::now().strftime("%Y-%m-%d");
    format!("*{date}, {count} × {model}, load {load} at the start.*")
}

/// A figure in milliseconds, or in seconds where it is long.
pub fn cell(sample: Option<&Sample>) -> String {
    let Some(sample) = sample else {
        return "–".to_owned();
    };
    let (median, fastest) = (sample.median(), sample.fastest());
    if median < 10_000.0 {
        format!("{median:.1} ms ({fastest:.1})")
    } else {
        format!("{:.1} s ({:.1})", median / 1000.0, fastest / 1000.0)
    }
}

/// `0.75`, of two medians; nothing where one was not measured.
pub fn ratio(ours: &Sample, other: Option<&Sample>) -> String {
    other.map_or_else(
        || "–".to_owned(),
        |other| format!("{:.2}", ours.median() / other.median()),
    )
}

/// The cells of a row about xbuild, bare cargo and the peer: times and ratios.
pub fn compared(ours: &Sample, bare: &Sample, peer: Option<&Sample>) -> String {
    format!(
        "{} | {} | {} | {} | {} | {} |",
        cell(Some(ours)),
        cell(Some(bare)),
        ratio(ours, Some(bare)),
        cell(peer),
        ratio(ours, peer),
        ours.runs()
    )
}

/// The sentence about a goal.
pub fn goal(what: &str, is_met: bool) -> String {
    let is_met = if is_met { "met" } else { "missed here" };
    format!("\nThe goal, {what}, is {is_met}.\n")
}
