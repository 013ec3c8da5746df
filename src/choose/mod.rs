//! Which target a program is to be built for: from where it is to run to the
//! command, with its reasons and its price. [pure]

mod ask;
mod demands;
#[cfg(test)]
mod tests;

use crate::deploy::{Place, Processor, System, Wanted, runs_on};
use crate::error::{Error, Kind, Result};
use crate::explain;
use crate::target::{Glibc, Table, Target, TargetSpec, elsewhere};

use demands::Demands;

pub use ask::{Question, questions};

/// How a program is to have its C library.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Linkage {
    Static,
    Dynamic,
}

/// What to run, and what xbuild cannot do of it.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    pub choices: Vec<Choice>,
    pub elsewhere: Vec<Elsewhere>,
    /// What was concluded or assumed, a sentence each.
    pub notes: Vec<String>,
}

/// A target, and why it is this one.
#[derive(Debug, Clone)]
pub struct Choice {
    pub spec: TargetSpec,
    pub why: Vec<String>,
    pub price: Vec<String>,
}

impl Choice {
    pub fn linkage(&self) -> Linkage {
        match self.spec.floor() {
            None => Linkage::Static,
            Some(_) => Linkage::Dynamic,
        }
    }
}

/// A place that xbuild does not build for.
#[derive(Debug, Clone)]
pub struct Elsewhere {
    pub what: String,
    pub remedy: String,
}

impl Answer {
    /// The command that builds for all of it.
    pub fn command(&self) -> Option<String> {
        if self.choices.is_empty() {
            return None;
        }
        let targets = self.choices.iter();
        let targets: Vec<String> = targets
            .map(|one| format!("--target {}", one.spec))
            .collect();
        Some(format!("xbuild build --release {}", targets.join(" ")))
    }
}

/// What a static program costs.
const PRICE_OF_STATIC: [&str; 3] = [
    "musl's allocator is slow where threads share it: another one, such as mimalloc, as \
     #[global_allocator]",
    "no dlopen: no plugins, and no users or hosts from where NSS would look (LDAP, mDNS)",
    "names are looked up by musl: it asks all name servers at once and reads no nsswitch.conf",
];

/// What a dynamic one does.
const NEEDS_GLIBC: &str =
    "glibc must be there, as it is not on Alpine and in an image FROM scratch";

/// Chooses.
///
/// # Errors
/// `Kind::Usage` where nothing is known of a place.
pub fn answer(table: &Table, wanted: &Wanted, linkage: Option<Linkage>) -> Result<Answer> {
    for place in &wanted.places {
        if let Place::Unknown { name } = place {
            let message = format!("which glibc `{name}` has is not known");
            return Err(Error::new(Kind::Usage, message)
                .hint("ask it: ssh HOST 'ldd --version; uname -m' | xbuild choose")
                .hint("or name the version: xbuild choose --for glibc-2.31"));
        }
    }
    let mut answer = Answer {
        notes: wanted.notes.clone(),
        ..Answer::default()
    };
    for system in &wanted.systems {
        answer.elsewhere.push(Elsewhere {
            what: system.name().to_owned(),
            remedy: other_system(*system).to_owned(),
        });
    }
    let mut processors = wanted.processors.clone();
    let on_linux = !wanted.places.is_empty() || wanted.systems.is_empty();
    // What other systems say of their processor is about them.
    if !on_linux {
        processors.clear();
    } else if processors.is_empty() {
        processors.extend(Processor::find("x86_64"));
        let note = "x86_64, since no processor was named: --arch names another";
        answer.notes.push(note.to_owned());
    }
    for processor in processors {
        match choose(table, processor, wanted, linkage)? {
            Ok(choice) => answer.choices.push(choice),
            Err(elsewhere) => answer.elsewhere.push(elsewhere),
        }
    }
    Ok(answer)
}

const fn triple_of(system: System) -> &'static str {
    match system {
        System::Windows => "x86_64-pc-windows-msvc",
        System::MacOs => "aarch64-apple-darwin",
        System::Android => "aarch64-linux-android",
        System::Bsd => "x86_64-unknown-freebsd",
    }
}

fn other_system(system: System) -> &'static str {
    elsewhere(triple_of(system))
}

fn choose(
    table: &Table,
    processor: &'static Processor,
    wanted: &Wanted,
    linkage: Option<Linkage>,
) -> Result<Result<Choice, Elsewhere>> {
    let musl = table.get(processor.musl);
    let glibc = table.get(processor.gnu);
    let glibc = glibc.and_then(|target| Some((target, target.glibc.as_ref()?)));
    if musl.is_none() && glibc.is_none() {
        return Ok(Err(no_target(processor)));
    }
    let demands = Demands::of(wanted);
    let mut why = demands.against_glibc.clone();
    if let (Some((name, floor)), Some((_, glibc))) = (demands.glibc.first(), glibc)
        && *floor < glibc.lowest
    {
        why.push(format!(
            "{name} has glibc {floor}, and the lowest floor for {} is {}",
            processor.name, glibc.lowest
        ));
    }
    let must = !why.is_empty();
    let is_static = match linkage {
        Some(Linkage::Static) => {
            why.push("a static program was asked for".to_owned());
            true
        }
        Some(Linkage::Dynamic) => false,
        None if must => true,
        None if wanted.places.is_empty() => {
            why.push("where it is to run was not said".to_owned());
            musl.is_some()
        }
        None => false,
    };
    let dynamic = linkage == Some(Linkage::Dynamic) || !must && !is_static;
    let choice = match (musl, glibc) {
        (Some(musl), _) if is_static => statically(table, musl, why)?,
        (_, Some((target, glibc))) if dynamic => {
            let mut choice = dynamically(table, target, glibc, &demands)?;
            let name = processor.name;
            choice.price.push(match musl {
                Some(_) => format!("{NEEDS_GLIBC}: --static is for these"),
                None => format!("{NEEDS_GLIBC}; xbuild has no static target for {name}"),
            });
            let limits = demands.against_glibc.iter();
            let limits = limits.map(|why| format!("it does not start there: {why}"));
            choice.price.extend(limits);
            choice
        }
        _ => {
            let remedy = elsewhere(processor.musl);
            return Ok(Err(Elsewhere {
                what: format!("{}, static: {}", processor.name, why.join("; ")),
                remedy: match glibc {
                    Some(_) if !must => format!("{remedy}; with glibc xbuild has one: --dynamic"),
                    _ => remedy.to_owned(),
                },
            }));
        }
    };
    Ok(Ok(with_kernels(choice, wanted)))
}

fn statically(table: &Table, target: &Target, mut why: Vec<String>) -> Result<Choice> {
    why.push("a static program needs no library of the machine: it runs on any Linux".to_owned());
    Ok(Choice {
        spec: TargetSpec::parse(table, &target.triple, None)?,
        why,
        price: PRICE_OF_STATIC.map(str::to_owned).to_vec(),
    })
}

fn dynamically(
    table: &Table,
    target: &Target,
    glibc: &Glibc,
    demands: &Demands<'_>,
) -> Result<Choice> {
    let mut why = Vec::new();
    let floor = match demands.glibc[..] {
        [] => glibc.default,
        [(name, oldest), ref newer @ ..] => {
            why.push(match newer {
                [] => format!("{name} has glibc {oldest}"),
                newer => {
                    let newer = newer.iter().map(|(name, glibc)| format!("{name}: {glibc}"));
                    let newer: Vec<String> = newer.collect();
                    format!(
                        "{name} has glibc {oldest}, the oldest there ({})",
                        newer.join(", ")
                    )
                }
            });
            oldest
        }
    };
    for name in &demands.rolling {
        why.push(format!(
            "{name} has the glibc of its last update, a new one"
        ));
    }
    let floor = if floor > glibc.highest() {
        let highest = glibc.highest();
        why.push(format!(
            "the highest floor here is {highest}, and newer ones run its programs"
        ));
        highest
    } else if floor < glibc.lowest {
        let lowest = glibc.lowest;
        why.push(format!(
            "the lowest floor here is {lowest}: it does not start on {floor}"
        ));
        lowest
    } else {
        floor
    };
    let releases = runs_on(floor, &target.elf.machine);
    why.push(match &releases[..] {
        [] => format!("the program runs on glibc {floor} and newer"),
        releases => format!(
            "the program runs on glibc {floor} and newer: {}",
            releases.join(", ")
        ),
    });
    Ok(Choice {
        spec: TargetSpec::parse(table, &format!("{}.{floor}", target.triple), None)?,
        why,
        price: Vec::new(),
    })
}

/// Names the kernels that are older than what Rust is for; of several
/// processors it was not said which has which.
fn with_kernels(mut choice: Choice, wanted: &Wanted) -> Choice {
    if wanted.processors.len() < 2
        && let Some(oldest) = explain::kernel(choice.spec.triple())
    {
        for (name, kernel) in &wanted.kernels {
            if *kernel < oldest {
                choice.price.insert(0, format!(
                    "{name} has Linux {kernel}; Rust's standard library is for {oldest} and newer, and may fail there"
                ));
            }
        }
    }
    choice
}

fn no_target(processor: &Processor) -> Elsewhere {
    let remedy = match processor.name {
        "armv6" => format!(
            "programs for armv7 do not start there; cross has a target for it: cross build --release --target {}",
            processor.gnu
        ),
        _ => elsewhere(processor.gnu).to_owned(),
    };
    Elsewhere {
        what: format!("{}, {}", processor.name, processor.what),
        remedy,
    }
}
