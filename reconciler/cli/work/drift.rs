//! Compares a fleet with its manifest, snapshot by snapshot.

use std::collections::{BTreeMap, BTreeSet};

use reconcile_core::Place;
use reconcile_hosts::snapshot::{Origin, Piece, Reader, read};
use reconcile_schema::{Build, DriftState, Fqdn, ServerDrift, ServerName};

use crate::manifest::{input::Input, problem::Problem};
use crate::work::judge::{Judge, Judged, Known, duplicate, unequal};
use crate::work::{
    attendance::Attendance,
    site::Site,
    snapshot::{snapshot, usual},
    workers,
};

/// A fleet that is being judged.
pub struct Fleet<'a, Report> {
    judge: &'a Judge<'a>,
    only: &'a [ServerName],
    attendance: Attendance,
    /// The pools whose servers get different builds from the manifest.
    mixed: BTreeSet<&'a Fqdn>,
    /// The servers of these pools that are at their goals: the others of the pool decide whether that is the whole
    /// judgement.
    held_back: Vec<Judged>,
    /// Receives each server after it was judged.
    report: Report,
}

impl<'a, Report: FnMut(&Judged) -> Result<(), Problem> + Send> Fleet<'a, Report> {
    /// A fleet of which only the named servers are wanted, or all without names; `report` receives them.
    pub fn of(judge: &'a Judge<'a>, only: &'a [ServerName], report: Report) -> Self {
        Self {
            judge,
            only,
            attendance: Attendance::default(),
            mixed: judge.mixed_pools(),
            held_back: Vec::new(),
            report,
        }
    }

    /// Observes the servers that can be reached: this one, or those of a lab.
    ///
    /// # Errors
    /// When a server cannot be observed at all, and the errors of the report.
    pub fn look(mut self, input: &Input) -> Result<(), Problem> {
        let (mut site, goals) = Site::open(input, self.only)?;
        let mut known = Known::default();
        for goal in &goals {
            let snapshot = snapshot(&mut site, goal, &usual(goal))?;
            let origin = Origin { file: "".into(), line: None };
            self.take(&mut self.judge.snapshot(&mut known, origin, snapshot))?;
        }
        self.settle()
    }

    /// Reads snapshots with this number of threads, and reports which servers have none.
    ///
    /// # Errors
    /// The errors of the report.
    pub fn read(mut self, pieces: impl Iterator<Item = Piece> + Send, threads: usize) -> Result<(), Problem> {
        let judge = self.judge;
        let work = || {
            let (mut reader, mut known) = (Reader::default(), Known::default());
            move |piece: Piece| {
                let mut judged = Vec::new();
                read(&mut reader, piece, |record| judged.push(judge.record(&mut known, record)));
                judged
            }
        };
        workers::each_in_order(threads, pieces, work, |judged: &mut Vec<Judged>| {
            judged.iter_mut().try_for_each(|judged| self.take(judged))
        })?;
        self.settle()?;
        self.miss()
    }

    fn take(&mut self, judged: &mut Judged) -> Result<(), Problem> {
        match judged.place {
            Some(place) if !asked_for(self.judge, self.only, place) => return Ok(()),
            Some(place) if !self.attendance.note(place) => duplicate(&mut judged.drift),
            Some(place)
                if judged.drift.state == DriftState::AtGoal
                    && self.judge.pool(place).is_some_and(|pool| self.mixed.contains(pool)) =>
            {
                let Judged { place, drift, seen } = judged;
                self.held_back.push(Judged { place: *place, drift: drift.clone(), seen: seen.take() });
                return Ok(());
            }
            None if !self.only.is_empty() && judged.drift.state == DriftState::Unnamed => return Ok(()),
            Some(_) | None => {}
        }
        (self.report)(judged)
    }

    /// Reports the servers that were held back: those below the highest build in their pool are unequal.
    fn settle(&mut self) -> Result<(), Problem> {
        let mut highest: BTreeMap<Option<String>, Build> = BTreeMap::new();
        for ServerDrift { pool, found, .. } in self.held_back.iter().map(|judged| &judged.drift) {
            let Some(found) = found else { continue };
            let known = highest.entry(pool.clone()).or_insert_with(|| found.clone());
            if found.reaches(known) {
                known.clone_from(found);
            }
        }
        for mut judged in std::mem::take(&mut self.held_back) {
            let (own, highest) = (judged.drift.found.clone(), highest.get(&judged.drift.pool));
            if let Some(highest) = highest.filter(|highest| own.is_some_and(|own| own != **highest)) {
                unequal(&mut judged.drift, highest);
            }
            (self.report)(&judged)?;
        }
        Ok(())
    }

    /// Reports the servers without a snapshot.
    fn miss(mut self) -> Result<(), Problem> {
        let judge = self.judge;
        for (entry, servers) in judge.roster().entries().iter().enumerate() {
            let place = |number| Place { entry, number };
            let missing = |number| !self.attendance.has(place(number)) && asked_for(judge, self.only, place(number));
            for (number, name) in judge.roster().servers(servers, missing) {
                if let Some(drift) = judge.missing(entry, &name) {
                    (self.report)(&Judged { place: Some(place(number)), drift, seen: None })?;
                }
            }
        }
        Ok(())
    }
}

/// Whether a server is wanted, by its place.
fn asked_for(judge: &Judge<'_>, only: &[ServerName], place: Place) -> bool {
    only.is_empty() || only.iter().any(|name| judge.roster().find_host(name) == Ok(place))
}
