//! Brings our own Nix: pinned Debian packages, unpacked into the data folder
//! and made to find their own libraries there. No root, no daemon, no install.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::lock::{self, Lock, Share};
use super::publish;
use super::version::Version;
use crate::error::{Error, IoContext, Kind, Result};
use crate::host::Folders;
use crate::process::Command;
use crate::terminal;
use crate::unpack::unpack_deb;

/// Changes whenever this file lays Nix out differently.
const LAYOUT: &str = "2";
const LIB: &str = "usr/lib/x86_64-linux-gnu";
const LOADER: &str = "usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2";
const NIX: &str = "usr/bin/nix";
const APART: &str = "usr/lib/nix";
const RPATH: &str = "$ORIGIN/../lib/x86_64-linux-gnu:$ORIGIN/../lib/nix";
const MANIFEST: &str = "manifest";
const PATCHELF: &str = "usr/bin/patchelf";

/// The packages that make up our own Nix: the pinned sets `nix` and
/// `bootstrap`.
pub struct Packages<'a> {
    /// The SHA-256 of each package, in any order: they name the folder.
    pub sha256: &'a [String],
    /// Downloads and verifies them; called only where they are needed.
    pub fetch: &'a dyn Fn() -> Result<Vec<PathBuf>>,
}

/// The `nix` binary of our own Nix, brought where it is not there or does not
/// run.
///
/// # Errors
/// Where the packages cannot be fetched or unpacked, or this machine cannot
/// run them.
pub fn bring(folders: &Folders, packages: &Packages<'_>) -> Result<(PathBuf, Version)> {
    if std::env::consts::ARCH != "x86_64" {
        return Err(Error::new(
            Kind::Nix,
            format!(
                "xbuild brings its own Nix to x86_64 machines only, this one is {}",
                std::env::consts::ARCH
            ),
        )
        .hint(format!("install Nix {} or newer", Version::OLDEST)));
    }
    let key = key(packages.sha256);
    let folder = folders.own_nix().join(&key);
    let nix = folder.join(NIX);
    lock::keep(folders, &format!("nix-{key}"));
    if let Some(version) = whole(&folder) {
        return Ok((nix, version));
    }
    let _lock = Lock::take(&folders.locks(), "nix", Share::Exclusive)?;
    if let Some(version) = whole(&folder) {
        return Ok((nix, version));
    }
    let debs = (packages.fetch)()?;
    let new = super::new_folder(&folders.own_nix())?;
    for file in &debs {
        unpack_deb(file, new.path(), &is_needed)?;
    }
    relocate(new.path(), &folder)?;
    let manifest = list(new.path())?;
    super::write_atomically(&new.path().join(MANIFEST), |file| {
        file.write_all(manifest.as_bytes())
    })?;
    publish(new, &folder)?;
    match whole(&folder) {
        Some(version) => {
            terminal::verbose(format!("unpacked Nix {version} into {}", folder.display()));
            Ok((nix, version))
        }
        None => Err(unusable(&nix)),
    }
}

/// The version of the Nix in a folder, if all of it is there. Without the
/// list a missing library would be taken from the machine's, unnoticed.
fn whole(folder: &Path) -> Option<Version> {
    let manifest = fs::read_to_string(folder.join(MANIFEST)).ok()?;
    if list(folder).ok()? != manifest {
        return None;
    }
    version(&folder.join(NIX))
}

/// Every file and link below a folder with its size in bytes, sorted.
fn list(folder: &Path) -> Result<String> {
    let mut lines = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).at("read the folder", &next)? {
            let path = entry.at("read the folder", &next)?.path();
            let metadata = fs::symlink_metadata(&path).at("read", &path)?;
            let name = path.strip_prefix(folder).unwrap_or(&path);
            if metadata.is_dir() {
                folders.push(path);
            } else if name != Path::new(MANIFEST) {
                lines.push(format!("{} {}\n", name.display(), metadata.len()));
            }
        }
    }
    lines.sort_unstable();
    Ok(lines.concat())
}

/// The version of a `nix` binary, if it runs and tells one.
pub fn version(nix: &Path) -> Option<Version> {
    if !nix.is_file() {
        return None;
    }
    let version = Command::new(nix).arg("--version");
    // Without it, Nix asks for the user's entry in /etc/passwd, and fails where
    // a container has none.
    let version = version.env("HOME", nix.parent()?);
    let output = version.output().ok()?;
    Version::parse(&String::from_utf8_lossy(&output.stdout))
}

/// The name of the folder: what was unpacked, and how.
pub fn key(sha256: &[String]) -> String {
    let mut sorted: Vec<&str> = sha256.iter().map(String::as_str).collect();
    sorted.sort_unstable();
    sorted.dedup();
    let hash = Sha256::digest(format!("{LAYOUT}\n{}", sorted.join("\n")));
    hash.iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Programs and libraries only: no documentation, no settings, and not the
/// character sets of glibc.
fn is_needed(path: &Path) -> bool {
    let kept = ["usr/bin", "usr/lib", "usr/lib64", "usr/libexec"];
    kept.iter().any(|folder| path.starts_with(folder))
        && !path.starts_with(Path::new(LIB).join("gconv"))
}

/// Makes the Nix below `from` find its loader and libraries below `to`. It
/// must not go through `ld.so` or `LD_LIBRARY_PATH`, which its children would
/// stumble over.
fn relocate(from: &Path, to: &Path) -> Result<()> {
    let patchelf = || {
        Command::new(from.join(LOADER))
            .arg("--library-path")
            .arg(from.join(LIB))
            .arg(from.join(PATCHELF))
    };
    let mut commands = vec![
        patchelf()
            .arg("--set-interpreter")
            .arg(to.join(LOADER))
            // DT_RPATH, unlike DT_RUNPATH, also serves the libraries' needs.
            .args(["--force-rpath", "--set-rpath", RPATH])
            .arg(from.join(NIX)),
    ];
    // Older packages of Nix keep its own libraries apart, with a DT_RUNPATH
    // that hides what nix has.
    for library in files(&from.join(APART))? {
        commands.push(patchelf().arg("--remove-rpath").arg(library));
    }
    for command in commands {
        terminal::verbose(&command);
        command
            .output()
            .map_err(|cause| unusable(&from.join(PATCHELF)).caused_by(cause))?;
    }
    Ok(())
}

/// The plain files of a folder, which need not be there.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).at("read the folder", folder)? {
        let path = entry.at("read the folder", folder)?.path();
        if path.is_file() {
            files.push(path);
        }
    }
    Ok(files)
}

fn unusable(program: &Path) -> Error {
    Error::new(
        Kind::Nix,
        format!(
            "`{}` of the pinned packages does not run",
            program.display()
        ),
    )
    .hint("is its folder mounted noexec? XBUILD_HOME can name another one")
}
