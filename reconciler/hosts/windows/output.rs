//! What a child printed: two files in its folder, held below a size, and their last lines as text.
//!
//! Files and not pipes: an installer that outlives us can go on printing, what it prints is kept, and a grandchild that
//! keeps its output open cannot hold us.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use windows_sys::Win32::Globalization::{CP_OEMCP, MultiByteToWideChar};

/// A file above this size loses its beginning; a child that prints for ever must not fill the disk.
const CAP: u64 = 1 << 20;
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
    /// One of them exists already (a folder is for one child) or cannot be created.
    pub fn create(folder: &Path) -> io::Result<(Self, File, File)> {
        let output = Self { stdout: folder.join("stdout.log"), stderr: folder.join("stderr.log") };
        let open = |path: &Path| OpenOptions::new().append(true).create_new(true).open(path);
        let (out, err) = (open(&output.stdout)?, open(&output.stderr)?);
        Ok((output, out, err))
    }

    /// Holds both files below their cap. Lines that a child prints in this very moment can get lost.
    pub fn trim(&self) {
        for path in [&self.stdout, &self.stderr] {
            // A log that cannot be trimmed now is trimmed at the next look.
            let _ = trim(path);
        }
    }

    /// The last line of standard output that is not empty: where a script puts its answer.
    pub fn answer(&self) -> io::Result<Option<String>> {
        Ok(lines(&self.stdout)?.pop())
    }

    /// All of standard output.
    pub fn bytes(&self) -> io::Result<Vec<u8>> {
        std::fs::read(&self.stdout)
    }

    /// The last lines of standard error, or of standard output where nothing stands there.
    pub fn tail(&self) -> Vec<String> {
        let said = [&self.stderr, &self.stdout].map(|path| lines(path).unwrap_or_default());
        let said = said.into_iter().find(|lines| !lines.is_empty()).unwrap_or_default();
        said.get(said.len().saturating_sub(LINES)..).unwrap_or_default().to_vec()
    }
}

fn trim(path: &Path) -> io::Result<()> {
    if path.metadata()?.len() <= CAP {
        return Ok(());
    }
    let mut kept = Vec::new();
    let mut file = OpenOptions::new().read(true).write(true).open(path)?;
    file.seek(SeekFrom::End(-(CAP as i64 / 2)))?;
    (&file).take(CAP).read_to_end(&mut kept)?;
    let line = kept.iter().position(|&byte| byte == b'\n').map_or(0, |end| end + 1);
    file.set_len(0)?;
    // The child appends wherever the end is; so do we.
    let mut end = OpenOptions::new().append(true).open(path)?;
    end.write_all(b"[earlier output dropped]\r\n")?;
    end.write_all(kept.get(line..).unwrap_or_default())
}

/// The lines of a file that are not empty, without the blanks at their ends.
fn lines(path: &Path) -> io::Result<Vec<String>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(2 * CAP).read_to_end(&mut bytes)?;
    let text = decode(&bytes);
    Ok(text.lines().map(str::trim_end).filter(|line| !line.is_empty()).map(str::to_owned).collect())
}

/// Text of a Windows program: by its byte order mark, else UTF-8 where it is valid, else the code page of consoles.
pub fn decode(bytes: &[u8]) -> String {
    match bytes {
        [0xEF, 0xBB, 0xBF, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes),
        _ => str::from_utf8(bytes).map_or_else(|_| oem(bytes), str::to_owned),
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let units: Vec<u16> = bytes.as_chunks().0.iter().copied().map(unit).collect();
    String::from_utf16_lossy(&units)
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
        for number in 0..60_000 {
            writeln!(stdout, "line number {number}, and some words").expect("written");
        }
        output.trim();
        assert!(output.stdout.metadata().expect("there").len() < CAP);
        writeln!(stdout, "the last line").expect("written");
        let tail = output.tail();
        assert_eq!(tail.len(), LINES);
        let ends: Vec<_> = tail.iter().rev().take(2).map(String::as_str).collect();
        assert_eq!(ends, ["the last line", "line number 59999, and some words"]);
        assert_eq!(output.answer().expect("readable").as_deref(), Some("the last line"));
    }

    #[test]
    fn the_tail_is_standard_error_where_there_is_any() {
        let folder = tempfile::tempdir().expect("a folder");
        let (output, mut stdout, mut stderr) = Output::create(folder.path()).expect("created");
        assert_eq!(output.tail(), Vec::<String>::new());
        writeln!(stdout, "progress").expect("written");
        assert_eq!(output.tail(), ["progress"]);
        write!(stderr, "\r\nno such cmdlet\r\n\r\n").expect("written");
        assert_eq!(output.tail(), ["no such cmdlet"]);
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
