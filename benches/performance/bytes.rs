//! What a cold start downloads, from the pins: by set of packages, each package
//! counted where it comes first.

use std::collections::BTreeSet;
use std::fmt::Write;

use xbuild::pins::Pins;
use xbuild::report::size;
use xbuild::target::{Table, TargetSpec};

use crate::Result;
use crate::peer::Peer;

/// A target's downloads for `xbuild build` with a Nix to bring along, and what
/// `run` and `test` add.
struct Cold {
    target: String,
    /// Bytes of each set, own Nix first.
    sets: Vec<(String, u64)>,
    runner: u64,
}

impl Cold {
    fn build(&self) -> u64 {
        self.sets.iter().map(|(_, bytes)| bytes).sum()
    }
}

pub fn section(_: Option<&Peer>) -> Result<String> {
    let mut text = String::from(
        "## What a cold start downloads\n\n\
         From the pins, at each target's default floor: for `build` with a Nix to bring\n\
         along, and what `run` and `test` add. Parts that several targets share are\n\
         downloaded once.\n\n\
         | target | `build` | runner | parts of `build` |\n\
         | --- | ---: | ---: | --- |\n",
    );
    for row in by_part()? {
        let parts: Vec<String> = row
            .sets
            .iter()
            .map(|(name, bytes)| format!("{name} {}", size(*bytes)))
            .collect();
        let _ = writeln!(
            text,
            "| `{}` | {} | {} | {} |",
            row.target,
            size(row.build()),
            size(row.runner),
            parts.join(", "),
        );
    }
    Ok(text)
}

/// One row for each target of the table, at its default floor.
fn by_part() -> Result<Vec<Cold>> {
    let pins = Pins::embedded()?;
    let table = Table::embedded()?;
    let mut rows = Vec::new();
    for target in table.iter() {
        let spec = TargetSpec::parse(&table, &target.triple, None)?;
        let mut seen = BTreeSet::new();
        let mut bytes = |set: &str| -> Result<u64> {
            let packages = pins.union(&[set])?;
            let new = packages.iter().filter(|package| seen.insert(&package.path));
            Ok(new.map(|package| package.size).sum())
        };
        let mut sets = vec![("nix".to_owned(), bytes("nix")? + bytes("bootstrap")?)];
        for set in spec.toolchain_sets() {
            sets.push((set.clone(), bytes(&set)?));
        }
        sets.retain(|(_, bytes)| *bytes > 0);
        let mut runner = 0;
        for set in spec.runner_sets() {
            runner += bytes(&set)?;
        }
        rows.push(Cold {
            target: spec.to_string(),
            sets,
            runner,
        });
    }
    Ok(rows)
}
