//! `xbuild shell`: the hermetic shell itself.

use std::ffi::OsString;

use crate::build::{Request, inside, realise, verbose, with_project, with_runner, with_volumes};
use crate::cli::{ShellArgs, TargetArgs};
use crate::config::FlagLayer;
use crate::error::{Error, Kind, Result};
use crate::runner::{self, Runner};
use crate::sandbox::{self, Terminal};

/// Opens it, or runs one command in it and exits with that command's code.
///
/// # Errors
/// As realising the toolchain and making the shell have them.
pub fn run(args: &ShellArgs) -> Result<u8> {
    let request = request(&args.target)?;
    if !request.is_isolated() {
        let message = "`xbuild shell` is the hermetic shell: it has no `--isolation none`";
        return Err(Error::new(Kind::Usage, message).hint("XBUILD_ISOLATION=full"));
    }
    let tools = realise(&request, &request.specs, true, false)?;
    let mounts = request.project.mounts(&request.config.sources)?;
    let layout = tools.layout(&request);
    layout.create()?;
    let command = if args.command.is_empty() {
        vec![OsString::from("/bin/sh")]
    } else {
        args.command.clone()
    };
    let shell = tools.tools().shell(command)?;
    let mut shell = with_project(shell, &request, &mounts, &layout, request.mirror().as_ref())?;
    shell.env.extend(request.variables(&request.specs));
    shell = with_volumes(shell, &request.volumes(&request.specs)?);
    for runner in Runner::all(&request.config)? {
        shell = with_runner(shell, &runner, &runner::bring(&request, &runner)?);
    }
    if let [spec] = &request.specs[..] {
        shell = shell.env("CARGO_BUILD_TARGET", spec.triple());
    }
    if args.command.is_empty() {
        shell.terminal = Terminal::Interactive;
        shell = shell.env("PS1", "xbuild:\\w\\$ ");
    }
    shell.cwd = inside(&mounts, &request.project.cwd)?;
    verbose(&shell, &request.specs);
    Ok(sandbox::run(&shell)?.code())
}

/// The request of a command of xbuild's own.
///
/// # Errors
/// As [`Request::new`].
pub fn request(args: &TargetArgs) -> Result<Request> {
    super::set_talk(args.talk);
    Request::new(
        &FlagLayer {
            targets: args.targets.clone(),
            mirrors: args.mirrors.clone(),
            nix: args.nix.clone(),
            ..FlagLayer::default()
        },
        args.manifest_path.as_deref(),
        None,
        args.offline,
    )
}
