//! `xbuild verify`: what is reproducible is said to be, and what is not is
//! blamed on the right cause.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::{Outcome, copied, one_at_a_time, xbuild};

const TARGET: &str = "--target=x86_64-unknown-linux-musl";

fn verify(project: &Path, words: &[&str]) -> Outcome {
    let caller = xbuild().cwd(project).args(["verify", TARGET]);
    caller.args(words).run()
}

/// The names of the factors of each cause, those that act together joined.
fn causes(report: &Value) -> Vec<String> {
    let found = report["causes"]["found"].as_array().expect("causes");
    let names = |cause: &Value| -> String {
        let factors = cause["factors"].as_array().expect("factors");
        let names: Vec<&str> = factors.iter().filter_map(Value::as_str).collect();
        names.join("+")
    };
    found.iter().map(names).collect()
}

#[test]
fn a_sound_project_is_reproducible_under_every_variation() {
    let _building = one_at_a_time();
    let project = copied("examples/hello");
    let outcome = verify(project.path(), &["--format=json"]).ok();
    let report = outcome.json();
    assert_eq!(report["verdict"], "reproducible", "{outcome}");
    assert_eq!(report["first_build_reused"], false);
    let varied = report["varied"].as_array().expect("variations").len();
    let without = report["not_varied"].as_array().expect("a list").len();
    assert_eq!(varied + without, 14, "{outcome}");
    let artifact = &report["artifacts"][0];
    assert_eq!(artifact["sha256"], artifact["sha256_second"]);
    assert!(!project.path().join("target/xbuild/verify").exists());

    // The first build serves again, and what an interrupted verification left
    // behind is in nobody's way.
    let left = project.path().join("target/xbuild/verify/second/props");
    fs::create_dir_all(left).expect("remains");
    let again = verify(project.path(), &["--vary=umask,time", "--format=json"]).ok();
    let report = again.json();
    assert_eq!(report["first_build_reused"], true, "{again}");
    assert_eq!(report["builds"], 1, "{again}");
    assert_eq!(report["varied"], serde_json::json!(["time", "umask"]));
}

/// What each seeded defect depends on.
const DEFECTS: [(&str, &[&str]); 18] = [
    ("address", &["aslr"]),
    ("c-date", &["time", "timezone"]),
    ("environment", &["environment", "locales"]),
    ("folder-order", &["fileordering"]),
    ("hash-map", &["random"]),
    ("home", &["home"]),
    ("hostname", &["domain_host"]),
    ("kernel", &["kernel"]),
    ("locale", &["locales"]),
    ("manifest-dir", &["build_path"]),
    ("path", &["exec_path"]),
    ("processors", &["num_cpus"]),
    ("random", &["random"]),
    ("timestamp", &["time"]),
    ("timezone", &["timezone"]),
    ("two-causes", &["domain_host", "locales"]),
    ("umask", &["umask"]),
    ("user", &["user_group"]),
];

#[test]
fn each_defect_is_blamed_on_its_cause() {
    let _building = one_at_a_time();
    for (name, expected) in DEFECTS {
        let project = copied(&format!("tests/fixtures/irreproducible/{name}"));
        let outcome = verify(project.path(), &["--format=json"]).exits(90);
        let report = outcome.json();
        assert_eq!(report["verdict"], "differs", "{name}: {outcome}");
        let mut found = causes(&report);
        found.sort();
        assert_eq!(found, expected, "{name}: {outcome}");
        assert_eq!(report["causes"]["search"], "complete", "{name}: {outcome}");
    }
}

#[test]
fn a_stale_first_build_is_found_out() {
    let _building = one_at_a_time();
    let project = copied("tests/fixtures/irreproducible/timestamp");
    fs::remove_file(project.path().join("build.rs")).expect("no build script");
    let main = project.path().join("src/main.rs");
    fs::write(&main, "fn main() { println!(\"one\") }\n").expect("a program");
    verify(project.path(), &[]).ok();
    let old = fs::metadata(&main).and_then(|about| about.modified());
    fs::write(&main, "fn main() { println!(\"two\") }\n").expect("another program");
    let file = fs::File::options()
        .write(true)
        .open(&main)
        .expect("the file");
    file.set_modified(old.expect("its time"))
        .expect("the old time");

    let outcome = verify(project.path(), &[]).exits(90);
    outcome.says("the first build is stale").says("cargo clean");
}

#[test]
fn what_cannot_be_verified_is_said_before_or_instead_of_a_second_build() {
    let _building = one_at_a_time();
    let project = copied("tests/fixtures/irreproducible/timestamp");
    for (words, code, part) in [
        (&["--vary=tiem"][..], 2, "did you mean `time`?"),
        (&["--isolation=none"], 2, "cannot be verified"),
        (&["--format=xml"], 2, "`xml` is no format"),
    ] {
        verify(project.path(), words).exits(code).says(part);
    }
    // A first build that fails has cargo's own code.
    let build = project.path().join("build.rs");
    fs::write(&build, "fn main() { std::process::exit(1) }\n").expect("a script");
    verify(project.path(), &[]).exits(101);
    // A second one that fails is blamed like one that differs.
    let script = "fn main() { assert!(std::env::var_os(\"CAPTURE_ENVIRONMENT\").is_none()); \
                  std::fs::write(format!(\"{}/seen\", std::env::var(\"OUT_DIR\").unwrap()), \"\").unwrap() }\n";
    fs::write(&build, script).expect("a script");
    verify(project.path(), &["--no-blame"])
        .exits(90)
        .says("the second one fails");
    let outcome = verify(project.path(), &["--format=json"]).exits(90);
    let report = outcome.json();
    assert_eq!(causes(&report), ["environment"], "{outcome}");
    assert_eq!(report["causes"]["found"][0]["fails"], true);
    // A library for other crates is nothing that leaves the machine.
    fs::remove_file(&build).expect("no script");
    fs::remove_file(project.path().join("src/main.rs")).expect("no program");
    fs::write(project.path().join("src/lib.rs"), "").expect("a library");
    verify(project.path(), &[])
        .exits(81)
        .says("nothing to compare");
}
