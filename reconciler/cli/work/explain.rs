//! Each value that counts for a server, and the place in the manifest that it comes from.

use reconcile_core::{Command, Entry, Goal, Part, Roster, Source, SourceKind, Stranger, Trace};
use reconcile_schema::{
    ExplainReport, ManifestPart, REPORT_VERSION, ResolvedValue, ServerName, Store, ValueKind, ValueSource,
};
use serde::Serialize;
use serde_json::Value;

use crate::manifest::{
    finding::{few, meant},
    input::Input,
    problem::Problem,
};

/// The values of the server that is called `asked`.
///
/// # Errors
/// When the manifest does not name the server, or makes no goal for it.
pub fn report(input: &Input, asked: &ServerName) -> Result<ExplainReport, Problem> {
    let (roster, name) = (Roster::of(&input.manifest), input.named(asked));
    let place = match roster.find_host(&name) {
        Ok(place) => place,
        Err(Stranger::Unnamed) => return Err(unknown(input, asked)),
        Err(Stranger::Ambiguous(_)) => {
            input.goals(std::slice::from_ref(&name))?;
            return Err(unknown(input, asked));
        }
    };
    let entry = roster.entries().get(place.entry).ok_or_else(|| unknown(input, asked))?;
    // The name as the manifest has it: it may use the host name alone.
    let server = entry.pattern.numbered(|number| number == place.number).map(|(_, name)| name).next();
    let server = server.unwrap_or(name);
    let mut watched = Watched { input, entry, values: Vec::new() };
    let goal = Goal::traced(&input.manifest, input.releases(), &roster, entry, &server, &mut watched);
    let goal = goal.map_err(|error| input.explain(vec![error]))?;
    let mut values = watched.values;
    add_commands(&goal, &mut values);
    values.sort_by_key(|value| section(&value.field));
    Ok(ExplainReport {
        version: REPORT_VERSION,
        made_by: env!("CARGO_PKG_VERSION").into(),
        server,
        entry: entry.pattern.to_string(),
        place: input.place(&entry.pointer()),
        values,
    })
}

/// The parts of the answer, in their order, each with the fields that begin it.
pub const SECTIONS: [(&str, &[&str]); 5] = [
    (
        "place",
        &["group", "role", "pool", "peers", "pairedWith", "together", "upgradeDomain", "site", "ring", "alsoStop"],
    ),
    ("update", &["target", "product", "release", "components", "installer"]),
    ("databases", &["databases", "poolDatabases"]),
    ("rollout", &["rollout"]),
    ("policy", &["policy"]),
];

/// The number of the part that a field belongs to, and its number there.
pub fn section(field: &str) -> (usize, usize) {
    let first = field.split('.').next().unwrap_or_default();
    let of = |(number, (_, fields)): (usize, &(&str, &[&str]))| {
        Some((number, fields.iter().position(|known| *known == first)?))
    };
    SECTIONS.iter().enumerate().find_map(of).unwrap_or((SECTIONS.len(), 0))
}

/// Receives the values while the goal is made.
struct Watched<'a> {
    input: &'a Input,
    entry: &'a Entry<'a>,
    values: Vec<ResolvedValue>,
}

impl Trace for Watched<'_> {
    fn note<T: Serialize + ?Sized>(&mut self, field: &str, value: &T, source: Source<'_>) {
        let value = serde_json::to_value(value).unwrap_or_default();
        self.values.push(ResolvedValue { field: field.replace('/', "."), value, source: self.source(source) });
    }
}

impl Watched<'_> {
    fn source(&self, source: Source<'_>) -> ValueSource {
        let default = ValueSource { kind: ValueKind::Default, place: None, part: None, name: None, how: None };
        let (kind, how) = match source.kind {
            SourceKind::Declared => (ValueKind::Declared, None),
            SourceKind::Derived(how) => (ValueKind::Derived, Some(how.to_owned())),
            SourceKind::Catalogue => (ValueKind::Catalogue, None),
            SourceKind::Default => return default,
        };
        let Some((pointer, (part, ..))) = source.pointer(self.entry).zip(source.field) else {
            return ValueSource { kind, how, ..default };
        };
        let (part, name) = match part {
            Part::Server => (ManifestPart::Server, Some(self.entry.pattern.to_string())),
            Part::Others(name) => (ManifestPart::Server, Some(name.to_string())),
            Part::Group(name) => (ManifestPart::Group, Some(name.to_string())),
            Part::Pool(name) => (ManifestPart::Pool, Some(name.to_string())),
            Part::Update(name) => (ManifestPart::Update, Some(name.to_string())),
            Part::Top => (ManifestPart::Top, None),
        };
        ValueSource { kind, place: Some(self.input.place(&pointer)), part: Some(part), name, how }
    }
}

/// Adds the commands that update the databases: each follows from the value that names its SQL Server, or from the role.
fn add_commands(goal: &Goal, values: &mut Vec<ResolvedValue>) {
    for store in &goal.stores {
        let (from, how) = match store {
            Store::Local => ("role", "from the role"),
            Store::Configured { .. } => ("databases.sqlServer", "from the SQL Server"),
            Store::CentralManagement { .. } => ("databases.centralManagementStore.sqlServer", "from its SQL Server"),
        };
        add_command(goal, values, from, how, store);
    }
    for one in goal.pool_stores().filter(|one| one.from == goal.server) {
        add_command(goal, values, "poolDatabases.sqlServer", "from the SQL Server", &one.store);
    }
}

fn add_command(goal: &Goal, values: &mut Vec<ResolvedValue>, from: &str, how: &str, store: &Store) {
    let Some(source) = values.iter().find(|value| value.field == from).map(|value| value.source.clone()) else {
        return;
    };
    let source = ValueSource { kind: ValueKind::Derived, how: Some(how.into()), ..source };
    let command = Command::updating(store, goal.paths(&goal.updating(store)));
    let value = Value::from(command.to_string());
    values.push(ResolvedValue { field: "databases.command".into(), value, source });
}

/// The manifest does not name the server that somebody asks about.
fn unknown(input: &Input, asked: &ServerName) -> Problem {
    let names = input.manifest.servers.keys();
    let all: Vec<String> = names.map(ToString::to_string).collect();
    // A short name is compared with host names, so that the domain does not make all names alike.
    let host = |name: &String| match asked.as_str().contains('.') {
        true => name.clone(),
        false => name.split('.').next().unwrap_or_default().to_owned(),
    };
    let hosts: Vec<String> = all.iter().map(host).collect();
    let help = meant(asked.as_str(), hosts.iter().map(String::as_str))
        .unwrap_or_else(|| format!("the servers are: {}", few(all.iter(), LISTED)));
    Problem::usage(format!("{} does not name the server {asked}\n{help}", input.path.display()))
}

/// How many servers are listed if none is called like the one that is asked for.
const LISTED: usize = 8;

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on fails")]
#[path = "tests/explain.rs"]
mod tests;
