//! A binary's bytes → facts about it.
//!
//! Everything here is [pure] but `file`, which reads one file: its headers on
//! demand, and all of it once, in blocks, for size, SHA-256 and leaked paths;
//! and `memory`, which keeps what that gave until the file changes. A file that
//! is broken is an error, never a panic.

mod archive;
mod attributes;
mod dynamic;
mod elf;
mod facts;
mod file;
mod glibc;
mod memory;
mod notes;
mod scan;
#[cfg(test)]
pub(crate) mod tests;

pub use archive::ArchiveFacts;
pub use attributes::{ArmAttributes, ArmProfile, VfpArgs};
pub use facts::{
    Class, ElfFacts, ElfKind, Endian, Float, Machine, Needed, Relro, Section, Symbol, Version,
};
pub use file::{Artifact, read, read_remembering};
pub use glibc::GlibcVersion;
pub use memory::Memory;
pub use scan::{Leak, Needle, Scan, needles, scan};

use object::read::ReadRef;

/// What a file is, as far as this crate knows the format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BinaryFacts {
    Elf(Box<ElfFacts>),
    Archive(ArchiveFacts),
    /// Recognised by its first bytes, and not described any further.
    Other(Format),
}

/// A format that is only recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Pe,
    MachO,
    MachOUniversal,
    Wasm,
    Script,
    Unknown,
}

impl Format {
    /// The format's name, as a person would say it.
    pub const fn name(self) -> &'static str {
        match self {
            Format::Pe => "PE (Windows)",
            Format::MachO => "Mach-O (Apple)",
            Format::MachOUniversal => "Mach-O universal (Apple)",
            Format::Wasm => "WebAssembly",
            Format::Script => "script",
            Format::Unknown => "no binary format that xbuild knows",
        }
    }

    fn of(start: &[u8]) -> Self {
        match start {
            [b'M', b'Z', ..] => Format::Pe,
            [0xfe, 0xed, 0xfa, 0xce | 0xcf, ..] | [0xce | 0xcf, 0xfa, 0xed, 0xfe, ..] => {
                Format::MachO
            }
            // A Java class file starts the same; its next four bytes are a
            // version above 42, a universal binary's a small count.
            [0xca, 0xfe, 0xba, 0xbe | 0xbf, 0, 0, 0, count, ..] if *count < 43 => {
                Format::MachOUniversal
            }
            [0, b'a', b's', b'm', ..] => Format::Wasm,
            [b'#', b'!', ..] => Format::Script,
            _ => Format::Unknown,
        }
    }
}

/// A file that says it is of a known format and then breaks its rules.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}: {why}")]
pub struct Malformed {
    what: &'static str,
    why: String,
}

impl Malformed {
    fn new(what: &'static str, why: impl ToString) -> Self {
        Malformed {
            what,
            why: why.to_string(),
        }
    }
}

/// Describes a binary: `data` is the whole file, as bytes or as anything that
/// reads on demand.
///
/// # Errors
/// Where an ELF file or archive contradicts itself or is cut short.
pub fn facts<'d, R: ReadRef<'d>>(data: R) -> Result<BinaryFacts, Malformed> {
    let size = data
        .len()
        .map_err(|()| Malformed::new("file", "its size cannot be read"))?;
    let start = data.read_bytes_at(0, size.min(16)).unwrap_or_default();
    if start.starts_with(b"\x7fELF") {
        return elf::facts(data).map(|facts| BinaryFacts::Elf(Box::new(facts)));
    }
    if start.starts_with(b"!<arch>\n") || start.starts_with(b"!<thin>\n") {
        return archive::facts(data).map(BinaryFacts::Archive);
    }
    Ok(BinaryFacts::Other(Format::of(start)))
}
