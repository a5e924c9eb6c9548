//! What is generated from the types for people who read it outside of the program: the pages and tables of the documentation, as
//! Markdown, from what `explain` reads, and the command line, for man pages. The test of the documentation (tests/docs) and the release
//! (reconciler/release) call it; no command does.

use std::fmt::Write;

use clap::CommandFactory;
use reconcile_schema::{CheckClass, CheckId, ManifestCode, ManifestExample};

use crate::commands::args::Args;
use crate::manifest::{
    exit::Exit,
    fields::{Field, Section, sections},
};
use crate::show::{
    columns::sentence,
    drift::words::level,
    reference::{areas, counts, ending_with, events, findings, matters, states},
};

/// What stands at the top of each page.
const GENERATED: &str = "<!-- generated: UPDATE_PAGES=1 cargo test --test docs -->";

/// The command line, as it is parsed.
#[must_use]
pub fn command_line() -> clap::Command {
    Args::command()
}

/// The pages that are generated whole, by their paths.
///
/// # Errors
/// The manifest that examples are taken from cannot be read.
pub fn pages() -> Result<[(&'static str, String); 5], String> {
    let manifest = sections().map_err(|problem| problem.text())?;
    Ok([
        ("docs/manifest.md", of_manifest(&manifest)),
        ("docs/errors.md", of_errors()),
        ("docs/findings.md", of_findings()),
        ("docs/checks.md", of_checks()),
        ("docs/events.md", of_events()),
    ])
}

/// The outcomes that a command ends with by this exit code, as a table.
#[must_use]
pub fn outcomes(exit_code: u8) -> String {
    let mut out = "| code | what happened | what to do |\n|---|---|---|\n".to_owned();
    for code in Exit::ALL.into_iter().filter(|exit| exit.code() == exit_code).flat_map(ending_with) {
        let _ = writeln!(out, "| `{}` | {} | {} |", code.key(), sentence(code.phrase()), linked(code.help()));
    }
    out
}

fn of_manifest(sections: &[Section]) -> String {
    let mut out = format!(
        "# The manifest\n\n{GENERATED}\n\n\
         Every field of a manifest, with what it takes, what counts where it is left out, and an example. `reconcile explain\n\
         policy.reboot` shows one of them in a terminal, and [`manifest.schema.json`](../schema/manifest.schema.json) gives them to an\n\
         editor. In a path, `*` stands for a name: `servers.*.role` is the role of a server. The examples are those of\n\
         [`every-field.yaml`](../manifests/every-field.yaml); [`manifests/`](../manifests/) has one manifest for each topology, to\n\
         begin with.\n\n\
         ## Which value counts\n\n\
         Each value can stand once, at the widest place where it is true: at the top level for all servers, at a pool for its servers, in\n\
         a group for its members. The nearest place counts: **the server's own entry, then its group, then its pool, then the top level**,\n\
         and last the default. A server with an entry of its own, in addition to a range, belongs to that entry alone.\n\n\
         - Policies are taken field by field: a server that says `policy: {{ reboot: never }}` keeps all else of its group. `databases` and\n  \
           `maintenance` are taken whole.\n\
         - The lists `alsoStop`, `renames.count` and `renames.ignore` add up.\n\
         - What a pool says of `target`, `site` and `ring` holds for all its servers. A server or a group that says something else is an error.\n\
         - `domain` completes the names of servers, pools and SQL Servers that have no dot in them.\n\
         - An installer without a `path` is in the folder `installers`, in a folder with the name of its update, under Microsoft's file name.\n\n\
         [`site.yaml`](../manifests/site.yaml) describes 32 servers of three products in 40 lines. `reconcile explain manifests/site.yaml\n\
         --server br07` shows each value that counts for a server, and the line that it comes from\n\
         ([commands.md](commands.md#where-a-value-comes-from)).\n\n\
         ## Fields\n\n"
    );
    out += "- [top level](#top-level)\n";
    for section in sections.iter().filter(|section| !section.name().is_empty()) {
        let _ = writeln!(out, "- [`{0}`](#{1})", section.name(), anchor(section.name()));
    }
    for section in sections {
        let _ = match section.name() {
            "" => write!(out, "\n## Top level\n\n{}\n", section.text),
            name => write!(out, "\n## `{name}`\n\n{}\n", section.text),
        };
        if let Some(others) = section.places.get(1..).filter(|others| !others.is_empty()) {
            let others: Vec<_> = others.iter().map(|place| format!("`{place}`")).collect();
            let _ = write!(out, "\nThe same fields stand at {}.\n", others.join(", "));
        }
        out += "\n| field | what it says | what it takes | default |\n|---|---|---|---|\n";
        for field in &section.fields {
            out += &row(field, sections);
        }
        if let Some(example) = section.shown() {
            let _ = write!(out, "\n```yml\n{}```\n", example);
        }
    }
    out
}

/// A field as a row of its table.
fn row(field: &Field, sections: &[Section]) -> String {
    let own = |place: &String| field.places.iter().any(|own| place == own || *place == format!("{own}.*"));
    let inner = sections.iter().find(|section| section.places.iter().any(own)).filter(|_| field.has_fields);
    let link = |section: &Section| format!("[its own fields](#{})", anchor(section.name()));
    let takes = match inner {
        Some(section) => field.takes.replace("fields of its own", "fields").replacen("fields", &link(section), 1),
        None => field.takes.clone(),
    };
    let values = field.values.iter().filter(|(_, text)| !text.is_empty());
    let values: Vec<_> = values.map(|(value, text)| format!("`{value}`: {text}")).collect();
    let takes = if values.is_empty() { takes } else { takes.replace("one of the values below", &values.join("<br>")) };
    let left_out = match (&field.default, field.is_required) {
        (Some(default), _) => default.clone(),
        (None, true) => "*required*".into(),
        (None, false) => String::new(),
    };
    format!("| `{}` | {} | {} | {} |\n", field.name, cell(&field.text), cell(&takes), cell(&left_out))
}

fn of_errors() -> String {
    let mut out = format!(
        "# Errors and warnings\n\n{GENERATED}\n\n\
         What can be wrong with a manifest: the codes in `error[…]` and `warning[…]`, each with an example and the fix. `reconcile\n\
         explain no-goal` shows one of them in a terminal. `reconcile validate` shows them at their lines; `--strict` refuses warnings,\n\
         too. An example shows the fields that cause the error, in a manifest that is good without them. How a command ends is\n\
         another list: [at two in the morning](two-in-the-morning.md).\n"
    );
    for (heading, warnings) in [("Errors", false), ("Warnings", true)] {
        let _ = write!(out, "\n## {heading}\n");
        for code in ManifestCode::ALL.into_iter().filter(|code| code.is_warning() == warnings) {
            let _ = write!(out, "\n### `{}`\n\n{}\n", code.key(), sentence(code.phrase()));
            let _ = match code.example() {
                ManifestExample::Fields(text) | ManifestExample::File(text) => write!(out, "\n```yml\n{text}\n```\n"),
                ManifestExample::Case(text) => write!(out, "\nExample: {text}.\n"),
            };
            let _ = write!(out, "\n{}\n", linked(code.help()));
        }
    }
    out
}

fn of_findings() -> String {
    let mut out = format!(
        "# Findings\n\n{GENERATED}\n\n\
         What `reconcile drift` finds, in all its [reports](drift.md). Programs match on `code`, which never changes\n\
         ([CODES.md](../schema/CODES.md)). The level is that of SARIF: an error is drift, a warning says what cannot be told, a note\n\
         changes neither state nor exit code.\n\n\
         | code | level | what it means | what to do |\n|---|---|---|---|\n"
    );
    for (code, text) in findings() {
        let _ = writeln!(out, "| `{}` | {} | {} | {} |", code.key(), level(code), cell(&text), linked(code.help()));
    }
    out += "\n## States\n\n\
            Each server has one state. The worst state of a fleet gives the exit code: the last row that occurs.\n\n\
            | state | in reports | what it means | exit code |\n|---|---|---|---|\n";
    for (state, text) in states() {
        let exit = Exit::from(state).code();
        let _ = writeln!(out, "| `{}` | {} | {} | {exit} |", state.key(), state.phrase(), cell(&text));
    }
    out
}

fn of_checks() -> String {
    let mut out = format!(
        "# Checks\n\n{GENERATED}\n\n\
         What `reconcile doctor` checks on a server, and `reconcile apply` before its first stop: what is assumed, where that is written,\n\
         and what to do where it is not so. An id never changes its meaning. `reconcile explain trusted-roots` shows one of them in a\n\
         terminal, [doctor](doctor.md) says how the results count.\n\n\
         *gate*: {}\n\n*advice*: {}\n",
        counts(CheckClass::Gate),
        counts(CheckClass::Advice)
    );
    for area in areas() {
        let _ = write!(
            out,
            "\n## {}\n\n| check | class | what is assumed | what to do | source |\n|---|---|---|---|---|\n",
            sentence(area.title()).trim_end_matches('.')
        );
        for check in CheckId::ALL.into_iter().filter(|check| check.area() == area) {
            let class = match check.class() {
                CheckClass::Gate => "gate",
                CheckClass::Advice => "advice",
            };
            let (assumed, help) = (cell(&sentence(check.assumed())), cell(&sentence(check.help())));
            let _ = writeln!(out, "| `{}` | {class} | {assumed} | {help} | {} |", check.key(), linked(check.source()));
        }
    }
    out
}

fn of_events() -> String {
    let mut out = format!(
        "# Events\n\n{GENERATED}\n\n\
         What the runs of the scheduled task write to the Windows event log (Application, source `reconcile`); a lab writes the same\n\
         into a file next to its world. No number ever changes its meaning: set up monitoring by the numbers. 1xx informs, 2xx warns,\n\
         3xx is an error. [Unattended](unattended.md) says when a run reports and where else.\n\n\
         | number | event | level | when |\n|---|---|---|---|\n"
    );
    for (kind, text) in events() {
        let _ = writeln!(out, "| {} | `{}` | {} | {} |", kind.id(), kind.key(), matters(kind.level()), cell(&text));
    }
    out
}

/// A text with links to the pages that it names, such as docs/pools.md.
fn linked(text: &str) -> String {
    const FOLDER: &str = "docs/";
    let Some((before, rest)) = text.split_once(FOLDER) else { return cell(text) };
    let place: String = rest.chars().take_while(|sign| sign.is_alphanumeric() || "-#.".contains(*sign)).collect();
    let place = place.trim_end_matches('.');
    let (page, after) = (place.split('#').next().unwrap_or_default(), rest.strip_prefix(place).unwrap_or_default());
    format!("{}[{page}]({place}){}", cell(before), linked(after))
}

/// A text within a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// The anchor that GitHub gives to a heading.
fn anchor(heading: &str) -> String {
    heading.chars().filter(|sign| sign.is_alphanumeric() || *sign == '-').flat_map(char::to_lowercase).collect()
}
