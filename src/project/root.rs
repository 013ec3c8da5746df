//! The workspace that a folder belongs to, found as cargo finds it.
//!
//! After `find_workspace_root` of cargo: the nearest manifest; the workspace
//! it names or is; otherwise the nearest one above that does not exclude it.

use std::fs;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

use super::manifest::Manifest;
use crate::error::{Error, IoContext, Kind, Result};

/// A manifest and where it was read.
#[derive(Debug, Clone)]
pub(super) struct Located {
    pub path: PathBuf,
    pub manifest: Manifest,
}

impl Located {
    /// Reads a manifest; nothing where there is none.
    pub fn read(path: &Path) -> Result<Option<Self>> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if is_absence(&error) => return Ok(None),
            Err(error) => {
                let message = format!("failed to read `{}`", path.display());
                return Err(Error::new(Kind::Project, message).caused_by(error));
            }
        };
        let manifest = Manifest::parse(path, &text)?;
        Ok(Some(Located {
            path: path.to_owned(),
            manifest,
        }))
    }

    /// The folder that the manifest stands in.
    pub fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("/"))
    }
}

pub(super) fn is_absence(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// The manifest that a command is about: the given one, or the nearest at or
/// above `cwd`.
pub(super) fn nearest(cwd: &Path, manifest_path: Option<&Path>) -> Result<Located> {
    if let Some(given) = manifest_path {
        return given_manifest(&cwd.join(given));
    }
    let cwd = fs::canonicalize(cwd).at("read", cwd)?;
    for folder in cwd.ancestors() {
        if let Some(located) = Located::read(&folder.join("Cargo.toml"))? {
            return Ok(located);
        }
    }
    let message = format!("no Cargo.toml in `{}` or any folder above", cwd.display());
    Err(Error::new(Kind::Project, message)
        .hint("go to the project's folder, or name it: --manifest-path FOLDER/Cargo.toml"))
}

fn given_manifest(path: &Path) -> Result<Located> {
    if path.is_dir() {
        let message = format!("`{}` is a folder, not a manifest", path.display());
        let manifest = path.join("Cargo.toml");
        return Err(Error::new(Kind::Project, message)
            .hint(format!("--manifest-path {}", manifest.display())));
    }
    let missing = || {
        let message = format!("there is no manifest `{}`", path.display());
        Error::new(Kind::Project, message).hint("--manifest-path names a Cargo.toml")
    };
    let real = fs::canonicalize(path).map_err(|error| missing().caused_by(error))?;
    Located::read(&real)?.ok_or_else(missing)
}

/// The root of the workspace that a manifest belongs to; nothing where it
/// belongs to none but is a package of its own.
pub(super) fn workspace_of(located: &Located) -> Result<Option<Located>> {
    let mut candidate = Some(located.clone());
    while let Some(current) = candidate {
        if let Some(workspace) = &current.manifest.workspace {
            let folder = current.folder();
            let under = |paths: &[String]| {
                paths
                    .iter()
                    .any(|path| located.path.starts_with(normalize(&folder.join(path))))
            };
            let excluded = under(&workspace.exclude) && !under(&workspace.members);
            if current.path == located.path || !excluded {
                return Ok(Some(current));
            }
        } else if let Some(root) = current
            .manifest
            .package
            .as_ref()
            .and_then(|p| p.workspace.as_ref())
        {
            let path = normalize(&current.folder().join(root)).join("Cargo.toml");
            let found = Located::read(&path)?;
            return found.map(Some).ok_or_else(|| {
                let message = format!(
                    "`{}` names a workspace at `{}`, where there is none",
                    current.path.display(),
                    path.display()
                );
                Error::new(Kind::Project, message)
                    .hint("set `package.workspace` to the folder of the workspace's root")
            });
        }
        candidate = above(&current)?;
    }
    Ok(None)
}

/// The next manifest in a folder above.
fn above(located: &Located) -> Result<Option<Located>> {
    for folder in located.folder().ancestors().skip(1) {
        if let Some(found) = Located::read(&folder.join("Cargo.toml"))? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// Resolves `.` and `..` in the text of a path, as cargo does. [pure]
pub(super) fn normalize(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                normal.pop();
            }
            Component::CurDir => {}
            part => normal.push(part),
        }
    }
    normal
}
