//! Compaction, wherever the journal is split, and wherever the replacement is interrupted.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]

use std::fs;

use reconcile_schema::{BootId, Build, Period, StagedCopy, Step, Store, Uptime};

use super::{
    tests::{bytes, ends, folder, remembered, story},
    *,
};

type Entries = Vec<(RunId, Timestamp, Mark)>;

/// Marks of every kind, in an order from a random number generator, which includes orders that no run would write.
fn drawn(seed: u64, count: usize) -> Entries {
    let mut state = seed;
    // Splitmix64, by Sebastiano Vigna: a few lines, and the same on every machine.
    let mut draw = move |below: u64| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % below
    };
    let mut at: Timestamp = "2026-03-01T21:00:00Z".parse().unwrap();
    let mut entries: Entries = Vec::new();
    let mut run = 0;
    for _ in 0..count {
        let clock = i64::try_from(draw(4_000)).unwrap() - 400; // The clock is sometimes set back.
        at += jiff::SignedDuration::from_secs(clock);
        let target = Build::new(5, 0, 8308, 1000 + draw(2));
        let boot = Some(BootId(format!("boot {}", draw(3))));
        let store = [
            Store::Local,
            Store::Configured { sql_server: "sql01.contoso.example".parse().unwrap(), exclude_collocated: true },
        ];
        let store = store[draw(2) as usize].clone();
        let steps = [Step::StopServices, Step::StopWeb, Step::Install, Step::StartWeb, Step::StartServices];
        let step = match draw(6) {
            nth @ 0..5 => steps[nth as usize].clone(),
            _ => Step::UpdateDatabases(store.clone()),
        };
        let mark = match draw(17) {
            0 | 1 => {
                run += 1;
                let (components, version, by) = (std::collections::BTreeMap::new(), "0.1.0".into(), "β".into());
                Mark::RunBegan { target, components, version, by }
            }
            2 => Mark::Forgiven,
            3 => Mark::Held { reason: "an \"audit\"\r\n".into(), by: "CONTOSO\\alex".into() },
            4 => Mark::Released { by: "CONTOSO\\alex".into() },
            5 => {
                let up = boot.map(|boot| Uptime { boot, lasted: Period::seconds(4711) });
                Mark::TakingDown { running: vec!["RTCSRV".into(), "W3SVC".into()], up }
            }
            6 | 7 => Mark::Began { step, command: (draw(2) == 0).then(|| "net stop w3svc".into()), because: None },
            8 | 9 => {
                let took = (draw(2) == 0).then(|| Period::seconds(60));
                Mark::Ended { step, said: "ended".into(), failed: draw(2) == 0, took, started: vec!["RTCATS".into()] }
            }
            10 => Mark::Stopped,
            11 => Mark::Installing { target, boot, queued: (draw(2) == 0).then(|| vec!["C:\\a".into()]) },
            12 => Mark::Installed { code: [0, 2, 3010][draw(3) as usize], moved: draw(2) == 0, log: None },
            13 => Mark::RebootAsked { boot, queued: Vec::new() },
            14 => Mark::Checked { store, core: target, databases: Vec::new() },
            15 => {
                let digit = char::from(b'0' + draw(10) as u8).to_string();
                Mark::Staged(StagedCopy { folder: digit.repeat(32), sha256: digit.repeat(64).parse().unwrap() })
            }
            _ if draw(2) == 0 => Mark::Up,
            _ => {
                let outage = (draw(2) == 0).then(|| Period::minutes(20));
                Mark::RunEnded { code: None, outcome: "ended".into(), at_goal: draw(2) == 0, outage }
            }
        };
        entries.push((RunId(format!("run {run}")), at, mark));
    }
    entries
}

fn journals() -> Vec<Entries> {
    std::iter::once(story()).chain((0..30).map(|seed| drawn(seed, 60))).collect()
}

fn compacted(bytes: &[u8], kept: usize) -> Option<Vec<u8>> {
    compaction::compacted(bytes, kept, Path::new("journal.jsonl")).unwrap().map(|compacted| compacted.text)
}

/// How much must be kept so that as little as possible is compacted.
fn least(bytes: &[u8]) -> usize {
    ends(bytes).into_iter().rev().find(|kept| compacted(bytes, *kept).is_some()).unwrap()
}

fn folded(bytes: &[u8]) -> Folded {
    Folded::of(bytes, Path::new("journal.jsonl")).unwrap()
}

/// The marks of a journal that is only read, where compaction keeps less than in a journal of many years.
fn looked_at(path: &Path, kept: usize) -> Marks {
    folded(&peek(path, kept).unwrap()).marks
}

#[test]
fn nothing_is_forgotten_wherever_the_journal_is_split() {
    let mut splits = 0;
    for entries in journals() {
        let long = bytes(&entries);
        let said = remembered(&entries).pop().unwrap();
        for kept in ends(&long) {
            let Some(short) = compacted(&long, kept) else { continue };
            let now = folded(&short);
            assert_eq!(now.marks, said, "kept {kept} of {} bytes", long.len());
            assert_eq!(now.length, short.len() as u64, "every line is intact and in its place");
            // The kept part is unchanged, and every later mark has the same result as before.
            let rest = entries.len() - usize::try_from(now.entries - 1).unwrap();
            let (pieces, _) = pieces(&short, Path::new("journal.jsonl")).unwrap();
            let after = pieces.into_iter().map(|(piece, _)| match piece {
                Piece::Line(entry) => (entry.run, entry.at, entry.mark),
                Piece::Lost(lines) => panic!("{lines} lines are lost"),
            });
            let after: Vec<_> = after.collect();
            assert_eq!(after[1..], entries[rest..]);
            // It can be compacted again, and again nothing is lost.
            let again = compacted(&short, short.len() / 2).map_or(said.clone(), |again| folded(&again).marks);
            assert_eq!(again, said);
            splits += 1;
        }
    }
    assert!(splits > 1000, "{splits} journals were split");
}

/// A state in which a replacement, or the end of one, can be interrupted: the files that exist at that moment.
struct State {
    what: String,
    journal: Option<Vec<u8>>,
    old: Option<Vec<u8>>,
    new: Option<Vec<u8>>,
    /// How many more entries were written after the compacted journal.
    more: usize,
}

/// Every state on the way from the long journal to the short one, and what a power cut can make of the last.
fn states(long: &[u8], short: &[u8], more: &[u8]) -> Vec<State> {
    let state = |what: &str, journal: Option<&[u8]>, old: Option<&[u8]>, new: Option<&[u8]>| State {
        what: what.into(),
        journal: journal.map(<[u8]>::to_vec),
        old: old.map(<[u8]>::to_vec),
        new: new.map(<[u8]>::to_vec),
        more: 0,
    };
    let mut states = vec![
        state("nothing has happened", Some(long), None, None),
        state("the new file is empty", Some(long), None, Some(b"")),
        state("half of the new file is written", Some(long), None, Some(&short[..short.len() / 2])),
        state("the new file is written", Some(long), None, Some(short)),
        state("the old one is aside", None, Some(long), Some(short)),
        state("the new one is in its place", Some(short), Some(long), None),
        state("the old one is gone", Some(short), None, None),
        state("the damaged one is aside", None, Some(long), None),
        state("its end was not written", Some(b""), Some(long), None),
    ];
    // Zeros instead of the whole file, of any end, and of any part.
    let piece = short.len().div_ceil(24).max(1);
    for from in (0..short.len()).step_by(piece) {
        for until in [(from + piece).min(short.len()), short.len()] {
            let mut damaged = short.to_vec();
            damaged[from..until].fill(0);
            states.push(state(&format!("zeros from {from} to {until}"), Some(&damaged), Some(long), None));
        }
    }
    // The run that compacted continues, and is killed in a line of its own.
    for (count, end) in ends(more).into_iter().enumerate() {
        for torn in [0, 1, 20] {
            let written = [short, &more[..(end + torn).min(more.len())]].concat();
            let what = format!("{count} entries and {torn} bytes later");
            states.push(State { more: count, ..state(&what, Some(&written), Some(long), None) });
        }
    }
    states
}

#[test]
fn a_replacement_may_be_cut_off_anywhere() {
    for entries in [story(), drawn(1, 60), drawn(2, 60), drawn(3, 90)] {
        let (entries, more) = entries.split_at(entries.len() - 3);
        let long = bytes(entries);
        let kept = least(&long);
        let short = compacted(&long, kept).unwrap();
        let seq = folded(&short).entries + 1;
        let more_lines: Vec<_> =
            (seq..).zip(more).map(|(seq, (run, at, mark))| line(&Line { seq, at: *at, run, mark }).unwrap()).collect();
        for state in states(&long, &short, more_lines.concat().as_bytes()) {
            let all: Entries = entries.iter().chain(&more[..state.more]).cloned().collect();
            let said = remembered(&all).pop().unwrap();
            let folder = folder();
            let path = folder.path().join("journal.jsonl");
            let lie = |end: &str, bytes: &Option<Vec<u8>>| {
                if let Some(bytes) = bytes {
                    fs::write(folder.path().join(format!("journal.jsonl{end}")), bytes).unwrap();
                }
            };
            lie("", &state.journal);
            lie(".old", &state.old);
            lie(".new", &state.new);
            let what = &state.what;

            assert_eq!(looked_at(&path, kept), said, "looked at: {what}");
            assert_eq!(fs::read(&path).ok(), state.journal, "looking repairs nothing: {what}");

            // Without compaction, and with compaction during the test.
            for grown in [u64::MAX, 0] {
                let mut journal = Journal::open_within(&path, grown, kept).unwrap();
                assert_eq!(journal.marks(), &said, "opened: {what}");
                assert_eq!(Journal::read(&path).unwrap(), said, "opened, looked at: {what}");
                drop(journal);
                journal = Journal::open(&path).unwrap();
                assert_eq!(journal.marks(), &said, "opened again: {what}");
            }
            let mut journal = Journal::open(&path).unwrap();
            let (run, at, mark) = &story()[2];
            journal.append(run, *at, mark).unwrap();
            assert_eq!(Journal::open(&path).unwrap().marks(), journal.marks(), "appended to: {what}");
            assert!(!folder.path().join("journal.jsonl.old").exists(), "settled: {what}");
        }
    }
}

#[test]
fn what_is_damaged_is_kept_aside_before_the_journal_is_compacted() {
    let (entries, folder) = (drawn(4, 60), folder());
    let path = folder.path().join("journal.jsonl");
    let long = bytes(&entries);
    fs::write(&path, [long.as_slice(), &[0; 700]].concat()).unwrap();
    let journal = Journal::open_within(&path, 4000, least(&long)).unwrap();
    assert_eq!(journal.marks(), &remembered(&entries).pop().unwrap());
    assert!(fs::read(&path).unwrap() == compacted(&long, least(&long)).unwrap());
    assert_eq!(fs::read(folder.path().join("journal.jsonl.damaged-1")).unwrap(), [0; 700]);
}

/// Damage that nobody has acknowledged stays in the journal. Once it is acknowledged, it is moved next to the journal,
/// and every consequence of it stays the same.
#[test]
fn a_damaged_journal_is_compacted_once_the_damage_is_acknowledged() {
    for (seed, damaged) in (20..26).flat_map(|seed| [0, 7, 30, 58].map(|line| (seed, line))) {
        let (mut entries, more, folder) = (drawn(seed, 60), drawn(seed + 100, 60), folder());
        let acknowledged = Mark::DamageAcknowledged { lines: Some(1), reason: "an old disk".into(), by: "alex".into() };
        entries.push((RunId("by hand".into()), entries[59].1, acknowledged));
        entries.extend(more);
        let mut long = bytes(&entries);
        let lines = ends(&long);
        long[lines[damaged] + 9] ^= 1;
        let path = folder.path().join("journal.jsonl");

        let before = &long[..lines[60]];
        fs::write(&path, before).unwrap();
        let said = Journal::open_within(&path, 0, 0).unwrap().marks().clone();
        assert_eq!(said.damaged.map(|damage| damage.lines), Some(1));
        assert!(fs::read(&path).unwrap() == before, "what nobody has acknowledged stays");

        fs::write(&path, &long).unwrap();
        let said = Journal::read(&path).unwrap();
        assert_eq!(said, super::tests::without(&entries, damaged..damaged + 1));
        let most = ends(&long).into_iter().find(|kept| compacted(&long, *kept).is_some()).unwrap();
        let journal = Journal::open_within(&path, 0, most).unwrap();
        assert_eq!((journal.marks(), &Journal::read(&path).unwrap()), (&said, &said));
        assert!(fs::metadata(&path).unwrap().len() < long.len() as u64 && said.damaged.is_none());
        let aside = fs::read(folder.path().join("journal.jsonl.damaged-1")).unwrap();
        assert_eq!(aside, long[lines[damaged]..lines[damaged + 1]]);
        assert_eq!(Journal::open_within(&path, u64::MAX, 0).unwrap().marks(), &said, "settled");
    }
}

/// The process is killed before each operation of a replacement, where a test stops it: one of the journals is there,
/// the old one or the new one.
#[test]
fn a_replacement_is_cut_off_before_each_of_its_operations() {
    let entries = drawn(6, 60);
    let (long, said) = (bytes(&entries), remembered(&entries).pop().unwrap());
    let short = compacted(&long, least(&long)).unwrap();
    let mut cuts = 0;
    for operation in 0.. {
        let folder = folder();
        let path = folder.path().join("journal.jsonl");
        fs::write(&path, &long).unwrap();
        let mut calls = 0;
        let replaced = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let mut next = || {
                assert!(calls < operation, "killed here, as asked");
                calls += 1;
            };
            compaction::replace(&path, &short, &mut next)
        }));
        assert_eq!(Journal::read(&path).unwrap(), said, "looked at, cut off before operation {operation}");
        assert!(!Journal::entries(&path).unwrap().is_empty());
        assert_eq!(Journal::open_within(&path, u64::MAX, 0).unwrap().marks(), &said, "opened, {operation}");
        assert_eq!(Journal::open_within(&path, u64::MAX, 0).unwrap().marks(), &said, "opened again, {operation}");
        if replaced.is_ok() {
            break;
        }
        cuts += 1;
    }
    assert_eq!(cuts, 6);
}

/// Windows, or a full disk, refuses to rename: the journal stays, and the copy is removed.
#[test]
fn a_replacement_that_fails_leaves_no_copy() {
    let folder = folder();
    let path = folder.path().join("journal.jsonl");
    fs::write(&path, "the journal").unwrap();
    fs::create_dir_all(compaction::old(&path).join("in the way")).unwrap();
    compaction::replace(&path, b"shorter", &mut || {}).unwrap_err();
    assert_eq!(fs::read(&path).unwrap(), b"the journal");
    let names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 2, "{names:?}");
}

/// One byte of a freshly compacted journal is damaged, after a hold was appended to it and before the next run removes
/// the old journal: nothing of either is lost.
#[test]
fn a_hold_behind_a_compaction_survives_damage_in_front_of_it() {
    let (entries, held) = (drawn(7, 60), Mark::Held { reason: "an audit".into(), by: "alex".into() });
    let (long, mut said) = (bytes(&entries), remembered(&entries).pop().unwrap());
    let (at, run) = (entries[59].1, RunId("by hand".into()));
    said.take(&run, at, &held);
    let kept = least(&long);
    let short = compacted(&long, kept).unwrap();
    for damaged in ends(&short).into_iter().filter(|line| *line < short.len()) {
        let folder = folder();
        let path = folder.path().join("journal.jsonl");
        fs::write(&path, &long).unwrap();
        let mut journal = Journal::open_within(&path, 0, kept).unwrap();
        journal.append(&run, at, &held).unwrap();
        drop(journal);
        let mut new = fs::read(&path).unwrap();
        assert!(new.starts_with(&short) && compaction::replaced_file(&path).exists());
        new[damaged + 9] ^= 1;
        fs::write(&path, &new).unwrap();
        let looked = compaction::replaced(Some(&new), &long, true, kept, &path).unwrap();
        let compaction::Replaced::Again(both) = looked else { panic!("{looked:?}") };
        assert_eq!(folded(&both).marks, said, "looked at, damaged at {damaged}");
        for opened in ["opened", "opened again"] {
            let journal = Journal::open_within(&path, u64::MAX, kept).unwrap();
            assert_eq!(journal.marks(), &said, "{opened}, damaged at {damaged}");
            assert!(!compaction::replaced_file(&path).exists());
        }
    }
}

#[test]
fn a_journal_that_cannot_be_replaced_goes_on_as_it_is() {
    let (entries, folder) = (drawn(5, 60), folder());
    let path = folder.path().join("journal.jsonl");
    let long = bytes(&entries);
    fs::write(&path, &long).unwrap();
    fs::create_dir(folder.path().join("journal.jsonl.new")).unwrap(); // No file can be created there.
    let mut journal = Journal::open_within(&path, 4000, least(&long)).unwrap();
    let (run, at, mark) = &story()[2];
    journal.append(run, *at, mark).unwrap();
    let mut said = remembered(&entries).pop().unwrap();
    said.take(run, *at, mark);
    assert_eq!((journal.marks(), &Journal::read(&path).unwrap()), (&said, &said));
}

#[test]
fn a_journal_of_many_years_stays_small() {
    let folder = folder();
    let path = folder.path().join("journal.jsonl");
    let (grown, kept) = (16 << 10, 8 << 10);
    let mut largest = 0;
    let mut said = Marks::default();
    for year in 0..40 {
        let mut journal = Journal::open_within(&path, grown, kept).unwrap();
        for (run, at, mark) in drawn(year, 60) {
            journal.append(&run, at, &mark).unwrap();
            said.take(&run, at, &mark);
        }
        assert_eq!(journal.marks(), &said);
        largest = largest.max(fs::metadata(&path).unwrap().len());
    }
    let one = bytes(&drawn(0, 60)).len() as u64;
    assert!(largest < grown + 2 * one, "{largest} bytes, and a year writes {one}");
}

/// A person who reads a journal finds it as it was written, until it has grown.
#[test]
fn a_journal_is_compacted_above_its_limit_and_not_at_it() {
    let folder = folder();
    let path = folder.path().join("journal.jsonl");
    let long = bytes(&drawn(5, 60));
    let size = long.len() as u64;
    for (grown, stays) in [(size + 1, true), (size, true), (size - 1, false)] {
        fs::write(&path, &long).unwrap();
        Journal::open_within(&path, grown, least(&long)).unwrap();
        assert_eq!(fs::read(&path).unwrap() == long, stays, "{size} bytes, and a limit of {grown}");
    }
}

#[test]
fn a_journal_of_a_few_years_is_not_compacted_and_a_longer_one_is() {
    let folder = folder();
    let path = folder.path().join("journal.jsonl");
    for (years, stays) in [(40, true), (80, false)] {
        let entries: Entries = (0..years).flat_map(|seed| drawn(seed, 60)).collect();
        let long = bytes(&entries);
        assert_eq!((256 << 10..512 << 10).contains(&long.len()), stays, "{} bytes", long.len());
        fs::write(&path, &long).unwrap();
        let journal = Journal::open(&path).unwrap();
        assert_eq!(fs::read(&path).unwrap() == long, stays, "{} bytes", long.len());
        assert_eq!(journal.marks(), &folded(&long).marks);
    }
}

#[test]
fn a_journal_in_memory_begins_with_the_marks_that_it_is_given() {
    let marks = remembered(&story()).pop().unwrap();
    assert_ne!(marks, Marks::default());
    assert_eq!(Journal::remembering(marks.clone()).marks(), &marks);
}

/// A new journal whose beginning is lost counts only for the entries that were appended to it.
#[test]
fn a_damaged_new_journal_counts_for_what_was_appended_to_it() {
    let folder = folder();
    let path = folder.path().join("journal.jsonl");
    let old = bytes(&drawn(5, 60));
    let kept = least(&old);
    let begun = compacted(&old, kept).unwrap();
    fs::write(&path, &begun).unwrap();
    let (run, at, mark) = &story()[2];
    Journal::open_within(&path, u64::MAX, kept).unwrap().append(run, *at, mark).unwrap();
    let appended = fs::read(&path).unwrap();
    assert!(appended.len() > begun.len() && appended.starts_with(&begun));

    let damaged = |mut text: Vec<u8>| {
        text[5] ^= 1;
        text
    };
    let replaced = |new: &[u8]| compaction::replaced(Some(new), &old, false, kept, &path).unwrap();
    assert!(matches!(replaced(&appended), Replaced::New));
    assert!(matches!(replaced(&damaged(begun.clone())), Replaced::Old));
    assert!(matches!(replaced(&damaged(appended.clone())), Replaced::Again(text) if text == appended));
    let torn = damaged([&begun[..], b"{\"seq\":"].concat());
    assert!(matches!(replaced(&torn), Replaced::Old));
}

/// Some file in the old journal's place, damaged or of another journal, and a complete journal: the journal counts.
#[test]
fn a_wrong_old_file_never_replaces_a_complete_journal() {
    let held = Mark::Held { reason: "an audit".into(), by: "alex".into() };
    let (entries, run) = (drawn(7, 60), RunId("by hand".into()));
    let long = bytes(&entries);
    let kept = least(&long);
    let mut written = entries.clone();
    written.push((run.clone(), entries[59].1, held.clone()));
    let flipped = ends(&long).into_iter().take(60).map(|line| {
        let mut long = long.clone();
        long[line + 9] ^= 1;
        long
    });
    let says_nothing = [Vec::new(), br#"{"seq":1,"at":"20"#.to_vec(), vec![0; 700], b"hello\r\n".to_vec()];
    let earlier = ends(&long).into_iter().skip(30).map(|end| long[..end].to_vec());
    let others = [bytes(&drawn(8, 60)), bytes(&story()), bytes(&drawn(8, 3)), bytes(&drawn(9, 600))];
    let harmless = says_nothing.into_iter().chain(earlier).chain(flipped);
    for (old, dropped) in harmless.map(|old| (old, false)).chain(others.map(|old| (old, true))) {
        for (is_compacted, end) in [(true, "old"), (false, "old"), (true, "replaced"), (false, "replaced")] {
            let folder = folder();
            let path = folder.path().join("journal.jsonl");
            let wrong = path.with_added_extension(end);
            fs::write(&path, &long).unwrap();
            let grown = if is_compacted { 0 } else { u64::MAX };
            let mut journal = Journal::open_within(&path, grown, kept).unwrap();
            journal.append(&run, entries[59].1, &held).unwrap();
            let _ = fs::remove_file(compaction::replaced_file(&path));
            let mut said = journal.marks().clone();
            assert_eq!(said, remembered(&written).pop().unwrap());
            said.lose(u32::from(dropped));
            drop(journal); // On Windows, an open file cannot be replaced.
            fs::write(&wrong, &old).unwrap();
            let text = String::from_utf8_lossy(&old);
            assert_eq!(looked_at(&path, kept), said, "looked at: {text}");
            assert_eq!(Journal::open_within(&path, u64::MAX, kept).unwrap().marks(), &said, "opened: {text}");
            assert_eq!(Journal::read(&path).unwrap(), said, "opened, looked at: {text}");
            assert!(!wrong.exists());
            let aside = folder.path().join("journal.jsonl.damaged-by-replacement");
            assert_eq!(fs::read(aside).ok(), dropped.then(|| old.clone()), "what is dropped is kept");
        }
    }
}

/// A kill between the two operations that put the other file aside.
#[test]
fn a_wrong_old_file_is_found_again_after_a_kill() {
    let (journal, path) = (bytes(&drawn(7, 60)), Path::new("journal.jsonl"));
    for old in [bytes(&drawn(8, 3)), bytes(&drawn(9, 600))] {
        let kept = compaction::replaced(Some(&journal), &old, false, 4000, path).unwrap();
        let Replaced::Kept(bytes) = &kept else { panic!("{kept:?}") };
        assert_eq!(compaction::replaced(Some(bytes), &old, false, 4000, path).unwrap(), kept);
    }
}

/// Zeros instead of a compacted journal, or nothing of it: a hold was appended to it, so the damage is reported, and
/// what the old journal says counts.
#[test]
fn a_hold_that_is_lost_behind_a_compaction_is_reported() {
    let (entries, held) = (drawn(7, 60), Mark::Held { reason: "an audit".into(), by: "alex".into() });
    let (long, mut said) = (bytes(&entries), remembered(&entries).pop().unwrap());
    let kept = least(&long);
    let short = compacted(&long, kept).unwrap();
    said.lose(1);
    let cuts = ends(&short).into_iter().chain([1, short.len() / 2, short.len() - 3]);
    let cuts = cuts.filter(|length| *length < short.len()).map(|length| Some(short[..length].to_vec()));
    let zeros = [0, 1, 200].map(|more| Some(vec![0; short.len() + more]));
    for left in cuts.chain(zeros).chain([None]) {
        let folder = folder();
        let path = folder.path().join("journal.jsonl");
        fs::write(&path, &long).unwrap();
        let mut journal = Journal::open_within(&path, 0, kept).unwrap();
        journal.append(&RunId("by hand".into()), entries[59].1, &held).unwrap();
        drop(journal);
        match &left {
            Some(left) => fs::write(&path, left).unwrap(),
            None => fs::remove_file(&path).unwrap(),
        }
        let what = left.map(|left| String::from_utf8_lossy(&left).into_owned());
        assert_eq!(looked_at(&path, kept), said, "looked at: {what:?}");
        for opened in ["opened", "opened again"] {
            assert_eq!(Journal::open_within(&path, u64::MAX, kept).unwrap().marks(), &said, "{opened}: {what:?}");
            assert!(!compaction::replaced_file(&path).exists());
        }
    }
}
