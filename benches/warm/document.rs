//! The findings as `docs/performance.md`.

use std::fmt::Write;
use std::fs;

use xbuild::report::size;

use crate::bytes::Cold;
use crate::measure::Sample;

/// The goal of a build with nothing to do: milliseconds more than bare cargo,
/// and times as long.
const GOAL: (f64, f64) = (15.0, 1.3);

/// All figures of one target.
pub struct Measured {
    pub target: String,
    /// xbuild, bare cargo, and the peer where it takes part.
    pub nothing: Vec<Sample>,
    /// xbuild, and the peer.
    pub touched: Vec<Sample>,
    /// In bytes, of xbuild's own process.
    pub memory: u64,
}

pub struct Findings<'a> {
    pub results: &'a [Measured],
    /// The peer's version, or why it takes no part.
    pub peer: Result<&'a crate::peer::Peer, &'a str>,
    pub load: &'a str,
    pub bytes: &'a [Cold],
}

/// How busy the machine was before anything began, as proc_loadavg(5) says it.
pub fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or("?").to_owned()
}

pub fn render(findings: &Findings<'_>) -> String {
    let mut text = String::from(INTRODUCTION);
    let _ = writeln!(text, "{}\n", machine(findings.load));
    let _ = writeln!(
        text,
        "{}\n",
        match findings.peer {
            Ok(peer) => format!("The peer: {}.", peer.version),
            Err(why) => format!("The peer takes no part: {}", why.replace('\n', " ")),
        }
    );
    nothing_to_do(&mut text, findings.results);
    touched(&mut text, findings.results);
    memory(&mut text, findings.results);
    cold(&mut text, findings.bytes);
    text
}

const INTRODUCTION: &str = "\
# How fast it is

`cargo bench --bench warm` has written this page; nothing in it is written by
hand. The contenders run in turn (A B A B …), so that a busy machine slows all
alike; figures are medians, in milliseconds, the fastest run in parentheses.
What counts are the differences and the ratios.

- **xbuild**: `xbuild build --release --target T` in a copy of `examples/hello`.
- **bare cargo**: the same pinned cargo, `cargo build --release --offline`, in
  the same hermetic shell (`xbuild shell`) on the same target folder. The shell
  is opened once and stays open, so its cost is xbuild's alone.
- **cargo zigbuild**: the crate and Python's ziglang, with this machine's own
  Rust, on a copy of the project. Only for the target that this Rust has a
  standard library for.

";

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
    let kernel = read("/proc/sys/kernel/osrelease");
    let date = jiff::Timestamp::now().strftime("%Y-%m-%d");
    format!(
        "{date}, {count} × {model}, Linux {}, load {load} at the start.",
        kernel.trim()
    )
}

fn nothing_to_do(text: &mut String, results: &[Measured]) {
    text.push_str(
        "## Nothing to do\n\n\
         | target | xbuild | bare cargo | more | ratio | cargo zigbuild | runs |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    let mut met = true;
    for result in results {
        let [ours, bare, peer @ ..] = &result.nothing[..] else {
            continue;
        };
        let more = ours.median() - bare.median();
        let ratio = ours.median() / bare.median();
        met &= more <= GOAL.0 && ratio <= GOAL.1;
        let _ = writeln!(
            text,
            "| `{}` | {} | {} | {more:.1} | {ratio:.2} | {} | {} |",
            result.target,
            cell(Some(ours)),
            cell(Some(bare)),
            cell(peer.first()),
            ours.runs(),
        );
    }
    let _ = writeln!(
        text,
        "\nThe goal, at most {} ms more and at most {} times as long, is {}.\n",
        GOAL.0,
        GOAL.1,
        if met { "met" } else { "missed here" }
    );
}

fn touched(text: &mut String, results: &[Measured]) {
    text.push_str(
        "## One source file touched\n\n\
         Compiling and linking of one small crate, and for xbuild the checks of the\n\
         artefact.\n\n\
         | target | xbuild | cargo zigbuild | ratio | runs |\n\
         | --- | ---: | ---: | ---: | ---: |\n",
    );
    for result in results {
        let [ours, peer @ ..] = &result.touched[..] else {
            continue;
        };
        let ratio = peer
            .first()
            .map(|peer| format!("{:.2}", ours.median() / peer.median()));
        let _ = writeln!(
            text,
            "| `{}` | {} | {} | {} | {} |",
            result.target,
            cell(Some(ours)),
            cell(peer.first()),
            ratio.as_deref().unwrap_or("–"),
            ours.runs(),
        );
    }
    text.push('\n');
}

fn memory(text: &mut String, results: &[Measured]) {
    let peak = results
        .iter()
        .map(|result| result.memory)
        .max()
        .unwrap_or_default();
    let _ = writeln!(
        text,
        "## Memory\n\n\
         xbuild's own process held at most {} in a build with nothing to do.\n",
        size(peak)
    );
}

fn cold(text: &mut String, rows: &[Cold]) {
    text.push_str(
        "## What a cold start downloads\n\n\
         From the pins, at each target's default floor: for `build` with a Nix to bring\n\
         along, and what `run` and `test` add. Parts that several targets share are\n\
         downloaded once.\n\n\
         | target | `build` | runner | parts of `build` |\n\
         | --- | ---: | ---: | --- |\n",
    );
    for row in rows {
        let parts: Vec<String> = row
            .sets
            .iter()
            .map(|(name, bytes)| format!("{name} {}", size(*bytes)))
            .collect();
        let _ = writeln!(
            text,
            "| `{}` | {} | {} | {} |",
            row.target,
            size(row.build()),
            size(row.runner),
            parts.join(", "),
        );
    }
}

fn cell(sample: Option<&Sample>) -> String {
    sample.map_or_else(
        || "–".to_owned(),
        |sample| format!("{:.1} ({:.1})", sample.median(), sample.fastest()),
    )
}
