//! What of this machine a build needs, and what would fail otherwise.

use std::fs;
use std::path::{Path, PathBuf};

use ::nix::sys::statvfs::{FsFlags, statvfs};
use ::nix::unistd::{AccessFlags, access};

use super::finding::{Finding, Topic};
use crate::build::Request;
use crate::error::NO_SPACE;
use crate::nix::Choice;
use crate::report::size;
use crate::toolchain::Part;
use crate::{nix, sandbox};

/// Packages, unpacked toolchain and store of a first target.
const FIRST: u64 = 2_500_000_000;
/// What a build itself takes at the least.
const BUILD: u64 = 200_000_000;

/// File systems without links; those that live in memory; and those that other
/// machines see at the same time. The names are the kernel's.
const WITHOUT_LINKS: [&str; 3] = ["exfat", "msdos", "vfat"];
const IN_MEMORY: [&str; 2] = ["ramfs", "tmpfs"];
const SHARED: [&str; 8] = [
    "9p",
    "ceph",
    "cifs",
    "fuse.sshfs",
    "nfs",
    "nfs4",
    "smb3",
    "virtiofs",
];

/// Looks at the machine: findings, and facts by their names.
pub fn examine(request: &Request) -> (Vec<Finding>, Vec<(String, String)>) {
    let mut findings = Vec::new();
    let mut facts = Vec::new();
    let mut fact = |name: &str, text: String| facts.push((name.to_owned(), text));

    let parts: Vec<Part> = request.specs.iter().map(Part::toolchain).collect();
    let realised = request.workshop.is_realised(&parts);
    fact(
        "toolchain",
        match realised {
            true => "here".to_owned(),
            false => "to be fetched".to_owned(),
        },
    );
    if !realised && request.workshop.offline {
        let message = "the toolchain is not here, and --offline keeps the network away";
        findings.push(Finding::bites(Topic::Network, message).hint("xbuild fetch"));
    }

    match shell(request) {
        Ok(()) => fact("hermetic shell", "can be made".to_owned()),
        Err(finding) => findings.extend(finding),
    }

    let folders = &request.workshop.folders;
    let home = existing(&folders.store());
    let target = existing(&request.project.target_dir);
    let wanted = if realised { BUILD } else { FIRST };
    for (name, path, wanted) in [
        ("XBUILD_HOME", &home, wanted),
        ("target folder", &target, BUILD),
    ] {
        let (found, space) = disk(name, path, wanted);
        findings.extend(found);
        if let Some(space) = space {
            fact(name, format!("{}, {} free", path.display(), size(space)));
        }
    }

    let path = request.vars.get(std::ffi::OsStr::new("PATH"));
    let theirs = nix::on_path(path);
    match (request.workshop.nix, &theirs) {
        (Choice::System, None) => findings.push(
            Finding::bites(
                Topic::Nix,
                "there is no `nix` on PATH, and --nix system wants it",
            )
            .hint("leave the choice to xbuild: --nix auto"),
        ),
        (Choice::Own, _) | (Choice::Auto, None) => fact("nix", "xbuild's own".to_owned()),
        (_, Some(program)) => fact("nix", format!("{}, where it can build", program.display())),
    }
    findings.extend(network(request));
    (findings, facts)
}

/// Whether a hermetic shell can be made here.
fn shell(request: &Request) -> Result<(), Option<Finding>> {
    if !request.is_isolated() {
        let message = "isolation is off: builds see this machine";
        return Err(Some(Finding::note(Topic::Shell, message)));
    }
    let sources = nix::nix_sources(&request.workshop.folders);
    let probed = sources.and_then(|sources| sandbox::probe(&sources.join("seed/busybox")));
    probed.map_err(|error| Some(Finding::of_error(Topic::Shell, &error)))
}

/// The nearest folder above that is there.
fn existing(path: &Path) -> PathBuf {
    let there = path.ancestors().find(|folder| folder.is_dir());
    there.unwrap_or(Path::new("/")).to_owned()
}

/// What is wrong with a folder's file system, and its free bytes.
fn disk(name: &str, path: &Path, wanted: u64) -> (Vec<Finding>, Option<u64>) {
    let shown = path.display();
    let bites = |message: String| Finding::bites(Topic::Disk, message).at(path, None);
    let other = "XBUILD_HOME and --target-dir name other folders";
    let mut findings = Vec::new();
    if access(path, AccessFlags::W_OK).is_err() {
        findings.push(bites(format!("{name}: {shown} is not writable for this user")).hint(other));
    }
    let space = statvfs(path).ok().map(|disk| {
        if disk.flags().contains(FsFlags::ST_NOEXEC) {
            let message = format!("{name}: nothing can be run from {shown} (noexec)");
            findings.push(bites(message).hint(other));
        }
        if disk.files() > 0 && disk.files_available() < 20_000 {
            let message = format!("{name}: {shown} has {} inodes left", disk.files_available());
            findings.push(bites(message).hint(NO_SPACE));
        }
        disk.blocks_available().saturating_mul(disk.fragment_size())
    });
    if let Some(space) = space.filter(|space| *space < wanted) {
        let message = format!(
            "{name}: {shown} has {} left, and {} may be wanted",
            size(space),
            size(wanted)
        );
        findings.push(bites(message).hint(NO_SPACE));
    }
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let real = fs::canonicalize(path).unwrap_or(path.to_owned());
    if let Some(kind) = kind(&mounts, &real) {
        findings.extend(of_kind(name, path, kind));
    }
    (findings, space)
}

/// The type of the file system that a path is on, by a text in the format of
/// proc_pid_mountinfo(5).
fn kind<'m>(mounts: &'m str, path: &Path) -> Option<&'m str> {
    let mount = |line: &'m str| {
        let (before, after) = line.split_once(" - ")?;
        let point = before.split(' ').nth(4)?.replace("\\040", " ");
        let deep = path.starts_with(&point).then_some(point.len())?;
        Some((deep, after.split(' ').next()?))
    };
    // Of two at one point, the later one lies on top.
    let mounts = mounts.lines().filter_map(mount);
    mounts.max_by_key(|(deep, _)| *deep).map(|(_, kind)| kind)
}

/// What the type of a file system means for a build.
fn of_kind(name: &str, path: &Path, kind: &str) -> Option<Finding> {
    let shown = path.display();
    if WITHOUT_LINKS.contains(&kind) {
        let message = format!("{name}: {shown} is on {kind}, which has no links");
        let finding = Finding::bites(Topic::Disk, message).at(path, None);
        return Some(finding.hint("XBUILD_HOME and --target-dir name other folders"));
    }
    if name == "XBUILD_HOME" && IN_MEMORY.contains(&kind) {
        let message =
            format!("{name}: {shown} is in memory: toolchains are gone at the next start");
        return Some(Finding::note(Topic::Disk, message).at(path, None));
    }
    if !SHARED.contains(&kind) {
        return None;
    }
    let message =
        format!("{name}: {shown} is on {kind}: slow, and other machines may not see its locks");
    let finding = Finding::note(Topic::Disk, message).at(path, None);
    Some(finding.hint("XBUILD_HOME=/var/tmp/xbuild"))
}

/// Variables that decide how the network is reached.
fn network(request: &Request) -> Vec<Finding> {
    let mut findings = Vec::new();
    let var = |name: &str| {
        let value = request.vars.get(std::ffi::OsStr::new(name))?;
        let value = value.to_string_lossy().into_owned();
        (!value.is_empty()).then_some(value)
    };
    for name in [
        "ALL_PROXY",
        "HTTPS_PROXY",
        "HTTP_PROXY",
        "all_proxy",
        "http_proxy",
        "https_proxy",
    ] {
        // What it says may carry a password, so it is not shown.
        if var(name).is_some_and(|value| ureq::Proxy::new(&value).is_err()) {
            let message = format!("{name} is not the address of a proxy");
            let finding = Finding::bites(Topic::Network, message);
            findings.push(finding.hint(format!("{name}=http://HOST:PORT")));
        }
    }
    for (name, is_there) in [
        ("SSL_CERT_FILE", Path::is_file as fn(&Path) -> bool),
        ("CARGO_HTTP_CAINFO", Path::is_file),
        ("SSL_CERT_DIR", Path::is_dir),
    ] {
        let missing = var(name).filter(|value| {
            // The folder's variable may name several.
            !value.split(':').any(|path| is_there(Path::new(path)))
        });
        if let Some(value) = missing {
            let message = format!("{name} names {value}, which is not there");
            let finding = Finding::bites(Topic::Network, message);
            findings.push(finding.hint(format!("unset {name}")));
        }
    }
    findings
}

/// The text of a file that somebody pasted, or of standard input.
///
/// # Errors
/// Where it cannot be read.
pub fn pasted(path: &Path) -> crate::error::Result<String> {
    use crate::error::IoContext;
    let bytes = match path == Path::new("-") {
        true => {
            let mut bytes = Vec::new();
            std::io::Read::read_to_end(&mut std::io::stdin(), &mut bytes).at("read", path)?;
            bytes
        }
        false => fs::read(path).at("read", path)?,
    };
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Weight;

    #[test]
    fn file_systems_are_told_by_their_mounts() {
        const MOUNTS: &str = "\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:26 / /tmp rw shared:5 - tmpfs tmpfs rw
31 22 0:27 / /home rw - nfs4 server:/home rw
32 22 8:17 / /media/a\\040stick rw - vfat /dev/sdb1 rw
33 30 8:2 / /tmp rw shared:6 - ext4 /dev/sda2 rw
34 33 0:28 / /tmp/memory rw - tmpfs tmpfs rw
";
        for (name, path, expected, weight) in [
            ("XBUILD_HOME", "/var/x", "ext4", None),
            ("XBUILD_HOME", "/tmp/x", "ext4", None),
            ("XBUILD_HOME", "/tmp/memory/x", "tmpfs", Some(Weight::Note)),
            ("target folder", "/tmp/memory", "tmpfs", None),
            ("XBUILD_HOME", "/home/me", "nfs4", Some(Weight::Note)),
            ("XBUILD_HOME", "/homes", "ext4", None),
            (
                "target folder",
                "/media/a stick/p",
                "vfat",
                Some(Weight::Bites),
            ),
        ] {
            let path = Path::new(path);
            assert_eq!(kind(MOUNTS, path), Some(expected), "{path:?}");
            let found = of_kind(name, path, expected);
            assert_eq!(found.map(|it| it.weight), weight, "{name} {path:?}");
        }
        assert_eq!(kind("", Path::new("/")), None);
    }

    #[test]
    fn space_that_is_not_there_bites() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("not/yet/made");
        assert_eq!(existing(&path), folder.path());
        let (_, space) = disk("XBUILD_HOME", folder.path(), 0);
        assert!(space.is_some());
        let (findings, _) = disk("XBUILD_HOME", folder.path(), u64::MAX);
        assert!(
            findings
                .iter()
                .any(|it| it.message.contains("may be wanted"))
        );
    }
}
