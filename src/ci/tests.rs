//! Pipelines hold what they are made from, and are what their services read.

use saphyr_parser::{Event, Parser};

use super::*;
use crate::target::Table;

fn sample() -> Pipeline {
    let table = Table::embedded().unwrap();
    let spec = |text| TargetSpec::parse(&table, text, None).unwrap();
    Pipeline {
        name: "hello".into(),
        names_release: false,
        targets: vec![
            spec("aarch64-unknown-linux-gnu.2.17"),
            spec("x86_64-unknown-linux-musl"),
            spec("armv7-unknown-linux-musleabihf"),
        ],
        native: NATIVE.to_vec(),
        git: Some("https://git.example/xbuild".into()),
        revision: Some("v1.2.3".into()),
    }
}

/// Path of keys and values of a text in YAML, as `jobs.build.runs-on = docker`;
/// items of lists are numbered.
fn flat(text: &str) -> Vec<String> {
    enum Level {
        List(usize),
        Map(Option<String>),
    }
    fn path(levels: &[Level]) -> String {
        let part = |level: &Level| match level {
            Level::List(at) => at.to_string(),
            Level::Map(key) => key.clone().unwrap_or_default(),
        };
        levels.iter().map(part).collect::<Vec<_>>().join(".")
    }
    fn done(levels: &mut [Level]) {
        match levels.last_mut() {
            Some(Level::List(at)) => *at += 1,
            Some(Level::Map(key)) => *key = None,
            None => {}
        }
    }
    let mut levels = Vec::new();
    let mut found = Vec::new();
    for event in Parser::new_from_str(text) {
        match event.unwrap().0 {
            Event::MappingStart(..) => levels.push(Level::Map(None)),
            Event::SequenceStart(..) => levels.push(Level::List(0)),
            Event::MappingEnd | Event::SequenceEnd => {
                levels.pop();
                done(&mut levels);
            }
            Event::Scalar(value, ..) => {
                if let Some(Level::Map(key @ None)) = levels.last_mut() {
                    *key = Some(value.into_owned());
                    continue;
                }
                found.push(format!("{} = {value}", path(&levels)));
                done(&mut levels);
            }
            _ => {}
        }
    }
    found
}

#[track_caller]
fn has(facts: &[String], expected: &str) {
    let held = facts.iter().any(|fact| fact == expected);
    assert!(held, "{expected:?} is not among\n{}", facts.join("\n"));
}

#[test]
fn every_pipeline_is_yaml_with_a_row_a_target() {
    for (service, row) in [
        (
            Service::Github,
            "jobs.build.strategy.matrix.include.@.target",
        ),
        (
            Service::Forgejo,
            "jobs.build.strategy.matrix.include.@.target",
        ),
        (
            Service::Gitea,
            "jobs.build.strategy.matrix.include.@.target",
        ),
        (Service::Gitlab, "build.parallel.matrix.@.TARGET"),
    ] {
        let text = service.render(&sample());
        let facts = flat(&text);
        for (at, target) in [
            "aarch64-unknown-linux-gnu.2.17",
            "x86_64-unknown-linux-musl",
            "armv7-unknown-linux-musleabihf",
        ]
        .iter()
        .enumerate()
        {
            let row = row.replace('@', &at.to_string());
            has(&facts, &format!("{row} = {target}"));
        }
        assert!(text.contains("hello-linux-aarch64-glibc2.17"), "{text}");
        assert!(text.contains("hello-linux-x86_64-static"), "{text}");
        assert!(text.contains("hello-linux-armv7-static"), "{text}");
        assert!(text.contains("aarch64-apple-darwin"), "{text}");
        assert!(text.contains(&format!("xbuild ci {} --check", service.name())));
        assert!(!text.contains("#:"), "{text}");
        assert!(service.wrote(&text));
        for other in Service::ALL {
            assert_eq!(other.wrote(&text), other == service);
        }
    }
}

#[test]
fn steps_and_jobs_of_github_have_what_it_asks_for() {
    let facts = flat(&Service::Github.render(&sample()));
    has(&facts, "env.XBUILD_REVISION = v1.2.3");
    has(&facts, "jobs.build.runs-on = ubuntu-24.04");
    has(&facts, "jobs.release.needs = build");
    has(&facts, "jobs.release.permissions.contents = write");
    has(
        &facts,
        "jobs.native.strategy.matrix.include.0.machine = windows-latest",
    );
    // A step runs or uses, and never both.
    for job in ["build", "native", "release"] {
        for step in 0.. {
            let prefix = format!("jobs.{job}.steps.{step}.");
            let keys: Vec<&str> = facts
                .iter()
                .filter_map(|fact| fact.strip_prefix(&prefix)?.split([' ', '.']).next())
                .collect();
            if keys.is_empty() {
                assert!(step > 2, "{job}");
                break;
            }
            let does = keys.iter().filter(|key| matches!(**key, "run" | "uses"));
            assert_eq!(does.count(), 1, "{prefix} {keys:?}");
            let known = ["name", "id", "if", "uses", "with", "run", "env"];
            assert!(keys.iter().all(|key| known.contains(key)), "{keys:?}");
        }
    }
    // Only actions of GitHub's own.
    let mut uses = facts.iter().filter(|fact| fact.contains(".uses = "));
    assert!(uses.all(|fact| fact.contains(".uses = actions/")));
}

#[test]
fn what_is_not_configured_comes_from_the_service_or_is_left_out() {
    let plain = Pipeline {
        native: Vec::new(),
        git: None,
        revision: None,
        ..sample()
    };
    for service in Service::ALL {
        let text = service.render(&plain);
        assert!(
            !text.contains("darwin") && !text.contains("native"),
            "{text}"
        );
        assert!(!text.contains("@GIT@"), "{text}");
    }
    let facts = flat(&Service::Github.render(&plain));
    has(&facts, "env.XBUILD_GIT = ${{ vars.XBUILD_GIT }}");
    let facts = flat(&Service::Gitlab.render(&plain));
    has(&facts, "variables.XBUILD_GIT = ");
    let named = Pipeline {
        names_release: true,
        ..plain
    };
    for service in Service::ALL {
        let text = service.render(&named);
        let release = text
            .lines()
            .filter(|line| line.contains("xbuild release --"));
        assert_eq!(release.clone().count(), 2, "{text}");
        assert!(
            release
                .into_iter()
                .all(|line| line.contains(" --name hello"))
        );
    }
}

#[test]
fn a_key_changes_with_all_that_it_is_for() {
    let targets = sample().targets;
    let base = key("d", b"lock", &targets);
    assert_eq!(base.len(), 64);
    assert_eq!(base, key("d", b"lock", &targets));
    for other in [
        key("e", b"lock", &targets),
        key("d", b"", &targets),
        key("d", b"lock", &targets[..1]),
    ] {
        assert_ne!(other, base);
    }
}
