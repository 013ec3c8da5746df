//! `Packages` and `Sources`, and what is chosen from them.

use std::collections::BTreeSet;

use xbuild::pins::Index;
use xbuild::pins::resolve::resolve;

/// Packages that are asked for in turn; an index has many.
const ASKED: usize = 12;

pub fn holds(data: &[u8]) {
    if let Ok(sources) = Index::read_sources("trixie", data) {
        for name in sources.names() {
            let package = sources.get(name).expect("a name is a package's");
            assert_eq!(package.arch, "source");
        }
    }
    let Ok(index) = Index::read("trixie", data) else {
        return;
    };
    again(&index);
    let nothing = BTreeSet::new();
    let mut all = BTreeSet::new();
    for name in index.names().take(ASKED) {
        let roots = [name.to_owned()];
        if let Ok(closure) = index.closure(&roots, &nothing) {
            let names: Vec<&str> = closure.iter().map(|one| one.package.as_str()).collect();
            assert!(names.contains(&name));
            assert!(names.is_sorted() && names.len() <= index.names().count());
            // Nothing is missing from it: it needs no more than itself.
            let whole: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            assert_eq!(index.closure(&whole, &nothing), Ok(closure));
        }
        all.insert(name.to_owned());
        for asked in [&BTreeSet::from(roots), &all] {
            match resolve(&index, asked, &BTreeSet::new()) {
                Ok(chosen) => {
                    let names: BTreeSet<&str> =
                        chosen.iter().map(|one| one.package.as_str()).collect();
                    assert_eq!(names.len(), chosen.len());
                    assert!(asked.iter().all(|name| names.contains(name.as_str())));
                }
                Err(fault) => assert!(!format!("{fault:?}").is_empty()),
            }
        }
    }
}

/// Printed from what was read, it is read the same.
fn again(index: &Index) {
    let mut text = String::new();
    for name in index.names() {
        let package = index.get(name).expect("a name is a package's");
        assert_eq!(package.package, name);
        for (field, value) in [
            ("Package", &package.package),
            ("Version", &package.version),
            ("Architecture", &package.arch),
            ("Filename", &package.path),
            ("Size", &package.size.to_string()),
            ("SHA256", &package.sha256.to_hex()),
        ] {
            text.push_str(&format!("{field}: {}\n", value.replace('\n', "\n ")));
        }
        text.push('\n');
    }
    let again = Index::read("trixie", text.as_bytes()).expect("what is printed can be read");
    assert!(again.names().eq(index.names()));
    for name in index.names() {
        assert_eq!(again.get(name), index.get(name));
    }
}
