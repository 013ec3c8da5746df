//! The pipeline of one cargo run: tools realised, crates fetched, cargo in the
//! shell, artefacts checked, put in place and reported.

pub mod epoch;
mod faults;
mod fetch;
mod finish;
mod hints;
mod libraries;
mod request;
mod rust_version;
mod scripts;
mod shells;
mod side_by_side;
mod tools;
mod volumes;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use crate::cargo::fetch::check_lock;
use crate::cargo::{
    Artefact, CargoArgs, CargoInvocation, Collector, Context, Layout, Phase, Stdout, Verb, plan,
    rewrite_paths,
};
use crate::error::{IoContext, Result};
use crate::project::Mounts;
use crate::report::Entry;
use crate::runner::{self, Runner};
use crate::sandbox::{self, Shell};
use crate::shell::Tools;
use crate::target::TargetSpec;
use crate::terminal;
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

/// How one run of cargo ended, and what it said.
struct Ran {
    code: u8,
    collector: Collector,
    /// The end of its standard error.
    heard: Vec<u8>,
}

impl Ran {
    /// All of it that may tell why it failed.
    fn said(&self) -> String {
        let mut said = String::from_utf8_lossy(&self.heard).into_owned();
        for diagnostic in self.collector.diagnostics() {
            said.push_str(diagnostic);
        }
        said
    }
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

    /// One run of cargo, and what it made: checked, and put where the user
    /// looks. Where it fails, what may help is said.
    fn cargo_then_made(&self, invocation: &CargoInvocation) -> Result<(u8, Result<Vec<Made>>)> {
        let before = self.before()?;
        let shell = self.shell(invocation, &self.layout)?;
        let makes = invocation.phase == Phase::Build && self.verb != Verb::Install;
        let mut made = None;
        // Cargo takes some milliseconds to go when all is made. A macro of the
        // project could print in its name that it is: what was made after that
        // is looked at then.
        let ran = self
            .cargo(&shell, invocation, |artefacts| {
                made = makes.then(|| (artefacts.len(), self.made(artefacts)));
            })
            .inspect_err(|_| self.note_faults())?;
        if ran.code != 0 {
            self.note_failure(&ran.said(), before);
            return Ok((ran.code, Ok(Vec::new())));
        }
        let artefacts = ran.collector.artefacts();
        let made = match made {
            Some((number, made)) if number == artefacts.len() => made,
            _ if makes => self.made(artefacts),
            _ => Ok(Vec::new()),
        };
        Ok((ran.code, made))
    }

    /// One run of cargo, to its end. `built` hears of the artefacts when all of
    /// them are there.
    fn cargo(
        &self,
        shell: &Shell,
        invocation: &CargoInvocation,
        built: impl FnOnce(&[Artefact]),
    ) -> Result<Ran> {
        verbose(shell, &self.specs());
        let hermetic = self.request.is_isolated();
        let mut collector = Collector::default();
        if invocation.stdout == Stdout::Inherit {
            // What a program of the user's writes is its own affair.
            let (status, heard) = match (hermetic, invocation.phase) {
                (true, Phase::Build) => sandbox::run_hearing(shell)?,
                (true, Phase::Run) => (sandbox::run(shell)?, Vec::new()),
                (false, _) => (sandbox::run_unisolated(shell)?, Vec::new()),
            };
            let code = status.code();
            return Ok(Ran {
                code,
                collector,
                heard,
            });
        }
        let mut child = if hermetic {
            sandbox::spawn(shell)?
        } else {
            sandbox::spawn_unisolated(shell)?
        };
        if let Some(stdout) = child.stdout.take() {
            self.read(stdout, invocation.stdout, &mut collector, built)?;
        }
        let (status, heard) = child.wait_hearing()?;
        let code = status.code();
        if invocation.stdout == Stdout::MessagesWithheld && code != 0 {
            for diagnostic in collector.diagnostics() {
                let _ = write!(anstream::stderr(), "{diagnostic}");
            }
        }
        Ok(Ran {
            code,
            collector,
            heard,
        })
    }

    fn read(
        &self,
        stdout: std::process::ChildStdout,
        how: Stdout,
        collector: &mut Collector,
        built: impl FnOnce(&[Artefact]),
    ) -> Result<()> {
        let mut reader = BufReader::new(stdout);
        let mut line = Vec::new();
        let mut built = Some(built);
        loop {
            line.clear();
            let read = reader.read_until(b'\n', &mut line);
            if read.at("read what cargo says in", crate::cargo::SOURCE)? == 0 {
                return Ok(());
            }
            let text = String::from_utf8_lossy(&line);
            match how {
                Stdout::Metadata => terminal::data(format_args!(
                    "{}\n",
                    rewrite_paths(text.trim_end(), &self.mapping())
                )),
                Stdout::Tee => {
                    collector.line(&self.as_inside(&text));
                    terminal::data(format_args!(
                        "{}\n",
                        rewrite_paths(text.trim_end(), &self.mapping())
                    ));
                }
                _ => collector.line(&self.as_inside(&text)),
            }
            if collector.succeeded()
                && let Some(built) = built.take()
            {
                built(collector.artefacts());
            }
        }
    }

    /// Outside the shell cargo names real paths: the collector knows those of
    /// the shell alone.
    fn as_inside(&self, line: &str) -> String {
        if self.request.is_isolated() {
            return line.to_owned();
        }
        let real = self.layout.host().to_string_lossy().into_owned();
        line.replace(&real, crate::cargo::TARGET)
    }

    fn mapping(&self) -> Vec<(String, String)> {
        let mut mapping = self.mounts.mapping();
        mapping.extend(self.layout.mapping());
        let cargo_home = self.request.workshop.folders.cargo_home();
        // The more exact ones first.
        let mirror = self.request.mirror();
        for (host, inside) in mirror.iter().flat_map(|it| it.binds(&cargo_home)) {
            mapping.push((inside.display().to_string(), host.display().to_string()));
        }
        mapping.push((
            crate::cargo::HOME.to_owned(),
            cargo_home.display().to_string(),
        ));
        mapping
    }
}
