//! The tar archive of a package or a crate, unpacked.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path};

use xbuild::unpack::{Limits, unpack_tar};

const LIMITS: Limits = Limits {
    bytes: 1 << 20,
    members: 128,
};

pub fn holds(data: &[u8]) {
    in_a_folder(|root| {
        if let Err(error) = unpack_tar(data, root, LIMITS, &|_| true) {
            assert!(!error.to_string().is_empty());
        }
    });
}

/// Has something unpacked, and looks at what came of it: nothing outside, and
/// inside nothing that leads there.
pub(super) fn in_a_folder(unpack: impl FnOnce(&Path)) {
    let outer = tempfile::tempdir().expect("there is room for a folder");
    let root = outer.path().join("a/b/root");
    fs::create_dir_all(&root).expect("there is room for a folder");
    unpack(&root);
    for (folder, only) in [("", "a"), ("a", "b"), ("a/b", "root")] {
        let entries = fs::read_dir(outer.path().join(folder)).expect("it is still there");
        let names: Vec<_> = entries.flatten().map(|entry| entry.file_name()).collect();
        assert_eq!(names, [only]);
    }
    let mut size = 0;
    look(&root, Path::new(""), &mut size);
    assert!(size <= LIMITS.bytes);
}

fn look(root: &Path, folder: &Path, size: &mut u64) {
    for entry in fs::read_dir(root.join(folder)).expect("it is a folder") {
        let name = folder.join(entry.expect("it can be read").file_name());
        let place = root.join(&name);
        let found = fs::symlink_metadata(&place).expect("it is there");
        assert_eq!(found.mode() & 0o7000, 0, "{}", name.display());
        if found.is_dir() {
            look(root, &name, size);
        } else if found.is_symlink() {
            let mut depth = folder.components().count();
            for part in fs::read_link(&place).expect("it is a link").components() {
                match part {
                    Component::ParentDir => depth = depth.checked_sub(1).expect("it stays inside"),
                    Component::Normal(_) => depth += 1,
                    Component::CurDir => {}
                    other => panic!("{other:?} leads out"),
                }
            }
        } else {
            assert!(found.is_file(), "{}", name.display());
            // A hard link takes no room of its own.
            *size += found.len() / found.nlink();
        }
    }
}
