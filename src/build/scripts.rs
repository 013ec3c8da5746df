//! Build scripts that failed: whose they are, and what the shell has kept from
//! them.
//!
//! Cargo says what a script printed, but its text may not show that a download
//! was refused. Which scripts failed is read from the folders that cargo runs
//! them in: it writes `invoked.timestamp` there before a script runs, and
//! `output` after it has succeeded.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::Build;
use crate::cargo::Layout;
use crate::error::{IoContext, Result};
use crate::terminal;

/// What a build script can do without a network.
const REMEDY: &str = "\
where it downloads something, a feature of the crate (`vendored`, `bundled`)
or a variable often spares it; else put the file into the project, or show
it to the build by `env.volumes`: docs/project.md, \"Build scripts\"";

impl Build<'_> {
    /// The moment before a run of cargo, by the clock of the file system that
    /// it writes to.
    pub(super) fn before(&self) -> Result<SystemTime> {
        let own = Layout::own(&self.request.project.target_dir);
        let mark = tempfile::tempfile_in(&own).at("create a file in", &own)?;
        let modified = mark.metadata().and_then(|data| data.modified());
        modified.at("read the time of a file in", &own)
    }

    /// Names the build scripts that have failed since, with the remedy for what
    /// does not work in the shell.
    pub(super) fn note_failed_scripts(&self, since: SystemTime) {
        if !self.request.is_isolated() {
            return;
        }
        let mut names: Vec<String> = Vec::new();
        for folder in self.profile_folders() {
            names.extend(failed(&folder.join("build"), since));
        }
        names.sort();
        names.dedup();
        if names.is_empty() || terminal::verbosity() < 0 {
            return;
        }
        for name in names {
            terminal::note(format!(
                "the build script of `{name}` failed in the hermetic shell, which has no network"
            ));
        }
        terminal::hint(REMEDY);
    }
}

/// The packages whose scripts ran and failed since then, of the folder where
/// cargo runs them.
fn failed(folder: &Path, since: SystemTime) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let modified = |path: PathBuf| fs::symlink_metadata(path).and_then(|it| it.modified()).ok();
    let name = |entry: fs::DirEntry| {
        let started = modified(entry.path().join("invoked.timestamp"))?;
        let ended = modified(entry.path().join("output"));
        if started < since || ended >= Some(started) {
            return None;
        }
        let name = entry.file_name().into_string().ok()?;
        Some(name.rsplit_once('-')?.0.to_owned())
    };
    entries.flatten().filter_map(name).collect()
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_script_that_began_and_did_not_end_has_failed() {
        let top = tempfile::tempdir().unwrap();
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        for (name, started, ended) in [
            ("before-0a", 99, None),
            ("well-done-0b", 100, Some(100)),
            ("fails-now-0c", 100, None),
            ("fails-again-0d", 110, Some(90)),
        ] {
            let folder = top.path().join(name);
            fs::create_dir(&folder).unwrap();
            for (file, time) in [("invoked.timestamp", Some(started)), ("output", ended)] {
                let Some(time) = time else { continue };
                let file = File::create(folder.join(file)).unwrap();
                file.set_modified(at(time)).unwrap();
            }
        }
        fs::write(top.path().join("file"), "").unwrap();
        let mut names = failed(top.path(), at(100));
        names.sort();
        assert_eq!(names, ["fails-again", "fails-now"]);
        assert!(failed(&top.path().join("absent"), at(0)).is_empty());
    }
}
