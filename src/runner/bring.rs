//! Builds a runner from its crate, once: cargo fetches the crate, its archive's
//! hash is checked, and it is built in the hermetic shell by the lock file that
//! its authors published, as any project is.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use super::Runner;
use crate::build::{Build, Request};
use crate::cargo::{CargoArgs, Verb, split_args};
use crate::check::CheckId;
use crate::error::{Error, IoContext, Kind, Result};
use crate::nix::{Lock, SOURCES_HASH, Share};
use crate::pins::Sha256;
use crate::rust;
use crate::terminal;
use crate::unpack::{Limits, unpack_tar_gz};

/// What it is built for: the machine, and every glibc that a shell may have.
const TARGET: &str = "x86_64-unknown-linux-gnu.2.17";

/// How it is built: it starts processes and waits, and every second counts.
const PROFILE: [&str; 3] = ["--debug", "--config", "profile.dev.debug=0"];

/// What is left of a build that was interrupted.
const SCRATCH: &str = ".building-";

/// Written when all of it is there.
const DONE: &str = "built";

/// The folder on the host that holds the runner's programs.
///
/// # Errors
/// `Kind::Network` where the crate cannot be had, `Kind::Integrity` where it is
/// another than the pinned one, and as building has them.
pub fn bring(request: &Request, runner: &Runner) -> Result<PathBuf> {
    let folder = request.workshop.folders.runners();
    let (krate, version) = (&runner.krate, &runner.version);
    // Another toolchain, other bits.
    let key = format!("{} {:?} {SOURCES_HASH}", runner.sha256, runner.flags);
    let key = Sha256::of(key.as_bytes()).to_hex();
    let place = folder.join(format!("{krate}-{version}-{}", &key[..16]));
    let (bin, done) = (place.join("bin"), place.join(DONE));
    if done.is_file() {
        return Ok(bin);
    }
    if request.workshop.offline {
        let message = format!("offline, and `{krate}` {version} was never built");
        return Err(Error::new(Kind::Network, message).hint("leave --offline out once"));
    }
    let _lock = Lock::take(
        &request.workshop.folders.locks(),
        "runners",
        Share::Exclusive,
    )?;
    if done.is_file() {
        return Ok(bin);
    }
    fs::create_dir_all(&folder).at("make the folder", &folder)?;
    remove_stale(&folder);
    let scratch = tempfile::Builder::new().prefix(SCRATCH).tempdir_in(&folder);
    let scratch = scratch.at("create a folder in", &folder)?;
    // The top of a repository with a toolchain file, so that no configuration
    // of cargo's and no Rust of a folder above counts.
    let top = scratch.path().join(".git");
    fs::create_dir(&top).at("create", &top)?;
    let rust = scratch.path().join("rust-toolchain.toml");
    let channel = format!("[toolchain]\nchannel = \"{}\"\n", rust::DEBIAN_VERSION);
    fs::write(&rust, channel).at("write", &rust)?;
    terminal::status(
        "Building",
        format!("{krate} {version} to run the tests with, once"),
    );
    let source = source(request, runner, scratch.path())?;
    let (from, to) = (source.to_string_lossy(), place.to_string_lossy());
    let mut words = vec!["--path", &*from, "--root", &*to, "--locked"];
    words.extend(PROFILE);
    words.extend(runner.flags.iter().map(String::as_str));
    let code = run(request, Verb::Install, &words, scratch.path())?;
    if code != 0 {
        let message = format!("`{krate}` {version} could not be built (cargo's exit code {code})");
        return Err(Error::new(Kind::Config, message).hint(
            "another version, which the pinned Rust can build, in xbuild.toml: [runner.NAME]",
        ));
    }
    fs::write(&done, "").at("write", &done)?;
    Ok(bin)
}

/// Lets cargo fetch the crate, checks it, and unpacks it.
fn source(request: &Request, runner: &Runner, scratch: &Path) -> Result<PathBuf> {
    let (krate, version) = (&runner.krate, &runner.version);
    let wants = scratch.join("wants");
    let manifest = format!(
        "[package]\nname = \"wants\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\
         [lib]\npath = \"lib.rs\"\n[dependencies]\n{krate} = \"={version}\"\n[workspace]\n"
    );
    fs::create_dir(&wants).at("create", &wants)?;
    for (name, text) in [("Cargo.toml", &*manifest), ("lib.rs", "")] {
        let path = wants.join(name);
        fs::write(&path, text).at("write", &path)?;
    }
    let manifest = wants.join("Cargo.toml");
    let words = ["--manifest-path", &*manifest.to_string_lossy()];
    prepare(request, Verb::Check, &words, scratch, |_| Ok(0))?;

    let file = format!("{krate}-{version}.crate");
    let cache = request.workshop.folders.cargo_home().join("registry/cache");
    let mut found = None;
    for registry in fs::read_dir(&cache).at("read", &cache)? {
        let path = registry.at("read", &cache)?.path().join(&file);
        let Ok(bytes) = fs::read(&path) else { continue };
        let hash = Sha256::of(&bytes).to_hex();
        if hash == runner.sha256 {
            let folder = format!("{krate}-{version}");
            let own = |path: &Path| path.starts_with(&folder);
            unpack_tar_gz(&path, &*bytes, scratch, Limits::CRATE, &own)?;
            let source = scratch.join(folder);
            for name in ["rust-toolchain", "rust-toolchain.toml"] {
                let own = source.join(name);
                if own.is_file() {
                    fs::remove_file(&own).at("remove", &own)?;
                }
            }
            let lock = source.join("Cargo.lock");
            if !lock.is_file() {
                let message = format!("`{krate}` {version} was published without a Cargo.lock");
                return Err(Error::new(Kind::Config, message)
                    .hint("nothing would pin what it is built from; take another version"));
            }
            return Ok(source);
        }
        found = Some(hash);
    }
    Err(match found {
        Some(hash) => {
            let pinned = &runner.sha256;
            let message = format!("`{file}` has the SHA-256 {hash}, and {pinned} is pinned");
            Error::new(Kind::Integrity, message).hint(format!(
                "if that is the one you mean, in xbuild.toml: [runner.{}] sha256 = \"{hash}\"",
                runner.name
            ))
        }
        None => Error::new(Kind::Network, format!("cargo has not fetched `{file}`")),
    })
}

/// Runs a verb of cargo's on a project that is not the user's.
fn run(outer: &Request, verb: Verb, words: &[&str], scratch: &Path) -> Result<u8> {
    prepare(outer, verb, words, scratch, |build| {
        build.run(false).map(|(code, _)| code)
    })
}

fn prepare(
    outer: &Request,
    verb: Verb,
    words: &[&str],
    scratch: &Path,
    then: impl FnOnce(&Build<'_>) -> Result<u8>,
) -> Result<u8> {
    let target_dir = scratch.join("target");
    let mut all: Vec<OsString> = words.iter().map(Into::into).collect();
    all.extend(["--target", TARGET, "--isolation", "full"].map(Into::into));
    all.extend(["--target-dir".into(), target_dir.into()]);
    // What it is for stays here: no check of its file matters.
    for check in CheckId::ALL {
        all.extend(["--allow".into(), check.name().into()]);
    }
    let args: CargoArgs = split_args(verb, &all)?;
    let mut request = Request::of_cargo(verb, &args)?;
    request.workshop = outer.workshop.clone();
    let build = Build::prepare(verb, &args, &request, &request.specs)?;
    then(&build)
}

fn remove_stale(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        if entry.file_name().to_string_lossy().starts_with(SCRATCH) {
            // What cannot be removed is in nobody's way.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}
