//! Compares the generated documentation, whole pages and tables between markers, with the texts of the program.
//!
//! `UPDATE_PAGES=1` writes them. A table of outcomes stands between `<!-- generated: outcomes N -->`, where N is an
//! exit code, and `<!-- end -->`.

use std::{env, fs};

use crate::root;

const OUTCOMES: &str = "docs/two-in-the-morning.md";

/// The pages that differ from the generated text.
pub fn stale() -> Vec<String> {
    let pages = reconcile::pages::pages().unwrap();
    let committed = |path: &str| fs::read_to_string(root().join(path)).unwrap_or_default();
    let tables = with_tables(&committed(OUTCOMES));
    let mut stale = Vec::new();
    for (path, text) in pages.into_iter().chain([(OUTCOMES, tables)]) {
        if env::var_os("UPDATE_PAGES").is_some() {
            fs::write(root().join(path), &text).unwrap();
        }
        if committed(path) != text {
            stale.push(path.to_owned());
        }
    }
    stale
}

/// A page with newly generated tables.
fn with_tables(page: &str) -> String {
    const BEGIN: &str = "<!-- generated: outcomes ";
    const END: &str = "<!-- end -->";
    let mut parts = page.split(BEGIN);
    let mut out = parts.next().unwrap().to_owned();
    for part in parts {
        let (exit_code, rest) = part.split_once(" -->").unwrap();
        let (_, after) = rest.split_once(END).unwrap();
        let table = reconcile::pages::outcomes(exit_code.parse().unwrap());
        out += &format!("{BEGIN}{exit_code} -->\n\n{table}\n{END}{after}");
    }
    assert!(out.matches(BEGIN).count() > 3, "the page lost its markers");
    out
}
