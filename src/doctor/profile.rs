//! What of the release profile decides how large programs are. [pure]
//!
//! Keys and defaults: "Profiles" in the Cargo book.

use toml::{Table, Value};

/// One key of the profile: what it is, who says so, what it does to the size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    pub key: &'static str,
    pub value: String,
    /// The file that sets it; none for cargo's default.
    pub set_in: Option<String>,
    /// What would make programs smaller, and at which price.
    pub smaller: &'static str,
}

const KEYS: [(&str, &str, &str); 6] = [
    (
        "opt-level",
        "3",
        "\"s\" or \"z\": smaller, and often slower",
    ),
    (
        "lto",
        "false",
        "\"thin\" or \"fat\": smaller, and builds take longer",
    ),
    ("codegen-units", "16", "1: smaller, and builds take longer"),
    (
        "panic",
        "\"unwind\"",
        "\"abort\": smaller, and a panic ends the program",
    ),
    (
        "strip",
        "\"none\"",
        "\"symbols\": smaller, and backtraces have no names",
    ),
    ("debug", "0", "0 is the smallest"),
];

/// The release profile of files, each with its name, the weightiest first.
pub fn release(files: &[(String, Table)]) -> Vec<Choice> {
    let choice = |&(key, default, smaller): &(&'static str, &str, &'static str)| {
        let set = files.iter().find_map(|(name, table)| {
            let profile = table.get("profile")?.get("release")?;
            Some((name.clone(), profile.get(key)?))
        });
        match set {
            Some((name, value)) => Choice {
                key,
                value: written(value),
                set_in: Some(name),
                smaller,
            },
            None => Choice {
                key,
                value: default.to_owned(),
                set_in: None,
                smaller,
            },
        }
    };
    KEYS.iter().map(choice).collect()
}

fn written(value: &Value) -> String {
    match value {
        Value::String(text) => format!("\"{text}\""),
        other => other.to_string(),
    }
}

/// Profiles whose sizes are worth comparing: what they are called, and the
/// variables of cargo's that make them.
pub const VARIANTS: [(&str, &[(&str, &str)]); 8] = [
    ("as it is", &[]),
    ("strip = \"symbols\"", &[("STRIP", "symbols")]),
    ("lto = \"thin\"", &[("LTO", "thin")]),
    (
        "lto = \"fat\", codegen-units = 1",
        &[("LTO", "fat"), ("CODEGEN_UNITS", "1")],
    ),
    ("panic = \"abort\"", &[("PANIC", "abort")]),
    ("opt-level = \"s\"", &[("OPT_LEVEL", "s")]),
    (
        "all of them",
        &[
            ("STRIP", "symbols"),
            ("LTO", "fat"),
            ("CODEGEN_UNITS", "1"),
            ("PANIC", "abort"),
            ("OPT_LEVEL", "s"),
        ],
    ),
    (
        "all of them, opt-level = \"z\"",
        &[
            ("STRIP", "symbols"),
            ("LTO", "fat"),
            ("CODEGEN_UNITS", "1"),
            ("PANIC", "abort"),
            ("OPT_LEVEL", "z"),
        ],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_weightiest_file_holds_and_the_rest_is_cargos_default() {
        let config: Table = "[profile.release]\nlto = true".parse().unwrap();
        let manifest =
            "[profile.release]\nlto = \"thin\"\npanic = \"abort\"\n[profile.dev]\nstrip = true";
        let manifest: Table = manifest.parse().unwrap();
        let files = [
            (".cargo/config.toml".to_owned(), config),
            ("Cargo.toml".to_owned(), manifest),
        ];
        let choices = release(&files);
        let of = |key: &str| choices.iter().find(|choice| choice.key == key).unwrap();
        assert_eq!(
            (&*of("lto").value, of("lto").set_in.as_deref()),
            ("true", Some(".cargo/config.toml"))
        );
        assert_eq!(
            (&*of("panic").value, of("panic").set_in.as_deref()),
            ("\"abort\"", Some("Cargo.toml"))
        );
        assert_eq!(
            (&*of("strip").value, &of("strip").set_in),
            ("\"none\"", &None)
        );
        assert_eq!(of("codegen-units").value, "16");
    }
}
