//! A small program on every target and floor.

use serde_json::json;
use xbuild::target::{Libc, Table};

use super::elf::elf;
use crate::support::{copied, turn_to_build, xbuild};

/// What Rust calls the processor, its width and order, and ELF's number.
fn processor(triple: &str) -> (&str, u8, &str, u16) {
    match triple.split('-').next().unwrap_or_default() {
        "x86_64" => ("x86_64", 64, "little", 62),
        "aarch64" => ("aarch64", 64, "little", 183),
        "armv7" => ("arm", 32, "little", 40),
        "i686" => ("x86", 32, "little", 3),
        "riscv64gc" => ("riscv64", 64, "little", 243),
        "s390x" => ("s390x", 64, "big", 22),
        "powerpc64le" => ("powerpc64", 64, "little", 21),
        other => panic!("{other} is new: say here what it is"),
    }
}

#[test]
fn it_builds_runs_and_tests_on_every_target() {
    let _building = turn_to_build();
    let hello = copied("examples/hello");
    let table = Table::embedded().expect("the table is whole");
    let targets = || {
        let triples = table.iter().map(|target| target.triple.as_str());
        triples.flat_map(|triple| ["--target", triple])
    };
    assert!(table.iter().count() >= 10);

    let built = xbuild()
        .cwd(hello.path())
        .args(["build", "--format=json"])
        .args(targets())
        .run()
        .ok();
    let reports = built.reports();
    assert_eq!(reports.len(), table.iter().count(), "{built}");

    for target in table.iter() {
        let (arch, bits, endian, machine) = processor(&target.triple);
        let file = hello.path().join("target");
        let facts = elf(&file.join(&target.triple).join("debug/hello"));
        assert_eq!(facts.machine, machine);
        assert_eq!(facts.bits, bits);
        assert_eq!(facts.big_endian, endian == "big");
        assert!(!facts.names_the_store);
        assert_eq!(facts.is_static(), target.libc == Libc::Musl, "{facts:?}");

        let ran = xbuild()
            .cwd(hello.path())
            .args(["run", "--target", &target.triple, "--", "--json", "a b"])
            .run()
            .ok();
        let expected = json!({
            "arch": arch, "os": "linux", "bits": bits, "endian": endian, "words": ["a b"],
        });
        assert_eq!(ran.json(), expected);
    }

    let tested = xbuild()
        .cwd(hello.path())
        .arg("test")
        .args(targets())
        .run()
        .ok();
    let passed = tested.stdout.matches("test result: ok. 2 passed").count();
    assert_eq!(passed, table.iter().count(), "{tested}");
}

#[test]
fn a_floor_holds_and_is_no_lower_than_asked_for() {
    let _building = turn_to_build();
    let witness = copied("tests/fixtures/witness");
    for triple in [
        "x86_64-unknown-linux-gnu",
        "aarch64-unknown-linux-gnu",
        "armv7-unknown-linux-gnueabihf",
        "i686-unknown-linux-gnu",
    ] {
        let mut needed = Vec::new();
        for minor in [17, 24, 28, 36] {
            let target = format!("{triple}.2.{minor}");
            xbuild()
                .cwd(witness.path())
                .args(["run", "--target", &target])
                .run()
                .ok();
            let file = format!("target/{triple}/debug/witness");
            let facts = elf(&witness.path().join(file));
            assert!(facts.glibc <= Some((2, minor)), "{target}: {facts:?}");
            needed.push(facts.glibc);
        }
        // 2.34 moved threads into libc: whoever links with it needs it.
        assert_eq!(needed.last(), Some(&Some((2, 34))), "{triple}");
        assert!(needed.is_sorted(), "{triple}: {needed:?}");
    }
}
