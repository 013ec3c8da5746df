//! Cargo's verbs: realise, fetch, build in the shell, check, report, run.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use super::request::{Request, triples};
use crate::cargo::fetch::{self, Need, Stage, Wanted};
use crate::cargo::{
    Artefact, ArtefactKind, CargoArgs, CargoInvocation, Collector, Context, INSTALL_ROOT, Layout,
    Phase, Stdout, Verb, home, layout, plan, rewrite_paths, split_args,
};
use crate::cli::Talk;
use crate::config::Isolation;
use crate::error::{Error, IoContext, Kind, Result};
use crate::process::quote;
use crate::project::Mounts;
use crate::report::{Entry, Report};
use crate::sandbox::{self, Shell};
use crate::shell::{self, FetchShell, Tools};
use crate::target::{HOST, TargetSpec};
use crate::terminal;
use crate::toolchain::{Part, RealisedRunner, Toolchain};
use crate::{artifact, check, host, nix};

/// Runs a verb of cargo with what was typed behind it, and says what to exit
/// with: cargo's own code, or that of the program that it ran.
///
/// # Errors
/// Everything that can go wrong before cargo runs or after it has succeeded.
pub fn run(verb: Verb, raw: &[OsString]) -> Result<u8> {
    let args = split_args(verb, raw)?;
    if args.help {
        terminal::data(super::help::of_verb(verb));
        return Ok(0);
    }
    super::set_talk(Talk {
        quiet: args.quiet,
        verbose: args.verbose,
    });
    let json = super::wants_json(args.own.format.as_deref())?;
    let request = Request::of_cargo(verb, &args)?;
    for group in request.groups() {
        let build = Build::prepare(verb, &args, &request, &group)?;
        let code = build.run(json)?;
        if code != 0 {
            return Ok(code);
        }
    }
    Ok(0)
}

/// The fetch step of a verb alone.
///
/// # Errors
/// As [`run`].
pub fn fetch_only(verb: Verb, raw: &[OsString]) -> Result<()> {
    let args = split_args(verb, raw)?;
    let request = Request::of_cargo(verb, &args)?;
    for group in request.groups() {
        Build::prepare(verb, &args, &request, &group)?;
    }
    Ok(())
}

/// One run of a verb for targets that cargo can build together.
struct Build<'a> {
    verb: Verb,
    args: &'a CargoArgs,
    request: &'a Request,
    mounts: Mounts,
    layout: Layout,
    toolchains: Vec<Toolchain>,
    runners: Vec<RealisedRunner>,
    extra: Vec<nix::Realised>,
    /// A writable folder of the shell for `install`.
    staging: Option<tempfile::TempDir>,
}

impl<'a> Build<'a> {
    /// Realises the tools and fetches the crates.
    fn prepare(
        verb: Verb,
        args: &'a CargoArgs,
        request: &'a Request,
        specs: &[TargetSpec],
    ) -> Result<Self> {
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
        let build = Build {
            verb,
            args,
            request,
            mounts,
            layout,
            toolchains: realised.toolchains,
            runners: realised.runners,
            extra: realised.extra,
            staging,
        };
        build.fetch()?;
        Ok(build)
    }

    fn tools(&self) -> Tools<'_> {
        Tools {
            toolchains: &self.toolchains,
            runners: &self.runners,
            extra: &self.extra,
        }
    }

    fn specs(&self) -> Vec<TargetSpec> {
        let specs = self.toolchains.iter().map(|toolchain| &toolchain.spec);
        specs.cloned().collect()
    }

    /// Brings the crates into the cargo home, unless they are there: the one
    /// step with the network on.
    fn fetch(&self) -> Result<()> {
        let request = self.request;
        let cargo_home = request.workshop.folders.cargo_home();
        let home = request.user.for_fetch()?;
        let targets = fetch::with_host(&triples(&self.specs()), HOST);
        let wanted = Wanted {
            project: &request.project,
            targets: &targets,
            cargo_home: &cargo_home,
            config: &home.config,
        };
        let Need::Fetch(why) = wanted.need(self.args)? else {
            return Ok(());
        };
        terminal::verbose(format!("fetching crates: {why}"));
        fs::create_dir_all(&cargo_home).at("make the folder", &cargo_home)?;
        let _lock = nix::Lock::take(
            &request.workshop.folders.locks(),
            "cargo",
            nix::Share::Exclusive,
        )?;
        let manifest = inside(&self.mounts, &request.project.manifest)?;
        let stage = Stage::new(&request.project)?;
        let online = fetch::needs_network(self.args);
        let invocation = fetch::invocation(self.args, &targets, &manifest);
        let status = if request.is_hermetic() {
            let mut shell = Tools {
                toolchains: &self.toolchains[..1],
                runners: &[],
                extra: &[],
            }
            .shell(self.command(&invocation))?;
            for (host, inside, writable) in &stage.binds {
                shell = if *writable {
                    shell.read_write(host, inside)
                } else {
                    shell.read_only(host, inside)
                };
            }
            shell = shell.read_write(&cargo_home, crate::cargo::HOME);
            shell = with_home(shell, &home);
            shell.env.extend(home.tokens.clone().into_iter().map(os));
            shell.env.extend(shell::from_caller(&request.vars, &[]));
            shell.cwd.clone_from(&stage.cwd);
            let shell = FetchShell {
                vars: &request.vars,
                certificates: request.user.ca_bundle(),
                online,
            }
            .open(shell);
            verbose(&shell, &self.specs());
            sandbox::run(&shell)?
        } else {
            let manifest = &request.project.manifest;
            let invocation = fetch::invocation(self.args, &targets, manifest);
            let mut shell = self.bare(&invocation, &self.request.project.root)?;
            shell.env.extend(request.vars.clone());
            shell
                .env
                .insert("CARGO_HOME".into(), cargo_home.clone().into());
            shell.env.remove(std::ffi::OsStr::new("CARGO_NET_OFFLINE"));
            verbose(&shell, &self.specs());
            sandbox::run_unisolated(&shell)?
        };
        if !status.success() {
            let kind = if online { Kind::Network } else { Kind::Project };
            let error = Error::new(kind, "cargo could not fetch the crates of the project");
            return Err(if online {
                error.hint("with everything fetched before, `--offline` needs no network")
            } else {
                error.hint("leave out --offline and --frozen once, to fetch what is missing")
            });
        }
        if request.is_hermetic() && stage.finish()? {
            terminal::status("Locked", request.project.lock.display());
        }
        wanted.record()
    }

    /// The runs of the verb, with checks between building and running.
    fn run(&self, json: bool) -> Result<u8> {
        let specs = self.specs();
        let targets = triples(&specs);
        let project = &self.request.project;
        let place = |path: &Path| {
            if self.request.is_hermetic() {
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
        self.note_environment();
        for invocation in plan(self.verb, self.args, &context)? {
            let (code, collector) = self.cargo(&invocation)?;
            if invocation.phase == Phase::Run || code != 0 {
                if code != 0 {
                    return Ok(code);
                }
                continue;
            }
            self.finish(&specs, collector.artefacts(), json)?;
        }
        Ok(0)
    }

    /// One run of cargo, to its end.
    fn cargo(&self, invocation: &CargoInvocation) -> Result<(u8, Collector)> {
        let shell = self.shell(invocation)?;
        verbose(&shell, &self.specs());
        let hermetic = self.request.is_hermetic();
        let mut collector = Collector::default();
        if invocation.stdout == Stdout::Inherit {
            let status = if hermetic {
                sandbox::run(&shell)?
            } else {
                sandbox::run_unisolated(&shell)?
            };
            return Ok((status.code(), collector));
        }
        let mut child = if hermetic {
            sandbox::spawn(&shell)?
        } else {
            sandbox::spawn_unisolated(&shell)?
        };
        if let Some(stdout) = child.stdout.take() {
            self.read(stdout, invocation.stdout, &mut collector)?;
        }
        let code = child.wait()?.code();
        if invocation.stdout == Stdout::MessagesWithheld && code != 0 {
            for diagnostic in collector.diagnostics() {
                let _ = write!(anstream::stderr(), "{diagnostic}");
            }
        }
        Ok((code, collector))
    }

    fn read(
        &self,
        stdout: std::process::ChildStdout,
        how: Stdout,
        collector: &mut Collector,
    ) -> Result<()> {
        let mut reader = BufReader::new(stdout);
        let mut line = Vec::new();
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
        }
    }

    /// Outside the shell cargo names real paths: the collector knows those of
    /// the shell alone.
    fn as_inside(&self, line: &str) -> String {
        if self.request.is_hermetic() {
            return line.to_owned();
        }
        let real = self.layout.host().to_string_lossy().into_owned();
        line.replace(&real, crate::cargo::TARGET)
    }

    fn mapping(&self) -> Vec<(String, String)> {
        let mut mapping = self.mounts.mapping();
        mapping.extend(self.layout.mapping());
        let cargo_home = self.request.workshop.folders.cargo_home();
        mapping.push((
            crate::cargo::HOME.to_owned(),
            cargo_home.display().to_string(),
        ));
        mapping
    }

    /// The shell of one run.
    fn shell(&self, invocation: &CargoInvocation) -> Result<Shell> {
        let request = self.request;
        let project = &request.project;
        if !request.is_hermetic() {
            let mut shell = self.bare(invocation, &project.cwd)?;
            if let Some(staging) = &self.staging {
                let root = staging.path().as_os_str();
                for word in &mut shell.command {
                    if word == INSTALL_ROOT {
                        *word = root.to_owned();
                    }
                }
            }
            return Ok(shell);
        }
        let mut shell = self.tools().shell(self.command(invocation))?;
        for (host, inside) in &self.mounts.binds {
            shell = shell.read_only(host, inside);
        }
        for (host, inside) in self.layout.binds() {
            shell = shell.read_write(host, inside);
        }
        let cargo_home = request.workshop.folders.cargo_home();
        if cargo_home.is_dir() {
            shell = shell.read_only(cargo_home, crate::cargo::HOME);
        }
        if let Some(staging) = &self.staging {
            shell = shell.read_write(staging.path(), INSTALL_ROOT);
        }
        shell = with_home(shell, &request.user.for_build()?);
        shell.env.extend(self.from_caller());
        shell.cwd = inside(&self.mounts, &project.cwd)?;
        Ok(shell)
    }

    /// The same run on the bare machine, for `--isolation none`.
    fn bare(&self, invocation: &CargoInvocation, cwd: &Path) -> Result<Shell> {
        let request = self.request;
        let mut shell = Shell::new(self.command(invocation));
        let tools = self.tools().environment();
        let tool_path = tools.get(std::ffi::OsStr::new("PATH")).cloned();
        shell.env = request.vars.clone();
        shell.env.extend(tools);
        let mut path = tool_path.unwrap_or_default();
        if let Some(callers) = host::var("PATH") {
            path.push(":");
            path.push(callers);
        }
        shell.env.insert("PATH".into(), path);
        for name in ["HOME", "TMPDIR", "USER", "SHELL"] {
            match host::var(name) {
                Some(value) => shell.env.insert(name.into(), value),
                None => shell.env.remove(std::ffi::OsStr::new(name)),
            };
        }
        let target: OsString = self.layout.host().into();
        for name in ["CARGO_TARGET_DIR", "CARGO_BUILD_BUILD_DIR"] {
            shell.env.insert(name.into(), target.clone());
        }
        let cargo_home = request.workshop.folders.cargo_home();
        shell.env.insert("CARGO_HOME".into(), cargo_home.into());
        // Nothing can be bound over the compiler here; its wrapper is told.
        if let [toolchain] = &self.toolchains[..] {
            for (name, program) in [("RUSTC", "rustc"), ("RUSTDOC", "rustdoc")] {
                let program = format!("{}/bin/{program}", toolchain.realised.out());
                shell.env.insert(name.into(), program.into());
            }
        }
        shell.env.extend(self.from_caller());
        shell.cwd = cwd.to_owned();
        Ok(shell)
    }

    fn command(&self, invocation: &CargoInvocation) -> Vec<OsString> {
        let cargo = self.toolchains.first().map(|first| first.env.cargo.clone());
        let mut command: Vec<OsString> = vec![cargo.unwrap_or_default().into()];
        command.extend(invocation.args.iter().cloned());
        command
    }

    fn from_caller(&self) -> BTreeMap<OsString, OsString> {
        let config = &self.request.config;
        let passthrough: Vec<_> = self
            .toolchains
            .iter()
            .flat_map(|toolchain| config.for_target(toolchain.spec.triple()).passthrough)
            .map(|setting| setting.value)
            .collect();
        shell::from_caller(&self.request.vars, &passthrough)
    }

    fn note_environment(&self) {
        let passed = self.from_caller();
        for name in shell::withheld(&self.request.vars, &passed) {
            terminal::note(format!(
                "{name} is set and stays outside; to pass it on, write [env] passthrough = [\"{name}\"] in xbuild.toml"
            ));
        }
    }

    /// Checks what was made, puts it where the user looks, and reports it.
    fn finish(&self, specs: &[TargetSpec], artefacts: &[Artefact], json: bool) -> Result<()> {
        if self.verb == Verb::Doc {
            for path in self.layout.link_docs()? {
                terminal::status("Linked", relative(&path).display());
            }
        }
        if let (Verb::Install, Some(staging)) = (self.verb, &self.staging) {
            return self.install(staging.path());
        }
        let mut verdict = Ok(());
        for spec in specs {
            let own: Vec<&Artefact> = artefacts
                .iter()
                .filter(|artefact| artefact.triple == spec.triple())
                .collect();
            if own.is_empty() {
                continue;
            }
            let report = self.report(spec, &own)?;
            // Test programs are checked like all others; only what was found
            // in them is worth the lines.
            let quiet = matches!(self.verb, Verb::Test | Verb::Bench);
            if json {
                terminal::data(format_args!("{}\n", report.json()));
            } else if terminal::verbosity() > i8::from(quiet) - 1 {
                terminal::talk(report.text());
            }
            terminal::talk(report.findings_text());
            verdict = verdict.and(report.verdict());
        }
        verdict
    }

    fn report(&self, spec: &TargetSpec, artefacts: &[&Artefact]) -> Result<Report> {
        let request = self.request;
        let expectation = check::Expectation::of(spec, request.allowed(spec.triple())?)?;
        let needles = self.needles();
        let memory = artifact::Memory::at(Layout::own(&request.project.target_dir));
        let mut entries = Vec::new();
        for artefact in artefacts {
            let real = self.layout.real(&artefact.inside);
            let real = real.unwrap_or_else(|| artefact.inside.clone());
            let artifact = artifact::read_remembering(&real, &needles, &memory)?;
            let findings = check::check(&artifact, &expectation);
            let is_test = matches!(artefact.kind, ArtefactKind::Test | ArtefactKind::Bench);
            let path = if is_test {
                real
            } else {
                self.layout.uplift(&artefact.inside)?
            };
            entries.push(Entry {
                name: artefact.name.clone(),
                path: relative(&path).display().to_string(),
                artifact,
                floor: spec.floor().map(Into::into),
                findings,
            });
        }
        Ok(Report {
            target: spec.to_string(),
            hermetic: request.is_hermetic(),
            entries,
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
        let cwd = super::request::current_folder()?;
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
        let expectation = check::Expectation::of(spec, self.request.allowed(spec.triple())?)?;
        let bin = staging.join("bin");
        let mut entries = Vec::new();
        if bin.is_dir() {
            for entry in fs::read_dir(&bin).at("read", &bin)? {
                let entry = entry.at("read", &bin)?;
                let artifact = artifact::read(&entry.path(), &self.needles())?;
                let name = entry.file_name().to_string_lossy().into_owned();
                entries.push(Entry {
                    path: root.join("bin").join(&name).display().to_string(),
                    name,
                    findings: check::check(&artifact, &expectation),
                    floor: spec.floor().map(Into::into),
                    artifact,
                });
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

/// The realised tools of a command.
pub struct Realised {
    pub toolchains: Vec<Toolchain>,
    pub runners: Vec<RealisedRunner>,
    pub extra: Vec<nix::Realised>,
}

/// Realises what a command needs for its targets, in one go.
///
/// # Errors
/// From fetching, Nix, or where `--isolation none` cannot be had.
pub fn realise(
    request: &Request,
    specs: &[TargetSpec],
    with_runners: bool,
    with_clippy: bool,
) -> Result<Realised> {
    let mut parts: Vec<Part> = specs.iter().map(Part::toolchain).collect();
    if with_runners {
        parts.extend(specs.iter().map(Part::runner));
    }
    if with_clippy {
        parts.push(Part::clippy());
    }
    if let [spec, ..] = specs {
        if spec.floor_by_default() && !request.workshop.is_realised(&parts) {
            terminal::note(format!(
                "default floor glibc {}; --target {}.2.17 for older systems",
                spec.floor()
                    .map(|floor| floor.to_string())
                    .unwrap_or_default(),
                spec.triple()
            ));
        }
    }
    let mut realised = request.workshop.realise(&parts)?.into_iter();
    let mut toolchains = Vec::new();
    for (spec, part) in specs.iter().zip(realised.by_ref()) {
        toolchains.push(request.workshop.toolchain(spec, part)?);
    }
    let mut runners = Vec::new();
    if with_runners {
        for part in realised.by_ref().take(specs.len()) {
            runners.push(request.workshop.runner(part)?);
        }
    }
    let tools = Realised {
        toolchains,
        runners,
        extra: realised.collect(),
    };
    if request.config.isolation.value == Isolation::None {
        tools.check_unisolated(request)?;
    }
    Ok(tools)
}

impl Realised {
    pub fn tools(&self) -> Tools<'_> {
        Tools {
            toolchains: &self.toolchains,
            runners: &self.runners,
            extra: &self.extra,
        }
    }

    /// The folders of the target directory that these tools write to.
    pub fn layout(&self, request: &Request) -> Layout {
        let host_key = self.tools().host_key();
        let keys: Vec<(String, String)> = self
            .toolchains
            .iter()
            .map(|toolchain| {
                let out = toolchain.realised.out().to_string();
                let key = shell::store_hash(out.as_ref());
                (toolchain.spec.triple().to_owned(), key)
            })
            .collect();
        let target_dir = &request.project.target_dir;
        if request.is_hermetic() {
            let keys: Vec<(&str, &str)> = keys.iter().map(|(t, k)| (&**t, &**k)).collect();
            return Layout::new(target_dir, &host_key, &keys);
        }
        let key: Vec<&str> = keys.iter().map(|(_, key)| &**key).collect();
        let triples: Vec<&str> = keys.iter().map(|(triple, _)| &**triple).collect();
        Layout::unisolated(target_dir, &key.join("-"), &triples)
    }

    /// Without a shell nothing can be mounted: the store must be the
    /// machine's, and the compiler is told of one target only.
    fn check_unisolated(&self, request: &Request) -> Result<()> {
        let origin = &request.config.isolation.origin;
        terminal::warning(format!(
            "isolation is off ({origin}): the build sees this machine, and its result is not hermetic"
        ));
        let private = |toolchain: &Toolchain| toolchain.realised.store() != Path::new("/");
        if self.toolchains.iter().any(private) {
            let message = "without isolation the toolchain must be in the machine's own Nix store";
            return Err(Error::new(Kind::Sandbox, message)
                .hint("install Nix and add --nix system, or leave --isolation none out"));
        }
        if self.toolchains.len() > 1 {
            let message = "without isolation only one target can be built at a time";
            return Err(Error::new(Kind::Usage, message).hint("--target TRIPLE, once"));
        }
        Ok(())
    }
}

/// Puts the cut-down configuration of the user into a shell.
pub fn with_home(mut shell: Shell, home: &home::Home) -> Shell {
    for (host, inside) in &home.binds {
        shell = shell.read_only(host, inside);
    }
    if home.config.is_empty() {
        shell
    } else {
        shell.file(home::CONFIG, home.config.clone())
    }
}

/// Where a path of the project stands in the shell.
///
/// # Errors
/// `Kind::Project` for a path that is not of the project.
pub fn inside(mounts: &Mounts, path: &Path) -> Result<PathBuf> {
    mounts.inside(path).ok_or_else(|| {
        let message = format!("`{}` is not part of the workspace", path.display());
        Error::new(Kind::Project, message)
    })
}

/// A path as short as the user's folder makes it.
pub fn relative(path: &Path) -> PathBuf {
    let cwd = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(&cwd).unwrap_or(path).to_owned()
}

/// Says with `-v` how to run a shell's command again by hand.
pub fn verbose(shell: &Shell, specs: &[TargetSpec]) {
    let mut line = "xbuild shell".to_owned();
    for spec in specs {
        line.push_str(&format!(" --target {spec}"));
    }
    line.push_str(" --");
    for word in &shell.command {
        line.push(' ');
        line.push_str(&quote(word));
    }
    terminal::verbose(line);
}

fn os((name, value): (String, String)) -> (OsString, OsString) {
    (name.into(), value.into())
}
