//! Tools that are not ours, of Debian 13's packages, down the same signed
//! chain as the toolchain: the set `test-tools` of the pins.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use xbuild::fetch::{Mirrors, Options};
use xbuild::pins::{Pins, Sha256};
use xbuild::process::Command;

use crate::nixes::downloads;
use crate::support::{repository, run, test_home};

/// A command of the set's programs, which load the set's libraries. It sees
/// an empty environment.
pub fn tool(name: &str) -> Command {
    program(Path::new("usr/bin").join(name))
}

/// The same of a program that is in none of the usual folders.
pub fn program(path: impl AsRef<Path>) -> Command {
    let root = root();
    let libraries = ["usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu"]
        .map(|folder| root.join(folder).display().to_string());
    Command::new(root.join("usr/lib64/ld-linux-x86-64.so.2"))
        .args(["--library-path", &libraries.join(":")])
        .arg(root.join(path))
}

/// The folder that the packages are unpacked in, kept for the next run.
fn root() -> &'static PathBuf {
    static ROOT: OnceLock<PathBuf> = OnceLock::new();
    ROOT.get_or_init(|| {
        let pins = Pins::embedded().expect("the pins");
        let packages = pins.set("test-tools").expect("the set of tools");
        let hashes: String = packages.iter().map(|one| one.sha256.to_hex()).collect();
        let key = Sha256::of(hashes.as_bytes()).to_hex();
        let root = test_home().join("test-tools").join(&key[..16]);
        if root.is_dir() {
            return root;
        }
        let wanted: Vec<_> = packages.iter().map(|package| package.wanted()).collect();
        let mirrors = Mirrors::for_machine(&[], pins.snapshots()).expect("mirrors");
        let files = downloads()
            .fetch(&wanted, &mirrors, &Options::default())
            .unwrap_or_else(|error| panic!("the tools: {error}"));
        let parent = test_home().join("test-tools");
        fs::create_dir_all(&parent).expect("a folder for the tools");
        let new = tempfile::tempdir_in(&parent).expect("a folder for the tools");
        for file in files {
            run(&Command::new(repository("nix/seed/busybox"))
                .args(["sh", "-euc", UNPACK])
                .arg(repository("nix/seed/busybox"))
                .arg(file)
                .arg(new.path()))
            .ok();
        }
        // Another run of the tests may have been faster.
        if fs::rename(new.path(), &root).is_ok() {
            let _ = new.keep();
        }
        root
    })
}

const UNPACK: &str = r#"set -o pipefail
"$0" ar p "$1" data.tar.xz | "$0" xz -dc | "$0" tar -x -o -C "$2""#;
