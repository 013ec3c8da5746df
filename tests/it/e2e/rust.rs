//! An exact Rust, from a distribution on the loopback: a nightly that is the
//! pinned Debian compiler, packed.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::dist::{AARCH64, CHANNEL, DATE, Dist, MARK, VERSION, manifest};
use crate::support::{Outcome, temp, turn_to_build, xbuild};

const BUILD: &str = r#"
use std::{env, fs, process::Command};

/// What stands beside a folder that rustc names.
fn mark(rustc: &[&str], path: &str) -> String {
    let rustc = Command::new(env::var("RUSTC").unwrap()).args(rustc).output().unwrap();
    let folder = String::from_utf8(rustc.stdout).unwrap();
    fs::read_to_string(format!("{}/{path}", folder.trim())).unwrap()
}

fn main() {
    let target = env::var("TARGET").unwrap();
    let compiler = mark(&["--print", "sysroot"], "share/packed-by");
    let std = mark(&["--print", "target-libdir", "--target", &target], "packed-by");
    println!("cargo::rustc-env=COMPILER={compiler}");
    println!("cargo::rustc-env=STD={std}");
}
"#;

const MAIN: &str = r#"
fn main() {
    println!("{}, {}, {}", env!("COMPILER"), env!("STD"), std::env::consts::ARCH);
}

/// ```
/// assert_eq!(2 + 2, 4);
/// ```
pub fn documented() {}
"#;

/// A project that asks for a Rust.
fn project(toolchain: &str) -> TempDir {
    let folder = temp();
    let manifest = "[package]\nname = \"program\"\nversion = \"0.1.0\"\nedition = \"2021\"\n";
    fs::create_dir(folder.path().join("src")).expect("a folder");
    for (path, text) in [
        ("Cargo.toml", manifest),
        ("build.rs", BUILD),
        ("src/main.rs", MAIN),
        ("rust-toolchain.toml", toolchain),
    ] {
        fs::write(folder.path().join(path), text).expect("a file of the project");
    }
    folder
}

fn minimal() -> String {
    format!("[toolchain]\nchannel = \"{CHANNEL}\"\nprofile = \"minimal\"\n")
}

fn call(dist: &Dist, project: &Path, words: &[&str]) -> Outcome {
    dist.called_by(xbuild()).cwd(project).args(words).run()
}

#[test]
fn a_pinned_nightly_builds_runs_and_lints_and_is_that_compiler() {
    let _building = turn_to_build();
    let dist = Dist::with_compiler();
    let project = project(&minimal());
    let project = project.path();
    let target = format!("--target={AARCH64}");
    call(&dist, project, &["build", &target])
        .exits(82)
        .says("rust-toolchain.toml:2 asks for Rust nightly-2026-01-31, and there is no")
        .says("hint: xbuild lock");

    call(&dist, project, &["lock"])
        .ok()
        .says("which XBUILD_RUST_KEY names, and not against Rust's own")
        .says(&format!("Locked Rust {VERSION}"));
    let path = project.join("xbuild.lock");
    let lock = fs::read_to_string(&path).expect("the lock");
    assert!(
        !lock.contains("127.0.0.1") && !lock.contains("://"),
        "{lock}"
    );
    call(&dist, project, &["lock"]).ok().says("Unchanged");
    call(&dist, project, &["lock", "--check"])
        .ok()
        .says(&format!("Proved Rust {VERSION}"));

    call(&dist, project, &["build", "--locked", &target])
        .exits(81)
        .says("there is no `");
    let ran = call(&dist, project, &["run", "-q", &target]).ok();
    assert_eq!(ran.stdout, format!("{MARK}, {MARK}, aarch64\n"), "{ran}");
    call(&dist, project, &["clippy", "--locked", &target]).ok();
    let built = call(&dist, project, &["build", "--format=json", &target]).ok();
    let rust = built.reports()[0]["rust"].clone();
    assert_eq!(rust, format!("{VERSION} (0123abcde {DATE})"));
    let native = call(&dist, project, &["run", "-q"]).ok();
    assert_eq!(
        native.stdout,
        format!("{MARK}, {MARK}, x86_64\n"),
        "{native}"
    );

    let shown = call(&dist, project, &["toolchain", "--format=json", &target]).ok();
    let part = &shown.json()["parts"][0];
    assert_eq!(part["rust"]["channel"], CHANNEL);
    assert!(
        part["rust"]["version"]
            .as_str()
            .expect("a version")
            .starts_with(VERSION)
    );
    assert_eq!(fs::read_to_string(&path).expect("the lock"), lock);

    // Debian's compiler serves whoever asks for nothing else.
    fs::write(
        project.join("rust-toolchain.toml"),
        "[toolchain]\nchannel = \"stable\"\n",
    )
    .expect("a toolchain file");
    call(&dist, project, &["build", &target])
        .exits(82)
        .says("locks Rust nightly-2026-01-31, and no rust-toolchain.toml asks for it");
    call(&dist, project, &["lock"]).ok().says("Dropped Rust");
    call(&dist, project, &["build", &target])
        .exits(101)
        .says("panicked at build.rs");
}

#[test]
fn what_was_tampered_with_or_is_not_there_is_refused() {
    let _building = turn_to_build();
    let dist = Dist::start();
    let names = ["cargo", "rust-std", "rustc"];
    let mut components: Vec<_> = names.map(|name| dist.small(name).0).into();
    let (rustfmt, size) = dist.small("rustfmt-preview");
    components.push(rustfmt.clone());
    let good = manifest(&components);
    let project = project(&format!("[toolchain]\nchannel = \"{CHANNEL}\"\n"));
    let project = project.path();
    let refused = |code: i32, says: &str| {
        call(&dist, project, &["lock"]).exits(code).says(says);
        assert!(!project.join("xbuild.lock").exists());
    };
    refused(
        82,
        "rust-toolchain.toml:2: there is no Rust nightly-2026-01-31 at",
    );
    dist.publish_forged(&good);
    refused(84, "is not signed by any known key");
    dist.publish(&good);
    let path = format!("dist/{DATE}/channel-rust-nightly.toml");
    dist.put(&path, good.replace("available = true", "available = false"));
    refused(84, "is not what its .sha256 says");
    dist.publish(&good);
    xbuild()
        .cwd(project)
        .env("RUSTUP_DIST_SERVER", dist.url())
        .arg("lock")
        .run()
        .exits(84)
        .says("hint: Rust's own key is 108F66205EAEB0AAA8DD5E1C85AB96E6FA1BE5FE");
    xbuild()
        .cwd(project)
        .env("RUSTUP_DIST_SERVER", "http://127.0.0.1:9")
        .arg("lock")
        .run()
        .exits(83)
        .says("hint: name a server that is in reach: RUSTUP_DIST_SERVER=");

    call(&dist, project, &["lock"]).ok();
    let path = project.join("xbuild.lock");
    let lock = fs::read_to_string(&path).expect("the lock");
    let target = format!("--target={AARCH64}");
    dist.put(&rustfmt.path(), vec![0; size]);
    call(&dist, project, &["build", &target])
        .exits(84)
        .says("no mirror gave the pinned bytes of `rustfmt-preview-nightly");
    fs::write(&path, lock.replace("name = \"rustc\"", "name = \"rustd\"")).expect("a lock");
    call(&dist, project, &["build", &target])
        .exits(82)
        .says("what it locks of Rust lacks `rustc`");
    assert!(!project.join("target").join(AARCH64).exists());
}

/// A project of one file that asks for the nightly with its source.
fn sourced(main: &str) -> TempDir {
    let toolchain = format!("{}components = [\"rust-src\"]\n", minimal());
    let project = project(&toolchain);
    fs::remove_file(project.path().join("build.rs")).expect("no build script");
    fs::write(project.path().join("src/main.rs"), main).expect("a program");
    project
}

#[test]
fn a_std_that_the_release_has_not_is_built_from_its_source() {
    let _building = turn_to_build();
    let dist = Dist::with_compiler();
    let project = sourced("fn main() { println!(\"{:?}\", std::env::args().last()) }\n");
    let project = project.path();
    call(&dist, project, &["lock"]).ok();
    let lock = fs::read_to_string(project.join("xbuild.lock")).expect("the lock");
    assert!(!lock.contains("musl"), "{lock}");
    // The source brings no crates along: they are pinned too.
    assert!(lock.contains("[[rust.crate]]\nname = \"libc\""), "{lock}");
    call(&dist, project, &["lock", "--check"]).ok();
    let target = "--target=x86_64-unknown-linux-musl";
    let ran = call(&dist, project, &["run", "-q", target, "--", "one"]).ok();
    assert_eq!(ran.stdout, "Some(\"one\")\n", "{ran}");
}

#[test]
fn the_standard_library_is_built_with_the_project_where_cargo_is_told_to() {
    let _building = turn_to_build();
    let dist = Dist::with_compiler();
    let project = sourced("");
    let project = project.path();
    fs::rename(project.join("src/main.rs"), project.join("src/lib.rs")).expect("a library");
    fs::create_dir(project.join(".cargo")).expect("a folder");
    for (path, text) in [
        (
            "src/lib.rs",
            "#![no_std]\npub fn twice(of: u8) -> u16 {\n    u16::from(of) * 2\n}\n",
        ),
        (".cargo/config.toml", "[unstable]\nbuild-std = [\"core\"]\n"),
        // The packed compiler is a stable one by itself.
        (
            "xbuild.toml",
            "[env]\npassthrough = [\"RUSTC_BOOTSTRAP=1\"]\n",
        ),
    ] {
        fs::write(project.join(path), text).expect("a file of the project");
    }
    call(&dist, project, &["lock"]).ok();
    let target = format!("--target={AARCH64}");
    call(&dist, project, &["build", &target])
        .ok()
        .says("Compiling core v")
        .says("lib/rustlib/src/rust/library/core)");
    // All of it is there now.
    call(&dist, project, &["build", "--frozen", &target]).ok();
    // Nix's own sandbox has them too, and the crates that all of std needs.
    for (path, text) in [
        ("src/main.rs", "fn main() {}\n"),
        (
            ".cargo/config.toml",
            "[unstable]\nbuild-std = [\"std\", \"panic_abort\"]\n",
        ),
    ] {
        fs::write(project.join(path), text).expect("a file of the project");
    }
    fs::remove_file(project.join("src/lib.rs")).expect("no library");
    let words = ["release", "--derivation", "--no-verify", "--allow-dirty"];
    call(&dist, project, &[&words[..], &[&target]].concat()).ok();
    // Without its source the release cannot do that.
    fs::write(project.join("rust-toolchain.toml"), minimal()).expect("a toolchain file");
    call(&dist, project, &["build", &target])
        .exits(82)
        .says("locks other components or targets of Rust nightly-2026-01-31");
}

#[test]
fn a_release_says_which_rust_made_it_and_nix_makes_the_same() {
    let _building = turn_to_build();
    let dist = Dist::with_compiler();
    let project = sourced("fn main() { println!(\"{:?}\", std::env::args().last()) }\n");
    let project = project.path();
    fs::write(project.join("rust-toolchain.toml"), minimal()).expect("a toolchain file");
    fs::write(project.join("Cargo.lock"), LOCK).expect("a lock");
    call(&dist, project, &["lock"]).ok();
    let release = |out: &str, more: &[&str]| {
        let target = format!("--target={AARCH64}");
        let words = [
            "release",
            "--no-verify",
            "--allow-dirty",
            "--out",
            out,
            &target,
        ];
        call(&dist, project, &[&words[..], more].concat()).ok();
        let read = |name: String| fs::read(project.join(out).join(name)).expect("a file");
        let archive = read(format!("program-0.1.0-{AARCH64}.2.28.tar.gz"));
        (archive, read("program-0.1.0.intoto.json".to_owned()))
    };
    let (shells, statement) = release("shells", &[]);
    let (derived, of_nix) = release("derived", &["--derivation"]);
    assert!(shells == derived, "the bits differ");
    for statement in [statement, of_nix] {
        let statement: Value = serde_json::from_slice(&statement).expect("JSON");
        let build = &statement["predicate"]["buildDefinition"];
        assert_eq!(
            build["internalParameters"]["xbuild_rust"]["channel"],
            CHANNEL
        );
        let dependencies = build["resolvedDependencies"].as_array().expect("a list");
        let components: Vec<&str> = dependencies
            .iter()
            .filter_map(|one| one["uri"].as_str()?.strip_prefix("pkg:generic/"))
            .filter_map(|uri| uri.split('@').next())
            .collect();
        assert_eq!(components, ["cargo", "rust-std", "rust-std", "rustc"]);
    }
}

const LOCK: &str = "version = 4\n\n[[package]]\nname = \"program\"\nversion = \"0.1.0\"\n";
