//! What stands between servers and their next steps, for a terminal.

use std::fmt::Write;

use reconcile_schema::{ConditionReport, ServerWhy, State, WhyReport};

use crate::manifest::diagnostic::escape;
use crate::show::columns::hanging;
use crate::show::render::{BAD, FAINT, GOOD, NAME, heading};

/// Where the conditions begin.
const BESIDE: usize = 7;

/// For a terminal.
pub fn text(report: &WhyReport) -> String {
    report.servers.iter().map(server).collect::<Vec<_>>().join("\n")
}

fn server(server: &ServerWhy) -> String {
    let mut out = heading(&server.server);
    match (&server.command, server.state) {
        (Some(command), _) => {
            let _ = writeln!(out, "   next step: {NAME}{}{NAME:#}", escape(command));
            if let Some(because) = &server.because {
                let _ = writeln!(out, "      {FAINT}{}{FAINT:#}", escape(because));
            }
        }
        (None, State::AtGoal) => {
            let _ = writeln!(out, "   {GOOD}=  at its goal, no step is wanted{GOOD:#}");
        }
        (None, _) => {}
    }
    let unmet = server.conditions.iter().filter(|condition| !condition.met).count();
    for condition in &server.conditions {
        out += &row(condition);
    }
    let _ = match (&server.command, unmet) {
        (Some(_), 0) => writeln!(out, "   nothing keeps a run from taking it"),
        (_, 0) => Ok(()),
        (_, 1) => writeln!(out, "   one condition is not met"),
        (_, more) => writeln!(out, "   {more} conditions are not met"),
    };
    out
}

fn row(condition: &ConditionReport) -> String {
    if condition.met {
        let now = condition.now.as_ref().map_or_else(String::new, |now| format!(" ({})", escape(now)));
        return format!("   {GOOD}yes{GOOD:#} {}", hanging("", &format!("{}{now}", condition.needs), BESIDE));
    }
    let mut out = format!("   {BAD}no{BAD:#}  {}", hanging("", &condition.needs, BESIDE));
    let mut aside = |name: &str, text: &str| {
        let _ = write!(out, "{}{}", " ".repeat(BESIDE), hanging(&format!("{name}: "), text, BESIDE));
    };
    if let Some(now) = &condition.now {
        aside("now", &escape(now));
    }
    if let Some(who) = condition.who {
        aside("who", who.words());
    }
    if let Some(help) = &condition.help {
        aside("do", &escape(help));
    }
    out
}
