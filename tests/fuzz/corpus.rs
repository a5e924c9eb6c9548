//! Every committed input has its property, and so do a few random mutations of it. This short form of the fuzzing runs
//! for every commit.
#![forbid(unsafe_code)]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

use std::{fs, path::Path};

use reconcile_fuzz::{TARGETS, check};

/// The number of mutations for each target, chosen to take a few seconds. Use `tests/fuzz/run` for longer searches.
fn rounds(target: &str) -> usize {
    // For each input, eight reports are written and read back.
    if target == "reports" { 20 } else { 200 }
}

fn corpus(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    let files = fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path());
    let mut inputs: Vec<_> = files.map(|path| (path.display().to_string(), fs::read(&path).unwrap())).collect();
    inputs.sort();
    assert!(!inputs.is_empty(), "{} is empty", folder.display());
    inputs
}

/// One mutation: it changes a byte, removes a piece, or inserts a piece of another input.
fn changed(random: &mut fastrand::Rng, bytes: &mut Vec<u8>, other: &[u8]) {
    let at = random.usize(..=bytes.len());
    let piece =
        |random: &mut fastrand::Rng, bytes: &[u8], from: usize| from..(from + random.usize(..=32)).min(bytes.len());
    match random.u8(..4) {
        0 if at < bytes.len() => bytes[at] = random.u8(..),
        1 => drop(bytes.drain(piece(random, bytes, at))),
        2 => bytes.truncate(at),
        _ => {
            let from = random.usize(..=other.len());
            let piece = other[piece(random, other, from)].to_vec();
            drop(bytes.splice(at..at, piece));
        }
    }
}

fn replay(target: &str) {
    let corpus = corpus(target);
    for (name, bytes) in &corpus {
        eprintln!("{name}"); // Shown if the test fails.
        check(target, bytes);
    }
    let mut random = fastrand::Rng::with_seed(18);
    for round in 0..rounds(target) {
        let (name, mut bytes) = random.choice(&corpus).unwrap().clone();
        for _ in 0..random.u8(1..4) {
            let other = random.choice(&corpus).unwrap();
            changed(&mut random, &mut bytes, &other.1);
        }
        eprintln!("{name}, changed in round {round}: {:?}", bytes.escape_ascii().to_string());
        check(target, &bytes);
    }
}

/// One test for each target, so that they run in parallel.
macro_rules! targets {
    ($($target:ident)*) => {
        $(#[test] fn $target() { replay(stringify!($target)); })*

        #[test]
        fn every_target_is_replayed() {
            assert_eq!(TARGETS.map(|(name, _)| name), [$(stringify!($target)),*]);
        }
    };
}

targets!(arguments catalogue claims export hive journal manifest plan reports snapshot);
