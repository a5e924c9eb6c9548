//! Brings servers to their goals, one after the other.

use std::path::PathBuf;

use jiff::Timestamp;
use reconcile_core::{Act, Approved, End, Event, Goal, Observe, Outcome, Request, Run, Seen, apply};
use reconcile_hosts::lab::{Pace, paced::Paced};
use reconcile_schema::{Code, Heading, Marks, Period, RunId, ServerName, ServerRun, State};

use crate::manifest::{input::Input, problem::Problem};
use crate::work::approval::{approval, read_plan};
use crate::work::down::{down, stopping};
use crate::work::findings::{aged, said};
use crate::work::plan::{heading, shown};
use crate::work::session::{Patience, opened, run_name, safe_program, trace_moved, user};
use crate::work::{
    advice::advice,
    audience::Audience,
    comeback::Waiter,
    interrupt::{Interrupts, RUN_ENDS, wait},
    outage::watched,
    site::Site,
    state::state_of,
    unattended::{judgement::Judgement, reporter::Reporter, watch::Watch},
};

/// The options of a run, and who started it.
#[derive(Debug, Default)]
pub struct Options {
    /// The servers; without names, all that can be reached.
    pub servers: Vec<ServerName>,
    /// The file of the plan that limits it.
    pub plan: Option<PathBuf>,
    /// Earlier attempts no longer count.
    pub retry: bool,
    /// The scheduled task runs it.
    pub unattended: bool,
    /// How long it waits while another run works here.
    pub lock_wait: Period,
    /// No confirmation is asked before a real server is changed.
    #[cfg_attr(not(windows), expect(dead_code, reason = "no real server is changed here"))]
    pub yes: bool,
}

/// The result of a run on one server.
pub struct Ran {
    /// How it ended.
    pub outcome: Outcome,
    /// The same, for reports.
    pub server: ServerRun,
    /// The server after it.
    pub seen: Seen,
}

/// Brings the servers to their goals, one after the other, and passes on how each run ended.
///
/// # Errors
/// When the approved plan or a host cannot be used, and the errors of `then`.
pub fn each(
    options: &Options,
    input: &Input,
    reporter: Option<&Reporter>,
    audience: &dyn Audience,
    mut then: impl FnMut(Ran) -> Result<(), Problem>,
) -> Result<(), Problem> {
    safe_program(input)?;
    let approved = options.plan.as_deref().map(read_plan).transpose()?;
    let run = reporter.map_or_else(|| RunId(run_name()), |reporter| reporter.run.clone());
    let patience = Patience { most: options.lock_wait, say: audience.voice() };
    let (mut site, goals, _lock) = opened(input, &options.servers, &run, patience)?;
    let user = if options.unattended { format!("{} (scheduled task)", user()) } else { user() };
    let interrupts = Interrupts::new(audience.voice(), RUN_ENDS);
    let session = Session { options, input, audience, interrupts, run, lab: site.is_lab(), pace: site.pace(), user };
    trace_moved();
    if input.is_signed {
        // Checked before the first stop on any of them. If the last day ends meanwhile, that does not interrupt a run.
        for goal in &goals {
            let (marks, now) = remembered(&mut site, &goal.server)?;
            input.current(&marks, now)?;
        }
    }
    // Checked before the first server as well: a plan without the second one is wrong for both.
    let approve = |goal| approved.as_ref().map(|plan| approval(plan, goal, &input.sha256())).transpose();
    let approvals: Vec<_> = goals.iter().map(approve).collect::<Result<_, Problem>>()?;
    for (goal, approval) in goals.iter().zip(approvals) {
        let watch = |reporter| Ok::<_, Problem>(Watch::begin(reporter, goal, site.last_run(&goal.server)?));
        let watch = reporter.map(watch).transpose()?;
        let ran = match &mut site {
            Site::Lab(lab) => {
                let mut host = lab.host(&goal.server).map_err(Problem::input)?;
                match session.pace {
                    None => session.converge(&mut host, goal, approval.as_ref(), watch)?,
                    Some(pace) => {
                        let mut host = Paced::new(host, pace, session.interrupts.interrupt(), &wait);
                        session.converge(&mut host, goal, approval.as_ref(), watch)?
                    }
                }
            }
            #[cfg(windows)]
            Site::Machine(host) => {
                host.begin();
                let confirmed = session.confirm(host.as_mut(), goal)?;
                let approval = approval.or(confirmed);
                let mut host = host.to_act(session.interrupts.interrupt()).map_err(Problem::failed)?;
                for sleeper in host.sleepers() {
                    let said = format!(
                        "ended {sleeper}: an earlier run was ended while it started this process, which never ran"
                    );
                    tracing::warn!(server = %goal.server, "{said}");
                    audience.voice()(&format!("  {said}"));
                }
                let ran = session.converge(&mut host, goal, approval.as_ref(), watch)?;
                if ran.outcome.end == End::AtGoal {
                    host.tidy(goal);
                }
                ran
            }
        };
        then(ran)?;
    }
    Ok(())
}

/// The marks of a server, and its time.
fn remembered(site: &mut Site, server: &ServerName) -> Result<(Marks, Timestamp), Problem> {
    match site {
        Site::Lab(lab) => {
            let marks = lab.host(server).map_err(Problem::input)?.marks().map_err(Problem::failed)?;
            let simulated =
                lab.world().servers.get(server).ok_or_else(|| Problem::input(format!("no server {server}")))?;
            Ok((marks, simulated.clock))
        }
        #[cfg(windows)]
        Site::Machine(host) => Ok((host.marks().map_err(Problem::failed)?, crate::work::clock::now())),
    }
}

/// One call of `apply`, on one server or on all servers of a lab.
struct Session<'a> {
    options: &'a Options,
    input: &'a Input,
    audience: &'a dyn Audience,
    interrupts: Interrupts,
    run: RunId,
    lab: bool,
    /// How fast the clocks of a lab run, if it waits at all.
    pace: Option<Pace>,
    user: String,
}

impl Session<'_> {
    /// Brings one server to its goal, or as near as is allowed, with an audience.
    fn converge<H: Act>(
        &self,
        host: &mut H,
        goal: &Goal,
        approved: Option<&Approved>,
        mut watch: Option<Watch<'_>>,
    ) -> Result<Ran, Problem> {
        let converged = self.watched(host, goal, approved, &mut watch);
        if let Some(watch) = watch {
            match &converged {
                Ok(Ran { outcome, server, seen }) => {
                    let stale = self.input.stale(&seen.marks, seen.host.at);
                    watch.end(Judgement::of_run(outcome, server), seen, self.lab, stale.as_ref(), self.input.follows());
                }
                Err(problem) => watch.broke(problem),
            }
        }
        converged
    }

    /// How a run ended, and the server after it.
    fn watched<H: Act>(
        &self,
        host: &mut H,
        goal: &Goal,
        approved: Option<&Approved>,
        watch: &mut Option<Watch<'_>>,
    ) -> Result<Ran, Problem> {
        if self.audience.reads_headings() || watch.is_some() {
            let before = host.observe(goal).map_err(Problem::failed)?;
            watch.iter_mut().for_each(|watch| watch.seen_at(before.at));
            self.audience.heading(&heading(goal, before.core(goal.product), self.lab))?;
        }
        if self.input.manifest.serial.is_some() {
            self.accept(host, goal)?;
        }
        let request = Request {
            goal,
            run: self.run.clone(),
            version: env!("CARGO_PKG_VERSION"),
            by: &self.user,
            approved,
            forgive: self.options.retry,
            interrupted: &|| self.interrupts.halt(),
        };
        let mut shows = self.audience.watching(goal, self.pace.unwrap_or(Pace::REAL));
        let alarm = watch.as_ref().map(Watch::alarm);
        let tell = |due, lasted, at| alarm.iter().for_each(|alarm| alarm(due, lasted, at));
        let outcome = watched(goal, &tell, |budget| {
            let mut on = |event: Event<'_>| {
                self.hear(goal, &event);
                shows(&event);
                watch.iter_mut().for_each(|watch| watch.on(&event));
                budget(&event);
            };
            apply(host, &request, &mut on)
        });
        let outcome = outcome.map_err(Problem::failed)?;
        let (host, marks) = (host.observe(goal).map_err(Problem::failed)?, host.marks().map_err(Problem::failed)?);
        let heading = heading(goal, host.core(goal.product), self.lab);
        let now = Seen { host, marks, run: Run::new(self.run.clone()) };
        let stale = self.input.stale(&now.marks, now.host.at);
        let notes = said(goal, &now).into_iter().chain(stale.as_ref().map(aged)).collect();
        let (boot, booted_at) = (now.host.boot.known().cloned(), now.host.booted_at());
        let run = server_run(goal, &outcome, heading, self.waiter());
        let server = ServerRun { notes, boot, booted_at, ..run };
        Ok(Ran { outcome, server, seen: now })
    }

    /// Records the manifest that is followed from here on.
    fn accept<H: Act>(&self, host: &mut H, goal: &Goal) -> Result<(), Problem> {
        let accepting = self.input.accepting(&host.marks().map_err(Problem::failed)?);
        // A journal that cannot be written keeps no service from being started; before a stop this is tried again.
        if let Some(Err(error)) = accepting.map(|mark| host.mark(&self.run, &mark)) {
            tracing::warn!(server = %goal.server, "the serial of the manifest is not remembered: {error}");
        }
        Ok(())
    }

    /// Records which services are down, for a person who interrupts the run, and listens from the first step on.
    fn hear(&self, goal: &Goal, event: &Event<'_>) {
        match event {
            Event::Began(step, _, seen) => {
                self.interrupts.now_down(stopping(goal, step, seen));
                self.interrupts.listen();
            }
            Event::Ended(_, _, seen) => self.interrupts.now_down(down(goal, seen)),
            Event::Waiting(_) => self.interrupts.listen(),
            Event::Looking(_) | Event::Quiet(..) | Event::Failed(..) => {}
        }
    }

    /// Who continues where this run must wait.
    fn waiter(&self) -> Waiter<'_> {
        // On a server, a person may have started the run, so the Task Scheduler is asked anyway.
        match self.lab && self.options.unattended {
            true => Waiter::Task,
            false => Waiter::of(self.lab, &self.input.path),
        }
    }

    /// Shows what would be done to a real server, now or once the present obstacle is gone, and asks for a
    /// confirmation; the answer limits the run to that. For a server at its goal there is no question. If nobody can
    /// answer, `--yes` is the answer, and sets no limit.
    #[cfg(windows)]
    fn confirm<H: reconcile_core::Observe>(&self, host: &mut H, goal: &Goal) -> Result<Option<Approved>, Problem> {
        if self.options.yes || self.options.unattended {
            return Ok(None);
        }
        let seen = crate::work::look::look(host, goal)?;
        let asked = crate::work::plan::question(goal, &seen, false, self.waiter());
        if asked.state == State::AtGoal {
            return Ok(None);
        }
        let steps = asked.steps.iter().map(|step| step.step.clone()).collect();
        self.audience.confirms(asked)?;
        Ok(Some(Approved { steps, moved: None }))
    }
}

/// How a run ended, as it is reported.
pub fn server_run(goal: &Goal, outcome: &Outcome, server: Heading, waiter: Waiter<'_>) -> ServerRun {
    let (state, blocked_by, help) = match &outcome.end {
        End::AtGoal => (State::AtGoal, None, None),
        End::Blocked(blocker) => (state_of(blocker), Some(blocker.to_string()), Some(advice(blocker, waiter))),
        End::GoingDown => (
            State::Blocked,
            Some("the machine is restarting".into()),
            Some(waiter.comeback().goes_on("when it is back")),
        ),
    };
    let opens = match &outcome.end {
        End::Blocked(blocker) => blocker.opens().and_then(|opening| shown(goal, &opening)),
        End::AtGoal | End::GoingDown => None,
    };
    let code = outcome.end.code();
    ServerRun {
        server,
        state,
        code,
        waits: state.waits(code),
        reboot_required: code == Code::RestartDue,
        changed: !outcome.steps.is_empty(),
        restarting: outcome.end == End::GoingDown,
        restart_at: outcome.restart_at,
        boot: None,
        booted_at: None,
        steps: outcome.steps.clone(),
        outage_seconds: outcome.outage.map_or(0, Period::as_seconds),
        outage_budget_seconds: Some(goal.rules.outage_budget.as_seconds()),
        quiet_seconds: outcome.quiet.map(Period::as_seconds),
        left_down: outcome.left_down.clone(),
        services_run: outcome.is_up,
        started_again: outcome.started_again.clone(),
        opens,
        notes: Vec::new(),
        blocked_by,
        reason: outcome.reason.clone(),
        help,
    }
}

#[cfg(test)]
#[cfg(not(windows))] // There a site can be this machine.
#[expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#[path = "tests/converge.rs"]
mod tests;
