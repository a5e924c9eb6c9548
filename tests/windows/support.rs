//! The archive for support of a machine: what a person who helps needs after a run that failed.

use std::collections::BTreeMap;
use std::io::Read;

use reconcile_doubles::{End, UpdaterRun};
use reconcile_schema::Snapshot;

use crate::machine::Machine;
use crate::reconcile::{APPLY, MANIFEST, Ran};
use crate::server::{SFB_2019, Server};

#[test]
fn after_a_failed_run_the_installers_log_the_journal_and_a_snapshot_are_in_it() {
    const ARCHIVE: &str = r"C:\lab\support.zip";
    let mut server = Server::standard_edition(SFB_2019);
    server.lab.updater = vec![UpdaterRun { end: End::Exit(1603), components: Some(0), ..UpdaterRun::default() }];
    let machine = Machine::new(server);
    machine.declare("{}");
    let ran = Ran::of(machine.reconcile(&APPLY));
    assert_eq!(ran.code, 1, "{ran:#?}");

    let made = machine.reconcile(&["support", MANIFEST, "--to", ARCHIVE]);
    assert_eq!(made.code, 0, "{made:#?}");
    let files = files(&std::fs::read(machine.path(ARCHIVE)).expect("the archive"));
    let name = &machine.server().lab.fqdn;
    let file = |end: &str| {
        files.get(&format!("servers/{name}/{end}")).unwrap_or_else(|| panic!("no {end}: {:?}", files.keys()))
    };
    assert_eq!(*file("journal.jsonl"), std::fs::read(machine.journal_path()).expect("the journal"));
    let snapshot: Snapshot = serde_json::from_slice(file("snapshot.json")).expect("a snapshot");
    assert_eq!(snapshot.seen.host.as_str(), name.to_lowercase());
    assert!(!file("doctor.json").is_empty() && !file("why.json").is_empty());
    let is_of_the_installer =
        |path: &&String| path.starts_with(&format!("servers/{name}/logs/")) && path.contains("-install/");
    assert!(files.keys().any(|path| is_of_the_installer(&path)), "{}: {:?}", ran.why(), files.keys());

    let again = machine.reconcile(&["support", MANIFEST, "--to", ARCHIVE]);
    assert_eq!(again.code, 64, "{again:#?}");
}

/// The files of an archive.
fn files(archive: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let archive = rawzip::ZipArchive::from_slice(archive).expect("a zip archive");
    let files = archive.entries().map(|entry| {
        let entry = entry.expect("an entry");
        let found = archive.get_entry(entry.wayfinder()).expect("its content");
        let mut content = Vec::new();
        let deflated = flate2::bufread::DeflateDecoder::new(found.data());
        found.verifying_reader(deflated).read_to_end(&mut content).expect("whole");
        (String::from_utf8_lossy(entry.file_path().as_bytes()).into_owned(), content)
    });
    files.collect()
}
