//! Realises an attribute of `default.nix`: builds what is missing, protects it
//! by a GC root and writes down what it is made of.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{ChildStderr, ExitStatus, Stdio};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde::Deserialize;

use super::Hold;
use super::event::{Event, Progress, name_of};
use super::failure::failure;
use super::find::Nix;
use super::state::{self, Realised};
use super::store_path::StorePath;
use crate::error::{Error, IoContext, Kind, Result};
use crate::process::Command;
use crate::terminal;

/// What is to be realised.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The folder that [`super::nix_sources`] wrote.
    pub sources: &'a Path,
    /// An attribute of its `default.nix`, quoted as Nix wants it.
    pub attr: &'a str,
    /// The name of the toolchain's folder, from everything it depends on.
    pub key: &'a str,
    /// What it is called on the terminal: `toolchain`, `runner`.
    pub what: &'a str,
    /// The project's packages, as `project.nix` takes them: the attribute is
    /// then one of that file's.
    pub lock: Option<&'a str>,
}

/// The shape of `nix build --json`, the same since Nix 2.8.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Built {
    pub drv_path: StorePath,
    pub outputs: Outputs,
}

#[derive(Deserialize)]
pub(super) struct Outputs {
    pub out: StorePath,
}

impl Nix {
    /// Realises it, unless all of it is there already, with progress on the
    /// terminal.
    ///
    /// # Errors
    /// Where a builder fails (with the end of its log), the sources do not
    /// evaluate, or the store cannot be written.
    pub fn realise(&self, hold: &Hold, request: &Request<'_>) -> Result<Realised> {
        if let Some(realised) = self.load(request.key) {
            return Ok(realised);
        }
        self.realise_anew(hold, request)
    }

    /// A toolchain that is whole, in this Nix's store.
    fn load(&self, key: &str) -> Option<Realised> {
        Realised::load(&self.folders, key).filter(|known| known.store() == self.root())
    }

    /// Realises it whatever is written down about it.
    pub(super) fn realise_anew(&self, _hold: &Hold, request: &Request<'_>) -> Result<Realised> {
        let mut realised = match self.build_and_describe(request) {
            // A path that Nix relied upon may be gone from the disk.
            Err(_) if self.is_own() && self.forget_vanished()? => {
                self.build_and_describe(request)?
            }
            other => other?,
        };
        let vanished: Vec<StorePath> = realised.vanished().cloned().collect();
        if !vanished.is_empty() {
            // Nix believes its database; the disk says otherwise.
            self.put_right(&vanished)?;
            realised = self.build_and_describe(request)?;
        }
        if let Some(path) = realised.vanished().next() {
            return Err(Error::new(
                Kind::Nix,
                format!(
                    "`{}` is not there though Nix built it",
                    self.physical(path).display()
                ),
            ));
        }
        realised.save(&self.folders, request.key)?;
        Ok(realised)
    }

    fn build_and_describe(&self, request: &Request<'_>) -> Result<Realised> {
        let root = state::root(&self.folders, request.key)?;
        let build = self
            .command("nix")
            .args(["build", "--json", "--log-format", "internal-json"])
            .arg("--out-link")
            .arg(&root);
        let build = match request.lock {
            None => build.arg("-f").arg(request.sources.join("default.nix")),
            Some(lock) => {
                let file = state::lock(&self.folders, request.key, lock)?;
                let project = request.sources.join("project.nix");
                let build = build.arg("-f").arg(project);
                build.args(["--argstr", "lock"]).arg(file)
            }
        };
        let build = build.arg(request.attr);
        let built = self.build(&build, request.what)?;
        let [built] = &built[..] else {
            return Err(Error::new(
                Kind::Internal,
                format!("`{}` is not one derivation", request.attr),
            ));
        };
        let out = built.outputs.out.clone();
        let closure = self.closure(&out)?;
        let sources = super::SOURCES_HASH;
        Ok(Realised::new(
            request.attr,
            out,
            closure,
            self.root(),
            sources,
        ))
    }

    /// Everything that a path needs at run time, itself included, sorted.
    fn closure(&self, out: &StorePath) -> Result<Vec<StorePath>> {
        let query = self
            .command("nix-store")
            .args(["--query", "--requisites"])
            .arg(out.to_string());
        let mut closure: Vec<StorePath> = self
            .output(&query)?
            .lines()
            .map(StorePath::parse)
            .collect::<Result<_>>()?;
        closure.sort();
        Ok(closure)
    }

    pub(super) fn build(&self, command: &Command, what: &str) -> Result<Vec<Built>> {
        terminal::verbose(command);
        let mut child = command
            .to_std()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|source| command.not_started(source))?;
        let log = child.stderr.take();
        let watcher = {
            let what = what.to_owned();
            std::thread::spawn(move || log.map(|log| watch(log, &what)).unwrap_or_default())
        };
        let mut json = Vec::new();
        if let Some(mut stdout) = child.stdout.take() {
            stdout
                .read_to_end(&mut json)
                .at("read from", command.program())?;
        }
        let status = child.wait().at("wait for", command.program())?;
        let progress = watcher.join().unwrap_or_default();
        if !status.success() {
            return Err(self.failure(status, &progress));
        }
        serde_json::from_slice(&json).map_err(|cause| {
            Error::new(Kind::Nix, "`nix build` printed something unknown").caused_by(cause)
        })
    }

    /// A failed build, with the end of the failing builder's log.
    fn failure(&self, status: ExitStatus, progress: &Progress) -> Error {
        let said = progress.errors().join("\n");
        let Some(drv) = progress.failed() else {
            return failure(format!("Nix failed ({status})"), said);
        };
        let log = progress.log(drv).join("\n");
        let message = format!("`{}` failed to build", name_of(drv));
        let show = self.command("nix-store").arg("--read-log").arg(drv);
        // A builder's own words may mean anything, but a full disk is one.
        let error = if log.contains("No space left") || log.is_empty() {
            failure(message, format!("{log}{said}"))
        } else {
            Error::new(Kind::Nix, message).caused_by(log)
        };
        error.hint(format!("the whole log: {show}"))
    }
}

/// Follows Nix's log to its end: a moving line on a terminal, otherwise one
/// line a derivation.
fn watch(log: ChildStderr, what: &str) -> Progress {
    let mut progress = Progress::default();
    // From the start, since Nix may also wait for another run's build.
    let bar = terminal::progress_is_drawn().then(|| new_bar(what));
    for line in BufReader::new(log).split(b'\n') {
        let Ok(line) = line else { break };
        let event = Event::parse(&String::from_utf8_lossy(&line));
        if let (Event::Line { text, .. }, true) = (&event, terminal::verbosity() >= 2) {
            terminal::verbose(text);
        }
        let Some(step) = progress.take(event) else {
            continue;
        };
        let message = format!("{what:<18} {step}");
        match &bar {
            Some(bar) => bar.set_message(terminal::Plain(message).to_string()),
            None => terminal::status("Realising", message),
        }
    }
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    progress
}

fn new_bar(what: &str) -> ProgressBar {
    let bar = terminal::progress().add(ProgressBar::new_spinner());
    let label = terminal::label_of_progress();
    if let Ok(style) = ProgressStyle::with_template(&format!("{label} {{wide_msg}} {{elapsed}}")) {
        bar.set_style(style);
    }
    bar.set_prefix("Realising");
    bar.set_message(what.to_owned());
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}
