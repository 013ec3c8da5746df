//! Folders of the machine that a build is shown: what it sees of them, what it
//! may do, and what is said of it.

use std::fs;

use crate::bad_input::project;
use crate::support::{temp, turn_to_build, xbuild};

/// Reads a file of the volume, tries to write another, and shows the place.
const SCRIPT: &str = r#"
use std::{env, fs};

fn main() {
    println!("cargo::rerun-if-env-changed=DATA");
    let data = env::var("DATA").unwrap_or_default();
    let word = fs::read_to_string(format!("{data}/word")).unwrap_or_default();
    let wrote = fs::write(format!("{data}/mark"), "x").is_ok();
    println!("cargo::rustc-env=SEEN={data} {} {wrote}", word.trim());
}
"#;

const MAIN: &str = "fn main() { println!(\"{}\", env!(\"SEEN\")); }\n";

#[test]
fn a_build_sees_the_volumes_it_is_given_and_no_more() {
    let _building = turn_to_build();
    for (config, expected, hermetic) in [
        ("", "  false", true),
        ("DATA", "/build/volumes/DATA heard false", true),
        ("DATA:rw", "/build/volumes/DATA heard true", false),
        ("DATA=data", "/build/volumes/DATA inside false", true),
    ] {
        let volume = temp();
        fs::write(volume.path().join("word"), "heard\n").expect("a file");
        let volumes = format!("[env]\nvolumes = [{config:?}]\n");
        let folder = project(&[
            ("build.rs", Some(SCRIPT)),
            ("src/main.rs", Some(MAIN)),
            ("data/word", Some("inside\n")),
            (
                "xbuild.toml",
                Some(if config.is_empty() { "" } else { &volumes }),
            ),
        ]);
        let call = |verb: &str, more: &[&str]| {
            let caller = xbuild()
                .cwd(folder.path())
                .arg(verb)
                .args(more.iter().copied());
            caller.env("DATA", volume.path()).run().ok()
        };
        let ran = call("run", &[]);
        assert_eq!(ran.stdout.trim_end_matches('\n'), expected, "{ran}");
        assert_eq!(volume.path().join("mark").exists(), !hermetic, "{config}");
        let built = call("build", &["--format", "json"]);
        assert_eq!(built.reports()[0]["hermetic"], hermetic, "{built}");
        if expected.contains(" heard ") {
            let verified = call("verify", &[]);
            let warned = "the volume DATA can be written to: both builds see the same one";
            assert_eq!(verified.stderr.contains(warned), !hermetic, "{verified}");
        }
        let inside = call("shell", &["--", "sh", "-c", "echo \"$DATA\""]);
        let place = expected.split(' ').next().unwrap_or_default();
        assert_eq!(inside.stdout.trim(), place, "{inside}");
    }
}

#[test]
fn a_volume_that_is_not_there_is_named() {
    let _building = turn_to_build();
    let folder = project(&[(
        "xbuild.toml",
        Some("[env]\nvolumes = [\"DATA=absent\", \"UNSET\"]\n"),
    )]);
    xbuild()
        .cwd(folder.path())
        .arg("build")
        .run()
        .exits(82)
        .says("xbuild.toml:2: there is no volume `")
        .says("hint: paths of volumes count from the workspace's root");
}
