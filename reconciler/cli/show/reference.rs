//! What the program knows of a word: a field of the manifest, an error, a finding, an event, an outcome, an exit code.

use std::collections::{BTreeMap, BTreeSet};

use reconcile_schema::{
    CheckArea, CheckClass, CheckId, Code, DriftCode, DriftState, EventKind, EventLevel, ManifestCode, ManifestExample,
};
use schemars::JsonSchema;

use crate::manifest::{
    exit::Exit,
    fields::{Field, Section, sections, variants},
    finding::meant,
    problem::Problem,
};
use crate::show::{
    columns::{paragraph, rows, sentence},
    drift::words::level,
    render::{FAINT, NAME},
};

/// What there is to say of one word in one of its meanings.
#[derive(Default)]
struct Entry {
    /// The word as the list has it.
    word: String,
    /// What it is.
    kind: String,
    /// What it means.
    text: String,
    /// More of it, by what that is.
    rows: Vec<(&'static str, String)>,
    /// The values or fields that it has, each with what it means.
    parts: Vec<(String, String)>,
    /// How it looks, as YAML.
    example: Option<String>,
}

/// All that is known of a word.
///
/// # Errors
/// Nothing is.
pub fn explain(word: &str) -> Result<String, Problem> {
    let sections = sections()?;
    let all = entries();
    // As a message has it: error[no-goal].
    let code = word.split_once('[').and_then(|(_, code)| code.strip_suffix(']')).unwrap_or(word);
    let fields = Field::at(&sections, word).into_iter().map(|field| of_field(&sections, field));
    let is_asked = |entry: &&(Vec<String>, Entry)| entry.0.iter().any(|name| name.eq_ignore_ascii_case(code));
    let found: Vec<_> =
        fields.map(|entry| entry.text()).chain(all.iter().filter(is_asked).map(|(_, it)| it.text())).collect();
    if found.is_empty() {
        let fields = sections.iter().flat_map(|section| &section.fields);
        let paths = fields.flat_map(|field| field.places.iter().chain([&field.name]));
        let names: BTreeSet<_> = paths.chain(all.iter().flat_map(|(names, _)| names)).map(String::as_str).collect();
        let near = meant(code, names).map(|near| format!("\n{}", sentence(&near))).unwrap_or_default();
        return Err(Problem::usage(format!(
            "`{word}` is not known{near}\n\
             Ask for a field by its path, such as policy.reboot, or for the code of an\n\
             error, a finding, an event or an outcome. `reconcile help` has the lists:\n\
             manifest, errors, findings, events, outcomes"
        )));
    }
    Ok(found.join("\n"))
}

/// What is known of words but of fields, each with the names that it is asked by.
fn entries() -> Vec<(Vec<String>, Entry)> {
    let errors = ManifestCode::ALL.map(|code| (vec![code.key().to_owned()], of_error(code)));
    let findings = findings().into_iter().map(|(code, text)| (vec![code.key().to_owned()], of_finding(code, text)));
    let states = states().into_iter().map(|(state, text)| (vec![state.key().to_owned()], of_state(state, text)));
    let events = events()
        .into_iter()
        .map(|(kind, text)| (vec![kind.key().to_owned(), kind.id().to_string()], of_event(kind, text)));
    let outcomes = Code::ALL.map(|code| (vec![code.key().to_owned()], of_outcome(code)));
    let exits = Exit::ALL.map(|exit| (vec![exit.code().to_string()], of_exit(exit)));
    let checks = CheckId::ALL.map(|check| (vec![check.key().to_owned()], of_check(check)));
    errors.into_iter().chain(findings).chain(checks).chain(states).chain(events).chain(outcomes).chain(exits).collect()
}

/// The findings of `drift`, each with what its type says of it.
pub fn findings() -> Vec<(DriftCode, String)> {
    with_texts(DriftCode::ALL, |code| code.key().into())
}

/// The states of a server in `drift`, each with what its type says of it.
pub fn states() -> Vec<(DriftState, String)> {
    with_texts(DriftState::ALL, |state| state.key().into())
}

/// The events, each with what its type says of it.
pub fn events() -> Vec<(EventKind, String)> {
    with_texts(EventKind::ALL, |kind| kind.key().into())
}

/// Variants, each with what its type says of it, by the name that files have for it.
pub fn with_texts<T: JsonSchema>(all: impl IntoIterator<Item = T>, name: impl Fn(&T) -> String) -> Vec<(T, String)> {
    let texts: BTreeMap<_, _> = variants::<T>().into_iter().collect();
    let with_text = |one| {
        let text = texts.get(&name(&one)).cloned().unwrap_or_default();
        (one, text)
    };
    all.into_iter().map(with_text).collect()
}

/// The areas of the checks of `doctor`, in their order.
pub fn areas() -> Vec<CheckArea> {
    let mut areas = CheckId::ALL.map(CheckId::area).to_vec();
    areas.dedup();
    areas
}

/// How much an event matters, in a word.
pub const fn matters(level: EventLevel) -> &'static str {
    match level {
        EventLevel::Info => "information",
        EventLevel::Warning => "warning",
        EventLevel::Error => "error",
    }
}

/// The numbers of exit codes.
pub fn numbers(exits: &[Exit]) -> String {
    exits.iter().map(|exit| exit.code().to_string()).collect::<Vec<_>>().join(" or ")
}

/// The codes of the outcomes that a command ends with so.
pub fn ending_with(exit: Exit) -> impl Iterator<Item = Code> {
    Code::ALL.into_iter().filter(move |code| Exit::of(*code).contains(&exit))
}

fn of_field(sections: &[Section], field: &Field) -> Entry {
    let first = field.places.first().cloned().unwrap_or_default();
    let mut rows = vec![("takes", field.takes.clone())];
    match (&field.default, field.is_required) {
        (Some(default), _) => rows.push(("default", default.clone())),
        (None, true) => rows.push(("required", "yes".into())),
        (None, false) => {}
    }
    let others = field.places.get(1..).unwrap_or_default().join(", ");
    if !others.is_empty() {
        rows.push(("also at", others));
    }
    let of = |section: &&Section| {
        let own = |place: &String| *place == first || *place == format!("{first}.*");
        section.places.iter().any(own)
    };
    let inner = sections.iter().filter(of).flat_map(|section| &section.fields);
    let inner = inner.map(|field| (field.name.clone(), field.text.clone()));
    let parts = field.values.iter().cloned().chain(inner).collect();
    let kind = "field of the manifest".into();
    Entry { word: first, kind, text: field.text.clone(), rows, parts, example: field.shown() }
}

fn of_error(code: ManifestCode) -> Entry {
    let level = if code.is_warning() { "warning" } else { "error" };
    let mut rows = vec![("fix", code.help().to_owned())];
    let example = match code.example() {
        ManifestExample::Fields(text) | ManifestExample::File(text) => Some(text.to_owned()),
        ManifestExample::Case(text) => {
            rows.insert(0, ("example", text.into()));
            None
        }
    };
    Entry {
        word: format!("{level}[{}]", code.key()),
        kind: format!("{level} in a manifest"),
        text: sentence(code.phrase()),
        rows,
        example,
        ..Entry::default()
    }
}

fn of_finding(code: DriftCode, text: String) -> Entry {
    let rows = vec![("what to do", code.help().to_owned())];
    let kind = format!("finding in a drift report, {}", level(code));
    Entry { word: code.key().into(), kind, text, rows, ..Entry::default() }
}

/// How a result of a check of `doctor` counts, in a sentence.
pub const fn counts(class: CheckClass) -> &'static str {
    match class {
        CheckClass::Gate => "A fault forbids the first stop of a run, and so does not knowing.",
        CheckClass::Advice => {
            "A fault forbids the first stop of a run, unless `policy.doctor.ignore` gives a reason. Not knowing forbids it only if \
             `policy.doctor.require` names the check."
        }
    }
}

fn of_check(check: CheckId) -> Entry {
    let rows = vec![
        ("source", check.source().to_owned()),
        ("counts", counts(check.class()).to_owned()),
        ("what to do", sentence(check.help())),
    ];
    let kind = format!("check of doctor: {}", check.area().title());
    Entry { word: check.key().into(), kind, text: sentence(check.assumed()), rows, ..Entry::default() }
}

fn of_state(state: DriftState, text: String) -> Entry {
    let kind = format!("state in a drift report, exit code {}", Exit::from(state).code());
    let rows = vec![("in reports", state.phrase().to_owned())];
    Entry { word: state.key().into(), kind, text, rows, ..Entry::default() }
}

fn of_event(event: EventKind, text: String) -> Entry {
    let kind = format!("event {}, {}", event.id(), matters(event.level()));
    Entry { word: event.key().into(), kind, text, ..Entry::default() }
}

fn of_outcome(code: Code) -> Entry {
    Entry {
        word: code.key().into(),
        kind: format!("outcome, exit code {}", numbers(Exit::of(code))),
        text: sentence(code.phrase()),
        rows: vec![("what to do", code.help().to_owned())],
        ..Entry::default()
    }
}

fn of_exit(exit: Exit) -> Entry {
    Entry {
        word: exit.code().to_string(),
        kind: "exit code".into(),
        text: sentence(exit.meaning()),
        parts: ending_with(exit).map(|code| (code.key().to_owned(), sentence(code.phrase()))).collect(),
        ..Entry::default()
    }
}

impl Entry {
    /// The entry for a terminal.
    fn text(&self) -> String {
        let pairs = self.rows.iter().map(|(name, text)| (*name, text.as_str())).collect::<Vec<_>>();
        let parts = self.parts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect::<Vec<_>>();
        let mut out =
            format!("{NAME}{}{NAME:#}  {FAINT}({}){FAINT:#}\n{}", self.word, self.kind, paragraph(&self.text, 2));
        for part in [rows(&pairs, 2), rows(&parts, 4)].iter().filter(|part| !part.is_empty()) {
            out.push('\n');
            out += part;
        }
        for (nth, line) in self.example.iter().flat_map(|example| example.lines()).enumerate() {
            out += if nth == 0 { "\n  such as\n" } else { "" };
            out += &format!("    {line}\n");
        }
        out
    }
}
