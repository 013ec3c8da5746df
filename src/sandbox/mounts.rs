//! The root of the hermetic shell: an empty tmpfs, and what is put into it.
//!
//! Everything that comes from the host is taken as a detached mount first,
//! while the host's paths still mean something; then the root is entered, the
//! host's left, and mount points are found in the new root alone.

use std::ffi::{CStr, CString, OsStr};
use std::fs::{self, DirBuilder, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use ::nix::mount::{MntFlags, MsFlags, mount, umount2};
use ::nix::sys::stat::{Mode, SFlag, fstat, umask};
use ::nix::sys::statvfs::{FsFlags, statvfs};
use ::nix::unistd::{fchdir, pivot_root};
use libc::{MOUNT_ATTR_NODEV, MOUNT_ATTR_NOEXEC, MOUNT_ATTR_NOSUID, MOUNT_ATTR_RDONLY};

use super::fault::{During, Fault, Step};
use super::sys;
use super::wire::Plan;

/// The devices that a build may use; all harmless, none of the machine's.
const DEVICES: [&CStr; 6] = [
    c"/dev/null",
    c"/dev/zero",
    c"/dev/full",
    c"/dev/random",
    c"/dev/urandom",
    c"/dev/tty",
];

/// Tables of the whole machine: names of keys, kernel memory and timers, the
/// boot loader's words. Covered by `/dev/null`.
const MASKED: [&CStr; 7] = [
    c"/proc/cmdline",
    c"/proc/kcore",
    c"/proc/key-users",
    c"/proc/keys",
    c"/proc/kmsg",
    c"/proc/sysrq-trigger",
    c"/proc/timer_list",
];

/// Where programs look for their descriptors and terminals.
const LINKS: [(&str, &str); 5] = [
    ("/proc/self/fd", "/dev/fd"),
    ("fd/0", "/dev/stdin"),
    ("fd/1", "/dev/stdout"),
    ("fd/2", "/dev/stderr"),
    ("pts/ptmx", "/dev/ptmx"),
];

/// Private and writable, with their mode.
const SCRATCH: [(&CStr, &CStr); 3] = [
    (c"/dev/shm", c"1777"),
    (c"/tmp", c"1777"),
    (c"/build/home", c"0755"),
];

/// Linux has no flag for a device's mount to be neither: it must not be NODEV.
const DEVICE: u64 = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC;
const SYSTEM: u64 = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;

/// A mount that is not attached yet.
struct Detached {
    mount: OwnedFd,
    flags: u64,
    /// Before Linux 5.12: restrict after it is attached.
    unrestricted: bool,
}

impl Detached {
    fn take(source: &CStr, flags: u64) -> Result<Detached, Fault> {
        let mount = sys::open_tree(source).at(Step::Source, source)?;
        let unrestricted = match sys::restrict(mount.as_fd(), true, flags) {
            Err(error) if error.raw_os_error() == Some(libc::ENOSYS) => true,
            result => {
                result.at(Step::Restrict, source)?;
                false
            }
        };
        Ok(Detached {
            mount,
            flags,
            unrestricted,
        })
    }

    fn attach(&self, target: &CStr) -> Result<(), Fault> {
        sys::move_mount(self.mount.as_fd(), target).at(Step::Attach, target)?;
        if self.unrestricted {
            remount_tree(target, self.flags).at(Step::Restrict, target)?;
        }
        Ok(())
    }

    /// Attaches at a mount point that is made where it is missing.
    fn attach_new(&self, target: &CStr) -> Result<(), Fault> {
        let path = Path::new(OsStr::from_bytes(target.to_bytes()));
        let is_folder = fstat(&self.mount)
            .map(|stat| stat.st_mode & SFlag::S_IFMT.bits() == SFlag::S_IFDIR.bits())
            .at(Step::MountPoint, target)?;
        if is_folder {
            folder(path).at(Step::MountPoint, target)?;
        } else if !path.exists() {
            put(path, &[]).at(Step::MountPoint, target)?;
        }
        self.attach(target)
    }
}

/// What every root has of the machine, taken before there is a plan.
pub(super) struct Taken {
    proc: OwnedFd,
    devices: Vec<Detached>,
    masks: Vec<Detached>,
}

impl Taken {
    /// Runs as PID 1 of the new namespaces.
    pub(super) fn of_machine() -> Result<Taken, Fault> {
        // Copies of the host's mounts must not tell it what happens to them.
        let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
        mount(None::<&CStr>, "/", None::<&CStr>, private, None::<&CStr>).during(Step::Mounts)?;
        let take = |device: &CStr| Detached::take(device, DEVICE);
        Ok(Taken {
            // A new /proc may be mounted only while the host's is still in sight.
            proc: new_proc().during(Step::Proc)?,
            devices: DEVICES
                .iter()
                .map(|device| take(device))
                .collect::<Result<_, _>>()?,
            masks: MASKED
                .iter()
                .map(|_| take(c"/dev/null"))
                .collect::<Result<_, _>>()?,
        })
    }
}

/// Makes the root and enters it. Runs as PID 1 of the new namespaces.
pub(super) fn build(plan: &Plan, taken: &Taken) -> Result<(), Fault> {
    umask(Mode::from_bits_truncate(0o022));
    let writable = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
    let binds = plan
        .binds
        .iter()
        .map(|bind| {
            let access = if bind.writable { 0 } else { MOUNT_ATTR_RDONLY };
            Detached::take(&bind.source, writable | access)
        })
        .collect::<Result<Vec<_>, Fault>>()?;

    enter_root().during(Step::Root)?;
    leave_host().during(Step::Pivot)?;

    attach_proc(&taken.proc, &taken.masks)?;
    for (device, path) in taken.devices.iter().zip(DEVICES) {
        device.attach_new(path)?;
    }
    scratch()?;
    for (target, path) in LINKS {
        std::os::unix::fs::symlink(target, path).during(Step::Link)?;
    }
    for (target, path) in &plan.links {
        link(target, path).at(Step::Link, path)?;
    }
    for (path, bytes) in &plan.files {
        let file = Path::new(OsStr::from_bytes(path.to_bytes()));
        put(file, bytes).at(Step::File, path)?;
    }
    for (bind, detached) in plan.binds.iter().zip(&binds) {
        detached.attach_new(&bind.target)?;
    }
    remount(c"/", MOUNT_ATTR_RDONLY | writable).during(Step::Seal)
}

/// procfs(5) of this PID namespace, showing only what may be traced. That
/// option came with Linux 5.8; its elder hides the processes of others only.
fn new_proc() -> io::Result<OwnedFd> {
    sys::new_mount(c"proc", &[(c"hidepid", c"4")], SYSTEM).or_else(|error| {
        if error.raw_os_error() == Some(libc::EINVAL) {
            sys::new_mount(c"proc", &[(c"hidepid", c"2")], SYSTEM)
        } else {
            Err(error)
        }
    })
}

/// Puts an empty tmpfs over the host's root and makes it the working folder.
fn enter_root() -> io::Result<()> {
    let flags = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
    let root = sys::new_mount(c"tmpfs", &[(c"mode", c"0755")], flags)?;
    sys::move_mount(root.as_fd(), c"/")?;
    Ok(fchdir(&root)?)
}

/// Makes the working folder the root and detaches the old one, which
/// pivot_root(2) stacked on the same place.
fn leave_host() -> io::Result<()> {
    pivot_root(".", ".")?;
    umount2(".", MntFlags::MNT_DETACH)?;
    std::env::set_current_dir("/")
}

fn attach_proc(proc: &OwnedFd, masks: &[Detached]) -> Result<(), Fault> {
    folder(Path::new("/proc")).at(Step::MountPoint, c"/proc")?;
    sys::move_mount(proc.as_fd(), c"/proc").at(Step::Attach, c"/proc")?;
    // The limit is this user namespace's own. Where a container shows /proc
    // read-only it cannot be set; the filter of system calls refuses then.
    let _ = fs::write("/proc/sys/user/max_user_namespaces", "0");
    for (mask, path) in masks.iter().zip(MASKED) {
        match mask.attach(path) {
            // Not every kernel has each of them.
            Err(fault) if fault.errno == libc::ENOENT => {}
            result => result?,
        }
    }
    remount(c"/proc", MOUNT_ATTR_RDONLY | SYSTEM).at(Step::Restrict, c"/proc")
}

fn scratch() -> Result<(), Fault> {
    let attach = |kind: &CStr, options: &[(&CStr, &CStr)], flags: u64, path: &CStr| {
        folder(Path::new(OsStr::from_bytes(path.to_bytes()))).at(Step::MountPoint, path)?;
        sys::new_mount(kind, options, flags)
            .and_then(|mount| sys::move_mount(mount.as_fd(), path))
            .at(Step::Attach, path)
    };
    let modes: [(&CStr, &CStr); 2] = [(c"ptmxmode", c"0666"), (c"mode", c"0620")];
    let terminals = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC;
    attach(c"devpts", &modes, terminals, c"/dev/pts")?;
    for (path, mode) in SCRATCH {
        let flags = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
        attach(c"tmpfs", &[(c"mode", mode)], flags, path)?;
    }
    Ok(())
}

fn folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o755).create(path)
}

fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    path.parent().map_or(Ok(()), folder)?;
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o444)
        .open(path)?;
    file.write_all(bytes)?;
    file.set_permissions(Permissions::from_mode(0o444))
}

fn link(target: &CStr, path: &CStr) -> io::Result<()> {
    let path = Path::new(OsStr::from_bytes(path.to_bytes()));
    path.parent().map_or(Ok(()), folder)?;
    std::os::unix::fs::symlink(OsStr::from_bytes(target.to_bytes()), path)
}

/// Restricts a mount and those below it where mount_setattr(2) is missing.
fn remount_tree(target: &CStr, flags: u64) -> io::Result<()> {
    let table = fs::read("/proc/self/mountinfo")?;
    let top = target.to_bytes();
    for point in mount_points(&table) {
        let below = point
            .strip_prefix(top)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"));
        if below {
            remount(&CString::new(point)?, flags)?;
        }
    }
    Ok(())
}

/// Restricts one attached mount with mount(2), which wants to be told the
/// flags that the mount has already, since they are locked. Relative access
/// times, which musl does not tell of, are what it takes where nothing is said.
fn remount(target: &CStr, flags: u64) -> io::Result<()> {
    let now = statvfs(target)?.flags();
    let mut all = MsFlags::MS_REMOUNT | MsFlags::MS_BIND;
    for (attribute, has, flag) in [
        (MOUNT_ATTR_RDONLY, FsFlags::ST_RDONLY, MsFlags::MS_RDONLY),
        (MOUNT_ATTR_NOSUID, FsFlags::ST_NOSUID, MsFlags::MS_NOSUID),
        (MOUNT_ATTR_NODEV, FsFlags::ST_NODEV, MsFlags::MS_NODEV),
        (MOUNT_ATTR_NOEXEC, FsFlags::ST_NOEXEC, MsFlags::MS_NOEXEC),
        (0, FsFlags::ST_NOATIME, MsFlags::MS_NOATIME),
        (0, FsFlags::ST_NODIRATIME, MsFlags::MS_NODIRATIME),
    ] {
        all.set(flag, flags & attribute != 0 || now.contains(has));
    }
    Ok(mount(
        None::<&CStr>,
        target,
        None::<&CStr>,
        all,
        None::<&CStr>,
    )?)
}

/// The mount points of a mountinfo table (proc_pid_mountinfo(5), field 5),
/// whose blanks and backslashes are written in octal.
fn mount_points(table: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    table.split(|byte| *byte == b'\n').filter_map(|line| {
        let mut field = line.split(|byte| *byte == b' ').nth(4)?;
        let mut point = Vec::with_capacity(field.len());
        while let Some((&byte, rest)) = field.split_first() {
            field = rest;
            let octal = (byte == b'\\')
                .then(|| std::str::from_utf8(rest.get(..3)?).ok())
                .flatten()
                .and_then(|digits| u8::from_str_radix(digits, 8).ok());
            if octal.is_some() {
                field = &rest[3..];
            }
            point.push(octal.unwrap_or(byte));
        }
        Some(point)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mount_points_are_read_from_the_table() {
        let table = b"36 35 98:0 /mnt1 /mnt2 rw - ext3 /dev/root rw\n\
            37 35 0:5 / /a\\040b\\134c rw - tmpfs tmpfs rw\n\n";
        let points: Vec<_> = mount_points(table).collect();
        assert_eq!(points, [b"/mnt2".to_vec(), b"/a b\\c".to_vec()]);
    }
}
