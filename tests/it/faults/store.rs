//! Downloads and paths of the store that are altered or removed.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use xbuild::pins::Pins;

use super::{House, Loopback, Manner, TARGET, download, packages, project, replace};
use crate::bad_input::nobody;
use crate::support::{run, turn_to_build};

/// One after the other in one home: the first may have to build all from which
/// the others can take.
#[test]
fn a_path_that_is_gone_or_altered_is_made_anew() {
    let _building = turn_to_build();
    let (house, project) = (House::warm(), project());
    a_path_is_gone(&house, project.path());
    a_path_is_altered(&house, project.path());
    // Nothing of it has been built yet.
    the_compiler_is_altered(&house, super::project().path());
}

/// The toolchain's own output, and one that others refer to.
fn a_path_is_gone(house: &House, project: &Path) {
    for name in ["-toolchain-", "-sysroot-x86_64"] {
        let (physical, _) = house.in_closure(name);
        let folder = physical.parent().expect("a store");
        let writable = fs::Permissions::from_mode(0o755);
        fs::set_permissions(folder, writable.clone()).expect("a store");
        fs::set_permissions(&physical, writable).expect("a path of the store");
        fs::rename(&physical, house.path().join(format!("removed{name}"))).expect("a removal");
        let said = house.heals(project);
        assert!(said.contains("Realising"), "{said}");
        assert!(physical.exists());
    }
}

/// A library of the sysroot that others refer to, and the toolchain's own
/// description of itself.
fn a_path_is_altered(house: &House, project: &Path) {
    let args = ["fetch", "--verify", "--offline", "--target", TARGET];
    let verify = house.xbuild(project, &nobody(), &args);
    run(&verify).ok().says("of the store, 0 made anew");
    let mut altered = Vec::new();
    for (path, file) in [
        ("-toolchain-", "env.json"),
        (
            "-sysroot-x86_64",
            "usr/lib/x86_64-linux-gnu/libc_nonshared.a",
        ),
    ] {
        let (physical, path) = house.in_closure(path);
        let file = physical.join(file);
        let whole = fs::read(&file).expect("a file of the store");
        let mut bytes = whole.clone();
        bytes[whole.len() / 2] ^= 1;
        replace(&file, &bytes);
        altered.push((path, file, whole));
    }
    let mut outcome = run(&verify).ok().says("of the store, 2 made anew");
    for (path, ..) in &altered {
        let named = format!("warning: {path} was altered or removed; rebuilding it");
        outcome = outcome.says(&named);
    }
    for (_, file, whole) in altered {
        assert_eq!(fs::read(file).expect("a file of the store"), whole);
    }
    house.heals(project);
    house.store_is_right();
}

/// Without being asked for, where it makes a build fail.
fn the_compiler_is_altered(house: &House, project: &Path) {
    let (physical, path) = house.in_closure("-cc-x86_64-unknown-linux-gnu-2_17");
    let file = physical.join("bin/x86_64-linux-gnu-clang");
    let whole = fs::read(&file).expect("a compiler");
    replace(&file, &whole[..whole.len() / 2]);
    let outcome = run(&house.build(project, &nobody())).exits(101);
    outcome
        .says(&format!("warning: {path} was altered or removed"))
        .says("is right again: run the command again");
    assert_eq!(fs::read(&file).expect("a compiler"), whole);
    house.heals(project);
}

#[test]
fn a_spoilt_download_is_named_and_fetched_again() {
    let _building = turn_to_build();
    let (house, project) = (House::warm(), project());
    let pins = Pins::embedded().expect("the pins");
    let package = packages(&pins)
        .into_iter()
        .min_by_key(|package| package.size);
    let package = package.expect("a package");
    let place = download(house.path(), package);
    let good = fs::read(&place).expect("a download");
    house.lose(package);
    let spoil = || {
        let mut bytes = good.clone();
        bytes[good.len() / 2] ^= 1;
        fs::write(&place, bytes).expect("a spoilt download");
    };
    spoil();
    let outcome = run(&house.build(project.path(), &nobody())).exits(83);
    let name = package.wanted().name;
    outcome
        .says(&format!(
            "`{name}` (`{}`) is no longer what",
            place.display()
        ))
        .says(&format!("failed to download `{name}`"));
    assert!(!place.exists());
    assert!(!house.has(package));

    spoil();
    let mirror = Loopback::start(Manner::Honest);
    house.heals_with(project.path(), &mirror.url());
    assert_eq!(fs::read(&place).expect("a download"), good);
    assert_eq!(mirror.asked(), [package.wanted().path]);
}
