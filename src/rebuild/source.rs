//! A copy of the source as a stranger would have it: made in another order,
//! with other ages and other permissions of its files.

use std::fs::{self, FileTimes, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::error::{IoContext, Result};

/// How a copy differs from what it is made of.
#[derive(Debug, Clone, Copy, Default)]
pub struct Copying<'a> {
    /// Whether the files are made in the opposite order of their names, which
    /// some file systems then list them in.
    pub backwards: bool,
    /// Seconds by which the files are younger.
    pub younger: i64,
    pub umask: Option<u32>,
    /// A folder to leave out: that of the build itself.
    pub without: Option<&'a Path>,
}

/// Copies a folder or a file. Repositories (`.git`) are not copied but given
/// back, as the path of the original and of the empty folder in its place: they
/// may be far larger than the source.
///
/// # Errors
/// `Kind::Filesystem`, naming the path.
pub fn copy(from: &Path, to: &Path, how: Copying<'_>) -> Result<Vec<(PathBuf, PathBuf)>> {
    let mut repositories = Vec::new();
    entry(from, to, how, &mut repositories)?;
    Ok(repositories)
}

fn entry(
    from: &Path,
    to: &Path,
    how: Copying<'_>,
    repositories: &mut Vec<(PathBuf, PathBuf)>,
) -> Result<()> {
    let metadata = fs::symlink_metadata(from).at("read", from)?;
    if metadata.is_symlink() {
        let target = fs::read_link(from).at("read", from)?;
        return symlink(target, to).at("link", to);
    }
    if metadata.is_dir() {
        fs::create_dir(to).at("create", to)?;
        let mut names: Vec<_> = fs::read_dir(from)
            .at("read", from)?
            .map(|entry| entry.map(|entry| entry.file_name()))
            .collect::<std::io::Result<_>>()
            .at("read", from)?;
        names.sort();
        if how.backwards {
            names.reverse();
        }
        for name in names {
            let (from, to) = (from.join(&name), to.join(&name));
            if how.without == Some(from.as_path()) {
                continue;
            }
            // A link of that name is copied like any other: what it leads to
            // would be shown to the build.
            let is_folder = |path: &Path| fs::symlink_metadata(path).is_ok_and(|it| it.is_dir());
            if name == ".git" && is_folder(&from) {
                fs::create_dir(&to).at("create", &to)?;
                repositories.push((from, to));
                continue;
            }
            entry(&from, &to, how, repositories)?;
        }
    } else if metadata.is_file() {
        fs::copy(from, to).at("copy", from)?;
    } else {
        // A socket or a pipe is nothing that a build reads.
        return Ok(());
    }
    let old = metadata.modified().at("read", from)?;
    let file = fs::File::open(to).at("open", to)?;
    let mode = metadata.permissions().mode() & 0o777;
    file.set_times(FileTimes::new().set_modified(shifted(old, how.younger)))
        .at("set the time of", to)?;
    let mode = how.umask.map_or(mode, |umask| other_mode(mode, umask));
    fs::set_permissions(to, Permissions::from_mode(mode)).at("set the permissions of", to)
}

/// What a checkout under that umask would have made of a file or folder.
fn other_mode(mode: u32, umask: u32) -> u32 {
    let full = if mode & 0o111 == 0 { 0o666 } else { 0o777 };
    full & !umask
}

fn shifted(time: SystemTime, seconds: i64) -> SystemTime {
    let by = Duration::from_secs(seconds.unsigned_abs());
    let moved = if seconds < 0 {
        time.checked_sub(by)
    } else {
        time.checked_add(by)
    };
    moved.unwrap_or(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_of_another_age_and_mode_and_leaves_out_the_build() {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("source");
        for name in ["src", "target", ".git"] {
            fs::create_dir_all(source.join(name)).unwrap();
            fs::write(source.join(name).join("file"), name).unwrap();
        }
        fs::write(source.join("run.sh"), "x").unwrap();
        fs::set_permissions(source.join("run.sh"), Permissions::from_mode(0o755)).unwrap();
        symlink("src/file", source.join("link")).unwrap();
        symlink("/", source.join("src/.git")).unwrap();

        let to = folder.path().join("copy");
        let how = Copying {
            backwards: true,
            younger: 1000,
            umask: Some(0o077),
            without: Some(&source.join("target")),
        };
        let repositories = copy(&source, &to, how).unwrap();
        assert_eq!(repositories, [(source.join(".git"), to.join(".git"))]);
        assert!(to.join("src/.git").is_symlink());
        assert!(!to.join("target").exists() && !to.join(".git/file").exists());
        assert_eq!(fs::read_to_string(to.join("link")).unwrap(), "src");
        let mode = |name: &str| fs::metadata(to.join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(
            (mode("src/file"), mode("run.sh"), mode("src")),
            (0o600, 0o700, 0o700)
        );
        let age = |path: &Path| fs::metadata(path).unwrap().modified().unwrap();
        assert_eq!(
            age(&to.join("src/file")),
            age(&source.join("src/file")) + Duration::from_secs(1000)
        );
    }
}
