//! One line an artefact, where there are several. [pure]

use comfy_table::{
    CellAlignment, ColumnConstraint, ContentArrangement, Row as Line, Table, presets,
};

use super::Entry;
use super::layout::{WIDTH, short, size};
use crate::artifact::BinaryFacts;

/// Spaces before each line, as before those of all reports.
const INDENT: &str = "  ";

/// An artefact in a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    name: String,
    target: String,
    size: u64,
    /// The lowest glibc that it runs on, or that it needs none.
    glibc: String,
    sha256: String,
    /// Whether a second build gave the same bits; none where none was asked for.
    verified: Option<bool>,
}

impl Row {
    pub fn new(target: &str, entry: &Entry) -> Self {
        let glibc = match &entry.artifact.facts {
            BinaryFacts::Elf(elf) => match elf.glibc() {
                Some(glibc) => glibc.to_string(),
                None if elf.is_dynamic() => "any".to_owned(),
                None => "static".to_owned(),
            },
            BinaryFacts::Archive(_) | BinaryFacts::Other(_) => "–".to_owned(),
        };
        Row {
            name: entry.name.clone(),
            target: target.to_owned(),
            size: entry.artifact.size,
            glibc,
            sha256: entry.artifact.sha256.clone(),
            verified: None,
        }
    }

    #[must_use]
    pub fn verified(mut self, verified: bool) -> Self {
        self.verified = Some(verified);
        self
    }
}

/// A table of at most 80 columns.
pub fn table(rows: &[Row]) -> String {
    let is_verified = rows.iter().any(|row| row.verified.is_some());
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width((WIDTH - INDENT.len()) as u16);
    let heads = ["ARTEFACT", "TARGET", "SIZE", "GLIBC", "SHA256"];
    let verified = is_verified.then_some("VERIFIED");
    table.set_header(heads.into_iter().chain(verified));
    for row in rows {
        let mut line = Line::from(vec![
            row.name.clone(),
            row.target.clone(),
            size(row.size),
            row.glibc.clone(),
            short(&row.sha256),
        ]);
        if is_verified {
            line.add_cell(
                if row.verified == Some(true) {
                    "yes"
                } else {
                    "no"
                }
                .into(),
            );
        }
        table.add_row(line);
    }
    let last = table.column_count() - 1;
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, if index == last { 0 } else { 2 }));
        // A name may be of any length, and is what breaks.
        if index > 0 {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
        if index == 2 {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let lines = table
        .lines()
        .map(|line| format!("{INDENT}{}\n", line.trim_end()));
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, target: &str, size: u64, glibc: &str) -> Row {
        Row {
            name: name.to_owned(),
            target: target.to_owned(),
            size,
            glibc: glibc.to_owned(),
            sha256: "3f9a000000c214".to_owned(),
            verified: None,
        }
    }

    #[test]
    fn each_artefact_has_a_line_of_80_columns() {
        let rows = [
            row("hello", "x86_64-unknown-linux-gnu.2.17", 451_200, "2.17"),
            row(
                "hello",
                "armv7-unknown-linux-musleabihf",
                1_300_000,
                "static",
            ),
        ];
        assert_eq!(
            table(&rows),
            "  ARTEFACT  TARGET                            SIZE  GLIBC   SHA256\n\
             \x20 hello     x86_64-unknown-linux-gnu.2.17   451 KB  2.17    3f9a…c214\n\
             \x20 hello     armv7-unknown-linux-musleabihf  1.3 MB  static  3f9a…c214\n"
        );
        let long = "a-program-with-quite-a-long-name";
        let target = "powerpc64le-unknown-linux-gnu.2.34";
        let rows = [row(long, target, 999_499_999, "static").verified(true)];
        let text = table(&rows);
        assert!(text.contains("VERIFIED") && text.contains("yes"), "{text}");
        assert!(text.contains(target), "{text}");
        for line in text.lines() {
            assert!(line.chars().count() <= WIDTH, "{line}");
        }
    }
}
