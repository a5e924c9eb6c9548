//! The scheduled task, for people.

use std::fmt::Write;

use reconcile_hosts::task::{PATH, told};
use reconcile_schema::{Period, ScheduleReport, ScheduledTask, TaskDifference};

use crate::manifest::diagnostic::escape;
use crate::show::render::NAME;
use crate::work::words::coming;

/// The answer of `schedule show`.
pub fn shown(report: &ScheduleReport) -> String {
    if !report.installed {
        return format!("{NAME}{PATH}{NAME:#} is not registered: reconcile schedule install MANIFEST registers it\n");
    }
    let mut out = format!("{NAME}{PATH}{NAME:#}\n");
    if let Some(task) = &report.task {
        out += &described(task);
    }
    if let Some(next) = &report.next {
        let _ = writeln!(out, "  {:<9} {}", "next", coming(next));
    }
    out += &differing(&report.differences);
    for problem in &report.problems {
        let _ = writeln!(out, "  {}", escape(&problem.why));
    }
    out += match (report.differences.is_empty(), report.problems.is_empty()) {
        (true, true) => "as it should be\n",
        (false, _) if report.task.is_some() => {
            "not as it should be: run reconcile schedule install with the options that you want\n"
        }
        (false, _) | (true, false) => "it will not do its work\n",
    };
    out
}

/// What the task does, and when.
pub fn described(task: &ScheduledTask) -> String {
    let put_off = if task.jitter == Period::default() {
        String::new()
    } else {
        format!(", put off by up to {} at random", task.jitter)
    };
    let lines = [
        ("mode", task.mode.key().into()),
        ("manifest", escape(&task.manifest)),
        ("program", escape(&task.program)),
        ("account", escape(&task.account)),
        ("starts", format!("at every boot and every {}{put_off}", task.every)),
        ("limit", format!("{} for one run", task.limit)),
    ];
    let mut out = String::new();
    for (what, said) in lines {
        let _ = writeln!(out, "  {what:<9} {said}");
    }
    out
}

/// One line for each difference.
pub fn differing(differences: &[TaskDifference]) -> String {
    differences.iter().map(|difference| format!("  {}\n", escape(&told(difference)))).collect()
}

#[cfg(test)]
#[path = "schedule_tests.rs"]
mod tests;
