//! `cfg(…)` expressions, and what they say on a target. [pure]
//!
//! Names and values: "Conditional compilation" in the Rust Reference.

use syn::punctuated::Punctuated;
use syn::{Expr, Lit, Meta, Token};

use crate::target::{Libc, Target};

/// A condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cfg {
    All(Vec<Cfg>),
    Any(Vec<Cfg>),
    Not(Box<Cfg>),
    Name(String),
    Value(String, String),
    /// What is not read here.
    Unknown,
}

impl Cfg {
    pub fn of(meta: &Meta) -> Cfg {
        match meta {
            Meta::Path(path) => match path.get_ident() {
                Some(name) => Cfg::Name(name.to_string()),
                None => Cfg::Unknown,
            },
            Meta::NameValue(pair) => match (pair.path.get_ident(), &pair.value) {
                (Some(name), Expr::Lit(value)) => match &value.lit {
                    Lit::Str(text) => Cfg::Value(name.to_string(), text.value()),
                    _ => Cfg::Unknown,
                },
                _ => Cfg::Unknown,
            },
            Meta::List(list) => {
                let inner = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
                let Ok(inner) = inner else {
                    return Cfg::Unknown;
                };
                let mut inner: Vec<Cfg> = inner.iter().map(Cfg::of).collect();
                if list.path.is_ident("all") {
                    Cfg::All(inner)
                } else if list.path.is_ident("any") {
                    Cfg::Any(inner)
                } else if list.path.is_ident("not") && inner.len() == 1 {
                    inner
                        .pop()
                        .map_or(Cfg::Unknown, |one| Cfg::Not(Box::new(one)))
                } else {
                    Cfg::Unknown
                }
            }
        }
    }

    /// Whether it says one thing on a machine and another on a target, whatever
    /// what is not known here (features, flags) may be.
    pub fn differs(&self, machine: &Target, target: &Target) -> bool {
        [false, true]
            .into_iter()
            .any(|unknown| self.holds(machine, unknown) != self.holds(target, unknown))
    }

    fn holds(&self, target: &Target, unknown: bool) -> bool {
        match self {
            Cfg::All(inner) => inner.iter().all(|one| one.holds(target, unknown)),
            Cfg::Any(inner) => inner.iter().any(|one| one.holds(target, unknown)),
            Cfg::Not(inner) => !inner.holds(target, unknown),
            Cfg::Name(name) => match &**name {
                "unix" => true,
                "windows" => false,
                _ => unknown,
            },
            Cfg::Value(name, value) => match known(target, name) {
                Some(known) => known == value,
                None => unknown,
            },
            Cfg::Unknown => unknown,
        }
    }
}

/// What a target is, by the names of `cfg`; all of them are Linux.
pub(super) fn known<'t>(target: &'t Target, name: &str) -> Option<&'t str> {
    Some(match name {
        "target_arch" => arch(target),
        "target_os" => "linux",
        "target_family" => "unix",
        "target_vendor" => "unknown",
        "target_endian" => &target.elf.endian,
        "target_env" => match target.libc {
            Libc::Glibc => "gnu",
            Libc::Musl => "musl",
        },
        "target_pointer_width" => match target.elf.class {
            32 => "32",
            _ => "64",
        },
        _ => return None,
    })
}

/// Rust's name of the processor, which `std::env::consts::ARCH` is too.
pub(super) fn arch(target: &Target) -> &str {
    match target.triple.split('-').next().unwrap_or_default() {
        "armv7" => "arm",
        "i686" => "x86",
        "powerpc64le" => "powerpc64",
        "riscv64gc" => "riscv64",
        other => other,
    }
}
