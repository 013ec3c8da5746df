//! Reports of drawn files, as a person and as a program reads them.

use std::path::PathBuf;

use serde_json::json;

use super::layout::{WIDTH, columns};
use super::*;
use crate::artifact::tests::elf_facts;
use crate::artifact::tests::sketch::{Sketch, attributes};
use crate::artifact::{BinaryFacts, Class, Endian, Format, Leak};
use crate::check::CheckId;

fn artifact(name: &str, facts: BinaryFacts) -> Artifact {
    Artifact {
        path: PathBuf::from(format!("/x/target/release/{name}")),
        size: 451_234,
        sha256: format!("3f9a{}c214", "0".repeat(56)),
        facts,
        leaks: Vec::new(),
    }
}

fn drawn(name: &str, sketch: &Sketch) -> Artifact {
    artifact(name, BinaryFacts::Elf(Box::new(elf_facts(sketch))))
}

fn report(artifact: Artifact, findings: Vec<Finding>) -> Report {
    Report {
        target: "aarch64-unknown-linux-gnu.2.17".to_owned(),
        hermetic: true,
        entries: vec![Entry {
            name: "hello".to_owned(),
            path: "target/aarch64-unknown-linux-gnu/release/hello".to_owned(),
            debug_info: None,
            artifact,
            floor: Some(GlibcVersion::new(2, 17)),
            libraries: Vec::new(),
            findings,
        }],
    }
}

fn finding(severity: Severity) -> Finding {
    Finding {
        id: CheckId::GlibcFloor,
        severity,
        message: "the file needs glibc 2.34, and the floor is 2.17".to_owned(),
        hint: "raise the floor".to_owned(),
        places: (0..9)
            .map(|number| format!("symbol{number}@GLIBC_2.34"))
            .collect(),
    }
}

#[test]
fn a_build_ends_with_a_few_lines_an_artefact() {
    let text = report(drawn("hello", &Sketch::default()), vec![]).text();
    snapbox::assert_data_eq!(
        text,
        snapbox::str![[r#"
  hello  target/aarch64-unknown-linux-gnu/release/hello
         451 KB · aarch64 · dynamic · needs glibc 2.17 ·
         /lib/ld-linux-aarch64.so.1 · libc.so.6 · sha256 3f9a…c214

"#]]
    );
    let text = report(drawn("hello", &Sketch::statically_linked()), vec![]).text();
    assert!(
        text.contains("451 KB · aarch64 · static · sha256 3f9a…c214"),
        "{text}"
    );
}

#[test]
fn the_packages_that_the_machine_must_have_are_named_once() {
    let library = |soname: &str, package: &str, direct| SystemLibrary {
        soname: soname.to_owned(),
        package: package.to_owned(),
        version: "1".to_owned(),
        suite: "bullseye".to_owned(),
        glibc: None,
        direct,
    };
    let mut report = report(drawn("hello", &Sketch::default()), vec![]);
    report.entries[0].libraries = vec![
        library("libssl.so.1.1", "libssl1.1", true),
        library("libcrypto.so.1.1", "libssl1.1", true),
        library("libz.so.1", "zlib1g", false),
    ];
    let text = report.text();
    assert!(
        text.contains("needs package libssl1.1 (bullseye)"),
        "{text}"
    );
    assert_eq!(
        report.json("1.96.0")["artifacts"][0]["packages"],
        json!([{
            "package": "libssl1.1",
            "version": "1",
            "suite": "bullseye",
            "libraries": ["libssl.so.1.1", "libcrypto.so.1.1"],
        }])
    );
    report.entries[0].libraries[2].direct = true;
    let text = report.text();
    assert!(
        text.contains("needs packages libssl1.1 zlib1g (bullseye)"),
        "{text}"
    );
}

#[test]
fn findings_stop_a_build_unless_they_are_allowed() {
    let fine = report(drawn("hello", &Sketch::default()), vec![]);
    assert!(fine.verdict().is_ok() && fine.findings_text().is_empty());
    let allowed = report(
        drawn("hello", &Sketch::default()),
        vec![finding(Severity::Allowed)],
    );
    assert!(allowed.verdict().is_ok() && allowed.findings_text().is_empty());
    assert!(
        allowed
            .text()
            .contains("allowed  glibc-floor: the file needs glibc 2.34")
    );
    let bad = report(
        drawn("hello", &Sketch::default()),
        vec![finding(Severity::Error)],
    );
    let error = bad.verdict().expect_err("a finding is an error");
    assert_eq!(error.kind(), Kind::Finding);
    snapbox::assert_data_eq!(
        bad.findings_text(),
        snapbox::str![[r#"
glibc-floor: `hello`: the file needs glibc 2.34, and the floor is 2.17
  where: symbol0@GLIBC_2.34
  where: symbol1@GLIBC_2.34
  where: symbol2@GLIBC_2.34
  where: symbol3@GLIBC_2.34
  where: symbol4@GLIBC_2.34
  where: symbol5@GLIBC_2.34
         and 3 more
   hint: raise the floor
         to let it pass: `--allow glibc-floor`, or `allow = ["glibc-floor"]`
         under [checks] in xbuild.toml

"#]]
    );
}

#[test]
fn the_build_report_is_json_of_version_1() {
    let mut report = report(
        drawn("hello", &Sketch::default()),
        vec![finding(Severity::Error)],
    );
    report.hermetic = false;
    let dwp = "target/aarch64-unknown-linux-gnu/release/hello.dwp";
    report.entries[0].debug_info = Some(dwp.to_owned());
    let expected = json!({
        "version": 1,
        "target": "aarch64-unknown-linux-gnu.2.17",
        "rust": "1.96.0",
        "hermetic": false,
        "ok": false,
        "artifacts": [{
            "path": "target/aarch64-unknown-linux-gnu/release/hello",
            "size": 451_234,
            "sha256": format!("3f9a{}c214", "0".repeat(56)),
            "format": "ELF",
            "arch": "aarch64",
            "bits": 64,
            "endian": "little",
            "kind": "PIE",
            "linkage": "dynamic",
            "interpreter": "/lib/ld-linux-aarch64.so.1",
            "needed": ["libc.so.6"],
            "glibc": { "needed": "2.17", "needed_strongly": "2.17", "floor": "2.17" },
            "name": "hello",
            "debug_info": "target/aarch64-unknown-linux-gnu/release/hello.dwp",
            "packages": [],
            "hermetic": false,
            "findings": [{
                "id": "glibc-floor",
                "allowed": false,
                "message": "the file needs glibc 2.34, and the floor is 2.17",
                "hint": "raise the floor",
                "where": finding(Severity::Error).places,
            }],
        }],
    });
    assert_eq!(report.json("1.96.0"), expected);
    assert!(report.text().contains("not hermetic"));
    assert!(
        report
            .text()
            .contains(&format!("debug information: {dwp}\n"))
    );
}

#[test]
fn an_inspected_file_is_described() {
    let list = b"\x06\x0a\x07A\x0a\x04\x1c\x01";
    let agent = drawn(
        "agent",
        &Sketch {
            class: Class::Elf32,
            machine: 40,
            flags: 0x0500_0400,
            interpreter: Some("/lib/ld-linux-armhf.so.3"),
            needed: vec![
                (
                    "libc.so.6",
                    vec![
                        ("GLIBC_2.4", false, vec![("puts", false)]),
                        ("GLIBC_2.17", false, vec![("clock_gettime", false)]),
                    ],
                ),
                (
                    "libm.so.6",
                    vec![("GLIBC_2.4", false, vec![("cos", false)])],
                ),
                (
                    "libgcc_s.so.1",
                    vec![
                        ("GCC_3.5", false, vec![("_Unwind_Resume", false)]),
                        ("GCC_3.0", false, vec![("_Unwind_Backtrace", false)]),
                    ],
                ),
            ],
            sections: vec![(".ARM.attributes", attributes(Endian::Little, "aeabi", list))],
            ..Sketch::default()
        },
    );
    snapbox::assert_data_eq!(
        inspect_text(&[agent]),
        snapbox::str![[r#"
agent   ELF 32-bit, ARM, EABI5 hard-float, ARMv7-A + VFPv3-D16, PIE, stripped
        interpreter  /lib/ld-linux-armhf.so.3
        needs        libc.so.6 (GLIBC_2.17), libm.so.6 (GLIBC_2.4),
                     libgcc_s.so.1 (GCC_3.5)
        runs on      glibc ≥ 2.17: Debian 8+, Ubuntu 14.04+, RHEL/CentOS 7+,
                     Fedora 22+
        hardening    RELRO full, stack not executable
        leaks        none
        size         451 KB
        sha256  3f9a00000000000000000000000000000000000000000000000000000000c214

"#]]
    );
}

#[test]
fn inspected_files_of_all_kinds_fit_the_width() {
    let mut leaky = drawn("a-program-with-a-long-name", &Sketch::statically_linked());
    leaky.leaks.push(Leak {
        what: "the home folder",
        offset: 0x41c20,
        text: "/home/al/src/main.rs".to_owned(),
        of: 1,
    });
    let shared = Sketch {
        interpreter: None,
        soname: Some("libx.so.1"),
        flags_1: 0,
        needed: vec![(
            "libc.so.6",
            vec![
                ("GLIBC_2.17", false, vec![("puts", false)]),
                ("GLIBC_2.34", true, vec![("x", true)]),
            ],
        )],
        unversioned: vec![("PyInit_x", false)],
        ..Sketch::default()
    };
    let files = [
        leaky,
        drawn("libx.so", &shared),
        artifact("x.exe", BinaryFacts::Other(Format::Pe)),
        artifact("notes", BinaryFacts::Other(Format::Unknown)),
    ];
    let text = inspect_text(&files);
    for line in text.lines() {
        assert!(columns(line) <= WIDTH, "{line}");
        assert_eq!(line.trim_end(), line);
    }
    for expected in [
        "a-program-with-a-long-name\n        ELF 64-bit, ARM 64-bit (aarch64), static-PIE, stripped\n",
        "runs on      any Linux of its architecture: it needs no library\n",
        "leaks        the home folder: 0x41c20 \"/home/al/src/main.rs\"\n",
        "soname       libx.so.1\n",
        "runs on      glibc ≥ 2.34 (older ones from 2.17 may do): Debian 12+",
        "unversioned  PyInit_x\n",
        "x.exe   PE (Windows), not described further\n",
    ] {
        assert!(text.contains(expected), "{expected}\n{text}");
    }
    let json = inspect_json(&files);
    assert_eq!(json["version"], 1);
    assert_eq!(json["files"][0]["leaks"][0]["offset"], 0x41c20);
    assert_eq!(json["files"][0]["linkage"], "static");
    assert_eq!(
        json["files"][1]["unversioned"]["strong"],
        json!(["PyInit_x"])
    );
    assert_eq!(json["files"][1]["versions"][0]["versions"][1]["weak"], true);
    assert_eq!(json["files"][1]["runs_on"][0], "Debian 12+");
    assert_eq!(json["files"][2]["format"], "PE (Windows)");
}
