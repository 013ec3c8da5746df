//! `rust-toolchain.toml`, and the older `rust-toolchain`. [pure]
//!
//! Format: "The toolchain file" in the rustup book.

use std::path::Path;

use toml::de::DeTable;

use crate::config::{Reader, Setting, Source};
use crate::error::Result;

/// What such a file says, each value with its line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ToolchainFile {
    pub channel: Option<Setting<String>>,
    /// `path`: a toolchain in a folder of the machine.
    pub folder: Option<Setting<String>>,
    pub profile: Option<Setting<String>>,
    pub components: Vec<Setting<String>>,
    pub targets: Vec<Setting<String>>,
}

impl ToolchainFile {
    /// Reads its text. The older file may hold nothing but a channel.
    ///
    /// # Errors
    /// `Kind::Config` with file and line where it is neither.
    pub fn parse(path: &Path, text: &str) -> Result<Self> {
        let source = Source { path, text };
        let trimmed = text.trim();
        let is_word = !trimmed.contains(char::is_whitespace) && !trimmed.contains(['=', '[']);
        if is_word && path.extension().is_none() {
            let channel = Setting::new(trimmed.to_owned(), source.origin(0));
            return Ok(ToolchainFile {
                channel: (!trimmed.is_empty()).then_some(channel),
                ..ToolchainFile::default()
            });
        }
        let table = DeTable::parse(text).map_err(|error| {
            let offset = error.span().map_or(0, |span| span.start);
            source.error(offset, error.message())
        })?;
        let file = Reader::new(source, "", table.get_ref());
        let Some(toolchain) = file.table("toolchain")? else {
            return Ok(ToolchainFile::default());
        };
        Ok(ToolchainFile {
            channel: toolchain.string("channel")?,
            folder: toolchain.string("path")?,
            profile: toolchain.string("profile")?,
            components: toolchain.strings("components")?.unwrap_or_default(),
            targets: toolchain.strings("targets")?.unwrap_or_default(),
        })
    }
}
