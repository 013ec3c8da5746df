//! The builds of a release: each group of targets, and each again.

use std::fs;
use std::path::Path;

use super::Options;
use super::assemble::{Artefact, Second};
use crate::artifact::BinaryFacts;
use crate::attest::NixBuild;
use crate::build::{Build, Made, Request};
use crate::cargo::{ArtefactKind, CargoArgs, Verb};
use crate::error::{Error, IoContext, Kind, Result};
use crate::package::Format;
use crate::pins::Sha256;
use crate::report::{Report, Row};
use crate::{rebuild, terminal};

/// What came of building everything.
pub struct Built {
    pub artefacts: Vec<Artefact>,
    pub second: Option<Second>,
    /// The derivations, where Nix built in place of the shell.
    pub nix: Option<NixBuild>,
    /// For people.
    pub rows: Vec<Row>,
}

/// The way out where a second build differs.
pub const UNVERIFIED: &str =
    "--no-verify releases it, and the provenance says that it is unverified";

impl Built {
    /// Nothing yet.
    pub fn none(options: &Options) -> Self {
        Built {
            artefacts: Vec::new(),
            second: options.verify.as_ref().map(|_| Second::default()),
            nix: None,
            rows: Vec::new(),
        }
    }

    /// Reports what was made, and takes what is published of it.
    ///
    /// # Errors
    /// What the checks find, and `Kind::Filesystem`.
    pub fn take(&mut self, request: &Request, made: &[Made], options: &Options) -> Result<()> {
        reported(request, made)?;
        let published = made.iter().filter(|made| is_published(made.artefact.kind));
        for one in published {
            let row = Row::new(&one.spec.to_string(), &one.entry);
            // A release of anything else than the same bits is refused.
            self.rows.push(row.verified(self.second.is_some()));
            if options.formats.contains(&Format::Oci) {
                warn_of_loader(one);
            }
            self.artefacts.push(artefact(one)?);
        }
        Ok(())
    }
}

/// Refuses a release of nothing.
///
/// # Errors
/// `Kind::Project`.
pub fn not_empty(built: Built) -> Result<Built> {
    if built.artefacts.is_empty() {
        let message = "the project makes no program and no library to release";
        return Err(Error::new(Kind::Project, message));
    }
    Ok(built)
}

/// An artefact's key among the second build's, with its own digest.
pub fn digest(artefact: &Artefact) -> ((String, String), Sha256) {
    let key = (artefact.target.clone(), artefact.file.clone());
    (key, Sha256::of(&artefact.bytes))
}

/// Builds all groups of targets, and each again where that is asked for.
///
/// # Errors
/// As [`super::run`].
pub fn built(request: &Request, args: &CargoArgs, options: &Options) -> Result<Result<Built, u8>> {
    let mut built = Built::none(options);
    for group in request.groups() {
        let build = Build::prepare(Verb::Build, args, request, &group)?;
        build.renew()?;
        let made = match build.make()? {
            Ok(made) => made,
            Err(code) => return Ok(Err(code)),
        };
        built.take(request, &made, options)?;
        if let (Some(wanted), Some(second)) = (&options.verify, &mut built.second) {
            match rebuild::verify(&build, wanted, None)? {
                Ok(found) => again(&found, second)?,
                Err(code) => return Ok(Err(code)),
            }
        }
    }
    Ok(Ok(not_empty(built)?))
}

/// Says what was built and what the checks found.
fn reported(request: &Request, made: &[Made]) -> Result<()> {
    let mut verdict = Ok(());
    for spec in &request.specs {
        let own = made.iter().filter(|made| made.spec == *spec);
        let report = Report {
            target: spec.to_string(),
            hermetic: request.is_hermetic(),
            entries: own.map(|made| made.entry.clone()).collect(),
        };
        if !report.entries.is_empty() && terminal::verbosity() >= 0 {
            terminal::talk(report.text());
        }
        terminal::talk(report.findings_text());
        verdict = verdict.and(report.verdict());
    }
    verdict
}

fn is_published(kind: ArtefactKind) -> bool {
    matches!(
        kind,
        ArtefactKind::Bin | ArtefactKind::Cdylib | ArtefactKind::Staticlib
    )
}

/// An image holds the release alone: what a program loads is not in it.
fn warn_of_loader(made: &Made) {
    if let BinaryFacts::Elf(elf) = &made.entry.artifact.facts
        && let Some(loader) = &elf.interpreter
    {
        terminal::warning(format!(
            "the image for {} has no {loader}, without which `{}` does not start; a musl target needs none",
            made.spec, made.entry.name
        ));
    }
}

fn artefact(made: &Made) -> Result<Artefact> {
    let path = Path::new(&made.entry.path);
    let bytes = fs::read(path).at("read", path)?;
    if Sha256::of(&bytes).to_hex() != made.entry.artifact.sha256 {
        let message = format!("`{}` changed after it was built", path.display());
        return Err(Error::new(Kind::Integrity, message));
    }
    Ok(Artefact {
        target: made.spec.to_string(),
        triple: made.spec.triple().to_owned(),
        file: file_name(path)?,
        program: made.artefact.kind == ArtefactKind::Bin,
        bytes,
    })
}

/// Takes over what the second build gave, and refuses where it differs.
fn again(found: &rebuild::Verification, second: &mut Second) -> Result<()> {
    // What holds for the whole release is what was varied for each target.
    let varied: Vec<&str> = found.varied.iter().map(|one| one.name()).collect();
    match &mut second.variations {
        Some(common) => common.retain(|name| varied.contains(&name.as_str())),
        none => *none = Some(varied.into_iter().map(str::to_owned).collect()),
    }
    for subject in found.subjects.iter().filter(|one| is_published(one.kind)) {
        if !subject.reproducible() {
            terminal::talk(crate::report::verify_text(found));
            let message = format!("`{}` is not reproducible", subject.name);
            return Err(Error::new(Kind::Differs, message).hint(UNVERIFIED));
        }
        if let Some(digest) = &subject.second {
            let digest = digest.parse::<Sha256>().map_err(|cause| {
                Error::new(Kind::Internal, "a digest of the second build").caused_by(cause)
            })?;
            let key = (subject.target.clone(), file_name(&subject.inside)?);
            second.digests.insert(key, digest);
        }
    }
    Ok(())
}

/// A file's name, as text.
///
/// # Errors
/// `Kind::Project` where it is none.
pub fn file_name(path: &Path) -> Result<String> {
    let name = path.file_name().and_then(|name| name.to_str());
    name.map(str::to_owned).ok_or_else(|| {
        let message = format!("`{}` has no name that can be published", path.display());
        Error::new(Kind::Project, message)
    })
}
