//! Whether published programs come out with the same bits a second time:
//! `cargo bench --bench reproducible` verifies each for each target under all
//! variations and writes `docs/reproducible.md`. Names of programs choose:
//! `cargo bench --bench reproducible -- just`.
//!
//! It is no test: a difference is a finding, written down with its cause.

mod elsewhere;
#[path = "../../tests/it/machine.rs"]
mod machine;
#[path = "../../tests/it/published.rs"]
mod published;

use std::error::Error;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::Value;
use xbuild::process::Command;
use xbuild::{host, terminal};

use elsewhere::{Built, Elsewhere};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Crates with programs, at versions that the pinned Rust compiles.
const PROGRAMS: [(&str, &str); 4] = [
    ("hyperfine", "1.20.0"),
    ("just", "1.59.0"),
    ("fd-find", "10.3.0"),
    ("ripgrep", "15.2.0"),
];

const TARGETS: [&str; 4] = [
    "x86_64-unknown-linux-musl",
    "x86_64-unknown-linux-gnu.2.17",
    "aarch64-unknown-linux-gnu.2.17",
    "aarch64-unknown-linux-musl",
];

const INTRODUCTION: &str = "\
# What is reproducible

`cargo bench --bench reproducible` has written this page. Each program is the
crate as its author packed it, built by `xbuild verify` for four targets: once,
and once more from scratch under all the variations that [verify.md](verify.md)
describes. Then it is built by an ordinary user in another folder, with an
empty home and no program in reach, by the Nix and the store that xbuild brings
itself: the column *elsewhere* says whether that gave the same SHA-256.

| program | target | verdict | varied | elsewhere | SHA-256 |
| --- | --- | --- | ---: | --- | --- |
";

fn main() -> ExitCode {
    // `cargo test --all-targets` starts this as well, and wants no table.
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
    let wanted: Vec<_> = PROGRAMS
        .into_iter()
        .filter(|(name, _)| chosen.is_empty() || chosen.iter().any(|other| other == name))
        .collect();
    let home = home();
    let mut other = None;
    let mut rows = String::new();
    for (name, version) in wanted {
        let source = published::published(name, version);
        terminal::status("Verifying", format_args!("{name} {version}"));
        let reports = verify(source.path(), &home)?;
        // Not before the first verification, which has made the downloads.
        let other = match &mut other {
            Some(other) => other,
            none => none.insert(Elsewhere::new(&home.join("cache/downloads"))?),
        };
        terminal::status("Building", format_args!("{name} {version} elsewhere"));
        let built = other.build(source.path())?;
        for report in reports {
            row(&mut rows, &format!("{name} {version}"), &report, &built);
        }
        // An hour's work is not to be lost for its last minute.
        write(&rows)?;
    }
    Ok(())
}

/// Writes the page, with the rows of programs that it had and this run has not.
fn write(rows: &str) -> Result<()> {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reproducible.md");
    let old = fs::read_to_string(&place).unwrap_or_default();
    let mut page = INTRODUCTION.to_owned();
    for (name, version) in PROGRAMS {
        let own = format!("| {name} {version}: ");
        let of = |text: &str| -> String {
            let lines = text.lines().skip_while(|line| !line.starts_with(&own));
            let lines =
                lines.take_while(|line| line.starts_with(&own) || line.starts_with("| | |"));
            lines.map(|line| format!("{line}\n")).collect()
        };
        let new = of(rows);
        page.push_str(&if new.is_empty() { of(&old) } else { new });
    }
    fs::write(&place, &page)?;
    Ok(())
}

/// Where toolchains are kept: as for the tests.
fn home() -> PathBuf {
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("test-home");
    host::var("XBUILD_TEST_HOME").map_or(home, Into::into)
}

/// The reports of one verification for all targets.
fn verify(source: &Path, home: &Path) -> Result<Vec<Value>> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xbuild")).cwd(source);
    for (name, value) in host::vars() {
        command = command.env(name, value);
    }
    let words = ["verify", "--locked", "--format", "json"];
    let mut command = command.env("XBUILD_HOME", home).args(words);
    for target in TARGETS {
        command = command.args(["--target", target]);
    }
    let output = command.to_std().output()?;
    let text = String::from_utf8(output.stdout)?;
    let reports: Vec<Value> = text
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .filter(|value: &Value| value["verdict"].is_string())
        .collect();
    if reports.is_empty() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{command}: {}\n{said}", output.status).into());
    }
    Ok(reports)
}

fn row(rows: &mut String, program: &str, report: &Value, built: &[Built]) {
    let count = |key: &str| report[key].as_array().map_or(0, Vec::len);
    for artifact in report["artifacts"].as_array().into_iter().flatten() {
        let text = |key: &str| artifact[key].as_str().unwrap_or("–").to_owned();
        let same = |built: &&Built| built.target == text("target") && built.name == text("name");
        let elsewhere = match built.iter().find(same) {
            Some(built) if built.sha256 == text("sha256") => "same",
            Some(_) => "differs",
            None => "missing",
        };
        let _ = writeln!(
            rows,
            "| {program}: `{}` | `{}` | {} | {} of {} | {elsewhere} | `{}` |",
            text("name"),
            text("target"),
            text("verdict"),
            count("varied"),
            count("varied") + count("not_varied"),
            text("sha256"),
        );
    }
    for cause in report["causes"]["found"].as_array().into_iter().flatten() {
        let _ = writeln!(rows, "| | | caused by {} | | | |", cause["factors"]);
    }
}
