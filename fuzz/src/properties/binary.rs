//! Programs, libraries and archives: ELF, and what is only recognised.

use std::collections::BTreeSet;
use std::io::Cursor;
use std::path::PathBuf;

use object::read::ReadCache;
use xbuild::artifact::{Artifact, BinaryFacts, facts, needles, scan};
use xbuild::check::{Expectation, check};
use xbuild::report::{inspect_json, inspect_text};
use xbuild::target::{Table, TargetSpec};

pub fn holds(data: &[u8]) {
    let found = facts(data);
    // Read on demand, as a file is, it says the same.
    let cache = ReadCache::new(Cursor::new(data));
    assert_eq!(facts(&cache), found);

    let folder = PathBuf::from("/home/al");
    let needles = needles([(folder.as_path(), "the home folder")]);
    let scanned = scan(data, &needles).expect("memory can be read");
    assert_eq!(scanned.size, data.len() as u64);
    for leak in &scanned.leaks {
        assert!(leak.offset < scanned.size);
    }
    let Ok(found) = found else {
        return;
    };
    match &found {
        BinaryFacts::Elf(elf) => {
            // Facts are of the file, so there cannot be more than it has room
            // for: a section header is 40 bytes, a symbol 16, a name 1.
            assert!(elf.sections.len() <= data.len() / 40);
            assert!(elf.unversioned.len() <= data.len() / 16);
            assert!(elf.needed.len() <= data.len() / 8);
            assert!(elf.compilers.iter().map(String::len).sum::<usize>() <= 3 * data.len());
        }
        BinaryFacts::Archive(archive) => {
            assert!(archive.members <= data.len() / 60 + 1);
            assert!(archive.objects <= archive.members);
        }
        BinaryFacts::Other(_) => {}
    }
    let artifact = Artifact {
        path: PathBuf::from("hello"),
        size: scanned.size,
        sha256: scanned.sha256,
        facts: found,
        leaks: scanned.leaks,
    };
    let files = [artifact];
    let text = inspect_text(&files);
    assert!(text.len() <= 4096 + 16 * data.len());
    inspect_json(&files);
    let table = Table::embedded().expect("the table is part of the program");
    for triple in [
        "aarch64-unknown-linux-gnu.2.17",
        "armv7-unknown-linux-musleabihf",
    ] {
        let spec = TargetSpec::parse(&table, triple, None).expect("it is in the table");
        let expected = Expectation::of(&spec, BTreeSet::new()).expect("the checks know its words");
        check(&files[0], &expected);
    }
}
