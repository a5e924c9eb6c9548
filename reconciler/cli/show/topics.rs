//! What `help` lists of a topic: exit codes, fields of the manifest, errors, findings, events, outcomes, faults of the lab.

use clap::ValueEnum;
use reconcile_hosts::lab::Fault;
use reconcile_schema::{CheckId, ManifestCode};

use crate::manifest::{
    exit::{self, Exit},
    fields::sections,
    problem::Problem,
};
use crate::show::{
    columns::{paragraph, rows, sentence},
    reference::{areas, ending_with, events, findings, matters, states, with_texts},
    render::NAME,
};

/// A topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Topic {
    /// How commands end.
    ExitCodes,
    /// The fields of the manifest.
    Manifest,
    /// How a server or a run stands.
    Outcomes,
    /// What the scheduled task reports.
    Events,
    /// What drift finds.
    Findings,
    /// What doctor checks.
    Checks,
    /// What is wrong with a manifest.
    Errors,
    /// What can go wrong with a server of a lab.
    Faults,
}

/// What stands below the help of the program.
pub fn below() -> String {
    let topics = Topic::value_variants().iter().filter_map(ValueEnum::to_possible_value);
    let named: Vec<_> = topics.map(|topic| format!("\n  {:<11} {}", topic.get_name(), about(&topic))).collect();
    format!(
        "{}\n\nTopics of reconcile help:{}\n\nreconcile explain WORD says what a field, a code or an event means.",
        exit::table(),
        named.concat()
    )
}

fn about(topic: &clap::builder::PossibleValue) -> String {
    topic.get_help().map(ToString::to_string).unwrap_or_default()
}

/// What is listed of a topic.
///
/// # Errors
/// The manifest that examples are taken from cannot be read.
pub fn list(topic: Topic) -> Result<String, Problem> {
    let text = match topic {
        Topic::ExitCodes => exit_codes(),
        Topic::Manifest => manifest()?,
        Topic::Outcomes => outcomes(),
        Topic::Events => of_events(),
        Topic::Findings => of_findings(),
        Topic::Checks => checks(),
        Topic::Errors => errors(),
        Topic::Faults => return Ok(faults()),
    };
    Ok(format!("{text}\n{}", paragraph("`reconcile explain WORD` explains each of them.", 0)))
}

/// The faults of the lab, each on a line.
pub fn faults() -> String {
    let all = with_texts(Fault::ALL.iter().copied(), ToString::to_string);
    in_rows(&all.into_iter().map(|(fault, text)| (fault.to_string(), text)).collect::<Vec<_>>())
}

fn in_rows(all: &[(String, String)]) -> String {
    rows(&all.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect::<Vec<_>>(), 2)
}

fn heading(text: &str) -> String {
    format!("{NAME}{text}{NAME:#}\n")
}

fn exit_codes() -> String {
    let all = Exit::ALL.map(|exit| {
        let codes: Vec<_> = ending_with(exit).map(|code| code.key()).collect();
        (exit.code().to_string(), format!("{} Outcomes: {}.", sentence(exit.meaning()), codes.join(", ")))
    });
    format!("{}\nWith several servers the worst state counts: 1, 4, 5, 3, 2, 0.\n", in_rows(&all))
}

fn manifest() -> Result<String, Problem> {
    let mut out = String::new();
    for section in sections()? {
        let name = if section.name().is_empty() { "top level" } else { section.name() };
        out += &heading(name);
        let others = section.places.get(1..).unwrap_or_default().join(", ");
        if !others.is_empty() {
            out += &paragraph(&format!("also at {others}"), 2);
        }
        let fields: Vec<_> = section
            .fields
            .iter()
            .map(|field| {
                let first = field.summary();
                (field.name.clone(), if field.is_required { format!("{first} Required.") } else { first.to_owned() })
            })
            .collect();
        out += &in_rows(&fields);
        out.push('\n');
    }
    Ok(out.trim_end().to_owned() + "\n")
}

fn checks() -> String {
    let mut out = Vec::new();
    for area in areas() {
        let of = CheckId::ALL.into_iter().filter(|check| check.area() == area);
        let rows: Vec<_> = of.map(|check| (check.key().to_owned(), sentence(check.assumed()))).collect();
        out.push(format!("{}{}", heading(area.title()), in_rows(&rows)));
    }
    out.join("\n")
}

fn outcomes() -> String {
    let of = |exit: &Exit| {
        let codes: Vec<_> = ending_with(*exit).map(|code| (code.key().to_owned(), sentence(code.phrase()))).collect();
        format!("{}{}", heading(&format!("exit code {}: {}", exit.code(), exit.meaning())), in_rows(&codes))
    };
    Exit::ALL.iter().map(of).collect::<Vec<_>>().join("\n")
}

fn of_events() -> String {
    let all: Vec<_> = events()
        .into_iter()
        .map(|(kind, text)| {
            (
                format!("{}  {}", kind.id(), kind.key()),
                format!("{}: {text}", sentence(matters(kind.level())).trim_end_matches('.')),
            )
        })
        .collect();
    in_rows(&all)
}

fn of_findings() -> String {
    let found: Vec<_> = findings().into_iter().map(|(code, text)| (code.key().to_owned(), text)).collect();
    let states: Vec<_> = states().into_iter().map(|(state, text)| (state.key().to_owned(), text)).collect();
    format!("{}{}\n{}{}", heading("findings"), in_rows(&found), heading("states of a server"), in_rows(&states))
}

fn errors() -> String {
    let of = |warnings: bool| {
        let codes = ManifestCode::ALL.into_iter().filter(|code| code.is_warning() == warnings);
        in_rows(&codes.map(|code| (code.key().to_owned(), sentence(code.phrase()))).collect::<Vec<_>>())
    };
    let warnings = "warnings: the manifest can be used; validate --strict refuses it";
    format!("{}{}\n{}{}", heading("errors"), of(false), heading(warnings), of(true))
}
