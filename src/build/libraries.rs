//! Which packages of the project an artefact loads libraries of.

use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::path::{Path, PathBuf};

use crate::artifact::{self, Artifact, BinaryFacts, Memory};
use crate::check::SystemLibrary;
use crate::error::{IoContext, Result};
use crate::toolchain::Toolchain;

/// The shared libraries of a toolchain's packages.
pub struct Owners {
    suite: String,
    sysroot: PathBuf,
    /// File name → package, version, and path below the sysroot.
    files: BTreeMap<String, (String, String, PathBuf)>,
}

impl Owners {
    /// Of a toolchain that has packages of the project's.
    ///
    /// # Errors
    /// Where the toolchain's own files cannot be read.
    pub fn of(toolchain: &Toolchain) -> Result<Option<Self>> {
        let (Some(owners), Some(libraries)) = (&toolchain.env.owners, toolchain.spec.libraries())
        else {
            return Ok(None);
        };
        let path = toolchain.physical(owners)?;
        let text = fs::read_to_string(&path).at("read", &path)?;
        Ok(Some(Owners {
            suite: libraries.suite.clone(),
            sysroot: toolchain.physical(&toolchain.env.sysroot)?,
            files: parse(&text),
        }))
    }

    /// What an artefact loads of them, itself first.
    ///
    /// # Errors
    /// Where a library cannot be read.
    pub fn loaded(&self, artifact: &Artifact, memory: &Memory) -> Result<Vec<SystemLibrary>> {
        let mut loaded: Vec<SystemLibrary> = Vec::new();
        let mut queue: VecDeque<(String, bool)> = needed(artifact, true);
        while let Some((soname, direct)) = queue.pop_front() {
            let Some((package, version, path)) = self.files.get(&soname) else {
                continue;
            };
            if loaded.iter().any(|library| library.soname == soname) {
                continue;
            }
            let library = artifact::read_remembering(&self.sysroot.join(path), &[], memory)?;
            queue.extend(needed(&library, false));
            let glibc = match &library.facts {
                BinaryFacts::Elf(elf) => elf.glibc(),
                _ => None,
            };
            loaded.push(SystemLibrary {
                soname,
                package: package.clone(),
                version: version.clone(),
                suite: self.suite.clone(),
                glibc,
                direct,
            });
        }
        Ok(loaded)
    }
}

fn needed(artifact: &Artifact, direct: bool) -> VecDeque<(String, bool)> {
    match &artifact.facts {
        BinaryFacts::Elf(elf) => {
            let names = elf.needed.iter().map(|library| library.name.clone());
            names.map(|name| (name, direct)).collect()
        }
        _ => VecDeque::new(),
    }
}

/// Lines of package, version and path; the loader finds libraries that lie
/// deeper than the others only by their paths.
fn parse(text: &str) -> BTreeMap<String, (String, String, PathBuf)> {
    let mut files = BTreeMap::new();
    for line in text.lines() {
        let mut parts = line.split('\t');
        let (Some(package), Some(version), Some(path)) = (parts.next(), parts.next(), parts.next())
        else {
            continue;
        };
        let path = Path::new(path);
        let depth = path.components().count();
        if let Some(name) = path.file_name().filter(|_| depth <= 4) {
            let owner = (package.to_owned(), version.to_owned(), path.to_owned());
            let name = name.to_string_lossy().into_owned();
            files.entry(name).or_insert(owner);
        }
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_known_by_their_names_where_the_loader_looks() {
        let files = parse(
            "libssl1.1\t1.1.1w\tusr/lib/x/engines-1.1/libssl.so.9\n\
             libssl1.1\t1.1.1w\tusr/lib/x/libssl.so.1.1\n\
             libold\t1\tusr/lib/libold.so.1\nnonsense\n",
        );
        let names: Vec<&str> = files.keys().map(String::as_str).collect();
        assert_eq!(names, ["libold.so.1", "libssl.so.1.1"]);
        let (package, version, path) = &files["libssl.so.1.1"];
        assert_eq!((&**package, &**version), ("libssl1.1", "1.1.1w"));
        assert_eq!(path, Path::new("usr/lib/x/libssl.so.1.1"));
    }
}
