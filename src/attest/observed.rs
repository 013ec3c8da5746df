//! What two builds of one source gave. [pure]
//!
//! Invariant: nobody can say that a build is reproducible. The one way to the
//! word is a [`Comparison`], it keeps the digests of both builds, and each
//! verdict is worked out from these whenever it is asked for.

use std::collections::BTreeMap;

use crate::pins::Sha256;

/// The digests of both builds, artefact by artefact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    variations: Vec<String>,
    pairs: BTreeMap<String, Pair>,
}

/// What each of the two builds gave under one name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair {
    first: Option<Sha256>,
    second: Option<Sha256>,
}

/// What comes of comparing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Both builds gave the same bytes.
    Reproducible,
    /// Both gave something, and it is not the same.
    Differs,
    /// Only one of the builds gave something of that name.
    Missing,
}

impl Verdict {
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Reproducible => "reproducible",
            Verdict::Differs => "differs",
            Verdict::Missing => "missing",
        }
    }
}

impl Pair {
    pub fn first(&self) -> Option<Sha256> {
        self.first
    }

    pub fn second(&self) -> Option<Sha256> {
        self.second
    }

    pub fn verdict(&self) -> Verdict {
        match (self.first, self.second) {
            (Some(first), Some(second)) if first == second => Verdict::Reproducible,
            (Some(_), Some(_)) => Verdict::Differs,
            _ => Verdict::Missing,
        }
    }
}

impl Comparison {
    /// Puts the artefacts of two builds side by side. `variations` are the
    /// names of what was different around the second one.
    pub fn new(
        variations: impl IntoIterator<Item = String>,
        first: impl IntoIterator<Item = (String, Sha256)>,
        second: impl IntoIterator<Item = (String, Sha256)>,
    ) -> Self {
        let none = Pair {
            first: None,
            second: None,
        };
        let mut pairs: BTreeMap<String, Pair> = BTreeMap::new();
        for (name, sha256) in first {
            pairs.entry(name).or_insert(none).first = Some(sha256);
        }
        for (name, sha256) in second {
            pairs.entry(name).or_insert(none).second = Some(sha256);
        }
        let mut variations: Vec<String> = variations.into_iter().collect();
        variations.sort();
        variations.dedup();
        Comparison { variations, pairs }
    }

    /// In what the builds differed, sorted.
    pub fn variations(&self) -> &[String] {
        &self.variations
    }

    /// All names, sorted, with what was found.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &Pair)> {
        self.pairs.iter().map(|(name, pair)| (name.as_str(), pair))
    }

    /// Whether every artefact was the same, and there was one at all.
    pub fn is_reproducible(&self) -> bool {
        let mut pairs = self.pairs.values();
        !self.pairs.is_empty() && pairs.all(|pair| pair.verdict() == Verdict::Reproducible)
    }

    /// Whether both builds gave exactly these bytes under that name.
    pub fn covers(&self, name: &str, sha256: Sha256) -> bool {
        self.pairs.get(name).is_some_and(|pair| {
            pair.verdict() == Verdict::Reproducible && pair.first == Some(sha256)
        })
    }

    /// The verdict about all of it: `reproducible` or `differs`.
    pub fn verdict(&self) -> &'static str {
        if self.is_reproducible() {
            Verdict::Reproducible.name()
        } else {
            Verdict::Differs.name()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_follows_from_the_digests() {
        let (a, b) = (Sha256::of(b"a"), Sha256::of(b"b"));
        let list = |list: &[(&str, Sha256)]| -> Vec<(String, Sha256)> {
            list.iter().map(|(n, s)| ((*n).to_owned(), *s)).collect()
        };
        type List<'a> = &'a [(&'a str, Sha256)];
        let table: [(List<'_>, List<'_>, bool, Option<Verdict>); 6] = [
            (&[("x", a)], &[("x", a)], true, Some(Verdict::Reproducible)),
            (&[("x", a)], &[("x", b)], false, Some(Verdict::Differs)),
            (&[("x", a)], &[], false, Some(Verdict::Missing)),
            (&[], &[("x", a)], false, Some(Verdict::Missing)),
            (
                &[("x", a), ("y", b)],
                &[("x", a)],
                false,
                Some(Verdict::Reproducible),
            ),
            (&[], &[], false, None),
        ];
        for (first, second, reproducible, of_x) in table {
            let comparison = Comparison::new(["time".to_owned()], list(first), list(second));
            assert_eq!(comparison.is_reproducible(), reproducible);
            let x = comparison.pairs().find(|(name, _)| *name == "x");
            assert_eq!(x.map(|(_, pair)| pair.verdict()), of_x);
            let covered = of_x == Some(Verdict::Reproducible);
            assert_eq!(comparison.covers("x", a), covered);
            assert!(!comparison.covers("x", b) && !comparison.covers("z", a));
        }
    }
}
