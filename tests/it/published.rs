//! Published crates, as their authors packed them.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use xbuild::host;
use xbuild::process::Command;

/// A published crate, as its author packed it, with its lock file. Cargo
/// itself brings it, from wherever this machine gets its crates.
pub fn published(name: &str, version: &str) -> TempDir {
    let project = TempDir::new().expect("a temporary folder");
    let manifest = format!(
        "[package]\nname = \"wants\"\nversion = \"0.0.0\"\nedition = \"2021\"\n\
         [lib]\npath = \"lib.rs\"\n[dependencies]\n{name} = \"={version}\"\n[workspace]\n"
    );
    fs::write(project.path().join("Cargo.toml"), manifest).expect("a manifest");
    fs::write(project.path().join("lib.rs"), "").expect("a library");
    let mut command = Command::new(host::var("CARGO").expect("the tests run below cargo"))
        .args(["fetch", "--target=x86_64-unknown-linux-gnu"])
        .cwd(project.path());
    for (name, value) in host::vars() {
        command = command.env(name, value);
    }
    command.output().expect("the crate, fetched");
    // Cargo's metadata leaves out what is no library, so the folder that it
    // unpacks into is looked up: one for each registry.
    let sources = machines_cargo_home()
        .expect("a cargo home")
        .join("registry/src");
    let registries = fs::read_dir(&sources).expect("unpacked crates");
    let unpacked = registries
        .filter_map(|registry| Some(registry.ok()?.path().join(format!("{name}-{version}"))))
        .find(|folder| folder.join("Cargo.toml").is_file());
    let folder = TempDir::new().expect("a temporary folder");
    copy(&unpacked.expect("the crate, unpacked"), folder.path());
    folder
}

/// Copies a folder's contents, without `target` and cargo's own mark.
pub fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("a folder to copy") {
        let entry = entry.expect("an entry to copy");
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        let name = entry.file_name();
        if name == "target" || name == ".cargo-ok" {
            continue;
        }
        if entry.file_type().expect("a file's type").is_dir() {
            fs::create_dir(&to).expect("a folder to copy to");
            copy(&from, &to);
        } else {
            fs::copy(&from, &to).expect("a copied file");
        }
    }
}

/// Where this machine's cargo keeps what it has fetched.
pub fn machines_cargo_home() -> Option<PathBuf> {
    let home = || Some(PathBuf::from(host::var("HOME")?).join(".cargo"));
    host::var("CARGO_HOME").map(PathBuf::from).or_else(home)
}
