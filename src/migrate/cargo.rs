//! Cargo's and rustup's own files → facts: `.cargo/config.toml` and
//! `rust-toolchain.toml`. [pure]
//!
//! Formats: "Configuration" in the Cargo book, "Overrides" in the rustup book.

use std::path::Path;

use toml::de::DeTable;

use super::fact::Facts;
use crate::config::{Origin, Reader, Setting, Source};
use crate::error::Result;
use crate::target::HOST;

const OWN_LINKER: &str = "the toolchain's own linker, compiler and archiver are used";
const STAYS: &str = "cargo reads it where it is, in the shell too";

/// Reads a `.cargo/config.toml`.
///
/// # Errors
/// `Kind::Config` with file and line where it is not TOML, or a key has a value
/// of another type than cargo reads.
pub fn config(facts: &mut Facts, path: &Path, text: &str) -> Result<()> {
    let source = Source { path, text };
    let table = DeTable::parse(text).map_err(|error| {
        let offset = error.span().map_or(0, |span| span.start);
        source.error(offset, error.message())
    })?;
    let file = Reader::new(source, "", table.get_ref());
    if let Some(build) = file.table("build")? {
        for target in build.string_or_strings("target")? {
            // A path of a target's description, in JSON, is none of Rust's.
            facts.target(&target.origin, &target.value, true);
        }
        rustflags(facts, &build)?;
        for key in [
            "rustc-wrapper",
            "rustc-workspace-wrapper",
            "rustc",
            "linker",
        ] {
            if let Some(value) = build.string(key)? {
                let what = format!("{} {}", build.name_of(key), value.value);
                let why = "the shell has no such program: take it out, or set it in your own \
                           ~/.cargo/config.toml, which the build does not see";
                facts.left_out(&value.origin, what, why);
            }
        }
    }
    if let Some(targets) = file.table("target")? {
        for (triple, table) in targets.tables()? {
            // A table for the machine itself sets up a linker for daily work;
            // that it is to be shipped for, nobody says by that.
            let of_cfg = triple.value.starts_with("cfg(");
            if !of_cfg && triple.value != HOST {
                facts.target(&triple.origin, &triple.value, false);
            }
            rustflags(facts, &table)?;
            for key in ["ar", "linker"] {
                if let Some(value) = table.string(key)? {
                    let what = format!("{key} {}", value.value);
                    facts.needless(&value.origin, what, OWN_LINKER);
                }
            }
            let words = table.string_or_strings("runner")?;
            if let Some(first) = words.first() {
                runner(facts, first);
            }
        }
    }
    if let Some(unstable) = file.table("unstable")? {
        for key in ["build-std", "build-std-features"] {
            if let Some(place) = unstable.place(key) {
                let why = "every target of xbuild has its std; stable cargo passes over the key";
                facts.needless(&place, unstable.name_of(key), why);
            }
        }
    }
    Ok(())
}

fn runner(facts: &mut Facts, runner: &Setting<String>) {
    let what = format!("runner {}", runner.value);
    let program = runner.value.split_whitespace().next().unwrap_or_default();
    if program
        .rsplit('/')
        .next()
        .unwrap_or(program)
        .starts_with("qemu-")
    {
        facts.needless(
            &runner.origin,
            what,
            "foreign programs run under the toolchain's QEMU",
        );
    } else {
        let why = "xbuild's own runner is used in its place";
        facts.left_out(&runner.origin, what, why);
    }
}

fn rustflags(facts: &mut Facts, table: &Reader<'_, '_>) -> Result<()> {
    let flags = table.string_or_strings("rustflags")?;
    let Some(first) = flags.first() else {
        return Ok(());
    };
    let name = table.name_of("rustflags");
    let words: Vec<(&Origin, &str)> = flags
        .iter()
        .flat_map(|flag| {
            flag.value
                .split_whitespace()
                .map(|word| (&flag.origin, word))
        })
        .collect();
    let foreign = words.iter().find(|(_, word)| {
        ["linker=", "fuse-ld=", "--ld-path=", "-L/", "native=/"]
            .iter()
            .any(|part| word.contains(part))
    });
    match foreign {
        Some((origin, word)) => {
            let why =
                "cargo still reads it, and the shell has no such program or folder: take it out";
            facts.left_out(origin, format!("{word} in {name}"), why);
        }
        None => facts.needless(&first.origin, name, STAYS),
    }
    Ok(())
}

/// Reads a `rust-toolchain.toml`, or the older `rust-toolchain` with nothing
/// but a channel in it.
///
/// # Errors
/// `Kind::Config` with file and line where it is neither.
pub fn toolchain(facts: &mut Facts, path: &Path, text: &str) -> Result<()> {
    let source = Source { path, text };
    let trimmed = text.trim();
    let is_word = !trimmed.contains(char::is_whitespace) && !trimmed.contains(['=', '[']);
    if is_word && path.extension().is_none() {
        if !trimmed.is_empty() {
            let channel = Setting::new(trimmed.to_owned(), source.origin(0));
            channel_of(facts, &channel);
        }
        return Ok(());
    }
    let table = DeTable::parse(text).map_err(|error| {
        let offset = error.span().map_or(0, |span| span.start);
        source.error(offset, error.message())
    })?;
    let file = Reader::new(source, "", table.get_ref());
    let Some(toolchain) = file.table("toolchain")? else {
        return Ok(());
    };
    for target in toolchain.strings("targets")?.unwrap_or_default() {
        facts.target(&target.origin, &target.value, false);
    }
    if let Some(channel) = toolchain.string("channel")? {
        channel_of(facts, &channel);
    }
    if let Some(path) = toolchain.string("path")? {
        let why = "a toolchain in a folder is pinned by nothing: xbuild has its own";
        facts.left_out(&path.origin, toolchain.name_of("path"), why);
    }
    if let Some(profile) = toolchain.string("profile")? {
        let why = "rustc, cargo, std and clippy are there";
        facts.needless(&profile.origin, toolchain.name_of("profile"), why);
    }
    for component in toolchain.strings("components")?.unwrap_or_default() {
        let what = format!("component {}", component.value);
        match component.value.as_str() {
            "cargo" | "clippy" | "rust-std" | "rustc" | "rust-docs" => {
                facts.needless(
                    &component.origin,
                    what,
                    "the toolchain has it where it is used",
                );
            }
            "rustfmt" | "rust-analyzer" | "rls" => {
                let why = "it works on the source: rustup's own goes on doing so";
                facts.needless(&component.origin, what, why);
            }
            "rust-src" => {
                let why = "every target of xbuild has its std";
                facts.needless(&component.origin, what, why);
            }
            _ => facts.left_out(
                &component.origin,
                what,
                "xbuild's toolchain has no such component",
            ),
        }
    }
    Ok(())
}

fn channel_of(facts: &mut Facts, channel: &Setting<String>) {
    let what = format!("channel {}", channel.value);
    if channel.value == "stable" {
        facts.needless(
            &channel.origin,
            what,
            "xbuild's Rust is a stable one, pinned",
        );
    } else {
        let why =
            "xbuild builds with the pinned Rust of its toolchain: `xbuild toolchain` names it";
        facts.left_out(&channel.origin, what, why);
    }
}
