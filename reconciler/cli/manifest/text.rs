//! A text file and the places in it: read within limits, and quoted by line and column.

use std::io::Read;
use std::ops::Range;
use std::path::Path;

use reconcile_hosts::open;
use reconcile_schema::ManifestCode;

use crate::manifest::diagnostic::{Diagnostic, Diagnostics, Place, Position};

/// The largest file that is read, in bytes.
const MAX_BYTES: usize = 1 << 20;

/// A file that was read, with its name in errors.
#[derive(Debug)]
pub struct Text {
    name: String,
    text: String,
}

/// Characters `start..end` of a line. Lines count from 1, characters from 0; `end` may be after the end of the line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Span {
    /// The line, counted from 1.
    pub line: usize,
    /// The first character in the line, counted from 0.
    pub start: usize,
    /// The first character after the token.
    pub end: usize,
}

impl From<saphyr_parser::Span> for Span {
    fn from(span: saphyr_parser::Span) -> Self {
        let one_line = span.start.line() == span.end.line();
        Self {
            line: span.start.line(),
            start: span.start.col(),
            end: if one_line { span.end.col() } else { usize::MAX },
        }
    }
}

impl Span {
    /// The range from this opening bracket to the closing one, or to the end of the line. Without brackets, a list or
    /// mapping ends at a place without characters; then the span is unchanged.
    #[must_use]
    pub fn until(self, bracket: Self) -> Self {
        let end = if bracket.start == bracket.end {
            self.end
        } else if self.line == bracket.line {
            bracket.end
        } else {
            usize::MAX
        };
        Self { end, ..self }
    }
}

impl Text {
    /// Reads bytes as the content of the file at `path`.
    ///
    /// # Errors
    /// When they are more than 1 MiB, not UTF-8, or contain control characters.
    pub fn of(path: &Path, bytes: Vec<u8>) -> Result<Self, Diagnostics> {
        let name = path.display().to_string();
        Self::new(&name, decode(&name, bytes)?)
    }

    /// Uses a text as the content of the file `name`.
    ///
    /// # Errors
    /// When the text is larger than 1 MiB or contains control characters.
    pub fn new(name: &str, mut text: String) -> Result<Self, Diagnostics> {
        if text.len() > MAX_BYTES {
            return Err(too_large(name).into());
        }
        if text.starts_with('\u{feff}') {
            text.remove(0);
        }
        let text = Self { name: name.to_owned(), text };
        text.refuse_control_characters()?;
        Ok(text)
    }

    /// The whole text, without a byte order mark.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// An error at a span.
    pub fn fault(&self, span: Span, code: ManifestCode, message: impl AsRef<str>) -> Diagnostic {
        Diagnostic::token(&self.name, self.token(span), code, message)
    }

    /// Where a span starts.
    #[must_use]
    pub fn place(&self, span: Span) -> Place {
        let (line, _, token) = self.token(span);
        Place { file: self.name.clone(), position: Some(Position { line, column: token.start + 1 }) }
    }

    /// The text at a span.
    #[must_use]
    pub fn written(&self, span: Span) -> &str {
        let (_, line, token) = self.token(span);
        let byte = |n| line.char_indices().nth(n).map_or(line.len(), |(at, _)| at);
        line.get(byte(token.start)..byte(token.end)).unwrap_or_default()
    }

    /// The word after a span's start that begins with `sign`, such as `&name`; otherwise the span.
    #[must_use]
    pub fn word(&self, span: Span, sign: char) -> Span {
        let (_, line, token) = self.token(span);
        let ends = |c: char| c.is_whitespace() || matches!(c, ',' | ']' | '}');
        let mut rest = (token.start..).zip(line.chars().skip(token.start));
        match rest.find(|(_, c)| *c == sign) {
            Some((start, _)) => {
                Span { start, end: rest.find(|(_, c)| ends(*c)).map_or(usize::MAX, |(at, _)| at), ..span }
            }
            None => span,
        }
    }

    /// The line of a span, and the characters of the line that belong to its token.
    fn token(&self, span: Span) -> (usize, &str, Range<usize>) {
        let Some(line) = self.text.lines().nth(span.line.saturating_sub(1)) else {
            // The parser reports the end of a document as a line of its own.
            let line = self.text.lines().last().unwrap_or_default();
            let end = line.trim_end().chars().count();
            return (self.text.lines().count().max(1), line, end..end);
        };
        let start = span.start.min(line.chars().count());
        let end = quoted_end(line, start).unwrap_or_else(|| span.end.min(line.trim_end().chars().count()));
        (span.line.max(1), line, start..end.max(start))
    }

    fn refuse_control_characters(&self) -> Result<(), Diagnostics> {
        let mut faults = Diagnostics::default();
        for (number, line) in (1..).zip(self.text.split('\n')) {
            let line = line.strip_suffix('\r').unwrap_or(line);
            for (column, c) in line.chars().enumerate() {
                if c.is_control() && c != '\t' {
                    faults.push(|| {
                        Diagnostic::token(
                            &self.name,
                            (number, line, column..column + 1),
                            ManifestCode::ControlCharacter,
                            format!("control character {c} in the document"),
                        )
                        .expected("text that can be seen")
                        .help("delete the character; it may come from a copy or a wrong encoding")
                    });
                }
            }
        }
        faults.or(())
    }
}

/// The end of a quoted text that starts at character `start` of a line, if it ends on this line. The parser's own end
/// includes blanks and a comment after it.
fn quoted_end(line: &str, start: usize) -> Option<usize> {
    let mut rest = (start..).zip(line.chars().skip(start)).peekable();
    let (_, quote) = rest.next().filter(|(_, c)| matches!(c, '"' | '\''))?;
    while let Some((at, c)) = rest.next() {
        if c == '\\' && quote == '"' {
            rest.next();
        } else if c == quote && (quote == '"' || rest.next_if(|(_, next)| *next == quote).is_none()) {
            return Some(at + 1);
        }
    }
    None
}

/// The content of a file, unchanged.
///
/// # Errors
/// When the file cannot be read or is larger than 1 MiB.
pub fn bytes(path: &Path) -> Result<Vec<u8>, Diagnostics> {
    let name = path.display().to_string();
    if open::metadata(path).is_ok_and(|found| found.is_dir()) {
        let error = Diagnostic::file(&name, ManifestCode::UnreadableFile, "this is a directory");
        return Err(error.expected("a YAML file").help("name the file in it that you mean").into());
    }
    let mut bytes = Vec::new();
    // One byte more than allowed shows that there is more, even if a file has no end.
    open::to_read(path)
        .and_then(|file| file.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes))
        .map_err(|error| unreadable(&name, &error))?;
    if bytes.len() > MAX_BYTES { Err(too_large(&name).into()) } else { Ok(bytes) }
}

/// The bytes of a file as text: UTF-8, with or without a byte order mark.
fn decode(name: &str, bytes: Vec<u8>) -> Result<String, Diagnostics> {
    const HELP: &str = "save the file as UTF-8; PowerShell: Set-Content -Encoding UTF8";
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err(Diagnostic::file(name, ManifestCode::NotUtf8, "the file is encoded as UTF-16")
            .expected("UTF-8")
            .help(HELP)
            .into());
    }
    String::from_utf8(bytes).map_err(|error| {
        let (before, after) = error.as_bytes().split_at(error.utf8_error().valid_up_to());
        let byte = after.first().copied().unwrap_or_default();
        let before = String::from_utf8_lossy(before);
        let number = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|c| *c != '\n').count();
        let text = String::from_utf8_lossy(error.as_bytes());
        Diagnostic::token(
            name,
            (number, text.lines().nth(number - 1).unwrap_or_default(), column..column + 1),
            ManifestCode::NotUtf8,
            format!("the byte 0x{byte:02x} is not UTF-8 here"),
        )
        .expected("UTF-8")
        .help(HELP)
        .into()
    })
}

fn too_large(name: &str) -> Diagnostic {
    Diagnostic::file(name, ManifestCode::TooLarge, "the file is larger than 1 MiB")
        .expected("at most 1 MiB (1048576 bytes)")
        .help("check that this is the right file, or split it")
}

fn unreadable(name: &str, error: &std::io::Error) -> Diagnostic {
    let message = format!("cannot read the file: {error}");
    let help = if error.kind() == std::io::ErrorKind::NotFound {
        "check the path; a relative path starts at the current directory"
    } else if error.kind() == std::io::ErrorKind::TimedOut {
        "find the process that has the file open, and end it; for a file on a share, check its server"
    } else {
        "check the path and the permissions of the file"
    };
    Diagnostic::file(name, ManifestCode::UnreadableFile, message).expected("a file that this user may read").help(help)
}

#[cfg(test)]
#[path = "tests/text.rs"]
mod tests;
