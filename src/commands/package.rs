//! `xbuild package`: files into an archive or an image, the same bytes always.

use std::collections::BTreeMap;
use std::fs;

use serde_json::json;

use crate::build::current_folder;
use crate::build::epoch::epoch as epoch_of;
use crate::cargo::write_atomically;
use crate::cli::{Format as Rendering, PackageArgs};
use crate::config::{self, SourceDate};
use crate::error::{Error, IoContext, Kind, Result};
use crate::package::gather::{epoch, gather, write_folder};
use crate::package::{
    CERTIFICATES, Contents, Format, FromScratch, Image, Member, NONROOT, image_architecture,
    oci_files,
};
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
    let format = Format::of_name(&name);
    let mut members = Vec::new();
    for path in &args.files {
        members.extend(gather(path, &args.prefix)?);
    }
    let epoch = epoch(&fallback()?)?;
    let (bytes, count) = if args.oci {
        let images = from_scratch(args, epoch)?.images(with_certificates(args, members)?)?;
        let layout = oci_files(&images)?;
        let count = images.len();
        if format != Some(Format::Oci) {
            return folder(args, &name, &layout, count);
        }
        (layout.tar()?, count)
    } else {
        let format = format.ok_or_else(|| {
            let suffixes = Format::ALL.map(Format::suffix).join(", ");
            let message = format!("`{name}` does not say what kind of package it is to be");
            Error::new(Kind::Usage, message)
                .hint(format!("a name that ends with one of {suffixes}"))
        })?;
        let contents = Contents::new(members, epoch)?;
        let bytes = contents.pack(format, image(args, &contents)?.as_ref())?;
        (bytes, contents.members().len())
    };
    write_atomically(&args.output, &bytes)?;
    tell(args, &name, &bytes, bytes.len() as u64, count);
    Ok(0)
}

/// Writes a layout as a folder, as the only files of it. Its hash is that of
/// its index, which names all others by theirs.
fn folder(args: &PackageArgs, name: &str, layout: &Contents, images: usize) -> Result<u8> {
    write_folder(&args.output, layout)?;
    let index = layout
        .members()
        .iter()
        .find(|member| member.path() == "index.json");
    let bytes = index.map_or(&[][..], Member::bytes);
    let sizes = layout.members().iter().map(|one| one.bytes().len() as u64);
    tell(
        args,
        &format!("{name}/index.json"),
        bytes,
        sizes.sum(),
        images,
    );
    Ok(0)
}

/// Says what was written: `bytes` are those that the hash is of.
fn tell(args: &PackageArgs, name: &str, bytes: &[u8], size: u64, count: usize) {
    let output = args.output.display();
    let noun = match (args.oci, count) {
        (true, 1) => "image",
        (true, _) => "images",
        (false, 1) => "file",
        (false, _) => "files",
    };
    let what = format!("{output} · {count} {noun} · {}", report::size(size));
    terminal::status("Packed", what);
    let sha256 = Sha256::of(bytes);
    match args.format {
        Rendering::Text => terminal::data(format_args!("{sha256}  {name}\n")),
        Rendering::Json => {
            let document = json!({
                "version": 1,
                "path": output.to_string(),
                "of": name,
                "size": size,
                "count": count,
                "sha256": sha256,
            });
            terminal::data(format_args!("{document:#}\n"));
        }
    }
}

fn from_scratch(args: &PackageArgs, epoch: i64) -> Result<FromScratch> {
    let label = |text: &String| {
        let pair = text.split_once('=').filter(|(key, _)| !key.is_empty());
        let pair = pair.map(|(key, value)| (key.to_owned(), value.to_owned()));
        pair.ok_or_else(|| {
            Error::new(Kind::Usage, format!("`{text}` is no label")).hint("--label KEY=VALUE")
        })
    };
    let user = args.user.as_deref().unwrap_or(NONROOT);
    // There is no /etc/passwd to look names up in.
    let is_id = |id: &str| id.parse::<u32>().is_ok();
    if !user
        .split_once(':')
        .map_or(is_id(user), |(u, g)| is_id(u) && is_id(g))
    {
        let message = format!("`{user}` is no number of a user");
        return Err(Error::new(Kind::Usage, message).hint(format!("--user {NONROOT}")));
    }
    Ok(FromScratch {
        entrypoint: args.entrypoint.clone(),
        user: user.to_owned(),
        labels: args.labels.iter().map(label).collect::<Result<_>>()?,
        tag: args.tag.clone(),
        epoch,
    })
}

fn with_certificates(args: &PackageArgs, mut members: Vec<Member>) -> Result<Vec<Member>> {
    if let Some(path) = &args.ca_certificates {
        let bytes = fs::read(path).at("read", path)?;
        members.push(Member::new(CERTIFICATES, bytes, false)?);
    }
    Ok(members)
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
        user: None,
        labels: BTreeMap::new(),
        tag: args.tag.clone(),
    }))
}
