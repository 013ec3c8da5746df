//! The build report as JSON, version 1 of `docs/json.md`. [pure]

use serde_json::{Value, json};

use super::{Entry, Report};
use crate::artifact::{ArchiveFacts, Artifact, BinaryFacts, ElfFacts, GlibcVersion};
use crate::check::Severity;

/// Rises when a key changes its meaning or goes; new keys do not raise it.
pub(super) const VERSION: u32 = 1;

pub(super) fn report(report: &Report, rust: &str) -> Value {
    let artifacts: Vec<Value> = report
        .entries
        .iter()
        .map(|entry| artefact(entry, report))
        .collect();
    json!({
        "version": VERSION,
        "target": report.target,
        "rust": rust,
        "hermetic": report.hermetic,
        "ok": report.verdict().is_ok(),
        "artifacts": artifacts,
    })
}

fn artefact(entry: &Entry, report: &Report) -> Value {
    let mut value = common(&entry.artifact, &entry.path);
    let findings: Vec<Value> = entry
        .findings
        .iter()
        .map(|finding| {
            json!({
                "id": finding.id,
                "allowed": finding.severity == Severity::Allowed,
                "message": finding.message,
                "hint": finding.hint,
                "where": finding.places,
            })
        })
        .collect();
    value["name"] = json!(entry.name);
    if value["glibc"].is_object() {
        value["glibc"]["floor"] = json!(entry.floor.as_ref().map(GlibcVersion::to_string));
    }
    let packages: Vec<Value> = entry
        .packages()
        .into_iter()
        .map(|(library, sonames)| {
            json!({
                "package": library.package,
                "version": library.version,
                "suite": library.suite,
                "libraries": sonames,
            })
        })
        .collect();
    value["debug_info"] = json!(entry.debug_info);
    value["packages"] = json!(packages);
    value["hermetic"] = json!(report.hermetic);
    value["findings"] = json!(findings);
    value
}

/// What both reports say of an artefact.
pub(super) fn common(artifact: &Artifact, path: &str) -> Value {
    let mut value = json!({
        "path": path,
        "size": artifact.size,
        "sha256": artifact.sha256,
    });
    let facts = match &artifact.facts {
        BinaryFacts::Elf(facts) => elf(facts),
        BinaryFacts::Archive(facts) => archive(facts),
        BinaryFacts::Other(format) => json!({ "format": format.name() }),
    };
    if let (Some(value), Value::Object(facts)) = (value.as_object_mut(), facts) {
        value.extend(facts);
    }
    value
}

fn archive(archive: &ArchiveFacts) -> Value {
    let arches: Vec<String> = archive
        .machines
        .iter()
        .map(|(machine, ..)| machine.name())
        .collect();
    json!({
        "format": "archive",
        "arches": arches,
        "members": archive.members,
        "objects": archive.objects,
        "thin": archive.thin,
        "compilers": archive.compilers,
    })
}

fn elf(elf: &ElfFacts) -> Value {
    let linkage = match (elf.kind.is_linked(), elf.is_dynamic()) {
        (false, _) => Value::Null,
        (true, true) => json!("dynamic"),
        (true, false) => json!("static"),
    };
    let glibc = elf.glibc().map(|highest| {
        json!({
            "needed": highest.to_string(),
            "needed_strongly": elf.glibc_strong().as_ref().map(GlibcVersion::to_string),
        })
    });
    let needed: Vec<&str> = elf
        .needed
        .iter()
        .map(|library| library.name.as_str())
        .collect();
    json!({
        "format": "ELF",
        "arch": elf.machine.name(),
        "bits": elf.class.bits(),
        "endian": elf.endian.name(),
        "kind": elf.kind.name(),
        "linkage": linkage,
        "interpreter": elf.interpreter,
        "needed": needed,
        "glibc": glibc,
    })
}
