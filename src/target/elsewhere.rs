//! Why a triple of Rust's is no target here, and what builds for it instead.
//! [pure]

/// What Rust calls processors at the beginning of its triples.
const ARCHITECTURES: [&str; 18] = [
    "aarch64",
    "arm",
    "armeb",
    "i586",
    "i686",
    "loongarch64",
    "m68k",
    "mips",
    "powerpc",
    "riscv32",
    "riscv64",
    "s390x",
    "sparc",
    "thumb",
    "universal2",
    "wasm32",
    "wasm64",
    "x86_64",
];

/// What follows the processor in a triple, and not in the name of a tool
/// (`aarch64-linux-gnu-gcc`).
const VENDORS: [&str; 9] = [
    "-apple-",
    "-linux-android",
    "-none",
    "-nvidia-",
    "-pc-",
    "-sun-",
    "-unknown-",
    "-wasi",
    "-win7-",
];

/// Whether a word looks like one of Rust's triples, known here or not.
pub fn looks_like_triple(word: &str) -> bool {
    let plain = word
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-.".contains(&byte));
    plain
        && ARCHITECTURES.iter().any(|arch| word.starts_with(arch))
        && VENDORS.iter().any(|vendor| word.contains(vendor))
        && !word.ends_with(['-', '.'])
}

/// What to say of a triple for another system than Linux.
pub fn other_system(triple: &str) -> Option<&'static str> {
    if triple == "universal2-apple-darwin" {
        return Some(
            "on a Mac: cargo build for x86_64-apple-darwin and for aarch64-apple-darwin, then lipo -create",
        );
    }
    let systems = [
        ("-apple-", "it needs Apple's SDK: build it on a Mac"),
        ("-windows-", "build it on Windows, with cargo itself"),
        ("-uwp-", "build it on Windows, with cargo itself"),
        (
            "-android",
            "xbuild makes Linux programs: keep cargo-ndk or cross for it",
        ),
        (
            "-none",
            "xbuild makes Linux programs: cargo itself builds for bare metal",
        ),
        (
            "wasm",
            "xbuild makes Linux programs: cargo itself builds WebAssembly",
        ),
    ];
    let found = systems.iter().find(|(part, _)| triple.contains(part));
    match found {
        Some((_, why)) => Some(why),
        None if triple.contains("-linux-") => None,
        None => Some("xbuild makes Linux programs: keep cross for it"),
    }
}

/// What to do for a triple of Rust's that is no target here.
pub fn elsewhere(triple: &str) -> &'static str {
    other_system(triple)
        .unwrap_or("xbuild has no toolchain for it: look at cross and cargo-zigbuild")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn triples_are_told_from_tools_and_files() {
        for (word, expected) in [
            ("aarch64-unknown-linux-gnu", true),
            ("thumbv8m.main-none-eabi", true),
            ("wasm32-wasip1", true),
            ("armv7-linux-androideabi", true),
            ("x86_64-pc-windows-msvc", true),
            ("universal2-apple-darwin", true),
            ("aarch64-linux-gnu-gcc", false),
            ("gcc-aarch64-linux-gnu", false),
            ("x86_64-unknown-", false),
            ("x86_64", false),
            ("tool-x86_64-unknown-linux-musl", false),
        ] {
            assert_eq!(looks_like_triple(word), expected, "{word}");
        }
    }

    #[test]
    fn other_systems_have_their_own_remedy() {
        for (triple, expected) in [
            ("x86_64-apple-darwin", Some("Mac")),
            ("universal2-apple-darwin", Some("lipo")),
            ("x86_64-pc-windows-gnu", Some("Windows")),
            ("aarch64-linux-android", Some("cargo-ndk")),
            ("x86_64-unknown-freebsd", Some("cross")),
            ("wasm32-unknown-unknown", Some("WebAssembly")),
            ("thumbv7em-none-eabihf", Some("bare metal")),
            ("arm-unknown-linux-gnueabihf", None),
        ] {
            let found = other_system(triple);
            match expected {
                Some(word) => assert!(found.is_some_and(|why| why.contains(word)), "{triple}"),
                None => assert_eq!(found, None, "{triple}"),
            }
        }
    }
}
