//! The commands that are measured, and the project they build.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use tempfile::TempDir;
use xbuild::host;
use xbuild::process::Command;

use crate::Result;

/// A file of this repository.
pub fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// A folder that stays: `test-home`, where the tests keep toolchains too, and
/// `bench-peer`.
pub fn kept(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name(name)
}

/// A command with the machine's environment, less what the cargo that runs
/// this benchmark has added.
pub fn command(program: impl Into<PathBuf>, cwd: &Path) -> Command {
    let of_outer_cargo = |name: &str| {
        let kept = ["CARGO_HOME", "RUSTUP_HOME"].contains(&name)
            || [
                "CARGO_HTTP_",
                "CARGO_NET_",
                "CARGO_SOURCE_",
                "CARGO_REGISTRIES_",
            ]
            .iter()
            .any(|prefix| name.starts_with(prefix));
        !kept
            && ["CARGO", "RUST", "XBUILD"]
                .iter()
                .any(|prefix| name.starts_with(prefix))
    };
    let mut command = Command::new(program).cwd(cwd);
    for (name, value) in host::vars() {
        if !of_outer_cargo(&name.to_string_lossy()) {
            command = command.env(name, value);
        }
    }
    command
}

/// Where the tests keep toolchains and downloads.
pub fn home() -> PathBuf {
    host::var("XBUILD_TEST_HOME").map_or_else(|| kept("test-home"), PathBuf::from)
}

/// `xbuild`, with the toolchains that the tests use.
pub fn ours(cwd: &Path) -> Command {
    command(env!("CARGO_BIN_EXE_xbuild"), cwd).env("XBUILD_HOME", home())
}

/// `xbuild fetch` of a target.
pub fn fetch(cwd: &Path, target: &str) -> Command {
    ours(cwd).args(["fetch", "--target", target])
}

/// `xbuild build --release` of a target.
pub fn xbuild(cwd: &Path, target: &str) -> Command {
    ours(cwd).args(["build", "--release", "--target", target])
}

/// A copy of the example in a temporary folder.
pub fn hello() -> Result<TempDir> {
    let folder = TempDir::new()?;
    let from = repository("examples/hello");
    fs::create_dir(folder.path().join("src"))?;
    for file in ["Cargo.toml", "Cargo.lock", "src/main.rs"] {
        fs::copy(from.join(file), folder.path().join(file))?;
    }
    Ok(folder)
}

/// Makes a source file newer than what was built from it.
pub fn touch(file: &Path) -> Result<()> {
    let file = File::options().append(true).open(file)?;
    Ok(file.set_modified(SystemTime::now())?)
}

/// Runs a command whose cost does not matter; what it says is shown.
pub fn succeed(command: &Command) -> Result<()> {
    let status = command.to_std().status()?;
    if status.success() {
        return Ok(());
    }
    Err(format!("{command}: {status}").into())
}
