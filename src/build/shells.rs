//! The shells of a build: the hermetic one, and the bare machine in its place.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt::Write;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::volumes::{Mounted, with_volumes};
use super::{Build, Request};
use crate::cargo::layout::write_atomically;
use crate::cargo::registry::Mirror;
use crate::cargo::{CargoInvocation, INSTALL_ROOT, Layout, Phase, Verb, home};
use crate::error::{Error, IoContext, Kind, Result};
use crate::host;
use crate::process::quote;
use crate::project::Mounts;
use crate::runner::Runner;
use crate::sandbox::{Access, Shell};
use crate::shell::{self, Tools};
use crate::target::TargetSpec;
use crate::terminal;

/// Where programs stand in the shell that do nothing.
const STAND_INS: &str = "/build/stand-ins";

/// It reads what it is given, so that whoever writes it can.
const NO_RUSTFMT: &str = "\
#!/bin/sh
cat > /dev/null
echo 'rustfmt is not in the hermetic shell' >&2
exit 127
";

impl Build<'_> {
    /// The shell of one run, which writes to a target folder.
    pub(super) fn shell(&self, invocation: &CargoInvocation, layout: &Layout) -> Result<Shell> {
        self.shell_with(invocation, layout, self.request.mirror().as_ref())
    }

    /// The same with a mirror in the place of crates.io.
    pub(super) fn shell_with(
        &self,
        invocation: &CargoInvocation,
        layout: &Layout,
        mirror: Option<&Mirror>,
    ) -> Result<Shell> {
        let request = self.request;
        let project = &request.project;
        if !request.is_isolated() {
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
        let programs = invocation.phase == Phase::Run;
        let tools = Tools {
            programs,
            ..self.tools()
        };
        let mut shell = tools.shell(self.command(invocation))?;
        if !programs {
            shell.emulators.clear();
        }
        shell = with_project(shell, request, &self.mounts, layout, mirror)?;
        if let Some(staging) = &self.staging {
            shell = shell.read_write(staging.path(), INSTALL_ROOT);
        }
        shell.env.extend(self.callers());
        shell = with_volumes(shell, &request.volumes(&self.specs())?);
        shell.cwd = inside(&self.mounts, &project.cwd)?;
        if programs && self.verb == Verb::Test {
            shell = self.for_tests(shell)?;
        }
        Ok(shell)
    }

    /// What tests get beyond that: their runner, and where it is asked for a
    /// source that they may write into.
    fn for_tests(&self, shell: Shell) -> Result<Shell> {
        let mut shell = on_path(shell, &self.stand_ins()?, STAND_INS);
        let runner = self.runner.as_ref();
        if let Some((runner, bin)) = runner {
            shell = with_runner(shell, runner, bin);
            if let [spec] = &self.specs()[..] {
                shell = shell.env("CARGO_BUILD_TARGET", spec.triple());
            }
        }
        if self.request.config.writable || runner.is_some_and(|(it, _)| it.writes_source) {
            shell = self.with_writable_source(shell);
        }
        Ok(shell)
    }

    /// A folder with a `rustfmt` that fails. A program that QEMU runs is not
    /// told that one which it starts is not there, and one that writes to it
    /// may get a broken pipe: insta, which asks rustfmt how an expression is
    /// written best and can do without, would end at times.
    fn stand_ins(&self) -> Result<PathBuf> {
        let folder = Layout::own(&self.request.project.target_dir).join("stand-ins");
        keep_script(&folder.join("rustfmt"), NO_RUSTFMT)?;
        Ok(folder)
    }

    /// Lets a shell write into the source, but for what git would run and what
    /// was checked already.
    fn with_writable_source(&self, mut shell: Shell) -> Shell {
        for bind in &mut shell.binds {
            if self.mounts.binds.iter().any(|(_, at)| *at == bind.target) {
                bind.access = Access::ReadWrite;
            }
        }
        let project = &self.request.project;
        for host in [&project.root.join(".git"), &project.target_dir] {
            if host.is_dir()
                && let Some(place) = self.mounts.inside(host)
            {
                shell = shell.read_only(host, place);
            }
        }
        shell
    }

    /// The same run on the bare machine, for `--isolation none`.
    pub(super) fn bare(&self, invocation: &CargoInvocation, cwd: &Path) -> Result<Shell> {
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
        shell.env.extend(self.callers());
        if let (Phase::Run, Some((_, bin))) = (invocation.phase, &self.runner) {
            let path = shell.env.entry("PATH".into()).or_default();
            path.push(":");
            path.push(bin);
            if let [spec] = &self.specs()[..] {
                shell = shell.env("CARGO_BUILD_TARGET", spec.triple());
            }
        }
        for Mounted { volume, host } in request.volumes(&self.specs())? {
            if let Some(name) = volume.variable() {
                shell = shell.env(name, host);
            }
        }
        shell.cwd = cwd.to_owned();
        Ok(shell)
    }

    pub(super) fn command(&self, invocation: &CargoInvocation) -> Vec<OsString> {
        let cargo = self.toolchains.first().map(|first| first.env.cargo.clone());
        let mut command: Vec<OsString> = vec![cargo.unwrap_or_default().into()];
        command.extend(invocation.args.iter().cloned());
        command
    }

    pub(super) fn callers(&self) -> BTreeMap<OsString, OsString> {
        self.request.variables(&self.specs())
    }

    pub(super) fn note_environment(&self) {
        let passed = self.callers();
        for name in shell::withheld(&self.request.vars, &passed) {
            terminal::note(format!(
                "{name} is set and stays outside; to pass it on, write [env] passthrough = [\"{name}\"] in xbuild.toml"
            ));
        }
    }
}

/// Sees to it that a script is there, and can be started.
pub(super) fn keep_script(path: &Path, text: &str) -> Result<()> {
    if !fs::read(path).is_ok_and(|known| known == text.as_bytes()) {
        write_atomically(path, text.as_bytes())?;
    }
    let mode = fs::Permissions::from_mode(0o755);
    fs::set_permissions(path, mode).at("make executable", path)
}

/// Puts a project into a shell: its source, its target folder, the crates and
/// the user's configuration of cargo.
///
/// # Errors
/// Where that configuration cannot be read.
pub fn with_project(
    mut shell: Shell,
    request: &Request,
    mounts: &Mounts,
    layout: &Layout,
    mirror: Option<&Mirror>,
) -> Result<Shell> {
    for (host, inside) in &mounts.binds {
        shell = shell.read_only(host, inside);
    }
    for (host, inside) in layout.binds() {
        shell = shell.read_write(host, inside);
    }
    let cargo_home = request.workshop.folders.cargo_home();
    if cargo_home.is_dir() {
        shell = shell.read_only(&cargo_home, crate::cargo::HOME);
    }
    for (host, inside) in mirror.iter().flat_map(|it| it.binds(&cargo_home)) {
        shell = shell.read_only(host, inside);
    }
    Ok(with_home(shell, &request.user.for_build(mirror.is_some())?))
}

/// Puts a runner of tests into a shell, with its programs on `PATH`.
pub fn with_runner(mut shell: Shell, runner: &Runner, bin: &Path) -> Shell {
    let place = format!("/build/runners/{}", runner.name);
    for (path, text) in &runner.files {
        shell = shell.file(path, text.clone());
    }
    on_path(shell, bin, &place)
}

/// Puts a folder of programs behind all others on `PATH`.
fn on_path(mut shell: Shell, folder: &Path, place: &str) -> Shell {
    let path = shell.env.entry("PATH".into()).or_default();
    path.push(":");
    path.push(place);
    shell.read_only(folder, place)
}

/// Puts the cut-down configuration of the user into a shell.
pub(super) fn with_home(mut shell: Shell, home: &home::Home) -> Shell {
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

/// Says with `-v` how to run a shell's command again by hand.
pub fn verbose(shell: &Shell, specs: &[TargetSpec]) {
    let mut line = "xbuild shell".to_owned();
    for spec in specs {
        let _ = write!(line, " --target {spec}");
    }
    line.push_str(" --");
    for word in &shell.command {
        line.push(' ');
        line.push_str(&quote(word));
    }
    terminal::verbose(line);
}
