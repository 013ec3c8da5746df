//! Cargo's command line, read but left as it is: what is xbuild's own is taken
//! out, what must hold inside the shell is set aside, the rest passes. [pure]

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

use super::Verb;
use super::options::{self, Takes};
use crate::config::FlagLayer;
use crate::error::{Error, Kind, Result};

/// Flags of xbuild that may stand among cargo's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnFlags {
    pub isolation: Option<String>,
    pub allow: Vec<String>,
    pub mirrors: Vec<String>,
    pub nix: Option<String>,
    /// Who runs the tests.
    pub runner: Option<String>,
    /// How many test programs run at once, as typed.
    pub test_jobs: Option<String>,
    /// The report's format.
    pub format: Option<String>,
}

/// What `--message-format` asks of cargo's standard output.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum MessageFormat {
    /// Nothing: diagnostics for people.
    #[default]
    Human,
    /// Diagnostics of one line.
    Short,
    /// JSON in some form, as typed: it is the user's to read.
    Json(String),
}

/// A command line of cargo, taken apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CargoArgs {
    /// Cargo's options, as typed and in their order, without those that have
    /// a field marked *removed* here.
    pub options: Vec<OsString>,
    /// What goes to the program, the test harness or rustc: all behind `--`.
    pub program: Vec<OsString>,
    /// *Removed.* Targets as typed, glibc floors included.
    pub targets: Vec<String>,
    /// *Removed.* A path on the host.
    pub manifest_path: Option<PathBuf>,
    /// *Removed.* A path on the host.
    pub target_dir: Option<PathBuf>,
    /// *Removed.*
    pub message_format: MessageFormat,
    /// *Removed.* `install --path`, on the host.
    pub install_path: Option<PathBuf>,
    /// *Removed.* `install --root`, on the host.
    pub install_root: Option<PathBuf>,
    /// *Removed.*
    pub own: OwnFlags,
    /// The profile's name, where one was chosen.
    pub profile: Option<String>,
    /// `-p`, as typed.
    pub packages: Vec<String>,
    pub offline: bool,
    pub locked: bool,
    pub frozen: bool,
    pub help: bool,
    pub no_run: bool,
    pub no_fail_fast: bool,
    /// `--doc` of `cargo test`.
    pub doc_tests_only: bool,
    /// Whether `--bin` or `--example` chose what is built.
    pub names_a_binary: bool,
    pub quiet: bool,
    pub verbose: u8,
    pub color: Option<String>,
    /// `--config`, as typed.
    pub config: Vec<OsString>,
    /// The values of `-Z`, as typed.
    pub unstable: Vec<OsString>,
    /// Who runs the tests in cargo's place.
    pub run_by: Option<RunBy>,
}

/// The command of a runner that takes cargo's place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunBy {
    /// The words behind `cargo`.
    pub command: Vec<OsString>,
    /// Its options, as typed.
    pub options: Vec<OsString>,
}

/// Reads the words behind a verb.
///
/// # Errors
/// `Kind::Usage` for `+toolchain`, a missing value, and an `install` of
/// anything but a path.
pub fn split_args(verb: Verb, raw: &[OsString]) -> Result<CargoArgs> {
    let mut args = CargoArgs::default();
    let mut words = Words(raw);
    if let Some(word) = raw.first() {
        reject_toolchain(word)?;
    }
    while let Some(word) = words.next() {
        let bytes = word.as_bytes();
        if bytes == b"--" {
            args.program = words.0.to_vec();
            break;
        } else if bytes.starts_with(b"--") {
            args.long(verb, word, &mut words)?;
        } else if bytes.len() > 1 && bytes[0] == b'-' {
            args.cluster(word, &mut words);
        } else if matches!(verb, Verb::Run | Verb::Rustc) {
            // Cargo hands the first free word and all behind it to the program.
            args.program = [std::slice::from_ref(word), words.0].concat();
            break;
        } else {
            args.options.push(word.clone());
        }
    }
    if verb == Verb::Install && args.install_path.is_none() && !args.help {
        let message = "`xbuild install` builds a package from a folder";
        return Err(Error::new(Kind::Usage, message).hint("xbuild install --path ."));
    }
    Ok(args)
}

/// Refuses rustup's `+toolchain`: the toolchain is pinned.
///
/// # Errors
/// `Kind::Usage` for a word that begins with `+`.
pub fn reject_toolchain(word: &OsStr) -> Result<()> {
    if !word.as_bytes().starts_with(b"+") {
        return Ok(());
    }
    let word = word.to_string_lossy();
    let message = format!("`{word}` chooses a toolchain of rustup, which xbuild does not use");
    Err(Error::new(Kind::Usage, message).hint(format!(
        "leave `{word}` out: `xbuild toolchain` shows what is pinned instead"
    )))
}

impl CargoArgs {
    /// What the command line says of the configuration.
    pub fn flags(&self) -> FlagLayer {
        FlagLayer {
            targets: self.targets.clone(),
            allow: self.own.allow.clone(),
            mirrors: self.own.mirrors.clone(),
            isolation: self.own.isolation.clone(),
            nix: self.own.nix.clone(),
            runner: self.own.runner.clone(),
            test_jobs: self.own.test_jobs.clone(),
        }
    }

    /// `-Z` as every run of cargo for the same command line gets it.
    pub fn unstable_words(&self) -> impl Iterator<Item = OsString> {
        let words = |value: &OsString| ["-Z".into(), value.clone()];
        self.unstable.iter().flat_map(words)
    }

    /// The same command line for a runner in cargo's place, which gets the
    /// options as they were typed; cargo builds by `building`.
    ///
    /// # Errors
    /// Where these cannot be read.
    pub fn run_by(self, command: Vec<OsString>, building: &[OsString]) -> Result<Self> {
        let read = split_args(Verb::Test, building)?;
        // The shell has no network, and what these forbid cargo has been
        // forbidden already; not every runner knows them.
        let said =
            |word: &OsString| word == "--offline" || word == "--locked" || word == "--frozen";
        let options = self.options.into_iter().filter(|word| !said(word));
        Ok(CargoArgs {
            profile: read.profile,
            packages: read.packages,
            doc_tests_only: false,
            options: read.options,
            run_by: Some(RunBy {
                command,
                options: options.collect(),
            }),
            ..self
        })
    }

    fn long(&mut self, verb: Verb, word: &OsString, words: &mut Words<'_>) -> Result<()> {
        let install = verb == Verb::Install;
        let (name, inline) = split_name(word);
        let takes = options::long(&name, install);
        let removed = options::REMOVED.contains(&&*name)
            || install && options::REMOVED_FROM_INSTALL.contains(&&*name);
        let follows = inline.is_none();
        let value = inline.or_else(|| words.value(takes));
        if removed {
            let value = value.ok_or_else(|| missing(&name))?;
            return self.set_aside(&name, value);
        }
        self.options.push(word.clone());
        if follows {
            self.options.extend(value.clone());
        }
        self.remember(&name, value);
        Ok(())
    }

    /// Keeps the value of an option that is removed.
    fn set_aside(&mut self, name: &str, value: OsString) -> Result<()> {
        let text = |value: OsString| {
            value.into_string().map_err(|value| {
                let value = value.to_string_lossy();
                Error::new(
                    Kind::Usage,
                    format!("the value of `{name}`, `{value}`, is not UTF-8"),
                )
            })
        };
        match name {
            "--allow" => self.own.allow.push(text(value)?),
            "--format" => self.own.format = Some(text(value)?),
            "--isolation" => self.own.isolation = Some(text(value)?),
            "--mirror" => self.own.mirrors.push(text(value)?),
            "--nix" => self.own.nix = Some(text(value)?),
            "--runner" => self.own.runner = Some(text(value)?),
            "--test-jobs" => self.own.test_jobs = Some(text(value)?),
            "--manifest-path" => self.manifest_path = Some(value.into()),
            "--target-dir" => self.target_dir = Some(value.into()),
            "--path" => self.install_path = Some(value.into()),
            "--root" => self.install_root = Some(value.into()),
            "--message-format" => self.message_format.add(&text(value)?),
            _ => {
                let target = text(value)?;
                if target.is_empty() || target.starts_with('-') {
                    return Err(missing(name));
                }
                self.targets.push(target);
            }
        }
        Ok(())
    }

    /// Notes what an option means that cargo gets as well.
    fn remember(&mut self, name: &str, value: Option<OsString>) {
        let text = || {
            value
                .as_ref()
                .map(|value| value.to_string_lossy().into_owned())
        };
        match name {
            "--color" => self.color = text(),
            "--config" => self.config.extend(value),
            "-Z" => self.unstable.extend(value),
            "--profile" => self.profile = text(),
            "--debug" => self.profile = Some("dev".into()),
            "--release" | "-r" => self.profile = Some("release".into()),
            "--package" | "-p" => self.packages.extend(text()),
            "--offline" => self.offline = true,
            "--locked" => self.locked = true,
            "--frozen" => self.frozen = true,
            "--help" | "-h" => self.help = true,
            "--no-run" => self.no_run = true,
            "--no-fail-fast" => self.no_fail_fast = true,
            "--doc" => self.doc_tests_only = true,
            "--bin" | "--bins" | "--example" | "--examples" => self.names_a_binary = true,
            "--quiet" | "-q" => self.quiet = true,
            "--verbose" | "-v" => self.verbose += 1,
            _ => {}
        }
    }

    /// Reads short options: `-v`, `-qr`, `-j4`, `-p=name`, `-F a`.
    fn cluster(&mut self, word: &OsString, words: &mut Words<'_>) {
        self.options.push(word.clone());
        let text = word.to_string_lossy();
        for (at, letter) in text.char_indices().skip(1) {
            let name = format!("-{letter}");
            let takes = options::short(letter);
            if takes == Takes::Nothing {
                self.remember(&name, None);
                continue;
            }
            let inline = &text[at + letter.len_utf8()..];
            let value = if inline.is_empty() {
                let value = words.value(takes);
                self.options.extend(value.clone());
                value
            } else {
                Some(inline.strip_prefix('=').unwrap_or(inline).into())
            };
            self.remember(&name, value);
            return;
        }
    }
}

impl MessageFormat {
    /// Adds a value of `--message-format`; cargo lets several add up, and has
    /// them parted by commas as well.
    fn add(&mut self, text: &str) {
        *self = match (&*self, text.to_ascii_lowercase().as_str()) {
            (MessageFormat::Json(before), _) => MessageFormat::Json(format!("{before},{text}")),
            (_, "human") => MessageFormat::Human,
            (_, "short") => MessageFormat::Short,
            (_, _) => MessageFormat::Json(text.to_owned()),
        };
    }
}

/// The words that are still to be read.
struct Words<'a>(&'a [OsString]);

impl<'a> Words<'a> {
    fn next(&mut self) -> Option<&'a OsString> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(first)
    }

    /// The value of an option, where the next word is one.
    fn value(&mut self, takes: Takes) -> Option<OsString> {
        let next = self.0.first()?.as_bytes();
        let is_value = match takes {
            Takes::Nothing => false,
            Takes::Value => next != b"--",
            Takes::MaybeValue => !next.starts_with(b"-"),
        };
        if is_value { self.next().cloned() } else { None }
    }
}

/// Parts `--name=value`.
fn split_name(word: &OsStr) -> (String, Option<OsString>) {
    let bytes = word.as_bytes();
    let (name, value) = match bytes.iter().position(|byte| *byte == b'=') {
        Some(at) => (
            &bytes[..at],
            Some(OsString::from_vec(bytes[at + 1..].to_vec())),
        ),
        None => (bytes, None),
    };
    (String::from_utf8_lossy(name).into_owned(), value)
}

fn missing(name: &str) -> Error {
    let error = Error::new(Kind::Usage, format!("`{name}` wants a value"));
    match name {
        "--target" => error.hint("`xbuild targets` lists what there is"),
        _ => error,
    }
}
