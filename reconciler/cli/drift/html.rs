//! The report of `reconcile drift` as one page that needs a browser, or a printer, and nothing else.
//!
//! Nothing that a server, a snapshot or a manifest says can act on the page: the formatter escapes whatever is printed,
//! so that no place in the template can forget to, and the page allows itself only the one style and the one script
//! whose hashes it states.

mod chart;
mod view;

use base64::{Engine, prelude::BASE64_STANDARD};
use jiff::Timestamp;
use minijinja::{
    Environment, Error, HtmlEscape, Output, State, UndefinedBehavior, Value, context, syntax::SyntaxConfig,
    value::Serde,
};
use reconcile_schema::{DriftSummary, ServerDrift};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::diagnostic::escape;

const TEMPLATE: &str = include_str!("html/report.html");
const STYLE: &str = include_str!("html/report.css");
const SCRIPT: &str = include_str!("html/report.js");

/// What a page shows.
#[derive(Debug, Clone)]
pub struct Page {
    /// What made it, such as `reconcile 0.1.0`.
    pub made_by: String,
    /// The manifest as it was named.
    pub manifest: String,
    /// The time from which ages are counted.
    pub as_of: Timestamp,
    /// The whole fleet in numbers, also of the servers that are left out.
    pub summary: DriftSummary,
    /// The servers that are shown.
    pub servers: Vec<Shown>,
    /// How many servers are not shown, because one page cannot show them all.
    pub left_out: u64,
    /// How far the fleet is, per product.
    pub progress: Vec<ProductProgress>,
}

/// One server, and what is known of it.
#[derive(Debug, Clone)]
pub struct Shown {
    /// How it differs.
    pub drift: ServerDrift,
    /// What its snapshot says.
    pub facts: Vec<FactRow>,
}

/// One fact of a snapshot.
#[derive(Debug, Clone, Serialize)]
pub struct FactRow {
    /// What it is about.
    pub name: String,
    /// What is known, or why nothing is.
    pub value: String,
    /// Where it was read.
    pub source: String,
}

/// How many servers have which release of a product.
#[derive(Debug, Clone)]
pub struct ProductProgress {
    /// The product as its maker names it.
    pub product: String,
    /// Its releases, in any order.
    pub releases: Vec<ReleaseRow>,
    /// How many servers have a build that the catalogue does not know.
    pub other: u64,
    /// Of how many servers the build is not known.
    pub unknown: u64,
}

/// One release, and how many servers have it.
#[derive(Debug, Clone, Serialize)]
pub struct ReleaseRow {
    /// Its name in the catalogue.
    pub name: String,
    /// When it was published: `2025`, `2023-10` or `2023-10-10`.
    pub date: String,
    /// Its build; empty when no source gives it.
    pub build: String,
    /// How many servers have it.
    pub servers: u64,
    /// Whether the manifest declares it for a server.
    pub target: bool,
}

/// The page as HTML.
///
/// # Errors
/// When the template asks for something that a page does not have: a mistake of ours.
pub fn render(page: &Page) -> Result<String, Error> {
    // Browsers hash what they parsed, and parsing turns the line ends of a Windows checkout into plain ones.
    let (style, script) = (STYLE.replace("\r\n", "\n"), SCRIPT.replace("\r\n", "\n"));
    let policy = format!(
        "default-src 'none'; style-src '{}'; script-src '{}'; base-uri 'none'; form-action 'none'",
        source(&style),
        source(&script)
    );
    let mut templates = Environment::new();
    templates.set_undefined_behavior(UndefinedBehavior::Strict);
    templates.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    templates.set_formatter(print);
    templates.add_template("report.html", TEMPLATE)?;
    templates.get_template("report.html")?.render(context! {
        page => Serde(view::View::of(page)),
        policy => policy,
        style => Value::from_safe_string(style),
        script => Value::from_safe_string(script),
    })
}

/// A text as a Content-Security-Policy names it.
fn source(text: &str) -> String {
    format!("sha256-{}", BASE64_STANDARD.encode(Sha256::digest(text)))
}

/// Prints a value: what cannot be seen is made visible, then what HTML would understand is escaped.
fn print(out: &mut Output, state: &mut State, value: &Value) -> Result<(), Error> {
    match value.as_str() {
        Some(text) if !value.is_safe() => Ok(write!(out, "{}", HtmlEscape(&escape(text)))?),
        Some(_) | None => minijinja::escape_formatter(out, state, value),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]
#[path = "../tests/html.rs"]
mod tests;
