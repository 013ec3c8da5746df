//! What is known of the machines that programs are deployed to: releases of
//! distributions, boards, processors, and what a machine says of itself. [pure]
//!
//! The facts are data, `releases.json` and `machines.json`, with their source
//! and date.

mod line;
mod machine;
mod names;
mod processor;
mod release;
mod said;
#[cfg(test)]
mod tests;

use std::fmt;

use crate::target::Floor;

pub use machine::Machine;
pub use names::{all_names, groups, named};
pub use processor::Processor;
pub use release::runs_on;
pub use said::said;

/// A version of the Linux kernel, as far as programs ask for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kernel {
    major: u32,
    minor: u32,
}

impl Kernel {
    pub const fn new(major: u32, minor: u32) -> Self {
        Kernel { major, minor }
    }

    /// Reads the beginning of what `uname -r` prints: `5.10.0-28-amd64`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.split(|c: char| !c.is_ascii_digit());
        let mut number = || numbers.next()?.parse().ok();
        Some(Kernel::new(number()?, number()?))
    }
}

impl fmt::Display for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// A place that a program is to run at, as far as its C library goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// It has this glibc.
    Glibc { name: String, glibc: Floor },
    /// It has musl, and no glibc.
    Musl { name: String },
    /// It has the glibc of its last update.
    Rolling { name: String },
    /// Its glibc and loader are not where other distributions have them.
    Apart { name: String },
    /// Any Linux, also one with no C library.
    Any,
    /// Nothing is known of it here.
    Unknown { name: String },
}

/// Another system than Linux.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum System {
    Windows,
    MacOs,
    Android,
    Bsd,
}

impl System {
    pub const fn name(self) -> &'static str {
        match self {
            System::Windows => "Windows",
            System::MacOs => "macOS",
            System::Android => "Android",
            System::Bsd => "BSD",
        }
    }
}

/// All that was said of where a program is to run, from flags, answers and
/// what machines print.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wanted {
    pub places: Vec<Place>,
    pub processors: Vec<&'static Processor>,
    /// Kernels that are there: the name of the place, and the version.
    pub kernels: Vec<(String, Kernel)>,
    pub systems: Vec<System>,
    /// What was concluded from what was said, a sentence each.
    pub notes: Vec<String>,
}

impl Wanted {
    /// Both together.
    #[must_use]
    pub fn and(mut self, other: Wanted) -> Self {
        self.places.extend(other.places);
        self.kernels.extend(other.kernels);
        self.notes.extend(other.notes);
        for processor in other.processors {
            self.add(processor);
        }
        for system in other.systems {
            if !self.systems.contains(&system) {
                self.systems.push(system);
            }
        }
        self
    }

    /// Adds a processor, if it is not there.
    pub fn add(&mut self, processor: &'static Processor) {
        if !self.processors.contains(&processor) {
            self.processors.push(processor);
        }
    }

    pub fn is_empty(&self) -> bool {
        self.places.is_empty() && self.processors.is_empty() && self.systems.is_empty()
    }
}
