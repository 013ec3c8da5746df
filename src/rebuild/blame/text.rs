//! The texts in two files that differ, and what sort of thing they are. [pure]

use std::collections::HashMap;

/// Bytes of a text that are shown before and behind what differs, at most.
const AROUND: usize = 24;
/// Bytes of what differs that are shown, at most.
const SHOWN: usize = 96;
/// Runs of fewer bytes are not taken for text.
const LEAST: usize = 4;

/// Two texts that stand in each other's place, shortened to what differs and a
/// little around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Texts {
    pub first: String,
    pub second: String,
    /// Bytes from the start of the first data to where it differs.
    pub offset: usize,
}

/// What sort of difference it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nature {
    Date,
    Path,
    Address,
    /// The same parts, in another order.
    Order,
    Number,
    Text,
}

impl Nature {
    /// Fits behind a comma, after what writes it.
    pub const fn words(self) -> Option<&'static str> {
        match self {
            Nature::Date => Some("a date or a time"),
            Nature::Path => Some("a path"),
            Nature::Address => Some("an address in memory"),
            Nature::Order => Some("the same parts in another order"),
            Nature::Number => Some("a number"),
            Nature::Text => None,
        }
    }
}

/// The texts of one that the other lacks, in pairs, in their order.
pub fn pairs(first: &[u8], second: &[u8]) -> Vec<Texts> {
    let (ours, theirs) = (runs(first), runs(second));
    let (ours, theirs) = (only(&ours, &theirs), only(&theirs, &ours));
    ours.iter()
        .zip(&theirs)
        .map(|((at, ours), (_, theirs))| shorten(*at, ours, theirs))
        .collect()
}

/// A run of printable bytes, and where it begins.
type Run<'d> = (usize, &'d [u8]);

/// The runs of these that those lack.
fn only<'d>(these: &[Run<'d>], those: &[Run<'_>]) -> Vec<Run<'d>> {
    let mut count: HashMap<&[u8], usize> = HashMap::new();
    for (_, run) in those {
        *count.entry(run).or_default() += 1;
    }
    let mut missing = Vec::new();
    for (at, run) in these {
        match count.get_mut(run) {
            Some(left) if *left > 0 => *left -= 1,
            _ => missing.push((*at, *run)),
        }
    }
    missing
}

/// Runs of printable bytes, with line ends and tabs, and where each begins.
fn runs(data: &[u8]) -> Vec<Run<'_>> {
    let mut runs = Vec::new();
    let mut from = 0;
    for (at, byte) in data.iter().chain([&0]).enumerate() {
        let printable = matches!(byte, b' '..=b'~' | b'\n' | b'\t') || *byte >= 0x80;
        if !printable {
            if at - from >= LEAST {
                runs.push((from, &data[from..at]));
            }
            from = at + 1;
        }
    }
    runs
}

fn shorten(at: usize, first: &[u8], second: &[u8]) -> Texts {
    // Where linkers put texts in another order, one may stand inside a longer
    // run now.
    const KNOWN: usize = 6;
    if first.get(..KNOWN) != second.get(..KNOWN) {
        let inside = |long: &[u8], short: &[u8]| {
            let begin = short.get(..KNOWN)?;
            long.windows(KNOWN).position(|window| window == begin)
        };
        if let Some(skip) = inside(first, second) {
            return shorten(at + skip, &first[skip..], second);
        }
        if let Some(skip) = inside(second, first) {
            return shorten(at, first, &second[skip..]);
        }
    }
    let same = |a: &u8, b: &u8| a == b;
    let before = first
        .iter()
        .zip(second)
        .take_while(|(a, b)| same(a, b))
        .count();
    let rest = first.len().min(second.len()) - before;
    let behind = first
        .iter()
        .rev()
        .zip(second.iter().rev())
        .take(rest)
        .take_while(|(a, b)| same(a, b))
        .count();
    let cut = |text: &[u8]| {
        let (from, to) = (before, text.len() - behind);
        let from = word_start(text, from);
        let to = word_end(text, to).min(from + SHOWN).max(from);
        String::from_utf8_lossy(&text[from..to])
            .replace('\n', "\\n")
            .replace('\t', "\\t")
            .trim_matches('\u{fffd}')
            .to_owned()
    };
    Texts {
        first: cut(first),
        second: cut(second),
        offset: at + before,
    }
}

/// Goes back to the start of the line, but not far.
fn word_start(text: &[u8], at: usize) -> usize {
    let least = at.saturating_sub(AROUND);
    let line = text[..at].iter().rposition(|byte| *byte == b'\n');
    line.map_or(0, |line| line + 1).max(least)
}

/// Goes on to the end of the word.
fn word_end(text: &[u8], at: usize) -> usize {
    let rest = &text[at..text.len().min(at + AROUND)];
    let end = rest
        .iter()
        .position(|byte| matches!(byte, b' ' | b'\n' | b'"'));
    at + end.unwrap_or(rest.len())
}

/// What sort of difference two texts are.
pub fn nature(first: &str, second: &str) -> Nature {
    if first != second && parts(first) == parts(second) {
        return Nature::Order;
    }
    let (ours, theirs) = (words(first), words(second));
    let pairs = ours.iter().copied().zip(theirs.iter().copied());
    let differing: Vec<(&str, &str)> = pairs.filter(|(a, b)| a != b).collect();
    let Some((a, b)) = differing.first().copied() else {
        return Nature::Text;
    };
    let both = |is: &dyn Fn(&str) -> bool| is(a) && is(b);
    if differing.iter().any(|(a, b)| is_date(a) && is_date(b)) {
        Nature::Date
    } else if both(&|word| word.contains("0x")) {
        Nature::Address
    } else if both(&|word| word.contains('/') && word.len() > 2) {
        Nature::Path
    } else if both(&|word| word.bytes().all(|byte| byte.is_ascii_digit())) {
        Nature::Number
    } else {
        Nature::Text
    }
}

fn words(text: &str) -> Vec<&str> {
    text.split(|c: char| c.is_whitespace() || "\"',;()[]{}".contains(c))
        .filter(|word| !word.is_empty())
        .collect()
}

/// The words of a list, sorted.
fn parts(text: &str) -> Vec<&str> {
    let mut parts = words(text);
    parts.sort_unstable();
    parts
}

/// Seconds since 1970 between 2001 and 2065, or with the marks of a date or of
/// a time between.
fn is_date(word: &str) -> bool {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let epoch = || {
        let seconds = word.get(..10).and_then(|word| word.parse::<u64>().ok());
        let fits = seconds.is_some_and(|seconds| (1_000_000_000..3_000_000_000).contains(&seconds));
        fits && digits == word.len() && [10, 13, 16, 19].contains(&digits)
    };
    let plain = word
        .chars()
        .all(|c| c.is_ascii_digit() || "-:/.+TZ".contains(c));
    let marked = |mark: char| plain && word.matches(mark).count() >= 2 && digits >= 4;
    const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";
    let month = || word.len() == 3 && MONTHS.contains(word) && word.starts_with(char::is_uppercase);
    epoch() || marked(':') || marked('-') || marked('/') && digits >= 6 || month()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_to_what_differs() {
        let first = b"\0\0same\0library/std built at 1795364576\nmore text that is the same\0\x01";
        let second = b"\0\0same\0library/std built at 1829755437\nmore text that is the same\0\x02";
        let [pair] = &pairs(first, second)[..] else {
            panic!("one pair")
        };
        assert_eq!(pair.first, "library/std built at 1795364576");
        assert_eq!(pair.second, "library/std built at 1829755437");
        assert_eq!(&first[pair.offset..pair.offset + 2], b"79");
        assert_eq!(pairs(b"the same", b"the same"), []);
        // Another length, and another place.
        let [pair] = &pairs(b"\0built on xbuild\0", b"\0\0\0built on elsewhere\0")[..] else {
            panic!("one pair")
        };
        assert_eq!(
            (&*pair.first, &*pair.second),
            ("built on xbuild", "built on elsewhere")
        );
    }

    #[test]
    fn differences_have_a_nature() {
        for (first, second, expected) in [
            ("built at 1795364576", "built at 1829755437", Nature::Date),
            ("on 2026-11-22", "on 2027-12-26", Nature::Date),
            (
                "compiled Nov 22 2026 10:00:02",
                "compiled Dec 26 2027 03:11:40",
                Nature::Date,
            ),
            ("at 0x7ffc01", "at 0x555501", Nature::Address),
            (
                "in /build/source/assets",
                "in /build/elsewhere/assets",
                Nature::Path,
            ),
            (
                "compiled Nov 22 2026 10:00:02",
                "compiled Nov 23 2026 00:00:02",
                Nature::Date,
            ),
            (
                "for Linux 6.18.44-fc-v669",
                "for Linux 2.6.78-fc-v669",
                Nature::Text,
            ),
            ("plugins: a, b, c", "plugins: c, b, a", Nature::Order),
            ("a pool of 2 workers", "a pool of 1 workers", Nature::Number),
            ("built by xbuild", "built by stranger", Nature::Text),
        ] {
            assert_eq!(nature(first, second), expected, "{first} {second}");
        }
    }
}
