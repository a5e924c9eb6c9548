//! `reconcile apply`: brings servers to their goals.

use std::path::Path;

use jiff::Timestamp;
use reconcile_core::{Act, Approved, End, Event, Goal, Observe, Outcome, Request, Run, Seen, apply};
use reconcile_hosts::read_plain;
use reconcile_schema::{
    Marks, Mode, PlanReport, REPORT_VERSION, Rests, RunId, RunReport, ServerName, ServerPlan, ServerRun, Sha256, State,
    Store, unread,
};

use crate::{
    advice::advice,
    args::{Apply, Output},
    comeback::Waiter,
    exit::{Exit, state_of, worst},
    harmless,
    input::Input,
    interrupt::Interrupts,
    outage::watched,
    plan::{aged, heading, said, shown},
    print,
    problem::Problem,
    progress::Progress,
    render,
    rescue::rescued,
    session::{opened, run_name, safe_program, trace_moved, user},
    site::Site,
    unattended::{self, Judgement, Reporter, Watch},
    voice::Voice,
};

/// Applies a manifest to the servers that can be reached.
///
/// # Errors
/// When the manifest, the approved plan or a host cannot be used.
pub fn run(args: &Apply, verbose: bool) -> Result<Exit, Problem> {
    if args.unattended {
        let work = |input: &Input, reporter: &Reporter| bring(args, input, Some(reporter));
        return unattended::run(Mode::Apply, &args.scope.manifest, verbose, work);
    }
    let manifest = &args.scope.manifest;
    let ended = Input::read(manifest).and_then(|input| bring(args, &input, None));
    ended.map_err(|problem| rescued(problem, manifest))
}

/// Brings the servers to their goals, one after the other.
fn bring(args: &Apply, input: &Input, reporter: Option<&Reporter>) -> Result<Exit, Problem> {
    let mut servers = Vec::new();
    each(args, input, reporter, Voice::Lines, |ran| {
        if args.scope.output == Output::Text {
            print(&render::outcome(&ran.server))?;
        }
        servers.push(ran.server);
        Ok(())
    })?;
    let state = worst(servers.iter().map(|server| server.state));
    let report = RunReport { version: REPORT_VERSION, made_by: env!("CARGO_PKG_VERSION").into(), state, servers };
    match args.scope.output {
        Output::Text => print(&format!("\n{}", render::summary(&report)))?,
        Output::Json => print(&harmless::pretty(&report)?)?,
    };
    Ok(report.state.into())
}

/// The run on one server, when it is over.
pub struct Ran {
    /// How it ended.
    pub outcome: Outcome,
    /// The same, as it is reported.
    pub server: ServerRun,
    /// The server after it.
    pub seen: Seen,
}

/// Brings the servers to their goals, one after the other, and hands on how each run ended.
///
/// # Errors
/// When the approved plan or a host cannot be used, and what `then` says.
pub fn each(
    args: &Apply,
    input: &Input,
    reporter: Option<&Reporter>,
    voice: Voice,
    mut then: impl FnMut(Ran) -> Result<(), Problem>,
) -> Result<(), Problem> {
    safe_program(input)?;
    let approved = args.plan.as_deref().map(read_plan).transpose()?;
    let run = RunId(run_name());
    let (mut site, goals, _lock) = opened(input, &args.scope.servers, &run)?;
    let user = if args.unattended { format!("{} (scheduled task)", user()) } else { user() };
    let session = Session { args, input, interrupts: Interrupts::new(voice), run, lab: site.is_lab(), user };
    trace_moved();
    if input.is_signed {
        // Before the first stop, of any of them. What a run is about to do is not cut off by a day that ends meanwhile.
        for goal in &goals {
            let (marks, now) = remembered(&mut site, &goal.server)?;
            input.current(&marks, now)?;
        }
    }
    for goal in &goals {
        let watch = |reporter| Ok::<_, Problem>(Watch::begin(reporter, goal, site.last_run(&goal.server)?));
        let watch = reporter.map(watch).transpose()?;
        let approval = approved.as_ref().map(|plan| approval(plan, goal, &input.sha256())).transpose()?;
        let ran = match &mut site {
            Site::Lab(lab) => {
                let mut host = lab.host(&goal.server).map_err(Problem::input)?;
                session.converge(&mut host, goal, approval.as_ref(), watch)?
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
                    voice.say(&format!("  {said}"));
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

/// What is remembered of a server, and its time.
#[cfg_attr(windows, expect(clippy::disallowed_methods, reason = "the edge: the time of this machine"))]
fn remembered(site: &mut Site, server: &ServerName) -> Result<(Marks, Timestamp), Problem> {
    match site {
        Site::Lab(lab) => {
            let marks = lab.host(server).map_err(Problem::input)?.marks().map_err(Problem::failed)?;
            let simulated =
                lab.world().servers.get(server).ok_or_else(|| Problem::input(format!("no server {server}")))?;
            Ok((marks, simulated.clock))
        }
        #[cfg(windows)]
        Site::Machine(host) => Ok((host.marks().map_err(Problem::failed)?, Timestamp::now())),
    }
}

/// One call of `apply`, on one server or on all servers of a lab.
struct Session<'a> {
    args: &'a Apply,
    input: &'a Input,
    interrupts: Interrupts,
    run: RunId,
    lab: bool,
    user: String,
}

impl Session<'_> {
    /// Runs one server to its goal, or as far as it may go, and lets the run be watched.
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
                    watch.end(Judgement::of_run(outcome, server), seen, self.lab, stale.as_ref());
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
        if self.args.scope.output == Output::Text || watch.is_some() {
            let before = host.observe(goal).map_err(Problem::failed)?;
            watch.iter_mut().for_each(|watch| watch.seen_at(before.at));
            self.say(&format!("\n{}", render::heading(&heading(goal, before.core(goal.product), self.lab))))?;
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
            forgive: self.args.retry,
            interrupted: &|| self.interrupts.halt(),
        };
        let mut progress = Progress::new(goal, &self.interrupts);
        let alarm = watch.as_ref().map(Watch::alarm);
        let tell = |due, lasted, at| alarm.iter().for_each(|alarm| alarm(due, lasted, at));
        let outcome = watched(goal, &tell, |budget| {
            let mut on = |event: Event<'_>| {
                progress.on(&event);
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
        let server = ServerRun { notes, ..server_run(goal, &outcome, heading, self.waiter()) };
        Ok(Ran { outcome, server, seen: now })
    }

    /// Remembers the manifest that is followed from here on.
    fn accept<H: Act>(&self, host: &mut H, goal: &Goal) -> Result<(), Problem> {
        let accepting = self.input.accepting(&host.marks().map_err(Problem::failed)?);
        // A journal that cannot be written keeps nothing down that is to be started; before a stop it is asked for again.
        if let Some(Err(error)) = accepting.map(|mark| host.mark(&self.run, &mark)) {
            tracing::warn!(server = %goal.server, "the serial of the manifest is not remembered: {error}");
        }
        Ok(())
    }

    /// Who goes on where this run must wait.
    fn waiter(&self) -> Waiter<'_> {
        // On a server somebody may have started it by hand, so the Task Scheduler is asked all the same.
        match self.lab && self.args.unattended {
            true => Waiter::Task,
            false => Waiter::of(self.lab, &self.args.scope.manifest),
        }
    }

    fn say(&self, text: &str) -> Result<(), Problem> {
        if self.args.scope.output == Output::Text {
            print(text)?;
        }
        Ok(())
    }

    /// Shows what would be done to a real server, at once or when what forbids it now is over, and asks; the answer holds the run to
    /// it. A server at its goal is no question. Where nobody can answer, `--yes` is the answer, and holds it to nothing.
    #[cfg(windows)]
    fn confirm<H: reconcile_core::Observe>(&self, host: &mut H, goal: &Goal) -> Result<Option<Approved>, Problem> {
        use std::io::{BufRead, IsTerminal, Write};

        if self.args.yes || self.args.unattended {
            return Ok(None);
        }
        let seen = crate::plan::look(host, goal)?;
        let asked = crate::plan::question(goal, &seen, false, self.waiter());
        if asked.state == State::AtGoal {
            return Ok(None);
        }
        let steps = asked.steps.iter().map(|step| step.step.clone()).collect();
        let blocked = asked.blocked_by.is_some();
        print(&render::plan(&crate::plan::of(vec![asked])))?;
        if !std::io::stdin().is_terminal() {
            return Err(Problem::usage("this changes a real server and nobody can be asked here: add --yes"));
        }
        let when = if blocked { "as soon as nothing forbids them" } else { "now" };
        let _ = write!(anstream::stderr(), "Run these steps {when}? Type yes: ");
        let mut answer = String::new();
        std::io::stdin().lock().read_line(&mut answer).map_err(Problem::failed)?;
        if answer.trim() == "yes" {
            Ok(Some(Approved { steps, moved: None }))
        } else {
            Err(Problem::not_confirmed("not confirmed; nothing was changed"))
        }
    }
}

fn server_run(goal: &Goal, outcome: &Outcome, server: reconcile_schema::Heading, waiter: Waiter<'_>) -> ServerRun {
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
    ServerRun {
        server,
        state,
        code: outcome.end.code(),
        changed: !outcome.steps.is_empty(),
        restarting: outcome.end == End::GoingDown,
        steps: outcome.steps.clone(),
        outage_seconds: outcome.outage.map_or(0, reconcile_schema::Period::as_seconds),
        quiet_seconds: outcome.quiet.map(reconcile_schema::Period::as_seconds),
        left_down: outcome.left_down.clone(),
        started_again: outcome.started_again.clone(),
        opens,
        notes: Vec::new(),
        blocked_by,
        reason: outcome.reason.clone(),
        help,
    }
}

/// The largest plan, in bytes: ten thousand servers take less.
const LARGEST_PLAN: u64 = 64 << 20;

/// An approved plan.
///
/// # Errors
/// When it is no plan of this version.
pub fn read_plan(path: &Path) -> Result<PlanReport, Problem> {
    let wrong = |error: &dyn std::fmt::Display| {
        Problem::input(format!("{}: expected a plan that `reconcile plan --out` wrote: {error}", path.display()))
    };
    let text = read_plain(path, LARGEST_PLAN).map_err(|error| wrong(&error))?;
    let plan: PlanReport = serde_json::from_slice(&text).map_err(|error| wrong(&error))?;
    let written = serde_json::from_slice(&text).map_err(Problem::failed)?;
    if let Some(field) = unread(&written, &serde_json::to_value(&plan).map_err(Problem::failed)?) {
        return Err(wrong(&format!("unknown field {field}")));
    }
    if plan.version != REPORT_VERSION {
        return Err(wrong(&format!("expected version {REPORT_VERSION}, found {}", plan.version)));
    }
    Ok(plan)
}

/// What a plan approves for a goal, and what it rests on that has changed since.
fn approval(plan: &PlanReport, goal: &Goal, manifest: &Sha256) -> Result<Approved, Problem> {
    let planned = plan.servers.iter().find(|server| server.server.name == goal.server);
    let planned = planned.ok_or_else(|| not_planned(&goal.server))?;
    let Some(rests) = &planned.rests_on else {
        return Err(Problem::input(format!(
            "the plan for {} does not say what it rests on, as plans of earlier versions: plan again",
            goal.server
        )));
    };
    let steps = planned.steps.iter().map(|step| step.step.clone()).collect();
    Ok(Approved { steps, moved: moved(planned, rests, goal, manifest) })
}

/// What has changed of what a plan rests on: the first thing that says most.
fn moved(planned: &ServerPlan, rests: &Rests, goal: &Goal, manifest: &Sha256) -> Option<String> {
    let (then, now) = (&rests.installer, &goal.installer);
    let stores = |stores: &[Store]| stores.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let facts = [
        ("the target", planned.server.target.to_string(), goal.core.to_string()),
        ("the product", planned.server.product.to_string(), goal.product.to_string()),
        ("the role", rests.role.to_string(), goal.role.to_string()),
        ("the path of the installer", then.path.clone(), now.path.clone()),
        ("the SHA-256 of the installer", then.sha256.to_string(), now.sha256.to_string()),
        ("the publisher of the installer", then.publisher.clone(), now.publisher.clone()),
        ("the databases", stores(&rests.stores), stores(&goal.stores)),
    ];
    let moved = facts.into_iter().find(|(_, then, now)| then != now);
    let moved = moved.map(|(what, then, now)| format!("{what} was {then}, and is {now}"));
    moved.or_else(|| (rests.manifest != *manifest).then(|| "the manifest has changed since".into()))
}

fn not_planned(server: &ServerName) -> Problem {
    Problem::input(format!("the approved plan does not name {server}: plan again, or choose servers with --server"))
}
