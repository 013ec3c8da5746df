//! `xbuild explain`: a triple's parts, and what its programs need. [pure]

use serde_json::{Value, json};

use super::json::VERSION;
use super::layout::{fill, paragraph, size};
use crate::explain::{Cost, Explanation, Here, Ours};
use crate::rust;
use crate::target::{Libc, RustTarget, StdSource};

/// One block a triple; the cost is there for xbuild's own targets.
pub fn text(all: &[(Explanation, Option<Cost>)]) -> String {
    let blocks: Vec<String> = all.iter().map(|(one, cost)| block(one, *cost)).collect();
    blocks.join("\n")
}

/// `{"version": 1, "triples": […]}`.
pub fn json(all: &[(Explanation, Option<Cost>)]) -> Value {
    let triples: Vec<Value> = all.iter().map(|(one, cost)| value(one, *cost)).collect();
    json!({ "version": VERSION, "triples": triples })
}

fn block(one: &Explanation, cost: Option<Cost>) -> String {
    let title = match &one.here {
        Here::Target(ours) => ours.spec.to_string(),
        Here::Elsewhere(_) => one.triple.clone(),
    };
    let mut text = format!("{title}\n\n");
    let floor = match &one.here {
        Here::Target(ours) => ours.spec.floor(),
        Here::Elsewhere(_) => None,
    };
    for part in &one.parts {
        let word = match &*part.word {
            "" => "–",
            word => word,
        };
        let lead = format!("  {word:<12}{:<14}", part.role.name());
        text.push_str(&paragraph(&lead, part.meaning));
    }
    if let Some(floor) = floor {
        let lead = format!("  {:<12}{:<14}", format!(".{floor}"), "floor");
        let meaning = "the oldest glibc that its programs are to run on";
        text.push_str(&paragraph(&lead, meaning));
    }
    text.push('\n');
    match &one.here {
        Here::Target(ours) => describe(ours, one.rust, cost, &mut text),
        Here::Elsewhere(remedy) => {
            if let Some(rust) = one.rust {
                text.push_str(&in_rust(rust));
                if !rust.std {
                    text.push_str(&line("std", "none: the library `core`, without a system"));
                }
            }
            text.push_str(&line("xbuild", "does not build for it"));
            text.push_str(&line("instead", remedy));
        }
    }
    text
}

fn describe(ours: &Ours, rust: Option<&RustTarget>, cost: Option<Cost>, text: &mut String) {
    let (spec, target) = (&ours.spec, ours.spec.target());
    let programs = match target.libc {
        Libc::Glibc => "dynamic: they load glibc, and nothing else by themselves",
        Libc::Musl => "static: they need no library of the machine",
    };
    text.push_str(&line("programs", programs));
    match spec.floor() {
        Some(floor) => {
            let mut words = ours.runs_on.clone();
            match words.first_mut() {
                Some(first) => *first = format!("glibc ≥ {floor}: {first}"),
                None => words.push(format!("glibc ≥ {floor}")),
            }
            text.push_str(&fill(&label("runs on"), ",", &words));
        }
        None => {
            let any = "any Linux of this processor: every distribution, empty containers";
            text.push_str(&line("runs on", any));
        }
    }
    if let Some(kernel) = ours.kernel {
        text.push_str(&line("kernel", &format!("Linux ≥ {kernel}")));
    }
    if let Some(glibc) = &target.glibc {
        let (lowest, highest, default) = (glibc.lowest, glibc.highest(), glibc.default);
        let floors = format!("{lowest} – {highest}; {default} where none is named");
        text.push_str(&line("floors", &floors));
    }
    text.push_str(&line("bits", &bits(ours)));
    if let Some(rust) = rust {
        text.push_str(&in_rust(rust));
    }
    let version = rust::DEBIAN_VERSION;
    text.push_str(&line(
        "std",
        &match target.std {
            StdSource::Debian => format!("Debian's package, of Rust {version}"),
            StdSource::Source => {
                format!("built here once, from the source of Rust {version}: a minute or two")
            }
        },
    ));
    let runs = match spec.is_native() {
        true => "on this machine's own processor".to_owned(),
        false => format!("under QEMU, {}", target.qemu),
    };
    text.push_str(&line(
        "test",
        &format!("xbuild test --target {spec}: {runs}"),
    ));
    if let Some(cost) = cost {
        text.push_str(&line("costs", &costs(cost)));
    }
}

/// What is behind a program's header.
fn bits(ours: &Ours) -> String {
    let elf = &ours.spec.target().elf;
    let mut words = format!("{}, {}-endian", elf.class, elf.endian);
    if let Some(loader) = &ours.spec.target().interpreter {
        words.push_str(&format!("; the loader is {loader}"));
    }
    words
}

fn costs(cost: Cost) -> String {
    let build = match (cost.ready, cost.build) {
        (true, _) => "the toolchain is here".to_owned(),
        (false, 0) => "the toolchain is downloaded, and is unpacked by the first build".to_owned(),
        (false, bytes) => format!("{} to download for the first build", size(bytes)),
    };
    match cost.test {
        0 => format!("{build}; nothing more to test"),
        bytes => format!("{build}; {} more for the first test", size(bytes)),
    }
}

fn in_rust(rust: &RustTarget) -> String {
    let tools = match rust.host_tools {
        true => "rustc runs there too",
        false => "no rustc for it",
    };
    let mut text = line(
        "tier",
        &format!("{} of Rust's: {}; {tools}", rust.tier, rust.promise()),
    );
    if let Some(what) = &rust.what {
        text.push_str(&line("in Rust", what));
    }
    text
}

fn line(name: &str, text: &str) -> String {
    paragraph(&label(name), text)
}

fn label(name: &str) -> String {
    format!("  {name:<12}")
}

fn value(one: &Explanation, cost: Option<Cost>) -> Value {
    let parts: Vec<Value> = one
        .parts
        .iter()
        .map(|part| json!({ "part": part.role.name(), "word": part.word, "meaning": part.meaning }))
        .collect();
    let rust = one.rust.map(|rust| {
        json!({
            "tier": rust.tier,
            "host_tools": rust.host_tools,
            "std": rust.std,
            "description": rust.what,
        })
    });
    let (ours, remedy) = match &one.here {
        Here::Target(ours) => (Some(target(ours, cost)), None),
        Here::Elsewhere(remedy) => (None, Some(remedy)),
    };
    json!({ "triple": one.triple, "parts": parts, "rust": rust, "target": ours, "remedy": remedy })
}

fn target(ours: &Ours, cost: Option<Cost>) -> Value {
    let (spec, target) = (&ours.spec, ours.spec.target());
    json!({
        "name": spec.to_string(),
        "linkage": match target.libc {
            Libc::Glibc => "dynamic",
            Libc::Musl => "static",
        },
        "floor": spec.floor(),
        "floors": target.glibc.as_ref().map(|glibc| json!({
            "lowest": glibc.lowest,
            "default": glibc.default,
            "highest": glibc.highest(),
        })),
        "interpreter": target.interpreter,
        "runs_on": ours.runs_on,
        "kernel": ours.kernel.map(|kernel| kernel.to_string()),
        "std": target.std,
        "emulator": (!spec.is_native()).then_some(&target.qemu),
        "cost": cost.map(|cost| json!({
            "ready": cost.ready,
            "download": cost.build,
            "download_for_tests": cost.test,
        })),
    })
}
