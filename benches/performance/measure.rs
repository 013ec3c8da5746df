//! The clock: contenders in turn, some in a shell that stays open, and the
//! memory of one run.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::time::{Duration, Instant};

use xbuild::process::Command;

use crate::{Result, caller};

/// One run, and how long it took.
pub type Contender<'a> = Box<dyn FnMut() -> Result<Duration> + 'a>;

/// Runs A B C A B C …, so that a busy machine slows all alike.
pub fn in_turn(rounds: usize, contenders: &mut [Contender<'_>]) -> Result<Vec<Sample>> {
    let mut times = vec![Vec::with_capacity(rounds); contenders.len()];
    for _ in 0..rounds {
        for (contender, times) in contenders.iter_mut().zip(&mut times) {
            times.push(contender()?);
        }
    }
    Ok(times.into_iter().map(Sample::new).collect())
}

/// The times of all runs of one contender, sorted.
pub struct Sample(Vec<Duration>);

impl Sample {
    pub fn new(mut times: Vec<Duration>) -> Self {
        times.sort();
        Sample(times)
    }

    pub fn runs(&self) -> usize {
        self.0.len()
    }

    /// In milliseconds, as all of these.
    pub fn median(&self) -> f64 {
        self.at(self.0.len() / 2)
    }

    pub fn fastest(&self) -> f64 {
        self.at(0)
    }

    fn at(&self, index: usize) -> f64 {
        self.0
            .get(index)
            .map_or(f64::NAN, |time| time.as_secs_f64() * 1000.0)
    }
}

/// From the start of a command to its end, with nothing to read or to say.
pub fn once(command: &Command) -> Result<Duration> {
    let mut std = command.to_std();
    std.stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let start = Instant::now();
    let status = std.status()?;
    let time = start.elapsed();
    if status.success() {
        return Ok(time);
    }
    Err(format!("{command}: {status}").into())
}

/// A hermetic shell that stays open and runs a line whenever it is asked, so
/// that the cost of the shell is not in the figure.
pub struct OpenShell {
    child: Child,
    ask: Option<ChildStdin>,
    answer: BufReader<ChildStdout>,
}

impl OpenShell {
    /// Opens it; `setup` is what it runs first.
    pub fn open(project: &Path, target: &str, setup: &str) -> Result<Self> {
        let script = format!(
            "{setup}\nwhile read -r line; do eval \"$line\" </dev/null >/dev/null 2>&1; echo $?; done"
        );
        let mut child = caller::ours(project)
            .args(["shell", "--target", target, "--", "/bin/sh", "-c"])
            .arg(script)
            .to_std()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let pipes = child.stdin.take().zip(child.stdout.take());
        let (ask, answer) = pipes.ok_or("the shell has no pipes")?;
        let answer = BufReader::new(answer);
        Ok(OpenShell {
            child,
            ask: Some(ask),
            answer,
        })
    }

    /// Runs a line in it.
    pub fn once(&mut self, line: &str) -> Result<Duration> {
        let ask = self.ask.as_mut().ok_or("the shell is closed")?;
        let mut code = String::new();
        let start = Instant::now();
        ask.write_all(format!("{line}\n").as_bytes())?;
        self.answer.read_line(&mut code)?;
        let time = start.elapsed();
        if code.trim() == "0" {
            return Ok(time);
        }
        Err(format!("`{line}` in the shell exits with {code:?}").into())
    }
}

impl Drop for OpenShell {
    fn drop(&mut self) {
        // It ends when there is no more to read.
        self.ask = None;
        let _ = self.child.wait();
    }
}

/// The most memory, in bytes, that xbuild's own process held at any time of a
/// run; cargo's is not in it.
pub fn peak_memory(command: &Command) -> Result<u64> {
    let mut std = command.to_std();
    std.stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut child = std.spawn()?;
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait()?.is_none() {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let high = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = high.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
        peak = peak.max(kib.unwrap_or_default() * 1024);
        std::thread::sleep(Duration::from_micros(200));
    }
    Ok(peak)
}
