//! Checks the text for people: every link has a target, the README stays short, commands exist, and transcripts match
//! the output of the program.
#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![expect(clippy::wildcard_enum_match_arm, reason = "most of Markdown does not matter here")]

mod commands;
mod generated;
mod links;
#[cfg(unix)]
mod played;

use std::{
    fs,
    path::{Path, PathBuf},
};

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag};

/// The first page of the documentation, with the limits on its lines, columns and words. Two minutes must be enough to
/// read it.
const README: (&str, usize, usize, usize) = ("README.md", 120, 120, 1400);

#[test]
fn every_link_leads_to_a_file_or_a_heading() {
    let mut broken = Vec::new();
    for page in pages() {
        broken.extend(links::broken(&page));
    }
    assert!(broken.is_empty(), "these links lead nowhere:\n{}", broken.join("\n"));
}

#[test]
fn the_readme_is_read_in_minutes() {
    let (name, lines, columns, words) = README;
    let text = fs::read_to_string(root().join(name)).unwrap();
    let mut wrong: Vec<_> = (1..)
        .zip(text.lines())
        .filter_map(|(number, line)| Some((number, line.chars().count())).filter(|(_, wide)| *wide > columns))
        .map(|(number, wide)| format!("{name}:{number} has {wide} characters, above {columns}"))
        .collect();
    let counted = [("lines", text.lines().count(), lines), ("words", text.split_whitespace().count(), words)];
    let above = counted.into_iter().filter(|(_, found, limit)| found > limit);
    wrong.extend(above.map(|(what, found, limit)| format!("{name} has {found} {what}, above {limit}")));
    assert!(wrong.is_empty(), "{}\nmove text into docs/, or say it in fewer words", wrong.join("\n"));
}

/// An Ansible of today does not manage the servers on which Lync Server 2013 runs; anyone who reads of it reads that, and what does.
#[test]
fn every_page_on_ansible_says_for_which_servers_it_is() {
    let collection = "examples/fleet/ansible_collections/reconcile/lync/README.md";
    for page in ["README.md", "docs/fleets.md", "examples/fleet/README.md", collection] {
        let text = fs::read_to_string(root().join(page)).unwrap();
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for part in ["Windows Server 2016", "examples/pull"] {
            assert!(words.contains(part), "{page} lacks: {part}");
        }
    }
}

#[test]
fn every_command_of_a_page_is_one_of_the_program() {
    let known = commands::Known::of_the_program();
    let mut wrong = Vec::new();
    // Skips the stories, because their own test plays every command.
    for page in pages().into_iter().filter(|page| !page.starts_with("tests/stories")) {
        let blocks = blocks(&page);
        let shown = blocks.iter().filter(|block| block.is_console()).flat_map(|block| block.text.lines());
        let named = blocks.iter().filter(|block| block.info == NAMED && block.text.starts_with("reconcile "));
        for command in shown.filter_map(prompted).chain(named.map(|block| block.text.as_str())) {
            wrong.extend(known.lacks(command).map(|what| format!("{}: `{command}`: {what}", page.display())));
        }
    }
    assert!(wrong.is_empty(), "the program does not have these:\n{}", wrong.join("\n"));
}

#[test]
#[cfg(unix)]
fn every_transcript_is_what_the_program_prints() {
    let mut untrue = Vec::new();
    let played =
        pages().into_iter().filter(|page| page.parent() == Some(Path::new("docs")) || page == Path::new(README.0));
    for page in played {
        untrue.extend(played::differences(&page));
    }
    assert!(untrue.is_empty(), "{}", untrue.join("\n"));
}

#[test]
fn generated_pages_are_up_to_date() {
    let stale = generated::stale();
    assert!(stale.is_empty(), "out of date, run this with UPDATE_PAGES=1: {}", stale.join(", "));
}

/// The `info` of inline code.
const NAMED: &str = "`";

/// Code on a page: a fenced block, or inline code.
pub struct Block {
    /// The info string of the fence, such as `console` or `yaml site.yaml`.
    pub info: String,
    pub text: String,
}

impl Block {
    pub fn is_console(&self) -> bool {
        self.info == "console"
    }
}

/// The command after a prompt, of a shell or of PowerShell.
pub fn prompted(line: &str) -> Option<&str> {
    line.strip_prefix("$ ").or_else(|| line.strip_prefix("PS> "))
}

pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The code on a page.
pub fn blocks(page: &Path) -> Vec<Block> {
    let text = fs::read_to_string(root().join(page)).unwrap();
    let mut blocks: Vec<Block> = Vec::new();
    let mut inside = false;
    for event in Parser::new_ext(&text, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                inside = true;
                blocks.push(Block { info: info.to_string(), text: String::new() });
            }
            Event::Code(text) => blocks.push(Block { info: NAMED.into(), text: text.to_string() }),
            Event::End(_) => inside = false,
            Event::Text(text) if inside => blocks.last_mut().unwrap().text += &text,
            _ => {}
        }
    }
    blocks
}

/// Every Markdown file in the repository that is not a build product, by its path there.
fn pages() -> Vec<PathBuf> {
    let mut pages = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root().join(&folder)).unwrap().map(Result::unwrap) {
            let name = entry.file_name().into_string().unwrap();
            let path = folder.join(&name);
            if entry.file_type().unwrap().is_dir() {
                let made = name.starts_with('.') || ["target", "node_modules"].contains(&name.as_str());
                folders.extend((!made).then_some(path));
            } else if path.extension().is_some_and(|end| end == "md") {
                pages.push(path);
            }
        }
    }
    pages.sort();
    assert!(pages.len() > 20, "found only {} pages", pages.len());
    pages
}
