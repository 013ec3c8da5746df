//! Registries that the user has set up: a mirror in the place of crates.io, and
//! one that asks for a token.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::registry::Registry;
use crate::support::{Outcome, temp, turn_to_build, xbuild};

const TARGET: &str = "--target=x86_64-unknown-linux-musl";

const PLACED: &str = "pub fn place() -> &'static str { file!() }\n";

fn project(dependency: &str, build_script: &str) -> TempDir {
    let folder = temp();
    fs::create_dir(folder.path().join("src")).expect("a folder");
    let main = "fn main() { println!(\"{}\", placed::place()) }\n";
    let manifest = format!(
        "[package]\nname = \"program\"\nversion = \"1.0.0\"\nedition = \"2021\"\n\
         [dependencies]\nplaced = {dependency}\n[workspace]\n"
    );
    for (path, text) in [
        ("Cargo.toml", &*manifest),
        ("build.rs", build_script),
        ("src/main.rs", main),
    ] {
        fs::write(folder.path().join(path), text).expect("a file");
    }
    folder
}

/// Runs the program for a caller whose cargo home holds these files as well.
fn run(project: &Path, settings: &[(&str, &str)], words: &[&str]) -> Outcome {
    let caller = xbuild().cwd(project).args(["run", TARGET]);
    for (name, text) in settings {
        let place = caller.home().join(".cargo").join(name);
        fs::write(place, text).expect("a setting");
    }
    caller.args(words).run().ok()
}

/// What is built shows where crates were unpacked to: the same wherever they
/// were from.
#[test]
fn a_mirror_of_crates_io_leaves_no_trace() {
    let _building = turn_to_build();
    let mirror = Registry::start(None);
    mirror.publish("placed", "1.0.0", PLACED);
    let project = project("\"1.0.0\"", "fn main() {}");
    let settings = format!(
        "[source.crates-io]\nreplace-with = \"mirror\"\n\
         [source.mirror]\nregistry = \"{}\"\n",
        mirror.index()
    );
    let settings = [("config.toml", &*settings)];
    // The name that cargo gives to the real one.
    let folder = xbuild::cargo::registry::crates_io();
    let place = format!("/build/cargo/registry/src/{folder}/placed-1.0.0/src/lib.rs");
    let ran = run(project.path(), &settings, &[]);
    assert_eq!(ran.stdout.trim(), place, "{ran}");
    let lock = fs::read_to_string(project.path().join("Cargo.lock")).expect("a lock file");
    assert!(lock.contains("rust-lang/crates.io-index"), "{lock}");

    // Nothing else is needed later, and nothing is built again.
    drop(mirror);
    let ran = run(project.path(), &settings, &["--offline"]);
    assert_eq!(ran.stdout.trim(), place, "{ran}");
    assert!(!ran.stderr.contains("Compiling"), "{ran}");
}

/// The token is for the fetch step alone: the build script looks for it in all
/// places that it could be in.
#[test]
fn the_token_of_a_registry_is_shown_to_nobody_else() {
    let _building = turn_to_build();
    let registry = Registry::start(Some("t0ken-of-the-registry"));
    registry.publish("placed", "1.0.0", PLACED);
    let build_script = r#"
        fn main() {
            let home = std::env::var("CARGO_HOME").unwrap();
            for path in [
                "/build/.cargo/config.toml".to_owned(),
                "/proc/self/environ".to_owned(),
                format!("{home}/config.toml"),
                format!("{home}/credentials.toml"),
            ] {
                let text = std::fs::read(&path).unwrap_or_default();
                let text = String::from_utf8_lossy(&text);
                assert!(!text.contains("t0ken"), "{path}");
            }
        }
    "#;
    let project = project("{ version = \"1.0.0\", registry = \"own\" }", build_script);
    let config = format!("[registries.own]\nindex = \"{}\"\n", registry.index());
    let credentials = "[registries.own]\ntoken = \"t0ken-of-the-registry\"\n";
    let settings = [("config.toml", &*config), ("credentials.toml", credentials)];
    let ran = run(project.path(), &settings, &[]);
    let place = ran.stdout.trim();
    assert!(
        place.starts_with("/build/cargo/registry/src/127.0.0.1-"),
        "{ran}"
    );
    assert!(!format!("{ran}").contains("t0ken"), "{ran}");
}
