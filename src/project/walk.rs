//! The files that a workspace is made of: its members, and the path
//! dependencies that lie outside its root.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::manifest::{INHERITED, Package};
use super::root::{Located, normalize, workspace_of};
use super::stamp::Stamp;
use crate::error::Result;

/// A package inside the workspace's root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    pub manifest: PathBuf,
    pub package: Package,
    /// Whether cargo takes it where no package is named.
    pub default: bool,
}

/// What a walk has found, and everything that it looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Walk {
    pub members: Vec<Member>,
    /// Folders and files outside the root, absolute.
    pub outside: BTreeSet<PathBuf>,
    /// Those of them that a manifest names by an absolute path.
    pub absolute: BTreeSet<PathBuf>,
    /// Files and folders read, or found missing.
    pub inputs: BTreeMap<PathBuf, Option<Stamp>>,
}

/// Walks from the root's manifest through members and path dependencies.
///
/// # Errors
/// `Kind::Project` where a manifest cannot be read.
pub(super) fn walk(root: &Located) -> Result<Walk> {
    let folder = root.folder();
    let mut walk = Walk::default();
    let mut folders: Vec<PathBuf> = vec![folder.to_owned()];
    let mut defaults: Vec<PathBuf> = vec![folder.to_owned()];
    if let Some(workspace) = &root.manifest.workspace {
        for member in &workspace.members {
            folders.extend(walk.expand(folder, member));
        }
        let excluded: Vec<_> = workspace
            .exclude
            .iter()
            .map(|path| normalize(&folder.join(path)))
            .collect();
        let listed: Vec<_> = workspace
            .members
            .iter()
            .map(|path| normalize(&folder.join(path)))
            .collect();
        folders.retain(|member| {
            listed.contains(member) || !excluded.iter().any(|path| member.starts_with(path))
        });
        if !workspace.default_members.is_empty() {
            defaults = workspace
                .default_members
                .iter()
                .flat_map(|path| walk.expand(folder, path))
                .collect();
        } else if root.manifest.package.is_none() {
            defaults.clone_from(&folders);
        }
    }
    let listed: BTreeSet<PathBuf> = folders.iter().cloned().collect();
    for member in listed.iter().filter(|member| member.exists()) {
        walk.add_outside(folder, member, false);
    }
    let mut seen = BTreeSet::new();
    while let Some(next) = folders.pop() {
        if !seen.insert(next.clone()) {
            continue;
        }
        let path = next.join("Cargo.toml");
        walk.note(&path);
        let Some(located) = Located::read(&path)? else {
            continue;
        };
        let member = next.starts_with(folder) || listed.contains(&next);
        let kind = if member {
            Some(defaults.contains(&next))
        } else {
            None
        };
        folders.extend(walk.visit(folder, &located, kind)?);
    }
    walk.members.sort_by(|a, b| a.manifest.cmp(&b.manifest));
    let workspace = root.manifest.workspace.as_ref();
    for member in &mut walk.members {
        let version = &mut member.package.rust_version;
        if version.as_deref() == Some(INHERITED) {
            *version = workspace.and_then(|it| it.rust_version.clone());
        }
    }
    Ok(walk)
}

impl Walk {
    /// Takes in one manifest and says which folders it leads to. `member` is
    /// nothing for a foreign package, otherwise whether it is a default one.
    fn visit(
        &mut self,
        root: &Path,
        located: &Located,
        member: Option<bool>,
    ) -> Result<Vec<PathBuf>> {
        let mut next = Vec::new();
        if let (Some(default), Some(package)) = (member, &located.manifest.package) {
            let manifest = located.path.clone();
            self.members.push(Member {
                manifest,
                package: package.clone(),
                default,
            });
        } else if member.is_none() {
            // Its workspace may hold what it inherits by `workspace = true`.
            if let Some(workspace) = workspace_of(located)?.filter(|it| it.path != located.path) {
                self.note(&workspace.path);
                self.add_outside(root, &workspace.path, false);
                next.extend(self.dependencies(root, &workspace));
            }
        }
        for file in &located.manifest.files {
            let path = normalize(&located.folder().join(file));
            if path.exists() {
                self.add_outside(root, &path, file.starts_with('/'));
            }
        }
        next.extend(self.dependencies(root, located));
        Ok(next)
    }

    fn dependencies(&mut self, root: &Path, located: &Located) -> Vec<PathBuf> {
        let mut found = Vec::new();
        for path in &located.manifest.dependencies {
            let folder = normalize(&located.folder().join(path));
            self.add_outside(root, &folder, path.starts_with('/'));
            found.push(folder);
        }
        found
    }

    fn add_outside(&mut self, root: &Path, path: &Path, absolute: bool) {
        if absolute {
            self.absolute.insert(path.to_owned());
        } else if !path.starts_with(root) {
            self.outside.insert(path.to_owned());
        }
    }

    /// The folders that an entry of `members` means, by the same crate that
    /// cargo expands it with. Each folder listed on the way is an input: its
    /// time changes when a member is added.
    fn expand(&mut self, root: &Path, member: &str) -> Vec<PathBuf> {
        let is_pattern = |part: &str| part.contains(['*', '?', '[']);
        let parts: Vec<&str> = member.split('/').collect();
        let Some(first) = parts.iter().position(|part| is_pattern(part)) else {
            return vec![normalize(&root.join(member))];
        };
        let escaped = glob::Pattern::escape(&root.to_string_lossy());
        let folders = |parts: &[&str]| -> Vec<PathBuf> {
            let pattern = format!("{escaped}/{}", parts.join("/"));
            let paths = glob::glob(&pattern).into_iter().flatten().flatten();
            paths
                .filter(|path| path.is_dir())
                .map(|path| normalize(&path))
                .collect()
        };
        for end in first..parts.len() {
            folders(&parts[..end])
                .iter()
                .for_each(|folder| self.note(folder));
        }
        let found = folders(&parts);
        if parts.last() == Some(&"**") {
            found.iter().for_each(|folder| self.note(folder));
        }
        found
    }

    fn note(&mut self, path: &Path) {
        self.inputs.insert(path.to_owned(), Stamp::of(path));
    }

    /// Whether everything that was looked at is as it was then.
    pub fn is_current(&self) -> bool {
        self.inputs
            .iter()
            .all(|(path, stamp)| Stamp::of(path) == *stamp)
    }
}
