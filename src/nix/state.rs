//! What is known of realised toolchains without asking Nix, one folder each
//! below [`Folders::toolchains`]: the GC root `root`, for a project's own
//! packages `packages.json`, and `realised.json`, which is written last.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::lock;
use super::store_path::StorePath;
use crate::error::{Error, IoContext, Kind, Result};
use crate::host::Folders;

/// The version of `realised.json` that this code reads and writes.
const FORMAT: u32 = 1;
const FILE: &str = "realised.json";
const ROOT: &str = "root";

/// How precisely the last use is recorded, to write seldom.
const USED_WITHIN: Duration = Duration::from_secs(6 * 3600);

/// A toolchain that is in a store, whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Realised {
    format: u32,
    attr: String,
    out: StorePath,
    closure: Vec<StorePath>,
    store: PathBuf,
    sources: String,
}

impl Realised {
    pub(super) fn new(
        attr: &str,
        out: StorePath,
        closure: Vec<StorePath>,
        store: &Path,
        sources: &str,
    ) -> Self {
        Realised {
            format: FORMAT,
            attr: attr.to_owned(),
            out,
            closure,
            store: store.to_owned(),
            sources: sources.to_owned(),
        }
    }

    /// The toolchain of this key, if it was realised and is still all there.
    /// It costs a read and one `lstat` a path of the closure; a file that is
    /// broken, truncated or of another version counts as absent.
    ///
    /// Only [`Realised::keep`] before it makes sure that it stays.
    pub fn load(folders: &Folders, key: &str) -> Option<Self> {
        let folder = folder(folders, key).ok()?;
        let file = folder.join(FILE);
        let realised: Realised = serde_json::from_slice(&fs::read(&file).ok()?).ok()?;
        let rooted = fs::read_link(folder.join(ROOT)).ok()?;
        let whole = realised.format == FORMAT
            && rooted == Path::new(&realised.out.to_string())
            && realised.closure.contains(&realised.out)
            && realised.vanished().next().is_none();
        whole.then(|| {
            mark_used(&file);
            realised
        })
    }

    /// Keeps the toolchain of this key, there already or not, from being
    /// collected until this run ends.
    pub fn keep(folders: &Folders, key: &str) {
        lock::keep(folders, key);
    }

    /// Writes it down, atomically.
    pub(super) fn save(&self, folders: &Folders, key: &str) -> Result<()> {
        let mut json = serde_json::to_vec_pretty(self)
            .map_err(|cause| Error::new(Kind::Internal, "failed to write JSON").caused_by(cause))?;
        json.push(b'\n');
        let file = folder(folders, key)?.join(FILE);
        super::write_atomically(&file, |out| out.write_all(&json))
    }

    /// Those paths of the closure that are not on disk.
    pub(super) fn vanished(&self) -> impl Iterator<Item = &StorePath> {
        let gone = |path: &&StorePath| fs::symlink_metadata(self.physical(path)).is_err();
        self.closure.iter().filter(gone)
    }

    /// Whether any file of it was written to since it was realised. What tells
    /// is the time of change (`ctime`, stat(2)), which no program can set, so
    /// that a disk that rots goes unnoticed; and a file that was only linked
    /// or moved counts, too. It costs a look at each file.
    pub fn is_touched(&self, folders: &Folders, key: &str) -> bool {
        let root = folder(folders, key).map(|folder| folder.join(ROOT));
        // Made last of all.
        let Some(Ok(root)) = root.ok().map(fs::symlink_metadata) else {
            return true;
        };
        let since = changed(&root);
        let mut paths: Vec<PathBuf> = self.closure.iter().map(|it| self.physical(it)).collect();
        while let Some(path) = paths.pop() {
            let Ok(metadata) = fs::symlink_metadata(&path) else {
                return true;
            };
            if changed(&metadata) > since {
                return true;
            }
            if metadata.is_dir() {
                let entries = fs::read_dir(&path).into_iter().flatten().flatten();
                paths.extend(entries.map(|entry| entry.path()));
            }
        }
        false
    }

    /// The attribute of `default.nix` that it was built from.
    pub fn attr(&self) -> &str {
        &self.attr
    }

    pub fn out(&self) -> &StorePath {
        &self.out
    }

    /// Everything that it needs at run time, itself included.
    pub fn closure(&self) -> &[StorePath] {
        &self.closure
    }

    /// The root of its store: `/` for the machine's own.
    pub fn store(&self) -> &Path {
        &self.store
    }

    /// The hash of the Nix sources that it was built from.
    pub fn sources(&self) -> &str {
        &self.sources
    }

    /// Where a path of its store is on disk.
    pub fn physical(&self, path: &StorePath) -> PathBuf {
        path.below(&self.store)
    }
}

/// When it was last changed: seconds and nanoseconds.
fn changed(metadata: &fs::Metadata) -> (i64, i64) {
    (metadata.ctime(), metadata.ctime_nsec())
}

/// The folder of a key; keys are file names.
pub(super) fn folder(folders: &Folders, key: &str) -> Result<PathBuf> {
    let legal = |c: char| c.is_ascii_alphanumeric() || "+-._".contains(c);
    if key.is_empty() || key.starts_with('.') || !key.chars().all(legal) {
        return Err(Error::new(
            Kind::Internal,
            format!("`{key}` cannot name a toolchain's folder"),
        ));
    }
    Ok(folders.toolchains().join(key))
}

/// The GC root of a key, in its folder, which is made.
pub(super) fn root(folders: &Folders, key: &str) -> Result<PathBuf> {
    let folder = folder(folders, key)?;
    fs::create_dir_all(&folder).at("make the folder", &folder)?;
    Ok(folder.join(ROOT))
}

/// Writes down the project's packages that a toolchain is made with, in its
/// folder, and says where.
pub(super) fn lock(folders: &Folders, key: &str, text: &str) -> Result<PathBuf> {
    let file = folder(folders, key)?.join("packages.json");
    super::write_atomically(&file, |out| out.write_all(text.as_bytes()))?;
    Ok(file)
}

/// When a toolchain was last used, if it has been realised.
pub(super) fn last_used(folder: &Path) -> Option<SystemTime> {
    fs::metadata(folder.join(FILE)).ok()?.modified().ok()
}

/// Records the use, for the garbage collection. In a folder that is not
/// writable, nothing is collected either.
fn mark_used(file: &Path) {
    let now = SystemTime::now();
    let recent = fs::metadata(file)
        .and_then(|metadata| metadata.modified())
        .is_ok_and(|used| now.duration_since(used).is_ok_and(|age| age < USED_WITHIN));
    if !recent {
        let _ = File::open(file).and_then(|file| file.set_modified(now));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    const KEY: &str = "aarch64-unknown-linux-gnu.2.17-0123456789abcdef";

    fn realised(store: &Path) -> Realised {
        let path = |name: &str| StorePath::of_file(name, &"0".repeat(64)).unwrap();
        let closure = vec![path("glibc"), path("toolchain")];
        Realised::new("toolchain", path("toolchain"), closure, store, "hash")
    }

    /// A toolchain as a realisation leaves it.
    fn saved(folders: &Folders) -> Realised {
        let realised = realised(&folders.store());
        for path in realised.closure() {
            fs::create_dir_all(realised.physical(path)).unwrap();
        }
        symlink(realised.out().to_string(), root(folders, KEY).unwrap()).unwrap();
        realised.save(folders, KEY).unwrap();
        realised
    }

    #[test]
    fn what_was_saved_is_loaded() {
        let home = tempfile::tempdir().unwrap();
        let folders = Folders::below(home.path());
        assert_eq!(Realised::load(&folders, KEY), None);
        let realised = saved(&folders);
        assert_eq!(Realised::load(&folders, KEY), Some(realised));
        assert_eq!(Realised::load(&folders, "other"), None);
        assert_eq!(Realised::load(&folders, "../escape"), None);
    }

    #[test]
    fn a_state_file_cut_anywhere_counts_as_absent() {
        let home = tempfile::tempdir().unwrap();
        let folders = Folders::below(home.path());
        saved(&folders);
        let file = folder(&folders, KEY).unwrap().join(FILE);
        let whole = fs::read(&file).unwrap();
        // The last byte is a newline.
        for length in 0..whole.len() - 1 {
            fs::write(&file, &whole[..length]).unwrap();
            assert_eq!(Realised::load(&folders, KEY), None, "{length} bytes");
        }
    }

    #[test]
    fn what_is_not_whole_counts_as_absent() {
        type Break = fn(&Folders, &Realised);
        let cases: [(&str, Break); 5] = [
            ("no output", |_, realised| {
                fs::remove_dir(realised.physical(realised.out())).unwrap();
            }),
            ("no dependency", |_, realised| {
                fs::remove_dir(realised.physical(&realised.closure()[0])).unwrap();
            }),
            ("no root", |folders, _| {
                fs::remove_file(root(folders, KEY).unwrap()).unwrap();
            }),
            ("a root on something else", |folders, _| {
                let root = root(folders, KEY).unwrap();
                fs::remove_file(&root).unwrap();
                symlink("/nix/store/other", &root).unwrap();
            }),
            ("another format", |folders, _| {
                let file = folder(folders, KEY).unwrap().join(FILE);
                let text = fs::read_to_string(&file).unwrap();
                fs::write(&file, text.replace("\"format\": 1", "\"format\": 2")).unwrap();
            }),
        ];
        for (name, break_it) in cases {
            let home = tempfile::tempdir().unwrap();
            let folders = Folders::below(home.path());
            break_it(&folders, &saved(&folders));
            assert_eq!(Realised::load(&folders, KEY), None, "{name}");
        }
    }

    #[test]
    fn a_use_is_recorded_once_in_a_while() {
        let home = tempfile::tempdir().unwrap();
        let folders = Folders::below(home.path());
        saved(&folders);
        let folder = folder(&folders, KEY).unwrap();
        let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        let file = File::open(folder.join(FILE)).unwrap();
        file.set_modified(old).unwrap();
        Realised::load(&folders, KEY).unwrap();
        let used = last_used(&folder).unwrap();
        assert!(used > old + USED_WITHIN);
        Realised::load(&folders, KEY).unwrap();
        assert_eq!(last_used(&folder).unwrap(), used);
    }
}
