//! `SOURCE_DATE_EPOCH` (reproducible-builds.org): the moment that a build takes
//! in place of the clock. It is the commit's, unless the configuration says
//! something else or no commit can be told.
//!
//! ```text
//! target/xbuild/commits.json          the time of each commit that was built
//! target/xbuild/epochs/TRIPLE-KEY…    the values that a profile's folder was built with
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::Build;
use crate::cargo::layout::{create_tagged, write_atomically};
use crate::cargo::{Layout, TARGET, Verb};
use crate::config::SourceDate;
use crate::error::{Error, IoContext, Kind, Result};
use crate::git;
use crate::shell::SOURCE_DATE_EPOCH as CONSTANT;
use crate::terminal;

/// The variable's name.
pub const VARIABLE: &str = "SOURCE_DATE_EPOCH";

/// Commits that are remembered, at most: more are forgotten together.
const REMEMBERED: usize = 1000;

/// The value for what is built below a folder. Where a target folder is given,
/// it remembers the times of commits.
pub fn epoch(folder: &Path, setting: SourceDate, target_dir: Option<&Path>) -> String {
    match setting {
        SourceDate::Constant => CONSTANT.to_owned(),
        SourceDate::At(seconds) => seconds.to_string(),
        SourceDate::Commit => match of_commit(folder, target_dir) {
            Ok(Some(seconds)) => seconds.to_string(),
            Ok(None) => CONSTANT.to_owned(),
            Err(error) => {
                terminal::note(format!(
                    "{VARIABLE} is 1980-01-01 and not the commit's time: {}",
                    one_line(&error)
                ));
                CONSTANT.to_owned()
            }
        },
    }
}

fn of_commit(folder: &Path, target_dir: Option<&Path>) -> Result<Option<u64>> {
    let memory = target_dir.map(|folder| Layout::own(folder).join("commits.json"));
    let recall = || -> Option<BTreeMap<String, u64>> {
        serde_json::from_slice(&fs::read(memory.as_ref()?).ok()?).ok()
    };
    // A file that is cut short or garbled counts as none.
    let mut known = recall().unwrap_or_default();
    let commit = git::committed(folder, |id| known.get(id).copied())?;
    let Some(commit) = commit else {
        return Ok(None);
    };
    if let (Some(path), Some(target_dir)) = (&memory, target_dir)
        && known.get(&commit.id) != Some(&commit.seconds)
    {
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(commit.id, commit.seconds);
        // Only speed is lost where it cannot be kept.
        if let Err(fault) = keep(&known, target_dir, path) {
            terminal::verbose(format!("the commit's time is not kept: {fault}"));
        }
    }
    Ok(Some(commit.seconds))
}

fn keep(known: &BTreeMap<String, u64>, target_dir: &Path, path: &Path) -> Result<()> {
    create_tagged(target_dir)?;
    let bytes = serde_json::to_vec(known).map_err(|error| {
        Error::new(Kind::Internal, "times of commits cannot be written").caused_by(error)
    })?;
    write_atomically(path, &bytes)
}

/// The message and the beginning of its cause.
fn one_line(error: &Error) -> String {
    let cause = std::error::Error::source(error).map(ToString::to_string);
    match cause.as_deref().and_then(|text| text.lines().next()) {
        Some(line) => format!("{error}: {line}"),
        None => error.to_string(),
    }
}

impl Build<'_> {
    /// Writes down with which value the profile's folders are built. Cargo does
    /// not build again what read the variable without telling it, so that a
    /// folder may hold parts of several values.
    pub(super) fn mark(&self) -> Result<()> {
        let now = self.epoch();
        for folder in self.profile_folders() {
            let mark = self.mark_of(&folder);
            let written = read(&mark);
            let mut values = match (folder.is_dir(), written.is_empty()) {
                (false, _) => BTreeSet::new(),
                // What was there before the first mark is of nobody knows when.
                (true, true) => BTreeSet::from(["unknown".to_owned()]),
                (true, false) => written.clone(),
            };
            values.insert(now.clone());
            if values != written {
                let text: Vec<&str> = values.iter().map(String::as_str).collect();
                write_atomically(&mark, format!("{}\n", text.join("\n")).as_bytes())?;
            }
        }
        Ok(())
    }

    /// Removes what parts of another value may be in, so that the next build is
    /// all of this one.
    ///
    /// # Errors
    /// `Kind::Filesystem`.
    pub fn renew(&self) -> Result<()> {
        let ours = BTreeSet::from([self.epoch()]);
        let folders = self.profile_folders();
        let other = |folder: &&PathBuf| folder.is_dir() && read(&self.mark_of(folder)) != ours;
        if !folders.iter().any(|folder| other(&folder)) {
            return Ok(());
        }
        terminal::status(
            "Removing",
            format!("what was built with another {VARIABLE}"),
        );
        for folder in folders.iter().filter(other) {
            fs::remove_dir_all(folder).at("remove", folder)?;
        }
        Ok(())
    }

    /// The value that reaches the build.
    fn epoch(&self) -> String {
        self.request.epoch_of(&self.specs())
    }

    /// The folders on the host of the profile at hand: the targets' and the
    /// host's.
    pub(super) fn profile_folders(&self) -> Vec<PathBuf> {
        let profile = match (self.args.profile.as_deref(), self.verb) {
            (Some("dev" | "test"), _) => "debug",
            (Some("bench"), _) | (None, Verb::Bench | Verb::Install) => "release",
            (Some(name), _) => name,
            (None, _) => "debug",
        };
        let target = Path::new(TARGET);
        let triples = super::triples(&self.specs());
        let places = triples.iter().map(|triple| target.join(triple));
        places
            .chain([target.to_owned()])
            .filter(|_| !profile.is_empty() && !profile.contains('/'))
            .filter_map(|place| self.layout.real(&place.join(profile)))
            .collect()
    }

    /// Where a profile's folder is written about: not in it, since the build
    /// could put a link to somewhere else there.
    fn mark_of(&self, folder: &Path) -> PathBuf {
        let own = Layout::own(&self.request.project.target_dir);
        let name = folder.strip_prefix(&own).unwrap_or(folder);
        let name = name.to_string_lossy().replace('/', "-");
        own.join("epochs").join(name)
    }
}

/// The values of a mark; none where there is none.
fn read(mark: &Path) -> BTreeSet<String> {
    let text = fs::read_to_string(mark).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}
