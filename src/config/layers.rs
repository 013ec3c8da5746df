//! Flags over environment over file: the layers and what they come to. [pure]

use std::ffi::OsString;
use std::num::NonZeroUsize;

use super::file::{FileLayer, RunnerTable, TargetTable};
use super::reader::not_one_of;
use super::{
    DebianPackage, Isolation, NixChoice, Origin, Passthrough, Setting, SourceDate, Volume,
};
use crate::error::{Error, Kind, Result};

/// What xbuild's own flags said, as typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FlagLayer {
    pub targets: Vec<String>,
    pub allow: Vec<String>,
    pub mirrors: Vec<String>,
    pub isolation: Option<String>,
    pub nix: Option<String>,
    pub runner: Option<String>,
    pub test_jobs: Option<String>,
}

/// What the variables of xbuild said, as set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EnvLayer {
    pub targets: Option<String>,
    pub glibc: Option<String>,
    pub allow: Option<String>,
    pub mirrors: Option<String>,
    pub mirrors_only: Option<String>,
    pub isolation: Option<String>,
    pub nix: Option<String>,
}

impl EnvLayer {
    /// Reads the variables through `var`, which is `host::var` outside tests.
    ///
    /// # Errors
    /// `Kind::Config` where one is not UTF-8.
    pub fn read(var: impl Fn(&str) -> Option<OsString>) -> Result<Self> {
        let text = |name: &str| match var(name).map(OsString::into_string) {
            None => Ok(None),
            Some(Ok(text)) => Ok(Some(text)),
            Some(Err(_)) => Err(Error::new(
                Kind::Config,
                format!("the variable {name} is not UTF-8"),
            )),
        };
        Ok(EnvLayer {
            targets: text("XBUILD_TARGET")?,
            glibc: text("XBUILD_GLIBC")?,
            allow: text("XBUILD_ALLOW")?,
            mirrors: text("XBUILD_MIRROR")?,
            mirrors_only: text("XBUILD_MIRRORS_ONLY")?,
            isolation: text("XBUILD_ISOLATION")?,
            nix: text("XBUILD_NIX")?,
        })
    }
}

/// Everything that is configured, each value with its origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Targets as typed, floors included; empty means the machine's own.
    pub targets: Vec<Setting<String>>,
    /// Mirrors, the most wanted first.
    pub mirrors: Vec<Setting<String>>,
    /// Whether no other mirror may be asked: not the machine's, no public one.
    pub mirrors_only: Setting<bool>,
    pub isolation: Setting<Isolation>,
    pub nix: Setting<NixChoice>,
    /// Files and folders outside the workspace that the build reads, as
    /// written: relative to the workspace root.
    pub sources: Vec<Setting<String>>,
    /// Names of [tool sets](crate::tool_set) beyond those that the crates call.
    pub tools: Vec<Setting<String>>,
    /// Which moment a build takes in place of the clock.
    pub source_date: Setting<SourceDate>,
    /// Who runs the tests, where that is said.
    pub runner: Option<Setting<String>>,
    /// Whether tests may write into the source.
    pub writable: bool,
    /// How many test programs run at once, where that is said.
    pub test_jobs: Option<Setting<NonZeroUsize>>,
    /// `[runner.NAME]`.
    pub runners: std::collections::BTreeMap<String, RunnerTable>,
    packages: Vec<Setting<DebianPackage>>,
    allow: Vec<Setting<String>>,
    passthrough: Vec<Setting<Passthrough>>,
    volumes: Vec<Setting<Volume>>,
    env_glibc: Option<Setting<String>>,
    file_glibc: Option<Setting<String>>,
    target: std::collections::BTreeMap<String, TargetTable>,
}

/// What is configured for one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetConfig {
    /// The floor where the target's own suffix names none.
    pub glibc: Option<Setting<String>>,
    /// Packages of Debian that its sysroot has besides its own.
    pub packages: Vec<Setting<DebianPackage>>,
    /// Ids of findings that are not errors.
    pub allow: Vec<Setting<String>>,
    pub passthrough: Vec<Setting<Passthrough>>,
    /// Files and folders of the caller's that the build sees.
    pub volumes: Vec<Setting<Volume>>,
}

impl Config {
    /// Puts flags over environment over file. Single values and the list of
    /// targets come from the highest layer that has them; allowed findings add
    /// up, and mirrors are tried from the highest layer down.
    ///
    /// # Errors
    /// `Kind::Config` for a value outside its set, naming its origin.
    pub fn resolve(flags: &FlagLayer, env: &EnvLayer, file: Option<FileLayer>) -> Result<Self> {
        let file = file.unwrap_or_default();
        let env_glibc = env
            .glibc
            .as_ref()
            .map(|text| glibc_version(Setting::new(text.clone(), Origin::Env("XBUILD_GLIBC"))));
        let mirrors = all_of([
            listed(&flags.mirrors, "--mirror"),
            split(env.mirrors.as_deref(), "XBUILD_MIRROR"),
            file.mirrors,
        ]);
        let mirrors_only = choose(
            (None, "--mirror"),
            (env.mirrors_only.as_deref(), "XBUILD_MIRRORS_ONLY"),
            file.mirrors_only,
            truth,
            &["true", "false"],
        )?;
        if mirrors_only.value && mirrors.is_empty() {
            let message = format!(
                "{}: only named mirrors may be asked, and none is named",
                mirrors_only.origin
            );
            return Err(Error::new(Kind::Config, message)
                .hint("name one: XBUILD_MIRROR=http://mirror.example/debian"));
        }
        Ok(Config {
            targets: first_of([
                listed(&flags.targets, "--target"),
                split(env.targets.as_deref(), "XBUILD_TARGET"),
                file.targets.unwrap_or_default(),
            ]),
            mirrors,
            mirrors_only,
            isolation: choose(
                (flags.isolation.as_deref(), "--isolation"),
                (env.isolation.as_deref(), "XBUILD_ISOLATION"),
                file.isolation,
                Isolation::parse,
                &Isolation::NAMES,
            )?,
            nix: choose(
                (flags.nix.as_deref(), "--nix"),
                (env.nix.as_deref(), "XBUILD_NIX"),
                file.nix,
                NixChoice::parse,
                &NixChoice::NAMES,
            )?,
            allow: all_of([
                listed(&flags.allow, "--allow"),
                split(env.allow.as_deref(), "XBUILD_ALLOW"),
                file.allow,
            ]),
            sources: file.sources,
            tools: file.tools,
            source_date: file
                .source_date
                .unwrap_or_else(|| Setting::new(SourceDate::default(), Origin::Default)),
            runner: flags
                .runner
                .as_ref()
                .map(|name| Setting::new(name.clone(), Origin::Flag("--runner")))
                .or(file.runner),
            writable: file.writable.is_some_and(|setting| setting.value),
            test_jobs: flags
                .test_jobs
                .as_deref()
                .map(test_jobs)
                .transpose()?
                .or(file.test_jobs),
            runners: file.runners,
            packages: file.packages,
            passthrough: file.passthrough,
            volumes: file.volumes,
            env_glibc: env_glibc.transpose()?,
            file_glibc: file.glibc,
            target: file.target,
        })
    }

    /// What holds for one plain triple: `XBUILD_GLIBC` over `[target.TRIPLE]`
    /// over `[build]`; the lists add up, the target's own entries last so that
    /// a variable set twice gets the target's value.
    pub fn for_target(&self, triple: &str) -> TargetConfig {
        let own = self.target.get(triple).cloned().unwrap_or_default();
        let glibc = self.env_glibc.clone();
        TargetConfig {
            glibc: glibc.or(own.glibc).or_else(|| self.file_glibc.clone()),
            packages: [self.packages.clone(), own.packages].concat(),
            allow: [self.allow.clone(), own.allow].concat(),
            passthrough: [self.passthrough.clone(), own.passthrough].concat(),
            volumes: [self.volumes.clone(), own.volumes].concat(),
        }
    }

    /// The triples that have a `[target.TRIPLE]` table, to be checked against
    /// the table of targets, and where each stands.
    pub fn named_targets(&self) -> impl Iterator<Item = (&str, &Origin)> {
        self.target.iter().map(|(triple, table)| {
            let place = table.place.as_ref().unwrap_or(&Origin::Default);
            (triple.as_str(), place)
        })
    }
}

/// Checks that a floor looks like one: `2.17`.
pub(super) fn glibc_version(setting: Setting<String>) -> Result<Setting<String>> {
    let digits = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit());
    let legal = matches!(setting.value.split('.').collect::<Vec<_>>()[..],
        [major, minor] if digits(major) && digits(minor));
    if legal {
        return Ok(setting);
    }
    let message = format!(
        "{}: `{}` is not a version of glibc",
        setting.origin, setting.value
    );
    Err(Error::new(Kind::Config, message).hint("write it as major.minor: 2.17"))
}

/// A variable's yes or no.
fn truth(text: &str) -> Option<bool> {
    match text {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

fn listed(values: &[String], flag: &'static str) -> Vec<Setting<String>> {
    let setting = |value: &String| Setting::new(value.clone(), Origin::Flag(flag));
    values.iter().map(setting).collect()
}

/// A variable's list: parted by spaces or commas.
fn split(value: Option<&str>, name: &'static str) -> Vec<Setting<String>> {
    value
        .unwrap_or_default()
        .split(|c: char| c.is_whitespace() || c == ',')
        .filter(|part| !part.is_empty())
        .map(|part| Setting::new(part.to_owned(), Origin::Env(name)))
        .collect()
}

fn first_of<T>(layers: [Vec<T>; 3]) -> Vec<T> {
    layers
        .into_iter()
        .find(|layer| !layer.is_empty())
        .unwrap_or_default()
}

fn all_of<T>(layers: [Vec<T>; 3]) -> Vec<T> {
    layers.into_iter().flatten().collect()
}

fn choose<T: Default>(
    (flag, flag_name): (Option<&str>, &'static str),
    (env, env_name): (Option<&str>, &'static str),
    file: Option<Setting<T>>,
    parse: impl Fn(&str) -> Option<T>,
    names: &[&str],
) -> Result<Setting<T>> {
    let typed = flag
        .map(|text| (text, Origin::Flag(flag_name)))
        .or(env.map(|text| (text, Origin::Env(env_name))));
    let Some((text, origin)) = typed else {
        return Ok(file.unwrap_or_else(|| Setting::new(T::default(), Origin::Default)));
    };
    match parse(text) {
        Some(value) => Ok(Setting::new(value, origin)),
        None => Err(not_one_of(origin.kind(), &origin.to_string(), text, names)),
    }
}

fn test_jobs(text: &str) -> Result<Setting<NonZeroUsize>> {
    const FLAG: &str = "--test-jobs";
    let count = text.parse().map_err(|_| {
        let message = format!("`{FLAG}` must be a number of 1 or more, not `{text}`");
        Error::new(Kind::Usage, message)
    })?;
    Ok(Setting::new(count, Origin::Flag(FLAG)))
}
