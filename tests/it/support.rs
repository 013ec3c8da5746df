//! What the tests that run the real `xbuild` share: a clean caller, published
//! crates to build, and failures that show everything.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Condvar, Mutex, PoisonError};

use serde_json::Value;
use tempfile::TempDir;
use xbuild::host;
use xbuild::process::Command;

pub use crate::machine::{cargos_settings, give_away, network};
pub use crate::published::{copy, machines_cargo_home, published};

/// The folder that all tests keep toolchains in, so that a second run of the
/// tests is fast: `XBUILD_TEST_HOME`, else `test-home` in the target folder.
pub fn test_home() -> PathBuf {
    host::var("XBUILD_TEST_HOME").map_or_else(
        || Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("test-home"),
        PathBuf::from,
    )
}

/// A file of this repository.
pub fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// A caller of `xbuild`: a new home folder, a `PATH` without any program, and
/// of the machine's environment only what reaches its network.
pub struct Caller {
    home: TempDir,
    program: PathBuf,
    args: Vec<OsString>,
    env: BTreeMap<OsString, OsString>,
    cwd: PathBuf,
    umask: Option<&'static str>,
}

/// `xbuild`, called from an empty folder by a clean caller.
pub fn xbuild() -> Caller {
    Caller::new(env!("CARGO_BIN_EXE_xbuild"))
}

/// A shell that has busybox's own commands, and no others.
pub fn shell(script: &str) -> Caller {
    Caller::new(repository("nix/seed/busybox")).args(["sh", "-c", script])
}

/// `cargo-xbuild`, in the same way.
pub fn cargo_xbuild() -> Caller {
    Caller::new(env!("CARGO_BIN_EXE_cargo-xbuild"))
}

impl Caller {
    fn new(program: impl Into<PathBuf>) -> Self {
        let home = temp();
        let empty = home.path().join("no-programs");
        let user = home.path().join("user");
        fs::create_dir(&empty).expect("a folder without programs");
        fs::create_dir_all(user.join(".cargo")).expect("a home folder");
        cargos_settings(&user.join(".cargo"));
        let mut env: BTreeMap<OsString, OsString> = network().collect();
        for (name, value) in [
            ("HOME", user),
            ("PATH", empty.clone()),
            ("XBUILD_HOME", test_home()),
        ] {
            env.insert(name.into(), value.into());
        }
        Caller {
            home,
            program: program.into(),
            args: Vec::new(),
            env,
            cwd: empty,
            umask: None,
        }
    }

    pub fn args<I: IntoIterator<Item = S>, S: Into<OsString>>(mut self, args: I) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    pub fn arg(self, arg: impl Into<OsString>) -> Self {
        self.args([arg])
    }

    pub fn env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.env.insert(name.into(), value.into());
        self
    }

    pub fn cwd(mut self, folder: impl Into<PathBuf>) -> Self {
        self.cwd = folder.into();
        self
    }

    /// Calls it with another umask than the tests' own.
    pub fn umask(mut self, umask: &'static str) -> Self {
        self.umask = Some(umask);
        self
    }

    /// The caller's home folder.
    pub fn home(&self) -> PathBuf {
        self.home.path().join("user")
    }

    /// Runs it to its end, without a terminal and with nothing to read.
    pub fn run(self) -> Outcome {
        let mut command = match self.umask {
            None => Command::new(&self.program),
            Some(umask) => Command::new(repository("nix/seed/busybox"))
                .args(["sh", "-c", "umask $0; exec \"$@\"", umask])
                .arg(&self.program),
        };
        for (name, value) in &self.env {
            command = command.env(name, value);
        }
        run(&command.args(&self.args).cwd(&self.cwd))
    }
}

/// Runs a command to its end and keeps all of it.
pub fn run(command: &Command) -> Outcome {
    run_with(command, Stdio::null())
}

/// The same with a file as its standard input.
pub fn run_reading(command: &Command, input: &Path) -> Outcome {
    run_with(command, File::open(input).expect("a file to read"))
}

fn run_with(command: &Command, input: impl Into<Stdio>) -> Outcome {
    let output = command
        .to_std()
        .stdin(input)
        .output()
        .unwrap_or_else(|error| panic!("{command}: {error}"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Outcome {
        command: command.to_string(),
        stdout: text(&output.stdout),
        stderr: text(&output.stderr),
        code: output
            .status
            .code()
            .unwrap_or_else(|| 128 + output.status.signal().unwrap_or_default()),
    }
}

/// How a command ended.
pub struct Outcome {
    command: String,
    pub stdout: String,
    pub stderr: String,
    /// The exit code, or 128 and the signal.
    pub code: i32,
}

impl Outcome {
    /// Asserts success, and shows everything where there was none.
    #[track_caller]
    pub fn ok(self) -> Self {
        self.exits(0)
    }

    /// Asserts an exit code, and shows everything where it is another.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert!(self.code == code, "code {code} expected of\n{self}");
        self
    }

    /// Asserts that standard error has a text in it.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        assert!(
            self.stderr.contains(text),
            "{text:?} is not said by\n{self}"
        );
        self
    }

    /// The reports of `--format json`, one for each target.
    #[track_caller]
    pub fn reports(&self) -> Vec<Value> {
        let lines = self.stdout.lines();
        let values = lines.filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let reports: Vec<Value> = values
            .filter(|value| value["artifacts"].is_array())
            .collect();
        assert!(!reports.is_empty(), "no report from\n{self}");
        reports
    }

    /// Standard output as one JSON document.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error} in\n{self}"))
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Outcome {
            command,
            stdout,
            stderr,
            code,
        } = self;
        write!(
            f,
            "{command}\n-- exit code {code}\n-- stdout\n{stdout}\n-- stderr\n{stderr}"
        )
    }
}

/// A folder with this machine's git and no other program, to be a `PATH`.
pub fn only_git() -> TempDir {
    let bin = temp();
    let path = host::var("PATH").expect("a path");
    let mut git = std::env::split_paths(&path).map(|folder| folder.join("git"));
    let git = git.find(|file| file.is_file()).expect("git");
    symlink(git, bin.path().join("git")).expect("git, and nothing else");
    bin
}

/// Runs git in a folder, as somebody whose clock shows `date`.
#[track_caller]
pub fn git(folder: &Path, date: &str, args: &[&str]) {
    let (bin, home) = (only_git(), temp());
    let who = ["-c", "user.name=n", "-c", "user.email=n@example.invalid"];
    let git = Command::new(bin.path().join("git")).args(who).args(args);
    let git = git
        .env("GIT_AUTHOR_DATE", date)
        .env("GIT_COMMITTER_DATE", date)
        .env("HOME", home.path());
    run(&git.cwd(folder)).ok();
}

/// The right of a test to build, until it is dropped.
pub struct Turn(());

/// How many tests build now, and who waits.
static BUILDING: (Mutex<usize>, Condvar) = (Mutex::new(0), Condvar::new());

/// Makes the builds of tests wait for each other. Each uses every processor by
/// itself, but not all the time: a second one uses what `configure` leaves.
pub fn turn_to_build() -> Turn {
    const AT_ONCE: usize = 2;
    let (building, ended) = &BUILDING;
    let building = building.lock().unwrap_or_else(PoisonError::into_inner);
    let mut building = ended
        .wait_while(building, |building| *building >= AT_ONCE)
        .unwrap_or_else(PoisonError::into_inner);
    *building += 1;
    Turn(())
}

impl Drop for Turn {
    fn drop(&mut self) {
        let (building, ended) = &BUILDING;
        *building.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        ended.notify_one();
    }
}

/// A temporary folder.
pub fn temp() -> TempDir {
    TempDir::new().expect("a temporary folder")
}

/// A copy of a folder of this repository in a temporary folder, without what
/// was built in it.
pub fn copied(path: &str) -> TempDir {
    let folder = temp();
    copy(&repository(path), folder.path());
    folder
}
