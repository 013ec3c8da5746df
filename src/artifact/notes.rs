//! ELF notes: build id, oldest kernel, x86-64 level. [pure]

use object::elf;
use object::endian::{Endianness, U32};
use object::read::ReadRef;
use object::read::elf::{FileHeader, NoteIterator, ProgramHeader};

use super::facts::Machine;

#[derive(Default)]
pub(super) struct Notes {
    pub build_id: Option<String>,
    pub minimum_kernel: Option<(u32, u32, u32)>,
    pub x86_isa: Option<&'static str>,
}

/// Reads the notes of a file's segments, or of its sections where it has no
/// segments. Notes are commentary: one that cannot be read is passed over.
pub(super) fn read<'d, E, R>(
    endian: Endianness,
    data: R,
    segments: &[E::ProgramHeader],
    sections: &[(u64, u64)],
    machine: Machine,
) -> Notes
where
    E: FileHeader<Endian = Endianness>,
    R: ReadRef<'d>,
{
    let mut found = Notes::default();
    if segments.is_empty() {
        for &(offset, size) in sections {
            let bytes = data.read_bytes_at(offset, size).unwrap_or_default();
            if let Ok(notes) = NoteIterator::<E>::new(endian, E::Word::default(), bytes) {
                take::<E>(notes, endian, machine, &mut found);
            }
        }
    }
    for segment in segments {
        if let Ok(Some(notes)) = segment.notes(endian, data) {
            take::<E>(notes, endian, machine, &mut found);
        }
    }
    found
}

fn take<E>(notes: NoteIterator<'_, E>, endian: Endianness, machine: Machine, found: &mut Notes)
where
    E: FileHeader<Endian = Endianness>,
{
    for note in notes.flatten().filter(|note| note.name() == b"GNU") {
        match note.n_type(endian) {
            elf::NT_GNU_BUILD_ID => found.build_id = Some(hex(note.desc())),
            elf::NT_GNU_ABI_TAG => found.minimum_kernel = kernel(note.desc(), endian),
            elf::NT_GNU_PROPERTY_TYPE_0 if machine == Machine::X86_64 => {
                for property in note.gnu_properties(endian).into_iter().flatten().flatten() {
                    if property.pr_type() == elf::GNU_PROPERTY_X86_ISA_1_NEEDED {
                        found.x86_isa = property.data_u32(endian).ok().and_then(level);
                    }
                }
            }
            _ => {}
        }
    }
}

/// The kernel of an ABI tag: the system (0 is Linux), then three numbers.
fn kernel(desc: &[u8], endian: Endianness) -> Option<(u32, u32, u32)> {
    let (words, _) = object::pod::slice_from_bytes::<U32<Endianness>>(desc, 4).ok()?;
    match words {
        [system, major, minor, patch] if system.get(endian) == 0 => {
            Some((major.get(endian), minor.get(endian), patch.get(endian)))
        }
        _ => None,
    }
}

/// The highest level of `GNU_PROPERTY_X86_ISA_1_NEEDED`, after the x86-64 psABI.
fn level(bits: u32) -> Option<&'static str> {
    [
        (8, "x86-64-v4"),
        (4, "x86-64-v3"),
        (2, "x86-64-v2"),
        (1, "x86-64-baseline"),
    ]
    .into_iter()
    .find(|(bit, _)| bits & bit != 0)
    .map(|(_, name)| name)
}

/// Lower-case hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
