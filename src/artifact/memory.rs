//! What was read of a file, kept until the file changes: a build with nothing
//! to do then reads none of its artefacts whole.

use std::fs;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::notes::hex;
use super::{Leak, Needle, Scan};

/// The version of the files that this code reads and writes.
const FORMAT: u32 = 1;

/// A folder of remembered scans. It must lie where no build can write: what
/// stands in it is believed.
#[derive(Debug, Clone)]
pub struct Memory {
    folder: PathBuf,
}

/// What tells without reading it that a file is still the same. The time of
/// change (`ctime`) cannot be set by a program that altered the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    /// Seconds and nanoseconds.
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    pub(super) fn of(metadata: &fs::Metadata) -> Self {
        Stamp {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Remembered {
    format: u32,
    stamp: Stamp,
    /// What was looked for, hashed.
    needles: String,
    size: u64,
    sha256: String,
    leaks: Vec<Found>,
}

#[derive(Serialize, Deserialize)]
struct Found {
    /// The needle's place among those that were looked for.
    needle: usize,
    offset: u64,
    text: String,
    of: usize,
}

impl Memory {
    /// The memory in a folder, which is made when it is first needed.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Memory {
            folder: folder.into(),
        }
    }

    /// The scan of a file with this stamp, for these needles. A file of the
    /// memory that is broken, or of another version, counts as absent.
    pub(super) fn recall(&self, path: &Path, stamp: &Stamp, needles: &[Needle]) -> Option<Scan> {
        let bytes = fs::read(self.file(path)).ok()?;
        let known: Remembered = serde_json::from_slice(&bytes).ok()?;
        let fits = known.format == FORMAT
            && known.stamp == *stamp
            && known.needles == fingerprint(needles);
        if !fits {
            return None;
        }
        let leaks = known.leaks.into_iter().map(|found| {
            Some(Leak {
                what: needles.get(found.needle)?.what(),
                offset: found.offset,
                text: found.text,
                of: found.of,
            })
        });
        Some(Scan {
            size: known.size,
            sha256: known.sha256,
            leaks: leaks.collect::<Option<_>>()?,
        })
    }

    /// Keeps a scan. What cannot be kept is read again: that is no failure.
    pub(super) fn keep(&self, path: &Path, stamp: Stamp, needles: &[Needle], scan: &Scan) {
        let found = |leak: &Leak| {
            let needle = needles
                .iter()
                .position(|needle| needle.what() == leak.what)?;
            Some(Found {
                needle,
                offset: leak.offset,
                text: leak.text.clone(),
                of: leak.of,
            })
        };
        let Some(leaks) = scan.leaks.iter().map(found).collect() else {
            return;
        };
        let remembered = Remembered {
            format: FORMAT,
            stamp,
            needles: fingerprint(needles),
            size: scan.size,
            sha256: scan.sha256.clone(),
            leaks,
        };
        let _ = self.write(path, &remembered);
    }

    fn write(&self, path: &Path, remembered: &Remembered) -> std::io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        let mut file = tempfile::NamedTempFile::new_in(&self.folder)?;
        file.write_all(&serde_json::to_vec(remembered)?)?;
        file.persist(self.file(path))?;
        Ok(())
    }

    /// One file for each path that was read.
    fn file(&self, path: &Path) -> PathBuf {
        let name = hex(&Sha256::digest(path.as_os_str().as_bytes())[..16]);
        self.folder.join(format!("{name}.json"))
    }
}

fn fingerprint(needles: &[Needle]) -> String {
    let mut hash = Sha256::new();
    for needle in needles {
        hash.update(needle.text());
        hash.update([0]);
        hash.update(needle.what());
        hash.update([0]);
    }
    hex(&hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::super::tests::sketch::Sketch;
    use super::super::{Artifact, read, read_remembering};
    use super::*;

    struct Bench {
        folder: tempfile::TempDir,
        needles: Vec<Needle>,
    }

    impl Bench {
        fn new() -> Self {
            let home = Needle::folder(Path::new("/home/al"), "the home folder");
            Bench {
                folder: tempfile::tempdir().expect("a temporary folder"),
                needles: home.into_iter().collect(),
            }
        }

        fn file(&self) -> PathBuf {
            self.folder.path().join("hello")
        }

        fn draw(&self, text: &str) {
            let sections = vec![(".rodata", text.as_bytes().to_vec())];
            let sketch = Sketch {
                sections,
                ..Sketch::default()
            };
            fs::write(self.file(), sketch.bytes()).expect("it can be written");
        }

        fn memory(&self) -> Memory {
            Memory::at(self.folder.path().join("memory"))
        }

        fn read(&self) -> Artifact {
            read_remembering(&self.file(), &self.needles, &self.memory()).expect("it is sound")
        }

        /// Alters what is remembered, so that a use of it shows.
        fn mark(&self) {
            let path = self.memory().file(&self.file());
            let text = fs::read_to_string(&path).expect("a scan is remembered");
            let own = read(&self.file(), &self.needles)
                .expect("it is sound")
                .sha256;
            assert!(text.contains(&own));
            fs::write(&path, text.replace(&own, "remembered")).expect("it can be written");
        }
    }

    #[test]
    fn an_unchanged_file_is_read_once() {
        let bench = Bench::new();
        bench.draw("/home/al/x");
        let first = bench.read();
        assert_eq!(
            first,
            read(&bench.file(), &bench.needles).expect("it is sound")
        );
        assert_eq!(first.leaks.len(), 1);
        bench.mark();
        let again = bench.read();
        assert_eq!(again.sha256, "remembered");
        assert_eq!(again.leaks, first.leaks);
    }

    #[test]
    fn whatever_changes_is_read_again() {
        type Change = fn(&mut Bench);
        let changes: [(&str, Change); 4] = [
            ("contents of the same length", |bench| {
                bench.draw("/home/bo/x")
            }),
            ("needles", |bench| bench.needles.clear()),
            ("a broken memory", |bench| {
                let file = bench.memory().file(&bench.file());
                fs::write(file, "{\"format\":1").expect("it can be written");
            }),
            ("another version", |bench| {
                let file = bench.memory().file(&bench.file());
                let text = fs::read_to_string(&file).expect("it is there");
                fs::write(&file, text.replace("\"format\":1", "\"format\":0"))
                    .expect("it can be written");
            }),
        ];
        for (name, change) in changes {
            let mut bench = Bench::new();
            bench.draw("/home/al/x");
            bench.read();
            bench.mark();
            // Older kernels tell times apart by 4 ms only.
            std::thread::sleep(std::time::Duration::from_millis(20));
            change(&mut bench);
            assert_ne!(bench.read().sha256, "remembered", "{name}");
        }
    }

    #[test]
    fn a_memory_that_cannot_be_written_is_no_failure() {
        let bench = Bench::new();
        bench.draw("x");
        let memory = Memory::at(bench.file().join("below a file"));
        let artifact = read_remembering(&bench.file(), &bench.needles, &memory);
        assert!(artifact.is_ok());
    }
}
