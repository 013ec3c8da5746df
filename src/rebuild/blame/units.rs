//! In how many codegen units a crate was compiled, as what was compiled of it
//! tells. [pure]
//!
//! Rustc names a unit `CRATE.HASH-cgu.NUMBER`. Each is an object of its own,
//! which bears the name: as a member of a library, in front of `.rcgu.o`; in a
//! program as the name of a source file, unless its symbols were stripped.

use std::collections::{BTreeMap, BTreeSet};

use object::read::archive::ArchiveFile;
use object::{Object, ObjectSymbol, SymbolKind};

/// A crate that was compiled in another number of units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Units {
    pub krate: String,
    pub first: usize,
    pub second: usize,
}

/// The first crate in two files that is in another number of units.
pub fn differing(first: &[u8], second: &[u8]) -> Option<Units> {
    let (ours, theirs) = (units(first), units(second));
    ours.into_iter().find_map(|(of, ours)| {
        let (first, second) = (ours.len(), theirs.get(&of)?.len());
        let krate = of.split('.').next()?.to_owned();
        (first != second).then_some(Units {
            krate,
            first,
            second,
        })
    })
}

/// The numbers of the units in a file, by crate and its hash.
fn units(data: &[u8]) -> BTreeMap<String, BTreeSet<String>> {
    let mut units: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut add = |name: &[u8]| {
        if let Some((of, number)) = std::str::from_utf8(name).ok().and_then(unit) {
            units.entry(of).or_default().insert(number);
        }
    };
    if let Ok(archive) = ArchiveFile::parse(data) {
        for member in archive.members().flatten() {
            add(member.name());
        }
    } else if let Ok(file) = object::File::parse(data) {
        for symbol in file.symbols().filter(|one| one.kind() == SymbolKind::File) {
            add(symbol.name_bytes().unwrap_or_default());
        }
    }
    units
}

/// `hello-0f….hello.1a…-cgu.02.rcgu.o` → `hello.1a…` and `02`.
fn unit(name: &str) -> Option<(String, String)> {
    let name = name.strip_suffix(".rcgu.o").unwrap_or(name);
    let (of, number) = name.split_once("-cgu.")?;
    let (before, hash) = of.rsplit_once('.')?;
    let krate = before.rsplit_once('.').map_or(before, |(_, krate)| krate);
    Some((format!("{krate}.{hash}"), number.to_owned()))
}

/// A library with members of these names.
#[cfg(test)]
pub fn library(members: &[&str]) -> Vec<u8> {
    let mut builder = ar::Builder::new(Vec::new());
    for name in members {
        let header = ar::Header::new(name.as_bytes().to_vec(), 1);
        builder.append(&header, &b"x"[..]).unwrap();
    }
    builder.into_inner().unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_told_from_what_else_is_in_a_library() {
        for (name, expected) in [
            ("a_b-01.a_b.12ef-cgu.0.rcgu.o", Some(("a_b.12ef", "0"))),
            ("a_b.12ef-cgu.13", Some(("a_b.12ef", "13"))),
            ("lib.rmeta", None),
            ("stamp.o", None),
            ("0m55obd6y39de4fdzoga8wzcw", None),
            ("-cgu.", None),
        ] {
            let expected = expected.map(|(of, number)| (of.to_owned(), number.to_owned()));
            assert_eq!(unit(name), expected, "{name}");
        }
    }

    #[test]
    fn a_crate_of_another_number_of_units_is_found() {
        let (a0, a1) = ("a-01.a.1f-cgu.0.rcgu.o", "a-01.a.1f-cgu.1.rcgu.o");
        let b0 = "b-02.b.2f-cgu.0.rcgu.o";
        let two = library(&["lib.rmeta", b0, a0, a1]);
        let one = library(&["lib.rmeta", b0, a0]);
        let found = differing(&two, &one).unwrap();
        assert_eq!((&*found.krate, found.first, found.second), ("a", 2, 1));
        assert_eq!(differing(&two, &two), None);
        // What is missing altogether was not compiled in another number.
        assert_eq!(differing(&two, &library(&[b0])), None);
        assert_eq!(differing(b"", b"no object"), None);
    }
}
