//! The git repository that a source lies in. What every build asks, the commit,
//! is read from the repository's files; the rest is asked of the machine's own
//! `git`, and nothing of the repository's configuration is run.

mod commit;
mod head;

use std::path::Path;

use crate::error::{Error, Kind, Result};
use crate::host;
use crate::process::Command;

pub use commit::{Commit, committed};
pub use head::{Head, head};

/// The nearest folder with a `.git` that a folder lies in, or is.
pub fn top(folder: &Path) -> Option<&Path> {
    folder.ancestors().find(|above| above.join(".git").exists())
}

/// The machine's `git`, asked about one checkout.
pub struct Git<'a> {
    top: &'a Path,
}

impl<'a> Git<'a> {
    /// About the checkout whose [`top`] this is.
    pub fn at(top: &'a Path) -> Self {
        Git { top }
    }

    /// The output of a command of git; `None` where it exits with 1, by which
    /// git says that there is no such thing.
    ///
    /// # Errors
    /// `Kind::Project` where there is no git, or it cannot read the repository.
    pub fn ask(&self, args: &[&str]) -> Result<Option<String>> {
        let mut command = Command::new("git")
            .args(["-c", "core.fsmonitor=false", "-c", "core.quotePath=false"])
            .args(args)
            .env("GIT_NO_LAZY_FETCH", "1")
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("LC_ALL", "C")
            .cwd(self.top);
        // The user's own settings say which repositories are safe.
        for name in ["PATH", "HOME", "XDG_CONFIG_HOME"] {
            if let Some(value) = host::var(name) {
                command = command.env(name, value);
            }
        }
        let output = command.to_std().stdin(std::process::Stdio::null()).output();
        let output = output.map_err(|cause| {
            let message = "git cannot be started, and the source is a git repository";
            Error::new(Kind::Project, message)
                .caused_by(cause)
                .hint("install git, so that the commit can be told")
        })?;
        match output.status.code() {
            Some(0) => Ok(Some(String::from_utf8_lossy(&output.stdout).into_owned())),
            Some(1) if output.stderr.is_empty() => Ok(None),
            _ => {
                let message = format!("git cannot read the repository `{}`", self.top.display());
                let why = String::from_utf8_lossy(&output.stderr).trim().to_owned();
                Err(Error::new(Kind::Project, message).caused_by(why))
            }
        }
    }
}
