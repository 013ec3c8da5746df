//! What a triple means, what its programs run on, and what is to be done about
//! those that xbuild does not build for. [pure]

#[cfg(test)]
mod tests;
mod words;

use crate::deploy::{Kernel, Processor, runs_on};
use crate::error::{Error, Kind, Result};
use crate::target::{RustTarget, Table, TargetSpec, elsewhere};

pub use words::{Part, Role};

/// A triple, explained.
#[derive(Debug, Clone)]
pub struct Explanation {
    pub triple: String,
    pub parts: Vec<Part>,
    pub rust: Option<&'static RustTarget>,
    pub here: Here,
}

/// What xbuild does about it.
#[derive(Debug, Clone)]
pub enum Here {
    /// It builds for it.
    Target(Box<Ours>),
    /// It does not, and this does.
    Elsewhere(String),
}

/// One of xbuild's targets.
#[derive(Debug, Clone)]
pub struct Ours {
    pub spec: TargetSpec,
    /// The first release of each well-known distribution; for glibc alone.
    pub runs_on: Vec<String>,
    /// The oldest kernel that Rust's standard library is for there.
    pub kernel: Option<Kernel>,
}

/// What remains to be done before the first build, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// Downloads of the toolchain that are not here yet.
    pub build: u64,
    /// Downloads that the first test adds.
    pub test: u64,
    /// Whether the toolchain is ready.
    pub ready: bool,
}

/// Explains a triple, with a floor behind it or without.
///
/// # Errors
/// `Kind::Target` for a floor that the target cannot have, and for a triple
/// that Rust does not know, with the nearest ones.
pub fn explain(table: &Table, text: &str) -> Result<Explanation> {
    if let Some(rust) = RustTarget::find(text)
        && table.get(text).is_none()
    {
        return Ok(Explanation {
            triple: text.to_owned(),
            parts: words::parts(text),
            rust: Some(rust),
            here: Here::Elsewhere(remedy(table, text)),
        });
    }
    let known = table.iter().any(|target| {
        let rest = text.strip_prefix(&*target.triple);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    });
    if !known && text != "universal2-apple-darwin" {
        return Err(unknown(table, text));
    }
    let spec = TargetSpec::parse(table, text, None)?;
    let triple = spec.triple().to_owned();
    Ok(Explanation {
        parts: words::parts(&triple),
        rust: RustTarget::find(&triple),
        here: Here::Target(Box::new(Ours {
            runs_on: spec
                .floor()
                .map_or_else(Vec::new, |floor| runs_on(floor, &spec.target().elf.machine)),
            kernel: kernel(&triple),
            spec,
        })),
        triple,
    })
}

/// The oldest kernel that Rust names for a target. For musl it names none: the
/// standard library is the same as for glibc.
pub fn kernel(triple: &str) -> Option<Kernel> {
    let named = |triple: &str| {
        let words = RustTarget::find(triple)?.what.as_deref()?;
        Kernel::parse(words.split("kernel ").nth(1)?)
    };
    named(triple).or_else(|| named(Processor::of(triple)?.gnu))
}

/// What to do for a triple that xbuild has not.
fn remedy(table: &Table, triple: &str) -> String {
    let remedy = elsewhere(triple);
    let other = Processor::of(triple).and_then(|one| {
        let other = if one.gnu == triple { one.musl } else { one.gnu };
        table.get(other)
    });
    match other {
        Some(other) => format!("{remedy}; xbuild builds for {} there", other.triple),
        None => remedy.to_owned(),
    }
}

fn unknown(table: &Table, text: &str) -> Error {
    let error = Error::new(Kind::Target, format!("`{text}` is no target of Rust's"));
    let mut near: Vec<(f64, &str)> = RustTarget::triples()
        .map(|triple| (strsim::jaro_winkler(text, triple), triple))
        .filter(|(score, _)| *score > 0.9)
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    // Those that xbuild has come first.
    let mut nearest: Vec<&str> = table.nearest(text);
    nearest.truncate(1);
    for (_, triple) in near.into_iter().take(3) {
        if !nearest.contains(&triple) {
            nearest.push(triple);
        }
    }
    // As many as a line holds.
    while nearest.len() > 1 && nearest.join(", or ").len() > 58 {
        nearest.pop();
    }
    let error = match nearest[..] {
        [] => error,
        _ => error.hint(format!("did you mean {}?", nearest.join(", or "))),
    };
    error.hint("`xbuild targets` lists those that xbuild builds for")
}
