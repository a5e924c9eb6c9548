//! Tests of the share: one claim at a time, however many servers try, and no file is believed that must not be.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may panic")]

use std::{
    collections::BTreeMap,
    fs,
    io::{Read, Seek},
    sync::Barrier,
};

use reconcile_schema::{Released, RunId};

use super::*;
use crate::believed::Owner;

/// When a server was back, by its own clock.
const BACK: Timestamp = Timestamp::constant(1_767_837_600, 0);

/// The account that all servers of these tests run as, unless a file names another.
const SERVICE: &str = r"CONTOSO\gmsa$";
const STRANGER: &str = r"CONTOSO\mallory";

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
        manifest_fingerprint: None,
        written: None,
        later: BTreeMap::new(),
    }
}

/// The owner of a file, as its content names it: these tests run where no system reports one.
fn told(mut file: &File) -> Owner {
    let mut text = String::new();
    file.rewind().unwrap();
    file.read_to_string(&mut text).unwrap();
    file.rewind().unwrap();
    let owner = serde_json::from_str::<serde_json::Value>(&text)
        .ok()
        .and_then(|said| Some(said.get("owner")?.as_str()?.to_owned()));
    match owner.as_deref() {
        Some("nobody knows") => Owner::Unread("access is denied".into()),
        owner => Owner::Account { sid: "S-1-5-21-1-2-3-1104".into(), name: Some(owner.unwrap_or(SERVICE).to_owned()) },
    }
}

fn share(folder: &tempfile::TempDir) -> Share {
    let eyes = Eyes { owner: told, domain: || Some("CONTOSO".into()), targets: |_| None };
    Share { folder: folder.path().into(), writers: vec![SERVICE.parse().unwrap()], eyes, tries: TRIES }
}

/// The record without the times of the files.
fn read(share: &Share) -> PoolRecord {
    let mut record = share.read(&name(), None).unwrap();
    record.claims.iter_mut().for_each(|claim| claim.written = None);
    record.released.values_mut().for_each(|last| last.written = None);
    record
}

fn file(folder: &tempfile::TempDir, kind: &Kind) -> PathBuf {
    kind.path(folder.path(), &name())
}

/// Creates the file of a server, owned by this account.
fn put(folder: &tempfile::TempDir, number: u32, owner: &str, record: &PoolRecord) {
    let mut said = serde_json::to_value(record).unwrap();
    said["owner"] = owner.into();
    fs::write(file(folder, &Kind::Server(server(number))), said.to_string()).unwrap();
}

fn claimed(number: u32) -> PoolRecord {
    PoolRecord { claims: vec![claim(number)], ..PoolRecord::default() }
}

fn build() -> Build {
    "7.0.2046.521".parse().unwrap()
}

#[test]
fn a_claim_keeps_the_others_out_until_its_server_releases_it() {
    let folder = tempfile::tempdir().unwrap();
    let share = share(&folder);
    assert_eq!(read(&share), PoolRecord::default());
    assert_eq!(share.claim(&name(), claim(1)).unwrap(), Claimed::Granted);
    share.claim(&name(), Claim { run: RunId("a later run".into()), ..claim(1) }).unwrap();
    let Claimed::Taken(other) = share.claim(&name(), claim(2)).unwrap() else { panic!("two servers have it") };
    assert_eq!(other.server, server(1));
    assert!(other.written.is_some(), "the file has a time");
    share.release(&name(), &server(2), None, BACK).unwrap(); // It has none.
    assert_eq!(read(&share).claims[0].run, RunId("a later run".into()));
    share.release(&name(), &server(1), Some(build()), BACK).unwrap();
    let record = read(&share);
    assert_eq!((record.claims.as_slice(), record.reached.get(&server(1))), (&[][..], Some(&build())));
    let last = Released { server: server(1), domain: None, at: BACK, written: None, later: BTreeMap::new() };
    assert_eq!(record.last_of_others(&server(2), &name(), None), Some(&last));
    assert_eq!(record.last_of_others(&server(1), &name(), None), None);
    assert_eq!(share.claim(&name(), claim(2)).unwrap(), Claimed::Granted);
    let files: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(files.len(), 3, "one for each server, and the lock: {files:?}");
}

#[test]
fn the_pool_settles_after_a_server_that_is_still_behind_too() {
    let folder = tempfile::tempdir().unwrap();
    let share = share(&folder);
    share.release(&name(), &server(1), None, BACK).unwrap();
    assert_eq!(read(&share), PoolRecord::default());
    share.release(&name(), &server(1), Some(build()), BACK).unwrap();
    assert_eq!(read(&share).reached.get(&server(1)), Some(&build()));
    share.claim(&name(), claim(1)).unwrap();
    assert!(read(&share).reached.is_empty(), "a server that is worked on is not done: it may have been restored");
    share.release(&name(), &server(1), None, BACK).unwrap();
    let record = read(&share);
    let last = Released { server: server(1), domain: None, at: BACK, written: None, later: BTreeMap::new() };
    assert_eq!(record.last_of_others(&server(2), &name(), None), Some(&last));
    assert!(record.reached.is_empty(), "{record:?}");
}

/// A file as a later version may write it. A version keeps the fields that it does not know.
#[test]
fn what_a_later_version_has_added_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let share = share(&folder);
    let written = r#"{"order":["fe-2"],"released":{"pool01.contoso.example":
        {"server":"fe-1.contoso.example","at":"2020-01-01T00:00:00Z","tested":{"calls":3}}}}"#;
    fs::write(file(&folder, &Kind::Server(server(1))), written).unwrap();
    share.claim(&name(), claim(1)).unwrap();
    let now = fs::read_to_string(file(&folder, &Kind::Server(server(1)))).unwrap();
    let now: serde_json::Value = serde_json::from_str(&now).unwrap();
    assert_eq!(now["order"][0], "fe-2", "{now}");
    assert_eq!(now["claims"][0]["server"], "fe-1.contoso.example", "{now}");
    assert_eq!(now.pointer("/released/pool01.contoso.example/tested/calls"), Some(&3.into()), "{now}");
}

#[test]
fn servers_of_one_upgrade_domain_are_worked_on_together() {
    let folder = tempfile::tempdir().unwrap();
    let share = share(&folder);
    let of = |number, domain: &str| Claim { domain: Some(domain.parse().unwrap()), ..claim(number) };
    share.claim(&name(), of(1, "ud1")).unwrap();
    share.claim(&name(), of(2, "ud1")).unwrap();
    let refused = |claim| matches!(share.claim(&name(), claim).unwrap(), Claimed::Taken(_));
    assert!(refused(of(3, "ud2")));
    assert!(refused(Claim { pool: "pool02.contoso.example".parse().unwrap(), ..of(3, "ud1") }));
    assert!(refused(claim(3)));
    share.release(&name(), &server(1), None, BACK).unwrap();
    assert!(refused(of(3, "ud2")), "one of them is still worked on");
    share.release(&name(), &server(2), None, BACK).unwrap();
    assert_eq!(share.claim(&name(), of(3, "ud2")).unwrap(), Claimed::Granted);
}

#[test]
fn a_broken_claim_is_remembered_and_the_next_claim_of_its_server_is_another_one() {
    let folder = tempfile::tempdir().unwrap();
    let share = share(&folder);
    let broken = |reason: &str| {
        share.break_claim(&name(), &server(1), STRANGER.into(), Timestamp::UNIX_EPOCH, reason.into()).unwrap()
    };
    assert_eq!(broken("nobody has it"), None);
    share.claim(&name(), claim(1)).unwrap();
    assert_eq!(broken("its disk is gone").map(|claim| claim.server), Some(server(1)));
    assert_eq!(broken("twice"), None);
    assert_eq!(share.claim(&name(), claim(2)).unwrap(), Claimed::Granted);
    share.release(&name(), &server(1), None, BACK).unwrap();
    let record = read(&share);
    assert_eq!(record.claims, [claim(2)]);
    let kept: Vec<_> = record.broken.iter().map(|broken| (broken.by.as_str(), broken.reason.as_str())).collect();
    assert_eq!(kept, [(STRANGER, "its disk is gone")]);
    share.release(&name(), &server(2), None, BACK).unwrap();
    let again = Claim { run: RunId("another run".into()), ..claim(1) };
    assert_eq!(share.claim(&name(), again.clone()).unwrap(), Claimed::Granted);
    assert_eq!(read(&share).claims, [again]);
}

/// A claim is held until every server has tried to get it; then its holder releases it for the next round.
#[test]
fn of_servers_that_reach_for_it_at_once_one_has_it() {
    const SERVERS: u32 = 8;
    const ROUNDS: u32 = 40;
    let folder = tempfile::tempdir().unwrap();
    let (share, all) = (share(&folder), Barrier::new(SERVERS as usize));
    let granted: Vec<Vec<(bool, Result<(), ShareError>)>> = std::thread::scope(|scope| {
        let one = |number| {
            let (share, all) = (&share, &all);
            scope.spawn(move || {
                let round = |_| {
                    all.wait();
                    let got = share.claim(&name(), claim(number));
                    all.wait();
                    let has = matches!(got, Ok(Claimed::Granted));
                    let released = if has { share.release(&name(), &server(number), None, BACK) } else { Ok(()) };
                    all.wait(); // It may fail only now, because the others wait too.
                    (has, got.map(drop).and(released))
                };
                (0..ROUNDS).map(round).collect::<Vec<_>>()
            })
        };
        let servers: Vec<_> = (0..SERVERS).map(one).collect();
        servers.into_iter().map(|server| server.join().unwrap()).collect()
    });
    for round in 0..ROUNDS as usize {
        let had = granted.iter().filter(|server| server[round].0).count();
        assert_eq!(had, 1, "in round {round} so many servers had the claim at the same time");
        assert!(granted.iter().all(|server| server[round].1.is_ok()), "{granted:?}");
    }
    assert_eq!(read(&share).claims, []);
}

/// The connection to the share was lost while the lock was ours, and another server had it meanwhile.
#[test]
fn nothing_is_written_over_what_somebody_wrote_since_it_was_read() {
    let meanwhile: [fn(&tempfile::TempDir); 4] = [
        |folder| put(folder, 2, SERVICE, &claimed(2)),
        |folder| put(folder, 1, SERVICE, &PoolRecord::default()),
        |folder| put(folder, 3, STRANGER, &PoolRecord::default()),
        |folder| fs::remove_file(file(folder, &Kind::Server(server(3)))).unwrap(),
    ];
    for (nth, change) in meanwhile.iter().enumerate() {
        let folder = tempfile::tempdir().unwrap();
        let share = share(&folder);
        put(&folder, 3, SERVICE, &PoolRecord::default());
        let first = server(1);
        let changed = share.change(&name(), Some(&first), Kind::Server(first.clone()), |_, own| {
            change(&folder);
            own.claim(claim(1));
        });
        let Err(error) = changed else { panic!("change {nth} was not seen") };
        assert!(error.is_busy() && error.to_string().contains("nothing was written"), "{error}");
        assert!(read(&share).claims.iter().all(|claim| claim.server != server(1)), "change {nth}");
        assert!(share.claim(&name(), claim(4)).is_ok(), "the lock is free again");
    }
}

#[test]
fn a_record_that_stays_in_use_is_busy_and_no_failure() {
    let folder = tempfile::tempdir().unwrap();
    let share = share(&folder);
    let held = share.lock(&name()).unwrap();
    let hasty = Share { tries: 1, ..share.clone() };
    let errors = [
        hasty.claim(&name(), claim(1)).unwrap_err(),
        hasty.release(&name(), &server(1), Some(build()), BACK).unwrap_err(),
        hasty.break_claim(&name(), &server(1), "alex".into(), BACK, "why".into()).unwrap_err(),
    ];
    for error in errors {
        assert!(error.is_busy() && error.to_string().contains("pool01.contoso.example.lock"), "{error}");
    }
    assert_eq!(read(&share), PoolRecord::default(), "it is read all the same");
    drop(held);
    assert_eq!(hasty.claim(&name(), claim(1)).unwrap(), Claimed::Granted);
    assert_eq!(patience(TRIES), std::time::Duration::from_secs(5), "what the message says of a share's own tries");
}

/// A file of another owner can forbid but never permit, and the report names the owner and the file.
#[test]
fn a_strangers_file_opens_no_gate_and_keeps_the_pool_as_it_is() {
    let reached = PoolRecord { reached: BTreeMap::from([(server(1), build())]), ..PoolRecord::default() };
    for (owner, shown) in
        [(STRANGER, STRANGER), (r"CONTOSO\FE-2$", r"CONTOSO\FE-2$"), ("nobody knows", "access is denied")]
    {
        for said in [&reached, &claimed(1), &PoolRecord::default()] {
            let folder = tempfile::tempdir().unwrap();
            let share = share(&folder);
            put(&folder, 1, owner, said);
            let record = read(&share);
            assert!(record.reached.is_empty() && record.claims.is_empty(), "{record:?}");
            let [doubt] = record.doubts.as_slice() else { panic!("{record:?}") };
            let text = doubt.to_string();
            let path = file(&folder, &Kind::Server(server(1))).display().to_string();
            assert!(text.contains(&path) && text.contains(shown) && doubt.forbids(&server(2)), "{text}");
            assert_eq!(share.claim(&name(), claim(2)).unwrap(), Claimed::Doubted(doubt.clone()));
            assert!(!doubt.forbids(&server(1)));
            assert_eq!(share.claim(&name(), claim(1)).unwrap(), Claimed::Granted);
            assert_eq!((read(&share).claims, read(&share).doubts), (vec![claim(1)], vec![]));
        }
    }
}

#[test]
fn the_computer_account_of_a_server_is_believed_and_speaks_for_that_server_alone() {
    let folder = tempfile::tempdir().unwrap();
    let share = share(&folder);
    let mut said = claimed(1);
    said.claims.push(claim(2));
    said.reached = BTreeMap::from([(server(1), build()), (server(2), build())]);
    said.broken.push(BrokenClaim {
        claim: claim(3),
        by: String::new(),
        at: BACK,
        reason: String::new(),
        later: BTreeMap::new(),
    });
    put(&folder, 1, r"CONTOSO\FE-1$", &said);
    put(&folder, 3, r"CONTOSO\FE-3$", &claimed(3));
    let record = read(&share);
    assert_eq!(record.claims, [claim(1), claim(3)]);
    assert_eq!((record.reached.len(), record.doubts.len()), (1, 0), "{record:?}");
}

#[test]
fn a_claim_is_broken_by_those_who_may_speak_for_its_server() {
    let folder = tempfile::tempdir().unwrap();
    let share = share(&folder);
    put(&folder, 1, SERVICE, &claimed(1));
    let broken =
        BrokenClaim { claim: claim(1), by: "mallory".into(), at: BACK, reason: "mine".into(), later: BTreeMap::new() };
    let mut said = serde_json::to_value(PoolRecord { broken: vec![broken], ..PoolRecord::default() }).unwrap();
    said["owner"] = STRANGER.into();
    let path = file(&folder, &Kind::Broken(server(1)));
    fs::write(&path, said.to_string()).unwrap();
    let record = read(&share);
    assert_eq!((record.claims.as_slice(), record.broken.len()), (&[claim(1)][..], 0));
    assert!(record.doubts[0].to_string().contains(STRANGER) && !record.doubts[0].forbids(&server(2)), "{record:?}");
    assert!(matches!(share.claim(&name(), claim(2)).unwrap(), Claimed::Taken(_)));
    said["owner"] = SERVICE.into();
    fs::write(&path, said.to_string()).unwrap();
    assert_eq!(share.claim(&name(), claim(2)).unwrap(), Claimed::Granted);
}

/// The run finds that out before anything is stopped.
#[test]
fn a_file_that_no_server_would_believe_is_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let share = Share { writers: Vec::new(), ..share(&folder) };
    put(&folder, 2, r"CONTOSO\FE-2$", &claimed(2));
    for error in [
        share.break_claim(&name(), &server(2), "gmsa".into(), BACK, "why".into()).unwrap_err(),
        share.release(&name(), &server(1), Some(build()), BACK).unwrap_err(),
    ] {
        let said = error.to_string();
        assert!(said.contains(SERVICE) && said.contains("`rollout: { claims: { folder, writers } }`"), "{said}");
        assert!(!error.is_busy());
    }
    assert_eq!(read(&share).claims, [claim(2)]);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "the lock and one file");
}

#[test]
fn what_a_killed_run_left_half_written_is_gone_after_the_next_change() {
    let folder = tempfile::tempdir().unwrap();
    let share = share(&folder);
    let path = file(&folder, &Kind::Server(server(1))).display().to_string();
    fs::write(format!("{path}.x1Yz.tmp"), "{ \"claims\": ").unwrap();
    assert_eq!(read(&share), PoolRecord::default());
    share.claim(&name(), claim(2)).unwrap();
    share.release(&name(), &server(2), None, BACK).unwrap();
    assert!(fs::exists(format!("{path}.x1Yz.tmp")).unwrap(), "that of another server is its own");
    share.claim(&name(), claim(1)).unwrap();
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(left.iter().all(|path| path.extension().is_some_and(|end| end != "tmp")), "{left:?}");
}

/// Servers of two versions: a record that all of them wrote can forbid, but its author is unknown.
#[test]
fn the_record_of_an_earlier_version_forbids_and_does_not_permit() {
    let folder = tempfile::tempdir().unwrap();
    let share = share(&folder);
    let released = Released { server: server(3), domain: None, at: BACK, written: None, later: BTreeMap::new() };
    let earlier = PoolRecord {
        reached: BTreeMap::from([(server(2), build())]),
        released: BTreeMap::from([(name(), released.clone())]),
        ..claimed(1)
    };
    let mut said = serde_json::to_value(&earlier).unwrap();
    said["owner"] = STRANGER.into();
    fs::write(file(&folder, &Kind::Earlier), said.to_string()).unwrap();
    let record = read(&share);
    assert_eq!((record.claims.as_slice(), record.reached.len()), (&[claim(1)][..], 0));
    assert_eq!(record.last_of_others(&server(2), &name(), None), Some(&released));
    let text = record.doubts[0].to_string();
    assert!(
        text.contains("an earlier version") && text.contains(STRANGER) && !record.doubts[0].forbids(&server(2)),
        "{text}"
    );
    assert!(matches!(share.claim(&name(), claim(2)).unwrap(), Claimed::Taken(_)));

    // The server that claimed in it does not accept that as a claim of its own, and releases it in a file of its own.
    assert!(!share.read(&name(), Some(&server(1))).unwrap().is_claimed_by(&server(1)));
    share.release(&name(), &server(1), Some(build()), BACK).unwrap();
    let record = read(&share);
    assert_eq!((record.claims.len(), record.reached.get(&server(1))), (0, Some(&build())));
    assert_eq!(share.claim(&name(), claim(2)).unwrap(), Claimed::Granted);
    assert!(fs::exists(file(&folder, &Kind::Earlier)).unwrap(), "nobody deletes it");

    // No server takes over into its own file what everybody could write.
    let released = BTreeMap::from([(name(), Released { server: server(2), ..released })]);
    let earlier = PoolRecord { reached: BTreeMap::from([(server(2), build())]), released, ..PoolRecord::default() };
    fs::remove_file(file(&folder, &Kind::Server(server(2)))).unwrap();
    fs::write(file(&folder, &Kind::Earlier), serde_json::to_string(&earlier).unwrap()).unwrap();
    share.claim(&name(), claim(2)).unwrap();
    share.break_claim(&name(), &server(2), "alex".into(), BACK, "gone".into()).unwrap();
    let record = read(&share);
    assert!(record.claims.is_empty() && !record.reached.contains_key(&server(2)), "{record:?}");
    assert!(record.released.values().all(|last| last.server != server(2)), "{record:?}");
}

#[test]
fn when_a_server_was_back_counts_by_the_clock_of_the_share() {
    let folder = tempfile::tempdir().unwrap();
    let share = share(&folder);
    let far = Timestamp::constant(4_000_000_000, 0);
    for (number, at) in [(1, BACK), (2, far)] {
        share.claim(&name(), claim(number)).unwrap();
        share.release(&name(), &server(number), None, at).unwrap();
    }
    let record = share.read(&name(), None).unwrap();
    let last = record.last_of_others(&server(3), &name(), None).unwrap();
    assert_eq!((&last.server, last.at), (&server(2), far));
    let path = file(&folder, &Kind::Server(server(2)));
    let written = Timestamp::try_from(fs::metadata(path).unwrap().modified().unwrap()).unwrap();
    assert_eq!(last.back(), written);
}

#[test]
fn a_folder_that_is_several_folders_is_claimed_by_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let mut share = share(&folder);
    share.claim(&name(), claim(1)).unwrap();
    share.eyes.targets = |_| Some(vec![r"\\one\claims".into(), r"\\two\claims".into()]);
    for number in [1, 2] {
        let told = share.claim(&name(), claim(number)).unwrap();
        let doubted = matches!(&told, Claimed::Doubted(doubt) if doubt.to_string().contains(r"2 targets (\\one\claims, \\two\claims)"));
        assert!(doubted || number == 2, "{told:?}");
        assert_ne!(told, Claimed::Granted);
    }
    assert!(share.read(&name(), None).unwrap().doubts[0].forbids(&server(1)));
}

/// The lab keeps its pools in its world: a server reads there the same as on a share.
#[test]
fn the_lab_and_the_share_say_the_same() {
    enum Told {
        Claims(u32),
        Releases(u32, bool),
        Breaks(u32),
    }
    use Told::{Breaks, Claims as Claiming, Releases};
    let folder = tempfile::tempdir().unwrap();
    let share = share(&folder);
    let mut lab = PoolRecord::default();
    for told in [
        Claiming(1),
        Claiming(2),
        Releases(2, true),
        Releases(1, false),
        Claiming(2),
        Breaks(1),
        Breaks(2),
        Claiming(3),
        Releases(2, true),
        Releases(3, true),
        Releases(3, true),
        Claiming(1),
    ] {
        match told {
            Claiming(number) => {
                let own = Claim { run: RunId(format!("run of {number}")), ..claim(number) };
                lab.claim(own.clone());
                share.claim(&name(), own).unwrap();
            }
            Releases(number, done) => {
                let reached = done.then(build);
                lab.release(&server(number), reached.clone(), BACK);
                share.release(&name(), &server(number), reached, BACK).unwrap();
            }
            Breaks(number) => {
                lab.break_claim(&server(number), "alex".into(), BACK, "why".into());
                share.break_claim(&name(), &server(number), "alex".into(), BACK, "why".into()).unwrap();
            }
        }
        let there = read(&share);
        assert_eq!((&there.claims, &there.reached, &there.broken), (&lab.claims, &lab.reached, &lab.broken));
        for number in 1..=3 {
            assert_eq!(there.is_claimed_by(&server(number)), lab.is_claimed_by(&server(number)));
        }
    }
}

#[test]
fn what_cannot_be_read_is_no_pool_without_a_claim() {
    let folder = tempfile::tempdir().unwrap();
    let gone = Share { folder: folder.path().join("gone"), ..share(&folder) };
    let said = gone.read(&name(), None).unwrap_err().to_string();
    assert!(said.starts_with("cannot look at ") && said.contains("make sure that the share is there"), "{said}");
    assert!(gone.claim(&name(), claim(1)).is_err());
    let share = share(&folder);
    for torn in [Kind::Server(server(2)), Kind::Earlier] {
        let path = file(&folder, &torn);
        fs::write(&path, "{ \"claims\": ").unwrap();
        let said = share.read(&name(), None).unwrap_err().to_string();
        assert!(said.contains("EOF while parsing") && said.contains("fix the file"), "{said}");
        assert!(share.claim(&name(), claim(1)).is_err());
        assert!(share.claim(&name(), claim(2)).is_err(), "a torn file is not written over");
        fs::remove_file(path).unwrap();
    }
    fs::create_dir(file(&folder, &Kind::Server(server(2)))).unwrap();
    assert!(matches!(share.claim(&name(), claim(1)).unwrap(), Claimed::Doubted(Doubt::Unread { .. })));
}

#[test]
fn files_of_other_records_are_of_no_concern() {
    let folder = tempfile::tempdir().unwrap();
    let share = share(&folder);
    let text = serde_json::to_string(&claimed(1)).unwrap();
    for other in [
        "pool02.contoso.example.fe-1.contoso.example.json",
        "pool01.contoso.example.fe-1.contoso.example.json.bak",
        "pool01.contoso.example.fe-1.contoso.example (1).json",
        "pool01.contoso.examplefe-1.json",
        "notes.txt",
    ] {
        fs::write(folder.path().join(other), &text).unwrap();
    }
    assert_eq!(read(&share), PoolRecord::default());
    fs::write(folder.path().join("POOL01.contoso.example.FE-1.contoso.example.JSON"), &text).unwrap();
    assert_eq!(read(&share).claims, [claim(1)], "the case of a name says nothing");
}
