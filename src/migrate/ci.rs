//! Files of the CI → facts: the targets they name, the packages they install,
//! the variables they set. [pure]
//!
//! Nothing here knows one service's syntax: all of them are YAML with lines of
//! shell in it, and a triple is a triple wherever it stands. A file is read as
//! a list of its scalars, so an alias costs nothing however often it stands.

use std::path::Path;

use saphyr_parser::{Event, Parser};

use super::cross::Reading;
use super::debian::{self, Place};
use super::script;
use crate::config::Origin;
use crate::env::cargo_spelling;
use crate::error::{Error, Kind, Result};
use crate::target::{Table, looks_like_triple};

/// One scalar of a file, with the keys above it.
struct Scalar {
    line: usize,
    keys: Vec<String>,
    /// Its own key where it is a value of a mapping.
    text: String,
}

/// Reads a file of the CI.
///
/// # Errors
/// `Kind::Config` with file and line where it is not YAML.
pub fn read(reading: &mut Reading<'_>, path: &Path, text: &str) -> Result<()> {
    let origin = |line: usize| Origin::File {
        path: path.to_owned(),
        line,
    };
    for scalar in scalars(path, text)? {
        let key = scalar.keys.last().map_or("", String::as_str);
        let place = origin(scalar.line);
        if is_variable(key) {
            variable(reading, &place, key, Some(&scalar.text));
        }
        let of_apt = scalar
            .keys
            .iter()
            .rev()
            .nth(1)
            .is_some_and(|above| above == "apt");
        if of_apt && key == "packages" {
            for word in scalar.text.split_whitespace() {
                debian::package(&mut reading.facts, reading.table, &place, word, &Place::Ci);
            }
        }
        for (number, line) in scalar.text.lines().enumerate() {
            let place = origin(scalar.line + number);
            if !line.trim_start().starts_with('#') {
                triples(reading, &place, line);
            }
        }
        if ["container", "image"].contains(&key)
            && let Some(glibc) = debian::glibc_of_image(&scalar.text)
        {
            let what = format!("image {}", scalar.text);
            let why = format!(
                "its glibc is {glibc}: to build for that one, write it behind the triple, TRIPLE.{glibc}"
            );
            reading.facts.left_out(&place, what, why);
        }
        for command in script::commands(&scalar.text, scalar.line) {
            let place = origin(command.line);
            let assigned = command.words.iter().filter_map(|word| word.split_once('='));
            for (name, value) in assigned.filter(|(name, _)| is_variable(name)) {
                variable(reading, &place, name, Some(value));
            }
            for word in script::installs(&command).unwrap_or_default() {
                debian::package(&mut reading.facts, reading.table, &place, word, &Place::Ci);
            }
        }
    }
    Ok(())
}

/// The scalars of all documents in a text, in their order.
fn scalars(path: &Path, text: &str) -> Result<Vec<Scalar>> {
    enum Level {
        List,
        /// The key whose value comes next, and whether that is so.
        Map(String, bool),
    }
    let mut levels: Vec<Level> = Vec::new();
    let mut found = Vec::new();
    // Whether what comes next is a key, and if not, that a value has come.
    fn takes_value(levels: &mut [Level]) {
        if let Some(Level::Map(_, awaits)) = levels.last_mut() {
            *awaits = !*awaits;
        }
    }
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| {
            let place = format!("{}:{}", path.display(), error.marker().line());
            Error::new(Kind::Config, format!("{place}: {}", error.info()))
        })?;
        match event {
            Event::MappingStart(..) => {
                takes_value(&mut levels);
                levels.push(Level::Map(String::new(), false));
            }
            Event::SequenceStart(..) => {
                takes_value(&mut levels);
                levels.push(Level::List);
            }
            Event::MappingEnd | Event::SequenceEnd => {
                levels.pop();
            }
            Event::Alias(_) => takes_value(&mut levels),
            Event::Scalar(value, ..) => {
                if let Some(Level::Map(key, awaits @ false)) = levels.last_mut() {
                    *key = value.into_owned();
                    *awaits = true;
                    continue;
                }
                takes_value(&mut levels);
                let keys = levels.iter().filter_map(|level| match level {
                    Level::Map(key, _) => Some(key.clone()),
                    Level::List => None,
                });
                found.push(Scalar {
                    line: span.start.line(),
                    keys: keys.collect(),
                    text: value.into_owned(),
                });
            }
            _ => {}
        }
    }
    Ok(found)
}

/// Whether a name is one of cross's, cargo's or cargo-zigbuild's variables
/// that decide about a build.
fn is_variable(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    let known = ["CROSS_", "CARGO_TARGET_", "CARGO_ZIGBUILD_"];
    (known.iter().any(|prefix| name.starts_with(prefix)) || name == "RUSTFLAGS")
        && name.chars().all(plain)
}

fn variable(reading: &mut Reading<'_>, place: &Origin, name: &str, value: Option<&str>) {
    if name.starts_with("CROSS_") {
        return reading.variable(place, name, value);
    }
    let facts = &mut reading.facts;
    if name.starts_with("CARGO_ZIGBUILD_") {
        return facts.needless(place, name, "clang takes zig's place");
    }
    if name == "RUSTFLAGS" {
        let why = "variables stay outside of the shell: write the flags into \
                   .cargo/config.toml, or pass it on with `env.passthrough`";
        return facts.left_out(place, name, why);
    }
    let rest = name.strip_prefix("CARGO_TARGET_").unwrap_or_default();
    let target = reading.table.iter().find(|target| {
        let rest = rest.strip_prefix(&cargo_spelling(&target.triple));
        rest.is_some_and(|rest| rest.starts_with('_'))
    });
    if let Some(target) = target {
        facts.target(place, &target.triple, false);
    }
    if rest.ends_with("_LINKER") || rest.ends_with("_AR") {
        facts.needless(place, name, "the toolchain's own linker is used");
    } else if rest.ends_with("_RUNNER") {
        facts.needless(
            place,
            name,
            "foreign programs run under the toolchain's QEMU",
        );
    } else if rest.ends_with("_RUSTFLAGS") {
        let why = "variables stay outside of the shell: pass it on with `env.passthrough`";
        facts.left_out(place, name, why);
    }
}

/// Every triple in a line, with the floor behind it where there is one.
fn triples(reading: &mut Reading<'_>, place: &Origin, line: &str) {
    let legal = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    for word in line.split(|c| !legal(c)) {
        if looks_like_triple(word) {
            let text = without_ending(reading.table, word);
            reading.facts.target(place, text, false);
        }
    }
}

/// A triple without what makes it a file's name: `.tar.gz`, `-gcc`.
fn without_ending<'w>(table: &Table, word: &'w str) -> &'w str {
    let floor = |rest: &str| rest.parse::<crate::target::Floor>().is_ok();
    let known = table.iter().filter_map(|target| {
        let rest = word.strip_prefix(target.triple.as_str())?;
        match rest.strip_prefix('.') {
            Some(version) if floor(version) => Some(word),
            _ => (rest.is_empty() || rest.starts_with(['.', '-']))
                .then_some(&word[..target.triple.len()]),
        }
    });
    // `…-gnueabi` is the beginning of `…-gnueabihf`; the longest is meant.
    known.max_by_key(|text| text.len()).unwrap_or_else(|| {
        let last = word.rfind('-').unwrap_or(0);
        match word[last..].find('.') {
            Some(dot) => &word[..last + dot],
            None => word,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn triples_lose_what_is_not_theirs() {
        let table = Table::embedded().unwrap();
        for (word, expected) in [
            ("x86_64-unknown-linux-gnu", "x86_64-unknown-linux-gnu"),
            (
                "x86_64-unknown-linux-gnu.2.17",
                "x86_64-unknown-linux-gnu.2.17",
            ),
            (
                "x86_64-unknown-linux-musl.tar.gz",
                "x86_64-unknown-linux-musl",
            ),
            ("x86_64-unknown-linux-gnux32", "x86_64-unknown-linux-gnux32"),
            ("x86_64-pc-windows-msvc.zip", "x86_64-pc-windows-msvc"),
            ("thumbv8m.main-none-eabi", "thumbv8m.main-none-eabi"),
            (
                "aarch64-unknown-linux-musl-static",
                "aarch64-unknown-linux-musl",
            ),
        ] {
            assert_eq!(without_ending(&table, word), expected, "{word}");
        }
    }

    #[test]
    fn scalars_have_their_keys_and_lines() {
        let text = "a:\n  - b: &x 1\n    ? [k]\n    : v\n  - *x\n  - |\n    l1\n    l2\n";
        let found = scalars(Path::new("ci.yml"), text).unwrap();
        let found: Vec<_> = found
            .iter()
            .map(|scalar| (scalar.line, scalar.keys.join("."), scalar.text.as_str()))
            .collect();
        assert_eq!(found[0], (2, "a.b".to_owned(), "1"));
        assert_eq!(found.last().unwrap(), &(7, "a".to_owned(), "l1\nl2\n"));
    }
}
