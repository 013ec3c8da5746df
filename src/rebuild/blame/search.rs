//! Which of many possible causes make a build differ, in few builds. [pure]
//!
//! A build that varies some of them either differs from the one that varies
//! none or does not. Whatever one cause does, more of them at once are taken to
//! do as well. Two causes that only act together are found together.

use std::collections::BTreeMap;

use crate::error::Result;

/// What a search found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found<T> {
    /// Each a smallest set that makes the difference by itself.
    pub causes: Vec<Vec<T>>,
    /// What was left unsearched when the builds allowed were used up.
    pub unsearched: Vec<T>,
}

/// Finds all causes among `all`, which stand in the order of suspicion: one
/// that is suspected rightly takes two builds. `differs` builds with the given
/// ones varied, or says `None` where no build is left.
///
/// # Errors
/// Those of `differs`.
pub fn causes<T: Copy + Ord>(
    all: &[T],
    mut build: impl FnMut(&[T]) -> Result<Option<bool>>,
) -> Result<Found<T>> {
    let mut known: BTreeMap<Vec<T>, bool> = BTreeMap::new();
    let mut differs = |varied: &[T]| -> Result<Option<bool>> {
        let mut key = varied.to_vec();
        key.sort_unstable();
        if let Some(answer) = known.get(&key) {
            return Ok(Some(*answer));
        }
        let answer = build(varied)?;
        if let Some(answer) = answer {
            known.insert(key, answer);
        }
        Ok(answer)
    };
    let mut remaining = all.to_vec();
    let mut found = Found {
        causes: Vec::new(),
        unsearched: Vec::new(),
    };
    loop {
        // After a first find, most often nothing is left: one build shows it.
        if remaining.is_empty() {
            return Ok(found);
        }
        if !found.causes.is_empty() {
            match differs(&remaining)? {
                Some(true) => {}
                Some(false) => return Ok(found),
                None => break,
            }
        }
        match smallest(&remaining, &mut differs)? {
            Some(cause) if cause.is_empty() => return Ok(found),
            Some(cause) => {
                remaining.retain(|each| !cause.contains(each));
                found.causes.push(cause);
            }
            None => break,
        }
    }
    found.unsearched = remaining;
    Ok(found)
}

/// One smallest set that makes the difference; an empty one where nothing does,
/// `None` where no build is left.
fn smallest<T: Copy + Ord>(
    all: &[T],
    differs: &mut impl FnMut(&[T]) -> Result<Option<bool>>,
) -> Result<Option<Vec<T>>> {
    let mut kept: Vec<T> = Vec::new();
    let mut rest = all.to_vec();
    loop {
        // The shortest beginning of the rest that, with what is kept, differs:
        // its last one is needed.
        let mut tried = |count: usize| differs(&[&kept[..], &rest[..count]].concat());
        let (mut low, mut high) = (0, rest.len());
        // With something kept, all of the rest is known to differ.
        let mut known = !kept.is_empty();
        let mut probe = 1;
        while low < high && (probe < high || !known) {
            match tried(probe)? {
                Some(true) => {
                    (high, known) = (probe, true);
                    break;
                }
                Some(false) => low = probe,
                None => return Ok(None),
            }
            probe = (probe * 2).min(high);
        }
        if !known {
            return Ok(Some(Vec::new()));
        }
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            match tried(middle)? {
                Some(true) => high = middle,
                Some(false) => low = middle,
                None => return Ok(None),
            }
        }
        kept.push(rest[high - 1]);
        rest.truncate(high - 1);
        if rest.is_empty() {
            return Ok(Some(kept));
        }
        match differs(&kept)? {
            Some(true) => return Ok(Some(kept)),
            Some(false) => {}
            None => return Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Searches among `0..count` where the build differs if it has all of any
    /// of `truth`; gives what was found and the number of builds.
    fn search(count: u32, truth: &[&[u32]], allowed: usize) -> (Found<u32>, usize) {
        let all: Vec<u32> = (0..count).collect();
        let mut builds = 0;
        let mut seen: BTreeSet<BTreeSet<u32>> = BTreeSet::new();
        let found = causes(&all, |varied| {
            assert!(!varied.is_empty(), "nothing is varied");
            let set: BTreeSet<u32> = varied.iter().copied().collect();
            assert!(seen.insert(set), "{varied:?} twice");
            if builds == allowed {
                return Ok(None);
            }
            builds += 1;
            let has = |cause: &&&[u32]| cause.iter().all(|each| varied.contains(each));
            Ok(Some(truth.iter().any(|cause| has(&cause))))
        });
        (found.unwrap(), builds)
    }

    #[test]
    fn each_single_cause_is_found_in_few_builds() {
        for cause in 0..15 {
            let (found, builds) = search(15, &[&[cause]], 99);
            assert_eq!(found.causes, [[cause]]);
            assert!(builds <= 10, "{builds} builds for {cause}");
        }
        // The first suspect takes two: itself, and all but itself.
        assert_eq!(search(15, &[&[0]], 99).1, 2);
    }

    #[test]
    fn two_causes_are_both_found_and_those_that_act_together() {
        for a in 0..15 {
            for b in 0..15 {
                if a == b {
                    continue;
                }
                let (found, builds) = search(15, &[&[a], &[b]], 99);
                let mut singles: Vec<u32> = found.causes.concat();
                singles.sort_unstable();
                assert_eq!(singles, [a.min(b), a.max(b)]);
                assert!(builds <= 18, "{builds} builds for {a}, {b}");

                let (found, _) = search(15, &[&[a, b]], 99);
                let mut pair = found.causes[0].clone();
                pair.sort_unstable();
                assert_eq!((found.causes.len(), pair), (1, vec![a.min(b), a.max(b)]));
            }
        }
    }

    #[test]
    fn nothing_to_find_and_nothing_left_to_build() {
        let (found, builds) = search(15, &[], 99);
        assert!(found.causes.is_empty() && found.unsearched.is_empty());
        assert!(builds <= 5, "{builds}");
        let (found, _) = search(15, &[&[14]], 3);
        assert_eq!((found.causes.len(), found.unsearched.len()), (0, 15));
        let (found, _) = search(15, &[&[0], &[14]], 4);
        assert_eq!(found.causes, [[0]]);
        assert_eq!(found.unsearched.len(), 14);
        let (found, builds) = search(1, &[&[0]], 99);
        assert_eq!((found.causes, builds), (vec![vec![0]], 1));
    }
}
