//! `xbuild.lock`: which bytes a project's system libraries are, and which Rust
//! it is built with ([`crate::rust`]).
//!
//! `packages = [...]` in `xbuild.toml` says what a target's sysroot has besides
//! its own; `xbuild lock` resolves that in the suite that the target's floor is
//! made from, and pins each package by its hash. [`file`] and [`wanted`] are
//! pure; [`make`] downloads indexes.
//!
//! Invariant: nothing but `xbuild lock` writes the file. A build reads it, and
//! stops where it is not what the configuration asks for.

mod file;
mod make;
mod plan;
#[cfg(test)]
mod tests;
mod wanted;

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use crate::config::Config;
use crate::error::{Error, IoContext, Kind, Result};
use crate::target::TargetSpec;

pub use file::{Libraries, Lock, PinnedRelease};
pub use make::{Maker, Proved};
pub use plan::{Plan, plan};
pub use wanted::{Wanted, wanted};

/// The name of the file beside the workspace root's `Cargo.toml`.
pub const FILE_NAME: &str = "xbuild.lock";

/// The lock of the workspace in a folder, where it has one.
///
/// # Errors
/// `Kind::Config` where it is broken, `Kind::Filesystem`.
pub fn load(root: &Path) -> Result<Option<Lock>> {
    let path = root.join(FILE_NAME);
    match fs::read_to_string(&path) {
        Ok(text) => Lock::parse(&path, &text).map(Some),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) if error.kind() == ErrorKind::InvalidData => {
            Err(file::broken(&path.display(), "it is not text"))
        }
        Err(error) => Err(error).at("read", &path),
    }
}

/// Writes the lock of the workspace in a folder, in one step.
///
/// # Errors
/// `Kind::Filesystem`.
pub fn save(root: &Path, lock: &Lock) -> Result<()> {
    use std::io::Write;
    use std::os::unix::fs::PermissionsExt;

    let path = root.join(FILE_NAME);
    let text = lock.to_text()?;
    let mut file = tempfile::NamedTempFile::new_in(root).at("write in", root)?;
    file.write_all(text.as_bytes()).at("write", &path)?;
    let readable = fs::Permissions::from_mode(0o644);
    file.as_file()
        .set_permissions(readable)
        .at("write", &path)?;
    file.persist(&path)
        .map_err(|error| error.error)
        .at("put in place", &path)?;
    Ok(())
}

/// Gives each target the libraries that are locked for it.
///
/// # Errors
/// `Kind::Config` where packages are asked for and the lock is missing, broken
/// or of other packages, or the target can have none.
pub fn attach(
    config: &Config,
    root: &Path,
    lock: Option<&Lock>,
    specs: Vec<TargetSpec>,
) -> Result<Vec<TargetSpec>> {
    let mut attached = Vec::with_capacity(specs.len());
    for spec in specs {
        let Some(wanted) = wanted(config, &spec)? else {
            attached.push(spec);
            continue;
        };
        let lock = lock.ok_or_else(|| missing(root, &wanted))?;
        let libraries = lock.find(&wanted.triple, &wanted.suite);
        let libraries = libraries.filter(|libraries| libraries.fits(&wanted));
        let libraries = libraries.ok_or_else(|| mismatch(root, lock, &wanted))?;
        attached.push(spec.with_libraries(libraries.clone()));
    }
    Ok(attached)
}

fn missing(root: &Path, wanted: &Wanted) -> Error {
    let path = root.join(FILE_NAME);
    let message = format!(
        "there is no `{}`, and {} wants {}",
        path.display(),
        wanted.triple,
        wanted.names().join(", ")
    );
    Error::new(Kind::Config, message).hint(wanted.command())
}

fn mismatch(root: &Path, lock: &Lock, wanted: &Wanted) -> Error {
    let path = root.join(FILE_NAME);
    let why = match lock.find(&wanted.triple, &wanted.suite) {
        None => format!("locks nothing of {} for {}", wanted.suite, wanted.triple),
        Some(libraries) => libraries.difference(wanted),
    };
    Error::new(Kind::Config, format!("`{}` {why}", path.display())).hint(wanted.command())
}
