//! Archives as an enemy would make them.

use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;

use tar::EntryType;

use super::*;
use crate::error::Kind;

/// A member of a tar archive: its type, path, link and mode.
type Member = (EntryType, &'static str, &'static str, u32);

/// The header of a member; paths go in raw, since the `tar` crate refuses to
/// write most hostile ones.
fn header(kind: EntryType, path: &str, link: &str, size: u64) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.as_mut_bytes()[..path.len()].copy_from_slice(path.as_bytes());
    header.as_mut_bytes()[157..157 + link.len()].copy_from_slice(link.as_bytes());
    header.set_entry_type(kind);
    header.set_mode(0o644);
    header.set_size(size);
    header.set_cksum();
    header
}

fn tar(members: &[Member]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (kind, path, link, mode) in members {
        let data: &[u8] = match kind {
            EntryType::Regular => b"data",
            _ => b"",
        };
        let mut header = header(*kind, path, link, data.len() as u64);
        header.set_mode(*mode);
        header.set_cksum();
        tar.append(&header, data).unwrap();
    }
    tar.into_inner().unwrap()
}

fn packed(tar: &[u8]) -> Vec<u8> {
    let mut packed = xz2::write::XzEncoder::new(Vec::new(), 0);
    packed.write_all(tar).unwrap();
    packed.finish().unwrap()
}

fn gzipped(tar: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(tar).unwrap();
    packed.finish().unwrap()
}

fn ar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut ar = ar::Builder::new(Vec::new());
    for (name, data) in members {
        let header = ar::Header::new(name.as_bytes().to_vec(), data.len() as u64);
        ar.append(&header, *data).unwrap();
    }
    ar.into_inner().unwrap()
}

fn deb(tar: &[u8]) -> Vec<u8> {
    ar(&[("debian-binary", b"2.0\n"), ("data.tar.xz", &packed(tar))])
}

/// A folder to unpack into, with a neighbour that must not change.
struct Place {
    folder: tempfile::TempDir,
    root: PathBuf,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root");
        fs::create_dir(&root).unwrap();
        fs::write(folder.path().join("near"), "near").unwrap();
        Place { folder, root }
    }

    fn package(&self, bytes: &[u8]) -> Result<()> {
        let path = self.folder.path().join("p.deb");
        fs::write(&path, bytes).unwrap();
        unpack_deb(&path, &self.root, &|_| true)
    }

    fn krate(&self, tar: &[u8]) -> Result<()> {
        let name = Path::new("c-1.0.0.crate");
        let packed = gzipped(tar);
        unpack_tar_gz(name, &*packed, &self.root, Limits::CRATE, &|_| true)
    }

    fn assert_untouched(&self, what: &dyn std::fmt::Debug) {
        let mut names: Vec<_> = fs::read_dir(self.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name != "p.deb")
            .collect();
        names.sort();
        assert_eq!(names, ["near", "root"], "{what:?}");
        let near = fs::read(self.folder.path().join("near")).unwrap();
        assert_eq!(near, b"near", "{what:?}");
    }
}

#[test]
fn a_good_package_is_unpacked_without_its_setuid_bits() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    let bytes = deb(&tar(&[
        (EntryType::Directory, "./", "", 0o755),
        (EntryType::Directory, "./usr/bin/", "", 0o700),
        (EntryType::Regular, "./usr/bin/tool", "", 0o4755),
        (EntryType::Symlink, "./usr/bin/alias", "tool", 0o777),
        (EntryType::Symlink, "./usr/lib64/up", "../bin/tool", 0o777),
        (EntryType::Link, "./usr/bin/twin", "./usr/bin/tool", 0o755),
        (EntryType::Regular, "./etc/conf", "", 0o644),
    ]));
    let path = place.folder.path().join("p.deb");
    fs::write(&path, &bytes).unwrap();
    let twice = 2;
    for _ in 0..twice {
        unpack_deb(&path, &place.root, &|path| path.starts_with("usr")).unwrap();
    }
    for file in ["bin/tool", "bin/alias", "bin/twin", "lib64/up"] {
        let path = place.root.join("usr").join(file);
        assert_eq!(fs::read(&path).unwrap(), b"data", "{file}");
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o755, "{file}");
    }
    assert!(!place.root.join("etc").exists());
    assert_eq!(file_in_deb(&bytes, "etc/conf").unwrap(), b"data");
    assert!(file_in_deb(&bytes, "etc/none").is_err());
}

#[test]
fn long_names_are_read_as_they_are_written() {
    let place = Place::new();
    let long = format!("{}/{}", "a".repeat(120), "b".repeat(200));
    let mut tar = tar::Builder::new(Vec::new());
    let mut header = header(EntryType::Regular, "", "", 4);
    tar.append_data(&mut header, &long, &b"data"[..]).unwrap();
    let mut link = tar::Header::new_gnu();
    link.set_entry_type(EntryType::Symlink);
    link.set_size(0);
    tar.append_link(&mut link, "link", &long).unwrap();
    place.krate(&tar.into_inner().unwrap()).unwrap();
    assert_eq!(fs::read(place.root.join("link")).unwrap(), b"data");
    assert_eq!(
        fs::read_link(place.root.join("link")).unwrap(),
        Path::new(&long)
    );
}

#[test]
fn hostile_members_are_refused_by_name_and_write_nothing_outside() {
    use EntryType::{
        Block, Char, Continuous, Directory, Fifo, GNUSparse, Link, Regular, Symlink, XGlobalHeader,
        XHeader,
    };
    // What is in the archive, and which member the message names.
    let cases: &[(&[Member], &str)] = &[
        (&[(Regular, "/abs", "", 0o644)], "/abs"),
        (&[(Regular, "../near", "", 0o644)], "../near"),
        (&[(Regular, "a/../../near", "", 0o644)], "a/../../near"),
        (&[(Regular, "a/../b", "", 0o644)], "a/../b"),
        (&[(Directory, "../out", "", 0o755)], "../out"),
        (&[(Symlink, "a", "/etc/passwd", 0o777)], "/etc/passwd"),
        (&[(Symlink, "a", "../near", 0o777)], "at `a`: `../near`"),
        (&[(Symlink, "d/a", "../../near", 0o777)], "at `d/a`"),
        (&[(Symlink, "d/a", "b/../../near", 0o777)], "at `d/a`"),
        (&[(Symlink, "a", "", 0o777)], "`a`"),
        (&[(Link, "a", "/etc/passwd", 0o644)], "/etc/passwd"),
        (&[(Link, "a", "../near", 0o644)], "../near"),
        (&[(Link, "a", "none", 0o644)], "`none`, which is no file"),
        (&[(Link, "a", "a", 0o644)], "`a`, which is no file"),
        (
            &[(Directory, "d", "", 0o755), (Link, "a", "d", 0o644)],
            "`d`, which is no file",
        ),
        (
            &[
                (Directory, "d", "", 0o755),
                (Symlink, "l", "d", 0o777),
                (Regular, "l/below-a-link", "", 0o644),
            ],
            "l/below-a-link",
        ),
        (
            &[
                (Directory, "d", "", 0o755),
                (Symlink, "l", "d", 0o777),
                (Directory, "l", "", 0o755),
            ],
            "at `l`",
        ),
        (
            &[
                (Directory, "d", "", 0o755),
                (Symlink, "l", "d", 0o777),
                (Link, "a", "l/x", 0o644),
            ],
            "at `a`",
        ),
        (
            &[(Regular, "a", "", 0o644), (Regular, "./a", "", 0o644)],
            "at `a`: it is there twice",
        ),
        (
            &[(Regular, "a", "", 0o644), (Symlink, "a", "b", 0o777)],
            "at `a`: it is there twice",
        ),
        (
            &[(Regular, "a", "", 0o644), (Regular, "a/b", "", 0o644)],
            "at `a/b`",
        ),
        (
            &[(Directory, "a", "", 0o755), (Regular, "a", "", 0o644)],
            "at `a`: a folder is there already",
        ),
        (&[(Char, "null", "", 0o666)], "at `null`: it is a Char"),
        (&[(Block, "disk", "", 0o666)], "at `disk`: it is a Block"),
        (&[(Fifo, "pipe", "", 0o666)], "at `pipe`: it is a Fifo"),
        (&[(XHeader, "pax", "", 0o644)], "at `pax`"),
        (&[(XGlobalHeader, "pax", "", 0o644)], "at `pax`"),
        (&[(GNUSparse, "holes", "", 0o644)], "at `holes`"),
        (&[(Continuous, "/old", "", 0o644)], "/old"),
    ];
    for (members, named) in cases {
        let tar = tar(members);
        for unpack in [
            |place: &Place, tar: &[u8]| place.package(&deb(tar)),
            Place::krate,
        ] {
            let place = Place::new();
            let error = unpack(&place, &tar).unwrap_err();
            assert_eq!(error.kind(), Kind::Integrity, "{members:?}");
            let said = error.to_string();
            assert!(said.contains(named), "{members:?}: {said}");
            place.assert_untouched(members);
            assert!(!place.root.join("d/below-a-link").exists(), "{members:?}");
        }
    }
}

/// A reader of one byte over and over.
fn zeros(bytes: u64) -> impl Read {
    std::io::repeat(0).take(bytes)
}

#[test]
fn bombs_and_lies_about_size_end_early() {
    let most = Limits {
        bytes: 1 << 20,
        members: 100,
    };
    let of = |kind, path: &str, size, rest: u64| {
        let header = header(kind, path, "", size);
        std::io::Cursor::new(header.as_bytes().to_vec()).chain(zeros(rest))
    };
    let many: Vec<u8> = (0..200)
        .flat_map(|index| {
            header(EntryType::Regular, &format!("f{index}"), "", 0)
                .as_bytes()
                .to_vec()
        })
        .collect();
    let (huge, endless) = (1 << 40, u64::MAX);
    let regular = EntryType::Regular;
    let long = EntryType::GNULongName;
    // The archive's bytes as they come out of their packing, and what is said.
    let cases: Vec<(Box<dyn Read>, &str)> = vec![
        (Box::new(of(regular, "zeros", huge, endless)), "at `zeros`"),
        (Box::new(of(regular, "claim", huge, 512)), "at `claim`"),
        (Box::new(of(long, "name", huge, endless)), "longer than"),
        (Box::new(of(long, "name", 1 << 63, endless)), ""),
        (
            Box::new(of(EntryType::XHeader, "pax", huge, endless)),
            "at `pax`",
        ),
        (Box::new(&*many.leak()), "more than 100 members"),
    ];
    for (tar, named) in cases {
        let place = Place::new();
        let error = unpack_tar(tar, &place.root, most, &|_| true).unwrap_err();
        let said = error.to_string();
        assert!(said.contains(named), "{named}: {said}");
        place.assert_untouched(&named);
        for entry in fs::read_dir(&place.root).unwrap() {
            assert!(entry.unwrap().metadata().unwrap().len() <= most.bytes);
        }
    }
}

/// Compressed a thousandfold, and named where it is refused.
#[test]
fn a_packed_bomb_is_refused_before_it_fills_the_disk() {
    let most = Limits {
        bytes: 8 << 20,
        ..Limits::CRATE
    };
    let size = most.bytes + 1;
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let header = header(EntryType::Regular, "c/bomb", "", size);
    packed.write_all(header.as_bytes()).unwrap();
    std::io::copy(&mut zeros(size), &mut packed).unwrap();
    let packed = packed.finish().unwrap();
    let place = Place::new();
    let name = Path::new("c-1.0.0.crate");
    // Not even wanted, so nothing is written: only read.
    let error = unpack_tar_gz(name, &*packed, &place.root, most, &|_| false);
    let said = error.unwrap_err().to_string();
    assert!(said.contains("`c-1.0.0.crate`"), "{said}");
    assert!(said.contains("at `c/bomb`: more comes out of it"), "{said}");
}

/// An xz stream whose header asks for a dictionary of 1 GiB.
#[test]
fn xz_gets_no_more_memory_than_it_needs() {
    let index = tar(&[(EntryType::Regular, "a", "", 0o644)]);
    // The encoder needs ten times the dictionary: its header is altered
    // instead, at the filter's flags, with the header's checksum behind it.
    let mut bytes = packed(&index);
    assert_eq!(bytes[14..16], [0x21, 0x01], "LZMA2's filter id and size");
    bytes[16] = 36;
    let length = (usize::from(bytes[12]) + 1) * 4;
    let mut sum = flate2::Crc::new();
    sum.update(&bytes[12..12 + length - 4]);
    bytes[12 + length - 4..12 + length].copy_from_slice(&sum.sum().to_le_bytes());
    let package = ar(&[("debian-binary", b"2.0\n"), ("data.tar.xz", &bytes)]);
    let said = file_in_deb(&package, "a").unwrap_err();
    assert!(said.contains("memory"), "{said}");
}

#[test]
fn what_is_no_package_is_named() {
    let claim = |name: &str, size: &str| {
        let mut bytes = b"!<arch>\n".to_vec();
        bytes.extend(format!("{name:<16}0           0     0     644     {size:<10}`\n").bytes());
        bytes.extend(b"short");
        bytes
    };
    let cases = [
        ar(&[]),
        ar(&[("debian-binary", b"2.0\n"), ("data.tar.zst", b"")]),
        ar(&[("data.tar.xz", b"not xz")]),
        ar(&[("data.tar.xz", &packed(b"not tar"))]),
        ar(&[("data.tar.xz", &packed(&[1; 512]))]),
        deb(&tar(&[(EntryType::Regular, "a", "", 0o644)])[..700]),
        claim("data.tar.xz", "9999999999"),
        claim("//", "9999999999"),
        claim("#1/9999999999", "9999999999"),
        claim("/", "9999999999"),
        claim("data.tar.xz", "-1"),
        b"!<thin>\n".to_vec(),
        b"<html>not found</html>".to_vec(),
        Vec::new(),
    ];
    for bytes in cases {
        let place = Place::new();
        let error = place.package(&bytes).unwrap_err();
        assert_eq!(error.kind(), Kind::Integrity);
        assert!(error.to_string().contains("`p.deb`"), "{error}");
        place.assert_untouched(&bytes);
        assert!(file_in_deb(&bytes, "a").is_err());
    }
    let missing = unpack_deb(Path::new("/none/p.deb"), Path::new("/none"), &|_| true);
    assert_eq!(missing.unwrap_err().kind(), Kind::Filesystem);
    let place = Place::new();
    let packed = gzipped(&tar(&[(EntryType::Regular, "a", "", 0o644)]));
    File::create(place.root.join("kept")).unwrap();
    let cut = &packed[..packed.len() - 9];
    let error = unpack_tar_gz(
        Path::new("c.crate"),
        cut,
        &place.root,
        Limits::CRATE,
        &|_| true,
    );
    assert_eq!(error.unwrap_err().kind(), Kind::Integrity);
    assert!(place.root.join("kept").exists());
}
