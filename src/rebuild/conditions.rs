//! The conditions that one build takes place under, and how its hermetic shell
//! comes to show them. [pure]
//!
//! The second build of `xbuild verify` is varied in everything at once and
//! otherwise as live as the first. The builds that look for a cause are
//! *quiet*: their clock stands still, addresses are fixed and random numbers
//! repeat, so that one of them differs from another only by what was varied.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::Variation;
use crate::cargo::SOURCE;
use crate::sandbox::{Access, Bind, File, Shell};

/// The source's place in a build that has another one.
pub const ELSEWHERE: &str = "/build/elsewhere/quite/another";

/// How far ahead the second build's clock is: a year, a month and three days.
/// Seconds.
pub const AHEAD: i64 = 398 * 86_400 + 3_661;

/// A user of another name and number, in a group of another.
const USER: (&str, u32, u32) = ("stranger", 4242, 4343);
const HOST: &str = "elsewhere";
const DOMAIN: &str = "stranger.invalid";
const HOME: &str = "/home/stranger";
const LOCALE: &str = "fr_CH.UTF-8";
/// Strict, where the ordinary shell's is 022.
const UMASK: u32 = 0o077;
/// An extra folder before the others of `PATH`, and one behind them.
const PATHS: (&str, &str) = ("/stranger/bin", "/i_capture_the_path");

/// Where the tools of a second build stand in its shell.
const LIBRARY: &str = "/etc/stranger.so";
const RUSTC: &str = "/build/stranger/rustc";

/// What the clock shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    Real,
    /// So many seconds ahead.
    Ahead(i64),
    /// It stands still at this second since 1970.
    Frozen(i64),
}

/// The conditions of one build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conditions {
    pub varied: BTreeSet<Variation>,
    pub clock: Clock,
    /// Whether random numbers are the same in every build.
    pub repeat_random: bool,
    pub fixed_addresses: bool,
}

impl Conditions {
    /// The second build of a verification.
    pub fn second(varied: &BTreeSet<Variation>) -> Self {
        Conditions {
            clock: if varied.contains(&Variation::Time) {
                Clock::Ahead(AHEAD)
            } else {
                Clock::Real
            },
            repeat_random: false,
            fixed_addresses: varied.contains(&Variation::Aslr),
            varied: varied.clone(),
        }
    }

    /// A build that looks for a cause, all of them at the same moment `now`.
    pub fn quiet(varied: BTreeSet<Variation>, live_random: bool, now: i64) -> Self {
        let time = varied.contains(&Variation::Time);
        Conditions {
            clock: Clock::Frozen(if time { now + AHEAD } else { now }),
            repeat_random: !live_random,
            fixed_addresses: !varied.contains(&Variation::Aslr),
            varied,
        }
    }

    /// Whether the source is a copy: in another order, of another age, with
    /// other permissions.
    pub fn wants_copy(&self) -> bool {
        [Variation::FileOrdering, Variation::Time, Variation::Umask]
            .iter()
            .any(|variation| self.varied.contains(variation))
    }

    /// The permissions of the copy's files, where they are others.
    pub fn source_umask(&self) -> Option<u32> {
        self.has(Variation::Umask).then_some(UMASK)
    }

    pub fn has(&self, variation: Variation) -> bool {
        self.varied.contains(&variation)
    }

    /// What the preloaded library is told: the text of `/etc/stranger`. `start`
    /// is when the build begins, seconds since 1970.
    fn orders(&self, start: i64) -> String {
        let mut text = format!("start {start}\n");
        match self.clock {
            Clock::Real => {}
            Clock::Ahead(seconds) => text.push_str(&format!("shift {seconds}\n")),
            Clock::Frozen(second) => text.push_str(&format!("freeze {second}\n")),
        }
        if self.has(Variation::FileOrdering) {
            text.push_str("reverse\n");
        }
        if self.repeat_random {
            text.push_str("repeat\n");
        }
        text
    }

    /// Changes an ordinary build's shell into one under these conditions.
    pub fn dress(&self, mut shell: Shell, props: &Props) -> Shell {
        shell = shell
            .read_only(&props.library, LIBRARY)
            .file("/etc/ld.so.preload", format!("{LIBRARY}\n"))
            .file("/etc/stranger", self.orders(props.start));
        for (from, to) in &props.copies {
            for bind in &mut shell.binds {
                if bind.source == *from && bind.access == Access::ReadOnly {
                    bind.source.clone_from(to);
                }
            }
        }
        shell.binds.extend(props.over.iter().cloned());
        if self.repeat_random {
            for device in ["/dev/random", "/dev/urandom"] {
                shell = shell.read_only(&props.random, device);
            }
        }
        shell.guise.fixed_addresses = self.fixed_addresses;
        for variation in &self.varied {
            shell = self.vary(*variation, shell, props);
        }
        shell
    }

    fn vary(&self, variation: Variation, mut shell: Shell, props: &Props) -> Shell {
        match variation {
            Variation::Environment => shell
                .env("CAPTURE_ENVIRONMENT", "i_capture_the_environment")
                .env("TERM", "stranger")
                .env("XDG_CONFIG_DIRS", "/etc/stranger.d"),
            Variation::BuildPath => move_source(shell, props),
            Variation::Kernel => {
                shell.guise.old_kernel_name = true;
                shell
            }
            // Both are in place already: the clock, the addresses, the copy.
            Variation::Aslr | Variation::Time | Variation::FileOrdering => shell,
            Variation::NumCpus => {
                shell.guise.processors = Some(fewer(props.processors));
                let jobs = std::ffi::OsString::from("CARGO_BUILD_JOBS");
                if let Some(jobs) = shell.env.get_mut(&jobs) {
                    *jobs = fewer(props.processors).to_string().into();
                }
                shell
            }
            Variation::UserGroup => {
                let (name, uid, gid) = USER;
                (shell.guise.uid, shell.guise.gid) = (uid, gid);
                replace_in(
                    &mut shell.files,
                    "/etc/passwd",
                    "xbuild:x:1000:1000",
                    &format!("{name}:x:{uid}:{gid}"),
                );
                replace_in(
                    &mut shell.files,
                    "/etc/group",
                    "xbuild:x:1000",
                    &format!("{name}:x:{gid}"),
                );
                shell.env("USER", name)
            }
            Variation::DomainHost => {
                HOST.clone_into(&mut shell.hostname);
                DOMAIN.clone_into(&mut shell.guise.domain);
                replace_in(
                    &mut shell.files,
                    "/etc/hosts",
                    "localhost xbuild",
                    &format!("localhost {HOST}"),
                );
                shell
            }
            Variation::Home => {
                replace_in(&mut shell.files, "/etc/passwd", crate::shell::HOME, HOME);
                shell.read_write(&props.home, HOME).env("HOME", HOME)
            }
            Variation::Locales => shell
                .env("LANG", LOCALE)
                .env("LC_ALL", LOCALE)
                .env("LANGUAGE", "fr_CH:fr"),
            Variation::ExecPath => {
                let path = shell.env.get(std::ffi::OsStr::new("PATH"));
                let path = path.map(|path| path.to_string_lossy().into_owned());
                let (before, behind) = PATHS;
                let path = format!("{before}:{}:{behind}", path.unwrap_or_default());
                shell.env("PATH", path)
            }
            // POSIX counts westwards: 14 hours ahead of Greenwich.
            Variation::TimeZone => shell.env("TZ", "GMT-14"),
            Variation::Umask => {
                shell.umask = UMASK;
                shell
            }
        }
    }
}

/// Half of the processors; of two, one.
fn fewer(processors: u32) -> u32 {
    (processors / 2).max(1)
}

/// What a build's conditions are made with: files and folders on the host.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Props {
    /// The library that shows another clock.
    pub library: PathBuf,
    /// When the build begins, seconds since 1970.
    pub start: i64,
    /// Processors that xbuild may use.
    pub processors: u32,
    /// Folders of the source and the copies in their place.
    pub copies: Vec<(PathBuf, PathBuf)>,
    /// What lies over other binds, whatever is varied.
    pub over: Vec<Bind>,
    /// What lies over the compilers where the source has moved.
    pub compilers: Vec<Bind>,
    /// A folder to be the home, and a file of numbers that repeat.
    pub home: PathBuf,
    pub random: PathBuf,
}

/// Moves the source to [`ELSEWHERE`]. What names it by the compilers' doing is
/// put right by what lies over them, as constant paths put it right between two
/// checkouts; what the project itself writes down is not.
fn move_source(mut shell: Shell, props: &Props) -> Shell {
    let moved = |path: &Path| -> Option<PathBuf> {
        let rest = path.strip_prefix(SOURCE).ok()?;
        Some(if rest.as_os_str().is_empty() {
            PathBuf::from(ELSEWHERE)
        } else {
            Path::new(ELSEWHERE).join(rest)
        })
    };
    for bind in &mut shell.binds {
        if let Some(target) = moved(&bind.target) {
            bind.target = target;
        }
    }
    if let Some(cwd) = moved(&shell.cwd) {
        shell.cwd = cwd;
    }
    for word in &mut shell.command {
        if let Some(path) = moved(Path::new(word)) {
            *word = path.into();
        }
    }
    shell.binds.extend(props.compilers.iter().cloned());
    shell
}

/// The text of a compiler that maps the moved source back, in place of rustc's.
pub fn rustc_wrapper() -> String {
    format!("#!/bin/sh\nexec {RUSTC} \"$@\" --remap-path-prefix={ELSEWHERE}={SOURCE}\n")
}

/// Where that text finds the real one.
pub fn real_rustc() -> &'static Path {
    Path::new(RUSTC)
}

/// A line for the configuration of clang, to the same end.
pub fn clang_line() -> String {
    format!("-ffile-prefix-map={ELSEWHERE}={SOURCE}\n")
}

fn replace_in(files: &mut [File], path: &str, from: &str, to: &str) {
    for file in files.iter_mut().filter(|file| file.path == Path::new(path)) {
        let text = String::from_utf8_lossy(&file.bytes).replace(from, to);
        file.bytes = text.into_bytes();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ordinary() -> Shell {
        let mut shell = Shell::new(["cargo", "--manifest-path", "/build/source/a/Cargo.toml"])
            .read_only("/home/me/p", SOURCE)
            .read_only("/home/me/q", "/build/source/q")
            .read_write("/home/me/p/target", "/build/target")
            .file("/etc/passwd", "xbuild:x:1000:1000::/build/home:/bin/sh\n")
            .file("/etc/group", "xbuild:x:1000:\n")
            .file("/etc/hosts", "127.0.0.1 localhost xbuild\n")
            .env("PATH", "/bin")
            .env("HOME", "/build/home");
        shell.cwd = "/build/source/a".into();
        shell
    }

    fn only(variation: Variation) -> Shell {
        let props = Props {
            processors: 8,
            copies: vec![("/home/me/p".into(), "/copy".into())],
            ..Props::default()
        };
        Conditions::quiet(BTreeSet::from([variation]), false, 1000).dress(ordinary(), &props)
    }

    #[test]
    fn every_variation_changes_the_shell() {
        let props = Props {
            processors: 8,
            ..Props::default()
        };
        let plain = Conditions::quiet(BTreeSet::new(), false, 1000).dress(ordinary(), &props);
        for variation in Variation::ALL {
            let varied = Conditions::quiet(BTreeSet::from([variation]), false, 1000)
                .dress(ordinary(), &props);
            assert_ne!(varied, plain, "{variation}");
        }
    }

    /// What a build takes in place of the clock is no clock.
    #[test]
    fn another_time_is_not_another_source_date() {
        let epoch = |shell: &Shell| {
            shell
                .env
                .get(std::ffi::OsStr::new("SOURCE_DATE_EPOCH"))
                .cloned()
        };
        let props = Props::default();
        let shell = ordinary().env("SOURCE_DATE_EPOCH", "1700000000");
        let varied = Conditions::second(&BTreeSet::from(Variation::ALL)).dress(shell, &props);
        assert_eq!(epoch(&varied), Some("1700000000".into()));
    }

    #[test]
    fn the_source_moves_with_all_that_names_it() {
        let shell = only(Variation::BuildPath);
        let targets: Vec<_> = shell
            .binds
            .iter()
            .map(|bind| bind.target.to_str())
            .collect();
        assert_eq!(targets[0], Some(ELSEWHERE));
        assert_eq!(targets[1], Some("/build/elsewhere/quite/another/q"));
        assert_eq!(targets[2], Some("/build/target"));
        assert_eq!(shell.cwd, Path::new("/build/elsewhere/quite/another/a"));
        assert_eq!(
            shell.command[2],
            "/build/elsewhere/quite/another/a/Cargo.toml"
        );
        // The copy takes the source's place, and no other folder's.
        assert_eq!(shell.binds[0].source, Path::new("/copy"));
        assert_eq!(shell.binds[1].source, Path::new("/home/me/q"));
    }

    #[test]
    fn a_user_and_a_home_of_another_name() {
        let text = |shell: &Shell, path: &str| {
            let file = shell.files.iter().find(|file| file.path == Path::new(path));
            String::from_utf8(file.unwrap().bytes.clone()).unwrap()
        };
        let user = only(Variation::UserGroup);
        assert_eq!(
            text(&user, "/etc/passwd"),
            "stranger:x:4242:4343::/build/home:/bin/sh\n"
        );
        assert_eq!(text(&user, "/etc/group"), "stranger:x:4343:\n");
        let home = only(Variation::Home);
        assert_eq!(
            text(&home, "/etc/passwd"),
            "xbuild:x:1000:1000::/home/stranger:/bin/sh\n"
        );
        let host = only(Variation::DomainHost);
        assert_eq!(text(&host, "/etc/hosts"), "127.0.0.1 localhost elsewhere\n");
    }

    #[test]
    fn the_library_hears_what_is_varied() {
        let second = Conditions::second(&BTreeSet::from(Variation::ALL));
        assert_eq!(
            second.orders(7),
            format!("start 7\nshift {AHEAD}\nreverse\n")
        );
        let none = Conditions::second(&BTreeSet::new());
        assert_eq!(none.orders(7), "start 7\n");
        let quiet = Conditions::quiet(BTreeSet::new(), false, 1000);
        assert_eq!(quiet.orders(7), "start 7\nfreeze 1000\nrepeat\n");
        let live = Conditions::quiet(BTreeSet::new(), true, 1000);
        assert!(!live.repeat_random);
    }

    #[test]
    fn half_of_the_processors_but_one_at_least() {
        for (all, some) in [(1, 1), (2, 1), (3, 1), (8, 4), (64, 32)] {
            assert_eq!(fewer(all), some);
        }
    }
}
