//! Templates: files of the service's own syntax, in which comments say what is
//! repeated or left out, and `@NAME@` stands for a value. [pure]
//!
//! ```text
//! #: each LIST … #: end   once for each item of the list, with its values
//! #: with LIST … #: end   only where the list has items
//! ```

use std::collections::BTreeMap;

/// What stands for the names of a template.
pub type Values = BTreeMap<&'static str, String>;

/// The values of a template, and its lists.
pub struct Content {
    pub values: Values,
    pub lists: BTreeMap<&'static str, Vec<Values>>,
}

/// Fills a template in.
pub fn fill(template: &str, content: &Content) -> String {
    let lines: Vec<&str> = template.lines().collect();
    let mut text = String::new();
    block(&lines, content, &[&content.values], &mut text);
    text
}

fn block(mut lines: &[&str], content: &Content, values: &[&Values], text: &mut String) {
    while let Some((line, rest)) = lines.split_first() {
        lines = rest;
        let Some(directive) = line.trim_start().strip_prefix("#: ") else {
            text.push_str(&with_values(line, values));
            text.push('\n');
            continue;
        };
        let (inner, after) = up_to_the_end(rest);
        lines = after;
        let (word, list) = directive.split_once(' ').unwrap_or((directive, ""));
        let items = content.lists.get(list).map_or(&[][..], Vec::as_slice);
        match word {
            "each" => {
                for item in items {
                    let values = [values, &[item]].concat();
                    block(inner, content, &values, text);
                }
            }
            _ if items.is_empty() => {}
            _ => block(inner, content, values, text),
        }
    }
}

/// The lines of a block whose first line was read, and those behind its end.
fn up_to_the_end<'a, 't>(lines: &'a [&'t str]) -> (&'a [&'t str], &'a [&'t str]) {
    let mut depth = 1;
    for (at, line) in lines.iter().enumerate() {
        match line.trim_start().strip_prefix("#: ") {
            Some("end") => depth -= 1,
            Some(_) => depth += 1,
            None => {}
        }
        if depth == 0 {
            return (&lines[..at], &lines[at + 1..]);
        }
    }
    (lines, &[])
}

/// A line with values in place of their names; inner ones hide outer ones.
fn with_values(line: &str, values: &[&Values]) -> String {
    let mut line = line.to_owned();
    for values in values.iter().rev() {
        for (name, value) in *values {
            line = line.replace(&format!("@{name}@"), value);
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_repeated_or_left_out() {
        let template = "a @X@\n#: with l\nb\n  #: each l\n  - @Y@ @X@\n  #: end\n#: end\n\
                        #: with none\nc\n#: each none\nd\n#: end\n#: end\ne\n";
        let item = |y: &str| Values::from([("Y", y.to_owned())]);
        let content = Content {
            values: [("X", "1".to_owned()), ("Y", "outer".to_owned())].into(),
            lists: [("l", vec![item("2"), item("3")])].into(),
        };
        assert_eq!(fill(template, &content), "a 1\nb\n  - 2 1\n  - 3 1\ne\n");
    }
}
