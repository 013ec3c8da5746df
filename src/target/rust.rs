//! What Rust itself says of its targets: tier, host tools, standard library.
//! [pure]

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

/// One of rustc's built-in targets.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RustTarget {
    /// 1 to 3: "Target Tier Policy" of the rustc book.
    pub tier: u8,
    /// Whether rustc and cargo run there themselves.
    pub host_tools: bool,
    /// Whether it has the whole standard library.
    pub std: bool,
    /// rustc's own words for it.
    #[serde(default)]
    pub what: Option<String>,
}

/// The file; its source and date are for who reads it.
#[derive(Deserialize, Default)]
struct File {
    targets: BTreeMap<String, RustTarget>,
}

/// Empty only where the file is broken, which the tests rule out.
static TARGETS: LazyLock<BTreeMap<String, RustTarget>> = LazyLock::new(|| {
    let file: File = serde_json::from_str(include_str!("rust-targets.json")).unwrap_or_default();
    file.targets
});

impl RustTarget {
    pub fn find(triple: &str) -> Option<&'static RustTarget> {
        TARGETS.get(triple)
    }

    pub fn triples() -> impl Iterator<Item = &'static str> {
        TARGETS.keys().map(String::as_str)
    }

    /// What the tier promises.
    pub const fn promise(&self) -> &'static str {
        match self.tier {
            1 => "guaranteed to work",
            2 => "guaranteed to build",
            _ => "in the source, neither built nor tested",
        }
    }
}
