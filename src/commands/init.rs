//! `xbuild init`: a first `xbuild.toml`, from what the project's build was
//! configured with so far.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::cargo::{UserCargo, write_atomically};
use crate::cli::{Format as Rendering, InitArgs};
use crate::config::FILE_NAME;
use crate::error::{Error, Kind, Result};
use crate::migrate::{self, Format, Note, Plan};
use crate::project::{Project, Query};
use crate::{build, host, terminal};

/// Reads the files, writes `xbuild.toml`, and says what became of each line.
///
/// # Errors
/// `Kind::Config` where there is an `xbuild.toml` already, or one of the files
/// cannot be read as what it is; `Kind::Project` outside of a project.
pub fn run(args: &InitArgs) -> Result<u8> {
    super::set_talk(args.talk);
    let cwd = build::current_folder()?;
    let user = UserCargo::read(&host::var)?;
    let project = Project::find(&Query {
        cwd: &cwd,
        manifest_path: args.manifest_path.as_deref(),
        target_dir: None,
        cargo_home: user.home.as_deref(),
        var: &host::var,
    })?;
    let path = project.root.join(FILE_NAME);
    if path.exists() && !args.force && !args.dry_run {
        let message = format!("there is an `{}` already", path.display());
        return Err(Error::new(Kind::Config, message)
            .hint("xbuild init --print shows what would be written")
            .hint("xbuild init --force writes it over that one"));
    }
    let repository = project.repository();
    let top = repository.unwrap_or(&project.root);
    let files = migrate::gather(&project.root, top, &project.settings.files)?;
    let read = |path: &Path| fs::read_to_string(project.root.join(path)).ok();
    let plan = migrate::plan(&files, &read)?;

    tell(&plan);
    if args.dry_run {
        if args.format == Rendering::Json {
            tell_json(&plan, None);
        } else {
            terminal::data(&plan.text);
        }
        return Ok(0);
    }
    write_atomically(&path, plan.text.as_bytes())?;
    let unread = files.iter().all(|file| file.format == Format::Manifest);
    let from = if unread { "with a suggestion" } else { "" };
    terminal::status("Wrote", format!("{FILE_NAME} {from}").trim_end());
    if let Some(top) = repository {
        ignore_target(&project, top)?;
    }
    let build = format!("xbuild build --release --target {}", plan.first);
    if plan.locks {
        terminal::status("Next", "xbuild lock");
        terminal::status("Then", build);
    } else {
        terminal::status("Next", build);
    }
    if args.format == Rendering::Json {
        tell_json(&plan, Some(&path));
    }
    Ok(0)
}

/// The same facts for a script; `written` is where the file was.
fn tell_json(plan: &Plan, written: Option<&Path>) {
    let notes = |notes: &[Note]| -> Vec<Value> {
        let note = |note: &Note| {
            json!({
                "place": note.place.to_string(),
                "what": note.what,
                "then": note.then,
            })
        };
        notes.iter().map(note).collect()
    };
    let document = json!({
        "version": 1,
        "written": written.map(|path| path.display().to_string()),
        "text": plan.text,
        "carried": notes(&plan.carried),
        "needless": notes(&plan.needless),
        "left_out": notes(&plan.left_out),
        "first": plan.first,
        "locks": plan.locks,
    });
    terminal::data(format_args!("{document:#}\n"));
}

fn tell(plan: &Plan) {
    for Note { place, what, then } in &plan.carried {
        terminal::status("Carried", format!("{place}: {what} → {then}"));
    }
    for (verb, notes) in [("Needless", &plan.needless), ("Left out", &plan.left_out)] {
        for Note { place, what, then } in notes {
            let mut reason = String::new();
            // Below the message, not below the verb.
            let indent = " ".repeat(14);
            migrate::wrapped(&mut reason, then, &indent, &indent);
            terminal::status(verb, format!("{place}: {what}\n{}", reason.trim_end()));
        }
    }
}

/// Writes the target folder into the `.gitignore` beside it, where no
/// `.gitignore` has it.
fn ignore_target(project: &Project, top: &Path) -> Result<()> {
    let Ok(folder) = project.target_dir.strip_prefix(&project.root) else {
        return Ok(());
    };
    let Some(name) = folder.to_str().filter(|name| !name.is_empty()) else {
        return Ok(());
    };
    let text_in = |folder: &Path| fs::read_to_string(folder.join(".gitignore")).unwrap_or_default();
    let mut folders = project
        .root
        .ancestors()
        .take_while(|it| it.starts_with(top));
    let ignored = folders.any(|it| migrate::ignores(&text_in(it), name, it == project.root));
    if !ignored {
        let path = project.root.join(".gitignore");
        let text = migrate::with_entry(&text_in(&project.root), name);
        write_atomically(&path, text.as_bytes())?;
        terminal::status("Added", format!("/{name} to .gitignore"));
    }
    Ok(())
}
