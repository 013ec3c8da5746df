//! The packages of one suite and architecture, and what a package needs. [pure]

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::BufRead;

use super::hash::{NotASha256, Sha256};
use super::pinned::Package;
use super::relation::{Relation, clauses};
use super::stanza::{Stanza, Stanzas};
use super::version;

/// What is read of each package.
const FIELDS: &[&str] = &[
    "Package",
    "Version",
    "Architecture",
    "Multi-Arch",
    "Essential",
    "Provides",
    "Pre-Depends",
    "Depends",
    "Conflicts",
    "Breaks",
    "Filename",
    "Size",
    "SHA256",
];

/// What is read of each source package.
const SOURCE_FIELDS: &[&str] = &["Package", "Version", "Directory", "Checksums-Sha256"];

/// What stands for an architecture where a suite's sources are meant.
pub const SOURCE: &str = "source";

/// A `Packages` index, the newest version of each package alone.
#[derive(Debug, Clone, Default)]
pub struct Index {
    packages: BTreeMap<String, Entry>,
    /// Virtual package → the real ones that provide it.
    provided: BTreeMap<String, BTreeSet<String>>,
}

/// A package, and what it says of others: fields as they are written, since
/// few of the many are ever looked at.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub package: Package,
    /// `Pre-Depends` and `Depends`.
    needs: String,
    /// `Conflicts` and `Breaks`.
    refuses: String,
    provides: String,
    /// Whether it serves packages of any architecture: `Multi-Arch: foreign`.
    pub foreign: bool,
    /// Whether every Debian has it, before anything asks for it.
    pub essential: bool,
}

impl Entry {
    /// What it cannot do without.
    pub fn needs(&self) -> impl Iterator<Item = Vec<Relation<'_>>> {
        clauses(&self.needs)
    }

    /// What it cannot stand beside.
    pub fn refuses(&self) -> impl Iterator<Item = Relation<'_>> {
        clauses(&self.refuses).flatten()
    }

    /// What it stands for besides itself.
    pub fn provides(&self) -> impl Iterator<Item = Relation<'_>> {
        clauses(&self.provides).flatten()
    }

    /// Whether a relation means this package, or something that it provides.
    pub fn meets(&self, relation: &Relation<'_>) -> bool {
        if self.package.package == relation.name {
            return relation.admits(&self.package.version);
        }
        self.provides()
            .any(|one| one.name == relation.name && relation.admits_provided(&one))
    }
}

impl Index {
    /// Reads the text of a `Packages` file.
    ///
    /// # Errors
    /// Which stanza is broken, and how.
    pub fn read(suite: &str, text: impl BufRead) -> Result<Self, String> {
        let mut index = Index::default();
        for stanza in Stanzas::only(text, FIELDS) {
            let stanza = stanza?;
            let name = stanza.need("Package")?;
            index
                .add(suite, name, &stanza)
                .map_err(|error| format!("of `{name}` {error}"))?;
        }
        Ok(index)
    }

    /// Reads the text of a `Sources` file: of each package the upstream
    /// author's archive alone.
    ///
    /// # Errors
    /// Which stanza is broken, and how.
    pub fn read_sources(suite: &str, text: impl BufRead) -> Result<Self, String> {
        let mut index = Index::default();
        for stanza in Stanzas::only(text, SOURCE_FIELDS) {
            let stanza = stanza?;
            let name = stanza.need("Package")?;
            let package =
                source(suite, name, &stanza).map_err(|why| format!("of `{name}` {why}"))?;
            if let Some(package) = package {
                index.keep_newest(Entry {
                    package,
                    needs: String::new(),
                    refuses: String::new(),
                    provides: String::new(),
                    essential: false,
                    foreign: false,
                });
            }
        }
        Ok(index)
    }

    fn keep_newest(&mut self, entry: Entry) {
        let newer = |known: &Entry| {
            version::compare(&entry.package.version, &known.package.version) == Ordering::Greater
        };
        if self.packages.get(&entry.package.package).is_none_or(newer) {
            self.packages.insert(entry.package.package.clone(), entry);
        }
    }

    fn add(&mut self, suite: &str, name: &str, stanza: &Stanza) -> Result<(), String> {
        let provides = stanza.get("Provides").unwrap_or_default();
        for provided in clauses(provides).flatten() {
            self.provided
                .entry(provided.name.to_owned())
                .or_default()
                .insert(name.to_owned());
        }
        let size = stanza.need("Size")?;
        let package = Package {
            arch: stanza.need("Architecture")?.to_owned(),
            package: name.to_owned(),
            path: stanza.need("Filename")?.to_owned(),
            sha256: hash(stanza.need("SHA256")?)?,
            size: bytes(size)?,
            suite: suite.to_owned(),
            version: stanza.need("Version")?.to_owned(),
        };
        let both = |one: &str, other: &str| {
            let fields = [one, other].map(|field| stanza.get(field).unwrap_or_default());
            fields.join(",")
        };
        let entry = Entry {
            package,
            needs: both("Pre-Depends", "Depends"),
            refuses: both("Conflicts", "Breaks"),
            provides: provides.to_owned(),
            essential: stanza.get("Essential") == Some("yes"),
            foreign: stanza.get("Multi-Arch") == Some("foreign"),
        };
        self.keep_newest(entry);
        Ok(())
    }

    /// The newest version of a package.
    pub fn get(&self, name: &str) -> Option<&Package> {
        self.packages.get(name).map(|entry| &entry.package)
    }

    pub(super) fn entry(&self, name: &str) -> Option<&Entry> {
        self.packages.get(name)
    }

    /// The names of all packages, ordered.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.packages.keys().map(String::as_str)
    }

    /// The packages that provide a name, ordered by their own.
    pub(super) fn providers(&self, name: &str) -> impl Iterator<Item = &Entry> {
        let names = self.provided.get(name).into_iter().flatten();
        names.filter_map(|name| self.packages.get(name))
    }

    /// These packages with all that they need, breadth first, ordered by name.
    ///
    /// Of alternatives one that is already chosen will do, else the first is
    /// chosen; a virtual package is stood for by the first real one in the
    /// order of names. What is excluded is left out with all that only it
    /// needs. Version bounds are not looked at: an index of a released suite
    /// fits together.
    ///
    /// # Errors
    /// The name of a package that nothing is or provides.
    pub fn closure(
        &self,
        roots: &[String],
        exclude: &BTreeSet<String>,
    ) -> Result<Vec<&Package>, String> {
        let mut chosen: BTreeMap<&str, &Package> = BTreeMap::new();
        let mut queue: VecDeque<&str> = roots.iter().map(String::as_str).collect();
        while let Some(name) = queue.pop_front() {
            if chosen.contains_key(name) || exclude.contains(name) {
                continue;
            }
            let Some(entry) = self.packages.get(name) else {
                let real = self.provided.get(name).and_then(BTreeSet::first);
                queue.push_back(real.ok_or_else(|| name.to_owned())?);
                continue;
            };
            chosen.insert(name, &entry.package);
            for any in entry.needs() {
                let satisfied = any.iter().any(|one| chosen.contains_key(one.name));
                if let Some(first) = any.first().filter(|_| !satisfied) {
                    queue.push_back(first.name);
                }
            }
        }
        Ok(chosen.into_values().collect())
    }
}

fn hash(text: &str) -> Result<Sha256, String> {
    text.parse().map_err(|error: NotASha256| error.to_string())
}

fn bytes(size: &str) -> Result<u64, String> {
    size.parse()
        .map_err(|_| format!("has an odd size `{size}`"))
}

/// The upstream author's archive of a source package; none where the package
/// is Debian's own.
fn source(suite: &str, name: &str, stanza: &Stanza) -> Result<Option<Package>, String> {
    let upstream = |file: &str| {
        let (_, end) = file.split_once(".orig.tar.")?;
        (!end.contains('.')).then_some(())
    };
    for line in stanza.need("Checksums-Sha256")?.lines() {
        let mut words = line.split_whitespace();
        let (Some(sha256), Some(size), Some(file)) = (words.next(), words.next(), words.next())
        else {
            continue;
        };
        if upstream(file).is_none() {
            continue;
        }
        return Ok(Some(Package {
            arch: SOURCE.to_owned(),
            package: name.to_owned(),
            path: format!("{}/{file}", stanza.need("Directory")?),
            sha256: hash(sha256)?,
            size: bytes(size)?,
            suite: suite.to_owned(),
            version: stanza.need("Version")?.to_owned(),
        }));
    }
    Ok(None)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// An index from lines of `name version ; field: value ; …`.
    pub fn index(lines: &[&str]) -> Index {
        let mut text = String::new();
        for line in lines {
            let mut parts = line.split(" ; ");
            let (name, version) = parts.next().unwrap().split_once(' ').unwrap();
            let hash = Sha256::of(line.as_bytes());
            if !line.contains("Architecture:") {
                text.push_str("Architecture: amd64\n");
            }
            text.push_str(&format!(
                "Package: {name}\nVersion: {version}\nFilename: pool/{name}_{version}.deb\nSize: 7\nSHA256: {hash}\n"
            ));
            parts.for_each(|field| text.push_str(&format!("{field}\n")));
            text.push('\n');
        }
        Index::read("trixie", text.as_bytes()).unwrap()
    }

    #[test]
    fn of_a_source_package_the_upstream_archive_is_taken() {
        let hash = |text: &str| Sha256::of(text.as_bytes());
        let package = |name: &str, version: &str, files: &[&str]| {
            let lines = files
                .iter()
                .map(|file| format!("\n {} 7 {name}_{file}", hash(file)));
            format!(
                "Package: {name}\nVersion: {version}\nDirectory: pool/main/{name}\n\
                 Checksums-Sha256:{}\nFiles:\n 0 7 {name}.dsc\n\n",
                lines.collect::<String>()
            )
        };
        let text = [
            package("app", "1-1", &["1-1.dsc", "1.orig.tar.xz"]),
            package(
                "app",
                "2-1",
                &[
                    "2-1.dsc",
                    "2.orig-part.tar.xz",
                    "2.orig.tar.xz.asc",
                    "2.orig.tar.xz",
                    "2-1.debian.tar.xz",
                ],
            ),
            package("native", "3", &["3.dsc", "3.tar.xz"]),
        ]
        .concat();
        let index = Index::read_sources("trixie", text.as_bytes()).unwrap();
        let app = index.get("app").unwrap();
        assert_eq!(app.path, "pool/main/app/app_2.orig.tar.xz");
        assert_eq!(app.id(), "trixie/source/app");
        assert_eq!((app.size, app.sha256), (7, hash("2.orig.tar.xz")));
        assert_eq!(index.get("native"), None);
        let broken = text.replace("Directory", "Folder");
        let error = Index::read_sources("trixie", broken.as_bytes()).unwrap_err();
        assert_eq!(error, "of `app` has no field `Directory`");
    }

    #[test]
    fn closures() {
        let index = index(&[
            "app 1 ; Depends: lib (>= 1), mail-agent, old | new, helper:any",
            "app 1.10 ; Pre-Depends: base ; Depends: lib (>= 1), mail-agent, new | old,\n helper:any",
            "app 1.9",
            "lib 2 ; Depends: base, app",
            "base 1",
            "zmail 1 ; Provides: mail-agent",
            "amail 1 ; Provides: mail-agent (= 3), other ; Depends: heavy",
            "new 1",
            "old 1",
            "helper 1 ; Depends: old | new",
            "heavy 1 ; Depends: heavier",
            "heavier 1",
            "lonely 1 ; Depends: nowhere",
        ]);
        // (roots, excluded, what comes)
        let table: &[(&[&str], &[&str], &str)] = &[
            (&["base"], &[], "base"),
            (&["app"], &[], "amail app base heavier heavy helper lib new"),
            (&["app"], &["heavy", "helper"], "amail app base lib new"),
            (&["app"], &["mail-agent"], "app base helper lib new"),
            (&["zmail"], &[], "zmail"),
            (&["old", "helper"], &[], "helper old"),
            (&["helper"], &[], "helper old"),
            (&["other"], &["heavy"], "amail"),
            (&["lonely"], &["nowhere"], "lonely"),
            (&[], &[], ""),
        ];
        for (roots, exclude, expected) in table {
            let roots: Vec<String> = roots.iter().map(ToString::to_string).collect();
            let exclude = exclude.iter().map(ToString::to_string).collect();
            let names: Vec<&str> = index
                .closure(&roots, &exclude)
                .unwrap()
                .into_iter()
                .map(|package| package.package.as_str())
                .collect();
            assert_eq!(names.join(" "), *expected, "{roots:?}");
        }
        let missing = index.closure(&["lonely".to_owned()], &BTreeSet::new());
        assert_eq!(missing.unwrap_err(), "nowhere");
        assert_eq!(index.get("app").unwrap().version, "1.10", "the newest wins");
    }

    #[test]
    fn a_broken_stanza_is_named() {
        let text =
            "Package: x\nVersion: 1\nArchitecture: amd64\nFilename: f\nSize: big\nSHA256: 00\n";
        let error = Index::read("trixie", text.as_bytes()).unwrap_err();
        assert!(error.contains("`x`"), "{error}");
    }
}
