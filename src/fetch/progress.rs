//! What is seen of a download: one moving line on a terminal, two fixed ones
//! elsewhere.

use std::fmt;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::terminal;

/// Files and bytes on their way.
pub(super) struct Progress {
    bar: ProgressBar,
    /// Keeps the bar's place on the terminal.
    _lines: MultiProgress,
    what: String,
    started: Instant,
}

impl Progress {
    /// Says what is about to be fetched.
    pub fn start(files: usize, bytes: u64) -> Self {
        let noun = if files == 1 { "package" } else { "packages" };
        let what = format!("{files} {noun}, {}", Bytes(bytes));
        let lines = terminal::progress();
        let bar = lines.add(ProgressBar::new(bytes));
        if terminal::progress_is_drawn() {
            // Within 80 columns, whatever the figures.
            let label = terminal::label_of_progress();
            let template = "{msg}  [{bar:14}] {bytes}  {speed}  {eta} left";
            if let Ok(style) = ProgressStyle::with_template(&format!("{label} {template}")) {
                bar.set_style(style_with_units(style).progress_chars("=> "));
            }
            bar.set_prefix("Fetching");
            bar.set_message(what.clone());
            bar.enable_steady_tick(Duration::from_millis(100));
        } else {
            terminal::status("Fetching", &what);
        }
        Progress {
            bar,
            _lines: lines,
            what,
            started: Instant::now(),
        }
    }

    pub fn add(&self, bytes: u64) {
        self.bar.inc(bytes);
    }

    /// For bytes that were thrown away.
    pub fn take_back(&self, bytes: u64) {
        self.bar.dec(bytes);
    }

    /// Says something without tearing the moving line.
    pub fn warn(&self, message: impl fmt::Display) {
        self.bar.suspend(|| terminal::warning(message));
    }

    /// Ends with a line that stays.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
        let seconds = self.started.elapsed().as_secs_f64();
        terminal::status("Fetched", format!("{} in {seconds:.1} s", self.what));
    }

    /// Ends without one, where an error follows.
    pub fn stop(&self) {
        self.bar.finish_and_clear();
    }
}

fn style_with_units(style: ProgressStyle) -> ProgressStyle {
    style
        .with_key(
            "bytes",
            |state: &indicatif::ProgressState, out: &mut dyn fmt::Write| {
                let _ = write!(out, "{}", Bytes(state.pos()));
            },
        )
        .with_key(
            "speed",
            |state: &indicatif::ProgressState, out: &mut dyn fmt::Write| {
                let _ = write!(out, "{}/s", Bytes(state.per_sec() as u64));
            },
        )
        .with_key(
            "eta",
            |state: &indicatif::ProgressState, out: &mut dyn fmt::Write| {
                let _ = write!(out, "{} s", state.eta().as_secs());
            },
        )
}

/// A number of bytes in decimal units, as download sizes are given.
pub(super) struct Bytes(pub u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.0 as f64;
        match self.0 {
            0..1_000 => write!(f, "{} B", self.0),
            1_000..1_000_000 => write!(f, "{:.0} kB", bytes / 1e3),
            1_000_000..10_000_000 => write!(f, "{:.1} MB", bytes / 1e6),
            10_000_000..1_000_000_000 => write!(f, "{:.0} MB", bytes / 1e6),
            _ => write!(f, "{:.1} GB", bytes / 1e9),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_have_their_unit() {
        let table = [
            (0, "0 B"),
            (999, "999 B"),
            (4_200, "4 kB"),
            (1_250_000, "1.2 MB"),
            (176_400_000, "176 MB"),
            (2_340_000_000, "2.3 GB"),
        ];
        for (bytes, expected) in table {
            assert_eq!(Bytes(bytes).to_string(), expected);
        }
    }
}
