//! What it costs to prove a build, and to look into a large file.

use std::fmt::Write;
use std::fs::File;
use std::io::{BufWriter, Write as _};

use tempfile::TempDir;
use xbuild::report::size;

use crate::document::{cell, goal};
use crate::measure::{self, Contender, in_turn};
use crate::peer::Peer;
use crate::published::copy;
use crate::{Result, caller};

const TARGET: &str = "aarch64-unknown-linux-gnu.2.17";

/// Builds that `verify` costs on top of the first.
const GOAL_VERIFY: f64 = 1.1;

/// In milliseconds.
const GOAL_INSPECT: f64 = 200.0;

/// In bytes.
const LARGE: usize = 100 << 20;

pub fn section(_: Option<&Peer>) -> Result<String> {
    let mut text = String::new();
    verify(&mut text)?;
    inspect(&mut text)?;
    Ok(text)
}

fn verify(text: &mut String) -> Result<()> {
    let project = TempDir::new()?;
    copy(
        &caller::repository("benches/performance/c-code"),
        project.path(),
    );
    let build = caller::xbuild(project.path(), TARGET);
    let verify = caller::ours(project.path()).args(["verify", "--target", TARGET]);
    caller::succeed(&verify)?;
    let clean = || std::fs::remove_dir_all(project.path().join("target"));
    let mut contenders: Vec<Contender<'_>> = vec![
        Box::new(|| {
            clean()?;
            measure::once(&build)
        }),
        Box::new(|| {
            clean()?;
            measure::once(&verify)
        }),
    ];
    let samples = in_turn(3, &mut contenders)?;
    let [build, verify] = &samples[..] else {
        return Err("two samples were to be taken".into());
    };
    let builds = verify.median() / build.median() - 1.0;
    text.push_str(
        "## Proof\n\n\
         `xbuild build --release` and `xbuild verify` of a program around zstd's C code,\n\
         both from an empty target folder: the second build, with everything varied, and\n\
         the comparison.\n\n\
         | build | verify | builds on top | runs |\n\
         | ---: | ---: | ---: | ---: |\n",
    );
    let _ = writeln!(
        text,
        "| {} | {} | {builds:.2} | {} |",
        cell(Some(build)),
        cell(Some(verify)),
        build.runs()
    );
    let what = format!("at most {GOAL_VERIFY} builds on top");
    text.push_str(&goal(&what, builds <= GOAL_VERIFY));
    Ok(())
}

fn inspect(text: &mut String) -> Result<()> {
    let project = caller::hello()?;
    noise(&project.path().join("large"))?;
    std::fs::write(
        project.path().join("src/main.rs"),
        "static LARGE: &[u8] = include_bytes!(\"../large\");\n\
         fn main() { println!(\"{}\", LARGE[std::env::args().count()]); }\n",
    )?;
    caller::succeed(&caller::xbuild(project.path(), TARGET))?;
    let program = project
        .path()
        .join("target/aarch64-unknown-linux-gnu/release/hello");
    let inspect = caller::ours(project.path()).arg("inspect").arg(&program);
    let mut contenders: Vec<Contender<'_>> = vec![Box::new(|| measure::once(&inspect))];
    let samples = in_turn(11, &mut contenders)?;
    let sample = samples.first().ok_or("a sample was to be taken")?;
    let _ = writeln!(
        text,
        "\n## A large file\n\n\
         `xbuild inspect` of a program of {}: {}, with at most {} of memory.",
        size(std::fs::metadata(&program)?.len()),
        cell(Some(sample)),
        size(measure::peak_memory(&inspect)?),
    );
    let what = format!("at most {GOAL_INSPECT} ms");
    text.push_str(&goal(&what, sample.median() <= GOAL_INSPECT));
    Ok(())
}

/// Fills a file with what looks like anything.
fn noise(path: &std::path::Path) -> Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for _ in 0..LARGE / 8 {
        // Marsaglia's xorshift.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        file.write_all(&state.to_le_bytes())?;
    }
    Ok(file.flush()?)
}
