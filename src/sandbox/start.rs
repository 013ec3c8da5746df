//! Starting the launcher and sending its init the plan.
//!
//! A launcher takes as long to start as xbuild itself, the namespaces take
//! longer still, and both need no plan: [`ahead`] forks one off while xbuild
//! still reads the project.

use std::ffi::OsString;
use std::io::{PipeReader, PipeWriter, Read, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{ChildStderr, ChildStdout, Stdio};
use std::sync::{Mutex, PoisonError};

use super::process::Process;
use super::stderr::{Errors, Stderr};
use super::wire::Mode;
use super::{Child, Shell, fault, launch, signals, stderr, sys, wire};
use crate::error::{Error, Kind, Result};

/// This executable, as whatever it is called.
pub(super) const ITSELF: &str = "/proc/self/exe";

/// A launcher that waits for its plan; it ends by itself when `lifeline`
/// closes, as at the latest the end of xbuild does.
struct Launcher {
    process: Process,
    stdout: Option<ChildStdout>,
    stderr: Option<Stderr>,
    /// The same where nobody passes it on.
    apart: Option<ChildStderr>,
    lifeline: UnixStream,
    plan: PipeWriter,
    report: PipeReader,
}

/// Both ends of what xbuild and a launcher share.
struct Channels {
    lifeline: UnixStream,
    control: UnixStream,
    reader: PipeReader,
    plan: PipeWriter,
    report: PipeReader,
    reporter: PipeWriter,
}

impl Channels {
    fn new() -> Result<Channels> {
        let (lifeline, control) = UnixStream::pair().map_err(broken)?;
        let (reader, plan) = std::io::pipe().map_err(broken)?;
        let (report, reporter) = std::io::pipe().map_err(broken)?;
        Ok(Channels {
            lifeline,
            control,
            reader,
            plan,
            report,
            reporter,
        })
    }
}

/// Ends a launcher that was started ahead and never needed: nobody else would
/// collect it in a container without an init.
pub fn dismiss() {
    let waiting = AHEAD.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(Launcher {
        mut process,
        stdout,
        stderr,
        apart: _,
        lifeline,
        plan,
        report,
    }) = waiting
    {
        drop((stdout, stderr, lifeline, plan, report));
        let _ = process.wait();
    }
}

/// Where the command's standard output goes, and whether it has an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Output {
    Inherit,
    Piped,
    Null,
    /// To xbuild, and no input.
    Apart,
}

impl Output {
    fn direct(self, command: &mut std::process::Command) {
        match self {
            Output::Inherit => command.stdout(Stdio::inherit()),
            Output::Piped => command.stdout(Stdio::piped()),
            Output::Null => command.stdout(Stdio::null()),
            Output::Apart => command.stdout(Stdio::piped()).stdin(Stdio::null()),
        };
    }
}

static AHEAD: Mutex<Option<Launcher>> = Mutex::new(None);

/// Forks the launcher of the next [`super::spawn`] of a usual shell (without
/// the host's network, sharing the terminal) off this process, which must have
/// one thread only and not have read its environment yet, and which calls
/// [`dismiss`] last. Where that fails, `spawn` itself will say why.
pub fn ahead() {
    let launcher = Launcher::fork().ok();
    *AHEAD.lock().unwrap_or_else(PoisonError::into_inner) = launcher;
}

/// Starts the command of a shell.
pub(super) fn start(shell: &Shell, stdout: Output, errors: Errors) -> Result<Child> {
    let plan = wire::encode(shell)?;
    let mode = Mode::of(shell);
    let fits = (stdout, errors) == (Output::Piped, Errors::Heard)
        && mode == Mode::USUAL
        && shell.launcher == Path::new(ITSELF);
    let waiting = if fits {
        AHEAD.lock().unwrap_or_else(PoisonError::into_inner).take()
    } else {
        None
    };
    let launcher = match waiting {
        Some(waiting) => waiting,
        None => {
            let emulators = shell.emulators.iter().enumerate();
            let emulators: Vec<_> = emulators
                .map(|(n, emulator)| emulator.registration(n))
                .collect();
            Launcher::start(&shell.launcher, stdout, errors, mode, &emulators)?
        }
    };
    launcher.send(&plan)
}

impl Launcher {
    fn fork() -> Result<Launcher> {
        let channels = Channels::new()?;
        let (stdout, output) = std::io::pipe().map_err(broken)?;
        let (stderr, errors) = stderr::channel(Errors::Heard);
        if let Some(pid) = sys::fork().map_err(broken)? {
            return Ok(Launcher {
                process: Process::Forked(pid),
                stdout: Some(OwnedFd::from(stdout).into()),
                stderr,
                apart: None,
                lifeline: channels.lifeline,
                plan: channels.plan,
                report: channels.report,
            });
        }
        // From here on in the child, which must not come back as a second
        // xbuild, whatever happens.
        let launched = std::panic::catch_unwind(move || {
            drop((stdout, channels.lifeline, channels.plan, channels.report));
            drop(stderr);
            sys::forget_environment();
            if let Some(errors) = errors
                && ::nix::unistd::dup2_stderr(&errors).is_err()
            {
                return;
            }
            if ::nix::unistd::dup2_stdout(&output).is_ok() {
                drop(output);
                let ends = launch::Ends {
                    control: channels.control,
                    report: OwnedFd::from(channels.reporter).into(),
                    plan: OwnedFd::from(channels.reader).into(),
                };
                launch::launch(Mode::USUAL, &[], ends)
            }
        });
        drop(launched);
        std::process::exit(i32::from(Kind::Sandbox.exit_code()))
    }

    fn start(
        program: &Path,
        stdout: Output,
        errors: Errors,
        mode: Mode,
        emulators: &[OsString],
    ) -> Result<Launcher> {
        let channels = Channels::new()?;
        let inherited = [
            channels.control.as_raw_fd(),
            channels.reporter.as_raw_fd(),
            channels.reader.as_raw_fd(),
        ];

        #[expect(
            clippy::disallowed_methods,
            reason = "the launcher needs inherited descriptors"
        )]
        let mut command = std::process::Command::new(program);
        command
            .arg0(launch::NAME)
            .args(inherited.map(|fd| fd.to_string()))
            .arg(mode.word())
            .args(emulators)
            .env_clear();
        stdout.direct(&mut command);
        // SAFETY: the closure runs between fork and exec, where only
        // async-signal-safe calls are allowed; fcntl(2) is one, and it
        // allocates nothing.
        unsafe {
            command.pre_exec(move || inherited.into_iter().try_for_each(sys::keep_on_exec));
        }
        let (stderr, to) = stderr::channel(errors);
        match (errors, to) {
            (Errors::Apart, _) => command.stderr(Stdio::piped()),
            (_, Some(to)) => command.stderr(Stdio::from(to)),
            (_, None) => command.stderr(Stdio::inherit()),
        };
        let mut process = command.spawn().map_err(|source| {
            Error::new(
                Kind::Sandbox,
                format!("failed to start the launcher `{}`", program.display()),
            )
            .caused_by(source)
        })?;
        Ok(Launcher {
            stdout: process.stdout.take(),
            stderr,
            apart: process.stderr.take(),
            process: Process::Started(process),
            lifeline: channels.lifeline,
            plan: channels.plan,
            report: channels.report,
        })
    }

    fn send(self, message: &[u8]) -> Result<Child> {
        let Launcher {
            process,
            stdout,
            stderr,
            apart,
            lifeline,
            mut plan,
            mut report,
        } = self;
        let child = Child {
            stdout,
            hearing: stderr.map(Stderr::hear),
            stderr: apart,
            signals: Some(signals::Forwarding::to(process.id())),
            process,
            lifeline: Some(lifeline),
        };
        // A launcher that died early is explained by its report, not by EPIPE.
        let _ = plan.write_all(message);
        drop(plan);

        // The report closes when the command is started, or tells why it is
        // not.
        let mut message = Vec::new();
        report.read_to_end(&mut message).map_err(broken)?;
        if message.is_empty() {
            return Ok(child);
        }
        drop(child);
        Err(fault::Fault::decode(&message).map_or_else(
            || Error::new(Kind::Sandbox, "the launcher of the hermetic shell failed"),
            |fault| fault.explain(&fault::Host::look()),
        ))
    }
}

fn broken(source: std::io::Error) -> Error {
    Error::new(Kind::Sandbox, "failed to start the hermetic shell").caused_by(source)
}
