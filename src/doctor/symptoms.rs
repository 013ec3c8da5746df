//! What compilers, linkers, build scripts and loaders say → what is missing.
//! [pure]
//!
//! The texts are those of rustc, lld and GNU ld, clang and gcc, pkg-config and
//! pkgconf, of the crates that build scripts use, and of the loaders of glibc
//! and musl.

use crate::artifact::GlibcVersion;

/// One thing that somebody missed, and said so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Symptom {
    /// A linker that is not there.
    Linker(String),
    /// A header, as the source names it.
    Header(String),
    /// A package of pkg-config's.
    PkgConfig(String),
    /// A library, as behind `-l`.
    Library(String),
    /// A program that a build script calls.
    Tool(String),
    /// A symbol that nothing defines.
    Symbol(String),
    /// On the machine that it is to run on: its glibc has not this version.
    Glibc(GlibcVersion),
    /// There: a library that the loader does not find.
    SharedLibrary(String),
    /// There: the file is for another processor.
    OtherProcessor,
    /// There: the processor has not an instruction.
    Instruction,
    /// There: the loader that the file names does not exist.
    Loader,
}

/// Everything that a text tells, each once; what is rather the cause than the
/// consequence comes first.
pub fn recognise(text: &str) -> Vec<Symptom> {
    let text = anstream::adapter::strip_str(text).to_string();
    let mut found: Vec<Symptom> = Vec::new();
    for line in text.lines() {
        if let Some(symptom) = of_line(line)
            && !found.contains(&symptom)
        {
            found.push(symptom);
        }
    }
    // The sort is stable: of one rank, what was said first is first.
    found.sort_by_key(rank);
    found
}

/// A library that was not found leaves symbols undefined, and a build script
/// that has not found a package may go on and miss its header.
fn rank(symptom: &Symptom) -> u8 {
    match symptom {
        Symptom::Linker(_) => 0,
        Symptom::Header(_) => 1,
        Symptom::PkgConfig(_) => 2,
        Symptom::Library(_) => 3,
        Symptom::Tool(_) => 4,
        Symptom::Symbol(_) => 5,
        // The oldest system decides, so all of them count.
        Symptom::Glibc(_) => 6,
        Symptom::SharedLibrary(_) => 7,
        Symptom::OtherProcessor | Symptom::Instruction | Symptom::Loader => 8,
    }
}

fn of_line(line: &str) -> Option<Symptom> {
    let name = |before: &str, after: &str| between(line, before, after).map(str::to_owned);
    let library = |name: String| Symptom::Library(plain_library(&name).to_owned());
    None.or_else(|| name("error: linker `", "` not found").map(Symptom::Linker))
        .or_else(|| name("fatal error: '", "' file not found").map(Symptom::Header))
        .or_else(|| {
            let header = name("fatal error: ", ": No such file or directory")?;
            (!header.contains(' ')).then_some(Symptom::Header(header))
        })
        .or_else(|| {
            let after = " was not found in the pkg-config search path";
            name("Package ", after).map(Symptom::PkgConfig)
        })
        .or_else(|| name("Package '", "' not found").map(first_name))
        .or_else(|| name("Package '", "', required by 'virtual:world', not found").map(first_name))
        .or_else(|| name("No package '", "' found").map(Symptom::PkgConfig))
        .or_else(|| name("The system library `", "` required by crate").map(Symptom::PkgConfig))
        .or_else(|| {
            let told = line.contains("Could not find directory of OpenSSL installation");
            told.then(|| Symptom::PkgConfig("openssl".to_owned()))
        })
        .or_else(|| name("unable to find library -l", "").map(library))
        .or_else(|| name("cannot find -l", "").map(library))
        .or_else(|| name("could not find native static library `", "`").map(library))
        .or_else(|| name("is `", "` not installed?").map(Symptom::Tool))
        .or_else(|| {
            let told = line.contains("Unable to find libclang");
            told.then(|| Symptom::Tool("libclang".to_owned()))
        })
        .or_else(|| name("Could not find `", "`").map(Symptom::Tool))
        .or_else(|| name("failed to find tool \"", "\"").map(Symptom::Tool))
        .or_else(|| name("undefined symbol: ", "").map(symbol))
        .or_else(|| name("undefined reference to `", "'").map(symbol))
        .or_else(|| name("undefined reference: ", "").map(symbol))
        .or_else(|| {
            let version = between(line, "version `GLIBC_", "' not found")?;
            Some(Symptom::Glibc(GlibcVersion::parse(version)?))
        })
        .or_else(|| {
            let before = "error while loading shared libraries: ";
            name(before, ": cannot open shared object file").map(Symptom::SharedLibrary)
        })
        .or_else(|| {
            // musl's loader.
            let name = name(
                "Error loading shared library ",
                ": No such file or directory",
            );
            name.map(Symptom::SharedLibrary)
        })
        .or_else(|| {
            line.contains("Exec format error")
                .then_some(Symptom::OtherProcessor)
        })
        .or_else(|| {
            line.contains("Illegal instruction")
                .then_some(Symptom::Instruction)
        })
        .or_else(|| {
            let told = line.contains("cannot execute: required file not found");
            told.then_some(Symptom::Loader)
        })
}

/// What stands between two texts of a line, or to its end, without blanks
/// around it.
fn between<'l>(line: &'l str, before: &str, after: &str) -> Option<&'l str> {
    let (_, rest) = line.split_once(before)?;
    let found = match after {
        "" => rest,
        after => rest.split_once(after)?.0,
    };
    let found = found.trim();
    (!found.is_empty()).then_some(found)
}

/// pkgconf names what asked for it too.
fn first_name(name: String) -> Symptom {
    let first = name.split('\'').next().unwrap_or_default();
    Symptom::PkgConfig(first.to_owned())
}

/// `ssl` of `ssl: No such file or directory`, `:libssl.a` and `ssl`.
fn plain_library(name: &str) -> &str {
    let file = name.strip_prefix(':');
    let end = |c: char| c == ':' || c == '\'' || c == '`' || c.is_whitespace();
    let plain = file.unwrap_or(name).split(end).next().unwrap_or_default();
    let base = plain.strip_prefix("lib").filter(|_| file.is_some());
    let base = base.and_then(|base| base.split_once(".so").or(base.split_once(".a")));
    base.map_or(plain, |(base, _)| base)
}

/// A symbol without the version that is asked of it.
fn symbol(name: String) -> Symptom {
    let plain = name.split('@').next().unwrap_or_default();
    Symptom::Symbol(plain.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said, by whom, and what it tells.
    #[test]
    fn what_tools_say_is_recognised() {
        let header = |name: &str| Some(Symptom::Header(name.into()));
        let library = |name: &str| Some(Symptom::Library(name.into()));
        let package = |name: &str| Some(Symptom::PkgConfig(name.into()));
        let symbol = |name: &str| Some(Symptom::Symbol(name.into()));
        let tool = |name: &str| Some(Symptom::Tool(name.into()));
        let shared = |name: &str| Some(Symptom::SharedLibrary(name.into()));
        let glibc = |text| GlibcVersion::parse(text).map(Symptom::Glibc);
        for (text, expected) in [
            // rustc
            (
                "error: linker `aarch64-linux-gnu-gcc` not found",
                Some(Symptom::Linker("aarch64-linux-gnu-gcc".into())),
            ),
            (
                "error: could not find native static library `ssl`, perhaps an -L flag is missing?",
                library("ssl"),
            ),
            // lld, as rustc shows it
            (
                "  = note: ld.lld: error: unable to find library -lssl",
                library("ssl"),
            ),
            (
                "          ld.lld: error: unable to find library -l:libfoo.so.1",
                library("foo"),
            ),
            (
                "          ld.lld: error: undefined symbol: SSL_new",
                symbol("SSL_new"),
            ),
            (
                "ld.lld: error: undefined symbol: std::terminate()",
                symbol("std::terminate()"),
            ),
            (
                "ld.lld: error: undefined reference: gettid@GLIBC_2.30",
                symbol("gettid"),
            ),
            // GNU ld
            (
                "/usr/bin/ld: cannot find -lssl: No such file or directory",
                library("ssl"),
            ),
            ("/usr/bin/ld: cannot find -lssl", library("ssl")),
            (
                "x.c:(.text+0x5): undefined reference to `__cxa_thread_atexit_impl'",
                symbol("__cxa_thread_atexit_impl"),
            ),
            // clang, gcc
            (
                "  cargo:warning=a.c:1:10: fatal error: 'openssl/ssl.h' file not found",
                header("openssl/ssl.h"),
            ),
            (
                "a.c:1:10: fatal error: openssl/ssl.h: No such file or directory",
                header("openssl/ssl.h"),
            ),
            (
                "fatal error: can't open a thing: No such file or directory",
                None,
            ),
            // pkg-config, pkgconf, the crate pkg-config, openssl-sys
            (
                "  Package libudev was not found in the pkg-config search path.",
                package("libudev"),
            ),
            (
                "  Package 'libudev', required by 'virtual:world', not found",
                package("libudev"),
            ),
            ("Package 'libudev' not found", package("libudev")),
            ("No package 'alsa' found", package("alsa")),
            (
                "  The system library `dbus-1` required by crate `libdbus-sys` was not found.",
                package("dbus-1"),
            ),
            (
                "  Could not find directory of OpenSSL installation, and this `-sys` crate cannot",
                package("openssl"),
            ),
            // build scripts
            ("  is `cmake` not installed?", tool("cmake")),
            (
                "  Unable to find libclang: \"couldn't find any valid shared libraries\"",
                tool("libclang"),
            ),
            (
                "  error occurred in cc-rs: failed to find tool \"arm-gcc\": No such file",
                tool("arm-gcc"),
            ),
            // loaders, kernels, shells
            (
                "./app: /lib/libc.so.6: version `GLIBC_2.34' not found (required by ./app)",
                glibc("2.34"),
            ),
            (
                "./app: error while loading shared libraries: libssl.so.3: cannot open shared object file: No such file or directory",
                shared("libssl.so.3"),
            ),
            (
                "Error loading shared library libssl.so.3: No such file or directory (needed by ./app)",
                shared("libssl.so.3"),
            ),
            (
                "-bash: ./app: cannot execute binary file: Exec format error",
                Some(Symptom::OtherProcessor),
            ),
            (
                "Illegal instruction (core dumped)",
                Some(Symptom::Instruction),
            ),
            (
                "bash: ./app: cannot execute: required file not found",
                Some(Symptom::Loader),
            ),
            // neither
            ("error[E0425]: cannot find value `ssl` in this scope", None),
            ("warning: unused variable: `linker`", None),
            ("", None),
        ] {
            let found = recognise(text);
            assert!(found.len() <= 1, "{text}: {found:?}");
            assert_eq!(found.into_iter().next(), expected, "{text}");
        }
    }

    #[test]
    fn causes_come_before_consequences_and_colours_do_not_matter() {
        let text = "\u{1b}[1m= note\u{1b}[0m: ld.lld: error: undefined symbol: SSL_new\n\
                    ld.lld: \u{1b}[31merror: \u{1b}[0munable to find library -lssl\n\
                    ld.lld: error: unable to find library -lcrypto\n\
                    ld.lld: error: unable to find library -lssl\n";
        let expected = [
            Symptom::Library("ssl".into()),
            Symptom::Library("crypto".into()),
            Symptom::Symbol("SSL_new".into()),
        ];
        assert_eq!(recognise(text), expected);
    }
}
