//! Code in C and C++, by the build scripts that people's crates have: vendored
//! OpenSSL, CMake, bindgen, protobuf's compiler, C++ that throws.

use super::elf::elf;
use crate::support::{copied, turn_to_build, xbuild};

macro_rules! on {
    ($($name:ident: $target:literal)*) => {
        $(
            #[test]
            fn $name() {
                libraries_of_other_languages_work($target);
            }
        )*
    };
}

on! {
    on_x86_64_with_glibc: "x86_64-unknown-linux-gnu.2.17"
    on_x86_64_with_musl: "x86_64-unknown-linux-musl"
    on_aarch64_with_glibc: "aarch64-unknown-linux-gnu.2.17"
    on_aarch64_with_musl: "aarch64-unknown-linux-musl"
    on_armv7_with_glibc: "armv7-unknown-linux-gnueabihf.2.28"
}

/// The tests of the fixture, one for each library, on the target itself.
fn libraries_of_other_languages_work(target: &str) {
    let _turn = turn_to_build();
    let project = copied("tests/fixtures/natives");
    let triple = target.split_once('.').map_or(target, |(triple, _)| triple);
    let is_static = triple.ends_with("musl");
    let call = |verb: &str| {
        let caller = xbuild().cwd(project.path());
        let caller = caller.args([verb, "--locked", "--target", target]);
        caller.arg("--features=cplusplus")
    };
    // No static program loads a library.
    let packages: &[&str] = match is_static {
        true => &["-p=natives", "-p=archive"],
        false => &["--workspace"],
    };
    call("build").args(packages.iter().copied()).run().ok();
    let tested = call("test").args(["--", "--test-threads=2"]).run().ok();
    let passed = tested.stdout.matches(" ... ok").count();
    assert_eq!(passed, if is_static { 17 } else { 18 }, "{tested}");

    // A C program that links a static library in Rust, and runs.
    let build = "$(env | sed -n \"s/^CC_$0=//p\") archive/archive.c -o /tmp/archive \
                 /build/target/$1/debug/libarchive.a -lpthread -ldl -lm -lgcc_eh && /tmp/archive";
    let shell = xbuild().cwd(project.path());
    let shell = shell.args(["shell", "--target", target, "--", "sh", "-c", build]);
    let ran = shell.args([&triple.replace('-', "_"), triple]).run().ok();
    assert_eq!(ran.stdout, "5 different bytes\n", "{ran}");

    if !is_static {
        let plugin = project
            .path()
            .join("target")
            .join(triple)
            .join("debug/libplugin.so");
        let floor = target
            .rsplit('.')
            .next()
            .and_then(|minor| minor.parse().ok());
        assert!(elf(&plugin).glibc <= floor.map(|minor| (2, minor)));
    }
}
