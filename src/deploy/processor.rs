//! Processors, by every name that machines and people have for them. [pure]

/// A kind of processor, as far as it decides about a target.
#[derive(Debug, PartialEq, Eq)]
pub struct Processor {
    /// What it is called here.
    pub name: &'static str,
    /// For a person.
    pub what: &'static str,
    /// Rust's targets for Linux on it, had here or not.
    pub gnu: &'static str,
    pub musl: &'static str,
    /// What `uname -m`, Debian and people call it.
    words: &'static [&'static str],
}

pub static X86_64: Processor = Processor {
    name: "x86_64",
    what: "64-bit Intel and AMD: PCs, most servers",
    gnu: "x86_64-unknown-linux-gnu",
    musl: "x86_64-unknown-linux-musl",
    words: &["x86_64", "amd64", "x86-64", "x64"],
};

pub static AARCH64: Processor = Processor {
    name: "aarch64",
    what: "64-bit ARM: servers, Raspberry Pi 3+ with a 64-bit system",
    gnu: "aarch64-unknown-linux-gnu",
    musl: "aarch64-unknown-linux-musl",
    words: &["aarch64", "arm64", "armv8"],
};

pub static ARMV7: Processor = Processor {
    name: "armv7",
    what: "32-bit ARM: Raspberry Pi 2+ with a 32-bit system",
    gnu: "armv7-unknown-linux-gnueabihf",
    musl: "armv7-unknown-linux-musleabihf",
    words: &["armv7", "armv7l", "armv7a", "armv8l", "armhf"],
};

pub static ARMV6: Processor = Processor {
    name: "armv6",
    what: "ARM of the first Raspberry Pi and of the Zero",
    gnu: "arm-unknown-linux-gnueabihf",
    musl: "arm-unknown-linux-musleabihf",
    words: &["armv6", "armv6l"],
};

static ALL: [&Processor; 12] = [
    &X86_64,
    &AARCH64,
    &ARMV7,
    &Processor {
        name: "i686",
        what: "32-bit Intel and AMD",
        gnu: "i686-unknown-linux-gnu",
        musl: "i686-unknown-linux-musl",
        words: &["i686", "i386", "x86"],
    },
    &Processor {
        name: "riscv64",
        what: "64-bit RISC-V",
        gnu: "riscv64gc-unknown-linux-gnu",
        musl: "riscv64gc-unknown-linux-musl",
        words: &["riscv64", "riscv64gc"],
    },
    &Processor {
        name: "s390x",
        what: "IBM Z",
        gnu: "s390x-unknown-linux-gnu",
        musl: "s390x-unknown-linux-musl",
        words: &["s390x"],
    },
    &Processor {
        name: "powerpc64le",
        what: "POWER, little-endian",
        gnu: "powerpc64le-unknown-linux-gnu",
        musl: "powerpc64le-unknown-linux-musl",
        words: &["powerpc64le", "ppc64le", "ppc64el"],
    },
    &ARMV6,
    &Processor {
        name: "armv5te",
        what: "ARM before ARMv6",
        gnu: "armv5te-unknown-linux-gnueabi",
        musl: "armv5te-unknown-linux-musleabi",
        words: &["armv5te", "armv5tel", "armv5tejl", "armel"],
    },
    &Processor {
        name: "i586",
        what: "32-bit Intel and AMD, before SSE2",
        gnu: "i586-unknown-linux-gnu",
        musl: "i586-unknown-linux-musl",
        words: &["i586", "i486"],
    },
    &Processor {
        name: "powerpc64",
        what: "POWER, big-endian",
        gnu: "powerpc64-unknown-linux-gnu",
        musl: "powerpc64-unknown-linux-musl",
        words: &["powerpc64", "ppc64"],
    },
    &Processor {
        name: "loongarch64",
        what: "64-bit LoongArch",
        gnu: "loongarch64-unknown-linux-gnu",
        musl: "loongarch64-unknown-linux-musl",
        words: &["loongarch64"],
    },
];

impl Processor {
    /// All of them, the most frequent first.
    pub fn all() -> impl Iterator<Item = &'static Processor> {
        ALL.iter().copied()
    }

    /// The one that a word means.
    pub fn find(word: &str) -> Option<&'static Processor> {
        let word = word.to_ascii_lowercase();
        Processor::all().find(|one| one.words.contains(&&*word))
    }

    /// The one whose programs a target's are.
    pub fn of(triple: &str) -> Option<&'static Processor> {
        Processor::all().find(|one| one.gnu == triple || one.musl == triple)
    }
}
