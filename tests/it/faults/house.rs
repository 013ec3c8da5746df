//! Homes of xbuild to do damage to, which cost next to nothing: what is in
//! them are hard links to the downloads and the store of the tests' common
//! home. So no file of theirs may be written to: it is replaced.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde_json::Value;
use tempfile::TempDir;
use xbuild::host::Folders;
use xbuild::nix::{Realised, SOURCES_HASH, StorePath};
use xbuild::pins::{Package, Pins, Sha256};
use xbuild::process::Command;
use xbuild::target::{Table, TargetSpec};

use crate::bad_input::{nobody, quarantine};
use crate::nixes;
use crate::support::{Outcome, run, run_reading, temp, test_home, xbuild};

pub const TARGET: &str = "x86_64-unknown-linux-gnu.2.17";

/// A chain of libraries, so that a build has moments, and a program.
const LIBRARIES: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

/// A program without dependencies from elsewhere.
pub fn project() -> TempDir {
    let folder = temp();
    write_project(folder.path());
    folder
}

/// The same in a folder that is to be made.
fn write_project(folder: &Path) {
    let package = |name: &str| {
        format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n")
    };
    let write = |path: PathBuf, text: &str| {
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    };
    let mut before: Option<&str> = None;
    let mut lock = "version = 4\n".to_owned();
    let depends = |before: Option<&str>| {
        before.map_or_else(String::new, |name| {
            format!("\n[dependencies]\n{name} = {{ path = \"../{name}\" }}\n")
        })
    };
    let locked = |name: &str, before: Option<&str>| {
        let needs = before.map_or_else(String::new, |before| {
            format!("dependencies = [\n \"{before}\",\n]\n")
        });
        format!("\n[[package]]\nname = \"{name}\"\nversion = \"0.1.0\"\n{needs}")
    };
    for name in LIBRARIES {
        let manifest = package(name) + &depends(before);
        write(folder.join(name).join("Cargo.toml"), &manifest);
        let said = before.map_or_else(
            || "String::new()".to_owned(),
            |before| format!("{before}::said()"),
        );
        let text = format!("pub fn said() -> String {{\n    {said} + \"{name}\"\n}}\n");
        write(folder.join(name).join("src/lib.rs"), &text);
        lock += &locked(name, before);
        before = Some(name);
    }
    let manifest = package("tiny") + &depends(before).replace("../", "") + "\n[workspace]\n";
    write(folder.join("Cargo.toml"), &manifest);
    write(
        folder.join("src/main.rs"),
        "fn main() {\n    println!(\"{}\", f::said());\n}\n",
    );
    lock += &locked("tiny", before);
    write(folder.join("Cargo.lock"), &lock);
}

/// The program's hash when nothing goes wrong, from the tests' common home,
/// which has all the downloads afterwards, and all of the toolchain.
pub fn expected() -> &'static str {
    static HASH: OnceLock<String> = OnceLock::new();
    HASH.get_or_init(|| {
        let project = project();
        let verify = xbuild().cwd(project.path());
        verify.args(["verify", "--target", TARGET]).run().ok();
        let build = xbuild().cwd(project.path());
        let build = build.args(["build", "--format=json", "--target", TARGET]);
        hash(&build.run().ok())
    })
}

#[track_caller]
pub fn hash(outcome: &Outcome) -> String {
    let report = &outcome.reports()[0]["artifacts"][0];
    report["sha256"].as_str().expect("a hash").to_owned()
}

/// The packages that the toolchain is made of, xbuild's own Nix included, and
/// what a second build takes.
pub fn packages(pins: &Pins) -> Vec<&Package> {
    let table = Table::embedded().expect("the targets");
    let spec = TargetSpec::parse(&table, TARGET, None).expect("a target");
    let mut sets = spec.toolchain_sets();
    sets.extend(["nix", "busybox"].map(str::to_owned));
    pins.union(&sets).expect("the sets are pinned")
}

/// Where a download is kept below a home.
pub fn download(home: &Path, package: &Package) -> PathBuf {
    let hex = package.sha256.to_hex();
    home.join("cache/downloads").join(&hex[..2]).join(hex)
}

/// The name of the toolchain's folder.
fn key() -> String {
    let name = TARGET.replace(".2.17", "-2_17");
    format!("toolchain.{name}-{}", &SOURCES_HASH[..16])
}

/// An `XBUILD_HOME` of its own.
pub struct House(TempDir);

impl House {
    /// One with nothing in it.
    pub fn empty() -> Self {
        expected();
        let house = tempfile::Builder::new()
            .prefix("faults-")
            .tempdir_in(test_home())
            .expect("a folder beside the downloads");
        House(house)
    }

    /// One with all downloads and nothing else.
    pub fn cold() -> Self {
        let house = House::empty();
        let pins = Pins::embedded().expect("the pins");
        for package in packages(&pins) {
            let to = download(house.path(), package);
            fs::create_dir_all(to.parent().expect("a folder")).expect("a folder");
            fs::hard_link(download(&test_home(), package), to).expect("a link to a download");
        }
        house
    }

    /// One with the toolchain as well, and all that it was built from.
    pub fn warm() -> Self {
        let house = House::cold();
        let common = Folders::below(&test_home());
        let own = Folders::below(house.path());
        let realised = Realised::load(&common, &key()).expect("the common home is warm");
        let out = realised.out().to_string();
        let deriver = lines(&store(&common, &["--query", "--deriver", &out]));
        let mut all = lines(&store(&common, &["--query", "--requisites", &out]));
        if let Some(drv) = deriver.first().filter(|drv| drv.ends_with(".drv")) {
            let query = ["--query", "--requisites", "--include-outputs", drv];
            all.extend(lines(&store(&common, &query)));
        }
        all.sort();
        all.dedup();
        let mut dump: Vec<&str> = vec!["--dump-db"];
        dump.extend(all.iter().map(String::as_str));
        let text = house.path().join("registration");
        fs::write(&text, run(&store(&common, &dump)).ok().stdout).expect("a file");

        fs::create_dir_all(own.store().join("nix/store")).expect("a store");
        for path in &all {
            let path = StorePath::parse(path).expect("a path of the store");
            link(&path.below(&common.store()), &path.below(&own.store()));
        }
        let nix = nixes::own(&common).expect("xbuild's own Nix");
        let program = nix.program().strip_prefix(common.own_nix());
        let folder = program.expect("in its folder").components().next();
        let folder = Path::new(folder.as_ref().expect("its folder").as_os_str());
        link(&common.own_nix().join(folder), &own.own_nix().join(folder));
        link(&common.own_nix().join("conf"), &own.own_nix().join("conf"));
        fs::create_dir_all(own.own_nix().join("home")).expect("a folder");
        run_reading(&store(&own, &["--load-db"]), &text).ok();
        fs::remove_file(text).expect("no longer needed");

        let toolchain = own.toolchains().join(key());
        fs::create_dir_all(&toolchain).expect("a folder");
        let root = toolchain.join("root").display().to_string();
        run(&store(&own, &["--realise", &out, "--add-root", &root])).ok();
        let known = common.toolchains().join(key()).join("realised.json");
        let known = fs::read_to_string(known).expect("a state file");
        let place = |folders: &Folders| folders.store().display().to_string();
        let known = known.replace(&place(&common), &place(&own));
        fs::write(toolchain.join("realised.json"), known).expect("a state file");
        house
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn folders(&self) -> Folders {
        Folders::below(self.path())
    }

    /// A command of xbuild by a caller whose only mirror is given.
    pub fn xbuild(&self, project: &Path, mirror: &str, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xbuild"))
            .args(args.iter().copied())
            .env("HOME", self.path())
            .cwd(project);
        for (name, value) in quarantine(self.path()) {
            command = command.env(name, value);
        }
        command.env("XBUILD_MIRROR", mirror)
    }

    /// A cold or warm build.
    pub fn build(&self, project: &Path, mirror: &str) -> Command {
        self.xbuild(
            project,
            mirror,
            &["build", "--format=json", "--target", TARGET],
        )
    }

    /// A run that must give the right program, and what it said. It reaches
    /// nobody.
    #[track_caller]
    pub fn heals(&self, project: &Path) -> String {
        self.heals_with(project, &nobody())
    }

    /// The same with a mirror in reach.
    #[track_caller]
    pub fn heals_with(&self, project: &Path, mirror: &str) -> String {
        let outcome = run(&self.build(project, mirror)).ok();
        assert_eq!(hash(&outcome), expected(), "{outcome}");
        outcome.stderr
    }

    /// What is written down of the toolchain.
    pub fn realised(&self) -> (PathBuf, Value) {
        let file = self.folders().toolchains().join(key());
        let file = file.join("realised.json");
        let text = fs::read(&file).expect("a state file");
        (file, serde_json::from_slice(&text).expect("JSON"))
    }

    /// The path of the toolchain's closure with this in its name: on disk, and
    /// as the store has it.
    pub fn in_closure(&self, name: &str) -> (PathBuf, String) {
        let (_, state) = self.realised();
        let closure = state["closure"].as_array().expect("a closure");
        let mut paths = closure.iter().filter_map(Value::as_str);
        let path = paths.find(|path| path.contains(name));
        let path = path.unwrap_or_else(|| panic!("no {name} in {closure:?}"));
        let store = self.folders().store();
        (store.join(path.trim_start_matches('/')), path.to_owned())
    }

    /// Lets the next run ask Nix.
    pub fn forget(&self) {
        let _ = fs::remove_file(self.realised().0);
    }

    /// Loses a package, from the downloads and from the store.
    pub fn lose(&self, package: &Package) {
        self.forget();
        fs::remove_file(download(self.path(), package)).expect("a download");
        let path = StorePath::of_file(&package.store_name(), &package.sha256.to_hex());
        let path = path.expect("a name").to_string();
        let delete = store(&self.folders(), &["--delete", "--ignore-liveness", &path]);
        run(&delete).ok();
    }

    /// Whether the store has a package.
    pub fn has(&self, package: &Package) -> bool {
        let path = StorePath::of_file(&package.store_name(), &package.sha256.to_hex());
        let store = self.folders().store();
        path.expect("a name").below(&store).exists()
    }

    /// How many bytes of downloads there are, those of unfinished ones too.
    pub fn downloaded(&self) -> u64 {
        let files = self.downloads().into_iter();
        let sizes = files.filter_map(|path| fs::metadata(path).ok());
        sizes.map(|metadata| metadata.len()).sum()
    }

    fn downloads(&self) -> Vec<PathBuf> {
        let entries = |folder: &Path| fs::read_dir(folder).into_iter().flatten().flatten();
        let folders = entries(&self.folders().downloads()).map(|entry| entry.path());
        let files = folders.flat_map(|folder| entries(&folder).collect::<Vec<_>>());
        files.map(|entry| entry.path()).collect()
    }

    /// Asserts that all downloads are what their names say, and nothing else
    /// lies there but parts of some.
    #[track_caller]
    pub fn downloads_are_right(&self) {
        for path in self.downloads() {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if !name.ends_with(".part") {
                let bytes = fs::read(&path).expect("a download");
                assert_eq!(Sha256::of(&bytes).to_hex(), name, "{}", path.display());
            }
        }
    }

    /// Asserts that every path of the store is what its database says.
    #[track_caller]
    pub fn store_is_right(&self) {
        run(&store(&self.folders(), &["--verify", "--check-contents"])).ok();
    }
}

impl Drop for House {
    /// Nix leaves read-only folders, which only root can remove as they are.
    fn drop(&mut self) {
        let mut folders = vec![self.path().join("data")];
        while let Some(folder) = folders.pop() {
            let _ = fs::set_permissions(&folder, fs::Permissions::from_mode(0o755));
            let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
            let is_folder = |entry: &fs::DirEntry| entry.file_type().is_ok_and(|t| t.is_dir());
            folders.extend(entries.filter(is_folder).map(|entry| entry.path()));
        }
    }
}

/// A `nix-store` on the store of a home.
pub fn store(folders: &Folders, args: &[&str]) -> Command {
    let nix = nixes::own(&Folders::below(&test_home())).expect("xbuild's own Nix");
    Command::new(nix.program().with_file_name("nix-store"))
        .env("HOME", folders.own_nix().join("home"))
        .env("NIX_CONF_DIR", folders.own_nix().join("conf"))
        .env("NIX_USER_CONF_FILES", "")
        .env("PATH", "")
        .arg("--store")
        .arg(folders.store())
        .args(args.iter().copied())
}

fn lines(command: &Command) -> Vec<String> {
    let outcome = run(command).ok();
    outcome.stdout.lines().map(str::to_owned).collect()
}

/// Copies a file, folder or link, with hard links for files.
fn link(from: &Path, to: &Path) {
    fs::create_dir_all(to.parent().expect("a folder")).expect("a folder");
    let metadata = fs::symlink_metadata(from).expect("a path to link");
    if metadata.is_symlink() {
        symlink(fs::read_link(from).expect("a link"), to).expect("a link");
    } else if metadata.is_dir() {
        fs::create_dir(to).expect("a folder");
        for entry in fs::read_dir(from).expect("a folder") {
            let entry = entry.expect("an entry");
            link(&entry.path(), &to.join(entry.file_name()));
        }
        fs::set_permissions(to, metadata.permissions()).expect("its mode");
    } else {
        fs::hard_link(from, to).expect("a hard link");
    }
}

/// Puts other bytes into a file's place, without writing to the file: it may
/// be linked elsewhere.
pub fn replace(file: &Path, bytes: &[u8]) {
    let metadata = fs::symlink_metadata(file).expect("a file");
    let folder = file.parent().expect("a folder");
    let mode = fs::metadata(folder).expect("a folder").permissions();
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).expect("its mode");
    fs::remove_file(file).expect("a removal");
    fs::write(file, bytes).expect("other bytes");
    fs::set_permissions(file, metadata.permissions()).expect("its mode");
    fs::set_permissions(folder, mode).expect("its mode");
}
