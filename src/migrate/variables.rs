//! `CROSS_*` variables that files of the CI set → facts. [pure]
//!
//! Format: docs/environment_variables.md of cross. Every key of `Cross.toml` has
//! such a name: `CROSS_BUILD_ZIG`, `CROSS_TARGET_S390X_UNKNOWN_LINUX_GNU_RUNNER`.

use super::cross::{NO_IMAGE, OWN_STD, Reading};
use super::fact::Scope;
use super::script;
use crate::config::{Origin, Setting};
use crate::env::cargo_spelling;

impl Reading<'_> {
    /// A `CROSS_*` variable that a file of the CI sets: `None` where its value
    /// is not there to be read.
    pub fn variable(&mut self, origin: &Origin, name: &str, value: Option<&str>) {
        let Some((at, scope, key)) = self.split(name) else {
            return self.other_variable(origin, name);
        };
        let Some(value) = value.filter(|value| !value.contains('$')) else {
            let why = "its value is worked out by the CI: write it into xbuild.toml";
            return self.facts.left_out(origin, name, why);
        };
        if !self.is_first(&format!("{at}.{key}"), origin) {
            return;
        }
        let set = Setting::new(value.to_owned(), origin.clone());
        let words = || {
            let words = value.split_whitespace();
            words.map(|word| Setting::new(word.to_owned(), origin.clone()))
        };
        match key {
            "env.passthrough" => self.env("passthrough", words().collect(), &scope),
            "env.volumes" => self.env("volumes", words().collect(), &scope),
            "pre-build" => {
                for command in script::commands(value, 1) {
                    self.command(origin, &command, &scope);
                }
            }
            "default-target" => self.facts.target(origin, value, true),
            "runner" => self.runner(&set),
            "image" => self.used_image(&set, &scope),
            "zig.version" => self.floor(&scope, &set, "zig"),
            "zig" if value.starts_with(|c: char| c.is_ascii_digit()) && value.contains('.') => {
                self.floor(&scope, &set, "zig");
            }
            "zig" => {
                let why = "clang takes zig's place, and every glibc target has a floor";
                self.facts.needless(origin, name, why);
            }
            "build-std" | "xargo" => self.facts.needless(origin, name, OWN_STD),
            _ => self.facts.left_out(origin, name, NO_IMAGE),
        }
    }

    /// `CROSS_BUILD_ZIG` or `CROSS_TARGET_TRIPLE_ZIG` as the key it stands for:
    /// its table, that table's targets, and the key.
    fn split(&self, name: &str) -> Option<(String, Scope, &'static str)> {
        const KEYS: [(&str, &str); 11] = [
            ("BUILD_STD", "build-std"),
            ("DEFAULT_TARGET", "default-target"),
            ("DOCKERFILE", "dockerfile"),
            ("ENV_PASSTHROUGH", "env.passthrough"),
            ("ENV_VOLUMES", "env.volumes"),
            ("IMAGE", "image"),
            ("PRE_BUILD", "pre-build"),
            ("RUNNER", "runner"),
            ("XARGO", "xargo"),
            ("ZIG", "zig"),
            ("ZIG_VERSION", "zig.version"),
        ];
        let key = |rest: &str| {
            let found = KEYS.iter().find(|(name, _)| *name == rest);
            found.map(|(_, key)| *key)
        };
        if let Some(rest) = name.strip_prefix("CROSS_BUILD_") {
            return Some(("build".to_owned(), Scope::All, key(rest)?));
        }
        let rest = name.strip_prefix("CROSS_TARGET_")?;
        self.table.iter().find_map(|target| {
            let of_target = rest.strip_prefix(&cargo_spelling(&target.triple))?;
            let key = key(of_target.strip_prefix('_')?)?;
            let scope = Scope::Target(target.triple.clone());
            Some((format!("target.{}", target.triple), scope, key))
        })
    }

    fn other_variable(&mut self, origin: &Origin, name: &str) {
        if name == "CROSS_CONFIG" {
            let why =
                "only Cross.toml is read: copy that file to it, and run `xbuild init --force`";
            return self.facts.left_out(origin, name, why);
        }
        let of_containers = [
            "CROSS_CONTAINER",
            "CROSS_REMOTE",
            "CROSS_ROOTLESS",
            "CROSS_BUILD_OPTS",
        ];
        let talk = [
            "CROSS_DEBUG",
            "CROSS_NO_WARNINGS",
            "CROSS_COMPATIBILITY",
            "CROSS_CUSTOM",
        ];
        if of_containers
            .iter()
            .chain(&talk)
            .any(|known| name.starts_with(known))
        {
            self.facts
                .needless(origin, name, "it is about cross's containers and talk");
        } else if name.starts_with("CROSS_TARGET_") {
            let why = "it names no target of xbuild, or no key of cross";
            self.facts.left_out(origin, name, why);
        } else if name.starts_with("CROSS_BUILD_") {
            self.facts.left_out(origin, name, NO_IMAGE);
        }
        // Any other variable of that name is the project's own affair.
    }
}
