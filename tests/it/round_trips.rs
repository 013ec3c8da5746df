//! What is written is read again as the same, for all values that a strategy
//! can think of. The fuzz targets begin at the other end, with any bytes.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Cursor, Read};
use std::path::Path;

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};
use xbuild::attest::dsse::{Envelope, pae};
use xbuild::attest::manifest::{self, Content, File, Manifest, Project, Source, Verification};
use xbuild::attest::statement::{Statement, Subject};
use xbuild::attest::{bundle, json as strict, sums};
use xbuild::config::{FileLayer, Isolation, Passthrough, Setting};
use xbuild::env::{Env, Runner};
use xbuild::lock::{Libraries, Lock, PinnedRelease};
use xbuild::package::{Contents, Format, Image, Member};
use xbuild::pins::{Package, Sha256};
use xbuild::target::{Floor, Table, TargetSpec};
use xbuild::unpack::{Limits, unpack_tar, unpack_tar_gz};

/// Text as hostile as text can be, for where anything is allowed.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), "[ -~]{0,40}", "[a-z]{1,12}"]
}

fn word() -> impl Strategy<Value = String> {
    "[a-z][a-z0-9.+-]{0,20}"
}

fn sha256() -> impl Strategy<Value = Sha256> {
    any::<[u8; 32]>().prop_map(Sha256::from_bytes)
}

fn package(suite: &'static str, arch: &'static str) -> impl Strategy<Value = Package> {
    (word(), text(), sha256(), any::<u32>(), any::<bool>()).prop_map(
        move |(package, version, sha256, size, all)| Package {
            arch: if all { "all" } else { arch }.to_owned(),
            path: format!("pool/main/{package}/{package}_1_{arch}.deb"),
            package,
            sha256,
            size: size.into(),
            suite: suite.to_owned(),
            version,
        },
    )
}

fn libraries() -> impl Strategy<Value = Libraries> {
    let release = (sha256(), text(), "debian/[0-9TZ]{1,16}");
    let release = release.prop_map(|(inrelease, date, snapshot)| PinnedRelease {
        inrelease,
        date,
        snapshot,
    });
    let asked = proptest::collection::btree_set(text(), 0..4);
    (
        text(),
        asked,
        release,
        vec(package("trixie", "arm64"), 0..6),
    )
        .prop_map(|(triple, asked, release, packages)| {
            // In the lock's order, each name once.
            let by_name = packages.into_iter().map(|one| (one.package.clone(), one));
            Libraries {
                triple,
                suite: "trixie".to_owned(),
                arch: "arm64".to_owned(),
                asked,
                release,
                packages: by_name.collect::<BTreeMap<_, _>>().into_values().collect(),
            }
        })
}

fn manifest() -> impl Strategy<Value = Manifest> {
    let content = (text(), any::<u64>(), sha256());
    let content = content.prop_map(|(path, size, sha256)| Content { path, size, sha256 });
    let file = (
        text(),
        any::<u64>(),
        sha256(),
        option::of(text()),
        vec(content, 0..3),
    );
    let file = file.prop_map(|(name, size, sha256, target, contents)| File {
        name,
        size,
        sha256,
        target,
        contents,
    });
    let verification = (vec(text(), 0..3), text()).prop_map(|(variations, verdict)| Verification {
        variations,
        verdict,
    });
    let words = (
        text(),
        text(),
        text(),
        option::of(text()),
        text(),
        option::of(text()),
    );
    let lists = (vec(text(), 0..3), vec(text(), 0..3), vec(file, 0..3));
    let rest = (
        any::<bool>(),
        any::<bool>(),
        option::of(verification),
        sha256(),
        sha256(),
    );
    (words, lists, rest).prop_map(|(words, lists, rest)| Manifest {
        version: manifest::VERSION,
        project: Project {
            name: words.0,
            version: words.1,
        },
        source: Source {
            uri: words.2,
            commit: words.3,
            dirty: rest.0,
        },
        xbuild: words.4,
        pins: rest.3,
        toolchain_definition: rest.4,
        targets: lists.0,
        arguments: lists.1,
        source_date_epoch: words.5,
        hermetic: rest.1,
        verification: rest.2,
        files: lists.2,
    })
}

/// Files of a package that do not stand in each other's way.
fn members() -> impl Strategy<Value = BTreeMap<String, (Vec<u8>, bool)>> {
    let path = "[a-z]{1,8}(/[ -.0-\\[\\]-~]{1,60}){0,3}/[a-zé漢]{1,90}";
    btree_map(path, (vec(any::<u8>(), 0..64), any::<bool>()), 1..8)
}

fn values<T: Clone>(settings: &[Setting<T>]) -> Vec<T> {
    settings.iter().map(|one| one.value.clone()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn floors_and_targets(major in 0u32..10_000, minor in 0u32..10_000, which: prop::sample::Index) {
        let floor = Floor::new(major, minor);
        prop_assert_eq!(floor.to_string().parse(), Ok(floor));
        let table = Table::embedded().unwrap();
        let target = which.get(&table.iter().collect::<Vec<_>>()).to_owned();
        let triple = &target.triple;
        for text in [triple.clone(), format!("{triple}.2.{}", minor % 60), format!("{triple}.{floor}")] {
            if let Ok(spec) = TargetSpec::parse(&table, &text, None) {
                let again = TargetSpec::parse(&table, &spec.to_string(), None).unwrap();
                prop_assert_eq!((again.name(), again.floor()), (spec.name(), spec.floor()));
            }
        }
    }

    #[test]
    fn configuration(
        mirrors in vec(text(), 0..4),
        only in option::of(any::<bool>()),
        none in any::<bool>(),
        floor in option::of("[0-9]{1,2}\\.[0-9]{1,2}"),
        sources in vec(text(), 0..3),
        passed in vec(("[A-Z]{3,8}", option::of("[^\\x00]{0,20}")), 0..4),
        epoch in 0u32..,
    ) {
        let passthrough: Vec<String> = passed
            .iter()
            .map(|(name, value)| match value {
                Some(value) => format!("X_{name}={value}"),
                None => format!("X_{name}"),
            })
            .collect();
        let mut table = toml::Table::new();
        table.insert("mirrors".into(), mirrors.clone().into());
        only.map(|only| table.insert("mirrors-only".into(), only.into()));
        let isolation = if none { "none" } else { "full" };
        table.insert("isolation".into(), isolation.into());
        let mut build = toml::Table::new();
        build.insert("sources".into(), sources.clone().into());
        build.insert("source-date-epoch".into(), i64::from(epoch).into());
        floor.clone().map(|floor| build.insert("glibc".into(), floor.into()));
        table.insert("build".into(), build.into());
        let env = toml::Table::from_iter([("passthrough".to_owned(), passthrough.clone().into())]);
        table.insert("env".into(), env.into());
        let written = toml::to_string(&table).unwrap();
        let layer = FileLayer::parse(Path::new("xbuild.toml"), &written).unwrap();
        prop_assert_eq!(values(&layer.mirrors), mirrors);
        prop_assert_eq!(layer.mirrors_only.as_ref().map(|one| one.value), only);
        let isolation = if none { Isolation::None } else { Isolation::Full };
        prop_assert_eq!(layer.isolation.as_ref().map(|one| one.value), Some(isolation));
        prop_assert_eq!(layer.glibc.as_ref().map(|one| one.value.clone()), floor);
        prop_assert_eq!(values(&layer.sources), sources);
        let shown: Vec<String> = values(&layer.passthrough)
            .into_iter()
            .map(|one| match one {
                Passthrough::Inherit(name) => name,
                Passthrough::Set(name, value) => format!("{name}={value}"),
            })
            .collect();
        prop_assert_eq!(shown, passthrough);
    }

    #[test]
    fn locks(targets in vec(libraries(), 0..4)) {
        let by_place = targets.into_iter().map(|one| (one.triple.clone(), one));
        let targets = by_place.collect::<BTreeMap<_, _>>().into_values().collect();
        let lock = Lock::new(targets, None);
        let text = lock.to_text().unwrap();
        let again = Lock::parse(Path::new("xbuild.lock"), &text).unwrap();
        prop_assert_eq!(again.to_text().unwrap(), text);
        prop_assert_eq!(again, lock);
    }

    #[test]
    fn descriptions_of_toolchains(
        words in vec(text(), 8),
        musl in option::of(text()),
        env in btree_map(text(), text(), 0..5),
        path in vec(text(), 0..4),
        command in vec(text(), 0..4),
    ) {
        let written = json!({
            "version": 1, "triple": words[0], "name": words[1], "floor": "2.17",
            "host": words[2], "rust": words[3], "llvm": words[4], "musl": musl,
            "base": {"suite": words[5], "version": "2.31"}, "cargo": words[6],
            "std": {"source": words[7], "target": words[0]}, "sysroot": "/s",
            "runtime": "/r", "path": path, "env": env,
        });
        let read = Env::parse(Path::new("env.json"), written.to_string().as_bytes()).unwrap();
        prop_assert_eq!((&read.triple, &read.name), (&words[0], &words[1]));
        prop_assert_eq!((&read.host, &read.rust, &read.llvm), (&words[2], &words[3], &words[4]));
        prop_assert_eq!(read.floor, Some(Floor::new(2, 17)));
        prop_assert_eq!(read.musl, musl);
        prop_assert_eq!(read.env, env);
        let folders: Vec<_> = read.path.iter().map(|one| one.to_str().unwrap().to_owned()).collect();
        prop_assert_eq!(folders, path);
        let written = json!({"version": 1, "command": command, "runtime": null, "qemu": words[0]});
        let read = Runner::parse(Path::new("runner.json"), written.to_string().as_bytes()).unwrap();
        prop_assert_eq!((read.command, read.qemu), (command, Some(words[0].clone())));
    }

    #[test]
    fn envelopes(
        kind in text(),
        payload in vec(any::<u8>(), 0..200),
        signature in vec(any::<u8>(), 0..100),
        other in (text(), vec(any::<u8>(), 0..200)),
    ) {
        let envelope = Envelope::new(&kind, &payload, &signature);
        let line = envelope.line();
        let again = Envelope::read(strict::parse(line.as_bytes()).unwrap()).unwrap();
        prop_assert_eq!(&again, &envelope);
        let message = pae(&kind, &payload);
        let opened = again.open(|signed, by| signed == message && by == signature).unwrap();
        prop_assert_eq!((opened.payload(), opened.payload_type()), (&payload[..], &*kind));
        prop_assert!(again.open(|_, _| false).is_err());
        let bundled = bundle::of_envelope(&envelope, &kind).to_string();
        let bundled = strict::parse(bundled.as_bytes()).unwrap();
        prop_assert_eq!(bundle::envelope(bundled).unwrap(), envelope);
        // Two messages are one only where type and payload are.
        let same = other == (kind, payload);
        prop_assert_eq!(pae(&other.0, &other.1) == message, same);
    }

    #[test]
    fn statements_and_sums(files in btree_map(text(), sha256(), 0..6), kind in text(), predicate in text()) {
        let subjects = files.iter().map(|(name, sha256)| Subject::new(name, *sha256));
        let statement = Statement::new(subjects.collect(), &kind, json!({ "p": predicate }));
        let written = serde_json::to_vec(&statement).unwrap();
        let again: Statement<Value> = serde_json::from_value(strict::parse(&written).unwrap()).unwrap();
        prop_assert_eq!(again, statement);
        let listed: Vec<_> = files.clone().into_iter().collect();
        if let Ok(text) = sums::text(&listed) && !files.contains_key("") {
            prop_assert_eq!(sums::parse("SHA256SUMS", &text).unwrap(), files);
        }
    }

    #[test]
    fn manifests(manifest in manifest()) {
        let again = Manifest::parse("manifest.json", manifest.text().as_bytes()).unwrap();
        prop_assert_eq!(again, manifest);
    }

    #[test]
    fn archives(files in members(), format in select(Format::ALL.to_vec())) {
        let made = files.iter().map(|(path, (bytes, executable))| {
            Member::new(path.clone(), bytes.clone(), *executable)
        });
        let Ok(made) = made.collect::<Result<Vec<_>, _>>() else {
            return Ok(());
        };
        let Ok(contents) = Contents::new(made, 1_700_000_000) else {
            return Ok(());
        };
        let image = Image {
            architecture: "arm64".into(),
            variant: None,
            entrypoint: None,
            user: None,
            labels: Default::default(),
            tag: "t".into(),
        };
        // Some paths have no room in a tar's header, and that is said.
        let Ok(packed) = contents.pack(format, Some(&image)) else {
            return Ok(());
        };
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        match format {
            Format::TarGz | Format::Crate => {
                unpack_tar_gz(Path::new("p"), &*packed, root, Limits::CRATE, &|_| true).unwrap();
            }
            Format::Zip => {
                let mut zip = zip::ZipArchive::new(Cursor::new(packed)).unwrap();
                zip.extract(root).unwrap();
            }
            Format::Oci => {
                unpack_tar(&*packed, root, Limits::CRATE, &|_| true).unwrap();
                let layer = layer(root);
                fs::remove_dir_all(root).unwrap();
                fs::create_dir(root).unwrap();
                unpack_tar_gz(Path::new("p"), &*layer, root, Limits::CRATE, &|_| true).unwrap();
            }
        }
        prop_assert_eq!(found(root, root), files);
    }
}

/// The one layer of an image's layout: the blob that is gzip.
fn layer(root: &Path) -> Vec<u8> {
    let blobs = fs::read_dir(root.join("blobs/sha256")).unwrap();
    let mut blobs = blobs.map(|entry| fs::read(entry.unwrap().path()).unwrap());
    let layer = blobs.find(|blob| blob.starts_with(&[0x1f, 0x8b]));
    layer.expect("an image has a layer")
}

/// The files below a folder, as [`members`] has them.
fn found(root: &Path, folder: &Path) -> BTreeMap<String, (Vec<u8>, bool)> {
    use std::os::unix::fs::PermissionsExt;

    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(found(root, &path));
            continue;
        }
        let mut bytes = Vec::new();
        let mut file = fs::File::open(&path).unwrap();
        file.read_to_end(&mut bytes).unwrap();
        let mode = file.metadata().unwrap().permissions().mode();
        let name = path.strip_prefix(root).unwrap().to_str().unwrap();
        files.insert(name.to_owned(), (bytes, mode & 0o111 != 0));
    }
    files
}
