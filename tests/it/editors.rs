//! What an editor reads of `xbuild check` leads to files of this machine.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::{copied, turn_to_build, xbuild};

const TARGET: &str = "--target=aarch64-unknown-linux-gnu.2.17";

/// As docs/editors.md has it for rust-analyzer.
const CHECK: [&str; 5] = [
    "check",
    "--workspace",
    "--all-targets",
    "--message-format=json",
    TARGET,
];

/// Every `file_name` in a message.
fn names(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            found.extend(
                fields
                    .get("file_name")
                    .and_then(Value::as_str)
                    .map(str::to_owned),
            );
            fields.values().for_each(|value| names(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| names(value, found)),
        _ => {}
    }
}

#[test]
fn every_file_that_a_diagnostic_names_can_be_opened() {
    let _building = turn_to_build();
    let folder = copied("examples/hello");
    let root = folder.path();
    let main = root.join("src/main.rs");
    let text = fs::read_to_string(&main).expect("the program");
    // What is missing is shown where the crate has it.
    fs::write(&main, text + "fn fault() { serde_json::to_string(); }\n").expect("a fault");
    let checked = xbuild().cwd(root).args(CHECK).run().exits(101);
    let messages: Vec<Value> = checked
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}")))
        .filter(|message: &Value| message["reason"] == "compiler-message")
        .collect();
    let mut files = Vec::new();
    messages
        .iter()
        .for_each(|message| names(message, &mut files));
    assert!(files.iter().any(|file| file == "src/main.rs"), "{checked}");
    // Editors take a path as one below the workspace's root.
    let absent = files.iter().find(|file| !root.join(file).is_file());
    assert_eq!(absent, None, "{checked}");
    let foreign = files.iter().filter(|file| Path::new(file).is_absolute());
    assert!(foreign.count() > 0, "{checked}");
    for message in &messages {
        let rendered = message["message"]["rendered"].as_str().unwrap_or_default();
        assert!(!rendered.contains("/build/"), "{rendered}");
    }
}
