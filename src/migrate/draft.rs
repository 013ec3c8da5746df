//! Facts of all files → one configuration: what agrees is said once, what
//! cannot be is left out with its reason. [pure]

use std::collections::BTreeMap;

use super::Note;
use super::fact::{Fact, Facts, Scope};
use crate::config::{Origin, Passthrough, Setting, Volume};
use crate::target::{Floor, Libc, Table, TargetSpec, other_system};
use crate::tool_set;

/// A target as it will be typed, and its plain triple.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub text: Setting<String>,
    pub triple: String,
    floor: Option<Floor>,
    pub default: bool,
}

/// The keys of one table: `[build]` with `[env]`, or `[target.TRIPLE]`.
#[derive(Debug, Default)]
pub struct Section {
    pub glibc: Option<Setting<String>>,
    pub packages: Vec<Setting<String>>,
    /// Sets of tools, which are the same for every target.
    pub tools: Vec<Setting<String>>,
    pub passthrough: Vec<Setting<String>>,
    pub volumes: Vec<Setting<String>>,
}

/// One of the lists of a section.
#[derive(Debug, Clone, Copy)]
enum List {
    Packages,
    Tools,
    Passthrough,
    Volumes,
}

impl List {
    fn key(self) -> &'static str {
        match self {
            List::Packages => "packages",
            List::Tools => "build.tools",
            List::Passthrough => "env.passthrough",
            List::Volumes => "env.volumes",
        }
    }

    /// What one of its words is called.
    fn word(self) -> &'static str {
        match self {
            List::Packages => "package",
            List::Tools => "tools",
            List::Passthrough => "passthrough",
            List::Volumes => "volume",
        }
    }
}

/// A configuration in the making.
#[derive(Debug, Default)]
pub struct Draft {
    pub targets: Vec<Wanted>,
    pub all: Section,
    pub own: BTreeMap<String, Section>,
    pub carried: Vec<Note>,
    pub needless: Vec<Note>,
    pub left_out: Vec<Note>,
}

/// Puts facts together. Of single values the first that was read holds.
pub fn draft(table: &Table, facts: Facts) -> Draft {
    let mut draft = Draft::default();
    let (targets, others): (Vec<_>, Vec<_>) = facts
        .0
        .into_iter()
        .partition(|fact| matches!(fact.value, Fact::Target { .. }));
    for Setting { value, origin } in targets {
        if let Fact::Target { text, default } = value {
            draft.target(table, &text, default, origin);
        }
    }
    for Setting { value, origin } in others {
        draft.fact(table, value, origin);
    }
    draft.lift_floors(table);
    for section in std::iter::once(&mut draft.all).chain(draft.own.values_mut()) {
        section.packages.sort_by(|a, b| a.value.cmp(&b.value));
    }
    for notes in [&mut draft.carried, &mut draft.needless, &mut draft.left_out] {
        let mut seen = std::collections::BTreeSet::new();
        notes.retain(|note| seen.insert((note.what.clone(), note.then.clone())));
    }
    draft
}

impl Draft {
    fn target(&mut self, table: &Table, text: &str, default: bool, place: Origin) {
        let what = format!("target {text}");
        let spec = match TargetSpec::parse(table, text, None) {
            Ok(spec) => spec,
            Err(error) => {
                // A floor that cannot be does not cost the target.
                let known = table.iter().find(|target| {
                    let rest = text.strip_prefix(&target.triple);
                    rest.is_some_and(|rest| rest.starts_with('.'))
                });
                let why = match (known, other_system(text)) {
                    (Some(_), _) => error.to_string(),
                    (None, Some(why)) => why.to_owned(),
                    (None, None) => "xbuild has no such target; `xbuild targets` lists them".into(),
                };
                self.left_out(place.clone(), what, why);
                if let Some(target) = known {
                    self.target(table, &target.triple, default, place);
                }
                return;
            }
        };
        let triple = spec.triple().to_owned();
        let floor = spec.floor().filter(|_| text != triple);
        let mut same = self.targets.iter_mut().filter(|it| it.triple == triple);
        if let Some(known) =
            same.find(|it| it.floor == floor || it.floor.is_none() || floor.is_none())
        {
            known.default |= default;
            // Whoever names a floor says more than whoever names none.
            if known.floor.is_none() && floor.is_some() {
                known.text = Setting::new(text.to_owned(), place.clone());
                known.floor = floor;
            }
            return;
        }
        self.targets.push(Wanted {
            text: Setting::new(text.to_owned(), place),
            triple,
            floor,
            default,
        });
    }

    fn fact(&mut self, table: &Table, fact: Fact, place: Origin) {
        match fact {
            Fact::Target { .. } => {}
            Fact::Needless { what, why } => self.needless(place, what, why),
            Fact::LeftOut { what, why } => self.left_out(place, what, why),
            Fact::Tool(name) => self.tool(table, name, place),
            Fact::Floor {
                scope,
                version,
                what,
            } => self.floor(table, &scope, version, what, place),
            Fact::Package { scope, name } => self.package(table, &scope, name, place),
            Fact::Passthrough { scope, text } => match Passthrough::parse(&text) {
                Ok(_) => self.add(table, &scope, List::Passthrough, text, place),
                Err(why) => self.left_out(place, format!("passthrough {text}"), why),
            },
            // cross has no suffix for volumes: the container may write to all.
            Fact::Volume { scope, text } => match Volume::parse(&text) {
                Ok(_) => self.add(table, &scope, List::Volumes, text, place),
                Err(why) => self.left_out(place, format!("volume {text}"), why),
            },
        }
    }

    fn floor(
        &mut self,
        table: &Table,
        scope: &Scope,
        version: String,
        what: String,
        place: Origin,
    ) {
        let Ok(floor) = version.parse::<Floor>() else {
            let why = format!("`{version}` is not a glibc version such as 2.17");
            return self.left_out(place, what, why);
        };
        let target = match scope {
            Scope::All => None,
            Scope::Target(triple) => {
                let Some(target) = table.get(triple) else {
                    return self.of_no_target(place, what, triple);
                };
                let Some(glibc) = &target.glibc else {
                    let why = format!("{triple} has no glibc: its programs are static");
                    return self.needless(place, what, why);
                };
                if glibc.base(floor).is_none() {
                    let (lowest, highest) = (glibc.lowest, glibc.highest());
                    let why = format!("the floors of {triple} are {lowest} to {highest}");
                    return self.left_out(place, what, why);
                }
                Some(triple)
            }
        };
        let (section, key) = match target {
            None => (&mut self.all, "build.glibc".to_owned()),
            Some(triple) => (
                self.own.entry(triple.clone()).or_default(),
                format!("target.{triple}.glibc"),
            ),
        };
        match &section.glibc {
            Some(known) if known.value == version => {}
            Some(known) => {
                let why = format!("{} says {}", known.origin, known.value);
                self.needless(place, what, why);
            }
            None => {
                section.glibc = Some(Setting::new(version, place.clone()));
                self.carried(place, what, key);
            }
        }
    }

    fn package(&mut self, table: &Table, scope: &Scope, name: String, place: Origin) {
        let what = format!("package {name}");
        if let Scope::Target(triple) = scope {
            let Some(target) = table.get(triple) else {
                return self.of_no_target(place, what, triple);
            };
            if target.libc == Libc::Musl {
                let why = format!(
                    "Debian's libraries are for glibc, {triple} is not: a crate's `vendored` feature builds it"
                );
                return self.left_out(place, what, why);
            }
            if !self.targets.iter().any(|it| it.triple == *triple) {
                let why = format!("nothing is built for {triple}, which it is for");
                return self.needless(place, what, why);
            }
        }
        // Packages for all are those of each glibc target: a musl one has none.
        let triples: Vec<String> = match scope {
            Scope::Target(triple) => vec![triple.clone()],
            Scope::All => {
                let of_glibc = |it: &&Wanted| {
                    table
                        .get(&it.triple)
                        .is_some_and(|it| it.libc == Libc::Glibc)
                };
                let mut triples: Vec<String> = self
                    .targets
                    .iter()
                    .filter(of_glibc)
                    .map(|it| it.triple.clone())
                    .collect();
                triples.sort();
                triples.dedup();
                triples
            }
        };
        if triples.is_empty() {
            let why = "no target with glibc is named that could have it";
            return self.left_out(place, what, why.to_owned());
        }
        for triple in triples {
            let scope = Scope::Target(triple);
            self.add(table, &scope, List::Packages, name.clone(), place.clone());
        }
    }

    fn tool(&mut self, table: &Table, name: String, place: Origin) {
        let sets = tool_set::all().unwrap_or_default();
        if let Some(set) = tool_set::of_package(&sets, &name) {
            return self.add(table, &Scope::All, List::Tools, set.name.clone(), place);
        }
        let what = format!("package {name}");
        let why = "it is a tool of the build machine, no library of the target, and \
                   in none of xbuild's sets of tools";
        self.left_out(place, what, why.to_owned());
    }

    /// Adds a word to a list, once.
    fn add(&mut self, table: &Table, scope: &Scope, list: List, word: String, place: Origin) {
        let key = list.key();
        let what = format!("{} {word}", list.word());
        let (section, key) = match scope {
            Scope::All => (&mut self.all, key.to_owned()),
            Scope::Target(triple) if table.get(triple).is_some() => (
                self.own.entry(triple.clone()).or_default(),
                format!("target.{triple}.{key}"),
            ),
            Scope::Target(triple) => return self.of_no_target(place, what, triple),
        };
        let words = match list {
            List::Packages => &mut section.packages,
            List::Tools => &mut section.tools,
            List::Passthrough => &mut section.passthrough,
            List::Volumes => &mut section.volumes,
        };
        if !words.iter().any(|known| known.value == word) {
            words.push(Setting::new(word, place.clone()));
            self.carried(place, what, key);
        }
    }

    /// A floor for all that a target cannot have is lifted for that one, so
    /// that a build for all of them works.
    fn lift_floors(&mut self, table: &Table) {
        let Some(all) = self.all.glibc.clone() else {
            return;
        };
        let Ok(floor) = all.value.parse::<Floor>() else {
            return;
        };
        for wanted in self.targets.iter().filter(|it| it.floor.is_none()) {
            let Some(glibc) = table.get(&wanted.triple).and_then(|it| it.glibc.as_ref()) else {
                continue;
            };
            let section = self.own.entry(wanted.triple.clone()).or_default();
            if glibc.base(floor).is_none() && section.glibc.is_none() {
                let nearest = if floor < glibc.lowest {
                    glibc.lowest
                } else {
                    glibc.highest()
                };
                section.glibc = Some(Setting::new(nearest.to_string(), all.origin.clone()));
                self.left_out.push(Note {
                    place: all.origin.clone(),
                    what: format!("glibc {floor} for {}", wanted.triple),
                    then: format!("the nearest that it can have is {nearest}, which is written"),
                });
            }
        }
    }

    fn of_no_target(&mut self, place: Origin, what: String, triple: &str) {
        let why = format!("{triple} is no target of xbuild");
        self.left_out(place, what, why);
    }

    fn carried(&mut self, place: Origin, what: String, then: String) {
        self.carried.push(Note { place, what, then });
    }

    fn needless(&mut self, place: Origin, what: String, then: String) {
        self.needless.push(Note { place, what, then });
    }

    fn left_out(&mut self, place: Origin, what: String, then: String) {
        self.left_out.push(Note { place, what, then });
    }
}
