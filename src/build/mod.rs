//! The pipeline of one cargo run: tools realised, crates fetched, cargo in the
//! shell, artefacts checked, put in place and reported.

pub mod epoch;
mod faults;
mod fetch;
mod finish;
mod hints;
mod libraries;
mod request;
mod run;
mod rust_version;
mod scripts;
mod shells;
mod side_by_side;
mod tools;
mod volumes;

use std::fs;
use std::path::{Path, PathBuf};

use crate::cargo::fetch::check_lock;
use crate::cargo::{Artefact, CargoArgs, CargoInvocation, Context, Layout, Phase, Verb, plan};
use crate::error::{IoContext, Result};
use crate::project::Mounts;
use crate::report::Entry;
use crate::runner::{self, Runner};
use crate::sandbox::Shell;
use crate::shell::Tools;
use crate::target::TargetSpec;
use crate::toolchain::{RealisedRunner, RealisedTools, Toolchain};

pub use finish::relative;
pub use request::{Request, current_folder, parse, triples, workshop};
pub use shells::{inside, verbose, with_project, with_runner};
pub use tools::{Realised, realise};
pub use volumes::with_volumes;

/// One artefact of a build, checked and in its place.
pub struct Made {
    pub spec: TargetSpec,
    pub artefact: Artefact,
    pub entry: Entry,
}

/// One run of a verb for targets that cargo can build together.
pub struct Build<'a> {
    verb: Verb,
    args: &'a CargoArgs,
    request: &'a Request,
    mounts: Mounts,
    layout: Layout,
    toolchains: Vec<Toolchain>,
    runners: Vec<RealisedRunner>,
    extra: Vec<RealisedTools>,
    /// Who runs the tests in cargo's place, and the folder of its programs.
    runner: Option<(Runner, PathBuf)>,
    /// A writable folder of the shell for `install`.
    staging: Option<tempfile::TempDir>,
}

impl<'a> Build<'a> {
    /// Realises the tools and fetches the crates.
    ///
    /// # Errors
    /// From realising, from fetching crates, or from the folders of ours.
    pub fn prepare(
        verb: Verb,
        args: &'a CargoArgs,
        request: &'a Request,
        specs: &[TargetSpec],
    ) -> Result<Self> {
        check_lock(&request.project, args)?;
        if verb != Verb::Metadata {
            let exact = specs.iter().find_map(TargetSpec::rust);
            rust_version::check(&request.project, args, exact.map(|pin| &**pin))?;
        }
        let realised = realise(request, specs, verb.runs_programs(), verb == Verb::Clippy)?;
        let mounts = request.project.mounts(&request.config.sources)?;
        let layout = realised.layout(request);
        layout.create()?;
        let staging = match verb {
            Verb::Install => {
                let own = Layout::own(&request.project.target_dir);
                Some(tempfile::tempdir_in(&own).at("create a folder in", &own)?)
            }
            _ => None,
        };
        let mut build = Build {
            verb,
            args,
            request,
            mounts,
            layout,
            toolchains: realised.toolchains,
            runners: realised.runners,
            extra: realised.extra,
            runner: None,
            staging,
        };
        if let (Verb::Test, Some(runner)) = (verb, Runner::chosen(&request.config)?) {
            let bin = runner::bring(request, &runner)?;
            build.runner = Some((runner, bin));
        }
        build.fetch()?;
        // The fetch step may have written a lock file that says more.
        let called = request.called_for(specs.to_vec())?;
        if called != specs {
            return Self::prepare(verb, args, request, &called);
        }
        build.add_tools()?;
        Ok(build)
    }

    /// Realises the tools that crates call which the fetch step has only now
    /// put into the lock file.
    fn add_tools(&mut self) -> Result<()> {
        let mut parts = self.request.tool_parts()?;
        parts.retain(|part| !self.extra.iter().any(|tools| tools.part == *part));
        if parts.is_empty() {
            return Ok(());
        }
        let workshop = &self.request.workshop;
        for (part, realised) in parts.clone().into_iter().zip(workshop.realise(&parts)?) {
            self.extra.push(workshop.tools(part, realised)?);
        }
        Ok(())
    }

    fn tools(&self) -> Tools<'_> {
        Tools {
            toolchains: &self.toolchains,
            runners: &self.runners,
            programs: false,
            extra: &self.extra,
        }
    }

    fn specs(&self) -> Vec<TargetSpec> {
        let specs = self.toolchains.iter().map(|toolchain| &toolchain.spec);
        specs.cloned().collect()
    }

    /// The runs of the verb, with checks between building and running: what to
    /// exit with, and what was made.
    ///
    /// # Errors
    /// Where the shell cannot be made, or a check finds something; a cargo that
    /// fails is an exit code.
    pub fn run(&self, json: bool) -> Result<(u8, Vec<Made>)> {
        self.note_environment();
        self.mark()?;
        let mut made = Vec::new();
        for invocation in self.invocations()? {
            let code = if let Some(jobs) = self.test_jobs(&invocation, &made) {
                self.side_by_side(&invocation, &made, jobs)?
            } else {
                let (code, all) = self.cargo_then_made(&invocation)?;
                if code == 0 && invocation.phase == Phase::Build {
                    made = all?;
                    self.finish(&made, json)?;
                }
                code
            };
            if invocation.phase == Phase::Run {
                self.link_results()?;
            }
            if code != 0 {
                return Ok((code, made));
            }
        }
        Ok((0, made))
    }

    /// Builds for somebody who reports it himself: what was made, checked and
    /// put in place; or cargo's own code where it failed.
    ///
    /// # Errors
    /// As [`Build::run`], but for what the checks find.
    pub fn make(&self) -> Result<Result<Vec<Made>, u8>> {
        self.note_environment();
        self.mark()?;
        let mut made = Vec::new();
        for invocation in self.invocations()? {
            let (code, all) = self.cargo_then_made(&invocation)?;
            if code != 0 {
                return Ok(Err(code));
            }
            made.extend(all?);
        }
        Ok(Ok(made))
    }

    /// Builds the same into another target folder, in a shell that `change` has
    /// its say about; with little talk where `quiet`.
    ///
    /// # Errors
    /// Where the shell cannot be made; a cargo that fails is an exit code.
    pub fn again(
        &self,
        layout: &Layout,
        quiet: bool,
        change: impl Fn(Shell) -> Shell,
    ) -> Result<(u8, Vec<Artefact>)> {
        let mut made = Vec::new();
        for mut invocation in self.invocations()? {
            if quiet && !self.args.quiet {
                invocation.args.insert(1, "--quiet".into());
            }
            let shell = change(self.shell(&invocation, layout)?);
            let ran = self.cargo(&shell, &invocation, |_| {})?;
            if ran.code != 0 {
                return Ok((ran.code, made));
            }
            made.extend(ran.collector.artefacts().iter().cloned());
        }
        Ok((0, made))
    }

    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    pub fn mounts(&self) -> &Mounts {
        &self.mounts
    }

    pub fn toolchains(&self) -> &[Toolchain] {
        &self.toolchains
    }

    pub fn request(&self) -> &Request {
        self.request
    }

    /// The runs of cargo that the verb takes.
    fn invocations(&self) -> Result<Vec<CargoInvocation>> {
        let targets = triples(&self.specs());
        let project = &self.request.project;
        let place = |path: &Path| {
            if self.request.is_isolated() {
                inside(&self.mounts, path)
            } else {
                Ok(path.to_owned())
            }
        };
        let manifest = place(&project.manifest)?;
        let install_path = match &self.args.install_path {
            Some(path) => Some(place(&fs::canonicalize(path).at("find", path)?)?),
            None => None,
        };
        let context = Context {
            targets: &targets,
            // Cargo finds the manifest that lies above its folder by itself.
            manifest: self.args.manifest_path.is_some().then_some(&*manifest),
            install_path: install_path.as_deref(),
            default_run: project.default_run(&self.args.packages),
        };
        plan(self.verb, self.args, &context)
    }
}
