//! What xbuild needs to know of a `Cargo.toml`: text → [`Manifest`]. [pure]
//!
//! Format: "The Manifest Format" and "Workspaces" in the Cargo book. Cargo
//! itself judges whether a manifest is right; this reads past what it does
//! not know.

use std::path::Path;

use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use crate::error::{Error, Kind, Result};

/// The parts of a manifest that say where other files are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Manifest {
    pub package: Option<Package>,
    pub workspace: Option<Workspace>,
    /// Folders of path dependencies and patches, as written.
    pub dependencies: Vec<String>,
    /// Files of the package that lie above its folder, as written.
    pub files: Vec<String>,
}

/// `[package]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Package {
    pub name: String,
    pub default_run: Option<String>,
    /// `package.workspace`: the folder of the workspace's root, as written.
    pub workspace: Option<String>,
    /// `package.rust-version`: the oldest Rust that it is for.
    #[serde(default)]
    pub rust_version: Option<String>,
}

/// A `rust-version` that is the workspace's.
pub(super) const INHERITED: &str = "workspace";

/// `[workspace]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Workspace {
    pub members: Vec<String>,
    pub exclude: Vec<String>,
    pub default_members: Vec<String>,
    /// `workspace.package.rust-version`.
    pub rust_version: Option<String>,
}

impl Manifest {
    /// Reads the text of the manifest at `path`.
    ///
    /// # Errors
    /// `Kind::Project` with the line where it is not TOML.
    pub fn parse(path: &Path, text: &str) -> Result<Self> {
        let table: Table = text.parse().map_err(|error| {
            broken(path, text, &error)
                .hint("the format: https://doc.rust-lang.org/cargo/reference/manifest.html")
        })?;
        let package = table.get("package").or_else(|| table.get("project"));
        let package = package.and_then(Value::as_table);
        let mut manifest = Manifest {
            package: package.map(|package| Package {
                name: string(package, "name").unwrap_or_default(),
                default_run: string(package, "default-run"),
                workspace: string(package, "workspace"),
                rust_version: rust_version(package),
            }),
            ..Manifest::default()
        };
        if let Some(Value::Table(workspace)) = table.get("workspace") {
            manifest.workspace = Some(Workspace {
                members: strings(workspace, "members"),
                exclude: strings(workspace, "exclude"),
                default_members: strings(workspace, "default-members"),
                rust_version: workspace
                    .get("package")
                    .and_then(|package| string(package.as_table()?, "rust-version")),
            });
            manifest
                .dependencies
                .extend(paths_of(workspace.get("dependencies")));
        }
        manifest.dependencies.extend(dependencies(&table));
        manifest.files = package
            .map(|package| files(package, &table))
            .unwrap_or_default();
        Ok(manifest)
    }
}

/// The error for a text that is not TOML, with its place.
pub(crate) fn broken(path: &Path, text: &str, error: &toml::de::Error) -> Error {
    let before = error
        .span()
        .map_or("", |span| text.get(..span.start).unwrap_or(text));
    let line = before.matches('\n').count() + 1;
    Error::new(
        Kind::Project,
        format!("{}:{line}: {}", path.display(), error.message()),
    )
}

fn rust_version(package: &Table) -> Option<String> {
    match package.get("rust-version")? {
        Value::Table(table) => {
            let inherits = table.get("workspace").and_then(Value::as_bool) == Some(true);
            inherits.then(|| INHERITED.to_owned())
        }
        version => version.as_str().map(str::to_owned),
    }
}

fn dependencies(table: &Table) -> Vec<String> {
    const SECTIONS: [&str; 5] = [
        "build-dependencies",
        "build_dependencies",
        "dependencies",
        "dev-dependencies",
        "dev_dependencies",
    ];
    let mut found = Vec::new();
    let targets = table.get("target").and_then(Value::as_table);
    let targets = targets
        .into_iter()
        .flat_map(Table::values)
        .filter_map(Value::as_table);
    for table in std::iter::once(table).chain(targets) {
        found.extend(
            SECTIONS
                .iter()
                .flat_map(|section| paths_of(table.get(*section))),
        );
    }
    found.extend(paths_of(table.get("replace")));
    let patches = table.get("patch").and_then(Value::as_table);
    let patches = patches.into_iter().flat_map(Table::values);
    found.extend(patches.flat_map(|patch| paths_of(Some(patch))));
    found
}

/// The `path` of every entry of a table of dependencies.
pub(super) fn paths_of(table: Option<&Value>) -> Vec<String> {
    let entries = table.and_then(Value::as_table);
    let entries = entries.into_iter().flat_map(Table::values);
    entries
        .filter_map(|entry| Some(entry.get("path")?.as_str()?.to_owned()))
        .collect()
}

/// Files that a package names and that its folder does not hold.
fn files(package: &Table, table: &Table) -> Vec<String> {
    let named = ["build", "license-file", "readme"];
    let mut found: Vec<String> = named
        .iter()
        .filter_map(|key| string(package, key))
        .collect();
    found.extend(
        table
            .get("lib")
            .and_then(Value::as_table)
            .and_then(|lib| string(lib, "path")),
    );
    for kind in ["bench", "bin", "example", "test"] {
        let targets = table.get(kind).and_then(Value::as_array);
        let targets = targets.into_iter().flatten().filter_map(Value::as_table);
        found.extend(targets.filter_map(|target| string(target, "path")));
    }
    found.retain(|path| path.starts_with("../") || path.starts_with('/'));
    found
}

pub(super) fn string(table: &Table, key: &str) -> Option<String> {
    Some(table.get(key)?.as_str()?.to_owned())
}

pub(super) fn strings(table: &Table, key: &str) -> Vec<String> {
    let items = table.get(key).and_then(Value::as_array);
    let items = items.into_iter().flatten();
    items
        .filter_map(|item| Some(item.as_str()?.to_owned()))
        .collect()
}
