//! Logical store paths: `/nix/store/<hash>-<name>`, wherever the store really
//! is on disk. [pure]

use std::fmt;
use std::path::{Path, PathBuf};

use nix_compat::store_path as format;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Kind, Result};

/// Where every store of ours believes itself to be.
pub const STORE_DIR: &str = "/nix/store";

/// Nix's limit on the name after the hash (`StorePath::MaxPathLen`).
const LONGEST_NAME: usize = 211;

/// A valid logical store path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct StorePath {
    base: String,
}

impl StorePath {
    /// Reads `/nix/store/<hash>-<name>`.
    ///
    /// # Errors
    /// Where it is not a path of the store itself, by the rules of the Nix
    /// manual's "Store path" chapter.
    pub fn parse(path: &str) -> Result<Self> {
        let wrong = || Error::new(Kind::Nix, format!("`{path}` is no store path"));
        let base = path
            .strip_prefix(STORE_DIR)
            .and_then(|rest| rest.strip_prefix('/'))
            .filter(|base| base.is_ascii())
            .ok_or_else(wrong)?;
        let parsed = format::StorePath::from_basename(base).map_err(|_| wrong())?;
        if !is_legal_name(parsed.name()) {
            return Err(wrong());
        }
        Ok(StorePath {
            base: parsed.to_basename(),
        })
    }

    /// The path of a flat SHA-256 fixed output: a pinned file.
    ///
    /// # Errors
    /// Where the name is not legal in a store, or the hash not 64 lowercase
    /// hexadecimal digits.
    pub fn of_file(name: &str, sha256: &str) -> Result<Self> {
        let hex = |c: char| matches!(c, '0'..='9' | 'a'..='f');
        if !is_legal_name(name) || sha256.len() != 64 || !sha256.chars().all(hex) {
            return Err(Error::new(
                Kind::Internal,
                format!("`{name}` with hash `{sha256}` cannot be a file of the store"),
            ));
        }
        StorePath::parse(&format::compute_fixed_output_hash(
            "sha256", sha256, false, name,
        ))
    }

    /// `<hash>-<name>`.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// What follows the hash.
    pub fn name(&self) -> &str {
        &self.base[format::STORE_PATH_HASH_LEN + 1..]
    }

    /// Where it really is, in a store whose root is `root` (`/` for the
    /// machine's own).
    pub fn below(&self, root: &Path) -> PathBuf {
        root.join("nix/store").join(&self.base)
    }
}

impl fmt::Display for StorePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{STORE_DIR}/{}", self.base)
    }
}

impl TryFrom<String> for StorePath {
    type Error = Error;

    fn try_from(path: String) -> Result<Self> {
        StorePath::parse(&path)
    }
}

impl From<StorePath> for String {
    fn from(path: StorePath) -> Self {
        path.to_string()
    }
}

fn is_legal_name(name: &str) -> bool {
    let legal = |c: char| c.is_ascii_alphanumeric() || "+-._?=".contains(c);
    !name.is_empty()
        && name.len() <= LONGEST_NAME
        && !name.starts_with('.')
        && name.chars().all(legal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixed_outputs_have_the_paths_that_nix_gives_them() {
        // Printed by `nix-store --add-fixed sha256` of Nix 2.8.0.
        let cases = [
            (
                "hello.txt",
                "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03",
                "/nix/store/gy454w1cxaq731grqwylhzf4pp9r5izh-hello.txt",
            ),
            (
                "a+b_1.0-2_amd64.deb",
                "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                "/nix/store/cqmnpndimsk4p04gv9hwpbdjffbwadki-a+b_1.0-2_amd64.deb",
            ),
            (
                "nix-bin_2.26.3+dfsg-1_amd64.deb",
                "06e8338eb0ca303802fcfe4579e184dd308d9fa89f7f0aae5974e21fac8178fb",
                "/nix/store/8i8h29viildi8fl3gysh4gdkv6r90pia-nix-bin_2.26.3+dfsg-1_amd64.deb",
            ),
        ];
        for (name, sha256, expected) in cases {
            let path = StorePath::of_file(name, sha256).unwrap();
            assert_eq!(path.to_string(), expected);
            assert_eq!(path.name(), name);
        }
    }

    #[test]
    fn names_and_hashes_that_nix_refuses_are_refused() {
        let hash = "0".repeat(64);
        let long = "x".repeat(LONGEST_NAME + 1);
        for name in ["", ".hidden", "a%3a", "a b", "a/b", "é", &long] {
            assert!(StorePath::of_file(name, &hash).is_err(), "{name:?}");
        }
        for hash in ["", "0", &"0".repeat(63), &"G".repeat(64), &"A".repeat(64)] {
            assert!(StorePath::of_file("a", hash).is_err(), "{hash:?}");
        }
    }

    #[test]
    fn only_paths_of_the_store_itself_are_read() {
        let good = "/nix/store/jiv68v852bkmsz590v5s6v1zsqhhg9fl-xbuild-probe";
        assert_eq!(StorePath::parse(good).unwrap().to_string(), good);
        assert_eq!(
            StorePath::parse(good).unwrap().below(Path::new("/data")),
            Path::new("/data/nix/store/jiv68v852bkmsz590v5s6v1zsqhhg9fl-xbuild-probe"),
        );
        let bad = [
            "",
            "/nix/store",
            "/nix/store/",
            "/nix/store/..",
            "/nix/store/jiv68v852bkmsz590v5s6v1zsqhhg9fl",
            "/nix/store/jiv68v852bkmsz590v5s6v1zsqhhg9fl-",
            "/nix/store/jiv68v852bkmsz590v5s6v1zsqhhg9fl-a/b",
            "/nix/store/eiv68v852bkmsz590v5s6v1zsqhhg9fl-e",
            "/nix/store/éééééééééééééééé-multibyte",
            "/nix/store/jiv68v852bkmsz590v5s6v1zsqhhg9fé-multibyte",
            "/gnu/store/jiv68v852bkmsz590v5s6v1zsqhhg9fl-xbuild-probe",
        ];
        for path in bad {
            assert!(StorePath::parse(path).is_err(), "{path:?}");
        }
    }
}
