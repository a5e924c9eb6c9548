//! Archives of every kind: the snapshots in them are read, and whatever else they are is a reason.

use std::{io::Write, path::PathBuf};

use flate2::{Compression, write::DeflateEncoder};
use rawzip::{ZipArchiveWriter, path::EntryPath};
use tempfile::TempDir;

use super::*;
use crate::{
    Archive,
    snapshot::{Piece, Sources},
};

/// An archive with these files, deflated.
fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipArchiveWriter::new(Vec::new());
    for (name, content) in files {
        let (mut entry, config) = zip
            .new_file(EntryPath::verbatim(name.as_bytes()))
            .compression_method(CompressionMethod::DEFLATE)
            .start()
            .unwrap();
        let mut to = config.wrap(DeflateEncoder::new(&mut entry, Compression::best()));
        to.write_all(content).unwrap();
        let (deflated, sums) = to.finish().unwrap();
        deflated.finish().unwrap();
        entry.finish(sums).unwrap();
    }
    zip.finish().unwrap()
}

fn put(bytes: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.ZIP");
    std::fs::write(&path, bytes).unwrap();
    (folder, path)
}

/// What is read of an archive: the name within it and the text, or the reason.
fn read(bytes: &[u8]) -> Vec<String> {
    let (folder, path) = put(bytes);
    let before: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    let told = Sources::open(&[path]).unwrap().map(|piece| {
        let (file, text) = match piece {
            Piece::Lines { file, bytes, .. } | Piece::Document { file, bytes } => {
                (file, String::from_utf8(bytes).unwrap())
            }
            Piece::Broken { file, why, .. } => (file, why),
            Piece::Registry { path } => panic!("{}", path.display()),
        };
        let name = file.rsplit_once("a.ZIP").unwrap().1.trim_start_matches('/').to_owned();
        format!("{name}: {text}")
    });
    let told = told.collect();
    let after: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(before, after, "nothing is extracted");
    told
}

#[test]
fn an_archive_for_support_has_one_snapshot_for_each_server() {
    let (folder, path) = put(b"");
    std::fs::remove_file(&path).unwrap();
    let mut archive = Archive::create(&path, 1_800_000_000).unwrap();
    for (name, content) in [
        ("README.txt", "words"),
        ("servers/a/doctor.json", "{}"),
        ("servers/a/snapshot.json", "{\n \"a\": 1 }"),
        ("servers/a/journal.jsonl", "{}\n{}\n"),
        ("servers/b/snapshot.json", "{\"b\": 1}"),
    ] {
        archive.add(name, content.as_bytes()).unwrap();
    }
    assert_eq!(archive.finish().unwrap(), path.metadata().unwrap().len());
    assert!(matches!(Archive::create(&path, 0), Err(crate::ArchiveError::Taken(_))));
    let bytes = std::fs::read(&path).unwrap();
    assert_eq!(read(&bytes), ["servers/a/snapshot.json: {\n \"a\": 1 }", "servers/b/snapshot.json: {\"b\": 1}"]);

    // In a folder, an archive may be anything; a pattern means what it matches.
    std::fs::write(folder.path().join("c.json"), "{}").unwrap();
    assert_eq!(Sources::open(&[folder.path().into()]).unwrap().count(), 1);
    assert_eq!(Sources::open(&[folder.path().join("*")]).unwrap().count(), 3);
    std::fs::copy(&path, folder.path().join("c.json")).unwrap();
    let told: Vec<_> = Sources::open(&[folder.path().join("c.json")]).unwrap().collect();
    assert!(matches!(&told[..], [Piece::Broken { why, .. }] if why.contains("is a zip archive")), "{told:?}");
}

#[test]
fn any_other_archive_has_snapshots_by_their_endings() {
    let files: [(&str, &[u8]); 4] =
        [("share/a.json", b"{}"), ("b.NDJSON", b"{}\n{}\n"), ("notes.txt", b"{}"), ("c.hiv", b"regf")];
    assert_eq!(read(&zip(&files)), ["share/a.json: {}", "b.NDJSON: {}\n{}\n"]);
}

#[test]
fn the_names_in_an_archive_lead_nowhere() {
    let files: [(&str, &[u8]); 3] = [
        ("../../etc/snapshot.json", b"{\"up\": 1}"),
        (r"C:\Windows\snapshot.json", b"{\"drive\": 1}"),
        ("/snapshot.json", b"{\"root\": 1}"),
    ];
    let told = read(&zip(&files));
    assert!(told.len() == 3 && told[0].ends_with("{\"up\": 1}") && told[2].ends_with("{\"root\": 1}"), "{told:?}");
    assert_eq!(read(&zip(&[("snapshot.json/", b"")])).len(), 1);
}

#[test]
fn an_archive_without_snapshots_says_what_was_expected() {
    for bytes in [zip(&[]), zip(&[("setup.exe", b"MZ")])] {
        let told = read(&bytes);
        assert!(told.len() == 1 && told[0].contains("found no snapshots in the archive"), "{told:?}");
    }
}

#[test]
fn a_damaged_archive_is_a_reason_and_never_more() {
    let whole = zip(&[("a/snapshot.json", b"{\"a\": 1}"), ("b/snapshot.json", b"{\"b\": 1}")]);
    for length in 0..whole.len() {
        let told = read(&whole[..length]);
        assert!(!told.is_empty() && told.iter().all(|one| !one.ends_with('}')), "{length} bytes: {told:?}");
    }
    for place in 0..whole.len() {
        let mut flipped = whole.clone();
        flipped[place] ^= 0x10;
        for one in read(&flipped) {
            // What passes for a snapshot is one that was put in.
            assert!(
                !one.ends_with('}') || one.ends_with("{\"a\": 1}") || one.ends_with("{\"b\": 1}"),
                "{place}: {one}"
            );
        }
    }
}

#[test]
fn a_bomb_does_not_go_off() {
    let large = vec![b' '; usize::try_from(LARGEST).unwrap() + 1];
    let bomb = zip(&[("snapshot.json", &large)]);
    assert!(bomb.len() < 1 << 20);
    assert_eq!(read(&bomb), ["snapshot.json: a file in an archive is at most 64 MiB long, this one is longer"]);

    // One that states a smaller size.
    let mut lying = bomb;
    let size = u32::try_from(large.len()).unwrap().to_le_bytes();
    let places: Vec<_> = (0..lying.len() - 4).filter(|at| lying[*at..*at + 4] == size).collect();
    places.iter().for_each(|at| lying[*at..*at + 4].copy_from_slice(&8_u32.to_le_bytes()));
    let told = read(&lying);
    assert!(!places.is_empty() && told.len() == 1 && !told[0].contains("  "), "{:?}", told[0].get(..200));

    // Many that are small enough each.
    let (_folder, path) = put(&zip(&[("a/snapshot.json", b"{}"), ("b/snapshot.json", b"{}")]));
    let mut zipped = Zipped::open("a.zip".into(), File::open(path).unwrap()).unwrap();
    zipped.left = 3;
    assert!(zipped.next().unwrap().1.is_ok());
    assert_eq!(zipped.next().unwrap().1.unwrap_err(), "the snapshots of an archive are at most 1024 MiB long together");
}
