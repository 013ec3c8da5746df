//! The commit that a checkout stands at, read from git's files.
//!
//! Formats: gitrepository-layout(5), and git-pack-refs(1) for `packed-refs`.

use std::fs;
use std::path::{Path, PathBuf};

/// How many names a name may stand for, one after the other; git's own limit.
const DEPTH: usize = 5;

/// What `HEAD` stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Head {
    /// A commit: 40 hexadecimal digits, or 64 in a repository of SHA-256.
    Commit(String),
    /// A branch without a commit.
    Unborn,
    /// Git may know: the files are none, or of a kind that only git reads.
    Unknown,
}

/// What `HEAD` of a checkout stands for. `top` is the folder that has `.git`:
/// a folder, or in worktrees and submodules a file that names one.
pub fn head(top: &Path) -> Head {
    let Some(own) = own_folder(top) else {
        return Head::Unknown;
    };
    // A worktree has a `HEAD` of its own and shares the branches.
    let common = match fs::read_to_string(own.join("commondir")) {
        Ok(text) => own.join(text.trim_end()),
        Err(_) => own.clone(),
    };
    let mut name = "HEAD".to_owned();
    for _ in 0..=DEPTH {
        let loose = [&own, &common].map(|folder| fs::read_to_string(folder.join(&name)));
        let Some(text) = loose.into_iter().find_map(Result::ok) else {
            return match packed(&common, &name) {
                Some(id) => Head::Commit(id),
                // What a repository in git's newer format, reftable, says here.
                None if name == "HEAD" || name == "refs/heads/.invalid" => Head::Unknown,
                None => Head::Unborn,
            };
        };
        let text = text.trim();
        match text.strip_prefix("ref:").map(str::trim_start) {
            Some(next) if is_name(next) => next.clone_into(&mut name),
            None if is_id(text) => return Head::Commit(text.to_owned()),
            _ => return Head::Unknown,
        }
    }
    Head::Unknown
}

/// The folder that a checkout's `.git` is or names.
fn own_folder(top: &Path) -> Option<PathBuf> {
    let git = top.join(".git");
    if git.is_dir() {
        return Some(git);
    }
    let text = fs::read_to_string(&git).ok()?;
    let named = text.strip_prefix("gitdir:")?;
    Some(top.join(named.trim_start().trim_end_matches(['\r', '\n'])))
}

/// A branch in the file that git packs them into.
fn packed(common: &Path, name: &str) -> Option<String> {
    let text = fs::read(common.join("packed-refs")).ok()?;
    let text = String::from_utf8_lossy(&text);
    let mut lines = text.lines();
    let id = lines.find_map(|line| line.strip_suffix(name)?.strip_suffix(' '))?;
    is_id(id).then(|| id.to_owned())
}

/// A name below `refs`, which leads nowhere else.
fn is_name(name: &str) -> bool {
    let plain = |part: &str| !matches!(part, "" | "." | "..");
    name.starts_with("refs/") && name.split('/').all(plain)
}

fn is_id(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0123456789abcdef0123456789abcdef01234567";
    const OTHER: &str = "89abcdef0123456789abcdef0123456789abcdef";

    /// What `HEAD` of the checkout `top` is where these files are.
    fn read(top: &str, files: &[(&str, &str)]) -> Head {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            let root = folder.path().to_str().unwrap();
            fs::write(path, text.replace("ROOT", root)).unwrap();
        }
        head(&folder.path().join(top))
    }

    #[test]
    fn a_commit_is_found_wherever_git_keeps_it() {
        let id = format!("{ID}\n");
        let packed = format!(
            "# pack-refs with: peeled fully-peeled sorted \n{OTHER} refs/heads/a/main\n\
             {OTHER} refs/heads/mai\n{ID} refs/heads/main\n{OTHER} refs/tags/v1\n^{ID}\n"
        );
        let long = format!("{ID}{}", &OTHER[..24]);
        let main = "ref: refs/heads/main\n";
        for (what, top, files, expected) in [
            (
                "a branch",
                "p",
                &[("p/.git/HEAD", main), ("p/.git/refs/heads/main", &id)][..],
                ID,
            ),
            (
                "a branch with a slash",
                "p",
                &[
                    ("p/.git/HEAD", "ref: refs/heads/a/b\n"),
                    ("p/.git/refs/heads/a/b", &id),
                ],
                ID,
            ),
            (
                "a packed branch",
                "p",
                &[("p/.git/HEAD", main), ("p/.git/packed-refs", &packed)],
                ID,
            ),
            (
                "a branch that moved since it was packed",
                "p",
                &[
                    ("p/.git/HEAD", main),
                    ("p/.git/packed-refs", &packed.replace(ID, OTHER)),
                    ("p/.git/refs/heads/main", &id),
                ],
                ID,
            ),
            ("a detached head", "p", &[("p/.git/HEAD", &id)], ID),
            (
                "an id of SHA-256",
                "p",
                &[("p/.git/HEAD", long.as_str())],
                long.as_str(),
            ),
            (
                "a name for a name",
                "p",
                &[
                    ("p/.git/HEAD", "ref: refs/heads/alias\n"),
                    ("p/.git/refs/heads/alias", main),
                    ("p/.git/refs/heads/main", &id),
                ],
                ID,
            ),
            (
                "a worktree",
                "w",
                &[
                    ("p/.git/HEAD", "ref: refs/heads/other\n"),
                    ("p/.git/refs/heads/main", &id),
                    ("p/.git/worktrees/w/HEAD", main),
                    ("p/.git/worktrees/w/commondir", "../..\n"),
                    ("w/.git", "gitdir: ROOT/p/.git/worktrees/w\n"),
                ],
                ID,
            ),
            (
                "a worktree on a packed branch",
                "w",
                &[
                    ("p/.git/packed-refs", &packed),
                    ("p/.git/worktrees/w/HEAD", main),
                    ("p/.git/worktrees/w/commondir", "../..\n"),
                    ("w/.git", "gitdir: ROOT/p/.git/worktrees/w\n"),
                ],
                ID,
            ),
            (
                "a submodule",
                "p/sub",
                &[
                    ("p/.git/HEAD", OTHER),
                    ("p/.git/modules/sub/HEAD", &id),
                    ("p/sub/.git", "gitdir: ../.git/modules/sub\n"),
                ],
                ID,
            ),
        ] {
            let found = read(top, files);
            assert_eq!(found, Head::Commit(expected.to_owned()), "{what}");
        }
    }

    #[test]
    fn without_a_commit_none_is_invented() {
        let main = "ref: refs/heads/main\n";
        for (what, files, expected) in [
            (
                "a new repository",
                &[("p/.git/HEAD", main)][..],
                Head::Unborn,
            ),
            (
                "another branch alone",
                &[
                    ("p/.git/HEAD", main),
                    ("p/.git/packed-refs", &format!("{ID} refs/heads/a/main\n")),
                ],
                Head::Unborn,
            ),
            (
                "reftable",
                &[("p/.git/HEAD", "ref: refs/heads/.invalid\n")],
                Head::Unknown,
            ),
            ("no head", &[("p/.git/config", "")], Head::Unknown),
            ("no repository", &[("p/.git", "nonsense\n")], Head::Unknown),
            ("a way out", &[("p/.git/HEAD", "ref: refs/../../x")], {
                Head::Unknown
            }),
            (
                "a circle",
                &[("p/.git/HEAD", main), ("p/.git/refs/heads/main", main)],
                Head::Unknown,
            ),
            ("a short id", &[("p/.git/HEAD", "0123456\n")], Head::Unknown),
        ] {
            assert_eq!(read("p", files), expected, "{what}");
        }
    }
}
