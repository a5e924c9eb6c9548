//! The catalogue of cumulative updates, for people.

use std::fmt::Write;

use reconcile_schema::{Availability, Confidence, Product, Release, Releases};

use crate::show::render::{FAINT, NAME};

/// The build of a release, where a source gives one.
pub fn build(release: &Release) -> String {
    release.build.as_ref().map_or_else(|| "no sourced build".into(), ToString::to_string)
}

/// The releases, product by product.
pub fn table(releases: &Releases) -> String {
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
