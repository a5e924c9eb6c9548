//! Simulated servers, for people.

use std::{fmt::Write, time::Duration};

use reconcile_hosts::lab::{Lab, Pace, Simulated};

use crate::show::render::{FAINT, NAME, WAITS};
use crate::work::words::plural;

/// The servers of a lab.
pub fn show(lab: &Lab) -> String {
    let mut out = String::new();
    for (name, server) in &lab.world().servers {
        let _ = write!(out, "{NAME}{name}{NAME:#}  {FAINT}(simulated){FAINT:#}\n{}", one(server));
    }
    out
}

fn one(server: &Simulated) -> String {
    let mut out = String::new();
    let mut builds: Vec<_> = server.components.values().map(ToString::to_string).collect();
    builds.sort_unstable();
    builds.dedup();
    let running = server.services.iter().filter(|service| service.is_running()).count();
    let databases = server.databases.iter().flat_map(|store| store.databases.values());
    let behind = databases.filter(|database| database.installed < database.expected).count();
    let _ = writeln!(out, "  {}, components at {}", server.product, builds.join(", "));
    let _ = writeln!(
        out,
        "  {running} of {} services run, {behind} {} behind, boot {}, {}",
        server.services.len(),
        plural(behind, "database"),
        server.boot,
        server.clock.strftime("%Y-%m-%d %H:%M:%S")
    );
    if !server.faults.is_empty() {
        let faults: Vec<_> = server.faults.iter().map(ToString::to_string).collect();
        let _ = writeln!(out, "  {WAITS}broken: {}{WAITS:#}", faults.join(", "));
    }
    out
}

/// How fast the clocks of a lab run from now on.
pub fn pace_set(pace: Option<Pace>, manifest: &str) -> String {
    match pace {
        None => "steps take no time, as in a new lab\n".into(),
        Some(pace) => {
            let minute = pace.passes(Duration::from_secs(60));
            format!(
                "a minute of yours is {minute} in the lab ({pace}); Ctrl-C works as on a real server\n\
                 Next: reconcile apply {manifest}\n\
                 To end it: reconcile lab pace {manifest} none\n"
            )
        }
    }
}
