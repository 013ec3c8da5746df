//! What `xbuild doctor` found. [pure]

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use super::json::VERSION;
use super::layout::{columns, fill, paragraph, size};
use crate::doctor::{Choice, Diagnosis, Finding, Measured, Spot, Weight};

/// The findings, the profile, the sizes, and how many would bite. Files of the
/// project are named from its `root`.
pub fn text(diagnosis: &Diagnosis, root: &Path) -> String {
    let mut text = String::new();
    for finding in &diagnosis.findings {
        text.push_str(&paragraph_of(finding, root));
    }
    if !diagnosis.findings.is_empty() {
        text.push('\n');
    }
    let facts = diagnosis.facts.iter();
    let widest = facts.clone().map(|(name, _)| columns(name)).max();
    let widest = widest.unwrap_or_default().max(columns("targets"));
    text.push_str(&fill(
        &format!("  {:widest$}  ", "targets"),
        ",",
        &diagnosis.targets,
    ));
    for (name, fact) in facts {
        text.push_str(&paragraph(&format!("  {name:widest$}  "), fact));
    }
    text.push_str("\n  release profile\n");
    for choice in &diagnosis.profile {
        text.push_str(&line_of(choice));
    }
    if !diagnosis.measured.is_empty() {
        text.push('\n');
        text.push_str(&table(&diagnosis.measured));
    }
    text.push('\n');
    text.push_str(
        match diagnosis.biting() {
            0 => "nothing would bite\n".to_owned(),
            1 => "1 thing would bite\n".to_owned(),
            many => format!("{many} things would bite\n"),
        }
        .as_str(),
    );
    text
}

fn paragraph_of(finding: &Finding, root: &Path) -> String {
    let label = match finding.weight {
        Weight::Bites => "bites: ",
        Weight::Note => "note: ",
    };
    let place = finding.spot.as_ref().map(|spot| place(spot, root));
    let place = place.map(|place| format!("{place}: ")).unwrap_or_default();
    let mut text = paragraph(label, &format!("{place}{}", finding.message));
    if let Some(hint) = &finding.hint {
        text.push_str(&paragraph("  hint: ", hint));
    }
    text
}

fn place(spot: &Spot, root: &Path) -> String {
    let file = spot.file.strip_prefix(root).unwrap_or(&spot.file).display();
    match spot.line {
        Some(line) => format!("{file}:{line}"),
        None => file.to_string(),
    }
}

fn line_of(choice: &Choice) -> String {
    let whose = choice.set_in.as_deref().unwrap_or("default");
    let start = format!("    {:14} {:9} {whose:12} ", choice.key, choice.value);
    paragraph(&start, choice.smaller)
}

/// One table for each target and program, in the order of the first builds.
fn table(measured: &[Measured]) -> String {
    let mut text = String::new();
    let key = |one: &Measured| (one.program.clone(), one.target.clone());
    let mut told = BTreeSet::new();
    for first in measured {
        let (program, target) = key(first);
        if !told.insert(key(first)) {
            continue;
        }
        text.push_str(&format!("  {program} for {target}\n"));
        for one in measured.iter().filter(|one| key(one) == key(first)) {
            let value = match (one.size, first.size) {
                (None, _) => "does not build".to_owned(),
                (Some(bytes), Some(whole)) if whole > 0 && bytes != whole => {
                    let percent = (bytes as f64 / whole as f64 - 1.0) * 100.0;
                    format!("{:>8} {percent:+.0} %", size(bytes))
                }
                (Some(bytes), _) => format!("{:>8}", size(bytes)),
            };
            text.push_str(&format!("    {:34} {value}\n", one.profile));
        }
    }
    text
}

/// The same as an object.
pub fn json(diagnosis: &Diagnosis) -> Value {
    let findings = diagnosis.findings.iter().map(|finding| {
        json!({
            "topic": finding.topic,
            "weight": finding.weight,
            "file": finding.spot.as_ref().map(|spot| spot.file.display().to_string()),
            "line": finding.spot.as_ref().and_then(|spot| spot.line),
            "message": finding.message,
            "hint": finding.hint,
        })
    });
    let facts = diagnosis.facts.iter().cloned();
    let facts: serde_json::Map<String, Value> =
        facts.map(|(name, fact)| (name, fact.into())).collect();
    let profile = diagnosis.profile.iter().map(|choice| {
        json!({
            "key": choice.key,
            "value": choice.value,
            "set_in": choice.set_in,
            "smaller": choice.smaller,
        })
    });
    let measured = diagnosis.measured.iter().map(|one| {
        json!({
            "target": one.target,
            "program": one.program,
            "profile": one.profile,
            "size": one.size,
        })
    });
    json!({
        "version": VERSION,
        "targets": diagnosis.targets,
        "bites": diagnosis.biting(),
        "findings": findings.collect::<Vec<_>>(),
        "facts": facts,
        "profile": profile.collect::<Vec<_>>(),
        "measured": measured.collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Topic;

    fn diagnosis() -> Diagnosis {
        let measured = |program: &str, profile, size| Measured {
            target: "x86_64-unknown-linux-musl".to_owned(),
            program: program.to_owned(),
            profile,
            size,
        };
        Diagnosis {
            targets: vec!["x86_64-unknown-linux-musl".to_owned()],
            findings: vec![
                Finding::bites(
                    Topic::BuildScript,
                    "cfg!(target_env = \"gnu\") tells of another",
                )
                .at("/p/build.rs", Some(3))
                .hint("std::env::var(\"CARGO_CFG_TARGET_ENV\")"),
                Finding::note(Topic::Disk, "slow"),
            ],
            facts: vec![("nix".to_owned(), "xbuild's own".to_owned())],
            profile: vec![Choice {
                key: "lto",
                value: "false".to_owned(),
                set_in: None,
                smaller: "\"fat\": smaller",
            }],
            measured: vec![
                measured("a", "as it is", Some(1_000_000)),
                measured("b", "as it is", Some(500_000)),
                measured("a", "lto = \"thin\"", Some(900_000)),
                measured("b", "lto = \"thin\"", None),
            ],
        }
    }

    #[test]
    fn a_person_reads_what_bites_where_and_what_helps() {
        let text = text(&diagnosis(), Path::new("/p"));
        for part in [
            "bites: build.rs:3: cfg!(target_env = \"gnu\") tells of another\n",
            "  hint: std::env::var(\"CARGO_CFG_TARGET_ENV\")\n",
            "note: slow\n",
            "  targets  x86_64-unknown-linux-musl\n",
            "  nix      xbuild's own\n",
            "    lto            false     default      \"fat\": smaller\n",
            "1 thing would bite\n",
        ] {
            assert!(text.contains(part), "{part:?} is not in\n{text}");
        }
        assert!(text.lines().all(|line| columns(line) <= 80), "{text}");
    }

    #[test]
    fn sizes_are_compared_with_the_projects_own_profile() {
        let lines = table(&diagnosis().measured);
        let expected = [
            "  a for x86_64-unknown-linux-musl",
            "    as it is                             1.0 MB",
            "    lto = \"thin\"                         900 KB -10 %",
            "  b for x86_64-unknown-linux-musl",
            "    as it is                             500 KB",
            "    lto = \"thin\"                       does not build",
        ];
        let lines: Vec<&str> = lines.lines().collect();
        assert_eq!(lines, expected);
    }

    #[test]
    fn a_program_reads_the_same() {
        let value = json(&diagnosis());
        assert_eq!(value["version"], 1);
        assert_eq!(value["bites"], 1);
        assert_eq!(value["findings"][0]["topic"], "build-script");
        assert_eq!(value["findings"][0]["weight"], "bites");
        assert_eq!(value["findings"][0]["line"], 3);
        assert_eq!(value["findings"][1]["file"], Value::Null);
        assert_eq!(value["measured"][3]["size"], Value::Null);
        assert_eq!(value["facts"]["nix"], "xbuild's own");
    }
}
