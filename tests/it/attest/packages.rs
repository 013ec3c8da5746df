//! `xbuild package`, read by tools that are not ours.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use xbuild::process::Command;

use super::Desk;
use crate::support::{repository, run, xbuild};

fn busybox(desk: &Desk, args: &[&str]) -> Command {
    Command::new(repository("nix/seed/busybox"))
        .args(args)
        .cwd(desk.path(""))
}

#[test]
fn others_unpack_what_was_packed_and_agree_about_its_hash() {
    let desk = Desk::new();
    let mode = fs::Permissions::from_mode(0o700);
    fs::set_permissions(desk.path("hello.bin"), mode).expect("a program");
    fs::create_dir(desk.path("docs")).expect("a folder");
    desk.write("docs/manual", "how to\n");
    let pack = |output: &str, umask| {
        let caller = xbuild().args(["package", "-o", output, "--prefix", "p-1.0"]);
        let caller = caller.args([
            "hello.bin",
            "docs",
            "--target",
            "armv7-unknown-linux-musleabihf",
        ]);
        let caller = caller.args(["--entrypoint", "p-1.0/hello.bin"]);
        caller.cwd(desk.path("")).umask(umask).run().ok().stdout
    };
    for (name, unpack) in [
        ("p.tar.gz", &["tar", "-xzf", "p.tar.gz"][..]),
        ("p.crate", &["tar", "-xzf", "p.crate"]),
        ("p.zip", &["unzip", "-q", "p.zip"]),
    ] {
        let first = pack(name, "022");
        let bytes = fs::read(desk.path(name)).expect("a package");
        fs::remove_file(desk.path(name)).expect("a package");
        let manual = desk.path("docs/manual");
        let young = fs::File::options()
            .append(true)
            .open(manual)
            .expect("a file");
        young
            .set_modified(std::time::SystemTime::now())
            .expect("a time");
        assert_eq!(pack(name, "077"), first);
        assert_eq!(fs::read(desk.path(name)).expect("a package"), bytes);
        desk.write("SUMS", &first);
        run(&busybox(&desk, &["sha256sum", "-c", "SUMS"])).ok();
        run(&busybox(&desk, unpack)).ok();
        assert_eq!(desk.read("p-1.0/docs/manual"), "how to\n");
        let program = fs::metadata(desk.path("p-1.0/hello.bin")).expect("a program");
        assert_eq!(program.permissions().mode() & 0o777, 0o755, "{name}");
        fs::remove_dir_all(desk.path("p-1.0")).expect("what was unpacked");
    }
    pack("p.oci.tar", "022");
    fs::create_dir(desk.path("layout")).expect("a folder");
    run(&busybox(
        &desk,
        &["tar", "-xf", "p.oci.tar", "-C", "layout"],
    ))
    .ok();
    let listed = run(&desk.tool("umoci").args(["ls", "--layout", "layout"])).ok();
    assert_eq!(listed.stdout, "latest\n");
    let unpack = desk
        .tool("umoci")
        .args(["unpack", "--rootless", "--image", "layout:latest"]);
    run(&unpack.arg("bundle")).ok();
    assert_eq!(desk.read("bundle/rootfs/p-1.0/docs/manual"), "how to\n");
    let config: serde_json::Value =
        serde_json::from_str(&desk.read("bundle/config.json")).expect("JSON");
    assert_eq!(config["process"]["args"][0], "/p-1.0/hello.bin");
}

#[test]
fn an_image_from_nothing_is_a_layout_that_others_unpack() {
    let desk = Desk::new();
    fs::copy(repository("nix/seed/busybox"), desk.path("busybox")).expect("a static program");
    desk.write("certificates", "trusted\n");
    let pack = |output: &str| {
        let caller = xbuild().args(["package", "--oci", "-o", output, "busybox"]);
        let caller = caller.args(["--ca-certificates", "certificates", "--format=json"]);
        caller.cwd(desk.path("")).run()
    };
    let packed = pack("layout").ok().json();
    assert_eq!(packed["of"], "layout/index.json");
    assert_eq!(packed["count"], 1);
    let sum = format!(
        "{}  layout/index.json\n",
        packed["sha256"].as_str().expect("a hash")
    );
    desk.write("SUMS", &sum);
    run(&busybox(&desk, &["sha256sum", "-c", "SUMS"])).ok();
    // Over itself, but over nothing else.
    assert_eq!(pack("layout").ok().json(), packed);
    fs::create_dir(desk.path("mine")).expect("a folder");
    desk.write("mine/file", "");
    pack("mine")
        .exits(2)
        .says("holds other things than an image");

    let unpack = ["unpack", "--rootless", "--image", "layout:latest", "bundle"];
    run(&desk.tool("umoci").args(unpack)).ok();
    let certificates = desk.read("bundle/rootfs/etc/ssl/certs/ca-certificates.crt");
    assert_eq!(certificates, "trusted\n");
    let config: serde_json::Value =
        serde_json::from_str(&desk.read("bundle/config.json")).expect("JSON");
    assert_eq!(config["process"]["args"][0], "/busybox");
    assert_eq!(config["process"]["user"]["uid"], 65532);

    // The tar is the same layout.
    pack("image.oci.tar").ok();
    fs::create_dir(desk.path("tarred")).expect("a folder");
    let untar = ["tar", "-xf", "image.oci.tar", "-C", "tarred"];
    run(&busybox(&desk, &untar)).ok();
    let index = desk.read("tarred/index.json");
    assert_eq!(index, desk.read("layout/index.json"));
}

#[test]
fn what_cannot_be_packed_is_told() {
    let desk = Desk::new();
    desk.write("hello", "");
    let table: [(&[&str], i32, &str); 7] = [
        (&["-o", "p.rar", "hello"], 2, "what kind of package"),
        (&["-o", "p.zip", "absent"], 87, "`absent`"),
        (
            &["-o", "p.zip", "hello", "hello"],
            2,
            "two files want to be `hello`",
        ),
        (
            &["-o", "p.zip", "--prefix", "../up", "hello"],
            2,
            "no path of a file in a package",
        ),
        (
            &["-o", "p.oci.tar", "hello"],
            2,
            "needs to know the processor",
        ),
        (&["-o", "p.oci.tar", "--target", "vax", "hello"], 80, "vax"),
        (
            &["-o", "p.zip", "--entrypoint", "x", "hello"],
            2,
            "`x` is not in the package",
        ),
    ];
    for (args, code, why) in table {
        let caller = xbuild().arg("package").args(args).cwd(desk.path(""));
        caller.run().exits(code).says(why);
    }
    for (epoch, code) in [("soon", 82), ("0", 2), ("99999999999999", 2)] {
        let caller = xbuild().args(["package", "-o", "p.zip", "hello"]);
        let caller = caller.env("SOURCE_DATE_EPOCH", epoch).cwd(desk.path(""));
        caller.run().exits(code).says("SOURCE_DATE_EPOCH");
    }
    assert!(!desk.path("p.zip").exists());
}
