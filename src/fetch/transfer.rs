//! One file from whichever mirror has it.

use std::io::{ErrorKind, Read};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::attempt::{self, Attempt, Reason};
use super::client::{self, Client};
use super::part::Part;
use super::progress::Progress;
use super::{BaseUrl, Mirrors, Wanted};
use crate::error::Result;

/// How often, and how soon, a mirror that failed in passing is asked again.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// How many times after the first.
    pub again: u32,
    /// Before the second time; doubled each time after that.
    pub pause: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Patience {
            again: 4,
            pause: Duration::from_millis(500),
        }
    }
}

impl Patience {
    fn pauses(self) -> impl Iterator<Item = Duration> {
        (0..self.again).map(move |round| self.pause * 2u32.saturating_pow(round))
    }
}

/// What all the files of one run share.
pub(super) struct Run<'a> {
    client: &'a Client,
    mirrors: &'a Mirrors,
    progress: &'a Progress,
    patience: Patience,
    /// Mirrors that gave something.
    reached: Mutex<Vec<BaseUrl>>,
    /// Mirrors that could not be reached so far; asked last from then on.
    unreachable: Mutex<Vec<BaseUrl>>,
    stop: AtomicBool,
}

/// How the transfer of one file ended, apart from errors.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Done,
    /// Another file's failure has ended the run.
    Stopped,
}

impl<'a> Run<'a> {
    pub fn new(
        client: &'a Client,
        mirrors: &'a Mirrors,
        progress: &'a Progress,
        patience: Patience,
    ) -> Self {
        Run {
            client,
            mirrors,
            progress,
            patience,
            reached: Mutex::default(),
            unreachable: Mutex::default(),
            stop: AtomicBool::new(false),
        }
    }

    /// Makes all transfers end soon; what they have is kept for later.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    pub fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Brings a file to its place.
    ///
    /// # Errors
    /// Where no mirror gave the right bytes, or the disk refuses them.
    pub fn obtain(&self, wanted: &Wanted, target: &Path) -> Result<Outcome> {
        let Some(mut part) = Part::open(target, wanted.size)? else {
            self.progress.add(wanted.size);
            return Ok(Outcome::Done);
        };
        self.progress.add(part.len());
        let mut attempts: Vec<Attempt> = Vec::new();
        let mut bases = self.ranked(&wanted.suite);
        let mut pauses = self.patience.pauses();
        loop {
            attempts.retain(|attempt| !bases.contains(&attempt.mirror));
            for base in &bases {
                match self.ask(&mut part, wanted, &base.join(&wanted.path))? {
                    Ok(()) => {
                        part.finish()?;
                        self.remember(&self.reached, base);
                        return Ok(Outcome::Done);
                    }
                    Err(_) if self.is_stopped() => {
                        part.abandon();
                        return Ok(Outcome::Stopped);
                    }
                    Err(reason) => {
                        self.note(wanted, base, &reason);
                        attempts.push(Attempt {
                            mirror: base.clone(),
                            reason,
                        });
                    }
                }
            }
            let again = attempts.iter().filter(|attempt| self.may_pass(attempt));
            bases = again.map(|attempt| attempt.mirror.clone()).collect();
            let Some(pause) = pauses.next().filter(|_| !bases.is_empty()) else {
                break;
            };
            if !self.sleep(pause) {
                part.abandon();
                return Ok(Outcome::Stopped);
            }
        }
        part.abandon();
        Err(attempt::all_failed(
            wanted,
            &attempts,
            self.mirrors.remedy(),
        ))
    }

    /// Whether a failure may be over soon. A host that was reached before has
    /// not gone for good when one connection to it fails; one that never was
    /// reached is most likely not there.
    fn may_pass(&self, attempt: &Attempt) -> bool {
        match attempt.reason {
            Reason::Unreachable(_) => self.recalls(&self.reached, &attempt.mirror),
            _ => attempt.reason.is_transient(),
        }
    }

    /// Waits, but not past the end of the run; false where it has ended.
    fn sleep(&self, pause: Duration) -> bool {
        let end = Instant::now() + pause;
        while !self.is_stopped() {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return true;
            }
            std::thread::sleep(left.min(Duration::from_millis(100)));
        }
        false
    }

    fn remember(&self, list: &Mutex<Vec<BaseUrl>>, base: &BaseUrl) {
        if let Ok(mut list) = list.lock()
            && !list.contains(base)
        {
            list.push(base.clone());
        }
    }

    fn recalls(&self, list: &Mutex<Vec<BaseUrl>>, base: &BaseUrl) -> bool {
        list.lock().is_ok_and(|list| list.contains(base))
    }

    fn note(&self, wanted: &Wanted, base: &BaseUrl, reason: &Reason) {
        match reason {
            Reason::WrongHash { .. } => self.progress.warn(format!(
                "{base} {reason} for `{}`; they were thrown away",
                wanted.name
            )),
            Reason::Unreachable(_) if !self.recalls(&self.reached, base) => {
                self.remember(&self.unreachable, base);
            }
            _ => {}
        }
    }

    /// The mirrors of a suite, those that could not be reached before last.
    fn ranked(&self, suite: &str) -> Vec<BaseUrl> {
        let bases = self.mirrors.bases(suite);
        let (last, first): (Vec<_>, Vec<_>) = bases
            .into_iter()
            .partition(|base| self.recalls(&self.unreachable, base));
        first.into_iter().chain(last).collect()
    }

    /// Fills the part from one mirror and compares its hash. A part that was
    /// begun elsewhere and turns out wrong is no proof against this mirror:
    /// then the whole is asked of it once.
    fn ask(
        &self,
        part: &mut Part,
        wanted: &Wanted,
        url: &str,
    ) -> Result<std::result::Result<(), Reason>> {
        loop {
            let begun = part.len();
            let whole = begun > 0 && begun == wanted.size;
            if !whole && let Err(reason) = self.pour(part, wanted, url)? {
                return Ok(Err(reason));
            }
            let got = part.sha256();
            if got == wanted.sha256 {
                return Ok(Ok(()));
            }
            self.clear(part)?;
            if begun == 0 {
                return Ok(Err(Reason::WrongHash { got }));
            }
        }
    }

    /// Appends what is missing, never more. Bytes of a broken transfer stay.
    fn pour(
        &self,
        part: &mut Part,
        wanted: &Wanted,
        url: &str,
    ) -> Result<std::result::Result<(), Reason>> {
        let mut answer = match self.client.get(url, part.len()) {
            Ok(answer) => answer,
            Err(reason) => return Ok(Err(reason)),
        };
        let resumes = answer.status == 206 && answer.from == Some(part.len());
        if part.len() > 0 && matches!(answer.status, 200 | 206 | 416) && !resumes {
            self.clear(part)?;
            // A 200 has the whole file, from a server without ranges; after
            // another range, or none, the whole is asked for plainly.
            if answer.status != 200 {
                answer = match self.client.get(url, 0) {
                    Ok(answer) => answer,
                    Err(reason) => return Ok(Err(reason)),
                };
            }
        }
        if !(answer.status == 200 || resumes) {
            return Ok(Err(Reason::Status(answer.status)));
        }
        let expected = wanted.size;
        let announced = answer.length.map(|rest| part.len().saturating_add(rest));
        if let Some(got) = announced.filter(|got| *got != expected) {
            return Ok(Err(Reason::WrongSize { got, expected }));
        }
        let mut buffer = vec![0; 64 * 1024];
        loop {
            if self.is_stopped() {
                return Ok(Err(Reason::Broken("another download failed".to_owned())));
            }
            let count = match answer.body.read(&mut buffer) {
                Ok(count) => count,
                // The connection ended before the announced length.
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => 0,
                Err(error) => return Ok(Err(client::reason(error.into()))),
            };
            let got = part.len() + count as u64;
            if count == 0 && got < expected {
                return Ok(Err(Reason::Truncated { got, expected }));
            }
            if count == 0 {
                return Ok(Ok(()));
            }
            if got > expected {
                self.clear(part)?;
                return Ok(Err(Reason::WrongSize { got, expected }));
            }
            part.append(&buffer[..count])?;
            self.progress.add(count as u64);
        }
    }

    fn clear(&self, part: &mut Part) -> Result<()> {
        self.progress.take_back(part.len());
        part.clear()
    }
}
