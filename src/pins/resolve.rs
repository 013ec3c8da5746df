//! Development packages for a sysroot: those asked for, with all that they
//! need and the sysroot has not. [pure]
//!
//! It is a smaller task than dpkg's. Nothing of these packages is ever run or
//! configured, only their headers and libraries are used: so a dependency that
//! a program of any architecture would meet (`Multi-Arch: foreign`, or `:any`)
//! is a tool of the build machine and stays out, with what only it needs; so
//! does what is essential to every Debian. Data and headers for all
//! architectures come.
//!
//! Of alternatives the first is taken that is there and can stand beside what
//! was chosen already; nothing is ever tried again, so that the same index and
//! the same wishes always give the same packages.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::index::{Entry, Index};
use super::pinned::Package;
use super::relation::Relation;

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Nothing is called that.
    Unknown { asked: String, nearest: Vec<String> },
    /// Several packages provide it.
    Virtual {
        asked: String,
        providers: Vec<String>,
    },
    /// A dependency that nothing in the suite meets. `chain` begins with what
    /// was asked for and ends with who has the dependency.
    Unmet { chain: Vec<String>, needs: String },
    /// Two that cannot stand beside each other; each with the chain that led
    /// to it. The first refuses the second.
    Conflict {
        one: Vec<String>,
        other: Vec<String>,
    },
}

/// How many names a mistake is answered with.
const NEAREST: usize = 3;

/// The packages, ordered by name. `base` names what the sysroot has.
///
/// # Errors
/// The first [`Fault`], in the order of the wishes.
pub fn resolve<'i>(
    index: &'i Index,
    asked: &BTreeSet<String>,
    base: &BTreeSet<&str>,
) -> Result<Vec<&'i Package>, Fault> {
    let mut choice = Choice {
        index,
        base: base.iter().filter_map(|name| index.entry(name)).collect(),
        chosen: BTreeMap::new(),
        queue: VecDeque::new(),
    };
    // All wishes before any dependency: what was asked for by name decides
    // between alternatives.
    for name in asked {
        let entry = choice.wish(name)?;
        choice.choose(entry, None);
    }
    while let Some(entry) = choice.queue.pop_front() {
        for clause in entry.needs() {
            choice.meet(entry, &clause)?;
        }
    }
    choice.check()?;
    let chosen = choice.chosen.into_values().map(|(entry, _)| entry);
    Ok(chosen.map(|entry| &entry.package).collect())
}

struct Choice<'i> {
    index: &'i Index,
    /// The sysroot's own.
    base: Vec<&'i Entry>,
    /// Name → the package, and the name of the one that needs it.
    chosen: BTreeMap<&'i str, (&'i Entry, Option<&'i str>)>,
    queue: VecDeque<&'i Entry>,
}

impl<'i> Choice<'i> {
    fn wish(&self, name: &str) -> Result<&'i Entry, Fault> {
        if let Some(entry) = self.index.entry(name) {
            return Ok(entry);
        }
        let providers: Vec<&Entry> = self.index.providers(name).collect();
        match providers[..] {
            [only] => Ok(only),
            [] => Err(Fault::Unknown {
                asked: name.to_owned(),
                nearest: nearest(self.index, name),
            }),
            _ => Err(Fault::Virtual {
                asked: name.to_owned(),
                providers: providers.iter().map(|one| name_of(one)).collect(),
            }),
        }
    }

    fn choose(&mut self, entry: &'i Entry, by: Option<&'i str>) {
        let name = entry.package.package.as_str();
        let is_base = self.base.iter().any(|one| one.package.package == name);
        if !is_base && !self.chosen.contains_key(name) {
            self.chosen.insert(name, (entry, by));
            self.queue.push_back(entry);
        }
    }

    fn present(&self) -> impl Iterator<Item = &'i Entry> {
        let chosen = self.chosen.values().map(|(entry, _)| *entry);
        self.base.iter().copied().chain(chosen)
    }

    /// Sees to one clause of a package's dependencies.
    fn meet(&mut self, by: &'i Entry, clause: &[Relation<'i>]) -> Result<(), Fault> {
        let met = |relation: &Relation<'_>| self.present().any(|entry| entry.meets(relation));
        if clause.iter().any(met) {
            return Ok(());
        }
        let candidates: Vec<(&Relation<'i>, &'i Entry)> = clause
            .iter()
            .flat_map(|relation| {
                self.candidates(relation)
                    .map(move |entry| (relation, entry))
            })
            .collect();
        let fits = |entry: &Entry| !self.present().any(|other| at_odds(entry, other));
        let first = candidates.iter().find(|(_, entry)| fits(entry));
        let Some((relation, entry)) = first.or(candidates.first()) else {
            return Err(Fault::Unmet {
                chain: self.chain(&by.package.package),
                needs: clause
                    .iter()
                    .map(|relation| relation.name)
                    .collect::<Vec<_>>()
                    .join(" | "),
            });
        };
        if !is_tool(entry, relation) {
            self.choose(entry, Some(&by.package.package));
        }
        Ok(())
    }

    /// What would meet a relation: the package itself, then its providers.
    fn candidates(&self, relation: &Relation<'i>) -> impl Iterator<Item = &'i Entry> {
        let relation = *relation;
        let own = self.index.entry(relation.name);
        let providers = self.index.providers(relation.name);
        own.into_iter()
            .chain(providers)
            .filter(move |entry| entry.meets(&relation))
    }

    /// Whether all that was chosen can stand together.
    fn check(&self) -> Result<(), Fault> {
        let present: Vec<&Entry> = self.present().collect();
        for one in &present {
            let odd = present.iter().find(|other| refuses(one, other));
            if let Some(other) = odd {
                return Err(Fault::Conflict {
                    one: self.chain(&one.package.package),
                    other: self.chain(&other.package.package),
                });
            }
        }
        Ok(())
    }

    /// From what was asked for to a package.
    fn chain(&self, name: &str) -> Vec<String> {
        let mut chain = vec![name.to_owned()];
        let mut next = self.chosen.get(name).and_then(|(_, by)| *by);
        while let Some(name) = next {
            chain.push(name.to_owned());
            next = self.chosen.get(name).and_then(|(_, by)| *by);
        }
        chain.reverse();
        chain
    }
}

/// A program of which any architecture's would do, or that is always there.
fn is_tool(entry: &Entry, relation: &Relation<'_>) -> bool {
    let any = entry.foreign || relation.qualifier == Some("any");
    entry.essential || (any && entry.package.arch != "all")
}

fn at_odds(one: &Entry, other: &Entry) -> bool {
    refuses(one, other) || refuses(other, one)
}

/// A package may refuse a name that it provides itself: it means the others.
fn refuses(one: &Entry, other: &Entry) -> bool {
    let same = one.package.package == other.package.package;
    !same && one.refuses().any(|relation| other.meets(&relation))
}

fn name_of(entry: &Entry) -> String {
    entry.package.package.clone()
}

/// The names that are most like a word, best first: development packages
/// before others that are as near.
fn nearest(index: &Index, word: &str) -> Vec<String> {
    // What other distributions call a development package.
    let stem = ["-devel", "-dev"]
        .iter()
        .find_map(|end| word.strip_suffix(end));
    let stem = stem.unwrap_or(word);
    let bare = stem.strip_prefix("lib").unwrap_or(stem);
    let likely = [format!("lib{bare}-dev"), format!("{bare}-dev")];
    let mut ranked: Vec<(f64, &str)> = index
        .names()
        .filter_map(|name| {
            let mut score = strsim::jaro_winkler(word, name);
            if likely.iter().any(|one| one == name) {
                score = 1.0;
            } else if name.ends_with("-dev") {
                score += 0.02;
            }
            (score > 0.85).then_some((score, name))
        })
        .collect();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    let names = ranked.into_iter().map(|(_, name)| name.to_owned());
    names.take(NEAREST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pins::index::tests::index;

    const SUITE: &[&str] = &[
        "libc6 2.31 ; Breaks: ancient (<< 2)",
        "libc6-dev 2.31 ; Provides: libc-dev ; Depends: libc6",
        "libpci-dev 1:3.7-5 ; Multi-Arch: same ; Depends: libpci3 (= 1:3.7-5), libudev-dev, zlib1g-dev, libc-dev",
        "libpci3 1:3.7-5 ; Depends: libc6 (>= 2.28), libudev1 (>= 196), pci.ids",
        "libudev-dev 247 ; Depends: libudev1 (= 247)",
        "libudev1 247 ; Depends: libc6 (>= 2.30), perl-base (>= 5)",
        "perl-base 5 ; Essential: yes ; Pre-Depends: dpkg",
        "zlib1g-dev 1.2 ; Depends: zlib1g (= 1.2)",
        "zlib1g 1.2 ; Pre-Depends: libc6",
        "pci.ids 1 ; Architecture: all ; Multi-Arch: foreign",
        "libglib-dev 2 ; Depends: glib-bin, python3:any, pkgconf | pkg-config",
        "glib-bin 2 ; Multi-Arch: foreign ; Depends: python3",
        "python3 3.9 ; Multi-Arch: allowed ; Depends: libsecret",
        "libsecret 1",
        "pkgconf 1 ; Multi-Arch: foreign",
        "libcurl-gnutls-dev 7 ; Provides: libcurl-dev ; Conflicts: libcurl-dev",
        "libcurl-openssl-dev 7 ; Provides: libcurl-dev ; Conflicts: libcurl-dev",
        "client-dev 1 ; Depends: libcurl-gnutls-dev | libcurl-dev",
        "wants-new 1 ; Depends: client-dev, zlib1g (>= 9)",
        "wants-virtual-version 1 ; Depends: libcurl-dev (>= 2)",
        "provider 3 ; Provides: thing (= 3)",
        "wants-thing 1 ; Depends: thing (>= 2)",
        "ancient 1",
    ];

    fn try_to(asked: &str) -> Result<String, Fault> {
        let index = index(SUITE);
        let asked = asked.split(' ').map(str::to_owned).collect();
        let base = ["libc6", "libc6-dev"].into_iter().collect();
        let packages = resolve(&index, &asked, &base)?;
        let names: Vec<&str> = packages.iter().map(|one| one.package.as_str()).collect();
        Ok(names.join(" "))
    }

    #[test]
    fn closures_without_what_the_sysroot_has_and_without_tools() {
        for (asked, expected) in [
            (
                "libpci-dev",
                "libpci-dev libpci3 libudev-dev libudev1 pci.ids zlib1g zlib1g-dev",
            ),
            ("libc6-dev", ""),
            ("libglib-dev", "libglib-dev"),
            ("client-dev", "client-dev libcurl-gnutls-dev"),
            (
                "client-dev libcurl-openssl-dev",
                "client-dev libcurl-openssl-dev",
            ),
            ("thing", "provider"),
            ("wants-thing", "provider wants-thing"),
            // A program that is asked for by name comes.
            ("glib-bin", "glib-bin libsecret python3"),
        ] {
            assert_eq!(try_to(asked).as_deref(), Ok(expected), "{asked}");
        }
    }

    #[test]
    fn faults_say_who_wants_what() {
        let list = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        for (asked, fault) in [
            (
                "pci-devel",
                Fault::Unknown {
                    asked: "pci-devel".to_owned(),
                    nearest: list(&["libpci-dev"]),
                },
            ),
            (
                "libudev1-dev",
                Fault::Unknown {
                    asked: "libudev1-dev".to_owned(),
                    nearest: list(&["libudev-dev", "libudev1"]),
                },
            ),
            (
                "qqq",
                Fault::Unknown {
                    asked: "qqq".to_owned(),
                    nearest: vec![],
                },
            ),
            (
                "libcurl-dev",
                Fault::Virtual {
                    asked: "libcurl-dev".to_owned(),
                    providers: list(&["libcurl-gnutls-dev", "libcurl-openssl-dev"]),
                },
            ),
            (
                "libcurl-gnutls-dev libcurl-openssl-dev",
                Fault::Conflict {
                    one: list(&["libcurl-gnutls-dev"]),
                    other: list(&["libcurl-openssl-dev"]),
                },
            ),
            (
                "ancient",
                Fault::Conflict {
                    one: list(&["libc6"]),
                    other: list(&["ancient"]),
                },
            ),
            (
                "wants-new",
                Fault::Unmet {
                    chain: list(&["wants-new"]),
                    needs: "zlib1g".to_owned(),
                },
            ),
            (
                "wants-virtual-version",
                Fault::Unmet {
                    chain: list(&["wants-virtual-version"]),
                    needs: "libcurl-dev".to_owned(),
                },
            ),
        ] {
            assert_eq!(try_to(asked), Err(fault), "{asked}");
        }
    }

    #[test]
    fn a_conflict_deep_down_names_both_ways_to_it() {
        let index = index(&[
            "a 1 ; Depends: b",
            "b 1 ; Conflicts: d (<< 2)",
            "c 1 ; Depends: d",
            "d 1",
            "e 1 ; Depends: d2",
            "d2 1 ; Breaks: b (<< 1)",
        ]);
        let ask = |names: [&str; 2]| {
            let asked = names.map(str::to_owned).into();
            resolve(&index, &asked, &BTreeSet::new()).map(|all| all.len())
        };
        let chain = |names: [&str; 2]| names.map(str::to_owned).to_vec();
        let (one, other) = (chain(["a", "b"]), chain(["c", "d"]));
        assert_eq!(ask(["a", "c"]), Err(Fault::Conflict { one, other }));
        assert_eq!(ask(["a", "e"]), Ok(4));
    }
}
