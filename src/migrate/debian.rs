//! What a package that a line installs is to a build: a library of the target,
//! a tool, or what the toolchain has already. [pure]

use super::fact::{Fact, Facts, Scope};
use crate::config::{DebianPackage, Origin};
use crate::target::{Libc, Table};

/// Where a line installs its packages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The image that cross builds in, for these targets.
    Image(Scope),
    /// A machine of the CI.
    Ci,
}

/// What a package holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    /// A compiler, linker, C library or emulator.
    Toolchain,
    /// What setting up a machine takes, and no build.
    Setup,
    /// A program that builds call.
    Tool,
    Library,
    Unknown,
}

/// Names that begin so are of the class.
const PREFIXES: [(&str, Class); 31] = [
    ("autoconf", Class::Tool),
    ("automake", Class::Tool),
    ("binfmt-support", Class::Toolchain),
    ("binutils", Class::Toolchain),
    ("build-essential", Class::Toolchain),
    ("clang", Class::Toolchain),
    ("cmake", Class::Tool),
    ("crossbuild-essential", Class::Toolchain),
    ("g++", Class::Toolchain),
    ("gcc", Class::Toolchain),
    ("libc6", Class::Toolchain),
    ("libclang", Class::Tool),
    ("libgcc", Class::Toolchain),
    ("libstdc++", Class::Toolchain),
    ("libtool", Class::Tool),
    ("linux-libc-dev", Class::Toolchain),
    ("lld", Class::Toolchain),
    ("llvm", Class::Toolchain),
    ("make", Class::Toolchain),
    ("mold", Class::Toolchain),
    ("musl", Class::Toolchain),
    ("nasm", Class::Tool),
    ("ninja-build", Class::Tool),
    ("perl", Class::Tool),
    ("pkg-config", Class::Tool),
    ("pkgconf", Class::Tool),
    ("protobuf-compiler", Class::Tool),
    ("python3", Class::Tool),
    ("qemu", Class::Toolchain),
    ("rustc", Class::Toolchain),
    ("yasm", Class::Tool),
];

/// Whole names of further ones.
const NAMES: [(&str, Class); 26] = [
    ("apt-transport-https", Class::Setup),
    ("bison", Class::Tool),
    ("bzip2", Class::Setup),
    ("ca-certificates", Class::Setup),
    ("cargo", Class::Toolchain),
    ("curl", Class::Setup),
    ("docker.io", Class::Setup),
    ("file", Class::Setup),
    ("flex", Class::Tool),
    ("gettext", Class::Tool),
    ("git", Class::Setup),
    ("gnupg", Class::Setup),
    ("gperf", Class::Tool),
    ("jq", Class::Setup),
    ("m4", Class::Tool),
    ("meson", Class::Tool),
    ("patch", Class::Tool),
    ("podman", Class::Setup),
    ("software-properties-common", Class::Setup),
    ("sudo", Class::Setup),
    ("tar", Class::Setup),
    ("unzip", Class::Setup),
    ("wget", Class::Setup),
    ("wine", Class::Toolchain),
    ("xz-utils", Class::Setup),
    ("zip", Class::Setup),
];

fn class(name: &str) -> Class {
    let whole = NAMES.iter().find(|(known, _)| *known == name);
    let begins = |(prefix, _): &&(&str, Class)| {
        let rest = name.strip_prefix(prefix);
        // `gcc-12` and `libclang-dev`, not `makedev`.
        rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_lowercase()))
    };
    match whole.or_else(|| PREFIXES.iter().find(begins)) {
        Some((_, class)) => *class,
        None if name.starts_with("lib") || name.ends_with("-dev") => Class::Library,
        None => Class::Unknown,
    }
}

/// The glibc target of an architecture of Debian's.
fn triple_of<'t>(table: &'t Table, arch: &str) -> Option<&'t str> {
    let fits = |target: &&crate::target::Target| target.arch == arch && target.libc == Libc::Glibc;
    let target = table.iter().find(fits)?;
    Some(&target.triple)
}

/// Adds what one word of an installing line says.
pub fn package(facts: &mut Facts, table: &Table, origin: &Origin, word: &str, place: &Place) {
    let versionless = word.split(['=', '/']).next().unwrap_or(word);
    let (name, arch) = match versionless.split_once(':') {
        Some((name, arch)) => (name, Some(arch)),
        None => (versionless, None),
    };
    let what = format!("package {word}");
    if let Err(why) = DebianPackage::parse(name) {
        return facts.left_out(origin, what, why);
    }
    match class(name) {
        Class::Toolchain => {
            return facts.needless(origin, what, "the toolchain has its own, pinned");
        }
        Class::Setup => {
            return facts.needless(
                origin,
                what,
                "it sets up a machine; no build of xbuild's wants it",
            );
        }
        Class::Tool if arch.is_none() => return facts.add(origin, Fact::Tool(name.to_owned())),
        Class::Unknown if arch.is_none() => {
            let why = "it is neither a library to link with nor a tool that xbuild knows";
            return facts.left_out(origin, what, why);
        }
        Class::Tool | Class::Library | Class::Unknown => {}
    }
    let name = name.to_owned();
    match (arch, place) {
        // `$CROSS_DEB_ARCH`, or a matrix's variable: each target's own.
        (Some(arch), place) if arch.starts_with('$') => {
            let scope = match place {
                Place::Image(scope) => scope.clone(),
                Place::Ci => Scope::All,
            };
            facts.add(origin, Fact::Package { scope, name });
        }
        (Some("native" | "any" | "all"), _) | (None, Place::Ci) => {
            own(facts, table, origin, name);
        }
        (Some(arch), _) => match triple_of(table, arch) {
            Some(triple) => {
                let scope = Scope::Target(triple.to_owned());
                facts.add(origin, Fact::Package { scope, name });
            }
            None => facts.left_out(origin, what, format!("no target of xbuild is {arch}")),
        },
        (None, Place::Image(Scope::Target(triple)))
            if table
                .get(triple)
                .is_some_and(|target| target.arch == "amd64") =>
        {
            let scope = Scope::Target(triple.clone());
            facts.add(origin, Fact::Package { scope, name });
        }
        (None, Place::Image(_)) => {
            let why = "without `:$CROSS_DEB_ARCH` it is the build machine's, which no target links";
            facts.left_out(origin, what, why);
        }
    }
}

/// What a machine of the CI has for itself is for builds for itself.
fn own(facts: &mut Facts, table: &Table, origin: &Origin, name: String) {
    if let Some(triple) = triple_of(table, "amd64") {
        let scope = Scope::Target(triple.to_owned());
        facts.add(origin, Fact::Package { scope, name });
    }
}

/// The glibc of an image, where its name tells: programs built in it run on
/// that one and newer.
pub fn glibc_of_image(image: &str) -> Option<&'static str> {
    const KNOWN: [(&str, &str); 29] = [
        ("manylinux2014", "2.17"),
        ("manylinux_2_17", "2.17"),
        ("manylinux_2_24", "2.24"),
        ("manylinux_2_28", "2.28"),
        ("manylinux_2_34", "2.34"),
        ("-centos", "2.17"),
        ("centos:7", "2.17"),
        ("centos:8", "2.28"),
        ("almalinux:8", "2.28"),
        ("rockylinux:8", "2.28"),
        ("almalinux:9", "2.34"),
        ("rockylinux:9", "2.34"),
        ("ubi8", "2.28"),
        ("ubi9", "2.34"),
        ("amazonlinux:2023", "2.34"),
        ("amazonlinux:2", "2.26"),
        ("ubuntu:18.04", "2.27"),
        ("ubuntu:20.04", "2.31"),
        ("ubuntu:22.04", "2.35"),
        ("ubuntu:24.04", "2.39"),
        ("debian:9", "2.24"),
        ("debian:10", "2.28"),
        ("debian:11", "2.31"),
        ("debian:12", "2.36"),
        ("buster", "2.28"),
        ("bullseye", "2.31"),
        ("bookworm", "2.36"),
        ("focal", "2.31"),
        ("jammy", "2.35"),
    ];
    let known = KNOWN.iter().find(|(part, _)| image.contains(part));
    known.map(|(_, glibc)| *glibc)
}
