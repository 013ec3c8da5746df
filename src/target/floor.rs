//! A version of glibc, as the lowest one that a program is to run on. [pure]

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A glibc version such as 2.17. glibc has had a patch level only before 2.4,
/// which no target here reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Floor {
    major: u32,
    minor: u32,
}

impl Floor {
    pub const fn new(major: u32, minor: u32) -> Self {
        Floor { major, minor }
    }

    pub const fn major(self) -> u32 {
        self.major
    }

    pub const fn minor(self) -> u32 {
        self.minor
    }
}

impl fmt::Display for Floor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl FromStr for Floor {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |part: &str| {
            let plain = !part.is_empty() && part.len() <= 4;
            let plain = plain && part.bytes().all(|byte| byte.is_ascii_digit());
            if plain { part.parse().ok() } else { None }
        };
        text.split_once('.')
            .and_then(|(major, minor)| Some(Floor::new(number(major)?, number(minor)?)))
            .ok_or_else(|| format!("`{text}` is not a glibc version such as 2.17"))
    }
}

impl TryFrom<String> for Floor {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Floor> for String {
    fn from(floor: Floor) -> String {
        floor.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_and_ordered_as_numbers() {
        for (text, expected) in [
            ("2.17", Some((2, 17))),
            ("2.4", Some((2, 4))),
            ("2", None),
            ("2.", None),
            (".17", None),
            ("2.17.1", None),
            ("2.x", None),
            ("+2.17", None),
            ("2.99999", None),
            ("", None),
        ] {
            let expected = expected.map(|(major, minor)| Floor::new(major, minor));
            assert_eq!(text.parse().ok(), expected, "{text}");
        }
        assert!(Floor::new(2, 4) < Floor::new(2, 17));
    }
}
