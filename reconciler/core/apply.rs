//! Applying: the decision, unfolded over a host. Decide, act and observe again, until nothing remains or nothing is
//! allowed.

use alloc::{format, string::String, string::ToString, vec::Vec};

use jiff::Timestamp;
use reconcile_schema::{
    Cause, Change, Code, Fact, Mark, Observed, Period, Reason, RunId, Service, ServiceStarts, Shared, Step, Uptime,
    Whose, listed,
};

use crate::{
    approved::{Approved, Deviation, Place},
    ask::Ask,
    blocker::{Blocker, shown_code},
    claims::reached,
    command::Command,
    goal::Goal,
    host::{Account, Act, Acted},
    lacking::{hanging, lacking},
    next::{Next, next},
    plan::plan,
    pool::unready,
    proof::{PROOF, died, ended_again, not_running, started, started_again},
    seen::{Halt, Run, Seen, Spent},
    step::unchanged,
    unready::Unready,
};

pub struct Request<'a> {
    /// The goal of the host.
    pub goal: &'a Goal,
    pub run: RunId,
    /// The version of `reconcile`, for the journal.
    pub version: &'a str,
    /// Who starts it, for the journal.
    pub by: &'a str,
    /// The approved plan; without one, every decision may be carried out.
    pub approved: Option<&'a Approved>,
    /// Whether an operator fixed the cause of earlier failures, so that earlier attempts no longer count.
    pub forgive: bool,
    /// Whether somebody wants the run to end, and how urgently.
    pub interrupted: &'a dyn Fn() -> Option<Halt>,
}

/// What happens during a run, for observers of it.
#[derive(Debug)]
pub enum Event<'a> {
    /// An expensive fact is read.
    Looking(&'a Ask),
    Began(&'a Step, &'a Cause, &'a Seen),
    /// A step ended and reported this.
    Ended(&'a Step, &'a Account, &'a Seen),
    /// The command of a step has given no sign of life for this long and is still running.
    Quiet(&'a Step, Period, &'a Seen),
    /// A step could not be taken.
    Failed(&'a Step, &'a str),
    /// The run waits until this has passed.
    Waiting(&'a Blocker),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    pub steps: Vec<Step>,
    /// How long services were down because of this run or an earlier one that it finished.
    pub outage: Option<Period>,
    /// How long the installer gave no sign of life, if that was longer than the policy allows.
    pub quiet: Option<Period>,
    /// Services that should be running and are not.
    pub left_down: Vec<String>,
    /// Whether everything that should run was seen running at the end.
    pub is_up: bool,
    /// The step that keeps the server from its goal, and what that said, where it is a step.
    pub reason: Option<Reason>,
    /// Services that this run had to start although an earlier one had started them.
    pub started_again: Vec<ServiceStarts>,
    /// When the machine goes down, if it does and that is known.
    pub restart_at: Option<Timestamp>,
    pub end: End,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    AtGoal,
    /// Short of the goal, for this reason.
    Blocked(Blocker),
    /// In a restart of the machine; the next run continues.
    GoingDown,
}

impl End {
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::AtGoal => Code::AtGoal,
            Self::Blocked(blocker) => blocker.code(),
            Self::GoingDown => Code::Restarting,
        }
    }
}

/// How often a run may take one step. Three attempts of the installer, each with its stops, stay well below.
const MOST: usize = 8;

/// How many files that wait for a restart are remembered: more than any installer leaves, and few enough for one line
/// of the journal.
const QUEUED: usize = 500;

/// The pause before the next decision.
const PAUSE: Period = Period::seconds(30);

/// The pause before a pool is asked again (Microsoft Learn, Lync Server 2013: Upgrade or update Front End Servers).
const POOL_PAUSE: Period = Period::minutes(10);

/// Brings `host` to the goal, or as near to it as is allowed, and leaves no service stopped that can be started.
///
/// # Errors
/// When the host cannot be observed. A failed step is not an error: it becomes part of the outcome.
pub fn apply<H: Act>(host: &mut H, request: &Request<'_>, on: &mut dyn FnMut(Event<'_>)) -> Result<Outcome, H::Error> {
    work(host, request, None, on)
}

/// Brings back the services that earlier runs stopped, when the manifest cannot be used. Takes nothing down. The goal of
/// `request` must be the one that the journal records: [`Goal::recorded`].
///
/// # Errors
/// As [`apply`].
pub fn bring_back<H: Act>(
    host: &mut H,
    request: &Request<'_>,
    on: &mut dyn FnMut(Event<'_>),
) -> Result<Outcome, H::Error> {
    work(host, request, Some(Halt::NoManifest), on)
}

fn work<H: Act>(
    host: &mut H,
    request: &Request<'_>,
    halt: Option<Halt>,
    on: &mut dyn FnMut(Event<'_>),
) -> Result<Outcome, H::Error> {
    let run = Run { halt, ..Run::new(request.run.clone()) };
    let mut work = Work {
        host,
        request,
        run,
        begun: false,
        before: Vec::new(),
        taken: Vec::new(),
        place: Place::default(),
        ready: true,
        refused: None,
        untold: None,
        unproven: false,
        started: Vec::new(),
        quiet: None,
        restart_at: None,
    };
    loop {
        match (request.interrupted)() {
            Some(left @ Halt::Forced(_)) => work.run.halt = Some(left),
            Some(halt) => _ = work.run.halt.get_or_insert(halt),
            None => {}
        }
        let seen = work.look()?;
        let decided = next(request.goal, &seen);
        if work.unproven && takes_for_granted(&decided) {
            work.prove(&seen)?;
            continue;
        }
        let (step, cause) = match decided {
            // Without a manifest the goal is unknown.
            Next::Done if seen.run.halt == Some(Halt::NoManifest) => {
                return work.end(&seen, End::Blocked(Blocker::NoManifest));
            }
            Next::Done => return work.end(&seen, End::AtGoal),
            Next::Blocked(blocker) => return work.end(&seen, End::Blocked(blocker)),
            Next::Wait(blocker) => {
                on(Event::Waiting(&blocker));
                let pause = pause(&blocker);
                work.host.pause(pause);
                work.run.waited = work.run.waited + pause;
                continue;
            }
            Next::Look(ask) => {
                on(Event::Looking(&ask));
                work.ask(&seen, &ask)?;
                continue;
            }
            Next::Do(step, cause) => (step, cause),
        };
        if work.refuses(&step, &cause, &seen) {
            continue;
        }
        on(Event::Began(&step, &cause, &seen));
        work.unproven |= step.starts().is_some();
        match work.take(&step, &cause, &seen, on) {
            Ok(Acted::GoingDown(at)) => {
                work.restart_at = at;
                return work.end(&seen, End::GoingDown);
            }
            Ok(Acted::Busy(why)) => work.failed(&step, &why, Spent::Busy, on),
            Ok(acted) => {
                let (said, now) = work.conclude(&step, &seen, acted)?;
                on(Event::Ended(&step, &said, &now));
                let again = work.taken.last().is_some_and(|(last, _)| *last == step);
                work.refused = (!said.success).then_some(said.words);
                if again && is_bounded_here(&step) && unchanged(&step, &seen.host, &now.host) {
                    // Reported here, before the time that the step took without effect can look like the reason.
                    work.stuck(&step, &now);
                }
            }
            Err(why) => {
                let why = work.after_failure(&step, &seen, why)?;
                work.failed(&step, &why, Spent::Failed, on);
            }
        }
        work.taken.push((step, seen));
    }
}

/// A run in progress.
struct Work<'a, H> {
    host: &'a mut H,
    request: &'a Request<'a>,
    run: Run,
    /// Whether the journal knows of this run.
    begun: bool,
    /// The services that ran before an outage that this run observed.
    before: Vec<String>,
    /// The steps that were taken, each with the facts before it.
    taken: Vec<(Step, Seen)>,
    /// Its position in the approved plan.
    place: Place,
    /// Whether the pool was ready when it was last asked.
    ready: bool,
    /// What the last step reported, if that was a failure.
    refused: Option<String>,
    /// How the installer ended, as long as that is not in the journal.
    untold: Option<(Timestamp, Mark)>,
    /// Whether services were started and not yet checked a second time.
    unproven: bool,
    /// The services that this run started.
    started: Vec<String>,
    /// How long the installer gave no sign of life, if that was longer than the policy allows.
    quiet: Option<Period>,
    /// When the machine goes down, if it does and that is known.
    restart_at: Option<Timestamp>,
}

impl<H: Act> Work<'_, H> {
    fn look(&mut self) -> Result<Seen, H::Error> {
        if self.request.forgive && !self.begun {
            let _ = self.mark(&Mark::Forgiven); // Without the mark the old attempts still count, which is safe.
        }
        if let Some((at, ended)) = self.untold.take()
            && self.mark(&ended).is_err()
        {
            self.untold = Some((at, ended));
        }
        let mut marks = self.host.marks()?;
        let stopped = marks.baseline.iter().flat_map(|baseline| &baseline.running).chain(&self.before);
        let host = self.host.observe(&self.request.goal.with_stopped(stopped))?;
        if let Some((at, ended)) = &self.untold {
            marks.take(&self.run.id, *at, ended); // This run knows it, even if the next one cannot.
        }
        let mut seen = Seen { host, marks, run: self.run.clone() };
        seen.run.outage = seen.run.outage.max(seen.outage());
        self.run.outage = seen.run.outage;
        if let Some(found) = seen.host.pool.known() {
            self.run.asked.get_or_insert(seen.host.at);
            let ready = unready(self.request.goal, &seen, found).is_none();
            if !(core::mem::replace(&mut self.ready, ready) && ready) {
                self.run.ready_again = Some(seen.host.at);
            }
        }
        if let Some(baseline) = seen.baseline() {
            self.before.extend_from_slice(baseline);
            // Services that an installer started are no baseline; they count again once the services were stopped after
            // it. Nor are services that run while a command of an earlier run is at work: that command may be about to
            // stop them.
            let rests = !seen.holds_assemblies() && seen.host.at_work.is_none();
            if rests && is_up(self.request.goal, &seen) && self.mark(&Mark::Up).is_ok() {
                seen.marks.baseline = None;
            }
        }
        Ok(seen)
    }

    /// Writes a mark. Before the first one, writes that the run began.
    fn mark(&mut self, mark: &Mark) -> Result<(), String> {
        if !self.begun {
            let (version, by) = (self.request.version.to_string(), self.request.by.to_string());
            let (target, components) = (self.request.goal.core.clone(), (*self.request.goal.floors).clone());
            let began = Mark::RunBegan { target, components, version, by };
            self.host.mark(&self.run.id, &began).map_err(|error| error.to_string())?;
            self.begun = true; // Set only now: if this mark cannot be written, the next one tries again.
        }
        self.host.mark(&self.run.id, mark).map_err(|error| error.to_string())
    }

    /// Reads an expensive fact. The versions of databases are recorded in the journal.
    fn ask(&mut self, seen: &Seen, ask: &Ask) -> Result<(), H::Error> {
        self.host.look(self.request.goal, ask)?;
        if let (Ask::Databases(store), Some(core)) = (ask, seen.host.core(self.request.goal.product)) {
            let host = self.host.observe(self.request.goal)?;
            if let Fact::Known(databases) = host.databases(store) {
                let (store, core, databases) = (store.clone(), core.clone(), databases.clone());
                let _ = self.mark(&Mark::Checked { store, core, databases }); // If it is lost, the next run asks again.
            }
        }
        Ok(())
    }

    /// Whether the step must not be taken: the plan has another one, or the step was without effect. The next decision
    /// sees the reason.
    fn refuses(&mut self, step: &Step, cause: &Cause, seen: &Seen) -> bool {
        if let Some(approved) = self.request.approved {
            // Steps that are not approved are found before the first stop, as far as they can be foreseen.
            let begins = step.takes_down() && seen.begins_outage();
            let foreseen = if begins { plan(self.request.goal, seen).steps } else { Vec::new() };
            let foreseen = foreseen.iter().map(|planned| (&planned.step, &planned.cause));
            let place = approved.foreseen(self.place, foreseen).and_then(|()| approved.after(self.place, step, cause));
            match place {
                Ok(place) => self.place = place,
                Err(mut deviation) => {
                    // The fact that changed, if it is an observed fact and not an expected one.
                    if let Deviation::Step { decided, because, .. } = &mut *deviation {
                        let facts = lacking(self.request.goal, decided, seen);
                        if !facts.is_empty() {
                            *because = listed(&facts);
                        }
                    }
                    self.run.halt = Some(Halt::Deviated(*deviation));
                    return true;
                }
            }
        }
        if !is_bounded_here(step) {
            return false;
        }
        let again =
            self.taken.last().is_some_and(|(last, before)| last == step && unchanged(step, &before.host, &seen.host));
        let often = self.taken.iter().filter(|(taken, _)| taken == step).count() >= MOST;
        if again || often {
            self.stuck(step, seen);
        }
        again || often
    }

    /// The step was taken, but nothing that it should change changed; or it did, and did not last.
    fn stuck(&mut self, step: &Step, seen: &Seen) {
        let died = ended_again(self.request.goal, step, &self.started, seen);
        if !died.is_empty() && self.taken.last().is_some_and(|(last, _)| last == step) {
            self.run.spent.push((step.clone(), Spent::Died(died)));
            return;
        }
        let refused = self.refused.clone().filter(|_| self.taken.last().is_none_or(|(last, _)| last == step));
        let in_the_way = lacking(self.request.goal, step, seen);
        // Services may have stopped, and started, before: only the last requests in a row are about this hang.
        let asked = self.taken.iter().rev().take_while(|(taken, _)| taken.change() == step.change()).last();
        let since = asked.map(|(_, before)| before.host.at);
        // Where something else is in the way as well, everything is named.
        let all_hang = |since: &Timestamp| {
            hanging(self.request.goal, step, seen, *since).is_some_and(|hang| hang.services.len() == in_the_way.len())
        };
        let since = since.filter(all_hang);
        self.run.spent.push((step.clone(), Spent::Stuck { refused, in_the_way, since }));
    }

    /// Takes the step. Facts that cannot be observed afterwards are written down first. If that fails, a step that
    /// takes the host down is not taken.
    fn take(
        &mut self,
        step: &Step,
        cause: &Cause,
        seen: &Seen,
        on: &mut dyn FnMut(Event<'_>),
    ) -> Result<Acted, String> {
        let mut marks: Vec<Mark> = Vec::new();
        if step.takes_down() && seen.begins_outage() {
            self.run.taken_down = true;
            marks.push(Mark::TakingDown { running: seen.running(), up: uptime(&seen.host) });
        }
        match step.change() {
            Change::Components => {
                self.untold = None; // The next end belongs to another start.
                let (target, boot) = (self.request.goal.core.clone(), seen.host.boot.known().cloned());
                let queued = Some(seen.queued()).filter(|files| files.len() <= QUEUED);
                marks.push(Mark::Installing { target, boot, queued });
            }
            Change::Boot => {
                let (boot, mut queued) = (seen.host.boot.known().cloned(), seen.queued());
                queued.truncate(QUEUED);
                marks.push(Mark::RebootAsked { boot, queued });
            }
            Change::Stopped(_) if *step == Step::FailOver => marks.push(Mark::FailingOver),
            Change::Claim => marks.push(Mark::Claiming),
            // The next observation shows it.
            Change::Package | Change::Mark | Change::Shells | Change::Databases(_) => {}
            Change::Stopped(_) | Change::Running(_) => {}
        }
        let command = Some(Command::of(self.request.goal, step, cause).to_string());
        let because = match cause {
            Cause::PoolStoreBehind { without, .. } if !without.is_empty() => Some(cause.to_string()),
            _ => None,
        };
        marks.push(Mark::Began { step: step.clone(), command, because });
        for mark in &marks {
            match self.mark(mark) {
                Err(why) if step.is_consequential() || *step == Step::Claim => return Err(why),
                Ok(()) | Err(_) => {}
            }
        }
        let (goal, all, mut longest) = (self.request.goal, &mut self.quiet, None);
        let mut quiet = |lasted: Period| {
            // A database server can work for a long time without sending anything to its client.
            if *step == Step::Install && lasted >= goal.rules.quiet {
                if longest.is_none() {
                    on(Event::Quiet(step, lasted, seen));
                }
                longest = longest.max(Some(lasted));
                *all = (*all).max(longest);
            }
        };
        self.host.act(goal, seen, step, &mut quiet).map_err(|error| error.to_string())
    }

    /// Checks the started services a second time, some seconds later. A service that has ended by itself meanwhile is
    /// not started again in this run; the next run may start it.
    fn prove(&mut self, first: &Seen) -> Result<(), H::Error> {
        self.unproven = false;
        self.host.pause(PROOF);
        let second = self.look()?;
        let kinds = [
            (Step::StartWeb, Whose::WebServer),
            (Step::StartServices, Whose::Product),
            (Step::StartOthers, Whose::Others),
        ];
        for (step, whose) in kinds {
            let died = died(&self.started, first, &second, whose);
            if !died.is_empty() {
                self.run.spent.push((step, Spent::Died(died)));
            }
        }
        Ok(())
    }

    /// Observes what a step has changed, and writes down what cannot be observed later.
    fn conclude(&mut self, step: &Step, before: &Seen, acted: Acted) -> Result<(Account, Seen), H::Error> {
        let outage = self.run.outage;
        let mut now = match self.look() {
            Ok(now) => now,
            Err(error) => {
                if let Acted::Installed { code, log } = acted {
                    // The components that it moved cannot be observed now, and how it ended cannot be observed later.
                    let _ = self.mark(&Mark::Installed { code, moved: true, log });
                }
                return Err(error);
            }
        };
        let mut marks: Vec<Mark> = Vec::new();
        let mut started = started(step, before, &now);
        let said = match acted {
            Acted::Ended(said) => said,
            Acted::Started { said, ran } => {
                let died = not_running(&ran, &now);
                started.extend(died.iter().cloned());
                if !died.is_empty() {
                    self.run.spent.push((step.clone(), Spent::Died(died)));
                }
                said
            }
            Acted::Installed { code, log } => {
                let changed = !unchanged(step, &before.host, &now.host);
                // After an attempt that no run saw end, it may have replaced files that no build shows; and the
                // services that it has started are no baseline.
                let goal = self.request.goal;
                let is_whole = now.host.components.known().is_some_and(|components| goal.behind(components).is_empty());
                let ended_well = matches!(code, 0 | 3010 | 1641);
                let moved = changed || ended_well && is_whole && before.unproven(&goal.core).is_some();
                let lies = log.as_ref().map_or_else(String::new, |log| format!("; its log is in {log}"));
                let ended = Mark::Installed { code, moved, log };
                now.marks.take(&self.run.id, now.host.at, &ended);
                if self.mark(&ended).is_err() {
                    self.untold = Some((now.host.at, ended));
                }
                let words = format!("exit code {}{lies}", shown_code(code));
                Account { words, success: ended_well }
            }
            Acted::Busy(why) => Account::failure(why),
            Acted::GoingDown(_) => Account::success("going down"),
        };
        let stopped =
            |services: &Shared<Vec<Service>>| services.iter().all(|one| !one.is_products() || one.is_stopped());
        if *step == Step::Release {
            marks.push(Mark::Unclaimed { told: reached(self.request.goal, before) });
        }
        if *step == Step::FailBack && !now.is_failed_over() {
            marks.push(Mark::FailedBack);
        }
        if matches!(step, Step::FailOver | Step::StopServices) && now.host.services.known().is_some_and(stopped) {
            marks.push(Mark::Stopped);
        }
        started.retain(|name| !self.started.contains(name)); // A service that one run starts twice counts once.
        self.started.extend(started.iter().cloned());
        let (words, success, took) = (said.words.clone(), said.success, took(&before.host, &now.host));
        marks.push(Mark::Ended { step: step.clone(), said: words, failed: !success, took, started });
        for mark in &marks {
            let _ = self.mark(mark); // A lost mark costs an additional check or stop, never a wrong step.
        }
        if *step == Step::FailOver {
            // The server still served users during the failover: these marks begin the outage now.
            self.run.outage = outage;
            now = self.look()?;
        }
        Ok((said, now))
    }

    /// A step could not be taken, and is not taken again in this run.
    fn failed(&mut self, step: &Step, why: &str, spent: fn(String) -> Spent, on: &mut dyn FnMut(Event<'_>)) {
        on(Event::Failed(step, why));
        let _ = self.mark(&Mark::Failed { step: step.clone(), said: why.into() }); // For the history only.
        self.run.spent.push((step.clone(), spent(why.into())));
    }

    /// Why a step failed, with the state of the server where an observation shows it: a failover that exceeds its wait
    /// time does nothing (Microsoft Learn: Invoke-CsComputerFailOver, `-WaitTime`).
    fn after_failure(&mut self, step: &Step, before: &Seen, why: String) -> Result<String, H::Error> {
        if *step != Step::FailOver || !unchanged(step, &before.host, &self.look()?.host) {
            return Ok(why);
        }
        Ok(format!("{why}; nothing was done to the server: its services are as they were"))
    }

    fn end(mut self, seen: &Seen, end: End) -> Result<Outcome, H::Error> {
        let (left_down, is_up) = (self.left_down(seen), is_up(self.request.goal, seen));
        // A run that ends at once does not stop again what an installer started: the next one does.
        let rests = seen.host.at_work.is_none() && !matches!(seen.run.halt, Some(Halt::Forced(_)));
        if seen.marks.baseline.is_some() && rests && is_up {
            let _ = self.mark(&Mark::Up); // The next run finds everything running and writes it then.
        }
        let at_goal = end == End::AtGoal;
        if self.begun || (at_goal && (seen.marks.attempt.is_some() || seen.marks.reboots > 0)) {
            let outcome = match &end {
                End::AtGoal => "at its goal".into(),
                End::Blocked(blocker) => blocker.to_string(),
                End::GoingDown => "restarting".into(),
            };
            let (code, outage) = (Some(end.code()), self.run.outage);
            let _ = self.mark(&Mark::RunEnded { code, outcome, at_goal, outage }); // For the history only.
        }
        let reason = match &end {
            End::Blocked(blocker) => blocker.reason(),
            End::AtGoal | End::GoingDown => None,
        };
        let reason = reason.map(|reason| match reason.in_the_way.is_empty() {
            true => Reason { in_the_way: lacking(self.request.goal, &reason.step, seen), ..reason },
            false => reason,
        });
        let started_again = started_again(seen, &self.started);
        let steps = self.taken.into_iter().map(|(step, _)| step).collect();
        let (outage, quiet, restart_at) = (self.run.outage, self.quiet, self.restart_at);
        Ok(Outcome { steps, outage, quiet, left_down, is_up, started_again, reason, restart_at, end })
    }

    /// Services that should be running and are not seen running, and services that ran before the outage and cannot be
    /// started again.
    fn left_down(&self, seen: &Seen) -> Vec<String> {
        let services = seen.host.services.known().map_or(&[][..], |services| services);
        let runs = |name: &String| services.iter().any(|service| service.name == *name && service.is_running());
        let should = self.request.goal.should_run(&seen.host, seen.baseline()).map(|service| &service.name);
        let mut down: Vec<String> = should.chain(&self.before).filter(|name| !runs(name)).cloned().collect();
        down.sort();
        down.dedup();
        down
    }
}

/// The pause before this blocker is checked again.
fn pause(blocker: &Blocker) -> Period {
    let Blocker::Pool { why, .. } = blocker else { return PAUSE };
    if let Unready::Settling { left, .. } = why { POOL_PAUSE.min(*left) } else { POOL_PAUSE }
}

/// Whether everything that should be running is.
fn is_up(goal: &Goal, seen: &Seen) -> bool {
    let all = goal.should_run(&seen.host, seen.baseline()).all(Service::is_running);
    seen.host.services.known().is_some() && all && !seen.is_failed_over_by_us()
}

/// The moment of an observation, as the machine counts it.
fn uptime(host: &Observed) -> Option<Uptime> {
    Some(Uptime { boot: host.boot.known()?.clone(), lasted: host.uptime? })
}

/// The time between two observations in one boot.
fn took(before: &Observed, now: &Observed) -> Option<Period> {
    let (before, now) = (uptime(before)?, uptime(now)?);
    (before.boot == now.boot).then(|| now.lasted - before.lasted)
}

/// Whether a step that changes nothing is not repeated. For the installer the checks decide, because some of its exit
/// codes ask for another start.
fn is_bounded_here(step: &Step) -> bool {
    *step != Step::Install
}

/// Whether the next act relies on the services staying up: the end of the run, or the report to other servers that they
/// may begin.
const fn takes_for_granted(next: &Next) -> bool {
    match next {
        Next::Done | Next::Blocked(_) | Next::Do(Step::Release, _) => true,
        Next::Do(..) | Next::Look(_) | Next::Wait(_) => false,
    }
}
