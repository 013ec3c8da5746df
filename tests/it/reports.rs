//! Reports for scripts, of commands that have no document of their own
//! elsewhere; and what is said of colour to cargo.

use serde_json::{Value, json};

use crate::bad_input::{project, quarantine};
use crate::support::{temp, turn_to_build, xbuild};

const TARGET: &str = "x86_64-unknown-linux-gnu.2.17";

#[test]
fn commands_that_need_no_toolchain_report_to_scripts() {
    let (folder, home) = (project(&[]), temp());
    let report = |words: &[&str]| -> Value {
        let mut caller = xbuild().cwd(folder.path()).args(words.iter().copied());
        for (name, value) in quarantine(home.path()) {
            caller = caller.env(name, value);
        }
        let document = caller.arg("--format=json").run().ok().json();
        assert_eq!(document["version"], 1, "{words:?} {document}");
        document
    };
    let shown = report(&["init", "--print"]);
    assert_eq!(shown["written"], Value::Null);
    assert!(!folder.path().join("xbuild.toml").exists());
    let written = report(&["init"]);
    let path = folder.path().join("xbuild.toml");
    let text = std::fs::read_to_string(path).expect("xbuild.toml");
    assert_eq!(written["text"], text);
    assert_eq!(written["text"], shown["text"]);
    assert!(written["first"].is_string() && written["left_out"] == json!([]));

    assert_eq!(
        report(&["gc"]),
        json!({ "version": 1, "dropped": [], "in_use": [], "freed": null, "downloads": null })
    );
    let nothing = json!({
        "version": 1, "written": false, "rust": null, "targets": [], "proved": null,
    });
    assert_eq!(report(&["lock"]), nothing);
    assert_eq!(report(&["lock", "--check"]), nothing);
}

#[test]
fn fetch_reports_what_is_where() {
    let _building = turn_to_build();
    let target = format!("--target={TARGET}");
    let fetched = xbuild().args(["fetch", "--format=json", &target]).run();
    let document = fetched.ok().json();
    assert_eq!(document["targets"], json!([TARGET]));
    assert_eq!(document["verified"], Value::Null);
    let parts = document["parts"].as_array().expect("parts");
    let outs = parts.iter().filter_map(|part| part["out"].as_str());
    assert!(outs.clone().all(|out| out.starts_with("/nix/store/")));
    // Toolchain, runner, lints, and the stranger of a second build.
    assert_eq!(outs.count(), 4, "{document:#}");
}

#[test]
fn cargo_has_the_colour_that_xbuild_has() {
    let _building = turn_to_build();
    let folder = project(&[]);
    for (color, coloured) in [("--color=always", true), ("--color=never", false)] {
        for before in [true, false] {
            let target = format!("--target={TARGET}");
            let words = match before {
                true => [color, "check", &target],
                false => ["check", color, &target],
            };
            let checked = xbuild().cwd(folder.path()).args(words).run().ok();
            // Cargo's own line, whether anything was to be done or not.
            let mut lines = checked.stderr.lines();
            let line = lines.find(|line| line.contains("Finished"));
            let line = line.unwrap_or_else(|| panic!("{checked}"));
            assert_eq!(line.contains('\u{1b}'), coloured, "{checked}");
        }
    }
}
