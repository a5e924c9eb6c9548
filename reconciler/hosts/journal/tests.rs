//! The journal, truncated, torn, filled with zeros and written by other versions.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]

use std::collections::BTreeMap;

use reconcile_schema::{Attempt, BootId, Build, Database, StagedCopy, Step, Store};

use super::{error::LIMIT, lines::intact, *};

/// Lines that version 0.1 wrote; every later version reads them.
const GOLDEN: &[u8] = include_bytes!("../testdata/journal-0.1.jsonl");

fn build(text: &str) -> Build {
    text.parse().unwrap()
}

/// One mark of every kind: a run that is killed after the installer, and the run that finishes its work.
pub(super) fn story() -> Vec<(RunId, Timestamp, Mark)> {
    let target = build("5.0.8308.1149");
    let store = Store::Configured { sql_server: "sql01.contoso.example".parse().unwrap(), exclude_collocated: true };
    let database = Database {
        name: "rtcxds".into(),
        expected: Some("15.13.1".parse().unwrap()),
        installed: Some("15.13.1".parse().unwrap()),
        reachable: true,
        mirrored: false,
    };
    let began = |version: &str| Mark::RunBegan {
        target: target.clone(),
        components: BTreeMap::new(),
        version: version.into(),
        by: "CONTOSO\\administrátor \"β\"".into(),
    };
    let marks = [
        ("first", began("0.1.0")),
        ("first", Mark::Forgiven),
        ("first", Mark::TakingDown { running: vec!["RTCSRV".into(), "W3SVC".into()], up: None }),
        (
            "first",
            Mark::Began { step: Step::StopServices, command: Some("Stop-CsWindowsService".into()), because: None },
        ),
        ("first", Mark::Stopped),
        (
            "first",
            Mark::Ended {
                step: Step::StopServices,
                said: "every service is stopped\r\n".into(),
                failed: false,
                took: None,
                started: vec![],
            },
        ),
        (
            "first",
            Mark::Installing {
                target: target.clone(),
                boot: Some(BootId("2026-03-01T20:00:00Z".into())),
                queued: None,
            },
        ),
        ("second", began("0.1.0")),
        ("second", Mark::Installed { code: 3010, moved: true, log: None }),
        ("second", Mark::RebootAsked { boot: None, queued: Vec::new() }),
        ("second", Mark::Checked { store, core: target.clone(), databases: vec![database] }),
        ("second", Mark::Up),
        (
            "second",
            Mark::RunEnded { code: None, outcome: "stuck, \"sum\":\"00000000\"}".into(), at_goal: false, outage: None },
        ),
    ];
    let start: Timestamp = "2026-03-01T21:00:00Z".parse().unwrap();
    let timed = marks.into_iter().enumerate().map(|(index, (run, mark))| {
        let seconds = i64::try_from(index).unwrap() * 60;
        (RunId(run.into()), start + jiff::SignedDuration::from_secs(seconds), mark)
    });
    timed.collect()
}

/// A folder in memory, if there is one: a disk takes a minute to flush thousands of journals.
pub(super) fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// The marks after each number of entries, from none to all.
pub(super) fn remembered(story: &[(RunId, Timestamp, Mark)]) -> Vec<Marks> {
    let mut marks = Marks::default();
    let mut all = vec![marks.clone()];
    for (run, at, mark) in story {
        marks.take(run, *at, mark);
        all.push(marks.clone());
    }
    all
}

pub(super) fn bytes(story: &[(RunId, Timestamp, Mark)]) -> Vec<u8> {
    let lines = (1..).zip(story).map(|(seq, (run, at, mark))| line(&Line { seq, at: *at, run, mark }).unwrap());
    lines.collect::<String>().into_bytes()
}

/// The beginning, and the ends of the complete lines of `bytes`.
pub(super) fn ends(bytes: &[u8]) -> Vec<usize> {
    let ends = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(index, _)| index + 1);
    std::iter::once(0).chain(ends).collect()
}

fn folded(bytes: &[u8]) -> Folded {
    Folded::of(bytes, Path::new("journal.jsonl")).unwrap()
}

/// The marks of a story in which some lines, counted from 0, cannot be read.
pub(super) fn without(story: &[(RunId, Timestamp, Mark)], lost: std::ops::Range<usize>) -> Marks {
    let (mut marks, missing) = (Marks::default(), u32::try_from(lost.len()).unwrap());
    for (index, (run, at, mark)) in story.iter().enumerate() {
        if index == lost.end {
            marks.lose(missing);
        }
        if !lost.contains(&index) {
            marks.take(run, *at, mark);
        }
    }
    if lost.end == story.len() {
        marks.lose(missing);
    }
    marks
}

/// The pieces that were removed and kept, the oldest first.
fn kept_aside(path: &Path) -> Vec<Vec<u8>> {
    let aside = (1..=40).map(|number| format!("{}.damaged-{number}", path.display()));
    aside.filter_map(|path| std::fs::read(path).ok()).collect()
}

/// Opens `bytes` as a journal with these `marks`; reads it, appends to it, opens it again, and acknowledges the damage.
fn opens_with(bytes: &[u8], marks: &Marks) {
    let (story, folder) = (story(), folder());
    let path = folder.path().join("journal.jsonl");
    std::fs::write(&path, bytes).unwrap();
    assert_eq!(&Journal::read(&path).unwrap(), marks);
    assert_eq!(std::fs::read(&path).unwrap(), bytes, "looking repairs nothing");
    let mut looked = Marks::default();
    Journal::entries(&path).unwrap().iter().for_each(|(run, at, mark)| looked.take(run, *at, mark));
    assert_eq!((&looked.hold, looked.claimed), (&marks.hold, marks.claimed), "history sees the same entries");

    let mut journal = Journal::open(&path).unwrap();
    assert_eq!(journal.marks(), marks);
    let (kept, aside) = (std::fs::read(&path).unwrap(), kept_aside(&path));
    assert_eq!([kept, aside.concat()].concat(), bytes, "nothing is lost");
    assert!(aside.is_empty() || marks.damaged.is_none(), "what is damaged stays where it is");

    let (run, at, mark) = &story[2];
    journal.append(run, *at, mark).unwrap();
    let again = Journal::open(&path).unwrap();
    assert_eq!(again.marks(), journal.marks());
    assert_eq!(again.marks().damaged.is_some(), marks.damaged.is_some(), "until somebody acknowledges it");
    assert_eq!(kept_aside(&path), aside);

    let lines = Some(journal.marks().lost);
    journal
        .append(run, *at, &Mark::DamageAcknowledged { lines, reason: "an old disk".into(), by: "alex".into() })
        .unwrap();
    assert_eq!(Journal::read(&path).unwrap(), Marks { damaged: None, ..again.marks().clone() });
}

#[test]
fn an_acknowledgement_covers_only_the_lines_that_it_saw() {
    let (story, folder) = (story(), folder());
    let path = folder.path().join("journal.jsonl");
    let whole = bytes(&story);
    std::fs::write(&path, [whole.clone(), b"garbage\r\n".to_vec()].concat()).unwrap();
    let mut journal = Journal::open(&path).unwrap();
    let (run, at, _) = &story[2];
    let mark =
        Mark::DamageAcknowledged { lines: Some(journal.marks().lost), reason: "a disk".into(), by: "alex".into() };
    journal.append(run, *at, &mark).unwrap();
    assert_eq!(journal.marks().damaged, None);
    drop(journal);
    let acknowledged = std::fs::read(&path).unwrap();
    let first = ends(&whole)[1];
    let flipped = [&acknowledged[..8], &[acknowledged[8] ^ 1], &acknowledged[9..]].concat();
    let zeroed = [vec![0; first], acknowledged[first..].to_vec()].concat();
    let deleted = acknowledged[first..].to_vec();
    // The zeros have no line end, so the second line goes with the first.
    for (what, bytes, lines) in [("flipped", flipped, 1), ("deleted", deleted, 1), ("zeroed", zeroed, 2)] {
        std::fs::write(&path, bytes).unwrap();
        let damaged = Journal::read(&path).unwrap().damaged;
        assert_eq!(damaged.map(|damage| damage.lines), Some(lines), "the first line is {what} afterwards");
    }
}

#[test]
fn a_journal_cut_anywhere_keeps_its_whole_lines_and_is_not_damaged() {
    let bytes = bytes(&story());
    let ends = ends(&bytes);
    for length in 0..=bytes.len() {
        // A line is complete without its line end.
        let whole = ends.iter().rposition(|end| end.saturating_sub(2) <= length).unwrap();
        opens_with(&bytes[..length], &remembered(&story())[whole]);
    }
}

#[test]
fn of_a_journal_with_any_byte_changed_every_other_line_counts() {
    let (story, bytes) = (story(), bytes(&story()));
    let ends = ends(&bytes);
    for place in 0..bytes.len() {
        let line = ends.iter().rposition(|end| *end <= place).unwrap();
        let mut changed = bytes.clone();
        changed[place] ^= 0x20;
        // Without its line end, a line takes the next one with it.
        let next = usize::from(bytes[place] == b'\n' && line + 1 < story.len());
        let mut said = without(&story, line..line + 1 + next);
        if line + 1 + next == story.len() {
            // After the last line that counts, nothing shows that there were two.
            said.damaged.iter_mut().for_each(|damage| damage.lines = 1);
            said.lost = 1;
        }
        opens_with(&changed, &said);
    }
}

#[test]
fn of_a_journal_that_misses_lines_every_other_line_counts() {
    let (story, bytes) = (story(), bytes(&story()));
    let ends = ends(&bytes);
    for from in 0..story.len() {
        for until in from + 1..story.len() {
            let kept = [&bytes[..ends[from]], &bytes[ends[until]..]].concat();
            opens_with(&kept, &without(&story, from..until));
            if until + 1 < story.len() {
                let mut zeros = bytes.clone();
                zeros[ends[from]..ends[until]].fill(0);
                // The line after the zeros begins with them.
                opens_with(&zeros, &without(&story, from..until + 1));
            }
        }
    }
}

#[test]
fn a_hold_and_a_claim_survive_any_line_around_them() {
    let told = |mark| (RunId("by hand".into()), story()[0].1, mark);
    let hold = || told(Mark::Held { reason: "an audit".into(), by: "alex".into() });
    for place in 0..=story().len() {
        let mut marked = story();
        marked.splice(place..place, [hold(), told(Mark::Claiming)]);
        let bytes = bytes(&marked);
        let ends = ends(&bytes);
        for line in (0..marked.len()).filter(|line| ![place, place + 1].contains(line)) {
            let mut changed = bytes.clone();
            changed[ends[line] + 9] ^= 1;
            let marks = folded(&changed).marks;
            assert_eq!(marks.hold.map(|hold| hold.reason).as_deref(), Some("an audit"));
            assert!(marks.claimed && marks.damaged.is_some());
        }
        // If the hold itself is lost, that is reported.
        let mut changed = bytes;
        changed[ends[place] + 9] ^= 1;
        assert_eq!(folded(&changed).marks.damaged.map(|damage| damage.lines), Some(1));
    }
}

#[test]
fn a_line_with_any_byte_changed_to_any_other_is_not_intact() {
    for line in bytes(&story()).split_inclusive(|byte| *byte == b'\n') {
        assert!(intact(line).is_some());
        let mut changed = line.to_owned();
        for place in 0..line.len() {
            for byte in (0..=u8::MAX).filter(|byte| *byte != line[place]) {
                changed[place] = byte;
                assert_eq!(intact(&changed), None, "byte {place} changed to {byte}");
            }
            changed[place] = line[place];
        }
    }
}

#[test]
fn zeros_behind_the_lines_are_an_append_that_was_cut_off() {
    let (story, whole) = (story(), bytes(&story()));
    let said = remembered(&story).pop().unwrap();
    for zeros in (0..600).step_by(23).chain([4095, 4096]) {
        opens_with(&[whole.as_slice(), &vec![0; zeros]].concat(), &said);
        let begun = format!("{{\"seq\":{},\"at\":\"2026", story.len() + 1);
        opens_with(&[whole.as_slice(), begun.as_bytes(), &vec![0; zeros]].concat(), &said);
    }
    // More than an append leaves, zeros that were a journal, and zeros with other bytes after them.
    opens_with(
        &[whole.as_slice(), &[0; 4097]].concat(),
        &without(&[story.clone(), story[..1].to_vec()].concat(), 13..14),
    );
    for lost in [&[0; 40][..], &[0; 6000], b"\0\0\0\r\n", b"\0\0{\"seq\":1"] {
        opens_with(lost, &without(&story[..1], 0..1));
    }
}

#[test]
fn a_tail_that_no_append_leaves_is_damaged() {
    let (story, whole) = (story(), bytes(&story()));
    let lost = without(&[story.clone(), story[..1].to_vec()].concat(), 13..14);
    let next = line(&Line { seq: 14, at: story[0].1, run: &story[0].0, mark: &story[0].2 }).unwrap();
    let (content, _) = next.rsplit_once("\"}").unwrap();
    let other = next.replacen("14", "15", 1);
    for tail in [
        "x".to_owned(),
        content[..60].replacen("at", "ab", 1).replacen('{', "[", 1),
        other[..40].to_owned(), // The beginning of a line other than the next.
        format!("{}\"}}", &content[..content.len() - 1]), // A complete line with another checksum.
        format!("{}*", next.trim_end()),
    ] {
        opens_with(&[whole.as_slice(), tail.as_bytes()].concat(), &lost);
    }
}

#[test]
fn bytes_that_are_no_text_are_damage() {
    let (story, mut bytes) = (story(), bytes(&story()));
    bytes.extend(b"\xff\xfe\r\n\n{}\n\"}\n,\"sum\":\"\"}\n,\"sum\":\"00000000\"}\n");
    let mut said = remembered(&story).pop().unwrap();
    said.lose(6);
    opens_with(&bytes, &said);
}

/// Each line that cannot be read is counted and takes no memory: a journal within its limit can be millions of them.
#[test]
fn unreadable_lines_are_counted_in_one_piece() {
    let story = story();
    let whole = bytes(&story);
    let (first, rest) = whole.split_at(ends(&whole)[3]);
    let junk = b"x\n".repeat(100_000);
    let bytes = [&junk, first, &junk, &junk, rest, &junk, b"x"].concat();
    let (pieces, length) = pieces(&bytes, Path::new("journal.jsonl")).unwrap();
    let lost: Vec<_> = pieces
        .iter()
        .filter_map(|(piece, end)| match piece {
            Piece::Lost(lines) => Some((*lines, usize::try_from(*end).unwrap())),
            Piece::Line(_) => None,
        })
        .collect();
    let before_rest = 3 * junk.len() + first.len();
    assert_eq!(lost, [(100_000, junk.len()), (200_000, before_rest), (100_001, bytes.len())]);
    assert_eq!((pieces.len(), length), (story.len() + 3, bytes.len() as u64));
    assert!(size_of_val(pieces.as_slice()) <= 32 * pieces.len());
}

#[test]
fn a_line_that_is_not_in_its_place_is_not_counted() {
    let story = story();
    let bytes = bytes(&story);
    let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
    use Found::{Line as L, Lost};
    enum Found {
        Line(usize),
        Lost(u32),
    }
    for (lie, found) in [
        (&[0, 1, 1, 2][..], &[L(0), Lost(1), L(1), L(2)][..]),
        (&[0, 2], &[L(0), Lost(1), L(2)]),
        (&[0, 1, 3, 2], &[L(0), L(1), Lost(1), L(2)]),
        (&[0, 2, 3, 1, 4], &[L(0), Lost(1), L(2), L(3), Lost(1), L(4)]),
        (&[0, 3, 1, 2, 4], &[L(0), Lost(1), L(1), L(2), Lost(1), L(4)]),
        (&[0, 1, 2, 0, 1], &[L(0), L(1), L(2), Lost(2)]),
        (&[1], &[Lost(1), L(1)]),
        (&[8], &[Lost(8), L(8)]),
    ] {
        let mut marks = Marks::default();
        for piece in found {
            match piece {
                L(line) => marks.take(&story[*line].0, story[*line].1, &story[*line].2),
                Lost(count) => marks.lose(*count),
            }
        }
        let bytes: Vec<u8> = lie.iter().flat_map(|line| lines[*line]).copied().collect();
        assert_eq!(folded(&bytes).marks, marks, "{lie:?}");
    }
}

#[test]
fn every_end_that_was_cut_off_gets_a_file_of_its_own() {
    let folder = folder();
    let path = folder.path().join("journal.jsonl");
    for (number, cut) in (1..).zip(["{\"seq\":1,\"at\":\"first", "{\"seq\":1,\"at\":\"second"]) {
        std::fs::write(&path, cut).unwrap();
        assert_eq!(Journal::open(&path).unwrap().marks(), &Marks::default());
        assert_eq!(std::fs::read(&path).unwrap(), b"");
        assert_eq!(kept_aside(&path).len(), number);
        assert_eq!(kept_aside(&path)[number - 1], cut.as_bytes());
    }
}

/// A later line shows what one lost line must have recorded: stopped services come back, and an installation that no
/// run saw end does not pass for a complete one.
#[test]
fn what_a_lost_line_said_is_made_up_for() {
    let target = build("5.0.8308.1149");
    let began =
        Mark::RunBegan { target: target.clone(), components: BTreeMap::new(), version: "0".into(), by: "alex".into() };
    let at = |step| Mark::Began { step, command: None, because: None };
    let down = || Mark::TakingDown { running: vec!["RTCSRV".into(), "MANUAL".into()], up: None };
    let installing = Mark::Installing { target: target.clone(), boot: None, queued: None };
    let run = [began, down(), Mark::FailingOver, at(Step::FailOver), Mark::Stopped, installing, at(Step::Install)];
    let start = story()[0].1;
    let told: Vec<_> = (0..)
        .zip(run)
        .map(|(minute, mark)| (RunId("one".into()), start + jiff::SignedDuration::from_mins(minute), mark))
        .collect();
    for lost in 0..told.len() {
        let marks = without(&told, lost..lost + 1);
        let baseline = marks.baseline.as_ref().unwrap_or_else(|| panic!("line {lost}: nothing is brought back"));
        assert!(baseline.failed_over && baseline.installing || lost == 0, "line {lost}: {baseline:?}");
        assert_eq!(baseline.running.is_empty(), lost == 1, "line {lost}: {baseline:?}");
        assert_eq!(marks.outages, 1, "line {lost}");
        if lost != 0 {
            let attempt =
                marks.attempt.as_ref().unwrap_or_else(|| panic!("line {lost}: the installation is forgotten"));
            assert_eq!((attempt.code, &attempt.target, marks.attempts), (None, &target, 1), "line {lost}");
        }
    }
    // The lost line may have recorded that the services run again, so the next outage is another one.
    let later = start + jiff::SignedDuration::from_hours(100);
    let mut marks = without(&told, told.len() - 1..told.len());
    marks.take(&RunId("two".into()), later, &down());
    assert_eq!(marks.baseline.unwrap().since, later);
}

/// Repeated damage to the journal does not fill the disk.
#[test]
fn the_newest_ten_damaged_ends_are_kept() {
    let folder = folder();
    let path = folder.path().join("journal.jsonl");
    let kept = |from: u32, until: u32| {
        let all = (1..=40).map(|number| folder.path().join(format!("journal.jsonl.damaged-{number}")));
        let there: Vec<_> = (1..=40).zip(all).filter(|(_, path)| path.exists()).map(|(number, _)| number).collect();
        assert_eq!(there, (from..=until).collect::<Vec<u32>>());
    };
    std::fs::write(folder.path().join("journal.jsonl.damaged-by-replacement"), "kept").unwrap();
    for number in 1..=25_u32 {
        let cut = format!("{{\"seq\":1,\"at\":\"{number}");
        std::fs::write(&path, &cut).unwrap();
        Journal::open(&path).unwrap();
        assert_eq!(kept_aside(&path).last().unwrap(), cut.as_bytes());
        kept(number.saturating_sub(9).max(1), number);
    }
    assert!(folder.path().join("journal.jsonl.damaged-by-replacement").exists());
    // Files of others keep no number from the next one.
    for others in [OTHERS - 1, OTHERS, u32::MAX - 1, u32::MAX] {
        std::fs::write(folder.path().join(format!("journal.jsonl.damaged-{others}")), "theirs").unwrap();
        for number in 26..=50_u32 {
            std::fs::write(&path, format!("{{\"seq\":1,\"at\":\"{number}")).unwrap();
            Journal::open(&path).unwrap();
            assert_eq!(std::fs::read(&path).unwrap(), b"");
        }
    }
    assert!(std::fs::read_dir(folder.path()).unwrap().count() < 40);
}

#[test]
fn a_journal_reads_as_it_was_written() {
    // The beginning of the story in every rotation: 169 journals.
    let mut story = story();
    for _ in 0..story.len() {
        let folder = folder();
        let path = folder.path().join("below").join("journal.jsonl");
        assert_eq!(Journal::read(&path).unwrap(), Marks::default());
        assert!(!path.parent().unwrap().exists(), "looking creates nothing");
        let (mut journal, mut lab) = (Journal::open(&path).unwrap(), Journal::in_memory());
        for ((run, at, mark), remembered) in story.iter().zip(&remembered(&story)[1..]) {
            journal.append(run, *at, mark).unwrap();
            lab.append(run, *at, mark).unwrap();
            assert_eq!(journal.marks(), remembered);
            assert_eq!(lab.marks(), remembered);
            assert_eq!(&Journal::read(&path).unwrap(), remembered);
        }
        let mut journal = Journal::open(&path).unwrap();
        assert_eq!(journal.marks(), lab.marks());
        journal.append(&story[0].0, story[0].1, &story[0].2).unwrap();
        story.rotate_left(1);
    }
}

#[test]
fn version_0_1_is_read_for_ever() {
    let folded = folded(GOLDEN);
    assert_eq!((folded.entries, folded.length), (13, GOLDEN.len() as u64));
    assert_eq!(&folded.marks, remembered(&story()).last().unwrap());
    // The marks of the story, in words, so that a change of the fold shows here.
    let attempt = Attempt {
        run: RunId("first".into()),
        target: build("5.0.8308.1149"),
        boot: Some(BootId("2026-03-01T20:00:00Z".into())),
        code: Some(3010),
        moved: true,
        queued: None,
        log: None,
        stopped_since: false,
    };
    assert_eq!(folded.marks.attempt, Some(attempt));
    assert_eq!((folded.marks.attempts, folded.marks.reboots, folded.marks.baseline), (1, 1, None));
}

#[test]
fn the_folder_of_a_copy_is_remembered_until_another_one_is_made() {
    let folder = folder();
    let path = folder.path().join("journal.jsonl");
    std::fs::write(&path, GOLDEN).unwrap();
    let mut journal = Journal::open(&path).unwrap();
    assert_eq!(journal.marks().staged, None, "version 0.1 wrote none");
    let copies = ["0123456789abcdef", "fedcba9876543210"]
        .map(|half| StagedCopy { folder: half.repeat(2), sha256: half.repeat(4).parse().unwrap() });
    for copy in &copies {
        journal.append(&RunId("third".into()), Timestamp::UNIX_EPOCH, &Mark::Staged(copy.clone())).unwrap();
        assert_eq!(Journal::read(&path).unwrap().staged.as_ref(), Some(copy));
    }
    let line = std::fs::read_to_string(&path).unwrap();
    assert!(line.contains(r#""mark":"staged","folder":"fedcba9876543210fedcba9876543210","sha256":"#), "{line}");
    let began = &story()[0];
    journal.append(&began.0, began.1, &began.2).unwrap();
    drop(journal);
    let compacted = Journal::open_within(&path, 1, 300).unwrap();
    assert!(std::fs::read_to_string(&path).unwrap().contains(r#""mark":"carried""#));
    assert_eq!(compacted.marks().staged.as_ref(), copies.last(), "a compaction carries it");
}

#[test]
fn a_line_may_end_as_on_unix() {
    let unix: Vec<u8> = GOLDEN.iter().copied().filter(|byte| *byte != b'\r').collect();
    assert_eq!(folded(&unix).marks, folded(GOLDEN).marks);
}

#[test]
fn a_mark_of_a_newer_version_is_named_and_left_alone() {
    let folder = folder();
    let path = folder.path().join("journal.jsonl");
    let began = GOLDEN.split_inclusive(|byte| *byte == b'\n').next().unwrap();
    let content = r#"{"seq":2,"at":"2031-01-01T00:00:00Z","run":"r","mark":"teleported""#;
    let sum = crc32fast::hash(content.as_bytes());
    let text = format!("{}{content},\"sum\":\"{sum:08x}\"}}\n", std::str::from_utf8(began).unwrap());
    std::fs::write(&path, &text).unwrap();
    let error = Journal::open(&path).unwrap_err().to_string();
    assert!(error.starts_with(&format!("{}:2: ", path.display())), "{error}");
    assert!(error.contains("unknown variant `teleported`"), "{error}");
    assert!(error.contains("version 0.1.0 wrote it: run that version or a later one"), "{error}");
    assert_eq!(Journal::read(&path).unwrap_err().to_string(), error);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
}

#[test]
fn a_field_of_a_newer_version_is_named_and_left_alone() {
    let folder = folder();
    let path = folder.path().join("journal.jsonl");
    let began = GOLDEN.split_inclusive(|byte| *byte == b'\n').next().unwrap();
    for (mark, field) in [
        (r#""mark":"up","half":true"#, "unknown field /half"),
        (
            r#""mark":"began","step":{"updateDatabases":{"configured":{"sqlServer":"sql01.contoso.example","excludeCollocated":false,"only":"xds"}}}"#,
            "unknown field /step/updateDatabases/configured/only",
        ),
        (
            r#""mark":"carried","marks":{"attempts":0,"reboots":0,"quarantine":{"since":1}}"#,
            "unknown field /marks/quarantine",
        ),
    ] {
        let content = format!(r#"{{"seq":2,"at":"2031-01-01T00:00:00Z","run":"r",{mark}"#);
        let sum = crc32fast::hash(content.as_bytes());
        let text = format!("{}{content},\"sum\":\"{sum:08x}\"}}\n", std::str::from_utf8(began).unwrap());
        std::fs::write(&path, &text).unwrap();
        let error = Journal::open(&path).unwrap_err().to_string();
        assert!(error.contains(field), "{error}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    }
}

#[test]
fn starts_are_counted_until_a_service_was_found_running_before_an_outage() {
    let mut marks = Marks::default();
    let at = |minute: i64| Timestamp::from_second(minute * 60).unwrap();
    let started = |services: &[&str]| Mark::Ended {
        step: Step::StartServices,
        said: String::new(),
        failed: false,
        took: None,
        started: services.iter().map(|name| (*name).to_owned()).collect(),
    };
    let runs = |marks: &Marks| -> Vec<_> {
        marks.started.iter().map(|(name, one)| (name.clone(), one.runs, one.since)).collect()
    };
    for (run, minute, services) in [("one", 1, &["A", "B"][..]), ("two", 2, &["A"]), ("three", 4, &["A"])] {
        marks.take(&RunId(run.into()), at(minute), &started(services));
    }
    assert_eq!(runs(&marks), [("A".to_owned(), 3, at(1)), ("B".to_owned(), 1, at(1))]);
    marks.take(&RunId("four".into()), at(5), &Mark::TakingDown { running: vec!["B".into()], up: None });
    assert_eq!(runs(&marks), [("A".to_owned(), 3, at(1))], "B stayed up");
    marks.take(&RunId("four".into()), at(6), &Mark::Forgiven);
    assert_eq!(runs(&marks), []);
}

/// An entry counts once the disk has confirmed it: this file accepts every byte and cannot be flushed.
#[test]
#[cfg(target_os = "linux")]
fn an_entry_that_cannot_be_flushed_is_not_written() {
    let path = PathBuf::from("/dev/null");
    let file = OpenOptions::new().read(true).write(true).open(&path).unwrap();
    let mut journal = Journal { folded: Folded::default(), place: Place::Disk(Disk { file, path }) };
    let (run, at, mark) = &story()[2];
    let error = journal.append(run, *at, mark).unwrap_err().to_string();
    assert!(error.starts_with("cannot write to the journal /dev/null: "), "{error}");
    assert_eq!((journal.marks(), journal.folded.entries), (&Marks::default(), 0));
}

#[test]
fn a_journal_without_end_is_refused() {
    let folder = folder();
    let path = folder.path().join("journal.jsonl");
    File::create(&path).unwrap().set_len(LIMIT + 1).unwrap();
    let error = refused(&path);
    assert!(error.contains("larger than 64 MiB"), "{error}");
}

/// Opens a journal whose file cannot be used: it is damaged, and every append fails. Returns the reason.
fn refused(path: &Path) -> String {
    let (run, at, mark) = &story()[2];
    let mut journal = Journal::open(path).unwrap();
    let said = journal.marks().clone();
    assert_eq!(said, Journal::read(path).unwrap());
    let errors = [(); 2].map(|()| journal.append(run, *at, mark).unwrap_err().to_string());
    assert_eq!((&errors[0], journal.marks()), (&errors[1], &said));
    let entries = Journal::entries(path).unwrap_err().to_string();
    assert_eq!(said.damaged.unwrap().to_string(), entries);
    errors.into_iter().next().unwrap()
}

#[test]
fn a_journal_that_is_a_folder_is_damaged_and_the_reason_has_its_name() {
    let folder = folder();
    let error = refused(folder.path());
    assert!(error.starts_with(&format!("cannot open the journal {}: ", folder.path().display())), "{error}");
    let path = folder.path().join("journal.jsonl");
    std::fs::create_dir(compaction::old(&path)).unwrap();
    let error = refused(&path);
    assert!(error.contains("journal.jsonl.old: "), "{error}");
}

/// A journal that can be read and not repaired: what it says counts.
#[test]
fn a_journal_that_cannot_be_repaired_still_counts() {
    let folder = folder();
    let path = folder.path().join("journal.jsonl");
    std::fs::write(&path, [GOLDEN, b"torn"].concat()).unwrap();
    let said = Journal::read(&path).unwrap();
    std::fs::create_dir(path.with_added_extension("new")).unwrap();
    let other = [(RunId("of another server".into()), story()[0].1, Mark::Up)];
    std::fs::write(compaction::replaced_file(&path), bytes(&other)).unwrap();
    let mut journal = Journal::open(&path).unwrap(); // The other file cannot be dealt with.
    assert_eq!((&journal.marks().attempt, journal.marks().damaged.is_some()), (&said.attempt, true));
    let (run, at, mark) = &story()[2];
    let error = journal.append(run, *at, mark).unwrap_err().to_string();
    assert!(error.starts_with(&format!("cannot settle the journal {}: ", path.display())), "{error}");
}

#[test]
fn a_journal_that_cannot_be_looked_for_is_not_a_missing_one() {
    let folder = folder();
    assert_eq!(Journal::read(&folder.path().join("journal.jsonl")).unwrap(), Marks::default());
    let error = refused(&folder.path().join("a\0name"));
    assert!(error.starts_with("cannot open the journal "), "{error}");
}

/// The folder of the journals on a full disk; set by the test that starts that process.
#[cfg(target_os = "linux")]
const FULL: &str = "RECONCILE_TEST_FULL_DISK";

#[test]
#[cfg(target_os = "linux")]
#[expect(clippy::disallowed_methods, reason = "the child is this test program itself")]
fn on_a_full_disk_nothing_is_lost_and_the_error_says_so() {
    let folder = folder();
    std::fs::write(folder.path().join("damaged.jsonl"), [GOLDEN, &[0; 3000]].concat()).unwrap();
    // A limit of two kibibytes for every file stands for the full disk: it also lets half a line through.
    let ended = std::process::Command::new("/bin/sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 4; exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "journal::tests::writes_on_a_full_disk", "--ignored"])
        .env(FULL, folder.path())
        .output()
        .unwrap();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stdout));
    assert!(folder.path().join("half-a-line.jsonl").exists(), "the child ran");
}

#[test]
#[cfg(target_os = "linux")]
#[ignore = "run by the test above, in a process of its own"]
fn writes_on_a_full_disk() {
    let Some(folder) = std::env::var_os(FULL).map(PathBuf::from) else { return };
    let (run, at, mark) = &story()[2];

    let path = folder.join("half-a-line.jsonl");
    let mut journal = Journal::open(&path).unwrap();
    let (error, before) = loop {
        let before = (std::fs::read(&path).unwrap(), journal.marks().clone());
        if let Err(error) = journal.append(run, *at, mark) {
            break (error.to_string(), before);
        }
    };
    assert!(error.starts_with(&format!("cannot write to the journal {}: ", path.display())), "{error}");
    assert_eq!((std::fs::read(&path).unwrap(), journal.marks().clone()), before);
    journal.append(run, *at, &Mark::Up).unwrap_err();
    assert_eq!((std::fs::read(&path).unwrap(), journal.marks().clone()), before);

    let path = folder.join("damaged.jsonl");
    let found = std::fs::read(&path).unwrap();
    let mut journal = Journal::open(&path).unwrap();
    assert_eq!(journal.marks(), remembered(&story()).last().unwrap());
    let error = journal.append(run, *at, mark).unwrap_err().to_string();
    assert!(error.starts_with(&format!("cannot keep the damaged end of the journal {}: ", path.display())), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), found, "nothing is written behind the damage");
    assert!(!folder.join("damaged.jsonl.damaged-1").exists(), "no half copy stays");
}

#[test]
fn other_words_leave_every_line_as_good_or_as_bad_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.jsonl");
    let mut journal = Journal::open(&path).unwrap();
    for reason in ["ask anna", "ask berta"] {
        let mark = Mark::Held { reason: reason.into(), by: "alex".into() };
        journal.append(&RunId("a run".into()), "2026-01-04T02:00:00Z".parse().unwrap(), &mark).unwrap();
    }
    drop(journal);
    let mut bytes = std::fs::read(&path).unwrap();
    let value = |mut value: serde_json::Value| {
        value["reason"] = "nobody".into();
        value
    };
    let said = |bytes: &[u8]| {
        let new = crate::reworded(bytes, &mut value.clone(), &mut |text| text.replace("anna", "nobody"));
        std::fs::write(&path, &new).unwrap();
        (Journal::read(&path).unwrap(), String::from_utf8(new).unwrap())
    };
    let (marks, text) = said(&bytes);
    assert_eq!((marks.hold.unwrap().reason.as_str(), marks.damaged), ("nobody", None));
    assert!(!text.contains("anna") && text.ends_with("\r\n"), "{text}");
    let place = bytes.windows(4).position(|part| part == b"alex").unwrap();
    bytes[place] = b'x';
    let (marks, text) = said(&bytes);
    assert_eq!((marks.hold.unwrap().reason.as_str(), marks.damaged.unwrap().lines), ("nobody", 1));
    assert!(!text.contains("anna") && text.contains("xlex"), "{text}");
    assert_eq!(Journal::files(&path).unwrap(), std::slice::from_ref(&path));
    assert!(Journal::files(&folder.path().join("none/none.jsonl")).unwrap().is_empty());
}
