//! The launcher, as the process that xbuild waits for.

use std::io::Result;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use ::nix::sys::signal::{Signal, kill};
use ::nix::unistd::Pid;
use libc::pid_t;

use super::sys;

/// A child of this process, to be waited for once.
#[derive(Debug)]
pub(super) enum Process {
    /// By fork(2) and exec.
    Started(std::process::Child),
    /// By fork(2) alone.
    Forked(pid_t),
}

impl Process {
    pub fn id(&self) -> u32 {
        match self {
            Process::Started(child) => child.id(),
            Process::Forked(pid) => pid.cast_unsigned(),
        }
    }

    pub fn wait(&mut self) -> Result<ExitStatus> {
        match self {
            Process::Started(child) => child.wait(),
            Process::Forked(pid) => sys::wait(*pid).map(ExitStatus::from_raw),
        }
    }

    /// Kills it, if it was not waited for yet.
    pub fn kill(&mut self) -> Result<()> {
        match self {
            Process::Started(child) => child.kill(),
            Process::Forked(pid) => Ok(kill(Pid::from_raw(*pid), Signal::SIGKILL)?),
        }
    }
}
