//! A small program on every target.

use crate::support::{copied, one_at_a_time, xbuild};

#[test]
#[ignore = "builds with real toolchains"]
fn it_runs_where_it_was_built() {
    let _building = one_at_a_time();
    let hello = copied("examples/hello");
    let outcome = xbuild()
        .cwd(hello.path())
        .args(["run", "--quiet", "--", "--json", "a b"])
        .run()
        .ok();
    assert_eq!(outcome.json()["words"][0], "a b");
}
