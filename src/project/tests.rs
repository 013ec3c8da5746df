use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use super::*;

/// Lays out files below a fresh folder; a name that ends in `/` is a folder.
fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        if name.ends_with('/') {
            fs::create_dir_all(&path).unwrap();
        } else {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, text).unwrap();
        }
    }
    folder
}

fn find_with(top: &Path, cwd: &str, vars: &[(&str, &str)]) -> Result<Project> {
    let vars: BTreeMap<_, _> = vars.iter().copied().collect();
    let cwd = top.join(cwd);
    Project::find(&Query {
        cwd: &cwd,
        manifest_path: None,
        target_dir: None,
        cargo_home: Some(&top.join("home/.cargo")),
        var: &|name| vars.get(name).map(OsString::from),
    })
}

fn find(top: &Path, cwd: &str) -> Project {
    find_with(top, cwd, &[]).unwrap()
}

/// Paths as they are below `top`, in one line.
fn below<'a>(top: &Path, paths: impl IntoIterator<Item = &'a Path>) -> String {
    let top = fs::canonicalize(top).unwrap();
    let paths = paths
        .into_iter()
        .map(|path| path.strip_prefix(&top).unwrap_or(path));
    paths
        .map(|path| path.to_string_lossy().into_owned())
        .collect::<Vec<_>>()
        .join(" ")
}

fn members(top: &Path, project: &Project) -> String {
    below(
        top,
        project
            .members
            .iter()
            .map(|member| member.manifest.parent().unwrap()),
    )
}

const PACKAGE: &str = "[package]\nname = 'p'\nversion = '0.1.0'\nedition = '2021'\n";

#[test]
fn the_workspace_is_the_one_that_cargo_takes() {
    let with = |rest: &str| format!("{PACKAGE}{rest}");
    for (case, files, cwd, root, expected) in [
        (
            "a package alone",
            vec![
                ("Cargo.toml", PACKAGE.to_owned()),
                ("src/deep/", String::new()),
            ],
            "src/deep",
            "",
            "",
        ),
        (
            "members by glob, one excluded, one no package",
            vec![
                (
                    "Cargo.toml",
                    "[workspace]\nmembers = ['crates/*', 'tool']\nexclude = ['crates/out']".into(),
                ),
                ("crates/a/Cargo.toml", with("")),
                ("crates/b/Cargo.toml", with("")),
                ("crates/out/Cargo.toml", with("")),
                ("crates/empty/", String::new()),
                ("tool/Cargo.toml", with("")),
            ],
            "crates/b",
            "",
            "crates/a crates/b tool",
        ),
        (
            "an excluded package is alone",
            vec![
                (
                    "Cargo.toml",
                    "[workspace]\nmembers = ['a']\nexclude = ['out']".into(),
                ),
                ("a/Cargo.toml", with("")),
                ("out/Cargo.toml", with("")),
            ],
            "out",
            "out",
            "out",
        ),
        (
            "an explicit member wins over exclude",
            vec![
                (
                    "Cargo.toml",
                    "[workspace]\nmembers = ['all/a']\nexclude = ['all']".into(),
                ),
                ("all/a/Cargo.toml", with("")),
                ("all/b/Cargo.toml", with("")),
            ],
            "all/a",
            "",
            "all/a",
        ),
        (
            "path dependencies are members, also of dependencies",
            vec![
                (
                    "Cargo.toml",
                    with("[dependencies]\na = { path = 'a' }\n[workspace]\n"),
                ),
                (
                    "a/Cargo.toml",
                    with("[target.'cfg(unix)'.build-dependencies]\nb = { path = '../b' }\n"),
                ),
                (
                    "b/Cargo.toml",
                    with("[dev-dependencies.c]\npath = '../c'\n"),
                ),
                ("c/Cargo.toml", with("")),
            ],
            "",
            "",
            " a b c",
        ),
        (
            "package.workspace points aside",
            vec![
                (
                    "ws/Cargo.toml",
                    "[workspace]\nmembers = ['../aside']".into(),
                ),
                ("aside/Cargo.toml", with("workspace = '../ws'\n")),
            ],
            "aside",
            "ws",
            "aside",
        ),
        (
            "a workspace within a workspace",
            vec![
                (
                    "Cargo.toml",
                    "[workspace]\nmembers = ['a']\nexclude = ['inner']".into(),
                ),
                ("a/Cargo.toml", with("")),
                (
                    "inner/Cargo.toml",
                    "[workspace]\nmembers = ['x/*/*']".into(),
                ),
                ("inner/x/y/z/Cargo.toml", with("")),
            ],
            "inner/x/y/z",
            "inner",
            "inner/x/y/z",
        ),
    ] {
        let files: Vec<(&str, &str)> = files
            .iter()
            .map(|(name, text)| (*name, text.as_str()))
            .collect();
        let top = tree(&files);
        let project = find(top.path(), cwd);
        assert_eq!(below(top.path(), [project.root.as_path()]), root, "{case}");
        assert_eq!(members(top.path(), &project), expected, "{case}");
    }
}

#[test]
fn what_lies_outside_keeps_its_relative_place() {
    let top = tree(&[
        (
            "a/b/ws/Cargo.toml",
            "[workspace]\nmembers = ['m']\n[workspace.dependencies]\nlib = { path = '../../lib/one' }\n",
        ),
        (
            "a/b/ws/m/Cargo.toml",
            "[package]\nname = 'm'\nreadme = '../../README.md'\n[dependencies]\nlib.workspace = true\n",
        ),
        ("a/b/README.md", ""),
        ("a/lib/Cargo.toml", "[workspace]\nmembers = ['one']\n"),
        (
            "a/lib/one/Cargo.toml",
            "[package]\nname = 'lib'\nversion.workspace = true\n[dependencies]\ntwo = { path = '../two' }\nnone = { path = '../none' }\n",
        ),
        ("a/lib/two/Cargo.toml", PACKAGE),
        ("a/proto/x.proto", ""),
    ]);
    let project = find(top.path(), "a/b/ws/m");
    assert_eq!(members(top.path(), &project), "a/b/ws/m");
    assert_eq!(
        below(top.path(), project.outside()),
        "a/b/README.md a/lib/Cargo.toml a/lib/one a/lib/two"
    );
    let origin = crate::config::Origin::Default;
    let proto = Setting::new("../../proto".to_owned(), origin.clone());
    let mounts = project.mounts(&[proto]).unwrap();
    assert_eq!(mounts.root, Path::new("/build/source/b/ws"));
    assert_eq!(
        below(
            Path::new("/"),
            mounts.binds.iter().map(|(_, inside)| inside.as_path())
        ),
        "build/source/b/README.md build/source/b/ws build/source/lib/Cargo.toml \
         build/source/lib/one build/source/lib/two build/source/proto"
    );
    let inside = mounts.inside(&project.root.join("m/src/lib.rs"));
    assert_eq!(
        inside.as_deref(),
        Some(Path::new("/build/source/b/ws/m/src/lib.rs"))
    );
    assert_eq!(mounts.inside(Path::new("/etc/passwd")), None);

    let missing = Setting::new("../nowhere".to_owned(), origin);
    let error = project.mounts(&[missing]).unwrap_err();
    assert_eq!(error.kind(), Kind::Config);
    assert!(error.to_string().contains("nowhere"), "{error}");
}

#[test]
fn a_workspace_by_itself_stands_at_the_constant_path() {
    let top = tree(&[("Cargo.toml", PACKAGE)]);
    let project = find(top.path(), "");
    let mounts = project.mounts(&[]).unwrap();
    assert_eq!(mounts.root, Path::new("/build/source"));
    assert_eq!(
        mounts.binds,
        [(project.root.clone(), PathBuf::from("/build/source"))]
    );
}

#[test]
fn an_absolute_dependency_stands_where_the_manifest_says() {
    let lib = tree(&[("Cargo.toml", PACKAGE)]);
    let path = fs::canonicalize(lib.path()).unwrap();
    let manifest = format!(
        "{PACKAGE}[dependencies]\nlib = {{ path = '{}' }}\n",
        path.display()
    );
    let top = tree(&[("Cargo.toml", &manifest)]);
    let mounts = find(top.path(), "").mounts(&[]).unwrap();
    assert_eq!(mounts.root, Path::new("/build/source"));
    assert_eq!(mounts.binds[1], (path.clone(), path));
}

#[test]
fn what_is_missing_or_broken_is_named() {
    let nowhere = tree(&[("deep/er/", "")]);
    let error = find_with(nowhere.path(), "deep/er", &[]).unwrap_err();
    assert!(
        error.to_string().starts_with("no Cargo.toml in `"),
        "{error}"
    );
    assert!(error.to_string().contains("deep/er"), "{error}");
    assert!(error.hints()[0].contains("--manifest-path"));

    for (files, part) in [
        (
            vec![("Cargo.toml", "[package]\nname = \n")],
            "Cargo.toml:2: ",
        ),
        (
            vec![
                ("Cargo.toml", PACKAGE),
                (".cargo/config.toml", "a = 1\n\n[b\n"),
            ],
            ".cargo/config.toml:3: ",
        ),
        (
            vec![("Cargo.toml", "[package]\nname='p'\nworkspace='../no'\n")],
            "names a workspace at `",
        ),
        (vec![("Cargo.toml/", "")], "failed to read `"),
    ] {
        let top = tree(&files);
        let error = find_with(top.path(), "", &[]).unwrap_err();
        assert_eq!(error.kind(), Kind::Project, "{files:?}");
        assert!(error.to_string().contains(part), "{files:?}: {error}");
    }

    let top = tree(&[("Cargo.toml", PACKAGE), ("src/", "")]);
    for (given, message, hint) in [
        ("src", "is a folder, not a manifest", "src/Cargo.toml"),
        (
            "no/Cargo.toml",
            "there is no manifest `",
            "--manifest-path names a Cargo.toml",
        ),
    ] {
        let error = Project::find(&Query {
            cwd: top.path(),
            manifest_path: Some(Path::new(given)),
            target_dir: None,
            cargo_home: None,
            var: &|_| None,
        })
        .unwrap_err();
        assert!(error.to_string().contains(message), "{given}: {error}");
        assert!(error.hints()[0].contains(hint), "{given}");
    }
}

#[test]
fn the_target_folder_is_where_cargo_would_have_it() {
    let top = tree(&[
        ("ws/Cargo.toml", "[workspace]\nmembers = ['m']\n"),
        ("ws/m/Cargo.toml", PACKAGE),
        ("ws/m/.cargo/config.toml", "[build]\ntarget-dir = 'near'\n"),
        ("ws/.cargo/config.toml", "[build]\ntarget-dir = 'far'\n"),
        ("plain/Cargo.toml", PACKAGE),
        (
            "home/.cargo/config.toml",
            "[build]\ntarget-dir = 'users'\n[alias]\nrel = 'build --release'\n",
        ),
    ]);
    let real = fs::canonicalize(top.path()).unwrap();
    let absolute = real.join("elsewhere").to_string_lossy().into_owned();
    for (cwd, vars, expected) in [
        ("ws", &[][..], real.join("ws/far")),
        ("ws/m", &[], real.join("ws/m/near")),
        ("plain", &[], top.path().join("home/users")),
        (
            "ws",
            &[("CARGO_TARGET_DIR", absolute.as_str())],
            PathBuf::from(&absolute),
        ),
        (
            "ws/m",
            &[("CARGO_TARGET_DIR", "../t")],
            top.path().join("ws/t"),
        ),
    ] {
        let project = find_with(top.path(), cwd, vars).unwrap();
        assert_eq!(project.target_dir, expected, "{cwd} {vars:?}");
    }
    assert_eq!(
        find(top.path(), "plain").settings.aliases["rel"],
        ["build", "--release"]
    );
}

#[test]
fn the_projects_cargo_configuration_is_known() {
    let top = tree(&[
        ("repo/.git/", ""),
        (
            "repo/.cargo/config.toml",
            "[target.a-b-c]\nlinker = 'x'\n[build]\nrustflags = ['-Cfar']\n",
        ),
        (
            "repo/ws/.cargo/config.toml",
            "[build]\ntarget = 'a-b-c'\nrustflags = '-Cnear -Cnext'\n[target.a-b-c]\nrunner = ['r']\n\
             [source.v]\ndirectory = '../vendor'\n",
        ),
        ("repo/vendor/", ""),
        ("repo/ws/Cargo.toml", PACKAGE),
        (
            ".cargo/config.toml",
            "[build]\ntarget = 'not-the-projects'\n",
        ),
    ]);
    let project = find(top.path(), "repo/ws");
    let settings = &project.settings;
    assert_eq!(
        below(top.path(), settings.files.iter().map(PathBuf::as_path)),
        "repo/ws/.cargo/config.toml repo/.cargo/config.toml"
    );
    assert_eq!(settings.targets[0].value, "a-b-c");
    let origin = settings.targets[0].origin.to_string();
    assert!(origin.ends_with("repo/ws/.cargo/config.toml"), "{origin}");
    let env = find_with(top.path(), "repo/ws", &[("CARGO_BUILD_TARGET", "d-e-f")]).unwrap();
    assert_eq!(env.settings.targets[0].value, "d-e-f");
    assert_eq!(settings.rustflags, ["-Cfar", "-Cnear", "-Cnext"]);
    let notes = settings.notes(&["a-b-c".into()]);
    assert!(
        notes[0].starts_with("xbuild's own runner for a-b-c is used, not the one in `"),
        "{notes:?}"
    );
    assert_eq!(notes.len(), 2);
    assert!(settings.notes(&["d-e-f".into()]).is_empty());
    assert_eq!(
        below(top.path(), project.outside()),
        "repo/.cargo/config.toml repo/vendor"
    );
}

#[test]
fn the_kept_walk_is_used_only_while_it_is_true() {
    let top = tree(&[
        ("Cargo.toml", "[workspace]\nmembers = ['crates/*']\n"),
        ("crates/a/Cargo.toml", PACKAGE),
    ]);
    let state = top.path().join("target/xbuild/project.json");
    assert_eq!(members(top.path(), &find(top.path(), "")), "crates/a");
    assert!(top.path().join("target/CACHEDIR.TAG").exists());

    // What is kept is believed: a member that only the file knows is seen.
    let kept = fs::read_to_string(&state).unwrap();
    fs::write(
        &state,
        kept.replace(
            "crates/a/Cargo.toml\",\"package",
            "crates/kept/Cargo.toml\",\"package",
        ),
    )
    .unwrap();
    assert_eq!(members(top.path(), &find(top.path(), "")), "crates/kept");

    for garbage in [&kept[..kept.len() / 2], "", "{}", "\0\0\0", "[1,2"] {
        fs::write(&state, garbage).unwrap();
        assert_eq!(
            members(top.path(), &find(top.path(), "")),
            "crates/a",
            "{garbage:?}"
        );
    }
    fs::create_dir_all(top.path().join("crates/b")).unwrap();
    assert_eq!(members(top.path(), &find(top.path(), "")), "crates/a");
    fs::write(top.path().join("crates/b/Cargo.toml"), PACKAGE).unwrap();
    assert_eq!(
        members(top.path(), &find(top.path(), "")),
        "crates/a crates/b"
    );
    fs::remove_dir_all(top.path().join("crates/a")).unwrap();
    assert_eq!(members(top.path(), &find(top.path(), "")), "crates/b");
}

#[test]
fn the_default_program_is_that_of_one_package() {
    let package =
        |name: &str, run: &str| format!("[package]\nname = '{name}'\ndefault-run = '{run}'\n");
    let (a, b) = (package("a", "one"), package("b", "two"));
    let top = tree(&[
        (
            "Cargo.toml",
            "[workspace]\nmembers = ['a', 'b']\ndefault-members = ['b']\n",
        ),
        ("a/Cargo.toml", &a),
        ("b/Cargo.toml", &b),
    ]);
    let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    for (cwd, packages, expected) in [
        ("", names(&[]), Some("two")),
        ("a", names(&[]), Some("one")),
        ("", names(&["a@0.1.0"]), Some("one")),
        ("", names(&["a", "b"]), None),
        ("", names(&["c"]), None),
    ] {
        assert_eq!(
            find(top.path(), cwd).default_run(&packages),
            expected,
            "{cwd} {packages:?}"
        );
    }
}

/// What a project's own files name comes into the shell, but not what is the
/// user's alone.
#[test]
fn a_project_cannot_ask_for_what_is_the_users() {
    let make = |manifest: &str, config: &str| {
        tree(&[
            ("home/.ssh/id_ed25519", "key"),
            ("home/.ssh/Cargo.toml", PACKAGE),
            ("home/Cargo.toml", PACKAGE),
            ("home/notes", "notes"),
            ("home/lib/Cargo.toml", PACKAGE),
            ("home/diary/today", "dear"),
            ("home/ws/Cargo.toml", &format!("{PACKAGE}{manifest}")),
            ("home/ws/.cargo/config.toml", config),
        ])
    };
    let find = |top: &tempfile::TempDir| {
        let home = fs::canonicalize(top.path()).unwrap().join("home");
        let home = home.to_string_lossy().into_owned();
        find_with(top.path(), "home/ws", &[("HOME", &home)])
    };
    for (manifest, config, whose) in [
        ("[dependencies]\nx = { path = '../.ssh' }\n", "", "`~/.ssh`"),
        ("[workspace]\nmembers = ['../.ssh']\n", "", "`~/.ssh`"),
        (
            "[dependencies]\nx = { path = '..' }\n",
            "",
            "the home folder",
        ),
        (
            "[dependencies]\nx = { path = '/' }\n",
            "",
            "the home folder",
        ),
        ("[dependencies]\nx = { path = '/etc' }\n", "", "`/etc`"),
        ("license-file = '../.ssh'\n", "", "`~/.ssh`"),
        ("", "paths = ['../.ssh']\n", "`~/.ssh`"),
        ("", "[source.x]\ndirectory = '..'\n", "the home folder"),
    ] {
        let error = find(&make(manifest, config)).unwrap_err();
        assert_eq!(error.kind(), Kind::Project, "{manifest}{config}");
        assert!(error.to_string().contains(whose), "{error}");
    }
    // Files and folders that are no package only stand in the manifest.
    for (manifest, seen) in [
        ("readme = '../.ssh/id_ed25519'\n", ""),
        ("readme = '../notes'\n", ""),
        ("build = '/etc/shadow'\n", ""),
        ("[[example]]\npath = '../notes'\n", ""),
        ("[workspace]\nmembers = ['../diary']\n", ""),
        ("[dependencies]\nx = { path = '../lib' }\n", "home/lib"),
    ] {
        let top = make(manifest, "");
        let project = find(&top).unwrap();
        assert_eq!(below(top.path(), project.outside()), seen, "{manifest}");
    }
    let top = make("", "");
    let project = find(&top).unwrap();
    let named = |path: &str| {
        let source = Setting::new(path.to_owned(), crate::config::Origin::Default);
        project.mounts(&[source]).map(drop)
    };
    named("../lib").unwrap();
    for path in ["..", "../.ssh", "../.ssh/id_ed25519", "/etc/ssh", "/"] {
        let Err(error) = named(path) else {
            panic!("{path}");
        };
        assert!(
            matches!(error.kind(), Kind::Project | Kind::Config),
            "{error}"
        );
    }
}
