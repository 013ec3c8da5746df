//! The one door to the machine's environment: its variables and the folders
//! that xbuild may use. Everything below gets values, never names of variables.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::error::{Error, Kind, Result};

/// The folders that xbuild keeps things in, after the XDG Base Directory
/// Specification; `XBUILD_HOME` moves them all below one folder.
#[derive(Debug, Clone)]
pub struct Folders {
    cache: PathBuf,
    data: PathBuf,
}

impl Folders {
    /// Finds the folders; it makes none of them.
    ///
    /// # Errors
    /// Where `XBUILD_HOME` is no absolute path, or is not set and neither the
    /// XDG variables nor `HOME` are; where the folders' names are not UTF-8.
    pub fn find() -> Result<Self> {
        if let Some(home) = var("XBUILD_HOME") {
            let home = PathBuf::from(home);
            if home.to_str().is_none() {
                return Err(not_utf8("variable XBUILD_HOME:", &home));
            }
            if home.is_absolute() {
                return Ok(Folders::below(&home));
            }
            let message = format!(
                "the variable XBUILD_HOME: `{}` is not an absolute path",
                home.display()
            );
            return Err(Error::new(Kind::Config, message)
                .hint(format!("XBUILD_HOME=$PWD/{}", home.display())));
        }
        let home = absolute("HOME");
        let either = |xdg: &str, rest: &str| {
            absolute(xdg)
                .or_else(|| home.as_ref().map(|home| home.join(rest)))
                .map(|base| base.join("xbuild"))
                .ok_or_else(|| {
                    Error::new(Kind::Config, "no folder to keep the toolchain in is known")
                        .hint("set HOME, or XBUILD_HOME, to an absolute path")
                })
                .and_then(|folder| match folder.to_str() {
                    Some(_) => Ok(folder),
                    None => Err(not_utf8("folder", &folder)),
                })
        };
        Ok(Folders {
            cache: either("XDG_CACHE_HOME", ".cache")?,
            data: either("XDG_DATA_HOME", ".local/share")?,
        })
    }

    /// The folders below one given folder.
    pub fn below(home: &Path) -> Self {
        Folders {
            cache: home.join("cache"),
            data: home.join("data"),
        }
    }

    /// Packages by their SHA-256: can be fetched again.
    pub fn downloads(&self) -> PathBuf {
        self.cache.join("downloads")
    }

    /// Cargo's registry and git checkouts, filled by the fetch step alone.
    pub fn cargo_home(&self) -> PathBuf {
        self.cache.join("cargo")
    }

    /// Runners of tests, built from their crates.
    pub fn runners(&self) -> PathBuf {
        self.cache.join("runners")
    }

    /// xbuild's own Nix, unpacked.
    pub fn own_nix(&self) -> PathBuf {
        self.data.join("nix")
    }

    /// The private store that xbuild's own Nix fills.
    pub fn store(&self) -> PathBuf {
        self.data.join("store")
    }

    /// GC roots and what is known of realised toolchains.
    pub fn toolchains(&self) -> PathBuf {
        self.data.join("toolchains")
    }

    /// The files of `nix/` that travel inside the binary, laid out for Nix.
    pub fn nix_sources(&self) -> PathBuf {
        self.data.join("sources")
    }

    /// Lock files against concurrent runs.
    pub fn locks(&self) -> PathBuf {
        self.data.join("locks")
    }
}

/// A variable of the environment, where it is set and not empty.
#[expect(clippy::disallowed_methods, reason = "this is the one door")]
pub fn var(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// The whole environment.
#[expect(clippy::disallowed_methods, reason = "this is the one door")]
pub fn vars() -> impl Iterator<Item = (OsString, OsString)> {
    std::env::vars_os()
}

/// Nix's answers and what is written down of a store have no other paths.
fn not_utf8(what: &str, path: &Path) -> Error {
    let message = format!("the {what} `{}` is not UTF-8", path.display());
    Error::new(Kind::Config, message).hint("name another one: XBUILD_HOME=/var/tmp/xbuild")
}

fn absolute(name: &str) -> Option<PathBuf> {
    var(name)
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
}
