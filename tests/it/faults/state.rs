//! Files that are cut short as by a power cut, or are garbage: every file in
//! which something is written down.

use std::fs;
use std::path::{Path, PathBuf};

use super::{House, hash, project, replace};
use crate::bad_input::nobody;
use crate::registry::Registry;
use crate::support::{run, temp, turn_to_build};

/// What becomes of a file.
type Cut = fn(&[u8]) -> Vec<u8>;

const CUTS: [Cut; 4] = [
    |_| Vec::new(),
    |whole| whole[..whole.len() / 2].to_vec(),
    |_| b"{}".to_vec(),
    |_| b"\xff\x00".to_vec(),
];

/// What a warm run reads.
#[test]
fn what_a_warm_run_remembers_may_be_lost() {
    let _building = turn_to_build();
    let (house, project) = (House::warm(), project());
    house.heals(project.path());
    let own = project.path().join("target/xbuild");
    let mut files: Vec<PathBuf> = files_below(&own)
        .into_iter()
        .filter(|file| file.extension().is_some_and(|end| end == "json"))
        .collect();
    assert!(files.len() >= 3, "{files:?}");
    let epochs = files_below(&own.join("epochs"));
    assert!(!epochs.is_empty());
    files.extend(epochs);
    files.push(house.realised().0);
    for file in &files {
        let whole = fs::read(file).expect("a state file");
        for cut in CUTS {
            replace(file, &cut(&whole));
            house.heals(project.path());
        }
    }
}

/// What only a run that realises something reads, but for Nix's database: that
/// costs the whole toolchain, so `store.rs` shows it with a smaller one.
#[test]
fn what_a_realisation_relies_upon_may_be_lost() {
    let _building = turn_to_build();
    let (house, project) = (House::warm(), project());
    house.forget();
    house.heals(project.path());
    let data = house.path().join("data");
    let own = data.join("nix");
    let mut groups = vec![
        files_below(&data.join("sources")),
        files_below(&own.join("conf")),
        files_below(&data.join("locks")),
    ];
    let entries = fs::read_dir(&own).expect("a folder");
    let manifests = entries.map(|entry| entry.expect("an entry").path().join("manifest"));
    groups.push(manifests.filter(|file| file.is_file()).collect());
    for group in &groups {
        assert!(!group.is_empty());
        for cut in &CUTS[..2] {
            for file in group {
                let whole = fs::read(file).expect("a file");
                replace(file, &cut(&whole));
            }
            house.forget();
            house.heals(project.path());
        }
    }
    house.store_is_right();
}

/// Cargo believes a crate by its name alone once it is there.
#[test]
fn crates_may_be_cut_short() {
    let _building = turn_to_build();
    let (house, registry) = (House::warm(), Registry::start(None));
    registry.publish("placed", "1.0.0", "pub const TEXT: &str = \"placed\";\n");
    let settings = house.path().join(".cargo");
    fs::create_dir(&settings).expect("a folder");
    let index = format!("[registries.own]\nindex = \"{}\"\n", registry.index());
    fs::write(settings.join("config.toml"), index).expect("a setting");
    let project = temp();
    let manifest = "[package]\nname = \"tiny\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\
                    [dependencies]\nplaced = { version = \"1\", registry = \"own\" }\n";
    let main = "fn main() { println!(\"{}\", placed::TEXT) }\n";
    fs::create_dir(project.path().join("src")).expect("a folder");
    fs::write(project.path().join("Cargo.toml"), manifest).expect("a manifest");
    fs::write(project.path().join("src/main.rs"), main).expect("a program");
    let build = || {
        let outcome = run(&house.build(project.path(), &nobody())).ok();
        let _ = fs::remove_dir_all(project.path().join("target"));
        hash(&outcome)
    };
    let right = build();
    let crates = house.folders().cargo_home().join("registry");
    let half = CUTS[1];
    let cut = |folder: &str, ends: &str| {
        let files = files_below(&crates.join(folder)).into_iter();
        let files: Vec<PathBuf> = files
            .filter(|file| file.to_string_lossy().ends_with(ends))
            .collect();
        assert!(!files.is_empty(), "{folder} {ends}");
        for file in files {
            let whole = fs::read(&file).expect("a file");
            replace(&file, &half(&whole));
        }
    };
    for (folder, ends, unpacked) in [
        ("cache", ".crate", false),
        ("cache", ".crate", true),
        ("src", ".cargo-ok", true),
        ("index", "placed", true),
    ] {
        cut(folder, ends);
        if !unpacked {
            fs::remove_dir_all(crates.join("src")).expect("unpacked crates");
        }
        assert_eq!(build(), right, "{folder} {ends}");
    }
}

/// All files below a folder; none where there is no such folder.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let (mut files, mut folders) = (Vec::new(), vec![folder.to_path_buf()]);
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).into_iter().flatten().flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(entry.path()),
                Ok(kind) if kind.is_file() => files.push(entry.path()),
                _ => {}
            }
        }
    }
    files
}
