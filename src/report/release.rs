//! The text at the end of a release. [pure]

use super::layout::{fill, short, size};
use crate::release::Released;

/// What was written, what was seen of it, and whether it is signed.
pub fn released_text(released: &Released) -> String {
    let manifest = &released.manifest;
    let project = &manifest.project;
    let folder = released.folder.display();
    let mut text = super::table(&released.rows);
    text.push_str(&format!(
        "  {} {}  {folder}\n",
        project.name, project.version
    ));
    for file in &manifest.files {
        let sha256 = format!("sha256 {}", short(&file.sha256.to_hex()));
        let words = [file.name.clone(), size(file.size), sha256];
        text.push_str(&fill("    ", " ·", &words));
    }
    let hermetic = match manifest.hermetic {
        true => "hermetic",
        false => "not hermetic",
    };
    let verified = match &manifest.verification {
        None => "not verified by a second build".to_owned(),
        Some(found) => super::attest::verified(&found.verdict, found.variations.len()),
    };
    let signed = match released.signed {
        Some(kind) => format!("signed ({kind})"),
        None => "not signed".to_owned(),
    };
    let mut words = vec![hermetic.to_owned(), verified, signed];
    if manifest.source.dirty {
        words.insert(0, "not what a commit says".to_owned());
    }
    text.push_str(&fill("    ", " ·", &words));
    text
}
