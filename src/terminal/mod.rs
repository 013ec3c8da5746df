//! The one writer to the terminal: talk on stderr, data on stdout.
//!
//! Invariant: nothing but this module's own styles steers a terminal. Whatever
//! is said passes through [`Plain`], since names in it are others'; but for what
//! cargo itself says there, by [`pass_on`].

mod plain;

use std::fmt::Display;
use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicI8, Ordering};

use anstream::ColorChoice;
use anstyle::{AnsiColor, Style};
use indicatif::{MultiProgress, ProgressDrawTarget};

use crate::error::Error;

pub use plain::Plain;

/// When there is colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set; elsewhere with `CLICOLOR_FORCE`.
    Auto,
    Always,
    Never,
}

impl Color {
    pub const NAMES: [&'static str; 3] = ["auto", "always", "never"];

    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "auto" => Some(Color::Auto),
            "always" => Some(Color::Always),
            "never" => Some(Color::Never),
            _ => None,
        }
    }

    pub const fn name(self) -> &'static str {
        match self {
            Color::Auto => "auto",
            Color::Always => "always",
            Color::Never => "never",
        }
    }
}

/// Decides about colour for everything that is said from now on.
pub fn set_color(color: Color) {
    let choice = match color {
        Color::Auto => ColorChoice::Auto,
        Color::Always => ColorChoice::Always,
        Color::Never => ColorChoice::Never,
    };
    choice.write_global();
}

/// What was decided about colour, where it was.
pub fn color() -> Color {
    match ColorChoice::global() {
        ColorChoice::Auto => Color::Auto,
        ColorChoice::Always | ColorChoice::AlwaysAnsi => Color::Always,
        ColorChoice::Never => Color::Never,
    }
}

/// The beginning of a moving line: indicatif's template of what [`status`]
/// says first.
pub fn label_of_progress() -> &'static str {
    match anstream::AutoStream::choice(&std::io::stderr()) {
        ColorChoice::Never => "{prefix:>12}",
        _ => "{prefix:>12.green.bold}",
    }
}

static VERBOSITY: AtomicI8 = AtomicI8::new(0);

/// Sets how much is said: -1 is errors only, 0 normal, 1 commands, 2 all.
pub fn set_verbosity(level: i8) {
    VERBOSITY.store(level, Ordering::Relaxed);
}

pub fn verbosity() -> i8 {
    VERBOSITY.load(Ordering::Relaxed)
}

/// One line of talk in cargo's manner: a right-aligned verb and what it is about.
pub fn status(verb: &str, message: impl Display) {
    if verbosity() >= 0 {
        line(AnsiColor::Green.on_default().bold(), verb, 12, message);
    }
}

/// A fact that the user may want to act on.
pub fn note(message: impl Display) {
    if verbosity() >= 0 {
        say(AnsiColor::Cyan.on_default().bold(), "note", message);
    }
}

pub fn warning(message: impl Display) {
    if verbosity() >= 0 {
        say(AnsiColor::Yellow.on_default().bold(), "warning", message);
    }
}

/// Said only with `-v`: a command that can be pasted, for example.
pub fn verbose(message: impl Display) {
    if verbosity() >= 1 {
        let _ = writeln!(anstream::stderr(), "{}", Plain(message));
    }
}

/// An error, its causes and its remedies.
pub fn error(error: &Error) {
    say(AnsiColor::Red.on_default().bold(), "error", error);
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        let text = cause.to_string().replace('\n', "\n         ");
        let _ = writeln!(anstream::stderr(), "  cause: {}", Plain(text));
        source = cause.source();
    }
    for text in error.hints() {
        hint(text);
    }
}

/// A remedy for what was just said.
pub fn hint(text: impl Display) {
    let text = text.to_string().replace('\n', "\n         ");
    line(AnsiColor::Cyan.on_default().bold(), "hint:", 7, text);
}

/// Talk that is laid out already: a report, line by line.
pub fn talk(text: impl Display) {
    let _ = write!(anstream::stderr(), "{}", Plain(text));
}

/// What a command in the shell wrote for the terminal, as it stands: cargo's
/// colours and progress bars.
pub fn pass_on(bytes: &[u8]) {
    let _ = std::io::stderr().write_all(bytes);
}

/// A report for people on standard output.
pub fn report(text: impl Display) {
    let _ = write!(anstream::stdout(), "{}", Plain(text));
}

/// Whether somebody is there to answer a question.
pub fn can_ask() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Asks, and waits for a line; none where the answers have ended.
pub fn ask(question: impl Display) -> Option<String> {
    let mut stderr = anstream::stderr();
    let _ = write!(stderr, "{}", Plain(question));
    let _ = stderr.flush();
    let mut line = String::new();
    match std::io::stdin().read_line(&mut line) {
        Ok(0) | Err(_) => None,
        Ok(_) => Some(line.trim().to_owned()),
    }
}

/// Data for whoever reads standard output: to a program as it is, to a person
/// as a report. A closed pipe is not an error.
pub fn data(text: impl Display) {
    if std::io::stdout().is_terminal() {
        report(text);
    } else {
        let _ = write!(std::io::stdout(), "{text}");
    }
}

/// Where progress is drawn: on a terminal's stderr, otherwise nowhere.
pub fn progress() -> MultiProgress {
    let target = if progress_is_drawn() {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    };
    MultiProgress::with_draw_target(target)
}

/// Whether bars are drawn; otherwise a stage says one line.
pub fn progress_is_drawn() -> bool {
    verbosity() >= 0 && std::io::stderr().is_terminal() && crate::host::var("CI").is_none()
}

fn say(style: Style, label: &str, message: impl Display) {
    let _ = writeln!(
        anstream::stderr(),
        "{style}{label}{style:#}: {}",
        Plain(message)
    );
}

fn line(style: Style, label: &str, width: usize, message: impl Display) {
    let _ = writeln!(
        anstream::stderr(),
        "{style}{label:>width$}{style:#} {}",
        Plain(message)
    );
}
