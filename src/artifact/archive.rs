//! Static libraries (`.a`, `.rlib`): what their members are, not who they are.
//! [pure]

use std::ops::Range;

use object::read::ReadRef;
use object::read::archive::ArchiveFile;

use super::facts::{Class, Endian, Machine};
use super::{Malformed, elf};

/// What an archive holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveFacts {
    /// Whether it only names files beside it.
    pub thin: bool,
    pub members: usize,
    /// Members that are ELF.
    pub objects: usize,
    /// Each kind of machine that the objects are for, sorted.
    pub machines: Vec<(Machine, Class, Endian)>,
    /// The first objects' compilers, each once.
    pub compilers: Vec<String>,
}

/// Describes an archive.
///
/// # Errors
/// Where the archive or one of its objects is broken.
pub(super) fn facts<'d, R: ReadRef<'d>>(data: R) -> Result<ArchiveFacts, Malformed> {
    let broken = |error: object::read::Error| Malformed::new("archive", error);
    let archive = ArchiveFile::parse(data).map_err(broken)?;
    let mut found = ArchiveFacts {
        thin: archive.is_thin(),
        members: 0,
        objects: 0,
        machines: Vec::new(),
        compilers: Vec::new(),
    };
    for member in archive.members() {
        let member = member.map_err(broken)?;
        found.members += 1;
        if member.is_thin() {
            continue;
        }
        let (offset, size) = member.file_range();
        let start = data
            .read_bytes_at(offset, size.min(4))
            .map_err(|()| Malformed::new("archive", "a member lies outside the file"))?;
        if start != b"\x7fELF" {
            continue;
        }
        let facts = elf::facts(Member { data, offset, size })?;
        found.objects += 1;
        let machine = (facts.machine, facts.class, facts.endian);
        if let Err(place) = found.machines.binary_search(&machine) {
            found.machines.insert(place, machine);
        }
        for compiler in facts.compilers {
            if !found.compilers.contains(&compiler) {
                found.compilers.push(compiler);
            }
        }
    }
    Ok(found)
}

/// A member as a file of its own, read on demand like the archive itself.
#[derive(Clone, Copy)]
struct Member<R> {
    data: R,
    /// Bytes from the start of the archive.
    offset: u64,
    /// Bytes.
    size: u64,
}

impl<R> Member<R> {
    /// The place in the archive of a range in the member.
    fn place(&self, from: u64, size: u64) -> Result<u64, ()> {
        match from.checked_add(size) {
            Some(end) if end <= self.size => self.offset.checked_add(from).ok_or(()),
            _ => Err(()),
        }
    }
}

impl<'d, R: ReadRef<'d>> ReadRef<'d> for Member<R> {
    fn len(self) -> Result<u64, ()> {
        Ok(self.size)
    }

    fn read_bytes_at(self, offset: u64, size: u64) -> Result<&'d [u8], ()> {
        self.data.read_bytes_at(self.place(offset, size)?, size)
    }

    fn read_bytes_at_until(self, range: Range<u64>, delimiter: u8) -> Result<&'d [u8], ()> {
        let size = range.end.checked_sub(range.start).ok_or(())?;
        let start = self.place(range.start, size)?;
        self.data
            .read_bytes_at_until(start..start + size, delimiter)
    }
}
