//! The values that count for a server, as text: each with the place in the manifest that it comes from.

use std::path::Path;

use reconcile_schema::{ExplainReport, ManifestPart, ManifestPlace, ResolvedValue, ValueKind, ValueSource};
use serde_json::Value;

use crate::manifest::diagnostic::escape;
use crate::show::render::{FAINT, NAME};
use crate::work::explain::{SECTIONS, section};

/// How wide a line is, unless one of its texts is wider.
const WIDE: usize = 80;
/// How wide the columns of names and of sources are at most: a wider text has a line of its own.
const NAMES: usize = 27;
const SOURCES: usize = 28;

/// The answer as text.
pub fn text(report: &ExplainReport) -> String {
    let ManifestPlace { file, line, column } = &report.place;
    let (server, entry, file) = (escape(report.server.as_str()), escape(&report.entry), escape(file));
    let mut out = format!("{NAME}{server}{NAME:#}\n{FAINT}{file}:{line}:{column}  {entry}{FAINT:#}\n");
    let sections = SECTIONS.iter().enumerate().map(|(number, (title, _))| {
        let values = report.values.iter().filter(move |value| section(&value.field).0 == number);
        (title, values.map(|value| Row::of(title, value)).collect::<Vec<_>>())
    });
    let sections: Vec<_> = sections.filter(|(_, rows)| !rows.is_empty()).collect();
    let columns = Columns::of(sections.iter().flat_map(|(_, rows)| rows));
    for (title, rows) in &sections {
        out += &format!("\n{NAME}{title}{NAME:#}\n");
        let mut last = "";
        for row in rows {
            // A list says its name once.
            let name = if std::mem::replace(&mut last, &row.name) == row.name { "" } else { &row.name };
            out += &columns.row(name, row);
        }
    }
    out
}

/// A field, its value and its source.
struct Row {
    name: String,
    value: String,
    source: String,
}

impl Row {
    fn of(title: &str, ResolvedValue { field, value, source }: &ResolvedValue) -> Self {
        let name = field.strip_prefix(title).and_then(|rest| rest.strip_prefix('.')).unwrap_or(field);
        Self { name: escape(name), value: escape(&shown(value)), source: escape(&from(source)) }
    }
}

/// The widths of two columns; the third one has the rest of the line.
struct Columns {
    names: usize,
    values: usize,
}

impl Columns {
    fn of<'a>(rows: impl Iterator<Item = &'a Row> + Clone) -> Self {
        let widest = |wide: usize, text: fn(&Row) -> &String| {
            rows.clone().map(|row| text(row).chars().count()).filter(|found| *found <= wide).max().unwrap_or_default()
        };
        let (names, sources) = (widest(NAMES, |row| &row.name), widest(SOURCES, |row| &row.source));
        let rest = WIDE.saturating_sub(names + sources + 6);
        Self { names, values: widest(rest, |row| &row.value) }
    }

    /// A row. What follows a text that is wider than its column stands in the line below it, and so does a source that is
    /// wider than the rest of the line.
    fn row(&self, name: &str, Row { value, source, .. }: &Row) -> String {
        let below = format!("\n{:1$}", "", self.names + 4);
        let space = |text: &str, wide: usize| match wide.checked_sub(text.chars().count()) {
            Some(rest) => " ".repeat(rest + 2),
            None => below.clone(),
        };
        let fits = self.names + self.values + 6 + source.chars().count() <= WIDE;
        let after_value = if fits { space(value, self.values) } else { below.clone() };
        let after_name = space(name, self.names);
        format!("  {name}{after_name}{value}{after_value}{FAINT}{source}{FAINT:#}\n")
    }
}

/// A value as people write it.
fn shown(value: &Value) -> String {
    let text = |key| value.get(key).and_then(Value::as_str);
    match (value, text("days"), text("from"), text("to")) {
        (_, Some(days), Some(from), Some(to)) => format!("{days} {from}–{to}"),
        (Value::Null, ..) => "none".into(),
        (Value::String(text), ..) => text.clone(),
        (other, ..) => other.to_string(),
    }
}

/// Where a value comes from.
fn from(source: &ValueSource) -> String {
    let place = source.place.as_ref().map(|ManifestPlace { file, line, column }| {
        let file = Path::new(file).file_name().map_or_else(|| file.clone(), |name| name.display().to_string());
        format!("{file}:{line}:{column}")
    });
    let part = source.part.map(|part| match (part, &source.name) {
        (ManifestPart::Server, _) => "server".into(),
        (ManifestPart::Group, Some(name)) => format!("group {name}"),
        (ManifestPart::Group, None) => "group".into(),
        (ManifestPart::Pool, _) => "pool".into(),
        (ManifestPart::Update, _) => "update".into(),
        (ManifestPart::Top, _) => "top level".into(),
    });
    let kind = match source.kind {
        ValueKind::Declared => None,
        ValueKind::Derived => Some(format!("derived {}", source.how.as_deref().unwrap_or_default())),
        ValueKind::Catalogue => Some("catalogue".into()),
        ValueKind::Default => Some("default".into()),
    };
    // What follows from a place says how, in place of which part that is.
    [place, kind.or(part)].into_iter().flatten().collect::<Vec<_>>().join("  ")
}
