//! Boards and servers that people know by name. [pure]

use std::sync::LazyLock;

use serde::Deserialize;

use super::processor::Processor;

/// A board, or the processor of a server.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Machine {
    pub name: String,
    /// Its chip and the core in it.
    pub chip: String,
    /// What people type, without dashes and spaces.
    names: Vec<String>,
    processor: String,
    /// The processor that a system of 32 bits makes of it.
    #[serde(default)]
    also: Option<String>,
    /// How `/proc/device-tree/model` begins.
    #[serde(default)]
    models: Vec<String>,
}

/// The file; its source and date are for who reads it.
#[derive(Deserialize, Default)]
struct File {
    machines: Vec<Machine>,
}

/// Empty only where the file is broken, which the tests rule out.
static MACHINES: LazyLock<Vec<Machine>> = LazyLock::new(|| {
    let file: File = serde_json::from_str(include_str!("machines.json")).unwrap_or_default();
    file.machines
});

impl Machine {
    pub fn all() -> &'static [Machine] {
        &MACHINES
    }

    /// `pi-4`, `rpi4`, `Raspberry Pi 4`, `graviton3`.
    pub fn find(word: &str) -> Option<&'static Machine> {
        let letters = word.chars().filter(char::is_ascii_alphanumeric);
        let letters: String = letters.map(|c| c.to_ascii_lowercase()).collect();
        let letters = letters.strip_prefix("raspberry").unwrap_or(&letters);
        let letters = letters.strip_prefix("aws").unwrap_or(letters);
        let letters = match letters.strip_prefix("rpi") {
            Some(rest) => format!("pi{rest}"),
            None => letters.to_owned(),
        };
        MACHINES.iter().find(|one| one.names.contains(&letters))
    }

    /// Whose model `/proc/device-tree/model` or `/proc/cpuinfo` names.
    pub fn of_model(text: &str) -> Option<&'static Machine> {
        let longest = |one: &Machine| {
            let fitting = one
                .models
                .iter()
                .filter(|model| text.starts_with(&***model));
            fitting.map(String::len).max()
        };
        let fitting = MACHINES.iter().filter(|one| longest(one).is_some());
        fitting.max_by_key(|one| longest(one))
    }

    /// What people type.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    pub fn processor(&self) -> Option<&'static Processor> {
        Processor::find(&self.processor)
    }

    pub fn also(&self) -> Option<&'static Processor> {
        Processor::find(self.also.as_deref()?)
    }
}
