//! What an attestation has to say to be accepted. [pure]

use std::path::Path;

use serde::Deserialize;

use crate::error::{Error, Kind, Result};
use crate::pins::Sha256;

/// The policy; what it does not name may be anything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Policy {
    /// Who must have built.
    pub builder: Option<String>,
    /// Where the source must be from.
    pub source: Option<String>,
    /// The whole commit that must have been built.
    pub commit: Option<String>,
    /// The digest of `nix/pins/packages.json` that the toolchain must be from.
    pub pins: Option<Sha256>,
    /// The targets that may have been built for; none names any.
    pub targets: Option<Vec<String>>,
    /// The variables that may have been passed on to the build; none names any.
    pub passthrough: Option<Vec<String>>,
    /// The volumes that the build may have seen; none names any.
    pub volumes: Option<Vec<String>>,
    /// Whether the build must have been hermetic.
    pub hermetic: bool,
    /// Whether a second build must have given the same bytes.
    pub reproducible: bool,
    /// What the second build must have varied; not empty means reproducible.
    pub variations: Vec<String>,
    /// Whether a commit must say all of the source.
    pub clean: bool,
}

impl Policy {
    /// Reads a policy in TOML.
    ///
    /// # Errors
    /// `Kind::Config`, naming file and line.
    pub fn parse(path: &Path, text: &str) -> Result<Self> {
        toml::from_str(text).map_err(|error| {
            let offset = error.span().map_or(0, |span| span.start);
            let before = text.get(..offset).unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            let message = format!("{}:{line}: {}", path.display(), error.message());
            Error::new(Kind::Config, message).hint("docs/provenance.md describes the policy")
        })
    }

    /// This policy with what flags say over it: a flag replaces a value, and
    /// can only add to what must hold.
    #[must_use]
    pub fn with(self, flags: Policy) -> Self {
        let variations = [self.variations, flags.variations].concat();
        Policy {
            builder: flags.builder.or(self.builder),
            source: flags.source.or(self.source),
            commit: flags.commit.or(self.commit),
            pins: flags.pins.or(self.pins),
            targets: flags.targets.or(self.targets),
            passthrough: flags.passthrough.or(self.passthrough),
            volumes: flags.volumes.or(self.volumes),
            hermetic: self.hermetic || flags.hermetic,
            reproducible: self.reproducible || flags.reproducible || !variations.is_empty(),
            variations,
            clean: self.clean || flags.clean,
        }
    }
}
