//! What of the user's cargo home reaches which shell.

use super::*;

const HOME: &str = "/home/u/.cargo";
const CONFIG_TEXT: &str = r#"
[build]
target-dir = "/elsewhere"
rustflags = ["-Ctarget-cpu=native"]

[alias]
x = "run"

[env]
SECRET = "env-secret"

[http]
proxy = "proxy.example.invalid:3128"
cainfo = "certs/own.pem"

[net]
retry = 5
git-fetch-with-cli = true

[registry]
default = "mine"
token = "default-secret"
global-credential-providers = ["cargo:libsecret"]

[registries.mine]
index = "sparse+https://crates.example.invalid/"
token = "mine-secret"
credential-provider = "/bin/steal"

[registries.walled]
index = "https://user:url-secret@crates.example.invalid/git"

[source.upstream]
replace-with = "vendored"

[source.vendored]
directory = "crates/vendored"

[source.mirror]
registry = "https://token-secret@mirror.example.invalid/"

[target.x86_64-unknown-linux-gnu]
linker = "mold"
"#;
const CREDENTIALS: &str = "[registries.my-own]\ntoken = \"own-secret\"\n";

#[test]
fn the_fetch_shell_gets_network_sources_and_tokens() {
    let home = fetch_home(Path::new(HOME), CONFIG_TEXT, CREDENTIALS).unwrap();
    let table: Table = home.config.parse().unwrap();
    let keys: Vec<_> = table.keys().map(String::as_str).collect();
    assert_eq!(keys, ["http", "net", "registries", "registry", "source"]);
    for absent in [
        "target-dir",
        "SECRET",
        "git-fetch-with-cli",
        "steal",
        "cargo:libsecret",
        "cainfo",
        "mine-secret",
    ] {
        assert!(!home.config.contains(absent), "{absent}:\n{}", home.config);
    }
    let tokens: Vec<_> = home
        .tokens
        .iter()
        .map(|(name, token)| format!("{name}={token}"))
        .collect();
    assert_eq!(
        tokens,
        [
            "CARGO_REGISTRIES_MINE_TOKEN=mine-secret",
            "CARGO_REGISTRIES_MY_OWN_TOKEN=own-secret",
            "CARGO_REGISTRY_TOKEN=default-secret",
        ]
    );
    let vendored = (
        PathBuf::from("/home/u/crates/vendored"),
        PathBuf::from("/build/sources/0"),
    );
    assert_eq!(home.binds, [vendored]);
    assert_eq!(
        table["source"]["vendored"]["directory"].as_str(),
        Some("/build/sources/0")
    );
    assert_eq!(
        ca_bundle(Path::new(HOME), CONFIG_TEXT),
        Some("/home/u/certs/own.pem".into())
    );
}

#[test]
fn the_build_shell_gets_places_without_secrets() {
    let home = build_home(Path::new(HOME), CONFIG_TEXT, false).unwrap();
    for absent in ["secret", "proxy", "retry", "native", "linker", "steal"] {
        assert!(!home.config.contains(absent), "{absent}:\n{}", home.config);
    }
    let table: Table = home.config.parse().unwrap();
    assert_eq!(
        table["registries"]["mine"]["index"].as_str(),
        Some("sparse+https://crates.example.invalid/")
    );
    assert_eq!(
        table["source"]["upstream"]["replace-with"].as_str(),
        Some("vendored")
    );
    assert!(home.tokens.is_empty());
    assert!(table["registries"].get("walled").is_none());
    assert!(table["source"].get("mirror").is_none());
    assert_eq!(home.notes.len(), 2);
    assert!(
        home.notes[0].contains("`registries.walled`"),
        "{:?}",
        home.notes
    );
    assert_eq!(
        build_home(Path::new(HOME), "", false).unwrap(),
        Home::default()
    );
}

#[test]
fn the_projects_file_cannot_make_the_fetch_run_its_code() {
    let text = r#"
paths = ["../patched"]
include = ["evil.toml"]
[build]
rustc = "./evil"
rustc-wrapper = "./evil"
[credential-alias]
cargo-token = ["./evil"]
[net]
git-fetch-with-cli = true
offline = false
[registry]
global-credential-providers = ["./evil"]
[registries.mine]
index = "sparse+https://crates.example.invalid/"
credential-provider = "./evil"
[source.vendored]
directory = "vendor"
[target.a-b-c]
linker = "./evil"
[unstable]
build-std = ["core"]
credential-process = true
"#;
    let kept = project_config(Path::new("/p/.cargo/config.toml"), text).unwrap();
    assert!(
        !kept.contains("evil") && !kept.contains("git-fetch"),
        "{kept}"
    );
    for part in [
        "../patched",
        "sparse+https:",
        "directory = \"vendor\"",
        "offline = false",
        "[unstable]\nbuild-std = [\"core\"]\n",
    ] {
        assert!(kept.contains(part), "{part}:\n{kept}");
    }
}

#[test]
fn a_broken_file_is_named_without_quoting_it() {
    let text = "[registry]\ntoken = \"the-secret\n";
    let error = fetch_home(Path::new(HOME), "", text).unwrap_err();
    let shown = format!("{error} {error:?}");
    assert!(
        shown.starts_with("/home/u/.cargo/credentials.toml:2: "),
        "{shown}"
    );
    assert!(!shown.contains("the-secret"), "{shown}");
}

#[test]
fn variables_reach_only_the_shell_that_needs_them() {
    for (name, value, fetch, build) in [
        ("https_proxy", "http://p.example.invalid", true, false),
        ("CARGO_REGISTRIES_MINE_TOKEN", "secret", true, false),
        (
            "CARGO_REGISTRIES_MINE_INDEX",
            "sparse+https://c.example.invalid/",
            true,
            true,
        ),
        (
            "CARGO_REGISTRIES_MINE_INDEX",
            "https://u:secret@c.example.invalid/",
            true,
            false,
        ),
        (
            "CARGO_REGISTRIES_MINE_INDEX",
            "ssh://git@c.example.invalid/i",
            true,
            true,
        ),
        (
            "CARGO_REGISTRIES_MINE_CREDENTIAL_PROVIDER",
            "/bin/x",
            false,
            false,
        ),
        ("CARGO_NET_RETRY", "3", true, false),
        ("CARGO_NET_GIT_FETCH_WITH_CLI", "true", false, false),
        ("CARGO_HTTP_CAINFO", "/c.pem", true, false),
        ("CARGO_BUILD_TARGET", "x", false, false),
        ("HOME", "/home/u", false, false),
    ] {
        assert_eq!(for_fetch(name), fetch, "{name}");
        assert_eq!(for_build(name, value), build, "{name}={value}");
    }
}

#[test]
fn a_mirror_of_crates_io_is_left_out_where_it_is_bound_as_crates_io() {
    let text = "[source.crates-io]\nreplace-with = 'm'\n\
                [source.m]\nregistry = 'sparse+https://m.example.invalid/'\n";
    assert!(replaces_crates_io(text));
    assert!(!replaces_crates_io("[source.m]\nreplace-with = 'n'\n"));
    let of = |mirrored| build_home(Path::new(HOME), text, mirrored).unwrap().config;
    assert!(replaces_crates_io(&of(false)), "{}", of(false));
    let without = of(true);
    assert!(!without.contains("replace-with"), "{without}");
    assert!(!without.contains("crates-io"), "{without}");
    assert!(without.contains("m.example.invalid"), "{without}");
}

#[test]
fn the_index_in_the_place_of_crates_io_is_found() {
    let replaced = "[source.crates-io]\nreplace-with = \"a\"\n";
    for (rest, expected) in [
        (
            "[source.a]\nregistry = \"sparse+http://m/i/\"",
            Some("http://m/i/"),
        ),
        (
            "[source.a]\nreplace-with = \"b\"\n[source.b]\nregistry = \"sparse+http://m/\"",
            Some("http://m/"),
        ),
        (
            "[registries.a]\nindex = \"sparse+http://m/\"",
            Some("http://m/"),
        ),
        ("[source.a]\nregistry = \"https://m/git\"", None),
        ("[source.a]\ndirectory = \"vendor\"", None),
        ("[source.a]\nreplace-with = \"crates-io\"", None),
        ("", None),
    ] {
        let config = format!("{replaced}{rest}");
        assert_eq!(index_for_crates_io(&config).as_deref(), expected, "{rest}");
    }
    assert_eq!(index_for_crates_io(""), None);
}
