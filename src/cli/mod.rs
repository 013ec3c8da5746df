//! The command line, as typed. It is converted once, in
//! [`crate::commands`]; nothing below sees it.

mod choose;
mod ci;
mod described;
mod doctor;
mod examples;
mod publish;
mod setup;
mod verbs;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};

use crate::terminal;

pub use choose::{ChooseArgs, ExplainArgs};
pub use ci::{CiArgs, Service};
pub use described::described;
pub use doctor::DoctorArgs;
pub use publish::{
    AttestArgs, AttestCommand, AttestVerifyArgs, KeyArgs, PackageArgs, ReleaseArgs, SignArgs,
};
pub use setup::{CompletionsArgs, ManArgs, Shell};

/// Cross-compiles any Cargo project in a hermetic shell of pinned packages.
#[derive(Debug, Parser)]
#[command(name = "xbuild", bin_name = "xbuild", version, max_term_width = 80)]
#[command(before_help = examples::PROGRAM)]
pub struct Cli {
    #[command(flatten)]
    pub talk: Talk,
    #[command(subcommand)]
    pub command: Command,
}

/// How much is said. Cargo's verbs take the same flags among cargo's own.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct Talk {
    /// Say only what went wrong.
    #[arg(short, long)]
    pub quiet: bool,
    /// Say every command, so that it can be pasted; -vv: what Nix's builders
    /// say too.
    #[arg(short, long, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Colour what is said.
    #[arg(long, value_enum, value_name = "WHEN")]
    pub color: Option<Color>,
}

/// When there is colour. Without a word of it the variables NO_COLOR and
/// CLICOLOR_FORCE decide, and whether it is a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    Auto,
    Always,
    Never,
}

impl From<Color> for terminal::Color {
    fn from(color: Color) -> Self {
        match color {
            Color::Auto => terminal::Color::Auto,
            Color::Always => terminal::Color::Always,
            Color::Never => terminal::Color::Never,
        }
    }
}

/// Of cargo's verbs and `verify` only the word is read here: what stands behind
/// it is [`crate::cargo::split_args`]'s.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Compile the project.
    #[command(visible_alias = "b", disable_help_flag = true)]
    Build,
    /// Look for errors without making programs.
    #[command(visible_alias = "c", disable_help_flag = true)]
    Check,
    /// Check with clippy's lints.
    #[command(disable_help_flag = true)]
    Clippy,
    /// Run the tests, under QEMU where the target is foreign.
    #[command(visible_alias = "t", disable_help_flag = true)]
    Test,
    /// Run the benchmarks.
    #[command(disable_help_flag = true)]
    Bench,
    /// Build and run a program.
    #[command(visible_alias = "r", disable_help_flag = true)]
    Run,
    /// Build the documentation.
    #[command(visible_alias = "d", disable_help_flag = true)]
    Doc,
    /// Compile with further flags for rustc.
    #[command(disable_help_flag = true)]
    Rustc,
    /// Describe the workspace as JSON.
    #[command(disable_help_flag = true)]
    Metadata,
    /// Build a package from a folder and install its programs (--path).
    #[command(disable_help_flag = true)]
    Install,
    /// Build a second time, elsewhere, and compare.
    #[command(disable_help_flag = true)]
    Verify,
    /// Write an xbuild.toml from the files of cross, cargo and CI that are there.
    #[command(before_help = examples::INIT)]
    Init(InitArgs),
    /// Look for what would bite: in the project, and on this machine.
    #[command(before_help = doctor::EXAMPLES)]
    Doctor(DoctorArgs),
    /// Open the hermetic shell, or run a command in it.
    #[command(before_help = examples::SHELL)]
    Shell(ShellArgs),
    /// Print the shell's variables.
    #[command(before_help = examples::ENV)]
    Env(EnvArgs),
    /// Tell what a binary is and what it needs.
    #[command(before_help = examples::INSPECT)]
    Inspect(InspectArgs),
    /// Build for all targets, build again to prove it, pack, describe and sign.
    #[command(before_help = examples::RELEASE)]
    Release(Box<ReleaseArgs>),
    /// Pack files so that the same files always give the same package.
    #[command(before_help = examples::PACKAGE)]
    Package(PackageArgs),
    /// Sign files with a key that you have: PEM, cosign, minisign, SSH or Nix.
    #[command(before_help = examples::SIGN)]
    Sign(SignArgs),
    /// Verify attestations.
    #[command(before_help = examples::ATTEST)]
    Attest(AttestArgs),
    /// List the targets.
    #[command(before_help = examples::TARGETS)]
    Targets(FormatArgs),
    /// Say what a triple means, what its programs run on, and what it costs here.
    #[command(before_help = choose::EXPLAIN)]
    Explain(ExplainArgs),
    /// Choose a target, from where the program is to run.
    #[command(before_help = choose::CHOOSE)]
    Choose(ChooseArgs),
    /// Show what a target's toolchain is made of.
    #[command(before_help = examples::TOOLCHAIN)]
    Toolchain(ToolchainArgs),
    /// Pin the Rust and the system libraries that the project asks for, in
    /// xbuild.lock.
    #[command(before_help = examples::LOCK)]
    Lock(LockArgs),
    /// Fetch everything for some targets, so that later all works offline.
    #[command(before_help = examples::FETCH)]
    Fetch(FetchArgs),
    /// Remove toolchains that are no longer used.
    #[command(before_help = examples::GC)]
    Gc(GcArgs),
    /// Update or check the pinned packages of xbuild itself.
    #[command(before_help = examples::PINS)]
    Pins(PinsArgs),
    /// Write a pipeline for a CI service, or check that it is up to date.
    #[command(before_help = examples::CI)]
    Ci(CiArgs),
    /// Print completions for a shell.
    #[command(before_help = examples::COMPLETIONS)]
    Completions(CompletionsArgs),
    /// Print a man page, or write those of all commands.
    #[command(before_help = examples::MAN)]
    Man(ManArgs),
    #[command(external_subcommand)]
    Other(Vec<OsString>),
}

/// What decides about the toolchain of a command of xbuild's own.
#[derive(Debug, Args)]
pub struct TargetArgs {
    #[command(flatten)]
    pub talk: Talk,
    /// A triple, with a glibc floor where wanted: TRIPLE.2.17.
    #[arg(long = "target", value_name = "TARGET")]
    pub targets: Vec<String>,
    /// The manifest of the project.
    #[arg(long, value_name = "PATH")]
    pub manifest_path: Option<PathBuf>,
    /// A Debian mirror to ask first.
    #[arg(long = "mirror", value_name = "URL")]
    pub mirrors: Vec<String>,
    /// Whose Nix realises the toolchain: auto, own or system.
    #[arg(long, value_name = "WHOSE")]
    pub nix: Option<String>,
    /// Take nothing from the network.
    #[arg(long)]
    pub offline: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Text,
    Json,
}

#[derive(Debug, Args)]
pub struct FormatArgs {
    #[command(flatten)]
    pub talk: Talk,
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
}

#[derive(Debug, Args)]
pub struct InitArgs {
    #[command(flatten)]
    pub talk: Talk,
    /// The manifest of the project.
    #[arg(long, value_name = "PATH")]
    pub manifest_path: Option<PathBuf>,
    /// Write over an xbuild.toml that is there.
    #[arg(long)]
    pub force: bool,
    /// Print what would be written, and write nothing.
    #[arg(long, visible_alias = "print")]
    pub dry_run: bool,
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
}

#[derive(Debug, Args)]
pub struct ShellArgs {
    #[command(flatten)]
    pub target: TargetArgs,
    /// A command to run; an interactive shell where there is none.
    #[arg(last = true, value_name = "COMMAND")]
    pub command: Vec<OsString>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum EnvFormat {
    /// `export NAME='value'` lines.
    Shell,
    /// An object.
    Json,
    /// A `.cargo/config.toml`.
    CargoConfig,
    /// What an `.envrc` evaluates.
    Direnv,
}

#[derive(Debug, Args)]
pub struct EnvArgs {
    #[command(flatten)]
    pub target: TargetArgs,
    #[arg(long, value_enum, default_value = "shell")]
    pub format: EnvFormat,
}

#[derive(Debug, Args)]
pub struct InspectArgs {
    #[command(flatten)]
    pub talk: Talk,
    /// The files to look at.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
}

#[derive(Debug, Args)]
pub struct ToolchainArgs {
    #[command(flatten)]
    pub target: TargetArgs,
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
}

#[derive(Debug, Args)]
pub struct FetchArgs {
    #[command(flatten)]
    pub target: TargetArgs,
    /// Fetch for every known target.
    #[arg(long)]
    pub all_targets: bool,
    /// Hash again what is there already, and make anew what was altered.
    #[arg(long)]
    pub verify: bool,
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
}

#[derive(Debug, Args)]
pub struct LockArgs {
    #[command(flatten)]
    pub target: TargetArgs,
    /// Resolve everything anew, also what still fits.
    #[arg(long, conflicts_with = "check")]
    pub update: bool,
    /// Write nothing: prove that the lock is what xbuild.toml and
    /// rust-toolchain.toml ask for and follows from Debian's and Rust's signed
    /// releases.
    #[arg(long, visible_alias = "locked")]
    pub check: bool,
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
}

#[derive(Debug, Args)]
pub struct GcArgs {
    #[command(flatten)]
    pub talk: Talk,
    /// Remove every toolchain that no other run works with, however lately it
    /// was used.
    #[arg(long)]
    pub all: bool,
    /// Keep what was used in the last so many days.
    #[arg(long, value_name = "DAYS", default_value_t = 30)]
    pub older_than: u32,
    /// Remove downloaded packages too.
    #[arg(long)]
    pub downloads: bool,
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
}

#[derive(Debug, Args)]
pub struct PinsArgs {
    #[command(subcommand)]
    pub command: PinsCommand,
}

#[derive(Debug, Subcommand)]
pub enum PinsCommand {
    /// Pin the newest packages, after verifying them down the signed chain.
    #[command(before_help = examples::PINS_UPDATE)]
    Update(PinsLine),
    /// Prove that the committed pins follow from the signed releases.
    #[command(before_help = examples::PINS_CHECK)]
    Check(PinsLine),
}

#[derive(Debug, Args)]
pub struct PinsLine {
    #[command(flatten)]
    pub talk: Talk,
    /// The folder that holds xbuild's `nix/`.
    #[arg(long, value_name = "PATH", default_value = ".")]
    pub root: PathBuf,
    /// A Debian mirror to ask first.
    #[arg(long = "mirror", value_name = "URL")]
    pub mirrors: Vec<String>,
    /// Take nothing from the network.
    #[arg(long)]
    pub offline: bool,
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
}

/// The names of all commands.
pub fn names() -> Vec<String> {
    let command = Cli::command();
    let names = command.get_subcommands().map(|c| c.get_name().to_owned());
    names.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_of_the_command_line_is_sound() {
        Cli::command().debug_assert();
    }
}
