//! The packages of one suite and architecture, and what a package needs. [pure]

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::BufRead;

use super::hash::Sha256;
use super::pinned::Package;
use super::stanza::{Stanza, Stanzas};
use super::version;

/// What is read of each package.
const FIELDS: &[&str] = &[
    "Package",
    "Version",
    "Architecture",
    "Provides",
    "Pre-Depends",
    "Depends",
    "Filename",
    "Size",
    "SHA256",
];

/// A `Packages` index, the newest version of each package alone.
#[derive(Debug, Clone, Default)]
pub struct Index {
    packages: BTreeMap<String, Entry>,
    /// Virtual package → the real ones that provide it.
    provided: BTreeMap<String, BTreeSet<String>>,
}

#[derive(Debug, Clone)]
struct Entry {
    package: Package,
    /// `Pre-Depends` and `Depends`: each is a list of alternatives.
    needs: Vec<Vec<String>>,
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

    fn add(&mut self, suite: &str, name: &str, stanza: &Stanza) -> Result<(), String> {
        for provided in alternatives(stanza.get("Provides")).flatten() {
            self.provided
                .entry(provided)
                .or_default()
                .insert(name.to_owned());
        }
        let version = stanza.need("Version")?;
        let newer =
            |known: &Entry| version::compare(version, &known.package.version) == Ordering::Greater;
        if !self.packages.get(name).is_none_or(newer) {
            return Ok(());
        }
        let size = stanza.need("Size")?;
        let package = Package {
            arch: stanza.need("Architecture")?.to_owned(),
            package: name.to_owned(),
            path: stanza.need("Filename")?.to_owned(),
            sha256: stanza
                .need("SHA256")?
                .parse::<Sha256>()
                .map_err(|error| error.to_string())?,
            size: size
                .parse()
                .map_err(|_| format!("has an odd size `{size}`"))?,
            suite: suite.to_owned(),
            version: version.to_owned(),
        };
        let before = alternatives(stanza.get("Pre-Depends"));
        let needs = before.chain(alternatives(stanza.get("Depends"))).collect();
        self.packages
            .insert(name.to_owned(), Entry { package, needs });
        Ok(())
    }

    /// The newest version of a package.
    pub fn get(&self, name: &str) -> Option<&Package> {
        self.packages.get(name).map(|entry| &entry.package)
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
            for any in &entry.needs {
                let satisfied = any.iter().any(|one| chosen.contains_key(one.as_str()));
                if let Some(first) = any.first().filter(|_| !satisfied) {
                    queue.push_back(first);
                }
            }
        }
        Ok(chosen.into_values().collect())
    }
}

/// `a (>= 1) | b:any, c [arch]` → `[[a, b], [c]]`.
fn alternatives(field: Option<&str>) -> impl Iterator<Item = Vec<String>> + '_ {
    let name = |one: &str| {
        let end = one.find([' ', '\n', '(', '[', ':']).unwrap_or(one.len());
        one[..end].to_owned()
    };
    field
        .unwrap_or_default()
        .split(',')
        .map(move |any| {
            let names = any.split('|').map(|one| name(one.trim()));
            names.filter(|one| !one.is_empty()).collect::<Vec<_>>()
        })
        .filter(|any| !any.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An index from lines of `name version | field: value | …`.
    fn index(lines: &[&str]) -> Index {
        let mut text = String::new();
        for line in lines {
            let mut parts = line.split(" ; ");
            let (name, version) = parts.next().unwrap().split_once(' ').unwrap();
            let hash = Sha256::of(line.as_bytes());
            text.push_str(&format!(
                "Package: {name}\nVersion: {version}\nArchitecture: amd64\nFilename: pool/{name}_{version}.deb\nSize: 7\nSHA256: {hash}\n"
            ));
            parts.for_each(|field| text.push_str(&format!("{field}\n")));
            text.push('\n');
        }
        Index::read("trixie", text.as_bytes()).unwrap()
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
