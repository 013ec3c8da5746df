//! A release: built for all targets, built again elsewhere, packed, described
//! and signed.
//!
//! Invariants: keys are opened before the build and used after it, in this
//! process alone, which the hermetic shell cannot see; [`guard`] refuses those
//! that the build could reach by other ways. What is said of the build comes
//! from what was observed ([`crate::attest::observed`]).

mod assemble;
mod built;
mod derivation;
mod documents;
mod git;
mod guard;
mod publish;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::attest::keys::source::KeySource;
use crate::attest::manifest::Manifest;
use crate::attest::slsa;
use crate::attest::{SecretKey, Source};
use crate::build::{Request, relative};
use crate::cargo::{CargoArgs, Lockfile};
use crate::config::Passthrough;
use crate::error::{Error, Kind, Result};
use crate::package::{Format, gather};
use crate::pins::{Pins, Sha256};
use crate::rebuild;
use crate::report::Row;
use crate::rust::RustPin;
use crate::target::TargetSpec;
use crate::toolchain::Part;
use crate::{attest, nix, shell, terminal};

pub use derivation::DerivationOptions;
use git::Checkout;
use guard::Sight;

/// What is asked of a release besides its build.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where it is written; by default below the target folder.
    pub out: Option<PathBuf>,
    /// What to build again; none leaves the second build out.
    pub verify: Option<rebuild::VerifyArgs>,
    /// Whether a source that no commit says all of will do.
    pub allow_dirty: bool,
    pub key: Option<KeySource>,
    /// Who vouches for the build: a URI.
    pub builder: String,
    /// Where the source is from, in place of the remote `origin`.
    pub source: Option<String>,
    /// The release's name, in place of the package's.
    pub name: Option<String>,
    pub formats: Vec<Format>,
    /// Where Nix is to build, as ordinary derivations, in place of the shell.
    pub derivation: Option<DerivationOptions>,
}

/// A release that has been written.
#[derive(Debug, Clone)]
pub struct Released {
    pub folder: PathBuf,
    pub manifest: Manifest,
    /// What is packed.
    pub rows: Vec<Row>,
    /// The kind of key, where it is signed.
    pub signed: Option<&'static str>,
}

/// Makes a release; cargo's own exit code is the result where a build fails.
///
/// # Errors
/// `Kind::Project` for a source that no commit says all of; `Kind::Config` for
/// a key that cannot be used or that the build could read; `Kind::Differs` where
/// the second build differs; and what builds have.
pub fn run(request: &Request, args: &CargoArgs, options: &Options) -> Result<Result<Released, u8>> {
    let started = Timestamp::now();
    let dist = request.project.target_dir.join("dist");
    let ours: Vec<&Path> = [&request.project.target_dir, &dist]
        .into_iter()
        .chain(&options.out)
        .map(PathBuf::as_path)
        .collect();
    let checkout = git::look(&request.project, &ours)?;
    refuse_dirty(&checkout, options)?;
    if let Some(folder) = &options.out {
        publish::may_replace(folder)?;
    }
    let name = name(request, options)?;
    if options.derivation.is_some() {
        derivation::refuse(request, args)?;
    }
    let key = open_key(request, options)?;
    let epoch = gather::epoch(&request.epoch_of(&request.specs))?;
    // What is said of the toolchain is to be true of its bytes.
    let parts: Vec<Part> = request.specs.iter().map(Part::toolchain).collect();
    request.workshop.repair(&parts)?;
    let built = match &options.derivation {
        Some(how) => derivation::built(request, args, options, how, &name, &ours)?,
        None => match built::built(request, args, options)? {
            Ok(built) => built,
            Err(code) => return Ok(Err(code)),
        },
    };
    unchanged(&checkout, &git::look(&request.project, &ours)?)?;
    let lock = Lockfile::read(&request.project.lock)?;
    let version = lock.own.get(&name).cloned().ok_or_else(|| {
        let message = format!("the project has no package `{name}`");
        let names: Vec<&str> = lock.own.keys().map(String::as_str).collect();
        Error::new(Kind::Usage, message).hint(format!("--name {}", names.join("\n--name ")))
    })?;
    let stem = format!("{name}-{version}");
    let documents = documents::documents(request)?;
    let archives =
        assemble::archives(&stem, &options.formats, &built.artefacts, &documents, epoch)?;
    let second = built.second.as_ref();
    let comparison = second.map(|second| assemble::compare(&built.artefacts, &archives, second));
    let build = attest::Build {
        source: Source {
            name,
            version,
            uri: uri(&checkout, options),
            dirty: !checkout.changes.is_empty(),
            commit: checkout.commit,
        },
        targets: request.specs.iter().map(ToString::to_string).collect(),
        arguments: arguments(args),
        crates: lock.crates,
        packages: packages(request)?,
        rust: rust(request),
        pins: Pins::embedded_sha256(),
        toolchain_definition: definition()?,
        passthrough: passthrough(request),
        volumes: volumes(request),
        source_date_epoch: epoch_of(request),
        builder: options.builder.clone(),
        xbuild: env!("CARGO_PKG_VERSION").to_owned(),
        started,
        finished: Timestamp::now(),
        isolation: request.config.isolation.value,
        nix: built.nix,
        comparison,
    };
    let manifest = Manifest::new(&build, archives.iter().map(|one| one.file()).collect());
    let folder = options.out.clone().unwrap_or_else(|| dist.join(&stem));
    let written = publish::files(&stem, &build, &manifest, &archives, key.as_ref())?;
    publish::write(&folder, &written)?;
    let folder = relative(&folder);
    if key.is_none() {
        terminal::note(format!(
            "it is not signed: xbuild sign --key KEY {0}/{stem}.intoto.json {0}/SHA256SUMS",
            folder.display()
        ));
    }
    Ok(Ok(Released {
        folder,
        manifest,
        rows: built.rows,
        signed: key.as_ref().map(SecretKey::kind),
    }))
}

fn refuse_dirty(checkout: &Checkout, options: &Options) -> Result<()> {
    let message = match (&checkout.commit, &checkout.changes[..]) {
        _ if options.allow_dirty => return Ok(()),
        (Some(_), []) => return Ok(()),
        (None, _) => "the source is in no commit".to_owned(),
        (Some(_), [first, rest @ ..]) => {
            let more = match rest.len() {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            format!(
                "the source is not what the commit says: {}{more}",
                first.trim()
            )
        }
    };
    Err(Error::new(Kind::Project, message)
        .hint("commit first; or add --allow-dirty, and the provenance says so"))
}

/// Refuses a source that changed while it was built; a lock file that was not
/// up to date has done so too.
fn unchanged(before: &Checkout, after: &Checkout) -> Result<()> {
    if before == after {
        return Ok(());
    }
    let is_new = |change: &&String| !before.changes.contains(change);
    let what = match after.changes.iter().find(is_new) {
        Some(change) => format!(": {}", change.trim()),
        None => String::new(),
    };
    let message = format!("the source changed while it was built{what}");
    Err(Error::new(Kind::Project, message).hint("commit what has changed, and run it again"))
}

/// The name of what is released: the package at hand, where there is one.
fn name(request: &Request, options: &Options) -> Result<String> {
    if let Some(name) = &options.name {
        return Ok(name.clone());
    }
    let members = &request.project.members;
    let at_hand = members
        .iter()
        .find(|member| member.manifest == request.project.manifest);
    match (at_hand, &members[..]) {
        (Some(member), _) | (None, [member]) => Ok(member.package.name.clone()),
        (None, _) => {
            let names = members.iter().map(|member| &*member.package.name);
            let names: Vec<&str> = names.take(5).collect();
            let message = "a workspace of several packages needs a name for its release";
            Err(Error::new(Kind::Usage, message)
                .hint(format!("--name {}", names.join("\n--name "))))
        }
    }
}

/// Opens the key while nothing has been built, so that a wrong passphrase
/// costs no build, and standard input is at its end before a shell inherits it.
fn open_key(request: &Request, options: &Options) -> Result<Option<SecretKey>> {
    let Some(source) = &options.key else {
        return Ok(None);
    };
    guard::check(source, &sight(request)?)?;
    let key = source.open()?;
    if let SecretKey::Nix(_) = key {
        let message = "a Nix key signs paths of a store, and a release has none";
        return Err(Error::new(Kind::Config, message)
            .hint("xbuild sign --key KEY CACHE/*.narinfo, after nix copy"));
    }
    Ok(Some(key))
}

/// What the shells of this request show of the machine.
fn sight(request: &Request) -> Result<Sight> {
    let mounts = request.project.mounts(&request.config.sources)?;
    let mut paths: Vec<PathBuf> = mounts.binds.into_iter().map(|(host, _)| host).collect();
    paths.push(request.project.target_dir.clone());
    paths.push(request.workshop.folders.cargo_home());
    let volumes = request.volumes(&request.specs)?;
    paths.extend(volumes.into_iter().map(|mounted| mounted.host));
    let passthrough: Vec<_> = configured(request).collect();
    Ok(Sight {
        isolated: request.is_isolated(),
        paths,
        variables: shell::from_caller(&request.vars, &passthrough),
    })
}

/// The variables that the configuration passes on.
fn configured(request: &Request) -> impl Iterator<Item = Passthrough> {
    let triples = request.specs.iter().map(|spec| spec.triple());
    triples
        .flat_map(|triple| request.config.for_target(triple).passthrough)
        .map(|setting| setting.value)
}

/// Their names, each once.
fn passthrough(request: &Request) -> Vec<String> {
    let names: BTreeSet<String> = configured(request)
        .map(|variable| variable.name().to_owned())
        .collect();
    names.into_iter().collect()
}

/// The volumes, by what they are called.
fn volumes(request: &Request) -> Vec<slsa::Volume> {
    let volumes = request.configured_volumes();
    let mut volumes: Vec<slsa::Volume> = volumes
        .iter()
        .map(|volume| slsa::Volume {
            name: volume.label(),
            writable: volume.is_writable(),
        })
        .collect();
    volumes.sort();
    volumes
}

/// The `SOURCE_DATE_EPOCH` of the builds; none where the configuration gives
/// one target another than the next.
fn epoch_of(request: &Request) -> Option<String> {
    let groups = request.groups();
    let values: BTreeSet<String> = groups.iter().map(|group| request.epoch_of(group)).collect();
    let mut values = values.into_iter();
    values.next().filter(|_| values.next().is_none())
}

fn uri(checkout: &Checkout, options: &Options) -> String {
    let remote = checkout.remote.as_deref().and_then(git::source_uri);
    let named = options.source.clone().or(remote);
    // No path of this machine is anyone's business.
    named.unwrap_or_else(|| "file:.".to_owned())
}

/// Cargo's arguments that decide what is made.
fn arguments(args: &CargoArgs) -> Vec<String> {
    let options = args
        .options
        .iter()
        .map(|word| word.to_string_lossy().into_owned());
    std::iter::once("build".to_owned()).chain(options).collect()
}

/// Every package that the toolchains are made of.
fn packages(request: &Request) -> Result<Vec<crate::pins::Package>> {
    let mut parts: Vec<Part> = request.specs.iter().map(Part::toolchain).collect();
    parts.extend(request.tool_parts()?);
    let parts: Vec<&Part> = parts.iter().collect();
    let pins = Pins::embedded()?;
    let packages = Part::packages(&parts, &pins)?;
    Ok(packages.into_iter().cloned().collect())
}

/// The release of Rust that the toolchains are made of in the place of
/// Debian's.
fn rust(request: &Request) -> Option<RustPin> {
    let pin = request.specs.iter().find_map(TargetSpec::rust)?;
    let parts: Vec<Part> = request.specs.iter().map(Part::toolchain).collect();
    let parts: Vec<&Part> = parts.iter().collect();
    let files = Part::components(&parts);
    Some(RustPin {
        crates: match pin.crates_in_build() {
            [] => Part::std_crates(&parts).into_iter().cloned().collect(),
            crates => crates.to_vec(),
        },
        files: files.into_iter().cloned().collect(),
        ..RustPin::clone(pin)
    })
}

fn definition() -> Result<Sha256> {
    nix::SOURCES_HASH
        .parse()
        .map_err(|cause: crate::pins::hash::NotASha256| {
            Error::new(Kind::Internal, "the hash of nix/").caused_by(cause)
        })
}
