//! The command line of what is made for others: releases, packages,
//! signatures, and the verification of attestations.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Format, Talk, TargetArgs, examples};

#[derive(Debug, Args)]
pub struct ReleaseArgs {
    #[command(flatten)]
    pub target: TargetArgs,
    #[command(flatten)]
    pub key: KeyArgs,
    /// Where to write the release [default: target/dist/NAME-VERSION].
    #[arg(long, value_name = "FOLDER")]
    pub out: Option<PathBuf>,
    /// An archive to make: tar.gz, zip, crate or oci. May stand several times.
    #[arg(long = "archive", value_name = "KIND", default_value = "tar.gz")]
    pub archives: Vec<String>,
    /// Leave out the second build; the provenance says so.
    #[arg(long)]
    pub no_verify: bool,
    /// Have Nix build, as ordinary derivations, in place of the hermetic shell.
    #[arg(long)]
    pub derivation: bool,
    /// Other machines that Nix may build on: 'ssh-ng://HOST x86_64-linux'.
    #[arg(long, value_name = "MACHINES", requires = "derivation")]
    pub builders: Option<String>,
    /// Release a source that no commit says all of; the provenance says so.
    #[arg(long)]
    pub allow_dirty: bool,
    /// The release's name, where the workspace has several packages.
    #[arg(long, value_name = "PACKAGE")]
    pub name: Option<String>,
    /// Who vouches for the build [default: xbuild:builder:local:v1, with
    /// --derivation xbuild:builder:nix:v1].
    #[arg(long, value_name = "URI")]
    pub builder: Option<String>,
    /// Where the source is from [default: the remote origin].
    #[arg(long, value_name = "URI")]
    pub source: Option<String>,
    /// `json` prints the manifest.
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
    /// Options for `cargo build`.
    #[arg(last = true, value_name = "CARGO'S OPTIONS")]
    pub cargo: Vec<OsString>,
}

#[derive(Debug, Args)]
pub struct PackageArgs {
    #[command(flatten)]
    pub talk: Talk,
    /// Files, and folders with all that is in them.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// The package: NAME.tar.gz, .zip, .crate or .oci.tar; with --oci a folder
    /// too.
    #[arg(short, long, value_name = "PACKAGE")]
    pub output: PathBuf,
    /// Put everything below this folder of the package.
    #[arg(long, value_name = "FOLDER", default_value = "")]
    pub prefix: String,
    /// Write an image FROM scratch of static programs, one for each processor
    /// that they are for.
    #[arg(long)]
    pub oci: bool,
    /// The target of an image's programs; --oci reads it in them.
    #[arg(long, value_name = "TARGET", conflicts_with = "oci")]
    pub target: Option<String>,
    /// The program that an image starts: its path in the package.
    #[arg(long, value_name = "PATH")]
    pub entrypoint: Option<String>,
    /// An image's tag.
    #[arg(long, value_name = "TAG", default_value = "latest")]
    pub tag: String,
    /// Who an image's program runs as [default: 65532:65532, who is nobody].
    #[arg(long, value_name = "UID[:GID]", requires = "oci")]
    pub user: Option<String>,
    /// A label and annotation of an image. May stand several times.
    #[arg(long = "label", value_name = "KEY=VALUE", requires = "oci")]
    pub labels: Vec<String>,
    /// Certificates for an image, at /etc/ssl/certs/ca-certificates.crt.
    #[arg(long, value_name = "FILE", requires = "oci")]
    pub ca_certificates: Option<PathBuf>,
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
}

/// A key to sign with.
#[derive(Debug, Clone, Args)]
pub struct KeyArgs {
    /// The private key: a file, env:NAME, or - for standard input.
    // A key given in its place is to be refused, and not repeated by clap.
    #[arg(long, value_name = "KEY", allow_hyphen_values = true)]
    pub key: Option<String>,
    /// The passphrase of an encrypted key: a file, env:NAME, or -.
    #[arg(
        long,
        value_name = "PLACE",
        requires = "key",
        allow_hyphen_values = true
    )]
    pub passphrase: Option<String>,
}

#[derive(Debug, Args)]
pub struct SignArgs {
    #[command(flatten)]
    pub talk: Talk,
    #[command(flatten)]
    pub key: KeyArgs,
    /// The files to sign.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub struct AttestArgs {
    #[command(subcommand)]
    pub command: AttestCommand,
}

#[derive(Debug, Subcommand)]
pub enum AttestCommand {
    /// Check an attestation's signature, files and claims against a policy.
    #[command(before_help = examples::ATTEST_VERIFY)]
    Verify(Box<AttestVerifyArgs>),
}

#[derive(Debug, Args)]
pub struct AttestVerifyArgs {
    #[command(flatten)]
    pub talk: Talk,
    /// A DSSE envelope, a Sigstore bundle, or a statement signed beside it.
    #[arg(value_name = "ATTESTATION")]
    pub attestation: PathBuf,
    /// Every file that it is about.
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// The public key: PEM, minisign or SSH.
    #[arg(long, value_name = "PUBLIC")]
    pub key: PathBuf,
    /// The signature of a plain statement, where it is not beside it.
    #[arg(long, value_name = "FILE")]
    pub signature: Option<PathBuf>,
    /// Accept that it is about further files, which are not given.
    #[arg(long)]
    pub partial: bool,
    /// A policy in TOML; flags are over it.
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// Who must have built.
    #[arg(long, value_name = "URI")]
    pub builder: Option<String>,
    /// Where the source must be from.
    #[arg(long, value_name = "URI")]
    pub source: Option<String>,
    /// The commit that must have been built.
    #[arg(long, value_name = "COMMIT")]
    pub commit: Option<String>,
    /// The SHA-256 of the pins that the toolchain must be from.
    #[arg(long, value_name = "SHA256")]
    pub pins: Option<String>,
    /// A target that it may be for.
    #[arg(long = "target", value_name = "TARGET")]
    pub targets: Vec<String>,
    /// Refuse a build that could see the machine.
    #[arg(long)]
    pub hermetic: bool,
    /// Refuse files that a second build did not give again.
    #[arg(long)]
    pub reproducible: bool,
    /// What the second build must have varied, such as time.
    #[arg(long = "varied", value_name = "NAME")]
    pub varied: Vec<String>,
    /// Refuse a source that no commit says all of.
    #[arg(long)]
    pub clean: bool,
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
}
