//! Machines that xbuild cannot work on: a mirror that lies, no namespaces, no
//! room, nothing to write to.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use xbuild::pins::Pins;
use xbuild::process::Command;

use super::{check, contents, nobody, project, quarantine};
use crate::support::{Outcome, run, temp, xbuild};

/// A mirror on the loopback that has every pinned package, with its right
/// size and without one right byte.
struct Liar {
    server: Arc<tiny_http::Server>,
    thread: Option<std::thread::JoinHandle<()>>,
    url: String,
}

impl Liar {
    fn start() -> Self {
        let server = Arc::new(tiny_http::Server::http("127.0.0.1:0").expect("a server"));
        let address = server.server_addr().to_ip().expect("an address");
        let sizes: BTreeMap<String, u64> = Pins::embedded()
            .expect("the pins")
            .packages()
            .map(|package| (package.wanted().path, package.size))
            .collect();
        let serving = Arc::clone(&server);
        let thread = std::thread::spawn(move || {
            for request in serving.incoming_requests() {
                let path = request.url().trim_start_matches("/debian/");
                let path = path.replace("%25", "%");
                let size = sizes.get(&path).copied().unwrap_or(0);
                let lie = std::io::Read::take(std::io::repeat(b'x'), size);
                let length = usize::try_from(size).ok();
                let response = tiny_http::Response::new(200.into(), vec![], lie, length, None);
                // The client hangs up as soon as it has seen through one lie.
                let _ = request.respond(response);
            }
        });
        Liar {
            server,
            thread: Some(thread),
            url: format!("http://{address}/debian"),
        }
    }
}

impl Drop for Liar {
    fn drop(&mut self) {
        self.server.unblock();
        let _ = self.thread.take().map(std::thread::JoinHandle::join);
    }
}

#[test]
fn a_mirror_that_lies() {
    let liar = Liar::start();
    let (home, project) = (temp(), project(&[]));
    let mut caller = xbuild().cwd(project.path()).arg("build");
    for (name, value) in quarantine(home.path()) {
        caller = caller.env(name, value);
    }
    let outcome = caller.env("XBUILD_MIRROR", &liar.url).run();
    let says = [
        "no mirror gave the pinned bytes of `",
        ".deb` (sha256 ",
        &format!("{}: gave wrong bytes (sha256 ", liar.url),
        "they were thrown away",
        "hint: ",
    ];
    check(outcome, 84, &says);
    let kept: Vec<PathBuf> = contents(&home.path().join("cache")).into_keys().collect();
    let pins = Pins::embedded().expect("the pins");
    let named = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        pins.packages()
            .any(|package| package.sha256.to_hex() == name)
    };
    assert!(!kept.iter().any(named), "{kept:?}");
    assert!(!home.path().join("data/store").exists());
}

/// Runs xbuild as root of a user namespace of its own, behind a script that
/// changes that world; `$HOUSE` is a folder for `XBUILD_HOME`.
fn elsewhere(script: &str, house: &Path, mirror: &str) -> Outcome {
    let project = project(&[]);
    let words = ["-Urm", "/bin/sh", "-euc"];
    let mut command = Command::new("/usr/bin/unshare")
        .args(words)
        .arg(script)
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .env("HOUSE", house)
        .env("XBUILD", env!("CARGO_BIN_EXE_xbuild"))
        .env("HOME", house)
        .cwd(project.path());
    for (name, value) in quarantine(house) {
        command = command.env(name, value);
    }
    let before = contents(project.path());
    let outcome = run(&command.env("XBUILD_MIRROR", mirror));
    assert_eq!(contents(project.path()), before);
    outcome
}

#[test]
fn user_namespaces_are_forbidden() {
    for args in [
        "build",
        "run --target aarch64-unknown-linux-gnu",
        "shell -- true",
    ] {
        let house = temp();
        let script =
            format!("echo 0 > /proc/sys/user/max_user_namespaces; exec \"$XBUILD\" {args}");
        let says = [
            "user namespaces are forbidden (user.max_user_namespaces is 0)",
            "hint: sudo sysctl -w user.max_user_namespaces=",
            "--isolation none",
        ];
        // It is said at once: nothing has been downloaded for it.
        check(elsewhere(&script, house.path(), &nobody()), 86, &says);
        assert!(!house.path().join("cache").exists());
    }
}

#[test]
fn the_folder_for_the_store_cannot_be_written() {
    let house = temp();
    let script = "mount --bind \"$HOUSE\" \"$HOUSE\"; \
                  mount -o remount,bind,ro \"$HOUSE\"; exec \"$XBUILD\" build";
    let says = [
        "failed to make the folder `",
        &house.path().display().to_string(),
        "cause: Read-only file system",
        "hint: make it writable for this user; XBUILD_HOME and --target-dir name other folders",
    ];
    check(elsewhere(script, house.path(), &nobody()), 87, &says);

    let file = house.path().join("file");
    fs::write(&file, "").expect("a file");
    let script = "XBUILD_HOME=\"$HOUSE/file\" exec \"$XBUILD\" build";
    let says = [
        "failed to make the folder `",
        "cause: Not a directory",
        "hint: something above it is a file",
    ];
    check(elsewhere(script, house.path(), &nobody()), 87, &says);
}

#[test]
fn the_disk_is_full() {
    // Too small for xbuild's own files; then for any of the first downloads.
    let liar = Liar::start();
    for size in ["1m", "6m"] {
        let house = temp();
        let script =
            format!("mount -t tmpfs -o size={size} none \"$HOUSE\"; exec \"$XBUILD\" build");
        let says = [
            "`",
            &house.path().display().to_string(),
            "cause: No space left on device",
            "hint: free some space (`df`) or inodes (`df -i`); XBUILD_HOME and --target-dir name other disks",
        ];
        check(elsewhere(&script, house.path(), &liar.url), 87, &says);
    }
}
