//! One file from whichever mirror has it.

use std::io::{ErrorKind, Read};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::attempt::{self, Attempt, Reason};
use super::client::{self, Client};
use super::part::Part;
use super::progress::Progress;
use super::{BaseUrl, Mirrors, Wanted};
use crate::error::Result;

/// Before a mirror that failed in passing is asked once more.
const PAUSE: Duration = Duration::from_millis(500);

/// What all the files of one run share.
pub(super) struct Run<'a> {
    client: &'a Client,
    mirrors: &'a Mirrors,
    progress: &'a Progress,
    /// Mirrors that could not be reached; asked last from then on.
    unreachable: std::sync::Mutex<Vec<BaseUrl>>,
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
    pub fn new(client: &'a Client, mirrors: &'a Mirrors, progress: &'a Progress) -> Self {
        Run {
            client,
            mirrors,
            progress,
            unreachable: std::sync::Mutex::default(),
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
        for round in 0..2 {
            if round == 1 {
                attempts.retain(|attempt| {
                    !bases.contains(&attempt.mirror) || !attempt.reason.is_transient()
                });
            }
            for base in &bases {
                match self.ask(&mut part, wanted, &base.join(&wanted.path))? {
                    Ok(()) => {
                        part.finish()?;
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
            let transient = attempts
                .iter()
                .filter(|attempt| attempt.reason.is_transient());
            bases = transient.map(|attempt| attempt.mirror.clone()).collect();
            if round == 1 || bases.is_empty() {
                break;
            }
            std::thread::sleep(PAUSE);
        }
        part.abandon();
        Err(attempt::all_failed(wanted, &attempts))
    }

    fn note(&self, wanted: &Wanted, base: &BaseUrl, reason: &Reason) {
        match reason {
            Reason::WrongHash { .. } => self.progress.warn(format!(
                "{base} {reason} for `{}`; they were thrown away",
                wanted.name
            )),
            Reason::Unreachable(_) => {
                if let Ok(mut list) = self.unreachable.lock() {
                    list.push(base.clone());
                }
            }
            _ => {}
        }
    }

    /// The mirrors of a suite, those that could not be reached before last.
    fn ranked(&self, suite: &str) -> Vec<BaseUrl> {
        let bases = self.mirrors.bases(suite);
        let Ok(unreachable) = self.unreachable.lock() else {
            return bases;
        };
        let (last, first): (Vec<_>, Vec<_>) = bases
            .into_iter()
            .partition(|base| unreachable.contains(base));
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
