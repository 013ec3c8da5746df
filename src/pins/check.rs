//! `xbuild pins check`: the committed pins follow from the committed, signed
//! releases, and the first builder is the one inside its pinned package.

use std::collections::BTreeMap;
use std::path::Path;

use super::Sha256;
use super::chain::{self, Files, Sources, broken};
use super::inrelease::{Expected, Release};
use super::keys::Keys;
use super::pinned::Pins;
use crate::error::{Error, IoContext, Kind, Result};
use crate::fetch::{Downloads, Mirrors, Options};
use crate::unpack::file_in_deb;

/// The package that `nix/seed/busybox` was taken from, and its name in there.
const SEED: (&str, &str) = ("trixie/amd64/busybox-static", "usr/bin/busybox");

/// What was proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proved {
    /// How many packages follow from the releases.
    pub packages: usize,
    /// Suite, version and date of each release, as pinned.
    pub releases: Vec<String>,
}

/// Proves the pins of the checkout at `root`.
///
/// The committed `InRelease` files are verified against Debian's keys (without
/// regard to `Valid-Until`: pins are meant to grow old), the indexes are
/// fetched by the hashes in them, and the pins made anew must equal the
/// committed ones to the byte.
///
/// # Errors
/// `Kind::Integrity` with the first difference, `Kind::Network` where an index
/// cannot be had, `Kind::Filesystem`.
pub fn run(
    root: &Path,
    downloads: &Downloads,
    mirrors: &Mirrors,
    options: &Options,
) -> Result<Proved> {
    let keys = Keys::debian().map_err(|why| broken("one of Debian's keys", why))?;
    let proved = pins(root, downloads, mirrors, options, &keys)?;
    seed(root, downloads, mirrors, options)?;
    Ok(proved)
}

pub(super) fn pins(
    root: &Path,
    downloads: &Downloads,
    mirrors: &Mirrors,
    options: &Options,
    keys: &Keys,
) -> Result<Proved> {
    let files = Files { root };
    let request = files.request()?;
    let mut releases = BTreeMap::new();
    for suite in request.suites() {
        let path = files.inrelease(&suite);
        let text = std::fs::read_to_string(&path).at("read", &path)?;
        let expected = Expected {
            suite: &suite,
            now: None,
            not_before: None,
        };
        let release = Release::verify(&text, keys, &expected)
            .map_err(|why| broken(&format!("`{}`", path.display()), why))?;
        releases.insert(suite, (release, Sha256::of(text.as_bytes())));
    }
    let sources = Sources {
        downloads,
        mirrors,
        options,
    };
    let right = chain::follow(&request, &releases, &sources)?;
    let path = files.pins();
    let committed = std::fs::read_to_string(&path).at("read", &path)?;
    if committed != right.to_json() {
        let why = difference(&Pins::parse(&committed)?, &right);
        return Err(broken(
            &format!("`{}`", path.display()),
            "does not follow from the signed releases",
        )
        .caused_by(why)
        .hint("it is generated, never edited: git checkout nix/pins, or xbuild pins update"));
    }
    let said = |(name, suite): (&String, &super::Suite)| {
        format!("{name} {} of {}", suite.version, suite.date)
    };
    Ok(Proved {
        packages: right.packages().count(),
        releases: right.suites().iter().map(said).collect(),
    })
}

/// The first thing in which two pins differ.
fn difference(committed: &Pins, right: &Pins) -> String {
    for package in right.packages() {
        let id = package.id();
        match committed.package(&id) {
            None => return format!("`{id}` is missing"),
            Some(other) if other != package => {
                return format!(
                    "`{id}` is {} {}, not {} {}",
                    other.version, other.sha256, package.version, package.sha256
                );
            }
            Some(_) => {}
        }
    }
    if let Some(extra) = committed
        .packages()
        .find(|package| right.package(&package.id()).is_none())
    {
        return format!("`{}` was not asked for", extra.id());
    }
    let names = committed.set_names().chain(right.set_names());
    for name in names {
        if committed.set(name) != right.set(name) {
            return format!("the set `{name}` has other packages");
        }
    }
    if committed.suites() != right.suites() {
        return "it names other releases".to_owned();
    }
    "it is not in the form in which it is written".to_owned()
}

/// Proves that `nix/seed/busybox` is the one in its pinned package.
fn seed(root: &Path, downloads: &Downloads, mirrors: &Mirrors, options: &Options) -> Result<()> {
    let files = Files { root };
    let path = files.pins();
    let pins = Pins::parse(&std::fs::read_to_string(&path).at("read", &path)?)?;
    let package = pins
        .package(SEED.0)
        .ok_or_else(|| Error::new(Kind::Config, format!("`{}` is not among the pins", SEED.0)))?;
    for deb in downloads.fetch(&[package.wanted()], mirrors, options)? {
        let bytes = std::fs::read(&deb).at("read", &deb)?;
        let right = file_in_deb(&bytes, SEED.1)
            .map_err(|why| broken(&format!("`{}`", package.file_name()), why))?;
        let path = files.busybox();
        if std::fs::read(&path).at("read", &path)? != right {
            let why = format!("is not the `{}` of {}", SEED.1, package.file_name());
            return Err(broken(&format!("`{}`", path.display()), why));
        }
    }
    Ok(())
}
