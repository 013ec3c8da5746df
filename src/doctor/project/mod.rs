//! A project's files → what would bite.

mod artefacts;
mod crates;
mod files;
mod scripts;
mod settings;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use toml::Table;

use super::finding::{Finding, Topic};
use super::profile::{self, Choice};
use crate::artifact::GlibcVersion;
use crate::build::Request;
use crate::cargo::Lockfile;
use crate::error::Result;
use crate::project::Mounts;

/// A project, as far as it is looked at.
pub struct Examined<'a> {
    request: &'a Request,
    mounts: Mounts,
    lock: Lockfile,
    /// The crates of the lock file, each with its version where there is one.
    crates: BTreeMap<String, String>,
    pub findings: Vec<Finding>,
    /// Crates whose sources are not on this machine yet.
    pub unread: usize,
    /// How many build scripts were read.
    pub scripts: usize,
}

/// Looks at a project.
///
/// # Errors
/// `Kind::Internal`: the tables are part of the program; `Kind::Config` for
/// checks of an unknown name.
pub fn examine(request: &Request) -> Result<Examined<'_>> {
    let lock = Lockfile::read(&request.project.lock).unwrap_or_default();
    let mut examined = Examined {
        mounts: request.project.mounts(&request.config.sources)?,
        crates: lock.versions(),
        lock,
        request,
        findings: Vec::new(),
        unread: 0,
        scripts: 0,
    };
    examined.is_locked();
    examined.system_libraries()?;
    examined.build_scripts()?;
    examined.files();
    examined.flags();
    examined.artefacts()?;
    Ok(examined)
}

/// What the release profile is.
pub fn release_profile(request: &Request) -> Vec<Choice> {
    let project = &request.project;
    let mut files = project.settings.files.clone();
    files.push(project.root.join("Cargo.toml"));
    let tables = files.iter().filter_map(|file| {
        let name = crate::build::relative(file).display().to_string();
        Some((name, table(file)?))
    });
    profile::release(&tables.collect::<Vec<_>>())
}

/// Targets whose floor is above a glibc that they are to run on.
pub fn runs_on(request: &Request, glibc: GlibcVersion) -> Vec<Finding> {
    let specs = request.specs.iter();
    let above = specs.filter_map(|spec| {
        let floor = spec
            .floor()
            .filter(|floor| GlibcVersion::from(*floor) > glibc)?;
        let lowest = spec.target().glibc.as_ref()?.lowest;
        let message = format!(
            "{} is for glibc {floor} and newer, and there it is {glibc}",
            spec.triple()
        );
        let finding = Finding::bites(Topic::Glibc, message);
        let musl = spec.triple().replace("gnu", "musl");
        Some(finding.hint(match GlibcVersion::from(lowest) <= glibc {
            true => format!("--target {}.{glibc}", spec.triple()),
            false => format!(
                "the lowest floor is {lowest}; a static program needs none: --target {musl}"
            ),
        }))
    });
    above.collect()
}

impl Examined<'_> {
    fn is_locked(&mut self) {
        if !self.request.project.lock.is_file() {
            let message = "there is no Cargo.lock yet: what crates want was not looked at";
            let finding = Finding::note(Topic::Lock, message);
            self.findings.push(finding.hint("xbuild fetch"));
        }
        if let Err(error) = self.request.locked(self.request.specs.clone()) {
            self.findings.push(Finding::of_error(Topic::Lock, &error));
        }
    }
}

fn table(path: &Path) -> Option<Table> {
    fs::read_to_string(path).ok()?.parse().ok()
}

/// The line that has a text, from 1.
fn line_of(text: &str, part: &str) -> Option<usize> {
    let position = text.lines().position(|line| line.contains(part));
    position.map(|position| position + 1)
}

fn begins_with(path: &Path, start: &[u8]) -> bool {
    use std::io::Read;
    let mut bytes = vec![0; start.len()];
    let read = fs::File::open(path).and_then(|mut file| file.read_exact(&mut bytes));
    path.is_file() && read.is_ok() && bytes == start
}

/// The entries of a folder, in the order of their names.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    paths
}
