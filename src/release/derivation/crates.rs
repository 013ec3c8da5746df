//! The crates of a lock file, from cargo's own caches into the store: Nix has
//! nothing to ask the registry for.

use std::fs;
use std::path::{Path, PathBuf};

use crate::attest::LockedCrate;
use crate::error::{Error, IoContext, Kind, Result};
use crate::nix::SeedFile;
use crate::pins::Sha256;

/// The files of the crates, as the store is to have them; and the names of
/// those that no cache has.
///
/// # Errors
/// `Kind::Filesystem`.
pub fn seeds(crates: &[LockedCrate], homes: &[PathBuf]) -> Result<(Vec<SeedFile>, Vec<String>)> {
    let mut caches = Vec::new();
    for home in homes {
        caches.extend(registries(&home.join("registry/cache"))?);
    }
    let mut seeds = Vec::new();
    let mut missing = Vec::new();
    for one in crates {
        let Some(checksum) = one.checksum else {
            continue;
        };
        let name = format!("{}-{}.crate", one.name, one.version);
        let files = caches.iter().map(|cache| cache.join(&name));
        match files.into_iter().find(|file| is(file, checksum)) {
            // As `nix/lib/crates.nix` names it.
            Some(path) => seeds.push(SeedFile {
                store_name: name.replace('+', "-"),
                path,
                sha256: checksum.to_hex(),
            }),
            None => missing.push(format!("{} {}", one.name, one.version)),
        }
    }
    Ok((seeds, missing))
}

/// The error for crates that are nowhere.
pub fn absent(missing: &[String], offline: bool) -> Error {
    let kind = if offline {
        Kind::Project
    } else {
        Kind::Network
    };
    let error = Error::new(kind, "crates of the lock file are in no cache of cargo's")
        .caused_by(missing.join("\n"));
    match offline {
        true => error.hint("leave out --offline once, to fetch what is missing"),
        false => error,
    }
}

/// The folder of each registry, sorted; none where there is no cache.
fn registries(cache: &Path) -> Result<Vec<PathBuf>> {
    if !cache.is_dir() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(cache).at("read the folder", cache)? {
        found.push(entry.at("read the folder", cache)?.path());
    }
    found.sort();
    Ok(found)
}

/// Whether a file has the bytes that the lock file wants; another registry's
/// crate of the same name has not.
fn is(file: &Path, checksum: Sha256) -> bool {
    fs::read(file).is_ok_and(|bytes| Sha256::of(&bytes) == checksum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_bytes_are_taken_from_any_cache() {
        let folder = tempfile::tempdir().unwrap();
        let home = |name: &str| folder.path().join(name);
        for (place, bytes) in [
            ("a/registry/cache/one/x-1.0.0.crate", "other"),
            ("a/registry/cache/two/x-1.0.0.crate", "x"),
            ("b/registry/cache/one/y-1.0.0+z.crate", "y"),
        ] {
            let path = home(place);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        let one = |name: &str, version: &str, bytes: &str| LockedCrate {
            name: name.into(),
            version: version.into(),
            source: String::new(),
            checksum: Some(Sha256::of(bytes.as_bytes())),
        };
        let crates = [
            one("x", "1.0.0", "x"),
            one("y", "1.0.0+z", "y"),
            one("x", "2.0.0", "x"),
        ];
        let homes = ["a", "b", "absent"].map(home);
        let (seeds, missing) = super::seeds(&crates, &homes).unwrap();
        let found: Vec<_> = seeds
            .iter()
            .map(|seed| (&*seed.store_name, seed.path.clone()))
            .collect();
        let expected = [
            ("x-1.0.0.crate", home("a/registry/cache/two/x-1.0.0.crate")),
            (
                "y-1.0.0-z.crate",
                home("b/registry/cache/one/y-1.0.0+z.crate"),
            ),
        ];
        assert_eq!(found, expected);
        assert_eq!(missing, ["x 2.0.0"]);
    }
}
