//! Downloaded crates that are not whole. Cargo takes one for good as soon as
//! there is a file of its name: what a power cut has left of it would fail to
//! unpack for ever.

use std::fs::{self, File};
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;

use crate::error::{IoContext, Result};

/// Removes the crates below a cargo home that cannot be unpacked, and says
/// which these were. Each is a gzip stream, which ends with its own length and
/// checksum (RFC 1952, 2.3.1).
///
/// # Errors
/// `Kind::Filesystem` where one cannot be removed.
pub fn remove_broken(cargo_home: &Path) -> Result<Vec<PathBuf>> {
    let mut removed = Vec::new();
    for registry in entries(&cargo_home.join("registry/cache")) {
        for file in entries(&registry) {
            if file.extension().is_some_and(|end| end == "crate") && !is_whole(&file) {
                fs::remove_file(&file).at("remove", &file)?;
                removed.push(file);
            }
        }
    }
    Ok(removed)
}

fn is_whole(file: &Path) -> bool {
    let Ok(file) = File::open(file) else {
        // What cannot be read is not known to be broken.
        return true;
    };
    let mut stream = GzDecoder::new(BufReader::new(file));
    io::copy(&mut stream, &mut io::sink()).is_ok()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn only_crates_that_are_not_whole_go() {
        let home = tempfile::tempdir().unwrap();
        let cache = home.path().join("registry/cache/a");
        assert!(remove_broken(home.path()).unwrap().is_empty());
        fs::create_dir_all(&cache).unwrap();
        let mut stream = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        stream.write_all(&[7; 10_000]).unwrap();
        let whole = stream.finish().unwrap();
        let mut flipped = whole.clone();
        flipped[whole.len() / 2] ^= 1;
        for (name, bytes) in [
            ("whole-1.0.0.crate", &whole[..]),
            ("empty-1.0.0.crate", &[]),
            ("cut-1.0.0.crate", &whole[..whole.len() - 1]),
            ("flipped-1.0.0.crate", &flipped),
            ("not-a-crate", &[]),
        ] {
            fs::write(cache.join(name), bytes).unwrap();
        }
        let mut removed = remove_broken(home.path()).unwrap();
        removed.sort();
        let broken = [
            "cut-1.0.0.crate",
            "empty-1.0.0.crate",
            "flipped-1.0.0.crate",
        ];
        assert_eq!(removed, broken.map(|name| cache.join(name)));
        assert!(remove_broken(home.path()).unwrap().is_empty());
        assert_eq!(entries(&cache).len(), 2);
    }
}
