//! `xbuild` cross-compiles any Cargo project inside a hermetic shell made of
//! pinned, signed packages.
//!
//! # The map
//!
//! Data flows one way, a stage a room:
//!
//! ```text
//! Cli → BuildRequest → TargetSpec → Pins → Installable → Realised (store path, env.json)
//!     → HermeticEnv → CargoInvocation → Artifacts → BinaryFacts → Findings → Report → ExitCode
//! ```
//!
//! | room | holds | effects |
//! | --- | --- | --- |
//! | [`target`] | triples, glibc floors, the table of targets | none |
//! | [`pins`] | signed `InRelease` → `Packages` → pins; the committed pins | none in the core |
//! | [`fetch`] | mirrors, parallel downloads, the download cache | network, cache folder |
//! | [`nix`] | finding or bringing Nix, seeding, realising, collecting garbage | processes, store |
//! | [`sandbox`] | the hermetic shell: namespaces, mounts, seccomp | processes |
//! | [`env`] | `env.json`, the contract between `nix/` and this crate | none |
//! | [`lock`] | `xbuild.lock`: a project's system libraries, resolved and pinned | reads files, through [`pins`] |
//! | [`rust`] | `rust-toolchain.toml` → a release of Rust, resolved and pinned | reads files, network |
//! | [`deploy`] | distributions, boards, processors; what machines say of themselves | none |
//! | [`explain`] | a triple → what it means, where its programs run | none |
//! | [`choose`] | where a program is to run → the target, and why | none |
//! | [`config`] | `xbuild.toml` and its precedence | reads files |
//! | [`migrate`] | files of cross, cargo and CI → a first `xbuild.toml` | none in the core |
//! | [`project`] | the Cargo workspace: where it is, what it needs | reads files |
//! | [`git`] | the repository that the source lies in, its commit | reads files, processes |
//! | [`cargo`] | one cargo run in the shell, and the artefacts it made | through [`sandbox`] |
//! | [`tool_set`] | tools that only some build scripts call | none |
//! | [`toolchain`] | a target → its realised toolchain and runner | through [`fetch`], [`nix`] |
//! | [`runner`] | runners of tests in cargo's place | through [`build`] |
//! | [`shell`] | which shell a command gets | none |
//! | [`build`] | one cargo run, from the request to the checked artefacts | through the rooms |
//! | [`artifact`] | bytes of a binary → facts | reads files |
//! | [`check`] | facts → findings | none |
//! | [`rebuild`] | a second, different build; comparison; the cause of a difference | through [`build`] |
//! | [`doctor`] | what would bite, what has bitten: causes and remedies | none in the core |
//! | [`report`] | facts and findings → text or JSON | none |
//! | [`attest`] | provenance, signatures, policies, manifests | reads keys |
//! | [`package`] | files → archives and images, the same bytes always | reads files |
//! | [`unpack`] | archives that others made → files | writes files |
//! | [`ci`] | a project's targets → pipelines for services | none |
//! | [`release`] | build, verify, pack, describe, sign | through the rooms |
//! | [`commands`] | one thin function a subcommand | all, through the rooms |
//!
//! One door each: [`process`] starts processes, [`host`] reads the
//! environment and the machine's folders, [`terminal`] writes to the terminal.

// In `sandbox` alone, where each place says why it is sound.
#![deny(unsafe_code)]

pub mod artifact;
pub mod attest;
pub mod build;
pub mod cargo;
pub mod check;
pub mod choose;
pub mod ci;
pub mod cli;
pub mod commands;
pub mod config;
pub mod deploy;
pub mod doctor;
pub mod env;
pub mod error;
pub mod explain;
pub mod fetch;
pub mod git;
pub mod host;
pub mod lock;
pub mod migrate;
pub mod nix;
pub mod package;
pub mod pins;
pub mod process;
pub mod project;
pub mod rebuild;
pub mod release;
pub mod report;
pub mod runner;
pub mod rust;
pub mod sandbox;
pub mod shell;
pub mod target;
pub mod terminal;
pub mod tool_set;
pub mod toolchain;
pub mod unpack;
