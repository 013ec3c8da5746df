//! How large a project's programs are with other release profiles: each is
//! built, in a target folder that is removed afterwards.

use std::fs;

use super::profile::VARIANTS;
use crate::build::{Build, Request};
use crate::cargo::{Artefact, ArtefactKind, Layout, Verb, split_args};
use crate::error::{Error, IoContext, Kind, Result};
use crate::terminal;

/// One program with one profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measured {
    pub target: String,
    pub program: String,
    /// What is other than the project's own profile.
    pub profile: &'static str,
    /// Bytes; none where it could not be built so.
    pub size: Option<u64>,
}

/// Builds every variant for every target.
///
/// # Errors
/// As a build; `Kind::Project` where the project's own profile does not build,
/// or makes no program.
pub fn measure(request: &Request) -> Result<Vec<Measured>> {
    let args = split_args(Verb::Build, &["--release".into()])?;
    let mut measured = Vec::new();
    for spec in &request.specs {
        let build = Build::prepare(Verb::Build, &args, request, std::slice::from_ref(spec))?;
        let folder = Layout::own(&request.project.target_dir);
        fs::create_dir_all(&folder).at("create", &folder)?;
        // One folder for all: cargo keeps profiles apart, and shares the rest.
        let folder = tempfile::Builder::new()
            .prefix("measure-")
            .tempdir_in(&folder)
            .at("create a folder in", &folder)?;
        let layout = build.layout().below(folder.path());
        layout.create()?;
        let mut programs: Vec<String> = Vec::new();
        for (profile, variables) in VARIANTS {
            terminal::status("Measuring", format!("{spec}: {profile}"));
            let (code, artefacts) = build.again(&layout, true, |shell| {
                let name = |key: &str| format!("CARGO_PROFILE_RELEASE_{key}");
                let mut shell = shell;
                for (key, value) in variables {
                    shell = shell.env(name(key), *value);
                }
                shell
            })?;
            if code != 0 && programs.is_empty() {
                let message = format!("the project does not build for {spec}");
                return Err(Error::new(Kind::Project, message)
                    .hint(format!("xbuild build --release --target {spec}")));
            }
            let artefacts = if code == 0 { artefacts } else { Vec::new() };
            if programs.is_empty() {
                let made = artefacts.iter().filter(is_program);
                programs = made.map(|artefact| artefact.name.clone()).collect();
            }
            for program in &programs {
                let made = artefacts.iter().filter(is_program);
                let made = made.into_iter().find(|artefact| artefact.name == *program);
                let size = match made {
                    Some(artefact) => {
                        let real = layout.built(&artefact.inside)?;
                        Some(fs::metadata(&real).at("read", &real)?.len())
                    }
                    None => None,
                };
                measured.push(Measured {
                    target: spec.to_string(),
                    program: program.clone(),
                    profile,
                    size,
                });
            }
        }
        if programs.is_empty() {
            let message = format!("the project has no program to measure for {spec}");
            return Err(Error::new(Kind::Project, message).hint("leave --measure out"));
        }
    }
    Ok(measured)
}

fn is_program(artefact: &&Artefact) -> bool {
    matches!(artefact.kind, ArtefactKind::Bin | ArtefactKind::Cdylib)
}
