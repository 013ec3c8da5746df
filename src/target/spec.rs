//! A target as asked for: a triple, with a glibc floor where it has one. [pure]

use std::fmt;
use std::sync::Arc;

use super::{
    Base, Floor, HOST, Libc, RustTarget, StdSource, Table, Target, elsewhere, looks_like_triple,
    other_system,
};
use crate::error::{Error, Kind, Result};
use crate::lock::Libraries;
use crate::rust::RustPin;

/// A known triple and, for a glibc target, a floor that is possible.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetSpec {
    target: Target,
    floor: Option<Floor>,
    /// Whether nobody asked for this floor.
    by_default: bool,
    libraries: Option<Arc<Libraries>>,
    /// The Rust that it is built with, where it is not Debian's.
    rust: Option<Arc<RustPin>>,
    /// Whether a C++ library of its own is wanted, where not every sysroot of
    /// the target has one.
    cplusplus: bool,
}

impl TargetSpec {
    /// Reads `TRIPLE` or `TRIPLE.2.17`, the syntax that cargo-zigbuild made
    /// known. Without a suffix `preferred` is the floor, then the target's own
    /// default.
    ///
    /// # Errors
    /// `Kind::Target`: an unknown triple (the nearest ones are named), a floor
    /// that the target cannot have (the possible ones are named), or a floor
    /// on a target without glibc.
    pub fn parse(table: &Table, text: &str, preferred: Option<Floor>) -> Result<Self> {
        let (triple, suffix) = split(text);
        let Some(target) = table.get(triple) else {
            return Err(unknown(table, triple));
        };
        let asked = match suffix {
            Some(suffix) => Some(suffix.parse::<Floor>().map_err(|cause| {
                Error::new(
                    Kind::Target,
                    format!("`{text}` has no floor behind the triple"),
                )
                .caused_by(cause)
                .hint(format!("--target {triple}.2.17"))
            })?),
            None => None,
        };
        let Some(glibc) = &target.glibc else {
            if let Some(floor) = asked {
                let message = format!("`{triple}` has no glibc, so no floor of {floor}");
                return Err(Error::new(Kind::Target, message)
                    .hint(format!("its programs are static: --target {triple}")));
            }
            return Ok(TargetSpec {
                target: target.clone(),
                floor: None,
                by_default: false,
                libraries: None,
                rust: None,
                cplusplus: false,
            });
        };
        let floor = asked.or(preferred).unwrap_or(glibc.default);
        if glibc.base(floor).is_none() {
            let (bound, side) = if floor < glibc.lowest {
                (glibc.lowest, "below what it can have here: the lowest")
            } else {
                (glibc.highest(), "above what is pinned here: the highest")
            };
            let message = format!("glibc {floor} for `{triple}` is {side} is {bound}");
            return Err(
                Error::new(Kind::Target, message).hint(format!("--target {triple}.{bound}"))
            );
        }
        Ok(TargetSpec {
            target: target.clone(),
            floor: Some(floor),
            by_default: asked.or(preferred).is_none(),
            libraries: None,
            rust: None,
            cplusplus: false,
        })
    }

    /// The same target with packages in its sysroot.
    #[must_use]
    pub fn with_libraries(self, libraries: Libraries) -> Self {
        TargetSpec {
            libraries: Some(Arc::new(libraries)),
            ..self
        }
    }

    /// The same target with another Rust than Debian's.
    #[must_use]
    pub fn with_rust(self, rust: Arc<RustPin>) -> Self {
        TargetSpec {
            rust: Some(rust),
            ..self
        }
    }

    /// The same target with a C++ library, where a sysroot without one is the
    /// usual: on musl. Elsewhere it is there anyway.
    #[must_use]
    pub fn with_cplusplus(self) -> Self {
        TargetSpec {
            cplusplus: self.target.libc == Libc::Musl,
            ..self
        }
    }

    /// The packages that its sysroot has besides its own.
    pub fn libraries(&self) -> Option<&Arc<Libraries>> {
        self.libraries.as_ref()
    }

    /// The Rust that it is built with, where it is not Debian's.
    pub fn rust(&self) -> Option<&Arc<RustPin>> {
        self.rust.as_ref()
    }

    pub fn target(&self) -> &Target {
        &self.target
    }

    pub fn triple(&self) -> &str {
        &self.target.triple
    }

    /// The lowest glibc that its programs run on; none for musl.
    pub fn floor(&self) -> Option<Floor> {
        self.floor
    }

    /// Whether the floor is the target's default, because nobody named one.
    pub fn floor_by_default(&self) -> bool {
        self.by_default
    }

    /// The suite that the floor is made from.
    pub fn base(&self) -> Option<&Base> {
        self.target.glibc.as_ref()?.base(self.floor?)
    }

    /// Its name among the attributes of `nix/default.nix`.
    pub fn name(&self) -> String {
        match self.floor {
            Some(floor) => format!("{}-{}_{}", self.triple(), floor.major(), floor.minor()),
            None if self.cplusplus => format!("{}-cxx", self.triple()),
            None => self.triple().to_owned(),
        }
    }

    /// The same for what runs its programs: with C++ and without it is one.
    pub fn runner_name(&self) -> String {
        match self.floor {
            Some(_) => self.name(),
            None => self.triple().to_owned(),
        }
    }

    /// Whether its programs run on this machine without an emulator.
    pub fn is_native(&self) -> bool {
        self.target.arch == "amd64"
    }

    /// The sets of pinned packages that its toolchain is made from.
    pub fn toolchain_sets(&self) -> Vec<String> {
        let arch = &self.target.arch;
        let mut sets = vec![
            "bootstrap".to_owned(),
            "rust".to_owned(),
            "llvm".to_owned(),
            "make".to_owned(),
            "pkgconf".to_owned(),
            // Build scripts and proc macros are the host's.
            "std-amd64".to_owned(),
            "sysroot-bullseye-amd64".to_owned(),
        ];
        if let Some(base) = self.base() {
            sets.push(format!("sysroot-{}-{arch}", base.suite));
        }
        if self.target.libc == Libc::Musl {
            sets.push(format!("musl-{arch}"));
            if self.cplusplus {
                sets.push("libcxx-source".to_owned());
            }
        }
        match self.target.std {
            _ if self.rust.is_some() => {}
            StdSource::Debian if self.triple() != HOST => sets.push(format!("std-{arch}")),
            StdSource::Debian => {}
            StdSource::Source => sets.push("rust-src".to_owned()),
        }
        if self.rust.is_some() {
            // Its own standard library comes with another Rust.
            sets.retain(|set| set != "std-amd64");
            sets.push("xz".to_owned());
        }
        sets.sort();
        sets.dedup();
        sets
    }

    /// The sets that its runner is made from.
    pub fn runner_sets(&self) -> Vec<String> {
        let mut sets = vec!["bootstrap".to_owned()];
        if !self.is_native() {
            sets.push("qemu".to_owned());
        }
        if let Some(base) = self.base() {
            sets.push(format!("sysroot-{}-{}", base.suite, self.target.arch));
        }
        sets
    }
}

/// As it is typed: the triple, with the floor where there is one.
impl fmt::Display for TargetSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.floor {
            Some(floor) => write!(f, "{}.{floor}", self.triple()),
            None => f.write_str(self.triple()),
        }
    }
}

/// Parts a triple from what follows the first dot behind its last dash: some
/// triples (`thumbv8m.main-none-eabi`) have a dot of their own before that.
fn split(text: &str) -> (&str, Option<&str>) {
    let last = text.rfind('-').unwrap_or(0);
    match text[last..].find('.') {
        Some(dot) => (&text[..last + dot], Some(&text[last + dot + 1..])),
        None => (text, None),
    }
}

fn unknown(table: &Table, triple: &str) -> Error {
    if looks_like_triple(triple)
        && let Some(remedy) = other_system(triple)
    {
        let message = format!("`{triple}` is not a target of xbuild, which builds for Linux");
        return Error::new(Kind::Target, message)
            .hint(remedy)
            .hint("`xbuild targets` lists what it builds for");
    }
    if RustTarget::find(triple).is_some() {
        // Spelt well: one that is spelt like it is another machine's.
        let message = format!("`{triple}` is a target of Rust's, and none of xbuild");
        return Error::new(Kind::Target, message)
            .hint(elsewhere(triple))
            .hint(format!("xbuild explain {triple}"));
    }
    let error = Error::new(Kind::Target, format!("unknown target `{triple}`"));
    let nearest = table.nearest(triple);
    let error = match nearest[..] {
        [] => error,
        _ => error.hint(format!("did you mean {}?", nearest.join(", or "))),
    };
    error.hint("`xbuild targets` lists all of them")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<TargetSpec> {
        TargetSpec::parse(&Table::embedded().unwrap(), text, None)
    }

    #[test]
    fn triples_and_floors_become_attributes() {
        for (text, name, shown) in [
            (
                "x86_64-unknown-linux-gnu.2.17",
                "x86_64-unknown-linux-gnu-2_17",
                "x86_64-unknown-linux-gnu.2.17",
            ),
            (
                "aarch64-unknown-linux-gnu.2.17",
                "aarch64-unknown-linux-gnu-2_17",
                "aarch64-unknown-linux-gnu.2.17",
            ),
            (
                "aarch64-unknown-linux-gnu",
                "aarch64-unknown-linux-gnu-2_28",
                "aarch64-unknown-linux-gnu.2.28",
            ),
            (
                "riscv64gc-unknown-linux-gnu",
                "riscv64gc-unknown-linux-gnu-2_34",
                "riscv64gc-unknown-linux-gnu.2.34",
            ),
            (
                "x86_64-unknown-linux-musl",
                "x86_64-unknown-linux-musl",
                "x86_64-unknown-linux-musl",
            ),
        ] {
            let spec = parse(text).unwrap();
            assert_eq!(spec.name(), name);
            assert_eq!(spec.to_string(), shown);
        }
    }

    #[test]
    fn a_configured_floor_yields_to_a_typed_one() {
        let table = Table::embedded().unwrap();
        let preferred = Some(Floor::new(2, 31));
        let triple = "x86_64-unknown-linux-gnu";
        let floor = |text: &str| {
            let spec = TargetSpec::parse(&table, text, preferred).unwrap();
            (spec.floor().unwrap(), spec.floor_by_default())
        };
        assert_eq!(floor(triple), (Floor::new(2, 31), false));
        assert_eq!(floor(&format!("{triple}.2.17")), (Floor::new(2, 17), false));
        assert!(parse(triple).unwrap().floor_by_default());
        let musl = TargetSpec::parse(&table, "x86_64-unknown-linux-musl", preferred);
        assert_eq!(musl.unwrap().floor(), None);
    }

    #[test]
    fn impossible_targets_name_the_remedy() {
        for (text, message, hint) in [
            (
                "aarch64-unknown-linux-gnu.2.9",
                "the lowest is 2.17",
                "--target aarch64-unknown-linux-gnu.2.17",
            ),
            (
                "riscv64gc-unknown-linux-gnu.2.17",
                "the lowest is 2.34",
                "--target riscv64gc-unknown-linux-gnu.2.34",
            ),
            (
                "x86_64-unknown-linux-gnu.2.99",
                "the highest is 2.41",
                "--target x86_64-unknown-linux-gnu.2.41",
            ),
            (
                "x86_64-unknown-linux-musl.2.17",
                "has no glibc",
                "--target x86_64-unknown-linux-musl",
            ),
            (
                "x86_64-unknown-linux-gnu.new",
                "no floor behind",
                "--target x86_64-unknown-linux-gnu.2.17",
            ),
            (
                "x86_64-unknown-linux-gnu.2.17.3",
                "no floor behind",
                "--target x86_64-unknown-linux-gnu.2.17",
            ),
            (
                "x86_64-linux-gnu",
                "unknown target `x86_64-linux-gnu`",
                "did you mean x86_64-unknown-linux-gnu",
            ),
            (
                "arm-unknown-linux-gnueabihf",
                "is a target of Rust's, and none of xbuild",
                "xbuild explain arm-unknown-linux-gnueabihf",
            ),
            (
                "universal2-apple-darwin",
                "not a target of xbuild, which builds for Linux",
                "lipo -create",
            ),
            (
                "x86_64-pc-windows-gnu",
                "not a target of xbuild",
                "build it on Windows",
            ),
            ("", "unknown target", "xbuild targets"),
        ] {
            let error = parse(text).unwrap_err();
            assert_eq!(error.kind(), Kind::Target);
            assert!(error.to_string().contains(message), "{text}: {error}");
            assert!(
                error.hints().iter().any(|line| line.contains(hint)),
                "{text}: {:?}",
                error.hints()
            );
        }
    }

    #[test]
    fn sets_are_only_what_the_command_needs() {
        let has = |text: &str, set: &str| {
            let sets = parse(text).unwrap().toolchain_sets();
            sets.iter().any(|name| name == set)
        };
        assert!(!has("aarch64-unknown-linux-gnu", "rust-src"));
        assert!(!has("aarch64-unknown-linux-gnu", "qemu"));
        assert!(has(
            "aarch64-unknown-linux-gnu.2.17",
            "sysroot-bullseye-arm64"
        ));
        assert!(has(
            "aarch64-unknown-linux-gnu.2.36",
            "sysroot-trixie-arm64"
        ));
        assert!(has("aarch64-unknown-linux-musl", "rust-src"));
        let runner = |text: &str| parse(text).unwrap().runner_sets();
        assert!(!runner("x86_64-unknown-linux-gnu").contains(&"qemu".to_owned()));
        assert!(runner("i686-unknown-linux-gnu").contains(&"qemu".to_owned()));
    }
}
