//! The doors of the flake, with the oldest Nix that is supported, and the same
//! toolchain with every Nix.
//!
//! The pinned files come from a server on the loopback, by their hash: what
//! plain Nix fetches from the archive that keeps every version.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};
use std::thread;

use serde_json::{Value, json};
use tempfile::TempDir;
use tiny_http::{Response, Server};
use xbuild::cargo::UserCargo;
use xbuild::fetch::{BaseUrl, Mirrors, Options};
use xbuild::host::{self, Folders};
use xbuild::nix::{Choice, Hold, Nix, Request, nix_sources};
use xbuild::pins::{self, Pins, Sha256};
use xbuild::process::Command;
use xbuild::target::{Table, TargetSpec};
use xbuild::terminal;
use xbuild::toolchain::{Part, Workshop};

use crate::nixes;
use crate::support::{self, Outcome, copied, repository, run, temp, test_home, turn_to_build};

/// What the flake is made of; the rest of the repository is no part of it.
/// A room of the sources is called as what cargo builds in, and left out of a
/// copy of theirs.
const FLAKE: [&str; 9] = [
    "flake.nix",
    "flake.lock",
    "Cargo.toml",
    "Cargo.lock",
    "build.rs",
    "src",
    "src/target",
    "nix",
    "examples/flake",
];

/// A Nix of the user's, the flake, and a server of the files it wants.
pub struct Doors {
    pub nix: Nix,
    flake: TempDir,
    mirror: String,
    _hold: Hold,
}

impl Doors {
    pub fn new(specs: &[TargetSpec]) -> Self {
        let nix = nixes::oldest(&folders());
        let hold = nix.hold().expect("the store");
        download(specs);
        Doors {
            nix,
            flake: flake(),
            mirror: serve(),
            _hold: hold,
        }
    }

    /// A command of this Nix on the tests' own store.
    pub fn command(&self, verb: &str) -> Command {
        let conf = folders().own_nix();
        Command::new(self.nix.program())
            .arg(verb)
            .arg("--store")
            .arg(self.nix.root())
            .args(["--option", "hashed-mirrors", &self.mirror])
            .env("HOME", conf.join("home"))
            .env("NIX_CONF_DIR", conf.join("conf"))
            .env("NIX_USER_CONF_FILES", "")
            .env("TMPDIR", conf.join("tmp"))
            .env("PATH", "/usr/bin:/bin")
            .cwd(self.flake.path())
    }

    /// Runs one; `#` stands for the flake.
    fn nix(&self, verb: &str, args: &[&str]) -> Outcome {
        let mut command = self.command(verb);
        for arg in args {
            let flake = format!("path:{}#", self.flake.path().display());
            command = command.arg(arg.replacen('#', &flake, usize::from(arg.starts_with('#'))));
        }
        run(&command)
    }

    /// The expression of a package as a derivation; `source` is one as well.
    pub fn package(&self, source: &str, target: &str) -> String {
        format!(
            "(builtins.getFlake \"path:{}\").lib.buildPackage {{ \
               src = {source}; target = \"{target}\"; }}",
            self.flake.path().display()
        )
    }

    /// Where a path of the store is on disk.
    pub fn on_disk(&self, path: &str) -> PathBuf {
        self.nix.root().join(path.trim_start_matches('/'))
    }

    /// Builds an output of the flake; its path, as Nix calls it and on disk.
    fn build(&self, attr: &str) -> (String, PathBuf) {
        // What was built once stays for the next run of the tests.
        let link = test_home().join("doors").join(attr);
        fs::create_dir_all(test_home().join("doors")).expect("a folder of links");
        let link = link.to_string_lossy();
        let built = self
            .nix(
                "build",
                &["--json", "--out-link", &link, &format!("#{attr}")],
            )
            .ok()
            .json();
        let out = out_of(&built);
        let on_disk = self.on_disk(&out);
        (out, on_disk)
    }
}

/// The path of the one output that `nix build --json` tells of.
pub fn out_of(built: &Value) -> String {
    let out = built[0]["outputs"]["out"].as_str();
    out.expect("the path of an output").to_owned()
}

pub fn folders() -> Folders {
    Folders::below(&test_home())
}

pub fn spec(target: &str) -> TargetSpec {
    static TABLE: LazyLock<Table> = LazyLock::new(|| Table::embedded().expect("the targets"));
    TargetSpec::parse(&TABLE, target, None).expect("a target")
}

fn workshop() -> Workshop {
    Workshop {
        folders: folders(),
        mirrors: Vec::new(),
        mirrors_only: false,
        nix: Choice::Own,
        offline: false,
        dist_server: BaseUrl::parse("http://127.0.0.1:9").expect("an address"),
        cargo: UserCargo::default(),
    }
}

/// Fetches the packages that Nix will ask for.
fn download(specs: &[TargetSpec]) {
    let pins = Pins::embedded().expect("the pins");
    let parts: Vec<Part> = specs
        .iter()
        .flat_map(|spec| [Part::toolchain(spec), Part::runner(spec)])
        .collect();
    let parts: Vec<&Part> = parts.iter().collect();
    let mut packages = Part::packages(&parts, &pins).expect("the pinned packages");
    packages.extend(pins.set("bash").expect("a pinned set"));
    workshop().download(&packages).expect("the packages");
}

/// Fetches the indexes that the flake's check of the pins wants.
fn download_indexes() {
    let pins = Pins::embedded().expect("the pins");
    let mirrors = Mirrors::for_machine(&[], pins.snapshots()).expect("mirrors");
    let options = Options::default();
    pins::check::run(&repository(""), &nixes::downloads(), &mirrors, &options)
        .unwrap_or_else(|error| panic!("the pins: {error}"));
}

/// The crates of this package's and the example's lock file, by their SHA-256,
/// as cargo keeps them.
fn crates() -> BTreeMap<String, PathBuf> {
    let packages = ["", "examples/hello"].map(repository);
    for package in &packages {
        let mut command = Command::new(host::var("CARGO").expect("the tests run below cargo"))
            .args(["fetch", "--locked", "--quiet"])
            .cwd(package);
        for (name, value) in host::vars() {
            command = command.env(name, value);
        }
        run(&command).ok();
    }
    let cargo_home = support::machines_cargo_home().expect("cargo's home");
    let registries = fs::read_dir(cargo_home.join("registry/cache")).expect("cargo's registries");
    let mut files = BTreeMap::new();
    for registry in registries {
        for file in fs::read_dir(registry.expect("a registry").path()).expect("its crates") {
            let file = file.expect("a crate");
            files.insert(file.file_name().to_string_lossy().into_owned(), file.path());
        }
    }
    let locked = packages.map(|package| {
        let lock = fs::read_to_string(package.join("Cargo.lock")).expect("the lock file");
        let lock: toml::Table = toml::from_str(&lock).expect("a lock file");
        lock["package"].as_array().expect("packages").clone()
    });
    let packages = locked.concat();
    let text = |package: &toml::Value, key: &str| package.get(key)?.as_str().map(str::to_owned);
    let wanted = packages.iter().filter_map(|package| {
        let name = format!(
            "{}-{}.crate",
            text(package, "name")?,
            text(package, "version")?
        );
        Some((text(package, "checksum")?, files.get(&name)?.clone()))
    });
    wanted.collect()
}

/// A copy of what the flake is made of. Nix copies all of a `path:` flake at
/// each call, what cargo built included.
fn flake() -> TempDir {
    let folder = temp();
    for name in FLAKE {
        let (from, to) = (repository(name), folder.path().join(name));
        if from.is_dir() {
            fs::create_dir_all(&to).expect("a folder");
            support::copy(&from, &to);
        } else {
            fs::copy(&from, &to).expect("a copied file");
        }
    }
    folder
}

/// Serves files by their hash on the loopback, to the end of the tests; its
/// address.
fn serve() -> String {
    let server = Arc::new(Server::http("127.0.0.1:0").expect("a server"));
    let address = server.server_addr();
    let crates = Arc::new(LazyLock::new(crates));
    for _ in 0..4 {
        let (server, crates) = (Arc::clone(&server), Arc::clone(&crates));
        thread::spawn(move || {
            for request in server.incoming_requests() {
                let hex = request.url().strip_prefix("/sha256/").unwrap_or_default();
                let hash = hex.parse::<Sha256>().ok();
                let path = hash.and_then(|hash| nixes::downloads().path_of(&hash));
                let file = path.or_else(|| crates.get(hex).cloned());
                // A client that went away needs no answer.
                let _ = match file.map(File::open) {
                    Some(Ok(file)) => request.respond(Response::from_file(file)),
                    _ => request.respond(Response::empty(404)),
                };
            }
        });
    }
    format!("http://{address}")
}

/// The facts that `xbuild inspect` tells of a file.
fn inspect(file: &Path) -> Value {
    let inspected = support::xbuild()
        .args(["inspect", "--format", "json"])
        .arg(file)
        .run()
        .ok();
    inspected.json()["files"][0].clone()
}

#[test]
fn a_toolchain_of_the_flake_is_the_one_that_xbuild_realises() {
    let _building = turn_to_build();
    let spec = spec("aarch64-unknown-linux-gnu.2.17");
    let realised = workshop()
        .realise(&[Part::toolchain(&spec)])
        .expect("xbuild's");
    let doors = Doors::new(&[spec]);
    let (out, on_disk) = doors.build("toolchain-aarch64-unknown-linux-gnu-2_17");
    assert_eq!(out, realised[0].out().to_string());
    assert!(on_disk.join("env.json").is_file());
}

/// Nix wants nixpkgs' bash first, which nobody has here, and takes the user's.
#[test]
fn developing_gives_cargo_the_targets_toolchain() {
    let _building = turn_to_build();
    let doors = Doors::new(&[spec("aarch64-unknown-linux-musl")]);
    let hello = copied("examples/hello");
    let (target, cargo) = (temp(), temp());
    let script = format!(
        "cd {} && CARGO_HOME={} CARGO_TARGET_DIR={} exec cargo build --quiet",
        hello.path().display(),
        cargo.path().display(),
        target.path().display(),
    );
    let machines = support::machines_cargo_home().expect("cargo's home");
    if machines.join("config.toml").is_file() {
        let settings = machines.join("config.toml");
        fs::copy(settings, cargo.path().join("config.toml")).expect("cargo's settings");
    }
    let args = [
        "#aarch64-unknown-linux-musl",
        "--command",
        "sh",
        "-c",
        &script,
    ];
    doors.nix("develop", &args).ok();
    let program = target.path().join("aarch64-unknown-linux-musl/debug/hello");
    let facts = inspect(&program);
    assert_eq!(
        (&facts["arch"], &facts["linkage"]),
        (&json!("aarch64"), &json!("static"))
    );
}

#[test]
fn the_flakes_own_xbuild_is_static_and_passes_its_checks() {
    let _building = turn_to_build();
    download_indexes();
    let doors = Doors::new(&[spec("x86_64-unknown-linux-musl")]);
    let version = format!("xbuild {}", env!("CARGO_PKG_VERSION"));
    let (_, on_disk) = doors.build("xbuild");
    let program = on_disk.join("bin/xbuild");
    // It runs on this machine as it is.
    let said = run(&Command::new(&program).arg("--version")).ok();
    assert!(said.stdout.starts_with(&version), "{said}");
    let facts = inspect(&program);
    assert_eq!(
        (&facts["arch"], &facts["linkage"]),
        (&json!("x86_64"), &json!("static"))
    );
    let said = doors.nix("run", &["#xbuild", "--", "--version"]).ok();
    assert!(said.stdout.starts_with(&version), "{said}");
    doors
        .nix(
            "flake",
            &["check", &format!("path:{}", doors.flake.path().display())],
        )
        .ok();
}

/// What a team with a builder and a cache of its own does with a package.
#[test]
fn a_package_as_a_derivation_has_the_bits_of_a_build() {
    let _building = turn_to_build();
    let target = "aarch64-unknown-linux-gnu.2.17";
    let hello = copied("examples/hello");
    let main = hello.path().join("src/main.rs");
    let text = fs::read_to_string(&main).expect("a program");
    let stamp = "println!(\"of {}\", env!(\"SOURCE_DATE_EPOCH\"));";
    let text = text.replacen("fn main() {", &format!("fn main() {{ {stamp}"), 1);
    assert!(text.contains(stamp), "{text}");
    fs::write(&main, text).expect("another program");
    let doors = Doors::new(&[spec(target)]);
    // What a checkout is as an input of a flake.
    let src = format!(
        "{{ outPath = {}; rev = \"0\"; lastModified = 1700000000; }}",
        hello.path().display()
    );
    let package = doors.package(&src, target);
    let build = |more: &[&str]| {
        let words = ["--json", "--no-link", "--impure", "--expr", &package];
        doors.nix("build", &[&words, more].concat()).ok()
    };
    let out = out_of(&build(&[]).json());
    let on_disk = doors.on_disk(&out);

    // What Nix has taken in is to stay as it is.
    let checkout = temp();
    support::copy(hello.path(), checkout.path());
    let setting = "[build]\nsource-date-epoch = 1700000000\n";
    fs::write(checkout.path().join("xbuild.toml"), setting).expect("the commit's time");
    support::xbuild()
        .args(["build", "--release", "--target", target])
        .cwd(checkout.path())
        .run()
        .ok();
    let ours = checkout
        .path()
        .join("target/aarch64-unknown-linux-gnu/release/hello");
    let bits = |file: &Path| Sha256::of(&fs::read(file).expect("a program"));
    assert_eq!(bits(&on_disk.join("bin/hello")), bits(&ours));
    // Nix builds it once more and compares.
    build(&["--rebuild"]);

    // To a cache, signed; and back into a store that wants the signature.
    let (cache, other, secrets) = (temp(), temp(), temp());
    let key = secrets.path().join("key");
    let secret = doors
        .nix(
            "key",
            &["generate-secret", "--key-name", "cache.example.invalid-1"],
        )
        .ok();
    fs::write(&key, &secret.stdout).expect("a key");
    let place = format!(
        "file://{}?secret-key={}",
        cache.path().display(),
        key.display()
    );
    doors.nix("copy", &["--to", &place, &out]).ok();
    let public = Command::new(doors.nix.program())
        .args(["key", "convert-secret-to-public"])
        .to_std()
        .stdin(File::open(&key).expect("the key"))
        .env("NIX_CONF_DIR", folders().own_nix().join("conf"))
        .output()
        .expect("the public key");
    let public = String::from_utf8(public.stdout).expect("text");
    let other = other.path().join("store").display().to_string();
    let back = |trusted: &str| {
        let cache = format!("file://{}", cache.path().display());
        let words = [
            "--from",
            &cache,
            "--to",
            &other,
            "--option",
            "trusted-public-keys",
            trusted,
            &out,
        ];
        doors.nix("copy", &words)
    };
    let untrusted = back("somebody-1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    assert_ne!(untrusted.code, 0, "{untrusted}");
    back(public.trim()).ok();
    let returned = Path::new(&other).join(out.trim_start_matches('/'));
    assert_eq!(bits(&returned.join("bin/hello")), bits(&ours));
}

#[test]
fn every_nix_gives_the_same_path() {
    let _building = turn_to_build();
    let part = Part::toolchain(&spec("aarch64-unknown-linux-gnu.2.17"));
    let own = workshop().realise(std::slice::from_ref(&part));
    let own = own.unwrap_or_else(|error| panic!("xbuild's own Nix: {error}"));
    let folders = folders();
    let sources = nix_sources(&folders).expect("the sources");
    let mut others = vec![nixes::oldest(&folders)];
    match nixes::newest(&folders) {
        Ok(nix) => others.push(nix),
        Err(why) => terminal::note(format!("not tried with Debian 14's Nix: {why}")),
    }
    for nix in others {
        let hold = nix.hold().expect("the store");
        let key = format!("test-of-nix-{}", nix.version());
        let request = Request {
            sources: &sources,
            attr: part.attr(),
            key: &key,
            what: part.what(),
            lock: None,
        };
        let version = nix.version();
        let realised = nix.realise(&hold, &request);
        let _ = fs::remove_dir_all(folders.toolchains().join(key));
        let realised = realised.unwrap_or_else(|error| panic!("Nix {version}: {error}"));
        assert_eq!(realised.out(), own[0].out(), "Nix {version}");
        assert_eq!(realised.closure(), own[0].closure(), "Nix {version}");
    }
}

/// A package that needs no other.
fn project() -> TempDir {
    let folder = temp();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text);
    fs::create_dir(folder.path().join("src")).expect("a folder");
    write("src/main.rs", "fn main() {}\n").expect("a program");
    write("Cargo.toml", "[package]\nname = \"alone\"\n[workspace]\n").expect("a manifest");
    write(
        "Cargo.lock",
        "version = 3\n[[package]]\nname = \"alone\"\nversion = \"0.0.0\"\n",
    )
    .expect("a lock file");
    folder
}

/// Makes a folder the `/nix` of a command: what it is on a machine with Nix.
/// This machine need not have one, nor lose what it has.
const WITH_NIX: &str = r#"
new=$1 nix=$2 project=$3
shift 3
mount -t tmpfs none "$new"
for entry in /*; do
  name=${entry#/}
  if [ "$name" = nix ]; then continue
  elif [ -L "$entry" ]; then cp -P "$entry" "$new/"
  elif [ -d "$entry" ]; then mkdir "$new/$name"; mount -o rbind "$entry" "$new/$name"
  fi
done
mkdir "$new/nix" "$new/old"
mount -o bind "$nix" "$new/nix"
cd "$new"
pivot_root . old
cd "$project"
umount -l /old
# As another than root, which in here may do less than Nix takes root for.
exec /usr/bin/unshare --map-user=1000 --map-group=1000 -- "$@"
"#;

/// The store of both is the same one: what the machine's Nix calls otherwise,
/// it would have to build again.
#[test]
fn the_machines_nix_and_our_own_realise_the_same() {
    let _building = turn_to_build();
    let target = "aarch64-unknown-linux-gnu.2.17";
    let part = Part::toolchain(&spec(target));
    let own = workshop().realise(std::slice::from_ref(&part));
    let own = own.unwrap_or_else(|error| panic!("xbuild's own Nix: {error}"));
    let machine = nixes::oldest(&folders());
    let _hold = machine.hold().expect("the store");

    let (root, home, project) = (temp(), temp(), project());
    let cache = test_home().join("cache");
    std::os::unix::fs::symlink(cache, home.path().join("cache")).expect("the downloads");
    let on_path = machine.program().parent().expect("a folder of programs");
    let xbuild = |args: &[&str]| {
        let command = Command::new(repository("nix/seed/busybox"))
            .args(["unshare", "-r", "-m"])
            .arg(repository("nix/seed/busybox"))
            .args(["sh", "-euc", WITH_NIX, "sh"])
            .arg(root.path())
            .arg(machine.root().join("nix"))
            .arg(project.path())
            .arg(env!("CARGO_BIN_EXE_xbuild"))
            .args(args)
            .env("PATH", on_path)
            .env("HOME", home.path())
            .env("XBUILD_HOME", home.path())
            .env("XBUILD_NIX", "system");
        run(&command).ok()
    };
    let said = xbuild(&["shell", "--target", target, "--", "cargo", "--version"]);
    assert!(said.stdout.starts_with("cargo 1."), "{said}");
    let told = xbuild(&["toolchain", "--target", target, "--format", "json"]).json();
    assert_eq!(told["parts"][0]["out"], own[0].out().to_string());
    // And what it builds: of another checkout, with the other's Nix.
    let words = ["build", "--release", "--format=json", "--target", target];
    let elsewhere = self::project();
    let caller = support::xbuild().args(words).arg("--nix=own");
    let ours = caller.cwd(elsewhere.path()).run().ok().reports();
    let theirs = xbuild(&words).reports();
    assert!(ours[0]["artifacts"][0]["sha256"].is_string());
    assert_eq!(theirs[0]["artifacts"][0], ours[0]["artifacts"][0]);
    xbuild(&["gc", "--all"]).says("nix-collect-garbage");
}
