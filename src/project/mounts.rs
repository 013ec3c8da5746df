//! Where the source stands in the shell. [pure]
//!
//! A workspace that needs nothing outside its root stands at `/build/source`.
//! One with relative path dependencies outside keeps their relative paths: the
//! nearest folder above all of them becomes `/build/source`, and only the root
//! and the dependencies are bound below it. What a manifest names by an
//! absolute path is bound at that path.

use std::path::{Path, PathBuf};

use crate::cargo::SOURCE;

/// The source's places on the host and in the shell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mounts {
    /// The workspace's root in the shell.
    pub root: PathBuf,
    /// What to bind read-only, outer folders first: on the host, in the shell.
    pub binds: Vec<(PathBuf, PathBuf)>,
}

impl Mounts {
    /// Lays out a root with what is outside of it, all absolute.
    pub fn new<'a>(
        root: &'a Path,
        relative: impl IntoIterator<Item = &'a Path>,
        absolute: impl IntoIterator<Item = &'a Path>,
    ) -> Self {
        let mut sources: Vec<&Path> = std::iter::once(root).chain(relative).collect();
        sources.sort();
        let mut top = root.to_owned();
        for source in &sources {
            while !source.starts_with(&top) {
                top.pop();
            }
        }
        // A file alone cannot be the top: its folder is.
        let place = |host: &Path| match host.strip_prefix(&top) {
            Ok(rest) if !rest.as_os_str().is_empty() => Path::new(SOURCE).join(rest),
            _ => PathBuf::from(SOURCE),
        };
        let mut binds: Vec<(PathBuf, PathBuf)> = Vec::new();
        let mut add = |host: &Path, inside: PathBuf| {
            let covered = binds.iter().any(|(outer, at)| {
                let rest = host.strip_prefix(outer);
                rest.is_ok_and(|rest| inside.strip_prefix(at).is_ok_and(|below| below == rest))
            });
            if !covered {
                binds.push((host.to_owned(), inside));
            }
        };
        sources.iter().for_each(|source| add(source, place(source)));
        absolute
            .into_iter()
            .for_each(|source| add(source, source.to_owned()));
        Mounts {
            root: place(root),
            binds,
        }
    }

    /// Where a path of the host stands in the shell.
    pub fn inside(&self, host: &Path) -> Option<PathBuf> {
        let fitting = self.binds.iter().filter_map(|(outer, at)| {
            let rest = host.strip_prefix(outer).ok()?;
            let inside = if rest.as_os_str().is_empty() {
                at.clone()
            } else {
                at.join(rest)
            };
            Some((outer.components().count(), inside))
        });
        fitting
            .max_by_key(|(depth, _)| *depth)
            .map(|(_, inside)| inside)
    }

    /// Folders of the shell and the host's in their place, for
    /// [`crate::cargo::rewrite_paths`].
    pub fn mapping(&self) -> Vec<(String, String)> {
        let text = |path: &Path| path.to_string_lossy().into_owned();
        self.binds
            .iter()
            .map(|(host, inside)| (text(inside), text(host)))
            .collect()
    }
}
