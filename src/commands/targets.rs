//! `xbuild targets`: the table, from the data that the toolchains are made of.

use std::fmt::Write;

use crate::cli::{Format, FormatArgs};
use crate::error::Result;
use crate::target::{Libc, StdSource, Table, Target};
use crate::terminal;

/// Lists the targets.
///
/// # Errors
/// Only where this binary's own table is broken.
pub fn run(args: &FormatArgs) -> Result<u8> {
    super::set_talk(args.talk);
    let table = Table::embedded()?;
    match args.format {
        Format::Text => terminal::report(text(&table)),
        Format::Json => {
            let targets: Vec<&Target> = table.iter().collect();
            let document = serde_json::json!({ "version": 1, "targets": targets });
            terminal::data(format_args!("{document:#}\n"));
        }
    }
    Ok(0)
}

fn text(table: &Table) -> String {
    let mut text = format!(
        "{:<31}  {:<11}  {:<7}  {}\n",
        "TARGET", "GLIBC", "DEFAULT", "STANDARD LIBRARY"
    );
    for target in table.iter() {
        let (range, default) = match &target.glibc {
            Some(glibc) => (
                format!("{} – {}", glibc.lowest, glibc.highest()),
                glibc.default.to_string(),
            ),
            None => ("–".to_owned(), "static".to_owned()),
        };
        let std = match (target.std, target.libc) {
            (StdSource::Debian, _) => "Debian's",
            (StdSource::Source, Libc::Musl) => "built once here, on musl",
            (StdSource::Source, _) => "built once here",
        };
        let _ = writeln!(
            text,
            "{:<31}  {range:<11}  {default:<7}  {std}",
            target.triple
        );
    }
    text.push_str("\nA floor stands behind the triple: --target aarch64-unknown-linux-gnu.2.17\n");
    text.push_str("xbuild explain TRIPLE says what one is, xbuild choose which one to take.\n");
    text
}
