//! Names of Debian packages, as `packages = [...]` has them. [pure]

/// A package that is asked for by name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DebianPackage {
    name: String,
    arch: Option<String>,
}

impl DebianPackage {
    /// Reads `NAME` or `NAME:ARCH`, by the rules of Debian Policy 5.6.7.
    ///
    /// # Errors
    /// What is wrong with it, as a fragment: no such name is possible, or it
    /// asks for a version.
    pub fn parse(text: &str) -> Result<Self, String> {
        if let Some((name, _)) = text.split_once(['=', '/', '(', ' ']) {
            return Err(format!(
                "`{text}` asks for more than a name: write `{name}`, and the lock holds its version"
            ));
        }
        let (name, arch) = match text.split_once(':') {
            Some((name, arch)) => (name, Some(arch)),
            None => (text, None),
        };
        let letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        let good = name.len() >= 2
            && name.starts_with(letter)
            && name.chars().all(|c| letter(c) || "+-.".contains(c))
            && arch.is_none_or(|arch| !arch.is_empty() && arch.chars().all(letter));
        if !good {
            return Err(format!("`{text}` is not a name of a Debian package"));
        }
        Ok(DebianPackage {
            name: name.to_owned(),
            arch: arch.map(str::to_owned),
        })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// The architecture behind a colon.
    pub fn arch(&self) -> Option<&str> {
        self.arch.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_debians_rules() {
        for (text, expected) in [
            ("libpci-dev", Ok(("libpci-dev", None))),
            ("libstdc++6", Ok(("libstdc++6", None))),
            ("libssl-dev:arm64", Ok(("libssl-dev", Some("arm64")))),
            ("libssl-dev=3.0", Err("write `libssl-dev`")),
            ("libssl-dev (>= 3)", Err("write `libssl-dev`")),
            ("", Err("not a name")),
            ("x", Err("not a name")),
            ("Foo", Err("not a name")),
            ("-dev", Err("not a name")),
            ("libssl-dev:", Err("not a name")),
            ("a_b", Err("not a name")),
        ] {
            let parsed = DebianPackage::parse(text);
            let found = parsed.as_ref().map(|one| (one.name(), one.arch()));
            match (found, expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found, expected),
                (Err(why), Err(part)) => assert!(why.contains(part), "{why}"),
                (found, _) => panic!("{text}: {found:?}"),
            }
        }
    }
}
