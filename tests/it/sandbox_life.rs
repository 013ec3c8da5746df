//! How commands in the hermetic shell live and die: signals, terminals, other
//! users, and machines where the shell cannot be made.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use xbuild::host::var;
use xbuild::process::Command;
use xbuild::sandbox::{self, Terminal};
use xbuild::terminal;

use crate::sandbox::{busybox, script};

const PATIENCE: Duration = Duration::from_secs(20);

/// What the tests below start as a process of its own, in the place of
/// `xbuild`. By itself, without a script to run, it has nothing to show.
#[test]
fn driver() {
    let Some(text) = var("XBUILD_TEST_SCRIPT") else {
        return;
    };
    let mut shell = script(&text.to_string_lossy());
    if var("XBUILD_TEST_INTERACTIVE").is_some() {
        shell.terminal = Terminal::Interactive;
    }
    let code = match sandbox::run(&shell) {
        Ok(status) => status.code(),
        Err(error) => {
            terminal::error(&error);
            error.kind().exit_code()
        }
    };
    std::process::exit(code.into())
}

fn this() -> PathBuf {
    std::env::current_exe().unwrap()
}

/// The driver, as a command; its first argument is the program.
fn driving(text: &str) -> Command {
    Command::new(this())
        .args(["--exact", "sandbox_life::driver", "--nocapture"])
        .env("XBUILD_TEST_SCRIPT", text)
}

/// A number of seconds to sleep that no other process sleeps.
fn marker(which: u32) -> String {
    format!("{}{which}", 100_000 + std::process::id())
}

fn sleeps(marker: &str) -> bool {
    let wanted = format!("sleep\0{marker}\0");
    fs::read_dir("/proc").unwrap().flatten().any(|entry| {
        fs::read(entry.path().join("cmdline")).is_ok_and(|line| line.ends_with(wanted.as_bytes()))
    })
}

fn until(what: &str, condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < PATIENCE, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn send(child: &Child, signal: Signal) {
    kill(Pid::from_raw(child.id().cast_signed()), signal).unwrap();
}

#[test]
fn nothing_outlives_xbuild() {
    for (which, signal) in [
        (1, Signal::SIGKILL),
        (2, Signal::SIGTERM),
        (3, Signal::SIGHUP),
    ] {
        let seconds = marker(which);
        let text = format!("trap '' TERM HUP; sleep {seconds} & sleep {seconds}");
        let mut child = driving(&text)
            .to_std()
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        until("the command starts", || sleeps(&seconds));
        send(&child, signal);
        assert_eq!(child.wait().unwrap().signal(), Some(signal as i32));
        until("the command is gone", || !sleeps(&seconds));
    }
}

#[test]
fn nothing_outlives_the_command_or_its_handle() {
    let seconds = marker(4);
    let shell = script(&format!("sleep {seconds} & exit 3"));
    assert_eq!(sandbox::run(&shell).unwrap().code(), 3);
    assert!(!sleeps(&seconds));

    let seconds = marker(5);
    let child = sandbox::spawn(&script(&format!("sleep {seconds}"))).unwrap();
    until("the command starts", || sleeps(&seconds));
    drop(child);
    assert!(!sleeps(&seconds));
}

/// A signal for xbuild alone reaches the command, and xbuild outlives it.
#[test]
fn an_interrupt_is_passed_on() {
    for (which, trap, code) in [(6, "", 130), (7, "trap 'exit 5' INT;", 5)] {
        let seconds = marker(which);
        let text = format!("{trap} sleep {seconds} & wait");
        let mut child = driving(&text)
            .to_std()
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        until("the command starts", || sleeps(&seconds));
        send(&child, Signal::SIGINT);
        assert_eq!(child.wait().unwrap().code(), Some(code), "{trap}");
        assert!(!sleeps(&seconds));
    }
}

#[test]
fn an_unprivileged_user_may() {
    // The test program itself must be in that user's reach.
    let reachable = this()
        .ancestors()
        .skip(1)
        .all(|folder| std::os::unix::fs::MetadataExt::mode(&folder.metadata().unwrap()) & 0o1 != 0);
    if !nix::unistd::geteuid().is_root() || !reachable {
        return;
    }
    let mut command = driving("id -u; echo > /tmp/x && exit 4").to_std();
    let output = command
        .uid(65534)
        .gid(65534)
        .current_dir("/")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("1000\n"), "{said}");
    assert_eq!(output.status.code(), Some(4));
}

#[test]
fn forbidden_user_namespaces_are_explained() {
    let text = "echo 0 > /proc/sys/user/max_user_namespaces && exec \"$@\"";
    let output = Command::new(busybox())
        .args(["unshare", "-r"])
        .arg(busybox())
        .args(["sh", "-c", text, "sh"])
        .arg(this())
        .args(["--exact", "sandbox_life::driver", "--nocapture"])
        .env("XBUILD_TEST_SCRIPT", "true")
        .to_std()
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    for part in [
        "max_user_namespaces is 0",
        "hint: sudo sysctl -w user.max_user_namespaces",
        "--isolation none",
    ] {
        assert!(said.contains(part), "{said}");
    }
    assert_eq!(output.status.code(), Some(86));
}

/// On a thread whose filter of system calls, which the launcher inherits,
/// fails one of them where its first argument has all bits of a flag.
fn without(call: i64, flag: u64, errno: i32, test: impl FnOnce() + Send + 'static) {
    use seccompiler::{
        BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
        SeccompRule,
    };
    let has_flag = SeccompCmpOp::MaskedEq(flag);
    let condition = SeccompCondition::new(0, SeccompCmpArgLen::Dword, has_flag, flag).unwrap();
    let rule = SeccompRule::new(vec![condition]).unwrap();
    let thread = std::thread::spawn(move || {
        let filter = SeccompFilter::new(
            [(call, vec![rule])].into(),
            SeccompAction::Allow,
            SeccompAction::Errno(errno.cast_unsigned()),
            std::env::consts::ARCH.try_into().unwrap(),
        );
        let program = BpfProgram::try_from(filter.unwrap()).unwrap();
        seccompiler::apply_filter(&program).unwrap();
        test();
    });
    thread.join().unwrap();
}

/// Before Linux 5.12 every mount is restricted by remounting it.
#[test]
fn elder_kernels_do_without_mount_setattr() {
    without(libc::SYS_mount_setattr, 0, libc::ENOSYS, || {
        let source = tempfile::tempdir().unwrap();
        let folder = source.path().to_owned();
        let writable = "echo x > /build/target/x && cat /build/target/x";
        for (text, code) in [
            ("echo x > /build/source/x", 1),
            ("echo x > /x", 1),
            ("echo x > /proc/sys/kernel/core_pattern", 1),
            ("chmod 0 /dev/null", 1),
            (writable, 0),
        ] {
            let shell = script(&format!("{{ {text}; }} >/dev/null 2>&1"))
                .read_write(&folder, "/build/target")
                .read_only(&folder, "/build/source");
            assert_eq!(sandbox::run(&shell).unwrap().code(), code, "{text}");
        }
    });
}

#[test]
fn a_container_without_namespaces_is_explained() {
    without(
        libc::SYS_clone,
        libc::CLONE_NEWUSER as u64,
        libc::EPERM,
        || {
            let text = sandbox::run(&script("true")).unwrap_err().to_string();
            assert!(
                text.starts_with("failed to make new namespaces: "),
                "{text}"
            );
        },
    );
    without(libc::SYS_fsopen, 0, libc::EPERM, || {
        let error = sandbox::run(&script("true")).unwrap_err();
        assert!(error.to_string().contains("/proc"), "{error}");
        assert!(
            error
                .hints()
                .iter()
                .any(|hint| hint.contains("--isolation none"))
        );
    });
}

/// `xbuild < /some/folder` would leave `/proc/self/fd/0/..` open.
#[test]
fn a_folder_as_standard_input_is_no_way_out() {
    let output = driving("ls /proc/self/fd/0/ 2>/dev/null; ls -l /proc/self/fd/0")
        .to_std()
        .stdin(File::open("/").unwrap())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("-> /dev/null"), "{said}");
    assert!(!said.contains("root"), "{said}");
}

#[test]
fn without_isolation_the_environment_is_still_clean() {
    let mut shell = script("env | grep -v -e ^PWD -e ^SHLVL -e ^_=; umask; exit 6").env("A", "b");
    shell.command[0] = busybox().into();
    shell.umask = 0o027;
    let mut child = sandbox::spawn_unisolated(&shell).unwrap();
    let mut said = String::new();
    child
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut said)
        .unwrap();
    assert_eq!(child.wait().unwrap().code(), 6);
    // The shell knows no `env` on that PATH but its own applet.
    assert_eq!(said, "A=b\nPATH=/bin\n0027\n");
    shell.command[0] = Path::new("/none/x").into();
    let error = sandbox::run_unisolated(&shell).unwrap_err();
    assert_eq!(error.to_string(), "failed to run `/none/x` in `/`");
}

/// A terminal with an interactive shell on it, as a person has.
struct Desk {
    master: File,
    shell: Child,
    said: String,
}

impl Desk {
    fn sit_down(interactive: bool) -> Desk {
        let pty = nix::pty::openpty(None, None).unwrap();
        let end = |fd: &OwnedFd| Stdio::from(fd.try_clone().unwrap());
        let mut command = Command::new(busybox())
            .args(["setsid", "-c"])
            .arg(busybox())
            .args(["sh", "-i"])
            .env("PS1", "$ ")
            .env("T", this());
        if interactive {
            command = command.env("XBUILD_TEST_INTERACTIVE", "1");
        }
        let shell = command
            .to_std()
            .stdin(end(&pty.slave))
            .stdout(end(&pty.slave))
            .stderr(end(&pty.slave))
            .spawn()
            .unwrap();
        nix::fcntl::fcntl(
            &pty.master,
            nix::fcntl::FcntlArg::F_SETFL(nix::fcntl::OFlag::O_NONBLOCK),
        )
        .unwrap();
        Desk {
            master: File::from(pty.master),
            shell,
            said: String::new(),
        }
    }

    fn drive(&mut self, text: &str) {
        self.type_in(&format!(
            "XBUILD_TEST_SCRIPT='{text}' $T --exact sandbox_life::driver --nocapture; \
             echo code=$?.\n"
        ));
    }

    fn type_in(&mut self, keys: &str) {
        self.master.write_all(keys.as_bytes()).unwrap();
    }

    /// Waits for words; what came before them is forgotten. Scripts break the
    /// words that they print, so that the echo of what is typed is not them.
    fn hear(&mut self, words: &str) {
        let start = Instant::now();
        loop {
            if let Some(at) = self.said.find(words) {
                self.said.drain(..at + words.len());
                return;
            }
            assert!(
                start.elapsed() < PATIENCE,
                "no `{words}` in:\n{}",
                self.said
            );
            let mut bytes = [0; 4096];
            match self.master.read(&mut bytes) {
                Ok(read) => self.said.push_str(&String::from_utf8_lossy(&bytes[..read])),
                Err(_) => std::thread::sleep(Duration::from_millis(5)),
            }
        }
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _ = self.shell.kill();
        let _ = self.shell.wait();
    }
}

#[test]
fn control_c_ends_the_command_and_not_xbuild() {
    let mut desk = Desk::sit_down(false);
    desk.drive("echo rea\"\"dy; sleep 1000");
    desk.hear("ready");
    desk.type_in("\x03");
    desk.hear("code=130.");
    desk.drive("trap \"exit 9\" INT; echo rea\"\"dy; sleep 1000 & wait");
    desk.hear("ready");
    desk.type_in("\x03");
    desk.hear("code=9.");
}

#[test]
fn control_z_stops_it_and_fg_goes_on() {
    let mut desk = Desk::sit_down(false);
    desk.drive("echo rea\"\"dy; read x; echo got $x; exit 8");
    desk.hear("ready");
    desk.type_in("\x1a");
    desk.hear("Stopped");
    desk.type_in("echo he\"\"re\n");
    desk.hear("here");
    desk.type_in("fg; echo code=$?.\n");
    desk.type_in("word\n");
    desk.hear("got word");
    desk.hear("code=8.");
}

#[test]
fn an_interactive_shell_has_job_control() {
    let mut desk = Desk::sit_down(true);
    desk.drive("PS1=inside: exec sh -i");
    desk.hear("inside:");
    desk.type_in("sleep 1000\n");
    desk.hear("sleep 1000");
    std::thread::sleep(Duration::from_millis(200));
    desk.type_in("\x1a");
    desk.hear("Stopped");
    desk.type_in("jobs\n");
    desk.hear("sleep 1000");
    desk.type_in("kill -9 %1; sleep 1000\n");
    desk.hear("sleep 1000");
    std::thread::sleep(Duration::from_millis(200));
    desk.type_in("\x03");
    desk.hear("inside:");
    desk.type_in("exit 3\n");
    desk.hear("code=3.");
    // The terminal is the outer shell's again.
    desk.drive("echo rea\"\"dy; kill -STOP $$; echo resu\"\"med; exit 2");
    desk.hear("ready");
    desk.hear("Stopped");
    desk.type_in("fg; echo code=$?.\n");
    desk.hear("resumed");
    desk.hear("code=2.");
}
