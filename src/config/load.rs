//! Reads the configuration file of a workspace.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::file::FileLayer;
use crate::error::{IoContext, Result};

/// The name of the file beside the workspace root's `Cargo.toml`.
pub const FILE_NAME: &str = "xbuild.toml";

/// The file's layer, and what the user should be told about it.
#[derive(Debug, Default)]
pub struct Loaded {
    pub layer: Option<FileLayer>,
    /// The file that `layer` came from.
    pub path: Option<PathBuf>,
    pub notes: Vec<String>,
}

/// Reads `xbuild.toml` beside `root`'s manifest, or that manifest's
/// `metadata.xbuild`. The file wins; where both are there and differ, a note
/// says so.
///
/// # Errors
/// `Kind::Config` for what is wrong in them, `Kind::Filesystem` where they
/// cannot be read.
pub fn load(root: &Path) -> Result<Loaded> {
    let path = root.join(FILE_NAME);
    let file = match read(&path)? {
        Some(text) => Some(FileLayer::parse(&path, &text)?),
        None => None,
    };
    let manifest = root.join("Cargo.toml");
    let metadata = match read(&manifest)? {
        Some(text) => FileLayer::parse_manifest(&manifest, &text)?,
        None => None,
    };
    Ok(match (file, metadata) {
        (Some(file), Some(metadata)) => Loaded {
            notes: if file.same_settings(&metadata) {
                Vec::new()
            } else {
                let (path, manifest) = (path.display(), manifest.display());
                vec![format!(
                    "`{path}` is used; `metadata.xbuild` in `{manifest}` says something else and is ignored"
                )]
            },
            layer: Some(file),
            path: Some(path),
        },
        (Some(file), None) => Loaded {
            layer: Some(file),
            path: Some(path),
            notes: Vec::new(),
        },
        (None, Some(metadata)) => Loaded {
            layer: Some(metadata),
            path: Some(manifest),
            notes: Vec::new(),
        },
        (None, None) => Loaded::default(),
    })
}

fn read(path: &Path) -> Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).at("read", path),
    }
}
