//! Tests of the share: one claim at a time, however many reach for it.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU32, Ordering},
};

use reconcile_schema::{Released, RunId};

use super::*;

/// When a server was back, by its own clock.
const BACK: Timestamp = Timestamp::constant(1_767_837_600, 0);

fn name() -> Fqdn {
    "pool01.contoso.example".parse().unwrap()
}

fn server(number: u32) -> ServerName {
    format!("fe-{number}.contoso.example").parse().unwrap()
}

fn claim(number: u32) -> Claim {
    Claim {
        server: server(number),
        pool: name(),
        domain: None,
        run: RunId("a run".into()),
        at: Timestamp::UNIX_EPOCH,
        boot: None,
        later: BTreeMap::new(),
    }
}

fn share(folder: &tempfile::TempDir) -> Share {
    Share::at(folder.path().to_str().unwrap())
}

#[test]
fn a_claim_keeps_the_others_out_until_its_server_releases_it() {
    let folder = tempfile::tempdir().unwrap();
    let share = share(&folder);
    assert_eq!(share.read(&name()).unwrap(), PoolRecord::default());
    assert_eq!(share.claim(&name(), claim(1)).unwrap(), None);
    share.claim(&name(), Claim { run: RunId("a later run".into()), ..claim(1) }).unwrap();
    assert_eq!(share.claim(&name(), claim(2)).unwrap().unwrap().server, server(1));
    share.release(&name(), &server(2), None, BACK).unwrap(); // It has none.
    assert_eq!(share.read(&name()).unwrap().claims[0].run, RunId("a later run".into()));
    let build: Build = "7.0.2046.521".parse().unwrap();
    share.release(&name(), &server(1), Some(build.clone()), BACK).unwrap();
    let record = share.read(&name()).unwrap();
    assert_eq!((record.claims.as_slice(), record.reached.get(&server(1))), (&[][..], Some(&build)));
    let last = Released { server: server(1), domain: None, at: BACK, later: BTreeMap::new() };
    assert_eq!(record.last_of_others(&server(2), &name(), None), Some(&last));
    assert_eq!(record.last_of_others(&server(1), &name(), None), None);
    share.claim(&name(), claim(2)).unwrap();
}

#[test]
fn the_pool_settles_after_a_server_that_is_still_behind_too() {
    let folder = tempfile::tempdir().unwrap();
    let share = share(&folder);
    share.release(&name(), &server(1), None, BACK).unwrap(); // It was not worked on.
    assert_eq!(share.read(&name()).unwrap(), PoolRecord::default());
    share.claim(&name(), claim(1)).unwrap();
    share.release(&name(), &server(1), None, BACK).unwrap();
    let record = share.read(&name()).unwrap();
    let last = Released { server: server(1), domain: None, at: BACK, later: BTreeMap::new() };
    assert_eq!(record.last_of_others(&server(2), &name(), None), Some(&last));
    assert!(record.reached.is_empty(), "{record:?}");
}

/// A record as a later version may write it. A version that does not know a field keeps it.
#[test]
fn what_a_later_version_has_added_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let share = share(&folder);
    let written = r#"{"order":["fe-2"],"claims":[{"server":"fe-1.contoso.example","pool":"pool01.contoso.example","run":"a run",
        "at":"2030-01-01T00:00:00Z","ticket":"CHG-7"}],"released":{"pool01.contoso.example":
        {"server":"fe-3.contoso.example","at":"2030-01-01T00:00:00Z","tested":{"calls":3}}}}"#;
    std::fs::write(folder.path().join(format!("{}.json", name())), written).unwrap();
    assert_eq!(share.claim(&name(), claim(2)).unwrap().unwrap().server, server(1));
    share.break_claim(&name(), &server(1), "alex".into(), BACK, "it is back".into()).unwrap();
    share.claim(&name(), claim(2)).unwrap();
    let now = serde_json::to_value(share.read(&name()).unwrap()).unwrap();
    for (place, kept) in [("/order/0", "fe-2"), ("/broken/0/claim/ticket", "CHG-7")] {
        assert_eq!(now.pointer(place).and_then(serde_json::Value::as_str), Some(kept), "{now}");
    }
    assert_eq!(now.pointer("/released/pool01.contoso.example/tested/calls"), Some(&3.into()), "{now}");
}

#[test]
fn servers_of_one_upgrade_domain_are_worked_on_together() {
    let folder = tempfile::tempdir().unwrap();
    let share = share(&folder);
    let of = |number, domain: &str| Claim { domain: Some(domain.parse().unwrap()), ..claim(number) };
    share.claim(&name(), of(1, "ud1")).unwrap();
    share.claim(&name(), of(2, "ud1")).unwrap();
    let refused = |claim| share.claim(&name(), claim).unwrap().is_some();
    assert!(refused(of(3, "ud2")));
    assert!(refused(Claim { pool: "pool02.contoso.example".parse().unwrap(), ..of(3, "ud1") }));
    assert!(refused(claim(3)));
    share.release(&name(), &server(1), None, BACK).unwrap();
    assert!(refused(of(3, "ud2")), "one of them is still worked on");
    share.release(&name(), &server(2), None, BACK).unwrap();
    share.claim(&name(), of(3, "ud2")).unwrap();
}

#[test]
fn a_broken_claim_is_remembered_and_its_server_cannot_release_another_ones() {
    let folder = tempfile::tempdir().unwrap();
    let share = share(&folder);
    let broken = |reason: &str| {
        share.break_claim(&name(), &server(1), "CONTOSO\\alex".into(), Timestamp::UNIX_EPOCH, reason.into()).unwrap()
    };
    assert_eq!(broken("nobody has it"), None);
    share.claim(&name(), claim(1)).unwrap();
    assert_eq!(broken("its disk is gone"), Some(claim(1)));
    share.claim(&name(), claim(2)).unwrap();
    share.release(&name(), &server(1), None, BACK).unwrap();
    let record = share.read(&name()).unwrap();
    assert_eq!(record.claims, [claim(2)]);
    let kept: Vec<_> = record.broken.iter().map(|broken| (broken.by.as_str(), broken.reason.as_str())).collect();
    assert_eq!(kept, [("CONTOSO\\alex", "its disk is gone")]);
}

#[test]
fn of_servers_that_reach_for_it_at_once_one_has_it() {
    let folder = tempfile::tempdir().unwrap();
    let (share, inside, had) = (share(&folder), AtomicU32::new(0), AtomicU32::new(0));
    std::thread::scope(|scope| {
        for number in 0..4 {
            let (share, inside, had) = (&share, &inside, &had);
            scope.spawn(move || {
                for _ in 0..125 {
                    if share.claim(&name(), claim(number)).unwrap().is_some() {
                        continue;
                    }
                    had.fetch_add(1, Ordering::Relaxed);
                    assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0, "two servers have it");
                    inside.fetch_sub(1, Ordering::SeqCst);
                    share.release(&name(), &server(number), None, BACK).unwrap();
                }
            });
        }
    });
    assert!(had.into_inner() > 0, "somebody has had it");
    assert_eq!(share.read(&name()).unwrap().claims, []);
}

#[test]
fn what_cannot_be_read_is_no_pool_without_a_claim() {
    let folder = tempfile::tempdir().unwrap();
    let gone = Share { folder: folder.path().join("gone") };
    let said = gone.read(&name()).unwrap_err().to_string();
    assert!(said.starts_with("cannot look at ") && said.contains("make sure that the share is there"), "{said}");
    assert!(gone.claim(&name(), claim(1)).is_err());
    let share = share(&folder);
    std::fs::write(folder.path().join("pool01.contoso.example.json"), "{ \"claims\": ").unwrap();
    let said = share.read(&name()).unwrap_err().to_string();
    assert!(said.contains("EOF while parsing") && said.contains("mend the file"), "{said}");
    assert!(share.claim(&name(), claim(1)).is_err(), "a torn record is not written over");
}
