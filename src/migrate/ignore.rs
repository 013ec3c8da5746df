//! Whether git passes over the target folder, and the line that makes it.
//! [pure]
//!
//! Format: gitignore(5), as far as a folder's plain name goes; what cannot be
//! told from that is taken for no, since a line too many does no harm.

/// Whether a `.gitignore` names a folder by its name; `beside` says whether it
/// stands next to the folder, where an anchored name counts too.
pub fn ignores(text: &str, folder: &str, beside: bool) -> bool {
    let mut ignored = false;
    for line in text.lines() {
        let (line, found) = match line.trim_end().strip_prefix('!') {
            Some(line) => (line, false),
            None => (line.trim_end(), true),
        };
        let line = line.strip_suffix("/**").unwrap_or(line);
        let line = line.trim_end_matches('/');
        let line = line.strip_prefix("**/").unwrap_or(line);
        let name = match line.strip_prefix('/') {
            Some(name) if beside => name,
            _ => line,
        };
        if name == folder {
            ignored = found;
        }
    }
    ignored
}

/// The text with a line more for a folder beside it.
pub fn with_entry(text: &str, folder: &str) -> String {
    let end = if text.is_empty() || text.ends_with('\n') {
        ""
    } else {
        "\n"
    };
    format!("{text}{end}/{folder}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_ignored_by_its_name() {
        for (text, beside, expected) in [
            ("/target\n", true, true),
            ("target", true, true),
            ("a\r\n/target/\r\n", true, true),
            ("**/target/", false, true),
            ("target/**", true, true),
            ("/target", false, false),
            ("# target", true, false),
            ("targets\n/target2", true, false),
            ("target\n!target", true, false),
            ("", true, false),
        ] {
            assert_eq!(ignores(text, "target", beside), expected, "{text:?}");
            let more = with_entry(text, "target");
            assert!(ignores(&more, "target", true), "{more:?}");
            assert!(more.starts_with(text));
        }
    }
}
