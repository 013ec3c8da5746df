//! Facts of drawn and of real files; what is broken is refused.

mod damage;
pub(crate) mod sketch;

use std::path::Path;

use super::*;
use sketch::{Sketch, attributes, note};

/// The facts of a drawn file, which must be sound.
pub(crate) fn elf_facts(sketch: &Sketch) -> ElfFacts {
    match facts(sketch.bytes().as_slice()) {
        Ok(BinaryFacts::Elf(elf)) => *elf,
        other => panic!("not an ELF file: {other:?}"),
    }
}

#[test]
fn each_machine_is_told_by_header_and_flags() {
    use Class::{Elf32, Elf64};
    use Endian::{Big, Little};
    let draw = |class, endian, machine, flags| {
        let elf = elf_facts(&Sketch {
            class,
            endian,
            machine,
            flags,
            ..Sketch::default()
        });
        assert_eq!((elf.class, elf.endian, elf.flags), (class, endian, flags));
        assert_eq!(elf.kind, ElfKind::Pie);
        assert_eq!(elf.glibc(), Some(GlibcVersion::new(2, 17)));
        (
            elf.machine.name(),
            elf.float,
            elf.arm_eabi,
            elf.ppc64_abi,
            elf.rvc,
        )
    };
    let name = |name: &str| name.to_owned();
    for (drawn, expected) in [
        (
            draw(Elf64, Little, 183, 0),
            (name("aarch64"), None, None, None, false),
        ),
        (
            draw(Elf64, Little, 62, 0),
            (name("x86_64"), None, None, None, false),
        ),
        (
            draw(Elf32, Little, 3, 0),
            (name("i386"), None, None, None, false),
        ),
        (
            draw(Elf32, Little, 40, 0x0500_0400),
            (name("arm"), Some(Float::Hard), Some(5), None, false),
        ),
        (
            draw(Elf32, Big, 40, 0x0500_0200),
            (name("arm"), Some(Float::Soft), Some(5), None, false),
        ),
        (
            draw(Elf32, Little, 40, 0x0500_0000),
            (name("arm"), None, Some(5), None, false),
        ),
        (
            draw(Elf64, Little, 243, 5),
            (name("riscv64"), Some(Float::Double), None, None, true),
        ),
        (
            draw(Elf32, Little, 243, 2),
            (name("riscv32"), Some(Float::Single), None, None, false),
        ),
        (
            draw(Elf64, Big, 22, 0),
            (name("s390x"), None, None, None, false),
        ),
        (
            draw(Elf64, Little, 21, 2),
            (name("ppc64"), None, None, Some(2), false),
        ),
        (
            draw(Elf64, Little, 9999, 0),
            (name("machine 9999"), None, None, None, false),
        ),
    ] {
        assert_eq!(drawn, expected);
    }
}

#[test]
fn kinds_follow_loader_marks_and_names() {
    let check = |sketch: Sketch, expected| assert_eq!(elf_facts(&sketch).kind, expected);
    let loader = Some("/lib/ld.so");
    check(Sketch::default(), ElfKind::Pie);
    check(
        Sketch {
            kind: 2,
            ..Sketch::default()
        },
        ElfKind::Executable,
    );
    check(Sketch::statically_linked(), ElfKind::StaticPie);
    check(
        Sketch {
            kind: 2,
            ..Sketch::statically_linked()
        },
        ElfKind::Static,
    );
    check(
        Sketch {
            kind: 2,
            dynamic: false,
            ..Sketch::statically_linked()
        },
        ElfKind::Static,
    );
    check(
        Sketch {
            flags_1: 0,
            interpreter: loader,
            ..Sketch::default()
        },
        ElfKind::Pie,
    );
    check(
        Sketch {
            flags_1: 0,
            interpreter: None,
            ..Sketch::default()
        },
        ElfKind::SharedLibrary,
    );
    // Like libc.so.6, which prints its version when it is started.
    check(
        Sketch {
            flags_1: 0,
            interpreter: loader,
            soname: Some("libx.so.1"),
            ..Sketch::default()
        },
        ElfKind::SharedLibrary,
    );
    check(
        Sketch {
            kind: 1,
            dynamic: false,
            ..Sketch::statically_linked()
        },
        ElfKind::Relocatable,
    );
    check(
        Sketch {
            kind: 4,
            ..Sketch::statically_linked()
        },
        ElfKind::Core,
    );
    check(
        Sketch {
            kind: 77,
            ..Sketch::default()
        },
        ElfKind::Other(77),
    );
}

fn linking() -> Sketch {
    Sketch {
        needed: vec![
            (
                "libm.so.6",
                vec![("GLIBC_2.4", false, vec![("cos", false)])],
            ),
            ("libz.so.1", vec![]),
            (
                "libc.so.6",
                vec![
                    ("GLIBC_2.2.5", false, vec![("puts", false)]),
                    ("GLIBC_2.28", true, vec![("statx", true)]),
                ],
            ),
        ],
        unversioned: vec![("reallocarray", false), ("gettid", true)],
        soname: Some("libmine.so.2"),
        runpath: Some("$ORIGIN/../lib:/nix/store/x/lib"),
        rpath: Some("/opt/x"),
        flags_1: 0,
        ..Sketch::default()
    }
}

#[test]
fn the_dynamic_segment_is_read_whole() {
    for section_headers in [true, false] {
        for (class, endian) in [
            (Class::Elf64, Endian::Little),
            (Class::Elf64, Endian::Big),
            (Class::Elf32, Endian::Little),
            (Class::Elf32, Endian::Big),
        ] {
            let elf = elf_facts(&Sketch {
                class,
                endian,
                section_headers,
                ..linking()
            });
            assert_eq!(elf.soname.as_deref(), Some("libmine.so.2"));
            assert_eq!(elf.runpath, ["$ORIGIN/../lib", "/nix/store/x/lib"]);
            assert_eq!(elf.rpath, ["/opt/x"]);
            let names: Vec<_> = elf
                .needed
                .iter()
                .map(|library| library.name.as_str())
                .collect();
            assert_eq!(names, ["libm.so.6", "libz.so.1", "libc.so.6"]);
            assert_eq!(elf.glibc(), Some(GlibcVersion::new(2, 28)));
            assert_eq!(elf.glibc_strong(), Some(GlibcVersion::new(2, 4)));
            let statx = &elf.needed[2].versions[1];
            assert!(statx.weak);
            assert_eq!(
                statx.symbols,
                [Symbol {
                    name: "statx".to_owned(),
                    weak: true
                }]
            );
            assert_eq!(
                elf.unversioned,
                [
                    Symbol {
                        name: "gettid".to_owned(),
                        weak: true
                    },
                    Symbol {
                        name: "reallocarray".to_owned(),
                        weak: false
                    },
                ]
            );
            assert_eq!(elf.relro, Relro::Partial);
            assert_eq!(elf.sections.is_empty(), !section_headers);
        }
    }
}

#[test]
fn the_stack_and_relro_are_told() {
    let check = |stack, relro, flags_1, expected| {
        let elf = elf_facts(&Sketch {
            stack,
            relro,
            flags_1,
            ..Sketch::default()
        });
        assert_eq!((elf.exec_stack, elf.relro), expected);
    };
    check(Some(6), true, 1, (Some(false), Relro::Full));
    check(Some(7), true, 0, (Some(true), Relro::Partial));
    check(None, false, 1, (None, Relro::None));
}

#[test]
fn notes_and_comments_are_read() {
    for endian in [Endian::Little, Endian::Big] {
        let word = |value: u32| match endian {
            Endian::Little => value.to_le_bytes(),
            Endian::Big => value.to_be_bytes(),
        };
        let tag = [word(0), word(3), word(2), word(1)].concat();
        let mut isa = [word(0xc000_8002), word(4), word(3)].concat();
        isa.extend([0; 4]);
        let notes = [
            note(endian, 3, &[0xab, 0x01, 0xff, 0x10]),
            note(endian, 1, &tag),
            note(endian, 5, &isa),
        ]
        .concat();
        let comment = b"rustc version 1.96.0\0Linker: LLD 22\0rustc version 1.96.0\0".to_vec();
        let elf = elf_facts(&Sketch {
            endian,
            machine: 62,
            notes,
            sections: vec![(".comment", comment), (".debug_info", vec![1])],
            ..Sketch::default()
        });
        assert_eq!(elf.build_id.as_deref(), Some("ab01ff10"));
        assert_eq!(elf.minimum_kernel, Some((3, 2, 1)));
        assert_eq!(elf.x86_isa, Some("x86-64-v2"));
        assert_eq!(elf.compilers, ["rustc version 1.96.0", "Linker: LLD 22"]);
        assert!(elf.debug && !elf.is_stripped());
        let debug = elf
            .sections
            .iter()
            .find(|section| section.name == ".debug_info");
        let debug = debug.expect("it was drawn");
        assert_eq!(elf.section_at(debug.offset), Some(".debug_info"));
        assert_eq!(elf.section_at(debug.offset + 1), None);
    }
}

#[test]
fn arm_and_riscv_attributes_are_read() {
    for endian in [Endian::Little, Endian::Big] {
        // Tag_CPU_name, Tag_CPU_arch, profile A, Thumb-2, VFPv3-D16, NEON,
        // Tag_compatibility (a number and a text), VFP arguments.
        let list = b"\x05cortex-a9\0\x06\x0a\x07A\x09\x02\x0a\x04\x0c\x01\x20\x00gnu\0\x1c\x01";
        let arm = elf_facts(&Sketch {
            class: Class::Elf32,
            endian,
            machine: 40,
            sections: vec![(".ARM.attributes", attributes(endian, "aeabi", list))],
            ..Sketch::default()
        });
        let arm = arm.arm.expect("attributes were drawn");
        assert_eq!(arm.cpu_name.as_deref(), Some("cortex-a9"));
        assert_eq!(arm.architecture().as_deref(), Some("ARMv7-A"));
        assert_eq!(arm.floating_point(), Some("VFPv3-D16"));
        assert_eq!((arm.thumb, arm.simd), (Some(true), Some(1)));
        assert_eq!(arm.vfp_args, Some(VfpArgs::Vfp));

        let list = b"\x04\x10\x05rv64i2p1_m2p0\0";
        let riscv = elf_facts(&Sketch {
            endian,
            machine: 243,
            sections: vec![(".riscv.attributes", attributes(endian, "riscv", list))],
            ..Sketch::default()
        });
        assert_eq!(riscv.riscv_isa.as_deref(), Some("rv64i2p1_m2p0"));
    }
}

#[test]
fn archives_are_summed_up() {
    let member = |name: &str, contents: &[u8]| {
        let mut bytes = format!(
            "{name:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n",
            0,
            0,
            0,
            644,
            contents.len()
        )
        .into_bytes();
        bytes.extend(contents);
        bytes.resize(bytes.len().next_multiple_of(2), b'\n');
        bytes
    };
    let object = |machine| {
        Sketch {
            kind: 1,
            machine,
            dynamic: false,
            // An odd length leaves the next member at an odd place for ELF.
            sections: vec![(".comment", b"clang\0".to_vec())],
            ..Sketch::statically_linked()
        }
        .bytes()
    };
    let archive = [
        b"!<arch>\n".to_vec(),
        member("a.txt/", b"odd"),
        member("b.o/", &object(183)),
        member("c.o/", &object(62)),
        member("d.o/", &object(183)),
    ]
    .concat();
    let Ok(BinaryFacts::Archive(found)) = facts(archive.as_slice()) else {
        panic!("not an archive");
    };
    assert_eq!((found.members, found.objects, found.thin), (4, 3, false));
    let machines: Vec<_> = found
        .machines
        .iter()
        .map(|(machine, ..)| machine.name())
        .collect();
    assert_eq!(machines, ["aarch64", "x86_64"]);
    assert_eq!(found.compilers, ["clang"]);
}

#[test]
fn other_formats_are_named_only() {
    let check = |bytes: &[u8], expected| {
        assert_eq!(facts(bytes), Ok(BinaryFacts::Other(expected)));
    };
    check(b"MZ\x90\0", Format::Pe);
    check(b"\xcf\xfa\xed\xfe\x07\0\0\x01", Format::MachO);
    check(b"\xca\xfe\xba\xbe\0\0\0\x02", Format::MachOUniversal);
    check(b"\xca\xfe\xba\xbe\0\0\0\x34", Format::Unknown);
    check(b"\0asm\x01\0\0\0", Format::Wasm);
    check(b"#!/bin/sh\n", Format::Script);
    check(b"hello", Format::Unknown);
    check(b"", Format::Unknown);
}

#[test]
fn real_files_are_read() {
    // Its headers alone: it is large, and reading all of it takes seconds
    // without optimisation.
    let path = std::env::current_exe().expect("a test has a path");
    let file = std::fs::File::open(path).expect("it is there");
    let Ok(BinaryFacts::Elf(elf)) = facts(&object::read::ReadCache::new(file)) else {
        panic!("tests run on Linux, and a linker made them");
    };
    assert_eq!(elf.machine.name(), std::env::consts::ARCH);
    assert_eq!(u32::from(elf.class.bits()), usize::BITS);
    assert!(elf.kind.is_program() && elf.is_dynamic() && elf.symbols);

    let busybox = Path::new(env!("CARGO_MANIFEST_DIR")).join("nix/seed/busybox");
    let busybox = read(&busybox, &[Needle::nix_store()]).expect("a linker made it");
    let BinaryFacts::Elf(elf) = &busybox.facts else {
        panic!("busybox is an ELF file");
    };
    assert_eq!((elf.kind, elf.is_dynamic()), (ElfKind::Static, false));
    assert_eq!(elf.machine, Machine::X86_64);
    assert!(elf.is_stripped() && busybox.leaks.is_empty());
    let size = std::fs::metadata(&busybox.path).expect("it is there").len();
    assert_eq!((busybox.size, busybox.sha256.len()), (size, 64));
}

#[test]
fn what_cannot_be_read_is_named() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let missing = read(&folder.path().join("none"), &[]).expect_err("it is not there");
    assert!(missing.to_string().contains("none"), "{missing}");
    let not_file = read(folder.path(), &[]).expect_err("a folder is no file");
    assert!(not_file.to_string().contains("regular file"), "{not_file}");
    let broken = folder.path().join("broken");
    std::fs::write(&broken, &Sketch::default().bytes()[..100]).expect("it can be written");
    let broken = read(&broken, &[]).expect_err("it is cut short");
    assert_eq!(broken.kind(), crate::error::Kind::Finding);
}
