//! The last steps before the command: out of sight of the mounts, without
//! capabilities, under the filter of system calls.

use std::convert::Infallible;
use std::ffi::CString;
use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd};

use ::nix::errno::Errno;
use ::nix::fcntl::{OFlag, open};
use ::nix::sched::{CloneFlags, CpuSet, sched_getaffinity, sched_setaffinity, unshare};
use ::nix::sys::personality::{self, Persona};
use ::nix::sys::signal::{SigSet, SigmaskHow, sigprocmask};
use ::nix::sys::stat::{Mode, SFlag, fstat, umask};
use ::nix::unistd::{
    Pid, chdir, chroot, dup2_stderr, dup2_stdin, dup2_stdout, execve, fchdir, getpid, setpgid,
    tcsetpgrp,
};

use seccompiler::BpfProgram;

use super::fault::{During, Fault, Step};
use super::wire::Plan;
use super::{filter, sys};

/// Where programs are looked for when the environment does not say.
const DEFAULT_PATH: &[u8] = b"/bin:/usr/bin";

/// Becomes the command, or tells xbuild why not.
pub(super) fn become_command(
    plan: &Plan,
    filters: &[BpfProgram],
    foreground: bool,
    mask: &SigSet,
    report: &File,
) -> ! {
    let Err(fault) = try_become(plan, filters, foreground, mask);
    fault.send(report);
    std::process::exit(1)
}

fn try_become(
    plan: &Plan,
    filters: &[BpfProgram],
    foreground: bool,
    mask: &SigSet,
) -> Result<Infallible, Fault> {
    if foreground {
        // SIGTTOU, which this earns from the background, is still blocked.
        setpgid(Pid::from_raw(0), Pid::from_raw(0)).during(Step::Init)?;
        tcsetpgrp(std::io::stdin(), getpid()).during(Step::Init)?;
    }
    hide_mounts().during(Step::Detach)?;
    close_ways_out().during(Step::Streams)?;
    disguise(plan).during(Step::Guise)?;
    chdir(plan.cwd.as_c_str()).at(Step::Folder, &plan.cwd)?;
    umask(Mode::from_bits_truncate(plan.umask as libc::mode_t));

    sys::drop_capabilities().during(Step::Privileges)?;
    sys::prctl(libc::PR_SET_NO_NEW_PRIVS, 1).during(Step::Privileges)?;
    sys::close_others_on_exec().during(Step::Privileges)?;
    filter::install(filters).during(Step::Filter)?;
    sigprocmask(SigmaskHow::SIG_SETMASK, Some(mask), None).during(Step::Program)?;
    sys::end_by_broken_pipe().during(Step::Program)?;

    let Err(errno) = execute(plan);
    Err(errno).at(Step::Program, &plan.command[0])
}

/// `UNAME26` of linux/personality.h: the same for every C library, though the
/// crate leaves it out where musl's header does.
const UNAME26: Persona = Persona::from_bits_retain(0x0002_0000);

/// Sets what the command inherits of another machine.
fn disguise(plan: &Plan) -> ::nix::Result<()> {
    let mut persona = personality::get()?;
    persona.set(UNAME26, plan.old_kernel_name);
    persona.set(Persona::ADDR_NO_RANDOMIZE, plan.fixed_addresses);
    if plan.old_kernel_name || plan.fixed_addresses {
        personality::set(persona)?;
    }
    if plan.processors == 0 {
        return Ok(());
    }
    let this = Pid::from_raw(0);
    let all = sched_getaffinity(this)?;
    let mut some = CpuSet::new();
    let mut left = plan.processors;
    for processor in 0..CpuSet::count() {
        if left > 0 && all.is_set(processor)? {
            some.set(processor)?;
            left -= 1;
        }
    }
    sched_setaffinity(this, &some)
}

/// Moves this process into a copy of the mount namespace while its root stays
/// where it was: the kernel's tables of mounts then list nothing, since
/// nothing in the copy can be reached. Init keeps the original alive.
fn hide_mounts() -> ::nix::Result<()> {
    let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let root = open("/", flags, Mode::empty())?;
    unshare(CloneFlags::CLONE_NEWNS)?;
    fchdir(&root)?;
    chroot(".")
}

/// A standard stream that is a folder leads to the host's files.
fn close_ways_out() -> std::io::Result<()> {
    let leads_out = |stream: BorrowedFd<'_>| {
        let folder = SFlag::S_IFDIR.bits();
        fstat(stream).is_ok_and(|stat| stat.st_mode & SFlag::S_IFMT.bits() == folder)
    };
    let null = File::options().read(true).write(true).open("/dev/null")?;
    if leads_out(std::io::stdin().as_fd()) {
        dup2_stdin(&null)?;
    }
    if leads_out(std::io::stdout().as_fd()) {
        dup2_stdout(&null)?;
    }
    if leads_out(std::io::stderr().as_fd()) {
        dup2_stderr(&null)?;
    }
    Ok(())
}

fn execute(plan: &Plan) -> ::nix::Result<Infallible> {
    let program = &plan.command[0];
    if program.to_bytes().contains(&b'/') {
        return execve(program, &plan.command, &plan.env);
    }
    let path = plan
        .env
        .iter()
        .find_map(|pair| pair.to_bytes().strip_prefix(b"PATH="))
        .unwrap_or(DEFAULT_PATH);
    let mut result = Errno::ENOENT;
    for folder in path.split(|byte| *byte == b':') {
        let place = [folder, b"/", program.to_bytes()].concat();
        let Err(errno) = CString::new(place)
            .map_err(|_| Errno::EINVAL)
            .and_then(|place| execve(&place, &plan.command, &plan.env));
        // As execvp(3): go on, but remember that something was found.
        if !matches!(errno, Errno::ENOENT | Errno::ENOTDIR) {
            result = errno;
        }
    }
    Err(result)
}
