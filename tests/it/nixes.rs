//! Real Nixes of three versions: xbuild's own, and those of an older and of a
//! newer Debian, brought in the same way.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use serde_json::json;
use xbuild::error::Result;
use xbuild::fetch::{Client, Downloads, Mirrors, Options, Timeouts, Wanted};
use xbuild::host::Folders;
use xbuild::nix::{Choice, Find, Nix, Packages, Version, nix_sources};
use xbuild::pins::{self, Pins};

use crate::support::test_home;

/// The files that the tests share.
pub fn downloads() -> Downloads {
    Downloads::new(&Folders::below(&test_home()))
}

/// xbuild's own Nix, with its store in the given folders.
pub fn own(folders: &Folders) -> Result<Nix> {
    find(folders, Choice::Own, None, &own_packages()?)
}

/// A `nix` on a search path, where it is good enough.
pub fn on_path(folders: &Folders, choice: Choice, path: &Path) -> Result<Nix> {
    let path = Some(path.as_os_str().to_owned());
    find(folders, choice, path, &own_packages()?)
}

/// Debian 12's Nix 2.8, the oldest that is supported, in the given folders.
pub fn oldest(folders: &Folders) -> Nix {
    let nix = of_suite(folders, "bookworm").unwrap_or_else(|why| panic!("Debian 12's Nix: {why}"));
    assert_eq!((nix.version().to_string()), "2.8.0");
    assert!(nix.version() >= Version::OLDEST);
    nix
}

/// The Nix of Debian 14, which is not released: its packages change each day,
/// and a mirror may hold only a part of them.
///
/// # Errors
/// Why it cannot be had today.
pub fn newest(folders: &Folders) -> std::result::Result<Nix, String> {
    let nix = of_suite(folders, "forky")?;
    assert!(nix.version() > Version::new(2, 26, u32::MAX));
    Ok(nix)
}

/// Packages, and the snapshots that keep them.
struct Known {
    files: Vec<Wanted>,
    snapshots: BTreeMap<String, String>,
}

fn own_packages() -> Result<Known> {
    let pins = Pins::embedded()?;
    let packages = pins.union(&["bootstrap", "nix"])?;
    Ok(Known {
        files: packages.iter().map(|package| package.wanted()).collect(),
        snapshots: pins.snapshots(),
    })
}

/// The Nix of another suite than the pinned one, on the pinned libraries.
fn of_suite(folders: &Folders, suite: &str) -> std::result::Result<Nix, String> {
    let mut pinned = own_packages().map_err(said)?;
    pinned
        .files
        .retain(|file| !file.name.starts_with("nix-bin_"));
    let pins = pins_of(suite)?;
    let mut snapshots = pinned.snapshots;
    snapshots.extend(pins.snapshots());
    let theirs = pins.set("nix").ok_or("no set of that name")?;
    let theirs = theirs.into_iter().map(|package| package.wanted());
    // Of two versions of a library the newer one serves both; it is unpacked
    // last. Debian 12 keeps some of its own in `/lib`, which is left out.
    let files = if suite == "bookworm" {
        theirs.chain(pinned.files).collect()
    } else {
        pinned.files.into_iter().chain(theirs).collect()
    };
    let known = Known { files, snapshots };
    find(folders, Choice::Own, None, &known).map_err(said)
}

/// The packages of a suite's Nix, down the same signed chain as the pins; kept
/// for the next run.
fn pins_of(suite: &str) -> std::result::Result<Pins, String> {
    let root = test_home().join("nixes").join(suite);
    let pins = root.join("nix/pins/packages.json");
    if let Ok(text) = fs::read_to_string(&pins) {
        return Pins::parse(&text).map_err(said);
    }
    let exclude = [
        "perl",
        "libdbd-sqlite3-perl",
        "libwww-curl-perl",
        "bash-static",
        "curl",
        "bzip2",
        "xz-utils",
        "readline-common",
        "openssl-provider-legacy",
    ];
    let request = json!({"sets": {"nix": {
        "suite": suite, "arch": "amd64", "packages": ["nix-bin"],
        "closure": true, "exclude": exclude,
    }}});
    fs::create_dir_all(root.join("nix")).map_err(|error| error.to_string())?;
    fs::write(root.join("nix/packages.json"), request.to_string())
        .map_err(|error| error.to_string())?;
    let mirrors = Mirrors::for_machine(&[], BTreeMap::new()).map_err(said)?;
    let now = date(&mirrors, suite)?;
    let options = Options::default();
    pins::update::run(&root, &downloads(), &mirrors, &options, now).map_err(said)
}

/// The date of a suite's release as a mirror has it: not everyone's mirror
/// gets the fresh ones of a suite that is not released.
fn date(mirrors: &Mirrors, suite: &str) -> std::result::Result<Timestamp, String> {
    let client = Client::new(Timeouts::default()).map_err(said)?;
    let path = format!("dists/{suite}/InRelease");
    client
        .fetch_bytes(&mirrors.bases(suite), &path, 1 << 20, |bytes| {
            let text = String::from_utf8_lossy(bytes);
            let date = text.lines().find_map(|line| line.strip_prefix("Date: "));
            let date = date.ok_or("has no date")?.replace("UTC", "+0000");
            rfc2822::parse(&date)
                .map(|date| date.timestamp())
                .map_err(|error| error.to_string())
        })
        .map_err(said)
}

fn find(
    folders: &Folders,
    choice: Choice,
    path: Option<std::ffi::OsString>,
    packages: &Known,
) -> Result<Nix> {
    let files = &packages.files;
    let sha256: Vec<String> = files.iter().map(|file| file.sha256.to_hex()).collect();
    let mirrors = Mirrors::for_machine(&[], packages.snapshots.clone())?;
    let sources = nix_sources(folders)?;
    Nix::find(&Find {
        folders,
        choice,
        path,
        sources: &sources,
        packages: Packages {
            sha256: &sha256,
            fetch: &|| downloads().fetch(files, &mirrors, &Options::default()),
        },
    })
}

/// An error with its causes, on one line.
fn said(error: impl std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text.push_str(": ");
        text.push_str(&next.to_string());
        cause = next.source();
    }
    text
}
