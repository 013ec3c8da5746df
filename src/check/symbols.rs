//! Which symbols came with which glibc. [pure]

use crate::artifact::GlibcVersion;

/// Lines of a release and a name; the file says where they come from.
const SYMBOLS: &str = include_str!("glibc-symbols.txt");

/// Whether a glibc has not this symbol, and a younger one has. It looks through
/// the whole list: a sound file has no symbol to ask for.
pub(super) fn is_younger_than(floor: GlibcVersion, name: &str) -> bool {
    release_of(name).is_some_and(|since| since > floor)
}

/// The glibc that brought a symbol, where that was after 2.17.
pub fn release_of(name: &str) -> Option<GlibcVersion> {
    let lines = SYMBOLS.lines().filter_map(|line| line.split_once(' '));
    let of_name = lines.filter(|(_, symbol)| *symbol == name);
    of_name
        .filter_map(|(release, _)| GlibcVersion::parse(release))
        .max()
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
            let missing = |minor| is_younger_than(GlibcVersion::new(2, minor), name);
            assert!(missing(since - 1), "{name}");
            assert!(!missing(since), "{name}");
        }
        let floor = GlibcVersion::new(2, 17);
        // Moved from libpthread and libdl with a new version, not new.
        for old in ["pthread_create", "dlopen", "memcpy", "clock_gettime"] {
            assert!(!is_younger_than(floor, old), "{old}");
        }
        assert!(!is_younger_than(GlibcVersion::new(2, 41), "strlcpy"));
    }
}
