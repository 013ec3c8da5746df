//! Build scripts that ask the machine they run on, where they mean the target:
//! source → questions. [pure]
//!
//! A build script is compiled for the machine that builds, so `cfg!` and
//! `std::env::consts` tell of that; cargo tells of the target by
//! `CARGO_CFG_…` ("Environment variables" in the Cargo book).

use proc_macro2::TokenStream;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Attribute, ExprPath, LitStr, Macro, Meta, Path, UseTree};

use super::cfg::{Cfg, arch};
use crate::target::Target;

/// Something that a build script asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// From 1.
    pub line: usize,
    /// As it is written.
    pub asked: String,
    /// The variable of cargo's that knows.
    pub instead: &'static str,
    about: About,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum About {
    Cfg(Cfg),
    /// `std::env::consts::ARCH`.
    Arch,
}

impl Question {
    /// Whether the machine's answer is another than the target's.
    pub fn differs(&self, machine: &Target, target: &Target) -> bool {
        match &self.about {
            About::Cfg(cfg) => cfg.differs(machine, target),
            About::Arch => arch(machine) != arch(target),
        }
    }
}

/// What a build script's text has that matters here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Script {
    /// Each question once, where it is asked first.
    pub questions: Vec<Question>,
    /// Flags that make code for this machine's own processor: line and flag.
    pub native: Vec<(usize, String)>,
}

/// Reads the text of a build script.
///
/// # Errors
/// Where it is not Rust.
pub fn read(text: &str) -> syn::Result<Script> {
    let file = syn::parse_file(text)?;
    let mut script = Script::default();
    script.visit_file(&file);
    Ok(script)
}

impl Script {
    fn ask(&mut self, line: usize, asked: String, about: About) {
        let known = |question: &Question| question.about == about;
        if self.questions.iter().any(known) {
            return;
        }
        let instead = if asked.contains("target_env") {
            "CARGO_CFG_TARGET_ENV"
        } else if asked.contains("target_pointer_width") {
            "CARGO_CFG_TARGET_POINTER_WIDTH"
        } else if asked.contains("target_endian") {
            "CARGO_CFG_TARGET_ENDIAN"
        } else {
            "CARGO_CFG_TARGET_ARCH"
        };
        self.questions.push(Question {
            line,
            asked,
            instead,
            about,
        });
    }

    fn condition(&mut self, line: usize, how: &str, tokens: &TokenStream) {
        if let Ok(meta) = syn::parse2::<Meta>(tokens.clone()) {
            let asked = how.replace('…', &tidy(tokens));
            self.ask(line, asked, About::Cfg(Cfg::of(&meta)));
        }
    }

    fn path(&mut self, path: &Path) {
        let mut names = path.segments.iter().rev();
        let (last, before) = (names.next(), names.next());
        let is = |segment: Option<&syn::PathSegment>, name: &str| {
            segment.is_some_and(|segment| segment.ident == name)
        };
        if is(last, "ARCH") && is(before, "consts") {
            let asked = "std::env::consts::ARCH".to_owned();
            self.ask(path.span().start().line, asked, About::Arch);
        }
    }
}

impl<'ast> Visit<'ast> for Script {
    fn visit_macro(&mut self, one: &'ast Macro) {
        if one.path.is_ident("cfg") {
            self.condition(one.span().start().line, "cfg!(…)", &one.tokens);
        } else {
            // The arguments of most macros are expressions.
            let parse = syn::punctuated::Punctuated::<syn::Expr, syn::Token![,]>::parse_terminated;
            if let Ok(arguments) = one.parse_body_with(parse) {
                for argument in arguments {
                    self.visit_expr(&argument);
                }
            }
        }
    }

    fn visit_attribute(&mut self, one: &'ast Attribute) {
        if one.path().is_ident("cfg")
            && let Meta::List(list) = &one.meta
        {
            self.condition(one.span().start().line, "#[cfg(…)]", &list.tokens);
        }
        visit::visit_attribute(self, one);
    }

    fn visit_expr_path(&mut self, one: &'ast ExprPath) {
        self.path(&one.path);
    }

    fn visit_use_tree(&mut self, tree: &'ast UseTree) {
        if let UseTree::Path(path) = tree
            && path.ident == "consts"
            && names_arch(&path.tree)
        {
            let asked = "std::env::consts::ARCH".to_owned();
            self.ask(path.ident.span().start().line, asked, About::Arch);
        }
        visit::visit_use_tree(self, tree);
    }

    fn visit_lit_str(&mut self, one: &'ast LitStr) {
        const FLAGS: [&str; 3] = ["-march=native", "-mcpu=native", "target-cpu=native"];
        let text = one.value();
        if let Some(flag) = FLAGS.into_iter().find(|flag| text.contains(flag)) {
            self.native.push((one.span().start().line, flag.to_owned()));
        }
    }
}

fn names_arch(tree: &UseTree) -> bool {
    match tree {
        UseTree::Name(name) => name.ident == "ARCH",
        UseTree::Rename(name) => name.ident == "ARCH",
        UseTree::Group(group) => group.items.iter().any(names_arch),
        UseTree::Path(_) | UseTree::Glob(_) => false,
    }
}

/// Tokens as people write them.
fn tidy(tokens: &TokenStream) -> String {
    let text = tokens.to_string();
    let text = text.replace(" (", "(").replace("( ", "(");
    text.replace(" )", ")").replace(" ,", ",")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::{HOST, Table};

    /// What of a script's text would be answered otherwise for a target.
    fn biting(text: &str, triple: &str) -> Vec<(usize, String)> {
        let table = Table::embedded().unwrap();
        let (machine, target) = (table.get(HOST).unwrap(), table.get(triple).unwrap());
        let script = read(text).unwrap();
        let questions = script.questions.into_iter();
        questions
            .filter(|question| question.differs(machine, target))
            .map(|question| (question.line, question.asked))
            .collect()
    }

    #[test]
    fn only_what_is_answered_otherwise_for_the_target_bites() {
        const ARM: &str = "aarch64-unknown-linux-gnu";
        const MUSL: &str = "x86_64-unknown-linux-musl";
        const SMALL: &str = "armv7-unknown-linux-gnueabihf";
        for (statement, target, asked) in [
            (
                "if cfg!(target_arch = \"x86_64\") {}",
                ARM,
                "cfg!(target_arch = \"x86_64\")",
            ),
            ("if cfg!(target_arch = \"x86_64\") {}", MUSL, ""),
            ("if cfg!(target_os = \"linux\") {}", ARM, ""),
            ("if cfg!(target_os = \"macos\") {}", ARM, ""),
            ("if cfg!(windows) {}", ARM, ""),
            ("if cfg!(feature = \"x\") {}", ARM, ""),
            (
                "if cfg!(target_env = \"gnu\") {}",
                MUSL,
                "cfg!(target_env = \"gnu\")",
            ),
            ("if cfg!(target_env = \"musl\") {}", ARM, ""),
            (
                "if cfg!(target_pointer_width = \"64\") {}",
                SMALL,
                "cfg!(target_pointer_width = \"64\")",
            ),
            (
                "if cfg!(any(target_arch = \"x86_64\", target_arch = \"aarch64\")) {}",
                ARM,
                "",
            ),
            (
                "if cfg!(all(unix, not(target_arch = \"x86_64\"))) {}",
                ARM,
                "cfg!(all(unix, not(target_arch = \"x86_64\")))",
            ),
            (
                "if cfg!(all(feature = \"simd\", target_arch = \"x86_64\")) {}",
                ARM,
                "cfg!(all(feature = \"simd\", target_arch = \"x86_64\"))",
            ),
            (
                "#[cfg(target_arch = \"aarch64\")] fast();",
                ARM,
                "#[cfg(target_arch = \"aarch64\")]",
            ),
            (
                "println!(\"{}\", cfg!(target_arch = \"x86_64\"));",
                ARM,
                "cfg!(target_arch = \"x86_64\")",
            ),
            (
                "let a = std::env::consts::ARCH;",
                ARM,
                "std::env::consts::ARCH",
            ),
            ("let a = std::env::consts::ARCH;", MUSL, ""),
            (
                "println!(\"{}\", env::consts::ARCH);",
                SMALL,
                "std::env::consts::ARCH",
            ),
            (
                "use std::env::consts::{ARCH, OS};",
                ARM,
                "std::env::consts::ARCH",
            ),
            ("let a = std::env::consts::OS;", ARM, ""),
            ("let a = std::env::var(\"CARGO_CFG_TARGET_ARCH\");", ARM, ""),
        ] {
            let text = format!("fn main() {{\n    {statement}\n}}\n");
            let expected: Vec<_> = match asked {
                "" => Vec::new(),
                asked => vec![(2, asked.to_owned())],
            };
            assert_eq!(biting(&text, target), expected, "{statement} on {target}");
        }
        assert!(read("not rust").is_err());
    }

    #[test]
    fn a_question_is_told_once_and_flags_for_this_machine_are_seen() {
        let text = "fn main() {\n\
                    if cfg!(target_env = \"gnu\") {}\n\
                    if cfg!(target_env = \"gnu\") {}\n\
                    cc::Build::new().flag(\"-march=native\");\n\
                    println!(\"cargo::rustc-env=RUSTFLAGS=-C target-cpu=native\");\n}";
        let script = read(text).unwrap();
        assert_eq!(script.questions.len(), 1);
        assert_eq!(script.questions[0].line, 2);
        assert_eq!(script.questions[0].instead, "CARGO_CFG_TARGET_ENV");
        let native: Vec<usize> = script.native.iter().map(|(line, _)| *line).collect();
        assert_eq!(native, [4, 5]);
    }
}
