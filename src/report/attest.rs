//! What an accepted attestation says, as text and JSON. [pure]

use serde_json::{Value, json};

use super::layout::{fill, short};
use crate::attest::verify::Accepted;

/// As lines for a person.
pub fn accepted_text(place: &str, accepted: &Accepted) -> String {
    let predicate = &accepted.statement.predicate;
    let definition = &predicate.build_definition;
    let internal = &definition.internal_parameters;
    let external = &definition.external_parameters;
    let commit = match commit(accepted) {
        Some(commit) if internal.xbuild_source_dirty => format!("{commit} with changes"),
        Some(commit) => commit.to_owned(),
        None => "of no commit".to_owned(),
    };
    let hermetic = match internal.xbuild_hermetic {
        true => "hermetic",
        false => "not hermetic",
    };
    let verified = match &accepted.comparison {
        None => "not verified by a second build".to_owned(),
        Some(comparison) => verified(comparison.verdict(), comparison.variations().len()),
    };
    let mut text = format!("{place}: the signature holds\n");
    let rows = [
        ("builder", vec![predicate.run_details.builder.id.clone()]),
        ("source", vec![external.source.clone(), commit]),
        ("targets", external.targets.clone()),
        ("build", vec![hermetic.to_owned(), verified]),
    ];
    let derivations = internal.xbuild_derivations.iter();
    let derivations = derivations.map(|one| ("by Nix", vec![one.derivation.clone()]));
    for (label, words) in rows.into_iter().chain(derivations) {
        text.push_str(&fill(&format!("  {label:<9}"), ",", &words));
    }
    for subject in &accepted.statement.subject {
        let sha256 = subject.digest.get("sha256").map(|hex| short(hex));
        let sha256 = sha256.unwrap_or_default();
        let words = [subject.name.clone(), format!("sha256 {sha256}")];
        text.push_str(&fill("  file     ", " ·", &words));
    }
    text
}

/// What a second build gave, in a few words.
pub(super) fn verified(verdict: &str, variations: usize) -> String {
    match variations {
        0 => format!("{verdict}, with nothing varied"),
        1 => format!("{verdict} under 1 variation"),
        more => format!("{verdict} under {more} variations"),
    }
}

/// As JSON, version 1 of `docs/provenance.md`.
pub fn accepted_json(place: &str, accepted: &Accepted) -> Value {
    let predicate = &accepted.statement.predicate;
    let definition = &predicate.build_definition;
    let internal = &definition.internal_parameters;
    let verification = accepted.comparison.as_ref().map(|comparison| {
        json!({
            "verdict": comparison.verdict(),
            "variations": comparison.variations(),
        })
    });
    json!({
        "version": 1,
        "attestation": place,
        "files": accepted.statement.subject.iter().map(|subject| json!({
            "name": subject.name,
            "sha256": subject.digest.get("sha256"),
        })).collect::<Vec<Value>>(),
        "builder": predicate.run_details.builder.id,
        "source": definition.external_parameters.source,
        "commit": commit(accepted),
        "dirty": internal.xbuild_source_dirty,
        "targets": definition.external_parameters.targets,
        "pins": internal.xbuild_pins.get("sha256"),
        "hermetic": internal.xbuild_hermetic,
        "verification": verification,
        "derivations": internal.xbuild_derivations,
    })
}

fn commit(accepted: &Accepted) -> Option<&str> {
    let definition = &accepted.statement.predicate.build_definition;
    let source = definition.resolved_dependencies.first()?;
    source.digest.get("gitCommit").map(String::as_str)
}
