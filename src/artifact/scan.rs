//! One pass over all of a file's bytes: size, SHA-256, and paths of the build
//! machine that should not be in it. [pure]

use std::io::{self, Read};
use std::path::Path;

use memchr::memmem::Finder;
use sha2::{Digest, Sha256};

use super::notes::hex;

/// Bytes read at once.
const BLOCK: usize = 1 << 20;
/// Bytes that the window keeps on each side of what has been searched: room
/// for a needle and the text after it.
const CONTEXT: usize = 256;
/// How much printable text is kept before a hit, and after it, in bytes.
/// Strings in a binary run into each other, so little of what stands before
/// belongs to the path.
const BEFORE: usize = 16;
const AFTER: usize = 96;
/// Hits kept of each needle; the rest is only counted.
const KEPT: usize = 8;

/// A string that must not be in an artefact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Needle {
    text: Vec<u8>,
    what: &'static str,
    then: Then,
}

/// What must follow a needle's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    /// The end of a folder's name: `/home/al` is not in `/home/alice`.
    NameEnds,
    /// A store path's hash, so that a program may know what a store is.
    StoreHash,
}

/// Needles for the Nix store and for folders of the build machine, each with
/// its meaning ("the home folder").
pub fn needles<'a>(folders: impl IntoIterator<Item = (&'a Path, &'static str)>) -> Vec<Needle> {
    let mut needles = vec![Needle::nix_store()];
    for (path, what) in folders {
        let needle = Needle::folder(path, what);
        needles.extend(needle.filter(|new| needles.iter().all(|old| old.text != new.text)));
    }
    needles
}

impl Needle {
    /// A folder of the build machine, with its meaning ("the home folder"). A
    /// folder directly below the root (`/root`, `/src`) is a word that many
    /// programs know without having leaked it, and makes no needle; neither
    /// does a relative path.
    pub fn folder(path: &Path, what: &'static str) -> Option<Self> {
        let names = path
            .components()
            .filter(|part| matches!(part, std::path::Component::Normal(_)))
            .count();
        let text = path.as_os_str().as_encoded_bytes();
        let text = text.strip_suffix(b"/").unwrap_or(text);
        (path.is_absolute() && names >= 2 && text.len() <= CONTEXT).then(|| Needle {
            text: text.to_vec(),
            what,
            then: Then::NameEnds,
        })
    }

    /// The Nix store, which exists on no machine that a program is made for.
    pub fn nix_store() -> Self {
        Needle {
            text: b"/nix/store/".to_vec(),
            what: "the Nix store",
            then: Then::StoreHash,
        }
    }

    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }

    /// What the string stands for.
    pub const fn what(&self) -> &'static str {
        self.what
    }

    /// Whether it stands at the start of a text.
    fn starts(&self, text: &[u8]) -> bool {
        text.strip_prefix(self.text.as_slice())
            .is_some_and(|after| self.fits(after))
    }

    fn fits(&self, after: &[u8]) -> bool {
        match self.then {
            Then::NameEnds => !after
                .first()
                .is_some_and(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(byte)),
            // 160 bits in Nix's base 32, which has no e, o, t and u.
            Then::StoreHash => after.get(..33).is_some_and(|start| {
                let (hash, dash) = start.split_at(32);
                dash == b"-"
                    && hash.iter().all(|byte| {
                        matches!(byte, b'0'..=b'9' | b'a'..=b'z') && !b"eotu".contains(byte)
                    })
            }),
        }
    }
}

/// Where a needle was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leak {
    /// What the needle stands for.
    pub what: &'static str,
    /// Bytes from the start of the file.
    pub offset: u64,
    /// The printable text around it.
    pub text: String,
    /// How often the needle was found in the whole file, this one included.
    pub of: usize,
}

/// What one pass over a file tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scan {
    /// Bytes.
    pub size: u64,
    /// Lower-case hexadecimal.
    pub sha256: String,
    /// In the order of the needles, the first few of each.
    pub leaks: Vec<Leak>,
}

/// Reads a file to its end, in blocks of 1 MiB.
///
/// # Errors
/// Where reading fails.
pub fn scan(mut file: impl Read, needles: &[Needle]) -> io::Result<Scan> {
    let mut hash = Sha256::new();
    let mut hits: Vec<(usize, Vec<Leak>)> = vec![(0, Vec::new()); needles.len()];
    let finders: Vec<Finder> = needles
        .iter()
        .map(|needle| Finder::new(&needle.text))
        .collect();
    // The window is the last block's tail and then a new block. A hit is taken
    // once the text after it is in the window, or the file has ended.
    let mut window: Vec<u8> = Vec::with_capacity(BLOCK + 4 * CONTEXT);
    let mut start = 0u64;
    let mut taken = 0usize;
    loop {
        let old = window.len();
        let read = (&mut file).take(BLOCK as u64).read_to_end(&mut window)?;
        hash.update(&window[old..]);
        let end = if read == 0 {
            window.len()
        } else {
            window.len().saturating_sub(2 * CONTEXT).max(taken)
        };
        for ((needle, finder), (count, leaks)) in needles.iter().zip(&finders).zip(&mut hits) {
            let room = (end + needle.text.len())
                .saturating_sub(1)
                .min(window.len());
            for place in finder.find_iter(&window[taken.min(room)..room]) {
                let place = taken + place;
                let after = place + needle.text.len();
                if !needle.fits(&window[after..]) {
                    continue;
                }
                // A path of the project in the home folder is the project's.
                let nearer = |other: &Needle| {
                    other.text.len() > needle.text.len() && other.starts(&window[place..])
                };
                if needles.iter().any(nearer) {
                    continue;
                }
                *count += 1;
                if leaks.len() < KEPT {
                    leaks.push(Leak {
                        what: needle.what,
                        offset: start + place as u64,
                        text: excerpt(&window, place, after),
                        of: 0,
                    });
                }
            }
        }
        if read == 0 {
            break;
        }
        // What has been taken stays only as the text before the next hit.
        let drop = end.saturating_sub(CONTEXT);
        window.drain(..drop);
        start += drop as u64;
        taken = end - drop;
    }
    let leaks = hits
        .into_iter()
        .flat_map(|(count, leaks)| {
            leaks
                .into_iter()
                .map(move |leak| Leak { of: count, ..leak })
        })
        .collect();
    Ok(Scan {
        size: start + window.len() as u64,
        sha256: hex(&hash.finalize()),
        leaks,
    })
}

/// The printable text around a hit.
fn excerpt(window: &[u8], from: usize, to: usize) -> String {
    let printable = |byte: &u8| matches!(byte, b' '..=b'~') || *byte >= 0x80;
    let before = window[..from]
        .iter()
        .rev()
        .take(BEFORE)
        .take_while(|byte| printable(byte))
        .count();
    let after = window[to..]
        .iter()
        .take(AFTER)
        .take_while(|byte| printable(byte))
        .count();
    String::from_utf8_lossy(&window[from - before..to + after]).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "0123456789abcdfghijklmnpqrsvwxyz";

    fn needles() -> Vec<Needle> {
        let home = Needle::folder(Path::new("/home/al"), "the home folder");
        let home = home.expect("two names make a needle");
        vec![Needle::nix_store(), home]
    }

    fn found(bytes: &[u8]) -> Vec<(&'static str, u64, usize)> {
        let scan = scan(bytes, &needles()).expect("memory can be read");
        scan.leaks
            .iter()
            .map(|leak| (leak.what, leak.offset, leak.of))
            .collect()
    }

    /// Gives at most some bytes at a time, as a pipe does.
    struct Trickle<'a>(&'a [u8], usize);

    impl Read for Trickle<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let size = self.0.len().min(buffer.len()).min(self.1);
            buffer[..size].copy_from_slice(&self.0[..size]);
            self.0 = &self.0[size..];
            Ok(size)
        }
    }

    #[test]
    fn size_and_hash_are_those_of_the_whole_file() {
        let empty = scan(&b""[..], &[]).expect("memory can be read");
        assert_eq!(empty.size, 0);
        let known = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(empty.sha256, known);
        let large = vec![b'a'; 1_000_000 + 3 * BLOCK];
        let whole = scan(large.as_slice(), &needles()).expect("memory can be read");
        assert_eq!(whole.size, large.len() as u64);
        assert_eq!(whole.sha256, hex(&Sha256::digest(&large)));
        let pieces = scan(Trickle(&large, 4099), &needles()).expect("memory can be read");
        assert_eq!(pieces, whole);
        // FIPS 180-2, appendix B.3.
        let million = scan(&large[..1_000_000], &[]).expect("memory can be read");
        let known = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";
        assert_eq!(million.sha256, known);
    }

    #[test]
    fn a_needle_is_a_whole_name() {
        for (text, expected) in [
            ("/home/al/src/main.rs", true),
            ("/home/al", true),
            ("unwrap()/home/al/src", true),
            ("/home/al\0", true),
            ("/home/al:/bin", true),
            ("/home/alice/src", false),
            ("/home/al-2/src", false),
            ("/home/a", false),
        ] {
            assert_eq!(!found(text.as_bytes()).is_empty(), expected, "{text}");
        }
        let store = |rest: &str| !found(format!("/nix/store/{rest}").as_bytes()).is_empty();
        assert!(store(&format!("{HASH}-glibc-2.31/lib")));
        assert!(!store(""));
        assert!(!store("/is-a-word"));
        assert!(!store(&format!("{}-glibc", HASH.replace('a', "e"))));
        assert!(!store(HASH));
    }

    #[test]
    fn a_needle_is_found_wherever_a_block_ends() {
        let needle = format!("/nix/store/{HASH}-x");
        let ends = [
            BLOCK - 2 * CONTEXT,
            BLOCK - CONTEXT,
            BLOCK,
            2 * BLOCK - 2 * CONTEXT,
            2 * BLOCK,
        ];
        for end in ends {
            for back in (0..needle.len() + 3).step_by(5) {
                let mut bytes = vec![0; 2 * BLOCK + 700];
                let place = end - back;
                bytes[place..place + needle.len()].copy_from_slice(needle.as_bytes());
                let expected = [("the Nix store", place as u64, 1)];
                assert_eq!(found(&bytes), expected, "{end} - {back}");
            }
        }
    }

    #[test]
    fn all_are_counted_and_the_first_few_kept() {
        let text = "x/home/al/y\0".repeat(50);
        let found = found(text.as_bytes());
        assert_eq!(found.len(), KEPT);
        assert_eq!(found[0], ("the home folder", 1, 50));
        assert_eq!(found[1].1, 13);
    }

    #[test]
    fn the_text_around_is_what_can_be_printed() {
        let bytes = b"\0\x01assertion failed/home/al/src/main.rs\0more";
        let scan = scan(&bytes[..], &needles()).expect("memory can be read");
        assert_eq!(scan.leaks[0].text, "assertion failed/home/al/src/main.rs");
        assert_eq!(scan.leaks[0].what, "the home folder");
    }

    #[test]
    fn a_path_counts_for_the_nearest_folder_only() {
        let needles = super::needles([
            (Path::new("/home/al"), "the home folder"),
            (Path::new("/home/al/.cargo"), "cargo's home"),
            (Path::new("/root"), "the home folder"),
            (Path::new("/home/al"), "the same again"),
        ]);
        assert_eq!(needles.len(), 3);
        let text = b"/home/al/x\0/home/al/.cargo/registry\0/home/al/.cargo2";
        let scan = scan(&text[..], &needles).expect("memory can be read");
        let found: Vec<_> = scan
            .leaks
            .iter()
            .map(|leak| (leak.what, leak.offset))
            .collect();
        let expected = [
            ("the home folder", 0),
            ("the home folder", 36),
            ("cargo's home", 11),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn words_that_many_programs_know_make_no_needle() {
        let makes = |path: &str| Needle::folder(Path::new(path), "x").is_some();
        assert!(makes("/home/al") && makes("/home/al/"));
        assert!(!makes("/") && !makes("/root") && !makes("/src/") && !makes("home/al"));
        assert!(!makes(&format!("/a/{}", "b".repeat(300))));
    }
}
