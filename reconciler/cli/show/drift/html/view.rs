//! A page in the words and numbers that its reader sees; the template only arranges them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use reconcile_schema::{DriftFinding, DriftState, Evidence, ManifestPlace, Period, ServerDrift, StepReport};
use serde::Serialize;

use super::{
    chart::Chart,
    content::{FactRow, Page, Shown},
};
use crate::show::drift::words::{came_about, not_judged};

/// Everything that the template prints.
#[derive(Debug, Serialize)]
pub struct View<'a> {
    made_by: &'a str,
    manifest: &'a str,
    as_of: Moment,
    verdict: String,
    states: Vec<Count>,
    sites: Vec<Site<'a>>,
    charts: Vec<Chart<'a>>,
    servers: Vec<Server<'a>>,
    left_out: u64,
    exit_code: u8,
}

/// A point in time, for programs and for people.
#[derive(Debug, Serialize)]
struct Moment {
    iso: String,
    words: String,
}

/// A state. Its sign identifies it where colour cannot.
#[derive(Debug, Clone, Copy, Serialize)]
struct State {
    key: &'static str,
    sign: &'static str,
    phrase: &'static str,
    rank: usize,
}

/// How many servers are in a state.
#[derive(Debug, Serialize)]
struct Count {
    state: State,
    count: u64,
}

/// The servers of a site.
#[derive(Debug, Serialize)]
struct Site<'a> {
    /// Nothing, if no server has a site, so that no title is needed.
    title: Option<&'a str>,
    at_goal: usize,
    total: usize,
    pools: Vec<Pool<'a>>,
}

/// The servers of a pool.
#[derive(Debug, Serialize)]
struct Pool<'a> {
    /// Nothing, where no server of the site has a pool.
    title: Option<&'a str>,
    tiles: Vec<Tile<'a>>,
}

/// A server at a glance.
#[derive(Debug, Serialize)]
struct Tile<'a> {
    id: String,
    state: State,
    /// The name up to its first dot, and the rest, which only a screen reader reads.
    head: &'a str,
    tail: &'a str,
}

/// A server: a row of the table, and a section.
#[derive(Debug, Serialize)]
struct Server<'a> {
    id: String,
    name: &'a str,
    state: State,
    place: Option<String>,
    site: Option<&'a str>,
    pool: Option<&'a str>,
    product: Option<Product>,
    role: Option<&'static str>,
    target: Option<String>,
    found: Option<String>,
    snapshot: Option<Snapshot<'a>>,
    findings: Vec<Finding<'a>>,
    diff: Vec<Line<'a>>,
    steps: &'a [StepReport],
    blocked_by: Option<&'a str>,
    help: Option<&'a str>,
    facts: &'a [FactRow],
}

/// A product with its name for tables, and the name that its maker uses.
#[derive(Debug, Serialize)]
struct Product {
    key: &'static str,
    title: &'static str,
}

#[derive(Debug, Serialize)]
struct Snapshot<'a> {
    file: String,
    at: Option<Moment>,
    age: Option<String>,
    age_seconds: Option<i64>,
    made_by: &'a str,
    boot: Option<&'a str>,
    lab: bool,
}

#[derive(Debug, Serialize)]
struct Finding<'a> {
    #[serde(flatten)]
    told: &'a DriftFinding,
    came_about: Option<String>,
}

/// A line of a unified diff.
#[derive(Debug, Serialize)]
struct Line<'a> {
    kind: &'static str,
    text: &'a str,
}

impl<'a> View<'a> {
    /// A page as it is shown.
    pub fn of(page: &'a Page) -> Self {
        let summary = &page.summary;
        Self {
            made_by: &page.made_by,
            manifest: &page.manifest,
            as_of: Moment::of(page.as_of),
            verdict: verdict(page),
            states: summary
                .states
                .iter()
                .map(|(state, count)| Count { state: State::of(*state), count: *count })
                .collect(),
            sites: sites(&page.servers),
            charts: page.progress.iter().map(|progress| Chart::of(progress, page.as_of)).collect(),
            servers: page.servers.iter().enumerate().map(|(index, shown)| Server::of(index, shown)).collect(),
            left_out: page.left_out,
            exit_code: summary.exit_code,
        }
    }
}

/// The fleet in one sentence.
fn verdict(page: &Page) -> String {
    let summary = &page.summary;
    let at_goal = summary.states.get(&DriftState::AtGoal).copied().unwrap_or(0);
    let steps = match summary.steps {
        0 => "No step remains.".into(),
        1 => "1 step remains.".into(),
        many => format!("{many} steps remain."),
    };
    let servers = match summary.servers {
        0 => "The manifest and the snapshots name no server.".into(),
        1 => format!("{at_goal} of 1 server is at its goal."),
        many if at_goal == many => format!("All {many} servers are at their goals."),
        many if at_goal == 1 => format!("1 of {many} servers is at its goal."),
        many => format!("{at_goal} of {many} servers are at their goals."),
    };
    let judged = if summary.not_judged.is_empty() { String::new() } else { format!(" {}", not_judged(summary)) };
    format!("{servers} {steps}{judged}")
}

/// The servers by site and pool, in the order of their names; those without come last.
fn sites(servers: &[Shown]) -> Vec<Site<'_>> {
    let mut grouped: BTreeMap<_, BTreeMap<_, Vec<Tile>>> = BTreeMap::new();
    for (index, Shown { drift, .. }) in servers.iter().enumerate() {
        let pools = grouped.entry(last_without(drift.site.as_deref())).or_default();
        pools.entry(last_without(drift.pool.as_deref())).or_default().push(Tile::of(index, drift));
    }
    let alone = grouped.len() == 1;
    grouped.into_iter().map(|((_, name), pools)| Site::of(name.or((!alone).then_some("No site")), pools)).collect()
}

/// Sorts by name, with entries without a name last.
fn last_without(name: Option<&str>) -> (bool, Option<&str>) {
    (name.is_none(), name)
}

impl<'a> Site<'a> {
    fn of(title: Option<&'a str>, pools: BTreeMap<(bool, Option<&'a str>), Vec<Tile<'a>>>) -> Self {
        let alone = pools.len() == 1;
        let tiles = || pools.values().flatten();
        Self {
            title,
            at_goal: tiles().filter(|tile| tile.state.rank == 0).count(),
            total: tiles().count(),
            pools: pools
                .into_iter()
                .map(|((_, name), tiles)| Pool { title: name.or((!alone).then_some("No pool")), tiles })
                .collect(),
        }
    }
}

impl Moment {
    fn of(at: Timestamp) -> Self {
        Self { iso: at.to_string(), words: at.strftime("%Y-%m-%d %H:%M UTC").to_string() }
    }
}

impl State {
    fn of(state: DriftState) -> Self {
        let sign = match state {
            DriftState::AtGoal => "=",
            DriftState::Drift => "~",
            DriftState::Unnamed => "+",
            DriftState::Missing => "−",
            DriftState::Stale | DriftState::BuildsOnly | DriftState::NotReadable => "…",
            DriftState::Unknown => "?",
            DriftState::Ahead => ">",
            DriftState::WrongProduct => "≠",
        };
        let rank = DriftState::ALL.iter().position(|it| *it == state).unwrap_or_default();
        Self { key: state.key(), sign, phrase: state.phrase(), rank }
    }
}

impl<'a> Tile<'a> {
    fn of(index: usize, drift: &'a ServerDrift) -> Self {
        let (head, tail) = match drift.name.rsplit_once(['/', '\\']) {
            Some((_, file)) => (file, ""), // A snapshot that cannot be read has the name of its file.
            None => drift.name.split_at(drift.name.find('.').filter(|at| *at > 0).unwrap_or(drift.name.len())),
        };
        Self { id: id(index), state: State::of(drift.state), head, tail }
    }
}

impl<'a> Server<'a> {
    fn of(index: usize, Shown { drift, facts }: &'a Shown) -> Self {
        let declared = drift.declared.as_ref();
        Self {
            id: id(index),
            name: &drift.name,
            state: State::of(drift.state),
            place: drift.place.as_ref().map(|ManifestPlace { file, line, column }| format!("{file}:{line}:{column}")),
            site: drift.site.as_deref(),
            pool: drift.pool.as_deref(),
            product: declared.map(|it| Product { key: it.product.key(), title: it.product.title() }),
            role: declared.map(|it| it.role.title()),
            target: declared.map(|it| it.target.to_string()),
            found: drift.found.as_ref().map(ToString::to_string),
            snapshot: drift.snapshot.as_ref().map(Snapshot::of),
            findings: drift.findings.iter().map(finding).collect(),
            diff: lines(&drift.diff),
            steps: &drift.steps,
            blocked_by: drift.blocked_by.as_deref(),
            help: drift.help.as_deref(),
            facts,
        }
    }
}

fn finding(told: &DriftFinding) -> Finding<'_> {
    Finding { told, came_about: told.origin.as_ref().map(came_about) }
}

/// The section of the server at `index`. It does not contain the server's name, which may hold anything.
fn id(index: usize) -> String {
    format!("server-{}", index + 1)
}

impl<'a> Snapshot<'a> {
    fn of(evidence: &'a Evidence) -> Self {
        let file = match (evidence.file.as_str(), evidence.line) {
            ("", _) => "looked at for this report".into(),
            ("-", None) => "standard input".into(),
            ("-", Some(line)) => format!("standard input, line {line}"),
            (file, None) => file.into(),
            (file, Some(line)) => format!("{file}:{line}"),
        };
        Self {
            file,
            at: evidence.at.map(Moment::of),
            age: evidence.age_seconds.map(age),
            age_seconds: evidence.age_seconds,
            made_by: &evidence.made_by,
            boot: evidence.boot.as_deref(),
            lab: evidence.lab,
        }
    }
}

/// An age, as exactly as matters.
fn age(seconds: i64) -> String {
    let length = match seconds.unsigned_abs() {
        0 => return "just now".into(),
        short @ 1..60 => format!("{short} s"),
        hours @ 60..172_800 => Period::minutes(u32::try_from(hours / 60).unwrap_or(u32::MAX)).to_string(),
        days => format!("{} days", days / 86_400),
    };
    if seconds < 0 { format!("{length} in the future") } else { format!("{length} ago") }
}

/// A unified diff by lines. Before its first range, `---` is a heading; after it, a removed line.
fn lines(diff: &str) -> Vec<Line<'_>> {
    let headings = diff.lines().take_while(|line| !line.starts_with("@@")).count();
    let kind = |index: usize, text: &str| match text.as_bytes().first() {
        _ if index < headings => "heading",
        Some(b'@') => "range",
        Some(b'+') => "comes",
        Some(b'-') => "goes",
        Some(_) | None => "stays",
    };
    diff.lines().enumerate().map(|(index, text)| Line { kind: kind(index, text), text }).collect()
}
