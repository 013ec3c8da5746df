//! The user's own cargo configuration, cut down to what a shell may see. [pure]
//!
//! The fetch shell runs cargo alone, so it gets the sources, registries and
//! network settings, with the tokens as variables. The build's shell runs the
//! project's code: it gets only where crates come from, nothing secret.
//!
//! Both texts belong at [`CONFIG`], which cargo finds on its way up from the
//! source: below the project's own files in precedence, as the original is.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use crate::error::{Error, Kind, Result};

/// Where the cut-down configuration stands in a shell.
pub const CONFIG: &str = "/build/.cargo/config.toml";

/// Below this, folders that the user's `[source]` names are bound read-only.
pub const SOURCES: &str = "/build/sources";

/// Variables of the caller that the fetch shell gets, and no other shell.
pub const FETCH_VARIABLES: [&str; 12] = [
    "ALL_PROXY",
    "CARGO_HTTP_CAINFO",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NO_PROXY",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "all_proxy",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "CARGO_REGISTRY_TOKEN",
];

/// Beginnings of further such variables.
pub const FETCH_PREFIXES: [&str; 4] = [
    "CARGO_HTTP_",
    "CARGO_NET_",
    "CARGO_REGISTRIES_",
    "CARGO_SOURCE_",
];

/// Whether the fetch shell gets a variable of the caller. Credential
/// providers and git's program would be other programs than cargo: they stay out.
pub fn for_fetch(name: &str) -> bool {
    let listed = FETCH_VARIABLES.contains(&name)
        || FETCH_PREFIXES.iter().any(|prefix| name.starts_with(prefix));
    listed && name != "CARGO_NET_GIT_FETCH_WITH_CLI" && !name.ends_with("_CREDENTIAL_PROVIDER")
}

/// Whether the build's shell gets a variable of the caller: where a registry's
/// index or a source is, so that offline resolution finds the same crates, and
/// only where that carries no password.
pub fn for_build(name: &str, value: &str) -> bool {
    let place = name.starts_with("CARGO_REGISTRIES_") && name.ends_with("_INDEX")
        || name.starts_with("CARGO_SOURCE_");
    place && !has_password(value)
}

/// What a shell gets of the user's configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Home {
    /// The text for [`CONFIG`]; empty where there is nothing to say.
    pub config: String,
    /// Tokens, as cargo's own variables. Only ever for the fetch shell.
    pub tokens: BTreeMap<String, String>,
    /// Folders to bind read-only: the path on the host and in the shell.
    pub binds: Vec<(PathBuf, PathBuf)>,
    /// What the user should know of what is left out.
    pub notes: Vec<String>,
}

/// What the fetch shell gets of `config.toml` and `credentials.toml` of the
/// user's cargo home, which is at `home`.
///
/// # Errors
/// `Kind::Config` where one of them is not TOML.
pub fn fetch_home(home: &Path, config: &str, credentials: &str) -> Result<Home> {
    let mut table = parse(home, "config.toml", config)?;
    let credentials = parse(home, "credentials.toml", credentials)?;
    let mut tokens = BTreeMap::new();
    for table in [&table, &credentials] {
        tokens.extend(tokens_of(table));
    }
    keep(
        &mut table,
        &["http", "net", "registries", "registry", "source"],
    );
    each_registry(&mut table, |registry| {
        keep(registry, &["default", "index", "protocol", "replace-with"]);
    });
    if let Some(Value::Table(net)) = table.get_mut("net") {
        net.remove("git-fetch-with-cli");
    }
    // The file of certificates is bound by the shell at its own place.
    if let Some(Value::Table(http)) = table.get_mut("http") {
        http.remove("cainfo");
    }
    let binds = bind_sources(home, &mut table);
    Ok(Home {
        config: text(table),
        tokens,
        binds,
        notes: Vec::new(),
    })
}

/// What the fetch shell gets of a `.cargo/config.toml` of the project: cargo
/// itself reads it there, and `rustc-wrapper`, credential providers and the
/// like would have it run the project's code with the network on.
///
/// # Errors
/// `Kind::Config` where it is not TOML.
pub fn project_config(path: &Path, text: &str) -> Result<String> {
    let (folder, name) = (path.parent(), path.file_name());
    let name = name.unwrap_or_default().to_string_lossy();
    let mut table = parse(folder.unwrap_or(Path::new("/")), &name, text)?;
    keep(
        &mut table,
        &[
            "http",
            "net",
            "patch",
            "paths",
            "registries",
            "registry",
            "source",
            "unstable",
        ],
    );
    if let Some(Value::Table(unstable)) = table.get_mut("unstable") {
        // The standard library has crates of its own.
        keep(unstable, &["build-std", "build-std-features"]);
        if unstable.is_empty() {
            table.remove("unstable");
        }
    }
    each_registry(&mut table, |registry| {
        keep(
            registry,
            &["default", "index", "protocol", "replace-with", "token"],
        );
    });
    if let Some(Value::Table(net)) = table.get_mut("net") {
        net.remove("git-fetch-with-cli");
    }
    Ok(self::text(table))
}

/// What the build's shell gets of the same `config.toml`; where a mirror is
/// bound under the name of crates.io, nothing of its being one.
///
/// # Errors
/// `Kind::Config` where it is not TOML.
pub fn build_home(home: &Path, config: &str, mirrored: bool) -> Result<Home> {
    let mut table = parse(home, "config.toml", config)?;
    keep(&mut table, &["registries", "registry", "source"]);
    if mirrored
        && let Some(Value::Table(sources)) = table.get_mut("source")
        && let Some(Value::Table(crates_io)) = sources.get_mut("crates-io")
    {
        crates_io.remove("replace-with");
        sources.retain(|_, source| !source.as_table().is_some_and(Table::is_empty));
    }
    each_registry(&mut table, |registry| {
        keep(registry, &["default", "index", "replace-with"]);
    });
    let mut notes = Vec::new();
    for kind in ["registries", "source"] {
        if let Some(Value::Table(entries)) = table.get_mut(kind) {
            for name in drop_secret(entries) {
                let file = home.join("config.toml");
                notes.push(format!(
                    "the build does not get `{kind}.{name}` of `{}`: its URL carries a password; \
                     a token in credentials.toml would not be seen",
                    file.display()
                ));
            }
        }
    }
    let binds = bind_sources(home, &mut table);
    Ok(Home {
        config: text(table),
        binds,
        notes,
        ..Home::default()
    })
}

/// Drops entries whose URL carries a password, and what leads to them.
fn drop_secret(entries: &mut Table) -> Vec<String> {
    let is_secret = |entry: &Value| {
        let fields = entry.as_table();
        let mut fields = fields.into_iter().flat_map(Table::values);
        fields.any(|value| value.as_str().is_some_and(has_password))
    };
    let secret = entries.iter().filter(|(_, entry)| is_secret(entry));
    let names: Vec<String> = secret.map(|(name, _)| name.clone()).collect();
    let gone = |value: &Value| {
        let name = value.as_str();
        name.is_some_and(|name| names.iter().any(|gone| gone == name))
    };
    entries.retain(|name, entry| {
        if let Value::Table(fields) = entry {
            fields.retain(|key, value| key != "replace-with" || !gone(value));
        }
        !names.iter().any(|gone| gone == name) && !entry.as_table().is_some_and(Table::is_empty)
    });
    names
}

/// Whether a configuration puts another source in the place of crates.io.
pub fn replaces_crates_io(config: &str) -> bool {
    let table: Option<Table> = config.parse().ok();
    let crates_io = |table: &Table| Some(table.get("source")?.get("crates-io")?.clone());
    let crates_io = table.as_ref().and_then(crates_io);
    crates_io.is_some_and(|source| source.get("replace-with").is_some())
}

/// The address of the index that a configuration puts in the place of that of
/// crates.io, where it is one that is asked over HTTP, without `sparse+`.
pub fn index_for_crates_io(config: &str) -> Option<String> {
    let table: Table = config.parse().ok()?;
    let named = |kind: &str, name: &str| table.get(kind)?.get(name)?.as_table();
    let text = |table: &Table, key: &str| Some(table.get(key)?.as_str()?.to_owned());
    let mut name = "crates-io".to_owned();
    // As many as there can be without a circle.
    for _ in 0..=table.get("source")?.as_table()?.len() {
        let source = named("source", &name);
        match source.and_then(|source| text(source, "replace-with")) {
            Some(other) => name = other,
            None => {
                let index = source.and_then(|source| text(source, "registry"));
                let index = index.or_else(|| text(named("registries", &name)?, "index"))?;
                return index.strip_prefix("sparse+").map(str::to_owned);
            }
        }
    }
    None
}

/// The `http.cainfo` of the user's configuration, as a path on the host.
pub fn ca_bundle(home: &Path, config: &str) -> Option<PathBuf> {
    let table: Table = config.parse().ok()?;
    let path = table.get("http")?.get("cainfo")?.as_str()?;
    Some(base(home).join(path))
}

fn parse(home: &Path, name: &str, text: &str) -> Result<Table> {
    text.parse().map_err(|error: toml::de::Error| {
        let path = home.join(name);
        let line = error
            .span()
            .map_or(1, |span| text[..span.start].matches('\n').count() + 1);
        // The message alone: the whole error would quote a line with a token.
        Error::new(
            Kind::Config,
            format!("{}:{line}: {}", path.display(), error.message()),
        )
    })
}

fn keep(table: &mut Table, keys: &[&str]) {
    table.retain(|key, _| keys.contains(&key));
}

/// `[registry]` and every `[registries.NAME]`.
fn each_registry(table: &mut Table, change: impl Fn(&mut Table)) {
    if let Some(Value::Table(registry)) = table.get_mut("registry") {
        change(registry);
    }
    if let Some(Value::Table(registries)) = table.get_mut("registries") {
        for (_, registry) in registries.iter_mut() {
            if let Value::Table(registry) = registry {
                change(registry);
            }
        }
    }
}

/// Tokens by the variable that cargo reads each from.
fn tokens_of(table: &Table) -> Vec<(String, String)> {
    let token = |table: &Value| Some(table.get("token")?.as_str()?.to_owned());
    let own = table.get("registry").and_then(token);
    let mut found: Vec<_> = own
        .map(|token| ("CARGO_REGISTRY_TOKEN".into(), token))
        .into_iter()
        .collect();
    if let Some(Value::Table(registries)) = table.get("registries") {
        found.extend(registries.iter().filter_map(|(name, registry)| {
            let name = name.to_uppercase().replace('-', "_");
            Some((format!("CARGO_REGISTRIES_{name}_TOKEN"), token(registry)?))
        }));
    }
    found
}

/// Points `directory`, `local-registry` and `file://` sources to where they
/// are bound. A relative path counts from the folder above the cargo home.
fn bind_sources(home: &Path, table: &mut Table) -> Vec<(PathBuf, PathBuf)> {
    let mut binds = Vec::new();
    let Some(Value::Table(sources)) = table.get_mut("source") else {
        return binds;
    };
    for (_, source) in sources.iter_mut() {
        for key in ["directory", "local-registry"] {
            let Some(Value::String(path)) = source.get_mut(key) else {
                continue;
            };
            let inside = Path::new(SOURCES).join(binds.len().to_string());
            binds.push((base(home).join(&*path), inside.clone()));
            *path = inside.to_string_lossy().into_owned();
        }
    }
    binds
}

fn base(home: &Path) -> &Path {
    home.parent().unwrap_or(home)
}

/// Whether a URL carries a user's name or password.
fn has_password(url: &str) -> bool {
    let Some((scheme, rest)) = url.split_once("://") else {
        return false;
    };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    // `ssh://git@host` names the service's user, not a secret.
    host.rsplit_once('@')
        .is_some_and(|(user, _)| !scheme.ends_with("ssh") || user.contains(':'))
}

fn text(table: Table) -> String {
    let table: Table = table
        .into_iter()
        .filter(|(_, value)| !value.as_table().is_some_and(Table::is_empty))
        .collect();
    table.to_string()
}

#[cfg(test)]
#[path = "home_tests.rs"]
mod tests;
