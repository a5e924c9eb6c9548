//! However the input is divided into portions: every line is passed on once, with its number, in pieces of limited
//! size.

use super::*;

/// Returns its bytes in portions, as a pipe does, and then an error if there is one.
struct Portions<'a>(&'a [u8], usize, Option<io::ErrorKind>);

impl Read for Portions<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.2.filter(|_| self.0.is_empty()) {
            Some(kind) => Err(kind.into()),
            None => self.0.by_ref().take(self.1 as u64).read(buffer),
        }
    }
}

/// The pieces that are passed on, in short.
fn told(bytes: &[u8], portion: usize, error: Option<io::ErrorKind>) -> Vec<String> {
    let mut lines = Lines::of("f".into(), Portions(bytes, portion, error));
    let mut told = Vec::new();
    while let Some(piece) = lines.next() {
        match piece {
            Piece::Lines { first, bytes, .. } => {
                assert!(bytes.len() < PIECE + LONGEST);
                let lines: Vec<_> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
                assert!(lines.len() as u64 <= MANY);
                told.extend((first..).zip(lines).map(|(number, line)| format!("{number} {}", line.escape_ascii())));
            }
            Piece::Document { bytes, .. } => told.push(format!("document {}", bytes.len())),
            Piece::Broken { line, why, .. } => told.push(format!("{line:?} {why}")),
            Piece::Registry { path } => panic!("{}", path.display()),
        }
    }
    told
}

#[test]
fn every_line_is_handed_on_once() {
    let line = |number: usize| format!("{}\n", "x".repeat(number * 7919 % 3000));
    for count in [0, 1, 2, 255, 256, 257, 1000] {
        let text: String = (0..count).map(line).collect::<String>() + "the end";
        let lines: Vec<_> = (1..).zip(text.split_inclusive('\n')).collect();
        let lines: Vec<_> = lines.iter().map(|(number, line)| format!("{number} {}", line.escape_default())).collect();
        for portion in [1, 1000, 1 << 20] {
            assert_eq!(told(text.as_bytes(), portion, None), lines, "{count} lines in portions of {portion}");
        }
    }
}

#[test]
fn a_line_that_is_too_long_is_left_out() {
    let mut text = b"one\n".to_vec();
    text.resize(text.len() + LONGEST, b'x');
    let long = "Some(2) a line is at most 4 MiB long, this one is longer";
    assert_eq!(told(&text, 1 << 20, None), ["1 one\\n", long]);
    text.extend_from_slice(b"\nthree\n");
    assert_eq!(told(&text, 1 << 20, None), ["1 one\\n", long, "3 three\\n"]);
}

#[test]
fn what_has_no_end_is_given_up() {
    for (byte, what) in [(b' ', "nothing behind it was read"), (b'\n', "nothing behind them was read")] {
        let mut lines = Lines::of("f".into(), io::repeat(byte));
        let Some(Piece::Broken { why, .. }) = lines.next() else { panic!("this is broken") };
        assert!(why.ends_with(what), "{why}");
        assert!(lines.next().is_none());
    }
}

#[test]
fn a_document_is_told_from_lines_however_it_comes() {
    for portion in [1, 3, 1 << 20] {
        let document = |text: &str| told(text.as_bytes(), portion, None);
        assert_eq!(document("{\n  \"version\": 1\n}\n"), ["document 19"]);
        assert_eq!(document("\n{ \"version\": 1,\r\n\"lab\": true }"), ["document 31"]);
        assert_eq!(document("\u{feff}{\n}"), ["document 3"]);
        assert_eq!(document("{\"versio\n{\"version\":1}").len(), 2, "a line that was cut off, and a good one");
        assert_eq!(document("{\"version\":1}"), ["1 {\\\"version\\\":1}"]);
    }
    let long = format!("{{\n\"a\": {}", "\n".repeat(LONGEST));
    assert_eq!(told(long.as_bytes(), 1 << 20, None), ["None a snapshot is at most 4 MiB long, this one is longer"]);
}

#[test]
fn an_error_comes_behind_what_was_read() {
    let error = Some(io::ErrorKind::PermissionDenied);
    assert_eq!(told(b"one\ntwo", 2, error), ["1 one\\n", "Some(2) permission denied"]);
    assert_eq!(told(b"", 2, error), ["Some(1) permission denied"]);
}

#[test]
fn a_file_that_goes_away_is_broken_and_the_others_are_read() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a.json", "b.ndjson", "c.reg", "ignored.txt"] {
        std::fs::write(folder.path().join(name), "{}").unwrap();
    }
    let sources = Sources::open(&[folder.path().into()]).unwrap();
    std::fs::remove_file(folder.path().join("a.json")).unwrap();
    let pieces: Vec<_> = sources.collect();
    let [Piece::Broken { file, .. }, Piece::Lines { .. }, Piece::Registry { .. }] = &pieces[..] else {
        panic!("{pieces:?}");
    };
    assert!(file.ends_with("a.json"));
}

#[cfg(unix)]
#[test]
fn links_in_circles_are_not_followed() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::create_dir(path("in")).unwrap();
    std::fs::write(path("in/good.json"), "{}").unwrap();
    symlink("..", path("in/up")).unwrap();
    symlink("in", path("folder.json")).unwrap();
    symlink("circle.json", path("circle.json")).unwrap();
    symlink("nowhere", path("gone.json")).unwrap();
    let pieces: Vec<_> = Sources::open(&[folder.path().into()]).unwrap().collect();
    let broken = pieces.iter().filter(|piece| matches!(piece, Piece::Broken { .. })).count();
    assert_eq!((pieces.len(), broken), (4, 3), "{pieces:?}");
    let pattern = Sources::open(&[path("*.json")]).unwrap().filter(|piece| matches!(piece, Piece::Broken { .. }));
    assert_eq!(pattern.count(), 2, "the folder behind a link is read");
    assert!(matches!(Sources::open(&[path("**/*.json")]), Err(SourceError::Deep { .. })));
}
