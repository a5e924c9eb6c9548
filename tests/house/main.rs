//! The walls of the house. No files of a crate use each other in a circle. Each room of the command line uses only the
//! rooms that it may know.
//!
//! Every path counts, in `use` lines and elsewhere. A re-exported name counts for the file that defines it. Tests do
//! not count.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

mod files;
mod tokens;

use std::path::Path;

use files::Files;

/// The crates, as the folders of their `lib.rs`.
const CRATES: [&str; 3] = ["reconciler/cli", "reconciler/hosts", "schema/src"];

/// The rooms of the command line, each with the rooms that it may use.
const ROOMS: [(&str, &[&str]); 4] = [
    ("manifest", &[]),
    ("work", &["manifest"]),
    ("show", &["manifest", "work"]),
    ("commands", &["manifest", "work", "show"]),
];

fn read(folder: &str) -> Files {
    Files::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder))
}

#[test]
fn no_file_uses_another_in_a_circle() {
    for folder in CRATES {
        let circles = read(folder).circles();
        assert!(circles.is_empty(), "{folder}: files that use each other in a circle:\n{}", circles.join("\n"));
    }
}

#[test]
fn no_room_of_the_command_line_uses_one_that_it_must_not_know() {
    let room = |file: &str| file.split_once('/').map(|(room, _)| room.to_owned());
    let mut wrong = Vec::new();
    for (from, to, name) in read("reconciler/cli").uses() {
        let Some(own) = room(from) else { continue }; // lib.rs and fuzz.rs, which no room uses.
        let (_, known) = ROOMS.iter().find(|(name, _)| *name == own).unwrap_or_else(|| panic!("{own} is no room"));
        if room(to).is_none_or(|other| other != own && !known.contains(&other.as_str())) {
            wrong.push(format!("{from} uses {name} of {to}"));
        }
    }
    assert!(wrong.is_empty(), "rooms that know too much:\n{}", wrong.join("\n"));
}

/// These spellings could hide a circle: a re-export, nested braces, a path within a function, an alias, a module within
/// a file.
#[test]
fn a_circle_is_found_however_it_is_written() {
    let lib = "mod a;\nmod b;\nmod c;\npub use b::B;\npub use c::deep::C as Renamed;\n";
    let ways = [
        "use crate::B; pub struct A;",
        "use crate::{c::deep::{C}, b::{self, B}}; pub struct A;",
        "pub struct A; fn f() { let _ = super::b::B; }",
        "use super::b as other; pub struct A; fn f() { let _ = other::B; }",
        "pub struct A; mod within { fn f() { let _ = super::super::B; } }",
        "pub struct A; fn f() -> crate::Renamed { crate::Renamed }",
    ];
    let b = "use crate::a::A; pub struct B; impl B { pub fn a() -> A { A } }";
    let c = "pub mod deep { use crate::a::A; pub struct C(A); }";
    for way in ways {
        let files = written(&[("lib.rs", lib), ("a.rs", way), ("b.rs", b), ("c.rs", c)]);
        assert!(!files.circles().is_empty(), "not found: {way}");
    }
    let harmless = [
        "pub struct A; // use crate::b::B;",
        "pub struct A; #[cfg(test)] mod tests { use crate::b::B; }",
        "pub struct A; const TEXT: &str = \"crate::b::B\"; const C: char = '\"';",
        "pub struct A; fn f<'a>(b: &'a std::path::Path) -> &'a std::path::Path { b }",
    ];
    for way in harmless {
        let files = written(&[("lib.rs", lib), ("a.rs", way), ("b.rs", b), ("c.rs", c)]);
        assert_eq!(files.circles(), Vec::<String>::new(), "{way}");
    }
}

fn written(files: &[(&str, &str)]) -> Files {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    Files::read(folder.path())
}
