//! glibc's version numbers. [pure]

use std::fmt;

/// A glibc release: `2.17`, or `2.2.5` of the first symbols of x86-64.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct GlibcVersion {
    major: u32,
    minor: u32,
    patch: u32,
}

impl GlibcVersion {
    pub const fn new(major: u32, minor: u32) -> Self {
        GlibcVersion {
            major,
            minor,
            patch: 0,
        }
    }

    /// Major and minor number.
    pub const fn pair(self) -> (u32, u32) {
        (self.major, self.minor)
    }

    /// The release that a symbol version names: `GLIBC_2.17` → 2.17. Other
    /// libraries' versions and `GLIBC_PRIVATE` name none.
    pub fn of_symbol_version(name: &str) -> Option<Self> {
        Self::parse(name.strip_prefix("GLIBC_")?)
    }

    /// `2.17` or `2.2.5`, decimal and without anything around it.
    pub fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.split('.').map(|part| {
            let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| part.parse::<u32>().ok()).flatten()
        });
        let version = GlibcVersion {
            major: numbers.next()??,
            minor: numbers.next()??,
            patch: numbers.next().unwrap_or(Some(0))?,
        };
        numbers.next().is_none().then_some(version)
    }
}

impl From<(u32, u32)> for GlibcVersion {
    fn from((major, minor): (u32, u32)) -> Self {
        GlibcVersion::new(major, minor)
    }
}

impl From<crate::target::Floor> for GlibcVersion {
    fn from(floor: crate::target::Floor) -> Self {
        GlibcVersion::new(floor.major(), floor.minor())
    }
}

impl fmt::Display for GlibcVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)?;
        match self.patch {
            0 => Ok(()),
            patch => write!(f, ".{patch}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbol_versions_name_releases() {
        for (name, expected) in [
            ("GLIBC_2.17", Some("2.17")),
            ("GLIBC_2.2.5", Some("2.2.5")),
            ("GLIBC_2.4", Some("2.4")),
            ("GLIBC_PRIVATE", None),
            ("GLIBC_ABI_DT_RELR", None),
            ("GLIBCXX_3.4.21", None),
            ("GLIBC_2", None),
            ("GLIBC_2.+1", None),
            ("GLIBC_2.1.2.3", None),
            ("GLIBC_2.99999999999", None),
        ] {
            let found = GlibcVersion::of_symbol_version(name).map(|version| version.to_string());
            assert_eq!(found.as_deref(), expected, "{name}");
        }
    }

    #[test]
    fn releases_compare_as_numbers() {
        let release = |text| GlibcVersion::parse(text).expect("a release");
        assert!(release("2.4") < release("2.17"));
        assert!(release("2.2.5") < release("2.3"));
        assert!(release("2.17") > release("2.2.5"));
        assert_eq!(release("2.17"), GlibcVersion::from((2, 17)));
    }
}
