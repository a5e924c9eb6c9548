//! A catalogue of releases survives a round trip, and each of its names stands for one build or for none.

use reconcile::fuzz;
use reconcile_schema::{Build, ReleaseError};

use crate::scratch::{Scratch, is_well_said};

pub fn check(bytes: &[u8]) {
    let scratch = Scratch::new();
    let path = scratch.file("releases.yaml", bytes);
    let catalogue = match fuzz::catalogue(&path) {
        Ok(catalogue) => catalogue,
        Err(refused) => return is_well_said(&refused, "releases.yaml"),
    };
    scratch.file("releases.yaml", &serde_json::to_vec(&catalogue).unwrap());
    assert_eq!(fuzz::catalogue(&path).as_ref(), Ok(&catalogue), "the round trip changes it");
    for (product, line) in &catalogue.products {
        let builds: Vec<&Build> = line.releases.iter().filter_map(|release| release.build.as_ref()).collect();
        for release in &line.releases {
            for name in [&release.id, &release.name, &release.short()] {
                match catalogue.resolve(*product, name) {
                    Ok((build, _)) => assert!(builds.contains(&&build) || name.parse() == Ok(build), "{name}"),
                    Err(ReleaseError::Ambiguous { candidates, .. }) => assert!(candidates.len() > 1, "{name}"),
                    Err(
                        ReleaseError::NoSuchName { .. } | ReleaseError::NoBuild { .. } | ReleaseError::WrongLine { .. },
                    ) => {}
                }
            }
        }
        for build in builds {
            match catalogue.resolve(*product, &build.to_string()) {
                Ok((resolved, _)) => assert_eq!(resolved, *build),
                Err(_) => assert_ne!(build.line, product.line(), "{build} is a build of {product}"),
            }
        }
    }
}
