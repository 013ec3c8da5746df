//! The command line of what helps to decide: `explain` and `choose`.

use std::path::PathBuf;

use clap::Args;

use super::{Format, Talk};

pub(super) const EXPLAIN: &str = "\
Examples:
  xbuild explain armv7-unknown-linux-gnueabihf
  xbuild explain x86_64-unknown-linux-gnu.2.17 aarch64-unknown-linux-musl
  xbuild explain aarch64-apple-darwin     # and what to do about it";

pub(super) const CHOOSE: &str = "\
Examples:
  xbuild choose                           # asks on a terminal
  xbuild choose --for debian-11 --for rhel-7 --arch aarch64
  xbuild choose --for pi-4
  ssh HOST 'cat /etc/os-release; uname -a; ldd --version' | xbuild choose
  xbuild choose --static --arch armv7 --format json";

#[derive(Debug, Args)]
pub struct ExplainArgs {
    #[command(flatten)]
    pub talk: Talk,
    /// Triples, with a glibc floor where wanted: TRIPLE.2.17. All that Rust
    /// knows are explained.
    #[arg(required = true, value_name = "TRIPLE")]
    pub triples: Vec<String>,
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
}

#[derive(Debug, Args)]
pub struct ChooseArgs {
    #[command(flatten)]
    pub talk: Talk,
    /// What machines print of themselves, each in a file; - is standard input,
    /// which is read by itself where there are no flags and no terminal.
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Where it is to run: debian-11, rocky-8, alpine, pi-4, graviton3,
    /// glibc-2.17, any, … May stand several times: the oldest decides.
    #[arg(long = "for", value_name = "PLACE")]
    pub places: Vec<String>,
    /// The processor, as `uname -m` or Debian calls it. May stand several times.
    #[arg(long = "arch", value_name = "PROCESSOR")]
    pub processors: Vec<String>,
    /// Without any library of the machine.
    #[arg(long = "static", conflicts_with = "dynamic")]
    pub is_static: bool,
    /// With the glibc of the machine.
    #[arg(long)]
    pub dynamic: bool,
    /// Print the names of all places and processors.
    #[arg(long, conflicts_with_all = ["files", "places", "processors"])]
    pub list: bool,
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
}
