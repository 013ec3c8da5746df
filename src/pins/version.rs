//! Comparing versions of Debian packages, as deb-version(7) says. [pure]

use std::cmp::Ordering;

/// Which of two versions is the newer.
pub fn compare(left: &str, right: &str) -> Ordering {
    let (left, right) = (split(left), split(right));
    left.0
        .cmp(&right.0)
        .then_with(|| compare_part(left.1, right.1))
        .then_with(|| compare_part(left.2, right.2))
}

/// Epoch, upstream version and Debian revision. A missing epoch or revision
/// equals 0; an epoch that is no number cannot stand in a real index.
fn split(version: &str) -> (u64, &str, &str) {
    let (epoch, rest) = match version.split_once(':') {
        Some((epoch, rest)) => (epoch.parse().unwrap_or(0), rest),
        None => (0, version),
    };
    match rest.rsplit_once('-') {
        Some((upstream, revision)) => (epoch, upstream, revision),
        None => (epoch, rest, ""),
    }
}

/// Alternates between runs of non-digits and runs of digits.
fn compare_part(mut left: &str, mut right: &str) -> Ordering {
    while !left.is_empty() || !right.is_empty() {
        let (left_text, left_rest) = run(left, |c| !c.is_ascii_digit());
        let (right_text, right_rest) = run(right, |c| !c.is_ascii_digit());
        let text = compare_text(left_text, right_text);
        let (left_number, left_end) = run(left_rest, |c| c.is_ascii_digit());
        let (right_number, right_end) = run(right_rest, |c| c.is_ascii_digit());
        let number = compare_number(left_number, right_number);
        let order = text.then(number);
        if order != Ordering::Equal {
            return order;
        }
        (left, right) = (left_end, right_end);
    }
    Ordering::Equal
}

fn run(text: &str, belongs: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !belongs(c)).unwrap_or(text.len()))
}

/// `~` sorts before the end, the end before letters, letters before the rest.
fn compare_text(left: &str, right: &str) -> Ordering {
    let weight = |byte: Option<&u8>| match byte {
        Some(b'~') => -1,
        None => 0,
        Some(byte) if byte.is_ascii_alphabetic() => i32::from(*byte),
        Some(byte) => i32::from(*byte) + 256,
    };
    let (left, right) = (left.as_bytes(), right.as_bytes());
    (0..left.len().max(right.len()))
        .map(|index| weight(left.get(index)).cmp(&weight(right.get(index))))
        .find(|order| *order != Ordering::Equal)
        .unwrap_or(Ordering::Equal)
}

/// Numbers of any length.
fn compare_number(left: &str, right: &str) -> Ordering {
    let (left, right) = (left.trim_start_matches('0'), right.trim_start_matches('0'));
    left.len().cmp(&right.len()).then_with(|| left.cmp(right))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checked against `dpkg --compare-versions`.
    #[test]
    fn versions_compare_as_dpkg_compares_them() {
        let table = [
            ("1.0", Ordering::Equal, "1.0"),
            ("1.0", Ordering::Equal, "1.0-0"),
            ("0:1.0", Ordering::Equal, "1.0"),
            ("1.0", Ordering::Equal, "1.00"),
            ("1.0-1", Ordering::Less, "1.0-2"),
            ("1.9", Ordering::Less, "1.10"),
            ("2.0", Ordering::Less, "1:1.0"),
            ("1.0~rc1", Ordering::Less, "1.0"),
            ("1.0~~", Ordering::Less, "1.0~"),
            ("1.0~", Ordering::Less, "1.0"),
            ("1.0", Ordering::Less, "1.0a"),
            ("1.0a", Ordering::Less, "1.0+"),
            ("1.0+dfsg-1", Ordering::Greater, "1.0-1"),
            ("2.31-13+deb11u11", Ordering::Greater, "2.31-13+deb11u5"),
            ("1.96.0+dfsg1-1~deb13u1", Ordering::Less, "1.96.0+dfsg1-1"),
            ("1:4.4.38-1", Ordering::Greater, "1:4.4.18-4"),
            ("1.0-1-1", Ordering::Greater, "1.0-1"),
            (
                "99999999999999999999999",
                Ordering::Less,
                "100000000000000000000000",
            ),
            ("a", Ordering::Less, "b"),
        ];
        for (left, order, right) in table {
            assert_eq!(compare(left, right), order, "{left} {right}");
            assert_eq!(compare(right, left), order.reverse(), "{right} {left}");
        }
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..Default::default() })]

        /// An order, whatever is compared: sorting by it cannot go wrong.
        #[test]
        fn versions_have_one_order(of in proptest::array::uniform3("[0-9a-b~+.:-]{0,6}")) {
            let [a, b, c] = &of;
            proptest::prop_assert_eq!(compare(a, b), compare(b, a).reverse());
            proptest::prop_assert_eq!(compare(a, a), Ordering::Equal);
            if compare(a, b) != Ordering::Greater && compare(b, c) != Ordering::Greater {
                proptest::prop_assert_ne!(compare(a, c), Ordering::Greater);
            }
        }
    }
}
