//! Every command, and how the program is called.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;
use xbuild::process::Command;
use xbuild::target::Table;

use crate::support::{
    Caller, Outcome, cargo_xbuild, copied, repository, run, temp, turn_to_build, xbuild,
};

const AARCH64: &str = "--target=aarch64-unknown-linux-gnu.2.17";
const NATIVE: &str = "--target=x86_64-unknown-linux-gnu.2.17";

/// A package that says whether it was compiled with a flag, and that clippy
/// has something to say about.
fn package() -> TempDir {
    let folder = temp();
    for (name, text) in [
        (
            "Cargo.toml",
            "[package]\nname = \"small\"\nversion = \"1.0.0\"\nedition = \"2024\"\n\
             [[bin]]\nname = \"small\"\npath = \"main.rs\"\n[workspace]\n\
             [lints.rust]\nunexpected_cfgs = \"allow\"\n",
        ),
        (
            "main.rs",
            "//! A small program.\nfn special() -> bool {\n    return cfg!(special);\n}\n\
             fn main() {\n    println!(\"special: {}\", special());\n}\n",
        ),
    ] {
        fs::write(folder.path().join(name), text).expect("a package");
    }
    folder
}

fn call(folder: &Path, words: &[&str]) -> Outcome {
    xbuild().cwd(folder).args(words).run()
}

/// What a program prints on this very machine, outside any shell.
fn bare(program: &Path) -> String {
    run(&Command::new(program)).ok().stdout
}

#[test]
fn cargo_calls_it_as_a_subcommand() {
    let _building = turn_to_build();
    let hello = copied("examples/hello");
    let called = |caller: Caller, words: &[&str]| {
        let caller = caller.cwd(hello.path()).args(words);
        caller.args([AARCH64, "--", "word"]).run().ok().stdout
    };
    let plain = called(xbuild(), &["run"]);
    assert!(plain.starts_with("Hello from aarch64 linux (64 bits, little endian)"));
    assert_eq!(called(cargo_xbuild(), &["xbuild", "run"]), plain);
    assert_eq!(called(cargo_xbuild(), &["run"]), plain);
}

#[test]
fn what_stands_behind_two_dashes_is_the_programs() {
    let _building = turn_to_build();
    let hello = copied("examples/hello");
    // Whatever stands before them: here the target is configured.
    for words in [
        &["run", "--", "--json", "--", "--help"][..],
        &[
            "-q", "--color", "never", "run", "--", "--json", "--", "--help",
        ],
    ] {
        let caller = xbuild().cwd(hello.path()).args(words.iter().copied());
        let ran = caller.env("XBUILD_TARGET", "x86_64-unknown-linux-gnu.2.17");
        let said = ran.run().ok().json();
        assert_eq!(said["words"], serde_json::json!(["--", "--help"]));
    }
}

#[test]
fn the_callers_rustc_and_wrappers_are_not_used() {
    let _building = turn_to_build();
    let package = package();
    let caller = xbuild();
    let marker = caller.home().join("was-called");
    let wrapper = caller.home().join("wrapper");
    let text = format!("#!/bin/sh\ntouch {}\nexec \"$@\"\n", marker.display());
    fs::write(&wrapper, text).expect("a wrapper");
    let caller = caller.cwd(package.path()).env("RUSTC_WRAPPER", &wrapper);
    let caller = caller.env("RUSTC", &wrapper).args(["check", NATIVE]);
    let home = caller.home();
    assert!(home.exists());
    let outcome = caller.run().ok();
    assert!(!marker.exists());
    outcome.says("RUSTC_WRAPPER is set and stays outside");
}

#[test]
fn rustc_takes_flags_and_install_installs() {
    let _building = turn_to_build();
    let package = package();
    let built = package
        .path()
        .join("target/x86_64-unknown-linux-gnu/debug/small");
    call(package.path(), &["build", NATIVE]).ok();
    assert_eq!(bare(&built), "special: false\n");
    call(package.path(), &["rustc", NATIVE, "--", "--cfg=special"]).ok();
    assert_eq!(bare(&built), "special: true\n");

    let (root, elsewhere) = (temp(), temp());
    let path = format!("--path={}", package.path().display());
    let to = format!("--root={}", root.path().display());
    call(elsewhere.path(), &["install", &path, &to, NATIVE]).ok();
    assert_eq!(bare(&root.path().join("bin/small")), "special: false\n");
    call(elsewhere.path(), &["install", "small", &to, NATIVE])
        .exits(2)
        .says("hint: xbuild install --path .");
}

#[test]
fn check_and_metadata_name_paths_of_the_host() {
    let _building = turn_to_build();
    let package = package();
    let root = package.path().to_str().expect("a readable path");
    let checked = call(package.path(), &["check", AARCH64, "--message-format=json"]).ok();
    let lines = checked.stdout.lines();
    let messages: Vec<Value> = lines
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}")))
        .collect();
    let with = |reason: &str| messages.iter().find(|message| message["reason"] == reason);
    let artefact = with("compiler-artifact").expect("an artefact");
    assert!(
        artefact["manifest_path"]
            .as_str()
            .is_some_and(|path| path.starts_with(root))
    );
    assert_eq!(with("build-finished").expect("an end")["success"], true);
    assert!(!checked.stdout.contains("/build/source"), "{checked}");

    let metadata = call(package.path(), &["metadata", "--format-version=1"]).ok();
    let document = metadata.json();
    assert_eq!(document["workspace_root"], root);
    assert_eq!(document["target_directory"], format!("{root}/target"));
    assert!(!metadata.stdout.contains("/build/"), "{metadata}");

    // What is wrong is shown at a path that an editor finds from here.
    let main = package.path().join("main.rs");
    fs::write(main, "fn main() { let x: u8 = \"\"; }").expect("a fault");
    call(package.path(), &["check", AARCH64])
        .exits(101)
        .says("--> main.rs:1:25");
}

#[test]
fn clippy_lints_and_doc_documents() {
    let _building = turn_to_build();
    let package = package();
    let linted = call(package.path(), &["clippy", AARCH64]).ok();
    linted.says("needless_return");
    let denied = ["clippy", AARCH64, "--", "-Dwarnings"];
    call(package.path(), &denied)
        .exits(101)
        .says("needless_return");

    call(package.path(), &["doc", AARCH64]).ok();
    let page = "target/aarch64-unknown-linux-gnu/doc/small/index.html";
    let page = fs::read_to_string(package.path().join(page)).expect("documentation");
    assert!(page.contains("A small program."));
}

#[test]
fn a_shell_runs_commands_and_ends_as_they_do() {
    let _building = turn_to_build();
    let package = package();
    // The source is read-only there, the lock file with it.
    call(package.path(), &["check", AARCH64]).ok();
    for (command, code, said) in [
        ("echo $((6 * 7)); exit 7", 7, "42\n"),
        ("kill -SEGV $$", 139, ""),
        (
            "rustc -vV | grep ^host:",
            0,
            "host: x86_64-unknown-linux-gnu\n",
        ),
        (
            "cargo metadata --no-deps -q --format-version=1 | head -c 1",
            0,
            "{",
        ),
        (
            "pwd; ls",
            0,
            "/build/source\nCargo.lock\nCargo.toml\nmain.rs\ntarget\n",
        ),
        ("echo $CARGO_BUILD_TARGET", 0, "aarch64-unknown-linux-gnu\n"),
        ("cargo run -q", 0, "special: false\n"),
        ("touch main.rs 2>/dev/null && echo written", 1, ""),
        ("make --version | head -n 1", 0, "GNU Make 4.4.1\n"),
    ] {
        let words = ["shell", AARCH64, "--", "sh", "-c", command];
        let outcome = call(package.path(), &words).exits(code);
        assert_eq!(outcome.stdout, said, "{outcome}");
    }
}

#[test]
fn the_environment_comes_in_four_forms() {
    let _building = turn_to_build();
    let package = package();
    let env = |format: &str| {
        call(package.path(), &["env", AARCH64, "--format", format])
            .ok()
            .stdout
    };
    let json: Value = serde_json::from_str(&env("json")).expect("JSON");
    let linker = &json["env"]["CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER"];
    let linker = linker.as_str().expect("a linker");
    assert!(linker.starts_with("/nix/store/"), "{linker}");

    // The lines for a shell set the same in a shell.
    let script = "eval \"$0\"; printf '%s|%s' \"$CC_aarch64_unknown_linux_gnu\" \"$PATH\"";
    let shell = Command::new(repository("nix/seed/busybox"));
    let shell = shell.args(["sh", "-c", script]).arg(env("shell"));
    let set = |name: &str| json["env"][name].as_str().unwrap_or_default().to_owned();
    let expected = format!("{}|{}", set("CC_aarch64_unknown_linux_gnu"), set("PATH"));
    assert_eq!(run(&shell).ok().stdout, expected);

    let config: toml::Table = env("cargo-config").parse().expect("TOML");
    let target = &config["target"]["aarch64-unknown-linux-gnu"];
    assert_eq!(target["linker"].as_str(), Some(linker));
    assert!(
        target["runner"]
            .as_str()
            .is_some_and(|runner| runner.contains("qemu-aarch64"))
    );

    // Where its paths are nobody's but the shell's, direnv would break cargo.
    let words = ["env", AARCH64, "--format=direnv", "--nix=own"];
    let refused = call(package.path(), &words).exits(82);
    refused.says("own store");
}

#[test]
fn inspect_tells_what_files_are() {
    let _building = turn_to_build();
    let package = package();
    call(package.path(), &["build", AARCH64]).ok();
    let built = "target/aarch64-unknown-linux-gnu/debug/small";
    let busybox = repository("nix/seed/busybox");
    let busybox = busybox.to_str().expect("a readable path");

    let text = call(package.path(), &["inspect", built, busybox])
        .ok()
        .stdout;
    for said in [
        "/lib/ld-linux-aarch64.so.1",
        "glibc ≥ 2.17",
        "libc.so.6",
        "static",
    ] {
        assert!(text.contains(said), "{said:?} in\n{text}");
    }
    let words = ["inspect", "--format=json", built, busybox];
    let json = call(package.path(), &words).ok().json();
    assert_eq!(json["files"][0]["arch"], "aarch64");
    assert_eq!(json["files"][0]["glibc"]["needed"], "2.17");
    assert_eq!(json["files"][1]["linkage"], "static");
    assert_eq!(json["files"][1]["glibc"], Value::Null);

    let length = fs::metadata(package.path().join(built))
        .expect("a file")
        .len();
    fs::write(package.path().join("cut"), {
        let whole = fs::read(package.path().join(built)).expect("a file");
        whole[..usize::try_from(length / 2).expect("a length")].to_vec()
    })
    .expect("half a file");
    assert_ne!(call(package.path(), &["inspect", "cut"]).code, 0);
    assert_ne!(call(package.path(), &["inspect", "absent"]).code, 0);
}

#[test]
fn targets_and_toolchains_are_listed() {
    let package = package();
    let table = Table::embedded().expect("the table is whole");
    let text = call(package.path(), &["targets"]).ok().stdout;
    let json = call(package.path(), &["targets", "--format=json"])
        .ok()
        .json();
    assert_eq!(
        json["targets"].as_array().map(Vec::len),
        Some(table.iter().count())
    );
    for target in table.iter() {
        assert!(
            text.contains(&target.triple),
            "{} in\n{text}",
            target.triple
        );
    }

    let words = ["toolchain", AARCH64, "--format=json"];
    let json = call(package.path(), &words).ok().json();
    let parts = json["parts"].as_array().expect("parts");
    assert_eq!(parts[0]["target"], "aarch64-unknown-linux-gnu.2.17");
    let packages = parts
        .iter()
        .flat_map(|part| part["packages"].as_array().into_iter().flatten());
    let names: Vec<&str> = packages
        .map(|package| {
            let hash = package["sha256"].as_str().unwrap_or_default();
            assert!(
                hash.len() == 64 && package["size"].as_u64() > Some(0),
                "{package}"
            );
            package["package"].as_str().unwrap_or_default()
        })
        .collect();
    for name in [
        "rustc-web",
        "cargo-web",
        "clang-22",
        "libc6-dev",
        "qemu-user",
    ] {
        assert!(names.contains(&name), "{name} in {names:?}");
    }
    let text = call(package.path(), &["toolchain", AARCH64]).ok().stdout;
    assert!(text.contains("qemu-user:amd64"), "{text}");
}

#[test]
fn what_was_fetched_builds_offline() {
    let _building = turn_to_build();
    let hello = copied("examples/hello");
    call(hello.path(), &["fetch", AARCH64]).ok().says("Ready");
    let offline = |words: &[&str]| {
        // No proxy, no resolver, no way out: what still works is offline.
        let caller = xbuild().cwd(hello.path()).args(words).arg(AARCH64);
        let caller = caller.env("http_proxy", "http://127.0.0.1:9");
        caller.env("https_proxy", "http://127.0.0.1:9").run().ok()
    };
    offline(&["build"]);
    offline(&["build", "--offline", "--release"]);
    offline(&["build", "--frozen"]);
    offline(&["clippy"]);
    let ran = offline(&["run", "--offline"]);
    assert!(ran.stdout.starts_with("Hello from aarch64"), "{ran}");
    // Nothing is old: nothing is built.
    let again = offline(&["build"]);
    assert!(!again.stderr.contains("Compiling"), "{again}");
}

#[test]
fn collecting_garbage_leaves_what_is_used() {
    let _building = turn_to_build();
    let package = package();
    call(package.path(), &["build", NATIVE]).ok();
    call(package.path(), &["gc"]).ok();
    let caller = xbuild()
        .cwd(package.path())
        .args(["run", NATIVE, "--offline"]);
    assert_eq!(caller.run().ok().stdout, "special: false\n");
}
