//! What to do about a symptom on a target: one hint that can be pasted from.
//! [pure]

use std::collections::BTreeMap;

use super::libraries::{self, Library};
use super::symptoms::Symptom;
use crate::artifact::GlibcVersion;
use crate::check::release_of;
use crate::error::Result;
use crate::target::{Libc, TargetSpec};
use crate::tool_set;

/// Headers that came with a glibc younger than the lowest floor.
const YOUNG_HEADERS: [(&str, GlibcVersion); 2] = [
    ("sys/random.h", GlibcVersion::new(2, 25)),
    ("threads.h", GlibcVersion::new(2, 28)),
];

/// Headers that glibc has and musl has not.
const GLIBC_HEADERS: [&str; 9] = [
    "argp.h",
    "bits/libc-header-start.h",
    "error.h",
    "execinfo.h",
    "fts.h",
    "gnu/libc-version.h",
    "obstack.h",
    "sys/cdefs.h",
    "sys/queue.h",
];

/// Where it was missed.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    pub spec: &'a TargetSpec,
    /// Debian packages that are configured for the target.
    pub packages: &'a [String],
    /// The crates of the lock file, with the version where there is one only.
    pub crates: &'a BTreeMap<String, String>,
}

/// What to do about what a build missed; `None` for what only the machine says
/// that the program is to run on.
///
/// # Errors
/// `Kind::Internal`: the tables are part of the program.
pub fn remedy(symptom: &Symptom, place: &Place<'_>) -> Result<Option<String>> {
    let known = libraries::all()?;
    let of = |is: &dyn Fn(&Library) -> bool| known.iter().find(|library| is(library));
    Ok(match symptom {
        Symptom::Linker(name) => Some(format!(
            "every toolchain has its linker: take `{name}` out of rustflags (`-C linker`), \
             out of the build script or out of xbuild.toml"
        )),
        Symptom::Header(header) => Some(match of(&|it| it.has_header(header)) {
            Some(library) => place.wants(library, header),
            None => place.header(header),
        }),
        Symptom::PkgConfig(name) => Some(match of(&|it| it.is_pkg_config(name)) {
            Some(library) => place.wants(library, &format!("{name}.pc")),
            None => place.package_of(&format!("{name}.pc")),
        }),
        Symptom::Library(name) => Some(match of(&|it| it.links(name)) {
            Some(library) => place.wants(library, &format!("lib{name}")),
            None => place.library(name),
        }),
        Symptom::Tool(name) => tool(name)?,
        Symptom::Symbol(name) => Some(place.symbol(name)),
        Symptom::Glibc(_)
        | Symptom::SharedLibrary(_)
        | Symptom::OtherProcessor
        | Symptom::Instruction
        | Symptom::Loader => None,
    })
}

/// A symptom in words.
pub fn describe(symptom: &Symptom) -> String {
    match symptom {
        Symptom::Linker(name) => format!("the linker `{name}` is not found"),
        Symptom::Header(name) => format!("the header {name} is not found"),
        Symptom::PkgConfig(name) => format!("pkg-config does not find {name}"),
        Symptom::Library(name) => format!("the library {name} is not found"),
        Symptom::Tool(name) => format!("a build script misses {name}"),
        Symptom::Symbol(name) => format!("nothing defines `{name}`"),
        Symptom::Glibc(version) => format!("the system there is older than glibc {version}"),
        Symptom::SharedLibrary(name) => format!("the system there has no {name}"),
        Symptom::OtherProcessor => "the program is for another processor".to_owned(),
        Symptom::Instruction => "the processor there has not all instructions".to_owned(),
        Symptom::Loader => "the loader that the program names is not there".to_owned(),
    }
}

/// What to do about what a system said that a program was to run on.
pub fn elsewhere(symptom: &Symptom, spec: &TargetSpec) -> Option<String> {
    let triple = spec.triple();
    let lowest = spec.target().glibc.as_ref().map(|glibc| glibc.lowest);
    Some(match (symptom, lowest) {
        (Symptom::Glibc(_), Some(lowest)) => format!(
            "`ldd --version` there tells its glibc, and the floor is to be no higher: --target \
             {triple}.{lowest} is the lowest; a static program needs none: --target {}",
            triple.replace("gnu", "musl")
        ),
        (Symptom::Glibc(_), None) => {
            format!("a program of {triple} needs no glibc: this one was not built by xbuild for it")
        }
        (Symptom::SharedLibrary(_), _) => {
            "install it there (`xbuild inspect` lists what is needed), or build it along: a \
             feature such as `vendored` or `bundled`"
                .to_owned()
        }
        (Symptom::OtherProcessor, _) => {
            "`uname -m` there tells the processor, `xbuild inspect FILE` the program's, and \
             `xbuild targets` what to build for"
                .to_owned()
        }
        (Symptom::Instruction, _) => format!(
            "leave -C target-cpu and -march out: {triple} then runs on every processor of its kind"
        ),
        (Symptom::Loader, Some(_)) => format!(
            "the system there has another C library (Alpine's is musl), or the program is not of \
             xbuild: --target {}",
            triple.replace("gnu", "musl")
        ),
        _ => return None,
    })
}

impl Place<'_> {
    /// A known library of the system's.
    pub fn wants(&self, library: &Library, file: &str) -> String {
        let Library { what, package, .. } = library;
        if self.packages.contains(package) {
            return format!(
                "{package} is in the sysroot, and pkg-config knows where {file} lies: ask it, \
                 as the crate pkg-config does"
            );
        }
        let who = library
            .crates
            .iter()
            .find(|name| self.crates.contains_key(*name));
        let who = who.map_or("the build", String::as_str);
        let lacks = match self.is_musl() {
            true => format!(", which {} has not", self.spec.triple()),
            false => String::new(),
        };
        format!(
            "{who} wants the system's {what}{lacks}: {}",
            self.supply(library)
        )
    }

    /// How a library comes into a build for the target.
    pub fn supply(&self, library: &Library) -> String {
        let package = &library.package;
        match (self.is_musl(), library.add_command(self.crates)) {
            (false, Some(command)) => format!("{}; or {command}", self.declare(package)),
            (false, None) => self.declare(package),
            (true, Some(command)) => command,
            (true, None) => format!(
                "build it in a build script, or for {} with packages = [\"{package}\"]",
                self.gnu()
            ),
        }
    }

    /// The lines of `xbuild.toml` that put a package into the sysroot.
    fn declare(&self, package: &str) -> String {
        format!(
            "[target.{}] packages = [\"{package}\"] in xbuild.toml, then `xbuild lock`",
            self.spec.triple()
        )
    }

    /// The same target with glibc.
    fn gnu(&self) -> String {
        self.spec.triple().replace("musl", "gnu")
    }

    fn is_musl(&self) -> bool {
        self.spec.target().libc == Libc::Musl
    }

    fn header(&self, header: &str) -> String {
        let young = YOUNG_HEADERS.iter().find(|(name, _)| *name == header);
        if let (Some(floor), Some((_, since))) = (self.spec.floor(), young)
            && GlibcVersion::from(floor) < *since
        {
            return format!(
                "{header} came with glibc {since}, and the floor is {floor}: --target {}.{since}",
                self.spec.triple()
            );
        }
        if self.is_musl() && !header.contains('.') {
            return CPLUSPLUS_ON_MUSL.to_owned();
        }
        if self.is_musl() && GLIBC_HEADERS.contains(&header) {
            return format!(
                "{header} is glibc's, and musl has none: guard the #include by __GLIBC__, or \
                 build for {}",
                self.gnu()
            );
        }
        self.package_of(header)
    }

    /// A file of nobody knows which package.
    fn package_of(&self, file: &str) -> String {
        if self.is_musl() {
            return format!(
                "the shell has {file} only where the project brings it, and Debian has no \
                 libraries for musl: a feature of the crate (`vendored`, `bundled`) may build it"
            );
        }
        format!(
            "the shell has {file} only where the project brings it, or a Debian package does \
             that xbuild.toml names: {}",
            self.declare("…-dev")
        )
    }

    fn library(&self, name: &str) -> String {
        if self.is_musl() && matches!(name, "c++" | "stdc++") {
            return CPLUSPLUS_ON_MUSL.to_owned();
        }
        let built = format!(
            "no folder that the linker searches has lib{name}: where the project builds it, its \
             build script prints cargo::rustc-link-search=native=FOLDER"
        );
        if self.is_musl() {
            return built;
        }
        format!(
            "{built}; where Debian has it, {}",
            self.declare(&format!("lib{name}-dev"))
        )
    }

    fn symbol(&self, name: &str) -> String {
        let triple = self.spec.triple();
        let since = release_of(name);
        if let (Some(floor), Some(since)) = (self.spec.floor(), since)
            && since > floor.into()
        {
            return format!(
                "`{name}` came with glibc {since}, and the floor is {floor}: --target \
                 {triple}.{since}, or an object that was compiled for the floor"
            );
        }
        if is_cplusplus(name) {
            return match self.is_musl() {
                true => CPLUSPLUS_ON_MUSL.to_owned(),
                false => format!(
                    "`{name}` is of the C++ library: the build script prints \
                     cargo::rustc-link-lib=stdc++ (the crate cc does after .cpp(true))"
                ),
            };
        }
        if self.is_musl() && (since.is_some() || is_fortified(name)) {
            return format!(
                "`{name}` is glibc's, and musl has none: the object was compiled against glibc's \
                 headers; compile it here, or build for {}",
                self.gnu()
            );
        }
        format!(
            "nothing that is linked defines `{name}`: the build script prints \
             cargo::rustc-link-lib=NAME for the library that does"
        )
    }
}

/// Where Debian's musl has no C++ library.
const CPLUSPLUS_ON_MUSL: &str =
    "C++ on musl takes a library of its own: [build] tools = [\"c++\"] in xbuild.toml";

fn tool(name: &str) -> Result<Option<String>> {
    let sets = tool_set::all()?;
    let called = |set: &&tool_set::ToolSet| {
        let packaged = set.packages.iter().any(|package| package == name);
        set.name == name || packaged || set.name == "cmake" && name == "ninja"
    };
    Ok(match sets.iter().find(called) {
        Some(set) => Some(format!(
            "the shell has {} where xbuild.toml asks for it: [build] tools = [\"{}\"]",
            set.what, set.name
        )),
        None if name.ends_with("gcc") || name.ends_with("g++") || name.ends_with("clang") => {
            Some(format!(
                "every toolchain has its C compiler, and `{name}` is none: take it out of CC, of \
                 xbuild.toml or of the build script"
            ))
        }
        None => None,
    })
}

/// Names that only C++ has, mangled or not.
fn is_cplusplus(name: &str) -> bool {
    const BEGIN: [&str; 8] = [
        "_ZNSt",
        "_ZSt",
        "_ZTV",
        "__cxa_",
        "__gxx_personality",
        "operator delete",
        "operator new",
        "vtable for __cxxabiv1",
    ];
    name.starts_with("std::") || BEGIN.iter().any(|begin| name.starts_with(begin))
}

/// What glibc's headers make of calls: `__memcpy_chk`, `__isoc23_strtol`.
fn is_fortified(name: &str) -> bool {
    name.starts_with("__") && (name.ends_with("_chk") || name.starts_with("__isoc"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::Table;

    fn hint(target: &str, packages: &[&str], crates: &[&str], symptom: &Symptom) -> String {
        let spec = TargetSpec::parse(&Table::embedded().unwrap(), target, None).unwrap();
        let packages: Vec<String> = packages.iter().map(ToString::to_string).collect();
        let crates = crates.iter().map(|it| it.split_once('@').unwrap());
        let crates = crates.map(|(name, version)| (name.to_owned(), version.to_owned()));
        let crates = crates.collect();
        let place = Place {
            spec: &spec,
            packages: &packages,
            crates: &crates,
        };
        remedy(symptom, &place).unwrap().unwrap_or_default()
    }

    #[test]
    fn every_symptom_of_a_build_has_its_remedy() {
        const MUSL: &str = "x86_64-unknown-linux-musl";
        const GNU: &str = "aarch64-unknown-linux-gnu.2.17";
        let openssl = ["openssl@0.10.72", "openssl-sys@0.9.107"];
        let header = |name: &str| Symptom::Header(name.into());
        let library = |name: &str| Symptom::Library(name.into());
        let package = |name: &str| Symptom::PkgConfig(name.into());
        let symbol = |name: &str| Symptom::Symbol(name.into());
        let tool = |name: &str| Symptom::Tool(name.into());
        for (target, crates, symptom, parts) in [
            (
                MUSL,
                &openssl[..],
                library("ssl"),
                &[
                    "openssl-sys wants the system's OpenSSL, which x86_64-unknown-linux-musl has not",
                    "cargo add openssl@0.10 --features vendored",
                ][..],
            ),
            (
                GNU,
                &openssl,
                package("openssl"),
                &[
                    "[target.aarch64-unknown-linux-gnu] packages = [\"libssl-dev\"]",
                    "xbuild lock",
                    "cargo add openssl@0.10 --features vendored",
                ],
            ),
            (
                GNU,
                &[],
                header("openssl/ssl.h"),
                &["the build wants", "libssl-dev"],
            ),
            (
                MUSL,
                &["alsa-sys@0.3.1"],
                package("alsa"),
                &[
                    "alsa-sys wants",
                    "x86_64-unknown-linux-gnu with packages = [\"libasound2-dev\"]",
                ],
            ),
            (
                GNU,
                &[],
                library("nosuch"),
                &["libnosuch", "rustc-link-search", "libnosuch-dev"],
            ),
            (
                MUSL,
                &[],
                library("nosuch"),
                &["libnosuch", "rustc-link-search"],
            ),
            (GNU, &[], header("nosuch.h"), &["nosuch.h", "-dev"]),
            (
                GNU,
                &[],
                header("sys/random.h"),
                &["--target aarch64-unknown-linux-gnu.2.25"],
            ),
            (
                MUSL,
                &[],
                header("execinfo.h"),
                &["glibc's", "x86_64-unknown-linux-gnu"],
            ),
            (MUSL, &[], header("iostream"), &["tools = [\"c++\"]"]),
            (MUSL, &[], library("stdc++"), &["tools = [\"c++\"]"]),
            (
                MUSL,
                &[],
                symbol("std::terminate()"),
                &["tools = [\"c++\"]"],
            ),
            (GNU, &[], symbol("std::terminate()"), &["link-lib=stdc++"]),
            (
                GNU,
                &[],
                symbol("__cxa_thread_atexit_impl"),
                &["glibc 2.18", "--target aarch64-unknown-linux-gnu.2.18"],
            ),
            (
                MUSL,
                &[],
                symbol("__memcpy_chk"),
                &["glibc's", "x86_64-unknown-linux-gnu"],
            ),
            (MUSL, &[], symbol("__isoc23_strtol"), &["glibc's"]),
            (
                GNU,
                &[],
                symbol("nosuch"),
                &["defines `nosuch`", "rustc-link-lib=NAME"],
            ),
            (GNU, &[], tool("cmake"), &["tools = [\"cmake\"]"]),
            (GNU, &[], tool("libclang"), &["tools = [\"libclang\"]"]),
            (GNU, &[], tool("arm-linux-gnueabihf-gcc"), &["C compiler"]),
            (
                GNU,
                &[],
                Symptom::Linker("ld-of-mine".into()),
                &["take `ld-of-mine` out"],
            ),
        ] {
            let hint = hint(target, &[], crates, &symptom);
            for part in parts {
                assert!(
                    hint.contains(part),
                    "{symptom:?}: {part:?} is not in {hint:?}"
                );
            }
            assert!(!hint.contains('\n'), "{hint}");
        }
        // Debian has none, so musl is never told to declare one.
        let none = hint(MUSL, &[], &[], &library("nosuch"));
        assert!(!none.contains("packages"), "{none}");
        let declared = hint(GNU, &["libssl-dev"], &[], &header("openssl/ssl.h"));
        assert!(declared.contains("pkg-config"), "{declared}");
        assert!(hint(GNU, &[], &[], &tool("a-tool")).is_empty());
        assert!(hint(GNU, &[], &[], &Symptom::Instruction).is_empty());
    }
}
