//! An approved plan survives a round trip, and no part of it is skipped.

use reconcile::fuzz;

use crate::scratch::{Scratch, acts_on_nobody, is_well_said};

pub fn check(bytes: &[u8]) {
    let scratch = Scratch::new();
    let path = scratch.file("plan.json", bytes);
    let plan = match fuzz::plan(&path) {
        Ok(plan) => plan,
        Err(refused) => return is_well_said(&refused, "plan.json"),
    };
    let written = fuzz::written(&plan).unwrap();
    assert!(written.lines().all(acts_on_nobody), "{written}");
    scratch.file("plan.json", written.as_bytes());
    assert_eq!(fuzz::plan(&path), Ok(plan), "the round trip changes it");
}
