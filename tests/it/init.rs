//! `xbuild init` on projects that were built with something else, and builds
//! with what it wrote.

use std::fs;
use std::path::Path;

use crate::bad_input::{MANIFEST, contents, project, quarantine};
use crate::support::{Outcome, repository, temp, turn_to_build, xbuild};

const CROSS: &str = "\
[build]
default-target = \"aarch64-unknown-linux-gnu\"
zig = \"2.17\"
pre-biuld = []

[build.env]
passthrough = [\"INIT_WORD\"]

[target.x86_64-unknown-linux-musl]
image = \"mine:edge\"
";

const MAIN: &str = "fn main() { println!(\"{}\", env!(\"INIT_WORD\")); }\n";

/// Runs it where nothing can be fetched.
fn init(folder: &Path, args: &[&str]) -> Outcome {
    let home = temp();
    let mut caller = xbuild().cwd(folder).arg("init").args(args.iter().copied());
    for (name, value) in quarantine(home.path()) {
        caller = caller.env(name, value);
    }
    caller.run()
}

#[test]
fn what_it_writes_builds() {
    let _building = turn_to_build();
    let folder = project(&[("Cross.toml", Some(CROSS)), ("src/main.rs", Some(MAIN))]);
    fs::create_dir(folder.path().join(".git")).expect("a repository, as far as that goes");

    init(folder.path(), &[])
        .ok()
        .says("Carried Cross.toml:2: target aarch64-unknown-linux-gnu → build.targets")
        .says("Carried Cross.toml:3: zig 2.17 → build.glibc")
        .says("Left out Cross.toml:4: the key `build.pre-biuld`\n               cross has no such key; the nearest is `pre-build`\n")
        .says("Left out Cross.toml:10: image mine:edge\n               xbuild builds in no container")
        .says("Wrote xbuild.toml")
        .says("Added /target to .gitignore")
        .says("Next xbuild build --release --target aarch64-unknown-linux-gnu\n");
    let ignored = fs::read_to_string(folder.path().join(".gitignore")).expect("a file");
    assert_eq!(ignored, "/target\n");

    let built = xbuild()
        .cwd(folder.path())
        .args(["build", "--format", "json"])
        .env("INIT_WORD", "heard")
        .run()
        .ok();
    let reports = built.reports();
    assert_eq!(reports.len(), 1, "{built}");
    assert_eq!(
        reports[0]["target"], "aarch64-unknown-linux-gnu.2.17",
        "{built}"
    );
    let program = folder
        .path()
        .join("target/aarch64-unknown-linux-gnu/debug/tiny");
    let bytes = fs::read(program).expect("the program");
    assert!(bytes.windows(5).any(|window| window == b"heard"));
}

/// From the files of cross to a program over a library of the target's system,
/// by the commands that each step names.
#[test]
fn packages_of_cross_are_locked_built_with_and_run() {
    let _building = turn_to_build();
    let text = |path: &str| {
        let path = repository("tests/fixtures/libraries/pci").join(path);
        fs::read_to_string(path).expect("a file of the fixture")
    };
    let cross = "[target.aarch64-unknown-linux-gnu]\n\
        pre-build = [\"dpkg --add-architecture $CROSS_DEB_ARCH\", \
        \"apt-get update && apt-get install --assume-yes libpci-dev:$CROSS_DEB_ARCH\"]\n";
    let folder = project(&[
        ("Cross.toml", Some(cross)),
        ("Cargo.toml", Some(&text("Cargo.toml"))),
        ("build.rs", Some(&text("build.rs"))),
        ("src/main.rs", Some(&text("src/main.rs"))),
    ]);
    let call = |words: &[&str], target: &str| {
        let caller = xbuild().cwd(folder.path()).args(words.iter().copied());
        caller.args(["--target", target]).run()
    };
    let target = "aarch64-unknown-linux-gnu";
    init(folder.path(), &[])
        .ok()
        .says("package libpci-dev")
        .says("Next xbuild lock");
    call(&["build"], target)
        .exits(82)
        .says("hint: xbuild lock --target");
    call(&["lock"], target).ok().says("packages of bullseye");
    // What libpci loads in its turn was built for a newer glibc.
    let higher = format!("{target}.2.30");
    call(&["build"], target)
        .exits(88)
        .says(&format!("hint: `--target {higher}`"));
    let ran = call(&["run", "-q"], &higher).ok();
    assert_eq!(ran.stdout, "libpci has linux-sysfs on aarch64\n", "{ran}");
}

#[test]
fn nothing_is_written_over_without_being_asked() {
    let own = "[build]\nglibc = \"2.31\"\n";
    let folder = project(&[("xbuild.toml", Some(own)), ("Cross.toml", Some(CROSS))]);
    let before = contents(folder.path());
    init(folder.path(), &[])
        .exits(82)
        .says("there is an `")
        .says("hint: xbuild init --print shows what would be written")
        .says("hint: xbuild init --force");
    for flag in ["--print", "--dry-run"] {
        let printed = init(folder.path(), &[flag]).ok();
        assert!(
            printed.stdout.contains("glibc = \"2.17\" # Cross.toml:3"),
            "{printed}"
        );
        assert!(!printed.stderr.contains("Wrote"), "{printed}");
    }
    assert_eq!(contents(folder.path()), before);

    init(folder.path(), &["--force"]).ok();
    let text = fs::read_to_string(folder.path().join("xbuild.toml")).expect("a file");
    assert!(text.contains("glibc = \"2.17\""), "{text}");
    // No repository: no file for git.
    assert!(!folder.path().join(".gitignore").exists());
}

#[test]
fn files_are_found_around_a_workspace_in_a_repository() {
    let folder = temp();
    let inner = folder.path().join("rust/member");
    for (path, text) in [
        (".git/HEAD", ""),
        (".gitignore", "target"),
        (
            ".github/workflows/b.yaml",
            "run: cross build --target i686-unknown-linux-gnu\n",
        ),
        (".github/workflows/notes.txt", "s390x-unknown-linux-gnu"),
        (
            ".cargo/config.toml",
            "[build]\nrustc-wrapper = \"sccache\"\n",
        ),
        ("rust/Cargo.toml", "[workspace]\nmembers = [\"member\"]\n"),
        ("rust/rust-toolchain", "1.75.0\n"),
        ("rust/member/Cargo.toml", MANIFEST),
        ("rust/member/src/main.rs", "fn main() {}\n"),
    ] {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
    init(&inner, &[])
        .ok()
        .says("Carried ../.github/workflows/b.yaml:1: target i686-unknown-linux-gnu")
        .says("Left out ../.cargo/config.toml:2: build.rustc-wrapper sccache")
        .says("Needless rust-toolchain:1: channel 1.75.0")
        .says("Next xbuild lock");
    let text = fs::read_to_string(folder.path().join("rust/xbuild.toml")).expect("a file");
    assert!(!text.contains("s390x"), "{text}");
    // The line above holds for every folder below.
    assert!(!folder.path().join("rust/.gitignore").exists());
}

#[test]
fn files_that_cannot_be_read_are_named() {
    for (path, text, says) in [
        (
            "Cross.toml",
            "[build]\nzig = 2.17\n",
            "Cross.toml:2: `build.zig` must be a string",
        ),
        (
            ".gitlab-ci.yml",
            "a: b: c\n",
            ".gitlab-ci.yml:1: mapping values",
        ),
        (
            "rust-toolchain.toml",
            "[toolchain\n",
            "rust-toolchain.toml:1: ",
        ),
    ] {
        let folder = project(&[(path, Some(text))]);
        init(folder.path(), &[]).exits(82).says(says);
        assert!(!folder.path().join("xbuild.toml").exists());
    }
    let folder = temp();
    init(folder.path(), &[]).exits(81).says("no Cargo.toml in");
}
