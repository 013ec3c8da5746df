//! Packages are the same bytes for the same files, and hold what was put in.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::os::unix::fs::{PermissionsExt, symlink};

use serde_json::Value;

use super::gather::gather;
use super::*;
use crate::pins::Sha256;

const EPOCH: i64 = 1_700_000_001;

fn sample(reversed: bool) -> Contents {
    let long = format!("pkg/{}/x", "long".repeat(40));
    let mut members: Vec<Member> = [
        ("pkg/bin/hello", "#!program", true),
        ("pkg/README", "read me\n", false),
        (&*long, "far away", false),
        ("pkg/empty", "", false),
    ]
    .map(|(path, text, executable)| {
        Member::new(path, text.as_bytes().to_vec(), executable).unwrap()
    })
    .to_vec();
    if reversed {
        members.reverse();
    }
    Contents::new(members, EPOCH).unwrap()
}

fn image() -> Image {
    Image {
        architecture: "arm".into(),
        variant: Some("v7".into()),
        entrypoint: Some("pkg/bin/hello".into()),
        user: None,
        labels: BTreeMap::new(),
        tag: "hello:1.0".into(),
    }
}

/// Path → bytes and mode, of a tar.
fn untar(bytes: &[u8]) -> BTreeMap<String, (Vec<u8>, u32)> {
    let mut archive = tar::Archive::new(bytes);
    let mut files = BTreeMap::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let header = entry.header();
        let (mode, uid, gid) = (header.mode(), header.uid(), header.gid());
        assert_eq!((uid.unwrap(), gid.unwrap()), (0, 0));
        assert_eq!(header.mtime().unwrap(), 1_700_000_001);
        let path = entry.path().unwrap().display().to_string();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        files.insert(path, (bytes, mode.unwrap()));
    }
    files
}

fn gunzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    flate2::read::GzDecoder::new(bytes)
        .read_to_end(&mut out)
        .unwrap();
    out
}

fn expected() -> BTreeMap<String, (Vec<u8>, u32)> {
    let members = sample(false).members;
    let one = |member: Member| {
        let mode = member.mode();
        (member.path, (member.bytes, mode))
    };
    members.into_iter().map(one).collect()
}

#[test]
fn a_package_is_the_same_in_whatever_order_its_files_come() {
    for format in Format::ALL {
        let first = sample(false).pack(format, Some(&image())).unwrap();
        let second = sample(true).pack(format, Some(&image())).unwrap();
        assert_eq!(first, second, "{format}");
        let other = Contents::new(sample(false).members, EPOCH + 2).unwrap();
        assert_ne!(
            other.pack(format, Some(&image())).unwrap(),
            first,
            "{format}"
        );
    }
}

#[test]
fn the_bytes_of_packages_stay_what_they_were() {
    // They change with the crates that write them, and with these the hashes
    // of everyone's releases: then say so where the change is described.
    let hash = |format| Sha256::of(&sample(false).pack(format, Some(&image())).unwrap());
    let hashes = Format::ALL.map(|format| hash(format).to_hex());
    assert_eq!(
        hashes,
        [
            "4b313e915416c3d12861b324b558644314a51f3487806d82e3031d4c556a12fb",
            "421686fb389fa1e2d92092c8ec13fcf67e77d36585911b43b16b96723080f857",
            "4b313e915416c3d12861b324b558644314a51f3487806d82e3031d4c556a12fb",
            "bc53c9b820f8389c1c2a80360906f1cb5079b3986c3bbcc465308a0788391320"
        ]
    );
}

#[test]
fn a_tarball_holds_what_was_put_in() {
    let bytes = sample(false).pack(Format::TarGz, None).unwrap();
    // RFC 1952: no flags, no time, the best compression, no system.
    assert_eq!(&bytes[..10], &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255]);
    assert_eq!(untar(&gunzip(&bytes)), expected());
}

#[test]
fn a_zip_holds_what_was_put_in() {
    let bytes = sample(false).pack(Format::Zip, None).unwrap();
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let mut files = BTreeMap::new();
    for index in 0..archive.len() {
        let mut file = archive.by_index(index).unwrap();
        let time = file.last_modified().unwrap();
        // In steps of two seconds, 1700000001 is 22:13:20.
        assert_eq!(time.to_string(), "2023-11-14 22:13:20");
        let (name, mode) = (
            file.name().unwrap().to_string(),
            file.unix_mode().unwrap() & 0o777,
        );
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        files.insert(name, (bytes, mode));
    }
    assert_eq!(files, expected());
}

#[test]
fn an_image_is_named_by_its_digests_all_the_way_down() {
    let bytes = sample(false).pack(Format::Oci, Some(&image())).unwrap();
    let files = untar(&bytes);
    let json = |path: &str| -> Value { serde_json::from_slice(&files[path].0).unwrap() };
    let blob = |descriptor: &Value| {
        let hex = descriptor["digest"].as_str().unwrap();
        let hex = hex.strip_prefix("sha256:").unwrap();
        let (bytes, _) = &files[&format!("blobs/sha256/{hex}")];
        assert_eq!(Sha256::of(bytes).to_hex(), hex);
        assert_eq!(descriptor["size"], bytes.len());
        bytes.clone()
    };
    assert_eq!(json("oci-layout")["imageLayoutVersion"], "1.0.0");
    let manifest = json("index.json")["manifests"][0].clone();
    assert_eq!(
        manifest["annotations"]["org.opencontainers.image.ref.name"],
        "hello:1.0"
    );
    let manifest: Value = serde_json::from_slice(&blob(&manifest)).unwrap();
    let config: Value = serde_json::from_slice(&blob(&manifest["config"])).unwrap();
    assert_eq!(config["architecture"], "arm");
    assert_eq!(config["variant"], "v7");
    assert_eq!(config["config"]["Entrypoint"][0], "/pkg/bin/hello");
    let layer = gunzip(&blob(&manifest["layers"][0]));
    let diff_id = format!("sha256:{}", Sha256::of(&layer));
    assert_eq!(config["rootfs"]["diff_ids"][0], diff_id.as_str());
    assert_eq!(untar(&layer), expected());
    let error = sample(false).pack(Format::Oci, None).unwrap_err();
    assert_eq!(error.kind(), Kind::Usage);
}

#[test]
fn what_cannot_be_packed_is_refused() {
    for path in [
        "", "/a", "a/", "a//b", "./a", "../a", "a/../b", "a\\b", "a\nb", "C:", "a/C:/b", "a/c:b",
    ] {
        assert!(Member::new(path, Vec::new(), false).is_err(), "{path:?}");
    }
    let member = |path: &str| Member::new(path, Vec::new(), false).unwrap();
    for (paths, epoch, why) in [
        (&[][..], EPOCH, "nothing to pack"),
        (&["a", "b", "a"], EPOCH, "two files want to be `a`"),
        (&["a", "a-b", "a/b"], EPOCH, "two files want to be `a`"),
        (&["a"], 0, "no time"),
        (&["a"], i64::MAX, "no time"),
    ] {
        let members = paths.iter().map(|path| member(path)).collect();
        let error = Contents::new(members, epoch).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn formats_are_told_by_names_and_words() {
    for (name, format) in [
        ("a-1.0.tar.gz", Some(Format::TarGz)),
        ("a.zip", Some(Format::Zip)),
        ("a-1.0.crate", Some(Format::Crate)),
        ("a.oci.tar", Some(Format::Oci)),
        ("a.tar", None),
        (".zip", None),
    ] {
        assert_eq!(Format::of_name(name), format, "{name}");
    }
    for format in Format::ALL {
        assert_eq!(Format::parse(&format.to_string()), Some(format));
    }
    assert_eq!(Format::parse("rar"), None);
}

#[test]
fn files_and_folders_are_gathered_below_their_names() {
    let folder = tempfile::tempdir().unwrap();
    let tree = folder.path().join("tree");
    fs::create_dir_all(tree.join("deep")).unwrap();
    fs::write(tree.join("deep/program"), "p").unwrap();
    fs::write(tree.join("text"), "t").unwrap();
    symlink("text", tree.join("link")).unwrap();
    let mode = fs::Permissions::from_mode(0o700);
    fs::set_permissions(tree.join("deep/program"), mode).unwrap();
    let contents = Contents::new(gather(&tree, "p/").unwrap(), EPOCH).unwrap();
    let listed: Vec<(&str, bool)> = contents
        .members()
        .iter()
        .map(|member| (member.path(), member.is_executable()))
        .collect();
    let expected = [
        ("p/tree/deep/program", true),
        ("p/tree/link", false),
        ("p/tree/text", false),
    ];
    assert_eq!(listed, expected);
    symlink(".", tree.join("circle")).unwrap();
    assert_eq!(gather(&tree, "").unwrap_err().kind(), Kind::Usage);
    let absent = gather(&tree.join("absent"), "").unwrap_err();
    assert_eq!(absent.kind(), Kind::Filesystem);
}

/// The seed's busybox, a static program, as one for another processor too.
fn program(machine: u8) -> Vec<u8> {
    let seed = concat!(env!("CARGO_MANIFEST_DIR"), "/nix/seed/busybox");
    let mut bytes = fs::read(seed).unwrap();
    // `e_machine`, System V ABI: 62 is x86-64, 183 AArch64.
    bytes[18] = machine;
    bytes
}

fn from_scratch() -> FromScratch {
    FromScratch {
        entrypoint: None,
        user: NONROOT.into(),
        labels: [("org.example".to_owned(), "mine".to_owned())].into(),
        tag: "1.0".into(),
        epoch: EPOCH,
    }
}

fn member(path: &str, bytes: Vec<u8>) -> Member {
    Member::new(path, bytes, true).unwrap()
}

#[test]
fn static_programs_become_an_image_for_each_processor() {
    let members = [
        member("tool", program(183)),
        member("tool", program(62)),
        member(CERTIFICATES, b"certificates".to_vec()),
    ];
    let images = from_scratch().images(members.to_vec()).unwrap();
    let layout = oci_files(&images).unwrap();
    let reversed: Vec<Member> = members.into_iter().rev().collect();
    let again = oci_files(&from_scratch().images(reversed).unwrap()).unwrap();
    assert_eq!(layout.tar().unwrap(), again.tar().unwrap());

    let files = untar(&layout.tar().unwrap());
    let blob = |descriptor: &Value| -> Vec<u8> {
        let hex = &descriptor["digest"].as_str().unwrap()["sha256:".len()..];
        let (bytes, _) = &files[&format!("blobs/sha256/{hex}")];
        assert_eq!(Sha256::of(bytes).to_hex(), hex);
        assert_eq!(descriptor["size"], bytes.len());
        bytes.clone()
    };
    let json = |bytes: &[u8]| -> Value { serde_json::from_slice(bytes).unwrap() };
    let top = json(&files["index.json"].0);
    assert_eq!(top["manifests"].as_array().unwrap().len(), 1);
    let tagged = &top["manifests"][0];
    let tag = &tagged["annotations"]["org.opencontainers.image.ref.name"];
    assert_eq!(tag, "1.0");
    assert_eq!(tagged["mediaType"], top["mediaType"]);
    let list = json(&blob(tagged));
    for (at, (architecture, machine)) in [("amd64", 62), ("arm64", 183)].into_iter().enumerate() {
        let descriptor = &list["manifests"][at];
        assert_eq!(descriptor["platform"]["architecture"], architecture);
        let manifest = json(&blob(descriptor));
        assert_eq!(manifest["annotations"]["org.example"], "mine");
        let config = json(&blob(&manifest["config"]));
        assert_eq!(config["architecture"], architecture);
        assert_eq!(config["config"]["User"], "65532:65532");
        assert_eq!(config["config"]["Entrypoint"][0], "/tool");
        assert_eq!(config["config"]["Labels"]["org.example"], "mine");
        let layer = untar(&gunzip(&blob(&manifest["layers"][0])));
        assert_eq!(layer["tool"].0, program(machine));
        assert_eq!(layer[CERTIFICATES].0, b"certificates");
        assert_eq!(layer.len(), 2);
    }
    // Nothing else is in it: two lists, and three blobs an image.
    assert_eq!(files.len(), 2 + 1 + 6);
}

#[test]
fn what_an_image_from_nothing_cannot_start_is_refused() {
    let dynamic = fs::read(std::env::current_exe().unwrap()).unwrap();
    let mut broken = program(62);
    broken.truncate(100);
    for (members, entrypoint, why) in [
        (
            vec![member("t", dynamic)],
            None,
            "`t` is not static: it loads /lib64/ld-",
        ),
        (
            vec![member("t", b"#!/bin/sh".to_vec())],
            None,
            "needs a program",
        ),
        (vec![member("t", broken)], None, "`t` is broken"),
        (
            vec![member("t", program(20))],
            None,
            "no name for the processor",
        ),
        (
            vec![member("t", program(62)), member("u", program(62))],
            None,
            "several programs",
        ),
        (
            vec![member("t", program(62))],
            Some("u"),
            "`u` is not in the image for amd64",
        ),
        (
            vec![member("t", program(62)), member("t", program(62))],
            Some("t"),
            "two files want to be `t`",
        ),
    ] {
        let wanted = FromScratch {
            entrypoint: entrypoint.map(str::to_owned),
            ..from_scratch()
        };
        let error = wanted.images(members).unwrap_err();
        assert_eq!(error.kind(), Kind::Usage);
        assert!(error.to_string().contains(why), "{error}");
    }
}
