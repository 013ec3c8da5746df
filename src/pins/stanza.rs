//! Debian's control format (deb822(5)), read stanza by stanza. [pure]

use std::io::{BufRead, Read};

/// The longest line, in bytes; Debian's have some 20 thousand.
const LINE: u64 = 1 << 20;

/// One stanza: its fields in order, names as they are written. A folded value
/// keeps its lines, joined by `\n`, without their leading space.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Stanza(Vec<(String, String)>);

impl Stanza {
    /// The value of a field; names are compared without regard to case.
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self
            .0
            .iter()
            .find(|(field, _)| field.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The value of a field that has to be there.
    pub fn need(&self, name: &str) -> Result<&str, String> {
        self.get(name)
            .ok_or_else(|| format!("has no field `{name}`"))
    }

    /// Adds a line.
    fn push(&mut self, line: &str) -> Result<(), String> {
        if let Some(more) = line.strip_prefix([' ', '\t']) {
            let (_, value) = self.0.last_mut().ok_or("begins with a folded line")?;
            value.push('\n');
            value.push_str(more.trim());
            return Ok(());
        }
        let (name, value) = line.split_once(':').ok_or_else(|| {
            let start: String = line.chars().take(40).collect();
            format!("has a line without a field: `{start}`")
        })?;
        if self.get(name).is_some() {
            return Err(format!("has the field `{name}` twice"));
        }
        self.0.push((name.to_owned(), value.trim().to_owned()));
        Ok(())
    }
}

/// Reads stanzas one by one, so that a large index never stands in memory.
pub struct Stanzas<R> {
    reader: R,
    /// The line that is being read: a large index has a million.
    line: String,
    /// The fields to keep, as they are written; all where there are none.
    keep: &'static [&'static str],
}

impl<R: BufRead> Stanzas<R> {
    pub fn new(reader: R) -> Self {
        Stanzas {
            reader,
            line: String::new(),
            keep: &[],
        }
    }

    /// Passes over all other fields: an index has thirty, and a use for nine.
    pub fn only(reader: R, keep: &'static [&'static str]) -> Self {
        Stanzas {
            keep,
            ..Stanzas::new(reader)
        }
    }

    fn is_kept(&self) -> bool {
        let end = self.line.find(':').unwrap_or(self.line.len());
        self.keep.is_empty() || self.keep.contains(&&self.line[..end])
    }

    /// Reads the next line, where there is one.
    fn advance(&mut self) -> Result<bool, String> {
        self.line.clear();
        let read = (&mut self.reader).take(LINE).read_line(&mut self.line);
        let read = read.map_err(|error| format!("cannot be read: {error}"))?;
        if read as u64 == LINE && !self.line.ends_with('\n') {
            return Err(format!("has a line of more than {LINE} bytes"));
        }
        Ok(read > 0)
    }
}

impl<R: BufRead> Iterator for Stanzas<R> {
    type Item = Result<Stanza, String>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut stanza = Stanza::default();
        let mut passing_over = false;
        loop {
            match self.advance() {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => return Some(Err(error)),
            }
            let blank = self.line.trim_start().is_empty();
            if blank && stanza.0.is_empty() {
                continue;
            }
            if blank {
                return Some(Ok(stanza));
            }
            if !self.line.starts_with([' ', '\t']) {
                passing_over = !self.is_kept();
            }
            if passing_over {
                continue;
            }
            if let Err(error) = stanza.push(self.line.trim_end_matches(['\n', '\r'])) {
                return Some(Err(error));
            }
        }
        (!stanza.0.is_empty()).then_some(Ok(stanza))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<Stanza>, String> {
        Stanzas::new(text.as_bytes()).collect()
    }

    #[test]
    fn stanzas_fields_and_folded_lines() {
        let text = "\n\nA: 1\nB-c:\n x y\n  z\n\n\na: 2";
        let stanzas = read(text).unwrap();
        assert_eq!(stanzas.len(), 2);
        assert_eq!(stanzas[0].get("b-C"), Some("\nx y\nz"));
        assert_eq!(stanzas[1].get("A"), Some("2"));
        assert!(stanzas[1].need("B").unwrap_err().contains("`B`"));
        assert_eq!(read("").unwrap(), []);
    }

    #[test]
    fn fields_that_are_not_kept_go_with_their_folded_lines() {
        let text = "A: 1\nB: 2\n more\nC: 3\n folded\n\nB: only\n\nA: 4";
        let stanzas: Vec<Stanza> = Stanzas::only(text.as_bytes(), &["A", "C"])
            .collect::<Result<_, _>>()
            .unwrap();
        assert_eq!(stanzas.len(), 2);
        assert_eq!(stanzas[0].get("A"), Some("1"));
        assert_eq!(stanzas[0].get("B"), None);
        assert_eq!(stanzas[0].get("C"), Some("3\nfolded"));
    }

    #[test]
    fn nonsense_is_refused() {
        let endless = format!("A: {}", "0".repeat(2 << 20));
        for text in [" folded: first", "no field", "A: 1\na: 2", &endless] {
            assert!(read(text).is_err(), "{text:.40}");
        }
        let long = "0".repeat(1 << 19);
        assert_eq!(
            read(&format!("A: {long}\n")).unwrap()[0].get("A"),
            Some(&*long)
        );
    }
}
