//! `SOURCE_DATE_EPOCH`: the commit's time, the same for everybody who has the
//! commit, and known of what was built before.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;
use xbuild::process::Command;

use crate::support::{Outcome, git, only_git, run, temp, turn_to_build, xbuild};

const TARGET: &str = "x86_64-unknown-linux-musl";
const FIRST: (&str, &str) = ("2023-11-14T22:13:20Z", "1700000000");
const SECOND: (&str, &str) = ("2024-10-10T10:10:10+02:00", "1728547810");
const CONSTANT: &str = "315532800";

/// Takes the moment without telling cargo.
const SILENT: &str = "
fn main() {
    println!(\"cargo:rerun-if-changed=build.rs\");
    println!(\"cargo:rustc-env=STAMP={}\", std::env::var(\"SOURCE_DATE_EPOCH\").unwrap());
}
";

/// A repository of one commit, with the project below its root.
struct Checkout {
    folder: TempDir,
    git: TempDir,
}

impl Checkout {
    fn new(script: &str) -> Self {
        let folder = temp();
        let project = folder.path().join("repository/tool");
        fs::create_dir_all(project.join("src")).expect("a project");
        let lock = "version = 4\n\n[[package]]\nname = \"tool\"\nversion = \"0.1.0\"\n";
        for (file, text) in [
            (
                "Cargo.toml",
                "[package]\nname = \"tool\"\nversion = \"0.1.0\"\nedition = \"2021\"\n",
            ),
            ("Cargo.lock", lock),
            ("build.rs", script),
            (
                "src/main.rs",
                "fn main() { println!(\"{}\", env!(\"STAMP\")) }\n",
            ),
            (".gitignore", "/target\n"),
        ] {
            fs::write(project.join(file), text).expect("a file of the project");
        }
        let checkout = Checkout {
            folder,
            git: only_git(),
        };
        checkout.git(FIRST.0, &["init", "-q"]);
        checkout.git(FIRST.0, &["add", "-A"]);
        checkout.git(FIRST.0, &["commit", "-q", "-m", "first"]);
        checkout
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn project(&self) -> PathBuf {
        self.path("repository/tool")
    }

    fn git(&self, date: &str, args: &[&str]) {
        git(&self.path("repository"), date, args);
    }

    /// Calls xbuild by somebody who has git.
    fn xbuild(&self, project: &Path, args: &[&str]) -> Outcome {
        let caller = xbuild().args(args).args(["--target", TARGET]);
        caller.env("PATH", self.git.path()).cwd(project).run()
    }
}

/// Builds, and gives what the program was told and its hash.
fn built(checkout: &Checkout, project: &Path) -> (String, String) {
    let outcome = checkout.xbuild(project, &["build", "--release", "--format=json"]);
    let report = &outcome.ok().reports()[0];
    let hash = report["artifacts"][0]["sha256"].as_str().expect("a hash");
    (said(project), hash.to_owned())
}

fn said(project: &Path) -> String {
    let program = project.join(format!("target/{TARGET}/release/tool"));
    run(&Command::new(program)).ok().stdout.trim().to_owned()
}

fn told(outcome: Outcome) -> Value {
    outcome.ok().json()["env"]["SOURCE_DATE_EPOCH"].clone()
}

#[test]
fn two_checkouts_of_a_commit_have_its_time_and_the_same_bits() {
    let _building = turn_to_build();
    let script = SILENT.replace("changed=build.rs", "env-changed=SOURCE_DATE_EPOCH");
    let checkout = Checkout::new(&script);
    let here = checkout.project();
    let (moment, hash) = built(&checkout, &here);
    assert_eq!(moment, FIRST.1);
    checkout.git(
        FIRST.0,
        &["worktree", "add", "-q", "-b", "other", "../a longer path"],
    );
    checkout.git(FIRST.0, &["pack-refs", "--all"]);
    let there = checkout.path("a longer path/tool");
    assert_eq!(built(&checkout, &there), (moment, hash));

    // The commit is asked for once, and where nobody can be asked that is said.
    let env = ["env", "--format=json"];
    let nobody = |project: &Path| {
        let caller = xbuild().args(env).args(["--target", TARGET]);
        caller.cwd(project).run()
    };
    assert_eq!(told(nobody(&here)), FIRST.1);
    fs::remove_dir_all(there.join("target")).expect("a target folder");
    let outcome = nobody(&there)
        .says("SOURCE_DATE_EPOCH is 1980-01-01")
        .says("git cannot be started");
    assert_eq!(told(outcome), CONSTANT);

    // Another commit is another moment; a setting wins over it, and what the
    // caller passes on over both.
    checkout.git(SECOND.0, &["commit", "-q", "--allow-empty", "-m", "second"]);
    assert_eq!(built(&checkout, &here).0, SECOND.1);
    let settings = here.join("xbuild.toml");
    for (text, expected) in [
        ("[build]\nsource-date-epoch = \"constant\"\n", CONSTANT),
        ("[build]\nsource-date-epoch = 1600000000\n", "1600000000"),
        (
            "[build]\nsource-date-epoch = 1\n[env]\npassthrough = [\"SOURCE_DATE_EPOCH=2\"]\n",
            "2",
        ),
    ] {
        fs::write(&settings, text).expect("settings");
        assert_eq!(told(checkout.xbuild(&here, &env)), expected, "{text}");
        let words = ["shell", "--", "sh", "-c", "echo $SOURCE_DATE_EPOCH"];
        let caller = xbuild()
            .args(["shell", "--target", TARGET])
            .args(&words[1..]);
        let shell = caller
            .env("PATH", checkout.git.path())
            .cwd(&here)
            .run()
            .ok();
        assert_eq!(shell.stdout.trim(), expected, "{text}");
        assert_eq!(built(&checkout, &here).0, expected, "{text}");
    }
}

#[test]
fn what_was_built_at_another_commit_is_not_taken_for_the_first_build() {
    let _building = turn_to_build();
    let checkout = Checkout::new(SILENT);
    let project = checkout.project();
    let (moment, hash) = built(&checkout, &project);
    assert_eq!(moment, FIRST.1);
    checkout.git(SECOND.0, &["commit", "-q", "--allow-empty", "-m", "second"]);
    // Cargo is not told, and finds all fresh.
    assert_eq!(built(&checkout, &project).0, FIRST.1);
    let verify = |more: &[&str]| {
        let words = ["verify", "--vary=time", "--format=json"];
        checkout.xbuild(&project, &[&words, more].concat())
    };
    let outcome = verify(&[]).ok().says("another SOURCE_DATE_EPOCH");
    assert_eq!(outcome.json()["first_build_reused"], false, "{outcome}");
    assert_eq!(said(&project), SECOND.1);
    let outcome = verify(&[]).ok();
    assert_eq!(outcome.json()["first_build_reused"], true, "{outcome}");

    // Somebody who has the source and what was published needs no repository.
    let statement = json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{ "name": "tool", "digest": { "sha256": hash } }],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": { "buildDefinition": { "internalParameters": {
            "xbuild_source_date_epoch": FIRST.1,
        } } },
    });
    fs::write(project.join("tool.intoto.json"), statement.to_string()).expect("a statement");
    fs::rename(
        checkout.path("repository/.git"),
        checkout.path("repository.git"),
    )
    .expect("no repository");
    let against = ["verify", "--against=tool.intoto.json", "--format=json"];
    let outcome = checkout.xbuild(&project, &against).ok();
    assert_eq!(outcome.json()["verdict"], "reproducible", "{outcome}");
    assert_eq!(said(&project), FIRST.1);
}
