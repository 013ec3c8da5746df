//! `xbuild ci`: pipelines, from the configured targets.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::build::{Request, relative};
use crate::cargo::write_atomically;
use crate::ci::{self, Native, Pipeline, Service};
use crate::cli::{CiArgs, Format};
use crate::config::{self, CiTable, FlagLayer, Setting};
use crate::error::{Error, IoContext, Kind, Result};
use crate::lock;
use crate::{cli, nix, terminal};

/// Writes, prints or checks the pipelines, or prints the key of a cache.
///
/// # Errors
/// `Kind::Config` where a file is not what would be written, or is not
/// xbuild's to write over; `Kind::Usage` where no service is named.
pub fn run(args: &CiArgs) -> Result<u8> {
    super::set_talk(args.talk);
    let flags = FlagLayer {
        targets: args.targets.clone(),
        ..FlagLayer::default()
    };
    let request = Request::unlocked(&flags, args.manifest_path.as_deref(), None, true)?;
    if args.key {
        let path = request.project.root.join(lock::FILE_NAME);
        let lock = match fs::read(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            read => read.at("read", &path)?,
        };
        let key = ci::key(nix::SOURCES_HASH, &lock, &request.specs);
        terminal::data(format_args!("{key}\n"));
        return Ok(0);
    }
    let pipeline = pipeline(&request)?;
    let mut documents = Vec::new();
    let mut wrong = Vec::new();
    for service in services(args, &request)? {
        let text = service.render(&pipeline);
        if args.print {
            terminal::data(text);
            continue;
        }
        // As it is shown, too.
        let path = relative(&place(&request, service)?);
        let state = state(&path, service, &text)?;
        let done = match state {
            State::Same => "unchanged",
            _ if args.check => {
                wrong.push(fault(&path, service, &state));
                "differs"
            }
            State::Others if !args.force => {
                let message = format!("`{}` was not written by xbuild", path.display());
                let name = service.name();
                return Err(Error::new(Kind::Config, message)
                    .hint(format!(
                        "xbuild ci {name} --print shows what would be written"
                    ))
                    .hint(format!("xbuild ci {name} --force writes it over that one")));
            }
            _ => {
                write(&path, service, &text)?;
                "written"
            }
        };
        let verb = match done {
            "written" => "Wrote",
            "unchanged" => "Unchanged",
            _ => "Differs",
        };
        terminal::status(verb, path.display());
        documents.push(json!({
            "service": service.name(),
            "path": path.display().to_string(),
            "state": done,
        }));
    }
    if args.format == Format::Json {
        let document = json!({ "version": 1, "files": documents });
        terminal::data(format_args!("{document:#}\n"));
    }
    wrong.into_iter().next().map_or(Ok(0), Err)
}

/// What the project says of itself and of its pipelines.
fn pipeline(request: &Request) -> Result<Pipeline> {
    let layer = config::load(&request.project.root)?.layer;
    let table = layer.map_or_else(CiTable::default, |layer| layer.ci);
    let value = |setting: Option<Setting<String>>| setting.map(|setting| setting.value);
    let name = value(table.name);
    let native = table.native.iter();
    Ok(Pipeline {
        names_release: name.is_some(),
        name: match name {
            Some(name) => name,
            None => package(request)?,
        },
        targets: request.specs.clone(),
        native: native.filter_map(|one| Native::parse(&one.value)).collect(),
        git: value(table.xbuild),
        revision: value(table.revision),
    })
}

/// The package that releases are called by.
fn package(request: &Request) -> Result<String> {
    let members = &request.project.members;
    let mut at_hand = members
        .iter()
        .filter(|member| member.manifest == request.project.manifest);
    match (at_hand.next(), &members[..]) {
        (Some(member), _) | (None, [member]) => Ok(member.package.name.clone()),
        (None, _) => {
            let names = members.iter().map(|member| &*member.package.name);
            let hints = names.take(5).map(|name| format!("[ci]\nname = \"{name}\""));
            let message = "a workspace of several packages needs a name for its releases";
            let error = Error::new(Kind::Config, message);
            Err(error.hint(hints.take(1).collect::<String>()))
        }
    }
}

fn services(args: &CiArgs, request: &Request) -> Result<Vec<Service>> {
    if !args.services.is_empty() {
        return Ok(args.services.iter().map(|one| service(*one)).collect());
    }
    let mut there = Vec::new();
    for service in Service::ALL {
        let text = place(request, service).map(fs::read_to_string);
        if matches!(text, Ok(Ok(text)) if service.wrote(&text)) {
            there.push(service);
        }
    }
    if args.check && !there.is_empty() {
        return Ok(there);
    }
    let message = match args.check {
        true => "there is no pipeline of xbuild's to check",
        false => "no service is named",
    };
    let names = Service::ALL.map(|service| format!("xbuild ci {}", service.name()));
    Err(Error::new(Kind::Usage, message).hint(names.join("\n")))
}

const fn service(service: cli::Service) -> Service {
    match service {
        cli::Service::Github => Service::Github,
        cli::Service::Gitlab => Service::Gitlab,
        cli::Service::Forgejo => Service::Forgejo,
        cli::Service::Gitea => Service::Gitea,
        cli::Service::Shell => Service::Shell,
    }
}

/// Where a service's file is.
fn place(request: &Request, service: Service) -> Result<PathBuf> {
    let root = &request.project.root;
    match request.project.repository() {
        Some(top) if top != root && service != Service::Shell => {
            let message = format!(
                "the project is in a folder of its repository, {}, and a pipeline runs at its top",
                top.display()
            );
            Err(Error::new(Kind::Project, message)
                .hint("xbuild ci shell writes a script that any pipeline can call"))
        }
        _ => Ok(root.join(service.path())),
    }
}

enum State {
    Same,
    Absent,
    /// Of xbuild, and the first line that differs, counted from 1.
    Old(usize),
    Others,
}

fn state(path: &Path, service: Service, text: &str) -> Result<State> {
    let found = match fs::read_to_string(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(State::Absent),
        found => found.at("read", path)?,
    };
    if found == text {
        return Ok(State::Same);
    }
    if !service.wrote(&found) {
        return Ok(State::Others);
    }
    let mut pairs = found.lines().zip(text.lines());
    let shared = found.lines().count().min(text.lines().count());
    Ok(State::Old(
        pairs.position(|(a, b)| a != b).unwrap_or(shared) + 1,
    ))
}

fn fault(path: &Path, service: Service, state: &State) -> Error {
    let (path, name) = (path.display(), service.name());
    let message = match state {
        State::Absent => format!("there is no `{path}`"),
        State::Old(line) => format!("{path}:{line}: not what xbuild.toml asks for"),
        State::Same | State::Others => format!("`{path}` was not written by xbuild"),
    };
    Error::new(Kind::Config, message).hint(format!("xbuild ci {name}"))
}

fn write(path: &Path, service: Service, text: &str) -> Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).at("make", folder)?;
    }
    write_atomically(path, text.as_bytes())?;
    if service == Service::Shell {
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).at("make executable", path)?;
    }
    Ok(())
}
