//! `leak`: no path of the build machine is in the file. [pure]

use super::{CheckId, Finding};
use crate::artifact::{Artifact, BinaryFacts, Leak};

/// One finding for each needle that was found.
pub(super) fn leaks(artifact: &Artifact) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    let mut rest = artifact.leaks.as_slice();
    while let Some(first) = rest.first() {
        let same = rest
            .iter()
            .take_while(|leak| leak.what == first.what)
            .count();
        let (group, others) = rest.split_at(same);
        rest = others;
        let times = match first.of {
            1 => "once".to_owned(),
            times => format!("{times} times"),
        };
        findings.push(
            Finding::new(
                CheckId::Leak,
                format!("a path of {} is in the file, {times}", first.what),
                "find the build script, macro or C flag that writes the path; `strip = true` in \
                 [profile.release] drops those of debug information",
            )
            .at(group.iter().map(|leak| place(artifact, leak))),
        );
    }
    findings
}

/// `section .rodata, offset 0x41c20: "…"`.
fn place(artifact: &Artifact, leak: &Leak) -> String {
    let section = match &artifact.facts {
        BinaryFacts::Elf(elf) => elf.section_at(leak.offset),
        _ => None,
    };
    let section = section.map_or_else(String::new, |name| format!("section {name}, "));
    format!("{section}offset {:#x}: \"{}\"", leak.offset, leak.text)
}
