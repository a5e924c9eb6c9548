//! The walls of this crate: which file may use which. The table comes from the first comment of `lib.rs`, the paths
//! from the code.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

/// The files of a crate, by their names without `.rs`.
type Files = BTreeMap<String, String>;

#[test]
fn every_file_uses_only_what_stands_below_it() {
    let mut files = Files::new();
    read(Path::new(env!("CARGO_MANIFEST_DIR")), "", &mut files);
    let wrong = wrong(&files);
    assert!(files.len() > 30, "{files:?}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_wrong_is_found() {
    let table = "//! | row | files | |\n//! |---|---|---|\n//! | 1 | top, side | |\n//! | 2 | low | |\n\
                 //! | apart | plan | may use low |";
    let found = |name: &str, source: &str| {
        let mut files: Files = [("lib", table), ("top", ""), ("side", ""), ("low", ""), ("plan", ""), (name, source)]
            .map(|(name, source)| (name.into(), source.into()))
            .into();
        files.insert("fleet/mod".into(), "pub(crate) mod waves;".into());
        wrong(&files).join("; ")
    };
    assert_eq!(found("top", "use crate::{side::Side, low::{A, B}};\nuse super::low::C;"), "");
    assert_eq!(found("plan", "use crate::low::{self, A};"), "");
    assert_eq!(found("low", "fn f(x: &crate::top::Top) {}"), "low uses crate::top::Top, which stands above it");
    assert_eq!(found("side", "use super::{low::A, top::{B, C as D}};").matches("stands above it").count(), 2);
    assert_eq!(found("low", "use crate::plan::Plan;"), "low uses crate::plan::Plan, which stands apart");
    assert_eq!(found("plan", "use crate::top::Top;"), "plan uses crate::top::Top, which its row does not list");
    assert_eq!(found("top", "use crate::Low;"), "top takes crate::Low from lib.rs, not from its own file");
    assert_eq!(
        found("top", "use crate::{fleet::Waves};"),
        "top takes crate::fleet::Waves from lib.rs, not from its own file"
    );
    assert_eq!(found("new", ""), "the table does not name new");
    assert_eq!(
        found("low", "// crate::Low\nconst A: &str = \"crate::Low\";\n#[cfg(test)]\nmod tests { use crate::Low; }"),
        ""
    );
}

fn read(folder: &Path, below: &str, files: &mut Files) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = format!("{below}{}", path.file_stem().expect("a name").to_str().expect("a name"));
        if name == "tests" || name.ends_with("_tests") {
            continue;
        } else if path.is_dir() {
            read(&path, &format!("{name}/"), files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.insert(name, fs::read_to_string(&path).expect("a text"));
        }
    }
}

/// The place of a file: a row and a position in it, or apart, with the files that it may use.
enum Row {
    Numbered(usize, usize),
    Apart(usize, BTreeSet<String>),
}

/// All contradictions to the table.
fn wrong(files: &Files) -> Vec<String> {
    let table = table(files.get("lib").expect("lib.rs"));
    let is_root = |name: &str| name == "lib" || name.ends_with("/mod");
    let unnamed = files.keys().filter(|name| !is_root(name) && !table.contains_key(*name));
    let mut wrong: Vec<_> = unnamed.map(|name| format!("the table does not name {name}")).collect();
    wrong
        .extend(table.keys().filter(|name| !files.contains_key(*name)).map(|name| format!("no file is called {name}")));
    for (name, source) in files.iter().filter(|(name, _)| *name != "lib") {
        for path in paths(&plain(source), name) {
            let said = format!("crate::{}", path.join("::"));
            let target = (1..path.len()).rev().map(|length| path.get(..length).expect("a part").join("/"));
            let Some(target) = target.clone().find(|target| files.contains_key(target)) else {
                wrong.push(format!("{name} takes {said} from lib.rs, not from its own file"));
                continue;
            };
            let why = match (table.get(name), table.get(&target)) {
                _ if target == *name => continue,
                (Some(Row::Numbered(row, nth)), Some(Row::Numbered(other, to))) if (row, nth) < (other, to) => continue,
                (Some(Row::Apart(_, may)), Some(Row::Numbered(..))) if may.contains(&target) => continue,
                (Some(Row::Apart(nth, _)), Some(Row::Apart(to, _))) if nth < to => continue,
                (Some(Row::Apart(..)), Some(Row::Numbered(..))) => "its row does not list",
                (Some(Row::Numbered(..)), Some(Row::Apart(..))) => "stands apart",
                (Some(_), Some(_)) => "stands above it",
                (None, _) | (_, None) => continue, // This is already reported.
            };
            wrong.push(format!("{name} uses {said}, which {why}"));
        }
    }
    wrong
}

/// The rows of the table in the first comment of `lib.rs`.
fn table(lib: &str) -> BTreeMap<String, Row> {
    let mut table = BTreeMap::new();
    for line in lib.lines().filter_map(|line| line.strip_prefix("//! | ")) {
        let mut cells = line.split('|').map(str::trim);
        let (row, files, words) = (cells.next().unwrap(), cells.next().unwrap(), cells.next().unwrap());
        for (nth, file) in names(files).enumerate() {
            let row = match row.parse() {
                Ok(row) => Row::Numbered(row, nth),
                Err(_) if row == "apart" => Row::Apart(nth, names(words.trim_start_matches("may use")).collect()),
                Err(_) => continue,
            };
            assert!(table.insert(file.clone(), row).is_none(), "{file} is named twice");
        }
    }
    table
}

fn names(cell: &str) -> impl Iterator<Item = String> {
    cell.split(',').map(|name| name.trim().trim_matches('`').to_owned()).filter(|name| !name.is_empty())
}

/// The code without comments, texts and test modules.
fn plain(source: &str) -> String {
    let mut plain = String::new();
    let mut rest = source;
    while let Some(sign) = rest.chars().next() {
        let raw = rest.strip_prefix('r').map(|it| it.trim_start_matches('#')).filter(|it| it.starts_with('"'));
        let skipped = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if let Some(text) = raw.filter(|_| !plain.ends_with(|sign: char| sign.is_alphanumeric() || sign == '_'))
        {
            let hashes = rest.len() - text.len() - 1;
            let end = format!("\"{}", "#".repeat(hashes));
            rest.len() - text.len() + 1 + text.get(1..).unwrap().find(&end).expect("the end of a text") + end.len()
        } else if sign == '"' {
            let mut escaped = false;
            let end = rest.char_indices().skip(1).find(|(_, sign)| {
                let is_end = *sign == '"' && !escaped;
                escaped = *sign == '\\' && !escaped;
                is_end
            });
            end.expect("the end of a text").0 + 1
        } else if let Some(text) = ["'\"'", "'{'", "'}'", "'\\''"].into_iter().find(|text| rest.starts_with(text)) {
            text.len()
        } else {
            plain.push(sign);
            sign.len_utf8()
        };
        rest = rest.get(skipped..).expect("the rest");
    }
    while let Some((before, tests)) = plain.split_once("#[cfg(test)]") {
        let end = tests.find([';', '{']).expect("an item");
        let after = if tests.get(end..).unwrap().starts_with(';') { end + 1 } else { closing(tests, end) + 1 };
        plain = format!("{before}{}", tests.get(after..).unwrap());
    }
    plain
}

/// The position of the brace that closes the one at `open`.
fn closing(text: &str, open: usize) -> usize {
    let mut depth = 0;
    let end = text.char_indices().skip_while(|(place, _)| *place < open).find(|(_, sign)| {
        depth += i32::from(*sign == '{') - i32::from(*sign == '}');
        depth == 0
    });
    end.expect("a closing brace").0
}

/// Every path of the crate in the code of a file, relative to the crate.
fn paths(code: &str, file: &str) -> Vec<Vec<String>> {
    let mut all = Vec::new();
    for root in ["crate", "super"] {
        for (place, _) in code.match_indices(root) {
            let word = |sign: char| sign.is_alphanumeric() || sign == '_';
            let (before, after) = code.split_at(place);
            let Some(rest) = after.get(root.len()..).unwrap().trim_start().strip_prefix("::") else { continue };
            if before.ends_with(word) || root == "super" && before.trim_end().ends_with("super::") {
                continue;
            }
            let mut from: Vec<String> = file.split('/').map(str::to_owned).collect();
            let mut rest = rest.trim_start();
            match root {
                "crate" => from.clear(),
                _ => drop(from.pop()),
            }
            while let Some(further) = rest.strip_prefix("super").map(str::trim_start) {
                rest = further.strip_prefix("::").expect("a path").trim_start();
                from.pop();
            }
            expand(rest, &from, &mut all);
        }
    }
    all
}

/// The paths of one tree: `a::{b, c::{d, e as f}}`.
fn expand(tree: &str, from: &[String], all: &mut Vec<Vec<String>>) {
    let tree = tree.trim();
    let name: String = tree.chars().take_while(|sign| sign.is_alphanumeric() || matches!(sign, '_' | '*')).collect();
    let rest = tree.get(name.len()..).unwrap().trim_start();
    if tree.starts_with('{') {
        let inner = tree.get(1..closing(tree, 0)).unwrap();
        let mut depth = 0;
        let parts = inner.split(|sign| {
            depth += i32::from(sign == '{') - i32::from(sign == '}');
            sign == ',' && depth == 0
        });
        parts.filter(|part| !part.trim().is_empty()).for_each(|part| expand(part, from, all));
        return;
    }
    let path: Vec<String> = from.iter().cloned().chain([name]).collect();
    match rest.strip_prefix("::") {
        Some(rest) if !rest.trim_start().starts_with('<') => expand(rest, &path, all),
        Some(_) | None => all.push(path),
    }
}
