//! Who a process is in a new user namespace.

use ::nix::unistd::{Gid, Uid, getegid, geteuid};

use super::fault::{During, Fault, Step};

/// Who a process is before it enters a user namespace: owns what is written
/// through a bind.
pub(super) struct Identity {
    uid: Uid,
    gid: Gid,
}

impl Identity {
    pub(super) fn current() -> Identity {
        Identity {
            uid: geteuid(),
            gid: getegid(),
        }
    }

    /// Makes this process, in the new user namespace, be this user and group.
    /// user_namespaces(7): an unprivileged process may map itself alone, and
    /// groups only after it gave up setgroups(2).
    pub(super) fn becomes(&self, uid: u32, gid: u32) -> Result<(), Fault> {
        let map = |file: &str, line: String| {
            std::fs::write(format!("/proc/self/{file}"), line).during(Step::Identity)
        };
        map("setgroups", "deny".to_owned())?;
        map("uid_map", format!("{uid} {} 1", self.uid))?;
        map("gid_map", format!("{gid} {} 1", self.gid))
    }
}
