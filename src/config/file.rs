//! The keys of `xbuild.toml` and of `metadata.xbuild`: text → [`FileLayer`]. [pure]

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::reader::{Reader, Source, not_one_of};
use super::{
    CiTable, DebianPackage, Isolation, NixChoice, Origin, Passthrough, Setting, SourceDate, Volume,
};
use crate::error::{Error, Kind, Result};
use crate::tool_set;

/// What one file says; `None` and empty mean that it says nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileLayer {
    pub targets: Option<Vec<Setting<String>>>,
    pub glibc: Option<Setting<String>>,
    /// Files and folders outside the workspace that the build reads.
    pub sources: Vec<Setting<String>>,
    /// `build.tools`: sets of tools, by name.
    pub tools: Vec<Setting<String>>,
    pub source_date: Option<Setting<SourceDate>>,
    /// Packages of Debian that every target's sysroot has besides its own.
    pub packages: Vec<Setting<DebianPackage>>,
    pub allow: Vec<Setting<String>>,
    pub passthrough: Vec<Setting<Passthrough>>,
    pub volumes: Vec<Setting<Volume>>,
    pub mirrors: Vec<Setting<String>>,
    /// Whether no other mirror may be asked.
    pub mirrors_only: Option<Setting<bool>>,
    pub isolation: Option<Setting<Isolation>>,
    pub nix: Option<Setting<NixChoice>>,
    /// `test.runner`: who runs the tests.
    pub runner: Option<Setting<String>>,
    /// `test.writable`: whether they may write into the source.
    pub writable: Option<Setting<bool>>,
    /// `test.jobs`: how many test programs run at once.
    pub test_jobs: Option<Setting<NonZeroUsize>>,
    pub runners: BTreeMap<String, RunnerTable>,
    pub ci: CiTable,
    pub target: BTreeMap<String, TargetTable>,
}

/// What `[runner.NAME]` says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunnerTable {
    /// The version of the crate, and the SHA-256 of its archive.
    pub version: String,
    pub sha256: String,
    /// The crate, where it is not `cargo-NAME`.
    pub krate: Option<String>,
    /// The words behind `cargo`, where they are not the name alone.
    pub command: Option<Vec<String>>,
}

/// What `[target.TRIPLE]` says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TargetTable {
    /// Where the triple stands, for messages about it.
    pub place: Option<Origin>,
    pub glibc: Option<Setting<String>>,
    pub packages: Vec<Setting<DebianPackage>>,
    pub allow: Vec<Setting<String>>,
    pub passthrough: Vec<Setting<Passthrough>>,
    pub volumes: Vec<Setting<Volume>>,
}

impl FileLayer {
    /// Reads the text of an `xbuild.toml`.
    ///
    /// # Errors
    /// `Kind::Config`, naming file, line and key.
    pub fn parse(path: &Path, text: &str) -> Result<Self> {
        let source = Source { path, text };
        let table = DeTable::parse(text).map_err(|error| source.syntax(&error))?;
        FileLayer::read(&Reader::new(source, "", table.get_ref()))
    }

    /// Reads `[workspace.metadata.xbuild]`, or else `[package.metadata.xbuild]`,
    /// of the text of a `Cargo.toml`.
    ///
    /// # Errors
    /// `Kind::Config`, naming file, line and key; `Kind::Project` where the
    /// manifest is not TOML.
    pub fn parse_manifest(path: &Path, text: &str) -> Result<Option<Self>> {
        // Most manifests say nothing of xbuild: spare them the parse.
        if !text.contains("xbuild") {
            return Ok(None);
        }
        let source = Source { path, text };
        let table = DeTable::parse(text).map_err(|error| {
            let offset = error.span().map_or(0, |span| span.start);
            let place = format!("{}:{}", path.display(), source.line(offset));
            Error::new(Kind::Project, format!("{place}: {}", error.message()))
        })?;
        for owner in ["workspace", "package"] {
            let found = ["metadata", "xbuild"]
                .iter()
                .try_fold(table.get_ref().get(owner), |value, key| {
                    let table = value.and_then(|value| value.get_ref().as_table());
                    table.map(|table| table.get(*key))
                })
                .flatten();
            if let Some(value) = found {
                let prefix = format!("{owner}.metadata.xbuild.");
                let DeValue::Table(table) = value.get_ref() else {
                    let message = format!("`{owner}.metadata.xbuild` must be a table");
                    return Err(source.error(value.span().start, &message));
                };
                return FileLayer::read(&Reader::new(source, &prefix, table)).map(Some);
            }
        }
        Ok(None)
    }

    fn read(file: &Reader<'_, '_>) -> Result<Self> {
        file.only(&[
            "build",
            "checks",
            "ci",
            "env",
            "isolation",
            "mirrors",
            "mirrors-only",
            "nix",
            "runner",
            "target",
            "test",
        ])?;
        let mut layer = FileLayer {
            mirrors: file.strings("mirrors")?.unwrap_or_default(),
            mirrors_only: file.boolean("mirrors-only")?,
            isolation: file.choice("isolation", Isolation::parse, &Isolation::NAMES)?,
            nix: file.choice("nix", NixChoice::parse, &NixChoice::NAMES)?,
            allow: allow(file)?,
            passthrough: passthrough(file)?,
            volumes: volumes(file)?,
            ci: CiTable::read(file)?,
            ..FileLayer::default()
        };
        if let Some(build) = file.table("build")? {
            build.only(&[
                "glibc",
                "packages",
                "source-date-epoch",
                "sources",
                "targets",
                "tools",
            ])?;
            layer.targets = build.strings("targets")?;
            layer.glibc = glibc(&build)?;
            layer.sources = build.strings("sources")?.unwrap_or_default();
            layer.tools = tools(&build)?;
            layer.source_date = build.number_or_choice(
                "source-date-epoch",
                SourceDate::At,
                SourceDate::parse,
                &SourceDate::NAMES,
            )?;
            layer.packages = packages(&build)?;
        }
        if let Some(test) = file.table("test")? {
            test.only(&["jobs", "runner", "writable"])?;
            layer.test_jobs = test.count("jobs")?;
            layer.runner = test.string("runner")?;
            layer.writable = test.boolean("writable")?;
        }
        if let Some(runners) = file.table("runner")? {
            for (name, table) in runners.tables()? {
                let runner = runner(&name, &table)?;
                layer.runners.insert(name.value, runner);
            }
        }
        if let Some(targets) = file.table("target")? {
            for (triple, table) in targets.tables()? {
                table.only(&["checks", "env", "glibc", "packages"])?;
                let entry = TargetTable {
                    place: Some(triple.origin),
                    glibc: glibc(&table)?,
                    packages: packages(&table)?,
                    allow: allow(&table)?,
                    passthrough: passthrough(&table)?,
                    volumes: volumes(&table)?,
                };
                layer.target.insert(triple.value, entry);
            }
        }
        Ok(layer)
    }
}

fn runner(name: &Setting<String>, table: &Reader<'_, '_>) -> Result<RunnerTable> {
    table.only(&["command", "crate", "sha256", "version"])?;
    let wanted = |key: &str| {
        let setting = table.string(key)?;
        setting.map(|setting| setting.value).ok_or_else(|| {
            let message = format!("{}: `{}` is missing", name.origin, table.name_of(key));
            Error::new(Kind::Config, message)
                .hint("a runner is pinned by `version` and `sha256`, as Cargo.lock would")
        })
    };
    let command = table.strings("command")?;
    let version = wanted("version")?;
    let krate = table.string("crate")?.map(|setting| setting.value);
    // Both become names of folders, and words of a manifest.
    let legal = |text: &str, more: &[char]| {
        let mut chars = text.chars();
        chars.next().is_some_and(|c| c.is_ascii_alphanumeric())
            && chars.all(|c| c.is_ascii_alphanumeric() || more.contains(&c))
    };
    let odd = |key: &str, text: &str, what: &str| {
        let place = format!("{}: `{}`", name.origin, table.name_of(key));
        Error::new(Kind::Config, format!("{place}: `{text}` is no {what}"))
    };
    if !legal(&version, &['.', '-', '+', '_']) || version.contains("..") {
        let odd = odd("version", &version, "version of a crate");
        return Err(odd.hint("the whole version, such as 0.6.36"));
    }
    let own = krate.as_deref().unwrap_or(&name.value);
    if !legal(own, &['-', '_']) {
        return Err(odd("crate", own, "name of a crate").hint("such as cargo-nextest"));
    }
    Ok(RunnerTable {
        version,
        sha256: wanted("sha256")?,
        krate,
        command: command.map(|words| words.into_iter().map(|word| word.value).collect()),
    })
}

/// The keys of `[env]`.
const ENV: [&str; 2] = ["passthrough", "volumes"];

fn allow(table: &Reader<'_, '_>) -> Result<Vec<Setting<String>>> {
    let Some(checks) = table.table("checks")? else {
        return Ok(Vec::new());
    };
    checks.only(&["allow"])?;
    Ok(checks.strings("allow")?.unwrap_or_default())
}

fn tools(build: &Reader<'_, '_>) -> Result<Vec<Setting<String>>> {
    let named = build.strings("tools")?.unwrap_or_default();
    let sets = tool_set::all()?;
    let names: Vec<&str> = sets.iter().map(|set| &*set.name).collect();
    for tool in &named {
        if !names.contains(&&*tool.value) {
            let place = format!("{}: `build.tools`", tool.origin);
            return Err(not_one_of(tool.origin.kind(), &place, &tool.value, &names));
        }
    }
    Ok(named)
}

fn passthrough(table: &Reader<'_, '_>) -> Result<Vec<Setting<Passthrough>>> {
    let Some(env) = table.table("env")? else {
        return Ok(Vec::new());
    };
    env.only(&ENV)?;
    parsed(env.strings("passthrough")?, Passthrough::parse)
}

fn volumes(table: &Reader<'_, '_>) -> Result<Vec<Setting<Volume>>> {
    let Some(env) = table.table("env")? else {
        return Ok(Vec::new());
    };
    env.only(&ENV)?;
    parsed(env.strings("volumes")?, Volume::parse)
}

fn packages(table: &Reader<'_, '_>) -> Result<Vec<Setting<DebianPackage>>> {
    parsed(table.strings("packages")?, DebianPackage::parse)
}

/// Parses each word of a list, naming the line of one that is wrong.
fn parsed<T>(
    entries: Option<Vec<Setting<String>>>,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Result<Vec<Setting<T>>> {
    let one = |entry: Setting<String>| match parse(&entry.value) {
        Ok(value) => Ok(Setting::new(value, entry.origin)),
        Err(fault) => Err(Error::new(
            Kind::Config,
            format!("{}: {fault}", entry.origin),
        )),
    };
    entries.unwrap_or_default().into_iter().map(one).collect()
}

/// A version of glibc: numbers only here, what is possible is the target's to say.
fn glibc(table: &Reader<'_, '_>) -> Result<Option<Setting<String>>> {
    let Some(setting) = table.string("glibc")? else {
        return Ok(None);
    };
    super::layers::glibc_version(setting).map(Some)
}

impl FileLayer {
    /// Whether two files say the same, wherever they say it.
    pub fn same_settings(&self, other: &Self) -> bool {
        self.without_places() == other.without_places()
    }

    fn without_places(&self) -> Self {
        fn one<T: Clone>(setting: &Setting<T>) -> Setting<T> {
            Setting::new(setting.value.clone(), Origin::Default)
        }
        fn all<T: Clone>(settings: &[Setting<T>]) -> Vec<Setting<T>> {
            settings.iter().map(one).collect()
        }
        let table = |(triple, table): (&String, &TargetTable)| {
            let table = TargetTable {
                place: None,
                glibc: table.glibc.as_ref().map(one),
                packages: all(&table.packages),
                allow: all(&table.allow),
                passthrough: all(&table.passthrough),
                volumes: all(&table.volumes),
            };
            (triple.clone(), table)
        };
        FileLayer {
            targets: self.targets.as_deref().map(all),
            glibc: self.glibc.as_ref().map(one),
            sources: all(&self.sources),
            tools: all(&self.tools),
            source_date: self.source_date.as_ref().map(one),
            packages: all(&self.packages),
            allow: all(&self.allow),
            passthrough: all(&self.passthrough),
            volumes: all(&self.volumes),
            mirrors: all(&self.mirrors),
            mirrors_only: self.mirrors_only.as_ref().map(one),
            isolation: self.isolation.as_ref().map(one),
            nix: self.nix.as_ref().map(one),
            runner: self.runner.as_ref().map(one),
            writable: self.writable.as_ref().map(one),
            test_jobs: self.test_jobs.as_ref().map(one),
            runners: self.runners.clone(),
            ci: self.ci.without_places(),
            target: self.target.iter().map(table).collect(),
        }
    }
}
