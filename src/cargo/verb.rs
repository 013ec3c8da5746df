//! Cargo's subcommands that xbuild runs, and aliases that come to one. [pure]

use std::collections::BTreeMap;
use std::ffi::OsString;

use crate::error::{Error, Kind, Result};

/// A subcommand of cargo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verb {
    Bench,
    Build,
    Check,
    Clippy,
    Doc,
    Install,
    Metadata,
    Run,
    Rustc,
    Test,
}

impl Verb {
    pub const ALL: [Verb; 10] = [
        Verb::Bench,
        Verb::Build,
        Verb::Check,
        Verb::Clippy,
        Verb::Doc,
        Verb::Install,
        Verb::Metadata,
        Verb::Run,
        Verb::Rustc,
        Verb::Test,
    ];

    /// The subcommand of a word, cargo's own short forms included.
    pub fn parse(word: &str) -> Option<Self> {
        let name = match word {
            "b" => "build",
            "c" => "check",
            "d" => "doc",
            "r" => "run",
            "t" => "test",
            word => word,
        };
        Verb::ALL.into_iter().find(|verb| verb.name() == name)
    }

    pub const fn name(self) -> &'static str {
        match self {
            Verb::Bench => "bench",
            Verb::Build => "build",
            Verb::Check => "check",
            Verb::Clippy => "clippy",
            Verb::Doc => "doc",
            Verb::Install => "install",
            Verb::Metadata => "metadata",
            Verb::Run => "run",
            Verb::Rustc => "rustc",
            Verb::Test => "test",
        }
    }

    /// Whether programs of the target are run, so that its runner is needed.
    pub const fn runs_programs(self) -> bool {
        matches!(self, Verb::Bench | Verb::Run | Verb::Test)
    }

    /// Whether the verb links, so that there are artefacts to check.
    pub const fn makes_artefacts(self) -> bool {
        !matches!(
            self,
            Verb::Check | Verb::Clippy | Verb::Doc | Verb::Metadata
        )
    }

    /// The folder below `<target>/<triple>` where a profile's output lies; the
    /// verb's own default where no profile was named.
    pub fn profile_folder(self, profile: Option<&str>) -> &str {
        match (profile, self) {
            (Some("dev" | "test"), _) => "debug",
            (Some("bench" | "release"), _) => "release",
            (Some(custom), _) => custom,
            (None, Verb::Bench | Verb::Install) => "release",
            (None, _) => "debug",
        }
    }
}

/// Follows `[alias]` of cargo's configuration from a word that is no verb,
/// as cargo does: the first word of an expansion may be an alias again.
/// Returns the verb and the arguments that stand before the typed ones;
/// nothing where the word is no alias.
///
/// # Errors
/// `Kind::Usage` where it comes to a subcommand that xbuild does not run, or
/// turns in a circle.
pub fn expand_alias(
    word: &str,
    aliases: &BTreeMap<String, Vec<String>>,
) -> Result<Option<(Verb, Vec<OsString>)>> {
    let mut arguments: Vec<String> = Vec::new();
    let mut seen = Vec::new();
    let mut current = word.to_owned();
    while let Some(expansion) = aliases.get(&current) {
        if seen.contains(&current) {
            let message = format!("the alias `{word}` in cargo's configuration expands to itself");
            return Err(Error::new(Kind::Usage, message));
        }
        let Some((first, rest)) = expansion.split_first() else {
            break;
        };
        arguments.splice(0..0, rest.iter().cloned());
        seen.push(std::mem::replace(&mut current, first.clone()));
        if let Some(verb) = Verb::parse(&current) {
            return Ok(Some((
                verb,
                arguments.into_iter().map(Into::into).collect(),
            )));
        }
    }
    if seen.is_empty() {
        return Ok(None);
    }
    let names: Vec<_> = Verb::ALL.iter().map(|verb| verb.name()).collect();
    let message =
        format!("the alias `{word}` comes to `cargo {current}`, which xbuild does not run");
    Err(Error::new(Kind::Usage, message).hint(format!("xbuild runs {}", names.join(", "))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_short_forms() {
        for (word, expected) in [
            ("build", Some(Verb::Build)),
            ("b", Some(Verb::Build)),
            ("t", Some(Verb::Test)),
            ("metadata", Some(Verb::Metadata)),
            ("publish", None),
            ("B", None),
        ] {
            assert_eq!(Verb::parse(word), expected, "{word}");
        }
    }

    #[test]
    fn aliases_are_followed_to_a_verb() {
        let aliases: BTreeMap<String, Vec<String>> = [
            ("rel", "build --release"),
            ("rr", "rel --features x"),
            ("loop", "loop2"),
            ("loop2", "loop"),
            ("pub", "publish --dry-run"),
        ]
        .into_iter()
        .map(|(name, text)| (name.into(), text.split(' ').map(Into::into).collect()))
        .collect();
        let words = |words: &[&str]| words.iter().map(OsString::from).collect::<Vec<_>>();

        let (verb, arguments) = expand_alias("rr", &aliases).unwrap().unwrap();
        assert_eq!(verb, Verb::Build);
        assert_eq!(arguments, words(&["--release", "--features", "x"]));
        assert!(expand_alias("nothing", &aliases).unwrap().is_none());
        for (word, part) in [("loop", "expands to itself"), ("pub", "cargo publish")] {
            let error = expand_alias(word, &aliases).unwrap_err();
            assert!(error.to_string().contains(part), "{word}: {error}");
        }
    }
}
