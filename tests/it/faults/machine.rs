//! Machines on which something is full, missing, read-only or odd.

use xbuild::process::Command;

use super::{House, TARGET, expected, hash, project};
use crate::bad_input::quarantine;
use crate::support::{one_at_a_time, run};

#[test]
fn a_full_disk_is_told_by_name_and_healed_by_room() {
    let _building = one_at_a_time();
    let (house, project) = (House::cold(), project());
    // One world for both runs; its store is a disk that grows in between.
    let script = "mkdir \"$XBUILD_HOME/data\"
        mount -t tmpfs -o size=400m none \"$XBUILD_HOME/data\"
        code=0; \"$XBUILD\" build --target \"$TARGET\" || code=$?
        echo \"exit code $code, now with room\" >&2
        mount -o remount,size=6g \"$XBUILD_HOME/data\"
        exec \"$XBUILD\" build --format=json --target \"$TARGET\"";
    let mut command = Command::new("/usr/bin/unshare")
        .args(["-Urm", "/bin/sh", "-euc", script])
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .env("XBUILD", env!("CARGO_BIN_EXE_xbuild"))
        .env("TARGET", TARGET)
        .env("HOME", house.path())
        .cwd(project.path());
    for (name, value) in quarantine(house.path()) {
        command = command.env(name, value);
    }
    let outcome = run(&command)
        .ok()
        .says("exit code 87, now with room")
        .says("No space left on device")
        .says("hint: free some space; XBUILD_HOME and --target-dir name folders on other disks");
    assert_eq!(hash(&outcome), expected());
}
