//! What machines print of themselves: os-release, `ldd --version`, `uname`,
//! `getconf GNU_LIBC_VERSION` and a few others, in any order. [pure]
//!
//! Sources: os-release(5), uname(1), the first lines of the commands' output
//! on the distributions of `releases.json`.

use std::collections::BTreeMap;

use super::line::{field, glibc, system};
use super::processor::{AARCH64, ARMV6, ARMV7, Processor};
use super::release::{Known, by_codename, by_id, by_platform, kernel, place};
use super::{Kernel, Machine, Place, System, Wanted};
use crate::target::Floor;

/// Debian's names of what its programs are for, whatever the kernel is.
const DEBIAN: [&str; 6] = ["amd64", "arm64", "armel", "armhf", "i386", "ppc64el"];

/// What has been read so far.
#[derive(Default)]
struct Heard {
    /// The fields of each os-release.
    releases: Vec<BTreeMap<String, String>>,
    /// Lines such as `CentOS release 6.10 (Final)`.
    lines: Vec<String>,
    codenames: Vec<String>,
    glibc: Vec<Floor>,
    musl: bool,
    kernels: Vec<Kernel>,
    /// By `uname`, and by Debian's package manager.
    processors: Vec<&'static Processor>,
    userland: Vec<&'static Processor>,
    machines: Vec<&'static Machine>,
    systems: Vec<System>,
}

/// What a text of several such outputs says.
pub fn said(text: &str) -> Wanted {
    let mut heard = Heard::default();
    for line in text.lines() {
        heard.line(line.trim_matches(['\0', '\r', ' ', '\t']));
    }
    heard.conclude()
}

impl Heard {
    fn line(&mut self, line: &str) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let Some(first) = words.first() else {
            return;
        };
        if let [word] = words[..]
            && let Some(processor) = Processor::find(word)
        {
            match DEBIAN.contains(&word) {
                true => self.userland.push(processor),
                false => self.processors.push(processor),
            }
        } else if let Some((key, value)) = field(line) {
            self.field(key, value);
        } else if let Some(glibc) = glibc(line, &words) {
            self.glibc.push(glibc);
        } else if line.starts_with("musl libc") {
            self.musl = true;
        } else if *first == "Linux" {
            self.linux(&words);
        } else if let Some(system) = system(line) {
            self.systems.push(system);
        } else if let Some(at) = line.find("Raspberry Pi ") {
            self.machines.extend(Machine::of_model(&line[at..]));
        } else if let Some(name) = line.strip_prefix("Codename:") {
            self.codenames.push(name.trim().to_owned());
        } else if line.contains(" release ") {
            self.lines.push(line.to_owned());
        }
    }

    /// A field of os-release; one that is there already begins another
    /// machine's.
    fn field(&mut self, key: &str, value: &str) {
        match self.releases.last_mut() {
            Some(fields) if !fields.contains_key(key) => {
                fields.insert(key.to_owned(), value.to_owned());
            }
            _ => {
                let fields = BTreeMap::from([(key.to_owned(), value.to_owned())]);
                self.releases.push(fields);
            }
        }
    }

    /// `uname -a`: the processor stands near the end, the host's name before.
    fn linux(&mut self, words: &[&str]) {
        if words
            .iter()
            .any(|word| ["Android", "Toybox"].contains(word))
        {
            self.systems.push(System::Android);
        }
        let processor = words.iter().skip(1).rev();
        self.processors
            .extend(processor.filter_map(|word| Processor::find(word)).take(1));
        self.kernels
            .extend(words.get(2).and_then(|word| Kernel::parse(word)));
    }

    fn conclude(self) -> Wanted {
        let mut wanted = Wanted::default();
        for fields in &self.releases {
            distribution(fields, &mut wanted);
        }
        for line in &self.lines {
            // The same is in os-release, where there is one.
            if self.releases.is_empty() {
                release_line(line, &mut wanted);
            }
        }
        if wanted.places.is_empty() {
            let named = self.codenames.iter().filter_map(|name| by_codename(name));
            let named =
                named.map(|(of, release)| place(&of.name, &release.version, release, false));
            wanted.places.extend(named);
        }
        self.see_libc(&mut wanted);
        for system in self.systems {
            if !wanted.systems.contains(&system) {
                wanted.systems.push(system);
            }
        }
        let name = match &wanted.places[..] {
            [place] => place.name().to_owned(),
            _ => "the machine".to_owned(),
        };
        let kernels = self.kernels.iter().map(|kernel| (name.clone(), *kernel));
        if !self.kernels.is_empty() {
            wanted.kernels = kernels.collect();
        }
        // ARMv6 is below what Debian's own `armhf` is for: Raspbian's is not.
        let below = self.processors.contains(&&ARMV6);
        let processors = match self.userland.is_empty() || below {
            true => &self.processors,
            false => &self.userland,
        };
        for processor in processors {
            wanted.add(processor);
        }
        if wanted.processors.is_empty() {
            for machine in &self.machines {
                wanted.see_machine(machine);
            }
        }
        if self.releases.iter().any(|fields| id(fields) == "raspbian") {
            wanted.see_raspbian();
        }
        wanted
    }

    /// What `ldd` and `getconf` say is what is there, whatever the table has.
    fn see_libc(&self, wanted: &mut Wanted) {
        if self.musl {
            match &mut wanted.places[..] {
                [] => wanted.places.push(Place::Musl {
                    name: "the machine".to_owned(),
                }),
                [one @ Place::Unknown { .. }] => {
                    let name = one.name().to_owned();
                    *one = Place::Musl { name };
                }
                _ => {}
            }
        }
        let Some(lowest) = self.glibc.iter().min().copied() else {
            return;
        };
        match &mut wanted.places[..] {
            [] => wanted.places.push(Place::Glibc {
                name: "the machine".to_owned(),
                glibc: lowest,
            }),
            [one] if !matches!(one, Place::Apart { .. } | Place::Any) => {
                *one = Place::Glibc {
                    name: one.name().to_owned(),
                    glibc: lowest,
                };
            }
            _ => wanted.places.push(Place::Glibc {
                name: "one of the machines".to_owned(),
                glibc: lowest,
            }),
        }
    }
}

impl Wanted {
    /// The system of Raspberry Pi that calls itself raspbian is the one of 32
    /// bits, whatever kernel runs it.
    pub(super) fn see_raspbian(&mut self) {
        let foreign = self.processors.contains(&&AARCH64);
        if foreign || self.processors.is_empty() {
            self.processors.retain(|one| *one != &AARCH64);
            self.add(&ARMV7);
            self.notes.push(
                "raspbian is the 32-bit Raspberry Pi OS, also where its kernel has 64 bits; \
                 on a Raspberry Pi 1 or Zero it is ARMv6: --arch armv6"
                    .to_owned(),
            );
        }
    }
}

impl Place {
    /// What it is called.
    pub fn name(&self) -> &str {
        match self {
            Place::Glibc { name, .. }
            | Place::Musl { name }
            | Place::Rolling { name }
            | Place::Apart { name }
            | Place::Unknown { name } => name,
            Place::Any => "any Linux",
        }
    }
}

fn id(fields: &BTreeMap<String, String>) -> String {
    fields
        .get("ID")
        .map_or_else(String::new, |id| id.to_ascii_lowercase())
}

fn distribution(fields: &BTreeMap<String, String>, wanted: &mut Wanted) {
    let get = |key: &str| fields.get(key).map(String::as_str);
    let version = get("VERSION_ID").unwrap_or("");
    let pretty = get("PRETTY_NAME").or_else(|| get("NAME"));
    let mut found = None;
    match by_id(&id(fields)) {
        Some(Known::Other(place)) => {
            wanted.places.push(place);
            return;
        }
        Some(Known::Family(family, name)) => {
            if let Some((release, beyond)) = family.release(&id(fields), version) {
                found = Some((place(name, version, release, beyond), release));
            }
        }
        None => {}
    }
    let codenames = ["UBUNTU_CODENAME", "DEBIAN_CODENAME", "VERSION_CODENAME"];
    let mut based = codenames
        .into_iter()
        .filter_map(get)
        .filter_map(by_codename);
    let based = based.next().or_else(|| by_platform(get("PLATFORM_ID")?));
    let own = pretty.unwrap_or("the machine");
    if found.is_none()
        && let Some((family, release)) = based
    {
        let name = format!("{own} (as {} {})", family.name, release.version);
        found = Some((place(&name, "", release, false), release));
    }
    match found {
        Some((place, release)) => {
            let kernel = kernel(release).map(|kernel| (place.name().to_owned(), kernel));
            wanted.kernels.extend(kernel);
            wanted.places.push(place);
        }
        // Debian's testing and unstable have no number.
        None if version.is_empty() && id(fields) == "debian" => {
            wanted.places.push(Place::Rolling {
                name: own.to_owned(),
            });
        }
        None => wanted.places.push(Place::Unknown {
            name: own.to_owned(),
        }),
    }
}

/// `/etc/redhat-release`, of systems before os-release too.
fn release_line(line: &str, wanted: &mut Wanted) {
    const NAMES: [(&str, &str); 7] = [
        ("AlmaLinux", "almalinux"),
        ("Amazon Linux", "amzn"),
        ("CentOS", "centos"),
        ("Fedora", "fedora"),
        ("Oracle Linux", "ol"),
        ("Red Hat Enterprise Linux", "rhel"),
        ("Rocky Linux", "rocky"),
    ];
    let named = NAMES.iter().find(|(name, _)| line.starts_with(name));
    let version = line.split(" release ").nth(1);
    let version = version.and_then(|rest| rest.split_whitespace().next());
    if let (Some((_, id)), Some(version)) = (named, version) {
        let fields = [("ID", *id), ("VERSION_ID", version)];
        let fields = fields.map(|(key, value)| (key.to_owned(), value.to_owned()));
        distribution(&BTreeMap::from(fields), wanted);
    }
}
