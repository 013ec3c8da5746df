//! Reading a TOML table against a known set of keys, so that every mistake is
//! answered with its place, what was expected and the nearest right key. [pure]

use std::num::NonZeroUsize;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Origin, Setting};
use crate::error::{Error, Kind, Result};

/// A text with its path, for naming lines.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    pub path: &'a Path,
    pub text: &'a str,
}

impl Source<'_> {
    /// The 1-based line of a byte offset.
    pub fn line(&self, offset: usize) -> usize {
        let before = &self.text.as_bytes()[..offset.min(self.text.len())];
        before.iter().filter(|byte| **byte == b'\n').count() + 1
    }

    pub fn origin(&self, offset: usize) -> Origin {
        Origin::File {
            path: self.path.to_owned(),
            line: self.line(offset),
        }
    }

    pub fn error(&self, offset: usize, message: &str) -> Error {
        let place = format!("{}:{}", self.path.display(), self.line(offset));
        Error::new(Kind::Config, format!("{place}: {message}"))
    }

    /// The error for a text that is not TOML at all.
    pub fn syntax(&self, error: &toml::de::Error) -> Error {
        let offset = error.span().map_or(0, |span| span.start);
        self.error(offset, error.message())
            .hint("the file is TOML: docs/configuration.md has an example of every key")
    }
}

/// A table whose keys must all be asked for.
pub(crate) struct Reader<'a, 'i> {
    source: Source<'a>,
    /// Its name with a dot behind, empty for the whole file.
    prefix: String,
    table: &'a DeTable<'i>,
}

impl<'a, 'i> Reader<'a, 'i> {
    pub fn new(source: Source<'a>, prefix: &str, table: &'a DeTable<'i>) -> Self {
        let prefix = prefix.to_owned();
        Reader {
            source,
            prefix,
            table,
        }
    }

    /// Refuses every key that is not in `known`.
    pub fn only(&self, known: &[&str]) -> Result<()> {
        for key in self.table.keys() {
            let name = key.get_ref().as_ref();
            if !known.contains(&name) {
                let message = format!("unknown key `{}{name}`", self.prefix);
                let error = self.source.error(key.span().start, &message);
                return Err(error.hint(self.suggestion(name, known)));
            }
        }
        Ok(())
    }

    /// The keys that are not in `known`, for whoever wants to go on without
    /// them, each with the nearest known one.
    pub fn others<'k>(&self, known: &[&'k str]) -> Vec<(Setting<String>, Option<&'k str>)> {
        let keys = self.table.keys().map(|key| {
            let name = key.get_ref().to_string();
            let near = nearest(&name, known.iter().copied());
            let origin = self.source.origin(key.span().start);
            (Setting::new(name, origin), near)
        });
        keys.filter(|(name, _)| !known.contains(&name.value.as_str()))
            .collect()
    }

    /// The whole name of a key.
    pub fn name_of(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }

    /// Where the value of a key stands, where it is there.
    pub fn place(&self, key: &str) -> Option<Origin> {
        let value = self.table.get(key)?;
        Some(self.source.origin(value.span().start))
    }

    pub fn is_table(&self, key: &str) -> bool {
        self.is(key, |value| value.is_table())
    }

    pub fn is_boolean(&self, key: &str) -> bool {
        self.is(key, |value| value.is_bool())
    }

    fn is(&self, key: &str, kind: impl Fn(&DeValue<'_>) -> bool) -> bool {
        self.table
            .get(key)
            .is_some_and(|value| kind(value.get_ref()))
    }

    /// A string, or a list of them.
    pub fn string_or_strings(&self, key: &str) -> Result<Vec<Setting<String>>> {
        if self.is(key, |value| value.is_str()) {
            return Ok(self.string(key)?.into_iter().collect());
        }
        Ok(self.strings(key)?.unwrap_or_default())
    }

    fn suggestion(&self, name: &str, known: &[&str]) -> String {
        match nearest(name, known.iter().copied()) {
            Some(near) => format!("did you mean `{}{near}`?", self.prefix),
            None if self.prefix.is_empty() => format!("the known keys are {}", known.join(", ")),
            None => format!(
                "the known keys of [{}] are {}",
                self.prefix.trim_end_matches('.'),
                known.join(", ")
            ),
        }
    }

    pub fn table(&self, key: &str) -> Result<Option<Reader<'a, 'i>>> {
        let Some(value) = self.table.get(key) else {
            return Ok(None);
        };
        match value.get_ref() {
            DeValue::Table(table) => {
                let prefix = format!("{}{key}.", self.prefix);
                Ok(Some(Reader::new(self.source, &prefix, table)))
            }
            _ => Err(self.wrong(key, value, "a table")),
        }
    }

    /// The same by a path of keys.
    pub fn table_at(&self, keys: &[&str]) -> Result<Option<Reader<'a, 'i>>> {
        let (first, rest) = match keys {
            [] => return Ok(None),
            [first, rest @ ..] => (first, rest),
        };
        match self.table(first)? {
            Some(table) if !rest.is_empty() => table.table_at(rest),
            found => Ok(found),
        }
    }

    /// Every key as a sub-table, in the order of their names.
    pub fn tables(&self) -> Result<Vec<(Setting<String>, Reader<'a, 'i>)>> {
        let names = self.table.keys().map(|key| {
            let origin = self.source.origin(key.span().start);
            Setting::new(key.get_ref().to_string(), origin)
        });
        names
            .filter_map(|name| {
                self.table(&name.value)
                    .map(|table| Some((name, table?)))
                    .transpose()
            })
            .collect()
    }

    pub fn string(&self, key: &str) -> Result<Option<Setting<String>>> {
        let Some(value) = self.table.get(key) else {
            return Ok(None);
        };
        let text = value.get_ref().as_str();
        let text = text.ok_or_else(|| self.wrong(key, value, "a string"))?;
        let origin = self.source.origin(value.span().start);
        Ok(Some(Setting::new(text.to_owned(), origin)))
    }

    pub fn boolean(&self, key: &str) -> Result<Option<Setting<bool>>> {
        let Some(value) = self.table.get(key) else {
            return Ok(None);
        };
        let DeValue::Boolean(truth) = value.get_ref() else {
            return Err(self.wrong(key, value, "`true` or `false`"));
        };
        let origin = self.source.origin(value.span().start);
        Ok(Some(Setting::new(*truth, origin)))
    }

    /// A string out of a closed set.
    pub fn choice<T>(
        &self,
        key: &str,
        parse: impl Fn(&str) -> Option<T>,
        names: &[&str],
    ) -> Result<Option<Setting<T>>> {
        let Some(setting) = self.string(key)? else {
            return Ok(None);
        };
        match parse(&setting.value) {
            Some(value) => Ok(Some(Setting::new(value, setting.origin))),
            None => Err(not_one_of(
                setting.origin.kind(),
                &format!("{}: `{}{key}`", setting.origin, self.prefix),
                &setting.value,
                names,
            )),
        }
    }

    /// A number of 0 or more, or a string out of a closed set.
    pub fn number_or_choice<T>(
        &self,
        key: &str,
        number: impl Fn(u64) -> T,
        parse: impl Fn(&str) -> Option<T>,
        names: &[&str],
    ) -> Result<Option<Setting<T>>> {
        let Some(value) = self.table.get(key) else {
            return Ok(None);
        };
        let found = match value.get_ref() {
            DeValue::Integer(integer) => integer,
            DeValue::String(_) => return self.choice(key, parse, names),
            _ => return Err(self.wrong(key, value, "a number or a string")),
        };
        let Ok(found) = u64::from_str_radix(found.as_str(), found.radix()) else {
            let message = format!(
                "`{}{key}` must be a number of 0 or more, not {found}",
                self.prefix
            );
            return Err(self.source.error(value.span().start, &message));
        };
        let origin = self.source.origin(value.span().start);
        Ok(Some(Setting::new(number(found), origin)))
    }

    /// A number of 1 or more.
    pub fn count(&self, key: &str) -> Result<Option<Setting<NonZeroUsize>>> {
        let Some(value) = self.table.get(key) else {
            return Ok(None);
        };
        let count = match value.get_ref() {
            DeValue::Integer(it) => usize::from_str_radix(it.as_str(), it.radix()).ok(),
            _ => None,
        };
        let Some(count) = count.and_then(NonZeroUsize::new) else {
            return Err(self.wrong(key, value, "a number of 1 or more"));
        };
        let origin = self.source.origin(value.span().start);
        Ok(Some(Setting::new(count, origin)))
    }

    /// A list of strings, each with its own line.
    pub fn strings(&self, key: &str) -> Result<Option<Vec<Setting<String>>>> {
        let Some(value) = self.table.get(key) else {
            return Ok(None);
        };
        let DeValue::Array(items) = value.get_ref() else {
            return Err(self.wrong(key, value, "an array of strings"));
        };
        let item = |item: &Spanned<DeValue<'_>>| match item.get_ref().as_str() {
            Some(text) => Ok(Setting::new(
                text.to_owned(),
                self.source.origin(item.span().start),
            )),
            None => Err(self.wrong(key, item, "an array of strings")),
        };
        items.iter().map(item).collect::<Result<Vec<_>>>().map(Some)
    }

    fn wrong(&self, key: &str, value: &Spanned<DeValue<'_>>, expected: &str) -> Error {
        let found = value.get_ref().type_str();
        let message = format!(
            "`{}{key}` must be {expected}, not {}",
            self.prefix,
            article(found)
        );
        let error = self.source.error(value.span().start, &message);
        match (expected, value.get_ref().as_str()) {
            ("an array of strings", Some(text)) => error.hint(format!("{key} = [{text:?}]")),
            _ => error,
        }
    }
}

/// The error for a word outside a closed set; `what` names it and its place.
pub(super) fn not_one_of(kind: Kind, what: &str, word: &str, names: &[&str]) -> Error {
    let quoted: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    let message = format!("{what} must be one of {}, not `{word}`", quoted.join(", "));
    let error = Error::new(kind, message);
    match nearest(word, names.iter().copied()) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error,
    }
}

/// The known word nearest to a mistyped one, where one is near enough.
pub fn nearest<'w>(word: &str, known: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
    known
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(word, candidate), candidate))
        .filter(|(likeness, _)| *likeness > 0.7)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

fn article(name: &str) -> String {
    let vowel = name.starts_with(['a', 'e', 'i', 'o', 'u']);
    format!("{} {name}", if vowel { "an" } else { "a" })
}
