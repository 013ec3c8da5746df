//! `xbuild release --derivation`: Nix builds, and the bits are the shell's.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use serde_json::Value;

use super::release::{Repository, TARGET, key};
use crate::second_store::Builder;
use crate::support::{copy, repository, turn_to_build, xbuild};

/// The parts of the provenance that tell of the build.
fn internal(folder: &Path, name: &str) -> (Value, Value) {
    let text = fs::read_to_string(folder.join(name)).expect("the provenance");
    let mut statement: Value = serde_json::from_str(&text).expect("JSON");
    let predicate = &mut statement["predicate"];
    let internal = predicate["buildDefinition"]["internalParameters"].take();
    (internal, predicate["runDetails"]["builder"].take())
}

#[test]
fn a_release_of_derivations_has_the_shells_bits() {
    let _guard = turn_to_build();
    let at = Repository::new("p");
    key(&at.desk);
    let project = at.desk.path("p");
    for name in ["build.rs", "Cargo.toml", "Cargo.lock", "src/main.rs"] {
        fs::remove_file(project.join(name)).expect("a file of another project");
    }
    fs::remove_dir(project.join("src")).expect("a folder of another project");
    for name in ["Cargo.toml", "Cargo.lock"] {
        let from = repository("examples/hello").join(name);
        fs::copy(from, project.join(name)).expect("a file of the example");
    }
    fs::create_dir(project.join("src")).expect("a folder");
    copy(&repository("examples/hello/src"), &project.join("src"));
    // Debug information knows of places; a variable is an input.
    let manifest = at.desk.read("p/Cargo.toml");
    let manifest = format!("{manifest}\n[profile.dist]\ninherits = \"release\"\ndebug = 1\n");
    at.desk.write("p/Cargo.toml", &manifest);
    let main = at.desk.read("p/src/main.rs");
    at.desk.write(
        "p/src/main.rs",
        &format!("{main}\n#[used]\nstatic SAID: &str = env!(\"SAID\");\n"),
    );
    at.desk
        .write("p/xbuild.toml", "[env]\npassthrough = [\"SAID=it's so\"]\n");
    at.commit("p");

    let (derived, shells) = (at.desk.path("derived"), at.desk.path("shells"));
    let words = |out: &Path, more: &[&str]| -> Vec<String> {
        let out = out.display().to_string();
        let words = [
            &["--target=aarch64-unknown-linux-gnu.2.17", "--out", &out],
            more,
        ]
        .concat();
        let words = [&words[..], &["--", "--profile=dist"]].concat();
        words.into_iter().map(str::to_owned).collect()
    };
    let release = |out: &Path, more: &[&str]| {
        let words = words(out, more);
        at.release("p", &words.iter().map(String::as_str).collect::<Vec<_>>())
    };
    release(&derived, &["--derivation", "--key", "env:RELEASE_KEY"])
        .ok()
        .says("as a derivation")
        .says("hermetic · reproducible, with nothing varied");
    release(&shells, &["--no-verify"]).ok();
    let triples = [TARGET, "aarch64-unknown-linux-gnu.2.17"];
    let archives = triples.map(|target| format!("hello-0.1.0-{target}.tar.gz"));
    for name in &archives {
        let read = |folder: &Path| fs::read(folder.join(name)).expect("an archive");
        assert!(read(&derived) == read(&shells), "{name} differs");
    }

    // What is said of it is what happened.
    let public = at.desk.path("key.pub").display().to_string();
    let check = |more: &[&str]| {
        let caller = xbuild().args(["attest", "verify", "hello-0.1.0.intoto.jsonl"]);
        let caller = caller.args(&archives).args(["--key", &public]).args(more);
        caller.cwd(&derived).run()
    };
    let strict = ["--hermetic", "--reproducible", "--clean", "--format=json"];
    let told = check(&strict).ok().json();
    assert_eq!(told["builder"], "xbuild:builder:nix:v1");
    assert_eq!(told["verification"]["variations"], serde_json::json!([]));
    let derivations = told["derivations"].as_array().expect("derivations");
    assert_eq!(derivations.len(), 2, "{told}");
    for (one, triple) in derivations.iter().zip(triples) {
        assert_eq!(one["target"], triple);
        let drv = one["derivation"].as_str().expect("a path");
        assert!(
            drv.starts_with("/nix/store/") && drv.ends_with(".drv"),
            "{drv}"
        );
    }
    check(&["--varied", "time"]).exits(84);

    // What cargo has fetched is enough: Nix asks nobody.
    release(&at.desk.path("again"), &["--derivation", "--offline"]).ok();
    let left: Vec<_> = fs::read_dir(project.join("target/xbuild/derivations"))
        .expect("links")
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("source-"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn what_nix_does_not_build_again_is_released_only_as_unverified() {
    let _guard = turn_to_build();
    let (at, folder) = Repository::irreproducible(&["--derivation"]);
    at.release("p", &["--derivation", "--no-verify"])
        .ok()
        .says("not verified");
    let (internal, builder) = internal(&folder.join("spied-1.2.3"), "spied-1.2.3.intoto.json");
    assert_eq!(internal["xbuild_verification"], Value::Null);
    assert_eq!(internal["xbuild_derivations"][0]["target"], TARGET);
    assert!(builder["version"]["nix"].is_string(), "{builder}");
}

#[test]
fn what_no_derivation_can_have_is_named_before_anything_is_built() {
    let at = Repository::new("p");
    at.commit("p");
    let refused = |code: i32, part: &str| {
        at.commit("p");
        at.release("p", &["--derivation"]).exits(code).says(part);
    };
    at.desk
        .write("p/xbuild.toml", "[env]\npassthrough = [\"TOKEN\"]\n");
    refused(82, "TOKEN is passed on");
    at.desk.write("p/xbuild.toml", "isolation = \"none\"\n");
    refused(2, "isolation is off");
    at.desk.write("p/xbuild.toml", "");
    let manifest = at.desk.read("p/Cargo.toml");
    fs::create_dir_all(at.desk.path("beside/src")).expect("a folder");
    at.desk.write("beside/src/lib.rs", "");
    at.desk.write(
        "beside/Cargo.toml",
        "[package]\nname = \"beside\"\nversion = \"0.1.0\"\n",
    );
    at.desk.write(
        "p/Cargo.toml",
        &format!("{manifest}[dependencies]\nbeside = {{ path = \"../beside\" }}\n"),
    );
    at.commit("p");
    at.release("p", &["--derivation", "--allow-dirty"])
        .exits(81)
        .says("beside` outside of it");
    at.desk.write(
        "p/Cargo.toml",
        &format!("{manifest}[dependencies]\nforked = {{ git = \"https://git.invalid/forked\" }}\n"),
    );
    let lock = at.desk.read("p/Cargo.lock");
    at.desk.write(
        "p/Cargo.lock",
        &format!(
            "{lock}dependencies = [\"forked\"]\n\n[[package]]\nname = \"forked\"\nversion = \"0.9.0\"\n\
             source = \"git+https://git.invalid/forked#0123456789abcdef0123456789abcdef01234567\"\n"
        ),
    );
    refused(81, "`forked 0.9.0` from git+https://git.invalid/forked");
    at.release("p", &["--builders", "x"]).exits(2);
}

#[test]
fn another_machine_builds_and_this_one_builds_again() {
    let _guard = turn_to_build();
    let at = Repository::new("p");
    // Of no other run, so that no store has it.
    let unique = at.desk.path("").display().to_string();
    let main = format!("fn main() {{ println!({unique:?}); }}\n");
    at.desk.write("p/src/main.rs", &main);
    at.commit("p");
    let builder = Builder::start();
    symlink(builder.programs().join("ssh"), at.bin.path().join("ssh")).expect("ssh");
    let machines = format!("{} x86_64-linux", builder.address());
    at.release("p", &["--derivation", "--builders", &machines])
        .ok()
        .says("reproducible, with nothing varied");
    let folder = at.desk.path("p/target/dist/spied-1.2.3");
    let (internal, _) = internal(&folder, "spied-1.2.3.intoto.json");
    assert_eq!(internal["xbuild_builders"], machines);
    let out = internal["xbuild_derivations"][0]["output"].as_str();
    let there = builder.on_disk(out.expect("a path")).join("bin/spied");
    assert!(there.is_file(), "{}", there.display());
}
