//! Compares the stories in this folder with the behaviour of the program.
//!
//! A story is Markdown for people. The info string of a fence states its purpose:
//! - ```` ```yaml NAME ```` is a file with that name,
//! - ```` ```diff NAME ```` is a change to a file, made by hand,
//! - ```` ```flip NAME ```` flips a bit in a file, in the first byte of the text in the fence,
//! - ```` ```console ```` is a transcript: `$ reconcile …`, then exactly the output, with standard output and standard
//!   error in the order of writing, and `exit code N` unless the code is 0.
//!
//! `UPDATE_STORIES=1 cargo test --test stories` writes the transcripts again; read the difference before you commit it.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]

mod documented;

use std::{
    fmt::Write as _,
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

#[test]
fn every_story_is_true() {
    let mut untrue = String::new();
    for path in stories() {
        let told = fs::read_to_string(&path).unwrap();
        println!("{}", path.display()); // Shown if the test panics.
        let happened = retell(&told);
        if told == happened {
            continue;
        }
        if std::env::var_os("UPDATE_STORIES").is_some() {
            fs::write(&path, &happened).unwrap();
            continue;
        }
        let difference = similar::TextDiff::from_lines(&told, &happened);
        let name = path.file_name().unwrap().display().to_string();
        write!(untrue, "\n{}", difference.unified_diff().header(&name, "what happened")).unwrap();
    }
    assert!(untrue.is_empty(), "{untrue}\nUPDATE_STORIES=1 writes the transcripts again");
}

#[test]
fn every_story_is_in_the_list() {
    let list = fs::read_to_string(folder().join("README.md")).unwrap();
    for path in stories() {
        let name = path.file_name().unwrap().display().to_string();
        assert!(list.contains(&format!("({name})")), "tests/stories/README.md does not list {name}");
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stories")
}

fn stories() -> Vec<PathBuf> {
    let entries = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let is_story = |path: &PathBuf| path.extension().is_some_and(|end| end == "md") && !path.ends_with("README.md");
    let mut stories: Vec<_> = entries.filter(is_story).collect();
    stories.sort();
    assert!(stories.len() > 13, "found only {} stories", stories.len());
    stories
}

/// Plays the story in its own new folder; returns it with the real output.
fn retell(told: &str) -> String {
    let world = tempfile::tempdir().unwrap();
    let mut happened = String::new();
    let mut lines = told.lines();
    while let Some(line) = lines.next() {
        happened += &format!("{line}\n");
        let Some(fence) = line.strip_prefix("```").filter(|fence| !fence.is_empty()) else { continue };
        let block: Vec<_> = lines.by_ref().take_while(|line| *line != "```").collect();
        match fence.split_once(' ').unwrap_or((fence, "")) {
            ("yaml", name) => fs::write(world.path().join(name), block.join("\n") + "\n").unwrap(),
            ("flip", name) => flip(&world.path().join(name), &block.join("\n")),
            ("diff", name) => change(&world.path().join(name), &block),
            ("console", "") => {
                for command in block.iter().filter_map(|line| line.strip_prefix("$ ")) {
                    happened += &format!("$ {command}\n{}", run(world.path(), command));
                }
                happened += "```\n";
                continue;
            }
            other => panic!("no fence is for {other:?}"),
        }
        happened += &(block.join("\n") + "\n```\n");
    }
    happened
}

/// Edits a file by hand: the lines with `+` replace those with `-`.
fn change(path: &Path, block: &[&str]) {
    let lines = |mark: &str| -> String {
        let of = |line: &&str| line.strip_prefix([' ']).or(line.strip_prefix(mark)).map(|text| format!("{text}\n"));
        block.iter().filter_map(of).collect()
    };
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let old = lines("-");
    assert_eq!(text.matches(&old).count(), 1, "{} must have this once:\n{old}", path.display());
    fs::write(path, text.replace(&old, &lines("+"))).unwrap();
}

/// Flips a bit in the first byte of `text`, which must occur exactly once in the file.
fn flip(path: &Path, text: &str) {
    let mut bytes = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut places = (0..bytes.len()).filter(|place| bytes[*place..].starts_with(text.as_bytes()));
    let (Some(place), None) = (places.next(), places.next()) else {
        panic!("{} must have this once: {text}", path.display())
    };
    bytes[place] ^= 1;
    fs::write(path, bytes).unwrap();
}

/// The words of a command. Quoted words count as one.
fn words(command: &str) -> Vec<String> {
    let parts = command.split('"').enumerate().map(|(nth, part)| (nth % 2 == 1, part));
    parts
        .flat_map(|(quoted, part)| match quoted {
            true => vec![part.to_owned()],
            false => part.split_whitespace().map(str::to_owned).collect(),
        })
        .collect()
}

/// The output of a command, and its exit code.
#[expect(clippy::disallowed_methods, reason = "the child is the program that is tested")]
fn run(folder: &Path, command: &str) -> String {
    let args = command.strip_prefix("reconcile ").unwrap_or_else(|| panic!("not a command of ours: {command}"));
    let (mut printed, output) = io::pipe().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_reconcile"))
        .args(words(args))
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .env("USERNAME", "alex")
        .stdin(Stdio::null())
        .stdout(output.try_clone().unwrap())
        .stderr(output)
        .spawn()
        .unwrap();
    let mut text = String::new();
    printed.read_to_string(&mut text).unwrap();
    match child.wait().unwrap().code() {
        Some(0) => text,
        code => format!("{text}exit code {}\n", code.map_or_else(|| "none".into(), |code| code.to_string())),
    }
}
