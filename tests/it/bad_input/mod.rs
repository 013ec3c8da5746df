//! What xbuild says of input that it cannot use, and on machines that it
//! cannot work on: the exit code, what is wrong and where, and the remedy.
//!
//! Nothing here reaches a network or builds a toolchain: each run has an empty
//! home of its own and mirrors on the loopback alone.

mod lock;
mod machine;
mod manifest;
mod rust;

use std::collections::BTreeMap;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::support::{Outcome, temp, xbuild};

/// The manifest of [`project`].
pub const MANIFEST: &str = "[package]\nname = \"tiny\"\nversion = \"0.1.0\"\nedition = \"2021\"\n";

/// What is typed, set and written; and what must come of it.
#[derive(Default)]
struct Case<'a> {
    args: &'a [&'a str],
    env: &'a [(&'a str, &'a str)],
    /// Files of the project, over those of a good one; none is left out.
    files: &'a [(&'a str, Option<&'a str>)],
    code: i32,
    /// `PROJECT` stands for the project's folder.
    says: &'a [&'a str],
}

impl Case<'_> {
    #[track_caller]
    fn check(&self) {
        let home = temp();
        let project = project(self.files);
        let before = contents(project.path());
        let mut caller = xbuild().cwd(project.path()).args(self.args);
        for (name, value) in quarantine(home.path()) {
            caller = caller.env(name, value);
        }
        for (name, value) in self.env {
            caller = caller.env(name, *value);
        }
        let outcome = caller.run();
        let folder = fs::canonicalize(project.path()).expect("the project is still there");
        let says: Vec<String> = self
            .says
            .iter()
            .map(|text| text.replace("PROJECT", &folder.display().to_string()))
            .collect();
        check(outcome, self.code, &says);
        assert_eq!(contents(project.path()), before, "{:?}", self.args);
    }
}

/// A failure that ends with its exit code, says all that, and is no panic.
#[track_caller]
pub fn check<S: AsRef<str>>(outcome: Outcome, code: i32, says: &[S]) {
    let mut outcome = outcome.exits(code).says("error: ");
    for text in says {
        outcome = outcome.says(text.as_ref());
    }
    for text in ["panicked", "RUST_BACKTRACE", "internal"] {
        assert!(!outcome.stderr.contains(text), "{outcome}");
    }
    assert!(outcome.stdout.is_empty(), "{outcome}");
}

/// A program without dependencies, with some files different.
pub fn project(files: &[(&str, Option<&str>)]) -> TempDir {
    let folder = temp();
    let good = [
        ("Cargo.toml", Some(MANIFEST)),
        ("src/main.rs", Some("fn main() {}\n")),
    ];
    for (name, text) in good.iter().chain(files) {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        match text {
            Some(text) => fs::write(&path, text).expect("a file"),
            None => fs::remove_file(&path).expect("a file less"),
        }
    }
    folder
}

/// Every file of a project but those in `target`, which is xbuild's to fill.
pub fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path == folder.join("target") {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else {
                let bytes = fs::read(&path).expect("a file");
                files.insert(path, bytes);
            }
        }
    }
    files
}

/// The address of a mirror that nobody serves.
pub fn nobody() -> String {
    let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr());
    format!("http://{}/debian", port.expect("a free port"))
}

/// An empty home, and no mirror but one that nobody serves.
pub fn quarantine(home: &Path) -> [(&'static str, String); 4] {
    [
        ("XBUILD_HOME", home.display().to_string()),
        ("XBUILD_MIRROR", nobody()),
        ("XBUILD_MIRRORS_ONLY", "1".to_owned()),
        ("XBUILD_NIX", "own".to_owned()),
    ]
}

#[test]
fn targets_and_floors_that_there_are_not() {
    for (target, says) in [
        (
            "aarch64-unknown-linux-gun",
            &[
                "unknown target `aarch64-unknown-linux-gun`",
                "hint: did you mean aarch64-unknown-linux-gnu,",
                "hint: `xbuild targets` lists all of them",
            ][..],
        ),
        (
            "armv7-linux",
            &["hint: did you mean armv7-unknown-linux-gnueabihf"],
        ),
        ("x", &["unknown target `x`", "hint: `xbuild targets`"]),
        (
            "aarch64-unknown-linux-gnu.2.9",
            &[
                "glibc 2.9 for `aarch64-unknown-linux-gnu` is below",
                "the lowest is 2.17",
                "hint: --target aarch64-unknown-linux-gnu.2.17",
            ],
        ),
        (
            "riscv64gc-unknown-linux-gnu.2.17",
            &[
                "the lowest is 2.",
                "hint: --target riscv64gc-unknown-linux-gnu.2.",
            ],
        ),
        (
            "i686-unknown-linux-gnu.2.99",
            &[
                "is above what is pinned here: the highest is 2.41",
                "hint: --target i686-unknown-linux-gnu.2.41",
            ],
        ),
        (
            "aarch64-unknown-linux-gnu.new",
            &[
                "`new` is not a glibc version such as 2.17",
                "hint: --target aarch64-unknown-linux-gnu.2.17",
            ],
        ),
        (
            "x86_64-unknown-linux-musl.2.17",
            &[
                "`x86_64-unknown-linux-musl` has no glibc",
                "hint: its programs are static: --target x86_64-unknown-linux-musl",
            ],
        ),
        (
            "universal2-apple-darwin",
            &[
                "`universal2-apple-darwin` is not a target of xbuild, which builds for Linux",
                "hint: on a Mac: cargo build for x86_64-apple-darwin",
                "hint: `xbuild targets` lists what it builds for",
            ],
        ),
    ] {
        for verb in ["build", "env", "toolchain"] {
            let case = Case {
                args: &[verb, "--target", target],
                code: 80,
                says,
                ..Case::default()
            };
            case.check();
        }
    }
    Case {
        args: &["build"],
        env: &[("XBUILD_TARGET", "aarch64")],
        code: 80,
        says: &[
            "the variable XBUILD_TARGET: unknown target `aarch64`",
            "hint: did you mean",
        ],
        ..Case::default()
    }
    .check();
}

#[test]
fn projects_that_cannot_be_read() {
    let missing = ("Cargo.toml", None);
    for (args, files, says) in [
        (
            &["build"][..],
            &[missing][..],
            &[
                "no Cargo.toml in `PROJECT` or any folder above",
                "hint: ",
                "--manifest-path",
            ][..],
        ),
        (
            &["shell"],
            &[missing],
            &["no Cargo.toml in `PROJECT`", "--manifest-path"],
        ),
        (
            &["test", "--manifest-path", "a/Cargo.toml"],
            &[],
            &[
                "there is no manifest `PROJECT/a/Cargo.toml`",
                "hint: --manifest-path",
            ],
        ),
        (
            &["install", "--path", "a"],
            &[],
            &["there is no manifest `PROJECT/a/Cargo.toml`", "hint: "],
        ),
        (
            &["build"],
            &[("Cargo.toml", Some("\n[package\nname = \"tiny\"\n"))],
            &[
                "PROJECT/Cargo.toml:2: unclosed table",
                "hint: the format: https://",
            ],
        ),
        (
            &["build", "--locked"],
            &[],
            &[
                "there is no `PROJECT/Cargo.lock`",
                "hint: leave out --locked",
            ],
        ),
        (
            &["run", "--frozen"],
            &[],
            &[
                "there is no `PROJECT/Cargo.lock`",
                "hint: leave out --locked and --frozen",
            ],
        ),
    ] {
        let case = Case {
            args,
            files,
            code: 81,
            says,
            ..Case::default()
        };
        case.check();
    }
}

#[test]
fn configurations_that_say_nothing_sensible() {
    for (text, code, says) in [
        (
            "\nmirors = []",
            82,
            &[
                "PROJECT/xbuild.toml:2: unknown key `mirors`",
                "hint: did you mean `mirrors`?",
            ][..],
        ),
        (
            "[build]\ntarget = [\"x86_64-unknown-linux-gnu\"]",
            82,
            &[
                "PROJECT/xbuild.toml:2: unknown key `build.target`",
                "hint: did you mean `build.targets`?",
            ],
        ),
        (
            "[build]\ntargets = \"x86_64-unknown-linux-gnu\"",
            82,
            &[
                "PROJECT/xbuild.toml:2: `build.targets` must be an array of strings",
                "hint: targets = [\"x86_64-unknown-linux-gnu\"]",
            ],
        ),
        (
            "[build",
            82,
            &[
                "PROJECT/xbuild.toml:1: unclosed table",
                "hint: the file is TOML",
            ],
        ),
        (
            "isolation = \"fill\"",
            82,
            &[
                "PROJECT/xbuild.toml:1: `isolation` must be one of `full`, `none`",
                "hint: did you mean `full`?",
            ],
        ),
        (
            "mirrors = [\n  \"nonsense\",\n]",
            82,
            &[
                "PROJECT/xbuild.toml:2: `nonsense` is not the address of a mirror",
                "hint: a mirror",
            ],
        ),
        (
            "[checks]\nallow = [\"lek\"]",
            82,
            &[
                "PROJECT/xbuild.toml:2: no check is called `lek`",
                "leak",
                "hint: docs/checks.md",
            ],
        ),
        (
            "[env]\npassthrough = [\"PATH\"]",
            82,
            &["PROJECT/xbuild.toml:2: PATH is set by the hermetic shell itself"],
        ),
        (
            "[test]\nrunner = \"nextst\"",
            82,
            &[
                "PROJECT/xbuild.toml:2: no runner is called `nextst`",
                "hint: did you mean `nextest`?",
            ],
        ),
        (
            "[runner.hack]\nversion = \"1\"",
            82,
            &["PROJECT/xbuild.toml:1: `runner.hack.sha256` is missing"],
        ),
        (
            "[build]\nglibc = \"new\"",
            82,
            &[
                "PROJECT/xbuild.toml:2: `new` is not a version of glibc",
                "hint: write it as",
            ],
        ),
        (
            "[build]\nglibc = \"2.1\"",
            80,
            &["the lowest is 2.17", "hint: --target"],
        ),
        (
            "[build]\ntargets = [\n  \"x86_64-unknown-linux-mussl\",\n]",
            80,
            &[
                "PROJECT/xbuild.toml:3: unknown target `x86_64-unknown-linux-mussl`",
                "hint: did you mean x86_64-unknown-linux-musl,",
            ],
        ),
        (
            "[target.x86_64-unknown-linux-mussl]\nglibc = \"2.17\"",
            80,
            &[
                "PROJECT/xbuild.toml:1: unknown target `x86_64-unknown-linux-mussl`",
                "hint: did you mean x86_64-unknown-linux-musl,",
            ],
        ),
    ] {
        let case = Case {
            args: &["build"],
            files: &[("xbuild.toml", Some(text))],
            code,
            says,
            ..Case::default()
        };
        case.check();
    }
}

#[test]
fn variables_that_say_nothing_sensible() {
    for (name, value, says) in [
        (
            "XBUILD_ISOLATION",
            "fulll",
            &[
                "XBUILD_ISOLATION must be one of `full`, `none`, not `fulll`",
                "hint: did you mean",
            ][..],
        ),
        (
            "XBUILD_NIX",
            "mine",
            &["XBUILD_NIX must be one of `auto`, `own`, `system`, not `mine`"],
        ),
        (
            "XBUILD_GLIBC",
            "abc",
            &[
                "the variable XBUILD_GLIBC: `abc` is not a version of glibc",
                "hint: ",
            ],
        ),
        (
            "XBUILD_ALLOW",
            "lek",
            &[
                "the variable XBUILD_ALLOW: no check is called `lek`",
                "hint: docs/checks.md",
            ],
        ),
        (
            "XBUILD_MIRROR",
            "nonsense",
            &[
                "the variable XBUILD_MIRROR: `nonsense` is not the address",
                "hint: a mirror starts",
            ],
        ),
        (
            "XBUILD_MIRROR",
            "",
            &[
                "XBUILD_MIRRORS_ONLY: only named mirrors may be asked",
                "hint: name one",
            ],
        ),
        (
            "XBUILD_HOME",
            "relative",
            &[
                "the variable XBUILD_HOME: `relative` is not an absolute path",
                "hint: XBUILD_HOME=$PWD/relative",
            ],
        ),
    ] {
        let case = Case {
            args: &["build"],
            env: &[(name, value)],
            code: 82,
            says,
            ..Case::default()
        };
        case.check();
    }
}

#[test]
fn command_lines_that_are_not_understood() {
    for (args, says) in [
        (
            &["+nightly", "build"][..],
            &[
                "`+nightly` chooses a toolchain of rustup",
                "hint: leave `+nightly` out",
            ][..],
        ),
        (
            &["bulid"],
            &[
                "`bulid` is no command of xbuild",
                "hint: did you mean `build`?",
            ],
        ),
        (
            &["frobnicate"],
            &[
                "`frobnicate` is no command of xbuild",
                "hint: xbuild --help",
            ],
        ),
        (
            &["build", "--allow", "lek"],
            &[
                "`--allow`: no check is called `lek`",
                "hint: docs/checks.md",
            ],
        ),
        (
            &["build", "--format", "xml"],
            &[
                "`xml` is no format of a report",
                "hint: --format text, or --format json",
            ],
        ),
        (
            &["build", "--isolation", "nome"],
            &[
                "`--isolation` must be one of `full`, `none`",
                "hint: did you mean `none`?",
            ],
        ),
        (
            &["build", "--target"],
            &["`--target` wants a value", "hint: `xbuild targets`"],
        ),
        (
            &["targets", "--format", "xml"],
            &["invalid value 'xml'", "possible values: text, json"],
        ),
        (
            &["install"],
            &[
                "builds a package from a folder",
                "hint: xbuild install --path .",
            ],
        ),
        (
            &["build", "--runner", "nextest"],
            &["`--runner` is for `xbuild test`, not `xbuild build`"],
        ),
        (
            &["test", "--runner", "mine"],
            &[
                "`--runner`: no runner is called `mine`",
                "hint: known are insta, nextest, cargo",
            ],
        ),
        (
            &["install", "ripgrep"],
            &[
                "builds a package from a folder",
                "hint: xbuild install --path .",
            ],
        ),
        (
            &[
                "run",
                "--target=x86_64-unknown-linux-gnu",
                "--target=aarch64-unknown-linux-musl",
            ],
            &[
                "is for one target, not x86_64-unknown-linux-gnu.2.28 and aarch64-unknown-linux-musl",
                "hint: xbuild run --target x86_64-unknown-linux-gnu.2.28",
            ],
        ),
        (
            &[
                "install",
                "--path=.",
                "--target=x86_64-unknown-linux-gnu",
                "--target=x86_64-unknown-linux-gnu.2.17",
            ],
            &[
                "`xbuild install` is for one target",
                "hint: xbuild install --target",
            ],
        ),
    ] {
        let case = Case {
            args,
            code: 2,
            says,
            ..Case::default()
        };
        case.check();
    }
}

#[test]
fn no_network_and_nothing_downloaded() {
    for (args, says) in [
        (
            &["build"][..],
            &[
                "failed to download `",
                "127.0.0.1:",
                "not reachable",
                "hint: ",
                "XBUILD_MIRROR=",
            ][..],
        ),
        (
            &["build", "--offline"],
            &[
                "offline, and ",
                "never downloaded",
                "hint: ",
                "xbuild fetch --target",
            ],
        ),
        (
            &["fetch", "--offline"],
            &["offline, and ", "never downloaded", "hint: "],
        ),
    ] {
        let case = Case {
            args,
            code: 83,
            says,
            ..Case::default()
        };
        case.check();
    }
}
