//! The plan of a fleet for people: one paragraph for each wave, one line for servers that follow each other.

use std::{collections::BTreeMap, fmt::Write, path::Path};

use reconcile_schema::{
    FleetReport, FleetSummary, Fqdn, Period, ProposedWindows, TurnReport, UpdateName, WaveReport, Window,
};

use crate::manifest::{diagnostic::escape, finding::few};
use crate::show::render::{BAD, FAINT, GOOD, NAME, WAITS};
use crate::work::words::plural;

/// The longest list of servers in a line; a longer one is counted.
const NAMED: usize = 4;
/// The longest list of servers without a turn, and of snapshots that cannot be read; the rest is counted.
const LISTED: usize = 12;

/// The report as text.
pub fn of(report: &FleetReport, manifest: &Path) -> String {
    let FleetSummary { servers, at_goal, planned, left, unseen } = report.summary;
    let mut out = String::new();
    let _ = writeln!(
        out,
        "{NAME}{}{NAME:#}, at most {} servers at once",
        escape(&manifest.display().to_string()),
        report.at_once
    );
    for wave in &report.waves {
        out.push('\n');
        out += &of_wave(wave);
    }
    if !report.left.is_empty() {
        let _ = writeln!(out, "\n{BAD}without a turn{BAD:#}");
        let lines = report.left.iter().map(|left| format!("{}: {}", left.name, left.because));
        out += &listed(lines, report.left.len());
    }
    if !report.unread.is_empty() {
        let _ = writeln!(out, "\n{WAITS}snapshots that tell nothing{WAITS:#}");
        out += &listed(report.unread.iter().map(|why| escape(why)), report.unread.len());
    }
    if !report.proposed.is_empty() {
        let _ =
            writeln!(out, "\n{WAITS}may be taken down at the same time: windows that do not overlap would be{WAITS:#}");
        out += &listed(report.proposed.iter().map(windows), report.proposed.len());
    }
    out.push('\n');
    if let Some(chain) = &report.longest_chain {
        let whose = chain.pool.as_ref().map(ToString::to_string);
        let whose = whose.or_else(|| chain.servers.first().map(ToString::to_string)).unwrap_or_default();
        let (takes, length) = (Period::seconds(chain.seconds), chain.servers.len());
        let such = plural(length, "server");
        let _ = writeln!(out, "Longest chain: {whose}, {length} {such} one after another in {takes}.");
    }
    let turns = || report.waves.iter().flat_map(|wave| &wave.turns);
    let outages = turns().filter(|turn| turn.databases_on.is_none()).map(|turn| turn.outage.median_seconds);
    if let (Some(least), Some(most)) = (outages.clone().min(), outages.max()) {
        let (least, most) = (Period::seconds(least), Period::seconds(most));
        let range = if least == most { most.to_string() } else { format!("{least} to {most}") };
        let assumed = turns().filter(|turn| turn.assumed).count();
        let note = match assumed {
            0 => String::new(),
            some => format!(" (the outage budget, where estimates are missing: for {some} {})", plural(some, "server")),
        };
        let _ = writeln!(out, "Each server is down for about {range}{note}.");
    }
    let mut nights: Vec<_> = report.waves.iter().map(|wave| wave.night).collect();
    nights.sort_unstable();
    nights.dedup();
    let such = if servers == 1 { "server" } else { "servers" };
    let mut parts = vec![format!("{servers} {such}"), format!("{planned} to update")];
    if !nights.is_empty() {
        parts.push(format!("{} {}", nights.len(), plural(nights.len(), "night")));
    }
    let rest = [(at_goal, "at goal"), (left, "without a turn"), (unseen, "no snapshot")];
    // Without snapshots, the plan does not know which servers are done.
    let asked = |(number, what): &(u64, &str)| *number > 0 && !(*what == "no snapshot" && unseen == servers);
    parts.extend(rest.into_iter().filter(asked).map(|(number, what)| format!("{number} {what}")));
    let style = if planned + left == 0 { GOOD } else { NAME };
    let _ = writeln!(out, "{style}Fleet: {}.{style:#}", parts.join(", "));
    out
}

fn windows(proposed: &ProposedWindows) -> String {
    let window = |(name, Window { days, from, to }): (&UpdateName, &Window)| {
        format!("{}: {{ days: \"{days}\", from: \"{from}\", to: \"{to}\" }}", name.as_str())
    };
    let windows: Vec<_> = proposed.windows.iter().map(window).collect();
    let said = if windows.is_empty() { "any of its own, since it has none now".to_owned() } else { windows.join(", ") };
    format!("{} of {}: {said}", proposed.server, proposed.pool)
}

/// The first few lines, and the number of further ones.
pub fn listed(lines: impl Iterator<Item = String>, length: usize) -> String {
    let mut out: String = lines.take(LISTED).map(|line| format!("  {line}\n")).collect();
    if let Some(more) = length.checked_sub(LISTED).filter(|more| *more > 0) {
        let _ = writeln!(out, "  and {more} more");
    }
    out
}

fn of_wave(wave: &WaveReport) -> String {
    let mut out = String::new();
    let ring = wave.ring.as_ref().map(|ring| format!("  ring {ring}")).unwrap_or_default();
    let mut zones: Vec<_> = wave.turns.iter().map(|turn| zone(&turn.shown)).collect();
    zones.sort_unstable();
    zones.dedup();
    let one_zone = if let [zone] = zones.as_slice() { format!("  {FAINT}({zone}){FAINT:#}") } else { String::new() };
    let _ = writeln!(out, "{NAME}{}{ring}{NAME:#}{one_zone}", wave.night.strftime("%a %Y-%m-%d"));
    // The servers of a pool, and those of one entry that belong to none, share a line.
    let mut lines: BTreeMap<(Option<&str>, &str), Vec<&TurnReport>> = BTreeMap::new();
    for turn in &wave.turns {
        let whose = match &turn.pool {
            Some(pool) => (Some(pool.as_str()), ""),
            None => (None, turn.entry.as_str()),
        };
        lines.entry(whose).or_default().push(turn);
    }
    let mut lines: Vec<_> =
        lines.into_iter().filter_map(|(whose, turns)| Some((turns.first()?.from, whose, turns))).collect();
    lines.sort_by_key(|(from, whose, _)| (*from, *whose));
    for (_, (pool, entry), turns) in lines {
        let span = span(&turns);
        let servers = match pool {
            Some(pool) => format!("{pool}: {}", in_order(&turns)),
            None if turns.len() == 1 => in_full(&turns),
            None => format!("{entry}: {} servers", turns.len()),
        };
        let zone = turns.first().filter(|_| zones.len() > 1).map(|turn| zone(&turn.shown));
        let zone = zone.map(|zone| format!("  {FAINT}({zone}){FAINT:#}")).unwrap_or_default();
        let _ = writeln!(out, "  {span}  {servers}{zone}");
        for turn in &turns {
            if let Some(why) = &turn.blocked_by {
                let _ = writeln!(out, "                 {WAITS}! {}: {}{WAITS:#}", turn.name.host(), escape(why));
            }
        }
    }
    out
}

/// The span of time, on the clock of the servers' windows.
fn span(turns: &[&TurnReport]) -> String {
    let last = turns.iter().max_by_key(|turn| turn.until);
    let (Some(first), Some(last)) = (turns.first(), last) else { return String::new() };
    // `Sat 2026-11-28 22:00 – Sun 04:00 (Europe/Berlin)`, as every report shows it.
    let clock = |shown: &str, nth: usize| shown.split(" – ").nth(nth).unwrap_or(shown).to_owned();
    let (from, until) = (clock(&first.shown, 0), clock(&last.shown, 1));
    let from = from.split_whitespace().last().unwrap_or(&from);
    let until = until.split(" (").next().and_then(|until| until.split_whitespace().last()).unwrap_or(&until);
    format!("{from} – {until}")
}

/// The time zone of a span of time as reports show it.
fn zone(shown: &str) -> &str {
    shown.rsplit_once('(').map_or("", |(_, zone)| zone.trim_end_matches(')'))
}

/// One turn by the full name of its server.
fn in_full(turns: &[&TurnReport]) -> String {
    let name = |turn: &&TurnReport| match &turn.databases_on {
        Some(sql_server) => format!("databases on {sql_server}, from {}", turn.name),
        None => turn.name.to_string(),
    };
    turns.first().map(name).unwrap_or_default()
}

/// The host name alone.
fn host(name: &Fqdn) -> &str {
    name.as_str().split('.').next().unwrap_or_default()
}

/// The host names of the servers, in the order in which they begin.
fn in_order(turns: &[&TurnReport]) -> String {
    let name = |turn: &&TurnReport| match &turn.databases_on {
        Some(sql_server) => format!("databases on {}", host(sql_server)),
        None => turn.name.host().to_owned(),
    };
    few(turns.iter().map(name), NAMED)
}
