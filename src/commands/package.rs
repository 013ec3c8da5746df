//! `xbuild package`: files into an archive or an image, the same bytes always.

use crate::build::current_folder;
use crate::build::epoch::epoch as epoch_of;
use crate::cargo::write_atomically;
use crate::cli::PackageArgs;
use crate::config::{self, SourceDate};
use crate::error::{Error, Kind, Result};
use crate::package::gather::{epoch, gather};
use crate::package::{Contents, Format, Image, image_architecture};
use crate::pins::Sha256;
use crate::project::{Project, Query};
use crate::target::{Table, TargetSpec};
use crate::{host, report, terminal};

/// Packs the files.
///
/// # Errors
/// `Kind::Usage` for what cannot be packed, `Kind::Filesystem` for what cannot
/// be read or written.
pub fn run(args: &PackageArgs) -> Result<u8> {
    super::set_talk(args.talk);
    let name = super::sign::name(&args.output)?;
    let format = Format::of_name(&name).ok_or_else(|| {
        let suffixes = Format::ALL.map(Format::suffix).join(", ");
        let message = format!("`{name}` does not say what kind of package it is to be");
        Error::new(Kind::Usage, message).hint(format!("a name that ends with one of {suffixes}"))
    })?;
    let mut members = Vec::new();
    for path in &args.files {
        members.extend(gather(path, &args.prefix)?);
    }
    let contents = Contents::new(members, epoch(&fallback()?)?)?;
    let bytes = contents.pack(format, image(args, &contents)?.as_ref())?;
    write_atomically(&args.output, &bytes)?;
    let count = contents.members().len();
    let size = report::size(bytes.len() as u64);
    let sha256 = Sha256::of(&bytes);
    let output = args.output.display();
    let files = if count == 1 { "file" } else { "files" };
    terminal::status("Packed", format!("{output} · {count} {files} · {size}"));
    terminal::data(format_args!("{sha256}  {name}\n"));
    Ok(0)
}

/// The time that a build in this folder would take.
fn fallback() -> Result<String> {
    let cwd = current_folder()?;
    let query = Query {
        cwd: &cwd,
        manifest_path: None,
        target_dir: None,
        cargo_home: None,
        var: &host::var,
    };
    // What is packed need not be a project's.
    let Ok(project) = Project::find(&query) else {
        return Ok(epoch_of(&cwd, SourceDate::Commit, None));
    };
    let layer = config::load(&project.root)?.layer;
    let setting = layer.and_then(|layer| layer.source_date);
    let setting = setting.map_or_else(SourceDate::default, |setting| setting.value);
    Ok(epoch_of(&project.root, setting, Some(&project.target_dir)))
}

fn image(args: &PackageArgs, contents: &Contents) -> Result<Option<Image>> {
    if let Some(entrypoint) = &args.entrypoint
        && !contents
            .members()
            .iter()
            .any(|member| member.path() == entrypoint)
    {
        let message = format!("`{entrypoint}` is not in the package");
        let paths = contents.members().iter().map(|member| member.path());
        let hint = paths.take(4).map(|path| format!("--entrypoint {path}"));
        return Err(Error::new(Kind::Usage, message).hint(hint.collect::<Vec<_>>().join("\n")));
    }
    let Some(target) = &args.target else {
        return Ok(None);
    };
    let spec = TargetSpec::parse(&Table::embedded()?, target, None)?;
    let Some((architecture, variant)) = image_architecture(spec.triple()) else {
        let message = format!("images have no name for the processor of {spec}");
        return Err(Error::new(Kind::Target, message));
    };
    Ok(Some(Image {
        architecture: architecture.to_owned(),
        variant: variant.map(str::to_owned),
        entrypoint: args.entrypoint.clone(),
        tag: args.tag.clone(),
    }))
}
