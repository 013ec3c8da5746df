//! Which symbols came with which glibc. [pure]

use std::collections::BTreeSet;

use crate::artifact::GlibcVersion;

/// Lines of a release and a name; the file says where they come from.
const SYMBOLS: &str = include_str!("glibc-symbols.txt");

/// The symbols that a glibc has not, and a younger one has.
pub(super) fn younger_than(floor: GlibcVersion) -> BTreeSet<String> {
    SYMBOLS
        .lines()
        .filter_map(|line| line.split_once(' '))
        .filter(|(release, _)| GlibcVersion::parse(release).is_some_and(|since| since > floor))
        .map(|(_, name)| name.to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_symbol_is_younger_than_the_releases_before_it() {
        for (name, since) in [
            ("getrandom", 25),
            ("fcntl64", 28),
            ("gettid", 30),
            ("arc4random_buf", 36),
            ("strlcpy", 38),
        ] {
            let missing = |minor| younger_than(GlibcVersion::new(2, minor)).contains(name);
            assert!(missing(since - 1), "{name}");
            assert!(!missing(since), "{name}");
        }
        let at_the_lowest = younger_than(GlibcVersion::new(2, 17));
        // Moved from libpthread and libdl with a new version, not new.
        for old in ["pthread_create", "dlopen", "memcpy", "clock_gettime"] {
            assert!(!at_the_lowest.contains(old), "{old}");
        }
        assert!(younger_than(GlibcVersion::new(2, 41)).is_empty());
    }
}
