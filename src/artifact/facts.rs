//! The facts of an ELF file, in the words of the System V ABI. [pure]

use std::fmt;

use serde::{Deserialize, Serialize};

use super::attributes::ArmAttributes;
use super::glibc::GlibcVersion;

/// The width of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    Elf32,
    Elf64,
}

impl Class {
    pub const fn bits(self) -> u8 {
        match self {
            Class::Elf32 => 32,
            Class::Elf64 => 64,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Endian {
    Little,
    Big,
}

impl Endian {
    pub const fn name(self) -> &'static str {
        match self {
            Endian::Little => "little",
            Endian::Big => "big",
        }
    }
}

/// How floating-point arguments travel, where a machine has several ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Float {
    Soft,
    /// ARM: in VFP registers.
    Hard,
    /// RISC-V: up to 32, 64 and 128 bits in floating-point registers.
    Single,
    Double,
    Quad,
}

impl Float {
    pub const fn name(self) -> &'static str {
        match self {
            Float::Soft => "soft",
            Float::Hard => "hard",
            Float::Single => "single",
            Float::Double => "double",
            Float::Quad => "quad",
        }
    }
}

/// The processor family: `e_machine`, together with the class where one number
/// stands for two (RISC-V, x32).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Machine {
    Aarch64,
    Arm,
    I386,
    LoongArch,
    Mips,
    Ppc,
    Ppc64,
    Riscv32,
    Riscv64,
    S390x,
    Sparc64,
    X86_64,
    /// `e_machine` as it stands in the file.
    Other(u16),
}

impl Machine {
    /// The name that `nix/targets/*.json` uses.
    pub fn name(self) -> String {
        let name = match self {
            Machine::Aarch64 => "aarch64",
            Machine::Arm => "arm",
            Machine::I386 => "i386",
            Machine::LoongArch => "loongarch",
            Machine::Mips => "mips",
            Machine::Ppc => "ppc",
            Machine::Ppc64 => "ppc64",
            Machine::Riscv32 => "riscv32",
            Machine::Riscv64 => "riscv64",
            Machine::S390x => "s390x",
            Machine::Sparc64 => "sparc64",
            Machine::X86_64 => "x86_64",
            Machine::Other(number) => return format!("machine {number}"),
        };
        name.to_owned()
    }

    pub(super) fn of(machine: object::elf::Machine, class: Class) -> Self {
        use object::elf;
        match (machine, class) {
            (elf::EM_AARCH64, _) => Machine::Aarch64,
            (elf::EM_ARM, _) => Machine::Arm,
            (elf::EM_386, _) => Machine::I386,
            (elf::EM_LOONGARCH, _) => Machine::LoongArch,
            (elf::EM_MIPS, _) => Machine::Mips,
            (elf::EM_PPC, _) => Machine::Ppc,
            (elf::EM_PPC64, _) => Machine::Ppc64,
            (elf::EM_RISCV, Class::Elf32) => Machine::Riscv32,
            (elf::EM_RISCV, Class::Elf64) => Machine::Riscv64,
            (elf::EM_S390, _) => Machine::S390x,
            (elf::EM_SPARCV9, _) => Machine::Sparc64,
            (elf::EM_X86_64, _) => Machine::X86_64,
            (other, _) => Machine::Other(other.0),
        }
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

/// What the file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ElfKind {
    /// Fixed address, dynamically linked.
    Executable,
    /// Any address, dynamically linked.
    Pie,
    /// Fixed address, no dynamic loader.
    Static,
    /// Any address, relocates itself.
    StaticPie,
    SharedLibrary,
    Relocatable,
    Core,
    /// `e_type` as it stands in the file.
    Other(u16),
}

impl ElfKind {
    pub fn name(self) -> String {
        let name = match self {
            ElfKind::Executable => "executable",
            ElfKind::Pie => "PIE",
            ElfKind::Static => "static",
            ElfKind::StaticPie => "static-PIE",
            ElfKind::SharedLibrary => "shared library",
            ElfKind::Relocatable => "relocatable object",
            ElfKind::Core => "core dump",
            ElfKind::Other(number) => return format!("ELF type {number}"),
        };
        name.to_owned()
    }

    /// Whether it is a program that can be started.
    pub const fn is_program(self) -> bool {
        matches!(
            self,
            ElfKind::Executable | ElfKind::Pie | ElfKind::Static | ElfKind::StaticPie
        )
    }

    /// Whether a linker made it for loading: a program or a shared library.
    pub const fn is_linked(self) -> bool {
        self.is_program() || matches!(self, ElfKind::SharedLibrary)
    }
}

/// How much of the relocated data becomes read-only after start-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relro {
    None,
    Partial,
    /// `GNU_RELRO` and all symbols bound at start-up.
    Full,
}

impl Relro {
    pub const fn name(self) -> &'static str {
        match self {
            Relro::None => "none",
            Relro::Partial => "partial",
            Relro::Full => "full",
        }
    }
}

/// An undefined dynamic symbol.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Symbol {
    pub name: String,
    pub weak: bool,
}

/// A version that a library must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// `GLIBC_2.17`, for example.
    pub name: String,
    /// Whether the loader goes on without it: `VER_FLG_WEAK`.
    pub weak: bool,
    /// What needs it.
    pub symbols: Vec<Symbol>,
}

/// A library of `DT_NEEDED`, with the versions that are wanted of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Needed {
    pub name: String,
    pub versions: Vec<Version>,
}

impl Needed {
    /// The highest `GLIBC_x.y` wanted of this library, weak ones included.
    pub fn glibc(&self) -> Option<GlibcVersion> {
        self.versions
            .iter()
            .filter_map(|version| GlibcVersion::of_symbol_version(&version.name))
            .max()
    }
}

/// Where a section lies in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    pub name: String,
    /// Bytes from the start of the file.
    pub offset: u64,
    /// Bytes.
    pub size: u64,
}

/// Everything that is read of an ELF file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ElfFacts {
    pub class: Class,
    pub endian: Endian,
    pub machine: Machine,
    /// `EI_OSABI`: 0 is System V, 3 GNU/Linux.
    pub os_abi: u8,
    /// `e_flags` as they stand in the file.
    pub flags: u32,
    /// ARM's EABI version, from `e_flags`.
    pub arm_eabi: Option<u8>,
    /// ARM and RISC-V: what `e_flags` say. ARM objects say it in their
    /// attributes instead.
    pub float: Option<Float>,
    /// RISC-V: whether compressed instructions may occur.
    pub rvc: bool,
    /// PowerPC64's ELF ABI, 1 or 2; 0 is unstated.
    pub ppc64_abi: Option<u8>,
    pub arm: Option<ArmAttributes>,
    /// RISC-V's ISA string, such as `rv64i2p1_m2p0_a2p1_f2p2_d2p2_c2p0`.
    pub riscv_isa: Option<String>,
    pub kind: ElfKind,
    pub interpreter: Option<String>,
    pub soname: Option<String>,
    pub needed: Vec<Needed>,
    /// Undefined dynamic symbols without a version, sorted.
    pub unversioned: Vec<Symbol>,
    /// Each folder of `DT_RUNPATH`.
    pub runpath: Vec<String>,
    /// Each folder of `DT_RPATH`.
    pub rpath: Vec<String>,
    /// Whether `GNU_STACK` asks for an executable stack; nothing where the
    /// file has no such header and the system decides.
    pub exec_stack: Option<bool>,
    pub relro: Relro,
    /// Whether code is relocated at start-up (`DT_TEXTREL`).
    pub text_relocations: bool,
    /// Whether `.symtab` is there.
    pub symbols: bool,
    /// Whether DWARF is there.
    pub debug: bool,
    /// `NT_GNU_BUILD_ID`, lower-case hexadecimal.
    pub build_id: Option<String>,
    /// The oldest Linux kernel that the C library's start-up code accepts.
    pub minimum_kernel: Option<(u32, u32, u32)>,
    /// The x86-64 level that the file says it needs, such as `x86-64-v2`.
    pub x86_isa: Option<&'static str>,
    /// What the compilers and linkers left in `.comment`.
    pub compilers: Vec<String>,
    pub sections: Vec<Section>,
}

impl ElfFacts {
    /// Neither symbols nor debug information.
    pub const fn is_stripped(&self) -> bool {
        !self.symbols && !self.debug
    }

    /// Whether a dynamic loader or another library takes part at run time.
    pub fn is_dynamic(&self) -> bool {
        self.interpreter.is_some() || !self.needed.is_empty()
    }

    /// The highest `GLIBC_x.y` that is wanted, with and without those that
    /// only weak references want.
    pub fn glibc(&self) -> Option<GlibcVersion> {
        self.needed.iter().filter_map(Needed::glibc).max()
    }

    /// The highest `GLIBC_x.y` without which the loader gives up.
    pub fn glibc_strong(&self) -> Option<GlibcVersion> {
        self.needed
            .iter()
            .flat_map(|library| &library.versions)
            .filter(|version| !version.weak)
            .filter_map(|version| GlibcVersion::of_symbol_version(&version.name))
            .max()
    }

    /// The section that a byte of the file belongs to.
    pub fn section_at(&self, offset: u64) -> Option<&str> {
        self.sections
            .iter()
            .find(|section| {
                offset
                    .checked_sub(section.offset)
                    .is_some_and(|within| within < section.size)
            })
            .map(|section| section.name.as_str())
    }
}
