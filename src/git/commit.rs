//! The commit that a folder's checkout stands at, and when it was committed.

use std::path::Path;

use super::{Git, Head, head, top};
use crate::error::{Error, IoContext, Kind, Result};

/// One commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    pub id: String,
    /// The committer's time, seconds since 1970.
    pub seconds: u64,
}

/// The commit that a folder's checkout stands at; `None` where the folder lies
/// in no repository, or in one without a commit. `known` tells the time of a
/// commit that was asked for before: only for another one git is started.
///
/// # Errors
/// `Kind::Project` where only git could tell, and it is missing or refuses.
pub fn committed(folder: &Path, known: impl Fn(&str) -> Option<u64>) -> Result<Option<Commit>> {
    // A link's repository is that of the folder behind it.
    let real = std::fs::canonicalize(folder).at("find", folder)?;
    let Some(top) = top(&real) else {
        return Ok(None);
    };
    let git = Git::at(top);
    let id = match head(top) {
        Head::Commit(id) => id,
        Head::Unborn => return Ok(None),
        Head::Unknown => {
            let words = ["rev-parse", "--verify", "--quiet", "HEAD^{commit}"];
            match git.ask(&words)? {
                Some(id) => id.trim().to_owned(),
                None => return Ok(None),
            }
        }
    };
    let seconds = match known(&id) {
        Some(seconds) => seconds,
        None => {
            // A replacement is this machine's alone.
            let words = ["--no-replace-objects", "cat-file", "commit", &id];
            let text = git.ask(&words)?.unwrap_or_default();
            committer_time(&text).ok_or_else(|| {
                let message = format!("the commit {id} has no time that can be read");
                Error::new(Kind::Project, message)
            })?
        }
    };
    Ok(Some(Commit { id, seconds }))
}

/// The time in a commit's header: `committer NAME <MAIL> SECONDS ZONE`.
fn committer_time(text: &str) -> Option<u64> {
    let mut header = text.lines().take_while(|line| !line.is_empty());
    let line = header.find_map(|line| line.strip_prefix("committer "))?;
    let (_, times) = line.rsplit_once('>')?;
    times.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_committers_time_is_taken_and_nobody_elses() {
        let header = "tree 00\nparent 00\nauthor A <a@example.invalid> 1 +0000\n";
        for (rest, expected) in [
            (
                "committer C <c@example.invalid> 1700000000 +0100\n\nwords\n",
                Some(1_700_000_000),
            ),
            ("committer > 2 <> 3 -0000\n", Some(3)),
            ("committer C <c@example.invalid> -1 +0000\n", None),
            ("\ncommitter C <c@example.invalid> 4 +0000\n", None),
            ("", None),
        ] {
            assert_eq!(committer_time(&format!("{header}{rest}")), expected);
        }
    }

    #[test]
    fn a_commit_that_is_known_needs_no_git() {
        let folder = tempfile::tempdir().unwrap();
        let below = folder.path().join("crates/a");
        fs::create_dir_all(&below).unwrap();
        let never = |_: &str| -> Option<u64> { panic!("there is no commit") };
        assert_eq!(committed(&below, never).unwrap(), None);
        let git = folder.path().join(".git");
        fs::create_dir(&git).unwrap();
        fs::write(git.join("HEAD"), "ref: refs/heads/main\n").unwrap();
        assert_eq!(committed(&below, never).unwrap(), None);
        let id = "0123456789abcdef0123456789abcdef01234567";
        fs::write(git.join("HEAD"), id).unwrap();
        let found = committed(&below, |asked| (asked == id).then_some(7));
        let expected = Commit {
            id: id.to_owned(),
            seconds: 7,
        };
        assert_eq!(found.unwrap(), Some(expected));
        // Git itself finds no repository here, or is not there.
        committed(&below, |_| None).unwrap_err();
    }
}
