//! The headers, sections and notes of an ELF file, after the System V ABI's
//! "Object Files" and each processor's supplement. [pure]

use object::elf::{self, FileHeader32, FileHeader64};
use object::endian::Endianness;
use object::read::elf::{FileHeader, ProgramHeader, SectionHeader};
use object::read::{ReadRef, StringTable};

use super::facts::{Class, ElfFacts, ElfKind, Endian, Float, Machine, Relro, Section};
use super::{Malformed, attributes, dynamic, notes};

/// `.comment` holds a line a compiler; more than this is not that.
const COMMENT_LIMIT: u64 = 64 * 1024;

pub(super) fn facts<'d, R: ReadRef<'d>>(data: R) -> Result<ElfFacts, Malformed> {
    let class = data
        .read_bytes_at(4, 1)
        .map_err(|()| Malformed::new("ELF header", "the file ends within it"))?;
    match class {
        [1] => facts_of::<FileHeader32<Endianness>, R>(data, Class::Elf32),
        [2] => facts_of::<FileHeader64<Endianness>, R>(data, Class::Elf64),
        other => Err(Malformed::new(
            "ELF header",
            format!("unknown class {other:?}"),
        )),
    }
}

fn facts_of<'d, E, R>(data: R, class: Class) -> Result<ElfFacts, Malformed>
where
    E: FileHeader<Endian = Endianness>,
    R: ReadRef<'d>,
{
    let broken = |error: object::read::Error| Malformed::new("ELF header", error);
    let header = E::parse(data).map_err(broken)?;
    let endian = header.endian().map_err(broken)?;
    let machine = Machine::of(header.e_machine(endian), class);
    let flags = header.e_flags(endian).0;
    let segments = header.program_headers(endian, data).map_err(broken)?;
    let core = header.e_type(endian) == elf::ET_CORE;
    if !core {
        within_file::<E, R>(endian, data, segments)?;
    }
    let table = sections::<E, R>(header, endian, data, core)?;
    let linked = dynamic::read::<E, R>(endian, data, segments, table.dynamic_symbols)?;
    let notes = notes::read::<E, R>(endian, data, segments, &table.notes, machine);
    let interpreter = interpreter::<E, R>(endian, data, segments)?;

    let relro = segments
        .iter()
        .any(|segment| segment.p_type(endian) == elf::PT_GNU_RELRO);
    let exec_stack = segments
        .iter()
        .find(|segment| segment.p_type(endian) == elf::PT_GNU_STACK)
        .map(|segment| segment.p_flags(endian).0 & elf::PF_X.0 != 0);
    let section_of = |wanted: &str| table.all.iter().find(|section| section.name == wanted);
    let contents = |wanted: &str| {
        section_of(wanted).and_then(|section| data.read_bytes_at(section.offset, section.size).ok())
    };
    let arm = match (machine, contents(".ARM.attributes")) {
        (Machine::Arm, Some(bytes)) => Some(attributes::arm::<E>(endian, bytes)?),
        _ => None,
    };
    let riscv_isa = match (machine, contents(".riscv.attributes")) {
        (Machine::Riscv32 | Machine::Riscv64, Some(bytes)) => {
            attributes::riscv::<E>(endian, bytes)?
        }
        _ => None,
    };
    let compilers = section_of(".comment")
        .and_then(|section| {
            data.read_bytes_at(section.offset, section.size.min(COMMENT_LIMIT))
                .ok()
        })
        .map(lines)
        .unwrap_or_default();
    let debug = [".debug_info", ".zdebug_info", ".debug_line", ".zdebug_line"]
        .iter()
        .any(|name| section_of(name).is_some());

    Ok(ElfFacts {
        class,
        endian: match endian {
            Endianness::Little => Endian::Little,
            Endianness::Big => Endian::Big,
        },
        machine,
        os_abi: header.e_ident().os_abi.0,
        flags,
        arm_eabi: (machine == Machine::Arm).then_some((flags >> 24) as u8),
        float: float(machine, flags),
        rvc: matches!(machine, Machine::Riscv32 | Machine::Riscv64)
            && flags & elf::EF_RISCV_RVC.0 != 0,
        ppc64_abi: (machine == Machine::Ppc64).then_some((flags & elf::EF_PPC64_ABI) as u8),
        arm,
        riscv_isa,
        kind: kind(header.e_type(endian), &linked, interpreter.is_some()),
        interpreter,
        soname: linked.soname,
        needed: linked.needed,
        unversioned: linked.unversioned,
        runpath: linked.runpath,
        rpath: linked.rpath,
        exec_stack,
        relro: match (relro, linked.bind_now || !linked.present) {
            (false, _) => Relro::None,
            (true, false) => Relro::Partial,
            (true, true) => Relro::Full,
        },
        text_relocations: linked.text_relocations,
        symbols: table.symbols,
        debug,
        build_id: notes.build_id,
        minimum_kernel: notes.minimum_kernel,
        x86_isa: notes.x86_isa,
        compilers,
        sections: table.all,
    })
}

/// Refuses a file that was cut short, before half of it is believed.
fn within_file<'d, E, R>(
    endian: Endianness,
    data: R,
    segments: &[E::ProgramHeader],
) -> Result<(), Malformed>
where
    E: FileHeader<Endian = Endianness>,
    R: ReadRef<'d>,
{
    let size = data.len().unwrap_or(0);
    let beyond = segments.iter().any(|segment| {
        let (offset, length) = segment.file_range(endian);
        segment.p_type(endian) == elf::PT_LOAD
            && offset.checked_add(length).is_none_or(|end| end > size)
    });
    if beyond {
        return Err(Malformed::new(
            "ELF segment",
            "it reaches beyond the end of the file",
        ));
    }
    Ok(())
}

/// What the section headers tell.
struct Sections {
    /// Those with bytes in the file.
    all: Vec<Section>,
    /// Offset and size in bytes of each note section.
    notes: Vec<(u64, u64)>,
    /// How many entries the dynamic symbol table has.
    dynamic_symbols: Option<u64>,
    symbols: bool,
}

fn sections<'d, E, R>(
    header: &E,
    endian: Endianness,
    data: R,
    core: bool,
) -> Result<Sections, Malformed>
where
    E: FileHeader<Endian = Endianness>,
    R: ReadRef<'d>,
{
    let broken = |error: object::read::Error| Malformed::new("ELF sections", error);
    let headers = header.section_headers(endian, data).map_err(broken)?;
    let names = header
        .section_strings(endian, data, headers)
        .map_err(broken)?;
    let size = data.len().unwrap_or(0);
    let mut found = Sections {
        all: Vec::new(),
        notes: Vec::new(),
        dynamic_symbols: None,
        symbols: false,
    };
    for section in headers {
        let Some((offset, length)) = section.file_range(endian) else {
            continue;
        };
        if !core && offset.checked_add(length).is_none_or(|end| end > size) {
            return Err(Malformed::new(
                "ELF section",
                "it reaches beyond the end of the file",
            ));
        }
        match section.sh_type(endian) {
            elf::SHT_NULL => continue,
            elf::SHT_SYMTAB => found.symbols = true,
            elf::SHT_NOTE => found.notes.push((offset, length)),
            elf::SHT_DYNSYM => {
                found.dynamic_symbols = Some(length / size_of::<E::Sym>() as u64);
            }
            _ => {}
        }
        found.all.push(Section {
            name: name::<E, R>(section, endian, names)?,
            offset,
            size: length,
        });
    }
    Ok(found)
}

fn name<'d, E, R>(
    section: &E::SectionHeader,
    endian: Endianness,
    names: StringTable<'d, R>,
) -> Result<String, Malformed>
where
    E: FileHeader<Endian = Endianness>,
    R: ReadRef<'d>,
{
    let name = section
        .name(endian, names)
        .map_err(|error| Malformed::new("ELF section name", error))?;
    Ok(String::from_utf8_lossy(name).into_owned())
}

fn interpreter<'d, E, R>(
    endian: Endianness,
    data: R,
    segments: &[E::ProgramHeader],
) -> Result<Option<String>, Malformed>
where
    E: FileHeader<Endian = Endianness>,
    R: ReadRef<'d>,
{
    for segment in segments {
        let path = segment
            .interpreter(endian, data)
            .map_err(|error| Malformed::new("ELF interpreter", error))?;
        if let Some(path) = path {
            return Ok(Some(String::from_utf8_lossy(path).into_owned()));
        }
    }
    Ok(None)
}

fn kind(stated: elf::FileType, linked: &dynamic::Linked, interpreter: bool) -> ElfKind {
    let loader = interpreter || !linked.needed.is_empty();
    match stated {
        elf::ET_REL => ElfKind::Relocatable,
        elf::ET_CORE => ElfKind::Core,
        elf::ET_EXEC if loader => ElfKind::Executable,
        elf::ET_EXEC => ElfKind::Static,
        elf::ET_DYN if linked.pie && loader => ElfKind::Pie,
        elf::ET_DYN if linked.pie => ElfKind::StaticPie,
        // Linkers before 2.26 did not mark a PIE; a library that can also be
        // started, such as libc.so.6, has a name of its own.
        elf::ET_DYN if interpreter && linked.soname.is_none() => ElfKind::Pie,
        elf::ET_DYN => ElfKind::SharedLibrary,
        other => ElfKind::Other(other.0),
    }
}

fn float(machine: Machine, flags: u32) -> Option<Float> {
    match machine {
        Machine::Arm if flags & elf::EF_ARM_ABI_FLOAT_HARD != 0 => Some(Float::Hard),
        Machine::Arm if flags & elf::EF_ARM_ABI_FLOAT_SOFT != 0 => Some(Float::Soft),
        Machine::Riscv32 | Machine::Riscv64 => Some(match flags & elf::EF_RISCV_FLOAT_ABI {
            0 => Float::Soft,
            2 => Float::Single,
            4 => Float::Double,
            _ => Float::Quad,
        }),
        _ => None,
    }
}

/// The strings of a section of NUL-ended ones, each once, in their order.
fn lines(bytes: &[u8]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for line in bytes.split(|&byte| byte == 0) {
        let line = String::from_utf8_lossy(line).trim().to_owned();
        if !line.is_empty() && !found.contains(&line) {
            found.push(line);
        }
    }
    found
}
