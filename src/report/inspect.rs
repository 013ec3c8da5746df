//! `xbuild inspect`: what `file`, `ldd` and `readelf` would tell. [pure]

use std::path::Path;

use serde_json::{Value, json};

use super::json::{VERSION, common};
use super::layout::{columns, fill, paragraph, size};
use crate::artifact::{
    ArchiveFacts, Artifact, BinaryFacts, ElfFacts, ElfKind, GlibcVersion, Machine, Needed, Version,
};
use crate::target::Floor;

/// Columns before each line of facts.
const INDENT: usize = 8;
/// Columns of the label before each fact.
const LABEL: usize = 13;
/// Undefined symbols and compilers that are shown; the JSON has all.
const SHOWN: usize = 8;

/// One block a file.
pub fn text(artifacts: &[Artifact]) -> String {
    let blocks: Vec<String> = artifacts.iter().map(block).collect();
    blocks.join("\n")
}

/// `{"version": 1, "files": […]}`.
pub fn json(artifacts: &[Artifact]) -> Value {
    let files: Vec<Value> = artifacts.iter().map(file).collect();
    json!({ "version": VERSION, "files": files })
}

fn block(artifact: &Artifact) -> String {
    // A short name stands before its file's headline, a long one above it.
    let name = name(&artifact.path);
    let (mut text, lead) = if columns(&name) <= INDENT - 2 {
        (String::new(), format!("{name:INDENT$}"))
    } else {
        (format!("{name}\n"), " ".repeat(INDENT))
    };
    let mut lines = Lines::default();
    match &artifact.facts {
        BinaryFacts::Elf(elf) => {
            text.push_str(&fill(&lead, ",", &headline(elf)));
            describe(elf, &mut lines);
        }
        BinaryFacts::Archive(archive) => {
            text.push_str(&fill(&lead, ",", &archive_headline(archive)));
            lines.list("compilers", "", &some(&archive.compilers));
        }
        BinaryFacts::Other(format) => {
            let words = match format {
                crate::artifact::Format::Unknown => vec![format.name().to_owned()],
                known => vec![known.name().to_owned(), "not described further".to_owned()],
            };
            text.push_str(&fill(&lead, ",", &words));
        }
    }
    if artifact.leaks.is_empty() {
        lines.line("leaks", "none");
    }
    for leak in &artifact.leaks {
        lines.line(
            "leaks",
            &format!("{}: {:#x} \"{}\"", leak.what, leak.offset, leak.text),
        );
    }
    lines.line("size", &size(artifact.size));
    text.push_str(&lines.text);
    // With this indent a whole hash ends at the last column.
    text.push_str(&format!("{:INDENT$}sha256  {}\n", "", artifact.sha256));
    text
}

/// The lines under a file's headline: a label and facts.
#[derive(Default)]
struct Lines {
    text: String,
}

impl Lines {
    fn line(&mut self, label: &str, fact: &str) {
        self.text.push_str(&paragraph(&labelled(label), fact));
    }

    fn list(&mut self, label: &str, separator: &str, facts: &[String]) {
        if !facts.is_empty() {
            self.text
                .push_str(&fill(&labelled(label), separator, facts));
        }
    }
}

fn labelled(label: &str) -> String {
    format!("{:INDENT$}{label:LABEL$}", "")
}

fn name(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}

fn headline(elf: &ElfFacts) -> Vec<String> {
    let mut words = vec![format!("ELF {}-bit", elf.class.bits()), machine_name(elf)];
    if elf.endian == crate::artifact::Endian::Big {
        words.push("big-endian".to_owned());
    }
    if let Some(eabi) = elf.arm_eabi {
        let float = elf
            .float
            .map_or_else(String::new, |float| format!(" {}-float", float.name()));
        words.push(format!("EABI{eabi}{float}"));
    } else if let Some(float) = elf.float {
        words.push(format!("{}-float ABI", float.name()));
    }
    if let Some(arm) = &elf.arm
        && let Some(architecture) = arm.architecture()
    {
        let unit = arm
            .floating_point()
            .map_or_else(String::new, |unit| format!(" + {unit}"));
        let neon = if arm.simd.is_some_and(|simd| simd > 0) {
            " + NEON"
        } else {
            ""
        };
        words.push(format!("{architecture}{unit}{neon}"));
    }
    if elf.rvc {
        words.push("compressed instructions".to_owned());
    }
    words.extend(
        elf.ppc64_abi
            .filter(|abi| *abi != 0)
            .map(|abi| format!("ELFv{abi}")),
    );
    words.extend(elf.x86_isa.map(|isa| format!("needs {isa}")));
    words.push(elf.kind.name());
    if elf.kind.is_linked() {
        let state = match (elf.symbols, elf.debug) {
            (_, true) => "with debug information",
            (true, false) => "not stripped",
            (false, false) => "stripped",
        };
        words.push(state.to_owned());
    }
    words
}

fn archive_headline(archive: &ArchiveFacts) -> Vec<String> {
    let kind = if archive.thin {
        "thin archive"
    } else {
        "archive"
    };
    let mut words = vec![
        kind.to_owned(),
        format!("{} members", archive.members),
        format!("{} ELF objects", archive.objects),
    ];
    words.extend(archive.machines.iter().map(|(machine, class, endian)| {
        format!("{machine} {}-bit {}-endian", class.bits(), endian.name())
    }));
    words
}

fn machine_name(elf: &ElfFacts) -> String {
    match elf.machine {
        Machine::Aarch64 => "ARM 64-bit (aarch64)".to_owned(),
        Machine::Arm => "ARM".to_owned(),
        Machine::I386 => "x86 (i386)".to_owned(),
        Machine::X86_64 => "x86-64".to_owned(),
        Machine::Ppc64 => "PowerPC (ppc64)".to_owned(),
        Machine::Riscv32 | Machine::Riscv64 => "RISC-V".to_owned(),
        Machine::S390x => "IBM Z (s390x)".to_owned(),
        other => other.name(),
    }
}

fn describe(elf: &ElfFacts, lines: &mut Lines) {
    if let Some(soname) = &elf.soname {
        lines.line("soname", soname);
    }
    if let Some(interpreter) = &elf.interpreter {
        lines.line("interpreter", interpreter);
    }
    let needed: Vec<String> = elf.needed.iter().map(library).collect();
    lines.list("needs", ",", &needed);
    lines.list("runpath", "", &elf.runpath);
    lines.list("rpath", "", &elf.rpath);
    if let Some(places) = places(elf) {
        lines.line("runs on", &places);
    }
    let missing: Vec<String> = elf
        .unversioned
        .iter()
        .filter(|symbol| !symbol.weak)
        .map(|symbol| symbol.name.clone())
        .collect();
    lines.list("unversioned", "", &some(&missing));
    if elf.kind.is_linked() {
        let mut hardening = vec![format!("RELRO {}", elf.relro.name())];
        hardening.push(
            match elf.exec_stack {
                Some(true) => "executable stack",
                Some(false) => "stack not executable",
                None => "stack unstated",
            }
            .to_owned(),
        );
        if elf.text_relocations {
            hardening.push("text relocations".to_owned());
        }
        lines.list("hardening", ",", &hardening);
    }
    lines.list(
        "isa",
        "",
        &elf.riscv_isa.iter().cloned().collect::<Vec<_>>(),
    );
    lines.list("compilers", ",", &some(&elf.compilers));
    if let Some(id) = &elf.build_id {
        lines.line("build id", id);
    }
}

/// `libc.so.6 (GLIBC_2.17)`: the highest version of each library.
fn library(needed: &Needed) -> String {
    let highest = needed
        .glibc()
        .map(|version| format!("GLIBC_{version}"))
        .or_else(|| newest(&needed.versions).map(|version| version.name.clone()));
    match highest {
        Some(version) => format!("{} ({version})", needed.name),
        None => needed.name.clone(),
    }
}

/// The highest of another library's versions, by the numbers in their names.
fn newest(versions: &[Version]) -> Option<&Version> {
    versions.iter().max_by_key(|version| {
        version
            .name
            .split(|letter: char| !letter.is_ascii_digit())
            .filter_map(|number| number.parse::<u64>().ok())
            .collect::<Vec<_>>()
    })
}

/// Where a linked file runs, as far as the file tells.
fn places(elf: &ElfFacts) -> Option<String> {
    let kernel = elf
        .minimum_kernel
        .map(|(major, minor, patch)| format!("Linux ≥ {major}.{minor}.{patch}"));
    match elf.kind {
        ElfKind::Static | ElfKind::StaticPie => {
            let linux = kernel.unwrap_or_else(|| "any Linux".to_owned());
            return Some(format!("{linux} of its architecture: it needs no library"));
        }
        kind if !kind.is_linked() => return None,
        _ => {}
    }
    let musl = elf
        .interpreter
        .as_deref()
        .is_some_and(|path| path.contains("ld-musl"));
    if musl {
        return Some("distributions with musl, such as Alpine".to_owned());
    }
    let glibc = elf.glibc()?;
    let releases = runs_on(glibc, elf.machine).join(", ");
    let weak = match elf.glibc_strong() {
        Some(strong) if strong < glibc => format!(" (older ones from {strong} may do)"),
        _ => String::new(),
    };
    Some(match releases.as_str() {
        "" => format!("glibc ≥ {glibc}{weak}"),
        known => format!("glibc ≥ {glibc}{weak}: {known}"),
    })
}

/// The releases of distributions that have a glibc and a processor.
fn runs_on(glibc: GlibcVersion, machine: Machine) -> Vec<String> {
    let (major, minor) = glibc.pair();
    crate::deploy::runs_on(Floor::new(major, minor), &machine.name())
}

/// The first few of a long list.
fn some(all: &[String]) -> Vec<String> {
    let mut shown: Vec<String> = all.iter().take(SHOWN).cloned().collect();
    if all.len() > SHOWN {
        shown.push(format!("and {} more", all.len() - SHOWN));
    }
    shown
}

fn file(artifact: &Artifact) -> Value {
    let mut value = common(artifact, &artifact.path.to_string_lossy());
    if let BinaryFacts::Elf(elf) = &artifact.facts {
        let versions: Vec<Value> = elf.needed.iter().map(versions).collect();
        let symbols = |weak: bool| -> Vec<&str> {
            let wanted = elf.unversioned.iter().filter(|symbol| symbol.weak == weak);
            wanted.map(|symbol| symbol.name.as_str()).collect()
        };
        let glibc = elf.glibc();
        let runs_on = glibc.map(|glibc: GlibcVersion| runs_on(glibc, elf.machine));
        let more = json!({
            "soname": elf.soname,
            "runpath": elf.runpath,
            "rpath": elf.rpath,
            "float": elf.float,
            "flags": elf.flags,
            "os_abi": elf.os_abi,
            "arm": elf.arm.as_ref().map(|arm| json!({
                "architecture": arm.architecture(),
                "floating_point": arm.floating_point(),
                "cpu": arm.cpu_name,
            })),
            "riscv_isa": elf.riscv_isa,
            "x86_isa": elf.x86_isa,
            "versions": versions,
            "unversioned": { "strong": symbols(false), "weak": symbols(true) },
            "runs_on": runs_on,
            "minimum_kernel": elf.minimum_kernel.map(|(a, b, c)| format!("{a}.{b}.{c}")),
            "relro": elf.relro.name(),
            "exec_stack": elf.exec_stack,
            "text_relocations": elf.text_relocations,
            "stripped": elf.is_stripped(),
            "debug": elf.debug,
            "build_id": elf.build_id,
            "compilers": elf.compilers,
        });
        if let (Some(value), Value::Object(more)) = (value.as_object_mut(), more) {
            value.extend(more);
        }
    }
    let leaks: Vec<Value> = artifact
        .leaks
        .iter()
        .map(|leak| json!({ "what": leak.what, "offset": leak.offset, "text": leak.text }))
        .collect();
    value["leaks"] = json!(leaks);
    value
}

fn versions(needed: &Needed) -> Value {
    let versions: Vec<Value> = needed
        .versions
        .iter()
        .map(|version| {
            let symbols: Vec<&str> = version
                .symbols
                .iter()
                .map(|symbol| symbol.name.as_str())
                .collect();
            json!({ "name": version.name, "weak": version.weak, "symbols": symbols })
        })
        .collect();
    json!({ "library": needed.name, "versions": versions })
}
