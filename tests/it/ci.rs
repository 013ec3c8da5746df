//! `xbuild ci`: what it writes, what it checks, and the script run to its end.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use tempfile::TempDir;
use xbuild::host;
use xbuild::process::Command;

use crate::setup::program;
use crate::support::{Outcome, copied, git, network, run, temp, test_home, turn_to_build, xbuild};

const DATE: &str = "2024-05-06T07:08:09Z";

const SETTINGS: &str = "\
[build]
targets = [\"aarch64-unknown-linux-gnu.2.17\", \"x86_64-unknown-linux-musl\"]

[ci]
xbuild = \"https://git.example.invalid/xbuild\"
revision = \"v0.1.0\"
native = [\"x86_64-pc-windows-msvc\"]
";

/// A project with two targets, in a repository.
fn project() -> TempDir {
    let folder = copied("examples/hello");
    fs::write(folder.path().join("xbuild.toml"), SETTINGS).expect("xbuild.toml");
    git(folder.path(), DATE, &["init", "-q"]);
    folder
}

fn ci(folder: &Path, args: &[&str]) -> Outcome {
    xbuild()
        .cwd(folder)
        .arg("ci")
        .args(args.iter().copied())
        .run()
}

fn commit(folder: &Path) {
    git(folder, DATE, &["add", "."]);
    git(folder, DATE, &["commit", "-q", "-m", "all"]);
}

#[test]
fn files_are_written_checked_and_kept() {
    let folder = project();
    let folder = folder.path();
    ci(folder, &[]).exits(2).says("no service is named");
    ci(folder, &["--check"]).exits(2).says("no pipeline");
    ci(folder, &["github", "--check"])
        .exits(82)
        .says("error: there is no `.github/workflows/xbuild.yml`\n  hint: xbuild ci github\n");
    let written = ci(folder, &["github", "gitlab", "forgejo", "--format=json"]).ok();
    let document = written.json();
    assert_eq!(document["version"], 1);
    assert_eq!(document["files"][2]["state"], "written");
    let file = folder.join(".github/workflows/xbuild.yml");
    let text = fs::read_to_string(&file).expect("a pipeline");
    let printed = ci(folder, &["github", "--print"]).ok().stdout;
    assert_eq!(text, printed);
    for word in [
        "artefact: \"hello-linux-aarch64-glibc2.17\"",
        "artefact: \"hello-linux-x86_64-static\"",
        "machine: \"windows-latest\"",
        "XBUILD_REVISION: \"v0.1.0\"",
    ] {
        assert!(text.contains(word), "{word} in\n{text}");
    }
    ci(folder, &["--check"]).ok().says("Unchanged");

    // The configuration changes, and the files are to be written again.
    let settings = SETTINGS.replace("2.17", "2.28");
    fs::write(folder.join("xbuild.toml"), settings).expect("xbuild.toml");
    ci(folder, &["--check"])
        .exits(82)
        .says("xbuild.yml:")
        .says("not what xbuild.toml asks for");
    ci(folder, &["github", "gitlab", "forgejo"]).ok();
    ci(folder, &["--check"]).ok();

    // What others wrote stays.
    let mine = "stages: [mine]\n";
    fs::write(folder.join(".gitlab-ci.yml"), mine).expect("a file");
    ci(folder, &["gitlab"])
        .exits(82)
        .says("was not written by xbuild");
    let left = fs::read_to_string(folder.join(".gitlab-ci.yml")).expect("a file");
    assert_eq!(left, mine);
    ci(folder, &["gitlab", "--force"]).ok();

    // It reads its own files as those of any service.
    fs::remove_file(folder.join("xbuild.toml")).expect("removed");
    let drafted = xbuild().cwd(folder).args(["init", "--print"]).run().ok();
    assert!(
        drafted.stdout.contains("aarch64-unknown-linux-gnu.2.28"),
        "{drafted}"
    );
}

/// Where the machine has them: `npm` and PyPI do.
#[test]
fn checkers_of_others_find_nothing() {
    let folder = project();
    let folder = folder.path();
    ci(folder, &["github", "gitlab", "forgejo", "shell"]).ok();
    let github = ".github/workflows/xbuild.yml";
    let forgejo = ".forgejo/workflows/xbuild.yml";
    let schema = |name| ["--builtin-schema", name];
    for (checker, args, file) in [
        ("actionlint", &[][..], github),
        (
            "check-jsonschema",
            &schema("vendor.github-workflows"),
            github,
        ),
        (
            "check-jsonschema",
            &schema("vendor.github-workflows"),
            forgejo,
        ),
        (
            "check-jsonschema",
            &schema("vendor.gitlab-ci"),
            ".gitlab-ci.yml",
        ),
        ("shellcheck", &[], "xbuild-ci.sh"),
    ] {
        let Some(program) = program(checker) else {
            continue;
        };
        let command = Command::new(program).args(args).arg(file).cwd(folder);
        let path = host::var("PATH").expect("a path");
        run(&command.env("PATH", path).env("HOME", folder)).ok();
    }
}

#[test]
fn the_key_of_a_cache_follows_the_lock_and_the_targets() {
    let folder = project();
    let folder = folder.path();
    let key = |args: &[&str]| ci(folder, args).ok().stdout;
    let all = key(&["--key"]);
    assert_eq!(all.trim().len(), 64);
    assert_eq!(all, key(&["--key"]));
    assert_ne!(all, key(&["--key", "--target=x86_64-unknown-linux-musl"]));
    fs::write(folder.join("xbuild.lock"), "version = 1\n").expect("a lock");
    assert_ne!(all, key(&["--key"]));
}

#[test]
fn what_would_become_more_than_a_word_of_a_script_is_refused() {
    let folder = project();
    let folder = folder.path();
    for (line, says) in [
        (
            "xbuild = \"x; rm -rf ~\"",
            "is no address that git can clone",
        ),
        ("revision = \"--upload-pack=x\"", "is no commit or tag"),
        ("name = \"a b\"", "is no name of a package"),
        (
            "native = [\"x86_64-pc-windows-gnu\"]",
            "x86_64-pc-windows-gnu",
        ),
        ("machine = \"x\"", "machine"),
    ] {
        fs::write(folder.join("xbuild.toml"), format!("[ci]\n{line}\n")).expect("xbuild.toml");
        ci(folder, &["github", "--print"])
            .exits(82)
            .says("xbuild.toml:2: ")
            .says(says);
    }
}

#[test]
fn the_script_tests_builds_verifies_and_releases() {
    let _building = turn_to_build();
    let folder = project();
    let folder = folder.path();
    ci(folder, &["shell"]).ok();
    let script = folder.join("xbuild-ci.sh");
    let mode = fs::metadata(&script)
        .expect("the script")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o755);
    commit(folder);

    let (bin, home) = (temp(), temp());
    symlink(env!("CARGO_BIN_EXE_xbuild"), bin.path().join("xbuild")).expect("xbuild");
    let path = host::var("PATH").expect("a path");
    let folders = [bin.path().to_owned()].into_iter();
    let path = std::env::join_paths(folders.chain(std::env::split_paths(&path))).expect("a path");
    let cargo_home = home.path().join(".cargo");
    fs::create_dir(&cargo_home).expect("a folder");
    crate::support::cargos_settings(&cargo_home);
    let mut command = Command::new(&script).arg("release");
    for (name, value) in network() {
        command = command.env(name, value);
    }
    let command = command
        .env("PATH", path)
        .env("HOME", home.path())
        .env("XBUILD_HOME", test_home());
    let command = command.cwd(folder);
    let ran = run(&command).ok();
    for target in [
        "aarch64-unknown-linux-gnu.2.17",
        "x86_64-unknown-linux-musl",
    ] {
        let archive = format!("hello-0.1.0-{target}.tar.gz");
        let artefact = match target.ends_with("musl") {
            true => "hello-linux-x86_64-static",
            false => "hello-linux-aarch64-glibc2.17",
        };
        let dist = folder.join("target/dist");
        let row = fs::read(dist.join(artefact).join(&archive));
        let row = row.unwrap_or_else(|error| panic!("{archive}: {error}\n{ran}"));
        let all = fs::read(dist.join("release").join(&archive)).expect("an archive");
        assert!(row == all, "{archive}");
    }
    let provenance = folder.join("target/dist/release/hello-0.1.0.intoto.json");
    let text = fs::read_to_string(provenance).expect("the provenance");
    assert!(text.contains("\"verdict\":\"reproducible\""), "{text}");

    // A change of the configuration is what it stops at first.
    fs::write(folder.join("xbuild.toml"), "").expect("xbuild.toml");
    run(&command)
        .exits(82)
        .says("not what xbuild.toml asks for");
}
