//! What people see: plans and outcomes as text, at most 100 columns wide.

use std::{fmt::Write, path::Path};

use anstyle::{AnsiColor, Style};
use reconcile_schema::{
    Basis, FindingReport, Foreign, Heading, OutageForecast, Period, PlanReport, RunReport, ServerName, ServerPlan,
    ServerRun, State, UnpublishedService,
};

use crate::manifest::diagnostic::escape;
use crate::work::words::{again, details, plural, sentence};

/// Bold, for names.
pub const NAME: Style = Style::new().bold();
/// Faint, for what can be skipped.
pub const FAINT: Style = Style::new().dimmed();
/// Green, for good news.
pub const GOOD: Style = AnsiColor::Green.on_default();
/// Yellow, for warnings and waiting.
pub const WAITS: Style = AnsiColor::Yellow.on_default();
/// Red, for bad news.
pub const BAD: Style = AnsiColor::Red.on_default();

/// The cause of a step that is decided by a fact which is read immediately before it.
pub const UNSURE: &str = "if Test-CsDatabase shows a difference at that point";

/// The longest list of differences of a server; the rest is counted.
const SHOWN: usize = 8;

/// The server, its build and its target.
pub fn heading(heading: &Heading) -> String {
    let lab = if heading.lab { "  (simulated)" } else { "" };
    let (name, product, target) = (&heading.name, heading.product, &heading.target);
    let from = heading.found.as_ref().map_or_else(|| "unknown".into(), ToString::to_string);
    let way = match &heading.found {
        Some(found) if found == target => from,
        Some(found) if found > target => format!("{from}, declared {target}"),
        Some(_) | None => format!("{from} → {target}"),
    };
    format!("{NAME}{name}{NAME:#}{FAINT}{lab}{FAINT:#}\n{product}, {way}\n")
}

pub fn plan(report: &PlanReport) -> String {
    let mut out = String::new();
    for server in &report.servers {
        out += &server_plan(server);
        out.push('\n');
    }
    let steps: usize = report.servers.iter().map(|server| server.steps.len()).sum();
    let servers = format!("{} {}", report.servers.len(), plural(report.servers.len(), "server"));
    let steps = format!("{steps} {} to run", plural(steps, "step"));
    let states = [State::AtGoal, State::Blocked, State::NeedsOperator, State::Unknown, State::Failed];
    let states = counted(&states, report.servers.iter().map(|server| server.state));
    let parts: Vec<_> = [servers, steps].into_iter().chain(states).collect();
    let _ = writeln!(out, "Plan: {}.", parts.join(", "));
    out
}

/// Where a plan was saved, and how it is carried out.
pub fn saved(plan: &Path, manifest: &Path, servers: &[ServerName]) -> String {
    let (plan, manifest) = (escape(&plan.display().to_string()), escape(&manifest.display().to_string()));
    let servers: String = servers.iter().map(|name| format!(" --server {name}")).collect();
    format!("Saved in {plan}. Once it is approved: reconcile apply {manifest} --plan {plan}{servers}\n")
}

/// How many servers are in each of these states, where any is.
fn counted(states: &[State], servers: impl Iterator<Item = State> + Clone) -> impl Iterator<Item = String> {
    let count = move |of: &State| match servers.clone().filter(|state| state == of).count() {
        0 => None,
        count => Some(format!("{count} {}", word(*of))),
    };
    states.iter().filter_map(count)
}

fn server_plan(server: &ServerPlan) -> String {
    let mut out = heading(&server.server);
    out += &difference(&server.findings);
    out += &unpublished(&server.unpublished_services);
    for name in &server.not_installed {
        let name = escape(name.as_str());
        let _ = writeln!(out, "   {FAINT}·{FAINT:#}  {name} is named under alsoStop and is not installed here");
    }
    for note in &server.notes {
        let _ = writeln!(out, "   {WAITS}!{WAITS:#}  {}", escape(note));
    }
    for foreign in &server.foreign_services {
        let _ = writeln!(out, "   {WAITS}!{WAITS:#}  {}", holds(foreign));
    }
    let mut last = "";
    for (number, step) in server.steps.iter().enumerate() {
        let (number, command) = (number + 1, escape(&step.command));
        let _ = writeln!(out, "  {number:>2}  {command}");
        let because = if step.certain { step.because.as_str() } else { UNSURE };
        if because != last {
            let _ = writeln!(out, "      {FAINT}{}{FAINT:#}", escape(because));
        }
        last = because;
    }
    if let Some(opens) = &server.opens {
        let _ = writeln!(out, "   {WAITS}…  in the maintenance window of {}{WAITS:#}", opens.shown);
    }
    if let Some(forecast) = &server.outage {
        out += &outage(forecast);
    }
    match (&server.blocked_by, server.state) {
        (Some(blocker), state) => {
            let style = style(state);
            let _ = writeln!(out, "   {style}!  {}: {}{style:#}", word(state), escape(blocker));
            if let Some(help) = &server.help {
                let _ = writeln!(out, "      next: {}", escape(help));
            }
        }
        (None, State::AtGoal) => {
            let _ = writeln!(out, "   {GOOD}=  at its goal, nothing to do{GOOD:#}");
        }
        (None, State::Drift | State::Blocked | State::Unknown | State::NeedsOperator | State::Failed) => {}
    }
    out
}

/// How long the services will be down, how that is known, and when they are expected back.
fn outage(forecast: &OutageForecast) -> String {
    let (median, p95) = (Period::seconds(forecast.median_seconds), Period::seconds(forecast.p95_seconds));
    let most = if p95 > median { format!(", in 19 of 20 cases at most {p95}") } else { String::new() };
    let basis = match forecast.basis {
        Basis::Recorded => "recorded here",
        Basis::Estimated => "estimated",
        Basis::Assumed => "assumed",
    };
    let budget = forecast.budget_seconds.map(Period::seconds);
    let (style, budget) = match budget {
        Some(budget) if median > budget => (WAITS, format!("; above the budget of {budget}")),
        Some(budget) => (Style::new(), format!("; the budget is {budget}")),
        None => (Style::new(), String::new()),
    };
    let mut out = format!("   {style}·  outage: about {median}{most} ({basis}){budget}{style:#}\n");
    if let Some(back) = &forecast.back {
        let _ = writeln!(out, "   ·  services back: about {}", back.shown);
    }
    out
}

/// The differences between a server and its goal, one line each.
fn difference(findings: &[FindingReport]) -> String {
    let mut out = String::new();
    for finding in findings.iter().take(SHOWN) {
        let (subject, desired, observed) =
            (escape(&finding.subject), escape(&finding.desired), escape(&finding.observed));
        let _ = match finding.code.as_str() {
            "unknown" => writeln!(out, "   {WAITS}?{WAITS:#}  {subject}: {observed}"),
            _ => writeln!(out, "   {WAITS}~{WAITS:#}  {subject}: {observed} → {desired}"),
        };
    }
    if let Some(rest) = findings.len().checked_sub(SHOWN).filter(|rest| *rest > 0) {
        let _ = writeln!(out, "   {FAINT}~  and {rest} more{FAINT:#}");
    }
    out
}

/// The services that no published list names, one line each.
fn unpublished(services: &[UnpublishedService]) -> String {
    let mut out = String::new();
    for UnpublishedService { name, recognised } in services {
        let (name, recognised) = (escape(name), escape(&recognised.to_string()));
        let _ = writeln!(out, "   {FAINT}·{FAINT:#}  {name} belongs to the product: {recognised}");
    }
    out
}

/// A command with its times in the next column, or below it if the command is longer than its column.
pub fn row(lead: &str, command: &str, beside: &str) -> String {
    if command.chars().count() <= COMMAND {
        return format!("{lead}{command:COMMAND$} {beside}");
    }
    let indent = anstream::adapter::strip_str(lead).to_string().chars().count() + COMMAND;
    format!("{lead}{command}\n{:indent$} {beside}", "")
}

/// The width of the column that holds a command; with the times next to it a line of a terminal has 80 columns.
const COMMAND: usize = 46;

/// A service of others holds files that the update replaces.
pub fn holds(Foreign { service, pid, module }: &Foreign) -> String {
    format!("the service {} (process {pid}) holds {}, which the update may replace", escape(service), escape(module))
}

/// How the run on one server ended.
pub fn outcome(run: &ServerRun) -> String {
    let mut out = match &run.blocked_by {
        Some(blocker) => short(run.state, blocker),
        None if run.steps.is_empty() => format!("  {GOOD}=  at its goal, nothing was done{GOOD:#}\n"),
        None if run.outage_seconds == 0 => format!("  {GOOD}=  at its goal; nothing was taken down{GOOD:#}\n"),
        None => {
            let (outage, above) = (Period::seconds(run.outage_seconds), above_budget(run));
            format!("  {GOOD}=  at its goal; the longest outage was {outage}{above}{GOOD:#}\n")
        }
    };
    if run.blocked_by.is_some() {
        let _ = writeln!(out, "     {}", aftermath(run));
    }
    // The reason why the server is not at its goal stands above already.
    for note in run.notes.iter().filter(|note| note.code != run.code.key()) {
        let _ = writeln!(out, "     {WAITS}{}{WAITS:#}", escape(&sentence(note)));
    }
    if let Some(lasted) = run.quiet_seconds {
        let lasted = Period::seconds(lasted);
        let _ = writeln!(out, "     {WAITS}the installer gave no sign of life for {lasted}{WAITS:#}");
    }
    for line in run.reason.iter().flat_map(details) {
        let _ = writeln!(out, "     {}", escape(&line));
    }
    for starts in &run.started_again {
        let _ = writeln!(out, "     {WAITS}{}{WAITS:#}", again(starts));
    }
    if let Some(help) = &run.help {
        let _ = writeln!(out, "     next: {}", escape(help));
    }
    out
}

/// Why a server is not at its goal.
pub fn short(state: State, why: &str) -> String {
    let style = style(state);
    format!("  {style}!  {}: {}{style:#}\n", word(state), escape(why))
}

/// A note if the outage exceeded its budget.
pub fn above_budget(run: &ServerRun) -> String {
    let budget = run.outage_budget_seconds.filter(|budget| run.outage_seconds > *budget);
    budget.map_or_else(String::new, |budget| format!(", above the budget of {}", Period::seconds(budget)))
}

/// The state in which a run that did not reach its goal leaves the server.
pub fn aftermath(run: &ServerRun) -> String {
    let outage = Period::seconds(run.outage_seconds);
    if run.restarting {
        return "services that start automatically come back with the server".into();
    }
    let above = above_budget(run);
    let services = match (run.left_down.as_slice(), run.outage_seconds) {
        ([], 0) if run.services_run => "all services run".into(),
        ([], _) if run.services_run => format!("all services run; the longest outage was {outage}{above}"),
        ([], _) => "it is not known whether all services run".into(),
        (down, 0) => format!("{BAD}not running: {}{BAD:#}", escape(&down.join(", "))),
        (down, _) => format!("{BAD}not running: {}; down for {outage} so far{above}{BAD:#}", escape(&down.join(", "))),
    };
    match (run.changed, &run.server.found) {
        (false, _) => format!("nothing was changed; {services}"),
        (true, Some(build)) => format!("{services}; Core Components is at {build}"),
        (true, None) => services,
    }
}

/// How all runs ended.
pub fn summary(report: &RunReport) -> String {
    let changed = report.servers.iter().filter(|server| server.changed).count();
    let parts: Vec<_> = counted(&State::ALL, report.servers.iter().map(|server| server.state)).collect();
    let total = report.servers.len();
    let log = report.log.as_ref().map_or_else(String::new, |log| format!("log: {}\n", escape(log)));
    format!("{total} {}: {}; {changed} changed.\n{log}", plural(total, "server"), parts.join(", "))
}

pub const fn word(state: State) -> &'static str {
    match state {
        State::AtGoal => "at goal",
        State::Drift => "drifted",
        State::Blocked => "blocked",
        State::Unknown => "unknown",
        State::NeedsOperator => "needs an operator",
        State::Failed => "failed",
    }
}

/// The colour of a state.
pub const fn style(state: State) -> Style {
    match state {
        State::AtGoal => GOOD,
        State::Drift | State::Blocked | State::Unknown => WAITS,
        State::NeedsOperator | State::Failed => BAD,
    }
}
