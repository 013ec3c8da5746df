//! From a configuration to a lock, with indexes made here, and back.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::*;
use crate::config::{EnvLayer, FileLayer, FlagLayer};
use crate::fetch::{Downloads, Mirrors, Options};
use crate::pins::tests::{a_release, xz};
use crate::pins::{Release, Sha256, Sources};
use crate::target::Table;

const AARCH64: &str = "aarch64-unknown-linux-gnu";

/// An archive on this disk: indexes in a cache of downloads, and releases that
/// name them.
struct Archive {
    folder: tempfile::TempDir,
    releases: BTreeMap<String, (Release, Sha256)>,
}

/// Lines of `name ; field: value ; …`, as the index of a suite.
fn index(arch: &str, lines: &[&str]) -> String {
    let stanza = |line: &&str| {
        let mut parts = line.split(" ; ");
        let name = parts.next().unwrap();
        let mut text = format!(
            "Package: {name}\nVersion: 1\nArchitecture: {arch}\nFilename: pool/main/{name}_1_{arch}.deb\nSize: 1000\nSHA256: {}\n",
            Sha256::of(line.as_bytes())
        );
        parts.for_each(|field| text.push_str(&format!("{field}\n")));
        text + "\n"
    };
    lines.iter().map(stanza).collect()
}

impl Archive {
    fn new() -> Self {
        let bullseye = index(
            "arm64",
            &[
                "libc6",
                "libc6-dev ; Depends: libc6",
                "libpci-dev ; Depends: libpci3 (= 1), libc6-dev",
                "libpci3 ; Depends: libc6 (>= 1)",
                "libssl1.1 ; Depends: libc6",
                "libssl-dev ; Depends: libssl1.1",
                "libcurl-a-dev ; Provides: libcurl-dev ; Conflicts: libcurl-dev",
                "libcurl-b-dev ; Provides: libcurl-dev ; Conflicts: libcurl-dev",
                "broken-dev ; Depends: libssl-dev (>= 9)",
                "needs-a-dev ; Depends: libcurl-a-dev",
            ],
        );
        let trixie = index("arm64", &["libnew-dev", "libpci-dev", "libpci3"]);
        let foreign = index("amd64", &["libintel-dev"]);
        let folder = tempfile::tempdir().unwrap();
        let mut files: BTreeMap<&str, String> = BTreeMap::new();
        for (suite, arch, text) in [
            ("bullseye", "arm64", &bullseye),
            ("bullseye", "amd64", &foreign),
            ("trixie", "arm64", &trixie),
            ("trixie", "amd64", &foreign),
        ] {
            let bytes = xz(text);
            let hash = Sha256::of(&bytes);
            let hex = hash.to_hex();
            let place = folder.path().join(&hex[..2]);
            fs::create_dir_all(&place).unwrap();
            fs::write(place.join(&hex), &bytes).unwrap();
            let line = format!(" {hex} {} main/binary-{arch}/Packages.xz\n", bytes.len());
            files.entry(suite).or_default().push_str(&line);
        }
        let releases = files
            .into_iter()
            .map(|(suite, files)| (suite.to_owned(), a_release(suite, &files)));
        Archive {
            folder,
            releases: releases.collect(),
        }
    }

    fn with<T>(&self, then: impl FnOnce(&Maker<'_>) -> T) -> T {
        let downloads = Downloads::at(self.folder.path());
        let mirrors = Mirrors::only(Vec::new());
        let options = Options {
            offline: true,
            ..Options::default()
        };
        let release_of = |suite: &str| Ok(self.releases[suite].clone());
        let sources = Sources {
            downloads: &downloads,
            mirrors: &mirrors,
            options: &options,
        };
        then(&Maker::of(sources, &release_of).unwrap())
    }

    fn make(&self, target: &str, file: &str) -> Result<Libraries> {
        let config = config(file);
        let wanted = wanted(&config, &spec(&config, target))?.unwrap();
        self.with(|maker| maker.make(&wanted))
    }
}

fn config(file: &str) -> Config {
    let layer = FileLayer::parse(Path::new("xbuild.toml"), file).unwrap();
    Config::resolve(&FlagLayer::default(), &EnvLayer::default(), Some(layer)).unwrap()
}

fn spec(config: &Config, target: &str) -> TargetSpec {
    crate::build::parse(&Table::embedded().unwrap(), config, target).unwrap()
}

fn packages(names: &str) -> String {
    let names: Vec<String> = names.split(' ').map(|name| format!("{name:?}")).collect();
    format!("[target.{AARCH64}]\npackages = [{}]\n", names.join(", "))
}

#[test]
fn what_is_asked_for_is_locked_from_the_suite_of_the_floor() {
    let archive = Archive::new();
    let names = |target: &str, asked: &str| {
        let libraries = archive.make(target, &packages(asked)).unwrap();
        let mut all = vec![libraries.suite.clone()];
        all.extend(libraries.packages.iter().map(|one| one.package.clone()));
        all.join(" ")
    };
    let old = format!("{AARCH64}.2.17");
    assert_eq!(names(AARCH64, "libpci-dev"), "bullseye libpci-dev libpci3");
    assert_eq!(
        names(&old, "libssl-dev:arm64 libpci-dev libc6-dev"),
        "bullseye libpci-dev libpci3 libssl-dev libssl1.1"
    );
    let new = format!("{AARCH64}.2.36");
    assert_eq!(names(&new, "libpci-dev"), "trixie libpci-dev");
}

#[test]
fn wishes_that_cannot_be_had_are_answered_with_their_place_and_a_remedy() {
    let archive = Archive::new();
    for (target, asked, says, hint) in [
        (
            AARCH64,
            "libpcidev",
            "xbuild.toml:2: Debian's bullseye has no package `libpcidev` for arm64",
            "did you mean libpci-dev, or",
        ),
        (
            AARCH64,
            "libintel-dev",
            "has no package `libintel-dev` for arm64",
            "bullseye has it for amd64, not for arm64",
        ),
        (
            AARCH64,
            "libnew-dev",
            "has no package `libnew-dev` for arm64",
            "trixie has it, for floors from 2.34 to 2.41: --target aarch64-unknown-linux-gnu.2.34",
        ),
        (
            AARCH64,
            "libpci-dev:armhf",
            "`libpci-dev:armhf` is not of aarch64-unknown-linux-gnu's architecture, which is arm64",
            "write `libpci-dev`",
        ),
        (
            AARCH64,
            "libcurl-dev",
            "xbuild.toml:2: `libcurl-dev` stands for several packages",
            "name one of them: libcurl-a-dev, libcurl-b-dev",
        ),
        (
            AARCH64,
            "needs-a-dev libcurl-b-dev",
            "`libcurl-a-dev` (needed by `needs-a-dev`) cannot stand beside `libcurl-b-dev`",
            "leave needs-a-dev out, or libcurl-b-dev",
        ),
        (
            AARCH64,
            "broken-dev",
            "`broken-dev` needs libssl-dev, which bullseye has not for arm64",
            "",
        ),
    ] {
        let error = archive.make(target, &packages(asked)).unwrap_err();
        assert_eq!(error.kind(), Kind::Config);
        assert!(error.to_string().contains(says), "{error}");
        let hints = error.hints().join("\n");
        assert!(hints.contains(hint), "{asked}: {hints}");
    }
    let musl = "[build]\npackages = ['libssl-dev']\n";
    let error = archive.make("aarch64-unknown-linux-musl", musl);
    let error = error.unwrap_err();
    assert!(error.to_string().contains("for glibc"), "{error}");
    assert!(error.to_string().starts_with("xbuild.toml:2: "), "{error}");
    let hints = error.hints().join("\n");
    assert!(hints.contains("`vendored`"), "{hints}");
    assert!(
        hints.contains("[target.aarch64-unknown-linux-gnu]"),
        "{hints}"
    );
}

#[test]
fn a_lock_is_read_as_it_was_written_and_names_no_host() {
    let archive = Archive::new();
    let libraries = archive.make(AARCH64, &packages("libpci-dev libssl-dev"));
    let lock = Lock::new(vec![libraries.unwrap()], None);
    let text = lock.to_text().unwrap();
    assert!(!text.contains("://"), "{text}");
    let path = Path::new("xbuild.lock");
    assert_eq!(Lock::parse(path, &text).unwrap(), lock);
    assert_eq!(Lock::parse(path, &text).unwrap().to_text().unwrap(), text);

    let hash = lock.targets()[0].packages[0].sha256.to_hex();
    let table: &[(&str, &str, &str)] = &[
        (&hash, "12", "xbuild.lock:"),
        ("version = 1", "version = 2", "is of version 2"),
        ("version = 1\n", "", "missing field"),
        ("pool/main/libpci3", "../libpci3", "odd path"),
        ("pool/main/libpci3", "/pool/libpci3", "odd path"),
        ("_1_arm64.deb", "_1_arm64.txt", "odd path"),
        ("\"debian/", "\"http://mirror.example/", "odd snapshot"),
        (
            "package = \"libpci3\"",
            "package = \"zlib\"",
            "out of its order",
        ),
        (
            "arch = \"arm64\"\npackage = \"libpci3\"",
            "arch = \"armhf\"\npackage = \"libpci3\"",
            "for armhf",
        ),
        ("size = 1000", "size = \"big\"", "xbuild.lock:"),
        ("triple =", "tripel =", "unknown field"),
        ("[[target]]", "[[target]]\n[[target]]", "xbuild.lock:"),
        ("[[target]]", "<<<<<<< ours", "xbuild.lock:"),
    ];
    for (from, to, says) in table {
        let altered = text.replacen(from, to, 1);
        assert_ne!(altered, text, "{from}");
        let error = Lock::parse(path, &altered).unwrap_err();
        assert_eq!(error.kind(), Kind::Config);
        assert!(error.to_string().contains(says), "{from}: {error}");
        assert!(!error.hints().is_empty());
    }
    for length in 0..text.len() - 1 {
        // Cut between two entries it may still be one; it never panics.
        let _ = Lock::parse(path, &text[..length]);
    }
}

#[test]
fn a_lock_that_is_not_what_is_configured_stops_the_build_with_the_command() {
    let archive = Archive::new();
    let root = tempfile::tempdir().unwrap();
    let attached = |file: &str, target: &str| {
        let config = config(file);
        let specs = vec![spec(&config, target)];
        let lock = load(root.path())?;
        attach(&config, root.path(), lock.as_ref(), specs)
    };
    let refused = |file: &str, target: &str, says: &str| {
        let error = attached(file, target).unwrap_err();
        assert_eq!(error.kind(), Kind::Config);
        assert!(error.to_string().contains(says), "{error}");
        let hint = error.hints().join("\n");
        assert!(hint.contains("xbuild lock --target aarch64"), "{hint}");
    };
    let file = packages("libpci-dev");
    refused(&file, AARCH64, "there is no `");
    refused(&file, AARCH64, "wants libpci-dev");

    let libraries = archive.make(AARCH64, &file).unwrap();
    save(root.path(), &Lock::new(vec![libraries.clone()], None)).unwrap();
    let good = attached(&file, AARCH64).unwrap();
    assert_eq!(good[0].libraries().map(|one| &**one), Some(&libraries));
    // Another floor of the same suite.
    let good = attached(&file, &format!("{AARCH64}.2.17")).unwrap();
    assert!(good[0].libraries().is_some());
    let free = attached("[build]\n", AARCH64).unwrap();
    assert_eq!(free[0].libraries(), None);

    let other = format!("{AARCH64}.2.36");
    refused(&file, &other, "locks nothing of trixie");
    refused(
        &packages("libpci-dev libssl-dev"),
        AARCH64,
        "does not lock libssl-dev",
    );
    refused(&packages("libssl-dev"), AARCH64, "locks libpci-dev for");

    fs::write(root.path().join(FILE_NAME), "version = 1\n[[tar").unwrap();
    let error = attached(&file, AARCH64).unwrap_err();
    assert!(error.to_string().contains("is no lock"), "{error}");
    fs::write(root.path().join(FILE_NAME), [0xff, 0xfe]).unwrap();
    let error = attached(&file, AARCH64).unwrap_err();
    assert!(error.to_string().contains("not text"), "{error}");
}

#[test]
fn what_fits_stays_and_the_rest_is_made_or_goes() {
    let archive = Archive::new();
    let file = packages("libpci-dev");
    let new = format!("{AARCH64}.2.36");
    let entry = |target: &str| archive.make(target, &file).unwrap();
    let lock = Lock::new(vec![entry(AARCH64), entry(&new)], None);
    let planned = |file: &str, update| {
        let config = config(file);
        plan(&config, &[spec(&config, AARCH64)], Some(&lock), update).unwrap()
    };
    // The floor that this command is not about stays, too.
    assert!(planned(&file, false).is_nothing());
    assert_eq!(planned(&file, false).kept.len(), 2);
    let update = planned(&file, true);
    assert_eq!((update.made.len(), update.kept.len()), (1, 1));
    let other = planned(&packages("libssl-dev"), false);
    assert_eq!(other.made[0].names(), ["libssl-dev"]);
    assert_eq!(other.dropped, [(AARCH64.to_owned(), "trixie".to_owned())]);
    let none = planned("[build]\n", false);
    assert_eq!((none.made.len(), none.dropped.len()), (0, 2));
}

#[test]
fn a_lock_is_proved_from_the_releases_that_it_names() {
    let archive = Archive::new();
    let libraries = archive.make(AARCH64, &packages("libpci-dev")).unwrap();
    let prove = |change: &dyn Fn(&mut Libraries)| {
        let mut libraries = libraries.clone();
        change(&mut libraries);
        archive.with(|maker| maker.prove(&Lock::new(vec![libraries], None)))
    };
    assert_eq!(prove(&|_| {}).unwrap().packages, 2);
    let foreign = prove(&|one| one.release.inrelease = Sha256::of(b"another")).unwrap();
    assert_eq!((foreign.packages, foreign.unknown.len()), (0, 1));
    type Change<'a> = &'a dyn Fn(&mut Libraries);
    let table: [(Change<'_>, &str); 5] = [
        (
            &|one| one.packages[0].sha256 = Sha256::of(b"evil"),
            "`libpci-dev` is 1",
        ),
        (&|one| one.packages.truncate(1), "`libpci3` is missing"),
        (
            &|one| one.packages[1].package = "libother".into(),
            "`libpci3` is missing",
        ),
        (
            &|one| one.asked = ["gone-dev".to_owned()].into(),
            "is not there",
        ),
        (&|one| one.release.date = "2020".into(), "another date"),
    ];
    for (change, says) in table {
        let error = prove(change).unwrap_err();
        assert_eq!(error.kind(), Kind::Integrity);
        assert!(error.to_string().contains(says), "{error}");
    }
}
