//! The forms in which a drift report is written.

use std::{
    io::{self, Write},
    path::Path,
};

use clap::ValueEnum;
use reconcile_schema::Releases;

use crate::show::drift::{
    annotations, json, junit, markdown, page, prometheus,
    report::{Head, Report},
    sarif, text,
};

/// How a drift report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// For people, with the difference as a unified diff.
    Text,
    /// For programs; `reconcile schema drift` has the format.
    Json,
    /// JUnit XML, which every CI system shows.
    Junit,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// Markdown, for the summary of a job.
    Markdown,
    /// Annotations of GitHub Actions.
    Github,
    /// A Prometheus text file.
    Prometheus,
    /// One HTML page.
    Html,
}

/// A report in a form. Only the text has colours, and only if it may.
///
/// # Errors
/// When its beginning cannot be written.
pub fn begin<'a>(
    form: Form,
    head: &Head,
    releases: &'a Releases,
    colours: bool,
    out: impl Write + Send + 'a,
) -> io::Result<Box<dyn Report + 'a>> {
    let head = head.clone();
    Ok(match form {
        Form::Text => Box::new(text::Text::new(out, colours)),
        Form::Json => Box::new(json::Json::begin(out, &head)?),
        Form::Junit => Box::new(junit::Junit::begin(out, head)?),
        Form::Sarif => Box::new(sarif::Sarif::begin(out, &head)?),
        Form::Markdown => Box::new(markdown::Markdown::begin(out, head)?),
        Form::Github => Box::new(annotations::Annotations::new(out)),
        Form::Prometheus => Box::new(prometheus::Prometheus::begin(out, head)?),
        Form::Html => Box::new(page::Html::new(out, head, releases)),
    })
}

/// The form that a file name selects.
pub fn form_of(path: &Path) -> Option<Form> {
    let end = path.extension()?.to_str()?.to_ascii_lowercase();
    ENDINGS.into_iter().find(|(ending, _)| *ending == end).map(|(_, form)| form)
}

/// The endings of report files.
pub const ENDINGS: [(&str, Form); 7] = [
    ("txt", Form::Text),
    ("json", Form::Json),
    ("xml", Form::Junit),
    ("sarif", Form::Sarif),
    ("md", Form::Markdown),
    ("prom", Form::Prometheus),
    ("html", Form::Html),
];
