//! The values that count for a server, as text: each with the place in the manifest that it comes from.

use std::path::Path;

use reconcile_schema::{ExplainReport, ManifestPart, ManifestPlace, ResolvedValue, ValueKind, ValueSource};
use serde_json::Value;

use crate::manifest::diagnostic::escape;
use crate::show::render::{FAINT, NAME};
use crate::work::explain::{SECTIONS, section};

/// How wide a line is, unless one of its texts is wider.
const WIDE: usize = 80;
/// How wide the column of names is at most: a wider name has a line of its own.
const NAMES: usize = 27;

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
        Self { name: escape(name), value: escape(&shown(field, value)), source: escape(&from(source)) }
    }
}

/// The widths of two columns; the third one has the rest of the line.
struct Columns {
    names: usize,
    values: usize,
}

impl Columns {
    /// The widths with which most rows have one line.
    fn of<'a>(rows: impl Iterator<Item = &'a Row> + Clone) -> Self {
        let names = rows.clone().map(|row| width(&row.name)).filter(|wide| *wide <= NAMES).max().unwrap_or_default();
        let lines = |values: &usize| {
            let columns = Self { names, values: *values };
            rows.clone().filter(|row| columns.fits(row)).count()
        };
        // Of equal ones the narrowest: `max_by_key` takes the last.
        Self { names, values: (0..WIDE).rev().max_by_key(lines).unwrap_or_default() }
    }

    /// Where values begin.
    fn values_at(&self) -> usize {
        self.names + 4
    }

    /// Whether value and source have one line.
    fn fits(&self, Row { value, source, .. }: &Row) -> bool {
        width(value) <= self.values && self.values_at() + self.values + 2 + width(source) <= WIDE
    }

    /// A row. What does not fit stands in a line of its own: the source below the value, a value that is wider than the rest
    /// of the line below its name.
    fn row(&self, name: &str, row: &Row) -> String {
        let (Row { value, source, .. }, at) = (row, self.values_at());
        let before = match name {
            _ if at + width(value) > WIDE && name.is_empty() => " ".repeat(4),
            _ if at + width(value) > WIDE => format!("  {name}\n{:4}", ""),
            _ if width(name) > self.names => format!("  {name}\n{:at$}", ""),
            _ => format!("  {name:0$}  ", self.names),
        };
        let between = if self.fits(row) { " ".repeat(self.values + 2 - width(value)) } else { format!("\n{:at$}", "") };
        format!("{before}{value}{between}{FAINT}{source}{FAINT:#}\n")
    }
}

/// How many columns of a terminal a text has.
fn width(text: &str) -> usize {
    text.chars().count()
}

/// A value as people write it.
fn shown(field: &str, value: &Value) -> String {
    let text = |key| value.get(key).and_then(Value::as_str);
    match (value, text("days"), text("from"), text("to")) {
        (_, Some(days), Some(from), Some(to)) => format!("{days} {from}–{to}"),
        (Value::Null, ..) if field.starts_with("policy.estimates.") => "unknown".into(),
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
