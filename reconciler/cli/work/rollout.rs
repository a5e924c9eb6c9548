//! The plan of a rollout: in which order and when the servers of a fleet are updated.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use jiff::{Timestamp, civil::Date};
use reconcile_core::{
    Fleet, Foreseen, Left, Member, Opening, Place, Prediction, Proposal, Roster, Schedule, Standing, Turn, Update,
    assumed, foreseen_whole, pool_databases_whole, proposals, schedule, soaks, updates,
};
use reconcile_schema::{
    Basis, ChainReport, FleetReport, FleetSummary, Fqdn, LeftReport, ProposedWindows, REPORT_VERSION, Role, State,
    TurnReport, UpdateName, WaveReport, ZoneName,
};

use crate::manifest::{input::Input, problem::Problem};
use crate::work::sight::{Sight, Snapshots};
use crate::work::state::worst;

/// Why a server has no turn.
pub const NO_WINDOW: &str = "none of its maintenance windows is as long as its work is foreseen to take; make one longer, or correct its estimates";

/// The known facts about a server, in addition to its place in the fleet.
struct Known<'a> {
    entry: &'a str,
    role: Role,
    zone: Option<&'a ZoneName>,
    outage: Foreseen,
    blocked_by: Option<String>,
    /// The SQL Server whose databases are updated from it, where that is its turn.
    databases_on: Option<&'a Fqdn>,
}

/// The plan of a rollout that begins at this time. The snapshots at these places show what is already done.
///
/// # Errors
/// When the manifest makes no goals, or the snapshots as a whole cannot be used.
pub fn report(input: &Input, at: Timestamp, from: &[PathBuf]) -> Result<FleetReport, Problem> {
    let manifest = &input.manifest;
    let roster = Roster::of(manifest);
    let mut snapshots = Snapshots::read(input, &roster, from)?;
    let (mut members, mut known, mut summary) = (Vec::new(), Vec::new(), FleetSummary::default());
    let (mut done, mut current) = (Vec::new(), BTreeSet::new());
    for (number, entry) in roster.entries().iter().enumerate() {
        let goal = input.goal_of(&roster, entry)?;
        let standing = Standing::of(manifest, entry.server);
        let central = goal.has_central_store();
        let whole = foreseen_whole(&goal);
        let longest = assumed(&goal);
        for (nth, name) in roster.servers(entry, |_| true) {
            summary.servers += 1;
            let place = Place { entry: number, number: nth };
            let sight = snapshots.take(place);
            done.push((standing.ring_number(manifest), Sight::done(sight.as_ref())));
            let (foreseen, blocked_by) = match sight {
                Some(Sight::RemainDatabases) => (None, None),
                Some(Sight::AtGoal { .. }) => {
                    current.insert(place);
                    summary.at_goal += 1;
                    (None, None)
                }
                Some(Sight::Remains { foreseen, blocked_by }) => (Some(foreseen.or(whole)), blocked_by),
                None => {
                    summary.unseen += 1;
                    (Some(whole), None)
                }
            };
            let zone = standing.maintenance.map(|maintenance| &maintenance.time_zone);
            let turn = foreseen.map(|foreseen| foreseen.unwrap_or(longest).turn());
            let foreseen = foreseen.flatten();
            let outage = foreseen.unwrap_or(longest);
            let entry = entry.pattern.as_str();
            known.push(Known { entry, role: goal.role, zone, outage, blocked_by, databases_on: None });
            members.push(Member { name, standing, central, turn, databases_of: Vec::new() });
        }
    }
    for update in updates(manifest, &roster) {
        let (Ok(place), Update { from, sql_server, pools }) = (roster.find(&update.from), update) else { continue };
        let Some(entry) = roster.entries().get(place.entry) else { continue };
        let goal = input.goal_of(&roster, entry)?;
        let standing = Standing::of(manifest, entry.server);
        let zone = standing.maintenance.map(|maintenance| &maintenance.time_zone);
        let turn = (!current.contains(&place)).then(|| pool_databases_whole(&goal));
        let (entry, outage) = (entry.pattern.as_str(), Foreseen { outage: Prediction::default(), ..assumed(&goal) });
        known.push(Known { entry, role: goal.role, zone, outage, blocked_by: None, databases_on: Some(sql_server) });
        members.push(Member { name: from, standing, central: false, turn, databases_of: pools });
    }
    let fleet = Fleet::of(manifest, members).soaking(&soaks(manifest, &done));
    let planned = schedule(&fleet, at);
    let is_server = |number: usize| fleet.members().get(number).is_some_and(|member| member.databases_of.is_empty());
    summary.planned = count(planned.turns.iter().filter(|turn| is_server(turn.server)).count());
    summary.left = count(planned.left.iter().filter(|(server, _)| is_server(*server)).count());
    let name = |number: usize| fleet.members().get(number).map(|member| member.name.clone());
    let unread = snapshots.unread;
    let states = [
        (!planned.turns.is_empty()).then_some(State::Drift),
        (!planned.left.is_empty()).then_some(State::Blocked),
        (!unread.is_empty()).then_some(State::Unknown),
    ];
    let chain = fleet.longest_chain().map(|chain| ChainReport {
        pool: chain.pool.cloned(),
        servers: chain.servers.iter().filter(|number| is_server(**number)).filter_map(|number| name(*number)).collect(),
        seconds: chain.takes.as_seconds(),
    });
    Ok(FleetReport {
        version: REPORT_VERSION,
        made_by: env!("CARGO_PKG_VERSION").into(),
        manifest_fingerprint: Some(input.fingerprint()),
        at,
        state: worst(states.into_iter().flatten()),
        at_once: u32::try_from(fleet.at_once()).unwrap_or(u32::MAX),
        summary,
        left: left(&fleet, &planned),
        waves: waves(input, &fleet, planned, known),
        longest_chain: chain,
        unread,
        proposed: proposals(manifest, &roster).into_iter().flat_map(proposed).collect(),
    })
}

fn proposed(Proposal { pool, windows }: Proposal) -> impl Iterator<Item = ProposedWindows> {
    let of = move |(server, windows): (_, Vec<_>)| ProposedWindows {
        pool: pool.clone(),
        server,
        windows: windows.into_iter().collect(),
    };
    windows.into_iter().map(of)
}

/// The turns, by ring and night.
fn waves(input: &Input, fleet: &Fleet<'_>, planned: Schedule, mut known: Vec<Known<'_>>) -> Vec<WaveReport> {
    let mut waves: BTreeMap<(usize, Date), Vec<TurnReport>> = BTreeMap::new();
    for turn in planned.turns {
        let (Some(member), Some(known)) = (fleet.members().get(turn.server), known.get_mut(turn.server)) else {
            continue;
        };
        let night = night(turn.from, turn.opening, known.zone);
        let ring = member.standing.ring_number(&input.manifest);
        waves.entry((ring, night)).or_default().push(of_turn(&turn, member, known));
    }
    let wave = |((ring, night), turns): ((usize, Date), Vec<TurnReport>)| {
        let from = turns.iter().map(|turn| turn.from).min()?;
        let until = turns.iter().map(|turn| turn.until).max()?;
        Some(WaveReport { ring: fleet.ring(ring).cloned(), night, from, until, turns })
    };
    waves.into_iter().filter_map(wave).collect()
}

fn of_turn(turn: &Turn, member: &Member<'_>, known: &mut Known<'_>) -> TurnReport {
    let span = Opening { from: turn.from, until: turn.until };
    let cloned = |name: Option<&UpdateName>| name.cloned();
    TurnReport {
        name: member.name.clone(),
        entry: known.entry.to_owned(),
        role: known.role,
        site: cloned(member.standing.site),
        pool: member.standing.pool.cloned(),
        upgrade_domain: cloned(member.standing.upgrade_domain),
        from: turn.from,
        until: turn.until,
        shown: known.zone.map_or_else(|| in_utc(&span), |zone| span.shown(zone)),
        databases_on: known.databases_on.cloned(),
        outage: known.outage.into(),
        assumed: known.databases_on.is_none() && known.outage.basis == Basis::Assumed,
        blocked_by: known.blocked_by.take(),
    }
}

/// The day on which the night of a turn begins.
pub fn night(from: Timestamp, opening: Option<Opening>, zone: Option<&ZoneName>) -> Date {
    let begins = opening.map_or(from, |opening| opening.from);
    match zone {
        // A window that is always open has no first night.
        Some(zone) => zone.rules().to_datetime(begins.max(from - jiff::SignedDuration::from_hours(24))).date(),
        None => jiff::tz::TimeZone::UTC.to_datetime(begins).date(),
    }
}

fn in_utc(span: &Opening) -> String {
    let shown = |at: Timestamp, form| jiff::tz::TimeZone::UTC.to_datetime(at).strftime(form).to_string();
    format!("{} – {} (UTC)", shown(span.from, "%a %Y-%m-%d %H:%M"), shown(span.until, "%H:%M"))
}

fn left(fleet: &Fleet<'_>, planned: &Schedule) -> Vec<LeftReport> {
    let name = |number: usize| fleet.members().get(number).map(|member| member.name.clone());
    let report = |(number, why): &(usize, Left)| {
        let because = match why {
            Left::NoWindow => NO_WINDOW.to_owned(),
            Left::Behind(other) => format!("it comes after {}, which has no turn", name(*other)?),
        };
        Some(LeftReport { name: name(*number)?, because })
    };
    planned.left.iter().filter_map(report).collect()
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
