//! The words of a triple, and what each means. [pure]
//!
//! Sources: rustc's own descriptions of its targets, "Platform Support" of the
//! rustc book, the ELF processor supplements of ARM and RISC-V.

/// Which of the four parts of a triple a word is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Architecture,
    Vendor,
    System,
    Abi,
}

impl Role {
    pub const fn name(self) -> &'static str {
        match self {
            Role::Architecture => "architecture",
            Role::Vendor => "vendor",
            Role::System => "system",
            Role::Abi => "ABI",
        }
    }
}

/// A part of a triple; its word is empty where the triple leaves it out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    pub role: Role,
    pub word: String,
    pub meaning: &'static str,
}

/// By the beginning of the word; the longest that fits holds.
const ARCHITECTURES: [(&str, &str); 49] = [
    (
        "aarch64",
        "64-bit ARM, ARMv8-A and newer: Graviton, Ampere, Grace, Raspberry Pi 3 and newer with a 64-bit system",
    ),
    ("aarch64_be", "64-bit ARM, big-endian"),
    ("aarch64v8r", "64-bit ARM, ARMv8-R: real-time processors"),
    ("amdgcn", "graphics processors of AMD"),
    (
        "arm",
        "32-bit ARM, ARMv6 and newer: the first Raspberry Pi and the Zero",
    ),
    ("arm64_32", "64-bit ARM with pointers of 32 bits"),
    ("arm64e", "64-bit ARM of Apple, with signed pointers"),
    (
        "arm64ec",
        "64-bit ARM that code for x86_64 can call and be called by",
    ),
    ("armeb", "32-bit ARM, big-endian"),
    (
        "armebv7r",
        "32-bit ARM, ARMv7-R, big-endian: real-time processors",
    ),
    ("armv4t", "32-bit ARM, ARMv4T"),
    ("armv5te", "32-bit ARM, ARMv5TE"),
    ("armv6", "32-bit ARM, ARMv6"),
    (
        "armv7",
        "32-bit ARM, ARMv7-A with VFPv3-D16, NEON not needed: Raspberry Pi 2 and newer with a 32-bit system",
    ),
    ("armv7a", "32-bit ARM, ARMv7-A"),
    ("armv7k", "32-bit ARM of the first Apple Watches"),
    ("armv7r", "32-bit ARM, ARMv7-R: real-time processors"),
    ("armv7s", "32-bit ARM of Apple's A6"),
    ("armv8r", "32-bit ARM, ARMv8-R: real-time processors"),
    ("avr", "AVR microcontrollers, 8 bits"),
    ("bpf", "programs that the Linux kernel runs itself"),
    ("csky", "C-SKY, 32 bits"),
    ("hexagon", "Hexagon of Qualcomm"),
    ("i386", "32-bit x86"),
    ("i586", "32-bit x86, the first Pentium and newer"),
    ("i686", "32-bit x86 with SSE2: Pentium 4 and newer"),
    ("loongarch32", "LoongArch, 32 bits"),
    ("loongarch64", "LoongArch, 64 bits"),
    ("m68k", "Motorola 68000, 32 bits"),
    ("mips", "MIPS"),
    ("msp430", "MSP430 microcontrollers, 16 bits"),
    ("nvptx64", "graphics processors of NVIDIA"),
    ("powerpc", "32-bit PowerPC, big-endian"),
    ("powerpc64", "64-bit POWER, big-endian"),
    ("powerpc64le", "64-bit POWER, little-endian"),
    (
        "riscv32",
        "32-bit RISC-V; the letters behind it are its extensions",
    ),
    (
        "riscv64",
        "64-bit RISC-V; the letters behind it are its extensions",
    ),
    (
        "riscv64gc",
        "64-bit RISC-V with the extensions of general processors (G) and compressed instructions (C)",
    ),
    ("s390x", "IBM Z, 64 bits, big-endian"),
    ("sparc", "SPARC"),
    ("thumb", "32-bit ARM in its short instructions, Thumb"),
    ("thumbv6m", "ARMv6-M microcontrollers: Cortex-M0, M0+, M1"),
    ("thumbv7em", "ARMv7E-M microcontrollers: Cortex-M4, M7"),
    ("thumbv7m", "ARMv7-M microcontrollers: Cortex-M3"),
    ("thumbv8m.base", "ARMv8-M microcontrollers: Cortex-M23"),
    (
        "thumbv8m.main",
        "ARMv8-M microcontrollers: Cortex-M33 and newer",
    ),
    ("wasm", "WebAssembly; the number is the width of an address"),
    (
        "x86_64",
        "64-bit x86, of Intel and AMD, any since the first: PCs, most servers",
    ),
    ("xtensa", "Xtensa microcontrollers: ESP32"),
];

const VENDORS: [(&str, &str); 22] = [
    ("alpine", "Alpine Linux"),
    ("amd", "AMD"),
    ("apple", "Apple"),
    ("esp", "Espressif"),
    ("fortanix", "Fortanix"),
    ("ibm", "IBM"),
    ("kmc", "Kyoto Microcomputer"),
    ("lynx", "Lynx"),
    ("mti", "MIPS Technologies"),
    ("nintendo", "Nintendo"),
    ("nvidia", "NVIDIA"),
    ("openwrt", "OpenWrt"),
    ("pc", "a PC: no vendor in particular"),
    ("risc0", "RISC Zero"),
    ("sony", "Sony"),
    ("sun", "Sun, now Oracle"),
    ("unikraft", "Unikraft"),
    ("unknown", "nobody in particular: no vendor matters here"),
    ("uwp", "Microsoft's store: Universal Windows Platform"),
    ("vex", "VEX Robotics"),
    ("win7", "Microsoft, from Windows 7 on"),
    ("wrs", "Wind River"),
];

/// By the beginning of the word.
const SYSTEMS: [(&str, &str); 39] = [
    ("aix", "AIX"),
    ("amdhsa", "AMD's runtime for its graphics processors"),
    ("cuda", "NVIDIA's runtime for its graphics processors"),
    ("cygwin", "Cygwin, on Windows"),
    ("darwin", "macOS"),
    ("dragonfly", "DragonFly BSD"),
    ("emscripten", "a web page, through Emscripten"),
    ("espidf", "ESP-IDF, Espressif's system"),
    ("freebsd", "FreeBSD"),
    ("fuchsia", "Fuchsia"),
    ("haiku", "Haiku"),
    ("helenos", "HelenOS"),
    ("hermit", "Hermit, a unikernel"),
    ("hurd", "GNU Hurd"),
    ("illumos", "illumos"),
    ("ios", "iOS"),
    ("linux", "Linux: programs call its kernel"),
    ("managarm", "Managarm"),
    ("motor", "Motor OS"),
    ("netbsd", "NetBSD"),
    (
        "none",
        "no operating system: bare metal, no standard library",
    ),
    ("nto", "QNX Neutrino"),
    ("nuttx", "NuttX"),
    ("openbsd", "OpenBSD"),
    ("redox", "Redox"),
    ("rtems", "RTEMS"),
    ("solaris", "Solaris"),
    ("solid_asp3", "SOLID"),
    ("switch", "Nintendo Switch"),
    ("teeos", "TEEOS"),
    ("trusty", "Trusty"),
    ("tvos", "tvOS"),
    ("uefi", "UEFI: programs that run before a system does"),
    ("unknown", "none: whoever runs it decides"),
    ("visionos", "visionOS"),
    ("vxworks", "VxWorks"),
    (
        "wasi",
        "WASI, the system interface of WebAssembly outside of web pages",
    ),
    ("watchos", "watchOS"),
    ("windows", "Windows"),
];

/// The beginning of the system, and the whole of the ABI.
const ABIS: [(&str, &str, &str); 35] = [
    ("", "eabi", "ARM's embedded ABI, floats in software"),
    (
        "",
        "eabihf",
        "ARM's embedded ABI, floats in registers (hard float)",
    ),
    ("", "elf", "files in the ELF format"),
    ("", "freestanding", "no C library"),
    ("", "sgx", "an SGX enclave"),
    ("", "softfloat", "floats in software"),
    ("", "threads", "with threads"),
    ("hurd", "gnu", "the GNU C library"),
    ("ios", "macabi", "iOS programs on macOS: Mac Catalyst"),
    ("ios", "sim", "the simulator"),
    (
        "linux",
        "android",
        "Android, with its own C library, bionic",
    ),
    (
        "linux",
        "androideabi",
        "Android, with its own C library, bionic; ARM's embedded ABI",
    ),
    (
        "linux",
        "gnu",
        "the GNU C library, glibc: programs load it when they start",
    ),
    ("linux", "gnu_ilp32", "glibc, with pointers of 32 bits"),
    ("linux", "gnuabi64", "glibc, in MIPS's 64-bit ABI"),
    ("linux", "gnuabiv2", "glibc, floats in software"),
    ("linux", "gnuabiv2hf", "glibc, floats in registers"),
    ("linux", "gnuasan", "glibc, and the address sanitizer"),
    (
        "linux",
        "gnueabi",
        "glibc; ARM's embedded ABI, floats in software",
    ),
    (
        "linux",
        "gnueabihf",
        "the GNU C library, glibc, loaded at the start; floats in registers (hard float)",
    ),
    ("linux", "gnumsan", "glibc, and the memory sanitizer"),
    ("linux", "gnuspe", "glibc, on processors with SPE"),
    ("linux", "gnutsan", "glibc, and the thread sanitizer"),
    ("linux", "gnux32", "glibc, with pointers of 32 bits"),
    (
        "linux",
        "musl",
        "the C library musl, linked into the program",
    ),
    ("linux", "muslabi64", "musl, in MIPS's 64-bit ABI"),
    (
        "linux",
        "musleabi",
        "musl; ARM's embedded ABI, floats in software",
    ),
    (
        "linux",
        "musleabihf",
        "the C library musl, linked into the program; floats in registers (hard float)",
    ),
    ("linux", "muslspe", "musl, on processors with SPE"),
    ("linux", "none", "no C library"),
    ("linux", "ohos", "OpenHarmony, with musl"),
    ("tvos", "sim", "the simulator"),
    ("windows", "gnu", "MinGW: the GNU tools for Windows"),
    (
        "windows",
        "gnullvm",
        "MinGW with LLVM's tools in place of GNU's",
    ),
    ("windows", "msvc", "Microsoft's Visual C++"),
];

/// The four parts of a triple of Rust's, in their order. Rust leaves some out:
/// `wasm32-wasip1`, `thumbv7em-none-eabihf`.
pub fn parts(triple: &str) -> Vec<Part> {
    let mut words = triple.split('-');
    let architecture = words.next().unwrap_or("");
    let rest: Vec<&str> = words.collect();
    let is_system = |word: &str| word != "unknown" && longest(&SYSTEMS, word).is_some();
    let (vendor, rest) = match rest[..] {
        [vendor, ref rest @ ..] if !rest.is_empty() && !is_system(vendor) => (vendor, rest),
        _ => ("", &rest[..]),
    };
    let system = rest.first().copied().unwrap_or("");
    let abi = rest.get(1..).unwrap_or_default().join("-");
    let known = |table: &[(&'static str, &'static str)], word: &str| match word {
        "" => "left out",
        word => longest(table, word).unwrap_or("a word of its own: see Rust's line"),
    };
    let part = |role, word: &str, meaning| Part {
        role,
        word: word.to_owned(),
        meaning,
    };
    let of_abi = |(of, word, _): &&(&str, &str, &str)| *word == abi && system.starts_with(of);
    let abi_means = match (&*abi, ABIS.iter().find(of_abi)) {
        ("", _) => "left out: the system has one only",
        (_, Some((_, _, meaning))) => meaning,
        (_, None) => "a word of its own: see Rust's line",
    };
    vec![
        part(
            Role::Architecture,
            architecture,
            known(&ARCHITECTURES, architecture),
        ),
        part(Role::Vendor, vendor, known(&VENDORS, vendor)),
        part(Role::System, system, known(&SYSTEMS, system)),
        part(Role::Abi, &abi, abi_means),
    ]
}

fn longest(table: &[(&'static str, &'static str)], word: &str) -> Option<&'static str> {
    let fitting = table.iter().filter(|(begin, _)| word.starts_with(begin));
    let best = fitting.max_by_key(|(begin, _)| begin.len());
    best.map(|(_, meaning)| *meaning)
}
