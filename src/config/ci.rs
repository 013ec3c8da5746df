//! `[ci]`: what the pipelines of `xbuild ci` are told. [pure]

use super::reader::{Reader, not_one_of};
use super::{Origin, Setting};
use crate::ci::NATIVE;
use crate::error::{Error, Kind, Result};

/// What `[ci]` says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CiTable {
    /// What the artefacts are called by, in place of the package's name.
    pub name: Option<Setting<String>>,
    /// What git can clone xbuild from.
    pub xbuild: Option<Setting<String>>,
    /// A commit or a tag of it.
    pub revision: Option<Setting<String>>,
    /// Triples that cargo itself builds for, on their own machines.
    pub native: Vec<Setting<String>>,
}

impl CiTable {
    /// Reads the table, where the file has it. Values become words of scripts:
    /// none has a character that means something there.
    ///
    /// # Errors
    /// `Kind::Config`, naming file, line and key.
    pub(super) fn read(file: &Reader<'_, '_>) -> Result<Self> {
        let Some(table) = file.table("ci")? else {
            return Ok(CiTable::default());
        };
        table.only(&["name", "native", "revision", "xbuild"])?;
        let plain = |key: &str, more: &str, what: &str| {
            let setting = table.string(key)?;
            if let Some(setting) = &setting {
                let legal = |c: char| c.is_ascii_alphanumeric() || more.contains(c);
                let first = setting.value.chars().next();
                if !setting.value.chars().all(legal)
                    || !first.is_some_and(|c| c.is_ascii_alphanumeric())
                {
                    let (origin, value) = (&setting.origin, &setting.value);
                    let name = table.name_of(key);
                    let message = format!("{origin}: `{name}`: `{value}` is no {what}");
                    return Err(Error::new(Kind::Config, message));
                }
            }
            Ok(setting)
        };
        let native = table.strings("native")?.unwrap_or_default();
        let known = NATIVE.map(|native| native.triple);
        for triple in &native {
            if !known.contains(&&*triple.value) {
                let place = format!("{}: `{}`", triple.origin, table.name_of("native"));
                return Err(not_one_of(Kind::Config, &place, &triple.value, &known));
            }
        }
        Ok(CiTable {
            name: plain("name", "-_", "name of a package")?,
            xbuild: plain("xbuild", ":/._~@+-", "address that git can clone")?,
            revision: plain("revision", "._/-", "commit or tag")?,
            native,
        })
    }

    pub(super) fn without_places(&self) -> Self {
        let one = |setting: &Setting<String>| Setting::new(setting.value.clone(), Origin::Default);
        CiTable {
            name: self.name.as_ref().map(one),
            xbuild: self.xbuild.as_ref().map(one),
            revision: self.revision.as_ref().map(one),
            native: self.native.iter().map(one).collect(),
        }
    }
}
