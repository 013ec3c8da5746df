//! One thing that would bite, or that is worth knowing. [pure]

use std::path::PathBuf;

use serde::Serialize;

use crate::error::{Error, Kind, Result};

/// What a finding is about; the names are stable, `docs/troubleshooting.md` has
/// a line for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Topic {
    /// A library that the target's system would have to bring.
    SystemLibrary,
    /// A build script that asks the machine it runs on for the target.
    BuildScript,
    /// A file that is not there, or not in the shell.
    DataFile,
    /// Code for other processors than the target's own.
    Processor,
    /// A linker or compiler of somebody else's.
    Linker,
    /// A program that was built already.
    Artefact,
    /// A glibc that is older than the floor.
    Glibc,
    /// What is to be locked is not.
    Lock,
    /// The hermetic shell cannot be made.
    Shell,
    /// Space, and what the file system can.
    Disk,
    Nix,
    Network,
    /// What somebody saw elsewhere.
    Said,
}

impl Topic {
    pub const ALL: [Topic; 13] = [
        Topic::SystemLibrary,
        Topic::BuildScript,
        Topic::DataFile,
        Topic::Processor,
        Topic::Linker,
        Topic::Artefact,
        Topic::Glibc,
        Topic::Lock,
        Topic::Shell,
        Topic::Disk,
        Topic::Nix,
        Topic::Network,
        Topic::Said,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Topic::SystemLibrary => "system-library",
            Topic::BuildScript => "build-script",
            Topic::DataFile => "data-file",
            Topic::Processor => "processor",
            Topic::Linker => "linker",
            Topic::Artefact => "artefact",
            Topic::Glibc => "glibc",
            Topic::Lock => "lock",
            Topic::Shell => "shell",
            Topic::Disk => "disk",
            Topic::Nix => "nix",
            Topic::Network => "network",
            Topic::Said => "said",
        }
    }

    /// Reads a name.
    ///
    /// # Errors
    /// `Kind::Usage` for a name of none.
    pub fn parse(name: &str) -> Result<Topic> {
        let known = Topic::ALL.into_iter().find(|topic| topic.name() == name);
        known.ok_or_else(|| {
            let names = Topic::ALL.map(Topic::name).join(", ");
            Error::new(
                Kind::Usage,
                format!("nothing that doctor finds is called `{name}`"),
            )
            .hint(format!("they are {names}"))
        })
    }
}

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weight {
    /// A build, a test or a program would fail of it.
    Bites,
    /// It may be right as it is.
    Note,
}

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Spot {
    pub file: PathBuf,
    /// From 1; none for a file as a whole.
    pub line: Option<usize>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub topic: Topic,
    pub weight: Weight,
    pub spot: Option<Spot>,
    /// A lowercase fragment.
    pub message: String,
    /// The remedy, with something to paste; none where the message has all.
    pub hint: Option<String>,
}

impl Finding {
    pub fn bites(topic: Topic, message: impl Into<String>) -> Self {
        Finding {
            topic,
            weight: Weight::Bites,
            spot: None,
            message: message.into(),
            hint: None,
        }
    }

    pub fn note(topic: Topic, message: impl Into<String>) -> Self {
        Finding {
            weight: Weight::Note,
            ..Finding::bites(topic, message)
        }
    }

    /// An error that would stop a build, with its first remedy.
    pub fn of_error(topic: Topic, error: &Error) -> Self {
        let finding = Finding::bites(topic, error.to_string());
        match error.hints().first() {
            Some(hint) => finding.hint(hint),
            None => finding,
        }
    }

    #[must_use]
    pub fn at(mut self, file: impl Into<PathBuf>, line: Option<usize>) -> Self {
        let file = file.into();
        self.spot = Some(Spot { file, line });
        self
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}
