//! Why a shell could not be made: the step, the kernel's reason and the
//! subject, carried from the launcher to xbuild and turned into an error that
//! names the cause on this machine and its remedy.

use std::ffi::CStr;
use std::io::Write;
use std::path::Path;

use crate::error::{Error, Kind};

macro_rules! steps {
    ($($step:ident = $words:literal,)*) => {
        /// One step of making the shell.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Step { $($step),* }

        impl Step {
            const ALL: &[Step] = &[$(Step::$step),*];

            /// Fits after "failed to".
            const fn words(self) -> &'static str {
                match self { $(Step::$step => $words),* }
            }
        }
    };
}

steps! {
    Plan = "read the plan of the hermetic shell",
    Namespaces = "make new namespaces",
    Identity = "map the user into the new user namespace",
    Mounts = "make the mounts private",
    Source = "bind",
    Proc = "mount a new /proc",
    Root = "mount the root of the hermetic shell",
    Pivot = "enter the root of the hermetic shell",
    MountPoint = "make a mount point at",
    Attach = "attach a mount at",
    Restrict = "restrict the mount at",
    File = "write the file",
    Link = "make the link",
    Seal = "make the root of the hermetic shell read-only",
    Hostname = "set the host name",
    Loopback = "bring loopback up",
    Init = "start the init of the hermetic shell",
    Detach = "hide the table of mounts",
    Streams = "look at the standard streams",
    Guise = "show another machine to the command",
    Folder = "enter the folder",
    Privileges = "drop privileges",
    Filter = "install the filter of system calls",
    Program = "run",
}

/// A failed step.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub step: Step,
    pub errno: i32,
    /// The path in question, where there is one.
    pub subject: Vec<u8>,
}

/// Turns a failed call into a [`Fault`].
pub(super) trait During<T> {
    fn during(self, step: Step) -> Result<T, Fault>;
    fn at(self, step: Step, subject: &CStr) -> Result<T, Fault>;
}

impl<T, E: Into<std::io::Error>> During<T> for Result<T, E> {
    fn during(self, step: Step) -> Result<T, Fault> {
        self.at(step, c"")
    }

    fn at(self, step: Step, subject: &CStr) -> Result<T, Fault> {
        self.map_err(|source| Fault {
            step,
            errno: source.into().raw_os_error().unwrap_or(0),
            subject: subject.to_bytes().to_vec(),
        })
    }
}

impl Fault {
    /// Tells xbuild. Where nobody listens any more, there is nobody to tell.
    pub(super) fn send(&self, mut report: impl Write) {
        let mut message = vec![self.step as u8];
        message.extend_from_slice(&self.errno.to_le_bytes());
        message.extend_from_slice(&self.subject);
        let _ = report.write_all(&message);
    }

    pub(super) fn decode(message: &[u8]) -> Option<Fault> {
        let (step, rest) = message.split_first()?;
        let (errno, subject) = rest.split_first_chunk()?;
        Some(Fault {
            step: *Step::ALL.get(usize::from(*step))?,
            errno: i32::from_le_bytes(*errno),
            subject: subject.to_vec(),
        })
    }

    /// The error, with its likeliest cause on this machine.
    pub(super) fn explain(&self, host: &Host) -> Error {
        let subject = String::from_utf8_lossy(&self.subject);
        let what = if subject.is_empty() {
            format!("failed to {}", self.step.words())
        } else {
            format!("failed to {} `{subject}`", self.step.words())
        };
        let error = match (self.step, self.errno) {
            (Step::Program, libc::ENOENT) => {
                return Error::new(
                    Kind::Sandbox,
                    format!("`{subject}` is not in the hermetic shell, or its interpreter is not"),
                );
            }
            (Step::Folder, libc::ENOENT) => {
                return Error::new(
                    Kind::Sandbox,
                    format!("the folder `{subject}` is not in the hermetic shell"),
                );
            }
            (Step::Source, libc::ENOENT) => {
                return Error::new(
                    Kind::Sandbox,
                    format!("`{subject}` does not exist, but the hermetic shell needs it"),
                );
            }
            (Step::MountPoint, libc::EROFS | libc::EACCES) => {
                return Error::new(
                    Kind::Sandbox,
                    format!("no mount point at `{subject}`, inside a bind that cannot be written"),
                );
            }
            _ => Error::new(Kind::Sandbox, what)
                .caused_by(std::io::Error::from_raw_os_error(self.errno)),
        };
        match self.remedy(host) {
            Some((why, remedy)) => Error::new(Kind::Sandbox, format!("{error}: {why}"))
                .caused_by(std::io::Error::from_raw_os_error(self.errno))
                .hint(remedy)
                .hint("or build outside the hermetic shell: --isolation none"),
            None => error,
        }
    }

    fn remedy(&self, host: &Host) -> Option<(&'static str, &'static str)> {
        let early = matches!(
            self.step,
            Step::Namespaces
                | Step::Identity
                | Step::Mounts
                | Step::Root
                | Step::Source
                | Step::Proc
        );
        let denied = matches!(self.errno, libc::EPERM | libc::EACCES);
        Some(match (self.step, self.errno) {
            (Step::Namespaces, libc::ENOSPC | libc::EUSERS) if host.no_namespaces => (
                "user namespaces are forbidden (user.max_user_namespaces is 0)",
                "sudo sysctl -w user.max_user_namespaces=15000",
            ),
            (Step::Namespaces, libc::ENOSPC | libc::EUSERS) => (
                "this user's namespaces are used up, or forbidden where xbuild runs",
                "raise the limits: sudo sysctl -a -r 'user.max_.*_namespaces'",
            ),
            (Step::Namespaces, libc::EINVAL | libc::ENOSYS) => (
                "this kernel has no user namespaces",
                "run a kernel with CONFIG_USER_NS, CONFIG_PID_NS and CONFIG_NET_NS",
            ),
            _ if early && denied && host.clone_forbidden => (
                "unprivileged user namespaces are forbidden",
                "sudo sysctl -w kernel.unprivileged_userns_clone=1",
            ),
            _ if early && denied && host.apparmor => (
                "AppArmor forbids unprivileged user namespaces (Ubuntu 23.10 and later)",
                "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
            ),
            (Step::Proc, _) if denied => (
                "/proc is masked, as containers do",
                "docker run --security-opt systempaths=unconfined, \
                 or podman run --security-opt unmask=ALL",
            ),
            _ if early && denied => (
                "a container's policy or a chroot forbids user namespaces",
                "docker run --security-opt seccomp=unconfined --security-opt apparmor=unconfined \
                 --security-opt systempaths=unconfined",
            ),
            (Step::Pivot, libc::EINVAL) => (
                "the machine's root is its initramfs, which cannot be left",
                "run xbuild from a root file system that was mounted",
            ),
            (Step::Root | Step::Source | Step::Proc, libc::ENOSYS) => {
                ("this kernel is older than Linux 5.2", "run a newer kernel")
            }
            _ => return None,
        })
    }
}

/// What of this machine decides whether user namespaces may be made.
#[derive(Debug, Default)]
pub(super) struct Host {
    /// `user.max_user_namespaces` is 0.
    pub no_namespaces: bool,
    /// Debian's `kernel.unprivileged_userns_clone` is 0.
    pub clone_forbidden: bool,
    /// Ubuntu's `kernel.apparmor_restrict_unprivileged_userns` is 1.
    pub apparmor: bool,
}

impl Host {
    pub(super) fn look() -> Host {
        let is = |name: &str, value: &str| {
            std::fs::read_to_string(Path::new("/proc/sys").join(name))
                .is_ok_and(|text| text.trim() == value)
        };
        Host {
            no_namespaces: is("user/max_user_namespaces", "0"),
            clone_forbidden: is("kernel/unprivileged_userns_clone", "0"),
            apparmor: is("kernel/apparmor_restrict_unprivileged_userns", "1"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_is_decoded() {
        for step in Step::ALL {
            let fault = Fault {
                step: *step,
                errno: libc::ENOENT,
                subject: b"/a b".to_vec(),
            };
            let mut message = Vec::new();
            fault.send(&mut message);
            assert_eq!(Fault::decode(&message), Some(fault));
        }
        assert_eq!(Fault::decode(&[]), None);
        assert_eq!(Fault::decode(&[255, 0, 0, 0, 0]), None);
    }

    #[test]
    fn each_cause_is_named_with_its_remedy() {
        let none = Host::default;
        let zero = || Host {
            no_namespaces: true,
            ..none()
        };
        let debian = || Host {
            clone_forbidden: true,
            ..none()
        };
        let ubuntu = || Host {
            apparmor: true,
            ..none()
        };
        for (step, errno, host, cause, remedy) in [
            (
                Step::Namespaces,
                libc::ENOSPC,
                zero(),
                "max_user_namespaces is 0",
                "sysctl -w user.",
            ),
            (
                Step::Namespaces,
                libc::ENOSPC,
                none(),
                "used up",
                "sysctl -a",
            ),
            (
                Step::Namespaces,
                libc::EPERM,
                debian(),
                "unprivileged",
                "unprivileged_userns_clone=1",
            ),
            (
                Step::Identity,
                libc::EACCES,
                ubuntu(),
                "AppArmor",
                "restrict_unprivileged_userns=0",
            ),
            (
                Step::Root,
                libc::EPERM,
                ubuntu(),
                "AppArmor",
                "restrict_unprivileged_userns=0",
            ),
            (
                Step::Namespaces,
                libc::EPERM,
                none(),
                "container",
                "seccomp=unconfined",
            ),
            (
                Step::Proc,
                libc::EPERM,
                none(),
                "masked",
                "systempaths=unconfined",
            ),
            (
                Step::Namespaces,
                libc::EINVAL,
                none(),
                "no user namespaces",
                "CONFIG_USER_NS",
            ),
            (
                Step::Pivot,
                libc::EINVAL,
                none(),
                "initramfs",
                "root file system",
            ),
        ] {
            let subject = Vec::new();
            let error = Fault {
                step,
                errno,
                subject,
            }
            .explain(&host);
            assert_eq!(error.kind(), Kind::Sandbox);
            assert!(error.to_string().contains(cause), "{error}");
            assert!(error.hints()[0].contains(remedy), "{:?}", error.hints());
            assert!(error.hints()[1].contains("--isolation none"));
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        for (step, errno, text) in [
            (
                Step::Program,
                libc::ENOENT,
                "`/x` is not in the hermetic shell, or its interpreter is not",
            ),
            (Step::Program, libc::EACCES, "failed to run `/x`"),
            (
                Step::Folder,
                libc::ENOENT,
                "the folder `/x` is not in the hermetic shell",
            ),
            (
                Step::Source,
                libc::ENOENT,
                "`/x` does not exist, but the hermetic shell needs it",
            ),
            (
                Step::MountPoint,
                libc::EROFS,
                "no mount point at `/x`, inside a bind that cannot be written",
            ),
        ] {
            let subject = b"/x".to_vec();
            let error = Fault {
                step,
                errno,
                subject,
            }
            .explain(&Host::default());
            assert_eq!(error.to_string(), text);
        }
    }
}
