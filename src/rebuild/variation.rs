//! The ways in which a stranger's machine may differ: the fourteen variations
//! of reprotest 0.7, a closed set. [pure]

use std::collections::BTreeSet;
use std::fmt;

use crate::error::{Error, Kind, Result};

/// One way in which the second build differs from the first, under reprotest's
/// name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Variation {
    Environment,
    BuildPath,
    Kernel,
    Aslr,
    NumCpus,
    Time,
    UserGroup,
    FileOrdering,
    DomainHost,
    Home,
    Locales,
    ExecPath,
    TimeZone,
    Umask,
}

impl Variation {
    /// All of them, in reprotest's order.
    pub const ALL: [Variation; 14] = [
        Variation::Environment,
        Variation::BuildPath,
        Variation::Kernel,
        Variation::Aslr,
        Variation::NumCpus,
        Variation::Time,
        Variation::UserGroup,
        Variation::FileOrdering,
        Variation::DomainHost,
        Variation::Home,
        Variation::Locales,
        Variation::ExecPath,
        Variation::TimeZone,
        Variation::Umask,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Variation::Environment => "environment",
            Variation::BuildPath => "build_path",
            Variation::Kernel => "kernel",
            Variation::Aslr => "aslr",
            Variation::NumCpus => "num_cpus",
            Variation::Time => "time",
            Variation::UserGroup => "user_group",
            Variation::FileOrdering => "fileordering",
            Variation::DomainHost => "domain_host",
            Variation::Home => "home",
            Variation::Locales => "locales",
            Variation::ExecPath => "exec_path",
            Variation::TimeZone => "timezone",
            Variation::Umask => "umask",
        }
    }

    /// What it is, for people: fits after "the build depends on".
    pub const fn words(self) -> &'static str {
        match self {
            Variation::Environment => "environment variables",
            Variation::BuildPath => "the folder of the source",
            Variation::Kernel => "the kernel's version",
            Variation::Aslr => "memory addresses",
            Variation::NumCpus => "the number of processors",
            Variation::Time => "the time",
            Variation::UserGroup => "the user and the group",
            Variation::FileOrdering => "the order of files in a folder",
            Variation::DomainHost => "the names of host and domain",
            Variation::Home => "the home folder",
            Variation::Locales => "the locale",
            Variation::ExecPath => "PATH",
            Variation::TimeZone => "the time zone",
            Variation::Umask => "the umask",
        }
    }

    /// Which one a word names: hyphens do as well as underscores.
    fn parse(word: &str) -> Result<Self> {
        let plain = word.to_ascii_lowercase().replace('-', "_");
        let found = Variation::ALL
            .into_iter()
            .find(|variation| variation.name() == plain);
        found.ok_or_else(|| {
            let error = Error::new(Kind::Usage, format!("`{word}` is no variation"));
            let near = Variation::ALL
                .iter()
                .map(|variation| (strsim::jaro_winkler(&plain, variation.name()), variation))
                .max_by(|a, b| a.0.total_cmp(&b.0));
            match near {
                Some((score, near)) if score > 0.75 => {
                    error.hint(format!("did you mean `{near}`?"))
                }
                _ => error.hint(format!("variations: {}", Variation::list(&Variation::ALL))),
            }
        })
    }

    /// Their names with commas between.
    pub fn list<'a>(variations: impl IntoIterator<Item = &'a Variation>) -> String {
        let names: Vec<&str> = variations.into_iter().map(|each| each.name()).collect();
        names.join(", ")
    }
}

impl fmt::Display for Variation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Which variations a second build has, from the lists of `--vary` and
/// `--no-vary`, parted by commas; `all` stands for every one of them. Without
/// `--vary` it is all; what `--no-vary` names is taken away.
///
/// # Errors
/// `Kind::Usage` for a word that names none, with the nearest that does.
pub fn select(vary: &[String], no_vary: &[String]) -> Result<BTreeSet<Variation>> {
    let chosen = if vary.is_empty() {
        BTreeSet::from(Variation::ALL)
    } else {
        parse(vary, "--vary")?
    };
    let without = parse(no_vary, "--no-vary")?;
    Ok(chosen.difference(&without).copied().collect())
}

fn parse(lists: &[String], flag: &str) -> Result<BTreeSet<Variation>> {
    let mut found = BTreeSet::new();
    for list in lists {
        for word in list.split(',').map(str::trim) {
            match word {
                "" => {
                    let message = format!("`{flag}` wants names of variations");
                    let names = Variation::list(&Variation::ALL);
                    return Err(Error::new(Kind::Usage, message)
                        .hint(format!("{flag} time,umask"))
                        .hint(format!("variations: {names}")));
                }
                "all" => found.extend(Variation::ALL),
                word => {
                    found.insert(Variation::parse(word)?);
                }
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lists(text: &[&str]) -> Vec<String> {
        text.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn lists_choose_and_take_away() {
        for (vary, no_vary, expected) in [
            (&[][..], &[][..], Variation::ALL.to_vec()),
            (
                &["time, umask", "build-path"],
                &[],
                vec![Variation::BuildPath, Variation::Time, Variation::Umask],
            ),
            (&["TIME,aslr"], &["aslr"], vec![Variation::Time]),
            (&["all"], &["all"], vec![]),
        ] {
            let chosen = select(&lists(vary), &lists(no_vary)).unwrap();
            let chosen: Vec<Variation> = chosen.into_iter().collect();
            assert_eq!(chosen, expected, "{vary:?} {no_vary:?}");
        }
        let but_one = select(&[], &lists(&["kernel"])).unwrap();
        assert_eq!(but_one.len(), 13);
    }

    #[test]
    fn a_word_that_names_none_gets_the_nearest() {
        for (word, hint) in [
            ("file_order", "did you mean `fileordering`?"),
            ("locale", "did you mean `locales`?"),
            ("time_zone", "did you mean `timezone`?"),
            ("numcpus", "did you mean `num_cpus`?"),
            ("xyzzy", "variations: environment, build_path, "),
            ("", "--vary time,umask"),
        ] {
            let error = select(&lists(&[word]), &[]).unwrap_err();
            assert_eq!(error.kind(), Kind::Usage);
            assert!(error.hints()[0].starts_with(hint), "{word}: {error:?}");
        }
    }

    #[test]
    fn names_are_reprotests_and_all_differ() {
        let names: BTreeSet<&str> = Variation::ALL.iter().map(|each| each.name()).collect();
        assert_eq!(names.len(), Variation::ALL.len());
        assert_eq!(
            Variation::list(&Variation::ALL),
            "environment, build_path, kernel, aslr, num_cpus, time, user_group, \
             fileordering, domain_host, home, locales, exec_path, timezone, umask"
        );
    }
}
