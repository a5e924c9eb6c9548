//! The report of `reconcile drift` as one page that needs a browser, or a printer, and nothing else.
//!
//! Nothing in a server, a snapshot or a manifest can act on the page: the formatter escapes every printed value, so
//! that no place in the template can forget it, and the page allows only the one style and the one script whose hashes
//! it states.

mod chart;
pub mod content;
mod view;

use base64::{Engine, prelude::BASE64_STANDARD};
use minijinja::{
    Environment, Error, HtmlEscape, Output, State, UndefinedBehavior, Value, context, syntax::SyntaxConfig,
    value::Serde,
};
use sha2::{Digest, Sha256};

use self::content::Page;
use crate::manifest::diagnostic::escape;
use crate::show::render::UNSURE;

const TEMPLATE: &str = include_str!("html/report.html");
const STYLE: &str = include_str!("html/report.css");
const SCRIPT: &str = include_str!("html/report.js");

/// The page as HTML.
///
/// # Errors
/// When the template uses something that a page does not have: a mistake of ours.
pub fn render(page: &Page) -> Result<String, Error> {
    // Browsers hash the parsed text, and parsing turns the line ends of a Windows checkout into plain ones.
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
        unsure => UNSURE,
        policy => policy,
        style => Value::from_safe_string(style),
        script => Value::from_safe_string(script),
    })
}

/// A source in the form of a Content-Security-Policy.
fn source(text: &str) -> String {
    format!("sha256-{}", BASE64_STANDARD.encode(Sha256::digest(text)))
}

/// Prints a value: invisible characters are made visible, then the characters of HTML are escaped.
fn print(out: &mut Output, state: &mut State, value: &Value) -> Result<(), Error> {
    match value.as_str() {
        Some(text) if !value.is_safe() => Ok(write!(out, "{}", HtmlEscape(&escape(text)))?),
        Some(_) | None => minijinja::escape_formatter(out, state, value),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]
#[path = "tests/html.rs"]
mod tests;
