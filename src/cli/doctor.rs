//! The command line of `xbuild doctor`.

use std::path::PathBuf;

use clap::Args;

use super::{Format, TargetArgs};

pub(super) const EXAMPLES: &str = "\
Examples:
  xbuild doctor                                    # the targets of xbuild.toml
  xbuild doctor --target x86_64-unknown-linux-musl
  xbuild doctor --runs-on 'debian 10'              # or a glibc: --runs-on 2.28
  xbuild doctor --read error.txt                   # what was said elsewhere
  xbuild doctor --measure                          # sizes by release profile

Nothing of the project is run but by --measure, and nothing is fetched. The exit
code is 88 where something would bite. docs/troubleshooting.md has every finding.";

#[derive(Debug, Args)]
pub struct DoctorArgs {
    #[command(flatten)]
    pub target: TargetArgs,
    /// A system that it is to run on: `debian 10`, `rhel 8`, or its glibc.
    #[arg(long, value_name = "SYSTEM")]
    pub runs_on: Option<String>,
    /// What a build or a program said: a file, or - for standard input.
    #[arg(long, value_name = "FILE")]
    pub read: Option<PathBuf>,
    /// Build the release with several profiles, and compare the sizes.
    #[arg(long)]
    pub measure: bool,
    /// A topic whose findings do not count. May stand several times.
    #[arg(long = "allow", value_name = "TOPIC")]
    pub allow: Vec<String>,
    /// The report, for a person or a program (docs/json.md).
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
}
