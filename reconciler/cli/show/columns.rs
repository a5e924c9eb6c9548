//! Text for a terminal of 80 columns: paragraphs, and rows of a name and what is said of it.

/// How wide it is at most.
const WIDE: usize = 80;
/// How far the second column of rows begins to the right at most; a longer name has a line of its own.
const NAMES: usize = 28;

/// A paragraph, with so many spaces before each line.
pub fn paragraph(text: &str, indent: usize) -> String {
    let before = " ".repeat(indent);
    wrapped(text, WIDE.saturating_sub(indent)).iter().map(|line| format!("{before}{line}\n")).collect()
}

/// Rows of a name and what is said of it, with so many spaces before each.
pub fn rows<'a>(rows: &[(&'a str, &'a str)], indent: usize) -> String {
    let before = " ".repeat(indent);
    let names = rows.iter().map(|(name, _)| name.chars().count()).filter(|wide| *wide <= NAMES).max().unwrap_or(NAMES);
    let mut out = String::new();
    for (name, text) in rows {
        let mut name = *name;
        if name.chars().count() > names {
            out += &format!("{before}{name}\n");
            name = "";
        }
        let lines = wrapped(text, WIDE.saturating_sub(indent + names + 2));
        for line in if lines.is_empty() { vec![String::new()] } else { lines } {
            out += format!("{before}{name:<names$}  {line}").trim_end();
            out.push('\n');
            name = "";
        }
    }
    out
}

/// A text of at most 100 columns that begins after `indent` columns; its other lines begin there, too.
pub fn hanging(name: &str, text: &str, indent: usize) -> String {
    let before = format!("\n{}", " ".repeat(indent));
    wrapped(&format!("{name}{text}"), 100_usize.saturating_sub(indent)).join(&before) + "\n"
}

/// A phrase as a sentence.
pub fn sentence(phrase: &str) -> String {
    let mut rest = phrase.chars();
    let begin = rest.next().map(|first| first.to_uppercase().chain(rest).collect::<String>()).unwrap_or_default();
    if begin.is_empty() || begin.ends_with(['.', '?']) { begin } else { format!("{begin}.") }
}

/// The lines of a text, none wider than this where its words allow it. Code in backticks is one word.
fn wrapped(text: &str, wide: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut in_code = false;
    let is_end = |sign: char| {
        in_code ^= sign == '`';
        sign == ' ' && !in_code
    };
    for word in text.split(is_end).filter(|word| !word.is_empty()) {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= wide => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) | None => lines.push(word.into()),
        }
    }
    lines
}
