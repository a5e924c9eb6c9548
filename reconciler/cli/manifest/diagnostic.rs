//! An error in a file, with its place, what was expected there and what to do next.

use std::fmt;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use reconcile_schema::ManifestCode;
use serde::Serialize;

/// How many errors of one document are kept; the rest is only counted.
const SHOWN: usize = 20;

/// How many characters of a long line are shown on each side of the token.
const AROUND: usize = 120;

/// A line and a column in a text file. Both start at 1; a column counts characters, not bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Position {
    /// The line, counted from 1.
    pub line: usize,
    /// The character in the line, counted from 1.
    pub column: usize,
}

/// A file and a position in it, unless the whole file is meant. Printed as `manifest.yaml:12:7`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    pub file: String,
    #[serde(flatten)]
    /// The position in the file; nothing, if the whole file is meant.
    pub position: Option<Position>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&escape(&self.file))?;
        match self.position {
            Some(Position { line, column }) => write!(f, ":{line}:{column}"),
            None => Ok(()),
        }
    }
}

/// One error. Its serialized form is for machines: everything except the excerpt of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// The kind of error, such as `unknown-field`.
    pub code: ManifestCode,
    /// What was found. Characters that could act on a terminal are already escaped.
    pub message: String,
    /// The value or form that the manifest should have at this place, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// Where it was found.
    pub place: Place,
    /// What to do next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    #[serde(skip)]
    excerpt: Option<Excerpt>,
    #[serde(skip)]
    severity: Severity,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Severity {
    /// The file cannot be used.
    #[default]
    Error,
    /// It can be used, but may not say what was intended.
    Warning,
}

/// The line of the error, escaped, and its bytes that are underlined.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Excerpt {
    line: String,
    token: Range<usize>,
}

impl Diagnostic {
    /// An error that concerns a whole file.
    pub fn file(file: &str, code: ManifestCode, message: impl AsRef<str>) -> Self {
        Self {
            code,
            message: escape(message.as_ref()),
            expected: None,
            place: Place { file: escape(file), position: None },
            help: None,
            excerpt: None,
            severity: Severity::default(),
        }
    }

    /// An error at `token`, a range of characters in `line`, which is line `number` of `file`.
    pub fn token(
        file: &str,
        (number, line, token): (usize, &str, Range<usize>),
        code: ManifestCode,
        message: impl AsRef<str>,
    ) -> Self {
        let mut diagnostic = Self::file(file, code, message);
        diagnostic.place.position = Some(Position { line: number, column: token.start + 1 });
        diagnostic.excerpt = Some(Excerpt::new(line, token));
        diagnostic
    }

    /// Adds what was expected. Text from outside is escaped.
    #[must_use]
    pub fn expected(mut self, expected: impl AsRef<str>) -> Self {
        self.expected = Some(escape(expected.as_ref()));
        self
    }

    /// Adds what to do next. Text from outside is escaped.
    #[must_use]
    pub fn help(mut self, help: impl AsRef<str>) -> Self {
        self.help = Some(escape(help.as_ref()));
        self
    }

    /// The same, as a warning: the file can be used.
    #[must_use]
    pub fn warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    /// The error as a compiler would print it, with the offending line; coloured on request.
    #[must_use]
    pub fn render(&self, colour: bool) -> String {
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let title = level.primary_title(&*self.message).id(self.code.key());
        let mut report = Group::with_title(title);
        let file = escape(&self.place.file);
        let mut expected = self.expected.as_deref();
        match (&self.excerpt, self.place.position) {
            (Some(excerpt), Some(Position { line, column })) => {
                let snippet = Snippet::source(&*excerpt.line).line_start(line).annotation(
                    AnnotationKind::Primary
                        .span(excerpt.token.clone())
                        .label(expected.take().map(|it| format!("expected {it}"))),
                );
                // The library counts the column in the given text. If that is cut or escaped before the token, the true
                // column is stated separately.
                if excerpt.column() == column {
                    report = report.element(snippet.path(file));
                } else {
                    let origin = Origin::path(file).line(line).char_column(column);
                    report = report.element(origin).element(snippet);
                }
            }
            (None, Some(Position { line, column })) => {
                report = report.element(Origin::path(file).line(line).char_column(column));
            }
            (_, None) => report = report.element(Origin::path(file)),
        }
        if let Some(expected) = expected {
            report = report.element(Level::NOTE.message(format!("expected {expected}")));
        }
        if let Some(help) = &self.help {
            report = report.element(Level::HELP.message(&**help));
        }
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        renderer.render(&[report])
    }
}

/// The error in a line: where, what was found, what was expected, what to do next.
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)?;
        self.expected.iter().try_for_each(|expected| write!(f, "; expected {expected}"))?;
        self.help.iter().try_for_each(|help| write!(f, "; {help}"))
    }
}

impl Excerpt {
    fn new(line: &str, token: Range<usize>) -> Self {
        let from = token.start.saturating_sub(AROUND);
        let to = token.start.saturating_add(2 * AROUND);
        let mut shown = Self { line: String::new(), token: 0..0 };
        if from > 0 {
            shown.line.push('…');
        }
        let mut at = from;
        let rest = line.char_indices().skip(from).map(|(byte, c)| (line.get(byte..).unwrap_or_default(), c));
        let mut before = None;
        for (ahead, c) in rest {
            if at == token.start {
                shown.token = shown.line.len()..shown.line.len();
            }
            if at == to {
                shown.line.push('…');
                break;
            }
            // A tab is one column; the library expands it.
            // Texts that a pipeline reads as a command: `##[` and `##vso[`. A comment may begin with `##`.
            let command = before == Some('#') && ["#[", "#vso["].iter().any(|begin| ahead.starts_with(begin));
            if c == '\t' {
                shown.line.push(c);
            } else if command {
                shown.line.extend(c.escape_unicode());
            } else {
                push_escaped(&mut shown.line, c);
            }
            before = Some(c);
            at += 1;
            if at > token.start && at <= token.end {
                shown.token.end = shown.line.len();
            }
        }
        if at <= token.start {
            shown.token = shown.line.len()..shown.line.len();
        }
        shown
    }

    fn column(&self) -> usize {
        let before = self.line.get(..self.token.start).unwrap_or_default();
        before.chars().count() + 1
    }
}

/// The errors of one document in the order of their places: the first twenty, and the number of further ones.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Diagnostics {
    /// The errors that are shown.
    pub errors: Vec<Diagnostic>,
    /// How many are not shown. After a thousand refusals, the rest of a document is not read.
    pub more: usize,
}

impl Diagnostics {
    /// Sorts errors by their place.
    #[must_use]
    pub fn sorted(mut errors: Vec<Diagnostic>) -> Self {
        errors.sort_by(|a, b| a.place.cmp(&b.place));
        let more = errors.len().saturating_sub(SHOWN);
        errors.truncate(SHOWN);
        Self { errors, more }
    }

    /// Adds an error that comes after all others. If it would not be shown, it is not even built.
    pub fn push(&mut self, error: impl FnOnce() -> Diagnostic) {
        if self.errors.len() < SHOWN {
            self.errors.push(error());
        } else {
            self.more += 1;
        }
    }

    /// `value`, if there was no error.
    ///
    /// # Errors
    /// The errors, if there are any.
    pub fn or<T>(self, value: T) -> Result<T, Self> {
        if self.errors.is_empty() { Ok(value) } else { Err(self) }
    }

    /// All errors in the form of a compiler, with an empty line between two; ends with a newline.
    #[must_use]
    pub fn render(&self, colour: bool) -> String {
        let mut out: Vec<String> = self.errors.iter().map(|it| it.render(colour)).collect();
        if self.more > 0 {
            out.push(format!("and {} more", self.more));
        }
        let mut out = out.join("\n\n");
        out.push('\n');
        out
    }

    /// All errors, each in a line.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let more = (self.more > 0).then(|| format!("and {} more", self.more));
        self.errors.iter().map(ToString::to_string).chain(more).collect()
    }
}

impl From<Diagnostic> for Diagnostics {
    fn from(error: Diagnostic) -> Self {
        Self { errors: vec![error], more: 0 }
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.render(false).trim_end())
    }
}

impl std::error::Error for Diagnostics {}

/// Text from outside, made harmless for a terminal and for the log of a CI system. Control characters (C0 with ESC,
/// DEL, C1), bidirectional controls and invisible characters become `\u{…}`. So does one sign of those that begin a
/// command: `##` anywhere (Azure Pipelines searches within a line), `::` at the beginning of a word (GitHub Actions
/// ignores white space before it, and a text may be wrapped at any word).
#[must_use]
pub fn escape(text: &str) -> String {
    // Almost every text is plain, and a fleet has millions of them.
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'#') && !text.contains("::") {
        return text.to_owned();
    }
    escaped(text, false)
}

/// Finished lines, made harmless in the same way, for a writer that cannot know what they quote: only their line ends
/// and the colours of this program stay.
#[must_use]
pub fn escape_lines(text: &str) -> String {
    text.split('\n').map(|line| escaped(line, true)).collect::<Vec<_>>().join("\n")
}

fn escaped(text: &str, coloured: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut rest, mut before) = (text, None);
    loop {
        if coloured {
            let behind = behind_colours(rest);
            out.push_str(rest.strip_suffix(behind).unwrap_or_default());
            rest = behind;
        }
        let mut signs = rest.chars();
        let Some(c) = signs.next() else { return out };
        rest = signs.as_str();
        let command = match c {
            '#' => before == Some('#'),
            // Where colours are removed, the second sign follows at once.
            ':' => before.is_none_or(char::is_whitespace) && behind_colours(rest).starts_with(':'),
            _ => false,
        };
        if command {
            out.extend(c.escape_unicode());
        } else {
            push_escaped(&mut out, c);
        }
        before = Some(c);
    }
}

/// The text behind the colours that it begins with: those of this program and of its command line.
fn behind_colours(mut text: &str) -> &str {
    let colour = |text: &'_ str| -> Option<usize> {
        let (code, _) = text.strip_prefix("\u{1b}[")?.split_once('m')?;
        matches!(code, "0" | "1" | "2" | "4" | "31" | "32" | "33").then_some(code.len() + 3)
    };
    while let Some(behind) = colour(text).and_then(|end| text.get(end..)) {
        text = behind;
    }
    text
}

fn push_escaped(out: &mut String, c: char) {
    if is_hidden(c) {
        out.extend(c.escape_unicode());
    } else {
        out.push(c);
    }
}

/// Whether a character is invisible, or changes how the characters around it are shown.
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            // Bidirectional marks, embeddings, overrides, isolates.
            '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{206f}'
            // Zero width, line and paragraph separators, soft hyphen, fillers.
            | '\u{200b}'..='\u{200d}' | '\u{2028}' | '\u{2029}' | '\u{2060}'..='\u{2065}'
            | '\u{feff}' | '\u{00ad}' | '\u{034f}' | '\u{115f}' | '\u{1160}'
            | '\u{3164}' | '\u{ffa0}' | '\u{17b4}' | '\u{17b5}'
            // Variation selectors, and the controls for beams and slurs in music.
            | '\u{180b}'..='\u{180f}' | '\u{fe00}'..='\u{fe0f}' | '\u{1d173}'..='\u{1d17a}'
            // Marks around numbers and verses, and the controls of hieroglyphs and of shorthand.
            | '\u{0600}'..='\u{0605}' | '\u{06dd}' | '\u{070f}' | '\u{0890}' | '\u{0891}' | '\u{08e2}'
            | '\u{110bd}' | '\u{110cd}' | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}'
            // Interlinear annotation, tags, further variation selectors, and what Unicode reserves next to them.
            | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}'
            // Noncharacters; XML does not allow the last two of the first plane.
            | '\u{fdd0}'..='\u{fdef}')
        || u32::from(c) & 0xfffe == 0xfffe
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#[path = "tests/diagnostic.rs"]
mod tests;
