//! A run that cannot use its manifest still starts the services that an earlier run stopped, and reports that.

use std::path::{Path, PathBuf};

use reconcile_core::{Act, End, Event, Goal, Observe, Outcome, Request, bring_back};
use reconcile_hosts::{
    Lock,
    lab::{Lab, World},
};
use reconcile_schema::{Build, Code, Product, RunId, ServerName};

use crate::manifest::{problem::Problem, source::Source};
use crate::manifest::{text, world};
use crate::work::session::{Patience, lock_at, run_name, user};

/// The same problem, after the services that an earlier run stopped were started, with the result. Nothing changes for
/// a problem without relation to the manifest.
pub fn rescued(problem: Problem, manifest: &Path) -> Problem {
    let Some(is_anybodys) = is_anybodys(problem.code()) else { return problem };
    match rescue(manifest, is_anybodys) {
        Ok(told) if told.is_empty() => problem,
        Ok(told) => problem.and(&told.join("\n")),
        Err(why) => {
            problem.and(&format!("what an earlier run may have stopped could not be brought back: {}", why.text()))
        }
    }
}

/// Whether nobody vouches for the content of a manifest with this problem, not even that it belongs to a lab; none for a
/// problem without relation to the manifest. A manifest that cannot be read is a wrong one.
fn is_anybodys(code: Code) -> Option<bool> {
    let is_anybodys = matches!(code, Code::Untrusted | Code::ManifestUntrusted);
    let is_refused =
        matches!(code, Code::InputWrong | Code::ManifestOlder | Code::ManifestExpired | Code::ManifestOther);
    (is_anybodys || is_refused).then_some(is_anybodys)
}

/// Starts what earlier runs stopped here, and returns a report for each server.
fn rescue(manifest: &Path, is_anybodys: bool) -> Result<Vec<String>, Problem> {
    let world = world(manifest);
    // Only the journal of this machine counts: a manifest that somebody else wrote must not lead away from it.
    let here = if world.is_none() || is_anybodys { here() } else { Ok(Vec::new()) };
    // On a server, a file that anybody wrote names no place that is written to.
    let world = world.filter(|path| path.exists() && !(is_anybodys && cfg!(windows)));
    let lab = world.map_or_else(|| Ok(Vec::new()), |path| in_lab(&path));
    Ok([here?, lab?].concat())
}

/// The place of the lab, if the manifest belongs to one, as far as that can be read.
fn world(manifest: &Path) -> Option<PathBuf> {
    let source = Source::of(manifest, text::bytes(manifest).ok()?).ok()?;
    let world = source.value().pointer("/lab/world")?.as_str()?.parse().ok()?;
    world::fault(manifest, &world).is_none().then(|| world::place(manifest, &world))
}

fn in_lab(path: &Path) -> Result<Vec<String>, Problem> {
    let open = || Lab::open(path, World::default).map_err(Problem::failed);
    let mut lab = open()?;
    let names: Vec<ServerName> = lab.world().servers.keys().cloned().collect();
    let (mut stopped, mut told) = (Vec::new(), Vec::new());
    for name in names {
        let mut host = lab.host(&name).map_err(Problem::failed)?;
        match goal(&mut host, &name)? {
            Some(_) => stopped.push(name),
            None => told.extend(doubt(&mut host, &name)?),
        }
    }
    if !stopped.is_empty() {
        let (run, _lock) = lock(&Lab::lock_path(path))?;
        let mut lab = open()?; // Another run may have changed it before the lock was ours.
        for name in stopped {
            told.extend(one(&mut lab.host(&name).map_err(Problem::failed)?, &name, run.clone())?);
        }
    }
    Ok(told)
}

#[cfg(windows)]
fn here() -> Result<Vec<String>, Problem> {
    use reconcile_hosts::windows::{WindowsHost, lock_path, name};

    let name = name().map_err(Problem::failed)?;
    let mut host = WindowsHost::open().map_err(Problem::failed)?;
    if goal(&mut host, &name)?.is_none() {
        return Ok(doubt(&mut host, &name)?.into_iter().collect());
    }
    let (run, _lock) = lock(&lock_path().map_err(Problem::failed)?)?;
    let mut host = host.to_act(reconcile_hosts::Interrupt::default()).map_err(Problem::failed)?;
    Ok(one(&mut host, &name, run)?.into_iter().collect())
}

#[cfg(not(windows))]
const fn here() -> Result<Vec<String>, Problem> {
    Ok(Vec::new())
}

/// The goal from the journal, if a run stopped services.
fn goal<H: Observe>(host: &mut H, name: &ServerName) -> Result<Option<Goal>, Problem> {
    let marks = host.marks().map_err(Problem::failed)?;
    let known = Goal::recorded(&marks, name, None);
    if known.is_some() || marks.baseline.is_none() {
        return Ok(known);
    }
    // The lines are lost that name the product. What is installed is what was patched.
    for product in Product::ALL {
        let any = Build { line: product.line(), revision: 0 };
        let Some(goal) = Goal::recorded(&marks, name, Some(&any)) else { continue };
        if let Some(installed) = host.observe(&goal).map_err(Problem::failed)?.core(product) {
            return Ok(Goal::recorded(&marks, name, Some(installed)));
        }
    }
    Err(Problem::failed(format!(
        "an earlier run stopped services of {name} ({}), its journal is damaged, and no product is found there: start them",
        marks.baseline.map(|baseline| baseline.running.join(", ")).unwrap_or_default()
    )))
}

/// What is unknown of a server whose journal records no stop that can be read.
fn doubt<H: Observe>(host: &mut H, name: &ServerName) -> Result<Option<String>, Problem> {
    let damaged = host.marks().map_err(Problem::failed)?.damaged;
    Ok(damaged.map(|damage| {
        format!("{name}: its journal is damaged: {damage}; services that an earlier run stopped may still be down")
    }))
}

fn lock(path: &Path) -> Result<(RunId, Lock), Problem> {
    let run = RunId(run_name());
    let lock = lock_at(path, &run, Patience::NONE)?;
    Ok((run, lock))
}

/// Starts what was stopped on one server, once the lock is held.
fn one<H: Act>(host: &mut H, name: &ServerName, run: RunId) -> Result<Option<String>, Problem> {
    let Some(goal) = goal(host, name)? else { return Ok(None) }; // Another run has done it meanwhile.
    let ran = host.marks().map_err(Problem::failed)?.baseline.map(|baseline| baseline.running).unwrap_or_default();
    let by = user();
    let request = Request {
        goal: &goal,
        run,
        version: env!("CARGO_PKG_VERSION"),
        by: &by,
        approved: None,
        forgive: false,
        interrupted: &|| None,
    };
    let mut on = |event: Event<'_>| {
        if let Event::Began(step, cause, _) = event {
            tracing::info!(server = %name, ?step, %cause, "brings services back");
        }
    };
    let outcome = bring_back(host, &request, &mut on).map_err(Problem::failed)?;
    let installer = host.observe(&goal).map_err(Problem::failed)?.installer;
    Ok(Some(told(name, &ran, &outcome, installer.as_deref())))
}

/// The result for the services of a server.
fn told(name: &ServerName, ran: &[String], outcome: &Outcome, installer: Option<&str>) -> String {
    let outage = outcome.outage.unwrap_or_default();
    if outcome.left_down.is_empty() {
        return format!(
            "{name}: the services that an earlier run had stopped run again, after {outage}: {}",
            ran.join(", ")
        );
    }
    let why = match (&outcome.end, installer) {
        (End::Blocked(blocker), _) if blocker.code() != Code::InputWrong => format!(" ({blocker})"),
        (_, Some(what)) => format!(" (an installation is in progress, and nothing is started beneath it: {what})"),
        (End::Blocked(_) | End::AtGoal | End::GoingDown, None) => String::new(),
    };
    format!(
        "{name}: not running since an earlier run stopped services {outage} ago: {}{why}",
        outcome.left_down.join(", ")
    )
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::manifest::input::Input;

    #[test]
    fn a_manifest_that_cannot_be_read_is_a_reason_to_bring_services_back() {
        let folder = tempfile::tempdir().unwrap();
        for unreadable in [folder.path().to_owned(), folder.path().join("missing.yaml")] {
            let problem = Input::read(&unreadable).err().unwrap();
            assert_eq!(is_anybodys(problem.code()), Some(false), "{}", problem.text());
        }
        assert_eq!(is_anybodys(Code::Untrusted), Some(true));
        assert_eq!(is_anybodys(Code::AnotherRun), None);
    }
}
