//! Lines of at most 80 columns. [pure]

/// Columns of a terminal that everything fits in.
pub(super) const WIDTH: usize = 80;

/// Joins words with a separator into lines: the first after `first`, the
/// others after as many spaces. A word that is too long has a line of its own.
pub(super) fn fill(first: &str, separator: &str, words: &[String]) -> String {
    let indent = " ".repeat(columns(first));
    let mut text = first.to_owned();
    let mut used = columns(first);
    for (position, word) in words.iter().enumerate() {
        let last = position + 1 == words.len();
        let mark = if last { "" } else { separator.trim_end() };
        let gap = if position == 0 { "" } else { " " };
        let wanted = columns(gap) + columns(word) + columns(mark);
        if position > 0 && used + wanted > WIDTH {
            text.push('\n');
            text.push_str(&indent);
            used = columns(&indent);
        } else {
            text.push_str(gap);
            used += columns(gap);
        }
        text.push_str(word);
        text.push_str(mark);
        used += columns(word) + columns(mark);
    }
    text.push('\n');
    text
}

/// A text's words in lines, as [`fill`].
pub(super) fn paragraph(first: &str, text: &str) -> String {
    let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
    fill(first, "", &words)
}

/// Columns that a text takes; what is printed here has no wide characters.
pub(super) fn columns(text: &str) -> usize {
    text.chars().count()
}

/// A number of bytes with its decimal unit: `451 KB`, `5.1 MB`.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KB", "MB", "GB", "TB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / 1000.0;
    let mut unit = 0;
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    let digits = usize::from(value < 9.95);
    format!("{value:.digits$} {}", UNITS[unit])
}

/// A hash for the terminal: its first and last four digits.
pub fn short(hash: &str) -> String {
    match (
        hash.get(..4),
        hash.len().checked_sub(4).and_then(|at| hash.get(at..)),
    ) {
        (Some(start), Some(end)) if hash.len() > 8 => format!("{start}…{end}"),
        _ => hash.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_two_or_three_digits_and_a_unit() {
        for (bytes, expected) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.0 KB"),
            (9_949, "9.9 KB"),
            (9_999, "10 KB"),
            (451_200, "451 KB"),
            (999_600, "1.0 MB"),
            (5_120_000, "5.1 MB"),
            (100_000_000, "100 MB"),
            (7_000_000_000_000_000, "7000 TB"),
        ] {
            assert_eq!(size(bytes), expected, "{bytes}");
        }
    }

    #[test]
    fn lines_stay_within_the_width() {
        let words: Vec<String> = (0..60).map(|number| format!("word{number}")).collect();
        let text = fill("        needs  ", " ·", &words);
        assert!(text.lines().count() > 3);
        for line in text.lines() {
            assert!(columns(line) <= WIDTH, "{line}");
            assert!(line.starts_with("        "));
            assert_eq!(line.trim_end(), line);
        }
        assert_eq!(text.matches("word").count(), 60);
        assert_eq!(text.matches('·').count(), 59);
    }

    #[test]
    fn a_long_word_is_kept_whole() {
        let path = format!("/{}", "a".repeat(120));
        assert_eq!(
            fill("  x  ", "", std::slice::from_ref(&path)),
            format!("  x  {path}\n")
        );
    }
}
