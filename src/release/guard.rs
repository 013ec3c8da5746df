//! Keeps a key from the build: it may neither lie where the hermetic shell
//! looks nor be in a variable that the shell gets. [pure but for resolving
//! links]

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use crate::attest::keys::source::{KeySource, Place};
use crate::cargo::home;
use crate::error::{Error, Kind, Result};

/// What a build can see.
#[derive(Debug, Clone, Default)]
pub struct Sight {
    /// Whether it is kept from the machine at all.
    pub isolated: bool,
    /// Folders and files of the machine that are bound into the shell.
    pub paths: Vec<PathBuf>,
    /// The caller's variables that the shell gets.
    pub variables: BTreeMap<OsString, OsString>,
}

/// Refuses a key that the build could read.
///
/// # Errors
/// `Kind::Config`, naming how it could.
pub fn check(source: &KeySource, sight: &Sight) -> Result<()> {
    let refused = |why: String| Error::new(Kind::Config, format!("the build could read {why}"));
    if !sight.isolated {
        return Err(refused("the key: isolation is off".to_owned())
            .hint("leave --key out, and sign afterwards: xbuild sign --key KEY FILE…"));
    }
    for name in source.variables() {
        let fetched = home::for_fetch(name);
        if fetched || sight.variables.contains_key(OsStr::new(name)) {
            let what = format!("the variable {name}: it is passed on to the shell");
            return Err(refused(what).hint("take it out of `passthrough`, or rename it"));
        }
    }
    let places = std::iter::once(&source.key).chain(&source.passphrase);
    for place in places {
        if let Place::File(path) = place
            && let Some(outer) = covering(path, &sight.paths)
        {
            let what = format!(
                "the key in `{}`: it lies in `{}`, which the shell shows",
                path.display(),
                outer.display()
            );
            return Err(refused(what).hint("keep keys outside of the project"));
        }
    }
    Ok(())
}

fn covering<'a>(path: &Path, folders: &'a [PathBuf]) -> Option<&'a Path> {
    let real = |path: &Path| std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let file = real(path);
    let covers = |folder: &&PathBuf| file.starts_with(real(folder));
    folders.iter().find(covers).map(PathBuf::as_path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_the_build_could_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let project = folder.path().join("project");
        std::fs::create_dir(&project).unwrap();
        for path in ["project/key", "key"] {
            std::fs::write(folder.path().join(path), "").unwrap();
        }
        std::os::unix::fs::symlink("project/key", folder.path().join("link")).unwrap();
        std::os::unix::fs::symlink("../key", project.join("away")).unwrap();
        let file = |name: &str| Place::File(folder.path().join(name));
        let env = |name: &str| Place::Env(name.to_owned());
        let sight = |isolated| Sight {
            isolated,
            paths: vec![project.clone()],
            variables: [("PASSED".into(), "x".into())].into(),
        };
        let table: [(Place, Option<Place>, bool, Option<&str>); 11] = [
            (file("key"), None, true, None),
            (file("project/away"), None, true, None),
            (env("KEY"), Some(file("key")), true, None),
            (Place::Stdin, None, true, None),
            (file("key"), None, false, Some("isolation is off")),
            (
                file("project/key"),
                None,
                true,
                Some("which the shell shows"),
            ),
            (file("link"), None, true, Some("which the shell shows")),
            (
                env("KEY"),
                Some(file("project/key")),
                true,
                Some("which the shell shows"),
            ),
            (env("PASSED"), None, true, Some("the variable PASSED")),
            (
                env("KEY"),
                Some(env("PASSED")),
                true,
                Some("the variable PASSED"),
            ),
            (
                env("CARGO_REGISTRY_TOKEN"),
                None,
                true,
                Some("CARGO_REGISTRY_TOKEN"),
            ),
        ];
        for (key, passphrase, hermetic, why) in table {
            let source = KeySource { key, passphrase };
            let result = check(&source, &sight(hermetic));
            match why {
                None => result.unwrap(),
                Some(why) => {
                    let said = result.unwrap_err().to_string();
                    assert!(said.contains(why), "{said}");
                }
            }
        }
        let mut sight = sight(true);
        let passphrase = crate::attest::keys::source::PASSPHRASE;
        sight.variables.insert(passphrase.into(), "x".into());
        let source = KeySource {
            key: Place::Stdin,
            passphrase: None,
        };
        assert!(check(&source, &sight).is_err());
    }
}
