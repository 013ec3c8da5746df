//! Test programs side by side, each in a hermetic shell of its own, so that none
//! shares a port, `/tmp` or a process with another.
//!
//! Only cargo knows in which folder and with which variables it starts a test
//! program. So it is asked: it runs them all, by a runner that writes down what
//! it is given and starts nothing. What they say is shown in cargo's order: of
//! the first that still runs as it comes, of those behind it when it is its turn.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::num::NonZeroUsize;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::shells::{keep_script, verbose};
use super::{Build, Made};
use crate::cargo::{Artefact, ArtefactKind, CargoInvocation, Layout, Phase, Verb};
use crate::error::{Error, IoContext, Kind, Result};
use crate::sandbox::{self, Shell};
use crate::shell::runner_variable;
use crate::terminal;

/// Where the stand-ins of runner and rustdoc are in the shell, and where the
/// runner writes.
const STAND_INS: &str = "/build/listing";
const RUNS: &str = "/build/runs";

/// A record a program, in cargo's order: its folder, the number of its words,
/// these, and its variables, each ended by NUL.
const RUNNER: &str = "\
#!/bin/sh
number=$(ls /build/runs | wc -l)
{ printf '%s\\0' \"$(pwd -P)\" $# \"$@\"; env -0; } > /build/runs/$number
";

/// Doc tests are compiled as they run: they are cargo's, after all others.
const RUSTDOC: &str = "\
#!/bin/sh
: > /build/runs/doc
";

/// So many pieces of output wait for their turn; then the program that writes
/// them waits.
const PIECES: usize = 256;

/// The code of cargo where it has none of a single program to pass on.
const FAILED: u8 = 101;

/// The code of a program that Ctrl-C has ended.
const INTERRUPTED: u8 = 128 + libc::SIGINT as u8;

/// A test program as cargo would start it.
struct Program {
    /// What cargo says of it, behind `Running`.
    label: String,
    /// The flags of `cargo test` that choose it.
    flags: Option<String>,
    shell: Shell,
}

enum Event {
    Started,
    Output(Vec<u8>),
    Errors(Vec<u8>),
    Ended(Result<u8>),
}

impl Build<'_> {
    /// How many test programs run at once: none where cargo runs them, one
    /// after another.
    pub(super) fn test_jobs(&self, invocation: &CargoInvocation, made: &[Made]) -> Option<usize> {
        let kind = |made: &&Made| made.artefact.kind == ArtefactKind::Test;
        let programs = made.iter().filter(kind).count();
        let cargos = self.verb == Verb::Test
            && invocation.phase == Phase::Run
            && self.runner.is_none()
            && self.request.is_isolated();
        let jobs = match &self.request.config.test_jobs {
            Some(setting) => setting.value,
            None => thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
        };
        let jobs = jobs.get().min(programs);
        (cargos && jobs > 1).then_some(jobs)
    }

    /// Runs the test programs of an invocation, so many at once, and then the doc
    /// tests. Says what to exit with, as cargo does.
    ///
    /// # Errors
    /// Where a shell cannot be made.
    pub(super) fn side_by_side(
        &self,
        invocation: &CargoInvocation,
        made: &[Made],
        jobs: usize,
    ) -> Result<u8> {
        let own = Layout::own(&self.request.project.target_dir);
        let runs = tempfile::tempdir_in(&own).at("create a folder in", &own)?;
        let shell = self.shell(invocation, &self.layout)?;
        verbose(&shell, &self.specs());
        let (code, labels) = self.list(&shell, runs.path())?;
        if code != 0 {
            return Ok(code);
        }
        let artefacts = made.iter().map(|made| &made.artefact);
        let artefacts: Vec<&Artefact> = artefacts.collect();
        let programs = programs(&shell, runs.path(), &labels, &artefacts)?;
        let failed = run(&programs, jobs, self.args.no_fail_fast)?;
        // Who has interrupted it knows.
        if failed.iter().any(|(_, code)| *code == INTERRUPTED) {
            return Ok(INTERRUPTED);
        }
        for (program, code) in &failed {
            terminal::error(&failure(program, *code));
        }
        let code = match failed[..] {
            [] => 0,
            // Cargo passes the code of a program on, but not that of a signal.
            [(_, code)] if code <= 128 => code,
            _ => FAILED,
        };
        let has_doc_tests = runs.path().join("doc").exists();
        if !has_doc_tests || code != 0 && !self.args.no_fail_fast {
            return Ok(code);
        }
        let mut doc_tests = invocation.clone();
        doc_tests.args.insert(1, "--doc".into());
        let shell = self.shell(&doc_tests, &self.layout)?;
        let doc_code = self.cargo(&shell, &doc_tests, |_| {})?.code;
        Ok(if code == 0 { doc_code } else { code })
    }

    /// Lets cargo name its test programs: its exit code, and what it says of
    /// each. The programs' records are in `runs` then.
    fn list(&self, shell: &Shell, runs: &Path) -> Result<(u8, Vec<String>)> {
        let mut shell = shell
            .clone()
            .read_only(self.listing()?, STAND_INS)
            .read_write(runs, RUNS)
            .env("RUSTDOC", format!("{STAND_INS}/rustdoc"));
        for spec in self.specs() {
            let name = runner_variable(spec.triple());
            let mut command = OsString::from(format!("{STAND_INS}/runner"));
            if let Some(runner) = shell.env.get(OsStr::new(&name)) {
                command.push(" ");
                command.push(runner);
            }
            shell = shell.env(name, command);
        }
        let color = OsString::from("CARGO_TERM_COLOR");
        shell.env.entry(color).or_insert_with(|| "always".into());
        let mut child = sandbox::spawn_apart(&shell)?;
        let mut labels = Vec::new();
        thread::scope(|scope| {
            let stdout = child.stdout.take();
            // JSON, where it was asked for.
            scope.spawn(|| copy(stdout, &mut std::io::stdout()));
            let lines = child.stderr.take().map(BufReader::new);
            for line in lines.into_iter().flat_map(|lines| lines.split(b'\n')) {
                let Ok(line) = line else { break };
                let line = String::from_utf8_lossy(&line);
                let text = anstream::adapter::strip_str(&line).to_string();
                match text.trim_start().split_once(' ') {
                    Some(("Running", what)) => labels.push(what.to_owned()),
                    // It has said so when it built them.
                    Some(("Finished", _)) => {}
                    _ if text.trim_start().starts_with("Doc-tests ") => {}
                    _ => {
                        let _ = writeln!(anstream::stderr(), "{line}");
                    }
                }
            }
        });
        Ok((child.wait()?.code(), labels))
    }

    /// The folder of what stands in for the runner and for rustdoc.
    fn listing(&self) -> Result<PathBuf> {
        let folder = Layout::own(&self.request.project.target_dir).join("listing");
        for (name, text) in [("runner", RUNNER), ("rustdoc", RUSTDOC)] {
            keep_script(&folder.join(name), text)?;
        }
        Ok(folder)
    }
}

/// The programs of the records, in their order.
fn programs(
    shell: &Shell,
    runs: &Path,
    labels: &[String],
    artefacts: &[&Artefact],
) -> Result<Vec<Program>> {
    let mut programs = Vec::new();
    for number in 0.. {
        let path = runs.join(number.to_string());
        if !path.exists() {
            break;
        }
        let bytes = fs::read(&path).at("read", &path)?;
        let Some((folder, words, mut env)) = parse(bytes) else {
            let message = "cargo's test programs could not be listed";
            return Err(Error::new(Kind::Internal, message).hint("--test-jobs 1"));
        };
        // What listed them is not for them, nor what its own shell has added.
        env.retain(|name, _| !is_listings(name));
        let kept = shell.env.iter().filter(|(name, _)| is_listings(name));
        env.extend(kept.map(|(name, value)| (name.clone(), value.clone())));
        let is_it = |artefact: &&&Artefact| words.iter().any(|word| artefact.inside == *word);
        let artefact = artefacts.iter().find(is_it);
        let name = artefact.map_or("tests", |artefact| &artefact.name);
        programs.push(Program {
            label: labels.get(number).map_or(name, String::as_str).to_owned(),
            flags: artefact.map(|artefact| artefact.flags.clone()),
            shell: Shell {
                command: words,
                env,
                cwd: folder,
                ..shell.clone()
            },
        });
    }
    Ok(programs)
}

/// Whether the listing had a variable that the programs' own runs have not, or
/// have otherwise.
fn is_listings(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    ["CARGO_TERM_COLOR", "OLDPWD", "PWD", "RUSTDOC", "SHLVL", "_"].contains(&&*name)
        || name.starts_with("CARGO_TARGET_") && name.ends_with("_RUNNER")
}

type Record = (PathBuf, Vec<OsString>, BTreeMap<OsString, OsString>);

/// Reads a record of [`RUNNER`].
fn parse(bytes: Vec<u8>) -> Option<Record> {
    let mut parts = bytes.split(|byte| *byte == 0).map(<[u8]>::to_vec);
    let mut next = || Some(OsString::from_vec(parts.next()?));
    let folder = next()?.into();
    let count: usize = next()?.to_str()?.parse().ok()?;
    let words = (0..count).map(|_| next()).collect::<Option<Vec<_>>>()?;
    let mut variables = BTreeMap::new();
    for variable in parts {
        if let Some(at) = variable.iter().position(|byte| *byte == b'=') {
            let value = OsString::from_vec(variable[at + 1..].to_vec());
            variables.insert(OsString::from_vec(variable[..at].to_vec()), value);
        }
    }
    (!words.is_empty()).then_some((folder, words, variables))
}

/// Runs programs, so many at once: those that failed, in their order, with their
/// codes. After the first of them no further one begins, unless `all`.
fn run(programs: &[Program], jobs: usize, all: bool) -> Result<Vec<(&Program, u8)>> {
    let next = AtomicUsize::new(0);
    let stop = AtomicBool::new(false);
    let channels = programs.iter().map(|_| sync_channel::<Event>(PIECES));
    let (senders, receivers): (Vec<_>, Vec<_>) = channels.unzip();
    let senders = Mutex::new(senders.into_iter().map(Some).collect::<Vec<_>>());
    thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::SeqCst);
                    // A program that never starts closes its channel.
                    let mut senders = senders.lock().unwrap_or_else(PoisonError::into_inner);
                    let Some(sender) = senders.get_mut(number).and_then(Option::take) else {
                        return;
                    };
                    drop(senders);
                    if stop.load(Ordering::SeqCst) {
                        continue;
                    }
                    let ended = run_one(&programs[number].shell, &sender);
                    if !matches!(ended, Ok(0)) && !all {
                        stop.store(true, Ordering::SeqCst);
                    }
                    let _ = sender.send(Event::Ended(ended));
                }
            });
        }
        let mut failed = Vec::new();
        for (program, receiver) in programs.iter().zip(receivers) {
            match show(program, &receiver)? {
                None | Some(0) => {}
                Some(code) => failed.push((program, code)),
            }
        }
        Ok(failed)
    })
}

fn run_one(shell: &Shell, sender: &SyncSender<Event>) -> Result<u8> {
    let _ = sender.send(Event::Started);
    let mut child = sandbox::spawn_apart(shell)?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    thread::scope(|scope| {
        scope.spawn(|| send(stdout, sender, Event::Output));
        send(stderr, sender, Event::Errors);
    });
    Ok(child.wait()?.code())
}

fn send(from: Option<impl Read>, sender: &SyncSender<Event>, event: fn(Vec<u8>) -> Event) {
    let Some(mut from) = from else { return };
    let mut buffer = vec![0; 64 << 10];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        // Whoever listened is gone after an error alone: what follows is lost
        // with the whole run.
        let _ = sender.send(event(buffer[..length].to_vec()));
    }
}

/// Shows what a program says, to its end: its code, or none where it was not
/// started.
fn show(program: &Program, events: &Receiver<Event>) -> Result<Option<u8>> {
    for event in events {
        match event {
            Event::Started => terminal::status("Running", &program.label),
            Event::Output(bytes) => copy(Some(&*bytes), &mut std::io::stdout()),
            Event::Errors(bytes) => copy(Some(&*bytes), &mut std::io::stderr()),
            Event::Ended(code) => return code.map(Some),
        }
    }
    Ok(None)
}

/// Passes on what a program says as it is. A closed pipe is not an error.
fn copy(from: Option<impl Read>, to: &mut impl Write) {
    if let Some(mut from) = from {
        let _ = std::io::copy(&mut from, to);
        let _ = to.flush();
    }
}

fn failure(program: &Program, code: u8) -> Error {
    let what = match code {
        FAILED => "test failed".to_owned(),
        code => format!("test failed with exit code {code}"),
    };
    Error::new(
        Kind::Project,
        match &program.flags {
            Some(flags) => format!("{what}, to rerun pass `{flags}`"),
            None => format!("{what}: {}", program.label),
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_whatever_its_words_are() {
        let record = b"/build/source\x002\0/build/target/a b\0\0A=1\0B=x=\ny\0\xff=\xfe\0".to_vec();
        let (folder, words, env) = parse(record).unwrap();
        assert_eq!(folder, Path::new("/build/source"));
        assert_eq!(words, ["/build/target/a b", ""]);
        let os = |bytes: &[u8]| OsString::from_vec(bytes.to_vec());
        let expected = [(&b"A"[..], &b"1"[..]), (b"B", b"x=\ny"), (b"\xff", b"\xfe")];
        let expected = expected.map(|(name, value)| (os(name), os(value)));
        assert_eq!(env, BTreeMap::from(expected));
        for cut in [
            &b""[..],
            b"/x",
            b"/x\x000\0",
            b"/x\x002\0a",
            b"/x\0one\0a\0",
        ] {
            assert!(parse(cut.to_vec()).is_none(), "{cut:?}");
        }
    }

    #[test]
    fn only_the_listings_own_variables_are_put_back() {
        let table = [
            ("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER", true),
            ("RUSTDOC", true),
            ("PWD", true),
            ("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER", false),
            ("MY_RUNNER", false),
            ("CARGO_PKG_NAME", false),
        ];
        for (name, expected) in table {
            assert_eq!(is_listings(OsStr::new(name)), expected, "{name}");
        }
    }
}
