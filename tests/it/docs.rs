//! The documentation says what the code does.

use std::fs;
use std::path::Path;

use xbuild::check::CheckId;
use xbuild::error::Kind;
use xbuild::target::{Libc, Table};

fn text(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn every_exit_code_is_listed_and_no_other() {
    let codes: Vec<u8> = text("docs/exit-codes.md")
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split(' ').next()?.parse().ok())
        .collect();
    let kinds = [
        Kind::Usage,
        Kind::Target,
        Kind::Project,
        Kind::Config,
        Kind::Network,
        Kind::Integrity,
        Kind::Nix,
        Kind::Sandbox,
        Kind::Filesystem,
        Kind::Finding,
        Kind::Internal,
        Kind::Differs,
    ];
    let mut expected = vec![0];
    expected.extend(kinds.map(Kind::exit_code));
    assert_eq!(codes, expected);
}

#[test]
fn every_check_is_described_in_the_order_of_the_reports() {
    let text = text("docs/checks.md");
    let described: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("## `")?.strip_suffix('`'))
        .collect();
    assert_eq!(described, CheckId::ALL.map(CheckId::name));
}

#[test]
fn the_table_of_targets_is_the_programs_own() {
    let readme = text("README.md");
    let table = Table::embedded().expect("the table is whole");
    for target in table.iter() {
        let row = match (&target.libc, &target.glibc) {
            (Libc::Glibc, Some(glibc)) => {
                let (lowest, highest) = (glibc.lowest, glibc.highest());
                format!("| `{}` | glibc | {lowest} – {highest} |", target.triple)
            }
            _ => format!("| `{}` | musl | static |", target.triple),
        };
        assert!(readme.contains(&row), "README.md lacks the row\n{row}");
    }
    let rows = readme
        .lines()
        .filter(|line| line.contains("-unknown-linux-") && line.starts_with("| `"))
        .count();
    assert_eq!(rows, table.iter().count());
}

#[test]
fn the_example_configuration_is_understood() {
    let text = text("docs/configuration.md");
    let example = text
        .split("```toml\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .expect("there is an example");
    let layer = xbuild::config::FileLayer::parse(Path::new("xbuild.toml"), example)
        .expect("its keys are known");
    assert_eq!(layer.targets.map(|targets| targets.len()), Some(2));
    assert_eq!(layer.sources.len(), 1);
    assert_eq!(layer.target.len(), 1);
}

#[test]
fn links_between_the_documents_lead_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = vec![root.join("README.md"), root.join("CONTRIBUTING.md")];
    for entry in fs::read_dir(root.join("docs")).expect("docs is there") {
        files.push(entry.expect("an entry").path());
    }
    for file in files
        .iter()
        .filter(|file| file.extension().is_some_and(|end| end == "md"))
    {
        let text = fs::read_to_string(file).expect("a document");
        for target in text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            let folder = file.parent().expect("a folder");
            assert!(
                target.contains("://") || folder.join(target).exists(),
                "{}: {target}",
                file.display()
            );
        }
    }
}
