//! One run of cargo in its shell: what it writes is read, and what it made is
//! looked at while it ends.

use std::io::{BufRead, BufReader, Write};

use super::shells::verbose;
use super::{Build, Made};
use crate::cargo::{Artefact, CargoInvocation, Collector, Phase, Stdout, Verb, rewrite_paths};
use crate::error::{IoContext, Result};
use crate::sandbox::{self, Shell};
use crate::terminal;

/// How one run of cargo ended, and what it said.
pub(super) struct Ran {
    pub code: u8,
    pub collector: Collector,
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

impl Build<'_> {
    /// One run of cargo, and what it made: checked, and put where the user
    /// looks. Where it fails, what may help is said.
    pub(super) fn cargo_then_made(
        &self,
        invocation: &CargoInvocation,
    ) -> Result<(u8, Result<Vec<Made>>)> {
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
    pub(super) fn cargo(
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
