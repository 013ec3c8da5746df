use super::*;

/// A member of a tar archive: its type, path, link and mode.
type Member = (EntryType, &'static str, &'static str, u32);

/// Writes a package with these members; paths go in raw, since the `tar`
/// crate refuses to write most hostile ones.
fn package(folder: &Path, members: &[Member]) -> PathBuf {
    let mut tar = tar::Builder::new(Vec::new());
    for (kind, path, link, mode) in members {
        let data: &[u8] = match kind {
            EntryType::Regular => b"data",
            _ => b"",
        };
        let mut header = tar::Header::new_gnu();
        header.as_mut_bytes()[..path.len()].copy_from_slice(path.as_bytes());
        header.as_mut_bytes()[157..157 + link.len()].copy_from_slice(link.as_bytes());
        header.set_entry_type(*kind);
        header.set_mode(*mode);
        header.set_size(data.len() as u64);
        header.set_cksum();
        tar.append(&header, data).unwrap();
    }
    let mut packed = Vec::new();
    xz2::read::XzEncoder::new(&tar.into_inner().unwrap()[..], 0)
        .read_to_end(&mut packed)
        .unwrap();
    archive(
        folder,
        &[("debian-binary", b"2.0\n"), ("data.tar.xz", &packed)],
    )
}

fn archive(folder: &Path, members: &[(&str, &[u8])]) -> PathBuf {
    let path = folder.join("p.deb");
    let mut ar = ar::Builder::new(File::create(&path).unwrap());
    for (name, data) in members {
        let header = ar::Header::new(name.as_bytes().to_vec(), data.len() as u64);
        ar.append(&header, *data).unwrap();
    }
    path
}

fn all(_: &Path) -> bool {
    true
}

#[test]
fn a_good_package_is_unpacked_without_its_setuid_bits() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    fs::create_dir(&root).unwrap();
    let deb = package(
        folder.path(),
        &[
            (EntryType::Directory, "./", "", 0o755),
            (EntryType::Directory, "./usr/bin/", "", 0o700),
            (EntryType::Regular, "./usr/bin/tool", "", 0o4755),
            (EntryType::Symlink, "./usr/bin/alias", "tool", 0o777),
            (EntryType::Symlink, "./usr/lib64/up", "../bin/tool", 0o777),
            (EntryType::Link, "./usr/bin/twin", "./usr/bin/tool", 0o755),
            (EntryType::Regular, "./etc/conf", "", 0o644),
        ],
    );
    let twice = 2;
    for _ in 0..twice {
        unpack(&deb, &root, &|path| path.starts_with("usr")).unwrap();
    }
    for file in ["bin/tool", "bin/alias", "bin/twin", "lib64/up"] {
        let path = root.join("usr").join(file);
        assert_eq!(fs::read(&path).unwrap(), b"data", "{file}");
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o755, "{file}");
    }
    assert!(!root.join("etc").exists());
}

#[test]
fn hostile_members_are_refused_and_write_nothing_outside() {
    use EntryType::{Block, Char, Directory, Fifo, Link, Regular, Symlink};
    let cases: &[&[Member]] = &[
        &[(Regular, "/abs", "", 0o644)],
        &[(Regular, "../out", "", 0o644)],
        &[(Regular, "a/../../out", "", 0o644)],
        &[(Regular, "a/../b", "", 0o644)],
        &[(Directory, "../out", "", 0o755)],
        &[(Symlink, "a", "/etc/passwd", 0o777)],
        &[(Symlink, "a", "../out", 0o777)],
        &[(Symlink, "d/a", "../../out", 0o777)],
        &[(Symlink, "d/a", "b/../../out", 0o777)],
        &[(Link, "a", "/etc/passwd", 0o644)],
        &[(Link, "a", "../out", 0o644)],
        &[
            (Directory, "d", "", 0o755),
            (Symlink, "l", "d", 0o777),
            (Regular, "l/below-a-link", "", 0o644),
        ],
        &[
            (Directory, "d", "", 0o755),
            (Symlink, "l", "d", 0o777),
            (Directory, "l", "", 0o755),
        ],
        &[(Char, "null", "", 0o666)],
        &[(Block, "disk", "", 0o666)],
        &[(Fifo, "pipe", "", 0o666)],
    ];
    for members in cases {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root");
        fs::create_dir(&root).unwrap();
        let deb = package(folder.path(), members);
        let error = unpack(&deb, &root, &all).unwrap_err();
        assert_eq!(error.kind(), Kind::Integrity, "{members:?}");
        assert!(!folder.path().join("out").exists(), "{members:?}");
        assert!(!root.join("d/below-a-link").exists(), "{members:?}");
    }
}

#[test]
fn what_is_no_package_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let cases: [&[(&str, &[u8])]; 3] = [
        &[],
        &[("debian-binary", b"2.0\n"), ("data.tar.zst", b"")],
        &[("data.tar.xz", b"not xz")],
    ];
    for members in cases {
        let deb = archive(folder.path(), members);
        let error = unpack(&deb, folder.path(), &all).unwrap_err().to_string();
        assert!(error.contains("`p.deb`"), "{error}");
    }
    let deb = folder.path().join("p.deb");
    fs::write(&deb, "<html>not found</html>").unwrap();
    assert!(unpack(&deb, folder.path(), &all).is_err());
}
