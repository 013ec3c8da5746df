//! The dynamic segment, read as the loader reads it: by addresses, so that a
//! file without section headers is understood too. [pure]

use std::collections::BTreeMap;

use object::elf;
use object::endian::{Endianness, U16};
use object::pod::{from_bytes, slice_from_bytes};
use object::read::ReadRef;
use object::read::elf::{Dyn, FileHeader, GnuHashTable, HashTable, ProgramHeader, Sym};

use super::Malformed;
use super::facts::{Needed, Symbol, Version};

/// A version's index has 15 bits; more entries than this are no version table.
const VERSION_LIMIT: usize = 1 << 15;
/// The index's 16th bit hides a version from the linker.
const INDEX_MASK: u16 = 0x7fff;
/// Indices 0 and 1 are "local" and "global": no version.
const FIRST_VERSION: u16 = 2;

/// What the dynamic segment tells.
#[derive(Default)]
pub(super) struct Linked {
    /// Whether there is a dynamic segment at all.
    pub present: bool,
    pub soname: Option<String>,
    pub needed: Vec<Needed>,
    pub unversioned: Vec<Symbol>,
    pub runpath: Vec<String>,
    pub rpath: Vec<String>,
    pub pie: bool,
    pub bind_now: bool,
    pub text_relocations: bool,
}

/// Reads the dynamic segment. `symbols` is the number of dynamic symbols, where
/// section headers told it; the hash tables tell it otherwise.
///
/// # Errors
/// Where a table lies outside the file or a string outside its table.
pub(super) fn read<'d, E, R>(
    endian: Endianness,
    data: R,
    segments: &[E::ProgramHeader],
    symbols: Option<u64>,
) -> Result<Linked, Malformed>
where
    E: FileHeader<Endian = Endianness>,
    R: ReadRef<'d>,
{
    let mut entries = None;
    for segment in segments {
        let found = segment
            .dynamic(endian, data)
            .map_err(|error| Malformed::new("dynamic segment", error))?;
        entries = entries.or(found);
    }
    let Some(entries) = entries else {
        return Ok(Linked::default());
    };
    let entries: Vec<(elf::DynamicTag, u64)> = entries
        .iter()
        .map(|entry| (entry.tag(endian), entry.val(endian)))
        .take_while(|(tag, _)| *tag != elf::DT_NULL)
        .collect();
    let value = |wanted| {
        entries
            .iter()
            .find(|(tag, _)| *tag == wanted)
            .map(|(_, value)| *value)
    };
    let memory = Memory::<R>::new::<E>(endian, data, segments);
    let strings = match (value(elf::DT_STRTAB), value(elf::DT_STRSZ)) {
        (Some(address), Some(size)) => memory.bytes(address, size, "dynamic strings")?,
        _ => &[],
    };
    let strings_of = |wanted| {
        entries
            .iter()
            .filter(move |(tag, _)| *tag == wanted)
            .map(|(_, offset)| string(strings, *offset))
    };
    let folders = |wanted| -> Result<Vec<String>, Malformed> {
        let lists = strings_of(wanted).collect::<Result<Vec<_>, _>>()?;
        Ok(lists
            .iter()
            .flat_map(|list| list.split(':'))
            .map(str::to_owned)
            .collect())
    };

    let flags = value(elf::DT_FLAGS).unwrap_or(0);
    let flags_1 = value(elf::DT_FLAGS_1).unwrap_or(0);
    let mut linked = Linked {
        present: true,
        soname: strings_of(elf::DT_SONAME).next().transpose()?,
        needed: strings_of(elf::DT_NEEDED)
            .map(|name| {
                Ok(Needed {
                    name: name?,
                    versions: Vec::new(),
                })
            })
            .collect::<Result<_, Malformed>>()?,
        unversioned: Vec::new(),
        runpath: folders(elf::DT_RUNPATH)?,
        rpath: folders(elf::DT_RPATH)?,
        pie: flags_1 & 0x0800_0000 != 0,
        bind_now: value(elf::DT_BIND_NOW).is_some() || flags & 8 != 0 || flags_1 & 1 != 0,
        text_relocations: value(elf::DT_TEXTREL).is_some() || flags & 4 != 0,
    };

    let mut versions = match value(elf::DT_VERNEED) {
        Some(address) => versions(memory.rest(address, "needed versions")?, endian, strings)?,
        None => BTreeMap::new(),
    };
    if let Some(table) = value(elf::DT_SYMTAB) {
        let count = match symbols {
            Some(count) => count,
            None => count::<E, R>(&memory, endian, &value)?,
        };
        let bytes = count
            .checked_mul(size_of::<E::Sym>() as u64)
            .ok_or_else(|| Malformed::new("dynamic symbols", "too many"))?;
        let symbols = memory.bytes(table, bytes, "dynamic symbols")?;
        let (symbols, _) = slice_from_bytes::<E::Sym>(symbols, count as usize)
            .map_err(|()| Malformed::new("dynamic symbols", "cut short"))?;
        let indices = match value(elf::DT_VERSYM) {
            Some(address) => {
                let bytes = memory.bytes(address, count * 2, "symbol versions")?;
                slice_from_bytes::<U16<Endianness>>(bytes, count as usize)
                    .map_err(|()| Malformed::new("symbol versions", "cut short"))?
                    .0
            }
            None => &[],
        };
        for (position, symbol) in symbols.iter().enumerate().skip(1) {
            if !symbol.is_undefined(endian) || symbol.is_local() {
                continue;
            }
            let symbol = Symbol {
                name: string(strings, u64::from(symbol.st_name(endian)))?,
                weak: symbol.is_weak(),
            };
            if symbol.name.is_empty() {
                continue;
            }
            let index = indices
                .get(position)
                .map_or(0, |index| index.get(endian) & INDEX_MASK);
            match versions.get_mut(&index) {
                Some((_, version)) => version.symbols.push(symbol),
                None if index < FIRST_VERSION => linked.unversioned.push(symbol),
                None => {
                    return Err(Malformed::new(
                        "symbol versions",
                        format!("`{}` has the unknown version {index}", symbol.name),
                    ));
                }
            }
        }
        linked.unversioned.sort();
    }
    for (library, mut version) in versions.into_values() {
        version.symbols.sort();
        match linked
            .needed
            .iter_mut()
            .find(|needed| needed.name == library)
        {
            Some(needed) => needed.versions.push(version),
            None => linked.needed.push(Needed {
                name: library,
                versions: vec![version],
            }),
        }
    }
    Ok(linked)
}

/// Reads `DT_VERNEED`'s chain of libraries, each with its chain of versions,
/// by version index.
fn versions(
    table: &[u8],
    endian: Endianness,
    strings: &[u8],
) -> Result<BTreeMap<u16, (String, Version)>, Malformed> {
    let broken = || Malformed::new("needed versions", "the chain leaves its table");
    let mut found = BTreeMap::new();
    let mut library = Some(table);
    let mut steps = 0;
    while let Some(bytes) = library {
        let (need, _) = from_bytes::<elf::Verneed<Endianness>>(bytes).map_err(|()| broken())?;
        let file = string(strings, u64::from(need.vn_file.get(endian)))?;
        let mut entry = bytes.get(need.vn_aux.get(endian) as usize..);
        for _ in 0..need.vn_cnt.get(endian) {
            steps += 1;
            if steps > VERSION_LIMIT {
                return Err(Malformed::new("needed versions", "too many"));
            }
            let bytes = entry.ok_or_else(broken)?;
            let (aux, _) = from_bytes::<elf::Vernaux<Endianness>>(bytes).map_err(|()| broken())?;
            let version = Version {
                name: string(strings, u64::from(aux.vna_name.get(endian)))?,
                weak: aux.vna_flags.get(endian).0 & elf::VER_FLG_WEAK.0 != 0,
                symbols: Vec::new(),
            };
            let index = aux.vna_other.get(endian).0 & INDEX_MASK;
            found.insert(index, (file.clone(), version));
            match aux.vna_next.get(endian) as usize {
                0 => break,
                next => entry = bytes.get(next..),
            }
        }
        steps += 1;
        if steps > VERSION_LIMIT {
            return Err(Malformed::new("needed versions", "too many"));
        }
        library = match need.vn_next.get(endian) as usize {
            0 => None,
            next => Some(bytes.get(next..).ok_or_else(broken)?),
        };
    }
    Ok(found)
}

/// The number of dynamic symbols, from the hash tables.
fn count<'d, E, R>(
    memory: &Memory<R>,
    endian: Endianness,
    value: &impl Fn(elf::DynamicTag) -> Option<u64>,
) -> Result<u64, Malformed>
where
    E: FileHeader<Endian = Endianness>,
    R: ReadRef<'d>,
{
    let broken = |error: object::read::Error| Malformed::new("symbol hash table", error);
    // Alpha and s390x have 64-bit words in the old table, which object reads
    // as 32-bit ones; the newer table is the same everywhere.
    if let Some(address) = value(elf::DT_GNU_HASH) {
        let bytes = memory.rest(address, "symbol hash table")?;
        let table = GnuHashTable::<E>::parse(endian, bytes).map_err(broken)?;
        let count = table
            .symbol_table_length(endian)
            .unwrap_or_else(|| table.symbol_base());
        return Ok(u64::from(count));
    }
    if let Some(address) = value(elf::DT_HASH) {
        let bytes = memory.rest(address, "symbol hash table")?;
        let table = HashTable::<E>::parse(endian, bytes).map_err(broken)?;
        return Ok(u64::from(table.symbol_table_length()));
    }
    Ok(0)
}

/// The file's bytes by the addresses they are loaded at.
struct Memory<R> {
    data: R,
    /// Address, file offset and size in bytes of each loaded segment.
    segments: Vec<(u64, u64, u64)>,
}

impl<R> Memory<R> {
    fn new<'d, E>(endian: Endianness, data: R, segments: &[E::ProgramHeader]) -> Self
    where
        E: FileHeader<Endian = Endianness>,
        R: ReadRef<'d>,
    {
        let segments = segments
            .iter()
            .filter(|segment| segment.p_type(endian) == elf::PT_LOAD)
            .map(|segment| {
                let (offset, size) = segment.file_range(endian);
                (segment.p_vaddr(endian).into(), offset, size)
            })
            .collect();
        Memory { data, segments }
    }

    fn bytes<'d>(&self, address: u64, size: u64, what: &'static str) -> Result<&'d [u8], Malformed>
    where
        R: ReadRef<'d>,
    {
        let (offset, room) = self.place(address, what)?;
        if size > room {
            return Err(Malformed::new(what, "they leave their segment"));
        }
        self.data
            .read_bytes_at(offset, size)
            .map_err(|()| Malformed::new(what, "they lie outside the file"))
    }

    /// From an address to the end of its segment.
    fn rest<'d>(&self, address: u64, what: &'static str) -> Result<&'d [u8], Malformed>
    where
        R: ReadRef<'d>,
    {
        let (offset, room) = self.place(address, what)?;
        self.data
            .read_bytes_at(offset, room)
            .map_err(|()| Malformed::new(what, "they lie outside the file"))
    }

    /// The file offset of an address, and how many bytes follow in its segment.
    fn place(&self, address: u64, what: &'static str) -> Result<(u64, u64), Malformed> {
        self.segments
            .iter()
            .find_map(|&(start, offset, size)| {
                let within = address.checked_sub(start).filter(|within| *within < size)?;
                Some((offset.checked_add(within)?, size - within))
            })
            .ok_or_else(|| Malformed::new(what, format!("nothing is loaded at {address:#x}")))
    }
}

fn string(table: &[u8], offset: u64) -> Result<String, Malformed> {
    let bytes = usize::try_from(offset)
        .ok()
        .and_then(|offset| table.get(offset..))
        .ok_or_else(|| Malformed::new("dynamic strings", "a name lies outside of them"))?;
    let end = memchr::memchr(0, bytes)
        .ok_or_else(|| Malformed::new("dynamic strings", "a name does not end"))?;
    Ok(String::from_utf8_lossy(&bytes[..end]).into_owned())
}
