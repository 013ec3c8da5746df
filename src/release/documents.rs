//! Documents that belong into a package: what licences ask for, and what tells
//! people what they have.

use std::fs;
use std::path::{Path, PathBuf};

use super::built::file_name;
use crate::build::Request;
use crate::error::{Error, IoContext, Kind, Result};

/// The documents of the package at hand, or of the workspace where it has
/// none: names and bytes.
///
/// # Errors
/// `Kind::Filesystem`; `Kind::Project` for a link that leads out of the project:
/// what it leads to would be published.
pub fn documents(request: &Request) -> Result<Vec<(String, Vec<u8>)>> {
    let package = request
        .project
        .manifest
        .parent()
        .unwrap_or(&request.project.root);
    let mut paths = below(package)?;
    if paths.is_empty() {
        paths = below(&request.project.root)?;
    }
    let read = |path: &PathBuf| {
        if !request.project.reach.has_file(path) && path.is_symlink() {
            let message = format!("`{}` leads out of the project", path.display());
            return Err(Error::new(Kind::Project, message).hint("put the file itself there"));
        }
        Ok((file_name(path)?, fs::read(path).at("read", path)?))
    };
    paths.iter().map(read).collect()
}

fn below(folder: &Path) -> Result<Vec<PathBuf>> {
    const BEGINNINGS: [&str; 7] = [
        "CHANGELOG",
        "COPYING",
        "COPYRIGHT",
        "LICENCE",
        "LICENSE",
        "NOTICE",
        "README",
    ];
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).at("read", folder)? {
        let path = entry.at("read", folder)?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.unwrap_or_default().to_ascii_uppercase();
        if path.is_file() && BEGINNINGS.iter().any(|word| name.starts_with(word)) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
