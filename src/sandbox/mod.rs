//! The hermetic shell: a command that sees the toolchain's closure, the
//! project, and nothing else of the machine.
//!
//! # How it starts
//! The launcher is this executable again, as `xbuild-shell`, or a fork of it
//! made first thing, without an environment; the plan travels through a pipe.
//! Three processes result:
//!
//! 1. the *launcher*, in the host's namespaces, waits and passes signals on;
//!    it dies with xbuild, because xbuild's end of the socket then closes;
//! 2. *init*, PID 1 of new user, mount, PID, IPC, UTS, cgroup and network
//!    namespaces, builds the root, reaps, and dies with the launcher;
//! 3. the *command*, without capabilities and under the seccomp filter.
//!
//! Where programs of other architectures shall start, the launcher itself moves
//! into a user namespace that knows their emulators (`emulators.rs`).
//!
//! # What is closed
//! - Files: the root is an empty tmpfs with the binds alone; read-only at the
//!   end. `/tmp`, `/dev/shm` and `/build/home` are private and writable.
//! - `/proc` is of the new PID namespace and read-only as a whole (a caller
//!   who is root could otherwise write `/proc/sys`, whose owner he is), shows
//!   no process that may not be traced (so not init, nor its arguments), and
//!   its global tables of keys, timers and memory are masked.
//! - `/proc/self/mountinfo` and its kin are empty: the command's root stands
//!   in init's mount namespace while the command itself belongs to an
//!   unconnected copy, and the kernel lists only what can be reached. The
//!   binds' sources on the host are therefore not to be seen; `statmount`
//!   and `listmount` are refused.
//! - Network: an own, empty one with loopback up; abstract sockets belong to
//!   it. Sockets other than Unix, IPv4, IPv6 and netlink (vsock among them,
//!   which knows no namespaces) are refused.
//! - Nested user namespaces: limit 0, seccomp, and the kernel's own refusal
//!   to a process whose root is not its mount namespace's.
//! - Terminal input (`TIOCSTI`, `TIOCLINUX`), keyrings, `bpf`, `perf`,
//!   io_uring, mounts, modules and others: see `filter.rs`.
//! - 32-bit and x32 system calls, which would pass by a filter of 64-bit
//!   numbers: a 32-bit program is killed with SIGSYS (159). Programs of 32-bit
//!   targets run under QEMU, which makes 64-bit calls.
//! - A standard stream that is a folder would be a way out (`openat(0, "..")`):
//!   it is replaced by `/dev/null`.
//!
//! # What is not
//! - `/proc/self/uid_map` shows the caller's numeric user; `uname` and
//!   `/proc/version` the kernel; `/proc/cpuinfo` and `meminfo` the machine.
//! - Supplementary groups cannot be dropped without privilege: they show as
//!   `nogroup` and still open files of those groups inside the binds.
//! - A standard stream that is a file can be opened again through
//!   `/proc/self/fd`, with the caller's rights to that one file.
//! - With [`Network::Host`] loopback ports and abstract sockets of the host
//!   are in reach: only `cargo fetch` may run there.
//! - The command writes to the caller's terminal, escape sequences included.
//! - A Unix socket's file inside a bind can be connected to.

mod emulators;
mod fault;
mod filter;
mod identity;
mod init;
mod launch;
mod mounts;
mod privileges;
mod process;
#[expect(unsafe_code, reason = "signal handlers, sigaction(2)")]
mod signals;
#[expect(unsafe_code, reason = "a child that calls before exec")]
mod start;
mod stderr;
#[expect(unsafe_code, reason = "system calls without a safe form")]
mod sys;
#[expect(unsafe_code, reason = "a child that calls before exec")]
mod unisolated;
mod wire;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{ChildStderr, ChildStdout, ExitStatus};

use crate::error::{Error, Kind, Result};

use process::Process;
use stderr::Errors;

pub use emulators::Emulator;
pub use launch::maybe_launch;
pub use start::{ahead, dismiss};
pub use unisolated::{run_unisolated, spawn_unisolated};

/// One hermetic shell and the command in it. Paths inside are absolute.
///
/// The root is built in this order: `/proc`, `/dev`, `/tmp`, `/build/home`,
/// then `links`, `files`, and `binds` as given, so that a bind may lie on top
/// of an earlier one. A mount point that is missing is made; inside a
/// read-only bind it must exist already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shell {
    pub binds: Vec<Bind>,
    pub links: Vec<Link>,
    pub files: Vec<File>,
    /// Where the kernel can (Linux 6.7), for programs of other architectures.
    pub emulators: Vec<Emulator>,
    /// The whole environment: nothing is inherited.
    pub env: BTreeMap<OsString, OsString>,
    pub cwd: PathBuf,
    /// The program and its arguments. A program without a slash is looked up
    /// in `env`'s `PATH`, inside.
    pub command: Vec<OsString>,
    pub network: Network,
    pub terminal: Terminal,
    pub hostname: String,
    pub umask: u32,
    pub guise: Guise,
    /// The executable that calls [`maybe_launch`] first thing in its `main`.
    pub launcher: PathBuf,
}

/// A folder or file of the host, with everything mounted below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bind {
    pub source: PathBuf,
    pub target: PathBuf,
    pub access: Access,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    ReadOnly,
    ReadWrite,
}

/// A symbolic link at `path` that says `target`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    pub target: PathBuf,
    pub path: PathBuf,
}

/// A small file of the shell's own, such as `/etc/passwd`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    pub path: PathBuf,
    pub bytes: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Network {
    /// Loopback only, of the shell's own.
    None,
    /// The host's; for `cargo fetch` alone.
    Host,
}

/// What the kernel tells the command of itself and of the user, where a second
/// build is to see another machine. The default is every shell's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guise {
    /// The numbers of user and group inside.
    pub uid: u32,
    pub gid: u32,
    /// The NIS domain name.
    pub domain: String,
    /// Whether `uname -r` says 2.6, personality(2).
    pub old_kernel_name: bool,
    /// Whether all lies where it lay the last time, personality(2).
    pub fixed_addresses: bool,
    /// The processors that the command may use: all that xbuild may, or only
    /// so many of them.
    pub processors: Option<u32>,
}

impl Guise {
    /// Who everybody is inside, user and group.
    pub const USER: u32 = 1000;
}

impl Default for Guise {
    fn default() -> Self {
        Guise {
            uid: Guise::USER,
            gid: Guise::USER,
            domain: "(none)".to_owned(),
            old_kernel_name: false,
            fixed_addresses: false,
            processors: None,
        }
    }
}

/// How the command shares the terminal, where there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Terminal {
    /// In xbuild's own process group: Ctrl-C and Ctrl-Z reach both.
    Shared,
    /// In a foreground group of its own, as a shell with job control wants.
    Interactive,
}

impl Shell {
    /// A shell with nothing in it but the command.
    pub fn new<I: IntoIterator<Item = S>, S: Into<OsString>>(command: I) -> Self {
        Shell {
            binds: Vec::new(),
            links: Vec::new(),
            files: Vec::new(),
            emulators: Vec::new(),
            env: BTreeMap::new(),
            cwd: PathBuf::from("/"),
            command: command.into_iter().map(Into::into).collect(),
            network: Network::None,
            terminal: Terminal::Shared,
            hostname: "xbuild".to_owned(),
            umask: 0o022,
            guise: Guise::default(),
            launcher: PathBuf::from(start::ITSELF),
        }
    }

    #[must_use]
    pub fn read_only(mut self, source: impl Into<PathBuf>, target: impl Into<PathBuf>) -> Self {
        self.binds.push(Bind {
            source: source.into(),
            target: target.into(),
            access: Access::ReadOnly,
        });
        self
    }

    #[must_use]
    pub fn read_write(mut self, source: impl Into<PathBuf>, target: impl Into<PathBuf>) -> Self {
        self.binds.push(Bind {
            source: source.into(),
            target: target.into(),
            access: Access::ReadWrite,
        });
        self
    }

    #[must_use]
    pub fn link(mut self, target: impl Into<PathBuf>, path: impl Into<PathBuf>) -> Self {
        self.links.push(Link {
            target: target.into(),
            path: path.into(),
        });
        self
    }

    #[must_use]
    pub fn file(mut self, path: impl Into<PathBuf>, bytes: impl Into<Vec<u8>>) -> Self {
        self.files.push(File {
            path: path.into(),
            bytes: bytes.into(),
        });
        self
    }

    #[must_use]
    pub fn env(mut self, key: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.env.insert(key.into(), value.into());
        self
    }
}

/// How the command ended: its exit code, or 128 + the signal that killed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status(u8);

impl Status {
    pub const fn code(self) -> u8 {
        self.0
    }

    pub const fn success(self) -> bool {
        self.0 == 0
    }
}

impl From<ExitStatus> for Status {
    fn from(status: ExitStatus) -> Self {
        let code = status
            .code()
            .or_else(|| status.signal().map(|signal| 128 + signal))
            .and_then(|code| u8::try_from(code).ok());
        Status(code.unwrap_or(u8::MAX))
    }
}

/// A running command. Dropping it kills the command and all it started.
#[derive(Debug)]
pub struct Child {
    process: Process,
    /// What the command writes, where [`spawn`] was asked for it.
    pub stdout: Option<ChildStdout>,
    /// The same of its errors, where [`spawn_apart`] was.
    pub stderr: Option<ChildStderr>,
    /// The launcher kills everything when this end closes.
    lifeline: Option<UnixStream>,
    signals: Option<signals::Forwarding>,
    /// Who passes the command's standard error on.
    hearing: Option<stderr::Hearing>,
}

impl Child {
    /// Waits for the end of the command, and of all processes it left behind,
    /// which are killed.
    ///
    /// # Errors
    /// Where waiting itself fails.
    pub fn wait(self) -> Result<Status> {
        self.wait_hearing().map(|(status, _)| status)
    }

    /// The same, and the end of what the command said on standard error, where
    /// that was heard.
    ///
    /// # Errors
    /// Where waiting itself fails.
    pub fn wait_hearing(mut self) -> Result<(Status, Vec<u8>)> {
        let hearing = self.hearing.take();
        let status = self.reap()?;
        let heard = hearing.map(stderr::Hearing::wait);
        Ok((status, heard.unwrap_or_default()))
    }

    fn reap(&mut self) -> Result<Status> {
        let status = self.process.wait();
        self.signals = None;
        self.lifeline = None;
        if let Some(hearing) = self.hearing.take() {
            hearing.wait();
        }
        status.map(Status::from).map_err(|source| {
            Error::new(Kind::Internal, "failed to wait for the hermetic shell").caused_by(source)
        })
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if self.signals.is_some() {
            if self.lifeline.take().is_none() {
                let _ = self.process.kill();
            }
            let _ = self.reap();
        }
    }
}

/// Runs the command to its end, with xbuild's own standard streams.
///
/// # Errors
/// [`Kind::Sandbox`] where the shell cannot be made or the command not be
/// started in it; the error says which step failed and what to do. A command
/// that fails is no error but a [`Status`].
pub fn run(shell: &Shell) -> Result<Status> {
    start::start(shell, start::Output::Inherit, Errors::Inherited)?.wait()
}

/// The same, and the end of what the command said on standard error, which is
/// shown as it comes; to the command it is a terminal where xbuild's is one.
///
/// # Errors
/// As [`run`].
pub fn run_hearing(shell: &Shell) -> Result<(Status, Vec<u8>)> {
    start::start(shell, start::Output::Inherit, Errors::Heard)?.wait_hearing()
}

/// Shows that a shell can be made on this machine, by one that does nothing.
///
/// # Errors
/// As [`run`].
pub fn probe(busybox: &Path) -> Result<()> {
    const INSIDE: &str = "/bin/busybox";
    let shell = Shell::new([INSIDE, "true"]).read_only(busybox, INSIDE);
    start::start(&shell, start::Output::Null, Errors::Inherited)?
        .wait()
        .map(drop)
}

/// Starts the command with its standard output in [`Child::stdout`]; input is
/// xbuild's own, and errors are heard as by [`run_hearing`].
///
/// # Errors
/// As [`run`]; when this returns, the command itself runs.
pub fn spawn(shell: &Shell) -> Result<Child> {
    start::start(shell, start::Output::Piped, Errors::Heard)
}

/// Starts the command apart from the caller's streams: its output and its errors
/// are in the [`Child`], and it has no input.
///
/// # Errors
/// As [`run`]; when this returns, the command itself runs.
pub fn spawn_apart(shell: &Shell) -> Result<Child> {
    start::start(shell, start::Output::Apart, Errors::Apart)
}
