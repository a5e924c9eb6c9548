//! Plays transcripts: the commands of a page run one after another, in a folder with its files and the examples.
//!
//! - ```` ```yaml NAME ```` is a file with that name. A complete manifest without a name is validated.
//! - ```` ```console ```` is played if it shows output: `$ command`, then its standard output and standard error in the
//!   order of writing, and `exit code N` unless the code is 0. A line `…` stands for omitted lines. `$ cd FOLDER`
//!   applies to the lines below it. `PS>` is for Windows and not played.
#![expect(clippy::indexing_slicing, reason = "a test may panic")]

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::{Block, blocks, prompted, root};

/// The differences between a page and the real output.
pub fn differences(page: &Path) -> Vec<String> {
    let world = tempfile::tempdir().unwrap();
    for folder in ["manifests", "examples"] {
        copy(&root().join(folder), &world.path().join(folder));
    }
    let mut found = Vec::new();
    for block in blocks(page) {
        match block.info.split_once(' ') {
            Some(("yaml", name)) => fs::write(world.path().join(name), &block.text).unwrap(),
            None if block.info == "yaml" && block.text.contains("version:") => {
                fs::write(world.path().join("shown.yaml"), &block.text).unwrap();
                let said = run(world.path(), "reconcile validate --strict shown.yaml");
                found.extend((!said.contains(": good: ")).then_some(said));
            }
            _ if block.is_console() && shows_output(&block) => found.extend(play(world.path(), &block)),
            _ => {}
        }
    }
    found.into_iter().map(|text| format!("{}: {text}", page.display())).collect()
}

/// Whether the block shows output that can be compared.
fn shows_output(block: &Block) -> bool {
    let shown = block.text.lines().any(|line| prompted(line).is_none());
    shown && !block.text.lines().any(|line| line.starts_with("PS> "))
}

/// Plays a block. Returns each command with different output, together with that output.
fn play(world: &Path, block: &Block) -> Vec<String> {
    let mut folder = world.to_owned();
    let mut different = Vec::new();
    let mut lines = block.text.lines().peekable();
    while let Some(line) = lines.next() {
        let Some(command) = prompted(line) else { continue };
        let mut shown = Vec::new();
        while let Some(line) = lines.next_if(|line| prompted(line).is_none()) {
            shown.push(line);
        }
        if let Some(name) = command.strip_prefix("cd ") {
            folder = world.join(name);
            continue;
        }
        let printed = run(&folder, command);
        if !agrees(&shown, &printed.lines().collect::<Vec<_>>()) {
            different.push(format!("`{command}` prints\n{printed}"));
        }
    }
    different
}

/// Whether the shown lines match the printed ones. A line `…` matches any lines, and blank lines at both ends do not
/// count.
fn agrees(shown: &[&str], printed: &[&str]) -> bool {
    let (shown, printed) = (trimmed(shown), trimmed(printed));
    let parts: Vec<_> = shown.split(|line| line.trim() == "…").map(trimmed).collect();
    let (first, rest) = parts.split_first().unwrap();
    let Some((last, middle)) = rest.split_last() else { return shown == printed };
    let Some(mut left) = printed.strip_prefix(*first).and_then(|left| left.strip_suffix(*last)) else { return false };
    for part in middle {
        let Some(at) = left.windows(part.len().max(1)).position(|lines| lines == *part) else { return false };
        left = &left[at + part.len()..];
    }
    true
}

/// The lines without blank lines at both ends.
fn trimmed<'a, 'b>(lines: &'a [&'b str]) -> &'a [&'b str] {
    let full = |line: &&str| !line.trim().is_empty();
    let begin = lines.iter().position(full).unwrap_or(lines.len());
    let end = lines.iter().rposition(full).map_or(begin, |last| last + 1);
    &lines[begin..end]
}

/// The output of a command, and its exit code.
#[expect(clippy::disallowed_methods, reason = "the child is a shell that starts the program that is tested")]
fn run(folder: &Path, command: &str) -> String {
    let programs = PathBuf::from(env!("CARGO_BIN_EXE_reconcile")).parent().unwrap().to_owned();
    let path = env::join_paths([programs, "/usr/bin".into(), "/bin".into()]).unwrap();
    let output = Command::new("/bin/sh")
        .args(["-c", &format!("exec 2>&1; {command}")])
        .current_dir(folder)
        .env("PATH", path)
        .env("NO_COLOR", "1")
        .env("USERNAME", "alex")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    match output.status.code() {
        Some(0) => text,
        code => format!("{text}exit code {}\n", code.map_or_else(|| "none".into(), |code| code.to_string())),
    }
}

/// Copies a folder without the files of a lab.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let (old, new) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type().unwrap();
        let made = entry.file_name().to_string_lossy().contains(".world.");
        if kind.is_dir() && !made {
            copy(&old, &new);
        } else if kind.is_file() && !made {
            fs::copy(&old, &new).unwrap();
        }
    }
}
