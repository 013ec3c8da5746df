//! What one line of a project's files says to whoever builds it. [pure]

use crate::config::{Origin, Setting};

/// What a setting is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Every target.
    All,
    /// One triple, as written.
    Target(String),
}

/// One thing that a file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// A target, with a floor behind it or not; the default is built where
    /// none is named.
    Target { text: String, default: bool },
    /// The oldest glibc to run on; what says so.
    Floor {
        scope: Scope,
        version: String,
        what: String,
    },
    /// A library of Debian's to link with, for all glibc targets or for one.
    Package { scope: Scope, name: String },
    /// A program that the build calls, by Debian's name of its package.
    Tool(String),
    /// A variable of the caller's, as `NAME` or `NAME=value`.
    Passthrough { scope: Scope, text: String },
    /// A folder of the caller's, as `NAME` or `NAME=path`.
    Volume { scope: Scope, text: String },
    /// What nobody has to say to xbuild, and why.
    Needless { what: String, why: String },
    /// What cannot be carried over, and why.
    LeftOut { what: String, why: String },
}

/// Facts in the order in which they were read, each with its place.
#[derive(Debug, Clone, Default)]
pub struct Facts(pub Vec<Setting<Fact>>);

impl Facts {
    pub fn add(&mut self, place: &Origin, fact: Fact) {
        self.0.push(Setting::new(fact, place.clone()));
    }

    pub fn target(&mut self, place: &Origin, text: &str, default: bool) {
        let text = text.to_owned();
        self.add(place, Fact::Target { text, default });
    }

    pub fn needless(&mut self, place: &Origin, what: impl Into<String>, why: impl Into<String>) {
        let (what, why) = (what.into(), why.into());
        self.add(place, Fact::Needless { what, why });
    }

    pub fn left_out(&mut self, place: &Origin, what: impl Into<String>, why: impl Into<String>) {
        let (what, why) = (what.into(), why.into());
        self.add(place, Fact::LeftOut { what, why });
    }

    pub fn extend(&mut self, other: Facts) {
        self.0.extend(other.0);
    }
}
