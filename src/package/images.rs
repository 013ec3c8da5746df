//! Static programs → images from nothing, one for each processor. [pure]
//!
//! What a program is for stands in the program itself.

use std::collections::BTreeMap;

use super::{Contents, Image, Member};
use crate::artifact::{self, BinaryFacts, ElfFacts, Endian, Machine};
use crate::error::{Error, Kind, Result};

/// Who runs the program where nothing else is said: nobody of the machine, by
/// the number that other images from nothing have.
pub const NONROOT: &str = "65532:65532";

/// Where programs look for certificates: OpenSSL's and rustls's first places.
pub const CERTIFICATES: &str = "etc/ssl/certs/ca-certificates.crt";

/// What is the same for all images.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FromScratch {
    /// The program that is started, where there is more than one.
    pub entrypoint: Option<String>,
    pub user: String,
    pub labels: BTreeMap<String, String>,
    pub tag: String,
    /// Seconds since 1970.
    pub epoch: i64,
}

impl FromScratch {
    /// The images: every program goes into the one of its processor, all other
    /// files into each. They are in the order of their processors' names.
    ///
    /// # Errors
    /// `Kind::Usage` for a program that loads something, for one that is
    /// broken or of a processor that images have no name for, where there is
    /// none, or where it is not clear which is started.
    pub fn images(&self, members: Vec<Member>) -> Result<Vec<(Contents, Image)>> {
        let mut programs: BTreeMap<Platform, Vec<Member>> = BTreeMap::new();
        let mut shared = Vec::new();
        for member in members {
            match platform_of(&member)? {
                Some(platform) => programs.entry(platform).or_default().push(member),
                None => shared.push(member),
            }
        }
        if programs.is_empty() {
            let message = "an image from nothing needs a program";
            return Err(Error::new(Kind::Usage, message)
                .hint("target/x86_64-unknown-linux-musl/release/NAME"));
        }
        let mut images = Vec::new();
        for ((architecture, variant), programs) in programs {
            let image = Image {
                architecture: architecture.to_owned(),
                variant: variant.map(str::to_owned),
                entrypoint: Some(self.entrypoint(architecture, &programs)?),
                user: Some(self.user.clone()),
                labels: self.labels.clone(),
                tag: self.tag.clone(),
            };
            let members = [programs, shared.clone()].concat();
            images.push((Contents::new(members, self.epoch)?, image));
        }
        Ok(images)
    }

    fn entrypoint(&self, architecture: &str, programs: &[Member]) -> Result<String> {
        let paths: Vec<&str> = programs.iter().map(Member::path).collect();
        let wanted = match (&self.entrypoint, &paths[..]) {
            (Some(path), _) => path,
            (None, [only]) => *only,
            (None, _) => {
                let message = format!("the image for {architecture} has several programs");
                let hints = paths.iter().map(|path| format!("--entrypoint {path}"));
                return Err(
                    Error::new(Kind::Usage, message).hint(hints.collect::<Vec<_>>().join("\n"))
                );
            }
        };
        if !paths.contains(&wanted) {
            let message = format!("`{wanted}` is not in the image for {architecture}");
            let hints = paths.iter().map(|path| format!("--entrypoint {path}"));
            return Err(Error::new(Kind::Usage, message).hint(hints.collect::<Vec<_>>().join("\n")));
        }
        Ok(wanted.to_owned())
    }
}

/// A processor as images name it, and its variant.
type Platform = (&'static str, Option<&'static str>);

/// What a program is for; nothing of what is none.
fn platform_of(member: &Member) -> Result<Option<Platform>> {
    let path = member.path();
    let facts = artifact::facts(member.bytes())
        .map_err(|cause| Error::new(Kind::Usage, format!("`{path}` is broken")).caused_by(cause))?;
    let BinaryFacts::Elf(facts) = facts else {
        return Ok(None);
    };
    if facts.is_dynamic() || !facts.kind.is_program() {
        let needs: Vec<&str> = facts.interpreter.iter().map(String::as_str).collect();
        let libraries = facts.needed.iter().map(|one| &*one.name);
        let needs = needs.into_iter().chain(libraries).collect::<Vec<_>>();
        let message = match &needs[..] {
            [] => format!("`{path}` is no program, and nothing in an image from nothing loads it"),
            needs => format!(
                "`{path}` is not static: it loads {}, and an image from nothing has none of it",
                needs.join(", ")
            ),
        };
        return Err(Error::new(Kind::Usage, message)
            .hint("xbuild build --release --target x86_64-unknown-linux-musl"));
    }
    platform(&facts).map(Some).ok_or_else(|| {
        let message = format!(
            "`{path}`: images have no name for the processor {}",
            facts.machine
        );
        Error::new(Kind::Usage, message)
    })
}

/// The names are Go's, `GOARCH` and `GOARM`, as the image specification has it.
fn platform(facts: &ElfFacts) -> Option<Platform> {
    Some(match (facts.machine, facts.endian) {
        (Machine::X86_64, _) => ("amd64", None),
        (Machine::I386, _) => ("386", None),
        (Machine::Aarch64, Endian::Little) => ("arm64", None),
        (Machine::Arm, Endian::Little) => ("arm", arm_variant(facts)),
        (Machine::Riscv64, _) => ("riscv64", None),
        (Machine::S390x, _) => ("s390x", None),
        (Machine::Ppc64, Endian::Little) => ("ppc64le", None),
        _ => return None,
    })
}

/// By `Tag_CPU_arch` of Arm's build attributes.
fn arm_variant(facts: &ElfFacts) -> Option<&'static str> {
    match facts.arm.as_ref()?.cpu_arch? {
        3..=5 => Some("v5"),
        6..=9 => Some("v6"),
        10 => Some("v7"),
        14 | 15 => Some("v8"),
        _ => None,
    }
}
