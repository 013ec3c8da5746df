//! `env.json`, `runner.json` and `tools.json`: the whole contract between
//! `nix/` and this crate. [pure]
//!
//! Version 1 of each. A toolchain of another version was made by another
//! xbuild: it is refused, never guessed at.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::error::{Error, Kind, Result};
use crate::target::Floor;

/// The version of the contract that this crate speaks.
pub const VERSION: u32 = 1;

/// What a realised toolchain says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Env {
    version: u32,
    pub triple: String,
    /// The attribute that it was realised from.
    pub name: String,
    pub floor: Option<Floor>,
    /// The triple that build scripts and proc macros run on.
    pub host: String,
    /// The version of the Debian package, or, where `exact` is there, what
    /// rustc says of itself.
    pub rust: String,
    /// The release of the official distribution that stands in the place of
    /// Debian's compiler.
    #[serde(default)]
    pub exact: Option<Exact>,
    /// Versions of the Debian packages.
    pub llvm: String,
    pub musl: Option<String>,
    pub base: Option<Base>,
    /// The pinned cargo.
    pub cargo: PathBuf,
    /// The target's standard library, to be bound over an empty folder of the
    /// compiler; none where the compiler's own one serves.
    pub std: Option<Bind>,
    pub sysroot: PathBuf,
    /// The shared libraries that programs of the host load.
    pub runtime: PathBuf,
    /// Which of the project's packages each shared library is of: a line is
    /// package, version and path below the sysroot, parted by tabs.
    #[serde(default)]
    pub owners: Option<PathBuf>,
    /// The folders of `PATH`.
    pub path: Vec<PathBuf>,
    /// Variables of the hermetic shell.
    pub env: BTreeMap<String, String>,
}

/// A release of Rust as the project's lock pins it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Exact {
    /// As the project asked for it.
    pub channel: String,
    pub version: String,
    /// Of its manifest: `YYYY-MM-DD`.
    pub date: String,
    /// The SHA-256 of its manifest.
    pub manifest: String,
    /// The fingerprint of the key that signed it.
    pub key: String,
}

/// The Debian suite that a floor was made from.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Base {
    pub suite: String,
    pub version: Floor,
}

/// A path of the store to be bound somewhere.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Bind {
    pub source: PathBuf,
    pub target: PathBuf,
}

/// How programs of a target are run.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Runner {
    version: u32,
    /// The emulator and its arguments; empty where programs run natively.
    pub command: Vec<String>,
    /// What native dynamic programs load from, in place of the toolchain's.
    pub runtime: Option<PathBuf>,
    /// Runs the emulator with these arguments: a program that the kernel can
    /// start in place of one of the target's. Relative to the runner's output.
    pub emulator: Option<PathBuf>,
    /// QEMU's version, where it is used.
    pub qemu: Option<String>,
}

/// What a part that only goes onto `PATH` says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct ToolsEnv {
    version: u32,
    /// Variables of the hermetic shell.
    pub env: BTreeMap<String, String>,
}

impl ToolsEnv {
    /// Reads `tools.json`.
    ///
    /// # Errors
    /// `Kind::Nix` where the file is not of this version of the contract.
    pub fn parse(path: &Path, text: &[u8]) -> Result<Self> {
        parse(path, text, |tools: &ToolsEnv| tools.version)
    }
}

impl Env {
    /// Reads `env.json`.
    ///
    /// # Errors
    /// `Kind::Nix` where the file is not of this version of the contract.
    pub fn parse(path: &Path, text: &[u8]) -> Result<Self> {
        parse(path, text, |env: &Env| env.version)
    }
}

impl Runner {
    /// Reads `runner.json`.
    ///
    /// # Errors
    /// `Kind::Nix` where the file is not of this version of the contract.
    pub fn parse(path: &Path, text: &[u8]) -> Result<Self> {
        parse(path, text, |runner: &Runner| runner.version)
    }
}

fn parse<T: for<'de> Deserialize<'de>>(
    path: &Path,
    text: &[u8],
    version: impl Fn(&T) -> u32,
) -> Result<T> {
    let broken = |why: String| {
        Error::new(
            Kind::Nix,
            format!("`{}` is not a description of a toolchain", path.display()),
        )
        .caused_by(why)
        .hint("xbuild gc --all")
    };
    let parsed: T = serde_json::from_slice(text).map_err(|cause| broken(cause.to_string()))?;
    match version(&parsed) {
        VERSION => Ok(parsed),
        other => Err(broken(format!("it is of version {other}, not {VERSION}"))),
    }
}

/// A triple as cargo spells it in the names of variables.
pub fn cargo_spelling(triple: &str) -> String {
    triple.to_uppercase().replace(['-', '.'], "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_version_of_the_contract_is_read() {
        let path = Path::new("runner.json");
        let good = br#"{"version":1,"command":["q","-L","r"],"runtime":null,"qemu":"1:10"}"#;
        let runner = Runner::parse(path, good).unwrap();
        assert_eq!(runner.command, ["q", "-L", "r"]);
        for bad in [
            &br#"{"version":2,"command":[],"runtime":null,"qemu":null}"#[..],
            br#"{"command":[]}"#,
            br#"{"version":1,"command":["#,
            b"",
        ] {
            let error = Runner::parse(path, bad).unwrap_err();
            assert_eq!(error.kind(), Kind::Nix);
            assert!(error.to_string().contains("runner.json"));
        }
    }
}
