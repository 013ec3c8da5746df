//! `xbuild fetch`: everything for some targets, now, so that all works offline
//! later.

use std::collections::BTreeSet;

use serde_json::json;

use crate::build::{self, Request};
use crate::cargo::{UserCargo, Verb};
use crate::cli::{FetchArgs, Format};
use crate::config::{Config, EnvLayer, FlagLayer};
use crate::error::{Kind, Result};
use crate::host;
use crate::nix::Realised;
use crate::runner::{self, Runner};
use crate::target::{Table, TargetSpec};
use crate::terminal;
use crate::toolchain::{Part, Workshop};

/// Fetches and realises toolchains, runners and lints; inside a project its
/// crates too.
///
/// # Errors
/// As fetching and realising have them.
pub fn run(args: &FetchArgs) -> Result<u8> {
    let (workshop, specs, project) = match super::shell::request(&args.target) {
        Ok(request) => {
            let specs = if args.all_targets {
                request.called_for(with_locked(&request, all(&request.config)?)?)?
            } else {
                request.specs.clone()
            };
            (request.workshop.clone(), specs, Some(request))
        }
        // Outside a project there are only the flags and the environment.
        Err(error) if error.kind() == Kind::Project && args.target.manifest_path.is_none() => {
            let (workshop, specs) = without_project(args)?;
            (workshop, specs, None)
        }
        Err(error) => return Err(error),
    };
    let mut parts: Vec<Part> = Vec::new();
    for spec in &specs {
        parts.extend([Part::toolchain(spec), Part::runner(spec)]);
    }
    let rust = specs.iter().find_map(TargetSpec::rust);
    parts.extend([Part::clippy(rust), Part::stranger()]);
    let realised = workshop.realise(&parts)?;
    let mut document = json!({ "version": 1, "targets": [], "parts": [], "verified": null });
    if args.verify {
        let altered = workshop.repair(&parts)?;
        let paths: BTreeSet<_> = realised.iter().flat_map(Realised::closure).collect();
        terminal::status(
            "Verified",
            format_args!(
                "{} paths of the store, {} made anew",
                paths.len(),
                altered.len()
            ),
        );
        document["verified"] = json!({ "paths": paths.len(), "made_anew": altered.len() });
    }
    if let Some(request) = project {
        fetch_crates(&request, args)?;
    }
    for spec in &specs {
        terminal::status("Ready", spec);
    }
    if args.format == Format::Json {
        let targets = specs.iter().map(ToString::to_string);
        document["targets"] = targets.collect();
        let part = |(part, realised): (&Part, &Realised)| {
            json!({
                "part": part.what(),
                "attribute": part.attr(),
                "out": realised.out().to_string(),
            })
        };
        document["parts"] = parts.iter().zip(&realised).map(part).collect();
        terminal::data(format_args!("{document:#}\n"));
    }
    Ok(0)
}

/// The targets with the project's Rust and the packages that are locked for
/// them. A target that has no fitting packages is not what the project builds
/// for: it comes without.
fn with_locked(request: &Request, specs: Vec<TargetSpec>) -> Result<Vec<TargetSpec>> {
    let attach = |spec: TargetSpec| {
        let plain = vec![spec];
        request.locked(plain.clone()).unwrap_or(plain)
    };
    Ok(request
        .with_rust(specs)?
        .into_iter()
        .flat_map(attach)
        .collect())
}

/// The crates come with the fetch step of any build; that of tests brings what
/// their runner wants, too.
fn fetch_crates(request: &Request, args: &FetchArgs) -> Result<()> {
    let mut words: Vec<std::ffi::OsString> = Vec::new();
    for spec in &request.specs {
        words.extend(["--target".into(), spec.to_string().into()]);
    }
    if let Some(path) = &args.target.manifest_path {
        words.extend(["--manifest-path".into(), path.into()]);
    }
    if args.target.offline {
        words.push("--offline".into());
    }
    for runner in Runner::all(&request.config)? {
        runner::bring(request, &runner)?;
    }
    super::cargo::fetch_only(Verb::Test, &words)
}

fn all(config: &Config) -> Result<Vec<TargetSpec>> {
    let table = Table::embedded()?;
    let triples: Vec<String> = table.iter().map(|target| target.triple.clone()).collect();
    triples
        .iter()
        .map(|triple| build::parse(&table, config, triple))
        .collect()
}

fn without_project(args: &FetchArgs) -> Result<(Workshop, Vec<TargetSpec>)> {
    let flags = FlagLayer {
        targets: args.target.targets.clone(),
        mirrors: args.target.mirrors.clone(),
        nix: args.target.nix.clone(),
        ..FlagLayer::default()
    };
    let config = Config::resolve(&flags, &EnvLayer::read(host::var)?, None)?;
    let table = Table::embedded()?;
    let specs = if args.all_targets {
        all(&config)?
    } else if config.targets.is_empty() {
        vec![build::parse(&table, &config, crate::target::HOST)?]
    } else {
        let targets = config.targets.iter();
        targets
            .map(|target| build::parse(&table, &config, &target.value))
            .collect::<Result<_>>()?
    };
    Ok((
        build::workshop(&config, &UserCargo::read(&host::var)?, args.target.offline)?,
        specs,
    ))
}
