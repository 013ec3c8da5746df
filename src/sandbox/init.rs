//! PID 1 of the hermetic shell: makes it, starts the command, reaps.
//!
//! It keeps its capabilities and is not dumpable, which is what makes its
//! memory, its environment and its executable unreadable from inside.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;

use ::nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use ::nix::sys::signal::{SigSet, Signal, kill, killpg};
use ::nix::sys::signalfd::{SfdFlags, SignalFd};
use ::nix::unistd::{Pid, sethostname, tcsetpgrp};

use super::fault::{During, Fault, Step};
use super::identity::Identity;
use super::sys::Change;
use super::wire::{Mode, Plan};
use super::{Network, filter, launch, mounts, privileges, sys, wire};

/// What init is started with.
pub(super) struct Work {
    pub mode: Mode,
    pub outside: Identity,
    /// Where the plan comes from, as soon as xbuild knows it.
    pub plan: File,
    pub foreground: bool,
    /// The signal mask that the command shall have.
    pub mask: SigSet,
}

/// Init's whole life.
pub(super) fn main(work: Work, mut control: UnixStream, report: &File) -> ! {
    let foreground = work.foreground;
    let started = start(work, &mut control, report);
    let code = match started {
        Ok(command) => reap(Pid::from_raw(command), control, report, foreground),
        Err(fault) => {
            fault.send(report);
            1
        }
    };
    std::process::exit(code)
}

/// The PID of the command. What needs no plan is done before there is one.
fn start(work: Work, control: &mut UnixStream, report: &File) -> Result<i32, Fault> {
    sys::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL as libc::c_ulong).during(Step::Init)?;
    // A launcher that died before that call cannot say this any more.
    control.read_exact(&mut [0]).during(Step::Init)?;
    work.outside.becomes(work.mode.uid, work.mode.gid)?;
    let taken = mounts::Taken::of_machine()?;
    if work.mode.network == Network::None {
        sys::loopback_up().during(Step::Loopback)?;
    }
    let filters = filter::programs().during(Step::Filter)?;

    let plan = receive(work.plan).during(Step::Plan)?;
    mounts::build(&plan, &taken)?;
    drop(taken);
    sethostname(std::ffi::OsStr::new(&*plan.hostname.to_string_lossy())).during(Step::Hostname)?;
    sys::set_domain_name(&plan.domain).during(Step::Hostname)?;
    match sys::fork_into(0).during(Step::Init)? {
        Some(command) => Ok(command),
        None => privileges::become_command(&plan, &filters, work.foreground, &work.mask, report),
    }
}

/// Reads the plan, whose length comes first.
fn receive(mut from: File) -> std::io::Result<Plan> {
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    let mut message = vec![0; u32::from_le_bytes(length) as usize];
    from.read_exact(&mut message)?;
    wire::decode(&message).ok_or_else(|| ErrorKind::InvalidData.into())
}

/// Reaps whatever ends until the command itself does; its code is the result.
/// When init then exits, the kernel kills all that is left.
fn reap(command: Pid, mut control: UnixStream, report: &File, foreground: bool) -> i32 {
    let mut mask = SigSet::empty();
    for signal in [Signal::SIGCHLD, Signal::SIGINT, Signal::SIGQUIT] {
        mask.add(signal);
    }
    let flags = SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK;
    let Ok(signals) = SignalFd::with_flags(&mask, flags) else {
        return 1;
    };
    let hidden = sys::prctl(libc::PR_SET_DUMPABLE, 0);
    if hidden.is_err() || launch::silence(foreground, report).is_err() {
        return 1;
    }
    loop {
        let mut events = [
            PollFd::new(signals.as_fd(), PollFlags::POLLIN),
            PollFd::new(control.as_fd(), PollFlags::POLLIN),
        ];
        let _ = poll(&mut events, PollTimeout::NONE);
        let order = events[1].any().unwrap_or(true);

        while let Ok(Some(signal)) = signals.read_signal() {
            // From the launcher alone: it has no PID in here.
            let forwarded = signal.ssi_code <= 0 && signal.ssi_pid == 0;
            if forwarded
                && let Ok(forwarded @ (Signal::SIGINT | Signal::SIGQUIT)) =
                    Signal::try_from(signal.ssi_signo.cast_signed())
            {
                let _ = kill(command, forwarded);
            }
        }
        while let Some((pid, change)) = sys::next_change(foreground) {
            match change {
                Change::Ended(code) if pid == command.as_raw() => return code,
                Change::Stopped if pid == command.as_raw() => {
                    let _ = control.write_all(&[launch::STOPPED]);
                }
                _ => {}
            }
        }
        if order && !resume(command, &mut control) {
            return 128 + libc::SIGKILL;
        }
    }
}

/// Continues the stopped command, with the terminal where the launcher has it.
fn resume(command: Pid, control: &mut UnixStream) -> bool {
    let mut order = [0];
    if !matches!(control.read(&mut order), Ok(1)) {
        return false;
    }
    if order == [launch::FOREGROUND] {
        let _ = tcsetpgrp(std::io::stdin(), command);
    }
    let _ = killpg(command, Signal::SIGCONT);
    true
}
