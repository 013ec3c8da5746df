//! The life of a Nix store, with a real Nix: brought, seeded, built in, killed,
//! damaged, healed, collected.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use xbuild::error::{Kind, Result};
use xbuild::host::Folders;
use xbuild::nix::{Choice, Nix, Realised, Request, SeedFile, nix_sources};
use xbuild::terminal;

use crate::nixes;
use crate::support::turn_to_build;

const KEY: &str = "test-key";

/// A toolchain in small: a pinned file that no network has, a step of its
/// own, and something that refers to it.
const EXPRESSION: &str = r#"
let
  step = name: script: extra: derivation ({
    inherit name;
    system = "x86_64-linux";
    builder = "${./seed}/busybox";
    args = [ "sh" "-euc" script ];
  } // extra);
  file = derivation {
    name = "FILE_NAME";
    url = "http://example.invalid/file";
    urls = [ "http://example.invalid/file" ];
    executable = false;
    unpack = false;
    system = "builtin";
    builder = "builtin:fetchurl";
    preferLocalBuild = true;
    outputHashMode = "flat";
    outputHashAlgo = "sha256";
    outputHash = "FILE_HASH";
  };
  base = step "base" "cat $file > $out" { inherit file; };
  bad = step "bad" "echo a line of the log; exit 3" { };
in
{
  toolchain."good" = step "good" "mkdir $out; cat $base > $out/copy; echo $base > $out/base" {
    inherit base;
  };
  toolchain."bad" = step "after" "cat ${bad}" { };
  broken = throw "never";
}
"#;

/// A home, the expression, and a file to seed.
struct World {
    home: tempfile::TempDir,
    folders: Folders,
    expression: PathBuf,
    file: SeedFile,
}

impl World {
    fn new(nonce: &str) -> Self {
        // Nix refuses a store that anyone could replace.
        let home = tempfile::tempdir().unwrap();
        let folders = Folders::below(&home.path().join("a b"));
        let text = format!("contents of a pinned file {nonce}\n");
        let path = home.path().join("by-hash");
        fs::write(&path, &text).unwrap();
        let sha256 = xbuild::pins::hash::Sha256::of(text.as_bytes()).to_hex();
        let file = SeedFile {
            store_name: "file_1-3a1+b_amd64.deb".to_owned(),
            path,
            sha256,
        };
        let expression = home.path().join("expression");
        fs::create_dir_all(expression.join("seed")).unwrap();
        let text = EXPRESSION
            .replace("FILE_NAME", &file.store_name)
            .replace("FILE_HASH", &file.sha256);
        fs::write(expression.join("default.nix"), text).unwrap();
        let sources = nix_sources(&folders).unwrap();
        fs::copy(
            sources.join("seed/busybox"),
            expression.join("seed/busybox"),
        )
        .unwrap();
        World {
            home,
            folders,
            expression,
            file,
        }
    }

    fn own(&self) -> Nix {
        nixes::own(&self.folders).unwrap()
    }

    fn on_path(&self, choice: Choice, path: &Path) -> Result<Nix> {
        nixes::on_path(&self.folders, choice, path)
    }

    fn request<'a>(&'a self, attr: &'a str) -> Request<'a> {
        Request {
            sources: &self.expression,
            attr,
            key: KEY,
            what: "toolchain",
            lock: None,
        }
    }

    fn good(&self, nix: &Nix) -> Realised {
        let hold = nix.hold().unwrap();
        nix.seed(&hold, std::slice::from_ref(&self.file)).unwrap();
        let request = self.request("toolchain.good");
        nix.realise(&hold, &request).unwrap()
    }

    fn copy(&self, realised: &Realised) -> PathBuf {
        realised.physical(realised.out()).join("copy")
    }
}

impl Drop for World {
    /// Nix leaves read-only folders, which only root can remove as they are.
    fn drop(&mut self) {
        let mut folders = vec![self.home.path().to_path_buf()];
        while let Some(folder) = folders.pop() {
            let _ = fs::set_permissions(&folder, fs::Permissions::from_mode(0o755));
            let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
            let is_folder = |entry: &fs::DirEntry| entry.file_type().is_ok_and(|t| t.is_dir());
            folders.extend(entries.filter(is_folder).map(|entry| entry.path()));
        }
    }
}

fn make_writable(path: &Path) {
    let folder = path.parent().unwrap();
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o644)).unwrap();
}

#[test]
fn own_nix_builds_seeds_heals_and_collects() {
    let _building = turn_to_build();
    let world = World::new("own");
    let nix = world.own();
    assert!(nix.is_own());

    // Seeding is idempotent, and a changed file is refused by name.
    let hold = nix.hold().unwrap();
    let file = std::slice::from_ref(&world.file);
    assert_eq!(nix.seed(&hold, file).unwrap(), 1);
    assert_eq!(nix.seed(&hold, file).unwrap(), 0);
    let lie = SeedFile {
        sha256: "0".repeat(64),
        ..world.file.clone()
    };
    let error = nix.seed(&hold, &[lie]).unwrap_err();
    assert_eq!(error.kind(), Kind::Integrity);
    assert!(error.to_string().contains("by-hash"), "{error}");

    // Realised, whole, and known without Nix.
    let realised = world.good(&nix);
    let text = fs::read_to_string(&world.file.path).unwrap();
    assert_eq!(fs::read_to_string(world.copy(&realised)).unwrap(), text);
    assert_eq!(realised.closure().len(), 2);
    assert!(realised.store().starts_with(world.home.path()));
    assert_eq!(Realised::load(&world.folders, KEY), Some(realised.clone()));

    // A state file cut short is written again.
    let state = world.folders.toolchains().join(KEY).join("realised.json");
    let whole = fs::read(&state).unwrap();
    fs::write(&state, &whole[..whole.len() / 2]).unwrap();
    assert_eq!(Realised::load(&world.folders, KEY), None);
    assert_eq!(world.good(&nix), realised);
    assert_eq!(fs::read(&state).unwrap(), whole);

    // A path that is gone from the disk is built again.
    for path in realised.closure() {
        let physical = realised.physical(path);
        if physical.is_dir() {
            fs::set_permissions(&physical, fs::Permissions::from_mode(0o755)).unwrap();
            fs::remove_dir_all(&physical).unwrap();
        } else {
            fs::remove_file(&physical).unwrap();
        }
        assert_eq!(Realised::load(&world.folders, KEY), None, "{path}");
        assert_eq!(world.good(&nix), realised, "{path}");
        assert_eq!(fs::read_to_string(world.copy(&realised)).unwrap(), text);
    }

    // So is what only Nix knows of: derivations and what they were built from.
    for entry in fs::read_dir(realised.store().join("nix/store")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|end| end == "drv") {
            fs::remove_file(&path).unwrap();
        }
    }
    fs::remove_file(&state).unwrap();
    assert_eq!(world.good(&nix), realised);

    // An altered one is found and repaired.
    let request = world.request("toolchain.good");
    assert!(nix.repair(&hold, &request).unwrap().repaired.is_empty());
    let copy = world.copy(&realised);
    make_writable(&copy);
    fs::write(&copy, "altered").unwrap();
    let health = nix.repair(&hold, &request).unwrap();
    assert_eq!(health.repaired, [realised.out().clone()]);
    assert_eq!(fs::read_to_string(&copy).unwrap(), text);
    drop(hold);

    // What is kept stays; what is not goes, and comes back when wanted.
    let kept = nix.gc(&|_| true).unwrap();
    assert!(kept.dropped.is_empty());
    assert_eq!(Realised::load(&world.folders, KEY), Some(realised.clone()));
    let collected = nix.gc(&|_| false).unwrap();
    assert_eq!(collected.dropped, [KEY]);
    assert!(collected.freed > 0);
    assert!(!copy.exists());
    assert_eq!(world.good(&nix), realised);
}

#[test]
fn a_failing_builder_is_named_with_the_end_of_its_log() {
    let _building = turn_to_build();
    let world = World::new("failing");
    let nix = world.own();
    let hold = nix.hold().unwrap();
    let error = nix
        .realise(&hold, &world.request("toolchain.bad"))
        .unwrap_err();
    assert_eq!(error.kind(), Kind::Nix);
    assert_eq!(error.to_string(), "`bad` failed to build");
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(cause, "a line of the log");
    let error = nix.realise(&hold, &world.request("broken")).unwrap_err();
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("never"), "{cause}");
    assert_eq!(Realised::load(&world.folders, KEY), None);
}

/// As a power cut may leave it, or a disk that has its day.
#[test]
fn a_broken_database_is_begun_anew() {
    let _building = turn_to_build();
    let world = World::new("database");
    let whole = world.good(&world.own());
    let database = world.folders.store().join("nix/var/nix/db");
    let state = world.folders.toolchains().join(KEY).join("realised.json");
    let half = |whole: &[u8]| whole[..whole.len() / 2].to_vec();
    let garbage = |whole: &[u8]| vec![0xff; whole.len()];
    for name in ["db.sqlite", "schema", "db.sqlite-wal", "reserved"] {
        for which in 0..3 {
            let file = database.join(name);
            let bytes = fs::read(&file).unwrap_or_default();
            let damaged = [Vec::new(), half(&bytes), garbage(&bytes)];
            fs::write(&file, &damaged[which]).unwrap();
            fs::remove_file(&state).unwrap();
            let nix = world.own();
            assert_eq!(world.good(&nix), whole, "{name}");
            let hold = nix.hold().unwrap();
            let health = nix.repair(&hold, &world.request("toolchain.good"));
            assert!(health.unwrap().repaired.is_empty(), "{name}");
        }
    }
    fs::remove_file(database.join("db.sqlite")).unwrap();
    fs::remove_file(&state).unwrap();
    assert_eq!(world.good(&world.own()), whole);
}

#[test]
fn own_nix_is_brought_once_and_heals_when_damaged() {
    let _building = turn_to_build();
    let world = World::new("brought");
    let programs: Vec<PathBuf> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..3).map(|_| scope.spawn(|| world.own())).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap().program().to_owned())
            .collect()
    });
    assert!(programs.iter().all(|program| *program == programs[0]));
    let library = programs[0].with_file_name("../lib/x86_64-linux-gnu/libsqlite3.so.0");
    fs::remove_file(&library).unwrap();
    let left = world.folders.own_nix().join(".unfinished-killed");
    fs::create_dir_all(left.join("usr")).unwrap();
    let nix = world.own();
    assert_eq!(nix.program(), programs[0]);
    assert!(library.exists());
    assert!(!left.exists());
}

/// Each builds all of it in a store of its own.
#[test]
fn every_nix_builds_the_same_paths() {
    let _building = turn_to_build();
    let world = World::new("same");
    let own = world.good(&world.own());
    let check = |bring: &dyn Fn(&World) -> std::result::Result<Nix, String>| {
        let other = World::new("same");
        let nix = bring(&other)?;
        let realised = other.good(&nix);
        assert_eq!(realised.out(), own.out(), "Nix {}", nix.version());
        assert_eq!(realised.closure(), own.closure(), "Nix {}", nix.version());
        assert!(other.copy(&realised).is_file());
        Ok::<(), String>(())
    };
    check(&|other| Ok(nixes::oldest(&other.folders))).unwrap();
    if let Err(why) = check(&|other| nixes::newest(&other.folders)) {
        terminal::note(format!("not tried with Debian 14's Nix: {why}"));
    }
}

#[test]
fn an_old_or_broken_nix_on_path_is_passed_over() {
    let _building = turn_to_build();
    let world = World::new("old");
    let scripts = [
        "echo 'nix (Nix) 2.7.0'",
        "exit 1",
        "[ $1 = --version ] && echo 'nix (Nix) 2.99.0'",
    ];
    for script in scripts {
        let bin = tempfile::tempdir().unwrap();
        let nix = bin.path().join("nix");
        fs::write(&nix, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&nix, fs::Permissions::from_mode(0o755)).unwrap();
        let found = world.on_path(Choice::Auto, bin.path()).unwrap();
        assert!(found.is_own(), "{script}");
        let error = world.on_path(Choice::System, bin.path()).unwrap_err();
        assert_eq!(error.kind(), Kind::Nix, "{script}");
    }
    assert!(
        world
            .on_path(Choice::System, Path::new("/nowhere"))
            .is_err()
    );
}
