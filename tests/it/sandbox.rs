//! The hermetic shell: what it refuses, how commands in it end, and what it
//! says where it cannot be made.

use std::fs;
use std::io::Read;
use std::net::TcpListener;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::{SocketAddr, UnixListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tempfile::TempDir;
use xbuild::error::{Error, Kind};
use xbuild::process::Command;
use xbuild::sandbox::{self, Network, Shell};

pub fn busybox() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("nix/seed/busybox")
}

/// A shell with busybox alone, running a script.
pub fn script(text: &str) -> Shell {
    let mut shell = Shell::new(["/bin/busybox", "sh", "-c", text])
        .read_only(busybox(), "/bin/busybox")
        .link("busybox", "/bin/sh")
        .env("PATH", "/bin");
    shell.launcher = env!("CARGO_BIN_EXE_xbuild").into();
    shell
}

/// Runs a shell: its exit code and what it wrote.
pub fn output(shell: &Shell) -> (u8, String) {
    let mut child = sandbox::spawn(shell).unwrap();
    let mut text = String::new();
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_to_string(&mut text).unwrap();
    (child.wait().unwrap().code(), text.trim_end().to_owned())
}

pub fn refused(shell: &Shell) -> Error {
    let error = sandbox::run(shell).expect_err("the shell must not start");
    assert_eq!(error.kind(), Kind::Sandbox);
    error
}

#[test]
fn exit_codes_pass_through() {
    for (text, code) in [
        ("exit 0", 0),
        ("exit 7", 7),
        ("exit 255", 255),
        ("kill -SEGV $$", 139),
        ("kill -KILL $$", 137),
        ("kill -40 $$", 168),
        ("trap 'exit 9' INT; kill -INT $$", 9),
    ] {
        assert_eq!(sandbox::run(&script(text)).unwrap().code(), code, "{text}");
    }
}

#[test]
fn the_shell_is_what_it_is_said_to_be() {
    let project = TempDir::new().unwrap();
    let mut shell = script("")
        .read_write(project.path(), "/build/source")
        .file("/etc/passwd", "me:x:1000:1000::/build/home:/bin/sh\n")
        .link("busybox", "/bin/cat")
        .env("A", "b c");
    shell.cwd = "/build/source".into();
    for (text, expected) in [
        ("pwd", "/build/source"),
        ("hostname", "xbuild"),
        ("id -u; id -g; id -un", "1000\n1000\nme"),
        ("env | sort", "A=b c\nPATH=/bin\nPWD=/build/source\nSHLVL=1"),
        ("umask", "0022"),
        ("cat /etc/passwd", "me:x:1000:1000::/build/home:/bin/sh"),
        ("echo /*", "/bin /build /dev /etc /proc /tmp"),
        (
            "cd /dev; echo *",
            "fd full null ptmx pts random shm stderr stdin stdout tty urandom zero",
        ),
        (
            "ip -o link | wc -l; ip -o link | grep -c 'lo: <LOOPBACK,UP,LOWER_UP>'",
            "1\n1",
        ),
        (
            "echo x > /tmp/a && echo x > /build/home/a && echo x > /dev/shm/a && cat /tmp/a",
            "x",
        ),
        (
            "echo x > /dev/null; head -c 2 /dev/zero | wc -c; head -c 4 /dev/urandom | wc -c",
            "2\n4",
        ),
        ("ls /proc/self/fd", "0\n1\n2\n3"),
        // Orphans are init's to reap; none stays a zombie.
        (
            "(true & true &) ; sleep 0.1; cat /proc/[0-9]*/stat | grep -c ' Z '; true",
            "0",
        ),
    ] {
        shell.command[3] = text.into();
        assert_eq!(output(&shell), (0, expected.to_owned()), "{text}");
    }
}

#[test]
fn files_made_inside_belong_to_the_caller() {
    let project = TempDir::new().unwrap();
    let shell = script("echo x > /build/target/a").read_write(project.path(), "/build/target");
    assert_eq!(sandbox::run(&shell).unwrap().code(), 0);
    let made = fs::metadata(project.path().join("a")).unwrap();
    let own = fs::metadata(project.path()).unwrap();
    assert_eq!((made.uid(), made.gid()), (own.uid(), own.gid()));
    assert_eq!(made.permissions().mode() & 0o777, 0o644);
}

#[test]
fn binds_lie_on_top_of_each_other_in_order() {
    let below = TempDir::new().unwrap();
    let above = TempDir::new().unwrap();
    fs::create_dir_all(below.path().join("lib/rustlib/t")).unwrap();
    fs::write(above.path().join("std"), "std").unwrap();
    let shell = script("cat /nix/store/rust/lib/rustlib/t/std; echo x > /nix/store/rust/lib/x")
        .read_only(below.path(), "/nix/store/rust")
        .read_only(above.path(), "/nix/store/rust/lib/rustlib/t");
    assert_eq!(output(&shell), (1, "std".to_owned()));

    let missing = shell.read_only(above.path(), "/nix/store/rust/none");
    assert_eq!(
        refused(&missing).to_string(),
        "no mount point at `/nix/store/rust/none`, inside a bind that cannot be written"
    );
}

#[test]
fn what_is_missing_is_named() {
    let mut cwd = script("true");
    cwd.cwd = "/build/none".into();
    let mut launcher = script("true");
    launcher.launcher = "/none/xbuild".into();
    let mut program = script("true");
    program.command = vec!["none".into()];
    for (shell, text) in [
        (cwd, "the folder `/build/none` is not in the hermetic shell"),
        (
            program,
            "`none` is not in the hermetic shell, or its interpreter is not",
        ),
        (
            script("true").read_only("/none/x", "/x"),
            "`/none/x` does not exist, but the hermetic shell needs it",
        ),
        (launcher, "failed to start the launcher `/none/xbuild`"),
    ] {
        assert_eq!(refused(&shell).to_string(), text);
    }
}

/// Each script tries to do or see something of the host and prints what came
/// of it.
#[test]
fn the_host_is_out_of_reach() {
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = tcp.local_addr().unwrap().port();
    let reached = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&reached);
    std::thread::spawn(move || {
        for stream in tcp.incoming() {
            flag.store(true, Ordering::SeqCst);
            drop(stream);
        }
    });
    let name = format!("xbuild-test-{port}");
    let _unix = UnixListener::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap();
    let host = std::process::id();
    let source = TempDir::new().unwrap();
    fs::write(source.path().join("lib.rs"), "fn f() {}").unwrap();
    let marker = source
        .path()
        .file_name()
        .unwrap()
        .to_string_lossy()
        .into_owned();

    let mut shell = script("").read_only(source.path(), "/build/source");
    for (text, expected) in [
        ("ls /root /home /etc/shadow 2>/dev/null", ""),
        ("ls -d /proc/1", ""),
        ("cat /proc/1/environ /proc/1/cmdline /proc/1/maps", ""),
        ("kill -9 1; kill -15 1; echo alive", "alive"),
        ("[ $(ls -d /proc/[0-9]* | wc -l) -le 4 ] && echo few", "few"),
        (
            "cat /proc/self/mountinfo /proc/self/mounts /proc/mounts /proc/self/mountstats",
            "",
        ),
        (
            "cat /proc/keys /proc/cmdline /proc/kcore /proc/timer_list",
            "",
        ),
        (
            "(echo > /proc/sysrq-trigger) ; (echo x > /proc/sys/kernel/core_pattern)",
            "",
        ),
        ("cat /proc/sys/user/max_user_namespaces", "0"),
        ("ls /sys", ""),
        ("unshare -r true && echo got", ""),
        ("unshare -m true && echo got", ""),
        ("mount -t tmpfs none /tmp && echo got", ""),
        ("mount -o remount,rw / && echo got", ""),
        ("umount /proc && echo got", ""),
        ("chroot /tmp true && echo got", ""),
        ("mknod /tmp/d b 7 0 && echo got", ""),
        (
            "echo x > /x || echo x > /build/x || echo x > /bin/x || echo x > /dev/x",
            "",
        ),
        (
            "echo x > /build/source/x || echo x > /build/source/lib.rs",
            "",
        ),
        (
            "rm /build/source/lib.rs || chmod 777 /build/source/lib.rs && echo got",
            "",
        ),
        ("chmod 000 /dev/null && echo got", ""),
        (
            "grep -E 'CapEff|CapBnd' /proc/self/status",
            "CapEff:\t0000000000000000\nCapBnd:\t0000000000000000",
        ),
        (
            "grep -E 'NoNewPrivs|Seccomp:' /proc/self/status",
            "NoNewPrivs:\t1\nSeccomp:\t2",
        ),
        ("hostname other && echo got", ""),
        (
            "nslookup example.invalid 192.0.2.1 >/dev/null && echo got",
            "",
        ),
    ] {
        shell.command[3] = format!("{{ {text}; }} 2>/dev/null").into();
        let (_, said) = output(&shell);
        assert_eq!(said, expected, "{text}");
    }
    for text in [
        format!("kill -0 {host}"),
        format!("cat /proc/{host}/environ"),
        format!("timeout 1 nc 127.0.0.1 {port} </dev/null"),
        format!("grep {name} /proc/net/unix"),
        format!(
            "cat /proc/self/mountinfo /proc/self/mounts /proc/self/environ /proc/1/* | grep {marker}"
        ),
    ] {
        shell.command[3] = format!("{{ {text}; }} 2>/dev/null >&2 && echo got").into();
        assert_eq!(output(&shell).1, "", "{text}");
    }
    assert!(!reached.load(Ordering::SeqCst));
    // The fetch shell sees the host's network, as it must.
    shell.network = Network::Host;
    shell.command[3] = format!("timeout 1 nc 127.0.0.1 {port} </dev/null").into();
    output(&shell);
    assert!(reached.load(Ordering::SeqCst));
}

/// The hostile fixture, as a plain program with the host's C library.
#[test]
fn the_hostile_program_is_refused_everything() {
    let built = TempDir::new().unwrap();
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/hostile");
    let cargo = PathBuf::from(xbuild::host::var("CARGO").unwrap());
    let place = built.path().display();
    let outputs = format!("--out-dir={place}");
    for (source, crate_args) in [
        (
            "escapes/src/lib.rs",
            &["--crate-name=escapes", "--crate-type=lib"][..],
        ),
        (
            "src/main.rs",
            &[
                "--crate-name=hostile",
                &format!("-L{place}"),
                "--extern=escapes",
            ],
        ),
    ] {
        Command::new(cargo.with_file_name("rustc"))
            .args(["--edition=2021", &outputs])
            .args(crate_args)
            .arg(fixture.join(source))
            .env("PATH", xbuild::host::var("PATH").unwrap())
            .env("HOME", xbuild::host::var("HOME").unwrap())
            .output()
            .unwrap();
    }
    let mut shell = script("/build/target/hostile")
        .read_write(built.path(), "/build/target")
        .env("HOME", "/build/home");
    for folder in ["/lib", "/lib64", "/usr"]
        .iter()
        .filter(|path| Path::new(path).exists())
    {
        shell = shell.read_only(folder, folder);
    }
    let (code, said) = output(&shell);
    let open: Vec<_> = said
        .lines()
        .filter(|line| !line.starts_with("refused: "))
        .collect();
    assert_eq!((code, open), (0, vec![]));
    assert!(said.lines().count() > 30);
}
