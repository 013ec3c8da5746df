//! After cargo: what it made is checked, put where the user looks, reported.

use std::fs;
use std::path::{Path, PathBuf};

use super::libraries::Owners;
use super::{Build, Made};
use crate::artifact::{self, Artifact, GlibcVersion};
use crate::cargo::{Artefact, ArtefactKind, Layout, Verb, layout};
use crate::check;
use crate::error::{Error, IoContext, Kind, Result};
use crate::host;
use crate::report::{Entry, Report};
use crate::target::TargetSpec;
use crate::terminal;
use crate::toolchain::Toolchain;

impl Build<'_> {
    /// Reports what was made, target by target, and says whether it is as it must be.
    pub(super) fn finish(&self, made: &[Made], json: bool) -> Result<()> {
        if self.verb == Verb::Doc {
            for path in self.layout.link_docs()? {
                terminal::status("Linked", relative(&path).display());
            }
        }
        if let (Verb::Install, Some(staging)) = (self.verb, &self.staging) {
            return self.install(staging.path());
        }
        let mut verdict = Ok(());
        for of_spec in made.chunk_by(|one, next| one.spec == next.spec) {
            let spec = &of_spec[0].spec;
            let report = Report {
                target: spec.to_string(),
                hermetic: self.request.is_hermetic(),
                entries: of_spec.iter().map(|made| made.entry.clone()).collect(),
            };
            // Test programs are checked like all others; only what was found
            // in them is worth the lines.
            let quiet = matches!(self.verb, Verb::Test | Verb::Bench);
            if json {
                let of_spec = |it: &&Toolchain| it.spec == *spec;
                let toolchain = self.toolchains.iter().find(of_spec);
                let rust = toolchain.map_or("", |toolchain| &toolchain.env.rust);
                terminal::data(format_args!("{}\n", report.json(rust)));
            } else if terminal::verbosity() > i8::from(quiet) - 1 {
                terminal::talk(report.text());
            }
            terminal::talk(report.findings_text());
            verdict = verdict.and(report.verdict());
        }
        verdict
    }

    /// Puts what benches and tests have written where the user looks for it.
    pub(super) fn link_results(&self) -> Result<()> {
        if !matches!(self.verb, Verb::Test | Verb::Bench) {
            return Ok(());
        }
        for (there, other) in self.layout.link_results()? {
            terminal::note(format!(
                "the results are in {}; {} is not xbuild's",
                relative(&there).display(),
                relative(&other).display()
            ));
        }
        Ok(())
    }

    /// The artefacts, target by target, checked and put where the user looks.
    pub(super) fn made(&self, artefacts: &[Artefact]) -> Result<Vec<Made>> {
        let specs = self.specs();
        let made = specs.iter().map(|spec| self.made_for(spec, artefacts));
        Ok(made
            .collect::<Result<Vec<_>>>()?
            .into_iter()
            .flatten()
            .collect())
    }

    fn made_for(&self, spec: &TargetSpec, artefacts: &[Artefact]) -> Result<Vec<Made>> {
        let needles = self.needles();
        let checks = self.checks(spec)?;
        let mut found = Vec::new();
        for artefact in artefacts
            .iter()
            .filter(|artefact| artefact.triple == spec.triple())
        {
            let real = self.layout.built(&artefact.inside)?;
            let artifact = artifact::read_remembering(&real, &needles, &checks.memory)?;
            let is_test = matches!(artefact.kind, ArtefactKind::Test | ArtefactKind::Bench);
            let path = if is_test {
                real
            } else {
                self.layout.uplift(&artefact.inside)?
            };
            let mut entry = checks.entry(&artefact.name, &path, artifact)?;
            if let Some(inside) = &artefact.debug_info {
                let real = self.layout.built(inside)?;
                let path = match is_test {
                    true => real,
                    false => self.layout.uplift(inside)?,
                };
                entry.debug_info = Some(relative(&path).display().to_string());
            }
            found.push(Made {
                spec: spec.clone(),
                artefact: artefact.clone(),
                entry,
            });
        }
        Ok(found)
    }

    /// A file that something else than this build made for one of its targets,
    /// checked like all others. It stays where it is.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn checked(&self, spec: &TargetSpec, name: &str, path: &Path) -> Result<Entry> {
        let artifact = artifact::read(path, &self.needles())?;
        self.checks(spec)?.entry(name, path, artifact)
    }

    /// What artefacts of a target are checked against.
    fn checks(&self, spec: &TargetSpec) -> Result<Checks> {
        let own = Layout::own(&self.request.project.target_dir);
        let mut toolchains = self.toolchains.iter();
        let toolchain = toolchains.find(|toolchain| toolchain.spec == *spec);
        Ok(Checks {
            expectation: check::Expectation::of(spec, self.request.allowed(spec.triple())?)?,
            floor: spec.floor().map(Into::into),
            memory: artifact::Memory::at(own.join("scans")),
            owners: toolchain.map_or(Ok(None), Owners::of)?,
        })
    }

    /// What must not be in an artefact: paths of this machine.
    fn needles(&self) -> Vec<artifact::Needle> {
        let request = self.request;
        let folders = &request.workshop.folders;
        let home = host::var("HOME").map(PathBuf::from);
        let (crates, store) = (folders.cargo_home(), folders.store());
        let named = [
            (Some(&request.project.root), "the project's folder"),
            (home.as_ref(), "the home folder"),
            (Some(&crates), "the cargo home"),
            (request.user.home.as_ref(), "the user's cargo home"),
            (Some(&store), "the private store"),
        ];
        let named = named
            .iter()
            .filter_map(|(path, what)| Some((path.as_deref()?, *what)));
        artifact::needles(named.map(|(path, what): (&PathBuf, _)| (path.as_path(), what)))
    }

    /// Copies installed programs to where cargo would have put them.
    fn install(&self, staging: &Path) -> Result<()> {
        let flag = self.args.install_root.as_deref();
        let cwd = super::current_folder()?;
        let root = self
            .request
            .user
            .install_root(flag, &cwd, &host::var)
            .ok_or_else(|| {
                Error::new(Kind::Usage, "no folder to install to is known").hint("--root FOLDER")
            })?;
        let [spec] = &self.specs()[..] else {
            let message = "`xbuild install` installs for one target at a time";
            return Err(Error::new(Kind::Usage, message).hint("--target TRIPLE"));
        };
        let checks = self.checks(spec)?;
        let bin = staging.join("bin");
        let mut entries = Vec::new();
        if bin.is_dir() {
            for entry in fs::read_dir(&bin).at("read", &bin)? {
                let entry = entry.at("read", &bin)?;
                let artifact = artifact::read(&entry.path(), &self.needles())?;
                let name = entry.file_name().to_string_lossy().into_owned();
                let place = root.join("bin").join(&name);
                entries.push(checks.entry(&name, &place, artifact)?);
            }
        }
        let report = Report {
            target: spec.to_string(),
            hermetic: self.request.is_hermetic(),
            entries,
        };
        terminal::talk(report.findings_text());
        report.verdict()?;
        layout::install(staging, &root)?;
        terminal::talk(report.text());
        Ok(())
    }
}

/// What the artefacts of a target are checked against.
struct Checks {
    expectation: check::Expectation,
    floor: Option<GlibcVersion>,
    /// What was read of files before.
    memory: artifact::Memory,
    /// The libraries of the project's packages.
    owners: Option<Owners>,
}

impl Checks {
    /// An artefact as the report lists it.
    fn entry(&self, name: &str, path: &Path, artifact: Artifact) -> Result<Entry> {
        let libraries = match &self.owners {
            Some(owners) => owners.loaded(&artifact, &self.memory)?,
            None => Vec::new(),
        };
        let mut findings = check::check(&artifact, &self.expectation);
        findings.extend(check::libraries(&libraries, &self.expectation));
        Ok(Entry {
            name: name.to_owned(),
            path: relative(path).display().to_string(),
            debug_info: None,
            floor: self.floor,
            libraries,
            findings,
            artifact,
        })
    }
}

/// A path as short as the user's folder makes it.
pub fn relative(path: &Path) -> PathBuf {
    let cwd = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(&cwd).unwrap_or(path).to_owned()
}
