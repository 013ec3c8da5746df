//! Programs of another architecture that start like any other, also where a
//! test starts them itself: an emulator for each kind, known to the kernel
//! (binfmt_misc, Documentation/admin-guide/binfmt-misc.rst) inside this shell's
//! own user namespaces alone.
//!
//! Linux has that since 6.7; on elder kernels only cargo's runner starts such
//! programs, and what starts one itself gets ENOEXEC.

use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

use ::nix::fcntl::{OFlag, openat};
use ::nix::sched::{CloneFlags, unshare};
use ::nix::sys::stat::Mode;

use super::fault::{During, Fault, Step};
use super::identity::Identity;
use super::sys;

/// What starts the programs whose first bytes are these where the mask has a
/// bit: a program inside, which gets their path and arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Emulator {
    pub program: PathBuf,
    pub magic: [u8; 20],
    pub mask: [u8; 20],
}

impl Emulator {
    /// The line that registers it: `:name:type:offset:magic:mask:interpreter:flags`.
    pub(super) fn registration(&self, number: usize) -> OsString {
        let hex = |bytes: &[u8]| -> String {
            bytes.iter().map(|byte| format!("\\x{byte:02x}")).collect()
        };
        let (magic, mask) = (hex(&self.magic), hex(&self.mask));
        let mut line = format!(":xbuild{number}:M:0:{magic}:{mask}:").into_bytes();
        line.extend_from_slice(self.program.as_os_str().as_bytes());
        line.push(b':');
        OsString::from_vec(line)
    }
}

/// Moves this process into a user namespace that knows the emulators, as far as
/// the kernel has that, for as long as what this returns is open. There it is
/// root: whom the kernel lets register has to be the user 0 of the namespace,
/// who is nobody in the shell's own, below this one.
pub(super) fn register(registrations: &[OsString]) -> Result<Option<OwnedFd>, Fault> {
    if registrations.is_empty() {
        return Ok(None);
    }
    let outside = Identity::current();
    unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNS).during(Step::Namespaces)?;
    outside.becomes(0, 0)?;
    Ok(try_register(registrations))
}

fn try_register(registrations: &[OsString]) -> Option<OwnedFd> {
    let known = sys::new_mount(c"binfmt_misc", &[], 0).ok()?;
    for line in registrations {
        let flags = OFlag::O_WRONLY | OFlag::O_CLOEXEC;
        let door = openat(&known, c"register", flags, Mode::empty()).ok()?;
        let line: &OsStr = line;
        std::fs::File::from(door).write_all(line.as_bytes()).ok()?;
    }
    Some(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registration_is_as_the_kernel_reads_it() {
        let mut emulator = Emulator {
            program: "/nix/store/x/bin/emulate".into(),
            magic: [0; 20],
            mask: [0xff; 20],
        };
        emulator.magic[..4].copy_from_slice(b"\x7fELF");
        let line = emulator.registration(3);
        let expected = format!(
            ":xbuild3:M:0:\\x7f\\x45\\x4c\\x46{}:{}:/nix/store/x/bin/emulate:",
            "\\x00".repeat(16),
            "\\xff".repeat(20)
        );
        assert_eq!(line, *expected);
    }
}
