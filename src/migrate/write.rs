//! A configuration → the text of `xbuild.toml`, each value with the place that
//! it is from. [pure]

use std::fmt::Write;

use super::draft::{Draft, Section, Wanted};
use super::{Note, Plan};
use crate::config::Setting;

/// What is written where nothing is known of the targets.
const SUGGESTED: [(&str, &str); 4] = [
    (
        "x86_64-unknown-linux-gnu.2.17",
        "PCs and servers, any glibc since 2012",
    ),
    ("x86_64-unknown-linux-musl", "the same, one static file"),
    (
        "aarch64-unknown-linux-gnu.2.17",
        "ARM servers, Raspberry Pi with 64 bits",
    ),
    (
        "armv7-unknown-linux-gnueabihf.2.28",
        "Raspberry Pi with 32 bits",
    ),
];

/// Writes the configuration and says what to try first.
pub fn plan(draft: Draft) -> Plan {
    let mut text = String::from(
        "# What xbuild builds for, and what a build may see of the machine.\n\
         # docs/configuration.md has every key.\n",
    );
    let carried_targets = draft.targets.iter().map(|wanted| Note {
        place: wanted.text.origin.clone(),
        what: format!("target {}", wanted.text.value),
        then: if is_on(&draft.targets, wanted) {
            "build.targets".to_owned()
        } else {
            "a comment in build.targets".to_owned()
        },
    });
    let carried = carried_targets
        .chain(draft.carried.iter().cloned())
        .collect();
    build(&mut text, &draft);
    env(&mut text, &draft.all);
    for (triple, section) in &draft.own {
        target(&mut text, triple, section);
    }
    if !draft.left_out.is_empty() {
        text.push_str("\n# Not carried over:\n");
        for note in &draft.left_out {
            comment(
                &mut text,
                &format!("- {}: {}: {}", note.place, note.what, note.then),
            );
        }
    }
    let on = draft.targets.iter().find(|it| is_on(&draft.targets, it));
    let first = on.map_or(SUGGESTED[0].0, |wanted| &wanted.text.value);
    Plan {
        first: first.to_owned(),
        locks: draft
            .own
            .values()
            .any(|section| !section.packages.is_empty()),
        text,
        carried,
        needless: draft.needless,
        left_out: draft.left_out,
    }
}

/// Whether a target is built where none is named: the defaults where there are
/// any, otherwise all.
fn is_on(targets: &[Wanted], wanted: &Wanted) -> bool {
    wanted.default || targets.iter().all(|it| !it.default)
}

fn build(text: &mut String, draft: &Draft) {
    text.push_str("\n[build]\n");
    text.push_str(
        "# What is built where no --target is given. Behind a triple stands the oldest\n",
    );
    text.push_str("# glibc that its programs are to run on. All targets: `xbuild targets`.\n");
    text.push_str("targets = [\n");
    for (number, (target, what)) in SUGGESTED.iter().enumerate() {
        if draft.targets.is_empty() {
            let off = if number == 0 { "" } else { "# " };
            let _ = writeln!(text, "    {off}{}, # {what}", quoted(target));
        }
    }
    let (on, off): (Vec<&Wanted>, Vec<&Wanted>) = draft
        .targets
        .iter()
        .partition(|it| is_on(&draft.targets, it));
    for wanted in on {
        item(text, "", &wanted.text);
    }
    if !off.is_empty() {
        text.push_str("    # Named too, and built only where asked for:\n");
    }
    for wanted in off {
        item(text, "# ", &wanted.text);
    }
    text.push_str("]\n");
    if !draft.all.tools.is_empty() {
        text.push_str("# Tools for build scripts, beside those that the crates call.\n");
        list(text, "tools", &draft.all.tools);
    }
    if let Some(glibc) = &draft.all.glibc {
        text.push_str("# The oldest glibc for targets that name none.\n");
        value(text, "glibc", glibc);
    }
}

fn env(text: &mut String, section: &Section) {
    text.push_str("\n[env]\n");
    text.push_str("# Variables of yours that the build sees; it sees no others. NAME takes your\n");
    text.push_str("# value, NAME=value sets one.\n");
    if section.passthrough.is_empty() {
        text.push_str("# passthrough = [\"CI\"]\n");
    } else {
        list(text, "passthrough", &section.passthrough);
    }
    if !section.volumes.is_empty() {
        text.push_str("# Folders of yours that the build reads; with :rw behind, writes.\n");
        list(text, "volumes", &section.volumes);
    }
}

fn target(text: &mut String, triple: &str, section: &Section) {
    let Section {
        glibc,
        packages,
        tools: _,
        passthrough,
        volumes,
    } = section;
    if glibc.is_none() && packages.is_empty() && passthrough.is_empty() && volumes.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n[target.{triple}]");
    if let Some(glibc) = glibc {
        value(text, "glibc", glibc);
    }
    if !packages.is_empty() {
        text.push_str("# Debian's packages of libraries to link with; `xbuild lock` pins them.\n");
        list(text, "packages", packages);
    }
    if !passthrough.is_empty() {
        list(text, "env.passthrough", passthrough);
    }
    if !volumes.is_empty() {
        list(text, "env.volumes", volumes);
    }
}

fn value(text: &mut String, key: &str, setting: &Setting<String>) {
    let (value, place) = (quoted(&setting.value), place(setting));
    let _ = writeln!(text, "{key} = {value} # {place}");
}

fn list(text: &mut String, key: &str, items: &[Setting<String>]) {
    let _ = writeln!(text, "{key} = [");
    for one in items {
        item(text, "", one);
    }
    text.push_str("]\n");
}

fn item(text: &mut String, off: &str, setting: &Setting<String>) {
    let (value, place) = (quoted(&setting.value), place(setting));
    let _ = writeln!(text, "    {off}{value}, # {place}");
}

/// Where a value is from, for a comment: a path may hold anything.
fn place(setting: &Setting<String>) -> String {
    setting.origin.to_string().replace(char::is_control, "")
}

/// A string of TOML on one line.
fn quoted(value: &str) -> String {
    let mut out = String::from("\"");
    for c in value.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A paragraph behind `#`, in lines of at most 80 columns where words allow it.
fn comment(text: &mut String, paragraph: &str) {
    wrapped(text, paragraph, "#", "#  ");
}

/// A paragraph in lines of at most 80 columns where words allow it, each behind
/// a beginning of its own.
pub fn wrapped(text: &mut String, paragraph: &str, first: &str, rest: &str) {
    const WIDTH: usize = 80;
    let mut line = first.to_owned();
    let mut is_bare = true;
    for word in paragraph.split_whitespace() {
        if !is_bare && line.chars().count() + 1 + word.chars().count() > WIDTH {
            text.push_str(&line);
            text.push('\n');
            line = rest.to_owned();
        }
        line.push(' ');
        line.push_str(&word.replace(char::is_control, ""));
        is_bare = false;
    }
    text.push_str(&line);
    text.push('\n');
}
