//! What a command is about, read once from the command line, the environment
//! and the project's files: nothing below sees raw arguments.

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::epoch;
use crate::cargo::registry::Mirror;
use crate::cargo::{CargoArgs, UserCargo, Verb, fetch};
use crate::check::{CheckId, UnknownCheck};
use crate::config::{self, Config, EnvLayer, FlagLayer, Isolation, NixChoice, Origin, Setting};
use crate::error::{Error, IoContext, Kind, Result};
use crate::fetch::BaseUrl;
use crate::host::{self, Folders};
use crate::lock;
use crate::nix::Choice;
use crate::project::{Project, Query, Stamp};
use crate::rust;
use crate::shell;
use crate::target::{Floor, HOST, Table, TargetSpec};
use crate::terminal;
use crate::tool_set;
use crate::toolchain::{Part, Workshop};

/// A project, its configuration and the targets that a command is for.
#[derive(Debug)]
pub struct Request {
    pub project: Project,
    pub config: Config,
    pub specs: Vec<TargetSpec>,
    /// The Rust that the project asks for, where it is not Debian's.
    pub rust: Option<rust::Wanted>,
    pub workshop: Workshop,
    /// The user's own cargo home, and what matters of its configuration.
    pub user: UserCargo,
    /// The caller's environment.
    pub vars: BTreeMap<OsString, OsString>,
    /// `SOURCE_DATE_EPOCH`, once it has been asked for.
    epoch: OnceCell<String>,
    /// The sets of tools, and the lock file as it was when it named them: a
    /// command asks several times, and the fetch step may write another.
    tool_sets: RefCell<Option<(Option<Stamp>, BTreeSet<String>)>>,
    /// What it was when somebody else built the same.
    replayed: Option<String>,
}

impl Request {
    /// Whether the user's own settings, and not the project's, put another
    /// source in the place of crates.io.
    pub(super) fn replaces_crates_io(&self) -> bool {
        self.user.replaces_crates_io()
            && self.is_isolated()
            && !self.project.settings.replaces_crates_io
    }

    /// The sets of tools that the project's crates call: those that the
    /// crates of its lock file do, and those that its configuration names.
    ///
    /// # Errors
    /// `Kind::Filesystem` where the lock file is there and cannot be read.
    fn tool_sets(&self) -> Result<BTreeSet<String>> {
        let stamp = Stamp::of(&self.project.lock);
        if let Some((seen, names)) = &*self.tool_sets.borrow()
            && *seen == stamp
        {
            return Ok(names.clone());
        }
        let names = self.read_tool_sets()?;
        *self.tool_sets.borrow_mut() = Some((stamp, names.clone()));
        Ok(names)
    }

    fn read_tool_sets(&self) -> Result<BTreeSet<String>> {
        let lock = match std::fs::read(&self.project.lock) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error).at("read", &self.project.lock),
        };
        let mut names = tool_set::called_by(&tool_set::all()?, &lock);
        names.extend(self.config.tools.iter().map(|tool| tool.value.clone()));
        Ok(names)
    }

    /// Those of them that run on the host.
    ///
    /// # Errors
    /// `Kind::Filesystem` where the lock file is there and cannot be read.
    pub fn tool_parts(&self) -> Result<Vec<Part>> {
        let mut names = self.tool_sets()?;
        names.remove(tool_set::CPLUSPLUS);
        Ok(names.iter().map(|name| Part::tools(name)).collect())
    }

    /// Targets with the C++ library that the project's crates call for.
    ///
    /// # Errors
    /// `Kind::Filesystem` where the lock file is there and cannot be read.
    pub fn called_for(&self, specs: Vec<TargetSpec>) -> Result<Vec<TargetSpec>> {
        if !self.tool_sets()?.contains(tool_set::CPLUSPLUS) {
            return Ok(specs);
        }
        Ok(specs.into_iter().map(TargetSpec::with_cplusplus).collect())
    }

    /// The mirror that stands in the shells as crates.io.
    pub fn mirror(&self) -> Option<Mirror> {
        if !self.replaces_crates_io() {
            return None;
        }
        fetch::mirror(&self.project.target_dir)
    }

    /// Finds the project that a cargo command is about and resolves its
    /// configuration.
    ///
    /// # Errors
    /// `Kind::Project`, `Kind::Config` or `Kind::Target`, each naming the
    /// place.
    pub fn of_cargo(verb: Verb, args: &CargoArgs) -> Result<Self> {
        let manifest = match (&args.install_path, verb) {
            (Some(path), Verb::Install) => Some(path.join("Cargo.toml")),
            _ => args.manifest_path.clone(),
        };
        let request = Request::new(
            &args.flags(),
            manifest.as_deref(),
            args.target_dir.as_deref(),
            args.offline || args.frozen,
        )?;
        if args.own.runner.is_some() && verb != Verb::Test {
            let message = format!(
                "`--runner` is for `xbuild test`, not `xbuild {}`",
                verb.name()
            );
            return Err(Error::new(Kind::Usage, message).hint("leave `--runner` out"));
        }
        if let (Verb::Run | Verb::Install, [first, _, ..]) = (verb, &request.specs[..]) {
            let specs: Vec<String> = request.specs.iter().map(ToString::to_string).collect();
            let name = verb.name();
            let message = format!(
                "`xbuild {name}` is for one target, not {}",
                specs.join(" and ")
            );
            let hint = format!("xbuild {name} --target {first}");
            return Err(Error::new(Kind::Usage, message).hint(hint));
        }
        Ok(request)
    }

    /// The same for a command of xbuild's own that is about a project.
    ///
    /// # Errors
    /// As [`Request::of_cargo`].
    pub fn new(
        flags: &FlagLayer,
        manifest_path: Option<&Path>,
        target_dir: Option<&Path>,
        offline: bool,
    ) -> Result<Self> {
        let mut request = Request::unlocked(flags, manifest_path, target_dir, offline)?;
        request.specs = request.locked(request.specs.clone())?;
        request.specs = request.called_for(request.specs.clone())?;
        Ok(request)
    }

    /// Targets with the Rust that is locked for the project.
    ///
    /// # Errors
    /// `Kind::Config` where the lock is not what is asked for.
    pub fn with_rust(&self, specs: Vec<TargetSpec>) -> Result<Vec<TargetSpec>> {
        let root = &self.project.root;
        let lock = lock::load(root)?;
        rust::attach(self.rust.as_ref(), root, lock.as_ref(), specs)
    }

    /// Targets with all that is locked for them: packages, and another Rust.
    ///
    /// # Errors
    /// `Kind::Config` where the lock is not what is asked for.
    pub fn locked(&self, specs: Vec<TargetSpec>) -> Result<Vec<TargetSpec>> {
        let root = &self.project.root;
        let lock = lock::load(root)?;
        let specs = rust::attach(self.rust.as_ref(), root, lock.as_ref(), specs)?;
        lock::attach(&self.config, root, lock.as_ref(), specs)
    }

    /// The same without a look at the lock: the targets are not fit to build
    /// with.
    ///
    /// # Errors
    /// As [`Request::of_cargo`].
    pub fn unlocked(
        flags: &FlagLayer,
        manifest_path: Option<&Path>,
        target_dir: Option<&Path>,
        offline: bool,
    ) -> Result<Self> {
        let cwd = current_folder()?;
        let user = UserCargo::read(&host::var)?;
        let project = Project::find(&Query {
            cwd: &cwd,
            manifest_path,
            target_dir,
            cargo_home: user.home.as_deref(),
            var: &host::var,
        })?;
        let loaded = config::load(&project.root)?;
        for note in &loaded.notes {
            terminal::note(note);
        }
        let config = Config::resolve(flags, &EnvLayer::read(host::var)?, loaded.layer)?;
        let table = Table::embedded()?;
        for (triple, place) in config.named_targets() {
            TargetSpec::parse(&table, triple, None).map_err(|error| error.within(place))?;
        }
        let specs = specs(&table, &config, &project)?;
        // What is wrong with a check's name need not wait for the build.
        for spec in &specs {
            allowed(&config, spec.triple())?;
        }
        for note in project.settings.notes(&triples(&specs)) {
            terminal::note(note);
        }
        let workshop = workshop(&config, &user, offline)?;
        let rust = match rust::find(&project.cwd)? {
            None => None,
            Some(file) => rust::wanted(&file, rust::DEBIAN_VERSION, &table)?,
        };
        Ok(Request {
            project,
            rust,
            config,
            specs,
            workshop,
            user,
            vars: host::vars().collect(),
            epoch: OnceCell::new(),
            tool_sets: RefCell::new(None),
            replayed: None,
        })
    }

    /// The targets in groups that one run of cargo can build: cargo knows a
    /// triple once, so two floors of one take two runs.
    pub fn groups(&self) -> Vec<Vec<TargetSpec>> {
        let mut groups: Vec<Vec<TargetSpec>> = Vec::new();
        for spec in &self.specs {
            let free = |group: &&mut Vec<TargetSpec>| {
                group.iter().all(|other| other.triple() != spec.triple())
            };
            match groups.iter_mut().find(free) {
                Some(group) => group.push(spec.clone()),
                None => groups.push(vec![spec.clone()]),
            }
        }
        groups
    }

    /// Whether builds run in the hermetic shell.
    pub fn is_isolated(&self) -> bool {
        self.config.isolation.value == Isolation::Full
    }

    /// The variables that the shells for these targets get because of the caller,
    /// the configuration and the commit. What is passed through wins over the
    /// commit, and what was replayed over both.
    pub fn variables(&self, specs: &[TargetSpec]) -> BTreeMap<OsString, OsString> {
        let passthrough: Vec<_> = specs
            .iter()
            .flat_map(|spec| self.config.for_target(spec.triple()).passthrough)
            .map(|setting| setting.value)
            .collect();
        let mut variables = shell::from_caller(&self.vars, &passthrough);
        let name = OsString::from(epoch::VARIABLE);
        match &self.replayed {
            Some(value) => {
                variables.insert(name, value.into());
            }
            None => {
                variables.entry(name).or_insert_with(|| self.epoch().into());
            }
        }
        variables
    }

    /// `SOURCE_DATE_EPOCH` as the shells for these targets have it.
    pub fn epoch_of(&self, specs: &[TargetSpec]) -> String {
        let value = self.variables(specs).remove(OsStr::new(epoch::VARIABLE));
        let value = value.unwrap_or_default();
        value.to_string_lossy().into_owned()
    }

    /// Builds with the `SOURCE_DATE_EPOCH` that somebody else built with.
    pub fn replay(&mut self, epoch: &str) {
        self.replayed = Some(epoch.to_owned());
    }

    fn epoch(&self) -> &str {
        let project = &self.project;
        let setting = self.config.source_date.value;
        let epoch = || epoch::epoch(&project.root, setting, Some(&project.target_dir));
        self.epoch.get_or_init(epoch)
    }

    /// The checks that are allowed to find something for a target.
    ///
    /// # Errors
    /// `Kind::Config` or `Kind::Usage` for an id that no check has, naming
    /// where it stands.
    pub fn allowed(&self, triple: &str) -> Result<BTreeSet<CheckId>> {
        allowed(&self.config, triple)
    }
}

fn allowed(config: &Config, triple: &str) -> Result<BTreeSet<CheckId>> {
    let parse = |setting: &Setting<String>| {
        setting.value.parse().map_err(|cause: UnknownCheck| {
            Error::new(setting.origin.kind(), cause.to_string())
                .within(&setting.origin)
                .hint("docs/checks.md describes the checks")
        })
    };
    let allow = config.for_target(triple).allow;
    allow.iter().map(parse).collect()
}

/// The workshop that a configuration asks for.
///
/// # Errors
/// Where no folder to keep things in is known, or a mirror is no address.
pub fn workshop(config: &Config, user: &UserCargo, offline: bool) -> Result<Workshop> {
    let mirrors = config.mirrors.iter();
    for mirror in mirrors.clone() {
        BaseUrl::parse(&mirror.value).map_err(|error| error.within(&mirror.origin))?;
    }
    Ok(Workshop {
        folders: Folders::find()?,
        mirrors: mirrors.map(|mirror| mirror.value.clone()).collect(),
        mirrors_only: config.mirrors_only.value,
        nix: match config.nix.value {
            NixChoice::Auto => Choice::Auto,
            NixChoice::Own => Choice::Own,
            NixChoice::System => Choice::System,
        },
        offline,
        dist_server: rust::dist_server(&host::var)?,
        cargo: user.clone(),
    })
}

/// The folder that the user stands in.
///
/// # Errors
/// `Kind::Filesystem` where it has been removed.
pub fn current_folder() -> Result<PathBuf> {
    std::env::current_dir().at("find", Path::new("."))
}

/// Plain triples, each once.
pub fn triples(specs: &[TargetSpec]) -> Vec<String> {
    let mut triples: Vec<String> = Vec::new();
    for spec in specs {
        if !triples.iter().any(|triple| triple == spec.triple()) {
            triples.push(spec.triple().to_owned());
        }
    }
    triples
}

/// The targets of a command: typed or configured, then cargo's own
/// `build.target`, then this machine's kind.
fn specs(table: &Table, config: &Config, project: &Project) -> Result<Vec<TargetSpec>> {
    let mut texts = config.targets.clone();
    if texts.is_empty() {
        texts.clone_from(&project.settings.targets);
    }
    if texts.is_empty() {
        texts.push(Setting::new(HOST.to_owned(), Origin::Default));
    }
    let mut specs: Vec<TargetSpec> = Vec::new();
    for text in &texts {
        let spec = parse(table, config, &text.value).map_err(|error| match text.origin {
            // What was typed is before everyone's eyes.
            Origin::Flag(_) | Origin::Default => error,
            _ => error.within(&text.origin),
        })?;
        if !specs.contains(&spec) {
            specs.push(spec);
        }
    }
    Ok(specs)
}

/// One target, with the floor that the configuration prefers.
///
/// # Errors
/// `Kind::Target`, or `Kind::Config` where the configured floor is none.
pub fn parse(table: &Table, config: &Config, text: &str) -> Result<TargetSpec> {
    // The suffix decides which table of the configuration holds, not the
    // other way round.
    let bare = TargetSpec::parse(table, text, None)?;
    let preferred =
        match config.for_target(bare.triple()).glibc {
            Some(setting) => Some(setting.value.parse::<Floor>().map_err(|cause| {
                Error::new(Kind::Config, format!("{}: {cause}", setting.origin))
            })?),
            None => None,
        };
    TargetSpec::parse(table, text, preferred)
}
