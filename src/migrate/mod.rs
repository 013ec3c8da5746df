//! Files of cross, cargo, rustup and CI → a first `xbuild.toml`, and what of
//! them is carried over and what is not. [pure core]
//!
//! Each reader turns a text into [`fact::Fact`]s with their places; [`draft`]
//! puts the facts together; [`write`] makes the text. Only [`gather`] reads
//! files.
//!
//! Invariant: what is written can be loaded. [`plan`] reads it back.

mod cargo;
mod ci;
mod cross;
mod debian;
mod draft;
mod fact;
mod gather;
mod ignore;
mod script;
mod variables;
mod write;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::config::{FILE_NAME, FileLayer, Origin};
use crate::error::{Error, Kind, Result};
use crate::rust;
use crate::target::Table;

pub use gather::gather;
pub use ignore::{ignores, with_entry};
pub use write::wrapped;

/// What a file is read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `Cross.toml`.
    Cross,
    /// `Cargo.toml`, for `metadata.cross`.
    Manifest,
    /// `.cargo/config.toml`.
    CargoConfig,
    /// `rust-toolchain.toml` or `rust-toolchain`.
    RustToolchain,
    /// Any file of a CI service.
    Ci,
}

/// A file of the project: its path below the workspace's root, and its text.
#[derive(Debug, Clone)]
pub struct File {
    pub path: PathBuf,
    pub format: Format,
    pub text: String,
}

/// One thing that was found, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    pub place: Origin,
    pub what: String,
    /// The key that it became, or the reason why it did not.
    pub then: String,
}

/// What `xbuild init` is to write and to say.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The text of `xbuild.toml`.
    pub text: String,
    pub carried: Vec<Note>,
    /// What xbuild does by itself.
    pub needless: Vec<Note>,
    /// What wants a person's attention.
    pub left_out: Vec<Note>,
    /// The target to try first.
    pub first: String,
    /// Whether packages or a Rust are asked for, which are locked before a
    /// build.
    pub locks: bool,
}

/// Reads the files and plans the configuration. `read` gives the text of
/// further files that they name, such as a Dockerfile.
///
/// # Errors
/// `Kind::Config` with file and line for a file that cannot be read as what it
/// is; `Kind::Internal` where what is written could not be loaded.
pub fn plan(files: &[File], read: &dyn Fn(&Path) -> Option<String>) -> Result<Plan> {
    let table = Table::embedded()?;
    let of = |format: Format| files.iter().filter(move |file| file.format == format);
    let mut reading = cross::Reading {
        table: &table,
        read,
        facts: fact::Facts::default(),
        taken: BTreeSet::new(),
    };
    // Variables rank over Cross.toml, and that over manifests; but whoever
    // reads the result looks for what Cross.toml says first.
    for file in of(Format::Ci) {
        ci::read(&mut reading, &file.path, &file.text)?;
    }
    let ci = std::mem::take(&mut reading.facts);
    for file in of(Format::Cross) {
        reading.cross_toml(&file.path, &file.text)?;
    }
    for file in of(Format::Manifest) {
        reading.manifest(&file.path, &file.text)?;
    }
    let mut facts = reading.facts;
    for file in of(Format::CargoConfig) {
        cargo::config(&mut facts, &file.path, &file.text)?;
    }
    let mut rust = false;
    for file in of(Format::RustToolchain) {
        rust |= cargo::toolchain(
            &mut facts,
            &file.path,
            &file.text,
            rust::DEBIAN_VERSION,
            &table,
        )?;
    }
    facts.extend(ci);

    let mut plan = write::plan(draft::draft(&table, facts));
    plan.locks |= rust;
    // Nobody is to be left with a file that the next command refuses.
    match FileLayer::parse(Path::new(FILE_NAME), &plan.text) {
        Ok(_) => Ok(plan),
        Err(error) => Err(Error::new(
            Kind::Internal,
            "the configuration that was worked out cannot be loaded",
        )
        .caused_by(error)),
    }
}

#[cfg(test)]
mod tests;
