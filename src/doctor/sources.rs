//! Files that a source names: those that it includes, and those that its tests
//! open. Source → paths. [pure]

use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{
    Attribute, Expr, ExprCall, Item, ItemFn, ItemForeignMod, ItemMod, Lit, Macro, Meta, Token,
};

/// What becomes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// Put into the program: `include_str!` and its like.
    Include,
    Read,
    Write,
    /// Named only.
    Name,
}

/// Where a path counts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Base {
    /// The folder of the source's own file.
    Source,
    /// The folder of the package, where cargo runs its tests.
    Package,
}

/// One file that a source names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// From 1.
    pub line: usize,
    /// As it is written, absolute or from `base`.
    pub path: String,
    pub base: Base,
    pub used: Use,
}

/// The files that a source names. `is_test` tells that all of it is one;
/// otherwise `#[test]` and `#[cfg(test)]` do.
///
/// # Errors
/// Where it is not Rust.
pub fn named(text: &str, is_test: bool) -> syn::Result<Vec<Named>> {
    let file = syn::parse_file(text)?;
    let mut reader = Reader {
        found: Vec::new(),
        in_test: is_test,
    };
    reader.visit_file(&file);
    Ok(reader.found)
}

struct Reader {
    found: Vec<Named>,
    in_test: bool,
}

impl Reader {
    fn add(&mut self, line: usize, path: String, base: Base, used: Use) {
        let named = Named {
            line,
            path,
            base,
            used,
        };
        if !self.found.contains(&named) {
            self.found.push(named);
        }
    }

    fn within(&mut self, is_test: bool, visit: impl FnOnce(&mut Self)) {
        let before = self.in_test;
        self.in_test |= is_test;
        visit(self);
        self.in_test = before;
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item(&mut self, item: &'ast Item) {
        // What is not compiled on Linux names nothing here.
        let attributes = match item {
            Item::Mod(item) => &item.attrs[..],
            Item::Fn(item) => &item.attrs[..],
            _ => &[],
        };
        if !attributes.iter().any(is_elsewhere) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_foreign_mod(&mut self, _: &'ast ItemForeignMod) {
        // What stands there is for a macro such as `cxx::bridge`: headers.
    }

    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        let is_test = item.attrs.iter().any(is_cfg_test);
        self.within(is_test, |this| visit::visit_item_mod(this, item));
    }

    fn visit_item_fn(&mut self, item: &'ast ItemFn) {
        let is_test = |attribute: &Attribute| {
            let last = attribute.path().segments.last();
            last.is_some_and(|last| last.ident == "test")
        };
        let is_test = item.attrs.iter().any(is_test);
        self.within(is_test, |this| visit::visit_item_fn(this, item));
    }

    fn visit_macro(&mut self, one: &'ast Macro) {
        let line = one.span().start().line;
        let name = one.path.segments.last().map(|last| last.ident.to_string());
        let name = name.unwrap_or_default();
        if matches!(&*name, "include" | "include_bytes" | "include_str") {
            if let Ok(argument) = one.parse_body::<Expr>()
                && let Some((base, path)) = fixed(&argument)
            {
                let base = base.unwrap_or(Base::Source);
                self.add(line, path, base, Use::Include);
            }
            return;
        }
        let arguments = one.parse_body_with(Punctuated::<Expr, Token![,]>::parse_terminated);
        for argument in arguments.into_iter().flatten() {
            self.visit_expr(&argument);
        }
    }

    fn visit_expr_call(&mut self, call: &'ast ExprCall) {
        if self.in_test
            && let Some(used) = opens(&call.func)
            && let Some(first) = call.args.first()
            && let Some((_, path)) = fixed(first)
        {
            self.add(call.span().start().line, path, Base::Package, used);
            call.args
                .iter()
                .skip(1)
                .for_each(|rest| self.visit_expr(rest));
            return;
        }
        visit::visit_expr_call(self, call);
    }

    fn visit_expr(&mut self, expr: &'ast Expr) {
        if self.in_test
            && let Some((Some(Base::Package), path)) = fixed(expr)
            && !path.is_empty()
        {
            self.add(expr.span().start().line, path, Base::Package, Use::Name);
            return;
        }
        visit::visit_expr(self, expr);
    }
}

/// What a function of the standard library's does to the file that it is given.
fn opens(function: &Expr) -> Option<Use> {
    let Expr::Path(path) = function else {
        return None;
    };
    let mut names = path.path.segments.iter().rev();
    let (name, of) = (
        names.next()?.ident.to_string(),
        names.next()?.ident.to_string(),
    );
    match (&*of, &*name) {
        ("File", "open") => Some(Use::Read),
        ("File", "create" | "create_new") => Some(Use::Write),
        ("fs", "canonicalize" | "metadata" | "read" | "read_dir" | "read_to_string") => {
            Some(Use::Read)
        }
        ("fs", "create_dir" | "create_dir_all" | "write") => Some(Use::Write),
        _ => None,
    }
}

/// A path that stands in the source as a whole, and where it counts from, if
/// that is said: below `CARGO_MANIFEST_DIR`.
fn fixed(expr: &Expr) -> Option<(Option<Base>, String)> {
    match expr {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Str(text) => Some((None, text.value())),
            _ => None,
        },
        Expr::Reference(inner) => fixed(&inner.expr),
        Expr::Paren(inner) => fixed(&inner.expr),
        Expr::Group(inner) => fixed(&inner.expr),
        Expr::Macro(one) => of_macro(&one.mac),
        Expr::Call(call) => {
            let Expr::Path(path) = &*call.func else {
                return None;
            };
            let mut names = path.path.segments.iter().rev();
            let (name, of) = (names.next()?, names.next()?);
            let makes = (name.ident == "new" && of.ident == "Path")
                || (name.ident == "from" && of.ident == "PathBuf");
            makes.then(|| fixed(call.args.first()?)).flatten()
        }
        Expr::MethodCall(call) => {
            let (base, path) = fixed(&call.receiver)?;
            match (&*call.method.to_string(), call.args.first()) {
                ("join", Some(part)) => match fixed(part)? {
                    (None, part) if path.is_empty() => Some((base, part)),
                    (None, part) if !part.starts_with('/') => {
                        Some((base, format!("{}/{part}", path.trim_end_matches('/'))))
                    }
                    _ => None,
                },
                ("as_path" | "into" | "to_owned" | "to_path_buf" | "to_string", None) => {
                    Some((base, path))
                }
                _ => None,
            }
        }
        _ => None,
    }
}

fn of_macro(one: &Macro) -> Option<(Option<Base>, String)> {
    if one.path.is_ident("env") {
        let name = one.parse_body::<syn::LitStr>().ok()?;
        return (name.value() == "CARGO_MANIFEST_DIR")
            .then(|| (Some(Base::Package), String::new()));
    }
    if !one.path.is_ident("concat") {
        return None;
    }
    let parts = one
        .parse_body_with(Punctuated::<Expr, Token![,]>::parse_terminated)
        .ok()?;
    let mut whole = (None, String::new());
    for (position, part) in parts.iter().enumerate() {
        match fixed(part)? {
            (Some(base), _) if position == 0 => whole.0 = Some(base),
            (None, text) => whole.1.push_str(&text),
            (Some(_), _) => return None,
        }
    }
    if whole.0.is_some() {
        whole.1 = whole.1.trim_start_matches('/').to_owned();
    }
    Some(whole)
}

fn is_cfg_test(attribute: &Attribute) -> bool {
    let Meta::List(list) = &attribute.meta else {
        return false;
    };
    list.path.is_ident("cfg") && list.tokens.to_string().contains("test")
}

/// `#[cfg(windows)]` and its like.
fn is_elsewhere(attribute: &Attribute) -> bool {
    let Meta::List(list) = &attribute.meta else {
        return false;
    };
    let told = list.tokens.to_string();
    list.path.is_ident("cfg")
        && (told == "windows" || told.starts_with("target_os = \"") && !told.contains("linux"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tests_open_and_sources_include_is_found() {
        let file = |path: &str, base, used| Some((path.to_owned(), base, used));
        for (statement, expected) in [
            (
                "include_str!(\"../data/a.txt\");",
                file("../data/a.txt", Base::Source, Use::Include),
            ),
            (
                "let a = include_bytes!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/a.bin\"));",
                file("a.bin", Base::Package, Use::Include),
            ),
            ("include!(concat!(env!(\"OUT_DIR\"), \"/a.rs\"));", None),
            (
                "std::fs::read(\"tests/a.bin\").unwrap();",
                file("tests/a.bin", Base::Package, Use::Read),
            ),
            (
                "assert_eq!(fs::read_to_string(\"/home/me/a\").unwrap(), \"\");",
                file("/home/me/a", Base::Package, Use::Read),
            ),
            (
                "let f = std::fs::File::open(Path::new(\"a\").join(\"b\"));",
                file("a/b", Base::Package, Use::Read),
            ),
            (
                "File::create(\"tests/out.txt\").unwrap();",
                file("tests/out.txt", Base::Package, Use::Write),
            ),
            (
                "let p = Path::new(env!(\"CARGO_MANIFEST_DIR\")).join(\"tests/data\").join(name);",
                file("tests/data", Base::Package, Use::Name),
            ),
            ("let p = Path::new(\"/no/such/path\");", None),
            ("let t = std::fs::read(path);", None),
            ("let t = vec![1, 2];", None),
        ] {
            let text = format!("#[test]\nfn t() {{\n    {statement}\n}}\n");
            let found = named(&text, false).unwrap();
            assert!(found.len() <= 1, "{statement}: {found:?}");
            let found = found
                .into_iter()
                .next()
                .inspect(|it| assert_eq!(it.line, 3));
            let found = found.map(|it| (it.path, it.base, it.used));
            assert_eq!(found, expected, "{statement}");
        }
    }

    #[test]
    fn only_tests_are_looked_at_for_what_they_open() {
        let open = "fn f() { std::fs::read(\"/etc/app.conf\").ok(); }";
        for (text, is_test, count) in [
            (open.to_owned(), false, 0),
            (open.to_owned(), true, 1),
            (format!("#[cfg(test)] mod tests {{ {open} }}"), false, 1),
            (
                format!("#[cfg(all(test, unix))] mod tests {{ {open} }}"),
                false,
                1,
            ),
            (format!("mod plain {{ {open} }}"), false, 0),
            (format!("#[tokio::test] async {open}"), false, 1),
            (format!("#[cfg(windows)] mod w {{ {open} }}"), true, 0),
            (
                "#[cxx::bridge] mod b { unsafe extern \"C++\" { include!(\"a.h\"); } }".to_owned(),
                true,
                0,
            ),
        ] {
            assert_eq!(named(&text, is_test).unwrap().len(), count, "{text}");
        }
    }
}
