//! `cargo zigbuild`, installed into a folder of its own: the crate, and zig as
//! the package index for Python has it.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use xbuild::host;
use xbuild::process::Command;
use xbuild::terminal;

use crate::measure::OpenShell;
use crate::published::copy;
use crate::{Result, caller};

/// The peer, ready to run.
pub struct Peer {
    folder: PathBuf,
    /// Both versions, as they say themselves.
    pub version: String,
}

/// Installs what is not installed yet.
///
/// # Errors
/// Why it takes no part: it needs this machine's Rust, Python, and a network.
pub fn install() -> std::result::Result<Peer, String> {
    let folder = caller::kept("bench-peer");
    fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    let cargo = host::var("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from);
    let mut peer = Peer {
        folder,
        version: String::new(),
    };
    if !peer.program().is_file() {
        let words = ["install", "--locked", "--quiet", "cargo-zigbuild", "--root"];
        let install = caller::command(&cargo, &peer.folder)
            .args(words)
            .arg(&peer.folder);
        said(&install).map_err(|error| reason("cargo-zigbuild", &error))?;
    }
    if !peer.zig().is_file() {
        let words = ["-m", "pip", "install", "--quiet", "ziglang", "--target"];
        let install = caller::command("python3", &peer.folder)
            .args(words)
            .arg(peer.folder.join("python"));
        said(&install).map_err(|error| reason("ziglang", &error))?;
    }
    let version = |program: PathBuf, word: &str| {
        let command = caller::command(program, &peer.folder).arg(word);
        said(&command).map_err(|error| error.to_string())
    };
    peer.version = format!(
        "{}, zig {}",
        version(peer.program(), "--version")?,
        version(peer.zig(), "version")?,
    );
    Ok(peer)
}

fn said(command: &Command) -> xbuild::error::Result<String> {
    let output = command.output()?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Why there is no peer, for the page: what exactly went wrong names things of
/// this machine, and is said on the terminal alone.
fn reason(what: &str, error: &xbuild::error::Error) -> String {
    terminal::error(error);
    format!("{what} could not be installed here.")
}

/// What its shell runs first. Linker, C compiler and archiver of the target it
/// names itself, where nobody else does; a machine has a `cc`.
const SETUP: &str = "\
for name in $(env | sed -n 's/^\\(\\(CC\\|CXX\\|AR\\|RANLIB\\)_[a-z0-9_]*\\|CARGO_TARGET_[A-Z0-9_]*_LINKER\\)=.*/\\1/p'); do
  unset $name
done
mkdir /tmp/bin
printf '#!/bin/sh\\nexec %s \"$@\"\\n' $HOST_CC > /tmp/bin/cc
chmod +x /tmp/bin/cc
export PATH=/build/volumes/PEER/bin:/tmp/bin:$PATH
export CARGO_ZIGBUILD_ZIG_PATH=/build/volumes/PEER/python/ziglang/zig
export XDG_CACHE_HOME=/build/target/zig-cache ZIG_GLOBAL_CACHE_DIR=/build/target/zig-cache";

impl Peer {
    fn program(&self) -> PathBuf {
        self.folder.join("bin/cargo-zigbuild")
    }

    fn zig(&self) -> PathBuf {
        self.folder.join("python/ziglang/zig")
    }

    /// Where zig is, with all that it comes with.
    pub fn zig_folder(&self) -> PathBuf {
        self.folder.join("python/ziglang")
    }

    /// A copy of a project that it has built once, and the shell for that: what
    /// it makes of zig's libc in its first build stays.
    pub fn ready(&self, source: &Path, target: &str) -> Result<(TempDir, OpenShell)> {
        let project = TempDir::new()?;
        copy(source, project.path());
        // Its shell has no network to fetch crates from.
        caller::succeed(&caller::fetch(project.path(), target))?;
        let mut shell = self.shell(project.path(), target)?;
        shell.once(&line(target))?;
        Ok((project, shell))
    }

    /// A shell in which it builds a project, which is its own copy: it leaves
    /// a configuration behind.
    fn shell(&self, project: &Path, target: &str) -> Result<OpenShell> {
        let volume = format!("[env]\nvolumes = [\"PEER={}\"]\n", self.folder.display());
        fs::write(project.join("xbuild.toml"), volume)?;
        OpenShell::open(project, target, SETUP)
    }
}

/// Its command line for a target.
pub fn line(target: &str) -> String {
    format!("cargo-zigbuild zigbuild --offline --release --target {target}")
}
