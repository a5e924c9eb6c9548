//! The file of another server on the share. It speaks only for that server, and nobody overwrites it. A server that
//! claims and releases the pool gets its content, or an error.

use std::{collections::BTreeMap, fs};

use jiff::Timestamp;
use reconcile_hosts::Share;
use reconcile_schema::{Build, Claim, Fqdn, PoolRecord, RunId, ServerName};

use crate::scratch::Scratch;

pub fn check(bytes: &[u8]) {
    let scratch = Scratch::new();
    let path = scratch.file("pool.contoso.example.fe-other.contoso.example.json", bytes);
    let share = Share::at(&path.parent().unwrap().to_string_lossy(), &[]);
    let pool: Fqdn = "pool.contoso.example".parse().unwrap();
    let [server, other] =
        ["fe-fuzz.contoso.example", "fe-other.contoso.example"].map(|name| name.parse::<ServerName>().unwrap());
    let (at, build): (Timestamp, Build) = ("2026-03-01T21:00:00Z".parse().unwrap(), "7.0.2046.530".parse().unwrap());
    let claim = Claim {
        server: server.clone(),
        pool: pool.clone(),
        domain: None,
        run: RunId("fuzz".into()),
        at,
        boot: None,
        manifest_fingerprint: None,
        written: None,
        later: BTreeMap::new(),
    };
    let told = share.read(&pool, Some(&server));
    let claimed = share.claim(&pool, claim);
    assert_eq!(fs::read(&path).unwrap(), bytes, "the file of another server was written over");
    let Ok(before) = told else {
        claimed.unwrap_err();
        return;
    };
    assert!(before.claims.iter().all(|claim| claim.server == other), "{before:?}");
    assert!(before.reached.keys().all(|name| *name == other), "{before:?}");
    assert!(before.broken.is_empty(), "{before:?}");
    claimed.unwrap();
    let now = share.read(&pool, Some(&server)).unwrap();
    let held = |record: &PoolRecord| record.claims.iter().filter(|claim| claim.server == other).count();
    assert_eq!(held(&now), held(&before), "a claim of another server is lost");
    share.release(&pool, &server, Some(build.clone()), at).unwrap();
    let after = share.read(&pool, None).unwrap();
    assert!(!after.is_claimed_by(&server));
    assert_eq!(after.reached.get(&server), Some(&build));
    assert_eq!((held(&after), after.reached.get(&other)), (held(&before), before.reached.get(&other)));
    assert_eq!(fs::read(&path).unwrap(), bytes, "the file of another server was written over");
}
