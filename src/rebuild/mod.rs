//! A second, different build of the same source, and what it proves.
//!
//! The first build is the ordinary one: it runs as `xbuild build` does and
//! finds all fresh where nothing has changed, so that it is of exactly this
//! source, toolchain and set of flags because cargo says so; what was built with
//! another `SOURCE_DATE_EPOCH` is built anew. The second is made
//! from scratch, in a target folder of its own and in a hermetic shell that
//! differs from the first in every way that was asked for. `docs/verify.md`
//! says how each variation is done.

mod against;
pub mod args;
mod blame;
mod conditions;
mod source;
mod variation;
mod workbench;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Instant;

use crate::build::{Build, Made, Request};
use crate::cargo::ArtefactKind;
use crate::error::{Error, IoContext, Kind, Result};
use crate::pins::Pins;
use crate::terminal;

pub use against::Published;
pub use args::VerifyArgs;
pub use blame::{Blame, Cause, Ending, Evidence, Factor, Nature, Origin, Place, Units};
pub use variation::{Variation, select};

use conditions::Conditions;
use workbench::{Outcome, Workbench};

/// What two builds of a group of targets showed.
#[derive(Debug, Clone)]
pub struct Verification {
    pub subjects: Vec<Subject>,
    /// What was varied.
    pub varied: Vec<Variation>,
    /// What was asked for and could not be varied here, and why.
    pub without: Vec<(Variation, &'static str)>,
    /// Whether the first build had nothing to do.
    pub reused: bool,
    /// Builds from scratch that it took.
    pub builds: u32,
    /// Seconds that they took.
    pub seconds: f64,
    /// Why something differs, where it does and the cause was looked for.
    pub blame: Option<Blame>,
    /// What was compared with, in place of a second build.
    pub against: Option<Against>,
}

/// A list of published files that was compared with.
#[derive(Debug, Clone)]
pub struct Against {
    pub file: String,
    /// Artefacts that it does not list.
    pub unlisted: Vec<String>,
    /// Whether it says that it was built with other pins than this xbuild's.
    pub other_pins: bool,
}

/// One artefact, built twice.
#[derive(Debug, Clone)]
pub struct Subject {
    /// The target as the user wrote it, floor included.
    pub target: String,
    /// Cargo's name of it.
    pub name: String,
    pub kind: ArtefactKind,
    /// Where it lies in the shell, and where the first really is.
    pub inside: PathBuf,
    pub real: PathBuf,
    /// Where the user finds the first.
    pub path: String,
    /// Bytes of the first.
    pub size: u64,
    /// SHA-256 of the first, and of the second where it was made; or of what was
    /// published.
    pub first: String,
    pub second: Option<String>,
}

impl Subject {
    pub fn reproducible(&self) -> bool {
        self.second.as_ref() == Some(&self.first)
    }
}

impl Verification {
    /// Whether each artefact came out the same.
    pub fn reproducible(&self) -> bool {
        self.subjects.iter().all(Subject::reproducible)
    }
}

/// Whether what a request builds can be verified at all; to be asked before
/// anything is fetched.
///
/// # Errors
/// `Kind::Usage` without isolation.
pub fn check(request: &Request) -> Result<()> {
    if request.is_isolated() {
        return Ok(());
    }
    let message = "what is built without isolation cannot be verified";
    Err(Error::new(Kind::Usage, message)
        .hint("leave out --isolation none, or set XBUILD_ISOLATION=full"))
}

/// What to compare with in place of a second build, where that is asked for.
///
/// # Errors
/// `Kind::Filesystem`; `Kind::Integrity` for what is no list of files.
pub fn published(args: &VerifyArgs) -> Result<Option<Published>> {
    let Some(path) = &args.against else {
        return Ok(None);
    };
    let bytes = std::fs::read(path).at("read", path)?;
    Published::parse(&path.display().to_string(), &bytes).map(Some)
}

/// Builds, builds again under other conditions, and compares. Cargo's own exit
/// code is the result where the first build fails.
///
/// # Errors
/// `Kind::Usage` without isolation; `Kind::Project` where the project makes
/// nothing to compare; `Kind::Differs` where the second build fails; and what
/// builds have.
pub fn verify(
    build: &Build<'_>,
    args: &VerifyArgs,
    published: Option<&Published>,
) -> Result<Result<Verification, u8>> {
    check(build.request())?;
    for volume in build.request().configured_volumes() {
        if volume.is_writable() {
            terminal::warning(format!(
                "the volume {} can be written to: both builds see the same one, so that they agree proves less",
                volume.label()
            ));
        }
    }
    build.renew()?;
    let first = match build.make()? {
        Ok(made) if made.is_empty() => {
            let message =
                "the project makes nothing to compare: no program and no library for others";
            return Err(Error::new(Kind::Project, message)
                .hint("crate-type = [\"cdylib\"] or [\"staticlib\"], or a [[bin]]"));
        }
        Ok(made) => made,
        Err(code) => return Ok(Err(code)),
    };
    if let (Some(published), Some(place)) = (published, &args.against) {
        return compare_with(&first, published, place.display().to_string()).map(Ok);
    }
    let bench = Workbench::open(build)?;
    let (varied, without) = applicable(&args.variations, bench.processors());
    terminal::status("Verifying", about(&varied));
    let begun = Instant::now();
    let second = bench.run("second", &Conditions::second(&varied), false)?;
    if second.code != 0 && !args.blame {
        return Err(failed(&varied));
    }
    let mut verification = Verification {
        subjects: compare(&first, &second),
        varied: varied.iter().copied().collect(),
        without,
        reused: first.iter().all(|made| made.artefact.fresh),
        builds: 1,
        seconds: 0.0,
        blame: None,
        against: None,
    };
    if args.blame && !verification.reproducible() {
        let blame = blame::blame(
            &bench,
            &verification.subjects,
            &verification.varied,
            &second,
        )?;
        verification.builds += blame.builds;
        verification.blame = Some(blame);
    }
    verification.seconds = begun.elapsed().as_secs_f64();
    bench.close()?;
    Ok(Ok(verification))
}

/// Compares the first build with what was published.
fn compare_with(first: &[Made], published: &Published, file: String) -> Result<Verification> {
    let (mut subjects, mut unlisted) = (Vec::new(), Vec::new());
    for made in first {
        let name = made.artefact.inside.file_name().unwrap_or_default();
        let name = name.to_string_lossy();
        let target = made.spec.to_string();
        let listed = published.of(&name, &target, made.spec.triple());
        let hashes: Vec<String> = listed.iter().map(|file| file.sha256.to_hex()).collect();
        let ours = &made.entry.artifact.sha256;
        match hashes.iter().find(|hash| *hash == ours).or(hashes.first()) {
            Some(hash) => subjects.push(subject(made, Some(hash.clone()))),
            None => unlisted.push(name.into_owned()),
        }
    }
    if subjects.is_empty() {
        let names = unlisted.join("`, `");
        let message = format!("`{file}` lists nothing of what was built: `{names}`");
        return Err(Error::new(Kind::Project, message)
            .hint("NAME.manifest.json of a release lists what is in its packages, too"));
    }
    Ok(Verification {
        subjects,
        varied: Vec::new(),
        without: Vec::new(),
        reused: first.iter().all(|made| made.artefact.fresh),
        builds: 0,
        seconds: 0.0,
        blame: None,
        against: Some(Against {
            file,
            unlisted,
            other_pins: published
                .pins
                .is_some_and(|pins| pins != Pins::embedded_sha256()),
        }),
    })
}

fn compare(first: &[Made], second: &Outcome) -> Vec<Subject> {
    let other = |made: &Made| {
        let mut outputs = second.outputs.iter();
        let output = outputs.find(|output| output.inside == made.artefact.inside);
        output.map(|output| output.sha256.clone())
    };
    first
        .iter()
        .map(|made| subject(made, other(made)))
        .collect()
}

fn subject(made: &Made, second: Option<String>) -> Subject {
    Subject {
        target: made.spec.to_string(),
        name: made.entry.name.clone(),
        kind: made.artefact.kind,
        inside: made.artefact.inside.clone(),
        real: made.entry.artifact.path.clone(),
        path: made.entry.path.clone(),
        size: made.entry.artifact.size,
        first: made.entry.artifact.sha256.clone(),
        second,
    }
}

/// Leaves out what cannot be varied on this machine.
fn applicable(
    asked: &BTreeSet<Variation>,
    processors: u32,
) -> (BTreeSet<Variation>, Vec<(Variation, &'static str)>) {
    let mut varied = asked.clone();
    let mut without = Vec::new();
    if processors < 2 && varied.remove(&Variation::NumCpus) {
        without.push((Variation::NumCpus, "this machine has one processor"));
    }
    if !cfg!(target_arch = "x86_64") && varied.remove(&Variation::Kernel) {
        without.push((Variation::Kernel, "known to work on x86-64 alone"));
    }
    (varied, without)
}

fn about(varied: &BTreeSet<Variation>) -> String {
    match varied.len() {
        0 => "by a second build from scratch".to_owned(),
        count if count == Variation::ALL.len() => {
            "by a second build, on a machine that differs in everything".to_owned()
        }
        _ => format!("by a second build with another {}", Variation::list(varied)),
    }
}

fn failed(varied: &BTreeSet<Variation>) -> Error {
    let message = "the first build works, and the second one fails";
    let error = Error::new(Kind::Differs, message);
    if varied.is_empty() {
        return error;
    }
    error.hint(format!(
        "it was varied in {}; --vary NAME tries one alone",
        Variation::list(varied)
    ))
}
