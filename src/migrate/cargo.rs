//! Cargo's and rustup's own files → facts: `.cargo/config.toml` and
//! `rust-toolchain.toml`. [pure]
//!
//! Formats: "Configuration" in the Cargo book, "Overrides" in the rustup book.

use std::path::Path;

use toml::de::DeTable;

use super::fact::Facts;
use crate::config::{Origin, Reader, Setting, Source};
use crate::error::Result;
use crate::rust::{self, ToolchainFile};
use crate::target::{HOST, Table};

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
                let why =
                    "every target of xbuild has its std; the cargo of a nightly heeds the key";
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
/// but a channel in it; says whether it asks for a Rust that has to be locked,
/// since this one is Debian's.
///
/// # Errors
/// `Kind::Config` with file and line where it is neither.
pub fn toolchain(
    facts: &mut Facts,
    path: &Path,
    text: &str,
    debian: &str,
    table: &Table,
) -> Result<bool> {
    let file = ToolchainFile::parse(path, text)?;
    for target in &file.targets {
        facts.target(&target.origin, &target.value, false);
    }
    if let Some(folder) = &file.folder {
        let why = "a toolchain in a folder is pinned by nothing, and no build goes on with it: \
                   name its channel";
        facts.left_out(&folder.origin, "toolchain.path", why);
        return Ok(false);
    }
    let wanted = match rust::wanted(&file, debian, table) {
        Ok(wanted) => wanted,
        Err(error) => {
            let place = file.channel.or(file.profile).map(|one| one.origin);
            let why = "every build stops there until it is right";
            facts.left_out(&place.unwrap_or(Origin::Default), error.to_string(), why);
            return Ok(false);
        }
    };
    let is_locked = wanted.is_some();
    let stays = if is_locked {
        "`xbuild lock` pins it, and it is read where it is"
    } else {
        "xbuild's Rust is that one, pinned"
    };
    if let Some(channel) = &file.channel {
        let what = format!("channel {}", channel.value);
        facts.needless(&channel.origin, what, stays);
    }
    if let Some(profile) = &file.profile {
        let why = if is_locked {
            stays
        } else {
            "rustc, cargo, std and clippy are there"
        };
        facts.needless(&profile.origin, "toolchain.profile", why);
    }
    for component in &file.components {
        let what = format!("component {}", component.value);
        let why = match component.value.as_str() {
            "cargo" | "clippy" | "rust-std" | "rustc" | "rust-docs" => {
                "the toolchain has it where it is used"
            }
            "rust-analyzer" | "rls" => "it works on the source: rustup's own goes on doing so",
            _ if is_locked => stays,
            "rustfmt" => "it works on the source: rustup's own goes on doing so",
            "rust-src" => "every target of xbuild has its std",
            _ => {
                let why = "Debian's Rust has no such component: a version that is not Debian's has";
                facts.left_out(&component.origin, what, why);
                continue;
            }
        };
        facts.needless(&component.origin, what, why);
    }
    Ok(is_locked)
}
