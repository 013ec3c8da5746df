//! Test programs of one package at the same time, each in a shell of its own.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::support::{Outcome, temp, turn_to_build, xbuild};

/// One test of each of two programs: neither could take its port, or make its
/// file, if it shared the network or `/tmp` with the other, and neither passes
/// before the other has come as far.
const MEETS: &str = r#"
use std::{fs, net::TcpListener, path::Path, thread::sleep, time::{Duration, Instant}};

#[test]
fn meets() {
    let _port = TcpListener::bind("127.0.0.1:4711").expect("a port");
    fs::File::create_new("/tmp/mine").expect("a file");
    let shared = Path::new(env!("CARGO_TARGET_TMPDIR"));
    fs::write(shared.join("SELF"), "").expect("a mark");
    let begin = Instant::now();
    while !shared.join("OTHER").exists() {
        assert!(begin.elapsed() < Duration::from_secs(120), "alone");
        sleep(Duration::from_millis(20));
    }
}

#[test]
fn tells() {
    println!("has folder {:?}", std::env::current_dir());
    for (name, value) in std::env::vars() {
        println!("has {name} {value}");
    }
}

#[test]
fn may_fail() {
    assert!(!Path::new("/build/source/fail").exists());
}
"#;

const LIBRARY: &str = "
/// ```
/// assert_eq!(several::two(), 2);
/// ```
pub fn two() -> u8 { 2 }

#[test]
fn counts() { assert_eq!(two(), 2); }
";

fn project() -> TempDir {
    let project = temp();
    let write = |path: &str, text: &str| {
        let path = project.path().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    };
    write(
        "Cargo.toml",
        "[package]\nname = \"several\"\nversion = \"0.1.0\"\nedition = \"2024\"\n",
    );
    write("src/lib.rs", LIBRARY);
    for (name, other) in [("one", "two"), ("two", "one")] {
        let text = MEETS.replace("SELF", name).replace("OTHER", other);
        write(&format!("tests/{name}.rs"), &text);
    }
    project
}

fn test(project: &Path, words: &[&str]) -> Outcome {
    let caller = xbuild().cwd(project);
    let caller = caller.args(["test", "--target=aarch64-unknown-linux-gnu.2.17"]);
    caller.args(words).run()
}

/// The lines that tell where and with which variables the tests run.
fn surroundings(outcome: &Outcome) -> Vec<&str> {
    let lines = outcome.stdout.lines();
    let mut lines: Vec<_> = lines.filter(|line| line.starts_with("has ")).collect();
    lines.sort_unstable();
    lines
}

#[test]
fn they_run_at_once_and_see_nothing_of_each_other() {
    let _building = turn_to_build();
    let project = project();
    let at_once = test(project.path(), &["--test-jobs=2", "--", "--nocapture"]).ok();
    // In cargo's order, whoever is first, and the doc tests last.
    let told: Vec<&str> = at_once
        .stderr
        .lines()
        .filter(|line| {
            let line = line.trim_start();
            line.starts_with("Running ") || line.starts_with("Doc-tests ")
        })
        .collect();
    let expected = [
        "src/lib.rs",
        "tests/one.rs",
        "tests/two.rs",
        "Doc-tests several",
    ];
    assert_eq!(told.len(), expected.len(), "{at_once}");
    for (line, part) in told.iter().zip(expected) {
        assert!(line.contains(part), "{line}\n{at_once}");
    }
    assert_eq!(
        at_once.stdout.matches("test result: ok.").count(),
        4,
        "{at_once}"
    );

    // Where it runs and with which variables is as by cargo itself.
    let tells = ["--", "--nocapture", "tells"];
    let cargos = test(project.path(), &[&["--test-jobs=1"], &tells[..]].concat()).ok();
    let ours = test(project.path(), &[&["--test-jobs=2"], &tells[..]].concat()).ok();
    let (ours, cargos) = (surroundings(&ours), surroundings(&cargos));
    assert!(cargos.contains(&"has CARGO_PKG_NAME several"));
    let differing = |of: &[&str], from: &[&str]| -> Vec<String> {
        let other = of.iter().filter(|line| !from.contains(line));
        other.map(|line| (*line).to_owned()).collect()
    };
    assert_eq!(differing(&ours, &cargos), [""; 0]);
    assert_eq!(differing(&cargos, &ours), [""; 0]);
    assert_eq!(ours.len(), cargos.len());
}

#[test]
fn those_that_fail_are_named() {
    let _building = turn_to_build();
    let project = project();
    fs::write(project.path().join("fail"), "").expect("a file");
    let words = ["--test-jobs=2", "--", "may_fail"];
    let stopped = test(project.path(), &words).exits(101);
    assert!(
        stopped.stderr.contains("to rerun pass `-p several --test"),
        "{stopped}"
    );
    assert!(!stopped.stderr.contains("Doc-tests"), "{stopped}");
    let all = test(project.path(), &[&["--no-fail-fast"], &words[..]].concat()).exits(101);
    for part in [
        "`-p several --test one`",
        "`-p several --test two`",
        "Doc-tests several",
    ] {
        assert!(all.stderr.contains(part), "{part}\n{all}");
    }
    let wrong = test(project.path(), &["--test-jobs=none"]).exits(2);
    assert!(wrong.stderr.contains("--test-jobs"), "{wrong}");
}
