//! The text at the end of a build. [pure]

use super::layout::{columns, fill, paragraph, short, size};
use super::{Entry, Report};
use crate::artifact::{BinaryFacts, ElfFacts};
use crate::check::{Finding, Severity};

/// Places of a finding that are shown; the JSON has all.
const PLACES: usize = 6;

pub(super) fn text(report: &Report) -> String {
    let mut text = String::new();
    for entry in &report.entries {
        text.push_str(&artefact(entry));
        for finding in &entry.findings {
            if finding.severity == Severity::Allowed {
                text.push_str(&paragraph(
                    "  allowed  ",
                    &format!("{}: {}", finding.id, finding.message),
                ));
            }
        }
    }
    if !report.hermetic && !report.entries.is_empty() {
        text.push_str("  not hermetic: the build could see and change this machine\n");
    }
    text
}

fn artefact(entry: &Entry) -> String {
    let name = format!("  {}  ", entry.name);
    let indent = " ".repeat(columns(&name).min(24));
    let mut text = format!("{name}{}\n", entry.path);
    let mut words = vec![size(entry.artifact.size)];
    match &entry.artifact.facts {
        BinaryFacts::Elf(elf) => {
            words.push(elf.machine.name());
            words.extend(linked(elf, entry));
        }
        BinaryFacts::Archive(archive) => {
            words.extend(archive.machines.iter().map(|(machine, ..)| machine.name()));
            words.push(format!("static library of {} objects", archive.objects));
        }
        BinaryFacts::Other(format) => words.push(format.name().to_owned()),
    }
    words.push(format!("sha256 {}", short(&entry.artifact.sha256)));
    text.push_str(&fill(&indent, " ·", &words));
    if let Some(path) = &entry.debug_info {
        text.push_str(&format!("{indent}debug information: {path}\n"));
    }
    text
}

fn linked(elf: &ElfFacts, entry: &Entry) -> Vec<String> {
    if !elf.kind.is_linked() {
        return vec![elf.kind.name()];
    }
    let mut words = Vec::new();
    words.push(match (elf.kind.is_program(), elf.is_dynamic()) {
        (true, true) => "dynamic".to_owned(),
        (true, false) => "static".to_owned(),
        (false, _) => "shared library".to_owned(),
    });
    if let Some(glibc) = elf.glibc() {
        let floor = match entry.floor {
            Some(floor) if floor != glibc => format!(" (floor {floor})"),
            _ => String::new(),
        };
        words.push(format!("needs glibc {glibc}{floor}"));
    }
    words.extend(elf.interpreter.clone());
    if !elf.needed.is_empty() {
        let names: Vec<&str> = elf
            .needed
            .iter()
            .map(|library| library.name.as_str())
            .collect();
        words.push(names.join(" "));
    }
    let packages = entry.packages();
    if let Some((first, _)) = packages.first() {
        let names = packages.iter().map(|(one, _)| one.package.as_str());
        let names: Vec<&str> = names.collect();
        let s = if names.len() == 1 { "" } else { "s" };
        words.push(format!(
            "needs package{s} {} ({})",
            names.join(" "),
            first.suite
        ));
    }
    words
}

pub(super) fn findings(report: &Report) -> String {
    let mut text = String::new();
    for entry in &report.entries {
        for finding in &entry.findings {
            if finding.severity == Severity::Error {
                text.push_str(&fault(entry, finding));
            }
        }
    }
    text
}

fn fault(entry: &Entry, finding: &Finding) -> String {
    let mut text = format!("{}: `{}`: {}\n", finding.id, entry.name, finding.message);
    for place in finding.places.iter().take(PLACES) {
        text.push_str(&format!("  where: {place}\n"));
    }
    if let Some(more) = finding
        .places
        .len()
        .checked_sub(PLACES)
        .filter(|more| *more > 0)
    {
        text.push_str(&format!("         and {more} more\n"));
    }
    text.push_str(&paragraph("   hint: ", &finding.hint));
    text.push_str(&paragraph("         ", &finding.how_to_allow()));
    text
}
