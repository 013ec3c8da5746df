//! `xbuild explain`: what a triple means and what it costs here.

use crate::build;
use crate::cargo::UserCargo;
use crate::cli::{ExplainArgs, Format};
use crate::config::{Config, EnvLayer, FlagLayer};
use crate::error::Result;
use crate::explain::{Cost, Explanation, Here, Ours, explain};
use crate::host;
use crate::report;
use crate::target::Table;
use crate::terminal;
use crate::toolchain::{Part, Workshop};

/// Explains each triple.
///
/// # Errors
/// `Kind::Target` for what Rust does not know, or a floor that cannot be;
/// `Kind::Config` where a variable is wrong.
pub fn run(args: &ExplainArgs) -> Result<u8> {
    super::set_talk(args.talk);
    let table = Table::embedded()?;
    let triples = args.triples.iter();
    let explained: Vec<Explanation> = triples
        .map(|text| explain(&table, text))
        .collect::<Result<_>>()?;
    let mut all = Vec::with_capacity(explained.len());
    for one in explained {
        let cost = match &one.here {
            Here::Target(ours) => Some(cost(ours)?),
            Here::Elsewhere(_) => None,
        };
        all.push((one, cost));
    }
    match args.format {
        Format::Text => terminal::report(report::explain_text(&all)),
        Format::Json => terminal::data(format_args!("{:#}\n", report::explain_json(&all))),
    }
    Ok(0)
}

/// What a build and a test of this target would still fetch.
fn cost(ours: &Ours) -> Result<Cost> {
    let workshop = workshop()?;
    let toolchain = Part::toolchain(&ours.spec);
    let runner = Part::runner(&ours.spec);
    let ready = workshop.is_here(&toolchain);
    let build = workshop.to_download(std::slice::from_ref(&toolchain))?;
    let both = workshop.to_download(&[toolchain, runner])?;
    Ok(Cost {
        build,
        test: both.saturating_sub(build),
        ready,
    })
}

/// As outside of any project: it is about the machine.
fn workshop() -> Result<Workshop> {
    let config = Config::resolve(&FlagLayer::default(), &EnvLayer::read(host::var)?, None)?;
    build::workshop(&config, &UserCargo::read(&host::var)?, true)
}
