//! From a toolchain file to a pin, with a key made here and a server on the
//! loopback.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex};

use pgp::composed::{
    ArmorOptions, DetachedSignature, KeyType, SecretKeyParamsBuilder, SignedSecretKey,
};
use pgp::crypto::hash::HashAlgorithm;
use pgp::types::Password;
use tempfile::TempDir;
use tiny_http::{Response, Server as Http};

use super::std_crate::crates_of;
use super::*;
use crate::config::{Origin, Setting};
use crate::error::{Error, Kind, Result};
use crate::fetch::{BaseUrl, Downloads};
use crate::pins::Sha256;
use crate::target::{HOST, Table, TargetSpec};

const AARCH64: &str = "aarch64-unknown-linux-gnu";

fn table() -> Table {
    Table::embedded().unwrap()
}

fn file(text: &str) -> Result<ToolchainFile> {
    ToolchainFile::parse(Path::new("rust-toolchain.toml"), text)
}

fn asked(text: &str) -> Result<Option<Wanted>> {
    wanted(&file(text)?, "1.96.0", &table())
}

fn channel(name: &str) -> Wanted {
    asked(&format!("[toolchain]\nchannel = \"{name}\"\n"))
        .unwrap()
        .unwrap()
}

#[test]
fn debians_compiler_is_taken_where_it_is_what_is_asked_for() {
    for text in ["stable", "1.96", "1.96.0", &format!("1.96.0-{HOST}")] {
        let text = format!("[toolchain]\nchannel = \"{text}\"\n");
        assert_eq!(asked(&text).unwrap(), None, "{text}");
    }
    assert_eq!(asked("[toolchain]\nprofile = \"minimal\"\n").unwrap(), None);
    assert_eq!(asked("# empty\n\n").unwrap(), None);
    for (text, manifest) in [
        ("1.95.0", "dist/channel-rust-1.95.0.toml"),
        ("1.96.1", "dist/channel-rust-1.96.1.toml"),
        ("1.9", "dist/channel-rust-1.9.toml"),
        ("beta", "dist/channel-rust-beta.toml"),
        ("1.97.0-beta.2", "dist/channel-rust-1.97.0-beta.2.toml"),
        ("nightly", "dist/channel-rust-nightly.toml"),
        (
            "nightly-2026-01-31",
            "dist/2026-01-31/channel-rust-nightly.toml",
        ),
        (
            "stable-2026-01-22",
            "dist/2026-01-22/channel-rust-stable.toml",
        ),
    ] {
        assert_eq!(channel(text).channel.manifest(), manifest);
    }
}

#[test]
fn a_toolchain_file_is_read_as_rustup_reads_it() {
    let old = |text: &str| ToolchainFile::parse(Path::new("rust-toolchain"), text).unwrap();
    assert_eq!(old("nightly\n").channel.unwrap().value, "nightly");
    assert_eq!(old(" \n").channel, None);
    let same = "[toolchain]\nchannel = \"nightly\"\n";
    assert_eq!(old(same).channel.unwrap().value, "nightly");
    let wanted = asked(
        "[toolchain]\nchannel = \"nightly\"\ncomponents = [\"rust-src\", \"clippy\", \
         \"llvm-tools-preview\", \"rust-std-wasm32-wasip1\"]\n\
         targets = [\"aarch64-unknown-linux-gnu\", \"wasm32-unknown-unknown\"]\n",
    );
    let wanted = wanted.unwrap().unwrap();
    let names = |set: &std::collections::BTreeSet<String>| set.iter().cloned().collect::<Vec<_>>();
    let components = names(&wanted.components);
    assert_eq!(components, ["llvm-tools", "rust-src", "rustfmt"]);
    let targets = names(&wanted.targets);
    assert_eq!(targets, ["wasm32-unknown-unknown", "wasm32-wasip1"]);
    let minimal = "[toolchain]\nchannel = \"nightly\"\nprofile = \"minimal\"\n";
    assert!(asked(minimal).unwrap().unwrap().components.is_empty());

    let root = TempDir::new().unwrap();
    let deep = root.path().join("a/b");
    std::fs::create_dir_all(&deep).unwrap();
    let write = |path: &str, text: &str| std::fs::write(root.path().join(path), text).unwrap();
    let found = || find(&deep).unwrap().unwrap().channel.unwrap();
    write("rust-toolchain.toml", "[toolchain]\nchannel = \"beta\"\n");
    assert_eq!(found().value, "beta");
    write("a/rust-toolchain.toml", "[toolchain]\nchannel = \"1.80\"\n");
    assert_eq!(found().value, "1.80");
    write("a/rust-toolchain", "1.81\n");
    let Origin::File { path, line } = found().origin else {
        panic!("it stands in a file");
    };
    assert_eq!((path, line), (root.path().join("a/rust-toolchain"), 1));
}

#[test]
fn what_is_no_toolchain_is_refused_with_its_place() {
    for (text, says, hint) in [
        (
            "channel = \"nightlyy\"",
            "`nightlyy` is no channel",
            "did you mean `nightly`",
        ),
        (
            "channel = \"1.x\"",
            "is no channel of Rust",
            "a channel is `stable`",
        ),
        ("channel = \"1.2.3.4\"", "is no channel", "a channel is"),
        (
            "channel = \"nightly-2026-1-1\"",
            "is no channel",
            "nightly-2026-01-31",
        ),
        (
            "channel = \"1.80.0-aarch64-unknown-linux-gnu\"",
            "is for aarch64-unknown-linux-gnu, and builds run on x86_64",
            "channel = \"1.80.0\"",
        ),
        (
            "path = \"/opt/rust\"",
            "in a folder, which nothing pins",
            "channel = \"1.88.0\"",
        ),
        (
            "channel = \"1.80\"\nprofile = \"minmal\"",
            "`minmal` is no profile",
            "did you mean `minimal`",
        ),
        ("channel = 1", "`toolchain.channel` must be a string", ""),
        ("channel", "rust-toolchain.toml:2", ""),
    ] {
        let error = asked(&format!("[toolchain]\n{text}\n")).unwrap_err();
        assert_eq!(error.kind(), Kind::Config);
        let message = error.to_string();
        assert!(message.contains("rust-toolchain.toml:"), "{message}");
        assert!(message.contains(says), "{message}");
        assert!(
            error.hints().join("\n").contains(hint),
            "{:?}",
            error.hints()
        );
    }
}

fn make_key(name: &str) -> SignedSecretKey {
    let mut key = SecretKeyParamsBuilder::default();
    key.key_type(KeyType::Ed25519Legacy)
        .can_certify(true)
        .can_sign(true)
        .primary_user_id(name.to_owned());
    key.build().unwrap().generate(rand::thread_rng()).unwrap()
}

static OURS: LazyLock<SignedSecretKey> = LazyLock::new(|| make_key("releases"));
static THEIRS: LazyLock<SignedSecretKey> = LazyLock::new(|| make_key("forger"));

fn sign(bytes: &[u8], key: &SignedSecretKey) -> String {
    let hash = HashAlgorithm::Sha512;
    let signature = DetachedSignature::sign_binary_data(
        rand::thread_rng(),
        &key.primary_key,
        &Password::empty(),
        hash,
        bytes,
    );
    let armoured = signature
        .unwrap()
        .to_armored_string(ArmorOptions::default());
    armoured.unwrap()
}

/// A component `rust-src` that holds nothing but a lock file.
fn rust_src(lock: &str) -> Vec<u8> {
    let mut tar = tar::Builder::new(xz2::write::XzEncoder::new(Vec::new(), 1));
    for (path, text) in [
        ("components", "rust-src\n"),
        ("rust-src/lib/rustlib/src/rust/library/Cargo.lock", lock),
    ] {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        let path = format!("rust-src-nightly/{path}");
        tar.append_data(&mut header, path, text.as_bytes()).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

/// A package in a lock file.
fn locked(name: &str, version: &str, source: &str) -> String {
    let checksum = Sha256::of(name.as_bytes());
    format!(
        "[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n\
         source = \"{source}\"\nchecksum = \"{checksum}\"\n"
    )
}

const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

static RUST_SRC: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let own = "[[package]]\nname = \"std\"\nversion = \"0.0.0\"\n";
    let crates = [("wasi", "0.1.0+snapshot"), ("libc", "0.2.0")];
    let crates = crates.map(|(name, version)| locked(name, version, CRATES_IO));
    rust_src(&format!("version = 4\n{own}{}", crates.concat()))
});

/// A manifest of a release whose files are their own names, but for the source.
fn manifest(version: &str, date: &str) -> String {
    let mut text = format!("manifest-version = \"2\"\ndate = \"{date}\"\n");
    let mut package = |name: &str, targets: &[&str]| {
        text += &format!("[pkg.{name}]\nversion = \"{version} (0123abcd {date})\"\n");
        for target in targets {
            let of = if *target == "*" {
                String::new()
            } else {
                format!("-{target}")
            };
            let path = format!("dist/{date}/{name}{of}.tar.xz");
            let hash = match name {
                "rust-src" => Sha256::of(&RUST_SRC),
                _ => Sha256::of(path.as_bytes()),
            };
            text += &format!(
                "[pkg.{name}.target.\"{target}\"]\navailable = true\n\
                 url = \"https://static.rust-lang.org/other\"\nhash = \"{hash}\"\n\
                 xz_url = \"https://static.rust-lang.org/{path}\"\nxz_hash = \"{hash}\"\n"
            );
        }
    };
    package("rustc", &[HOST, AARCH64]);
    package("cargo", &[HOST]);
    package("clippy-preview", &[HOST]);
    package("rustfmt-preview", &[HOST]);
    package("rust-src", &["*"]);
    package("rust-std", &[HOST, AARCH64, "wasm32-unknown-unknown"]);
    text += "[pkg.rust-std.target.s390x-unknown-linux-gnu]\navailable = false\n";
    text +=
        "[renames.clippy]\nto = \"clippy-preview\"\n[renames.rustfmt]\nto = \"rustfmt-preview\"\n";
    text
}

/// A server of manifests, of the source and of a registry; every other path is a
/// file that is its own name.
struct Dist {
    server: Arc<Http>,
    files: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
    base: BaseUrl,
    folder: TempDir,
}

impl Dist {
    fn start() -> Self {
        let server = Arc::new(Http::http("127.0.0.1:0").unwrap());
        let address = server.server_addr().to_ip().unwrap();
        let files = Arc::new(Mutex::new(BTreeMap::<String, Vec<u8>>::new()));
        let (serving, served) = (Arc::clone(&server), Arc::clone(&files));
        std::thread::spawn(move || {
            for request in serving.incoming_requests() {
                let path = request.url().trim_start_matches('/').to_owned();
                let known = served.lock().unwrap().get(&path).cloned();
                let of_manifest = path.contains("channel-rust-");
                let bytes = known.or_else(|| (!of_manifest).then(|| path.into_bytes()));
                let _ = match bytes {
                    Some(bytes) => request.respond(Response::from_data(bytes)),
                    None => request.respond(Response::from_data([]).with_status_code(404)),
                };
            }
        });
        let base = BaseUrl::parse(&format!("http://{address}")).unwrap();
        for date in ["2026-01-31", "2026-02-01"] {
            let path = format!("dist/{date}/rust-src.tar.xz");
            files.lock().unwrap().insert(path, RUST_SRC.clone());
        }
        let config = format!("{{\"dl\":\"{base}/crates/{{crate}}/{{version}}\"}}");
        let path = "config.json".to_owned();
        files.lock().unwrap().insert(path, config.into_bytes());
        let folder = TempDir::new().unwrap();
        let public = OURS.to_public_key();
        let public = public.to_armored_string(ArmorOptions::default()).unwrap();
        std::fs::write(folder.path().join("key.asc"), public).unwrap();
        Dist {
            server,
            files,
            base,
            folder,
        }
    }

    fn put(&self, path: &str, bytes: impl Into<Vec<u8>>) {
        self.files
            .lock()
            .unwrap()
            .insert(path.to_owned(), bytes.into());
    }

    fn publish(&self, path: &str, text: &str, key: &SignedSecretKey) {
        self.put(path, text);
        self.put(
            &format!("{path}.sha256"),
            Sha256::of(text.as_bytes()).to_hex(),
        );
        self.put(&format!("{path}.asc"), sign(text.as_bytes(), key));
    }

    /// The key of the variable.
    fn key(&self) -> ReleaseKey {
        let file = self.folder.path().join("key.asc");
        let var = |name: &str| (name == RUST_KEY).then(|| OsString::from(&file));
        ReleaseKey::find(&var).unwrap()
    }

    fn with<T>(&self, then: impl FnOnce(&Maker<'_>) -> T) -> T {
        let triples = table().iter().map(|one| one.triple.clone()).collect();
        let origins = Origins {
            base: &self.base,
            key: &self.key(),
            downloads: &Downloads::at(self.folder.path()),
            crates_index: self.base.as_str(),
        };
        then(&Maker::new(origins, triples).unwrap())
    }

    fn make(&self, wanted: &Wanted) -> Result<RustPin> {
        self.with(|maker| maker.make(wanted, None))
    }
}

impl Drop for Dist {
    fn drop(&mut self) {
        self.server.unblock();
    }
}

const NIGHTLY: &str = "dist/2026-01-31/channel-rust-nightly.toml";

#[test]
fn a_channel_is_pinned_proved_and_written() {
    let dist = Dist::start();
    let text = manifest("1.98.0-nightly", "2026-01-31");
    dist.publish(NIGHTLY, &text, &OURS);
    dist.publish("dist/channel-rust-nightly.toml", &text, &OURS);
    let wanted = asked(
        "[toolchain]\nchannel = \"nightly\"\ncomponents = [\"rust-src\"]\n\
         targets = [\"wasm32-unknown-unknown\"]\n",
    );
    let wanted = wanted.unwrap().unwrap();
    let pin = dist.make(&wanted).unwrap();
    assert!(pin.fits(&wanted));
    assert!(!pin.fits(&channel("nightly")), "rust-src is one more");
    assert_eq!(pin.version, "1.98.0-nightly (0123abcd 2026-01-31)");
    assert_eq!(pin.release(), "1.98.0-nightly");
    assert_eq!(pin.sha256, Sha256::of(text.as_bytes()));
    let path = "dist/2026-01-31/rustc-x86_64-unknown-linux-gnu.tar.xz";
    let rustc = pin.files.iter().find(|file| file.path == path).unwrap();
    assert_eq!(rustc.sha256, Sha256::of(path.as_bytes()));
    assert_eq!(rustc.size, path.len() as u64);
    let names = |triple: &str| -> Vec<String> {
        let files = pin.for_target(triple);
        files
            .map(|file| file.file_name().replace(".tar.xz", ""))
            .collect()
    };
    assert_eq!(
        names(AARCH64),
        [
            "cargo-x86_64-unknown-linux-gnu",
            "rust-src",
            "rust-std-aarch64-unknown-linux-gnu",
            "rust-std-wasm32-unknown-unknown",
            "rust-std-x86_64-unknown-linux-gnu",
            "rustc-x86_64-unknown-linux-gnu",
            "rustfmt-preview-x86_64-unknown-linux-gnu",
        ]
    );
    assert!(pin.std_of("s390x-unknown-linux-gnu").is_none());
    let crates = [("libc", "0.2.0", 17), ("wasi", "0.1.0+snapshot", 26)];
    let crates = crates.map(|(name, version, size)| StdCrate {
        name: name.to_owned(),
        version: version.to_owned(),
        sha256: Sha256::of(name.as_bytes()),
        size,
    });
    assert_eq!(pin.crates, crates);
    assert_eq!(pin.crates_for("s390x-unknown-linux-gnu"), crates);
    assert_eq!(pin.crates_for(AARCH64), []);
    assert_eq!(pin.crates_in_build(), crates);
    assert_eq!(crates[1].store_name(), "wasi-0.1.0-snapshot.crate");
    dist.with(|maker| maker.prove(&pin, &wanted)).unwrap();

    // What the lock says of it comes back from it, and names no server.
    let lock = crate::lock::Lock::new(Vec::new(), Some(pin.clone()));
    let written = lock.to_text().unwrap();
    assert!(
        !written.contains("127.0.0.1") && !written.contains("://"),
        "{written}"
    );
    let path = Path::new("xbuild.lock");
    let again = crate::lock::Lock::parse(path, &written).unwrap();
    assert_eq!(again.rust(), Some(&pin));
    for (from, to, says) in [
        ("dist/2026-01-31/rustc", "../rustc", "has an odd path"),
        ("1.98.0-nightly", "1.98.0", "as `nightly`"),
        ("date = \"2026-01-31\"", "date = \"2026\"", "as `nightly`"),
        ("name = \"cargo\"", "name = \"carg\"", "lacks `cargo`"),
        ("size = ", "sise = ", "unknown field"),
        ("\"libc\"", "\"../libc\"", "has an odd crate"),
        ("\"libc\"", "\"xlibc\"", "has a crate out of its order"),
    ] {
        let error = crate::lock::Lock::parse(path, &written.replace(from, to)).unwrap_err();
        assert_eq!(error.kind(), Kind::Config);
        assert!(error.to_string().contains(says), "{error}");
    }

    // A pin that was altered does not follow from the manifest.
    let forged = RustPin {
        sha256: Sha256::of(b"x"),
        ..pin.clone()
    };
    let mut other = pin.clone();
    other.files[0].sha256 = Sha256::of(b"x");
    let mut fewer = pin.clone();
    fewer.crates.pop();
    for forged in [forged, other, fewer] {
        let error = dist
            .with(|maker| maker.prove(&forged, &wanted))
            .unwrap_err();
        assert_eq!(error.kind(), Kind::Integrity);
    }

    // The channel moves on, and never back.
    let newer = manifest("1.99.0-nightly", "2026-02-01");
    dist.publish("dist/channel-rust-nightly.toml", &newer, &OURS);
    let moved = dist.with(|maker| maker.make(&wanted, Some(&pin))).unwrap();
    assert_eq!(moved.date, "2026-02-01");
    dist.publish("dist/channel-rust-nightly.toml", &text, &OURS);
    let error = dist.with(|maker| maker.make(&wanted, Some(&moved)));
    let error = error.map(|_| ()).unwrap_err();
    assert_eq!(error.kind(), Kind::Integrity);
    assert!(error.to_string().contains("is of 2026-01-31"), "{error}");
}

#[test]
fn a_source_says_which_crates_std_is_built_with() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("rust-src.tar.xz");
    let crates = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        crates_of(&path)
    };
    let own = "version = 4\n[[package]]\nname = \"std\"\nversion = \"0.0.0\"\n";
    assert_eq!(crates(&rust_src(own)).unwrap(), []);
    let names: Vec<String> = crates(&RUST_SRC)
        .unwrap()
        .into_iter()
        .map(|one| one.name)
        .collect();
    assert_eq!(names, ["libc", "wasi"]);
    let git = "git+https://example.invalid/libc#0123";
    for (bytes, says) in [
        (b"no archive".to_vec(), "is no source of Rust's"),
        (
            RUST_SRC[..RUST_SRC.len() / 2].to_vec(),
            "is no source of Rust's",
        ),
        (rust_src("version = "), "is not a lock file"),
        (rust_src(&locked("libc", "0.2.0", git)), "of `git+https"),
        (
            rust_src(&locked("../x", "0.2.0", CRATES_IO)),
            "an odd crate: `../x`",
        ),
        (
            rust_src(&locked("x", "1 2", CRATES_IO)),
            "an odd crate: `x`",
        ),
    ] {
        let error = crates(&bytes).unwrap_err();
        assert_eq!(error.kind(), Kind::Integrity, "{error}");
        let text = format!(
            "{error:#} {:?}",
            std::error::Error::source(&error).map(ToString::to_string)
        );
        assert!(text.contains(says), "{text}");
    }
}

#[test]
fn a_manifest_that_cannot_be_believed_is_refused() {
    let text = manifest("1.98.0-nightly", "2026-01-31");
    let hash = |text: &str| Sha256::of(text.as_bytes()).to_hex();
    let altered = text.replace("[pkg.cargo]", "[pkg.cargo] ");
    let elsewhere = text.replace(
        "https://static.rust-lang.org/dist",
        "http://example.invalid",
    );
    let outside = text.replace(
        "static.rust-lang.org/dist/2026",
        "static.rust-lang.org/../2026",
    );
    let older = manifest("1.98.0-nightly", "2026-01-30");
    let stable = manifest("1.98.0", "2026-01-31");
    let third = text.replace("manifest-version = \"2\"", "manifest-version = \"3\"");
    type Change<'a> = &'a dyn Fn(&Dist);
    let cases: [(Change<'_>, Kind, &str); 11] = [
        (
            &|dist| dist.put(NIGHTLY, altered.clone()),
            Kind::Integrity,
            "is not what its .sha256 says",
        ),
        (
            &|dist| {
                dist.put(NIGHTLY, altered.clone());
                dist.put(&format!("{NIGHTLY}.sha256"), hash(&altered));
            },
            Kind::Integrity,
            "was altered after it was signed",
        ),
        (
            &|dist| dist.publish(NIGHTLY, &text, &THEIRS),
            Kind::Integrity,
            "is not signed by any known key",
        ),
        (
            &|dist| dist.put(&format!("{NIGHTLY}.asc"), "nonsense"),
            Kind::Integrity,
            "has a signature that cannot be read",
        ),
        (
            &|dist| dist.publish(NIGHTLY, &older, &OURS),
            Kind::Integrity,
            "is of Rust 1.98.0-nightly of 2026-01-30, and not of nightly-2026-01-31",
        ),
        (
            &|dist| dist.publish(NIGHTLY, &stable, &OURS),
            Kind::Integrity,
            "is of Rust 1.98.0 of 2026-01-31, and not of nightly-2026-01-31",
        ),
        (
            &|dist| dist.publish(NIGHTLY, &third, &OURS),
            Kind::Integrity,
            "of version 3",
        ),
        (
            &|dist| dist.publish(NIGHTLY, "nothing", &OURS),
            Kind::Integrity,
            "is no manifest of a channel",
        ),
        (
            &|dist| dist.publish(NIGHTLY, &elsewhere, &OURS),
            Kind::Integrity,
            "has an odd address for `cargo`",
        ),
        (
            &|dist| dist.publish(NIGHTLY, &outside, &OURS),
            Kind::Integrity,
            "has an odd address",
        ),
        (
            &|dist| drop(dist.files.lock().unwrap().remove(&format!("{NIGHTLY}.asc"))),
            Kind::Network,
            "channel-rust-nightly.toml.asc",
        ),
    ];
    let wanted = channel("nightly-2026-01-31");
    for (change, kind, says) in cases {
        let dist = Dist::start();
        dist.publish(NIGHTLY, &text, &OURS);
        assert!(dist.make(&wanted).is_ok());
        change(&dist);
        let error = dist.make(&wanted).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(says), "{error}");
    }
    // Rust's own key signs none of this.
    let dist = Dist::start();
    dist.publish(NIGHTLY, &text, &OURS);
    let official = ReleaseKey::official().unwrap();
    assert_eq!(official.fingerprints(), [OFFICIAL]);
    assert_eq!(official.warning(), None);
    let origins = Origins {
        base: &dist.base,
        key: &official,
        downloads: &Downloads::at(dist.folder.path()),
        crates_index: dist.base.as_str(),
    };
    let error = Maker::new(origins, Vec::new()).unwrap().make(&wanted, None);
    let error = error.unwrap_err();
    assert_eq!(error.kind(), Kind::Integrity);
    assert!(
        error.hints().join("").contains(OFFICIAL),
        "{:?}",
        error.hints()
    );
    assert!(dist.key().warning().unwrap().contains(RUST_KEY));
}

#[test]
fn what_rust_does_not_have_is_answered_with_its_place() {
    let dist = Dist::start();
    dist.publish(NIGHTLY, &manifest("1.98.0-nightly", "2026-01-31"), &OURS);
    let refused = |text: &str| -> Error {
        let text = format!("[toolchain]\nchannel = \"nightly-2026-01-{text}\n");
        dist.make(&asked(&text).unwrap().unwrap()).unwrap_err()
    };
    for (text, says, hint) in [
        (
            "30\"",
            "rust-toolchain.toml:2: there is no Rust nightly-2026-01-30 at `http://127.0.0.1",
            "name the day before",
        ),
        (
            "31\"\ncomponents = [\"rustfm\"]",
            "has no component `rustfm`",
            "did you mean `rustfmt`?",
        ),
        (
            "31\"\nprofile = \"complete\"",
            "has no component `llvm-tools`",
            "without it: profile = \"minimal\"",
        ),
        (
            "31\"\ntargets = [\"wasm32-unknown-unknwon\"]",
            "has no std for `wasm32-unknown-unknwon`",
            "did you mean `wasm32-unknown-unknown`?",
        ),
    ] {
        let error = refused(text);
        assert_eq!(error.kind(), Kind::Config);
        assert!(error.to_string().contains(says), "{error}");
        assert!(
            error.hints().join("\n").contains(hint),
            "{:?}",
            error.hints()
        );
    }
    let var = |name: &str| (name == DIST_SERVER).then(|| OsString::from("mirror.example"));
    let error = dist_server(&var).unwrap_err();
    assert!(error.to_string().contains("RUSTUP_DIST_SERVER"), "{error}");
}

#[test]
fn a_build_takes_what_is_locked_or_nothing() {
    let dist = Dist::start();
    dist.publish(NIGHTLY, &manifest("1.98.0-nightly", "2026-01-31"), &OURS);
    let wanted = channel("nightly-2026-01-31");
    let pin = dist.make(&wanted).unwrap();
    let locked = |pin: Option<&RustPin>| crate::lock::Lock::new(Vec::new(), pin.cloned());
    let spec = || vec![TargetSpec::parse(&table(), AARCH64, None).unwrap()];
    let attach = |wanted: Option<&Wanted>, lock: Option<&crate::lock::Lock>| {
        attach(wanted, Path::new("/p"), lock, spec())
    };
    let good = attach(Some(&wanted), Some(&locked(Some(&pin)))).unwrap();
    assert_eq!(good[0].rust().map(|rust| &**rust), Some(&pin));
    assert!(attach(None, None).unwrap()[0].rust().is_none());

    let (none, lock) = (locked(None), locked(Some(&pin)));
    let mut more = wanted.clone();
    more.components.insert("rust-src".to_owned());
    let beta = Wanted {
        origin: Setting::new((), Origin::Default).origin,
        ..channel("beta")
    };
    for (wanted, lock, says) in [
        (
            Some(&wanted),
            None,
            "asks for Rust nightly-2026-01-31, and there is no `/p/xbuild.lock`",
        ),
        (
            Some(&wanted),
            Some(&none),
            "and `/p/xbuild.lock` locks none",
        ),
        (
            Some(&beta),
            Some(&lock),
            "asks for Rust beta, and `/p/xbuild.lock` locks nightly-2026-01-31",
        ),
        (
            Some(&more),
            Some(&lock),
            "locks other components or targets",
        ),
        (None, Some(&lock), "no rust-toolchain.toml asks for it"),
    ] {
        let error = attach(wanted, lock).unwrap_err();
        assert_eq!(error.kind(), Kind::Config);
        assert!(error.to_string().contains(says), "{error}");
        assert_eq!(error.hints(), ["xbuild lock"]);
    }
    use Plan::{Drop, Keep, Make};
    assert_eq!(plan(None, None, true), Keep(None));
    assert_eq!(plan(Some(&wanted), Some(&pin), false), Keep(Some(&pin)));
    assert_eq!(
        plan(Some(&wanted), Some(&pin), true),
        Make(&wanted, Some(&pin))
    );
    assert_eq!(
        plan(Some(&beta), Some(&pin), false),
        Make(&beta, Some(&pin))
    );
    assert_eq!(plan(None, Some(&pin), false), Drop(&pin));
}
