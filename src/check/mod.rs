//! Facts about a binary → findings: what would bite on the machine that it is
//! made for. [pure]
//!
//! The checks' ids are stable; `docs/checks.md` describes each.

mod architecture;
mod distribution;
mod glibc;
mod leak;
mod libraries;
mod symbols;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub use libraries::{SystemLibrary, libraries};
pub use symbols::release_of;

use crate::artifact::{Artifact, BinaryFacts, Endian, Float, GlibcVersion};
use crate::config::Setting;
use crate::error::{Error, Kind, Result};
use crate::target::{Elf, Libc, TargetSpec};

/// One of the checks, by its stable id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckId {
    /// Machine, class, byte order, float ABI, ARM attributes.
    Architecture,
    /// A musl program needs no loader and no library.
    Static,
    /// Nothing above the glibc floor is needed.
    GlibcFloor,
    /// Nor do the libraries of the project's packages need more.
    SystemLibraries,
    /// The loader is the one that distributions have.
    Interpreter,
    /// Libraries are not looked for in folders of the build machine.
    Runpath,
    /// No path of the build machine is in the file.
    Leak,
    /// The stack is not executable.
    ExecStack,
}

impl CheckId {
    /// Every check, in the order of the reports.
    pub const ALL: [CheckId; 8] = [
        CheckId::Architecture,
        CheckId::Static,
        CheckId::GlibcFloor,
        CheckId::SystemLibraries,
        CheckId::Interpreter,
        CheckId::Runpath,
        CheckId::Leak,
        CheckId::ExecStack,
    ];

    /// The id, as `--allow` and `[checks] allow` take it.
    pub const fn name(self) -> &'static str {
        match self {
            CheckId::Architecture => "architecture",
            CheckId::Static => "static",
            CheckId::GlibcFloor => "glibc-floor",
            CheckId::SystemLibraries => "system-libraries",
            CheckId::Interpreter => "interpreter",
            CheckId::Runpath => "runpath",
            CheckId::Leak => "leak",
            CheckId::ExecStack => "exec-stack",
        }
    }
}

impl fmt::Display for CheckId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An id that no check has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no check is called `{0}`: they are {names}", names = CheckId::ALL.map(CheckId::name).join(", "))]
pub struct UnknownCheck(String);

impl FromStr for CheckId {
    type Err = UnknownCheck;

    fn from_str(text: &str) -> std::result::Result<Self, Self::Err> {
        CheckId::ALL
            .into_iter()
            .find(|check| check.name() == text)
            .ok_or_else(|| UnknownCheck(text.to_owned()))
    }
}

/// The checks that flags and configuration allow, by their ids.
///
/// # Errors
/// `Kind::Config` for an id that no check has, naming where it was written.
pub fn allowed<'a>(
    names: impl IntoIterator<Item = &'a Setting<String>>,
) -> Result<BTreeSet<CheckId>> {
    let parse = |name: &Setting<String>| {
        name.value.parse().map_err(|unknown: UnknownCheck| {
            Error::new(Kind::Config, format!("{}: {unknown}", name.origin))
        })
    };
    names.into_iter().map(parse).collect()
}

/// The `elf` part of `nix/targets/TRIPLE.json`, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ElfTarget {
    /// 32 or 64.
    pub class: u8,
    pub endian: Endian,
    /// [`Machine::name`](crate::artifact::Machine::name).
    pub machine: String,
    pub float: Option<Float>,
    pub cpu: Option<Cpu>,
}

impl ElfTarget {
    /// # Errors
    /// `Kind::Internal` for a word that no check knows: the table of targets
    /// travels inside this program.
    fn of(elf: &Elf) -> Result<Self> {
        let unknown = |word: &str| {
            Error::new(
                Kind::Internal,
                format!("no check knows the target's `{word}`"),
            )
        };
        Ok(ElfTarget {
            class: elf.class,
            endian: match elf.endian.as_str() {
                "little" => Endian::Little,
                "big" => Endian::Big,
                other => return Err(unknown(other)),
            },
            machine: elf.machine.clone(),
            float: match elf.float.as_deref() {
                None => None,
                Some("soft") => Some(Float::Soft),
                Some("hard") => Some(Float::Hard),
                Some("single") => Some(Float::Single),
                Some("double") => Some(Float::Double),
                Some("quad") => Some(Float::Quad),
                Some(other) => return Err(unknown(other)),
            },
            cpu: match elf.cpu.as_deref() {
                None => None,
                Some("v7") => Some(Cpu::V7),
                Some(other) => return Err(unknown(other)),
            },
        })
    }
}

/// The processor that a target stops at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cpu {
    /// ARMv7-A.
    V7,
}

/// What an artefact of one target must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectation {
    /// For messages.
    pub triple: String,
    pub elf: ElfTarget,
    pub libc: Libc,
    /// The loader's path on distributions of this architecture.
    pub interpreter: Option<String>,
    /// The highest glibc that may be needed; nothing where anything may.
    pub floor: Option<GlibcVersion>,
    /// Checks whose findings are notes, not errors.
    pub allowed: BTreeSet<CheckId>,
}

impl Expectation {
    /// What artefacts of a target must be; `allowed` is what flags and
    /// configuration say.
    ///
    /// # Errors
    /// `Kind::Internal` where the table of targets has a word that no check
    /// knows.
    pub fn of(spec: &TargetSpec, allowed: BTreeSet<CheckId>) -> Result<Self> {
        let target = spec.target();
        let floor = spec.floor().map(GlibcVersion::from);
        Ok(Expectation {
            triple: target.triple.clone(),
            elf: ElfTarget::of(&target.elf)?,
            libc: target.libc,
            interpreter: target.interpreter.clone(),
            floor,
            allowed,
        })
    }
}

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Found, and allowed.
    Allowed,
    Error,
}

/// One thing that would bite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub id: CheckId,
    pub severity: Severity,
    /// A lowercase fragment.
    pub message: String,
    /// The remedy, with something to paste.
    pub hint: String,
    /// Symbols, sections or paths, most telling first.
    #[serde(rename = "where")]
    pub places: Vec<String>,
}

impl Finding {
    fn new(id: CheckId, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Finding {
            id,
            severity: Severity::Error,
            message: message.into(),
            hint: hint.into(),
            places: Vec::new(),
        }
    }

    /// Lets it pass where that is allowed.
    fn weigh(&mut self, expected: &Expectation) {
        if expected.allowed.contains(&self.id) {
            self.severity = Severity::Allowed;
        }
    }

    fn at(mut self, places: impl IntoIterator<Item = String>) -> Self {
        self.places.extend(places);
        self
    }

    /// How to let it pass.
    pub fn how_to_allow(&self) -> String {
        format!(
            "to let it pass: `--allow {id}`, or `allow = [\"{id}\"]` under [checks] in xbuild.toml",
            id = self.id
        )
    }
}

/// Runs every check on an artefact alone, in the order of [`CheckId::ALL`];
/// [`libraries`] looks at what it loads.
pub fn check(artifact: &Artifact, expected: &Expectation) -> Vec<Finding> {
    let mut findings = match &artifact.facts {
        BinaryFacts::Elf(elf) => {
            let mut findings = architecture::elf(elf, expected);
            if elf.kind.is_linked() {
                findings.extend(distribution::statically_linked(elf, expected));
                findings.extend(glibc::floor(elf, expected));
                findings.extend(distribution::interpreter(elf, expected));
                findings.extend(distribution::runpath(elf));
            }
            findings.extend(leak::leaks(artifact));
            if elf.kind.is_linked() {
                findings.extend(distribution::exec_stack(elf));
            }
            findings
        }
        BinaryFacts::Archive(archive) => {
            let mut findings = architecture::archive(archive, expected);
            findings.extend(leak::leaks(artifact));
            findings
        }
        BinaryFacts::Other(format) => vec![architecture::other(*format, expected)],
    };
    for finding in &mut findings {
        finding.weigh(expected);
    }
    findings
}
