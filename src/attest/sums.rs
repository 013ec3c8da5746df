//! `SHA256SUMS`, as `sha256sum` writes and `sha256sum -c` reads it. [pure]

use std::collections::BTreeMap;

use crate::error::{Error, Kind, Result};
use crate::pins::Sha256;

/// The text for some files, sorted by name.
///
/// # Errors
/// `Kind::Usage` for a name that `sha256sum` would have to escape.
pub fn text(files: &[(String, Sha256)]) -> Result<String> {
    let sorted: BTreeMap<&str, Sha256> = files.iter().map(|(n, s)| (n.as_str(), *s)).collect();
    let mut text = String::new();
    for (name, sha256) in sorted {
        if name.contains(['\n', '\r', '\\']) {
            let message = format!("{name:?} is no name of a file that can be published");
            return Err(Error::new(Kind::Usage, message));
        }
        text.push_str(&format!("{sha256}  {name}\n"));
    }
    Ok(text)
}

/// Reads such a text.
///
/// # Errors
/// `Kind::Integrity`, naming the line: it is none, or a name stands twice.
pub fn parse(place: &str, text: &str) -> Result<BTreeMap<String, Sha256>> {
    let mut files = BTreeMap::new();
    for (index, line) in text.lines().enumerate() {
        let wrong = |why: &str| {
            let message = format!("{place}:{}: {why}", index + 1);
            Error::new(Kind::Integrity, message).hint("sha256sum FILE… > SHA256SUMS")
        };
        let parts = line.split_at_checked(64).and_then(|(hex, rest)| {
            let name = rest.strip_prefix("  ").or(rest.strip_prefix(" *"))?;
            Some((hex.parse::<Sha256>().ok()?, name))
        });
        let Some((sha256, name)) = parts.filter(|(_, name)| !name.is_empty()) else {
            return Err(wrong("not a SHA-256, two spaces and a name"));
        };
        if files.insert(name.to_owned(), sha256).is_some() {
            return Err(wrong(&format!("`{name}` stands twice")));
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let files = ["b", "a b"].map(|name| (name.to_owned(), Sha256::of(name.as_bytes())));
        let text = text(&files).unwrap();
        assert_eq!(parse("S", &text).unwrap(), files.iter().cloned().collect());
        assert!(text.ends_with(&format!("{}  b\n", files[0].1)));
        assert!(super::text(&[("a\nb".to_owned(), files[0].1)]).is_err());
    }

    #[test]
    fn lines_that_say_nothing_sure_are_refused() {
        let hex = "0".repeat(64);
        for (text, why) in [
            (format!("{hex} a"), "SUMS:1: not a SHA-256"),
            (format!("{hex}  "), "SUMS:1: not a SHA-256"),
            (format!("{hex}  a\n\n"), "SUMS:2: not a SHA-256"),
            (format!("{}  a", "g".repeat(64)), "SUMS:1: not a SHA-256"),
            (format!("{hex}  a\n{hex} *a"), "SUMS:2: `a` stands twice"),
            ("é".repeat(40), "SUMS:1: not a SHA-256"),
        ] {
            let error = parse("SUMS", &text).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
    }
}
