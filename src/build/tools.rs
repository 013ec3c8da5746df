//! The realised tools of a command, and the target folder that goes with them.

use std::path::Path;

use super::Request;
use crate::cargo::Layout;
use crate::config::Isolation;
use crate::error::{Error, Kind, Result};
use crate::lock;
use crate::nix;
use crate::rust;
use crate::sandbox;
use crate::shell::{self, Tools};
use crate::target::TargetSpec;
use crate::terminal;
use crate::toolchain::{Part, RealisedRunner, RealisedTools, Toolchain};

/// The realised tools of a command.
pub struct Realised {
    pub toolchains: Vec<Toolchain>,
    pub runners: Vec<RealisedRunner>,
    pub extra: Vec<RealisedTools>,
}

/// Realises what a command needs for its targets, in one go.
///
/// # Errors
/// From fetching, Nix, or where `--isolation none` cannot be had.
pub fn realise(
    request: &Request,
    specs: &[TargetSpec],
    with_runners: bool,
    with_clippy: bool,
) -> Result<Realised> {
    let mut parts: Vec<Part> = specs.iter().map(Part::toolchain).collect();
    if with_runners {
        parts.extend(specs.iter().map(Part::runner));
    }
    let mut extra: Vec<Part> = request.tool_parts()?;
    if with_clippy {
        let rust = specs.iter().find_map(TargetSpec::rust);
        extra.push(Part::clippy(rust));
    }
    parts.extend(extra.iter().cloned());
    if let [spec, ..] = specs
        && spec.floor_by_default()
        && !request.workshop.is_realised(&parts)
    {
        terminal::note(format!(
            "default floor glibc {}; --target {}.2.17 for older systems",
            spec.floor()
                .map(|floor| floor.to_string())
                .unwrap_or_default(),
            spec.triple()
        ));
    }
    if let Some(rust) = specs.iter().find_map(TargetSpec::rust)
        && rust.key != rust::OFFICIAL
        && !request.workshop.is_realised(&parts)
    {
        terminal::warning(format!(
            "the Rust {} of {} is not the official one: its manifest was signed with {}",
            rust.version,
            lock::FILE_NAME,
            rust.key
        ));
    }
    if request.is_isolated() && !request.workshop.is_realised(&parts) {
        // Better said before the download than after it.
        let sources = nix::nix_sources(&request.workshop.folders)?;
        sandbox::probe(&sources.join("seed/busybox"))?;
    }
    let mut realised = request.workshop.realise(&parts)?.into_iter();
    let mut toolchains = Vec::new();
    for (spec, part) in specs.iter().zip(realised.by_ref()) {
        toolchains.push(request.workshop.toolchain(spec, part)?);
    }
    let mut runners = Vec::new();
    if with_runners {
        for part in realised.by_ref().take(specs.len()) {
            runners.push(request.workshop.runner(part)?);
        }
    }
    let mut tools = Realised {
        toolchains,
        runners,
        extra: Vec::new(),
    };
    for (part, realised) in extra.into_iter().zip(realised) {
        tools.extra.push(request.workshop.tools(part, realised)?);
    }
    if request.config.isolation.value == Isolation::None {
        tools.check_unisolated(request)?;
    }
    Ok(tools)
}

impl Realised {
    pub fn tools(&self) -> Tools<'_> {
        Tools {
            toolchains: &self.toolchains,
            runners: &self.runners,
            programs: false,
            extra: &self.extra,
        }
    }

    /// The folders of the target directory that these tools write to.
    pub fn layout(&self, request: &Request) -> Layout {
        let host_key = self.tools().host_key();
        let keys: Vec<(String, String)> = self
            .toolchains
            .iter()
            .map(|toolchain| {
                let out = toolchain.realised.out().to_string();
                let key = shell::store_hash(out.as_ref());
                (toolchain.spec.triple().to_owned(), key)
            })
            .collect();
        let target_dir = &request.project.target_dir;
        if request.is_isolated() {
            let keys: Vec<(&str, &str)> = keys.iter().map(|(t, k)| (&**t, &**k)).collect();
            return Layout::new(target_dir, &host_key, &keys);
        }
        let key: Vec<&str> = keys.iter().map(|(_, key)| &**key).collect();
        let triples: Vec<&str> = keys.iter().map(|(triple, _)| &**triple).collect();
        Layout::unisolated(target_dir, &key.join("-"), &triples)
    }

    /// Without a shell nothing can be mounted: the store must be the
    /// machine's, and the compiler is told of one target only.
    fn check_unisolated(&self, request: &Request) -> Result<()> {
        let origin = &request.config.isolation.origin;
        terminal::warning(format!(
            "isolation is off ({origin}): the build sees this machine, and its result is not hermetic"
        ));
        let private = |toolchain: &Toolchain| toolchain.realised.store() != Path::new("/");
        if self.toolchains.iter().any(private) {
            let message = "without isolation the toolchain must be in the machine's own Nix store";
            return Err(Error::new(Kind::Sandbox, message)
                .hint("install Nix and add --nix system, or leave --isolation none out"));
        }
        if self.toolchains.len() > 1 {
            let message = "without isolation only one target can be built at a time";
            return Err(Error::new(Kind::Usage, message).hint("--target TRIPLE, once"));
        }
        Ok(())
    }
}
