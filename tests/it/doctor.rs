//! What bites in real builds, each failure followed by the one hint that helps;
//! and what `xbuild doctor` sees before.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::Stdio;

use nix::pty::{Winsize, openpty};
use serde_json::Value;
use tempfile::TempDir;
use xbuild::process::Command;

use crate::support::{
    Outcome, copied, network, repository, temp, test_home, turn_to_build, xbuild,
};

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

/// Linkers of the project's own are needless where cargo may be told, and named
/// where flags name them.
#[test]
fn a_linker_that_is_not_there_is_not_asked_or_named() {
    const TARGET: &str = "x86_64-unknown-linux-gnu.2.17";
    let _building = turn_to_build();
    let build = |config: &str| {
        let project = project(MAIN, MAIN);
        write(project.path(), ".cargo/config.toml", config);
        let call = xbuild().cwd(project.path());
        let built = call.args(["build", "--target", TARGET]).run();
        let call = xbuild().cwd(project.path());
        let examined = call
            .args([
                "doctor",
                "--format=json",
                "--allow=disk",
                "--target",
                TARGET,
            ])
            .run();
        (built, examined)
    };
    let (built, examined) = build("[target.x86_64-unknown-linux-gnu]\nlinker = \"nosuch-gcc\"\n");
    built.ok();
    assert!(of_topic(&examined.ok().json(), "linker").is_empty());

    let flags = "[build]\nrustflags = [\n  \"-Clinker=nosuch-gcc\",\n]\n";
    let (built, examined) = build(flags);
    let built = built.exits(101).says("linker `nosuch-gcc` not found");
    assert!(
        hints(&built)[0].contains("take `nosuch-gcc` out"),
        "{built}"
    );
    let report = examined.exits(88).json();
    let found = of_topic(&report, "linker");
    assert_eq!(found.len(), 1, "{report}");
    assert_eq!(found[0]["line"], 3);
}

/// The findings of a topic.
fn of_topic<'r>(report: &'r Value, topic: &str) -> Vec<&'r Value> {
    let findings = report["findings"].as_array().expect("findings");
    let of_topic = findings.iter().filter(|finding| finding["topic"] == topic);
    of_topic.collect()
}

/// A lock file of crates that nobody fetches.
fn lock(crates: &[(&str, &str)]) -> String {
    let mut text = "version = 4\n\n[[package]]\nname = \"app\"\nversion = \"0.1.0\"\n".to_owned();
    for (name, version) in crates {
        text.push_str(&format!(
            "\n[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n\
             source = \"registry+https://example.invalid/index\"\nchecksum = \"{}\"\n",
            "0".repeat(64)
        ));
    }
    text
}

#[test]
fn doctor_names_what_would_bite_and_where() {
    const ARM: &str = "aarch64-unknown-linux-gnu";
    let project = project(
        "fn main() {\n    if cfg!(target_arch = \"x86_64\") {\n        println!(\"cargo::rustc-cfg=fast\");\n    }\n}\n",
        "const TEXT: &str = include_str!(\"missing.txt\");\nfn main() { print!(\"{TEXT}\") }\n",
    );
    let folder = project.path();
    write(
        folder,
        "Cargo.lock",
        &lock(&[
            ("alsa-sys", "0.3.1"),
            ("openssl-sys", "0.9.107"),
            ("udev", "0.9.0"),
        ]),
    );
    write(
        folder,
        ".cargo/config.toml",
        "[build]\nrustc-wrapper = \"sccache\"\nrustflags = [\"-C\", \"target-cpu=native\"]\n",
    );
    write(
        folder,
        "tests/files.rs",
        "use std::fs;\n\
         #[test]\nfn reads() {\n    fs::read(\"/etc/app.conf\").unwrap();\n\
         \x20   fs::read(\"tests/pointer.bin\").unwrap();\n\
         \x20   fs::write(\"tests/out.txt\", \"\").unwrap();\n\
         \x20   fs::read(\"/proc/self/stat\").unwrap();\n\
         \x20   fs::metadata(\"/\").unwrap();\n}\n",
    );
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n";
    write(folder, "tests/pointer.bin", pointer);
    let program = folder.join("target").join(ARM).join("release/app");
    fs::create_dir_all(program.parent().expect("a parent")).expect("a folder");
    fs::copy(repository("nix/seed/busybox"), program).expect("a program of another kind");

    let examined = xbuild()
        .cwd(folder)
        .env("SSL_CERT_FILE", "/no/such/bundle.pem")
        .args(["doctor", "--format=json", "--allow=disk", "--allow=lock"])
        .args([
            "--target",
            "aarch64-unknown-linux-gnu.2.31",
            "--runs-on=debian 10",
        ])
        .run()
        .exits(88);
    let report = examined.json();
    assert_eq!(report["version"], 1);
    assert_eq!(report["targets"][0], "aarch64-unknown-linux-gnu.2.31");
    for (topic, expected) in [
        (
            "system-library",
            &[
                ("Cargo.lock", 7, "openssl-sys wants", "libssl-dev"),
                ("Cargo.lock", 1, "alsa-sys wants", "libasound2-dev"),
            ][..],
        ),
        (
            "build-script",
            &[(
                "build.rs",
                2,
                "cfg!(target_arch = \"x86_64\")",
                "CARGO_CFG_TARGET_ARCH",
            )],
        ),
        (
            "data-file",
            &[
                ("src/main.rs", 1, "missing.txt", ""),
                ("tests/files.rs", 4, "/etc/app.conf", "volumes"),
                ("tests/files.rs", 5, "Git LFS", "git lfs pull"),
                ("tests/files.rs", 6, "read-only", "writable = true"),
            ],
        ),
        (
            "processor",
            &[(".cargo/config.toml", 3, "rustflags", "target-cpu")],
        ),
        (
            "linker",
            &[(".cargo/config.toml", 2, "sccache", "rustc-wrapper")],
        ),
        ("artefact", &[("release/app", 0, "architecture: ", "")]),
        (
            "glibc",
            &[(
                "",
                0,
                "there it is 2.28",
                "--target aarch64-unknown-linux-gnu.2.28",
            )],
        ),
        ("network", &[("", 0, "SSL_CERT_FILE", "unset")]),
    ] {
        let found = of_topic(&report, topic);
        assert_eq!(found.len(), expected.len(), "{topic} of {report:#}");
        for (file, line, message, hint) in expected {
            let fits = |finding: &&&Value| {
                let text = |key: &str| finding[key].as_str().unwrap_or_default().to_owned();
                text("message").contains(message)
                    && text("file").ends_with(file)
                    && text("hint").contains(hint)
                    && finding["weight"] == "bites"
            };
            let one = found.iter().find(fits);
            let one = one.unwrap_or_else(|| panic!("{message:?} is not in {report:#}"));
            if *line > 1 {
                assert!(one["line"].as_u64().is_some(), "{one}");
            }
        }
    }
    // A place that an editor can open.
    let text = xbuild()
        .cwd(folder)
        .args(["doctor", "--allow=disk", "--target", ARM])
        .run()
        .exits(88)
        .stdout;
    assert!(text.contains("bites: build.rs:2: cfg!"), "{text}");
    assert!(text.contains(" things would bite\n"), "{text}");
    assert!(
        text.lines().all(|line| line.chars().count() <= 80),
        "{text}"
    );
}

#[test]
fn doctor_finds_nothing_where_nothing_bites() {
    let hello = copied("examples/hello");
    let fine = xbuild()
        .cwd(hello.path())
        .args([
            "doctor",
            "--allow=disk",
            "--target",
            "x86_64-unknown-linux-musl",
        ])
        .run()
        .ok();
    assert!(fine.stdout.ends_with("nothing would bite\n"), "{fine}");
    for part in ["hermetic shell", "release profile", "opt-level"] {
        assert!(fine.stdout.contains(part), "{fine}");
    }
    let help = xbuild().args(["doctor", "--help"]).run().ok();
    assert!(help.stdout.starts_with("Examples:"), "{help}");
    for (args, said) in [
        (
            ["doctor", "--allow=nothing"],
            "nothing that doctor finds is called `nothing`",
        ),
        (
            ["doctor", "--runs-on=beos 5"],
            "no system with glibc is known as `beos 5`",
        ),
    ] {
        xbuild()
            .cwd(hello.path())
            .args(args)
            .run()
            .exits(2)
            .says(said);
    }
}

/// What a shared library, a build along, and a declared package change.
#[test]
fn what_is_built_along_or_declared_does_not_bite() {
    const GNU: &str = "x86_64-unknown-linux-gnu.2.17";
    const MUSL: &str = "x86_64-unknown-linux-musl";
    let openssl = &[("openssl", "0.10.72"), ("openssl-sys", "0.9.107")][..];
    let vendored = &[("openssl-src", "300.5.0"), ("openssl-sys", "0.9.107")][..];
    let sqlite = &[("libsqlite3-sys", "0.30.1"), ("rusqlite", "0.32.1")][..];
    for (crates, more, target, hint) in [
        (openssl, "", GNU, Some("packages = [\"libssl-dev\"]")),
        (
            openssl,
            "",
            MUSL,
            Some("cargo add openssl@0.10 --features vendored"),
        ),
        (vendored, "", MUSL, None),
        (
            sqlite,
            "",
            MUSL,
            Some("cargo add libsqlite3-sys@0.30 --features bundled"),
        ),
        (
            sqlite,
            "[dependencies]\nrusqlite = { version = \"0.32\", features = [\"bundled\"] }\n",
            MUSL,
            None,
        ),
        (
            openssl,
            "[package.metadata.xbuild.target.x86_64-unknown-linux-gnu]\npackages = [\"libssl-dev\"]\n",
            GNU,
            None,
        ),
    ] {
        let project = project(MAIN, MAIN);
        let manifest = project.path().join("Cargo.toml");
        let text = fs::read_to_string(&manifest).expect("the manifest");
        fs::write(&manifest, text + more).expect("a manifest");
        write(project.path(), "Cargo.lock", &lock(crates));
        let examined = xbuild()
            .cwd(project.path())
            .args(["doctor", "--format=json", "--target", target])
            .run();
        let report = examined.json();
        let found = of_topic(&report, "system-library");
        let told = found.first().and_then(|one| one["hint"].as_str());
        assert_eq!(told.is_some(), hint.is_some(), "{examined}");
        let told = told.unwrap_or_default();
        assert!(told.contains(hint.unwrap_or_default()), "{examined}");
    }
}

#[test]
fn doctor_reads_what_was_said_elsewhere() {
    let hello = copied("examples/hello");
    for (said, target, message, hint) in [
        (
            "./app: /lib/libc.so.6: version `GLIBC_2.34' not found (required by ./app)",
            "aarch64-unknown-linux-gnu",
            "older than glibc 2.34",
            "--target aarch64-unknown-linux-gnu.2.17",
        ),
        (
            "./app: cannot execute binary file: Exec format error",
            "armv7-unknown-linux-gnueabihf",
            "another processor",
            "uname -m",
        ),
        (
            "/usr/bin/ld: cannot find -lssl",
            "x86_64-unknown-linux-musl",
            "library ssl",
            "--features vendored",
        ),
    ] {
        let file = hello.path().join("said.txt");
        fs::write(&file, said).expect("a text");
        let report = xbuild()
            .cwd(hello.path())
            .args([
                "doctor",
                "--format=json",
                "--allow=disk",
                "--target",
                target,
            ])
            .args(["--read", "said.txt"])
            .run()
            .exits(88)
            .json();
        let found = of_topic(&report, "said");
        assert_eq!(found.len(), 1, "{report:#}");
        assert!(
            found[0]["message"]
                .as_str()
                .expect("words")
                .contains(message),
            "{report:#}"
        );
        assert!(
            found[0]["hint"].as_str().expect("a remedy").contains(hint),
            "{report:#}"
        );
    }
}

#[test]
fn sizes_are_measured_by_real_builds() {
    let _building = turn_to_build();
    let project = project(
        MAIN,
        "fn main() { println!(\"{:?}\", std::env::args()); }\n",
    );
    let report = xbuild()
        .cwd(project.path())
        .args(["doctor", "--measure", "--format=json", "--allow=disk"])
        .args(["--target", "x86_64-unknown-linux-gnu.2.17"])
        .run()
        .ok()
        .json();
    let measured = report["measured"].as_array().expect("sizes");
    assert_eq!(measured.len(), 8, "{report:#}");
    let size = |profile: &str| {
        let one = measured.iter().find(|one| one["profile"] == profile);
        one.and_then(|one| one["size"].as_u64()).expect("a size")
    };
    let own = size("as it is");
    assert!(size("strip = \"symbols\"") < own, "{report:#}");
    assert!(
        size("all of them") < size("strip = \"symbols\""),
        "{report:#}"
    );
    let left = fs::read_dir(project.path().join("target/xbuild")).expect("a folder");
    for entry in left.flatten() {
        let name = entry.file_name();
        assert!(!name.to_string_lossy().starts_with("measure-"), "{name:?}");
    }
}

/// A dependency may mean a tool of the machine: it is noted, and for targets
/// that are asked for alone.
#[test]
fn build_scripts_of_dependencies_are_read_where_they_lie() {
    let project = project(MAIN, MAIN);
    write(
        project.path(),
        "Cargo.lock",
        &lock(&[("asks", "1.0.0"), ("away", "2.0.0")]),
    );
    for (target, weight) in [
        ("x86_64-unknown-linux-musl", Some("note")),
        ("x86_64-unknown-linux-gnu.2.17", None),
    ] {
        let caller = xbuild();
        let unpacked = caller
            .home()
            .join(".cargo/registry/src/example.invalid-0/asks-1.0.0");
        write(
            &unpacked,
            "Cargo.toml",
            "[package]\nname = \"asks\"\nbuild = \"make.rs\"\n",
        );
        let script = "fn main() {\n    #[cfg(target_env = \"gnu\")]\n    println!(\"gnu\");\n}\n";
        write(&unpacked, "make.rs", script);
        let examined = caller
            .cwd(project.path())
            .args([
                "doctor",
                "--format=json",
                "--allow=disk",
                "--target",
                target,
            ])
            .run()
            .ok();
        let report = examined.json();
        let found = of_topic(&report, "build-script");
        let first = found.first();
        assert_eq!(
            first.and_then(|one| one["weight"].as_str()),
            weight,
            "{examined}"
        );
        if let Some(one) = first {
            assert_eq!(one["line"], 2, "{one}");
            assert!(
                one["file"]
                    .as_str()
                    .expect("a file")
                    .ends_with("asks-1.0.0/make.rs")
            );
            assert!(
                one["message"]
                    .as_str()
                    .expect("words")
                    .contains("asks 1.0.0"),
                "{one}"
            );
        }
        let scripts = report["facts"]["build scripts"].as_str().expect("a fact");
        assert!(scripts.contains("one crate is not here"), "{scripts}");
    }
}
