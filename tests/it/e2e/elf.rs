//! What stands in an ELF file, read with the `object` crate alone: a second
//! opinion that shares no code with xbuild's own reader.

use std::fs;
use std::path::Path;

use object::elf::{DT_NEEDED, FileHeader32, FileHeader64, PT_INTERP};
use object::read::elf::{Dyn as _, FileHeader, ProgramHeader as _};
use object::{Endianness, FileKind};

/// The facts that the tests compare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Elf {
    /// `e_machine`: 62 is x86-64, 183 AArch64, 40 Arm, …
    pub machine: u16,
    pub bits: u8,
    pub big_endian: bool,
    pub interpreter: Option<String>,
    pub needed: Vec<String>,
    /// The highest `GLIBC_` version that `.gnu.version_r` names.
    pub glibc: Option<(u32, u32)>,
    /// Whether the file names a path of a Nix store.
    pub names_the_store: bool,
}

impl Elf {
    /// Whether no loader and no library has a part in running it.
    pub fn is_static(&self) -> bool {
        self.interpreter.is_none() && self.needed.is_empty() && self.glibc.is_none()
    }
}

/// Reads a file, which must be ELF.
#[track_caller]
pub fn elf(path: &Path) -> Elf {
    let data = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let facts = match FileKind::parse(&*data) {
        Ok(FileKind::Elf32) => facts::<FileHeader32<Endianness>>(&data, 32),
        Ok(FileKind::Elf64) => facts::<FileHeader64<Endianness>>(&data, 64),
        other => panic!("{} is {other:?}", path.display()),
    };
    facts.unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn facts<E: FileHeader<Endian = Endianness>>(data: &[u8], bits: u8) -> object::Result<Elf> {
    let header = E::parse(data)?;
    let endian = header.endian()?;
    let sections = header.sections(endian, data)?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();

    let mut interpreter = None;
    for segment in header.program_headers(endian, data)? {
        if segment.p_type(endian) == PT_INTERP {
            interpreter = segment.interpreter(endian, data)?.map(text);
        }
    }

    let mut needed = Vec::new();
    if let Some((entries, link)) = sections.dynamic(endian, data)? {
        let strings = sections.strings(endian, data, link)?;
        for entry in entries {
            if entry.tag(endian) == DT_NEEDED {
                needed.push(text(entry.string(endian, strings)?));
            }
        }
    }

    let mut glibc = None;
    if let Some((mut needs, link)) = sections.gnu_verneed(endian, data)? {
        let strings = sections.strings(endian, data, link)?;
        while let Some((_, mut versions)) = needs.next()? {
            while let Some(version) = versions.next()? {
                glibc = glibc.max(version_of(&text(version.name(endian, strings)?)));
            }
        }
    }

    Ok(Elf {
        machine: header.e_machine(endian).0,
        bits,
        big_endian: endian == Endianness::Big,
        interpreter,
        needed,
        glibc,
        names_the_store: data.windows(11).any(|window| window == b"/nix/store/"),
    })
}

/// `GLIBC_2.17` as numbers; what else a version is called, such as
/// `GCC_3.0` or `GLIBC_PRIVATE`, is none.
fn version_of(name: &str) -> Option<(u32, u32)> {
    let mut numbers = name.strip_prefix("GLIBC_")?.split('.');
    let mut number = || numbers.next()?.parse().ok();
    Some((number()?, number()?))
}
