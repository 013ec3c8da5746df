//! The command line of `xbuild ci`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{Format, Talk};

/// What a pipeline is written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Service {
    Github,
    Gitlab,
    Forgejo,
    Gitea,
    /// A script for any other service, and for a machine of one's own.
    Shell,
}

#[derive(Debug, Args)]
pub struct CiArgs {
    #[command(flatten)]
    pub talk: Talk,
    /// The services to write for; with --check all that there is a file for.
    #[arg(value_enum, value_name = "SERVICE")]
    pub services: Vec<Service>,
    /// Write nothing: see that the files are what would be written.
    #[arg(long)]
    pub check: bool,
    /// Print what would be written, and write nothing.
    #[arg(long, conflicts_with = "check")]
    pub print: bool,
    /// Write over a file that is not xbuild's.
    #[arg(long)]
    pub force: bool,
    /// Print a key for a cache: it changes with xbuild's pins and xbuild.lock.
    #[arg(long, conflicts_with_all = ["check", "print", "force", "services", "format"])]
    pub key: bool,
    /// The targets of the key [default: those of xbuild.toml].
    #[arg(long = "target", value_name = "TARGET", requires = "key")]
    pub targets: Vec<String>,
    /// The manifest of the project.
    #[arg(long, value_name = "PATH")]
    pub manifest_path: Option<PathBuf>,
    #[arg(long, value_enum, default_value = "text", conflicts_with = "print")]
    pub format: Format,
}
