//! What a toolchain file asks for, where Debian's compiler is not it. [pure]

use std::collections::BTreeSet;

use super::{Channel, ToolchainFile};
use crate::config::{Origin, nearest};
use crate::error::{Error, Kind, Result};
use crate::target::Table;

/// A Rust of the official distribution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    pub channel: Channel,
    /// Where it is asked for.
    pub origin: Origin,
    /// Components besides those that every toolchain has, by the names without
    /// `-preview`.
    pub components: BTreeSet<String>,
    /// Targets that are not xbuild's own.
    pub targets: BTreeSet<String>,
}

/// What every toolchain has where it is used, documentation, and what works on
/// the source alone.
const ANYWAY: [&str; 13] = [
    "cargo",
    "clippy",
    "rls",
    "rust",
    "rust-analysis",
    "rust-analyzer",
    "rust-docs",
    "rust-docs-json",
    "rust-mingw",
    "rust-std",
    "rustc",
    "rustc-docs",
    "reproducible-artifacts",
];

/// What the largest profile stands for, besides that; the default one for
/// `rustfmt` alone.
pub(super) const OF_PROFILES: [&str; 3] = ["llvm-tools", "rust-src", "rustfmt"];

const PROFILES: [&str; 3] = ["minimal", "default", "complete"];

/// What is wanted of the official distribution; nothing where the pinned
/// Debian compiler of this version is what the file asks for.
///
/// # Errors
/// `Kind::Config`, naming file and line: for what is no channel or profile,
/// and for a toolchain in a folder, which nothing pins.
pub fn wanted(file: &ToolchainFile, debian: &str, table: &Table) -> Result<Option<Wanted>> {
    if let Some(folder) = &file.folder {
        let message = format!(
            "{}: `toolchain.path` is a toolchain in a folder, which nothing pins",
            folder.origin
        );
        return Err(Error::new(Kind::Config, message)
            .hint("name its release in place of the folder: channel = \"1.88.0\""));
    }
    let profile = match &file.profile {
        None => "default",
        Some(profile) if PROFILES.contains(&profile.value.as_str()) => &profile.value,
        Some(profile) => {
            let message = format!(
                "{}: `{}` is no profile of rustup's",
                profile.origin, profile.value
            );
            let error = Error::new(Kind::Config, message);
            return Err(match nearest(&profile.value, PROFILES) {
                Some(near) => error.hint(format!("did you mean `{near}`?")),
                None => error.hint(format!("the profiles are {}", PROFILES.join(", "))),
            });
        }
    };
    let Some(channel) = &file.channel else {
        return Ok(None);
    };
    let parsed = Channel::parse(&channel.value).map_err(|error| error.within(&channel.origin))?;
    if parsed.is_debians(debian) {
        return Ok(None);
    }
    let mut components: BTreeSet<String> = match profile {
        "minimal" => BTreeSet::new(),
        "complete" => OF_PROFILES.map(str::to_owned).into(),
        _ => ["rustfmt".to_owned()].into(),
    };
    let mut targets: BTreeSet<String> = file.targets.iter().map(|one| one.value.clone()).collect();
    for component in &file.components {
        let name = component.value.strip_suffix("-preview");
        let name = name.unwrap_or(&component.value);
        if let Some(target) = name.strip_prefix("rust-std-") {
            targets.insert(target.to_owned());
        } else if !ANYWAY.contains(&name) {
            components.insert(name.to_owned());
        }
    }
    targets.retain(|target| table.get(target).is_none());
    Ok(Some(Wanted {
        channel: parsed,
        origin: channel.origin.clone(),
        components,
        targets,
    }))
}
