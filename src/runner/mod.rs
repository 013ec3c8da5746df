//! Runners of tests in cargo's place, such as nextest: subcommands of cargo
//! that are crates, pinned by version and hash, and built in the hermetic shell
//! when one is first asked for.
//!
//! [`Runner`] is pure; only [`bring`] builds.

mod bring;

use std::collections::BTreeMap;
use std::ffi::OsString;

use serde::Deserialize;

use crate::cargo::{CargoArgs, building_options};
use crate::config::{Config, Origin, RunnerTable, Setting, nearest};
use crate::error::{Error, Kind, Result};

pub use bring::bring;

/// The runners that are pinned with xbuild.
const TABLE: &str = include_str!("runners.json");

/// The name of no other runner: cargo itself.
pub const CARGO: &str = "cargo";

/// A subcommand of cargo that runs tests.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Runner {
    #[serde(skip)]
    pub name: String,
    /// The crate, and which of its versions; its archive's SHA-256 is checked.
    #[serde(rename = "crate")]
    pub krate: String,
    pub version: String,
    pub sha256: String,
    /// Flags of `cargo install`.
    #[serde(default)]
    pub flags: Vec<String>,
    /// The words behind `cargo`.
    pub command: Vec<String>,
    /// Further words, for the hermetic shell alone.
    #[serde(default)]
    settings: Vec<String>,
    /// Files that these name: path in the shell → text.
    #[serde(default)]
    pub files: BTreeMap<String, String>,
    /// Its names for options of cargo's that decide what is built.
    #[serde(default)]
    cargos: BTreeMap<String, String>,
    /// Options that cargo has, too, and that mean something else here.
    #[serde(default)]
    own: Vec<String>,
    /// Whether it is made to write into the source.
    #[serde(default)]
    pub writes_source: bool,
    /// Whether it asks cargo for the crates of its platform alone: to others,
    /// those of every platform must be there.
    #[serde(default)]
    pub filters_crates: bool,
}

/// The runners that are pinned with xbuild, by name.
///
/// # Errors
/// `Kind::Internal`: the table is part of the program.
fn pinned() -> Result<BTreeMap<String, Runner>> {
    let table: BTreeMap<String, Runner> = serde_json::from_str(TABLE)
        .map_err(|cause| Error::new(Kind::Internal, "the table of runners").caused_by(cause))?;
    let named = |(name, runner): (String, Runner)| {
        let runner = Runner {
            name: name.clone(),
            ..runner
        };
        (name, runner)
    };
    Ok(table.into_iter().map(named).collect())
}

impl Runner {
    /// The runner that a configuration names, where that is not cargo.
    ///
    /// # Errors
    /// `Kind::Usage` or `Kind::Config` for a name that is not known.
    pub fn chosen(config: &Config) -> Result<Option<Self>> {
        match &config.runner {
            Some(setting) if setting.value != CARGO => Runner::find(config, setting).map(Some),
            _ => Ok(None),
        }
    }

    /// Every runner that a configuration names: those of `xbuild shell`.
    ///
    /// # Errors
    /// As [`Runner::chosen`].
    pub fn all(config: &Config) -> Result<Vec<Self>> {
        let declared = config.runners.keys().map(|name| {
            let setting = Setting::new(name.clone(), Origin::Default);
            Runner::find(config, &setting)
        });
        let mut all: Vec<Runner> = declared.collect::<Result<_>>()?;
        all.extend(Runner::chosen(config)?.filter(|chosen| !all.contains(chosen)));
        Ok(all)
    }

    fn find(config: &Config, setting: &Setting<String>) -> Result<Self> {
        let name = &setting.value;
        let mut pinned = pinned()?;
        let known = pinned.remove(name);
        match (config.runners.get(name), known) {
            (Some(table), known) => Ok(Runner::declared(name, table, known)),
            (None, Some(known)) => Ok(known),
            (None, None) => {
                let message = format!("{}: no runner is called `{name}`", setting.origin);
                let error = Error::new(setting.origin.kind(), message);
                let names = pinned.keys().chain(config.runners.keys());
                let names: Vec<&str> = names.map(String::as_str).chain([CARGO]).collect();
                Err(match nearest(name, names.iter().copied()) {
                    Some(near) => error.hint(format!("did you mean `{near}`?")),
                    None => error.hint(format!(
                        "known are {}; declare it in xbuild.toml: [runner.{name}] version = \"…\", sha256 = \"…\"",
                        names.join(", ")
                    )),
                })
            }
        }
    }

    /// What `[runner.NAME]` says, over what is known of that name.
    fn declared(name: &str, table: &RunnerTable, known: Option<Runner>) -> Self {
        let unknown = Runner {
            name: name.to_owned(),
            krate: format!("cargo-{name}"),
            version: String::new(),
            sha256: String::new(),
            flags: Vec::new(),
            command: vec![name.to_owned()],
            settings: Vec::new(),
            files: BTreeMap::new(),
            cargos: BTreeMap::new(),
            own: Vec::new(),
            writes_source: false,
            filters_crates: false,
        };
        let mut runner = known.unwrap_or(unknown);
        runner.version.clone_from(&table.version);
        runner.sha256.clone_from(&table.sha256);
        if let Some(krate) = &table.krate {
            runner.krate.clone_from(krate);
        }
        if let Some(command) = &table.command {
            runner.command.clone_from(command);
        }
        runner
    }

    /// The command line of a test run by this runner: cargo builds, by the
    /// options that it shares with the runner, and the runner finds all fresh.
    ///
    /// # Errors
    /// Where cargo's options cannot be read.
    pub fn takes(&self, args: CargoArgs) -> Result<CargoArgs> {
        let building = building_options(&args.options, &self.cargos, &self.own);
        let mut words: Vec<OsString> = self.command.iter().map(Into::into).collect();
        words.extend(self.settings.iter().map(Into::into));
        args.run_by(words, &building)
    }
}

#[cfg(test)]
mod tests;
