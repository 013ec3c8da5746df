//! A triple with a glibc floor behind it, as it is typed.

use std::sync::LazyLock;

use xbuild::target::{Floor, Table, TargetSpec};

static TABLE: LazyLock<Table> =
    LazyLock::new(|| Table::embedded().expect("the table is part of the program"));

pub fn holds(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(floor) = text.parse::<Floor>() {
        assert_eq!(floor.to_string().parse(), Ok(floor));
    }
    for preferred in [None, Some(Floor::new(2, 31))] {
        let spec = match TargetSpec::parse(&TABLE, text, preferred) {
            Ok(spec) => spec,
            Err(error) => {
                assert!(!error.hints().is_empty(), "{error} has no remedy");
                continue;
            }
        };
        let shown = spec.to_string();
        assert!(shown.starts_with(spec.triple()));
        let again = TargetSpec::parse(&TABLE, &shown, None).expect("what is shown can be typed");
        assert_eq!(
            (again.triple(), again.floor(), again.name()),
            (spec.triple(), spec.floor(), spec.name())
        );
        // A floor is one that the toolchain can be made for.
        assert_eq!(spec.floor().is_some(), spec.base().is_some());
    }
}
