//! cross's configuration → facts: `Cross.toml`, and the same tables below
//! `package.metadata.cross` of a manifest. [pure]
//!
//! Format: docs/config_file.md of cross.

use std::collections::BTreeSet;
use std::path::Path;

use toml::de::DeTable;

use super::debian::{self, Place};
use super::fact::{Fact, Facts, Scope};
use super::script;
use crate::config::{Origin, Reader, Setting, Source};
use crate::error::Result;
use crate::target::Table;

const TOP: [&str; 2] = ["build", "target"];
const BUILD: [&str; 7] = [
    "build-std",
    "default-target",
    "dockerfile",
    "env",
    "pre-build",
    "xargo",
    "zig",
];
const TARGET: [&str; 8] = [
    "build-std",
    "dockerfile",
    "env",
    "image",
    "pre-build",
    "runner",
    "xargo",
    "zig",
];
const ENV: [&str; 2] = ["passthrough", "volumes"];
const ZIG: [&str; 3] = ["enable", "image", "version"];
const DOCKERFILE: [&str; 3] = ["build-args", "context", "file"];
const IMAGE: [&str; 2] = ["name", "toolchain"];

pub(super) const NO_IMAGE: &str =
    "xbuild builds in no container: its toolchain takes the image's place";

/// What reading cross's files takes and fills.
pub struct Reading<'a> {
    pub table: &'a Table,
    /// The text of another file of the project.
    pub read: &'a dyn Fn(&Path) -> Option<String>,
    pub facts: Facts,
    /// Keys that a source of higher rank has set: variables rank over
    /// `Cross.toml`, and that over manifests.
    pub taken: BTreeSet<String>,
}

impl Reading<'_> {
    /// Reads a `Cross.toml`.
    ///
    /// # Errors
    /// `Kind::Config` with file and line where it is not TOML, or a key has a
    /// value of another type than cross reads.
    pub fn cross_toml(&mut self, path: &Path, text: &str) -> Result<()> {
        let source = Source { path, text };
        let table = DeTable::parse(text).map_err(|error| {
            let offset = error.span().map_or(0, |span| span.start);
            source.error(offset, error.message())
        })?;
        self.tables(&Reader::new(source, "", table.get_ref()))
    }

    /// Reads `package.metadata.cross` and `workspace.metadata.cross`.
    ///
    /// # Errors
    /// As [`Reading::cross_toml`].
    pub fn manifest(&mut self, path: &Path, text: &str) -> Result<()> {
        if !text.contains("cross") {
            return Ok(());
        }
        let source = Source { path, text };
        // A manifest that cannot be read is cargo's to complain about.
        let Ok(table) = DeTable::parse(text) else {
            return Ok(());
        };
        let manifest = Reader::new(source, "", table.get_ref());
        for owner in ["package", "workspace"] {
            if let Some(owner) = manifest.table(owner)?
                && let Some(cross) = owner.table_at(&["metadata", "cross"])?
            {
                self.tables(&cross)?;
            }
        }
        Ok(())
    }

    fn tables(&mut self, file: &Reader<'_, '_>) -> Result<()> {
        self.unknown(file, &TOP);
        if let Some(build) = file.table("build")? {
            self.unknown(&build, &BUILD);
            if let Some(target) = build.string("default-target")?
                && self.is_first("build.default-target", &target.origin)
            {
                self.facts.target(&target.origin, &target.value, true);
            }
            self.section(&build, &Scope::All, "build")?;
        }
        if let Some(targets) = file.table("target")? {
            for (triple, table) in targets.tables()? {
                self.unknown(&table, &TARGET);
                self.facts.target(&triple.origin, &triple.value, false);
                let key = format!("target.{}", triple.value);
                self.section(&table, &Scope::Target(triple.value), &key)?;
            }
        }
        Ok(())
    }

    /// The keys that `[build]` and `[target.T]` share, and those of the second.
    fn section(&mut self, table: &Reader<'_, '_>, scope: &Scope, at: &str) -> Result<()> {
        if let Some(env) = table.table("env")? {
            self.unknown(&env, &ENV);
            for key in ENV {
                let words = env.strings(key)?.unwrap_or_default();
                if self.holds(&env, key, &format!("{at}.env.{key}")) {
                    self.env(key, words, scope);
                }
            }
        }
        let commands = table.string_or_strings("pre-build")?;
        if self.holds(table, "pre-build", &format!("{at}.pre-build")) {
            self.pre_build(table, &commands, scope);
        }
        self.zig(table, scope, at)?;
        self.dockerfile(table, scope, at)?;
        self.image(table, scope, at)?;
        if let Some(runner) = table.string("runner")?
            && self.is_first(&format!("{at}.runner"), &runner.origin)
        {
            self.runner(&runner);
        }
        for key in ["build-std", "xargo"] {
            let wanted = !table.is_boolean(key) || table.boolean(key)?.is_some_and(|it| it.value);
            if wanted && let Some(place) = table.place(key) {
                let what = table.name_of(key);
                self.facts.needless(&place, what, OWN_STD);
            }
        }
        Ok(())
    }

    pub(super) fn env(&mut self, key: &str, words: Vec<Setting<String>>, scope: &Scope) {
        for Setting { value, origin } in words {
            let (scope, text) = (scope.clone(), value);
            let fact = match key {
                "volumes" => Fact::Volume { scope, text },
                _ => Fact::Passthrough { scope, text },
            };
            self.facts.add(&origin, fact);
        }
    }

    /// A list of commands, or the path of a script.
    fn pre_build(&mut self, table: &Reader<'_, '_>, lines: &[Setting<String>], scope: &Scope) {
        if let [only] = lines
            && !only.value.contains(char::is_whitespace)
        {
            match (self.read)(Path::new(&only.value)) {
                Some(text) => return self.script(Path::new(&only.value), &text, scope),
                None if table.place("pre-build").is_some() && only.value.contains('/') => {
                    let what = format!("pre-build {}", only.value);
                    return self
                        .facts
                        .left_out(&only.origin, what, "there is no such file");
                }
                None => {}
            }
        }
        for line in lines {
            for command in script::commands(&line.value, 1) {
                self.command(&line.origin, &command, scope);
            }
        }
    }

    fn script(&mut self, path: &Path, text: &str, scope: &Scope) {
        for command in script::commands(text, 1) {
            let origin = Origin::File {
                path: path.to_owned(),
                line: command.line,
            };
            self.command(&origin, &command, scope);
        }
    }

    pub(super) fn command(&mut self, origin: &Origin, command: &script::Command, scope: &Scope) {
        if let Some(packages) = script::installs(command) {
            let place = Place::Image(scope.clone());
            for word in packages {
                debian::package(&mut self.facts, self.table, origin, word, &place);
            }
        } else if !script::is_housekeeping(command) {
            let what = format!("the command `{}`", shortened(&command.text()));
            let why =
                "it changes an image, and there is none: a build script can do it, or the source";
            self.facts.left_out(origin, what, why);
        }
    }

    fn zig(&mut self, table: &Reader<'_, '_>, scope: &Scope, at: &str) -> Result<()> {
        let Some(place) = table.place("zig") else {
            return Ok(());
        };
        let (mut enabled, mut version) = (true, None);
        if table.is_boolean("zig") {
            enabled = table.boolean("zig")?.is_some_and(|it| it.value);
        } else if table.is_table("zig") {
            if let Some(zig) = table.table("zig")? {
                self.unknown(&zig, &ZIG);
                enabled = zig.boolean("enable")?.is_none_or(|it| it.value);
                version = zig.string("version")?;
                if let Some(image) = zig.string("image")? {
                    let what = format!("{} {}", zig.name_of("image"), image.value);
                    self.facts.left_out(&image.origin, what, NO_IMAGE);
                }
            }
        } else {
            version = table.string("zig")?;
        }
        if !enabled || !self.is_first(&format!("{at}.zig"), &place) {
            return Ok(());
        }
        match version {
            Some(version) => self.floor(scope, &version, "zig"),
            None => {
                let why = "clang takes zig's place, and every glibc target has a floor";
                self.facts.needless(&place, table.name_of("zig"), why);
            }
        }
        Ok(())
    }

    pub(super) fn floor(&mut self, scope: &Scope, version: &Setting<String>, what: &str) {
        let fact = Fact::Floor {
            scope: scope.clone(),
            version: version.value.clone(),
            what: format!("{what} {}", version.value),
        };
        self.facts.add(&version.origin, fact);
    }

    fn dockerfile(&mut self, table: &Reader<'_, '_>, scope: &Scope, at: &str) -> Result<()> {
        let Some(place) = table.place("dockerfile") else {
            return Ok(());
        };
        let mut file = None;
        if table.is_table("dockerfile") {
            if let Some(dockerfile) = table.table("dockerfile")? {
                self.unknown(&dockerfile, &DOCKERFILE);
                file = dockerfile.string("file")?;
                for key in ["build-args", "context"] {
                    if let Some(place) = dockerfile.place(key) {
                        self.facts
                            .left_out(&place, dockerfile.name_of(key), NO_IMAGE);
                    }
                }
            }
        } else {
            file = table.string("dockerfile")?;
        }
        if !self.is_first(&format!("{at}.dockerfile"), &place) {
            return Ok(());
        }
        let name = table.name_of("dockerfile");
        let Some(file) = file else {
            self.facts.left_out(&place, name, NO_IMAGE);
            return Ok(());
        };
        let what = format!("{name} {}", file.value);
        match (self.read)(Path::new(&file.value)) {
            Some(text) => {
                let why = format!("{NO_IMAGE}; what it installs is read");
                self.facts.left_out(&file.origin, what, why);
                self.script(Path::new(&file.value), &script::of_dockerfile(&text), scope);
            }
            None => self.facts.left_out(&file.origin, what, NO_IMAGE),
        }
        Ok(())
    }

    fn image(&mut self, table: &Reader<'_, '_>, scope: &Scope, at: &str) -> Result<()> {
        let Some(place) = table.place("image") else {
            return Ok(());
        };
        let mut image = None;
        if table.is_table("image") {
            if let Some(inner) = table.table("image")? {
                self.unknown(&inner, &IMAGE);
                image = inner.string("name")?;
                if let Some(place) = inner.place("toolchain") {
                    self.facts
                        .left_out(&place, inner.name_of("toolchain"), NO_IMAGE);
                }
            }
        } else {
            image = table.string("image")?;
        }
        if self.is_first(&format!("{at}.image"), &place)
            && let Some(image) = image
        {
            self.used_image(&image, scope);
        }
        Ok(())
    }

    pub(super) fn used_image(&mut self, image: &Setting<String>, scope: &Scope) {
        if let Some(glibc) = debian::glibc_of_image(&image.value) {
            let version = Setting::new(glibc.to_owned(), image.origin.clone());
            self.floor(scope, &version, "the glibc of the image:");
        }
        let what = format!("image {}", image.value);
        self.facts.left_out(&image.origin, what, NO_IMAGE);
    }

    pub(super) fn runner(&mut self, runner: &Setting<String>) {
        let what = format!("runner {}", runner.value);
        let place = &runner.origin;
        match runner.value.as_str() {
            "native" | "qemu-user" => {
                let why = "foreign programs run under QEMU by themselves, native ones natively";
                self.facts.needless(place, what, why);
            }
            "qemu-system" => {
                let why = "xbuild emulates a processor, not a machine with a kernel of its own";
                self.facts.left_out(place, what, why);
            }
            _ => {
                let why = "cross knows qemu-system, qemu-user and native";
                self.facts.left_out(place, what, why);
            }
        }
    }

    /// Whether a key is there, and no source of higher rank has it.
    fn holds(&mut self, table: &Reader<'_, '_>, key: &str, whole: &str) -> bool {
        match table.place(key) {
            Some(place) => self.is_first(whole, &place),
            None => false,
        }
    }

    pub(super) fn is_first(&mut self, key: &str, place: &Origin) -> bool {
        let first = self.taken.insert(key.to_owned());
        if !first {
            let why = "another place that cross asks first sets it too";
            self.facts.needless(place, key, why);
        }
        first
    }

    fn unknown(&mut self, table: &Reader<'_, '_>, known: &[&str]) {
        for (key, near) in table.others(known) {
            let what = format!("the key `{}`", table.name_of(&key.value));
            let why = match near {
                Some(near) => format!("cross has no such key; the nearest is `{near}`"),
                None => format!("cross has no such key; it knows {}", known.join(", ")),
            };
            self.facts.left_out(&key.origin, what, why);
        }
    }
}

pub(super) const OWN_STD: &str =
    "every target of xbuild has its std; where Debian ships none it is built once";

fn shortened(text: &str) -> String {
    const LONGEST: usize = 48;
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= LONGEST {
        return line;
    }
    let start: String = line.chars().take(LONGEST).collect();
    format!("{start}…")
}
