//! What `doctor` found: for a terminal, and for a ticket.

use std::fmt::Write;

use anstyle::Style;
use reconcile_schema::{CheckArea, CheckReport, DoctorReport, ServerDiagnosis, Verdict};

use crate::manifest::diagnostic::escape;
use crate::show::columns::{hanging, sentence};
use crate::show::drift::markdown::plain;
use crate::show::render::{BAD, FAINT, GOOD, NAME, WAITS, heading};
use crate::work::words::plural;

/// For a terminal.
pub fn text(report: &DoctorReport) -> String {
    let mut out = String::new();
    for server in &report.servers {
        out += &of_server(server);
        out.push('\n');
    }
    let _ = writeln!(out, "Doctor: {}.", summary(report));
    out
}

fn of_server(server: &ServerDiagnosis) -> String {
    let mut out = heading(&server.server);
    let mut area: Option<CheckArea> = None;
    for check in server.checks.iter().filter(|check| check.verdict != Verdict::NotAsked) {
        if area != Some(check.area) {
            area = Some(check.area);
            let _ = writeln!(out, "\n  {NAME}{}{NAME:#}", sentence(check.area.title()).trim_end_matches('.'));
        }
        out += &row(check);
    }
    let left: Vec<_> = server.checks.iter().filter(|check| check.verdict == Verdict::NotAsked).collect();
    if !left.is_empty() {
        let names: Vec<_> = left.iter().map(|check| check.id.key()).collect();
        let _ = writeln!(
            out,
            "\n  {FAINT}{}{FAINT:#}",
            hanging("", &format!("not asked here: {}", names.join(", ")), 2).trim()
        );
    }
    out
}

/// A check: what was found and, where that is not as assumed, what was assumed, and what to do.
fn row(check: &CheckReport) -> String {
    let style = style(check);
    let name = format!("  {style}{:<8}{style:#} {:<16}  ", check.verdict.word(), check.id.key());
    let mut out = name + &hanging("", &escape(&check.found), BESIDE);
    if check.help.is_some() {
        out += &aside("assumed", &format!("{} ({})", check.assumed, check.source));
    }
    if let Some(reason) = &check.ignored {
        out += &aside("ignored", &escape(reason));
    }
    if let Some(help) = &check.help {
        out += &aside("do", help);
    }
    out
}

/// Where what was found begins.
const BESIDE: usize = 29;

fn aside(name: &str, text: &str) -> String {
    format!("{}{FAINT}{}{FAINT:#}\n", " ".repeat(BESIDE), hanging(&format!("{name}: "), text, BESIDE).trim_end())
}

const fn style(check: &CheckReport) -> Style {
    match check.verdict {
        Verdict::Ok => GOOD,
        Verdict::Fault if check.ignored.is_some() => WAITS,
        Verdict::Fault => BAD,
        Verdict::Unknown if check.forbids => BAD,
        Verdict::Warning | Verdict::Unknown => WAITS,
        Verdict::NotAsked => FAINT,
    }
}

/// How many checks had which result, and what that means.
fn summary(report: &DoctorReport) -> String {
    let checks: Vec<_> = report.servers.iter().flat_map(|server| &server.checks).collect();
    let count = |verdict| checks.iter().filter(|check| check.verdict == verdict).count();
    let mut parts = vec![format!("{} {}", report.servers.len(), plural(report.servers.len(), "server"))];
    for verdict in [Verdict::Fault, Verdict::Warning, Verdict::Unknown, Verdict::Ok] {
        let number = count(verdict);
        if number > 0 {
            let word = if matches!(verdict, Verdict::Fault | Verdict::Warning) {
                plural(number, verdict.word())
            } else {
                verdict.word().into()
            };
            parts.push(format!("{number} {word}"));
        }
    }
    let forbids = report.servers.iter().filter(|server| server.checks.iter().any(|check| check.forbids)).count();
    let end = match forbids {
        0 => "no check keeps a run from taking a server down".to_owned(),
        1 => "one server would not be taken down".to_owned(),
        more => format!("{more} servers would not be taken down"),
    };
    format!("{}; {end}", parts.join(", "))
}

/// For a ticket.
pub fn markdown(report: &DoctorReport) -> String {
    let mut out = format!("## Doctor\n\n{}\n", plain(&sentence(&summary(report))));
    for server in &report.servers {
        let (name, product, target) = (&server.server.name, server.server.product, &server.server.target);
        let found = server.server.found.as_ref().map_or_else(|| "unknown".into(), ToString::to_string);
        let lab = if server.server.lab { " (simulated)" } else { "" };
        let _ = write!(
            out,
            "\n### {name}{lab}\n\n{product}, {found} → {target}\n\n| check | result | found | what to do |\n|---|---|---|---|\n"
        );
        for check in server.checks.iter().filter(|check| check.verdict != Verdict::NotAsked) {
            let ignored = check.ignored.as_ref().map_or_else(String::new, |reason| format!(" (ignored: {reason})"));
            let (word, id) = (check.verdict.word(), check.id.key());
            let found = plain(&format!("{}{ignored}", check.found));
            let _ =
                writeln!(out, "| `{id}` | {word} | {found} | {} |", plain(check.help.as_deref().unwrap_or_default()));
        }
    }
    out
}
