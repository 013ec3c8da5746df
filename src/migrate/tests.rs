use std::path::{Path, PathBuf};

use super::*;
use crate::build;
use crate::config::{Config, EnvLayer, FlagLayer};

const CROSS: &str = "Cross.toml";
const CI: &str = ".github/workflows/ci.yml";

fn file(path: &str, text: &str) -> File {
    let format = match path {
        CROSS => Format::Cross,
        "Cargo.toml" => Format::Manifest,
        ".cargo/config.toml" => Format::CargoConfig,
        "rust-toolchain" | "rust-toolchain.toml" => Format::RustToolchain,
        _ => Format::Ci,
    };
    File {
        path: PathBuf::from(path),
        format,
        text: text.to_owned(),
    }
}

/// Plans, and holds every plan against the real loader: each of its targets
/// can be built for with the floors that it has.
fn planned(files: &[(&str, &str)]) -> Plan {
    let sources: Vec<File> = files.iter().map(|(path, text)| file(path, text)).collect();
    let read = |path: &Path| {
        let found = files.iter().find(|(name, _)| Path::new(name) == path);
        found.map(|(_, text)| (*text).to_owned())
    };
    let sources: Vec<File> = sources
        .into_iter()
        .filter(|file| !file.path.to_string_lossy().contains("further"))
        .collect();
    let plan = plan(&sources, &read).unwrap();
    let config = loaded(&plan);
    let table = Table::embedded().unwrap();
    assert!(!config.targets.is_empty(), "{}", plan.text);
    for target in &config.targets {
        build::parse(&table, &config, &target.value).unwrap_or_else(|error| {
            panic!("{error}:\n{}", plan.text);
        });
    }
    let typed = config.targets.iter().any(|it| it.value == plan.first);
    assert!(typed, "{} in\n{}", plan.first, plan.text);
    let long = plan.text.lines().find(|line| {
        line.starts_with('#') && line.chars().count() > 80 && line.split_whitespace().count() > 3
    });
    assert_eq!(long, None);
    plan
}

fn loaded(plan: &Plan) -> Config {
    let layer = FileLayer::parse(Path::new(FILE_NAME), &plan.text).unwrap();
    Config::resolve(&FlagLayer::default(), &EnvLayer::default(), Some(layer)).unwrap()
}

fn targets(plan: &Plan) -> Vec<String> {
    let config = loaded(plan);
    config.targets.into_iter().map(|it| it.value).collect()
}

/// `place: what → then`, of one kind of note.
fn lines(notes: &[Note]) -> Vec<String> {
    let line = |note: &Note| format!("{}: {} → {}", note.place, note.what, note.then);
    notes.iter().map(line).collect()
}

#[track_caller]
fn assert_has(notes: &[Note], expected: &str, plan: &Plan) {
    let lines = lines(notes);
    assert!(
        lines.iter().any(|line| line.contains(expected)),
        "no {expected:?} in\n{}\n{plan:#?}",
        lines.join("\n")
    );
}

/// What becomes of each key: a fixture, and one line of what is carried (`+`),
/// not needed (`=`) or left out (`-`).
#[test]
fn every_key_is_carried_over_or_has_a_reason() {
    for (path, text, expected) in [
        // Cross.toml
        (
            CROSS,
            "[build]\ndefault-target = 'aarch64-unknown-linux-gnu'\n",
            "+Cross.toml:2: target aarch64-unknown-linux-gnu → build.targets",
        ),
        (
            CROSS,
            "[target.armv7-unknown-linux-gnueabihf]\n",
            "+Cross.toml:1: target armv7-unknown-linux-gnueabihf → build.targets",
        ),
        (
            CROSS,
            "[build]\nzig = '2.17'\n",
            "+Cross.toml:2: zig 2.17 → build.glibc",
        ),
        (
            CROSS,
            "[build.zig]\nversion = '2.17'\n",
            "+Cross.toml:2: zig 2.17 → build.glibc",
        ),
        (
            CROSS,
            "[target.aarch64-unknown-linux-gnu]\nzig = '2.17'\n",
            "+zig 2.17 → target.aarch64-unknown-linux-gnu.glibc",
        ),
        (
            CROSS,
            "[target.aarch64-unknown-linux-musl]\nzig = '2.17'\n",
            "=aarch64-unknown-linux-musl has no glibc",
        ),
        (
            CROSS,
            "[target.riscv64gc-unknown-linux-gnu]\nzig = '2.17'\n",
            "-the floors of riscv64gc-unknown-linux-gnu are 2.34 to 2.41",
        ),
        (CROSS, "[build]\nzig = '2'\n", "-`2` is not a glibc version"),
        (
            CROSS,
            "[build]\nzig = true\n",
            "=Cross.toml:2: build.zig → clang takes zig's place",
        ),
        (
            CROSS,
            "[build.zig]\nimage = 'a'\n",
            "-Cross.toml:2: build.zig.image a",
        ),
        (
            CROSS,
            "[build.env]\npassthrough = ['CI', 'A=b c']\n",
            "+passthrough A=b c → env.passthrough",
        ),
        (
            CROSS,
            "[build.env]\npassthrough = ['PATH']\n",
            "-PATH is set by the hermetic shell itself",
        ),
        (
            CROSS,
            "[target.aarch64-unknown-linux-gnu.env]\npassthrough = ['A']\n",
            "+passthrough A → target.aarch64-unknown-linux-gnu.env.passthrough",
        ),
        (
            CROSS,
            "[build.env]\nvolumes = ['DATA']\n",
            "+Cross.toml:2: volume DATA → env.volumes",
        ),
        (
            CROSS,
            "[target.aarch64-unknown-linux-gnu.env]\nvolumes = ['MODELS=/srv/models']\n",
            "+volume MODELS=/srv/models → target.aarch64-unknown-linux-gnu.env.volumes",
        ),
        (
            CROSS,
            "[build.env]\nvolumes = ['HOME']\n",
            "-HOME is set by the hermetic shell itself",
        ),
        (
            CROSS,
            "[build]\nbuild-std = true\n",
            "=build.build-std → every target of xbuild has its std",
        ),
        (
            CROSS,
            "[build]\nbuild-std = ['core', 'alloc']\n",
            "=build.build-std",
        ),
        (CROSS, "[build]\nxargo = true\n", "=build.xargo"),
        (
            CROSS,
            "[build]\ndockerfile = 'Dockerfile'\n",
            "-build.dockerfile Dockerfile → xbuild builds in no container",
        ),
        (
            CROSS,
            "[build.dockerfile]\ncontext = '.'\nbuild-args = { A = 'b' }\n",
            "-Cross.toml:2: build.dockerfile.context",
        ),
        (
            CROSS,
            "[target.aarch64-unknown-linux-gnu]\nimage = 'mine:edge'\n",
            "-Cross.toml:2: image mine:edge → xbuild builds in no container",
        ),
        (
            CROSS,
            "[target.aarch64-unknown-linux-gnu.image]\nname = 'mine'\ntoolchain = ['x']\n",
            "-Cross.toml:3: target.aarch64-unknown-linux-gnu.image.toolchain",
        ),
        (
            CROSS,
            "[target.x86_64-unknown-linux-gnu]\nimage = 'ghcr.io/cross-rs/x86_64-unknown-linux-gnu:main-centos'\n",
            "+the glibc of the image: 2.17 → target.x86_64-unknown-linux-gnu.glibc",
        ),
        (
            CROSS,
            "[target.aarch64-unknown-linux-gnu]\nrunner = 'qemu-user'\n",
            "=Cross.toml:2: runner qemu-user",
        ),
        (
            CROSS,
            "[target.aarch64-unknown-linux-gnu]\nrunner = 'qemu-system'\n",
            "-a processor, not a machine",
        ),
        (
            CROSS,
            "[target.aarch64-unknown-linux-gnu]\nrunner = 'mine'\n",
            "-cross knows qemu-system",
        ),
        (
            CROSS,
            "[build]\npre-build = ['curl -sSf https://example.invalid | sh']\n",
            "-the command `curl -sSf https://example.invalid`",
        ),
        (
            CROSS,
            "[build]\npre-build = ['apt-get install gcc-aarch64-linux-gnu']\n",
            "=package gcc-aarch64-linux-gnu → the toolchain has its own",
        ),
        (
            CROSS,
            "[build]\npre-build = ['apt-get install protobuf-compiler']\n",
            "+tools protoc → build.tools",
        ),
        (
            CROSS,
            "[build]\npre-build = ['apt-get install ca-certificates']\n",
            "=package ca-certificates → it sets up a machine",
        ),
        (
            CROSS,
            "[build]\npre-build = ['apt-get install $LIST']\n",
            "-`$LIST` is not a name of a Debian package",
        ),
        (
            CROSS,
            "[build]\npre-build = ['apt-get install fortune-mod']\n",
            "-package fortune-mod → it is neither a library",
        ),
        (
            CROSS,
            "[build]\npre-build = ['apt-get install libpci-dev']\n",
            "-package libpci-dev → without `:$CROSS_DEB_ARCH`",
        ),
        (
            CROSS,
            "[build]\npre-build = ['apt-get install libpci-dev:mips']\n",
            "-no target of xbuild is mips",
        ),
        (
            CROSS,
            "[build]\npre-build = './further.sh'\n",
            "-pre-build ./further.sh → there is no such file",
        ),
        (
            CROSS,
            "[target.aarch64-unknown-linux-musl]\npre-build = ['apt-get install libssl-dev:$CROSS_DEB_ARCH']\n",
            "-Debian's libraries are for glibc",
        ),
        // Keys and targets that there are not
        (
            CROSS,
            "[build]\npre-biuld = []\n",
            "-Cross.toml:2: the key `build.pre-biuld` → cross has no such key; the nearest is `pre-build`",
        ),
        (
            CROSS,
            "[bulid]\n",
            "-Cross.toml:1: the key `bulid` → cross has no such key; the nearest is `build`",
        ),
        (
            CROSS,
            "[build.env]\nzzz = 1\n",
            "-it knows passthrough, volumes",
        ),
        (
            CROSS,
            "[target.x86_64-pc-windows-gnu]\n",
            "-target x86_64-pc-windows-gnu → build it on Windows",
        ),
        (
            CROSS,
            "[target.arm-unknown-linux-gnueabihf]\n",
            "-xbuild has no such target",
        ),
        (
            CROSS,
            "[target.x86_64-apple-darwin.env]\npassthrough = ['A']\n",
            "-x86_64-apple-darwin is no target of xbuild",
        ),
        // metadata.cross
        (
            "Cargo.toml",
            "[package.metadata.cross.build]\nzig = '2.17'\n",
            "+Cargo.toml:2: zig 2.17 → build.glibc",
        ),
        (
            "Cargo.toml",
            "[workspace.metadata.cross.target.aarch64-unknown-linux-gnu]\nrunner = 'native'\n",
            "=Cargo.toml:2: runner native",
        ),
        // cargo's
        (
            ".cargo/config.toml",
            "[build]\ntarget = 'aarch64-unknown-linux-gnu'\n",
            "+.cargo/config.toml:2: target aarch64-unknown-linux-gnu → build.targets",
        ),
        (
            ".cargo/config.toml",
            "[target.aarch64-unknown-linux-gnu]\nlinker = 'aarch64-linux-gnu-gcc'\n",
            "=:2: linker aarch64-linux-gnu-gcc → the toolchain's own linker",
        ),
        (
            ".cargo/config.toml",
            "[target.aarch64-unknown-linux-gnu]\nrunner = ['qemu-aarch64', '-L', '/x']\n",
            "=runner qemu-aarch64",
        ),
        (
            ".cargo/config.toml",
            "[target.aarch64-unknown-linux-gnu]\nrunner = 'ssh pi'\n",
            "-runner ssh pi → xbuild's own runner",
        ),
        (
            ".cargo/config.toml",
            "[target.x86_64-unknown-linux-gnu]\nrustflags = ['-C', 'link-arg=-fuse-ld=mold']\n",
            "-:2: link-arg=-fuse-ld=mold in target.x86_64-unknown-linux-gnu.rustflags",
        ),
        (
            ".cargo/config.toml",
            "[build]\nrustflags = '-C target-cpu=native'\n",
            "=build.rustflags → cargo reads it where it is",
        ),
        (
            ".cargo/config.toml",
            "[build]\nrustc-wrapper = 'sccache'\n",
            "-build.rustc-wrapper sccache",
        ),
        (
            ".cargo/config.toml",
            "[unstable]\nbuild-std = ['core']\n",
            "=unstable.build-std",
        ),
        // rustup's
        (
            "rust-toolchain.toml",
            "[toolchain]\ntargets = ['aarch64-unknown-linux-musl']\n",
            "+rust-toolchain.toml:2: target aarch64-unknown-linux-musl → build.targets",
        ),
        (
            "rust-toolchain.toml",
            "[toolchain]\nchannel = '1.75'\n",
            "=channel 1.75 → `xbuild lock` pins it",
        ),
        (
            "rust-toolchain.toml",
            "[toolchain]\nchannel = 'stable'\n",
            "=channel stable",
        ),
        (
            "rust-toolchain.toml",
            "[toolchain]\nprofile = 'minimal'\n",
            "=toolchain.profile",
        ),
        (
            "rust-toolchain.toml",
            "[toolchain]\ncomponents = ['clippy', 'rust-src']\n",
            "=component rust-src",
        ),
        (
            "rust-toolchain.toml",
            "[toolchain]\ncomponents = ['miri']\n",
            "-component miri",
        ),
        (
            "rust-toolchain.toml",
            "[toolchain]\nchannel = 'nightly'\ncomponents = ['miri']\n",
            "=component miri → `xbuild lock` pins it",
        ),
        (
            "rust-toolchain.toml",
            "[toolchain]\nchannel = 'nightlyy'\n",
            "-rust-toolchain.toml:2: `nightlyy` is no channel",
        ),
        (
            "rust-toolchain.toml",
            "[toolchain]\npath = '/x'\n",
            "-toolchain.path",
        ),
        (
            "rust-toolchain",
            "nightly-2026-01-01\n",
            "=rust-toolchain:1: channel nightly-2026-01-01",
        ),
        // The CI's
        (
            CI,
            "jobs:\n  a:\n    strategy:\n      matrix:\n        target: [aarch64-unknown-linux-musl]\n",
            "+ci.yml:5: target aarch64-unknown-linux-musl → build.targets",
        ),
        (
            CI,
            "run: |\n  # for s390x-unknown-linux-gnu\n  cargo zigbuild --target aarch64-unknown-linux-gnu.2.17\n",
            "+ci.yml:3: target aarch64-unknown-linux-gnu.2.17",
        ),
        (
            CI,
            "include:\n  - {target: x86_64-apple-darwin, os: macos-14}\n",
            "-target x86_64-apple-darwin → it needs Apple's SDK",
        ),
        (
            CI,
            "run: cargo zigbuild --target universal2-apple-darwin\n",
            "-target universal2-apple-darwin → on a Mac: cargo build for x86_64",
        ),
        (
            CI,
            "run: cargo zigbuild --target aarch64-unknown-linux-gnu.2.9\n",
            "-the lowest is 2.17",
        ),
        (
            CI,
            "env:\n  CROSS_BUILD_ZIG: '2.17'\n",
            "+ci.yml:2: zig 2.17 → build.glibc",
        ),
        (
            CI,
            "run: export CROSS_BUILD_ENV_PASSTHROUGH=\"A B\"\n",
            "+passthrough B → env.passthrough",
        ),
        (
            CI,
            "env:\n  CROSS_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER: qemu-system\n",
            "-runner qemu-system",
        ),
        (
            CI,
            "env:\n  CROSS_BUILD_ENV_VOLUMES: ${{ github.workspace }}\n",
            "-CROSS_BUILD_ENV_VOLUMES → its value is worked out by the CI",
        ),
        (
            CI,
            "env:\n  CROSS_CONFIG: ci/Cross.toml\n",
            "-CROSS_CONFIG → only Cross.toml is read",
        ),
        (
            CI,
            "env:\n  CROSS_CONTAINER_ENGINE: podman\n",
            "=CROSS_CONTAINER_ENGINE",
        ),
        (
            CI,
            "env:\n  CROSS_TARGET_MIPS_ZIG: 1\n",
            "-CROSS_TARGET_MIPS_ZIG → it names no target",
        ),
        (
            CI,
            "env:\n  CROSS_BUILD_DOCKERFILE: x\n",
            "-CROSS_BUILD_DOCKERFILE → xbuild builds in no container",
        ),
        (
            CI,
            "env:\n  CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER: a\n",
            "=CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER",
        ),
        (
            CI,
            "env:\n  CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER: a\n",
            "+target aarch64-unknown-linux-gnu → build.targets",
        ),
        (
            CI,
            "env:\n  CARGO_ZIGBUILD_ZIG_PATH: a\n",
            "=clang takes zig's place",
        ),
        (
            CI,
            "env:\n  RUSTFLAGS: -D warnings\n",
            "-RUSTFLAGS → variables stay outside",
        ),
        (
            CI,
            "container: quay.io/pypa/manylinux2014_x86_64\n",
            "-its glibc is 2.17",
        ),
        (
            CI,
            "run: |\n  sudo apt-get update\n  sudo apt-get install -y musl-tools\n",
            "=ci.yml:3: package musl-tools",
        ),
        (
            ".travis.yml",
            "addons:\n  apt:\n    packages:\n      - cmake\n",
            "+.travis.yml:4: tools cmake → build.tools",
        ),
        (
            ".gitlab-ci.yml",
            "a:\n  script:\n    - cross build --target s390x-unknown-linux-gnu\n",
            "+.gitlab-ci.yml:3: target s390x-unknown-linux-gnu",
        ),
        (
            ".circleci/config.yml",
            "jobs:\n  a:\n    steps:\n      - run:\n          command: cross test --target i686-unknown-linux-gnu\n",
            "+.circleci/config.yml:5: target i686-unknown-linux-gnu",
        ),
    ] {
        let plan = planned(&[(path, text)]);
        let notes = match &expected[..1] {
            "+" => &plan.carried,
            "=" => &plan.needless,
            _ => &plan.left_out,
        };
        assert_has(notes, &expected[1..], &plan);
    }
}

#[test]
fn nothing_to_read_gives_a_suggestion() {
    for files in [
        &[][..],
        &[("Cargo.toml", "[package]\nname = 'cross'\n")],
        &[(CROSS, "")],
    ] {
        let plan = planned(files);
        assert_eq!(targets(&plan), ["x86_64-unknown-linux-gnu.2.17"]);
        assert!(
            plan.carried.is_empty() && plan.left_out.is_empty(),
            "{plan:?}"
        );
    }
}

#[test]
fn what_is_built_by_default_stays_so() {
    let both = "[target.aarch64-unknown-linux-gnu]\n[target.s390x-unknown-linux-gnu]\n";
    let plan = planned(&[(CROSS, both)]);
    let all = ["aarch64-unknown-linux-gnu", "s390x-unknown-linux-gnu"];
    assert_eq!(targets(&plan), all);

    let default = format!("[build]\ndefault-target = '{}'\n{both}", all[1]);
    let plan = planned(&[(CROSS, &default)]);
    assert_eq!(targets(&plan), all[1..]);
    assert!(
        plan.text
            .contains("    # \"aarch64-unknown-linux-gnu\", # Cross.toml:")
    );

    // A floor that the CI names is the one that is shipped.
    let zigbuild = format!("run: cargo zigbuild --target {}.2.17\n", all[0]);
    let plan = planned(&[(CROSS, both), (CI, &zigbuild)]);
    assert_eq!(targets(&plan), ["aarch64-unknown-linux-gnu.2.17", all[1]]);
    let two = format!("{zigbuild}b: {}.2.28\n", all[0]);
    let plan = planned(&[(CI, &two)]);
    assert_eq!(targets(&plan).len(), 2);
}

#[test]
fn a_floor_for_all_is_lifted_where_it_cannot_be() {
    let text = "[build]\nzig = '2.17'\n[target.riscv64gc-unknown-linux-gnu]\n[target.aarch64-unknown-linux-gnu]\n";
    let plan = planned(&[(CROSS, text)]);
    let config = loaded(&plan);
    let floor = |triple: &str| config.for_target(triple).glibc.unwrap().value;
    assert_eq!(floor("aarch64-unknown-linux-gnu"), "2.17");
    assert_eq!(floor("riscv64gc-unknown-linux-gnu"), "2.34");
    assert_has(
        &plan.left_out,
        "the nearest that it can have is 2.34",
        &plan,
    );
}

#[test]
fn variables_rank_over_cross_toml_and_that_over_manifests() {
    let manifest = "[package.metadata.cross.build]\nzig = '2.31'\n[package.metadata.cross.build.env]\npassthrough = ['A']\n";
    let cross = "[build]\nzig = '2.28'\n[build.env]\npassthrough = ['B']\n";
    let ci = "env:\n  CROSS_BUILD_ZIG: '2.17'\n";
    for (files, floor, names) in [
        (vec![("Cargo.toml", manifest)], "2.31", vec!["A"]),
        (
            vec![("Cargo.toml", manifest), (CROSS, cross)],
            "2.28",
            vec!["B"],
        ),
        (
            vec![("Cargo.toml", manifest), (CROSS, cross), (CI, ci)],
            "2.17",
            vec!["B"],
        ),
    ] {
        let plan = planned(&files);
        let target = loaded(&plan).for_target("x86_64-unknown-linux-gnu");
        assert_eq!(target.glibc.unwrap().value, floor);
        let found: Vec<_> = target
            .passthrough
            .iter()
            .map(|it| it.value.name().to_owned())
            .collect();
        assert_eq!(found, names);
    }
}

/// Libraries are found wherever they are installed, and for what.
#[test]
fn lines_that_install_libraries_name_them_for_their_targets() {
    let (arm, pc) = ("aarch64-unknown-linux-gnu", "x86_64-unknown-linux-gnu");
    let cross = |pre_build: &str| {
        format!(
            "[build]\npre-build = {pre_build}\n[target.{arm}]\n[target.{pc}]\n[target.x86_64-unknown-linux-musl]\n"
        )
    };
    for (files, expected) in [
        (
            vec![(CROSS, cross("[\"dpkg --add-architecture $CROSS_DEB_ARCH\", \"apt-get update && apt-get install --assume-yes libssl-dev:$CROSS_DEB_ARCH\"]"))],
            vec![(arm, "libssl-dev"), (pc, "libssl-dev")],
        ),
        (vec![(CROSS, cross("['apt-get install -y libpci-dev:arm64 zlib1g-dev:amd64'] "))], vec![(arm, "libpci-dev"), (pc, "zlib1g-dev")]),
        (
            vec![(CROSS, cross("'./further/pre.sh'")), ("./further/pre.sh", "#!/bin/sh\nset -e\napt-get install \\\n  libudev-dev:${CROSS_DEB_ARCH}\n".into())],
            vec![(arm, "libudev-dev"), (pc, "libudev-dev")],
        ),
        (
            vec![(CROSS, format!("[target.{arm}]\ndockerfile = 'further/Dockerfile'\n")), ("further/Dockerfile", "FROM x\nRUN apt-get update && \\\n    apt-get install -y libdbus-1-dev:arm64\n".into())],
            vec![(arm, "libdbus-1-dev")],
        ),
        (
            vec![(CI, format!("a: {pc}\nb: {arm}\nrun: sudo apt-get install libudev-dev libdbus-1-dev:arm64\n"))],
            vec![(pc, "libudev-dev"), (arm, "libdbus-1-dev")],
        ),
    ] {
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, &text[..])).collect();
        let plan = planned(&files);
        let config = loaded(&plan);
        let mut found = Vec::new();
        for target in Table::embedded().unwrap().iter() {
            let packages = config.for_target(&target.triple).packages;
            let names = packages.iter().map(|it| it.value.name().to_owned());
            found.extend(names.map(|name| (target.triple.clone(), name)));
        }
        let expected = expected.iter().map(|(triple, name)| ((*triple).to_owned(), (*name).to_owned()));
        let mut expected: Vec<_> = expected.collect();
        expected.sort();
        assert_eq!(found, expected, "{plan:#?}");
        assert!(plan.locks);
    }
}

#[test]
fn files_that_cannot_be_read_are_named_with_the_line() {
    for (path, text, expected) in [
        (CROSS, "[build]\nzig = \n", "Cross.toml:2: "),
        (
            CROSS,
            "[build]\nzig = 2.17\n",
            "Cross.toml:2: `build.zig` must be a string, not a float",
        ),
        (
            CROSS,
            "[build.env]\npassthrough = 'A'\n",
            "Cross.toml:2: `build.env.passthrough` must be an array of strings, not a string",
        ),
        (
            CROSS,
            "build = 1\n",
            "Cross.toml:1: `build` must be a table, not an integer",
        ),
        (".cargo/config.toml", "\n[build\n", ".cargo/config.toml:2: "),
        (
            "rust-toolchain.toml",
            "[toolchain]\ntargets = 1\n",
            "rust-toolchain.toml:2: `toolchain.targets` must be",
        ),
        (
            CI,
            "a: 1\nb: c: d\n",
            ".github/workflows/ci.yml:2: mapping values are not allowed",
        ),
        (CI, "a: *nope\n", ".github/workflows/ci.yml:1: "),
    ] {
        let error = plan(&[file(path, text)], &|_| None).unwrap_err();
        assert_eq!(error.kind(), Kind::Config, "{text:?}");
        assert!(error.to_string().starts_with(expected), "{text:?}: {error}");
    }
}

#[test]
fn hostile_yaml_costs_neither_time_nor_the_stack() {
    let mut bomb = String::from("a0: &a0 [x, x]\n");
    for level in 1..64 {
        let below = format!("*a{}", level - 1);
        bomb.push_str(&format!(
            "a{level}: &a{level} [{below}, {below}, {below}]\n"
        ));
    }
    planned(&[(CI, &bomb)]);
    // Whatever is said of it, it is said.
    let deep = "[".repeat(20_000);
    let _ = plan(&[file(CI, &deep)], &|_| None);
}
