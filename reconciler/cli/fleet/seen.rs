//! What snapshots say of the servers of a fleet: which are at their goals, and how long the others will be down.

use std::{collections::BTreeMap, path::PathBuf};

use reconcile_core::{Goal, Place, Prediction, Roster, Run, Seen, Stranger, outage};
use reconcile_hosts::snapshot::{Reader, Record, Sources, read};
use reconcile_schema::{RunId, ServerName, Snapshot, State};

use crate::{
    input::Input,
    plan::{Remaining, remaining},
    problem::Problem,
};

/// What a snapshot says of its server.
pub enum Sight {
    /// It is at its goal.
    AtGoal,
    /// It is not, or that cannot be told.
    Remains {
        /// How long it will be down, where that can be foreseen.
        outage: Option<Prediction>,
        /// What an operator must do first.
        blocked_by: Option<String>,
    },
}

/// What all snapshots say.
#[derive(Default)]
pub struct Snapshots {
    servers: BTreeMap<ServerName, Sight>,
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
        let goals = roster.entries().iter().map(|entry| Ok(input.goal_of(entry)?.whenever()));
        let goals: Vec<Goal> = goals.collect::<Result<_, Problem>>()?;
        let mut reader = Reader::default();
        for piece in Sources::open(places).map_err(Problem::input)? {
            read(&mut reader, piece, |record| all.take_in(roster, &goals, record));
        }
        Ok(all)
    }

    /// What was said of a server.
    pub fn take(&mut self, server: &ServerName) -> Option<Sight> {
        self.servers.remove(server)
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
        let Some((name, goal)) = find(roster, goals, &seen.host) else {
            self.unread.push(format!("{place}: the manifest does not name the server {}", seen.host));
            return;
        };
        let seen = Seen { host: seen, marks, run: Run::new(RunId("fleet".into())) };
        let sight = sight(goal, &seen);
        if self.servers.insert(name.clone(), sight).is_some() {
            // Nobody can say here which one is true, so the server is taken to need what it needs at most.
            self.unread.push(format!("{place}: a second snapshot of {name}"));
            self.servers.insert(name, Sight::Remains { outage: None, blocked_by: None });
        }
    }
}

/// The name by which the manifest knows a server, and its goal.
fn find<'a>(roster: &Roster<'_>, goals: &'a [Goal], host: &ServerName) -> Option<(ServerName, &'a Goal)> {
    let goal = |Place { entry, .. }| goals.get(entry);
    match roster.find(host) {
        Ok(place) => Some((host.clone(), goal(place)?)),
        Err(Stranger::Ambiguous(_)) => None,
        Err(Stranger::Unnamed) => {
            let short: ServerName = host.host().parse().ok()?;
            let place = roster.find(&short).ok()?;
            Some((short, goal(place)?))
        }
    }
}

fn sight(goal: &Goal, seen: &Seen) -> Sight {
    let Remaining { state, blocked_by, .. } = remaining(goal, seen);
    match state {
        State::AtGoal => Sight::AtGoal,
        State::NeedsOperator | State::Failed => Sight::Remains { outage: outage(goal, seen), blocked_by },
        State::Drift | State::Blocked | State::Unknown => {
            Sight::Remains { outage: outage(goal, seen), blocked_by: None }
        }
    }
}
