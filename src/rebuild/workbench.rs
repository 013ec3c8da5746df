//! Builds from scratch under given conditions, each in a target folder of its
//! own: `target/xbuild/verify/NAME`.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::conditions::{self, Conditions, Props};
use super::{Variation, blame, source};
use crate::artifact;
use crate::build::Build;
use crate::cargo::{Layout, TARGET};
use crate::error::{Error, IoContext, Kind, Result};
use crate::nix::{Lock, Realised, Share};
use crate::sandbox::{Access, Bind};
use crate::toolchain::Part;

/// The folder of all builds of one verification, and what they share.
pub struct Workbench<'b> {
    build: &'b Build<'b>,
    folder: PathBuf,
    stranger: Realised,
    processors: u32,
    _lock: Lock,
}

/// One artefact of one build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Where it lies in the shell, the same in every build.
    pub inside: PathBuf,
    pub real: PathBuf,
    /// Bytes.
    pub size: u64,
    pub sha256: String,
}

/// How a build ended.
#[derive(Debug)]
pub struct Outcome {
    /// Cargo's exit code.
    pub code: u8,
    /// Sorted by `inside`; empty where cargo failed.
    pub outputs: Vec<Output>,
    layout: Layout,
    folder: PathBuf,
}

impl Outcome {
    /// Removes the target folder.
    ///
    /// # Errors
    /// `Kind::Filesystem`.
    pub fn discard(self) -> Result<()> {
        remove(&self.folder)
    }

    /// The folders on the host of the profile that an artefact was built with:
    /// the target's and the host's.
    pub fn profile_folders(&self, inside: &Path) -> Vec<PathBuf> {
        let mut parts = inside.strip_prefix(TARGET).unwrap_or(inside).components();
        let (Some(triple), Some(profile)) = (parts.next(), parts.next()) else {
            return Vec::new();
        };
        let target = Path::new(TARGET);
        let places = [target.join(triple).join(profile), target.join(profile)];
        let real = places.iter().filter_map(|place| self.layout.real(place));
        real.collect()
    }

    /// Whether both builds made the same files of the same bytes.
    pub fn agrees(&self, other: &Outcome) -> bool {
        let hashes = |outcome: &Outcome| -> Vec<(PathBuf, String)> {
            let outputs = outcome.outputs.iter();
            outputs
                .map(|output| (output.inside.clone(), output.sha256.clone()))
                .collect()
        };
        self.code == other.code && hashes(self) == hashes(other)
    }
}

impl<'b> Workbench<'b> {
    /// Clears away what an interrupted verification left behind, and brings
    /// what the conditions are made with.
    ///
    /// # Errors
    /// From realising, or `Kind::Filesystem`.
    pub fn open(build: &'b Build<'b>) -> Result<Self> {
        let request = build.request();
        let own = Layout::own(&request.project.target_dir);
        let lock = Lock::take(&own, "verify.lock", Share::Exclusive)?;
        let folder = own.join("verify");
        remove(&folder)?;
        fs::create_dir_all(&folder).at("create", &folder)?;
        let realised = request.workshop.realise(&[Part::stranger()])?;
        let Some(stranger) = realised.into_iter().next() else {
            return Err(Error::new(Kind::Internal, "nothing was realised"));
        };
        let processors = std::thread::available_parallelism();
        Ok(Workbench {
            build,
            folder,
            stranger,
            processors: processors.map_or(1, |number| u32::try_from(number.get()).unwrap_or(1)),
            _lock: lock,
        })
    }

    /// Removes everything.
    ///
    /// # Errors
    /// `Kind::Filesystem`.
    pub fn close(self) -> Result<()> {
        remove(&self.folder)
    }

    /// Processors that a build may use where nothing is varied.
    pub fn processors(&self) -> u32 {
        self.processors
    }

    /// Versions of the crates that the project locks, by name.
    pub fn versions(&self) -> BTreeMap<String, String> {
        let lock = fs::read_to_string(&self.build.request().project.lock);
        blame::origin::versions(&lock.unwrap_or_default())
    }

    /// Builds from scratch under the conditions, in the folder `name`.
    ///
    /// # Errors
    /// Where the shell cannot be made, or the folders of ours.
    pub fn run(&self, name: &str, conditions: &Conditions, quiet: bool) -> Result<Outcome> {
        let folder = self.folder.join(name);
        remove(&folder)?;
        let layout = self.build.layout().below(&folder);
        layout.create()?;
        let props = self.props(&folder, conditions)?;
        let (code, artefacts) = self
            .build
            .again(&layout, quiet, |shell| conditions.dress(shell, &props))?;
        remove(&folder.join("props"))?;
        let mut outputs = Vec::new();
        if code == 0 {
            for artefact in artefacts {
                let real = layout.built(&artefact.inside)?;
                let read = artifact::read(&real, &[])?;
                outputs.push(Output {
                    inside: artefact.inside,
                    real,
                    size: read.size,
                    sha256: read.sha256,
                });
            }
        }
        outputs.sort_by(|a, b| a.inside.cmp(&b.inside));
        Ok(Outcome {
            code,
            outputs,
            layout,
            folder,
        })
    }

    fn props(&self, folder: &Path, conditions: &Conditions) -> Result<Props> {
        let props = folder.join("props");
        let home = props.join("home");
        fs::create_dir_all(&home).at("create", &home)?;
        let random = props.join("random");
        fs::write(&random, numbers()).at("write", &random)?;
        let mut made = Props {
            library: self
                .stranger
                .physical(self.stranger.out())
                .join("lib/stranger.so"),
            processors: self.processors,
            home,
            random,
            ..Props::default()
        };
        if conditions.wants_copy() {
            self.copy_source(&props, conditions, &mut made)?;
        }
        self.lay_userland(&mut made);
        if conditions.has(Variation::BuildPath) {
            self.lay_compilers(&props, &mut made)?;
        }
        // Last: what was made for the build before it is not new to it.
        made.start = now();
        Ok(made)
    }

    fn copy_source(&self, props: &Path, conditions: &Conditions, made: &mut Props) -> Result<()> {
        let target_dir = &self.build.request().project.target_dir;
        let time = conditions.has(Variation::Time);
        let how = source::Copying {
            backwards: conditions.has(Variation::FileOrdering),
            younger: if time { conditions::AHEAD } else { 0 },
            umask: conditions.source_umask(),
            without: Some(target_dir),
        };
        for (at, (host, inside)) in self.build.mounts().binds.iter().enumerate() {
            let to = props.join(format!("source{at}"));
            for (repository, place) in source::copy(host, &to, how)? {
                let rest = place.strip_prefix(&to).unwrap_or(&place);
                made.over.push(bind(repository, inside.join(rest)));
            }
            made.copies.push((host.clone(), to));
        }
        Ok(())
    }

    /// Puts a userland that loads the library over the static one. It is the
    /// same program from the same source.
    fn lay_userland(&self, made: &mut Props) {
        let toolchain = self.build.toolchains().first();
        let userland = toolchain.and_then(|toolchain| toolchain.env.path.last());
        if let Some(userland) = userland {
            let busybox = self.stranger.physical(self.stranger.out());
            made.over
                .push(bind(busybox.join("bin/busybox"), userland.join("busybox")));
        }
    }

    /// Puts compilers that map a moved source back over the real ones.
    fn lay_compilers(&self, props: &Path, made: &mut Props) -> Result<()> {
        let mut seen = Vec::new();
        for toolchain in self.build.toolchains() {
            for (name, program) in &toolchain.env.env {
                let program = PathBuf::from(program);
                if seen.contains(&program) {
                    continue;
                }
                let to = props.join(format!("compiler{}", seen.len()));
                if name == "RUSTC" {
                    let real = toolchain.physical(&program)?;
                    executable(&to, &conditions::rustc_wrapper())?;
                    made.compilers
                        .push(bind(real, conditions::real_rustc().to_owned()));
                    made.compilers.push(bind(to, program.clone()));
                } else if is_clang(name) {
                    let mut config = program.clone().into_os_string();
                    config.push(".cfg");
                    let config = PathBuf::from(config);
                    let real = toolchain.physical(&config)?;
                    let mut text = fs::read_to_string(&real).at("read", &real)?;
                    text.push_str(&conditions::clang_line());
                    fs::write(&to, text).at("write", &to)?;
                    made.compilers.push(bind(to, config));
                } else {
                    continue;
                }
                seen.push(program);
            }
        }
        Ok(())
    }
}

/// The variables that name a clang with a configuration beside it.
fn is_clang(name: &str) -> bool {
    ["CC_", "CXX_", "HOST_CC", "HOST_CXX"]
        .iter()
        .any(|begin| name.starts_with(begin))
}

fn bind(source: PathBuf, target: PathBuf) -> Bind {
    Bind {
        source,
        target,
        access: Access::ReadOnly,
    }
}

fn executable(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).at("write", path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).at("set the permissions of", path)
}

/// A mebibyte of numbers that look random and are the same each time.
fn numbers() -> Vec<u8> {
    let mut state: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut next = || {
        // xorshift64, after Marsaglia.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    (0..131_072).flat_map(|_| next()).collect()
}

/// Seconds since 1970.
pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
    })
}

/// Removes a folder with all in it, also where a build took away its own right
/// to write to some of it.
fn remove(path: &Path) -> Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            unlock(path)?;
            fs::remove_dir_all(path).at("remove", path)
        }
        result => result.at("remove", path),
    }
}

fn unlock(folder: &Path) -> Result<()> {
    let all = fs::Permissions::from_mode(0o700);
    fs::set_permissions(folder, all).at("set the permissions of", folder)?;
    for entry in fs::read_dir(folder).at("read", folder)? {
        let entry = entry.at("read", folder)?;
        if entry.file_type().at("read", folder)?.is_dir() {
            unlock(&entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_build_locked_is_removed_as_well() {
        let folder = tempfile::tempdir().unwrap();
        let verify = folder.path().join("verify");
        let locked = verify.join("a/b");
        fs::create_dir_all(&locked).unwrap();
        fs::write(locked.join("file"), "").unwrap();
        for folder in [&locked, &verify.join("a")] {
            fs::set_permissions(folder, fs::Permissions::from_mode(0o500)).unwrap();
        }
        unlock(&verify).unwrap();
        fs::write(locked.join("another"), "").unwrap();
        remove(&verify).unwrap();
        assert!(!verify.exists());
        remove(&verify).unwrap();
    }

    #[test]
    fn the_numbers_that_repeat_are_a_mebibyte_and_no_pattern() {
        let numbers = numbers();
        assert_eq!(numbers.len(), 1 << 20);
        assert_eq!(numbers, super::numbers());
        let zeros = numbers.iter().filter(|byte| **byte == 0).count();
        assert!((3_000..6_000).contains(&zeros), "{zeros}");
    }
}
