//! Libraries of the system that crates wrap: how they are asked for, Debian's
//! package, and the feature that builds them along. [pure]

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::error::{Error, Kind, Result};

const TABLE: &str = include_str!("libraries.json");

/// One library, or several that come in one package.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Library {
    /// What it is called, for people.
    pub what: String,
    /// Debian's package of headers and links.
    pub package: String,
    /// Names behind `-l`.
    pub links: Vec<String>,
    /// Names of its `.pc` files.
    pub pkg_config: Vec<String>,
    /// Its headers; those that end with a slash are folders of them.
    pub headers: Vec<String>,
    /// Crates that cannot be built without it, unless it is built along.
    pub crates: Vec<String>,
    /// How a project builds it along.
    pub along: Option<Along>,
}

/// A feature by which a crate builds the library itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Along {
    /// The crate that has the feature.
    pub add: String,
    pub feature: String,
    /// Crates whose presence in a lock file tells that it is built along.
    pub told_by: Vec<String>,
}

/// Every known library.
///
/// # Errors
/// `Kind::Internal`: the table is part of the program.
pub fn all() -> Result<Vec<Library>> {
    serde_json::from_str(TABLE)
        .map_err(|cause| Error::new(Kind::Internal, "the table of libraries").caused_by(cause))
}

impl Library {
    /// Whether a header is one of its own: `openssl/ssl.h`.
    pub fn has_header(&self, header: &str) -> bool {
        let own = |known: &String| match known.strip_suffix('/') {
            Some(_) => header.starts_with(&**known),
            None => header == known,
        };
        self.headers.iter().any(own)
    }

    /// Whether `-lNAME` asks for it.
    pub fn links(&self, name: &str) -> bool {
        self.links.iter().any(|known| known == name)
    }

    /// Whether `pkg-config NAME` asks for it.
    pub fn is_pkg_config(&self, name: &str) -> bool {
        self.pkg_config.iter().any(|known| known == name)
    }

    /// The command that has it built along, where one has: of the version that
    /// the lock file has, since two of one library cannot stand together.
    pub fn add_command(&self, crates: &BTreeMap<String, String>) -> Option<String> {
        let Along { add, feature, .. } = self.along.as_ref()?;
        let version = crates
            .get(add)
            .map(|version| format!("@{}", series(version)));
        let version = version.unwrap_or_default();
        Some(format!("cargo add {add}{version} --features {feature}"))
    }
}

/// The part of a version that says what it is compatible with.
fn series(version: &str) -> &str {
    let mut dots = version.match_indices('.').map(|(at, _)| at);
    let parts = match version.starts_with("0.") {
        true => dots.nth(1),
        false => dots.next(),
    };
    parts.map_or(version, |end| &version[..end])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::config::DebianPackage;

    #[test]
    fn the_table_is_whole_and_no_name_is_of_two_libraries() {
        let all = all().unwrap();
        assert!(all.len() > 100);
        let mut seen = BTreeSet::new();
        for library in &all {
            assert!(
                DebianPackage::parse(&library.package).is_ok(),
                "{library:?}"
            );
            assert!(!library.links.is_empty(), "{library:?}");
            let names = [
                ("-l", &library.links),
                ("pkg-config ", &library.pkg_config),
                ("#include ", &library.headers),
                ("crate ", &library.crates),
            ];
            for (kind, names) in names {
                for name in names {
                    assert!(seen.insert(format!("{kind}{name}")), "{kind}{name}");
                }
            }
        }
    }

    #[test]
    fn headers_are_told_by_folder_or_name() {
        let all = all().unwrap();
        for (header, package) in [
            ("openssl/ssl.h", Some("libssl-dev")),
            ("zlib.h", Some("zlib1g-dev")),
            ("X11/Xlib.h", Some("libx11-dev")),
            ("openssl", None),
            ("my/zlib.h", None),
        ] {
            let found = all.iter().find(|library| library.has_header(header));
            assert_eq!(found.map(|it| &*it.package), package, "{header}");
        }
    }

    #[test]
    fn what_is_locked_keeps_its_version() {
        let all = all().unwrap();
        let sqlite = all.iter().find(|it| it.links("sqlite3")).unwrap();
        for (locked, command) in [
            (None, "cargo add libsqlite3-sys --features bundled"),
            (
                Some("0.30.1"),
                "cargo add libsqlite3-sys@0.30 --features bundled",
            ),
            (
                Some("2.1.0"),
                "cargo add libsqlite3-sys@2 --features bundled",
            ),
        ] {
            let locked = locked.map(|it| ("libsqlite3-sys".to_owned(), it.to_owned()));
            let crates = locked.into_iter().collect();
            assert_eq!(sqlite.add_command(&crates).as_deref(), Some(command));
        }
    }
}
