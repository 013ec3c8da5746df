//! The table of options that xbuild must understand to read cargo's command
//! line: its own, and those of cargo's that take a value. [pure]

use std::collections::BTreeMap;
use std::ffi::OsString;

/// Whether an option takes a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Takes {
    Nothing,
    /// The next word, whatever it is, or what stands behind `=`.
    Value,
    /// As `Value`, but a word that begins with `-` is not it.
    MaybeValue,
}

/// Options that xbuild removes, each taking a value: its own, and those of
/// cargo's that it replaces by what holds inside the shell.
pub(super) const REMOVED: [&str; 11] = [
    "--allow",
    "--format",
    "--isolation",
    "--manifest-path",
    "--message-format",
    "--mirror",
    "--nix",
    "--runner",
    "--target",
    "--target-dir",
    "--test-jobs",
];

/// The options that never reach cargo as they were typed.
pub const fn own_options() -> &'static [&'static str] {
    &REMOVED
}

/// Options of `cargo install` that xbuild replaces as well.
pub(super) const REMOVED_FROM_INSTALL: [&str; 2] = ["--path", "--root"];

const VALUE: [&str; 22] = [
    "--artifact-dir",
    "--branch",
    "--color",
    "--config",
    "--exclude",
    "--features",
    "--filter-platform",
    "--format-version",
    "--git",
    "--index",
    "--jobs",
    "--lockfile-path",
    "--log",
    "--out-dir",
    "--print",
    "--profile",
    "--registry",
    "--rev",
    "--tag",
    "--vers",
    "--version",
    "-Z",
];

const MAYBE_VALUE: [&str; 5] = ["--bench", "--bin", "--example", "--package", "--test"];

/// What a long option, named with its dashes, takes.
pub(super) fn long(name: &str, install: bool) -> Takes {
    let removed = REMOVED.contains(&name) || install && REMOVED_FROM_INSTALL.contains(&name);
    if removed || (VALUE.contains(&name) && (install || name != "--version")) {
        Takes::Value
    } else if MAYBE_VALUE.contains(&name) {
        Takes::MaybeValue
    } else {
        Takes::Nothing
    }
}

/// What a short option takes.
pub(super) fn short(letter: char) -> Takes {
    match letter {
        'C' | 'F' | 'Z' | 'j' => Takes::Value,
        'p' => Takes::MaybeValue,
        _ => Takes::Nothing,
    }
}

/// Options without a value that decide what `cargo test` builds.
const BUILDING: [&str; 18] = [
    "--all",
    "--all-features",
    "--all-targets",
    "--benches",
    "--bins",
    "--examples",
    "--frozen",
    "--ignore-rust-version",
    "--lib",
    "--locked",
    "--no-default-features",
    "--no-run",
    "--offline",
    "--quiet",
    "--release",
    "--tests",
    "--workspace",
    "-r",
];

/// The same with a value.
const BUILDING_WITH_VALUE: [&str; 14] = [
    "--bench",
    "--bin",
    "--config",
    "--example",
    "--exclude",
    "--features",
    "--jobs",
    "--package",
    "--profile",
    "--test",
    "-F",
    "-Z",
    "-j",
    "-p",
];

/// Of the options for another runner than cargo's own, those by which cargo
/// builds what it runs. `cargos` are the runner's names of some, `own` options
/// that it means something else by.
pub fn building_options(
    options: &[OsString],
    cargos: &BTreeMap<String, String>,
    own: &[String],
) -> Vec<OsString> {
    let mut building = Vec::new();
    let mut words = options.iter().peekable();
    while let Some(word) = words.next() {
        let Some(text) = word
            .to_str()
            .filter(|text| text.len() > 1 && text.starts_with('-'))
        else {
            continue;
        };
        let at = match text.starts_with("--") {
            true => text.find('=').unwrap_or(text.len()),
            // `-Fx` and `-F=x` are `-F x`.
            false => 1 + text[1..].chars().next().map_or(0, char::len_utf8),
        };
        let (name, inline) = text.split_at(at);
        if own.iter().any(|own| own == name) {
            continue;
        }
        let name = cargos.get(name).map_or(name, String::as_str);
        if BUILDING.contains(&name) && inline.is_empty() {
            building.push(name.into());
        } else if BUILDING_WITH_VALUE.contains(&name) {
            building.push(format!("{name}{inline}").into());
            let is_value = |next: &&OsString| !next.to_string_lossy().starts_with('-');
            if inline.is_empty()
                && let Some(value) = words.next_if(is_value)
            {
                building.push(value.clone());
            }
        }
    }
    building
}
