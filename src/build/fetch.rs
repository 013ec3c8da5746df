//! The fetch step: the one run of cargo with the network on.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::PathBuf;

use super::shells::{inside, verbose, with_home};
use super::{Build, triples};
use crate::cargo::crates;
use crate::cargo::fetch::{self, Need, Wanted};
use crate::cargo::home::Home;
use crate::cargo::registry::Mirror;
use crate::cargo::{CargoInvocation, Phase, Stage, Stdout, Verb};
use crate::error::{Error, IoContext, Kind, Result};
use crate::nix;
use crate::process::quote;
use crate::project::broken;
use crate::sandbox::{self, Shell};
use crate::shell::{self, FetchShell, Tools};
use crate::target::HOST;
use crate::terminal;

const BOOTSTRAP: &str = "RUSTC_BOOTSTRAP";

impl Build<'_> {
    /// Brings the crates into the cargo home, unless they are there: the one
    /// step with the network on.
    pub(super) fn fetch(&self) -> Result<()> {
        let request = self.request;
        let cargo_home = request.workshop.folders.cargo_home();
        let home = request.user.for_fetch()?;
        let targets = fetch::with_host(&triples(&self.specs()), HOST);
        let every = self.wants_every_crate();
        let mut recorded = targets.clone();
        recorded.extend(every.then(|| fetch::EVERY_TARGET.to_owned()));
        let wanted = Wanted {
            project: &request.project,
            targets: &recorded,
            cargo_home: &cargo_home,
            config: &home.config,
            rustc: &self.rustc(),
        };
        let Need::Fetch(why) = wanted.need(self.args)? else {
            return Ok(());
        };
        terminal::verbose(format!("fetching crates: {why}"));
        let _lock = self.lock_crates()?;
        self.check_manifests()?;
        self.run_fetch(if every { &[] } else { &targets }, &home)?;
        let mirror = match request.replaces_crates_io() {
            true => self.find_mirror(&targets)?,
            false => None,
        };
        wanted.record(self.args, mirror.as_ref())
    }

    /// Whether cargo will be asked about the crates of every platform.
    fn wants_every_crate(&self) -> bool {
        let has = |name: &str| {
            let mut options = self.args.options.iter();
            options.any(|option| option.to_string_lossy().starts_with(name))
        };
        match self.verb {
            Verb::Metadata => !has("--no-deps") && !has("--filter-platform"),
            _ => {
                let runner = self.runner.as_ref();
                runner.is_some_and(|(runner, _)| !runner.filters_crates)
            }
        }
    }

    /// Brings every crate of the lock file, for whatever platform it is: cargo
    /// wants them all in a folder of vendored crates.
    ///
    /// # Errors
    /// As [`Build::prepare`].
    pub fn fetch_all(&self) -> Result<()> {
        let _lock = self.lock_crates()?;
        self.run_fetch(&[], &self.request.user.for_fetch()?)
    }

    /// Makes the cargo home, and keeps other runs from filling it meanwhile.
    fn lock_crates(&self) -> Result<nix::Lock> {
        let folders = &self.request.workshop.folders;
        let cargo_home = folders.cargo_home();
        fs::create_dir_all(&cargo_home).at("make the folder", &cargo_home)?;
        nix::Lock::take(&folders.locks(), "cargo", nix::Share::Exclusive)
    }

    /// Runs `cargo fetch` for some targets, or for every platform where none is
    /// named; a second time without the crates that were broken on disk, where
    /// that is why it failed.
    fn run_fetch(&self, targets: &[String], home: &Home) -> Result<()> {
        let cargo_home = self.request.workshop.folders.cargo_home();
        let first = self.run_fetch_once(targets, home);
        if first.is_ok() {
            return first;
        }
        let removed = crates::remove_broken(&cargo_home)?;
        if removed.is_empty() {
            return first;
        }
        for file in removed {
            terminal::warning(format!(
                "`{}` is no whole crate; it is fetched again",
                file.display()
            ));
        }
        self.run_fetch_once(targets, home)
    }

    fn run_fetch_once(&self, targets: &[String], home: &Home) -> Result<()> {
        let request = self.request;
        let cargo_home = request.workshop.folders.cargo_home();
        let manifest = inside(&self.mounts, &request.project.manifest)?;
        let stage = Stage::new(&request.project)?;
        let online = fetch::needs_network(self.args);
        let invocation = fetch::invocation(self.args, targets, &manifest);
        let status = if request.is_isolated() {
            let mut shell = Tools {
                toolchains: &self.toolchains[..1],
                runners: &[],
                programs: false,
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
            shell = with_home(shell, home);
            shell.env.extend(home.tokens.clone().into_iter().map(os));
            shell.env.extend(shell::from_caller(&request.vars, &[]));
            // With it a stable cargo knows `-Z` too.
            let bootstrap = request
                .variables(&self.specs())
                .remove_entry(OsStr::new(BOOTSTRAP));
            shell.env.extend(bootstrap);
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
            let invocation = fetch::invocation(self.args, targets, manifest);
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
            return Err(if online && self.args.locked {
                error.hint("if Cargo.lock is out of date, leave out --locked once")
            } else if online {
                error.hint("with everything fetched before, `--offline` needs no network")
            } else {
                error.hint("leave out --offline and --frozen once, to fetch what is missing")
            });
        }
        if request.is_isolated() && stage.finish()? {
            terminal::status("Locked", request.project.lock.display());
        }
        Ok(())
    }

    /// The compiler, by its path in the store.
    fn rustc(&self) -> String {
        let variables = self.tools().environment();
        let rustc = variables.get(OsStr::new("RUSTC"));
        rustc.map_or_else(String::new, |path| path.to_string_lossy().into_owned())
    }

    /// Asks cargo where it keeps the crates of crates.io, which something else
    /// stands in for.
    fn find_mirror(&self, targets: &[String]) -> Result<Option<Mirror>> {
        let manifest = inside(&self.mounts, &self.request.project.manifest)?;
        let mut args: Vec<OsString> = vec!["--offline".into(), "--locked".into()];
        args.extend(self.args.unstable_words());
        for target in targets {
            args.extend(["--filter-platform".into(), target.into()]);
        }
        let invocation = metadata(args, manifest);
        let mut shell = self.shell_with(&invocation, &self.layout, None)?;
        shell
            .env
            .extend(shell::from_caller(&self.request.vars, &[]));
        let (text, succeeded) = self.listen(&shell)?;
        let mirror = Mirror::of(&text).filter(|_| succeeded);
        // A registry in git has an index of another form.
        let home = self.request.workshop.folders.cargo_home();
        Ok(mirror.filter(|it| {
            home.join("registry/index")
                .join(it.name())
                .join("config.json")
                .is_file()
        }))
    }

    /// Runs cargo in a shell: what it printed, and whether it succeeded.
    fn listen(&self, shell: &Shell) -> Result<(String, bool)> {
        verbose(shell, &self.specs());
        let mut child = if self.request.is_isolated() {
            sandbox::spawn(shell)?
        } else {
            sandbox::spawn_unisolated(shell)?
        };
        let mut text = String::new();
        if let Some(mut stdout) = child.stdout.take() {
            std::io::Read::read_to_string(&mut stdout, &mut text)
                .at("read what cargo says in", crate::cargo::SOURCE)?;
        }
        Ok((text, child.wait()?.success()))
    }

    /// Lets cargo read the manifests where it has no network, so that what is
    /// wrong with them, or with the lock file, is not taken for a download that failed. Cargo's own
    /// words about it stand on standard error.
    fn check_manifests(&self) -> Result<()> {
        let project = &self.request.project;
        let lock = &project.lock;
        if let Ok(text) = fs::read_to_string(lock)
            && let Err(error) = text.parse::<toml::Table>()
        {
            return Err(broken(lock, &text, &error)
                .hint(format!("git checkout -- {}", quote(lock.as_os_str())))
                .hint("or remove it: then cargo makes another one, of newer versions"));
        }
        let hermetic = self.request.is_isolated();
        let manifest = if hermetic {
            inside(&self.mounts, &project.manifest)?
        } else {
            project.manifest.clone()
        };
        let words = ["--no-deps", "--quiet", "--offline"].map(Into::into);
        let words = words.into_iter().chain(self.args.unstable_words());
        let invocation = metadata(words.collect(), manifest);
        let shell = self.shell(&invocation, &self.layout)?;
        if let (_, true) = self.listen(&shell)? {
            return Ok(());
        }
        let root = project.root.display();
        let mut error = Error::new(
            Kind::Project,
            format!("cargo cannot read the project in `{root}`"),
        );
        let has_artifacts = |path: &PathBuf| {
            fs::read_to_string(path).is_ok_and(|text| text.contains("artifact = "))
        };
        if project.manifests().iter().any(has_artifacts) {
            error = error.hint("artifact dependencies (`artifact = …`) are in no stable Rust");
        }
        Err(if hermetic {
            error.hint(format!(
                "what cargo says of `{}` is about `{root}`",
                crate::cargo::SOURCE
            ))
        } else {
            error
        })
    }
}

/// `cargo metadata` of a manifest in the shell.
fn metadata(flags: Vec<OsString>, manifest: PathBuf) -> CargoInvocation {
    let mut args: Vec<OsString> = vec!["metadata".into(), "--format-version=1".into()];
    args.extend(flags);
    args.extend(["--manifest-path".into(), manifest.into()]);
    CargoInvocation {
        phase: Phase::Build,
        args,
        stdout: Stdout::Metadata,
    }
}

fn os((name, value): (String, String)) -> (OsString, OsString) {
    (name.into(), value.into())
}
