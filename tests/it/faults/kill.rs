//! SIGKILL at fifty moments and more, on the way from an empty home to a
//! verified program. Each killed run leaves off where the one before it had
//! come to: the whole way is gone about once.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use xbuild::pins::Pins;
use xbuild::process::Command;

use super::{House, Loopback, Manner, TARGET, packages, project};
use crate::bad_input::nobody;
use crate::support::{run, turn_to_build};

/// A run that will be killed.
struct Victim {
    child: Child,
    said: Receiver<String>,
}

impl Victim {
    fn start(command: &Command) -> Self {
        let mut child = command
            .to_std()
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .expect("xbuild starts");
        let stderr = child.stderr.take().expect("a pipe");
        let (send, said) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).split(b'\n') {
                let Ok(line) = line else { return };
                let line = String::from_utf8_lossy(&line).into_owned();
                if send.send(line).is_err() {
                    return;
                }
            }
        });
        Victim { child, said }
    }

    fn runs(&mut self) -> bool {
        self.child.try_wait().expect("a child").is_none()
    }

    /// Waits for a condition, or for the end of the run.
    fn wait_until(&mut self, condition: impl Fn() -> bool) {
        while !condition() && self.runs() {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Waits for a line, or for the end of the run; says which line it was.
    fn wait_for(&mut self, mut wanted: impl FnMut(&str) -> bool) -> Option<String> {
        loop {
            match self.said.recv_timeout(Duration::from_millis(20)) {
                Ok(line) if wanted(&line) => return Some(line),
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout) if self.runs() => {}
                Err(_) => return None,
            }
        }
    }

    /// Kills it without warning: with its children, or alone, so that these
    /// may go on for a while. Says whether it was still running.
    fn kill(mut self, with_children: bool) -> bool {
        let pid = Pid::from_raw(self.child.id().try_into().expect("a process"));
        if !self.runs() {
            return false;
        }
        let _ = if with_children {
            killpg(pid, Signal::SIGKILL)
        } else {
            kill(pid, Signal::SIGKILL)
        };
        let status = self.child.wait().expect("a child");
        status.signal() == Some(Signal::SIGKILL as i32)
    }
}

/// How often a run was killed in each stage.
#[derive(Debug, Default)]
struct Kills {
    fetch: usize,
    seed: usize,
    realise: usize,
    build: usize,
    verify: usize,
}

#[test]
fn a_run_killed_at_any_moment_is_healed_by_the_next() {
    let _building = turn_to_build();
    let (house, project) = (House::empty(), project());
    let mut kills = Kills::default();
    let mirror = Loopback::start(Manner::Honest);
    let build = house.build(project.path(), &mirror.url());

    kills.fetch = killed_in_the_fetch(&house, &build);
    let build = house.build(project.path(), &nobody());
    kills.seed = killed_in_the_seed(&house, &build);
    kills.realise = killed_in_the_realisation(&build);
    // All of it is there now, and right.
    house.heals(project.path());
    house.store_is_right();
    house.downloads_are_right();
    fs::remove_dir_all(project.path().join("target")).expect("a clean project");
    kills.build = killed_in_the_build(&build, "Compiling");
    house.heals(project.path());

    let args = ["verify", "--target", TARGET];
    let verify = house.xbuild(project.path(), &mirror.url(), &args);
    let before = kills.fetch + kills.seed + kills.realise + kills.build;
    kills.verify = killed_in_the_verification(&verify, 10.max(50_usize.saturating_sub(before)));
    let verified = run(&verify).ok();
    assert!(verified.stderr.contains("  reproducible  "), "{verified}");
    let said = house.heals(project.path());
    assert!(!said.contains("Realising"), "{said}");
    house.store_is_right();
    nothing_is_left_running(house.path());

    let Kills {
        fetch,
        seed,
        realise,
        build,
        verify,
    } = kills;
    let all = [fetch, seed, realise, build, verify];
    assert!(all.iter().sum::<usize>() >= 50, "{kills:?}");
    assert!(all.iter().all(|&count| count >= 3), "{kills:?}");
}

/// When so and so many bytes of the downloads are there.
fn killed_in_the_fetch(house: &House, build: &Command) -> usize {
    const TIMES: u64 = 14;
    let pins = Pins::embedded().expect("the pins");
    let all: u64 = packages(&pins).iter().map(|package| package.size).sum();
    let mut killed = 0;
    for index in 0..TIMES {
        let before = house.downloaded();
        let wanted = before + all / (TIMES + 3);
        let mut victim = Victim::start(build);
        victim.wait_until(|| house.downloaded() >= wanted);
        killed += usize::from(victim.kill(index % 2 == 0));
        assert!(house.downloaded() >= before, "what was there is lost");
        house.downloads_are_right();
    }
    // Up to the last byte, and not on into the store.
    let mut victim = Victim::start(build);
    victim.wait_until(|| house.folders().store().exists());
    killed += usize::from(victim.kill(true));
    house.downloads_are_right();
    killed
}

/// When so and so many paths are in the store.
fn killed_in_the_seed(house: &House, build: &Command) -> usize {
    let store = house.folders().store().join("nix/store");
    let paths = || fs::read_dir(&store).map_or(0, Iterator::count);
    let mut killed = 0;
    for index in 0..8 {
        let more = paths() + [1, 20][index % 2];
        let mut victim = Victim::start(build);
        victim.wait_until(|| paths() >= more);
        killed += usize::from(victim.kill(index % 3 != 0));
    }
    killed
}

/// When something starts to build that no run before has come to.
fn killed_in_the_realisation(build: &Command) -> usize {
    let mut seen = BTreeSet::new();
    let mut killed = 0;
    for index in 0..40 {
        let mut victim = Victim::start(build);
        let line = victim.wait_for(|line| {
            let name = line.contains("Realising").then(|| line.rsplit(' ').next());
            name.flatten()
                .is_some_and(|name| seen.insert(name.to_owned()))
        });
        if line.is_none() {
            break;
        }
        std::thread::sleep(Duration::from_millis([0, 30, 120][index % 3]));
        killed += usize::from(victim.kill(index % 5 != 4));
    }
    killed
}

/// At each crate that no run before has come to; before the first, and after
/// the last.
fn killed_in_the_build(build: &Command, word: &str) -> usize {
    let mut killed = 0;
    for millis in [2, 10, 20] {
        let victim = Victim::start(build);
        std::thread::sleep(Duration::from_millis(millis));
        killed += usize::from(victim.kill(true));
    }
    let mut seen = BTreeSet::new();
    for index in 0..12 {
        let mut victim = Victim::start(build);
        let line = victim.wait_for(|line| {
            line.contains("Finished") || line.contains(word) && seen.insert(line.to_owned())
        });
        let finished = line.is_none_or(|line| line.contains("Finished"));
        std::thread::sleep(Duration::from_millis([0, 10, 40][index % 3]));
        killed += usize::from(victim.kill(index % 2 == 1));
        if finished {
            break;
        }
    }
    killed
}

/// At one line after the other of what it says; the second build starts from
/// scratch each time.
fn killed_in_the_verification(verify: &Command, times: usize) -> usize {
    let mut killed = 0;
    for index in 0..times {
        let mut victim = Victim::start(verify);
        let mut lines = 0;
        victim.wait_for(|line| {
            lines += usize::from(line.contains("Compiling"));
            lines > index % 6
        });
        killed += usize::from(victim.kill(index % 2 == 0));
    }
    killed
}

/// Waits until no process works in a home any more.
fn nothing_is_left_running(home: &Path) {
    let home = home.as_os_str().as_encoded_bytes();
    let works_there = || {
        let processes = fs::read_dir("/proc").expect("processes").flatten();
        let lines = processes.map(|process| {
            let mut line = Vec::new();
            let file = fs::File::open(process.path().join("cmdline"));
            let _ = file.and_then(|mut file| file.read_to_end(&mut line));
            line
        });
        let mut lines = lines.filter(|line| line.windows(home.len()).any(|part| part == home));
        lines.next()
    };
    let start = Instant::now();
    while let Some(line) = works_there() {
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        assert!(
            start.elapsed() < Duration::from_secs(30),
            "still runs: {line}"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}
