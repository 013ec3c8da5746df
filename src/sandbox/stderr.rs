//! The command's standard error, which passes to xbuild's own as it comes and
//! is heard on the way: what went wrong is recognised by what cargo says.
//!
//! Where xbuild's is a terminal the command's is one as well, of the same size
//! and with nothing done to what it writes: colours and progress bars are as if
//! it were the caller's own.

use std::fs::File;
use std::io::{self, ErrorKind, IsTerminal, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::thread::JoinHandle;

use ::nix::fcntl::{FcntlArg, FdFlag, fcntl};
use ::nix::pty::openpty;
use ::nix::sys::termios::{cfmakeraw, tcgetattr};

use super::sys;
use crate::terminal;

/// At least so many bytes of the end are kept: errors come last.
const KEPT: usize = 1 << 20;

/// What becomes of a command's standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Errors {
    /// It is xbuild's own.
    Inherited,
    /// It passes through xbuild, where that can be.
    Heard,
    /// Nothing of it is shown: whoever started the command reads it.
    Apart,
}

/// The end that xbuild reads.
#[derive(Debug)]
pub(super) struct Stderr {
    from: File,
    is_terminal: bool,
}

/// Both ends of a command's standard error, or none where it is xbuild's own:
/// a system without pseudoterminals builds all the same.
pub(super) fn channel(errors: Errors) -> (Option<Stderr>, Option<OwnedFd>) {
    let ends = match errors {
        Errors::Inherited | Errors::Apart => return (None, None),
        Errors::Heard if io::stderr().is_terminal() => terminal_channel(),
        Errors::Heard => io::pipe().map(|(from, to)| (OwnedFd::from(from), OwnedFd::from(to))),
    };
    let Ok((from, to)) = ends else {
        return (None, None);
    };
    let is_terminal = to.is_terminal();
    let from = File::from(from);
    (Some(Stderr { from, is_terminal }), Some(to))
}

/// A pseudoterminal, pty(7), that is as wide as the caller's terminal.
fn terminal_channel() -> io::Result<(OwnedFd, OwnedFd)> {
    let stderr = io::stderr();
    let size = sys::window_size(stderr.as_fd())?;
    let mut settings = tcgetattr(&stderr)?;
    // The caller's terminal does to line ends what it does to them.
    cfmakeraw(&mut settings);
    let ends = openpty(&size, &settings)?;
    for end in [&ends.master, &ends.slave] {
        fcntl(end, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
    }
    Ok((ends.master, ends.slave))
}

impl Stderr {
    /// Passes everything on from now on, until nobody writes any more.
    pub(super) fn hear(mut self) -> Hearing {
        Hearing(std::thread::spawn(move || {
            let mut heard = Vec::new();
            let mut piece = [0; 8192];
            while let Some(read) = self.read(&mut piece) {
                terminal::pass_on(&piece[..read]);
                heard.extend_from_slice(&piece[..read]);
                if heard.len() > 2 * KEPT {
                    heard.drain(..heard.len() - KEPT);
                }
            }
            heard
        }))
    }

    fn read(&mut self, piece: &mut [u8]) -> Option<usize> {
        loop {
            match self.from.read(piece) {
                Ok(0) => return None,
                Ok(read) => {
                    self.follow_size();
                    return Some(read);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // EIO is how a pseudoterminal ends.
                Err(_) => return None,
            }
        }
    }

    /// The caller may have made his window narrower: cargo looks before it draws
    /// next.
    fn follow_size(&self) {
        if !self.is_terminal {
            return;
        }
        let (theirs, ours) = (
            sys::window_size(self.from.as_fd()),
            sys::window_size(io::stderr().as_fd()),
        );
        if let (Ok(theirs), Ok(ours)) = (theirs, ours)
            && (theirs.ws_row, theirs.ws_col) != (ours.ws_row, ours.ws_col)
        {
            let _ = sys::set_window_size(self.from.as_fd(), &ours);
        }
    }
}

/// Somebody who hears a command's standard error.
#[derive(Debug)]
pub(super) struct Hearing(JoinHandle<Vec<u8>>);

impl Hearing {
    /// Waits until nobody writes any more, and says what the end of it was.
    pub(super) fn wait(self) -> Vec<u8> {
        self.0.join().unwrap_or_default()
    }
}
