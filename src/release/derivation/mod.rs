//! The builds of a release as ordinary derivations, in Nix's own sandbox:
//! what a remote builder, a binary cache and `nix build --rebuild` work on.
//!
//! The shell's part of it is the fetch of crates. The artefacts, their checks
//! and all that is packed of them are those of the shell's builds, bit by bit.

mod asked;
mod crates;
mod source;

use std::fs;
use std::path::{Path, PathBuf};

use super::Options;
use super::built::{self, Built};
use crate::attest::{Derivation, NixBuild};
use crate::build::{Build, Made, Request};
use crate::cargo::{self, Artefact, ArtefactKind, CargoArgs, Layout, Lockfile, Verb};
use crate::error::{Error, IoContext, Kind, Result};
use crate::nix::{self, Derived, Hold, Nix, PackageRequest, SeedFile};
use crate::target::TargetSpec;
use crate::terminal;
use crate::toolchain::Part;

use asked::Asked;

/// How derivations are built.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DerivationOptions {
    /// Other machines that may build, as Nix has them in its setting `builders`.
    pub builders: Option<String>,
}

/// Builds each target's package, and each again where that is asked for.
/// `name` is the release's; `ours` are folders that xbuild writes to.
///
/// # Errors
/// `Kind::Project` for what a derivation cannot have; `Kind::Differs` where
/// Nix's second build differs; and what builds have.
pub fn built(
    request: &Request,
    args: &CargoArgs,
    options: &Options,
    how: &DerivationOptions,
    name: &str,
    ours: &[&Path],
) -> Result<Built> {
    let mut built = Built::none(options);
    let mut prepared = None;
    for group in request.groups() {
        let build = Build::prepare(Verb::Build, args, request, &group)?;
        if prepared.is_none() {
            prepared = Some(Prepared::new(&build, name, ours)?);
        }
        let Some(prepared) = &prepared else { continue };
        for spec in &group {
            let one = Package {
                build: &build,
                prepared,
                spec,
                asked: Asked::new(request, args, spec, name, prepared.source.path())?,
            };
            one.add_to(&mut built, options, how)?;
        }
    }
    built::not_empty(built)
}

/// What the builds for all targets share.
struct Prepared {
    nix: Nix,
    hold: Hold,
    sources: PathBuf,
    source: tempfile::TempDir,
    own: PathBuf,
}

impl Prepared {
    fn new(build: &Build<'_>, name: &str, ours: &[&Path]) -> Result<Self> {
        let request = build.request();
        let workshop = &request.workshop;
        let seeds = crate_seeds(build)?;
        let parts: Vec<Part> = request.specs.iter().map(Part::toolchain).collect();
        let (nix, hold) = workshop.nix_for(&parts)?;
        nix.seed(&hold, &seeds)?;
        if let Some(rust) = request.specs.iter().find_map(TargetSpec::rust) {
            // `-Zbuild-std` may want them.
            nix.seed(&hold, &workshop.std_crates(rust.crates_in_build())?)?;
        }
        let own = Layout::own(&request.project.target_dir).join("derivations");
        fs::create_dir_all(&own).at("create", &own)?;
        terminal::verbose(format!("copying the source of {name}"));
        Ok(Prepared {
            nix,
            hold,
            sources: nix::nix_sources(&workshop.folders)?,
            source: source::copy(&request.project, ours, &own)?,
            own,
        })
    }
}

/// The crates of the lock file, after cargo has fetched those that are nowhere.
fn crate_seeds(build: &Build<'_>) -> Result<Vec<SeedFile>> {
    let request = build.request();
    let locked = Lockfile::read(&request.project.lock)?.crates;
    asked::refuse_crates(&locked)?;
    let homes = std::iter::once(request.workshop.folders.cargo_home());
    let homes: Vec<PathBuf> = homes.chain(request.user.home.clone()).collect();
    let (seeds, missing) = crates::seeds(&locked, &homes)?;
    if missing.is_empty() {
        return Ok(seeds);
    }
    if request.workshop.offline {
        return Err(crates::absent(&missing, true));
    }
    build.fetch_all()?;
    match crates::seeds(&locked, &homes)? {
        (seeds, missing) if missing.is_empty() => Ok(seeds),
        (_, missing) => Err(crates::absent(&missing, false)),
    }
}

/// Refuses, before anything is built, what a derivation cannot be made of.
///
/// # Errors
/// `Kind::Project`, `Kind::Usage` or `Kind::Config`, naming it.
pub fn refuse(request: &Request, args: &CargoArgs) -> Result<()> {
    asked::refuse(request)?;
    if request.project.lock.is_file() {
        asked::refuse_crates(&Lockfile::read(&request.project.lock)?.crates)?;
    }
    for spec in &request.specs {
        Asked::new(request, args, spec, "package", Path::new(""))?;
    }
    Ok(())
}

/// One target's package.
struct Package<'a> {
    build: &'a Build<'a>,
    prepared: &'a Prepared,
    spec: &'a TargetSpec,
    asked: Asked,
}

impl Package<'_> {
    fn add_to(self, built: &mut Built, options: &Options, how: &DerivationOptions) -> Result<()> {
        let what = format!("{} for {}", self.asked.name, self.spec);
        terminal::status("Building", format_args!("{what} as a derivation"));
        let derived = self.derive(how, &what)?;
        let made = self.made(&derived)?;
        built.take(self.build.request(), &made, options)?;
        if let Some(second) = &mut built.second {
            terminal::status("Building", format_args!("{what} again"));
            if !self
                .prepared
                .nix
                .derive_again(&self.prepared.hold, &derived)?
            {
                let message = format!("`{}` is not reproducible", derived.out);
                return Err(Error::new(Kind::Differs, message)
                    .hint(format!(
                        "xbuild verify --target {} finds the cause",
                        self.spec
                    ))
                    .hint(built::UNVERIFIED));
            }
            // Nix compared the whole output. It varies nothing.
            second.variations = Some(Vec::new());
            let own = built
                .artefacts
                .iter()
                .filter(|one| one.target == self.spec.to_string());
            second.digests.extend(own.map(built::digest));
        }
        let nix = built.nix.get_or_insert_with(|| NixBuild {
            version: self.prepared.nix.version().to_string(),
            builders: how.builders.clone(),
            derivations: Vec::new(),
        });
        nix.derivations.push(Derivation {
            target: self.spec.to_string(),
            derivation: derived.drv.to_string(),
            output: derived.out.to_string(),
        });
        Ok(())
    }

    fn derive(&self, how: &DerivationOptions, what: &str) -> Result<Derived> {
        let Prepared {
            nix,
            hold,
            own,
            sources,
            ..
        } = self.prepared;
        let asked = own.join(format!("{}.json", self.spec.name()));
        let text = serde_json::to_vec(&self.asked).map_err(|cause| {
            Error::new(Kind::Internal, "failed to write what is asked of Nix").caused_by(cause)
        })?;
        fs::write(&asked, text).at("write", &asked)?;
        nix.derive(
            hold,
            &PackageRequest {
                sources,
                asked: &asked,
                link: &own.join(self.spec.name()),
                builders: how.builders.as_deref(),
                what,
            },
        )
    }

    /// What stands in the output, checked.
    fn made(&self, derived: &Derived) -> Result<Vec<Made>> {
        let root = self.prepared.nix.physical(&derived.out);
        let mut made = Vec::new();
        for folder in ["bin", "lib"] {
            let folder = root.join(folder);
            if !folder.is_dir() {
                continue;
            }
            let mut files = Vec::new();
            for entry in fs::read_dir(&folder).at("read the folder", &folder)? {
                files.push(entry.at("read the folder", &folder)?.path());
            }
            files.sort();
            for file in files {
                made.push(self.made_of(&file)?);
            }
        }
        Ok(made)
    }

    fn made_of(&self, file: &Path) -> Result<Made> {
        let name = built::file_name(file)?;
        let kind = match file.extension().and_then(|end| end.to_str()) {
            Some("so") => ArtefactKind::Cdylib,
            Some("a") => ArtefactKind::Staticlib,
            _ => ArtefactKind::Bin,
        };
        let triple = self.spec.triple().to_owned();
        Ok(Made {
            spec: self.spec.clone(),
            entry: self.build.checked(self.spec, &name, file)?,
            artefact: Artefact {
                inside: Path::new(cargo::TARGET).join(&triple).join(&name),
                name,
                kind,
                triple,
                debug_info: None,
                fresh: false,
                flags: String::new(),
            },
        })
    }
}
