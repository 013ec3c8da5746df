//! Text that cannot speak to the terminal: names come from projects, packages
//! and binaries, and are shown to a person. [pure]

use std::fmt::{self, Display, Write};

/// Shows a value without what steers a terminal or turns text around: control
/// characters (Unicode's Cc, with `ESC` and the one-character `CSI` among
/// them) and those that change the direction of writing are shown as escapes,
/// `\u{1b}`. Lines and tabs stay.
#[derive(Debug, Clone, Copy)]
pub struct Plain<T>(pub T);

impl<T: Display> Display for Plain<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(Filter(f), "{}", self.0)
    }
}

struct Filter<'a, 'b>(&'a mut fmt::Formatter<'b>);

impl Write for Filter<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text;
        while let Some(at) = rest.find(is_active) {
            let (before, from) = rest.split_at(at);
            self.0.write_str(before)?;
            let mut chars = from.chars();
            if let Some(active) = chars.next() {
                write!(self.0, "{}", active.escape_default())?;
            }
            rest = chars.as_str();
        }
        self.0.write_str(rest)
    }
}

/// Whether a character does more than stand there: UAX #9 has those that turn
/// text around.
fn is_active(c: char) -> bool {
    match c {
        '\n' | '\t' => false,
        '\u{61c}' | '\u{200e}' | '\u{200f}' => true,
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        _ => c.is_control(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_steer_a_terminal_is_shown_as_an_escape() {
        for (text, shown) in [
            ("plain, ünïcode and 漢字", "plain, ünïcode and 漢字"),
            ("lines\n\tand tabs", "lines\n\tand tabs"),
            ("\x1b[31mred\x1b[0m", "\\u{1b}[31mred\\u{1b}[0m"),
            ("\x1b]0;title\x07", "\\u{1b}]0;title\\u{7}"),
            ("\u{9b}31m", "\\u{9b}31m"),
            ("over\rwritten", "over\\rwritten"),
            ("back\x08space\x7f", "back\\u{8}space\\u{7f}"),
            ("nul\0", "nul\\u{0}"),
            ("exe\u{202e}txt.rs", "exe\\u{202e}txt.rs"),
            ("\u{2066}isolated\u{2069}", "\\u{2066}isolated\\u{2069}"),
            ("", ""),
        ] {
            assert_eq!(Plain(text).to_string(), shown);
            // However it comes in pieces.
            let pieces = text.chars().map(|c| Plain(c).to_string());
            assert_eq!(pieces.collect::<String>(), shown);
        }
    }
}
