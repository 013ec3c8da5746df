//! Why two builds differ: which variation makes the difference, and where.
//!
//! The search builds *quietly*: clock, addresses and random numbers are held
//! still in every build, so that what differs is what was varied. A build with
//! nothing varied is the measure; where two of those differ, no variation is
//! the cause and that is what is said.

pub(super) mod origin;
mod place;
mod search;
mod suspicion;
mod text;
mod units;

use std::collections::BTreeMap;
use std::fs;

use super::conditions::Conditions;
use super::workbench::{self, Outcome, Workbench};
use super::{Subject, Variation};
use crate::error::{IoContext, Result};
use crate::terminal;

pub use origin::Origin;
pub use place::Place;
pub use text::Nature;
pub use units::Units;

/// The most builds that a search takes; two causes among fifteen take up to
/// eighteen.
const BUILDS: u32 = 24;

/// What may make a build differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Factor {
    Varied(Variation),
    /// Random numbers, which no variation changes and every build draws anew.
    Random,
}

impl Factor {
    /// The name of the variation, or `random`.
    pub const fn name(self) -> &'static str {
        match self {
            Factor::Varied(variation) => variation.name(),
            Factor::Random => "random",
        }
    }

    /// Fits after "the build depends on".
    pub const fn words(self) -> &'static str {
        match self {
            Factor::Varied(variation) => variation.words(),
            Factor::Random => "random numbers",
        }
    }
}

/// One cause of a difference.
#[derive(Debug, Clone)]
pub struct Cause {
    /// What must be varied for it: mostly one factor; several where they make
    /// a difference only together.
    pub factors: Vec<Factor>,
    /// What it changes; nothing where the build fails.
    pub evidence: Vec<Evidence>,
    /// Whether the build fails.
    pub fails: bool,
}

/// How one artefact is changed.
#[derive(Debug, Clone)]
pub struct Evidence {
    /// The name of its file.
    pub artefact: String,
    pub place: Place,
    pub nature: Nature,
    /// Who made the difference, as far as the target folders show it.
    pub origin: Option<Origin>,
    /// The version of the crate that made it.
    pub version: Option<String>,
}

/// What is known of why two builds differ.
#[derive(Debug, Clone)]
pub struct Blame {
    pub causes: Vec<Cause>,
    pub ending: Ending,
    /// Builds from scratch that it took.
    pub builds: u32,
}

/// How the search ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// Nothing else makes a difference.
    Complete,
    /// Two builds differ with nothing varied at all.
    Unsteady,
    /// With clock, addresses and random numbers held still, nothing differs.
    NotShown,
    /// The first build is not what this source gives: from scratch it differs
    /// under the very same conditions.
    Stale,
    /// The builds allowed were used up; these were not looked at.
    Unsearched(Vec<Factor>),
}

/// Looks for the causes, those first that the difference between the user's
/// build and the second one speaks for.
///
/// # Errors
/// Where a build cannot be started, or the folders of ours.
pub fn blame(
    bench: &Workbench<'_>,
    subjects: &[Subject],
    varied: &[Variation],
    second: &Outcome,
) -> Result<Blame> {
    let suspects = suspects(subjects, second)?;
    let mut lab = Lab {
        bench,
        now: workbench::now(),
        builds: 0,
        kept: BTreeMap::new(),
        versions: bench.versions(),
    };
    let measure = lab.build("measure", &[])?;
    let mut blame = Blame {
        causes: Vec::new(),
        ending: Ending::Complete,
        builds: 0,
    };
    // Where the first build gave the same, that shows as much as another one.
    if !measure.gave_the_first(subjects) {
        let control = lab.build("control", &[])?;
        if !control.agrees(&measure) {
            blame
                .causes
                .push(lab.cause(&[], &measure, &control, subjects)?);
            blame.ending = Ending::Unsteady;
            blame.builds = lab.builds;
            return Ok(blame);
        }
        control.discard()?;
    }
    let order = order(varied, &suspects);
    let found = search::causes(&order, |factors| lab.differs(&measure, factors))?;
    for factors in &found.causes {
        let outcome = match lab.kept.remove(factors) {
            Some(outcome) => outcome,
            None => lab.build("cause", factors)?,
        };
        blame
            .causes
            .push(lab.cause(factors, &measure, &outcome, subjects)?);
        outcome.discard()?;
    }
    blame.ending = match (&found.causes[..], found.unsearched) {
        (_, unsearched) if !unsearched.is_empty() => Ending::Unsearched(unsearched),
        ([], _) => lab.without_cause(subjects)?,
        _ => Ending::Complete,
    };
    blame.builds = lab.builds;
    Ok(blame)
}

/// What the difference of the user's artefacts and the second ones speaks for.
fn suspects(subjects: &[Subject], second: &Outcome) -> Result<Vec<Factor>> {
    let mut texts = Vec::new();
    let mut units = false;
    for subject in subjects {
        let mut outputs = second.outputs.iter();
        if let Some(output) = outputs.find(|output| output.inside == subject.inside)
            && output.sha256 != subject.first
        {
            let ours = fs::read(&subject.real).at("read", &subject.real)?;
            let theirs = fs::read(&output.real).at("read", &output.real)?;
            units |= units::differing(&ours, &theirs).is_some();
            texts.extend(place::texts(&ours, &theirs));
        }
    }
    let mut suspects = suspicion::suspects(&texts);
    if units {
        suspects.insert(0, Factor::Varied(Variation::NumCpus));
    }
    Ok(suspects)
}

/// All that was varied, and what differs between any two builds that are not
/// quiet, the time, addresses and random numbers: suspects first, then what is
/// the cause most often.
fn order(varied: &[Variation], suspects: &[Factor]) -> Vec<Factor> {
    const LIKELY: [Factor; 5] = [
        Factor::Varied(Variation::Time),
        Factor::Random,
        Factor::Varied(Variation::BuildPath),
        Factor::Varied(Variation::FileOrdering),
        Factor::Varied(Variation::Aslr),
    ];
    let possible = |factor: &Factor| match factor {
        Factor::Varied(Variation::Time | Variation::Aslr) | Factor::Random => true,
        Factor::Varied(variation) => varied.contains(variation),
    };
    let all = varied.iter().map(|variation| Factor::Varied(*variation));
    let mut order: Vec<Factor> = Vec::new();
    for factor in suspects.iter().copied().chain(LIKELY).chain(all) {
        if possible(&factor) && !order.contains(&factor) {
            order.push(factor);
        }
    }
    order
}

struct Lab<'l, 'b> {
    bench: &'l Workbench<'b>,
    now: i64,
    builds: u32,
    /// Builds with one factor that differ: what they made will be looked at.
    kept: BTreeMap<Vec<Factor>, Outcome>,
    /// Of the crates in the lock file.
    versions: BTreeMap<String, String>,
}

impl Lab<'_, '_> {
    fn build(&mut self, name: &str, factors: &[Factor]) -> Result<Outcome> {
        self.builds += 1;
        let names: Vec<&str> = factors.iter().map(|factor| factor.name()).collect();
        let what = match &names[..] {
            [] => "nothing varied".to_owned(),
            names if names.len() > 4 => format!("{} at once", names.len()),
            names => names.join(", "),
        };
        terminal::status("Blaming", format!("build {}: {what}", self.builds));
        let varied = factors.iter().filter_map(|factor| match factor {
            Factor::Varied(variation) => Some(*variation),
            Factor::Random => None,
        });
        let random = factors.contains(&Factor::Random);
        let conditions = Conditions::quiet(varied.collect(), random, self.now);
        self.bench.run(name, &conditions, true)
    }

    fn differs(&mut self, measure: &Outcome, factors: &[Factor]) -> Result<Option<bool>> {
        if self.builds >= BUILDS {
            return Ok(None);
        }
        let name = format!("trial{}", self.builds);
        let outcome = self.build(&name, factors)?;
        let differs = !outcome.agrees(measure);
        if differs && factors.len() == 1 {
            self.kept.insert(factors.to_vec(), outcome);
        } else {
            outcome.discard()?;
        }
        Ok(Some(differs))
    }

    /// What a set of factors changes.
    fn cause(
        &self,
        factors: &[Factor],
        measure: &Outcome,
        outcome: &Outcome,
        subjects: &[Subject],
    ) -> Result<Cause> {
        let mut evidence = Vec::new();
        for output in &measure.outputs {
            let mut others = outcome.outputs.iter();
            let other = others.find(|other| other.inside == output.inside);
            let subject = subjects.iter().find(|each| each.inside == output.inside);
            let (Some(other), Some(subject)) = (other, subject) else {
                continue;
            };
            let ours = fs::read(&output.real).at("read", &output.real)?;
            let theirs = fs::read(&other.real).at("read", &other.real)?;
            let Some(place) = place::place(&ours, &theirs) else {
                continue;
            };
            let firsts = measure.profile_folders(&output.inside);
            let seconds = outcome.profile_folders(&output.inside);
            let folders = firsts.into_iter().zip(seconds).collect();
            let origin = origin::origin(&folders, &subject.name, (&ours, &theirs), &place)?;
            // What a script wrote says more than what is left of it at the end.
            let nature = match &origin {
                Some(Origin::Script { place, .. }) => text::nature(&place.first, &place.second),
                // What the code became says nothing.
                Some(Origin::Units(_)) => Nature::Text,
                _ => text::nature(&place.first, &place.second),
            };
            let krate = origin
                .as_ref()
                .map(|origin| origin.krate().replace('-', "_"));
            let file = output.inside.file_name().unwrap_or_default();
            evidence.push(Evidence {
                artefact: file.to_string_lossy().into_owned(),
                place,
                nature,
                version: krate.and_then(|krate| self.versions.get(&krate).cloned()),
                origin,
            });
        }
        Ok(Cause {
            factors: factors.to_vec(),
            evidence,
            fails: outcome.code != 0,
        })
    }

    /// Nothing that was varied makes a difference: is the first build what this
    /// source gives under its own conditions?
    fn without_cause(&mut self, subjects: &[Subject]) -> Result<Ending> {
        terminal::status(
            "Blaming",
            format!("build {}: as the first", self.builds + 1),
        );
        self.builds += 1;
        let conditions = Conditions::second(&std::collections::BTreeSet::new());
        let again = self.bench.run("again", &conditions, true)?;
        let second = |subject: &Subject| {
            let output = again
                .outputs
                .iter()
                .find(|output| output.inside == subject.inside);
            output.map(|output| output.sha256.clone()) == subject.second
        };
        let stale = !again.gave_the_first(subjects) && subjects.iter().all(second);
        again.discard()?;
        Ok(if stale {
            Ending::Stale
        } else {
            Ending::NotShown
        })
    }
}

impl Outcome {
    /// Whether a build gave the same as the user's first one.
    fn gave_the_first(&self, subjects: &[Subject]) -> bool {
        subjects.iter().all(|subject| {
            let mut outputs = self.outputs.iter();
            outputs.any(|output| output.inside == subject.inside && output.sha256 == subject.first)
        })
    }
}
