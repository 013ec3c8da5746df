//! What was killed, cut short, spoilt, removed or raced for: the next run
//! heals it, or names it and keeps it out of the store.
//!
//! Each test fills a store of its own with real packages, which are hard links
//! to the downloads of the tests' common home: no network is reached but for
//! those.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use serde_json::Value;
use tempfile::TempDir;
use xbuild::pins::{Package, Pins};
use xbuild::process::Command;
use xbuild::target::{Table, TargetSpec};

use crate::bad_input::{nobody, quarantine};
use crate::support::{Outcome, one_at_a_time, run, temp, test_home, xbuild};

const TARGET: &str = "x86_64-unknown-linux-gnu.2.17";
const FILES: [(&str, &str); 3] = [
    (
        "Cargo.toml",
        "[package]\nname = \"tiny\"\nversion = \"0.1.0\"\nedition = \"2021\"\n",
    ),
    (
        "Cargo.lock",
        "version = 4\n\n[[package]]\nname = \"tiny\"\nversion = \"0.1.0\"\n",
    ),
    ("src/main.rs", "fn main() {\n    println!(\"whole\");\n}\n"),
];

/// A program without dependencies.
fn project() -> TempDir {
    let folder = temp();
    for (name, text) in FILES {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
    folder
}

/// The program's hash when nothing goes wrong, from the tests' common home,
/// which has all the downloads afterwards.
fn expected() -> &'static str {
    static HASH: OnceLock<String> = OnceLock::new();
    HASH.get_or_init(|| {
        let project = project();
        let caller = xbuild().cwd(project.path());
        hash(
            &caller
                .args(["build", "--format=json", "--target", TARGET])
                .run()
                .ok(),
        )
    })
}

#[track_caller]
fn hash(outcome: &Outcome) -> String {
    let report = &outcome.reports()[0]["artifacts"][0];
    report["sha256"].as_str().expect("a hash").to_owned()
}

/// The packages that the toolchain is made of, xbuild's own Nix included.
fn packages(pins: &Pins) -> Vec<&Package> {
    let table = Table::embedded().expect("the targets");
    let spec = TargetSpec::parse(&table, TARGET, None).expect("a target");
    let mut sets = spec.toolchain_sets();
    sets.push("nix".to_owned());
    pins.union(&sets).expect("the sets are pinned")
}

/// Where a download is kept below a home.
fn download(home: &Path, package: &Package) -> PathBuf {
    let hex = package.sha256.to_hex();
    home.join("cache/downloads").join(&hex[..2]).join(hex)
}

/// An `XBUILD_HOME` with all downloads and nothing else.
struct House(TempDir);

impl House {
    fn new() -> Self {
        expected();
        let house = tempfile::Builder::new()
            .prefix("healing-")
            .tempdir_in(test_home())
            .expect("a folder beside the downloads");
        let pins = Pins::embedded().expect("the pins");
        for package in packages(&pins) {
            let (from, to) = (
                download(&test_home(), package),
                download(house.path(), package),
            );
            fs::create_dir_all(to.parent().expect("a folder")).expect("a folder");
            fs::hard_link(from, to).expect("a link to a download");
        }
        House(house)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// A cold or warm build, by a caller whose only mirror is given.
    fn build(&self, project: &Path, mirror: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xbuild"))
            .args(["build", "--format=json", "--target", TARGET])
            .env("HOME", self.path())
            .cwd(project);
        for (name, value) in quarantine(self.path()) {
            command = command.env(name, value);
        }
        command.env("XBUILD_MIRROR", mirror)
    }

    /// A run that must give the right program, and what it said.
    #[track_caller]
    fn heals(&self, project: &Path) -> String {
        let outcome = run(&self.build(project, &nobody())).ok();
        assert_eq!(hash(&outcome), expected(), "{outcome}");
        outcome.stderr
    }

    /// What is written down of the toolchain.
    fn realised(&self) -> (PathBuf, Value) {
        let toolchains = fs::read_dir(self.path().join("data/toolchains")).expect("a folder");
        let folder = toolchains
            .map(|entry| entry.expect("an entry").path())
            .next();
        let file = folder.expect("a toolchain").join("realised.json");
        let text = fs::read(&file).expect("a state file");
        (file, serde_json::from_slice(&text).expect("JSON"))
    }
}

impl Drop for House {
    /// Nix leaves read-only folders, which only root can remove as they are.
    fn drop(&mut self) {
        let mut folders = vec![self.path().join("data")];
        while let Some(folder) = folders.pop() {
            let _ = fs::set_permissions(&folder, fs::Permissions::from_mode(0o755));
            let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
            let is_folder = |entry: &fs::DirEntry| entry.file_type().is_ok_and(|t| t.is_dir());
            folders.extend(entries.filter(is_folder).map(|entry| entry.path()));
        }
    }
}

/// When a run is killed.
#[derive(Debug, Clone, Copy)]
enum Moment {
    After(Duration),
    /// As soon as it says this.
    Says(&'static str),
}

/// Starts a run and kills it without warning; with its children, or alone, so
/// that these may go on for a while. Says whether it was still running.
fn killed(command: &Command, moment: Moment, with_children: bool) -> bool {
    let mut child = command
        .to_std()
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()
        .expect("xbuild starts");
    let mut said = BufReader::new(child.stderr.take().expect("a pipe"));
    match moment {
        Moment::After(time) => std::thread::sleep(time),
        Moment::Says(text) => {
            let mut line = String::new();
            while said.read_line(&mut line).expect("text") > 0 && !line.contains(text) {
                line.clear();
            }
        }
    }
    let pid = Pid::from_raw(child.id().try_into().expect("a process"));
    let runs = child.try_wait().expect("a child").is_none();
    let _ = if with_children {
        killpg(pid, Signal::SIGKILL)
    } else {
        kill(pid, Signal::SIGKILL)
    };
    let _ = child.wait();
    runs
}

#[test]
fn a_run_killed_at_any_moment_is_healed_by_the_next() {
    let _building = one_at_a_time();
    let (house, project) = (House::new(), project());
    let command = house.build(project.path(), &nobody());
    let after = |millis| Moment::After(Duration::from_millis(millis));
    let moments = [
        after(50),
        after(400),
        after(1500),
        after(3000),
        Moment::Says("[2/"),
        Moment::Says("patchelf"),
        Moment::Says("host-libs"),
        Moment::Says("sysroot-x86_64"),
        Moment::Says("] toolchain-"),
        Moment::Says("Compiling"),
    ];
    for (index, moment) in moments.into_iter().enumerate() {
        let runs = killed(&command, moment, index % 2 == 0);
        // A line may have been said by a run before: then this one ended well.
        assert!(runs || matches!(moment, Moment::Says(_)), "{moment:?}");
    }
    house.heals(project.path());
    let said = house.heals(project.path());
    assert!(!said.contains("Realising"), "{said}");

    // The same home goes on, to lose what it has, piece by piece.
    loses_what_is_written_down(&house, project.path());
    loses_paths_of_its_store(&house, project.path());
}

fn loses_what_is_written_down(house: &House, project: &Path) {
    let own = project.join("target/xbuild");
    let mut files = json_files(&own);
    files.extend(json_files(&own.join("scans")));
    assert!(files.len() >= 3, "{files:?}");
    files.push(house.realised().0);
    for file in &files {
        let whole = fs::read(file).expect("a state file");
        for bytes in [&whole[..0], &whole[..whole.len() / 2], b"{}", b"\xff\x00"] {
            fs::write(file, bytes).expect("a damaged file");
            house.heals(project);
        }
    }
}

fn json_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths
        .filter(|path| path.extension().is_some_and(|end| end == "json"))
        .collect()
}

/// Its own output, and one that others refer to.
fn loses_paths_of_its_store(house: &House, project: &Path) {
    let store = house.path().join("data/store");
    let (_, state) = house.realised();
    let closure = state["closure"].as_array().expect("a closure");
    for name in ["-toolchain-", "-sysroot-x86_64"] {
        let path = closure
            .iter()
            .filter_map(Value::as_str)
            .find(|path| path.contains(name))
            .unwrap_or_else(|| panic!("no {name} in {closure:?}"));
        let physical = store.join(path.trim_start_matches('/'));
        let writable = fs::Permissions::from_mode(0o755);
        fs::set_permissions(store.join("nix/store"), writable.clone()).expect("a store");
        fs::set_permissions(&physical, writable).expect("a path of the store");
        fs::rename(&physical, house.path().join(format!("removed{name}"))).expect("a removal");
        let said = house.heals(project);
        assert!(said.contains("Realising"), "{said}");
        assert!(physical.exists());
    }
}

#[test]
fn runs_at_the_same_time_all_succeed() {
    let _building = one_at_a_time();
    for count in [2, 4] {
        let house = House::new();
        // The last two share a project and its target folder too.
        let projects: Vec<TempDir> = (1..count).map(|_| project()).collect();
        let folders = projects.iter().chain(projects.last());
        std::thread::scope(|scope| {
            for folder in folders {
                scope.spawn(|| house.heals(folder.path()));
            }
        });
    }
}

/// A mirror on the loopback that has the downloads of the tests' common home.
struct Honest {
    server: Arc<tiny_http::Server>,
    thread: Option<std::thread::JoinHandle<Vec<String>>>,
    url: String,
}

impl Honest {
    fn start() -> Self {
        let server = Arc::new(tiny_http::Server::http("127.0.0.1:0").expect("a server"));
        let address = server.server_addr().to_ip().expect("an address");
        let serving = Arc::clone(&server);
        let thread = std::thread::spawn(move || {
            let pins = Pins::embedded().expect("the pins");
            let mut asked = Vec::new();
            for request in serving.incoming_requests() {
                let path = request.url().trim_start_matches("/debian/");
                let path = path.replace("%25", "%");
                let package = pins
                    .packages()
                    .find(|package| package.wanted().path == path);
                let file = package.map(|package| download(&test_home(), package));
                let file = file.and_then(|file| fs::File::open(file).ok());
                asked.push(path);
                let _ = match file {
                    Some(file) => request.respond(tiny_http::Response::from_file(file)),
                    None => request.respond(tiny_http::Response::empty(404)),
                };
            }
            asked
        });
        Honest {
            server,
            thread: Some(thread),
            url: format!("http://{address}/debian"),
        }
    }

    /// What was asked of it.
    fn asked(mut self) -> Vec<String> {
        self.server.unblock();
        let thread = self.thread.take().expect("a thread");
        thread.join().expect("the end of the mirror")
    }
}

#[test]
fn a_spoilt_download_is_named_and_fetched_again() {
    let _building = one_at_a_time();
    let (house, project) = (House::new(), project());
    let pins = Pins::embedded().expect("the pins");
    let package = packages(&pins)
        .into_iter()
        .min_by_key(|package| package.size);
    let package = package.expect("a package");
    let place = download(house.path(), package);
    let good = fs::read(&place).expect("a download");
    let spoil = || {
        let mut bytes = good.clone();
        bytes[good.len() / 2] ^= 1;
        // Not through the link, which is the common home's as well.
        let _ = fs::remove_file(&place);
        fs::write(&place, bytes).expect("a spoilt download");
    };
    spoil();
    let outcome = run(&house.build(project.path(), &nobody())).exits(83);
    let name = package.wanted().name;
    outcome
        .says(&format!(
            "`{name}` (`{}`) is no longer what",
            place.display()
        ))
        .says(&format!("failed to download `{name}`"));
    assert!(!place.exists());
    assert!(!house.path().join("data/store").exists());

    spoil();
    let mirror = Honest::start();
    let command = house.build(project.path(), &mirror.url);
    // What follows the downloads is for the other tests.
    assert!(killed(&command, Moment::Says("Realising"), true));
    assert_eq!(fs::read(&place).expect("a download"), good);
    let asked = mirror.asked();
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert_eq!(asked[0], package.wanted().path);
}

#[test]
fn a_full_disk_is_told_by_name_and_healed_by_room() {
    let _building = one_at_a_time();
    let (house, project) = (House::new(), project());
    // One world for both runs; its store is a disk that grows in between.
    let script = "mkdir \"$XBUILD_HOME/data\"
        mount -t tmpfs -o size=400m none \"$XBUILD_HOME/data\"
        code=0; \"$XBUILD\" build --target \"$TARGET\" || code=$?
        echo \"exit code $code, now with room\" >&2
        mount -o remount,size=6g \"$XBUILD_HOME/data\"
        exec \"$XBUILD\" build --format=json --target \"$TARGET\"";
    let mut command = Command::new("/usr/bin/unshare")
        .args(["-Urm", "/bin/sh", "-euc", script])
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .env("XBUILD", env!("CARGO_BIN_EXE_xbuild"))
        .env("TARGET", TARGET)
        .env("HOME", house.path())
        .cwd(project.path());
    for (name, value) in quarantine(house.path()) {
        command = command.env(name, value);
    }
    let outcome = run(&command)
        .ok()
        .says("exit code 87, now with room")
        .says("No space left on device")
        .says("hint: free some space; XBUILD_HOME and --target-dir name folders on other disks");
    assert_eq!(hash(&outcome), expected());
}
