//! `xbuild doctor`: what would bite, before it does.

use std::collections::BTreeMap;

use crate::artifact::GlibcVersion;
use crate::build::Request;
use crate::cargo::Lockfile;
use crate::cli::{DoctorArgs, Format};
use crate::config::FlagLayer;
use crate::doctor::{Diagnosis, Finding, Place, Topic, Weight, machine, measure, project, remedy};
use crate::doctor::{remedies, symptoms};
use crate::error::{Error, Kind, Result};
use crate::{deploy, report, terminal};

/// Looks, and tells; with the code of a finding where something would bite.
///
/// # Errors
/// Where there is no project, or its configuration cannot be read; and from
/// the builds of `--measure`.
pub fn run(args: &DoctorArgs) -> Result<u8> {
    super::set_talk(args.target.talk);
    let allowed: Vec<Topic> = args
        .allow
        .iter()
        .map(|name| Topic::parse(name))
        .collect::<Result<_>>()?;
    let system = args.runs_on.as_deref().map(system).transpose()?;
    let flags = FlagLayer {
        targets: args.target.targets.clone(),
        mirrors: args.target.mirrors.clone(),
        nix: args.target.nix.clone(),
        ..FlagLayer::default()
    };
    let manifest = args.target.manifest_path.as_deref();
    let request = Request::unlocked(&flags, manifest, None, args.target.offline)?;
    let mut diagnosis = Diagnosis {
        targets: request.specs.iter().map(ToString::to_string).collect(),
        profile: project::release_profile(&request),
        ..Diagnosis::default()
    };
    if let Some(path) = &args.read {
        let found = said(&request, &machine::pasted(path)?)?;
        diagnosis.findings.extend(found);
    }
    let examined = project::examine(&request)?;
    let read = examined.scripts;
    diagnosis.facts.push((
        "build scripts".to_owned(),
        match examined.unread {
            0 => format!("{read} read"),
            1 => format!("{read} read; one crate is not here yet (xbuild fetch)"),
            unread => format!("{read} read; {unread} crates are not here yet (xbuild fetch)"),
        },
    ));
    diagnosis.findings.extend(examined.findings);
    if let Some(glibc) = system {
        diagnosis.findings.extend(project::runs_on(&request, glibc));
    }
    let (findings, facts) = machine::examine(&request);
    diagnosis.findings.extend(findings);
    diagnosis.facts.extend(facts);
    for finding in &mut diagnosis.findings {
        if allowed.contains(&finding.topic) {
            finding.weight = Weight::Note;
        }
    }
    diagnosis.findings.sort_by_key(|finding| finding.weight);
    if args.measure {
        let request = Request::new(&flags, manifest, None, args.target.offline)?;
        diagnosis.measured = measure::measure(&request)?;
    }
    let root = &request.project.root;
    match args.format {
        Format::Text => terminal::report(report::doctor_text(&diagnosis, root)),
        Format::Json => terminal::data(format_args!("{:#}\n", report::doctor_json(&diagnosis))),
    }
    match diagnosis.biting() {
        0 => Ok(0),
        _ => Ok(Kind::Finding.exit_code()),
    }
}

/// What a text tells, with the remedy for each of the targets.
fn said(request: &Request, text: &str) -> Result<Vec<Finding>> {
    let crates = Lockfile::read(&request.project.lock).map(|lock| lock.versions());
    let crates: BTreeMap<String, String> = crates.unwrap_or_default();
    let mut findings = Vec::new();
    for symptom in symptoms::recognise(text) {
        for spec in &request.specs {
            let packages = request.config.for_target(spec.triple()).packages;
            let packages = packages.iter().map(|one| one.value.name().to_owned());
            let packages: Vec<String> = packages.collect();
            let place = Place {
                spec,
                packages: &packages,
                crates: &crates,
            };
            let hint = match remedy(&symptom, &place)? {
                Some(hint) => Some(hint),
                None => remedies::elsewhere(&symptom, spec),
            };
            let message = format!("{}, on {spec}", remedies::describe(&symptom));
            let finding = Finding::bites(Topic::Said, message);
            findings.push(Finding { hint, ..finding });
        }
    }
    if findings.is_empty() {
        let message = "nothing in the text is known here";
        let finding = Finding::note(Topic::Said, message);
        findings.push(finding.hint("docs/troubleshooting.md lists what is"));
    }
    Ok(findings)
}

/// The glibc of a system, by its name or as it stands.
fn system(text: &str) -> Result<GlibcVersion> {
    let of_place = |place: &deploy::Place| match place {
        deploy::Place::Glibc { glibc, .. } => Some(GlibcVersion::from(*glibc)),
        _ => None,
    };
    let named = || {
        let wanted = deploy::named(text).ok()?;
        wanted.places.iter().filter_map(of_place).min()
    };
    let version = GlibcVersion::parse(text).or_else(named);
    version.ok_or_else(|| {
        let message = format!("no system with glibc is known as `{text}`");
        Error::new(Kind::Usage, message)
            .hint("`ldd --version` there tells its glibc: --runs-on 2.28")
            .hint("named ones are such as --runs-on 'ubuntu 20.04'")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn systems_are_known_by_their_names() {
        for (name, glibc) in [
            ("debian 10", Some("2.28")),
            ("Debian-10", Some("2.28")),
            ("ubuntu 20.04", Some("2.31")),
            ("rhel 7", Some("2.17")),
            ("2.28", Some("2.28")),
            ("alpine", None),
            ("beos 5", None),
            ("", None),
        ] {
            let found = system(name).ok().map(|glibc| glibc.to_string());
            assert_eq!(found.as_deref(), glibc, "{name}");
        }
    }
}
