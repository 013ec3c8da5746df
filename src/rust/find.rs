//! Finding the toolchain file as rustup does.

use std::fs;
use std::path::Path;

use super::ToolchainFile;
use crate::error::{Error, Kind, Result};
use crate::terminal;

/// The nearest toolchain file at a folder or above it. Of two in one folder
/// the one without an ending holds, as with rustup.
///
/// # Errors
/// `Kind::Config` where it cannot be read as what it is.
pub fn find(folder: &Path) -> Result<Option<ToolchainFile>> {
    for folder in folder.ancestors() {
        let paths = ["rust-toolchain", "rust-toolchain.toml"].map(|name| folder.join(name));
        let mut present = paths.iter().filter(|path| path.is_file());
        let Some(path) = present.next() else {
            continue;
        };
        if let Some(other) = present.next() {
            let (path, other) = (path.display(), other.display());
            terminal::warning(format!("`{path}` holds, as with rustup, and not `{other}`"));
        }
        let text = fs::read_to_string(path).map_err(|cause| {
            let message = format!("`{}` cannot be read", path.display());
            Error::new(Kind::Config, message).caused_by(cause)
        })?;
        return ToolchainFile::parse(path, &text).map(Some);
    }
    Ok(None)
}
