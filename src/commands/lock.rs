//! `xbuild lock`: the one writer of `xbuild.lock`.

use serde_json::{Value, json};

use crate::build::{self, Request};
use crate::cli::{Format, LockArgs};
use crate::config::FlagLayer;
use crate::error::{Error, Kind, Result};
use crate::fetch::{Downloads, Options};
use crate::host;
use crate::lock::{self, FILE_NAME, Libraries, Lock, Maker, Plan};
use crate::pins::{Pins, Sources};
use crate::rust::{self, ReleaseKey, RustPin};
use crate::target::{Table, TargetSpec};
use crate::{report, terminal};

/// Locks the Rust that the project asks for, the packages of the command's
/// targets and those of targets that have some of their own in the
/// configuration; or proves the lock.
///
/// # Errors
/// Where the configuration asks for what cannot be had, or the chain from
/// signature to package does not hold; with `--check`, where the lock is not
/// what is wanted.
pub fn run(args: &LockArgs) -> Result<u8> {
    super::set_talk(args.target.talk);
    let request = Request::unlocked(
        &FlagLayer {
            targets: args.target.targets.clone(),
            mirrors: args.target.mirrors.clone(),
            nix: args.target.nix.clone(),
            ..FlagLayer::default()
        },
        args.target.manifest_path.as_deref(),
        None,
        args.target.offline,
    )?;
    let specs = specs(&request)?;
    let root = &request.project.root;
    let locked = match lock::load(root) {
        Ok(locked) => locked,
        // What is written anew need not be right.
        Err(error) if args.update && error.kind() == Kind::Config => None,
        Err(error) => return Err(error),
    };
    let plan = lock::plan(&request.config, &specs, locked.as_ref(), args.update)?;
    let pin = locked.as_ref().and_then(Lock::rust);
    let rust_plan = rust::plan(request.rust.as_ref(), pin, args.update);
    if args.check {
        let proved = check(&request, &specs, locked.as_ref(), &plan)?;
        tell(args, &proved);
        return Ok(0);
    }
    if locked.is_none() && plan.made.is_empty() && rust_plan.is_nothing() {
        terminal::note(
            "nothing is to be locked: `packages = [\"libssl-dev\"]` in xbuild.toml asks for libraries, \
             `channel = \"1.88.0\"` in rust-toolchain.toml for a Rust",
        );
        tell(args, &document(None, false));
        return Ok(0);
    }
    if plan.is_nothing() && rust_plan.is_nothing() {
        terminal::status("Unchanged", FILE_NAME);
        tell(args, &document(locked.as_ref(), false));
        return Ok(0);
    }
    let pin = lock_rust(&request, rust_plan)?;
    let made = with_maker(&request, |maker| {
        plan.made
            .iter()
            .map(|wanted| maker.make(wanted))
            .collect::<Result<Vec<_>>>()
    })?;
    for entry in &made {
        terminal::status(
            "Locked",
            format_args!(
                "{} packages of {} for {}, {}",
                entry.packages.len(),
                entry.suite,
                entry.triple,
                report::size(entry.size())
            ),
        );
    }
    for (triple, suite) in &plan.dropped {
        terminal::status("Dropped", format_args!("packages of {suite} for {triple}"));
    }
    let lock = Lock::new([plan.kept, made].concat(), pin);
    lock::save(root, &lock)?;
    tell(args, &document(Some(&lock), true));
    Ok(0)
}

fn tell(args: &LockArgs, document: &Value) {
    if args.format == Format::Json {
        terminal::data(format_args!("{document:#}\n"));
    }
}

/// What stands in a lock, and whether it was written now.
fn document(lock: Option<&Lock>, written: bool) -> Value {
    let targets = lock.map_or(&[][..], Lock::targets);
    let target = |entry: &Libraries| {
        json!({
            "triple": entry.triple,
            "suite": entry.suite,
            "packages": entry.packages.len(),
            "size": entry.size(),
        })
    };
    let rust =
        |pin: &RustPin| json!({ "channel": pin.channel, "version": pin.version, "date": pin.date });
    json!({
        "version": 1,
        "written": written,
        "rust": lock.and_then(Lock::rust).map(rust),
        "targets": targets.iter().map(target).collect::<Vec<_>>(),
        "proved": null,
    })
}

/// The Rust that is to stand in the lock.
fn lock_rust(request: &Request, plan: rust::Plan<'_>) -> Result<Option<RustPin>> {
    match plan {
        rust::Plan::Keep(pin) => Ok(pin.cloned()),
        rust::Plan::Drop(pin) => {
            terminal::status("Dropped", format_args!("Rust {}", pin.channel));
            Ok(None)
        }
        rust::Plan::Make(wanted, before) => {
            let pin = with_rust_maker(request, |maker| maker.make(wanted, before))?;
            let (version, date) = (&pin.version, &pin.date);
            terminal::status("Locked", format_args!("Rust {version}, released {date}"));
            Ok(Some(pin))
        }
    }
}

fn with_rust_maker<T>(
    request: &Request,
    then: impl FnOnce(&rust::Maker<'_>) -> Result<T>,
) -> Result<T> {
    if request.workshop.offline {
        let message = "offline, and what a release of Rust is made of, only its server says";
        return Err(Error::new(Kind::Network, message).hint("leave out --offline once"));
    }
    let key = ReleaseKey::find(&host::var)?;
    if let Some(warning) = key.warning() {
        terminal::warning(warning);
    }
    let table = Table::embedded()?;
    let triples = table.iter().map(|target| target.triple.clone()).collect();
    let index = request.workshop.cargo.index_for_crates_io();
    let origins = rust::Origins {
        base: &request.workshop.dist_server,
        key: &key,
        downloads: &Downloads::new(&request.workshop.folders),
        crates_index: &index,
    };
    then(&rust::Maker::new(origins, triples)?)
}

/// The command's targets, and those that the configuration names with packages
/// of their own, at their configured floor.
fn specs(request: &Request) -> Result<Vec<TargetSpec>> {
    let table = Table::embedded()?;
    let mut specs = request.specs.clone();
    for (triple, _) in request.config.named_targets() {
        let named = specs.iter().any(|spec| spec.triple() == triple);
        if !named && !request.config.for_target(triple).packages.is_empty() {
            specs.push(build::parse(&table, &request.config, triple)?);
        }
    }
    Ok(specs)
}

fn check(
    request: &Request,
    specs: &[TargetSpec],
    locked: Option<&Lock>,
    plan: &Plan,
) -> Result<Value> {
    if let Some((triple, suite)) = plan.dropped.first() {
        let message =
            format!("`{FILE_NAME}` locks packages of {suite} for {triple}, which nothing asks for");
        return Err(Error::new(Kind::Config, message).hint("xbuild lock"));
    }
    // What is wrong with it is said in the words of a build.
    request.locked(specs.to_vec())?;
    let mut document = document(locked, false);
    let Some(locked) = locked else {
        return Ok(document);
    };
    document["proved"] = json!({ "packages": 0, "unknown_releases": 0 });
    if let Some((pin, wanted)) = locked.rust().zip(request.rust.as_ref()) {
        with_rust_maker(request, |maker| maker.prove(pin, wanted))?;
        terminal::status(
            "Proved",
            format_args!(
                "Rust {} follows from a manifest signed by {}",
                pin.version, pin.key
            ),
        );
    }
    if locked.targets().is_empty() {
        return Ok(document);
    }
    let proved = with_maker(request, |maker| maker.prove(locked))?;
    for (suite, date) in &proved.unknown {
        terminal::warning(format!(
            "the release of {suite} of {date} is not this xbuild's: what follows from it was not proved"
        ));
    }
    terminal::status(
        "Proved",
        format_args!("{} packages follow from signed releases", proved.packages),
    );
    document["proved"] = json!({
        "packages": proved.packages,
        "unknown_releases": proved.unknown.len(),
    });
    Ok(document)
}

fn with_maker<T>(request: &Request, then: impl FnOnce(&Maker<'_>) -> Result<T>) -> Result<T> {
    let workshop = &request.workshop;
    let options = Options {
        offline: workshop.offline,
        ..Options::default()
    };
    let _kept = workshop.keep_downloads()?;
    let downloads = Downloads::new(&workshop.folders);
    let mirrors = workshop.mirrors(&Pins::embedded()?)?;
    then(&Maker::new(Sources {
        downloads: &downloads,
        mirrors: &mirrors,
        options: &options,
    })?)
}
