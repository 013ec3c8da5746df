//! The parts of a release as SPDX 2.3 (spdx.github.io/spdx-spec/v2.3): every
//! crate of `Cargo.lock`, and every package of the toolchain as a tool that is
//! not in what is shipped. [pure]

use std::fmt::Display;

use jiff::Timestamp;
use serde_spdx::spdx::v_2_3::{
    Spdx, SpdxBuilder, SpdxCreationInfoBuilder, SpdxItemPackages, SpdxItemPackagesBuilder,
    SpdxItemPackagesItemChecksumsBuilder, SpdxItemPackagesItemExternalRefsBuilder,
    SpdxItemRelationships, SpdxItemRelationshipsBuilder,
};

use super::build::{Build, deb_purl, escaped, rust_purl};
use crate::error::{Error, Kind, Result};
use crate::pins::Sha256;
use crate::shell::SOURCE_DATE_EPOCH;

/// What SPDX says of something that is not told.
const UNTOLD: &str = "NOASSERTION";
const DOCUMENT: &str = "SPDXRef-DOCUMENT";
const MAIN: &str = "SPDXRef-main";

/// The bill of materials of a build; the same for the same source and
/// toolchain.
///
/// # Errors
/// `Kind::Internal` where the library refuses what it is given.
pub fn text(build: &Build) -> Result<String> {
    let mut document = document(build)?;
    // It has to be a name that no other document has: the contents'.
    let contents = Sha256::of(json(&document)?.as_bytes());
    let name = escaped(&document.name);
    document.document_namespace = format!("https://spdx.org/spdxdocs/{name}-{contents}");
    json(&document)
}

fn json(document: &Spdx) -> Result<String> {
    let text = serde_json::to_string_pretty(document);
    Ok(text.map_err(unwritten)? + "\n")
}

fn document(build: &Build) -> Result<Spdx> {
    let mut packages = vec![main(build)?];
    let mut relationships = vec![relationship(DOCUMENT, "DESCRIBES", MAIN)?];
    for (at, one) in build.crates.iter().enumerate() {
        let part = Part {
            id: id("crate", at, &one.name),
            name: &one.name,
            version: &one.version,
            purl: one.purl(),
            sha256: one.checksum,
        };
        relationships.push(relationship(MAIN, "DEPENDS_ON", &part.id)?);
        packages.push(part.package("LIBRARY", UNTOLD)?);
    }
    for (at, one) in build.packages.iter().enumerate() {
        let part = Part {
            id: id("tool", at, &one.package),
            name: &one.package,
            version: &one.version,
            purl: deb_purl(one),
            sha256: Some(one.sha256),
        };
        relationships.push(relationship(&part.id, "BUILD_TOOL_OF", MAIN)?);
        packages.push(part.package("INSTALL", UNTOLD)?);
    }
    let rust = build.rust.iter();
    let components = rust.flat_map(|rust| rust.files.iter().map(move |file| (rust, file)));
    for (at, (rust, one)) in components.enumerate() {
        let part = Part {
            id: id("rust", at, &one.name),
            name: &one.name,
            version: rust.release(),
            purl: rust_purl(rust, one),
            sha256: Some(one.sha256),
        };
        relationships.push(relationship(&part.id, "BUILD_TOOL_OF", MAIN)?);
        packages.push(part.package("INSTALL", &one.address())?);
    }
    let creation = SpdxCreationInfoBuilder::default()
        .created(created(build))
        .creators(vec![format!("Tool: xbuild-{}", build.xbuild)])
        .build()
        .map_err(unwritten)?;
    SpdxBuilder::default()
        .spdxid(DOCUMENT)
        .spdx_version("SPDX-2.3")
        .data_license("CC0-1.0")
        .name(format!("{}-{}", build.source.name, build.source.version))
        .document_namespace("")
        .creation_info(creation)
        .packages(packages)
        .relationships(relationships)
        .build()
        .map_err(unwritten)
}

/// What is released itself.
fn main(build: &Build) -> Result<SpdxItemPackages> {
    let source = &build.source;
    let (name, version) = (escaped(&source.name), escaped(&source.version));
    let part = Part {
        id: MAIN.to_owned(),
        name: &source.name,
        version: &source.version,
        purl: format!("pkg:cargo/{name}@{version}"),
        sha256: None,
    };
    match &source.commit {
        Some(commit) if source.uri.starts_with("git+") => {
            part.package("APPLICATION", &format!("{}@{commit}", source.uri))
        }
        _ => part.package("APPLICATION", UNTOLD),
    }
}

/// A part of a release, or one of the tools that made it.
struct Part<'a> {
    id: String,
    name: &'a str,
    version: &'a str,
    purl: String,
    sha256: Option<Sha256>,
}

impl Part<'_> {
    /// Its entry; `from` is where it can be had.
    fn package(&self, purpose: &str, from: &str) -> Result<SpdxItemPackages> {
        let purl = SpdxItemPackagesItemExternalRefsBuilder::default()
            .reference_category("PACKAGE-MANAGER")
            .reference_type("purl")
            .reference_locator(&*self.purl)
            .build()
            .map_err(unwritten)?;
        let mut package = SpdxItemPackagesBuilder::default();
        package
            .spdxid(&*self.id)
            .name(self.name)
            .version_info(self.version)
            .download_location(from)
            .files_analyzed(false)
            .primary_package_purpose(purpose)
            .external_refs(vec![purl]);
        if let Some(sha256) = self.sha256 {
            let checksum = SpdxItemPackagesItemChecksumsBuilder::default()
                .algorithm("SHA256")
                .checksum_value(sha256.to_hex())
                .build()
                .map_err(unwritten)?;
            package.checksums(vec![checksum]);
        }
        package.build().map_err(unwritten)
    }
}

fn relationship(one: &str, is: &str, other: &str) -> Result<SpdxItemRelationships> {
    SpdxItemRelationshipsBuilder::default()
        .spdx_element_id(one)
        .relationship_type(is)
        .related_spdx_element(other)
        .build()
        .map_err(unwritten)
}

/// An identifier: letters, digits, dots and hyphens. The number tells two
/// versions of a crate apart.
fn id(kind: &str, at: usize, name: &str) -> String {
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '.';
    let name = name.replace(|c| !legal(c), "-");
    format!("SPDXRef-{kind}-{at}-{name}")
}

/// The moment that the build took in place of the clock: another release of
/// the same source has the same.
fn created(build: &Build) -> String {
    let moment = |text: &str| Timestamp::from_second(text.parse().ok()?).ok();
    let told = build.source_date_epoch.as_deref().and_then(moment);
    let time = told.or_else(|| moment(SOURCE_DATE_EPOCH));
    super::provenance::time(time.unwrap_or_default())
}

fn unwritten(cause: impl Display) -> Error {
    Error::new(Kind::Internal, "failed to write the bill of materials").caused_by(cause.to_string())
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    fn written(build: &Build) -> Spdx {
        serde_json::from_str(&text(build).unwrap()).unwrap()
    }

    #[test]
    fn every_crate_and_package_is_listed_with_its_hash() {
        let document = written(&samples::build());
        let packages = document.packages.unwrap();
        let listed: Vec<(&str, &str, &str, Option<&str>)> = packages
            .iter()
            .map(|one| {
                let refs = one.external_refs.as_deref().unwrap();
                let checksum = one.checksums.as_deref().map(|list| &list[0]);
                if let Some(checksum) = checksum {
                    assert_eq!(checksum.algorithm, "SHA256");
                }
                (
                    one.spdxid.as_str(),
                    one.version_info.as_deref().unwrap(),
                    refs[0].reference_locator.as_str(),
                    checksum.map(|checksum| checksum.checksum_value.as_str()),
                )
            })
            .collect();
        let forked = samples::build().crates[1].purl();
        let (serde, deb) = (Sha256::of(b"serde").to_hex(), Sha256::of(b"deb").to_hex());
        let expected = [
            (MAIN, "1.2.3", "pkg:cargo/hello@1.2.3", None),
            (
                "SPDXRef-crate-0-serde",
                "1.0.1",
                "pkg:cargo/serde@1.0.1",
                Some(&*serde),
            ),
            ("SPDXRef-crate-1-forked", "0.1.0", &*forked, None),
            (
                "SPDXRef-tool-0-libstdc--6",
                "14.2.0-19",
                "pkg:deb/debian/libstdc%2B%2B6@14.2.0-19?arch=amd64&distro=trixie",
                Some(&*deb),
            ),
        ];
        assert_eq!(listed, expected);
        let from = format!("{}@{}", samples::SOURCE, samples::COMMIT);
        assert_eq!(packages[0].download_location, from);

        let relationships = document.relationships.unwrap();
        let told: Vec<(&str, &str, &str)> = relationships
            .iter()
            .map(|one| {
                (
                    one.spdx_element_id.as_str(),
                    one.relationship_type.as_str(),
                    one.related_spdx_element.as_str(),
                )
            })
            .collect();
        let expected = [
            (DOCUMENT, "DESCRIBES", MAIN),
            (MAIN, "DEPENDS_ON", "SPDXRef-crate-0-serde"),
            (MAIN, "DEPENDS_ON", "SPDXRef-crate-1-forked"),
            ("SPDXRef-tool-0-libstdc--6", "BUILD_TOOL_OF", MAIN),
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn a_document_is_the_same_for_the_same_contents_alone() {
        let build = samples::build();
        let document = written(&build);
        assert_eq!(document.creation_info.created, "2023-11-14T22:13:20Z");
        assert_eq!(written(&build), document);
        let mut other = samples::build();
        other.started = Timestamp::now();
        assert_eq!(written(&other), document);
        other.crates.pop();
        assert_ne!(
            written(&other).document_namespace,
            document.document_namespace
        );
        // What passes as a moment for a build need not be one.
        for told in [None, Some("soon".to_owned()), Some("9".repeat(30))] {
            other.source_date_epoch = told;
            assert_eq!(
                written(&other).creation_info.created,
                "1980-01-01T00:00:00Z"
            );
        }
        other.source.commit = None;
        let packages = written(&other).packages.unwrap();
        assert_eq!(packages[0].download_location, UNTOLD);
    }
}
