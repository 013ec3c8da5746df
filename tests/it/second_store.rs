//! A package built by another Nix in a store of its own, which is reached over
//! SSH: what a team with a remote builder does.

use std::fs::{self, File};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use xbuild::pins::Sha256;
use xbuild::process::Command;

use crate::doors::{Doors, folders, out_of, spec};
use crate::nixes;
use crate::support::{copied, repository, run, temp, turn_to_build};
use crate::tools::{program, tool};

/// As whom the server lets in: it is who the server itself is.
const USER: &str = "builder";

/// Starts a server as `USER`, who is nobody of this machine: root would have to
/// give up what only root has, in folders that only root can make.
const AS_USER: &str = r#"
mount -o bind "$1/passwd" /etc/passwd
mount -o bind "$1/shadow" /etc/shadow
shift
exec /usr/bin/unshare --map-user=1000 --map-group=1000 -- "$@""#;

/// An SSH server on the loopback, with a Nix behind it; it ends with this.
pub struct Builder {
    folder: TempDir,
    server: Child,
}

impl Drop for Builder {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
        // A store's folders are read-only, and stay where one may not write.
        let busybox = Command::new(repository("nix/seed/busybox"));
        let writable = busybox.args(["chmod", "-R", "u+w"]);
        let _ = writable.arg(self.folder.path().join("store")).output();
    }
}

impl Builder {
    pub fn start() -> Self {
        let folder = temp();
        let path = |name: &str| folder.path().join(name);
        for name in ["bin", "tmp", "home", "store"] {
            fs::create_dir(path(name)).expect("a folder of the builder's");
        }
        let busybox = path("bin/busybox");
        fs::copy(repository("nix/seed/busybox"), &busybox).expect("a shell");
        symlink(&busybox, path("bin/sh")).expect("a shell");
        for key in ["host", "user"] {
            let new = tool("ssh-keygen").args(["-q", "-t", "ed25519", "-N", ""]);
            run(&new.arg("-f").arg(path(key))).ok();
        }
        let port = TcpListener::bind("127.0.0.1:0")
            .and_then(|socket| socket.local_addr())
            .expect("a free port")
            .port();
        let at = folder.path().display();
        let public = fs::read_to_string(path("host.pub")).expect("the host's key");
        for (name, text) in [
            (
                "passwd",
                format!("{USER}:x:1000:1000::{at}/home:{at}/bin/sh\n"),
            ),
            ("shadow", format!("{USER}:*:1::::::\n")),
            ("known", format!("[127.0.0.1]:{port} {public}")),
            (
                "sshd_config",
                format!(
                    "ListenAddress 127.0.0.1:{port}\nHostKey {at}/host\nPidFile none\n\
                     AuthorizedKeysFile {at}/user.pub\nAuthenticationMethods publickey\n\
                     StrictModes no\nUsePAM no\nAllowUsers {USER}\n\
                     SshdSessionPath {at}/bin/sshd-session\nSshdAuthPath {at}/bin/sshd-auth\n"
                ),
            ),
            (
                "ssh_config",
                format!(
                    "Host {USER}\nHostName 127.0.0.1\nPort {port}\nUser {USER}\n\
                     IdentityFile {at}/user\nIdentitiesOnly yes\nBatchMode yes\n\
                     UserKnownHostsFile {at}/known\nStrictHostKeyChecking yes\n"
                ),
            ),
        ] {
            fs::write(path(name), text).expect("a file of the builder's");
        }
        let script = |name: &str, command: &Command| {
            let shell = busybox.display();
            let text = format!("#!{shell} sh\nexec {shell} {command} \"$@\"\n");
            fs::write(path("bin").join(name), text).expect("a script");
            let mode = fs::Permissions::from_mode(0o755);
            fs::set_permissions(path("bin").join(name), mode).expect("a program");
        };
        for name in ["sshd-session", "sshd-auth"] {
            script(name, &program(Path::new("usr/lib/openssh").join(name)));
        }
        script("ssh", &tool("ssh").arg("-F").arg(path("ssh_config")));
        let own = folders().own_nix();
        let nix = nixes::own(&folders()).expect("xbuild's own Nix");
        let daemon = Command::new(nix.program().with_file_name("nix-daemon"))
            .env("HOME", path("home"))
            .env("NIX_CONF_DIR", own.join("conf"))
            .env("NIX_USER_CONF_FILES", "")
            .env("PATH", "")
            .env("TMPDIR", path("tmp"));
        script("nix-daemon", &daemon);

        let sshd = program("usr/sbin/sshd").args(["-D", "-e", "-f"]);
        script("sshd", &sshd.arg(path("sshd_config")));
        let log = File::create(path("log")).expect("a log");
        let server = Command::new(&busybox)
            .args(["unshare", "-r", "-m"])
            .arg(&busybox)
            .args(["sh", "-euc", AS_USER, "sh"])
            .arg(folder.path())
            .arg(path("bin/sshd"))
            .to_std()
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a log"))
            .stderr(log)
            .spawn()
            .expect("the server starts");
        let mut builder = Builder { folder, server };
        builder.wait_for(port);
        builder
    }
    /// Waits until it takes connections.
    fn wait_for(&mut self, port: u16) {
        let end = Instant::now() + Duration::from_secs(30);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = self.server.try_wait().expect("its state");
            assert!(ended.is_none() && Instant::now() < end, "{}", self.log());
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// What the server said.
    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// The store behind it, as Nix is told of it.
    pub fn address(&self) -> String {
        let at = self.folder.path().display();
        format!("ssh-ng://{USER}?remote-program={at}/bin/nix-daemon&remote-store={at}/store")
    }

    /// A folder with the `ssh` that knows it.
    pub fn programs(&self) -> PathBuf {
        self.folder.path().join("bin")
    }

    /// Where a path of its store is on disk.
    pub fn on_disk(&self, path: &str) -> PathBuf {
        let store = self.folder.path().join("store");
        store.join(path.trim_start_matches('/'))
    }
}

fn bits(file: &Path) -> Sha256 {
    Sha256::of(&fs::read(file).unwrap_or_else(|why| panic!("{}: {why}", file.display())))
}

#[test]
fn a_second_store_over_ssh_builds_the_same_bits() {
    let _building = turn_to_build();
    let target = "aarch64-unknown-linux-gnu.2.17";
    let hello = copied("examples/hello");
    let doors = Doors::new(&[spec(target)]);
    let package = doors.package(&hello.path().display().to_string(), target);
    let build = doors.command("build").args(["--json", "--no-link"]);
    let build = build.args(["--impure", "--expr", &package]);
    let out = out_of(&run(&build).ok().json());
    let here = doors.on_disk(&out).join("bin/hello");
    let ours = bits(&here);

    // The first store has it no longer, and may build nothing.
    let delete = doors.command("store").arg("delete").arg(&out);
    run(&delete).ok();
    assert!(!here.exists());
    let builder = Builder::start();
    // A Nix as old as this one goes by the name that it is called by.
    let hook = builder.programs().join("build-remote");
    symlink(doors.nix.program(), &hook).expect("a name for Nix");
    let remotely = build
        .clone()
        .args(["--max-jobs", "0", "--builders"])
        .arg(format!("{} x86_64-linux", builder.address()))
        .args(["--option", "build-hook"])
        .arg(hook)
        .env("PATH", builder.programs());
    let built = run(&remotely);
    assert_eq!(built.code, 0, "{built}\n{}", builder.log());
    assert_eq!(out_of(&built.json()), out);
    let there = builder.on_disk(&out).join("bin/hello");
    assert_eq!(bits(&there), ours);
    assert_eq!(bits(&here), ours);
}
