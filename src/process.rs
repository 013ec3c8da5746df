//! The one door through which processes outside the hermetic shell start.
//!
//! A command is a value: a sorted environment that starts empty, an explicit
//! working directory, and a `Display` that can be pasted into a shell.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use crate::error::{Error, Kind, Result};

/// A program with its arguments, its whole environment and its folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    program: PathBuf,
    args: Vec<OsString>,
    env: BTreeMap<OsString, OsString>,
    cwd: Option<PathBuf>,
}

impl Command {
    /// A command with an empty environment.
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Command {
            program: program.into(),
            args: Vec::new(),
            env: BTreeMap::new(),
            cwd: None,
        }
    }

    #[must_use]
    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    #[must_use]
    pub fn args<I: IntoIterator<Item = S>, S: Into<OsString>>(mut self, args: I) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    #[must_use]
    pub fn env(mut self, key: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.env.insert(key.into(), value.into());
        self
    }

    #[must_use]
    pub fn cwd(mut self, cwd: impl Into<PathBuf>) -> Self {
        self.cwd = Some(cwd.into());
        self
    }

    /// The same command for the standard library, with nothing inherited.
    #[expect(clippy::disallowed_methods, reason = "this is the one door")]
    pub fn to_std(&self) -> std::process::Command {
        let mut command = std::process::Command::new(&self.program);
        command.args(&self.args).env_clear().envs(&self.env);
        if let Some(cwd) = &self.cwd {
            command.current_dir(cwd);
        }
        command
    }

    /// Runs it to its end, with standard input closed, and keeps what it wrote.
    ///
    /// # Errors
    /// Where the program cannot be started, or exits with another code than 0:
    /// the error carries the command, its status and the end of its stderr.
    pub fn output(&self) -> Result<Output> {
        let output = self
            .to_std()
            .stdin(Stdio::null())
            .output()
            .map_err(|source| self.not_started(source))?;
        if output.status.success() {
            return Ok(output);
        }
        Err(self.failed(output.status, &output.stderr))
    }

    /// The error for a program that could not be started.
    pub fn not_started(&self, source: std::io::Error) -> Error {
        Error::new(
            Kind::Internal,
            format!("failed to start `{}`", self.program.display()),
        )
        .caused_by(source)
    }

    /// The error for a program that ended badly, with the end of its stderr.
    pub fn failed(&self, status: std::process::ExitStatus, stderr: &[u8]) -> Error {
        let text = String::from_utf8_lossy(stderr);
        let tail: Vec<&str> = text.lines().rev().take(20).collect();
        let tail: Vec<&str> = tail.into_iter().rev().collect();
        Error::new(
            Kind::Internal,
            format!("`{}` failed ({status})", self.program.display()),
        )
        .caused_by(tail.join("\n"))
    }

    pub fn program(&self) -> &Path {
        &self.program
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(cwd) = &self.cwd {
            write!(f, "cd {} && ", quote(cwd.as_os_str()))?;
        }
        f.write_str("env -i")?;
        for (key, value) in &self.env {
            write!(f, " {}={}", key.to_string_lossy(), quote(value))?;
        }
        write!(f, " {}", quote(self.program.as_os_str()))?;
        for arg in &self.args {
            write!(f, " {}", quote(arg))?;
        }
        Ok(())
    }
}

/// Quotes a word for a POSIX shell, only where it needs it.
pub fn quote(word: &OsStr) -> String {
    let text = word.to_string_lossy();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@%+".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.into_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_can_be_pasted_into_a_shell() {
        let command = Command::new("/bin/echo")
            .args(["plain", "it's", ""])
            .env("B", "2")
            .env("A", "x y")
            .cwd("/tmp/a b");
        assert_eq!(
            command.to_string(),
            r"cd '/tmp/a b' && env -i A='x y' B=2 /bin/echo plain 'it'\''s' ''"
        );
    }

    #[test]
    fn nothing_of_the_environment_is_inherited() {
        let output = Command::new("/usr/bin/env").env("ONLY", "this").output();
        assert_eq!(output.unwrap().stdout, b"ONLY=this\n");
    }
}
