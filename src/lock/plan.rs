//! Which entries of a lock stay, which are made, and which go. [pure]

use super::{Libraries, Lock, Wanted, wanted};
use crate::config::Config;
use crate::error::Result;
use crate::target::TargetSpec;

/// What is to become of a lock.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// Entries that fit.
    pub kept: Vec<Libraries>,
    /// What no entry fits.
    pub made: Vec<Wanted>,
    /// Entries that nothing asks for any more: triple and suite.
    pub dropped: Vec<(String, String)>,
}

/// Compares a lock with what is wanted for some targets. An entry of another
/// floor of a target, which is not among them, stays where it is still what
/// the configuration asks for that target.
///
/// # Errors
/// As [`wanted`].
pub fn plan(
    config: &Config,
    specs: &[TargetSpec],
    lock: Option<&Lock>,
    update: bool,
) -> Result<Plan> {
    let mut all: Vec<Wanted> = Vec::new();
    for spec in specs {
        let Some(wanted) = wanted(config, spec)? else {
            continue;
        };
        // Two floors may share a suite.
        let same = |one: &Wanted| one.triple == wanted.triple && one.suite == wanted.suite;
        if !all.iter().any(same) {
            all.push(wanted);
        }
    }
    let entries = lock.map(Lock::targets).unwrap_or_default();
    let mut plan = Plan::default();
    for wanted in &all {
        let found = lock.and_then(|lock| lock.find(&wanted.triple, &wanted.suite));
        match found.filter(|entry| entry.fits(wanted) && !update) {
            Some(entry) => plan.kept.push(entry.clone()),
            None => plan.made.push(wanted.clone()),
        }
    }
    for entry in entries {
        let is = |one: &Wanted| one.triple == entry.triple && one.suite == entry.suite;
        if all.iter().any(is) {
            continue;
        }
        let asked = config.for_target(&entry.triple).packages;
        let asked = asked.iter().map(|one| one.value.name().to_owned());
        if !entry.asked.is_empty() && entry.asked == asked.collect() {
            plan.kept.push(entry.clone());
        } else {
            plan.dropped
                .push((entry.triple.clone(), entry.suite.clone()));
        }
    }
    Ok(plan)
}

impl Plan {
    /// Whether the lock is right as it is.
    pub fn is_nothing(&self) -> bool {
        self.made.is_empty() && self.dropped.is_empty()
    }
}
