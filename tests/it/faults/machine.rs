//! Machines on which something is full, missing, read-only or odd. Each is a
//! mount namespace of its own: nothing of this machine is touched.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::Path;

use xbuild::process::Command;

use super::{House, TARGET, clock, expected, hash, project, write_project};
use crate::bad_input::{check, nobody, quarantine};
use crate::support::{Outcome, run, temp, turn_to_build};

/// Runs a script as root of a machine of its own, in a project, where `$BUILD`
/// is a build.
fn machine(house: &House, project: &Path, script: &str) -> Outcome {
    let mut command = Command::new("/usr/bin/unshare")
        .args(["-Urm", "/bin/sh", "-euc", script])
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .env("XBUILD", env!("CARGO_BIN_EXE_xbuild"))
        .env("BUILD", format!("build --format=json --target {TARGET}"))
        .env("PROJECT", project)
        .env("HOME", house.path())
        .cwd(project);
    for (name, value) in quarantine(house.path()) {
        command = command.env(name, value);
    }
    run(&command)
}

#[track_caller]
fn is_right(outcome: Outcome) -> Outcome {
    let outcome = outcome.ok();
    assert_eq!(hash(&outcome), expected(), "{outcome}");
    outcome
}

const NO_SPACE: &str = "hint: free some space (`df`) or inodes (`df -i`); XBUILD_HOME and --target-dir name other disks";

/// One world for three runs; its store is a disk that first has too little
/// room, then too few inodes, and then enough of both.
#[test]
fn a_full_disk_is_told_by_name_and_healed_by_room() {
    let _building = turn_to_build();
    let (house, project) = (House::cold(), project());
    let script = "mkdir \"$XBUILD_HOME/data\"
        mount -t tmpfs -o size=250m,nr_inodes=1000000 none \"$XBUILD_HOME/data\"
        code=0; \"$XBUILD\" $BUILD || code=$?
        echo \"exit code $code, now with room\" >&2
        mount -o remount,size=6g,nr_inodes=6000 \"$XBUILD_HOME/data\"
        code=0; \"$XBUILD\" $BUILD || code=$?
        echo \"exit code $code, now with inodes\" >&2
        mount -o remount,nr_inodes=1000000 \"$XBUILD_HOME/data\"
        exec \"$XBUILD\" $BUILD";
    let outcome = is_right(machine(&house, project.path(), script))
        .says("exit code 87, now with inodes")
        .says("exit code 87, now with room")
        .says("No space left on device")
        .says(NO_SPACE);
    assert_eq!(outcome.stderr.matches(NO_SPACE).count(), 2, "{outcome}");
}

#[test]
fn a_full_target_folder_is_told_by_name() {
    let _building = turn_to_build();
    let (house, project) = (House::warm(), project());
    let script = "mkdir target; mount -t tmpfs -o size=3m none target; exec \"$XBUILD\" $BUILD";
    // The linker has died of a bus error; cargo's exit code is its own.
    let says = ["target` is full, or nearly: ", NO_SPACE];
    check(machine(&house, project.path(), script), 101, &says);
    house.heals(project.path());
}

#[test]
fn what_may_not_be_written_is_not_needed_or_named() {
    let _building = turn_to_build();
    let (house, project) = (House::warm(), project());
    let read_only = |folder: &str| {
        format!("mount --bind \"{folder}\" \"{folder}\"; mount -o remount,bind,ro \"{folder}\"; ")
    };
    // A project without a target folder has none to write to.
    let script = read_only("$PROJECT") + "cd \"$PROJECT\"; exec \"$XBUILD\" $BUILD";
    let says = [
        "failed to create `",
        "/target`",
        "cause: Read-only file system",
        "hint: make it writable for this user; XBUILD_HOME and --target-dir name other folders",
    ];
    check(machine(&house, project.path(), &script), 87, &says);
    let elsewhere = read_only("$PROJECT")
        + "cd \"$PROJECT\"; exec \"$XBUILD\" $BUILD --target-dir \"$XBUILD_HOME/elsewhere\"";
    is_right(machine(&house, project.path(), &elsewhere));
    house.heals(project.path());
    // What was built before needs nothing of a home to be written.
    let script = read_only("$XBUILD_HOME") + "exec \"$XBUILD\" $BUILD";
    is_right(machine(&house, project.path(), &script));
}

#[test]
fn a_clock_that_is_years_off_changes_nothing() {
    let _building = turn_to_build();
    let house = House::warm();
    for years in [-20, 20] {
        let project = project();
        let script = format!(
            "mount -t tmpfs none /etc
            echo 'start 9000000000' > /etc/stranger
            echo 'shift {}' >> /etc/stranger
            echo '{}' > /etc/ld.so.preload
            date >&2
            exec \"$XBUILD\" $BUILD",
            years * 365 * 24 * 3600,
            clock().display(),
        );
        house.forget();
        is_right(machine(&house, project.path(), &script));
        is_right(machine(&house, project.path(), &script));
        house.heals(project.path());
    }
}

#[test]
fn no_room_for_temporary_files_is_needed() {
    let _building = turn_to_build();
    let house = House::warm();
    let full = "mount -t tmpfs -o size=4k none /tmp; echo full > /tmp/full; mkdir /tmp/x || true";
    let read_only = "mount -t tmpfs -o ro none /tmp; mount -t tmpfs -o ro none /var/tmp";
    // A root that has no such folder.
    let missing = "new=\"$XBUILD_HOME/root\"; mkdir -p \"$new\"; mount -t tmpfs none \"$new\"
        for entry in /*; do
            if [ -L \"$entry\" ]; then cp -P \"$entry\" \"$new$entry\"
            elif [ \"$entry\" != /tmp ] && [ -d \"$entry\" ]; then
                mkdir \"$new$entry\"; mount --rbind \"$entry\" \"$new$entry\"
            fi
        done
        mkdir \"$new/old\"; cd \"$new\"; pivot_root . old; umount -l /old; rmdir /old
        [ ! -e /tmp ]";
    for before in [full, read_only, missing] {
        let folder = house.path().join("project");
        write_project(&folder);
        house.forget();
        let script = format!("{before}; cd \"$PROJECT\"; exec \"$XBUILD\" $BUILD");
        is_right(machine(&house, &folder, &script));
        house.heals(&folder);
        fs::remove_dir_all(&folder).expect("a project");
    }
    let project = project();
    house.forget();
    let nowhere = house.build(project.path(), &nobody());
    is_right(run(&nowhere.env("TMPDIR", "/nowhere/at/all")));
}

#[test]
fn a_home_that_does_not_exist() {
    let _building = turn_to_build();
    let (house, project) = (House::warm(), project());
    let build = house.build(project.path(), &nobody());
    is_right(run(&build.env("HOME", "/nowhere/at/all")));
    // Without another folder it is the one to keep things in.
    let script = "mount -t tmpfs -o ro none /mnt; unset XBUILD_HOME
        HOME=/mnt/nowhere exec \"$XBUILD\" $BUILD";
    let says = [
        "failed to make the folder `/mnt/nowhere/",
        "cause: Read-only file system",
        "hint: make it writable for this user; XBUILD_HOME",
    ];
    check(machine(&house, project.path(), script), 87, &says);
    let script = "unset XBUILD_HOME HOME; exec \"$XBUILD\" $BUILD";
    let says = [
        "no folder to keep the toolchain in is known",
        "hint: set HOME, or XBUILD_HOME, to an absolute path",
    ];
    check(machine(&house, project.path(), script), 82, &says);
}

#[test]
fn odd_names_of_folders() {
    let _building = turn_to_build();
    let (house, parent) = (House::warm(), temp());
    let long = vec!["x".repeat(240); 14].join("/");
    let names: [&[u8]; 4] = [
        b"with spaces, 'quotes' and $signs",
        "ümläut – 日本語".as_bytes(),
        b"not \xff utf-8",
        long.as_bytes(),
    ];
    for name in names {
        let folder = parent.path().join(OsStr::from_bytes(name));
        write_project(&folder);
        house.heals(&folder);
    }
    let build = house.build(
        &parent.path().join("with spaces, 'quotes' and $signs"),
        &nobody(),
    );
    let home = house.path().join(OsStr::from_bytes(b"not \xff utf-8"));
    let says = [
        "the variable XBUILD_HOME: `",
        "` is not UTF-8",
        "hint: name another one: XBUILD_HOME=",
    ];
    check(run(&build.env("XBUILD_HOME", home)), 82, &says);
    // A project that is reached by a link, and a target folder that is one.
    let folder = parent.path().join("real");
    write_project(&folder);
    let link = parent.path().join("link");
    symlink(&folder, &link).expect("a link");
    let elsewhere = parent.path().join("elsewhere");
    fs::create_dir(&elsewhere).expect("a folder");
    symlink(&elsewhere, folder.join("target")).expect("a link");
    house.heals(&link);
    assert!(
        elsewhere
            .join("x86_64-unknown-linux-gnu/debug/tiny")
            .is_file()
    );
    // And a home.
    let home = parent.path().join("home");
    symlink(house.path(), &home).expect("a link");
    house.forget();
    let build = house.build(&link, &nobody());
    is_right(run(&build.env("XBUILD_HOME", &home)));
}
