//! Finds and reads the files that a project's build was configured with.

use std::fs;
use std::path::{Path, PathBuf};

use super::{File, Format};
use crate::error::{Error, IoContext, Kind, Result};

/// Folders whose YAML files are the CI's, below the repository's top.
const FOLDERS: [&str; 4] = [
    ".circleci",
    ".forgejo/workflows",
    ".gitea/workflows",
    ".github/workflows",
];

/// Single files of CI services, there.
const FILES: [&str; 3] = [".gitlab-ci.yml", ".gitlab-ci.yaml", ".travis.yml"];

/// Reads all that there is, for a workspace at `root` in a repository at `top`;
/// `configs` are cargo's own. Paths are relative to the root; those of files
/// above it begin with `..`.
///
/// # Errors
/// `Kind::Config` for a file that is not text, `Kind::Filesystem` for one that
/// cannot be read.
pub fn gather(root: &Path, top: &Path, configs: &[PathBuf]) -> Result<Vec<File>> {
    let mut files = Vec::new();
    let mut add = |format: Format, path: PathBuf| -> Result<bool> {
        let found = read(root, &path)?;
        let is_there = found.is_some();
        files.extend(found.map(|text| File {
            path: relative(root, &path),
            format,
            text,
        }));
        Ok(is_there)
    };
    add(Format::Cross, root.join("Cross.toml"))?;
    add(Format::Manifest, root.join("Cargo.toml"))?;
    for path in configs {
        add(Format::CargoConfig, path.clone())?;
    }
    for folder in root.ancestors().take_while(|it| it.starts_with(top)) {
        // Of both names rustup takes the older one, and the nearest file.
        let mut names = ["rust-toolchain", "rust-toolchain.toml"].into_iter();
        let found = names.try_fold(false, |found, name| {
            let path = folder.join(name);
            Ok(found || add(Format::RustToolchain, path)?)
        });
        if found? {
            break;
        }
    }
    let mut tops = vec![top];
    if root != top {
        tops.push(root);
    }
    for top in tops {
        for file in FILES {
            add(Format::Ci, top.join(file))?;
        }
        for folder in FOLDERS {
            for path in yaml_files(&top.join(folder))? {
                add(Format::Ci, path)?;
            }
        }
    }
    Ok(files)
}

fn yaml_files(folder: &Path) -> Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).at("read", folder)? {
        let path = entry.at("read", folder)?.path();
        let end = path.extension().and_then(|end| end.to_str());
        if end.is_some_and(|end| ["yml", "yaml"].contains(&end)) {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

fn read(root: &Path, path: &Path) -> Result<Option<String>> {
    if !path.is_file() {
        return Ok(None);
    }
    let bytes = fs::read(path).at("read", path)?;
    String::from_utf8(bytes).map(Some).map_err(|_| {
        let path = relative(root, path);
        Error::new(Kind::Config, format!("{}: it is not UTF-8", path.display()))
    })
}

fn relative(root: &Path, path: &Path) -> PathBuf {
    let mut up = PathBuf::new();
    for folder in root.ancestors() {
        if let Ok(rest) = path.strip_prefix(folder) {
            return up.join(rest);
        }
        up.push("..");
    }
    path.to_owned()
}
