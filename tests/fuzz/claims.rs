//! What a share holds: it is a record, or it is left as it is; and a server that claims and releases takes nothing away from others.

use std::{collections::BTreeMap, fs};

use jiff::Timestamp;
use reconcile_hosts::Share;
use reconcile_schema::{Build, Claim, Fqdn, RunId, ServerName};

use crate::scratch::Scratch;

pub fn check(bytes: &[u8]) {
    let scratch = Scratch::new();
    let path = scratch.file("pool.contoso.example.json", bytes);
    let share = Share::at(&path.parent().unwrap().to_string_lossy());
    let pool: Fqdn = "pool.contoso.example".parse().unwrap();
    let server: ServerName = "fe-fuzz.contoso.example".parse().unwrap();
    let (at, build): (Timestamp, Build) = ("2026-03-01T21:00:00Z".parse().unwrap(), "7.0.2046.530".parse().unwrap());
    let claim = Claim {
        server: server.clone(),
        pool: pool.clone(),
        domain: None,
        run: RunId("fuzz".into()),
        at,
        boot: None,
        later: BTreeMap::new(),
    };
    let claimed = share.claim(&pool, claim);
    let Ok(before) = serde_json::from_slice::<reconcile_schema::PoolRecord>(bytes) else {
        claimed.unwrap_err();
        assert_eq!(fs::read(&path).unwrap(), bytes, "what is no record was written over");
        return;
    };
    let held_by_other = claimed.unwrap();
    let now = share.read(&pool).unwrap();
    match &held_by_other {
        None => assert!(now.is_claimed_by(&server)),
        Some(other) => assert!(before.claims.contains(other) && now == before, "{other:?} holds it"),
    }
    share.release(&pool, &server, Some(build.clone()), at).unwrap();
    let after = share.read(&pool).unwrap();
    assert!(!after.is_claimed_by(&server));
    assert_eq!(after.reached.get(&server), Some(&build));
    let others =
        |claims: &[Claim]| -> Vec<Claim> { claims.iter().filter(|one| one.server != server).cloned().collect() };
    assert_eq!(others(&after.claims), others(&before.claims), "a claim of another server is lost");
    for (other, reached) in before.reached.iter().filter(|(other, _)| **other != server) {
        assert_eq!(after.reached.get(other), Some(reached), "{other} is forgotten");
    }
    assert_eq!((after.broken, after.later), (before.broken, before.later));
}
