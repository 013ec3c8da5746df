//! The verdict of `xbuild verify`, as text and as JSON. [pure]

use serde_json::{Value, json};

use super::layout::{paragraph, short, size};
use crate::rebuild::{
    Against, Blame, Cause, Ending, Evidence, Factor, Nature, Origin, Subject, Variation,
    Verification,
};

/// Rises when a key changes its meaning or goes; new keys do not raise it.
const VERSION: u32 = 1;

/// What is done for every build, so that two of them agree.
const DEFAULTS: [&str; 6] = [
    "constant paths of source, target folder, crates and toolchain",
    "SOURCE_DATE_EPOCH is the commit's time, or a constant where no commit tells one",
    "codegen-units stay at rustc's default, which no machine changes",
    "C compilers map the paths of sysroot and toolchain away (-ffile-prefix-map)",
    "archives have no times and owners (llvm-ar's default, and rustc's)",
    "constant user, host, locale, time zone, umask and environment; no network",
];

/// A few lines an artefact.
pub fn text(verification: &Verification) -> String {
    let mut text = String::new();
    for subject in &verification.subjects {
        text.push_str(&artefact(subject));
    }
    if let Some(blame) = &verification.blame {
        text.push_str(&reasons(blame));
    }
    if let Some(against) = &verification.against {
        text.push_str(&compared(against, verification.reproducible()));
        return text;
    }
    let all = Variation::ALL.len();
    let builds = match verification.builds {
        1 => "1 build".to_owned(),
        many => format!("{many} builds"),
    };
    text.push_str(&format!(
        "      {} of {all} variations, {builds} in {:.0} s{}\n",
        verification.varied.len(),
        verification.seconds,
        if verification.reused {
            "; the first was there already"
        } else {
            ""
        },
    ));
    for (variation, why) in &verification.without {
        text.push_str(&paragraph(
            "      not varied: ",
            &format!("{variation}, {why}"),
        ));
    }
    text
}

fn compared(against: &Against, same: bool) -> String {
    let mut text = paragraph("      ", &format!("compared with {}", against.file));
    if !against.unlisted.is_empty() {
        let names = against.unlisted.join(", ");
        text.push_str(&paragraph("      not listed there: ", &names));
    }
    if !same {
        let hint = if against.other_pins {
            "it was published by an xbuild of other pins: build with that one"
        } else {
            "what was published is of another source, other flags or another xbuild; or it is \
             not reproducible: xbuild verify without --against shows that"
        };
        text.push_str(&paragraph("   hint: ", hint));
    }
    text
}

fn artefact(subject: &Subject) -> String {
    let begin = format!(
        "  {}  {}  {}",
        subject.name,
        subject.target,
        size(subject.size)
    );
    match &subject.second {
        Some(second) if *second == subject.first => {
            format!("{begin}  reproducible  sha256 {}\n", short(second))
        }
        Some(second) => format!(
            "{begin}  differs  sha256 {} ≠ {}\n",
            short(&subject.first),
            short(second)
        ),
        None => format!("{begin}  differs: the second build did not make it\n"),
    }
}

fn reasons(blame: &Blame) -> String {
    let mut text = String::new();
    for cause in &blame.causes {
        text.push_str(&reason(cause));
    }
    let ending = match &blame.ending {
        // The second is told with its evidence.
        Ending::Complete | Ending::Unsteady => return text,
        Ending::NotShown => {
            "unknown: with clock, addresses and random numbers held still nothing differs, \
             whatever is varied"
                .to_owned()
        }
        Ending::Stale => {
            "the first build is stale: from scratch this source gives what the second build \
             gave. `cargo clean`, or a changed file whose time is older than the build"
                .to_owned()
        }
        Ending::Unsearched(left) => {
            let names: Vec<&str> = left.iter().map(|factor| factor.name()).collect();
            format!(
                "builds allowed are used up; not searched: {}",
                names.join(", ")
            )
        }
    };
    text.push_str(&paragraph("  cause: ", &ending));
    text
}

fn reason(cause: &Cause) -> String {
    let names: Vec<&str> = cause.factors.iter().map(|factor| factor.name()).collect();
    let words: Vec<&str> = cause.factors.iter().map(|factor| factor.words()).collect();
    let origin = cause.evidence.iter().find_map(|evidence| {
        let origin = evidence.origin.as_ref()?;
        let words = origin.words(evidence.version.as_deref());
        Some((words, evidence.nature.words()))
    });
    let mut what = match (&cause.factors[..], cause.fails) {
        ([], _) => "no variation — two builds under the same conditions differ, with clock, \
                    addresses and random numbers held still"
            .to_owned(),
        (_, true) => format!(
            "{} — the build fails when that is another",
            names.join(" + ")
        ),
        ([Factor::Random], _) => "no variation — the build takes random numbers".to_owned(),
        _ => format!(
            "{} — the build depends on {}",
            names.join(" + "),
            words.join(" together with ")
        ),
    };
    if let Some((origin, nature)) = origin {
        what.push_str(": ");
        what.push_str(&origin);
        if let Some(nature) = nature {
            what.push_str(&format!(", {nature}"));
        }
    }
    let mut text = paragraph("  cause: ", &what);
    for evidence in &cause.evidence {
        text.push_str(&place(evidence));
    }
    if let Some(hint) = hint(cause) {
        text.push_str(&paragraph("   hint: ", hint));
    }
    text
}

fn place(evidence: &Evidence) -> String {
    let place = &evidence.place;
    let begin = paragraph(
        "  where: ",
        &format!("`{}`, {}", evidence.artefact, place.words()),
    );
    let (first, second) = (format!("{:?}", place.first), format!("{:?}", place.second));
    if first.chars().count() + second.chars().count() < 66 {
        return format!("{begin}         {first} ≠ {second}\n");
    }
    format!("{begin}         {first}\n       ≠ {second}\n")
}

/// What helps most often against a cause.
fn hint(cause: &Cause) -> Option<&'static str> {
    let in_units = |evidence: &Evidence| matches!(evidence.origin, Some(Origin::Units(_)));
    if cause.evidence.iter().any(in_units) {
        return Some(
            "`codegen-units = 1` in [profile.release], or any other number; and let no wrapper \
             of rustc and no RUSTFLAGS choose another",
        );
    }
    let [factor] = cause.factors[..] else {
        return None;
    };
    let reordered = cause
        .evidence
        .iter()
        .any(|evidence| evidence.nature == Nature::Order);
    Some(match factor {
        Factor::Random if reordered => {
            "sort what comes out of a HashMap or HashSet before it is written, or take a BTreeMap"
        }
        Factor::Random => "derive the number from the source: a hash of it, or of the version",
        Factor::Varied(variation) => match variation {
            Variation::Time => {
                "in place of the clock take the variable SOURCE_DATE_EPOCH, which every build \
                 has; or leave the date out"
            }
            Variation::BuildPath => {
                "a folder of the build is of no use at run time: include_str! and \
                 include_bytes! take a file's contents instead"
            }
            Variation::FileOrdering => "sort what read_dir gives before it is used",
            Variation::Aslr => "write what stands at the address, not the address",
            Variation::NumCpus => {
                "ask for the number of processors at run time: \
                 std::thread::available_parallelism"
            }
            Variation::TimeZone => "tell times in UTC",
            Variation::Umask => "set the permissions of files that are packed",
            Variation::Locales => "call programs with LC_ALL=C, and sort by bytes",
            Variation::Environment
            | Variation::Kernel
            | Variation::UserGroup
            | Variation::DomainHost
            | Variation::Home
            | Variation::ExecPath => "leave it out of what is built, or read it at run time",
        },
    })
}

/// The verdict on one group of targets, as one object.
pub fn json(verification: &Verification) -> Value {
    let artifacts: Vec<Value> = verification
        .subjects
        .iter()
        .map(|subject| {
            json!({
                "name": subject.name,
                "target": subject.target,
                "path": subject.path,
                "size": subject.size,
                "verdict": verdict(subject.reproducible()),
                "sha256": subject.first,
                "sha256_second": subject.second,
            })
        })
        .collect();
    let varied: Vec<&str> = verification.varied.iter().map(|each| each.name()).collect();
    let without: Vec<Value> = verification
        .without
        .iter()
        .map(|(variation, why)| json!({ "name": variation.name(), "why": why }))
        .collect();
    json!({
        "version": VERSION,
        "verdict": verdict(verification.reproducible()),
        "artifacts": artifacts,
        "varied": varied,
        "not_varied": without,
        "first_build_reused": verification.reused,
        "builds": verification.builds,
        "seconds": verification.seconds,
        "causes": verification.blame.as_ref().map(causes),
        "against": verification.against.as_ref().map(|against| json!({
            "file": against.file,
            "not_listed": against.unlisted,
            "other_pins": against.other_pins,
        })),
        "defaults": DEFAULTS,
    })
}

fn verdict(reproducible: bool) -> &'static str {
    if reproducible {
        "reproducible"
    } else {
        "differs"
    }
}

fn causes(blame: &Blame) -> Value {
    let factors =
        |factors: &[Factor]| -> Vec<&str> { factors.iter().map(|factor| factor.name()).collect() };
    let found: Vec<Value> = blame
        .causes
        .iter()
        .map(|cause| {
            let evidence: Vec<Value> = cause.evidence.iter().map(self::evidence).collect();
            json!({
                "factors": factors(&cause.factors),
                "fails": cause.fails,
                "hint": hint(cause),
                "evidence": evidence,
            })
        })
        .collect();
    let (ending, unsearched) = match &blame.ending {
        Ending::Complete => ("complete", Vec::new()),
        Ending::Unsteady => ("unsteady", Vec::new()),
        Ending::NotShown => ("not shown", Vec::new()),
        Ending::Stale => ("stale", Vec::new()),
        Ending::Unsearched(left) => ("unsearched", factors(left)),
    };
    json!({ "found": found, "search": ending, "unsearched": unsearched })
}

fn evidence(evidence: &Evidence) -> Value {
    let place = &evidence.place;
    let nature = match evidence.nature {
        Nature::Date => "date",
        Nature::Path => "path",
        Nature::Address => "address",
        Nature::Order => "order",
        Nature::Number => "number",
        Nature::Text => "text",
    };
    let origin = evidence.origin.as_ref().map(|origin| {
        let krate = origin.krate();
        match origin {
            Origin::Script { file, .. } => {
                json!({ "kind": "build script", "crate": krate, "file": file })
            }
            Origin::Directive { first, second, .. } => json!({
                "kind": "build script's directive",
                "crate": krate,
                "first": first,
                "second": second,
            }),
            Origin::Variable { name, .. } => {
                json!({ "kind": "env macro", "crate": krate, "variable": name })
            }
            Origin::Units(units) => json!({
                "kind": "codegen units",
                "crate": krate,
                "first": units.first,
                "second": units.second,
            }),
            Origin::Crate { .. } => json!({ "kind": "crate", "crate": krate }),
        }
    });
    json!({
        "artifact": evidence.artefact,
        "member": place.member,
        "section": place.section,
        "symbol": place.symbol,
        "offset": place.offset,
        "first": place.first,
        "second": place.second,
        "nature": nature,
        "origin": origin,
        "crate_version": evidence.version,
    })
}
