//! `xbuild toolchain`: what a target's toolchain is made of.

use std::fmt::Write;

use serde_json::{Value, json};

use super::shell::request;
use crate::build::Request;
use crate::cli::{Format, ToolchainArgs};
use crate::error::Result;
use crate::pins::{Package, Pins};
use crate::report;
use crate::target::TargetSpec;
use crate::terminal;
use crate::toolchain::Part;

/// Shows packages, versions, hashes, sizes and, where it is realised, store
/// paths. It realises nothing.
///
/// # Errors
/// Where the request is wrong.
pub fn run(args: &ToolchainArgs) -> Result<u8> {
    let request = request(&args.target)?;
    let pins = Pins::embedded()?;
    let mut documents = Vec::new();
    for spec in &request.specs {
        let parts = [Part::toolchain(spec), Part::runner(spec)];
        for part in parts.into_iter().chain(request.tool_parts()?) {
            let parts = [&part];
            let packages = Part::packages(&parts, &pins)?;
            match args.format {
                Format::Text => terminal::report(text(&request, spec, &part, &packages)),
                Format::Json => documents.push(document(&request, spec, &part, &packages)),
            }
        }
    }
    if args.format == Format::Json {
        let document = json!({ "version": 1, "parts": documents });
        terminal::data(format_args!("{document:#}\n"));
    }
    Ok(0)
}

fn text(request: &Request, spec: &TargetSpec, part: &Part, packages: &[&Package]) -> String {
    let components = Part::components(&[part]);
    let crates = Part::std_crates(&[part]);
    let sizes = packages.iter().map(|package| package.size);
    let sizes = sizes.chain(components.iter().map(|one| one.size));
    let total: u64 = sizes.chain(crates.iter().map(|one| one.size)).sum();
    let mut text = format!("{} of {spec}: {} packages", part.what(), packages.len());
    if let Some(rust) = part.rust() {
        let _ = write!(
            text,
            " and {} components of Rust {}",
            components.len(),
            rust.version
        );
    }
    let _ = writeln!(text, ", {}", report::size(total));
    for package in packages {
        let _ = writeln!(
            text,
            "  {:<28} {:<29} {:>7}  {}",
            format!("{}:{}", package.package, package.arch),
            package.version,
            report::size(package.size),
            report::short(&package.sha256.to_hex()),
        );
    }
    let components = components
        .iter()
        .map(|one| (one.file_name().to_owned(), one.size, one.sha256));
    let crates = crates
        .iter()
        .map(|one| (one.file_name(), one.size, one.sha256));
    for (name, size, sha256) in components.chain(crates) {
        let _ = writeln!(
            text,
            "  {name:<58} {:>7}  {}",
            report::size(size),
            report::short(&sha256.to_hex()),
        );
    }
    match request.workshop.realised(part) {
        Some(realised) => {
            let _ = writeln!(text, "  realised as {}", realised.out());
            for path in realised.closure() {
                let _ = writeln!(text, "    {path}");
            }
        }
        None => text.push_str("  not realised yet: `xbuild fetch` does\n"),
    }
    text
}

fn document(request: &Request, spec: &TargetSpec, part: &Part, packages: &[&Package]) -> Value {
    let realised = request.workshop.realised(part);
    let packages: Vec<Value> = packages
        .iter()
        .map(|package| {
            json!({
                "package": package.package,
                "version": package.version,
                "arch": package.arch,
                "suite": package.suite,
                "path": package.path,
                "size": package.size,
                "sha256": package.sha256.to_hex(),
            })
        })
        .collect();
    let mut document = json!({
        "target": spec.to_string(),
        "part": part.what(),
        "attribute": part.attr(),
        "packages": packages,
        "out": realised.as_ref().map(|realised| realised.out().to_string()),
        "closure": realised.as_ref().map(|realised| {
            let paths = realised.closure().iter();
            paths.map(ToString::to_string).collect::<Vec<_>>()
        }),
    });
    if let Some(rust) = part.rust() {
        document["rust"] = json!({
            "channel": rust.channel,
            "version": rust.version,
            "date": rust.date,
            "manifest": rust.sha256.to_hex(),
            "key": rust.key,
            "components": Part::components(&[part]),
            "crates": Part::std_crates(&[part]),
        });
    }
    document
}
