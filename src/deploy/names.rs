//! What people call the places that their programs run at: `debian-11`,
//! `rocky-8`, `bookworm`, `pi-4`, `glibc-2.17`, `windows`. [pure]

use super::processor::Processor;
use super::release::{Family, KNOWN, Known, by_codename, by_id, kernel, place};
use super::{Machine, Place, System, Wanted};
use crate::error::{Error, Kind, Result};
use crate::target::Floor;

/// Words for places that no table has.
const ANY: [&str; 4] = ["any", "linux", "scratch", "busybox"];

const SYSTEMS: [(&str, System); 10] = [
    ("windows", System::Windows),
    ("macos", System::MacOs),
    ("mac", System::MacOs),
    ("darwin", System::MacOs),
    ("osx", System::MacOs),
    ("android", System::Android),
    ("freebsd", System::Bsd),
    ("openbsd", System::Bsd),
    ("netbsd", System::Bsd),
    ("bsd", System::Bsd),
];

/// Other words for an `ID` of os-release.
const ALIASES: [(&str, &str); 12] = [
    ("amazon-linux", "amzn"),
    ("amazonlinux", "amzn"),
    ("al", "amzn"),
    ("redhat", "rhel"),
    ("alma", "almalinux"),
    ("rockylinux", "rocky"),
    ("oraclelinux", "ol"),
    ("oracle", "ol"),
    ("suse", "sles"),
    ("opensuse", "opensuse-leap"),
    ("leap", "opensuse-leap"),
    ("tumbleweed", "opensuse-tumbleweed"),
];

/// What a word means.
///
/// # Errors
/// `Kind::Usage` for a word that means nothing here, with the nearest ones; or
/// for a distribution without the release that decides.
pub fn named(word: &str) -> Result<Wanted> {
    let lower = word.trim().to_ascii_lowercase().replace(' ', "-");
    let mut wanted = Wanted::default();
    if let Some((_, system)) = SYSTEMS.iter().find(|(name, _)| *name == lower) {
        wanted.systems.push(*system);
    } else if ANY.contains(&&*lower) {
        wanted.places.push(Place::Any);
    } else if let Some(version) = lower.strip_prefix("glibc") {
        let version = version.trim_start_matches(['-', '=', ':']);
        let glibc: Floor = version.parse().map_err(|cause: String| {
            Error::new(Kind::Usage, format!("--for {word}"))
                .caused_by(cause)
                .hint("--for glibc-2.17")
        })?;
        wanted.places.push(Place::Glibc {
            name: "what you named".to_owned(),
            glibc,
        });
    } else if let Some(machine) = Machine::find(&lower) {
        wanted.see_machine(machine);
    } else {
        distribution(word, &lower, &mut wanted)?;
    }
    Ok(wanted)
}

impl Wanted {
    /// Takes over what a machine is.
    pub(super) fn see_machine(&mut self, machine: &Machine) {
        let Some(processor) = machine.processor() else {
            return;
        };
        self.add(processor);
        let (name, chip) = (&machine.name, &machine.chip);
        self.notes.push(match machine.also() {
            Some(also) => format!(
                "{name} ({chip}) is {} with a 64-bit system; with a 32-bit one: --arch {}",
                processor.name, also.name
            ),
            None => format!("{name} ({chip}) is {}", processor.name),
        });
    }
}

fn distribution(word: &str, lower: &str, wanted: &mut Wanted) -> Result<()> {
    // What tags of images have behind it: `12-slim`.
    let plain = |text: &str| {
        let text = text.trim_start_matches(['-', ':', '_', '@', 'v']);
        let text = text.replace("-sp", ".").replace("sp", ".");
        text.split('-').next().unwrap_or("").to_owned()
    };
    if let Some((family, release)) = by_codename(&plain(lower)) {
        wanted
            .places
            .push(place(&family.name, &release.version, release, false));
        return Ok(());
    }
    for (name, id) in ids() {
        let Some(rest) = lower.strip_prefix(name) else {
            continue;
        };
        let glued = rest.starts_with(|c: char| c.is_ascii_alphabetic());
        let version = plain(rest);
        match by_id(id) {
            _ if glued => {}
            Some(Known::Other(place)) => {
                wanted.places.push(place);
                return Ok(());
            }
            Some(Known::Family(family, name)) => {
                let release = match by_codename(&version) {
                    Some((of, release)) if std::ptr::eq(of, family) => Some((release, false)),
                    _ => family.release(id, &version),
                };
                let Some((release, beyond)) = release else {
                    let known = family.releases_of(id).iter().filter(|one| one.shown);
                    let known: Vec<&str> = known.map(|one| one.version.as_str()).collect();
                    let known = match known[..] {
                        [first, .., last] if known.len() > 10 => format!("from {first} to {last}"),
                        _ => known.join(", "),
                    };
                    let message = match &*version {
                        "" => format!("`{word}` is several releases"),
                        _ => format!("no release `{version}` of {name} is known"),
                    };
                    return Err(Error::new(Kind::Usage, message)
                        .hint(format!("--for {id}-N, with one of {known}"))
                        .hint("any other by its glibc: --for glibc-2.31"));
                };
                let is_number = version.starts_with(|c: char| c.is_ascii_digit());
                let shown = if is_number {
                    &version
                } else {
                    &release.version
                };
                let place = place(name, shown, release, beyond);
                wanted.kernels.extend(
                    kernel(release).map(|kernel| (format!("{name} {}", release.version), kernel)),
                );
                wanted.places.push(place);
                if id == "raspbian" {
                    wanted.see_raspbian();
                }
                return Ok(());
            }
            None => {}
        }
    }
    Err(unknown(word, lower))
}

/// Every name of a distribution with its `ID`, the longest first.
fn ids() -> Vec<(&'static str, &'static str)> {
    let families = KNOWN.families.iter().flat_map(|family| family.ids.keys());
    let others = KNOWN.others.iter().flat_map(|others| others.ids.keys());
    let own = families.chain(others).map(|id| (id.as_str(), id.as_str()));
    let mut ids: Vec<(&str, &str)> = own.chain(ALIASES).collect();
    ids.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    ids
}

fn unknown(word: &str, lower: &str) -> Error {
    let error = Error::new(Kind::Usage, format!("`{word}` is no place that is known"));
    let mut near: Vec<(f64, String)> = all_names()
        .into_iter()
        .map(|name| (strsim::jaro_winkler(lower, &name), name))
        .filter(|(score, _)| *score > 0.8)
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0));
    let near: Vec<String> = near.into_iter().take(3).map(|(_, name)| name).collect();
    let error = match near[..] {
        [] => error,
        _ => error.hint(format!("did you mean {}?", near.join(", "))),
    };
    error
        .hint("xbuild choose --list names all of them")
        .hint("ssh HOST 'cat /etc/os-release; uname -m' | xbuild choose")
}

/// All names of places, as they are typed.
pub fn all_names() -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for family in &KNOWN.families {
        for id in family.ids.keys() {
            let shown = family.releases_of(id).iter().filter(|one| one.shown);
            names.extend(shown.map(|one| format!("{id}-{}", one.version)));
        }
    }
    let others = KNOWN.others.iter().flat_map(|others| others.ids.keys());
    names.extend(others.cloned());
    names.extend(Machine::all().iter().flat_map(Machine::names).cloned());
    names.extend(SYSTEMS.iter().map(|(name, _)| (*name).to_owned()));
    names.extend(ANY.iter().map(|name| (*name).to_owned()));
    names
}

/// The same for a person, in groups: a label, and what it has.
pub fn groups() -> Vec<(String, String)> {
    let ids = |family: &Family| -> Vec<String> { family.ids.keys().cloned().collect() };
    let mut groups: Vec<(String, String)> = Vec::new();
    for family in &KNOWN.families {
        let shown = family.releases.iter().filter(|one| one.shown);
        let shown: Vec<&str> = shown.map(|one| one.version.as_str()).collect();
        let ids = ids(family).join("-, ");
        groups.push((family.name.clone(), format!("{ids}-: {}", shown.join(" "))));
    }
    let others = KNOWN.others.iter().flat_map(|others| others.ids.keys());
    let others: Vec<&str> = others.map(String::as_str).collect();
    groups.push(("any release".to_owned(), others.join(" ")));
    let machines = Machine::all().iter().flat_map(Machine::names);
    let machines: Vec<&str> = machines.map(String::as_str).collect();
    groups.push(("machines".to_owned(), machines.join(" ")));
    let systems: Vec<&str> = SYSTEMS.iter().map(|(name, _)| *name).collect();
    groups.push(("other systems".to_owned(), systems.join(" ")));
    groups.push(("others".to_owned(), format!("{} glibc-2.17", ANY.join(" "))));
    let processors: Vec<&str> = Processor::all().map(|one| one.name).collect();
    groups.push(("--arch".to_owned(), processors.join(" ")));
    groups
}
