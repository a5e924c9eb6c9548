//! Runs the commands that the documentation shows after `PS>` on a machine, in the order in which a reader types them.
//!
//! A folder stands for each share. `apply` gets `--yes`, because nobody can answer its question.

use std::fs;
use std::path::Path;

use crate::machine::{Machine, Output, RECONCILE};
use crate::reconcile::installer_hash;
use crate::server::{SFB_2019, Server};

/// The reader's current folder.
const FOLDER: &str = r"C:\Program Files\reconcile";

/// The documentation's names for the update and for the folder with snapshots.
const UPDATE: &str = r"\\files.contoso.example\updates\sfb-2019-cu7\SkypeServerUpdateInstaller.exe";
const SNAPSHOTS: (&str, &str) = (r"\\files.contoso.example\snapshots", r"C:\snapshots");

/// The commands on a page, split into words.
fn commands(page: &str) -> Vec<Vec<String>> {
    let text = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(page);
    let text = fs::read_to_string(&text).unwrap_or_else(|error| panic!("{}: {error}", text.display()));
    text.lines().filter_map(|line| line.strip_prefix("PS> ")).map(words).collect()
}

/// The words of a PowerShell command. Quoted words count as one, and `#` begins a comment.
fn words(command: &str) -> Vec<String> {
    let (mut words, mut quoted, mut inside) = (vec![String::new()], false, false);
    for letter in command.chars() {
        match letter {
            '\'' => (quoted, inside) = (!quoted, true),
            ' ' if !quoted => {
                words.push(String::new());
                inside = false;
            }
            '#' if !quoted && !inside => break,
            other => {
                words.last_mut().expect("there is a word").push(other);
                inside = true;
            }
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Runs a command of the documentation.
fn types(machine: &Machine, words: &[String]) -> Option<Output> {
    let [program, args @ ..] = words else { panic!("no command") };
    if program == "cd" {
        assert_eq!(args, [FOLDER]);
        return None;
    }
    assert_eq!(program, r".\reconcile", "{words:?}");
    let (share, folder) = SNAPSHOTS;
    let installer = machine.installer();
    let here = |arg: &String| if *arg == UPDATE { installer.clone() } else { arg.replace(share, folder) };
    let mut args: Vec<_> = args.iter().map(here).collect();
    if args[0] == "apply" {
        args.push("--yes".into());
    }
    Some(machine.start_in(FOLDER, RECONCILE, &args).end())
}

/// Completes the lines that `init` marked, as the administrator of this server would.
fn answer(machine: &Machine) {
    let path = machine.path(&format!(r"{FOLDER}\manifest.yaml"));
    let found = fs::read_to_string(&path).expect("init wrote it");
    assert!(found.contains("role: TODO"), "{found}");
    let (installer, hash) = (machine.installer(), installer_hash());
    let line = |line: &str| {
        let indent = &line[..line.len() - line.trim_start().len()];
        let answered = match line.trim_start() {
            start if start.starts_with("role: TODO") => "role: standard-edition".to_owned(),
            start if start.starts_with("release:") => format!("release: \"{}\"", machine.server().product.after),
            start if start.starts_with("path: TODO") => format!("path: '{installer}'"),
            start if start.starts_with("sha256: TODO") => {
                format!("sha256: {hash}\n{indent}publisher: Lab Software Publisher")
            }
            other => other.to_owned(),
        };
        assert!(answered.starts_with('#') || !answered.contains("TODO"), "{answered}");
        format!("{indent}{answered}\n")
    };
    let answered: String = found.lines().map(line).collect();
    fs::write(path, answered).expect("the machine takes a file");
}

/// Runs the commands on a page, and compares each with its expected exit code and words.
fn play(page: &str, expected: &[(&str, u32, &str)]) {
    let machine = Machine::new(Server::standard_edition(SFB_2019));
    let commands = commands(page);
    let typed: Vec<_> = commands.iter().filter(|words| words[0] != "cd").map(|words| words[1].as_str()).collect();
    assert_eq!(typed, expected.iter().map(|(command, ..)| *command).collect::<Vec<_>>(), "{page}");
    let mut expected = expected.iter();
    for words in &commands {
        let Some(ended) = types(&machine, words) else { continue };
        let (command, code, says) = expected.next().expect("one for each");
        let Output { stdout, stderr, .. } = &ended;
        assert!(ended.code == *code && stdout.contains(says), "{page}: {words:?}: {}\n{stdout}{stderr}", ended.code);
        if *command == "init" {
            answer(&machine);
        }
    }
    machine.assert_up();
}

#[test]
fn the_first_server_of_the_readme() {
    play(
        "README.md",
        &[
            ("init", 0, "manifest.yaml: 1 server, "),
            ("validate", 0, "manifest.yaml: good: 1 server, 1 update"),
            ("doctor", 0, "no check keeps a run from taking a server down"),
            ("plan", 2, "Plan: 1 server, "),
            ("apply", 0, "=  at its goal; the longest outage was "),
            ("schedule", 0, r"\reconcile\reconcile was installed"),
        ],
    );
}

#[test]
fn the_first_server_of_its_page() {
    play(
        "docs/first-server.md",
        &[
            ("init", 0, "manifest.yaml: 1 server, 1 line to answer (TODO)"),
            ("validate", 0, "manifest.yaml: good: 1 server, 1 update"),
            ("doctor", 0, "no check keeps a run from taking a server down"),
            ("plan", 2, "Plan: 1 server, "),
            ("apply", 0, "=  at its goal; the longest outage was "),
            ("status", 0, "the last run that did something"),
            ("history", 0, "= at its goal, "),
            ("schedule", 0, r"\reconcile\reconcile was installed"),
        ],
    );
}

#[test]
fn the_commands_of_the_other_pages() {
    let machine = Machine::new(Server::standard_edition(SFB_2019));
    machine.put(&format!(r"{FOLDER}\manifest.yaml"), crate::reconcile::manifest(&machine, "{}"));
    for (page, expected) in
        [("docs/drift.md", vec!["observe"]), ("docs/unattended.md", vec!["schedule", "schedule", "schedule"])]
    {
        let commands = commands(page);
        let typed: Vec<_> = commands.iter().map(|words| words[1].as_str()).collect();
        assert_eq!(typed, expected, "{page}");
        for words in &commands {
            let ended = types(&machine, words).expect("a command of reconcile");
            assert_eq!(ended.code, 0, "{page}: {words:?}: {}{}", ended.stdout, ended.stderr);
        }
    }
    let snapshots = fs::read_dir(machine.path(SNAPSHOTS.1)).expect("observe made the folder").count();
    assert_eq!(snapshots, 1);
}

/// Outside these pages, only the DSC examples show commands after `PS>`, and those run `dsc`.
#[test]
fn every_page_with_commands_for_powershell_is_played() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let docs = fs::read_dir(root.join("docs")).expect("docs").map(|entry| entry.expect("an entry").path());
    let mut with: Vec<_> = docs
        .chain([root.join("README.md")])
        .filter(|page| fs::read_to_string(page).expect("a page").lines().any(|line| line.starts_with("PS> ")))
        .map(|page| page.file_name().expect("a name").to_string_lossy().into_owned())
        .collect();
    with.sort();
    assert_eq!(with, ["README.md", "drift.md", "first-server.md", "unattended.md"]);
}
