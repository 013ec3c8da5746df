//! `cargo zigbuild`, installed into a folder of its own: the crate, and zig as
//! the package index for Python has it.

use std::path::{Path, PathBuf};

use xbuild::host;
use xbuild::process::Command;
use xbuild::terminal;

use crate::caller;

/// The peer, ready to run.
pub struct Peer {
    folder: PathBuf,
    cargo: PathBuf,
    /// Both versions, as they say themselves.
    pub version: String,
}

/// Installs what is not installed yet.
///
/// # Errors
/// Why it takes no part: it needs this machine's Rust, Python, and a network.
pub fn install() -> Result<Peer, String> {
    let folder = caller::kept("bench-peer");
    std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    let cargo = host::var("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from);
    let mut peer = Peer {
        folder,
        cargo,
        version: String::new(),
    };
    if !peer.program().is_file() {
        let words = ["install", "--locked", "--quiet", "cargo-zigbuild", "--root"];
        let install = caller::command(&peer.cargo, &peer.folder)
            .args(words)
            .arg(&peer.folder);
        install
            .output()
            .map_err(|error| reason("cargo-zigbuild", &error))?;
    }
    if !peer.zig().is_file() {
        let words = ["-m", "pip", "install", "--quiet", "ziglang", "--target"];
        let install = caller::command("python3", &peer.folder)
            .args(words)
            .arg(peer.folder.join("python"));
        install
            .output()
            .map_err(|error| reason("ziglang", &error))?;
    }
    let says = |program: PathBuf, word: &str| {
        let output = caller::command(program, &peer.folder).arg(word).output();
        let text = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
        text.map_err(|error| error.to_string())
    };
    peer.version = format!(
        "{}, zig {}, {}",
        says(peer.program(), "--version")?,
        says(peer.zig(), "version")?,
        says(peer.cargo.clone(), "--version")?,
    );
    Ok(peer)
}

/// Why there is no peer, for the page: what exactly went wrong names things of
/// this machine, and is said on the terminal alone.
fn reason(what: &str, error: &xbuild::error::Error) -> String {
    terminal::error(error);
    format!("{what} could not be installed here.")
}

impl Peer {
    fn program(&self) -> PathBuf {
        self.folder.join("bin/cargo-zigbuild")
    }

    fn zig(&self) -> PathBuf {
        self.folder.join("python/ziglang/zig")
    }

    /// `cargo zigbuild --release` of a target, by cargo itself and not by
    /// rustup's stand-in for it, which would cost the peer more.
    pub fn command(&self, project: &Path, target: &str) -> Command {
        let mut path = self.folder.join("bin").into_os_string();
        for folder in [
            self.cargo.parent().map(Path::as_os_str),
            host::var("PATH").as_deref(),
        ] {
            path.push(":");
            path.push(folder.unwrap_or_default());
        }
        caller::command(&self.cargo, project)
            .env("PATH", path)
            .env("CARGO_ZIGBUILD_ZIG_PATH", self.zig())
            .env("XDG_CACHE_HOME", self.folder.join("cache"))
            .args(["zigbuild", "--release", "--target", target])
    }
}
