//! Files that sources include and tests open.

use std::fs;
use std::path::{Component, Path, PathBuf};

use super::{Examined, begins_with, entries};
use crate::doctor::sources::{self, Base, Named, Use};
use crate::doctor::{Finding, Topic};
use crate::target::TargetSpec;

/// How an LFS pointer begins, after "Git LFS Specification".
const LFS: &[u8] = b"version https://git-lfs.github.com/spec/";
/// Folders of a package's tests that hold no tests.
const NO_TESTS: [&str; 6] = [
    "compile-fail",
    "data",
    "fixtures",
    "snapshots",
    "target",
    "ui",
];
/// What a test finds in the shell beside the project.
const SHOWN: [&str; 4] = ["/build", "/dev", "/proc", "/tmp"];
/// And of the machine's usual files these alone.
const SHOWN_ALONE: [&str; 7] = [
    "/",
    "/bin/sh",
    "/etc",
    "/etc/group",
    "/etc/hosts",
    "/etc/passwd",
    "/usr/bin/env",
];

impl Examined<'_> {
    /// Files that sources include and tests open.
    pub(super) fn files(&mut self) {
        let members = self.request.project.members.clone();
        for member in &members {
            let Some(folder) = member.manifest.parent() else {
                continue;
            };
            for (part, is_test) in [("src", false), ("tests", true), ("benches", true)] {
                for file in rust_files(&folder.join(part)) {
                    let Ok(text) = fs::read_to_string(&file) else {
                        continue;
                    };
                    for named in sources::named(&text, is_test).unwrap_or_default() {
                        let finding = self.file(folder, &file, &named);
                        self.findings.extend(finding);
                    }
                }
            }
        }
    }

    /// What is wrong with one file that a source names.
    fn file(&self, package: &Path, source: &Path, named: &Named) -> Option<Finding> {
        let base = match named.base {
            Base::Source => source.parent()?,
            Base::Package => package,
        };
        let at = |finding: Finding| Some(finding.at(source, Some(named.line)));
        let bites = |message: String| Finding::bites(Topic::DataFile, message);
        let path = lexical(&base.join(&named.path));
        let shown = &named.path;
        let root = &self.request.project.root;
        let is_shown = SHOWN.iter().any(|known| path.starts_with(known))
            || SHOWN_ALONE.iter().any(|known| path == Path::new(known));
        if named.path.starts_with('/') && is_shown && named.used != Use::Include {
            return None;
        }
        // What a build makes in the target folder is not there before it.
        if path.starts_with(&self.request.project.target_dir) {
            return None;
        }
        if named.used == Use::Write {
            let writable = self.request.config.writable || !path.starts_with(root);
            if named.path.starts_with('/') {
                return at(
                    bites(format!("the test writes {shown}, which the shell has not"))
                        .hint("write into std::env::temp_dir()"),
                );
            }
            return match writable {
                true => None,
                false => at(bites(format!(
                    "the test writes {shown} into the source, which the shell shows read-only"
                ))
                .hint("[test] writable = true in xbuild.toml, or std::env::temp_dir()")),
            };
        }
        if named.path.starts_with('/') && named.used != Use::Include {
            let volume = |spec: &TargetSpec| {
                self.request
                    .volumes(std::slice::from_ref(spec))
                    .is_ok_and(|mounted| {
                        mounted.iter().any(|one| {
                            one.volume.variable().is_none() && path.starts_with(&one.host)
                        })
                    })
            };
            if self.request.specs.iter().any(volume) {
                return None;
            }
            return at(bites(format!(
                "the test opens {shown}, which the shell does not show"
            ))
            .hint(format!(
                "[env] volumes = [\"{shown}\"] in xbuild.toml, or a copy in the project"
            )));
        }
        let what = match named.used {
            Use::Include => "the source includes",
            _ => "the test names",
        };
        let Ok(real) = fs::canonicalize(&path) else {
            let message = format!("{what} {shown}, which is not there");
            return at(match named.used {
                Use::Include => bites(message).hint("is it ignored by git, or made by hand?"),
                _ => Finding::note(Topic::DataFile, message),
            });
        };
        if self.mounts.inside(&path).is_none() || self.mounts.inside(&real).is_none() {
            let outside = match self.mounts.inside(&path) {
                Some(_) => &real,
                None => &path,
            };
            let relative = from(root, outside);
            return at(bites(format!(
                "{what} {shown}, which lies outside the workspace, where the shell does not see it"
            ))
            .hint(format!(
                "[build] sources = [\"{}\"] in xbuild.toml",
                relative.display()
            )));
        }
        if begins_with(&real, LFS) {
            return at(bites(format!(
                "{what} {shown}, which is a pointer of Git LFS only"
            ))
            .hint("git lfs pull"));
        }
        None
    }
}

/// The Rust sources below a folder of a package; those of packages in it are
/// their own.
fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in entries(folder) {
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        let name = name.unwrap_or_default();
        let is_link = fs::symlink_metadata(&path).is_ok_and(|data| data.is_symlink());
        if path.is_dir() {
            let foreign = NO_TESTS.contains(&&*name) || name.starts_with('.');
            if !foreign && !is_link && !path.join("Cargo.toml").exists() {
                found.extend(rust_files(&path));
            }
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
    found
}

/// A path without `.` and `..`, by its text alone.
fn lexical(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            part => plain.push(part),
        }
    }
    plain
}

/// A path as it is written from a folder.
fn from(folder: &Path, path: &Path) -> PathBuf {
    let shared = folder.components().zip(path.components());
    let shared = shared.take_while(|(a, b)| a == b).count();
    let ups = folder
        .components()
        .skip(shared)
        .map(|_| Component::ParentDir);
    ups.chain(path.components().skip(shared)).collect()
}
