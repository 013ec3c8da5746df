//! What the places ask of a program. [pure]

use crate::deploy::{Place, Wanted};
use crate::target::Floor;

/// The places, as far as they decide between the targets of one processor.
pub(super) struct Demands<'w> {
    /// Why a dynamic program of glibc does not start there.
    pub against_glibc: Vec<String>,
    /// Places with a glibc, the oldest first.
    pub glibc: Vec<(&'w str, Floor)>,
    pub rolling: Vec<&'w str>,
}

impl<'w> Demands<'w> {
    pub fn of(wanted: &'w Wanted) -> Self {
        let mut demands = Demands {
            against_glibc: Vec::new(),
            glibc: Vec::new(),
            rolling: Vec::new(),
        };
        for place in &wanted.places {
            match place {
                Place::Glibc { name, glibc } => demands.glibc.push((name, *glibc)),
                Place::Rolling { name } => demands.rolling.push(name),
                Place::Musl { name } => demands
                    .against_glibc
                    .push(format!("{name} has musl and no glibc")),
                Place::Apart { name } => demands.against_glibc.push(format!(
                    "{name} has no loader where other distributions have it"
                )),
                Place::Any => demands
                    .against_glibc
                    .push("not every Linux has glibc, or a new one".to_owned()),
                Place::Unknown { .. } => {}
            }
        }
        demands.glibc.sort_by_key(|(_, glibc)| *glibc);
        demands
    }
}
