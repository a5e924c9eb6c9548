//! Registry exports (`.reg`): reads the wanted keys from a text that `reg export` or regedit wrote.
//!
//! This is not done by the crate `regashii` (0.4.0), which ends at the first line that it does not know and silently
//! returns what came before: a damaged export would pass for a server on which less is installed. It also reads a
//! big-endian UTF-16 text as a little-endian one.

use super::keys::{Key, Keys, OfflineError, VALUES, Value, ended, is_entry, wanted};
use crate::uninstall::short;
use crate::utf16::utf16;

/// The first lines of the two formats that Windows writes and reads.
const FIRST: [&str; 2] = ["Windows Registry Editor Version 5.00", OLD];
const OLD: &str = "REGEDIT4";

/// In how many bytes of a file its first line is searched for.
const HEAD: usize = 128;

/// Whether a file starts as an export does.
pub fn is_export(bytes: &[u8]) -> bool {
    let text = decoded(bytes.get(..HEAD).unwrap_or(bytes));
    FIRST.contains(&first(&text))
}

/// The wanted keys. A key or value that a later line deletes is not among them.
pub fn keys(bytes: &[u8]) -> Result<Keys, OfflineError> {
    let text = decoded(bytes);
    let format = first(&text);
    if !FIRST.contains(&format) {
        return Err(OfflineError::NotExport { found: short(format.chars().take(HEAD).collect()) });
    }
    let mut lines = Lines { text: &text, rest: &text };
    lines.line()?;
    let (mut keys, mut current) = (Keys::new(), None);
    while !lines.rest.is_empty() {
        let start = lines.rest;
        let wrong = |expected| Lines { text: &text, rest: start }.wrong(expected);
        lines.rest = start.trim_start_matches([' ', '\t']);
        if lines.take("[") {
            let name = lines.line()?.rsplit_once(']').filter(|(_, after)| nothing(after));
            let (name, _) = name.ok_or_else(|| wrong("a key that ends with ]"))?;
            current = key(name, &mut keys);
        } else if lines.rest.starts_with(['"', '@']) {
            let name = lines.name()?;
            let name = VALUES.into_iter().find(|known| known.eq_ignore_ascii_case(name));
            let data = lines.data()?;
            if let (Some(name), Some(key)) = (name, current.as_ref().and_then(|path| keys.get_mut(path))) {
                match data.value(format == OLD) {
                    Some(value) => key.values.insert(name, value),
                    None => key.values.remove(name),
                };
            }
        } else {
            let line = lines.line()?;
            if !nothing(line) {
                return Err(wrong("a key in [ ], or a value as \"name\"=data"));
            }
        }
    }
    Ok(keys)
}

/// Records a key, or the deletion of a key and everything below it; returns the path of a wanted key.
fn key(name: &str, keys: &mut Keys) -> Option<String> {
    const ROOT: &str = r"HKEY_LOCAL_MACHINE";
    let (gone, name) = name.strip_prefix('-').map_or((false, name), |name| (true, name));
    let (root, path) = name.split_once('\\').unwrap_or((name, ""));
    if !root.eq_ignore_ascii_case(ROOT) {
        return None;
    }
    let path = path.trim_end_matches('\\');
    let lower = path.to_ascii_lowercase();
    if gone {
        // `]` comes right after `\` in order, so everything below the key is between the two.
        let below = if path.is_empty() {
            String::new()..char::MAX.to_string()
        } else {
            format!(r"{lower}\")..format!("{lower}]")
        };
        keys.extract_if(below, |_, _| true).for_each(drop);
        keys.remove(&lower);
        return None;
    }
    let asked_for = is_entry(path) || wanted().any(|known| known.eq_ignore_ascii_case(path));
    asked_for.then(|| {
        keys.entry(lower.clone()).or_insert_with(|| Key { path: path.to_owned(), values: Default::default() });
        lower
    })
}

/// The data to the right of a value's `=`.
enum Data<'a> {
    /// The text between its quotes, with its escapes.
    Text(&'a str),
    /// Its type and its bytes in hexadecimal.
    Bytes(u32, &'a str),
    /// Another type.
    Other,
    /// The value is deleted.
    Gone,
}

impl Data<'_> {
    /// None where the value is deleted.
    fn value(&self, old: bool) -> Option<Value> {
        match self {
            Self::Text(text) => Some(Value::Text(plain(text))),
            // REG_SZ and REG_EXPAND_SZ.
            Self::Bytes(1 | 2, hex) => Some(string(hex, old).map_or(Value::Other, Value::Text)),
            Self::Bytes(..) | Self::Other => Some(Value::Other),
            Self::Gone => None,
        }
    }
}

/// The rest of the text, which is still to be read.
struct Lines<'a> {
    text: &'a str,
    rest: &'a str,
}

impl<'a> Lines<'a> {
    /// The rest of this line.
    fn line(&mut self) -> Result<&'a str, OfflineError> {
        let (line, rest) = self.rest.split_once('\n').ok_or_else(|| self.wrong("a line that ends"))?;
        self.rest = rest;
        Ok(line.strip_suffix('\r').unwrap_or(line))
    }

    fn take(&mut self, start: &str) -> bool {
        let rest = self.rest.strip_prefix(start);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// The name of a value, with its escapes, and the `=` after it; `@` for the default value.
    fn name(&mut self) -> Result<&'a str, OfflineError> {
        let before = self.rest;
        let name = if self.take("@") { "@" } else { self.quoted()? };
        self.rest = self.rest.trim_start_matches([' ', '\t']);
        if self.take("=") {
            Ok(name)
        } else {
            Err(Self { text: self.text, rest: before }.wrong("a value as \"name\"=data"))
        }
    }

    fn data(&mut self) -> Result<Data<'a>, OfflineError> {
        self.rest = self.rest.trim_start_matches([' ', '\t']);
        let before = Self { text: self.text, rest: self.rest };
        if self.rest.starts_with('"') {
            let text = self.quoted()?;
            return if nothing(self.line()?) {
                Ok(Data::Text(text))
            } else {
                Err(before.wrong("nothing after a text"))
            };
        }
        if self.take("hex") {
            return self.hex().ok_or_else(|| before.wrong("bytes as hex:00,01"));
        }
        match self.line()?.trim_end() {
            "-" => Ok(Data::Gone),
            number if number.starts_with("dword:") => Ok(Data::Other),
            _ => Err(before.wrong("a text in quotes, dword:, hex: or -")),
        }
    }

    /// A text in quotes, with its escapes. It may contain line ends.
    fn quoted(&mut self) -> Result<&'a str, OfflineError> {
        let mut escaped = true; // The quote that it starts with.
        let end = self.rest.bytes().position(|byte| {
            let ends = byte == b'"' && !escaped;
            escaped = byte == b'\\' && !escaped;
            ends
        });
        let parts = end.and_then(|end| Some((self.rest.get(1..end)?, self.rest.get(end + 1..)?)));
        let (text, rest) = parts.ok_or_else(|| self.wrong("a text that ends with a quote"))?;
        self.rest = rest;
        Ok(text)
    }

    /// Bytes in hexadecimal, from after `hex` over all lines that continue with `\`.
    fn hex(&mut self) -> Option<Data<'a>> {
        let (kind, rest) = self.rest.split_once(':')?;
        let kind = match kind {
            "" => 3, // REG_BINARY
            _ => u32::from_str_radix(kind.strip_prefix('(')?.strip_suffix(')')?, 16).ok()?,
        };
        self.rest = rest;
        while self.line().ok()?.trim_end().ends_with('\\') {}
        let hex = rest.get(..rest.len() - self.rest.len())?;
        let plain = |byte: u8| byte.is_ascii_hexdigit() || byte.is_ascii_whitespace() || matches!(byte, b',' | b'\\');
        hex.bytes().all(plain).then_some(Data::Bytes(kind, hex))
    }

    fn wrong(&self, expected: &'static str) -> OfflineError {
        let before = self.text.get(..self.text.len() - self.rest.len()).unwrap_or_default();
        let found = self.rest.lines().next().unwrap_or_default();
        let line = 1 + before.bytes().filter(|&byte| byte == b'\n').count();
        OfflineError::Line { line, expected, found: short(found.chars().take(HEAD * 2).collect()) }
    }
}

/// Whether the rest of a line is empty.
fn nothing(line: &str) -> bool {
    let line = line.trim();
    line.is_empty() || line.starts_with(';')
}

/// A text without its escapes.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        match char {
            '\\' => plain.extend(chars.next()),
            other => plain.push(other),
        }
    }
    ended(plain)
}

/// The text that these hexadecimal bytes encode; none where they are no bytes. REGEDIT4 contains the bytes of an ANSI
/// code page.
fn string(hex: &str, old: bool) -> Option<String> {
    let digits = hex.split([',', '\\', ' ', '\t', '\r', '\n']).filter(|digits| !digits.is_empty());
    let bytes: Vec<u8> = digits.map(|digits| u8::from_str_radix(digits, 16).ok()).collect::<Option<_>>()?;
    Some(ended(if old { String::from_utf8_lossy(&bytes).into_owned() } else { utf16(&bytes, u16::from_le_bytes) }))
}

/// The first line.
fn first(text: &str) -> &str {
    text.lines().next().unwrap_or_default().trim_end()
}

/// The text of a file. Bytes that the encoding does not allow become a replacement character, which none of the wanted
/// names contains.
fn decoded(bytes: &[u8]) -> std::borrow::Cow<'_, str> {
    match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes).into(),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes).into(),
        [0xef, 0xbb, 0xbf, rest @ ..] | rest => String::from_utf8_lossy(rest),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
#[path = "export_tests.rs"]
mod tests;
