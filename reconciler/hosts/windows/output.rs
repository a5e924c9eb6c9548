//! The output of a child: two files in its folder, kept below a size, and their last lines as text.
//!
//! The output goes to files, not pipes. An installer that outlives us can continue to print, its output is kept, and a
//! grandchild that keeps its output open cannot block us.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use windows_sys::Win32::Globalization::{CP_OEMCP, MultiByteToWideChar};

use crate::utf16::utf16;

/// A file above this size loses its beginning, so that a child that prints forever does not fill the disk. It is far
/// above the output of a script: text around an answer is skipped, and not removed while the answer may be written.
const FULL: u64 = 16 << 20;
/// A file above this size loses its beginning even if a line is lost with it.
const OVERFULL: u64 = 4 * FULL;
/// How much of its end a file keeps, and how much of it is read, in bytes.
const KEPT: u64 = 1 << 20;
/// How many of the last lines go into an error message.
const LINES: usize = 20;

/// The output of one child.
#[derive(Debug, Clone)]
pub struct Output {
    stdout: PathBuf,
    stderr: PathBuf,
}

impl Output {
    /// Creates `stdout.log` and `stderr.log` in `folder`, and opens them for the child, which can only append.
    ///
    /// # Errors
    /// When one of them exists already (a folder is for one child) or cannot be created.
    pub fn create(folder: &Path) -> io::Result<(Self, File, File)> {
        let output = Self { stdout: folder.join("stdout.log"), stderr: folder.join("stderr.log") };
        let open = |path: &Path| OpenOptions::new().append(true).create_new(true).open(path);
        let (out, err) = (open(&output.stdout)?, open(&output.stderr)?);
        Ok((output, out, err))
    }

    /// Keeps both files below their limit. Lines that a child prints at this very moment can get lost.
    pub fn trim(&self) {
        for path in [&self.stdout, &self.stderr] {
            // A log that cannot be trimmed now is trimmed the next time.
            let _ = trim(path);
        }
    }

    /// The last lines of standard output that are not empty: a script writes its answer there.
    pub fn lines(&self) -> io::Result<Vec<String>> {
        lines(&self.stdout)
    }

    /// All of standard output.
    pub fn bytes(&self) -> io::Result<Vec<u8>> {
        std::fs::read(&self.stdout)
    }

    /// The last lines of standard output, followed by those of standard error.
    pub fn tail(&self) -> Vec<String> {
        let said = [&self.stdout, &self.stderr].map(|path| lines(path).unwrap_or_default()).concat();
        said.get(said.len().saturating_sub(LINES)..).unwrap_or_default().to_vec()
    }
}

fn trim(path: &Path) -> io::Result<()> {
    if path.metadata()?.len() <= FULL {
        return Ok(());
    }
    let mut file = OpenOptions::new().read(true).write(true).open(path)?;
    let end = End::of(&mut file)?;
    let length = file.metadata()?.len();
    if length != end.length && length <= OVERFULL {
        return Ok(()); // It prints at this very moment, and that output would be lost.
    }
    file.set_len(0)?;
    // The child appends at the current end, and so do we.
    let mut all = end.mark.to_vec();
    all.extend(end.encoded("[earlier output dropped]\r\n"));
    all.extend(end.bytes);
    OpenOptions::new().append(true).open(path)?.write_all(&all)
}

/// The end of a file, from the beginning of a line on, and the file's byte order mark.
struct End {
    mark: &'static [u8],
    bytes: Vec<u8>,
    length: u64,
}

/// The byte order marks.
const MARKS: [&[u8]; 3] = [&[0xEF, 0xBB, 0xBF], LITTLE, BIG];
const LITTLE: &[u8] = &[0xFF, 0xFE];
const BIG: &[u8] = &[0xFE, 0xFF];

impl End {
    fn of(file: &mut File) -> io::Result<Self> {
        let (mut start, mut bytes) = (Vec::new(), Vec::new());
        file.rewind()?;
        (&*file).take(3).read_to_end(&mut start)?;
        let mark = MARKS.into_iter().find(|mark| start.starts_with(mark)).unwrap_or_default();
        let length = file.metadata()?.len();
        // In some encodings two bytes are one character; the marks of those have even lengths too.
        let from = length.saturating_sub(KEPT).max(mark.len() as u64).next_multiple_of(2).min(length);
        let from = if from == 0 || mark.len() as u64 == 3 && from == 4 { mark.len() as u64 } else { from };
        file.seek(SeekFrom::Start(from))?;
        (&*file).take(2 * KEPT).read_to_end(&mut bytes)?;
        let length = from + bytes.len() as u64;
        if from > mark.len() as u64 {
            let end = match mark {
                LITTLE | BIG => bytes
                    .chunks(2)
                    .position(|unit| unit == if mark == LITTLE { b"\n\0" } else { b"\0\n" })
                    .map(|at| 2 * at + 2),
                _ => bytes.iter().position(|&byte| byte == b'\n').map(|at| at + 1),
            };
            bytes.drain(..end.unwrap_or(0));
        }
        Ok(Self { mark, bytes, length })
    }

    /// A text in the encoding of the file.
    fn encoded(&self, text: &str) -> Vec<u8> {
        match self.mark {
            LITTLE => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            BIG => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
            _ => text.as_bytes().to_vec(),
        }
    }

    fn text(&self) -> String {
        match self.mark {
            LITTLE => utf16(&self.bytes, u16::from_le_bytes),
            BIG => utf16(&self.bytes, u16::from_be_bytes),
            // A program that a script runs may print in another encoding than the script.
            _ => self.bytes.split_inclusive(|&byte| byte == b'\n').map(plain).collect(),
        }
    }
}

/// The last lines of a file that are not empty, without trailing blanks.
fn lines(path: &Path) -> io::Result<Vec<String>> {
    let text = End::of(&mut File::open(path)?)?.text();
    Ok(text.lines().map(str::trim_end).filter(|line| !line.is_empty()).map(str::to_owned).collect())
}

/// The text of a Windows program: by its byte order mark, else as UTF-8 where it is valid, else in the code page of
/// consoles.
pub fn decode(bytes: &[u8]) -> String {
    match bytes {
        [0xEF, 0xBB, 0xBF, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes),
        _ => plain(bytes),
    }
}

fn plain(bytes: &[u8]) -> String {
    str::from_utf8(bytes).map_or_else(|_| oem(bytes), str::to_owned)
}

fn oem(bytes: &[u8]) -> String {
    let Ok(length) = i32::try_from(bytes.len()) else {
        return String::from_utf8_lossy(bytes).into_owned();
    };
    // A byte of a console code page becomes at most one unit.
    let mut units = vec![0_u16; bytes.len()];
    // SAFETY: both buffers have the lengths that are given.
    let written = unsafe { MultiByteToWideChar(CP_OEMCP, 0, bytes.as_ptr(), length, units.as_mut_ptr(), length) };
    String::from_utf16_lossy(units.get(..usize::try_from(written).unwrap_or(0)).unwrap_or_default())
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn text_is_read_by_mark_then_as_utf8_then_in_the_console_code_page() {
        assert_eq!(decode(b"\xEF\xBB\xBFf\xC3\xBC"), "fü");
        assert_eq!(decode(b"\xFF\xFEf\0\xFC\0"), "fü");
        assert_eq!(decode(b"\xFE\xFF\0f\0\xFC"), "fü");
        assert_eq!(decode("Dienst läuft".as_bytes()), "Dienst läuft");
        let console = decode(b"Dienst l\x84uft");
        assert!(
            console.starts_with("Dienst l") && console.ends_with("uft") && console.chars().count() == 12,
            "{console}"
        );
        assert_eq!(decode(b""), "");
    }

    #[test]
    fn a_long_log_loses_its_beginning_and_the_writer_goes_on_at_its_end() {
        let folder = tempfile::tempdir().expect("a folder");
        let (output, mut stdout, _stderr) = Output::create(folder.path()).expect("created");
        let mut block = 0;
        while output.stdout.metadata().expect("there").len() <= FULL {
            let lines: Vec<_> = (0..1_000).map(|line| format!("line {block}.{line}, and some words\n")).collect();
            stdout.write_all(lines.concat().as_bytes()).expect("written");
            block += 1;
        }
        output.trim();
        assert!(output.stdout.metadata().expect("there").len() <= 2 * KEPT);
        writeln!(stdout, "the last line").expect("written");
        let tail = output.tail();
        assert_eq!(tail.len(), LINES);
        let ends: Vec<_> = tail.iter().rev().take(2).map(String::as_str).collect();
        assert_eq!(ends, ["the last line", &format!("line {}.999, and some words", block - 1)]);
        assert_eq!(output.lines().expect("readable").last().map(String::as_str), Some("the last line"));
    }

    #[test]
    fn an_answer_is_found_behind_any_amount_of_output_in_any_encoding() {
        let noise = "WARNING: größer als erwartet\r\n".repeat(120_000);
        let answer = "[{\"größe\":1}]\r\n";
        let utf16 = |mark: &[u8], unit: fn(u16) -> [u8; 2]| {
            let text = format!("{noise}{answer}");
            mark.iter().copied().chain(text.encode_utf16().flat_map(unit)).collect::<Vec<_>>()
        };
        let printed = [
            format!("{noise}{answer}").into_bytes(),
            [b"\xEF\xBB\xBF", format!("{noise}{answer}").as_bytes()].concat(),
            [&b"Dienst l\x84uft\r\n".repeat(250_000), answer.as_bytes()].concat(),
            utf16(b"\xFF\xFE", u16::to_le_bytes),
            utf16(b"\xFE\xFF", u16::to_be_bytes),
        ];
        for bytes in printed {
            assert!(bytes.len() > 3_000_000);
            let folder = tempfile::tempdir().expect("a folder");
            let (output, mut stdout, _stderr) = Output::create(folder.path()).expect("created");
            stdout.write_all(&bytes).expect("written");
            assert_eq!(output.lines().expect("readable").last().map(String::as_str), Some(answer.trim_end()));
            assert_eq!(output.tail().last().map(String::as_str), Some(answer.trim_end()));
            assert!(!output.tail().iter().any(|line| line.contains('\u{FFFD}')), "{:?}", output.tail());
        }
    }

    #[test]
    fn a_log_in_utf_16_is_trimmed_to_one_in_utf_16() {
        let folder = tempfile::tempdir().expect("a folder");
        let (output, mut stdout, _stderr) = Output::create(folder.path()).expect("created");
        let block: Vec<u8> = "eine Zeile größer\n".repeat(1_000).encode_utf16().flat_map(u16::to_le_bytes).collect();
        stdout.write_all(LITTLE).expect("written");
        while output.stdout.metadata().expect("there").len() <= FULL {
            stdout.write_all(&block).expect("written");
        }
        output.trim();
        assert!(output.stdout.metadata().expect("there").len() <= 2 * KEPT);
        assert_eq!(output.lines().expect("readable").last().map(String::as_str), Some("eine Zeile größer"));
        let text = decode(&output.bytes().expect("readable"));
        assert_eq!(text.lines().next(), Some("[earlier output dropped]"));
        assert_eq!(text.lines().nth(1), Some("eine Zeile größer"));
    }

    #[test]
    fn the_tail_is_standard_error_where_there_is_any() {
        let folder = tempfile::tempdir().expect("a folder");
        let (output, mut stdout, mut stderr) = Output::create(folder.path()).expect("created");
        assert_eq!(output.tail(), Vec::<String>::new());
        writeln!(stdout, "progress").expect("written");
        assert_eq!(output.tail(), ["progress"]);
        write!(stderr, "\r\nno such cmdlet\r\n\r\n").expect("written");
        assert_eq!(output.tail(), ["progress", "no such cmdlet"]);
    }

    #[test]
    fn a_folder_is_for_one_child() {
        let folder = tempfile::tempdir().expect("a folder");
        let first = Output::create(folder.path());
        assert!(first.is_ok());
        assert_eq!(
            Output::create(folder.path()).map(drop).map_err(|error| error.kind()),
            Err(io::ErrorKind::AlreadyExists)
        );
    }
}
