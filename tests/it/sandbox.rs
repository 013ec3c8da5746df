//! The hermetic shell: what it refuses, and how commands in it end.

use std::path::{Path, PathBuf};

use xbuild::sandbox::{self, Shell};

fn busybox() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("nix/seed/busybox")
}

/// A shell with busybox alone, running a script.
fn script(text: &str) -> Shell {
    let mut shell = Shell::new(["/bin/busybox", "sh", "-c", text])
        .read_only(busybox(), "/bin/busybox")
        .env("PATH", "/bin");
    for applet in [
        "sh", "cat", "ls", "echo", "kill", "sleep", "id", "mount", "true",
    ] {
        shell = shell.link("busybox", format!("/bin/{applet}"));
    }
    shell.launcher = env!("CARGO_BIN_EXE_xbuild").into();
    shell
}

#[test]
fn exit_codes_pass_through() {
    for (text, code) in [
        ("exit 0", 0),
        ("exit 7", 7),
        ("kill -SEGV $$", 139),
        ("kill -KILL $$", 137),
        ("kill -40 $$", 168),
    ] {
        assert_eq!(sandbox::run(&script(text)).unwrap().code(), code, "{text}");
    }
}
