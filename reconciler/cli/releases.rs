//! `reconcile releases`: the catalogue of cumulative updates.

use std::fmt::Write;

use reconcile_schema::{Availability, Confidence, Product, Release, Releases};

use crate::{
    args::{self, Output},
    catalogue,
    exit::Exit,
    harmless, print,
    problem::Problem,
    render::{FAINT, NAME},
};

/// Lists the releases that match.
///
/// # Errors
/// When standard output cannot be written.
pub fn run(args: &args::Releases) -> Result<Exit, Problem> {
    let mut releases = catalogue::releases()?;
    releases.products.retain(|product, _| args.product.is_none_or(|only| only == *product));
    if let Some(text) = &args.text {
        let text = text.to_lowercase();
        for line in releases.products.values_mut() {
            line.releases.retain(|release| matches(release, &text));
        }
    }
    releases.products.retain(|_, line| !line.releases.is_empty());
    match args.output {
        Output::Json => print(&harmless::pretty(&releases)?),
        Output::Text => print(&table(&releases)),
    }
}

fn matches(release: &Release, text: &str) -> bool {
    let fields = [release.id.clone(), release.name.clone(), build(release), release.kb.join(" ")];
    fields.iter().any(|field| field.to_lowercase().contains(text))
}

fn build(release: &Release) -> String {
    release.build.as_ref().map_or_else(|| "no sourced build".into(), ToString::to_string)
}

fn table(releases: &Releases) -> String {
    let mut out = String::new();
    for product in Product::ALL {
        let rows = releases.of(product);
        if rows.is_empty() {
            continue;
        }
        let _ = writeln!(out, "{NAME}{product}{NAME:#} ({})", product.key());
        for row in rows {
            let (id, name, build) = (row.short(), &row.name, build(row));
            let sure = sure(row.confidence);
            let private = match row.availability {
                Some(Availability::Esu) => "; only with Extended Security Updates",
                None => "",
            };
            let _ = writeln!(
                out,
                "  {id:<14} {build:<17} {:<10} {name}  {FAINT}{sure}, {}{private}{FAINT:#}",
                row.date,
                row.source.join(" ")
            );
        }
        out.push('\n');
    }
    if out.is_empty() {
        return "no release matches\n".into();
    }
    let _ = writeln!(
        out,
        "{FAINT}Collected {}; the sources stand in manifests/releases.yaml.{FAINT:#}",
        releases.collected
    );
    out
}

const fn sure(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Confirmed => "confirmed",
        Confidence::Single => "one source",
        Confidence::Inferred => "inferred",
        Confidence::Unknown => "not a target",
    }
}
