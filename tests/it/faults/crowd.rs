//! Many runs at once: for one target and for several, of one xbuild and of two
//! versions, with a collection of garbage in between.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;

use tempfile::TempDir;
use xbuild::nix::{SOURCES_HASH, embedded};
use xbuild::process::Command;

use super::{House, TARGET, expected, hash, project};
use crate::bad_input::nobody;
use crate::support::{run, temp, turn_to_build};

#[test]
fn eight_runs_for_one_target_share_the_work() {
    let _building = turn_to_build();
    let house = House::cold();
    // The last two share a project and its target folder too.
    let projects: Vec<TempDir> = (1..8).map(|_| project()).collect();
    let folders = projects.iter().chain(projects.last());
    std::thread::scope(|scope| {
        for folder in folders {
            scope.spawn(|| house.heals(folder.path()));
        }
    });
    house.downloads_are_right();
    house.store_is_right();
}

#[test]
fn eight_runs_for_four_targets_with_collections_in_between() {
    let _building = turn_to_build();
    let house = House::warm();
    let targets = ["2.17", "2.18", "2.24", "2.28"].map(|floor| TARGET.replace("2.17", floor));
    std::thread::scope(|scope| {
        for target in targets.iter().chain(&targets) {
            let house = &house;
            scope.spawn(move || {
                let project = project();
                let args = ["build", "--format=json", "--target", target];
                let build = house.xbuild(project.path(), &nobody(), &args);
                let outcome = run(&build).ok();
                if target == TARGET {
                    assert_eq!(hash(&outcome), expected());
                }
            });
        }
        let house = &house;
        scope.spawn(move || {
            for _ in 0..2 {
                run(&collect(house)).ok();
            }
        });
    });
    house.store_is_right();
    let project = project();
    house.heals(project.path());
}

fn collect(house: &House) -> Command {
    house.xbuild(house.path(), &nobody(), &["gc", "--all"])
}

#[test]
fn what_a_run_works_with_is_not_collected() {
    let _building = turn_to_build();
    let (house, project) = (House::warm(), project());
    let script = "echo ready; read go; rustc -vV";
    let args = ["shell", "--target", TARGET, "--", "sh", "-c", script];
    let mut shell = house
        .xbuild(project.path(), &nobody(), &args)
        .to_std()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a shell");
    let mut said = BufReader::new(shell.stdout.take().expect("a pipe")).lines();
    let mut next = || said.next().expect("a line").expect("text");
    assert_eq!(next(), "ready");
    run(&collect(&house))
        .ok()
        .says("stays: another run works with it");
    let mut go = shell.stdin.take().expect("a pipe");
    writeln!(go, "go").expect("the shell still reads");
    assert!(next().starts_with("rustc "));
    drop(said);
    drop(go);
    shell.wait().expect("its end");

    let outcome = run(&collect(&house)).ok().says("Dropped toolchain.");
    assert!(!outcome.stderr.contains("stays"), "{outcome}");
    assert!(!house.realised_file().exists());

    // Nor are downloads needed to collect once more.
    for _ in 0..2 {
        let all = ["gc", "--all", "--downloads"];
        run(&house.xbuild(house.path(), &nobody(), &all)).ok();
    }
    assert!(!house.folders().downloads().exists());
}

/// This xbuild with another comment in its Nix sources, which are another
/// version for that.
fn another_version(folder: &Path) -> std::path::PathBuf {
    let mut bytes = fs::read(env!("CARGO_BIN_EXE_xbuild")).expect("this program");
    let sources = embedded("default.nix").expect("a file of the sources");
    let comment = sources.windows(2).position(|two| two == b"# ");
    let comment = comment.expect("a comment") + 2;
    let places = |bytes: &[u8], what: &[u8]| -> Vec<usize> {
        let found = bytes.windows(what.len()).enumerate();
        let found = found.filter(|(_, part)| *part == what);
        found.map(|(place, _)| place).collect()
    };
    let texts = places(&bytes, sources);
    let hashes = places(&bytes, SOURCES_HASH.as_bytes());
    assert!(!texts.is_empty() && !hashes.is_empty());
    for place in texts {
        bytes[place + comment] ^= 1;
    }
    for place in hashes {
        bytes[place..place + 16].copy_from_slice(b"0123456789abcdef");
    }
    let program = folder.join("xbuild");
    fs::write(&program, bytes).expect("another program");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("a program");
    program
}

#[test]
fn two_versions_share_a_cache() {
    let _building = turn_to_build();
    let (house, bin) = (House::warm(), temp());
    let other = another_version(bin.path());
    let build = |project: &Path| {
        let args = ["build", "--format=json", "--target", TARGET];
        house.by(&other, project, &nobody(), &args)
    };
    let projects: Vec<TempDir> = (0..4).map(|_| project()).collect();
    std::thread::scope(|scope| {
        let (build, house) = (&build, &house);
        for (index, folder) in projects.iter().enumerate() {
            scope.spawn(move || {
                if index % 2 == 0 {
                    house.forget();
                    house.heals(folder.path());
                } else {
                    let outcome = run(&build(folder.path())).ok();
                    assert_eq!(hash(&outcome), expected(), "{outcome}");
                }
            });
        }
        scope.spawn(|| run(&house.xbuild(house.path(), &nobody(), &["gc"])).ok());
    });
    let sources = house.path().join("data/sources");
    run(&house.xbuild(house.path(), &nobody(), &["gc"])).ok();
    // Each of the two goes on, and brings back what the other has removed.
    assert!(!sources.join("0123456789abcdef").exists());
    let outcome = run(&build(projects[0].path())).ok();
    assert_eq!(hash(&outcome), expected(), "{outcome}");
    house.heals(projects[0].path());
    house.store_is_right();
}
