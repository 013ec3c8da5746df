//! The parts of a release as CycloneDX 1.6: every crate of `Cargo.lock`, and
//! every package of the toolchain as a tool that is not in what is shipped.
//! [pure]

use serde_json::{Value, json};

use super::build::{Build, escaped};

/// The bill of materials of a build; the same for the same source and
/// toolchain.
pub fn text(build: &Build) -> String {
    format!("{:#}\n", document(build))
}

fn document(build: &Build) -> Value {
    let source = &build.source;
    let main = format!(
        "pkg:cargo/{}@{}",
        escaped(&source.name),
        escaped(&source.version)
    );
    let crates = build.crates.iter().map(|one| {
        component(
            "required",
            &one.name,
            &one.version,
            &one.purl(),
            one.checksum.as_ref(),
        )
    });
    let packages = build.packages.iter().map(|one| {
        let purl = super::build::deb_purl(one);
        component(
            "excluded",
            &one.package,
            &one.version,
            &purl,
            Some(&one.sha256),
        )
    });
    let depends: Vec<String> = build.crates.iter().map(super::LockedCrate::purl).collect();
    json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "tools": { "components": [{
                "type": "application", "name": "xbuild", "version": build.xbuild,
            }] },
            "component": {
                "type": "application",
                "bom-ref": main,
                "name": source.name,
                "version": source.version,
                "purl": main,
            },
        },
        "components": crates.chain(packages).collect::<Vec<Value>>(),
        "dependencies": [{ "ref": main, "dependsOn": depends }],
    })
}

fn component(
    scope: &str,
    name: &str,
    version: &str,
    purl: &str,
    sha256: Option<&crate::pins::Sha256>,
) -> Value {
    let mut value = json!({
        "type": "library",
        "bom-ref": purl,
        "name": name,
        "version": version,
        "scope": scope,
        "purl": purl,
    });
    if let Some(sha256) = sha256 {
        value["hashes"] = json!([{ "alg": "SHA-256", "content": sha256 }]);
    }
    value
}

#[cfg(test)]
mod tests {
    use serde_cyclonedx::cyclonedx::v_1_6::CycloneDx;

    use super::super::samples;
    use super::*;
    use crate::pins::Sha256;

    #[test]
    fn what_is_written_is_what_the_schema_has() {
        let text = text(&samples::build());
        let value: Value = serde_json::from_str(&text).unwrap();
        // Types made of the schema leave out what they do not know, and do
        // not read a word that is none of it.
        let typed: CycloneDx = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json::to_value(&typed).unwrap(), value);
        let mut wrong = value;
        wrong["components"][0]["hashes"][0]["alg"] = "sha256".into();
        assert!(serde_json::from_value::<CycloneDx>(wrong).is_err());
    }

    #[test]
    fn every_crate_and_package_is_listed_with_its_hash() {
        let value: Value = serde_json::from_str(&text(&samples::build())).unwrap();
        let components = value["components"].as_array().unwrap();
        let listed: Vec<(&str, &str)> = components
            .iter()
            .map(|one| {
                (
                    one["name"].as_str().unwrap(),
                    one["scope"].as_str().unwrap(),
                )
            })
            .collect();
        let expected = [
            ("serde", "required"),
            ("forked", "required"),
            ("libstdc++6", "excluded"),
        ];
        assert_eq!(listed, expected);
        assert_eq!(
            components[0]["hashes"][0]["content"],
            json!(Sha256::of(b"serde"))
        );
        assert_eq!(components[1].get("hashes"), None);
        assert_eq!(value["specVersion"], "1.6");
        assert_eq!(
            value["metadata"]["component"]["purl"],
            "pkg:cargo/hello@1.2.3"
        );
    }
}
