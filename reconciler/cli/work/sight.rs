//! The content of the snapshots of a fleet: which servers are at their goals, and how long the others will be down.

use std::{collections::BTreeMap, path::PathBuf};

use jiff::Timestamp;
use reconcile_core::{Done, Foreseen, Goal, Place, Roster, Seen, Stranger, foreseen};
use reconcile_hosts::snapshot::{Reader, Record, Sources, read};
use reconcile_schema::{Snapshot, State};

use crate::manifest::{input::Input, problem::Problem};
use crate::work::comeback::Waiter;
use crate::work::look::without_run;
use crate::work::plan::{Remaining, remaining};

/// The judgement of a server by its snapshot.
pub enum Sight {
    /// It is at its goal: since the run that brought it there ended at this time, if one did.
    AtGoal { reached: Option<Timestamp> },
    /// It is not, or this is unknown.
    Remains {
        /// How long the work on it takes, if that can be foreseen.
        foreseen: Option<Foreseen>,
        /// What an operator must do first.
        blocked_by: Option<String>,
    },
    /// It is, but for databases of its pool that are updated from it.
    RemainDatabases,
}

impl Sight {
    /// Whether the server is done, for the rings that wait for it.
    pub fn done(sight: Option<&Self>) -> Done {
        match sight {
            Some(Self::AtGoal { reached: Some(at) }) => Done::At(*at),
            Some(Self::AtGoal { reached: None }) => Done::Untouched,
            Some(Self::Remains { .. } | Self::RemainDatabases) | None => Done::No,
        }
    }
}

#[derive(Default)]
pub struct Snapshots {
    servers: BTreeMap<Place, Sight>,
    /// The goals of servers that answer for databases of their pools.
    updating: BTreeMap<Place, Goal>,
    /// Why some of them could not be used.
    pub unread: Vec<String>,
}

impl Snapshots {
    /// Reads the snapshots at these places.
    ///
    /// # Errors
    /// When a place does not exist, or an entry of the manifest makes no goal.
    pub fn read(input: &Input, roster: &Roster<'_>, places: &[PathBuf]) -> Result<Self, Problem> {
        let mut all = Self::default();
        if places.is_empty() {
            return Ok(all);
        }
        all.updating = input.updating(roster)?;
        let goals = roster.entries().iter().map(|entry| Ok(input.goal_of(roster, entry)?.whenever().alone()));
        let goals: Vec<Goal> = goals.collect::<Result<_, Problem>>()?;
        let mut reader = Reader::default();
        for piece in Sources::open(places).map_err(Problem::input)? {
            read(&mut reader, piece, |record| all.take_in(roster, &goals, record));
        }
        Ok(all)
    }

    /// Takes the judgement of a server.
    pub fn take(&mut self, server: Place) -> Option<Sight> {
        self.servers.remove(&server)
    }

    fn take_in(&mut self, roster: &Roster<'_>, goals: &[Goal], Record { origin, snapshot }: Record) {
        let place = origin.line.map_or_else(|| origin.file.to_string(), |line| format!("{}:{line}", origin.file));
        let Snapshot { seen, marks, .. } = match snapshot {
            Ok(snapshot) => *snapshot,
            Err(why) => {
                self.unread.push(format!("{place}: {why}"));
                return;
            }
        };
        let found = roster.find_host(&seen.host).map(|at| Some((at, goals.get(at.entry)?)));
        let (at, goal) = match found {
            Ok(Some(found)) => found,
            Ok(None) | Err(Stranger::Unnamed) => {
                self.unread.push(format!("{place}: the manifest does not name the server {}", seen.host));
                return;
            }
            Err(Stranger::Ambiguous(_)) => {
                self.unread.push(format!("{place}: {} belongs to several ranges of the manifest", seen.host));
                return;
            }
        };
        let host = seen.host.clone();
        let seen = without_run(seen, marks);
        let sight = sight(self.updating.get(&at).unwrap_or(goal), &seen);
        if self.servers.insert(at, sight).is_some() {
            // Nobody can decide here which one is true, so the worst case is assumed.
            self.unread.push(format!("{place}: a second snapshot of {host}; keep the latest"));
            self.servers.insert(at, Sight::Remains { foreseen: None, blocked_by: None });
        }
    }
}

/// Whether only databases of its pool remain.
fn is_alone_at_goal(goal: &Goal, seen: &Seen) -> bool {
    let answers = goal.pool_stores().next().is_some();
    answers && remaining(&goal.clone().alone(), seen, Waiter::Elsewhere).state == State::AtGoal
}

/// The judgement of a server as it was seen.
pub fn sight(goal: &Goal, seen: &Seen) -> Sight {
    let Remaining { state, blocked_by, .. } = remaining(goal, seen, Waiter::Elsewhere);
    match state {
        State::AtGoal => {
            let ours = seen.marks.reached.as_ref().filter(|reached| reached.aim.core == goal.core);
            Sight::AtGoal { reached: ours.map(|reached| reached.at) }
        }
        _ if is_alone_at_goal(goal, seen) => Sight::RemainDatabases,
        State::NeedsOperator | State::Failed => Sight::Remains { foreseen: foreseen(goal, seen), blocked_by },
        State::Drift | State::Blocked | State::Unknown => {
            Sight::Remains { foreseen: foreseen(goal, seen), blocked_by: None }
        }
    }
}
