//! `--isolation none`: the same command with the same cleared environment,
//! outside of any shell. The caller gives real paths in `command`, `env` and
//! `cwd`; binds, links, files, network and host name have no meaning here, and
//! the command dies of Ctrl-C but does not die with xbuild.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::Stdio;

use ::nix::sys::stat::{Mode, umask};

use super::process::Process;
use super::{Child, Shell, Status, signals};
use crate::error::{Error, Kind, Result};

/// Runs the command on the bare machine, to its end.
///
/// # Errors
/// [`Kind::Sandbox`] where it cannot be started.
pub fn run_unisolated(shell: &Shell) -> Result<Status> {
    start(shell, Stdio::inherit())?.wait()
}

/// Starts the command on the bare machine, its output in [`Child::stdout`].
///
/// # Errors
/// As [`run_unisolated`].
pub fn spawn_unisolated(shell: &Shell) -> Result<Child> {
    start(shell, Stdio::piped())
}

fn start(shell: &Shell, stdout: Stdio) -> Result<Child> {
    let (program, args) = shell
        .command
        .split_first()
        .ok_or_else(|| Error::new(Kind::Sandbox, "no command to run"))?;
    let mask = Mode::from_bits_truncate(shell.umask as libc::mode_t);
    #[expect(
        clippy::disallowed_methods,
        reason = "the umask must be set in the child"
    )]
    let mut command = std::process::Command::new(program);
    command
        .args(args)
        .env_clear()
        .envs(&shell.env)
        .current_dir(&shell.cwd)
        .stdout(stdout);
    // SAFETY: the closure runs between fork and exec, where only
    // async-signal-safe calls are allowed; umask(2) is one.
    unsafe {
        command.pre_exec(move || {
            umask(mask);
            io::Result::Ok(())
        });
    }
    let mut process = command.spawn().map_err(|source| {
        let name = program.to_string_lossy();
        Error::new(
            Kind::Sandbox,
            format!("failed to run `{name}` in `{}`", shell.cwd.display()),
        )
        .caused_by(source)
    })?;
    Ok(Child {
        stdout: process.stdout.take(),
        stderr: None,
        signals: Some(signals::Forwarding::to(process.id())),
        process: Process::Started(process),
        lifeline: None,
        hearing: None,
    })
}
