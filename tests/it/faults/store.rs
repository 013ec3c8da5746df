//! Downloads and paths of the store that are altered or removed.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use xbuild::pins::Pins;

use super::{House, Loopback, Manner, download, packages, project};
use crate::bad_input::nobody;
use crate::support::{one_at_a_time, run};

/// Its own output, and one that others refer to.
#[test]
fn a_path_that_is_gone_is_realised_again() {
    let _building = one_at_a_time();
    let (house, project) = (House::warm(), project());
    for name in ["-toolchain-", "-sysroot-x86_64"] {
        let (physical, _) = house.in_closure(name);
        let folder = physical.parent().expect("a store");
        let writable = fs::Permissions::from_mode(0o755);
        fs::set_permissions(folder, writable.clone()).expect("a store");
        fs::set_permissions(&physical, writable).expect("a path of the store");
        fs::rename(&physical, house.path().join(format!("removed{name}"))).expect("a removal");
        let said = house.heals(project.path());
        assert!(said.contains("Realising"), "{said}");
        assert!(physical.exists());
    }
}

#[test]
fn a_spoilt_download_is_named_and_fetched_again() {
    let _building = one_at_a_time();
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
