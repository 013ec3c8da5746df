//! The launcher: this executable again, or a fork of it, single-threaded and
//! without an environment, between xbuild and the new namespaces.

use std::ffi::OsString;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;

use ::nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use ::nix::sys::signal::{SigSet, SigmaskHow, Signal, kill, killpg, sigprocmask};
use ::nix::sys::signalfd::{SfdFlags, SignalFd};
use ::nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use ::nix::unistd::{Pid, getpgrp, tcgetpgrp, tcsetpgrp};

use super::fault::{During, Fault, Step};
use super::identity::Identity;
use super::wire::Mode;
use super::{Network, Terminal, emulators, init, sys};

/// What the launcher is called in `argv[0]`.
pub(super) const NAME: &str = "xbuild-shell";

/// Init tells the launcher that the command stopped, and hears what to do.
pub(super) const STOPPED: u8 = b's';
pub(super) const FOREGROUND: u8 = b'f';
pub(super) const BACKGROUND: u8 = b'b';
/// Init may begin: the launcher lived when init's death signal was set.
pub(super) const BEGIN: u8 = b'g';

/// Becomes the launcher where this process was started as one, and then never
/// returns. To be called first thing in `main`, while there is one thread.
pub fn maybe_launch() {
    let mut args = std::env::args_os();
    if args.next().is_none_or(|name| name != NAME) {
        return;
    }
    let mut descriptor = || {
        let number = args.next()?.to_str()?.parse().ok().filter(|fd| *fd > 2)?;
        sys::adopt(number).ok()
    };
    let descriptors = (descriptor(), descriptor(), descriptor());
    let mode = args.next().and_then(|word| Mode::of_word(&word));
    let ((Some(control), Some(report), Some(plan)), Some(mode)) = (descriptors, mode) else {
        // Somebody else used the name: not ours to explain.
        std::process::exit(i32::from(crate::error::Kind::Usage.exit_code()));
    };
    let emulators: Vec<OsString> = args.collect();
    let ends = Ends {
        control: UnixStream::from(control),
        report: File::from(report),
        plan: File::from(plan),
    };
    launch(mode, &emulators, ends)
}

/// The launcher's ends of what it shares with xbuild.
pub(super) struct Ends {
    /// Closes when xbuild is gone.
    pub control: UnixStream,
    /// Takes a fault, or closes when the command runs.
    pub report: File,
    pub plan: File,
}

/// The launcher's whole life.
pub(super) fn launch(mode: Mode, emulators: &[OsString], ends: Ends) -> ! {
    sys::set_name(c"xbuild-shell");
    let report = ends.report;
    let code = supervise(mode, emulators, ends.control, ends.plan, &report);
    std::process::exit(code.unwrap_or_else(|fault| {
        fault.send(&report);
        i32::from(crate::error::Kind::Sandbox.exit_code())
    }))
}

fn supervise(
    mode: Mode,
    emulators: &[OsString],
    control: UnixStream,
    plan: File,
    report: &File,
) -> Result<i32, Fault> {
    let _emulators = emulators::register(emulators)?;
    // Blocked, not ignored: a stop or a Ctrl-C must not end the launcher, and
    // the command gets back the dispositions that xbuild was started with.
    let mut blocked = SigSet::empty();
    for signal in [
        Signal::SIGCHLD,
        Signal::SIGINT,
        Signal::SIGQUIT,
        Signal::SIGTSTP,
        Signal::SIGTTIN,
        Signal::SIGTTOU,
    ] {
        blocked.add(signal);
    }
    let mut before = SigSet::empty();
    sigprocmask(SigmaskHow::SIG_BLOCK, Some(&blocked), Some(&mut before)).during(Step::Plan)?;

    let stdin = std::io::stdin();
    let foreground = mode.terminal == Terminal::Interactive
        && tcgetpgrp(&stdin).is_ok_and(|group| group == getpgrp());
    let (mut to_init, from_launcher) = UnixStream::pair().during(Step::Plan)?;
    let outside = Identity::current();

    let network = match mode.network {
        Network::Host => 0,
        Network::None => libc::CLONE_NEWNET,
    };
    let namespaces = libc::CLONE_NEWUSER
        | libc::CLONE_NEWNS
        | libc::CLONE_NEWPID
        | libc::CLONE_NEWIPC
        | libc::CLONE_NEWUTS
        | libc::CLONE_NEWCGROUP
        | network;
    let Some(init) = sys::fork_into(namespaces).during(Step::Namespaces)? else {
        drop((control, to_init));
        let work = init::Work {
            mode,
            outside,
            plan,
            foreground,
            mask: before,
        };
        init::main(work, from_launcher, report)
    };
    drop((from_launcher, plan));
    silence(foreground, report).during(Step::Init)?;
    // Init waits for this before it does anything; if it is gone, so be it.
    let _ = to_init.write_all(&[BEGIN]);

    let signals = SignalFd::with_flags(&blocked, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)
        .during(Step::Init)?;
    let code = watch(Pid::from_raw(init), &control, to_init, &signals);
    if foreground {
        let _ = tcsetpgrp(&stdin, getpgrp());
    }
    Ok(code)
}

/// Lets go of streams that others wait to see closed: the standard ones (but
/// for a terminal that is to be handed back) and the report.
pub(super) fn silence(keep_stdin: bool, report: &File) -> std::io::Result<()> {
    let null = OwnedFd::from(File::options().read(true).write(true).open("/dev/null")?);
    if !keep_stdin {
        ::nix::unistd::dup2_stdin(&null)?;
    }
    ::nix::unistd::dup2_stdout(&null)?;
    ::nix::unistd::dup2_stderr(&null)?;
    sys::replace(report.as_fd(), null.as_fd())
}

/// Waits for the end of init; its exit code is the command's.
fn watch(init: Pid, control: &UnixStream, mut to_init: UnixStream, signals: &SignalFd) -> i32 {
    let mut init_speaks = true;
    loop {
        let mut events = vec![
            PollFd::new(signals.as_fd(), PollFlags::POLLIN),
            PollFd::new(control.as_fd(), PollFlags::POLLIN),
        ];
        if init_speaks {
            events.push(PollFd::new(to_init.as_fd(), PollFlags::POLLIN));
        }
        let _ = poll(&mut events, PollTimeout::NONE);
        let ready = |at: usize| {
            events
                .get(at)
                .is_some_and(|event| event.any().unwrap_or(true))
        };
        let (xbuild_gone, message) = (ready(1), ready(2));

        while let Ok(Some(signal)) = signals.read_signal() {
            // The terminal's own signals reached the command as well.
            if signal.ssi_code <= 0
                && let Ok(forwarded @ (Signal::SIGINT | Signal::SIGQUIT)) =
                    Signal::try_from(signal.ssi_signo.cast_signed())
            {
                let _ = kill(init, forwarded);
            }
        }
        if xbuild_gone {
            // xbuild never says anything here: its end is closed.
            let _ = kill(init, Signal::SIGKILL);
            let _ = waitpid(init, None);
            return 128 + libc::SIGKILL;
        }
        match waitpid(init, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::Exited(_, code)) => return code,
            Ok(WaitStatus::Signaled(_, signal, _)) => return 128 + signal as i32,
            _ => {}
        }
        if message {
            init_speaks = answer_stop(&mut to_init);
        }
    }
}

/// The command was stopped: stops xbuild's whole group with it, as the
/// terminal would have, and goes on where the user's shell continues it.
fn answer_stop(to_init: &mut UnixStream) -> bool {
    let mut message = [0];
    if !matches!(to_init.read(&mut message), Ok(1)) {
        return false;
    }
    if message == [STOPPED] {
        let stdin = std::io::stdin();
        let _ = tcsetpgrp(&stdin, getpgrp());
        let _ = killpg(getpgrp(), Signal::SIGSTOP);
        // Stopped here, until a SIGCONT.
        let foreground = tcgetpgrp(&stdin).is_ok_and(|group| group == getpgrp());
        let order = if foreground { FOREGROUND } else { BACKGROUND };
        let _ = to_init.write_all(&[order]);
    }
    true
}
