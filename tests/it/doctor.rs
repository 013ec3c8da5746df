//! What bites, in real builds: each failure is followed by the one hint that
//! helps.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::Stdio;

use nix::pty::{Winsize, openpty};
use tempfile::TempDir;
use xbuild::process::Command;

use crate::support::{Outcome, network, temp, test_home, turn_to_build, xbuild};

/// A program with a build script.
fn project(build: &str, main: &str) -> TempDir {
    let folder = temp();
    write(
        folder.path(),
        "Cargo.toml",
        "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[workspace]\n",
    );
    write(folder.path(), "build.rs", build);
    write(folder.path(), "src/main.rs", main);
    folder
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
    fs::write(path, text).expect("a file");
}

fn hints(outcome: &Outcome) -> Vec<&str> {
    let lines = outcome.stderr.lines().map(str::trim_start);
    lines
        .filter_map(|line| line.strip_prefix("hint: "))
        .collect()
}

const MAIN: &str = "fn main() {}\n";

/// A build script that calls the C compiler or pkg-config, and shows what that
/// says.
fn calling(program: &str, args: &str) -> String {
    format!(
        "fn main() {{\n\
         \x20   let out = std::env::var(\"OUT_DIR\").unwrap();\n\
         \x20   let source = format!(\"{{out}}/a.c\");\n\
         \x20   std::fs::write(&source, \"#include <openssl/ssl.h>\\n\").unwrap();\n\
         \x20   let status = std::process::Command::new({program})\n\
         \x20       .args({args}).status().unwrap();\n\
         \x20   assert!(status.success());\n\
         }}\n"
    )
}

#[test]
fn a_failed_build_gets_the_one_hint_that_helps() {
    const GNU: &str = "x86_64-unknown-linux-gnu.2.17";
    const MUSL: &str = "x86_64-unknown-linux-musl";
    let _building = turn_to_build();
    let link =
        |library: &str| format!("fn main() {{ println!(\"cargo::rustc-link-lib={library}\"); }}\n");
    let compiler = |target: &str| {
        let triple = target.trim_end_matches(".2.17");
        let variable = format!("CC_{}", triple.replace('-', "_"));
        calling(
            &format!("std::env::var(\"{variable}\").unwrap()"),
            "[\"-c\", &source, \"-o\", \"/dev/null\"]",
        )
    };
    let pkg_config = calling("\"pkg-config\"", "[\"--libs\", \"libudev\"]");
    let young = "unsafe extern \"C\" { fn __cxa_thread_atexit_impl(); }\n\
                 fn main() { unsafe { __cxa_thread_atexit_impl() } }\n";
    for (target, build, main, said, parts) in [
        (
            GNU,
            link("nosuch"),
            MAIN,
            "-lnosuch",
            &["libnosuch", "cargo::rustc-link-search"][..],
        ),
        (
            MUSL,
            link("static=ssl"),
            MAIN,
            "unable to find library -lssl",
            &["OpenSSL", MUSL, "cargo add openssl --features vendored"],
        ),
        (
            GNU,
            compiler(GNU),
            MAIN,
            "'openssl/ssl.h' file not found",
            &["OpenSSL", "packages = [\"libssl-dev\"]", "xbuild lock"],
        ),
        (
            GNU,
            pkg_config,
            MAIN,
            "libudev",
            &["libudev", "packages = [\"libudev-dev\"]", "xbuild lock"],
        ),
        (
            GNU,
            MAIN.to_owned(),
            young,
            "undefined symbol: __cxa_thread_atexit_impl",
            &["glibc 2.18", "--target x86_64-unknown-linux-gnu.2.18"],
        ),
    ] {
        let project = project(&build, main);
        let failed = xbuild()
            .cwd(project.path())
            .args(["build", "--target", target])
            .run()
            .exits(101)
            .says(said);
        let hints = hints(&failed);
        assert_eq!(hints.len(), 1, "{failed}");
        for part in parts {
            assert!(
                hints[0].contains(part),
                "{part:?} is not in the hint of\n{failed}"
            );
        }
        // Without a terminal, and as it comes: cargo's words before ours.
        assert!(!failed.stderr.contains('\u{1b}'), "{failed}");
        let (cargos, ours) = (failed.stderr.find(said), failed.stderr.find("hint: "));
        assert!(cargos < ours, "{failed}");
    }
}

/// Verbs whose output is the caller's are heard too, and so is a build before a
/// run, whose diagnostics are kept back.
#[test]
fn every_verb_that_builds_is_heard() {
    let _building = turn_to_build();
    let script = calling("\"pkg-config\"", "[\"--libs\", \"libudev\"]");
    let fails = project(&script, MAIN);
    let links = project(
        "fn main() { println!(\"cargo::rustc-link-lib=udev\"); }\n",
        MAIN,
    );
    for (project, verb) in [
        (&fails, "check"),
        (&fails, "test"),
        (&links, "run"),
        (&links, "test"),
    ] {
        let failed = xbuild()
            .cwd(project.path())
            .args([verb, "--target", "x86_64-unknown-linux-gnu.2.17"])
            .run()
            .exits(101);
        let hints = hints(&failed);
        assert_eq!(hints.len(), 1, "{failed}");
        assert!(
            hints[0].contains("packages = [\"libudev-dev\"]"),
            "{failed}"
        );
    }
}

/// On a terminal cargo has its colours, though it is heard.
#[test]
fn cargo_keeps_its_colours_on_a_terminal() {
    let _building = turn_to_build();
    let project = project(MAIN, "fn main() { let unused = 1; }\n");
    let size = Winsize {
        ws_row: 24,
        ws_col: 80,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    let ends = openpty(&size, None).expect("a terminal");
    let mut command = Command::new(env!("CARGO_BIN_EXE_xbuild"))
        .args(["check", "--target", "x86_64-unknown-linux-gnu.2.17"])
        .cwd(project.path())
        .env("HOME", project.path())
        .env("TERM", "xterm")
        .env("XBUILD_HOME", test_home());
    for (name, value) in network() {
        command = command.env(name, value);
    }
    let mut child = command
        .to_std()
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::from(ends.slave))
        .spawn()
        .expect("xbuild, started");
    let mut shown = Vec::new();
    // A terminal ends with EIO.
    let _ = fs::File::from(ends.master).read_to_end(&mut shown);
    let shown = String::from_utf8_lossy(&shown);
    assert!(child.wait().expect("its end").success(), "{shown}");
    assert!(shown.contains("unused variable"), "{shown}");
    assert!(shown.contains("\u{1b}[1m"), "{shown}");
}
