//! How the plan travels from xbuild to its launcher: length-prefixed strings
//! in a fixed order. Both ends are the same executable, so there is no
//! version. [pure]

use std::ffi::{CString, OsStr};
use std::os::unix::ffi::OsStrExt;

use super::{Access, Guise, Network, Shell, Terminal};
use crate::error::{Error, Kind, Result};

/// What must be known before there is a plan: it decides on the namespaces and
/// on the terminal. Travels as an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mode {
    pub network: Network,
    pub terminal: Terminal,
    /// User and group inside.
    pub uid: u32,
    pub gid: u32,
}

impl Mode {
    /// Of nearly every shell, and so of the one that is started ahead.
    pub const USUAL: Mode = Mode {
        network: Network::None,
        terminal: Terminal::Shared,
        uid: Guise::USER,
        gid: Guise::USER,
    };

    const NETWORKS: [(&str, Network); 2] = [("own", Network::None), ("host", Network::Host)];
    const TERMINALS: [(&str, Terminal); 2] = [
        ("shared", Terminal::Shared),
        ("interactive", Terminal::Interactive),
    ];

    pub fn of(shell: &Shell) -> Mode {
        Mode {
            network: shell.network,
            terminal: shell.terminal,
            uid: shell.guise.uid,
            gid: shell.guise.gid,
        }
    }

    pub fn word(self) -> String {
        let network = Mode::NETWORKS
            .iter()
            .find(|(_, each)| *each == self.network);
        let terminal = Mode::TERMINALS
            .iter()
            .find(|(_, each)| *each == self.terminal);
        let name = |named: Option<&'static str>| named.unwrap_or_default();
        format!(
            "{},{},{},{}",
            name(network.map(|(name, _)| *name)),
            name(terminal.map(|(name, _)| *name)),
            self.uid,
            self.gid
        )
    }

    pub fn of_word(word: &OsStr) -> Option<Mode> {
        let parts: Vec<&str> = word.to_str()?.split(',').collect();
        let [network, terminal, uid, gid] = parts[..] else {
            return None;
        };
        Some(Mode {
            network: Mode::NETWORKS.iter().find(|(name, _)| *name == network)?.1,
            terminal: Mode::TERMINALS
                .iter()
                .find(|(name, _)| *name == terminal)?
                .1,
            uid: uid.parse().ok()?,
            gid: gid.parse().ok()?,
        })
    }
}

/// What the launcher does, in the kernel's own kind of strings.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Plan {
    pub binds: Vec<PlannedBind>,
    /// What each link says, and where it stands.
    pub links: Vec<(CString, CString)>,
    pub files: Vec<(CString, Vec<u8>)>,
    /// `KEY=value`.
    pub env: Vec<CString>,
    pub cwd: CString,
    pub command: Vec<CString>,
    pub hostname: CString,
    pub umask: u32,
    pub domain: CString,
    pub old_kernel_name: bool,
    pub fixed_addresses: bool,
    /// As many processors, or zero for all.
    pub processors: u32,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct PlannedBind {
    pub source: CString,
    pub target: CString,
    pub writable: bool,
}

/// The message for the launcher: its own length, then the fields.
///
/// # Errors
/// Where a string holds a NUL byte, a variable's name an equals sign, the
/// command is empty, or a path inside is not absolute.
pub(super) fn encode(shell: &Shell) -> Result<Vec<u8>> {
    let mut out = Writer(vec![0; 4]);
    out.count(shell.binds.len());
    for bind in &shell.binds {
        out.string(bind.source.as_os_str())?;
        out.inside(bind.target.as_os_str())?;
        out.count(usize::from(bind.access == Access::ReadWrite));
    }
    out.count(shell.links.len());
    for link in &shell.links {
        out.string(link.target.as_os_str())?;
        out.inside(link.path.as_os_str())?;
    }
    out.count(shell.files.len());
    for file in &shell.files {
        out.inside(file.path.as_os_str())?;
        out.bytes(&file.bytes);
    }
    out.count(shell.env.len());
    for (key, value) in &shell.env {
        if key.is_empty() || key.as_bytes().contains(&b'=') {
            return Err(invalid(key, "is no name of a variable"));
        }
        let mut pair = key.clone();
        pair.push("=");
        pair.push(value);
        out.string(&pair)?;
    }
    out.inside(shell.cwd.as_os_str())?;
    if shell.command.is_empty() {
        return Err(invalid(OsStr::new(""), "is no command"));
    }
    out.count(shell.command.len());
    for word in &shell.command {
        out.string(word)?;
    }
    out.string(OsStr::new(&shell.hostname))?;
    out.count(shell.umask as usize & 0o777);
    let guise = &shell.guise;
    out.string(OsStr::new(&guise.domain))?;
    out.count(usize::from(guise.old_kernel_name));
    out.count(usize::from(guise.fixed_addresses));
    out.number(guise.processors.unwrap_or(0));
    Ok(out.finish())
}

/// Reads what follows the length; `None` where it is not what [`encode`] writes.
pub(super) fn decode(message: &[u8]) -> Option<Plan> {
    let mut from = Reader(message);
    let plan = Plan {
        binds: from.list(|from| {
            Some(PlannedBind {
                source: from.string()?,
                target: from.string()?,
                writable: from.flag()?,
            })
        })?,
        links: from.list(|from| Some((from.string()?, from.string()?)))?,
        files: from.list(|from| Some((from.string()?, from.bytes()?.to_vec())))?,
        env: from.list(Reader::string)?,
        cwd: from.string()?,
        command: from.list(Reader::string)?,
        hostname: from.string()?,
        umask: from.count()?,
        domain: from.string()?,
        old_kernel_name: from.flag()?,
        fixed_addresses: from.flag()?,
        processors: from.count()?,
    };
    from.0.is_empty().then_some(plan)
}

fn invalid(text: &OsStr, why: &str) -> Error {
    Error::new(
        Kind::Sandbox,
        format!("`{}` {why} in the hermetic shell", text.to_string_lossy()),
    )
}

struct Writer(Vec<u8>);

impl Writer {
    fn count(&mut self, number: usize) {
        self.number(u32::try_from(number).unwrap_or(u32::MAX));
    }

    fn number(&mut self, number: u32) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.count(bytes.len());
        self.0.extend_from_slice(bytes);
    }

    fn string(&mut self, text: &OsStr) -> Result<()> {
        if text.as_bytes().contains(&0) {
            return Err(invalid(text, "holds a NUL byte, which cannot stand"));
        }
        self.bytes(text.as_bytes());
        Ok(())
    }

    fn inside(&mut self, path: &OsStr) -> Result<()> {
        if !path.as_bytes().starts_with(b"/") {
            return Err(invalid(path, "is not an absolute path"));
        }
        self.string(path)
    }

    fn finish(mut self) -> Vec<u8> {
        let length = u32::try_from(self.0.len() - 4).unwrap_or(u32::MAX);
        self.0[..4].copy_from_slice(&length.to_le_bytes());
        self.0
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn count(&mut self) -> Option<u32> {
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u32::from_le_bytes(*number))
    }

    fn flag(&mut self) -> Option<bool> {
        Some(self.count()? != 0)
    }

    fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.count()?).ok()?;
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes)
    }

    fn string(&mut self) -> Option<CString> {
        CString::new(self.bytes()?).ok()
    }

    fn list<T>(&mut self, item: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        (0..self.count()?).map(|_| item(self)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Shell {
        let mut shell = Shell::new(["/bin/x", "a b", ""])
            .read_only("/nix/store/x", "/nix/store/x")
            .read_write("/home/me/p", "/build/source")
            .link("usr/lib", "/lib")
            .file("/etc/hosts", [0, 1, 255])
            .env("A", "b=c");
        shell.cwd = "/build/source".into();
        shell.guise.uid = 4000;
        shell.guise.fixed_addresses = true;
        shell.guise.processors = Some(3);
        shell
    }

    #[test]
    fn what_is_encoded_is_decoded() {
        let message = encode(&sample()).unwrap();
        assert_eq!(message[..4], (message.len() as u32 - 4).to_le_bytes());
        let plan = decode(&message[4..]).unwrap();
        assert_eq!(
            plan.command,
            [c"/bin/x", c"a b", c""].map(std::ffi::CStr::to_owned)
        );
        assert_eq!(plan.binds.len(), 2);
        assert!(!plan.binds[0].writable && plan.binds[1].writable);
        assert_eq!(plan.links, [(c"usr/lib".into(), c"/lib".into())]);
        assert_eq!(plan.files, [(c"/etc/hosts".into(), vec![0, 1, 255])]);
        assert_eq!(plan.env, [c"A=b=c".to_owned()]);
        assert_eq!(plan.cwd.as_c_str(), c"/build/source");
        assert_eq!(plan.umask, 0o022);
        assert_eq!(plan.domain.as_c_str(), c"(none)");
        assert!(plan.fixed_addresses && !plan.old_kernel_name);
        assert_eq!(plan.processors, 3);
    }

    #[test]
    fn a_message_cut_anywhere_is_refused() {
        let message = encode(&sample()).unwrap();
        for end in 4..message.len() {
            assert_eq!(decode(&message[4..end]), None, "cut at {end}");
        }
    }

    #[test]
    fn what_the_kernel_cannot_take_is_named() {
        let relative = Shell::new(["/bin/x"]).read_only("/a", "b");
        let nul = Shell::new(["/bin/x", "a\0b"]);
        let none = Shell::new(Vec::<String>::new());
        let variable = Shell::new(["/bin/x"]).env("A=B", "");
        for (shell, part) in [
            (relative, "`b` is not an absolute path"),
            (nul, "NUL"),
            (none, "is no command"),
            (variable, "`A=B` is no name"),
        ] {
            let error = encode(&shell).unwrap_err();
            assert!(error.to_string().contains(part), "{error}");
        }
    }
}
