//! A distribution of Rust on the loopback: components packed from the pinned
//! Debian compiler in rust-installer's layout, and manifests of channels,
//! signed with a key made here.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;

use pgp::composed::{
    ArmorOptions, DetachedSignature, KeyType, SecretKeyParamsBuilder, SignedSecretKey,
};
use pgp::crypto::hash::HashAlgorithm;
use pgp::types::Password;
use tempfile::TempDir;
use tiny_http::{Response, Server};
use xbuild::cargo::UserCargo;
use xbuild::fetch::BaseUrl;
use xbuild::host::Folders;
use xbuild::nix::{Choice, Realised};
use xbuild::pins::{Pins, Sha256};
use xbuild::process::Command;
use xbuild::toolchain::{Part, Workshop};
use xz2::write::XzEncoder;

use crate::doors::spec;
use crate::support::{Caller, repository, run, temp, test_home};

pub const HOST: &str = "x86_64-unknown-linux-gnu";
pub const AARCH64: &str = "aarch64-unknown-linux-gnu";

/// The release that is published, and its day.
pub const VERSION: &str = "1.98.0-nightly";
pub const DATE: &str = "2026-01-31";
pub const CHANNEL: &str = "nightly-2026-01-31";

/// What the packed compiler and its standard library carry, and Debian's not.
pub const MARK: &str = "packed for the loopback";

/// A component: the name of its package in the manifest, what it is for (`*`
/// for everything), and its file.
#[derive(Clone)]
pub struct Component {
    pub package: &'static str,
    pub target: &'static str,
    pub file: String,
    pub sha256: Sha256,
}

impl Component {
    pub fn path(&self) -> String {
        format!("dist/{DATE}/{}", self.file)
    }
}

enum Served {
    Bytes(Vec<u8>),
    File(PathBuf),
}

/// The server, until it is dropped.
pub struct Dist {
    server: Arc<Server>,
    thread: Option<JoinHandle<()>>,
    files: Arc<Mutex<BTreeMap<String, Served>>>,
    url: String,
    key: SignedSecretKey,
    folder: TempDir,
}

impl Dist {
    /// Starts one with nothing on it.
    pub fn start() -> Self {
        let server = Arc::new(Server::http("127.0.0.1:0").expect("a server"));
        let address = server.server_addr().to_ip().expect("an address");
        let files = Arc::new(Mutex::new(BTreeMap::<String, Served>::new()));
        let (serving, served) = (Arc::clone(&server), Arc::clone(&files));
        let thread = std::thread::spawn(move || {
            for request in serving.incoming_requests() {
                let path = request.url().trim_start_matches('/').to_owned();
                let files = served.lock().unwrap_or_else(PoisonError::into_inner);
                // Whoever has what it wanted may hang up.
                let _ = match files.get(&path) {
                    Some(Served::Bytes(bytes)) => {
                        let data = Response::from_data(bytes.clone());
                        request.respond(data.with_chunked_threshold(usize::MAX))
                    }
                    Some(Served::File(path)) => {
                        let file = File::open(path).expect("a packed component");
                        // A size is only told of what is not sent in chunks.
                        let whole = Response::from_file(file).with_chunked_threshold(usize::MAX);
                        request.respond(whole)
                    }
                    None => request.respond(Response::from_data([]).with_status_code(404)),
                };
            }
        });
        let dist = Dist {
            server,
            thread: Some(thread),
            files,
            url: format!("http://{address}"),
            key: key(),
            folder: temp(),
        };
        let public = dist.key.to_public_key();
        let public = public.to_armored_string(ArmorOptions::default());
        fs::write(dist.public_key(), public.expect("a key")).expect("a key's file");
        dist
    }

    /// One with the packed compiler on it, as a nightly of a day.
    pub fn with_compiler() -> Self {
        let dist = Dist::start();
        let packed = packed();
        for component in &packed.components {
            dist.serve(
                &component.path(),
                Served::File(packed.folder.join(&component.file)),
            );
        }
        dist.publish(&manifest(&packed.components));
        dist
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// The file of the key that its manifests are signed with.
    pub fn public_key(&self) -> PathBuf {
        self.folder.path().join("key.asc")
    }

    /// A caller for whom this is the distribution, and its key the one.
    pub fn called_by(&self, caller: Caller) -> Caller {
        caller
            .env("RUSTUP_DIST_SERVER", &self.url)
            .env("XBUILD_RUST_KEY", self.public_key())
    }

    /// A component for the host that holds nothing but a text, served; and
    /// its size.
    pub fn small(&self, package: &'static str) -> (Component, usize) {
        let path = self.folder.path().join(package);
        let tree = Tree::from([("share/text".to_owned(), Content::Text("nothing"))]);
        pack(&path, package, &tree);
        let bytes = fs::read(&path).expect("a packed component");
        let component = Component {
            package,
            target: HOST,
            file: format!("{package}-nightly-{HOST}.tar.xz"),
            sha256: Sha256::of(&bytes),
        };
        let size = bytes.len();
        self.put(&component.path(), bytes);
        (component, size)
    }

    pub fn put(&self, path: &str, bytes: impl Into<Vec<u8>>) {
        self.serve(path, Served::Bytes(bytes.into()));
    }

    fn serve(&self, path: &str, what: Served) {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        files.insert(path.to_owned(), what);
    }

    /// Publishes a manifest, with its hash and its signature.
    pub fn publish(&self, manifest: &str) {
        self.publish_signed(manifest, &self.key);
    }

    /// The same signed by somebody else.
    pub fn publish_forged(&self, manifest: &str) {
        self.publish_signed(manifest, &key());
    }

    fn publish_signed(&self, manifest: &str, key: &SignedSecretKey) {
        let path = format!("dist/{DATE}/channel-rust-nightly.toml");
        let hash = Sha256::of(manifest.as_bytes());
        self.put(&format!("{path}.sha256"), format!("{hash}  channel\n"));
        self.put(&format!("{path}.asc"), sign(manifest.as_bytes(), key));
        self.put(&path, manifest);
    }
}

impl Drop for Dist {
    fn drop(&mut self) {
        self.server.unblock();
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

fn key() -> SignedSecretKey {
    let mut key = SecretKeyParamsBuilder::default();
    key.key_type(KeyType::Ed25519Legacy)
        .can_certify(true)
        .can_sign(true)
        .primary_user_id("loopback".to_owned());
    let key = key.build().expect("a kind of key");
    key.generate(rand::thread_rng()).expect("a key")
}

fn sign(bytes: &[u8], key: &SignedSecretKey) -> String {
    let signature = DetachedSignature::sign_binary_data(
        rand::thread_rng(),
        &key.primary_key,
        &Password::empty(),
        HashAlgorithm::Sha512,
        bytes,
    );
    let signature = signature.expect("a signature");
    let armoured = signature.to_armored_string(ArmorOptions::default());
    armoured.expect("an armoured signature")
}

/// A manifest of components.
pub fn manifest(components: &[Component]) -> String {
    let mut text = format!("manifest-version = \"2\"\ndate = \"{DATE}\"\n");
    let mut named: Vec<&str> = Vec::new();
    for one in components {
        let (package, target) = (one.package, one.target);
        if !named.contains(&package) {
            named.push(package);
            text += &format!("[pkg.{package}]\nversion = \"{VERSION} (0123abcde {DATE})\"\n");
        }
        let (path, hash) = (one.path(), one.sha256);
        text += &format!(
            "[pkg.{package}.target.\"{target}\"]\navailable = true\n\
             xz_url = \"https://static.rust-lang.org/{path}\"\nxz_hash = \"{hash}\"\n"
        );
    }
    for name in ["clippy", "rustfmt"] {
        text += &format!("[renames.{name}]\nto = \"{name}-preview\"\n");
    }
    text
}

/// The components that every test shares, packed once.
pub struct Packed {
    pub folder: PathBuf,
    pub components: Vec<Component>,
}

/// Packs the pinned compiler, which is realised for it; kept for the next run
/// of the tests.
pub fn packed() -> &'static Packed {
    static PACKED: OnceLock<Packed> = OnceLock::new();
    PACKED.get_or_init(|| {
        let parts = [Part::toolchain(&spec(AARCH64)), Part::clippy(None)];
        let workshop = Workshop {
            folders: Folders::below(&test_home()),
            mirrors: Vec::new(),
            mirrors_only: false,
            nix: Choice::Own,
            offline: false,
            dist_server: BaseUrl::parse("http://127.0.0.1:9").expect("an address"),
            cargo: UserCargo::default(),
        };
        let realised = workshop.realise(&parts).expect("the pinned compiler");
        let (toolchain, clippy) = (&realised[0], &realised[1]);
        let rust = in_closure(toolchain, "rust");
        let clippy = clippy.physical(clippy.out());
        let std = |triple: &str| in_closure(toolchain, &format!("std-{triple}")).join("lib");

        let parent = test_home().join("rust-dist");
        // Another number for another way of packing.
        let key = format!("{} 4", rust.display());
        let folder = parent.join(&Sha256::of(key.as_bytes()).to_hex()[..16]);
        let is_there = folder.is_dir();
        let new = (!is_there).then(|| {
            fs::create_dir_all(&parent).expect("a folder for components");
            tempfile::tempdir_in(&parent).expect("a folder for components")
        });
        let into = new.as_ref().map_or(folder.as_path(), |new| new.path());
        let mut components = Vec::new();
        let mut add = |package: &'static str, target: &'static str, part: &str, tree: Tree| {
            let of = if target == "*" {
                String::new()
            } else {
                format!("-{target}")
            };
            let file = format!("{package}-nightly{of}.tar.xz");
            let path = into.join(&file);
            if !is_there {
                pack(&path, part, &tree);
            }
            let bytes = fs::read(&path).expect("a packed component");
            components.push(Component {
                package,
                target,
                file,
                sha256: Sha256::of(&bytes),
            });
        };
        let driver = fs::read_dir(rust.join("lib")).expect("the compiler's libraries");
        let mut files: Tree = driver
            .map(|entry| entry.expect("a library").path())
            .filter(|path| path.is_file())
            .map(|path| (format!("lib/{}", name(&path)), Content::Program(path)))
            .collect();
        for program in ["rustc", "rustdoc"] {
            files.insert(
                format!("bin/{program}"),
                Content::Program(rust.join("bin").join(program)),
            );
        }
        files.insert("share/packed-by".to_owned(), Content::Text(MARK));
        add("rustc", HOST, "rustc", files);
        let cargo = Content::Program(rust.join("bin/cargo"));
        add(
            "cargo",
            HOST,
            "cargo",
            Tree::from([("bin/cargo".to_owned(), cargo)]),
        );
        let lints = ["cargo-clippy", "clippy-driver"];
        let lints = lints.map(|program| {
            let path = clippy.join("bin").join(program);
            (format!("bin/{program}"), Content::Program(path))
        });
        add("clippy-preview", HOST, "clippy-preview", lints.into());
        for triple in [HOST, AARCH64] {
            let libraries = fs::read_dir(std(triple)).expect("a standard library");
            let below = format!("lib/rustlib/{triple}/lib");
            let mut files: Tree = libraries
                .map(|entry| entry.expect("a library").path())
                .filter(|path| path.is_file())
                .map(|path| (format!("{below}/{}", name(&path)), Content::File(path)))
                .collect();
            files.insert(format!("{below}/packed-by"), Content::Text(MARK));
            add("rust-std", triple, &format!("rust-std-{triple}"), files);
        }
        let source = (!is_there).then(|| source(&workshop));
        let files = source.as_ref().map_or_else(Tree::new, |source| {
            let mut files = Tree::new();
            add_files(source.path(), "lib/rustlib/src/rust/library", &mut files);
            files
        });
        add("rust-src", "*", "rust-src", files);
        // Another run of the tests may have been faster.
        if let Some(new) = new
            && fs::rename(new.path(), &folder).is_ok()
        {
            let _ = new.keep();
        }
        Packed { folder, components }
    })
}

/// The source of the standard library, without the crates for it: the official
/// component brings none.
fn source(workshop: &Workshop) -> TempDir {
    let pins = Pins::embedded().expect("the pins");
    let package = pins.package("trixie/all/rust-web-src").expect("the source");
    let files = workshop.download(&[package]).expect("the source");
    let folder = temp();
    run(&Command::new(repository("nix/seed/busybox"))
        .args(["sh", "-euc", UNPACK])
        .arg(repository("nix/seed/busybox"))
        .arg(&files[0])
        .arg(folder.path()))
    .ok();
    folder
}

const UNPACK: &str = r#"set -o pipefail
cd "$2"
"$0" ar p "$1" data.tar.xz | "$0" xz -dc | "$0" tar -x -o -f - ./usr/src
"$0" mv usr/src/rustc-*/library/* .
"$0" rm -r usr vendor"#;

/// Every file below a folder.
fn add_files(folder: &Path, below: &str, tree: &mut Tree) {
    for entry in fs::read_dir(folder).expect("a folder to pack") {
        let path = entry.expect("an entry to pack").path();
        let place = format!("{below}/{}", name(&path));
        if path.is_dir() {
            add_files(&path, &place, tree);
        } else {
            tree.insert(place, Content::File(path));
        }
    }
}

fn name(path: &Path) -> String {
    let name = path.file_name().expect("a file's name");
    name.to_string_lossy().into_owned()
}

/// The path of a closure that has this name behind its hash.
fn in_closure(realised: &Realised, name: &str) -> PathBuf {
    let mut closure = realised.closure().iter();
    let found = closure.find(|path| {
        let path = path.to_string();
        path.split_once('-').is_some_and(|(_, rest)| rest == name)
    });
    realised.physical(found.unwrap_or_else(|| panic!("{name} in the closure")))
}

/// What a file of a component holds.
enum Content {
    Text(&'static str),
    File(PathBuf),
    Program(PathBuf),
}

type Tree = BTreeMap<String, Content>;

/// Packs a component of one part.
fn pack(path: &Path, part: &str, tree: &Tree) {
    let file = File::create(path).expect("a file to pack to");
    let mut archive = tar::Builder::new(XzEncoder::new(file, 0));
    let mut add = |path: &str, mode: u32, bytes: &[u8]| {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(mode);
        let path = format!("{part}-nightly/{path}");
        archive
            .append_data(&mut header, path, bytes)
            .expect("an archive");
    };
    let manifest: String = tree.keys().map(|path| format!("file:{path}\n")).collect();
    add("components", 0o644, format!("{part}\n").as_bytes());
    add("rust-installer-version", 0o644, b"3\n");
    add(&format!("{part}/manifest.in"), 0o644, manifest.as_bytes());
    for (path, content) in tree {
        let (mode, bytes) = match content {
            Content::Text(text) => (0o644, text.as_bytes().to_vec()),
            Content::File(from) => (0o644, fs::read(from).expect("a file to pack")),
            Content::Program(from) => (0o755, fs::read(from).expect("a program to pack")),
        };
        add(&format!("{part}/{path}"), mode, &bytes);
    }
    let packed = archive.into_inner().and_then(XzEncoder::finish);
    packed.expect("a packed archive").flush().expect("a file");
    claim_large_dictionary(path);
}

/// Says in the header of a block that it takes a dictionary of 128 MiB to
/// unpack, as it does for the official components. Format: "The .xz File
/// Format", 3.1 and 5.3.1.
fn claim_large_dictionary(path: &Path) {
    const HEADER: u64 = 12;
    let mut file = OpenOptions::new().read(true).write(true).open(path);
    let file = file.as_mut().expect("a packed archive");
    let mut header = [0; 12];
    file.seek(SeekFrom::Start(HEADER)).expect("a block");
    file.read_exact(&mut header).expect("the header of a block");
    let [2, 0, 0x21, 1, dictionary, ..] = &mut header else {
        panic!("a header of another form: {header:?}");
    };
    *dictionary = 30;
    let mut crc = flate2::Crc::new();
    crc.update(&header[..8]);
    header[8..].copy_from_slice(&crc.sum().to_le_bytes());
    file.seek(SeekFrom::Start(HEADER)).expect("a block");
    file.write_all(&header).expect("the header of a block");
}
