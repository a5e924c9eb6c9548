//! Files that wait for a restart of Windows: where they matter, and that no restart is made without need.

use reconcile_core::{Blocker, End};
use reconcile_hosts::lab::Fault;
use reconcile_schema::{Reboots, Step};

use crate::{
    run::{How, Scene},
    space::{Case, KINDS, SMOOTH},
};

/// Servers of each kind with a file that no restart clears: one file elsewhere, one in a folder that matters.
pub fn waiting() -> Vec<Case> {
    let faults = [Fault::RenameElsewhere, Fault::RenameOutlasts];
    let policies = [Reboots::Never, Reboots::WhenRequired];
    let all = faults.into_iter().flat_map(|fault| policies.map(|reboot| (fault, reboot)));
    all.flat_map(|(fault, reboot)| KINDS.map(|kind| Case { kind, fault: Some(fault), reboot, ..SMOOTH })).collect()
}

/// A file elsewhere prevents nothing. A file that matters asks for a restart, once: if it outlasts that, the work
/// continues, in this run and in every later one.
pub fn one_restart_at_most(case: &Case) -> Result<usize, String> {
    let mut scene = Scene::of(case);
    let mut run = |name: &str| scene.run(&How { name, ..How::default() }).map_err(|error| error.to_string());
    let (first, second) = (run("run 1")?, run("run 2")?);
    let restarts = |steps: &[Step]| steps.iter().filter(|step| **step == Step::Reboot).count();
    let found = (restarts(&first.steps), first.end == End::AtGoal, second.steps.is_empty(), second.end == End::AtGoal);
    let expected = match (case.fault, case.reboot) {
        (Some(Fault::RenameOutlasts), Reboots::Never) => (0, false, true, false),
        (Some(Fault::RenameOutlasts), _) => (1, true, true, true),
        _ => (0, true, true, true),
    };
    let is_blocked = matches!(first.end, End::Blocked(Blocker::Reboot { .. }));
    match found == expected && is_blocked != expected.1 {
        true => Ok(2),
        false => Err(format!("{:?} {:?}, then {:?} {:?}", first.steps, first.end, second.steps, second.end)),
    }
}
