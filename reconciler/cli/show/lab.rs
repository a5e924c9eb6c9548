//! Simulated servers, for people.

use std::fmt::Write;

use reconcile_hosts::lab::{Lab, Simulated};

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
