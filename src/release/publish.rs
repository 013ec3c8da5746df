//! The files of a release, and the folder that they are written to.

use std::fs;
use std::path::Path;

use super::assemble::Archive;
use crate::attest::manifest::Manifest;
use crate::attest::{Build, SecretKey, keys, provenance, sbom, sign, sums};
use crate::error::{Error, IoContext, Kind, Result};
use crate::pins::Sha256;

/// A file to be published.
pub struct File {
    pub name: String,
    pub bytes: Vec<u8>,
}

/// Everything that a release consists of. [pure]
///
/// # Errors
/// Where the key cannot sign it, or a library refuses what it is to write.
pub fn files(
    stem: &str,
    build: &Build,
    manifest: &Manifest,
    archives: &[Archive],
    key: Option<&SecretKey>,
) -> Result<Vec<File>> {
    let file = |name: String, bytes: Vec<u8>| File { name, bytes };
    let mut files: Vec<File> = archives
        .iter()
        .map(|one| file(one.name.clone(), one.bytes.clone()))
        .collect();
    files.push(file(
        format!("{stem}.manifest.json"),
        manifest.text().into_bytes(),
    ));
    files.push(file(
        format!("{stem}.spdx.json"),
        sbom::text(build)?.into_bytes(),
    ));
    let hash = |file: &File| (file.name.clone(), Sha256::of(&file.bytes));
    let sums = sums::text(&files.iter().map(hash).collect::<Vec<_>>())?;
    let subjects: Vec<(String, Sha256)> = archives
        .iter()
        .map(|one| (one.name.clone(), one.sha256()))
        .collect();
    let statement =
        serde_json::to_string(&provenance::statement(build, &subjects)).map_err(|cause| {
            Error::new(Kind::Internal, "failed to write the provenance").caused_by(cause)
        })?;
    let statement = file(format!("{stem}.intoto.json"), statement.into_bytes());
    let sums = file("SHA256SUMS".to_owned(), sums.into_bytes());
    if let Some(key) = key {
        for signed in [&statement, &sums] {
            let outputs = sign::sign(key, &signed.name, &signed.bytes).map_err(unsigned)?;
            files.extend(outputs.into_iter().map(|output| File {
                name: output.name,
                bytes: output.text.into_bytes(),
            }));
        }
    }
    // An envelope carries the statement; a signature beside it does not.
    if !matches!(key, Some(SecretKey::P256(_) | SecretKey::Ed25519(_))) {
        files.push(statement);
    }
    files.push(sums);
    Ok(files)
}

fn unsigned(fault: keys::KeyFault) -> Error {
    Error::new(Kind::Config, "the release cannot be signed").caused_by(fault)
}

/// A folder that the user named is replaced only where it is a release or
/// empty.
///
/// # Errors
/// `Kind::Usage` for a folder of other things; `Kind::Filesystem`.
pub fn may_replace(folder: &Path) -> Result<()> {
    if !is_of_others(folder)? {
        return Ok(());
    }
    let message = format!("`{}` holds other things than a release", folder.display());
    Err(Error::new(Kind::Usage, message).hint("--out NEW-FOLDER"))
}

/// Writes the files as the only ones of a folder, in one step.
///
/// # Errors
/// `Kind::Filesystem`.
pub fn write(folder: &Path, files: &[File]) -> Result<()> {
    let parent = match folder.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    fs::create_dir_all(parent).at("create", parent)?;
    let staging = tempfile::Builder::new()
        .prefix(".xbuild-")
        .tempdir_in(parent)
        .at("create a folder in", parent)?;
    let new = staging.path().join("new");
    fs::create_dir(&new).at("create", &new)?;
    for file in files {
        let path = new.join(&file.name);
        fs::write(&path, &file.bytes).at("write", &path)?;
    }
    if folder.exists() {
        let old = staging.path().join("old");
        fs::rename(folder, &old).at("replace", folder)?;
    }
    fs::rename(&new, folder).at("write", folder)
}

fn is_of_others(folder: &Path) -> Result<bool> {
    if !folder.exists() {
        return Ok(false);
    }
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).at("read", folder)? {
        names.push(entry.at("read", folder)?.file_name());
    }
    let is_manifest = |name: &std::ffi::OsString| {
        name.to_str()
            .is_some_and(|name| name.ends_with(".manifest.json"))
    };
    Ok(!names.is_empty() && !names.iter().any(is_manifest))
}
