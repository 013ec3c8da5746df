//! Mirrors that are bad in every manner, alone and before a good one.

use xbuild::pins::{Package, Pins};

use super::{House, Loopback, Manner, packages, project};
use crate::bad_input::check;
use crate::support::{run, turn_to_build};

/// Each manner, the exit code of a run that has no other mirror, and what is
/// said of it.
const BAD: [(Manner, i32, &str); 10] = [
    (Manner::Missing, 83, "does not have it"),
    (Manner::Broken, 83, "answered with HTTP status 500"),
    (Manner::WebPage, 83, "answered with a web page"),
    (Manner::Truncates, 83, "stopped after "),
    (Manner::ClosesEarly, 83, ": "),
    (Manner::Corrupts, 84, "gave wrong bytes (sha256 "),
    (Manner::Swaps, 83, " bytes of it, not "),
    (Manner::PromisesMore, 83, " bytes of it, not "),
    (Manner::PromisesLess, 83, " bytes of it, not "),
    (Manner::RedirectsToItself, 83, "redirects without end"),
];

/// The smallest package of the toolchain that is some thousand bytes.
fn a_small_one(pins: &Pins) -> &Package {
    let mut packages = packages(pins);
    packages.retain(|package| package.size > 4096 && package.arch == "amd64");
    let smallest = packages.into_iter().min_by_key(|package| package.size);
    smallest.expect("a package")
}

#[test]
fn a_bad_mirror_is_named_and_nothing_of_it_kept() {
    let _building = turn_to_build();
    let pins = Pins::embedded().expect("the pins");
    let package = a_small_one(&pins);
    let name = package.wanted().name;
    std::thread::scope(|scope| {
        for (manner, code, says) in BAD {
            let name = &name;
            scope.spawn(move || {
                let (house, project) = (House::warm(), project());
                house.lose(package);
                let bad = Loopback::start(manner);
                let outcome = run(&house.build(project.path(), &bad.url()));
                let says = [
                    &format!("`{name}`"),
                    &format!("{}: ", bad.url()),
                    says,
                    "hint: name a mirror that is in reach: XBUILD_MIRROR=",
                ];
                check(outcome, code, &says);
                assert!(!bad.asked().is_empty(), "{manner:?}");
                house.downloads_are_right();
                assert!(!house.has(package), "{manner:?}");

                let good = Loopback::start(Manner::Honest);
                house.heals_with(project.path(), &good.url());
                assert!(house.has(package), "{manner:?}");
                house.downloads_are_right();
            });
        }
    });
}

#[test]
fn a_good_mirror_behind_bad_ones_is_enough() {
    let _building = turn_to_build();
    let pins = Pins::embedded().expect("the pins");
    let package = a_small_one(&pins);
    let (house, project) = (House::warm(), project());
    house.lose(package);
    let manners = BAD.map(|(manner, ..)| manner);
    let mut mirrors: Vec<Loopback> = manners.map(Loopback::start).into();
    mirrors.push(Loopback::start(Manner::Slow));
    let urls: Vec<String> = mirrors.iter().map(Loopback::url).collect();
    let said = house.heals_with(project.path(), &urls.join(" "));
    assert!(said.contains("gave wrong bytes"), "{said}");
    for mirror in &mirrors {
        assert!(!mirror.asked().is_empty());
    }
    house.downloads_are_right();
    assert!(house.has(package));
}

/// Nothing is waited for but the mirror: other tests may go on meanwhile.
#[test]
fn a_mirror_that_stalls_is_left_for_another() {
    let pins = Pins::embedded().expect("the pins");
    let package = a_small_one(&pins);
    let (house, project) = {
        let _building = turn_to_build();
        (House::warm(), project())
    };
    house.lose(package);
    let (stalls, good) = (
        Loopback::start(Manner::Stalls),
        Loopback::start(Manner::Honest),
    );
    let both = format!("{} {}", stalls.url(), good.url());
    house.heals_with(project.path(), &both);
    assert_eq!((stalls.asked().len(), good.asked().len()), (1, 1));
    // What the first had sent was not asked for again.
    assert!(good.sent() < package.size);
    house.downloads_are_right();
}
