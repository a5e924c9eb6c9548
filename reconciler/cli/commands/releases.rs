//! `reconcile releases`: the catalogue of cumulative updates.

use reconcile_schema::Release;

use crate::commands::args::Releases;
use crate::manifest::{catalogue, exit::Exit, problem::Problem};
use crate::show::releases::{build, table};

/// Lists the releases that match.
///
/// # Errors
/// When standard output cannot be written.
pub fn run(args: &Releases) -> Result<Exit, Problem> {
    let mut releases = catalogue::releases()?;
    releases.products.retain(|product, _| args.product.is_none_or(|only| only == *product));
    if let Some(text) = &args.text {
        let text = text.to_lowercase();
        for line in releases.products.values_mut() {
            line.releases.retain(|release| matches(release, &text));
        }
    }
    releases.products.retain(|_, line| !line.releases.is_empty());
    args.output.print(&releases, table)
}

fn matches(release: &Release, text: &str) -> bool {
    let fields = [release.id.clone(), release.name.clone(), build(release), release.kb.join(" ")];
    fields.iter().any(|field| field.to_lowercase().contains(text))
}
