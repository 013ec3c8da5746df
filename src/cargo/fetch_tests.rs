use std::fs;
use std::path::Path;
use std::time::Duration;

use super::*;
use crate::cargo::{Stage, Verb, split_args};
use crate::error::Kind;
use crate::project::Query;

fn project(root: &Path) -> Project {
    Project::find(&Query {
        cwd: root,
        manifest_path: None,
        target_dir: None,
        cargo_home: None,
        var: &|_| None,
    })
    .unwrap()
}

fn args(line: &str) -> CargoArgs {
    let words: Vec<OsString> = line.split_whitespace().map(Into::into).collect();
    split_args(Verb::Build, &words).unwrap()
}

/// A workspace with a lock file and a cargo home.
fn workspace() -> tempfile::TempDir {
    let top = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("ws/Cargo.toml", "[package]\nname = 'p'\n"),
        ("ws/Cargo.lock", "version = 4\n"),
        ("ws/src/main.rs", "fn main() {}\n"),
        (
            "ws/.cargo/config.toml",
            "[build]\nrustc-wrapper = 'x'\n[net]\nretry = 1\n",
        ),
        ("home/registry/index", ""),
    ] {
        let path = top.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    std::os::unix::fs::symlink("src/main.rs", top.path().join("ws/link")).unwrap();
    top
}

#[test]
fn a_fetch_is_needed_only_when_something_has_changed() {
    let top = workspace();
    let (root, home) = (top.path().join("ws"), top.path().join("home"));
    let one = ["a-b-c".to_owned()];
    let two = ["a-b-c".to_owned(), "d-e-f".to_owned()];
    let need_with = |targets: &[String], config: &str, rustc: &str, line: &str| {
        let project = project(&root);
        let wanted = Wanted {
            project: &project,
            targets,
            cargo_home: &home,
            config,
            rustc,
        };
        wanted.need(&args(line)).unwrap()
    };
    let need = |targets: &[String], config: &str| need_with(targets, config, "rustc", "");
    let record = |targets: &[String]| {
        let project = project(&root);
        Wanted {
            project: &project,
            targets,
            cargo_home: &home,
            config: "",
            rustc: "rustc",
        }
        .record(&args("-Zbuild-std"), None)
        .unwrap();
    };
    let state = root.join("target/xbuild/fetched.json");

    assert_eq!(need(&one, ""), Need::Fetch("nothing was fetched yet"));
    record(&two);
    assert_eq!(need(&one, ""), Need::Nothing);
    assert_eq!(need(&two, ""), Need::Nothing);
    assert_eq!(
        need(&["x".to_owned()], ""),
        Need::Fetch("there is a new target")
    );
    assert_eq!(
        need(&one, "[net]"),
        Need::Fetch("cargo's configuration has changed")
    );

    assert_eq!(
        need_with(&one, "", "another", ""),
        Need::Fetch("the compiler is another one")
    );
    let flags = |line: &str| need_with(&one, "", "rustc", line);
    assert_eq!(flags("-Z build-std"), Need::Nothing);
    let all = "-Zbuild-std -Zbuild-std-features=x";
    assert_eq!(flags(all), Need::Fetch("there is a new -Z"));

    // Touched is not changed, and the new stamps are kept.
    let before = fs::read(&state).unwrap();
    let lock = root.join("Cargo.lock");
    fs::remove_file(&lock).unwrap();
    fs::write(&lock, "version = 4\n").unwrap();
    assert_eq!(need(&one, ""), Need::Nothing);
    assert_ne!(fs::read(&state).unwrap(), before);
    assert_eq!(need(&two, ""), Need::Nothing);

    fs::write(&lock, "version = 4\n# more\n").unwrap();
    assert_eq!(
        need(&one, ""),
        Need::Fetch("a manifest or Cargo.lock has changed")
    );
    record(&one);
    fs::write(root.join("Cargo.toml"), "[package]\nname = 'q'\n").unwrap();
    assert_eq!(
        need(&one, ""),
        Need::Fetch("a manifest or Cargo.lock has changed")
    );
    record(&one);
    fs::remove_dir_all(home.join("registry")).unwrap();
    assert_eq!(need(&one, ""), Need::Fetch("the cargo home is another one"));
    record(&one);
    let kept = fs::read(&state).unwrap();
    for garbage in [&kept[..kept.len() / 2], b"", b"{}", b"\xff\0"] {
        fs::write(&state, garbage).unwrap();
        assert_eq!(need(&one, ""), Need::Fetch("nothing was fetched yet"));
    }
}

#[test]
fn a_missing_lock_file_is_made_unless_that_is_forbidden() {
    let top = workspace();
    let root = top.path().join("ws");
    fs::remove_file(root.join("Cargo.lock")).unwrap();
    let project = project(&root);
    let targets = [];
    let wanted = Wanted {
        project: &project,
        targets: &targets,
        cargo_home: top.path(),
        config: "",
        rustc: "rustc",
    };
    assert_eq!(
        wanted.need(&args("")).unwrap(),
        Need::Fetch("there is no Cargo.lock yet")
    );
    for line in ["--locked", "--frozen"] {
        let error = wanted.need(&args(line)).unwrap_err();
        assert_eq!(error.kind(), Kind::Project);
        assert!(
            error
                .to_string()
                .contains("Cargo.lock`, and it may not be made"),
            "{error}"
        );
    }
}

#[test]
fn the_stage_shows_the_root_and_takes_only_the_lock_file_back() {
    let top = workspace();
    let project = project(&top.path().join("ws"));
    let stage = Stage::new(&project).unwrap();
    assert_eq!(stage.cwd, Path::new("/build/source"));
    let shown: Vec<_> = stage
        .binds
        .iter()
        .map(|(host, inside, writable)| {
            let host = host.strip_prefix(&project.root).unwrap();
            (host.to_str().unwrap(), inside.to_str().unwrap(), *writable)
        })
        .collect();
    let folder = shown[0].0;
    assert!(folder.starts_with("target/xbuild/fetch-"), "{folder}");
    let mut rest = shown[1..4].to_vec();
    rest.sort_unstable();
    assert_eq!(
        rest,
        [
            (".cargo", "/build/source/.cargo", false),
            ("Cargo.toml", "/build/source/Cargo.toml", false),
            ("src", "/build/source/src", false),
        ]
    );
    assert_eq!((shown[0].1, shown[0].2), ("/build/source", true));
    // The harmless part of the configuration lies over the whole of it.
    let (harmless, inside, writable) = stage.binds.last().unwrap();
    assert_eq!(
        (inside.as_path(), *writable),
        (Path::new("/build/source/.cargo/config.toml"), false)
    );
    assert_eq!(fs::read_to_string(harmless).unwrap(), "[net]\nretry = 1\n");

    let scratch = project.root.join(folder);
    assert!(scratch.join("src").is_dir() && scratch.join("Cargo.toml").is_file());
    assert_eq!(
        fs::read_link(scratch.join("link")).unwrap(),
        Path::new("src/main.rs")
    );
    assert_eq!(
        fs::read_to_string(scratch.join("Cargo.lock")).unwrap(),
        "version = 4\n"
    );
    fs::write(scratch.join("Cargo.lock"), "new").unwrap();
    fs::write(scratch.join("dropped"), "x").unwrap();
    assert!(stage.finish().unwrap());
    assert_eq!(fs::read_to_string(&project.lock).unwrap(), "new");
    assert!(!scratch.exists() && !project.root.join("dropped").exists());

    // What a killed run left is gone a day later.
    let own = project.target_dir.join("xbuild");
    let (stale, young) = (own.join("fetch-stale"), own.join("fetch-young"));
    for folder in [&stale, &young] {
        fs::create_dir_all(folder.join("root")).unwrap();
    }
    let yesterday = std::time::SystemTime::now() - 2 * Duration::from_secs(86_400);
    fs::File::open(&stale)
        .unwrap()
        .set_modified(yesterday)
        .unwrap();

    let unchanged = Stage::new(&project).unwrap();
    assert!(!stale.exists() && young.exists());
    assert!(!unchanged.finish().unwrap());
}

/// In the shell the project stands elsewhere, and a link that leads nowhere on
/// the machine could lead to a configuration with a program for cargo to run.
#[test]
fn a_configuration_that_is_only_there_in_the_shell_is_refused() {
    for (link, to) in [
        (".cargo/config.toml", "/build/source/evil.toml"),
        (".cargo/config", "/build/source/evil.toml"),
        (".cargo", "/build/source/evil"),
    ] {
        let top = workspace();
        let root = top.path().join("ws");
        let place = root.join(link);
        if place.is_dir() {
            fs::remove_dir_all(&place).unwrap();
        } else if place.exists() {
            fs::remove_file(&place).unwrap();
        }
        std::os::unix::fs::symlink(to, &place).unwrap();
        let error = Stage::new(&project(&root)).unwrap_err();
        assert_eq!(error.kind(), Kind::Project, "{link}");
        let said = format!("ws/{link}` is a link to what is not there");
        assert!(error.to_string().ends_with(&said), "{error}");
    }
}

#[test]
fn the_host_is_fetched_for_too() {
    let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    for (targets, expected) in [
        (&["a"][..], &["a", "h"][..]),
        (&["h", "a"], &["h", "a"]),
        (&[], &["h"]),
    ] {
        assert_eq!(with_host(&names(targets), "h"), names(expected));
    }
}

#[test]
fn cargo_fetch_gets_what_concerns_it() {
    let targets = ["a-b-c".to_owned()];
    let manifest = Path::new("/build/source/Cargo.toml");
    for (line, expected, network) in [
        ("--release --features x", "", true),
        ("--locked --config a.b=1", " --locked --config a.b=1", true),
        (
            "--offline -q --color never",
            " --offline --quiet --color=never",
            false,
        ),
        ("--frozen -vv", " --frozen --verbose --verbose", false),
        ("-Zbuild-std --release", " -Z build-std", true),
    ] {
        let args = args(line);
        let run = invocation(&args, &targets, manifest);
        let words: Vec<_> = run.args.iter().map(|word| word.to_string_lossy()).collect();
        let common = "fetch --manifest-path /build/source/Cargo.toml --target a-b-c";
        assert_eq!(words.join(" "), format!("{common}{expected}"), "{line}");
        assert_eq!(needs_network(&args), network, "{line}");
    }
}
