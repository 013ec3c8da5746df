//! Facts with one fault each: the fault is found, and nothing else.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::*;
use crate::artifact::tests::elf_facts;
use crate::artifact::tests::sketch::{Sketch, attributes};
use crate::artifact::{Class, ElfFacts, Format, Leak, facts};
use crate::config::Origin;
use crate::target::{Floor, Table};

fn expectation(triple: &str) -> Expectation {
    let table = Table::embedded().expect("the table is whole");
    let floor = (triple != RISCV && triple != PPC && triple != S390).then_some(Floor::new(2, 17));
    let spec = TargetSpec::parse(&table, triple, floor).expect("a known target");
    let mut expected = Expectation::of(&spec, BTreeSet::new()).expect("its facts are understood");
    // Drawn files have this loader and floor, whatever their machine.
    if expected.libc == Libc::Glibc {
        expected.interpreter = Some("/lib/ld-linux-aarch64.so.1".to_owned());
        expected.floor = Some(GlibcVersion::new(2, 17));
    }
    expected
}

fn artifact(facts: BinaryFacts) -> Artifact {
    Artifact {
        path: PathBuf::from("hello"),
        size: 1,
        sha256: "00".repeat(32),
        facts,
        leaks: Vec::new(),
    }
}

fn of(elf: ElfFacts) -> Artifact {
    artifact(BinaryFacts::Elf(Box::new(elf)))
}

const GNU: &str = "aarch64-unknown-linux-gnu";
const MUSL: &str = "aarch64-unknown-linux-musl";
const RISCV: &str = "riscv64gc-unknown-linux-gnu";
const PPC: &str = "powerpc64le-unknown-linux-gnu";
const S390: &str = "s390x-unknown-linux-gnu";
const ARM: &str = "armv7-unknown-linux-gnueabihf";

/// Each finding as `id: message`.
fn found(sketch: &Sketch, triple: &str) -> Vec<String> {
    check(&of(elf_facts(sketch)), &expectation(triple))
        .into_iter()
        .map(|finding| format!("{}: {}", finding.id, finding.message))
        .collect()
}

#[test]
fn a_sound_file_passes() {
    assert_eq!(found(&Sketch::default(), GNU), [""; 0]);
    assert_eq!(found(&Sketch::statically_linked(), MUSL), [""; 0]);
    let origin = Sketch {
        runpath: Some("$ORIGIN/../lib:/usr/lib/x"),
        ..Sketch::default()
    };
    assert_eq!(found(&origin, GNU), [""; 0]);
}

#[test]
fn another_machine_is_found() {
    let host = Sketch {
        machine: 62,
        ..Sketch::default()
    };
    let expected = "architecture: the file is x86_64, 64-bit, little-endian, and \
                    aarch64-unknown-linux-gnu is aarch64, 64-bit, little-endian";
    assert_eq!(found(&host, GNU), [expected]);
    let big = Sketch {
        endian: Endian::Big,
        ..Sketch::default()
    };
    assert!(found(&big, GNU)[0].contains("64-bit, big-endian"));
    let other = check(&artifact(BinaryFacts::Other(Format::Pe)), &expectation(GNU));
    assert!(other[0].message.contains("PE (Windows)"));
}

#[test]
fn every_target_knows_its_own() {
    use Class::{Elf32, Elf64};
    use Endian::{Big, Little};
    for (triple, class, endian, machine, flags) in [
        (GNU, Elf64, Little, 183, 0),
        ("x86_64-unknown-linux-gnu", Elf64, Little, 62, 0),
        ("i686-unknown-linux-gnu", Elf32, Little, 3, 0),
        (ARM, Elf32, Little, 40, 0x0500_0400),
        ("riscv64gc-unknown-linux-gnu", Elf64, Little, 243, 5),
        ("s390x-unknown-linux-gnu", Elf64, Big, 22, 0),
        ("powerpc64le-unknown-linux-gnu", Elf64, Little, 21, 2),
    ] {
        let sketch = Sketch {
            class,
            endian,
            machine,
            flags,
            ..Sketch::default()
        };
        assert_eq!(found(&sketch, triple), [""; 0], "{triple}");
    }
}

#[test]
fn another_float_abi_or_processor_is_found() {
    let arm = |flags, list: &[u8]| Sketch {
        class: Class::Elf32,
        machine: 40,
        flags,
        sections: vec![(".ARM.attributes", attributes(Endian::Little, "aeabi", list))],
        ..Sketch::default()
    };
    let soft = "architecture: the file has soft float ABI, and the target has hard float ABI";
    let newer = "architecture: the file has code for ARMv8-A, and the target stops at ARMv7-A";
    for (flags, list, expected) in [
        (0x0500_0400, &b"\x06\x0a\x07A\x1c\x01"[..], None),
        (0x0500_0400, b"\x06\x05", None),
        (0x0500_0400, b"\x06\x0a\x1c\x03", None),
        (0x0500_0200, b"\x06\x0a", Some(soft)),
        (0x0500_0400, b"\x06\x0a\x1c\x00", Some(soft)),
        (0x0500_0200, b"\x06\x0a\x1c\x01", Some(soft)),
        (
            0x0500_0000,
            b"\x06\x0a",
            Some(
                "architecture: the file has an unstated float ABI, and the target has hard float ABI",
            ),
        ),
        (0x0500_0400, b"\x06\x0e\x1c\x01", Some(newer)),
        (0x0500_0400, b"\x06\x0b\x1c\x01", None),
    ] {
        let found = found(&arm(flags, list), ARM);
        let expected: Vec<&str> = expected.into_iter().collect();
        assert_eq!(found, expected, "{flags:#x} {list:?}");
    }
    let riscv = Sketch {
        machine: 243,
        flags: 1,
        ..Sketch::default()
    };
    let expected = "architecture: the file has soft float ABI, and the target has double float ABI";
    assert_eq!(found(&riscv, "riscv64gc-unknown-linux-gnu"), [expected]);
    let elf_v1 = Sketch {
        machine: 21,
        flags: 1,
        ..Sketch::default()
    };
    assert!(found(&elf_v1, "powerpc64le-unknown-linux-gnu")[0].contains("ELFv1"));
}

#[test]
fn a_dynamic_musl_program_is_found() {
    let message = "static: the program is dynamically linked, and a musl program should be static";
    let loader = Sketch {
        interpreter: Some("/lib/ld-musl-aarch64.so.1"),
        ..Sketch::statically_linked()
    };
    assert_eq!(found(&loader, MUSL), [message]);
    let library = Sketch {
        interpreter: None,
        ..Sketch::default()
    };
    assert_eq!(found(&library, MUSL), [message]);
    let shared = Sketch {
        interpreter: None,
        flags_1: 0,
        ..Sketch::default()
    };
    assert_eq!(found(&shared, MUSL), [""; 0]);
}

fn wanting(version: &'static str, weak: bool, symbol: &'static str) -> Sketch {
    Sketch {
        needed: vec![(
            "libc.so.6",
            vec![
                ("GLIBC_2.17", false, vec![("puts", false)]),
                (version, weak, vec![(symbol, weak)]),
            ],
        )],
        ..Sketch::default()
    }
}

#[test]
fn what_a_floor_has_not_is_found() {
    for (version, expected) in [
        (
            "GLIBC_2.18",
            Some("the file needs glibc 2.18, and the floor is 2.17"),
        ),
        ("GLIBC_2.4", None),
        ("GLIBC_2.2.5", None),
        ("GCC_4.2.0", None),
        (
            "GLIBC_PRIVATE",
            Some("the file uses glibc's private symbols, which change with each release"),
        ),
        (
            "GLIBC_ABI_DT_RELR",
            Some("the file needs GLIBC_ABI_DT_RELR, which came with glibc 2.36; the floor is 2.17"),
        ),
        (
            "GLIBC_ABI_OTHER",
            Some("the file needs GLIBC_ABI_OTHER, which glibc 2.17 may not have"),
        ),
    ] {
        for weak in [false, true] {
            let expected: Vec<String> = expected
                .iter()
                .map(|message| format!("glibc-floor: {message}"))
                .collect();
            assert_eq!(
                found(&wanting(version, weak, "x"), GNU),
                expected,
                "{version} {weak}"
            );
        }
    }
}

#[test]
fn the_symbols_that_need_a_release_are_named() {
    let sketch = Sketch {
        needed: vec![
            (
                "libm.so.6",
                vec![("GLIBC_2.29", false, vec![("exp", false), ("log", false)])],
            ),
            (
                "libc.so.6",
                vec![("GLIBC_2.34", true, vec![("pidfd_getpid", true)])],
            ),
        ],
        ..Sketch::default()
    };
    let findings = check(&of(elf_facts(&sketch)), &expectation(GNU));
    assert_eq!(findings.len(), 1);
    let expected = [
        "pidfd_getpid@GLIBC_2.34 (weak)",
        "exp@GLIBC_2.29",
        "log@GLIBC_2.29",
    ];
    assert_eq!(findings[0].places, expected);
    assert!(findings[0].hint.contains(".2.34"), "{}", findings[0].hint);
    assert!(findings[0].how_to_allow().contains("--allow glibc-floor"));
    // A floor that has it all is content.
    let mut expected = expectation(GNU);
    expected.floor = Some(GlibcVersion::new(2, 34));
    assert_eq!(check(&of(elf_facts(&sketch)), &expected), []);
}

#[test]
fn a_dropped_function_in_a_library_is_found() {
    let library = |unversioned| Sketch {
        interpreter: None,
        flags_1: 0,
        unversioned,
        ..Sketch::default()
    };
    let expected = "glibc-floor: the file calls `reallocarray`, which glibc 2.17 has not";
    assert_eq!(
        found(&library(vec![("reallocarray", false)]), GNU),
        [expected]
    );
    assert_eq!(found(&library(vec![("reallocarray", true)]), GNU), [""; 0]);
    assert_eq!(found(&library(vec![("PyInit_main", false)]), GNU), [""; 0]);
}

#[test]
fn folders_of_the_build_are_found() {
    let store = "/nix/store/0123456789abcdfghijklmnpqrsvwxyz-glibc/lib/ld-linux-aarch64.so.1";
    let loader = Sketch {
        interpreter: Some(store),
        ..Sketch::default()
    };
    assert!(found(&loader, GNU)[0].starts_with("interpreter: the loader is `/nix/store/"));
    for (folder, bad) in [
        ("$ORIGIN", false),
        ("${ORIGIN}/lib", false),
        ("/usr/lib/x", false),
        ("/lib64", false),
        ("/opt/x", false),
        ("$ORIGINAL", true),
        ("/nix/store/x/lib", true),
        ("/build/target/release", true),
        ("/home/al/lib", true),
        ("/usrlocal", true),
        ("lib", true),
        ("", true),
    ] {
        let runpath = Sketch {
            runpath: Some(folder),
            ..Sketch::default()
        };
        let rpath = Sketch {
            rpath: Some(folder),
            ..Sketch::default()
        };
        for sketch in [runpath, rpath] {
            let found = found(&sketch, GNU);
            assert_eq!(
                found.iter().any(|found| found.starts_with("runpath:")),
                bad,
                "{folder}"
            );
        }
    }
}

#[test]
fn an_executable_stack_is_found() {
    let stack = |stack| {
        found(
            &Sketch {
                stack,
                ..Sketch::default()
            },
            GNU,
        )
    };
    let expected = "exec-stack: the stack is executable, which hardened systems refuse";
    assert_eq!(stack(Some(7)), [expected]);
    assert_eq!(stack(None).len(), 1);
    assert_eq!(stack(Some(6)), [""; 0]);
}

#[test]
fn leaks_are_grouped_and_placed() {
    let sketch = Sketch {
        sections: vec![(".rodata", vec![b'x'; 40])],
        ..Sketch::default()
    };
    let elf = elf_facts(&sketch);
    let rodata = elf
        .sections
        .iter()
        .find(|section| section.name == ".rodata");
    let offset = rodata.expect("it was drawn").offset + 2;
    let leak = |what, offset, of| Leak {
        what,
        offset,
        text: "/home/al/x".to_owned(),
        of,
    };
    let mut artifact = of(elf);
    artifact.leaks = vec![
        leak("the home folder", offset, 9),
        leak("the home folder", 1, 9),
        leak("the project", 2, 1),
    ];
    let findings = check(&artifact, &expectation(GNU));
    let messages: Vec<_> = findings
        .iter()
        .map(|finding| finding.message.as_str())
        .collect();
    let expected = [
        "a path of the home folder is in the file, 9 times",
        "a path of the project is in the file, once",
    ];
    assert_eq!(messages, expected);
    let place = format!("section .rodata, offset {offset:#x}: \"/home/al/x\"");
    assert_eq!(
        findings[0].places,
        [place.as_str(), "offset 0x1: \"/home/al/x\""]
    );
}

#[test]
fn an_object_for_another_machine_in_a_library_is_found() {
    let object = Sketch {
        kind: 1,
        dynamic: false,
        machine: 62,
        ..Sketch::statically_linked()
    }
    .bytes();
    let header = format!(
        "{:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n",
        "a.o/",
        0,
        0,
        0,
        644,
        object.len()
    );
    let archive = [b"!<arch>\n", header.as_bytes(), &object].concat();
    let archive = facts(archive.as_slice()).expect("a sound archive");
    let findings = check(&artifact(archive.clone()), &expectation(GNU));
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].id, CheckId::Architecture);
    assert_eq!(
        check(&artifact(archive), &expectation("x86_64-unknown-linux-gnu")),
        []
    );
}

#[test]
fn what_is_allowed_is_still_told() {
    let mut expected = expectation(GNU);
    expected.allowed.insert(CheckId::ExecStack);
    let sketch = Sketch {
        stack: Some(7),
        runpath: Some("/nix/store/x"),
        ..Sketch::default()
    };
    let findings = check(&of(elf_facts(&sketch)), &expected);
    let told: Vec<_> = findings
        .iter()
        .map(|finding| (finding.id, finding.severity))
        .collect();
    let expected = [
        (CheckId::Runpath, Severity::Error),
        (CheckId::ExecStack, Severity::Allowed),
    ];
    assert_eq!(told, expected);
}

#[test]
fn ids_are_read_as_they_are_written() {
    for id in CheckId::ALL {
        assert_eq!(id.name().parse(), Ok(id));
        assert_eq!(serde_json::json!(id), serde_json::json!(id.name()));
    }
    let setting = |name: &str| Setting::new(name.to_owned(), Origin::Flag("--allow"));
    let both = allowed(&[setting("leak"), setting("static"), setting("leak")]);
    assert_eq!(
        both.expect("they are checks"),
        BTreeSet::from([CheckId::Leak, CheckId::Static])
    );
    let error = allowed(&[setting("leaks")]).expect_err("no such check");
    assert_eq!(error.kind(), Kind::Config);
    assert!(error.to_string().contains("`--allow`"), "{error}");
    let unknown = "glibc".parse::<CheckId>().expect_err("no such check");
    assert!(unknown.to_string().contains("glibc-floor"), "{unknown}");
}

#[test]
fn libraries_of_packages_hold_the_floor_too() {
    let library = |soname: &str, glibc: Option<(u32, u32)>| SystemLibrary {
        soname: soname.to_owned(),
        package: soname.replace(".so.", ""),
        version: "247.3-7".to_owned(),
        suite: "bullseye".to_owned(),
        glibc: glibc.map(|(major, minor)| GlibcVersion::new(major, minor)),
        direct: false,
    };
    let loaded = [
        library("libold.so.1", Some((2, 17))),
        library("libdata.so.1", None),
        library("libssl.so.1", Some((2, 25))),
        library("libudev.so.1", Some((2, 30))),
    ];
    let mut expected = expectation(GNU);
    assert_eq!(libraries(&loaded[..2], &expected), []);
    let findings = libraries(&loaded, &expected);
    let [finding] = &findings[..] else {
        panic!("{findings:?}");
    };
    assert_eq!(finding.id, CheckId::SystemLibraries);
    assert_eq!(finding.severity, Severity::Error);
    assert_eq!(
        finding.message,
        "`libudev.so.1` of bullseye's libudev1 247.3-7 needs glibc 2.30, and the floor is 2.17"
    );
    assert!(
        finding
            .hint
            .contains("--target aarch64-unknown-linux-gnu.2.30")
    );
    assert_eq!(
        finding.places,
        [
            "libudev.so.1 (libudev1): glibc 2.30",
            "libssl.so.1 (libssl1): glibc 2.25"
        ]
    );
    expected.allowed.insert(CheckId::SystemLibraries);
    assert_eq!(libraries(&loaded, &expected)[0].severity, Severity::Allowed);
    expected.floor = None;
    assert_eq!(libraries(&loaded, &expected), []);
}
