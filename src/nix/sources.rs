//! The files of `nix/` that travel inside the binary, laid out on disk for
//! Nix to read.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use include_dir::{Dir, DirEntry, include_dir};

use super::lock::{self, Lock, Share};
use crate::error::{IoContext, Result};
use crate::host::Folders;

static SOURCES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/nix");

/// SHA-256 over the names and bytes of `nix/`, in hexadecimal, taken when
/// this binary was built: a warm run hashes nothing.
pub const HASH: &str = env!("XBUILD_NIX_SOURCES");

/// The only file that has to be executable.
const EXECUTABLE: &str = "seed/busybox";

/// The folder holding `default.nix`, written on first use and where a file of
/// it is no longer what it was. It is this run's until it ends.
///
/// # Errors
/// Where [`Folders::nix_sources`] cannot be written.
pub fn nix_sources(folders: &Folders) -> Result<PathBuf> {
    let parent = folders.nix_sources();
    let folder = parent.join(&HASH[..16]);
    lock::keep(folders, &format!("sources-{}", &HASH[..16]));
    if is_whole(&SOURCES, &folder) {
        return Ok(folder);
    }
    let _lock = Lock::take(&folders.locks(), "sources", Share::Exclusive)?;
    if is_whole(&SOURCES, &folder) {
        return Ok(folder);
    }
    let new = super::new_folder(&parent)?;
    write(&SOURCES, new.path())?;
    super::publish(new, &folder)?;
    Ok(folder)
}

/// The text of one of the files, by its path below `nix/`.
pub fn embedded(path: &str) -> Option<&'static [u8]> {
    SOURCES.get_file(path).map(include_dir::File::contents)
}

/// The texts of the files right below one of its folders, by file name.
pub fn embedded_folder(path: &str) -> impl Iterator<Item = (&'static str, &'static [u8])> {
    let files = SOURCES.get_dir(path).into_iter().flat_map(Dir::files);
    files.filter_map(|file| Some((file.path().file_name()?.to_str()?, file.contents())))
}

/// Whether every file is there as it was written: when the power fails, a
/// folder may be left whose files are cut short.
fn is_whole(dir: &Dir<'_>, root: &Path) -> bool {
    dir.entries().iter().all(|entry| match entry {
        DirEntry::Dir(dir) => is_whole(dir, root),
        DirEntry::File(file) => {
            let path = root.join(file.path());
            let runs = |found: fs::Metadata| found.permissions().mode() & 0o111 == 0o111;
            fs::read(&path).is_ok_and(|bytes| bytes == file.contents())
                && (file.path() != Path::new(EXECUTABLE) || fs::metadata(&path).is_ok_and(runs))
        }
    })
}

fn write(dir: &Dir<'_>, root: &Path) -> Result<()> {
    for entry in dir.entries() {
        let path = root.join(entry.path());
        match entry {
            DirEntry::Dir(dir) => {
                fs::create_dir(&path).at("make the folder", &path)?;
                write(dir, root)?;
            }
            DirEntry::File(file) => {
                fs::write(&path, file.contents()).at("write", &path)?;
                let mode = if entry.path() == Path::new(EXECUTABLE) {
                    0o755
                } else {
                    0o644
                };
                let mode = fs::Permissions::from_mode(mode);
                fs::set_permissions(&path, mode).at("set the mode of", &path)?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sources_are_laid_out_once_and_whole() {
        let home = tempfile::tempdir().unwrap();
        let folders = Folders::below(home.path());
        let sources = nix_sources(&folders).unwrap();
        let mode = |path: &str| {
            let metadata = fs::metadata(sources.join(path)).unwrap();
            metadata.permissions().mode() & 0o777
        };
        assert_eq!(mode("seed/busybox"), 0o755);
        assert_eq!(mode("pins/packages.json"), 0o644);
        assert_eq!(
            fs::read(sources.join("packages.json")).unwrap(),
            embedded("packages.json").unwrap()
        );
        fs::write(sources.join("mark"), "").unwrap();
        assert_eq!(nix_sources(&folders).unwrap(), sources);
        assert!(sources.join("mark").exists(), "it was written again");
        assert_eq!(fs::read_dir(folders.nix_sources()).unwrap().count(), 1);
    }
}
