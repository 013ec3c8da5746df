use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};

use super::*;
use crate::error::Kind;

const TRIPLES: [(&str, &str); 2] = [("a-b-c", "key1"), ("d-e-f", "key2")];

/// A layout that is made, with one built file.
fn built(target: &Path, inside: &str, bytes: &str) -> Layout {
    let layout = Layout::new(target, "host", &TRIPLES);
    layout.create().unwrap();
    let real = layout.real(Path::new(inside)).unwrap();
    fs::create_dir_all(real.parent().unwrap()).unwrap();
    fs::write(real, bytes).unwrap();
    layout
}

#[test]
fn paths_of_the_shell_have_a_real_and_a_public_place() {
    let layout = Layout::new(Path::new("/t"), "host", &TRIPLES);
    for (inside, real, public) in [
        (
            "/build/target/a-b-c/release/x",
            Some("/t/xbuild/a-b-c-key1/release/x"),
            Some("/t/a-b-c/release/x"),
        ),
        (
            "/build/target/d-e-f",
            Some("/t/xbuild/d-e-f-key2"),
            Some("/t/d-e-f"),
        ),
        (
            "/build/target/a-b-cc/x",
            Some("/t/xbuild/host-host/a-b-cc/x"),
            None,
        ),
        (
            "/build/target/release/build/x",
            Some("/t/xbuild/host-host/release/build/x"),
            None,
        ),
        ("/build/target/a-b-c/../../x", None, None),
        ("/etc/passwd", None, None),
        ("a-b-c/x", None, None),
    ] {
        assert_eq!(
            layout.real(Path::new(inside)),
            real.map(PathBuf::from),
            "{inside}"
        );
        assert_eq!(
            layout.public(Path::new(inside)),
            public.map(PathBuf::from),
            "{inside}"
        );
    }
    let binds = layout.binds();
    assert_eq!(
        binds[0],
        ("/t/xbuild/host-host".into(), "/build/target".into())
    );
    assert_eq!(
        binds[2],
        ("/t/xbuild/d-e-f-key2".into(), "/build/target/d-e-f".into())
    );
}

#[test]
fn creating_makes_mount_points_and_tags_only_a_new_folder() {
    let top = tempfile::tempdir().unwrap();
    let target = top.path().join("target");
    let layout = built(&target, "/build/target/a-b-c/x", "");
    layout.create().unwrap();
    for folder in [
        "xbuild/a-b-c-key1",
        "xbuild/host-host/a-b-c",
        "xbuild/host-host/d-e-f",
    ] {
        assert!(target.join(folder).is_dir(), "{folder}");
    }
    let tag = fs::read_to_string(target.join("CACHEDIR.TAG")).unwrap();
    assert!(tag.starts_with("Signature: 8a477f597d28d172789f06886806bc55\n"));

    let own = tempfile::tempdir().unwrap();
    Layout::new(own.path(), "host", &TRIPLES).create().unwrap();
    assert!(!own.path().join("CACHEDIR.TAG").exists());
}

#[test]
fn an_artefact_is_one_file_with_two_names() {
    let top = tempfile::tempdir().unwrap();
    let inside = "/build/target/a-b-c/release/examples/x";
    let layout = built(top.path(), inside, "one");
    let inside = Path::new(inside);
    let real = layout.real(inside).unwrap();
    let inode = |path: &Path| fs::metadata(path).unwrap().ino();

    let public = layout.uplift(inside).unwrap();
    assert_eq!(public, top.path().join("a-b-c/release/examples/x"));
    assert_eq!(inode(&public), inode(&real));
    let changed = fs::metadata(public.parent().unwrap()).unwrap().mtime_nsec();
    layout.uplift(inside).unwrap();
    assert_eq!(
        fs::metadata(public.parent().unwrap()).unwrap().mtime_nsec(),
        changed
    );

    // A new build replaces the file, and the public name follows; so it does
    // where bare cargo, or anything else, has put its own file there.
    fs::remove_file(&real).unwrap();
    fs::write(&real, "two").unwrap();
    layout.uplift(inside).unwrap();
    assert_eq!(fs::read_to_string(&public).unwrap(), "two");
    fs::remove_file(&public).unwrap();
    std::os::unix::fs::symlink("/nowhere", &public).unwrap();
    layout.uplift(inside).unwrap();
    assert_eq!(inode(&public), inode(&real));
    let left: Vec<_> = fs::read_dir(public.parent().unwrap()).unwrap().collect();
    assert_eq!(left.len(), 1, "nothing is left behind");
}

#[test]
fn an_artefact_that_cannot_be_put_is_an_error() {
    let top = tempfile::tempdir().unwrap();
    let layout = built(top.path(), "/build/target/a-b-c/x", "");
    for (inside, kind) in [
        ("/build/target/a-b-c/missing", Kind::Filesystem),
        ("/build/target/release/x", Kind::Internal),
        ("/build/target/a-b-c/../../../x", Kind::Internal),
    ] {
        assert_eq!(
            layout.uplift(Path::new(inside)).unwrap_err().kind(),
            kind,
            "{inside}"
        );
    }
}

#[test]
fn a_link_that_the_build_made_is_not_followed() {
    let top = tempfile::tempdir().unwrap();
    let target = top.path().join("target");
    let layout = built(&target, "/build/target/a-b-c/debug/x", "");
    fs::create_dir(top.path().join("private")).unwrap();
    fs::write(top.path().join("private/key"), "secret").unwrap();
    let real = layout.real(Path::new("/build/target/a-b-c")).unwrap();
    std::os::unix::fs::symlink(top.path().join("private/key"), real.join("key")).unwrap();
    std::os::unix::fs::symlink(top.path().join("private"), real.join("release")).unwrap();
    for inside in [
        "/build/target/a-b-c/key",
        "/build/target/a-b-c/release/key",
        "/build/target/a-b-c/debug",
    ] {
        assert!(layout.built(Path::new(inside)).is_err(), "{inside}");
        let error = layout.uplift(Path::new(inside)).unwrap_err();
        assert!(
            error
                .to_string()
                .ends_with("is not a file that the build made"),
            "{error}"
        );
        assert!(!layout.public(Path::new(inside)).unwrap().exists());
    }
}

#[test]
fn documentation_is_linked_once() {
    let top = tempfile::tempdir().unwrap();
    let layout = built(top.path(), "/build/target/a-b-c/doc/p/index.html", "<p>");
    for _ in 0..2 {
        assert_eq!(layout.link_docs().unwrap(), [top.path().join("a-b-c/doc")]);
        let page = fs::read_to_string(top.path().join("a-b-c/doc/p/index.html")).unwrap();
        assert_eq!(page, "<p>");
    }
    fs::remove_file(top.path().join("a-b-c/doc")).unwrap();
    fs::create_dir(top.path().join("a-b-c/doc")).unwrap();
    let error = layout.link_docs().unwrap_err();
    assert!(error.hints()[0].starts_with("rm -r "), "{error}");
}

#[test]
fn installed_programs_are_put_into_the_real_root() {
    let top = tempfile::tempdir().unwrap();
    let (staged, root) = (top.path().join("staged"), top.path().join("root"));
    assert!(install(&staged, &root).unwrap().is_empty());
    fs::create_dir_all(staged.join("bin")).unwrap();
    fs::write(staged.join("bin/b"), "new").unwrap();
    fs::write(staged.join("bin/a"), "").unwrap();
    fs::create_dir_all(root.join("bin")).unwrap();
    fs::write(root.join("bin/b"), "old").unwrap();
    assert_eq!(
        install(&staged, &root).unwrap(),
        [root.join("bin/a"), root.join("bin/b")]
    );
    assert_eq!(fs::read_to_string(root.join("bin/b")).unwrap(), "new");
}

/// A checkout may bring links below `target/`, and an earlier build may leave
/// some: the shell could write wherever they point.
#[test]
fn links_below_the_target_folder_are_not_followed() {
    const INSIDE: &str = "/build/target/a-b-c/release/authorized_keys";
    for link in [
        "xbuild",
        "xbuild/host-host",
        "xbuild/a-b-c-key1",
        "xbuild/host-host/a-b-c",
        "a-b-c",
        "a-b-c/release",
    ] {
        let (top, others) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let target = top.path().join("target");
        let place = target.join(link);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        symlink(others.path(), &place).unwrap();
        let layout = Layout::new(&target, "host", &TRIPLES);
        let made = layout.create().and_then(|()| {
            let real = layout.real(Path::new(INSIDE)).unwrap();
            fs::create_dir_all(real.parent().unwrap()).unwrap();
            fs::write(real, "key").unwrap();
            layout.uplift(Path::new(INSIDE))
        });
        let error = made.expect_err(link);
        assert_eq!(error.kind(), Kind::Filesystem, "{link}");
        let said = format!("`{}` is no folder of its own", place.display());
        assert_eq!(error.to_string(), said);
        assert_eq!(fs::read_dir(others.path()).unwrap().count(), 0, "{link}");
    }
    // The target folder itself is where its user wants it.
    let (top, others) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let target = top.path().join("target");
    symlink(others.path(), &target).unwrap();
    built(&target, INSIDE, "x")
        .uplift(Path::new(INSIDE))
        .unwrap();
    assert!(
        others
            .path()
            .join("a-b-c/release/authorized_keys")
            .is_file()
    );
}
