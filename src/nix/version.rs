//! Versions of Nix, as `nix --version` prints them. [pure]

use std::fmt;

/// A release of Nix; what follows the third number is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    major: u32,
    minor: u32,
    patch: u32,
}

impl Version {
    /// The oldest Nix that works as measured: the first with today's
    /// `nix build --json -f`.
    pub const OLDEST: Version = Version::new(2, 8, 0);

    pub const fn new(major: u32, minor: u32, patch: u32) -> Self {
        Version {
            major,
            minor,
            patch,
        }
    }

    /// Reads the output of `nix --version`: `nix (Nix) 2.26.3`, also
    /// `nix (Nix) 2.4pre20210908_3c56f62`, `nix (Lix, like Nix) 2.91.1` and
    /// `nix (Determinate Nix 3.0.0) 2.26.3`.
    pub fn parse(output: &str) -> Option<Self> {
        let line = output.lines().next()?;
        let version = line.strip_prefix("nix ")?.rsplit(' ').next()?;
        let mut numbers = version.split('.').map(leading_number);
        Some(Version {
            major: numbers.next()??,
            minor: numbers.next()??,
            patch: numbers.next().flatten().unwrap_or(0),
        })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

fn leading_number(text: &str) -> Option<u32> {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    text[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nix_prints_is_read() {
        let cases = [
            ("nix (Nix) 2.8.0\n", Some((2, 8, 0))),
            ("nix (Nix) 2.26.3\n", Some((2, 26, 3))),
            ("nix (Nix) 2.34.8+1\n", Some((2, 34, 8))),
            ("nix (Nix) 2.4pre20210908_3c56f62\n", Some((2, 4, 0))),
            (
                "nix (Lix, like Nix) 2.91.1\nSystem type: x\n",
                Some((2, 91, 1)),
            ),
            ("nix (Determinate Nix 3.0.0) 2.26.3\n", Some((2, 26, 3))),
            ("nix (Nix) 3\n", None),
            ("nix (Nix) x.y\n", None),
            ("nix (Nix) 99999999999.1\n", None),
            ("Python 3.11.2\n", None),
            ("", None),
        ];
        for (output, expected) in cases {
            let expected = expected.map(|(a, b, c)| Version::new(a, b, c));
            assert_eq!(Version::parse(output), expected, "{output:?}");
        }
    }

    #[test]
    fn versions_are_ordered_by_number() {
        assert!(Version::new(2, 10, 0) > Version::OLDEST);
        assert!(Version::new(2, 7, 9) < Version::OLDEST);
    }
}
