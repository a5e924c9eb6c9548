//! The catalogue of releases is consistent: its sources, its order, and the meaning of each name.

use std::{collections::BTreeSet, fs};

use jsonschema::validator_for;
use reconcile_schema::{Confidence, Product, Release, ReleaseError, Releases};
use serde_json::Value;

use crate::{root, schema};

fn text() -> String {
    fs::read_to_string(root().join("manifests/releases.yaml")).unwrap()
}

fn catalogue() -> Releases {
    serde_yaml::from_str(&text()).unwrap()
}

fn rows(catalogue: &Releases) -> impl Iterator<Item = (Product, &Release)> {
    catalogue.products.iter().flat_map(|(product, line)| line.releases.iter().map(|release| (*product, release)))
}

#[test]
fn it_is_valid_by_the_committed_schema() {
    let catalogue: Value = serde_yaml::from_str(&text()).unwrap();
    let validator = validator_for(&schema("releases")).unwrap();
    let errors: Vec<_> = validator.iter_errors(&catalogue).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}");
}

#[test]
fn every_product_is_there_and_every_identifier_is_unique_and_begins_with_its_product() {
    let catalogue = catalogue();
    assert_eq!(catalogue.products.keys().copied().collect::<Vec<_>>(), Product::ALL);
    let mut seen = BTreeSet::new();
    for (product, release) in rows(&catalogue) {
        assert!(release.id.starts_with(&format!("{}/", product.key())), "{}", release.id);
        assert!(seen.insert(&release.id), "{} is there twice", release.id);
    }
}

#[test]
fn every_row_has_a_source_that_the_catalogue_explains() {
    let catalogue = catalogue();
    for (_, release) in rows(&catalogue) {
        assert!(!release.source.is_empty(), "{} has no source", release.id);
        for tag in &release.source {
            assert!(catalogue.sources.contains_key(tag), "{}: no source is called {tag}", release.id);
        }
    }
    let used: BTreeSet<_> = rows(&catalogue).flat_map(|(_, release)| &release.source).collect();
    let unused: Vec<_> = catalogue.sources.keys().filter(|tag| !used.contains(tag)).collect();
    assert!(unused.is_empty(), "no row comes from {unused:?}");
}

#[test]
fn a_row_has_a_build_exactly_where_somebody_gives_one() {
    for (_, release) in rows(&catalogue()) {
        assert_eq!(release.build.is_none(), release.confidence == Confidence::Unknown, "{}", release.id);
    }
}

#[test]
fn every_build_is_of_its_products_line() {
    for (product, release) in rows(&catalogue()) {
        for build in release.build.iter().chain(release.components.values()) {
            assert_eq!(build.line, product.line(), "{}: {build}", release.id);
        }
    }
}

#[test]
fn no_component_is_above_the_build_of_its_release() {
    for (_, release) in rows(&catalogue()) {
        let Some(core) = &release.build else { continue };
        for (name, build) in &release.components {
            assert!(core.reaches(build), "{}: {name} at {build} is above {core}", release.id);
        }
    }
}

/// The table for people, with the source of each build. `UPDATE_SCHEMAS=1` writes it again.
#[test]
fn the_table_says_who_gives_each_build() {
    let catalogue = catalogue();
    let mut table = String::from(
        "# The catalogue of releases\n\nWritten from `releases.yaml`, which also has what is known of each. A release without a build \
         cannot be a target by its name.\n",
    );
    for product in Product::ALL {
        table += &format!(
            "\n## {product}\n\n| release | name | build | date | articles | sure | sources |\n|---|---|---|---|---|---|---|\n"
        );
        for release in catalogue.of(product) {
            let build = release.build.as_ref().map_or_else(|| "none".to_owned(), ToString::to_string);
            let sure = serde_json::to_value(release.confidence).unwrap();
            let private = if release.availability.is_some() { " (only with Extended Security Updates)" } else { "" };
            table += &format!(
                "| `{}` | {}{private} | {build} | {} | {} | {} | {} |\n",
                release.id,
                release.name,
                release.date,
                release.kb.join(" "),
                sure.as_str().unwrap(),
                release.source.join(" "),
            );
        }
    }
    table += "\n## Sources\n\n| tag | kind | where |\n|---|---|---|\n";
    for (tag, source) in &catalogue.sources {
        table += &format!("| {tag} | {} | {} |\n", source.kind, source.reference.replace('|', "/"));
    }
    let path = root().join("manifests/RELEASES.md");
    if std::env::var_os("UPDATE_SCHEMAS").is_some() {
        fs::write(&path, &table).unwrap();
    }
    assert_eq!(fs::read_to_string(path).unwrap(), table, "UPDATE_SCHEMAS=1 cargo test --test schema writes it again");
}

/// The last research on the catalogue, with the statement of each source.
#[test]
fn builds_that_were_looked_up_are_what_their_sources_say() {
    let catalogue = catalogue();
    let row = |id: &str| {
        let found = rows(&catalogue).find(|(_, release)| release.id == id);
        found.unwrap_or_else(|| panic!("no row {id}")).1.clone()
    };
    for (id, build, kb) in [
        ("sfb-se/849", Some("7.0.2046.849"), &["KB5065372", "KB5090660"][..]),
        ("sfb-se/rtmhf1", Some("7.0.2046.826"), &["KB5065372"]),
        ("sfb-se/hf-2025-08", Some("7.0.2046.820"), &["KB5065372"]),
        ("sfb-2019/cu8", None, &["KB4470124"]),
        ("sfb-2019/cu8hf1", Some("7.0.2046.548"), &["KB4470124"]),
        ("sfb-2019/hf-2025-08", Some("7.0.2046.553"), &["KB4470124"]),
        ("sfb-2019/sec-2024-02", None, &[]),
        ("sfb-2015/cu13", None, &["KB3061064"]),
        ("sfb-2015/562", Some("6.0.9319.562"), &[]),
        ("lync-2013/sec-2019-03", Some("5.0.8308.1068"), &["KB4494279"]),
    ] {
        let release = row(id);
        assert_eq!(
            (release.build.map(|build| build.to_string()).as_deref(), release.kb),
            (build, kb.iter().map(ToString::to_string).collect()),
            "{id}"
        );
    }
    // If sources contradict each other, both rows must mention it.
    for id in ["sfb-se/rtmhf1", "sfb-se/hf-2025-08"] {
        let note = row(id).note.unwrap();
        assert!([".826", ".820", "U26", "B-HIEZ"].iter().all(|said| note.contains(said)), "{note}");
    }
}

/// Within a product, later releases have later dates and higher builds, without exception.
#[test]
fn dates_and_builds_rise() {
    let catalogue = catalogue();
    for product in Product::ALL {
        let rows = catalogue.of(product);
        for pair in rows.windows(2) {
            // Dates are as exact as their sources, "2025" or "2025-08" or "2025-08-12". The common part is compared.
            let (before, after) = (&pair[0], &pair[1]);
            let length = before.date.len().min(after.date.len());
            assert!(before.date[..length] <= after.date[..length], "{} is dated before {}", after.id, before.id);
        }
        let builds: Vec<_> = rows.iter().filter_map(|release| Some((release.build.as_ref()?, &release.id))).collect();
        for pair in builds.windows(2) {
            let ((before, first), (after, second)) = (pair[0], pair[1]);
            assert!(before < after, "{second} ({after}) does not come after {first} ({before})");
        }
    }
}

/// Every spelling of a release leads to it, or to an error with all candidates.
#[test]
fn a_name_means_one_release_or_is_refused_with_the_candidates() {
    let catalogue = catalogue();
    for (product, release) in rows(&catalogue) {
        let (short, spoken) = (release.short(), release.short().to_uppercase().replace("HF", " HF"));
        for name in [&release.id, &short, &spoken, &release.name] {
            match (catalogue.resolve(product, name), &release.build) {
                (Ok((build, _)), Some(own)) => assert_eq!(build, *own, "{product} {name}"),
                (Err(ReleaseError::NoBuild { name, .. }), None) => assert_eq!(name, release.name),
                (other, _) => panic!("{product} {name}: {other:?}"),
            }
        }
        for kb in &release.kb {
            let same: Vec<_> = catalogue.of(product).iter().filter(|other| other.kb.contains(kb)).collect();
            match catalogue.resolve(product, kb) {
                Ok((build, _)) => assert!(same.len() == 1 && release.build.as_ref() == Some(&build), "{kb}"),
                Err(ReleaseError::NoBuild { .. }) => assert!(same.len() == 1 && release.build.is_none(), "{kb}"),
                Err(ReleaseError::Ambiguous { candidates, .. }) => assert_eq!(candidates.len(), same.len(), "{kb}"),
                Err(other) => panic!("{product} {kb}: {other}"),
            }
        }
    }
}
