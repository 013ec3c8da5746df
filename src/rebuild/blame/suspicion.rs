//! What a difference speaks for: the second build's user, host, paths and clock
//! have values that nothing else has. [pure]

use super::text::{self, Nature, Texts};
use super::{Factor, Variation};

/// Words that only one variation puts into the second build.
const MARKS: [(&str, Variation); 13] = [
    ("/build/elsewhere", Variation::BuildPath),
    ("/home/stranger", Variation::Home),
    ("/stranger/bin", Variation::ExecPath),
    ("i_capture_the_path", Variation::ExecPath),
    ("i_capture_the_environment", Variation::Environment),
    ("stranger.invalid", Variation::DomainHost),
    ("elsewhere", Variation::DomainHost),
    ("stranger", Variation::UserGroup),
    ("4242", Variation::UserGroup),
    ("fr_CH", Variation::Locales),
    ("GMT", Variation::TimeZone),
    ("2.6.", Variation::Kernel),
    ("600", Variation::Umask),
];

/// Suspects, the likeliest first. A wrong one costs a build.
pub fn suspects(texts: &[Texts]) -> Vec<Factor> {
    let mut suspects: Vec<Factor> = Vec::new();
    let mut add = |factor: Factor| {
        if !suspects.contains(&factor) {
            suspects.push(factor);
        }
    };
    for pair in texts {
        let mut second = pair.second.clone();
        for (mark, variation) in MARKS {
            if second.contains(mark) && !pair.first.contains(mark) {
                add(Factor::Varied(variation));
                // What is a part of it, is not a mark of its own.
                second = second.replace(mark, "");
            }
        }
    }
    for pair in texts {
        match text::nature(&pair.first, &pair.second) {
            Nature::Date => add(Factor::Varied(Variation::Time)),
            Nature::Address => add(Factor::Varied(Variation::Aslr)),
            Nature::Order => {
                add(Factor::Random);
                add(Factor::Varied(Variation::FileOrdering));
            }
            Nature::Number => {
                add(Factor::Varied(Variation::NumCpus));
                add(Factor::Varied(Variation::Environment));
            }
            Nature::Path | Nature::Text => {}
        }
    }
    suspects
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_the_second_build_speak_for_what_made_them() {
        for (first, second, expected) in [
            ("built on xbuild", "built on elsewhere", "domain_host"),
            (
                "in /build/source/a",
                "in /build/elsewhere/quite/another/a",
                "build_path",
            ),
            ("by xbuild", "by stranger", "user_group"),
            ("built at 1795364576", "built at 1829755437", "time"),
            ("a pool of 2", "a pool of 1", "num_cpus"),
            ("0x7ffe01", "0x555501", "aslr"),
            ("a, b", "b, a", "random"),
            ("mode 100644", "mode 100600", "umask"),
        ] {
            let pair = Texts {
                first: first.into(),
                second: second.into(),
                offset: 0,
            };
            let found = suspects(&[pair]);
            assert_eq!(
                found.first().map(|factor| factor.name()),
                Some(expected),
                "{second}"
            );
        }
        let two = Texts {
            first: "on xbuild for C.UTF-8".into(),
            second: "on elsewhere for fr_CH.UTF-8".into(),
            offset: 0,
        };
        let found = suspects(&[two]);
        let names: Vec<&str> = found.iter().map(|factor| factor.name()).collect();
        assert_eq!(names, ["domain_host", "locales"]);
    }
}
