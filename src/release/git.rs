//! What git knows of the source: the commit, whether it says all, and where it
//! is from.

use std::path::{Path, PathBuf};

use crate::error::{IoContext, Result};
use crate::git::{self, Git};
use crate::project::Project;

/// What is known of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkout {
    pub commit: Option<String>,
    /// Changed and unknown files, as git lists them; what lies outside the
    /// repository too, since no commit of it says what that was.
    pub changes: Vec<String>,
    /// The remote `origin`, as git has it.
    pub remote: Option<String>,
}

/// Looks at the checkout of a project; `ours` are folders that xbuild writes
/// to, which are no part of the source.
///
/// # Errors
/// `Kind::Project` where there is a repository and git cannot read it.
pub fn look(project: &Project, ours: &[&Path]) -> Result<Checkout> {
    // git compares real paths.
    let root = std::fs::canonicalize(&project.root).at("find", &project.root)?;
    let Some(top) = git::top(&root) else {
        return Ok(Checkout {
            commit: None,
            changes: Vec::new(),
            remote: None,
        });
    };
    let git = Git::at(top);
    let head = ["rev-parse", "--verify", "--quiet", "HEAD^{commit}"];
    let mut status: Vec<String> = STATUS.map(str::to_owned).to_vec();
    for folder in ours {
        let real = std::fs::canonicalize(folder).unwrap_or_else(|_| (*folder).to_owned());
        if let Some(rest) = real.strip_prefix(top).ok().and_then(Path::to_str)
            && !rest.is_empty()
        {
            status.push(format!(":(top,exclude,literal){rest}"));
        }
    }
    let status: Vec<&str> = status.iter().map(String::as_str).collect();
    let listed = git.ask(&status)?.unwrap_or_default();
    let listed = listed.split('\0').filter(|line| !line.is_empty());
    let outside = project.outside().filter(|path| !path.starts_with(top));
    Ok(Checkout {
        commit: git.ask(&head)?.map(|text| text.trim().to_owned()),
        changes: listed
            .map(str::to_owned)
            .chain(outside.map(|path| path.display().to_string()))
            .collect(),
        remote: git
            .ask(&["config", "--get", "remote.origin.url"])?
            .map(|text| text.trim().to_owned())
            .filter(|text| !text.is_empty()),
    })
}

/// The files of a project that git knows or would add, relative to its root;
/// none where it is in no repository.
///
/// # Errors
/// As [`look`].
pub fn files(project: &Project) -> Result<Option<Vec<PathBuf>>> {
    let root = std::fs::canonicalize(&project.root).at("find", &project.root)?;
    let Some(top) = git::top(&root) else {
        return Ok(None);
    };
    let git = Git::at(top);
    let within = root.strip_prefix(top).unwrap_or(Path::new(""));
    let within = format!(":(top,literal){}", within.display());
    let mut files = Vec::new();
    for which in [
        &["--cached", "--recurse-submodules"][..],
        &["--others", "--exclude-standard"],
    ] {
        let words = [&["ls-files", "-z"], which, &["--", &within]].concat();
        let listed = git.ask(&words)?.unwrap_or_default();
        let listed = listed.split('\0').filter(|file| !file.is_empty());
        files.extend(listed.filter_map(|file| {
            let file = top.join(file);
            file.strip_prefix(&root).map(Path::to_owned).ok()
        }));
    }
    Ok(Some(files))
}

const STATUS: [&str; 6] = [
    "status",
    "--porcelain=v1",
    "-z",
    "--untracked-files=normal",
    "--",
    ":/",
];

/// A remote as the URI of a source (SPDX's form, which in-toto uses), without
/// passwords; `None` for one that only this machine knows.
pub fn source_uri(remote: &str) -> Option<String> {
    let (scheme, rest) = match remote.split_once("://") {
        Some((scheme @ ("https" | "http" | "ssh" | "git"), rest)) => (scheme, rest.to_owned()),
        Some(_) => return None,
        // `user@host:path`, scp's form.
        None => {
            let (host, path) = remote.split_once(':')?;
            if host.contains('/') || host.is_empty() || path.is_empty() {
                return None;
            }
            ("ssh", format!("{host}/{}", path.trim_start_matches('/')))
        }
    };
    let (authority, path) = rest.split_once('/').unwrap_or((&rest, ""));
    let host = match authority.rsplit_once('@') {
        // A name is part of the address where there is no other way in.
        Some((user, host)) if scheme == "ssh" => {
            let user = user.split(':').next().unwrap_or_default();
            format!("{user}@{host}")
        }
        Some((_, host)) => host.to_owned(),
        None => authority.to_owned(),
    };
    Some(format!("git+{scheme}://{host}/{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remotes_become_uris_without_passwords() {
        for (remote, uri) in [
            (
                "https://git.invalid/a/b.git",
                Some("git+https://git.invalid/a/b.git"),
            ),
            (
                "https://me:secret@git.invalid/a",
                Some("git+https://git.invalid/a"),
            ),
            (
                "https://token@git.invalid/a",
                Some("git+https://git.invalid/a"),
            ),
            (
                "git@git.invalid:a/b.git",
                Some("git+ssh://git@git.invalid/a/b.git"),
            ),
            (
                "ssh://git:pw@git.invalid:22/a",
                Some("git+ssh://git@git.invalid:22/a"),
            ),
            ("/srv/a.git", None),
            ("../a", None),
            ("file:///srv/a", None),
            ("C:", None),
            ("", None),
        ] {
            assert_eq!(source_uri(remote).as_deref(), uri, "{remote}");
        }
    }
}
