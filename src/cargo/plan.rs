//! Which cargo runs a verb takes, and who reads their standard output. [pure]
//!
//! Programs that cargo starts own the terminal, so a verb that runs some takes
//! two runs: one that builds and tells by JSON what it made, so that it can be
//! checked before anything runs, and the plain one, which finds all fresh. The
//! first keeps its diagnostics back, because cargo repeats warnings of fresh
//! packages in the second.

use std::ffi::OsString;
use std::path::Path;

use super::Verb;
use super::args::{CargoArgs, MessageFormat};
use crate::error::{Error, Kind, Result};

/// Where `cargo install` installs in the shell: an empty, writable folder,
/// whose `bin/` the host copies to the real root afterwards, so that the build
/// never sees that one.
pub const INSTALL_ROOT: &str = "/build/install";

/// What a run is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// It makes what is to be checked.
    Build,
    /// It runs what was made: its exit code is the user's program's.
    Run,
}

/// Who reads a run's standard output. Standard error is always shown as it comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stdout {
    /// Nobody: it is the caller's, with standard input.
    Inherit,
    /// xbuild reads JSON messages; cargo renders diagnostics to stderr itself.
    Messages,
    /// xbuild reads JSON messages and shows their diagnostics only where the
    /// run fails.
    MessagesWithheld,
    /// The user asked for JSON: it passes on, and is read as it passes.
    Tee,
    /// One JSON document whose paths are to be those of the host.
    Metadata,
}

/// One run of cargo in the shell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CargoInvocation {
    pub phase: Phase,
    /// The words behind `cargo`.
    pub args: Vec<OsString>,
    pub stdout: Stdout,
}

/// What a plan needs to know besides the command line; paths as in the shell.
#[derive(Debug, Clone, Default)]
pub struct Context<'a> {
    /// Plain triples, without floors.
    pub targets: &'a [String],
    pub manifest: Option<&'a Path>,
    pub install_path: Option<&'a Path>,
    /// `package.default-run` of the package that `run` is about.
    pub default_run: Option<&'a str>,
}

/// The runs that a verb takes, in their order; each only after the one before
/// it has succeeded.
///
/// # Errors
/// `Kind::Usage` where `run` is given several targets.
pub fn plan(verb: Verb, args: &CargoArgs, context: &Context<'_>) -> Result<Vec<CargoInvocation>> {
    if verb == Verb::Run && context.targets.len() > 1 {
        let message = format!(
            "`xbuild run` runs one target, not {}",
            context.targets.join(" and ")
        );
        let hint = format!("xbuild run --target {}", context.targets[0]);
        return Err(Error::new(Kind::Usage, message).hint(hint));
    }
    let line = Line { args, context };
    Ok(match verb {
        Verb::Build | Verb::Install | Verb::Rustc => vec![line.building(verb)],
        Verb::Check | Verb::Clippy | Verb::Doc => vec![line.plain(verb, Phase::Build, &[])],
        Verb::Metadata => vec![CargoInvocation {
            stdout: Stdout::Metadata,
            ..line.plain(verb, Phase::Build, &[])
        }],
        Verb::Run => {
            let default_run = context.default_run.filter(|_| !args.names_a_binary);
            let chosen: Vec<_> = default_run
                .into_iter()
                .flat_map(|name| ["--bin", name])
                .collect();
            let quiet: &[&str] = if args.quiet || args.verbose > 0 {
                &[]
            } else {
                &["--quiet"]
            };
            vec![
                line.ahead(Verb::Build, &chosen),
                line.plain(verb, Phase::Run, quiet),
            ]
        }
        Verb::Bench | Verb::Test if args.no_run => vec![line.building(verb)],
        Verb::Test if args.run_by.is_some() => {
            vec![line.ahead(verb, &["--no-run"]), line.by_runner()]
        }
        // Doc tests are built as they run: there is nothing to make ahead.
        Verb::Test if args.doc_tests_only => vec![line.plain(verb, Phase::Run, &[])],
        Verb::Bench | Verb::Test => {
            vec![
                line.ahead(verb, &["--no-run"]),
                line.plain(verb, Phase::Run, &[]),
            ]
        }
    })
}

struct Line<'a> {
    args: &'a CargoArgs,
    context: &'a Context<'a>,
}

impl Line<'_> {
    /// A run whose messages are read, in the format that the user asked for.
    fn building(&self, verb: Verb) -> CargoInvocation {
        let (format, stdout) = match &self.args.message_format {
            MessageFormat::Human => ("json-render-diagnostics", Stdout::Messages),
            MessageFormat::Short => (
                "json-render-diagnostics,json-diagnostic-short",
                Stdout::Messages,
            ),
            MessageFormat::Json(format) => (format.as_str(), Stdout::Tee),
        };
        let format = format!("--message-format={format}");
        CargoInvocation {
            phase: Phase::Build,
            args: self.words(verb, &[&format], true),
            stdout,
        }
    }

    /// The run before the real one.
    fn ahead(&self, verb: Verb, extra: &[&str]) -> CargoInvocation {
        let format = match self.args.message_format {
            MessageFormat::Short => "--message-format=json-diagnostic-short",
            _ => "--message-format=json-diagnostic-rendered-ansi",
        };
        CargoInvocation {
            phase: Phase::Build,
            args: self.words(verb, &[extra, &[format]].concat(), false),
            stdout: Stdout::MessagesWithheld,
        }
    }

    /// A run whose output is the caller's.
    fn plain(&self, verb: Verb, phase: Phase, extra: &[&str]) -> CargoInvocation {
        let format = match &self.args.message_format {
            MessageFormat::Human => None,
            MessageFormat::Short => Some("--message-format=short".to_owned()),
            MessageFormat::Json(format) => Some(format!("--message-format={format}")),
        };
        // JSON of cargo's own run names paths, which are to be the host's; a
        // program's output is nobody's to change.
        let stdout = match (&self.args.message_format, phase) {
            (MessageFormat::Json(_), Phase::Build) => Stdout::Tee,
            _ => Stdout::Inherit,
        };
        let extra: Vec<&str> = extra.iter().copied().chain(format.as_deref()).collect();
        CargoInvocation {
            phase,
            args: self.words(verb, &extra, true),
            stdout,
        }
    }

    /// What another runner does. It knows of the target, and of the network
    /// that is not there, by variables of cargo's: it may have no such options.
    fn by_runner(&self) -> CargoInvocation {
        let mut args = Vec::new();
        if let Some(runner) = &self.args.run_by {
            args.extend(runner.command.iter().cloned());
            if let Some(manifest) = self.context.manifest {
                args.extend(["--manifest-path".into(), manifest.into()]);
            }
            if let MessageFormat::Json(format) = &self.args.message_format {
                args.push(format!("--message-format={format}").into());
            }
            args.extend(runner.options.iter().cloned());
        }
        if !self.args.program.is_empty() {
            args.push("--".into());
            args.extend(self.args.program.iter().cloned());
        }
        CargoInvocation {
            phase: Phase::Run,
            args,
            stdout: Stdout::Inherit,
        }
    }

    fn words(&self, verb: Verb, extra: &[&str], with_program: bool) -> Vec<OsString> {
        let mut words: Vec<OsString> = vec![verb.name().into()];
        let mut option = |name: &str, value: &Path| words.extend([name.into(), value.into()]);
        if let Some(manifest) = self.context.manifest.filter(|_| verb != Verb::Install) {
            option("--manifest-path", manifest);
        }
        if verb == Verb::Install {
            option(
                "--path",
                self.context.install_path.unwrap_or(Path::new(".")),
            );
            option("--root", Path::new(INSTALL_ROOT));
            words.push("--no-track".into());
        }
        // `cargo metadata` describes every target; it has no `--target`.
        if verb != Verb::Metadata {
            let targets = self.context.targets.iter();
            words.extend(targets.flat_map(|target| ["--target".into(), target.into()]));
        }
        if !self.args.offline && !self.args.frozen {
            words.push("--offline".into());
        }
        words.extend(extra.iter().map(Into::into));
        words.extend(self.args.options.iter().cloned());
        if with_program && !self.args.program.is_empty() {
            words.push("--".into());
            words.extend(self.args.program.iter().cloned());
        }
        words
    }
}
