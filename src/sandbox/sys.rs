//! System calls that neither the standard library nor `nix` wraps, each with
//! an interface that cannot be misused.
//!
//! The mount calls are those of Linux 5.2 (open_tree(2), move_mount(2),
//! fsopen(2)) and, where it exists, 5.12 (mount_setattr(2)).

use std::ffi::CStr;
use std::io::{Error, Result};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use libc::{c_int, c_long, c_uint, c_ulong};

/// Lets a descriptor survive exec. Async-signal-safe.
pub(super) fn keep_on_exec(fd: RawFd) -> Result<()> {
    // SAFETY: F_SETFD takes an integer; a bad descriptor is an EBADF.
    check(unsafe { libc::fcntl(fd, libc::F_SETFD, 0) }.into()).map(drop)
}

/// Takes a descriptor by its number, if it is open, and closes it on exec.
pub(super) fn adopt(fd: RawFd) -> Result<OwnedFd> {
    // SAFETY: F_SETFD takes an integer; a bad descriptor is an EBADF.
    check(unsafe { libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC) }.into())?;
    // SAFETY: the descriptor is open, and the launcher's arguments gave it to
    // this one owner.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Forks into new namespaces: the child's PID, or `None` in the child.
///
/// The caller must have one thread only: the raw call does not run the C
/// library's fork handlers. The launcher, fresh after exec, has one.
pub(super) fn fork_into(namespaces: c_int) -> Result<Option<c_int>> {
    let flags = c_long::from(namespaces | libc::SIGCHLD);
    // SAFETY: without CLONE_VM and with a null stack this is fork(2): the
    // child has a copy of the memory and goes on from here.
    let pid = check(unsafe { libc::syscall(libc::SYS_clone, flags, 0, 0, 0, 0) })?;
    Ok((pid != 0).then_some(pid as c_int))
}

/// Forks: the child's PID, or `None` in the child. For a process of one thread.
pub(super) fn fork() -> Result<Option<c_int>> {
    // SAFETY: with one thread no lock can be held by another that the child
    // does not have.
    let pid = check(unsafe { libc::fork() }.into())?;
    Ok((pid != 0).then_some(pid as c_int))
}

/// Waits for a child and says how it ended, as wait(2) encodes that.
pub(super) fn wait(pid: c_int) -> Result<c_int> {
    let mut status = 0;
    loop {
        // SAFETY: the status is an integer that outlives the call.
        match check(unsafe { libc::waitpid(pid, &raw mut status, 0) }.into()) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            result => return result.map(|_| status),
        }
    }
}

/// Gives SIGPIPE back the meaning that Rust's runtime takes from it.
pub(super) fn end_by_broken_pipe() -> Result<()> {
    // SAFETY: only integers are passed.
    match unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) } {
        libc::SIG_ERR => Err(Error::last_os_error()),
        _ => Ok(()),
    }
}

/// Overwrites the strings of this process's environment and forgets them. For
/// a process of one thread that holds none of them.
pub(super) fn forget_environment() {
    unsafe extern "C" {
        static mut environ: *mut *mut libc::c_char;
    }
    // SAFETY: environ(7) is a null-terminated list of C strings on this
    // process's own stack, and the only thread neither reads nor changes it.
    unsafe {
        let mut place = environ;
        environ = std::ptr::null_mut();
        while !place.is_null() && !(*place).is_null() {
            libc::memset((*place).cast(), 0, libc::strlen(*place));
            place = place.add(1);
        }
    }
}

/// A detached copy of the mounts at `path` and below.
pub(super) fn open_tree(path: &CStr) -> Result<OwnedFd> {
    let flags = libc::OPEN_TREE_CLONE | libc::OPEN_TREE_CLOEXEC | libc::AT_RECURSIVE as c_uint;
    // SAFETY: the path is a C string that outlives the call.
    owned(unsafe { libc::syscall(libc::SYS_open_tree, libc::AT_FDCWD, path.as_ptr(), flags) })
}

/// Attaches a detached mount at `path`.
pub(super) fn move_mount(mount: BorrowedFd<'_>, path: &CStr) -> Result<()> {
    // SAFETY: both paths are C strings that outlive the call.
    check(unsafe {
        libc::syscall(
            libc::SYS_move_mount,
            mount.as_raw_fd(),
            c"".as_ptr(),
            libc::AT_FDCWD,
            path.as_ptr(),
            libc::MOVE_MOUNT_F_EMPTY_PATH,
        )
    })
    .map(drop)
}

/// A new, detached file system of a type, with options and `MOUNT_ATTR_` flags.
pub(super) fn new_mount(kind: &CStr, options: &[(&CStr, &CStr)], flags: u64) -> Result<OwnedFd> {
    // SAFETY: the type is a C string that outlives the call.
    let context =
        owned(unsafe { libc::syscall(libc::SYS_fsopen, kind.as_ptr(), libc::FSOPEN_CLOEXEC) })?;
    let configure = |command: c_uint, key: *const libc::c_char, value: *const libc::c_char| {
        // SAFETY: key and value are null where the command takes none, and C
        // strings that outlive the call elsewhere.
        check(unsafe {
            libc::syscall(
                libc::SYS_fsconfig,
                context.as_raw_fd(),
                command,
                key,
                value,
                0,
            )
        })
    };
    for (key, value) in options {
        configure(libc::FSCONFIG_SET_STRING, key.as_ptr(), value.as_ptr())?;
    }
    configure(
        libc::FSCONFIG_CMD_CREATE,
        std::ptr::null(),
        std::ptr::null(),
    )?;
    // FSMOUNT_CLOEXEC is 1.
    // SAFETY: only integers are passed.
    owned(unsafe { libc::syscall(libc::SYS_fsmount, context.as_raw_fd(), 1, flags as c_ulong) })
}

/// Adds `MOUNT_ATTR_` flags to a mount, or to all mounts of its tree.
///
/// # Errors
/// ENOSYS before Linux 5.12.
pub(super) fn restrict(mount: BorrowedFd<'_>, whole_tree: bool, flags: u64) -> Result<()> {
    let attributes = libc::mount_attr {
        attr_set: flags,
        attr_clr: 0,
        propagation: 0,
        userns_fd: 0,
    };
    let recursive = if whole_tree { libc::AT_RECURSIVE } else { 0 };
    // SAFETY: the path is a C string and the structure is as long as the size
    // that is passed with it; the kernel only reads both.
    check(unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            mount.as_raw_fd(),
            c"".as_ptr(),
            libc::AT_EMPTY_PATH | recursive,
            &raw const attributes,
            size_of::<libc::mount_attr>(),
        )
    })
    .map(drop)
}

/// Brings the loopback interface of this network namespace up, as
/// netdevice(7) says.
pub(super) fn loopback_up() -> Result<()> {
    // SAFETY: only integers are passed.
    let socket = owned(
        unsafe { libc::socket(libc::AF_INET, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC, 0) }.into(),
    )?;
    // SAFETY: the structure is plain data, for which zeros are valid.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (to, from) in request.ifr_name.iter_mut().zip(b"lo") {
        *to = *from as libc::c_char;
    }
    request.ifr_ifru.ifru_flags = (libc::IFF_UP | libc::IFF_RUNNING) as libc::c_short;
    // glibc and musl give the number of a request another type.
    let number = libc::SIOCSIFFLAGS as libc::Ioctl;
    // SAFETY: SIOCSIFFLAGS reads an ifreq, and this is one.
    check(unsafe { libc::ioctl(socket.as_raw_fd(), number, &raw const request) }.into()).map(drop)
}

/// Empties the bounding, ambient, permitted, effective and inheritable sets
/// of capabilities(7).
pub(super) fn drop_capabilities() -> Result<()> {
    // The kernel names the end of the capabilities that it knows by EINVAL.
    for capability in 0..64 as c_ulong {
        if prctl(libc::PR_CAPBSET_DROP, capability).is_err() {
            break;
        }
    }
    prctl(
        libc::PR_CAP_AMBIENT,
        libc::PR_CAP_AMBIENT_CLEAR_ALL as c_ulong,
    )?;
    // _LINUX_CAPABILITY_VERSION_3, for this process; two sets of 32 bits each
    // of effective, permitted and inheritable.
    let header: [u32; 2] = [0x2008_0522, 0];
    let none = [0_u32; 6];
    // SAFETY: version 3 reads exactly these many integers from both pointers.
    check(unsafe { libc::syscall(libc::SYS_capset, header.as_ptr(), none.as_ptr()) }).map(drop)
}

/// The size of a terminal, ioctl_tty(2).
pub(super) fn window_size(terminal: BorrowedFd<'_>) -> Result<libc::winsize> {
    let mut size = libc::winsize {
        ws_row: 0,
        ws_col: 0,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    let number = libc::TIOCGWINSZ as libc::Ioctl;
    // SAFETY: TIOCGWINSZ writes a winsize, and this is one.
    check(unsafe { libc::ioctl(terminal.as_raw_fd(), number, &raw mut size) }.into())?;
    Ok(size)
}

/// Gives a terminal a size.
pub(super) fn set_window_size(terminal: BorrowedFd<'_>, size: &libc::winsize) -> Result<()> {
    let number = libc::TIOCSWINSZ as libc::Ioctl;
    // SAFETY: TIOCSWINSZ reads a winsize, and this is one.
    check(unsafe { libc::ioctl(terminal.as_raw_fd(), number, &raw const *size) }.into()).map(drop)
}

/// prctl(2) with one integer.
pub(super) fn prctl(option: c_int, value: c_ulong) -> Result<()> {
    // SAFETY: every option used in this module takes integers only.
    check(unsafe { libc::prctl(option, value, 0 as c_ulong, 0 as c_ulong, 0 as c_ulong) }.into())
        .map(drop)
}

/// Names this process, for those who list processes.
pub(super) fn set_name(name: &CStr) {
    // SAFETY: PR_SET_NAME reads a C string of at most 16 bytes.
    unsafe { libc::prctl(libc::PR_SET_NAME, name.as_ptr()) };
}

/// Sets the NIS domain name, which the UTS namespace copies from the host.
pub(super) fn set_domain_name(name: &CStr) -> Result<()> {
    // SAFETY: the pointer and the length are of the same string.
    check(unsafe { libc::setdomainname(name.as_ptr(), name.count_bytes()) }.into()).map(drop)
}

/// Closes every descriptor above the standard streams on exec.
pub(super) fn close_others_on_exec() -> Result<()> {
    // SAFETY: only integers are passed.
    let done = unsafe {
        libc::syscall(
            libc::SYS_close_range,
            3,
            c_uint::MAX,
            libc::CLOSE_RANGE_CLOEXEC,
        )
    };
    if done == 0 {
        return Ok(());
    }
    // Before Linux 5.11: one by one, up to the limit of this process.
    let limit = ::nix::unistd::sysconf(::nix::unistd::SysconfVar::OPEN_MAX)?.unwrap_or(1024);
    for fd in 3..c_int::try_from(limit).unwrap_or(c_int::MAX) {
        // SAFETY: F_SETFD takes an integer; a descriptor not open is an EBADF.
        unsafe { libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC) };
    }
    Ok(())
}

/// Makes `fd` mean what `by` means; what it meant before is closed.
pub(super) fn replace(fd: BorrowedFd<'_>, by: BorrowedFd<'_>) -> Result<()> {
    // SAFETY: both descriptors are open as long as they are borrowed, and the
    // one that is replaced stays open for its owner.
    check(unsafe { libc::dup3(by.as_raw_fd(), fd.as_raw_fd(), libc::O_CLOEXEC) }.into()).map(drop)
}

/// A child whose state changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// With this exit code, or 128 + the signal.
    Ended(c_int),
    Stopped,
}

/// The next child that ended (or, where asked for, stopped); `None` where
/// there is none now. Unlike the wrappers at hand it knows real-time signals.
pub(super) fn next_change(stops_too: bool) -> Option<(c_int, Change)> {
    let flags = libc::WNOHANG | if stops_too { libc::WUNTRACED } else { 0 };
    let mut status = 0;
    // SAFETY: the status is an integer that outlives the call.
    let pid = unsafe { libc::waitpid(-1, &raw mut status, flags) };
    let change = if libc::WIFEXITED(status) {
        Change::Ended(libc::WEXITSTATUS(status))
    } else if libc::WIFSIGNALED(status) {
        Change::Ended(128 + libc::WTERMSIG(status))
    } else {
        Change::Stopped
    };
    (pid > 0).then_some((pid, change))
}

fn check(result: c_long) -> Result<c_long> {
    if result < 0 {
        return Err(Error::last_os_error());
    }
    Ok(result)
}

fn owned(result: c_long) -> Result<OwnedFd> {
    let fd = check(result)? as RawFd;
    // SAFETY: the call returned a new descriptor that nobody else owns.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}
