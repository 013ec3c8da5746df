//! The project's own `.cargo/config.toml`, as far as xbuild must know it:
//! cargo in the shell reads the files themselves. [pure core]
//!
//! Format: "Configuration" in the Cargo book.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::manifest::{broken, paths_of, string};
use super::root::{is_absence, normalize};
use crate::config::{Origin, Setting};
use crate::error::{Error, Kind, Result};

/// A linker or runner that a file sets and xbuild overrides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    pub file: PathBuf,
    pub triple: String,
    /// `linker` or `runner`.
    pub key: &'static str,
}

/// What the files say, the nearest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CargoSettings {
    /// The files that were read, the nearest first.
    pub files: Vec<PathBuf>,
    /// `build.target-dir`, absolute.
    pub target_dir: Option<PathBuf>,
    /// `build.target`: the targets where the user names none.
    pub targets: Vec<Setting<String>>,
    /// `build.rustflags`, which cargo drops once a target has flags of its own.
    pub rustflags: Vec<String>,
    pub aliases: BTreeMap<String, Vec<String>>,
    pub overrides: Vec<Override>,
    /// Whether a file puts another source in the place of crates.io.
    pub replaces_crates_io: bool,
    /// Folders that the files name: `paths`, patches and sources, absolute.
    pub folders: Vec<PathBuf>,
}

impl CargoSettings {
    /// Reads `.cargo/config.toml` (or the older `config`) of each folder.
    ///
    /// # Errors
    /// `Kind::Project` where one cannot be read or is not TOML.
    pub fn read<'a>(folders: impl IntoIterator<Item = &'a Path>) -> Result<Self> {
        let mut settings = CargoSettings::default();
        for folder in folders {
            // Where both are there, cargo takes the older name.
            for name in ["config", "config.toml"] {
                let path = folder.join(".cargo").join(name);
                match fs::read_to_string(&path) {
                    Ok(text) => {
                        settings.add(&path, folder, &text)?;
                        break;
                    }
                    Err(error) if is_absence(&error) || path.is_dir() => {}
                    Err(error) => {
                        let message = format!("failed to read `{}`", path.display());
                        return Err(Error::new(Kind::Project, message).caused_by(error));
                    }
                }
            }
        }
        Ok(settings)
    }

    /// Adds a file that weighs less than those before. Relative paths in it
    /// count from `base`.
    pub(super) fn add(&mut self, path: &Path, base: &Path, text: &str) -> Result<()> {
        let table: Table = text.parse().map_err(|error| broken(path, text, &error))?;
        let absolute = |path: &str| normalize(&base.join(path));
        self.files.push(path.to_owned());
        if let Some(Value::Table(build)) = table.get("build") {
            if self.target_dir.is_none() {
                self.target_dir = string(build, "target-dir").map(|path| absolute(&path));
            }
            if self.targets.is_empty() {
                let place = format!("`build.target` in {}", path.display());
                let setting = |target| Setting::new(target, Origin::Cargo(place.clone()));
                let targets = words(build.get("target"), false);
                self.targets = targets.into_iter().map(setting).collect();
            }
            // Lists of several files are joined, the nearest one's words last.
            self.rustflags
                .splice(0..0, words(build.get("rustflags"), true));
        }
        if let Some(Value::Table(aliases)) = table.get("alias") {
            for (name, value) in aliases {
                let expansion = words(Some(value), true);
                self.aliases.entry(name.clone()).or_insert(expansion);
            }
        }
        if let Some(Value::Table(targets)) = table.get("target") {
            for (triple, target) in targets {
                let keys = ["linker", "runner"].into_iter();
                let set = keys.filter(|key| target.get(key).is_some());
                self.overrides.extend(set.map(|key| Override {
                    file: path.to_owned(),
                    triple: triple.clone(),
                    key,
                }));
            }
        }
        self.replaces_crates_io |= crate::cargo::home::replaces_crates_io(text);
        let mut named = words(table.get("paths"), false);
        let patches = table.get("patch").and_then(Value::as_table);
        named.extend(
            patches
                .into_iter()
                .flat_map(Table::values)
                .flat_map(|patch| paths_of(Some(patch))),
        );
        let sources = table.get("source").and_then(Value::as_table);
        for source in sources.into_iter().flat_map(Table::values) {
            let keys = ["directory", "local-registry"].iter();
            named.extend(keys.filter_map(|key| Some(source.get(*key)?.as_str()?.to_owned())));
        }
        self.folders.extend(named.iter().map(|path| absolute(path)));
        Ok(())
    }

    /// Adds what the user's own configuration says of aliases and the target
    /// folder. Nothing else of it is the project's.
    pub(super) fn add_user(&mut self, cargo_home: Option<&Path>) -> Result<()> {
        let Some(home) = cargo_home else {
            return Ok(());
        };
        let path = home.join("config.toml");
        let Ok(text) = fs::read_to_string(&path) else {
            return Ok(());
        };
        let mut user = CargoSettings::default();
        user.add(&path, home.parent().unwrap_or(home), &text)?;
        self.target_dir = self.target_dir.take().or(user.target_dir);
        for (name, expansion) in user.aliases {
            self.aliases.entry(name).or_insert(expansion);
        }
        Ok(())
    }

    /// What the user should be told of the targets that are built.
    pub fn notes(&self, triples: &[String]) -> Vec<String> {
        let ours = self
            .overrides
            .iter()
            .filter(|it| triples.contains(&it.triple));
        ours.map(|it| {
            let (key, triple, file) = (it.key, &it.triple, it.file.display());
            format!("xbuild's own {key} for {triple} is used, not the one in `{file}`")
        })
        .collect()
    }
}

/// A string or a list of them; a string of several words is parted by spaces
/// where the key allows it.
fn words(value: Option<&Value>, parted: bool) -> Vec<String> {
    match value {
        Some(Value::String(text)) if parted => text.split_whitespace().map(Into::into).collect(),
        Some(Value::String(text)) => vec![text.clone()],
        Some(Value::Array(items)) => items
            .iter()
            .filter_map(|item| Some(item.as_str()?.to_owned()))
            .collect(),
        _ => Vec::new(),
    }
}
