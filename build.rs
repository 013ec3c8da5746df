//! What a warm xbuild is to know of `nix/` without reading it: its hash, and the
//! version of the pinned compiler. The crate is built again when they change.

use std::error::Error;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::{fs, io};

use serde_json::Value;
use sha2::{Digest, Sha256};

fn main() -> Result<(), Box<dyn Error>> {
    let mut files = Vec::new();
    collect(Path::new("nix"), &mut files)?;
    files.sort();
    let mut hash = Sha256::new();
    for file in &files {
        let bytes = fs::read(file)?;
        let name = file.to_str().ok_or("a file name in nix/ is not UTF-8")?;
        hash.update(format!("{name}\n{}\n", bytes.len()));
        hash.update(bytes);
    }
    let hex: String = hash.finalize().iter().map(|b| format!("{b:02x}")).collect();
    let mut out = io::stdout();
    writeln!(out, "cargo::rerun-if-changed=nix")?;
    writeln!(out, "cargo::rustc-env=XBUILD_NIX_SOURCES={hex}")?;
    writeln!(out, "cargo::rustc-env=XBUILD_DEBIAN_RUST={}", rust()?)?;
    Ok(())
}

/// The version of the pinned Debian compiler, as upstream counts: `1.96.0` of
/// `1.96.0+dfsg1-1~deb13u1`.
fn rust() -> Result<String, Box<dyn Error>> {
    let pins: Value = serde_json::from_slice(&fs::read("nix/pins/packages.json")?)?;
    let version = &pins["packages"]["trixie/amd64/rustc-web"]["version"];
    let version = version.as_str().ok_or("rustc-web is not pinned")?;
    let end = version.find(['+', '-', '~']).unwrap_or(version.len());
    Ok(version[..end].to_owned())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            collect(&entry.path(), files)?;
        } else if kind.is_file() {
            files.push(entry.path());
        } else {
            // It would travel inside the binary: `result` of a `nix build`.
            let path = entry.path();
            return Err(io::Error::other(format!(
                "`{}` is no file: remove it",
                path.display()
            )));
        }
    }
    Ok(())
}
