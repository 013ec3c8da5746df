//! A project's targets → a pipeline for a service that builds, tests, verifies
//! and releases them. [pure]
//!
//! What a service is told is in `templates/`, in its own syntax; here are the
//! values.

mod row;
mod template;
#[cfg(test)]
mod tests;

use std::fmt::Write;

use crate::pins::Hasher;
use crate::target::TargetSpec;

pub use row::{NATIVE, Native, artefact};

/// What a pipeline is written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    Github,
    Gitlab,
    Forgejo,
    Gitea,
    Shell,
}

/// What a pipeline is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pipeline {
    /// What the artefacts are called by.
    pub name: String,
    /// Whether a release must be told the name, of several packages'.
    pub names_release: bool,
    pub targets: Vec<TargetSpec>,
    pub native: Vec<Native>,
    /// What git can clone xbuild from, where that is said.
    pub git: Option<String>,
    /// A commit or a tag of it.
    pub revision: Option<String>,
}

impl Service {
    pub const ALL: [Service; 5] = [
        Service::Github,
        Service::Gitlab,
        Service::Forgejo,
        Service::Gitea,
        Service::Shell,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Service::Github => "github",
            Service::Gitlab => "gitlab",
            Service::Forgejo => "forgejo",
            Service::Gitea => "gitea",
            Service::Shell => "shell",
        }
    }

    /// Where the service looks for it, from the repository's top; a script is
    /// beside `xbuild.toml`.
    pub const fn path(self) -> &'static str {
        match self {
            Service::Github => ".github/workflows/xbuild.yml",
            Service::Gitlab => ".gitlab-ci.yml",
            Service::Forgejo => ".forgejo/workflows/xbuild.yml",
            Service::Gitea => ".gitea/workflows/xbuild.yml",
            Service::Shell => "xbuild-ci.sh",
        }
    }

    /// Whether a text was written here, for this service.
    pub fn wrote(self, text: &str) -> bool {
        let first = format!("# Written by `xbuild ci {}`", self.name());
        text.lines().take(2).any(|line| line.starts_with(&first))
    }

    /// The text of the pipeline.
    pub fn render(self, pipeline: &Pipeline) -> String {
        let template = match self {
            Service::Github => include_str!("templates/github.yml"),
            Service::Gitlab => include_str!("templates/gitlab.yml"),
            Service::Forgejo | Service::Gitea => include_str!("templates/forgejo.yml"),
            Service::Shell => include_str!("templates/shell.sh"),
        };
        template::fill(template, &pipeline.content(self))
    }

    /// The service's own way to a variable that people set there.
    fn variable(self, name: &str) -> String {
        match self {
            Service::Github | Service::Forgejo | Service::Gitea => {
                format!("${{{{ vars.{name} }}}}")
            }
            // Those of a project are over those of its file.
            Service::Gitlab | Service::Shell => String::new(),
        }
    }
}

impl Pipeline {
    fn content(&self, service: Service) -> template::Content {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let or_variable = |value: &Option<String>, name: &str| {
            let value = value.clone();
            value.unwrap_or_else(|| service.variable(name))
        };
        let named = match self.names_release {
            true => format!(" --name {}", self.name),
            false => String::new(),
        };
        let rows = self.targets.iter().map(|spec| {
            template::Values::from([
                ("TARGET", spec.to_string()),
                ("ARTEFACT", artefact(&self.name, spec)),
            ])
        });
        let native = self.native.iter().map(|native| {
            template::Values::from([
                ("TARGET", native.triple.to_owned()),
                ("ARTEFACT", format!("{}-{}", self.name, native.artefact)),
                ("GITHUB_MACHINE", native.github.to_owned()),
                ("SYSTEM", native.system.to_owned()),
            ])
        });
        template::Content {
            values: [
                ("SERVICE", service.name().to_owned()),
                ("NAME", self.name.clone()),
                ("NAMED", named),
                ("GIT", or_variable(&self.git, "XBUILD_GIT")),
                ("REVISION", or_variable(&self.revision, "XBUILD_REVISION")),
                ("SHELL_GIT", text(&self.git)),
                ("SHELL_REVISION", text(&self.revision)),
            ]
            .into(),
            lists: [("rows", rows.collect()), ("native", native.collect())].into(),
        }
    }
}

/// What changes with everything that decides which packages the targets'
/// toolchains are made of: 64 hexadecimal digits, for the key of a cache.
/// `definition` is the digest of xbuild's own `nix/`, pins included, `lock` the
/// text of `xbuild.lock`.
pub fn key(definition: &str, lock: &[u8], targets: &[TargetSpec]) -> String {
    let mut head = format!("xbuild ci 1\n{definition}\n{}\n", lock.len());
    for target in targets {
        let _ = writeln!(head, "{target}");
    }
    let mut hasher = Hasher::default();
    hasher.update(head.as_bytes());
    hasher.update(lock);
    hasher.finish().to_hex()
}
