//! A manifest: the types agree with the JSON Schema, and it survives a round trip.

use reconcile::fuzz;

use crate::scratch::{Scratch, acts_on_nobody, is_well_said};

pub fn check(bytes: &[u8]) {
    let scratch = Scratch::new();
    let path = scratch.file("manifest.yaml", bytes);
    let [by_types, by_schema] = fuzz::manifest(&path);
    assert_eq!(by_types.as_ref().ok(), by_schema.as_ref().ok(), "the types and the schema disagree");
    let manifest = match (by_types, by_schema) {
        (Ok(manifest), _) => manifest,
        (Err(one), Err(other)) => {
            return [one, other].iter().for_each(|refused| is_well_said(refused, "manifest.yaml"));
        }
        (Err(_), Ok(_)) => unreachable!("they agree"),
    };
    match fuzz::goals(&path) {
        Ok((_, warnings)) => assert!(warnings.iter().flat_map(|said| said.lines()).all(acts_on_nobody), "{warnings:?}"),
        Err(refused) => is_well_said(&refused, "manifest.yaml"),
    }
    // Every JSON document is valid YAML.
    scratch.file("manifest.yaml", &serde_json::to_vec(&manifest).unwrap());
    let [by_types, by_schema] = fuzz::manifest(&path);
    assert_eq!(by_types, by_schema);
    assert_eq!(by_types, Ok(manifest), "the round trip changes it");
}
