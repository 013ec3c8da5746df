//! The relations between packages, as deb-control(5) and Debian Policy 7.1
//! write them: `a (>= 1) | b:any, c`. [pure]

use std::cmp::Ordering;

use super::version;

/// One package that a field names, with what is asked of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Relation<'a> {
    pub name: &'a str,
    /// Behind a colon: `any`, `native`, or an architecture.
    pub qualifier: Option<&'a str>,
    bound: Option<(Operator, &'a str)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Earlier,
    EarlierOrEqual,
    Equal,
    LaterOrEqual,
    Later,
}

/// The clauses of a field: all of them must hold, and of each any relation.
pub fn clauses(field: &str) -> impl Iterator<Item = Vec<Relation<'_>>> {
    let parts = field.split(',').map(|clause| {
        let relations = clause.split('|').filter_map(Relation::parse);
        relations.collect::<Vec<_>>()
    });
    parts.filter(|clause| !clause.is_empty())
}

impl<'a> Relation<'a> {
    /// Reads one relation; nothing where there is no name. A signed index
    /// holds what dpkg accepted: an operator that is none counts as no bound.
    pub fn parse(text: &'a str) -> Option<Self> {
        let text = text.trim();
        let end = text
            .find(|c: char| c.is_whitespace() || "([<".contains(c))
            .unwrap_or(text.len());
        let (name, qualifier) = match text[..end].split_once(':') {
            Some((name, qualifier)) => (name, Some(qualifier)),
            None => (&text[..end], None),
        };
        let bound = text[end..].trim_start().strip_prefix('(');
        let bound = bound.and_then(|rest| bound_of(rest.split(')').next()?));
        (!name.is_empty()).then_some(Relation {
            name,
            qualifier,
            bound,
        })
    }

    /// Whether a package of this version is meant.
    pub fn admits(&self, version: &str) -> bool {
        let Some((operator, bound)) = self.bound else {
            return true;
        };
        let order = version::compare(version, bound);
        match operator {
            Operator::Earlier => order == Ordering::Less,
            Operator::EarlierOrEqual => order != Ordering::Greater,
            Operator::Equal => order == Ordering::Equal,
            Operator::LaterOrEqual => order != Ordering::Less,
            Operator::Later => order == Ordering::Greater,
        }
    }

    /// Whether a package is meant that provides the name: with a version, where
    /// it says which. What is provided without one meets no bound (Policy 7.5).
    pub fn admits_provided(&self, provided: &Relation<'_>) -> bool {
        match (self.bound, provided.bound) {
            (None, _) => true,
            (Some(_), Some((Operator::Equal, version))) => self.admits(version),
            (Some(_), _) => false,
        }
    }
}

/// `>= 1.2` → the operator and the version.
fn bound_of(text: &str) -> Option<(Operator, &str)> {
    let text = text.trim();
    let end = text.find(|c: char| !"<>=".contains(c))?;
    let operator = match &text[..end] {
        "<<" => Operator::Earlier,
        // A single one means the same, long deprecated.
        "<=" | "<" => Operator::EarlierOrEqual,
        "=" => Operator::Equal,
        ">=" | ">" => Operator::LaterOrEqual,
        ">>" => Operator::Later,
        _ => return None,
    };
    Some((operator, text[end..].trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_as_clauses_of_alternatives() {
        let field = "libc6 (>= 2.30), a (= 1:2-3) | b:any,\n c:arm64 (<< 2~), d [linux-any] <!x>, ";
        let names: Vec<Vec<(&str, Option<&str>)>> = clauses(field)
            .map(|clause| clause.iter().map(|one| (one.name, one.qualifier)).collect())
            .collect();
        assert_eq!(
            names,
            [
                vec![("libc6", None)],
                vec![("a", None), ("b", Some("any"))],
                vec![("c", Some("arm64"))],
                vec![("d", None)],
            ]
        );
        assert_eq!(clauses("").count(), 0);
        assert_eq!(clauses(" , |, ").count(), 0);
    }

    #[test]
    fn bounds() {
        for (relation, version, admitted) in [
            ("a", "1", true),
            ("a (>= 1.2)", "1.2", true),
            ("a (>= 1.2)", "1.10", true),
            ("a (>=1.2)", "1.1", false),
            ("a (>> 1.2)", "1.2", false),
            ("a (<< 1.2)", "1.2~rc1", true),
            ("a (<< 1.2)", "1.2", false),
            ("a (<= 1.2)", "1.2", true),
            ("a(= 1:1.2-1)", "1:1.2-1", true),
            ("a (= 1:1.2-1)", "1.2-1", false),
            ("a:any (= 1)", "2", false),
        ] {
            let parsed = Relation::parse(relation).unwrap();
            assert_eq!(parsed.admits(version), admitted, "{relation} {version}");
        }
    }

    #[test]
    fn what_is_provided_meets_a_bound_only_with_a_version() {
        for (wanted, provided, admitted) in [
            ("x", "x", true),
            ("x", "x (= 3)", true),
            ("x (>= 2)", "x (= 3)", true),
            ("x (>= 4)", "x (= 3)", false),
            ("x (>= 2)", "x", false),
        ] {
            let provided = Relation::parse(provided).unwrap();
            let wanted = Relation::parse(wanted).unwrap();
            assert_eq!(wanted.admits_provided(&provided), admitted, "{wanted:?}");
        }
    }
}
