//! The commands and options of the program, read from its own help.

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

/// The commands and options of the program, or of one of its commands.
pub struct Known {
    commands: BTreeMap<String, Self>,
    options: BTreeSet<String>,
}

impl Known {
    /// Reads the help of the built program.
    pub fn of_the_program() -> Self {
        let known = Self::of(&[]);
        assert!(known.commands.contains_key("apply") && known.options.contains("--version"), "the help was not read");
        known
    }

    fn of(path: &[&str]) -> Self {
        let help = help(path);
        let mut known = Self { commands: BTreeMap::new(), options: BTreeSet::new() };
        let mut section = "";
        for line in help.lines() {
            match line.strip_prefix("  ") {
                None if line.is_empty() => {}
                None => section = line,
                // A name is indented by two columns. More indentation means that the text before continues.
                Some(entry) if section == "Commands:" && !entry.starts_with(' ') => {
                    let name = entry.split_whitespace().next().unwrap();
                    known.commands.insert(name.into(), Self::of(&[path, &[name]].concat()));
                }
                Some(entry) if section == "Options:" && entry.trim_start().starts_with('-') => {
                    let names = entry.trim_start().split("  ").next().unwrap().split([' ', ',']);
                    known.options.extend(names.filter(|name| name.starts_with('-')).map(String::from));
                }
                Some(_) => {}
            }
        }
        known
    }

    /// The first word in a shell line that the program does not know, or nothing if the line does not call the program.
    pub fn lacks(&self, line: &str) -> Option<String> {
        let words = words(line);
        let mut words = words.iter().map(String::as_str).skip_while(|word| !is_the_program(word)).skip(1).peekable();
        words.next_if_eq(&"--");
        let mut at = self;
        for word in words.take_while(|word| !["|", ">", "<", "&&", ";", "#", "2>&1"].contains(word)) {
            let option = word.split_once('=').map_or(word, |(name, _)| name);
            match at.commands.get(word) {
                Some(command) => at = command,
                None if option.starts_with('-') && option != "-" && !at.options.contains(option) => {
                    return Some(format!("no option {option}"));
                }
                None if !option.starts_with('-') && !at.commands.is_empty() => {
                    return Some(format!("no command {word}"));
                }
                None => {}
            }
        }
        None
    }
}

/// Whether this word starts the program.
fn is_the_program(word: &str) -> bool {
    let name = word.rsplit(['/', '\\']).next().unwrap_or(word);
    word == "run" || ["reconcile", "reconcile.exe"].contains(&name) // cargo run -- …
}

/// The words of a line. Quoted words count as one.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for sign in line.chars() {
        match quote {
            Some(open) if sign == open => quote = None,
            None if sign == '"' || sign == '\'' => quote = Some(sign),
            None if sign == ' ' => words.push(String::new()),
            Some(_) | None => words.last_mut().unwrap().push(sign),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[expect(clippy::disallowed_methods, reason = "the child is the program that is tested")]
fn help(path: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_reconcile")).args(path).arg("--help").output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}
