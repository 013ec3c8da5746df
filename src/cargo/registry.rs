//! Where the crates of crates.io lie in a shell. [pure]
//!
//! Cargo unpacks a registry's crates to a folder that it names by the
//! registry's address, and panic messages and debug information show that
//! name. So that the bits do not depend on where crates came from, a mirror
//! that the user's own configuration puts in the place of crates.io is bound
//! under the name of crates.io, and the build is told of no mirror.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::HOME;

/// How a lock file names crates.io, whatever replaces it.
pub const SOURCE: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// What cargo calls the folder of crates.io: the host of its index, and a hash
/// of its address that is the same since cargo 1.85.
pub fn crates_io() -> String {
    format!("{}-1949cf8c6b5b557f", host())
}

/// The address of the index of crates.io, as cargo asks it over HTTP.
pub fn index() -> String {
    format!("https://{}/", host())
}

fn host() -> String {
    let name = SOURCE.rsplit('/').next().unwrap_or_default();
    let name = name.strip_suffix("-index").unwrap_or(name);
    format!("index.{name}")
}

/// The folders of a registry in a cargo home.
const KINDS: [&str; 3] = ["cache", "index", "src"];

/// A registry in the place of crates.io, by the name of its folders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mirror {
    name: String,
}

impl Mirror {
    /// The mirror with folders of this name.
    pub fn named(name: String) -> Self {
        Mirror { name }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Finds, in what `cargo metadata` printed in a shell, where the crates of
    /// crates.io are from; `None` where there are none, where it is crates.io,
    /// and where they are no registry's (a folder of vendored crates).
    pub fn of(metadata: &str) -> Option<Self> {
        #[derive(Deserialize)]
        struct Metadata {
            packages: Vec<Package>,
        }
        #[derive(Deserialize)]
        struct Package {
            source: Option<String>,
            manifest_path: PathBuf,
        }
        let metadata: Metadata = serde_json::from_str(metadata).ok()?;
        let ours = |package: &&Package| package.source.as_deref() == Some(SOURCE);
        let package = metadata.packages.iter().find(ours)?;
        let unpacked = Path::new(HOME).join("registry/src");
        let rest = package.manifest_path.strip_prefix(unpacked).ok()?;
        let name = rest.components().next()?.as_os_str().to_str()?;
        (name != crates_io()).then(|| Mirror::named(name.to_owned()))
    }

    /// Its folders in a cargo home, with those of crates.io there.
    pub fn folders(&self, cargo_home: &Path) -> [(PathBuf, PathBuf); 3] {
        KINDS.map(|kind| {
            let folder = cargo_home.join("registry").join(kind);
            (folder.join(&self.name), folder.join(crates_io()))
        })
    }

    /// Its folders on the host, and where they stand in the build's shell.
    pub fn binds(&self, cargo_home: &Path) -> [(PathBuf, PathBuf); 3] {
        KINDS.map(|kind| {
            let folder = Path::new("registry").join(kind);
            (
                cargo_home.join(&folder).join(&self.name),
                Path::new(HOME).join(&folder).join(crates_io()),
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mirror_is_where_the_crates_of_crates_io_are() {
        let package = |source: &str, path: &str| {
            format!(r#"{{"source":{source},"manifest_path":"{path}/Cargo.toml","name":"n"}}"#)
        };
        let source = format!("\"{SOURCE}\"");
        let real = format!("/build/cargo/registry/src/{}/b-1.0.0", crates_io());
        let own = package("null", "/build/source");
        let other = package(
            "\"registry+https://example.invalid/i\"",
            "/build/cargo/registry/src/example.invalid-1/a-1.0.0",
        );
        for (folder, mirror) in [
            (
                "/build/cargo/registry/src/example.invalid-2/b-1.0.0",
                Some("example.invalid-2"),
            ),
            (&*real, None),
            ("/build/sources/0/b-1.0.0", None),
        ] {
            let ours = package(&source, folder);
            let text = format!(r#"{{"packages":[{own},{other},{ours}]}}"#);
            let found = Mirror::of(&text);
            assert_eq!(found.as_ref().map(Mirror::name), mirror, "{folder}");
        }
        assert_eq!(
            Mirror::of(&format!(r#"{{"packages":[{own},{other}]}}"#)),
            None
        );
        assert_eq!(Mirror::of("no metadata"), None);
    }
}
