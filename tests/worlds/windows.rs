//! Maintenance windows, holds and spent outages: what is never done, what is stopped in time, and what continues.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use reconcile_core::{Act, Blocker, Class, End, Event, Goal, Observe, Outcome, Seen};
use reconcile_hosts::lab::{Fault, Kill, Simulated, When};
use reconcile_schema::{
    Durations, Estimates, Maintenance, Mark, Marks, OnExceed, Period, Phase, Reboots, ServiceState, Step,
};

use crate::{
    beside::Beside,
    converge::rests,
    rules::Rule,
    run::{How, Scene, run},
    space::{CURRENT, Case, Databases, KINDS, SMOOTH, Services, weekly},
    truth::{Fate, Memory, expected, fate, takes_down, wrong},
    watch::Watched,
};

type Windows = Option<Arc<Maintenance>>;

/// Windows that are open at any time.
fn always() -> [Windows; 3] {
    [
        weekly("UTC", &[("daily", "00:00", "24:00")], None),
        weekly("Pacific/Kiritimati", &[("daily", "00:00", "12:00"), ("daily", "12:00", "24:00")], None),
        weekly("Eastern Standard Time", &[("mon-fri", "00:00", "24:00"), ("sat,sun", "00:00", "24:00")], None),
    ]
}

/// Windows that are closed at 02:00 on Sunday, 2026-01-04, and for some hours after it.
fn shut() -> [Windows; 4] {
    [
        weekly("UTC", &[("sat", "22:00", "02:00")], None),
        weekly("UTC", &[("sun", "12:00", "16:00")], None),
        weekly("UTC", &[("daily", "00:00", "24:00")], Some("2026-01-04")),
        weekly("Asia/Kolkata", &[("mon-sat", "00:00", "24:00")], None),
    ]
}

/// A window in which the run begins, and that closes this many minutes later.
fn closing_after(minutes: u32) -> Windows {
    weekly("UTC", &[("sun", "00:00", &format!("{:02}:{:02}", 2 + minutes / 60, minutes % 60))], None)
}

/// The rules of the world, with these windows.
fn in_windows(case: &Case, windows: &Windows) -> Scene {
    let mut scene = Scene::of(case);
    scene.goal.rules.maintenance.clone_from(windows);
    scene
}

fn go(scene: &mut Scene, name: &str) -> Result<Outcome, String> {
    scene.run(&How { name, ..How::default() }).map_err(|error| error.to_string())
}

/// The faults after a run, whatever its result.
fn faults(scene: &mut Scene, outcome: &Outcome) -> Vec<String> {
    let mut faults = std::mem::take(&mut scene.watch.violations);
    faults.extend(wrong(&scene.goal, &scene.ran, scene.now(), outcome, Memory::Whole));
    // A run that is abandoned does not stop again what the installer started.
    let starts = scene.case.installer == Some(Fault::InstallerStartsServices);
    faults.retain(|fault| !(starts && Rule::StoppedStaysStopped.is_in(fault)));
    faults
}

fn none(faults: &[String], what: &str) -> Result<(), String> {
    if faults.is_empty() { Ok(()) } else { Err(format!("{what}: {faults:?}")) }
}

/// Once nothing forbids it any more, a run has the expected result.
fn finishes(scene: &mut Scene, what: &str) -> Result<(), String> {
    scene.goal.rules.maintenance = None;
    let outcome = go(scene, "the last run")?;
    let mut faults = faults(scene, &outcome);
    if fate(&outcome.end) != expected(&scene.case) {
        faults.push(format!("expected {:?}, found {:?}", expected(&scene.case), outcome.end));
    }
    if faults.is_empty() && fate(&outcome.end) == Fate::Goal {
        faults.extend(rests(scene));
    }
    none(&faults, &format!("{what}, and the run after it"))
}

fn work(case: &Case) -> bool {
    case.current != CURRENT || case.databases == Databases::Behind
}

/// Windows that are always open change nothing: steps, end, server and journal are the same as with a manifest without
/// windows.
pub fn always_open(case: &Case) -> Result<usize, String> {
    let journey = |windows: &Windows| -> Result<(Outcome, Simulated, Marks), String> {
        let mut scene = in_windows(case, windows);
        let outcome = go(&mut scene, "run 1")?;
        let marks = scene.host().marks().unwrap();
        Ok((outcome, scene.now().clone(), marks))
    };
    let plain = journey(&None)?;
    for windows in always() {
        let found = journey(&windows)?;
        if found != plain {
            return Err(format!("with {windows:?}\n    expected {:?}\n    found    {:?}", plain.0, found.0));
        }
    }
    Ok(always().len())
}

/// In closed windows nothing is taken down. The package is prepared, stopped services are started, and when the window
/// opens, the run does the rest.
pub fn closed(case: &Case) -> Result<usize, String> {
    for windows in shut() {
        let mut scene = in_windows(case, &windows);
        let outcome = go(&mut scene, "run 1")?;
        let what = format!("closed {windows:?}: {:?} {:?}", outcome.steps, outcome.end);
        none(&faults(&mut scene, &outcome), &what)?;
        if takes_down(&outcome.steps) {
            return Err(format!("taken down, {what}"));
        }
        let opening = match outcome.end {
            End::AtGoal if !work(case) => continue,
            End::Blocked(ref blocker @ Blocker::WindowClosed { opens: Some(opening), .. })
                if blocker.class() == Class::Later && work(case) =>
            {
                opening
            }
            End::AtGoal | End::Blocked(_) | End::GoingDown => return Err(what),
        };
        let again = go(&mut scene, "run 2")?;
        if !again.steps.is_empty() {
            return Err(format!("another run does {:?}, {what}", again.steps));
        }
        let name = scene.goal.server.clone();
        scene.lab.change(&name, |server| server.pass(Period::between(server.clock, opening.from))).unwrap();
        let outcome = go(&mut scene, "run 3")?;
        none(&faults(&mut scene, &outcome), &what)?;
        if fate(&outcome.end) != expected(case) {
            return Err(format!("it opened, and the run came to {:?}, {what}", outcome.end));
        }
    }
    Ok(shut().len())
}

/// How the lengths of the steps are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    Nothing,
    Estimated,
    Recorded,
}

/// The steps of a lab take these times (`hosts/lab`), the second stop 10 seconds longer.
fn known(scene: &mut Scene, known: Known) {
    let (seconds, minutes) = (Period::seconds, Period::minutes);
    scene.goal.rules.outage_budget = minutes(60); // This test is about windows.
    match known {
        // A run that begins although no length is known: its budget is zero, and exceeding it only causes a warning.
        Known::Nothing => (scene.goal.rules.outage_budget, scene.goal.rules.on_exceed) = (minutes(0), OnExceed::Warn),
        Known::Estimated => {
            scene.goal.rules.estimates = Estimates {
                fail_over: None,
                stop: Some(seconds(165)),
                install: Some(minutes(11)),
                database: Some(minutes(3)),
                start: Some(seconds(245)),
                restart: Some(minutes(6)),
            };
        }
        Known::Recorded => {
            let mut durations = Durations::default();
            let recorded = [
                (Phase::Stop, seconds(150)),
                (Phase::StopAgain, seconds(10)),
                (Phase::StopWeb, seconds(5)),
                (Phase::Install, minutes(11)),
                (Phase::StartWeb, seconds(5)),
                (Phase::Database, minutes(3)),
                (Phase::Start, minutes(4)),
                (Phase::Restart, minutes(6)),
            ];
            recorded.into_iter().for_each(|(phase, length)| durations.push(phase, length));
            scene.tell(&[Mark::Carried { marks: Marks { durations, ..Marks::default() }.into() }]);
        }
    }
}

/// A step, the time of its beginning, and whether all of the product's services were stopped by then.
struct Taken {
    step: Step,
    at: Timestamp,
    down: bool,
}

/// Windows that close after every number of minutes that matters, with both policies that allow restarts.
///
/// Before the start of the installer, a run is abandoned once its window has closed, or is known to be too short, and
/// the services come back. After it, the run continues. Where every length is known and the installer does nothing
/// unusual, no outage ends after the window.
pub fn closing(case: &Case) -> Result<usize, String> {
    let mut runs = 0;
    for minutes in 0..=25 {
        for (knows, reboot) in [
            (Known::Nothing, Reboots::WhenRequired),
            (Known::Nothing, Reboots::InWindow),
            (Known::Estimated, Reboots::WhenRequired),
            (Known::Recorded, Reboots::InWindow),
        ] {
            let case = Case { reboot, ..*case };
            closes(&case, minutes, knows).map_err(|why| format!("{minutes} min, {knows:?}, {reboot:?}: {why}"))?;
            runs += 1;
        }
    }
    Ok(runs)
}

/// No failover begins if the window closes before the server could be back: the failover of 12 minutes must fit as
/// well.
pub fn fail_overs_fit(case: &Case) -> Result<usize, String> {
    let (seconds, minutes) = (Period::seconds, Period::minutes);
    for closes in 0..=45 {
        let mut scene = in_windows(case, &closing_after(closes));
        scene.goal.rules.estimates = Estimates {
            fail_over: Some(minutes(12)),
            stop: Some(seconds(15)),
            install: Some(minutes(11)),
            start: Some(seconds(330)),
            ..Estimates::default()
        };
        let until = minutes(closes).after(scene.now().clock);
        let outcome = go(&mut scene, "run 1")?;
        none(&faults(&mut scene, &outcome), &format!("{closes} min"))?;
        let (moved, done) = (outcome.steps.contains(&Step::FailOver), outcome.end == End::AtGoal);
        if moved != done || moved && scene.now().clock > until || moved != (closes >= 30) {
            return Err(format!("{closes} min: {:?} after {:?}", outcome.end, outcome.steps));
        }
    }
    Ok(46)
}

/// Where no length is known, a window must have room for the longest outage that is allowed, and for the hour that a
/// failover may take: no run begins in the last minutes of its window.
pub fn the_longest_fits(case: &Case) -> Result<usize, String> {
    let longest = if case.kind.is_in_pool() { 90 } else { 30 };
    for closes in [1, 15, 29, 30, 31, 60, 89, 90, 91] {
        let mut scene = in_windows(case, &closing_after(closes));
        let outcome = go(&mut scene, "run 1")?;
        none(&faults(&mut scene, &outcome), &format!("{closes} min"))?;
        // The update is copied before the window is checked for the last time.
        let (down, fits) = (takes_down(&outcome.steps), closes > longest);
        let named = match &outcome.end {
            End::Blocked(Blocker::WindowTooShort { lacking, .. }) => lacking.contains(&"install"),
            End::AtGoal | End::Blocked(_) | End::GoingDown => false,
        };
        if down != fits || named == fits {
            return Err(format!("{closes} min: {:?} after {:?}", outcome.end, outcome.steps));
        }
    }
    Ok(9)
}

fn closes(case: &Case, minutes: u32, knows: Known) -> Result<(), String> {
    let mut scene = in_windows(case, &closing_after(minutes));
    known(&mut scene, knows);
    let until = Period::minutes(minutes).after(scene.now().clock);
    let (goal, mut taken) = (scene.goal.clone(), Vec::new());
    let outcome = run(&mut scene.host(), &goal, &How { name: "run 1", ..How::default() }, &mut |event| {
        if let Event::Began(step, _, seen) = event {
            let services = seen.host.services.known().unwrap();
            let down = services.iter().all(|service| service.is_web() || service.is_stopped());
            taken.push(Taken { step: step.clone(), at: seen.host.at, down });
        }
    })
    .map_err(|error| error.to_string())?;
    let mut faults = faults(&mut scene, &outcome);
    let mut insist = |holds: bool, what: &str| {
        if !holds {
            faults.push(what.into());
        }
    };
    let installs = taken.iter().position(|taken| taken.step == Step::Install);
    let before = &taken[..installs.map_or(taken.len(), |nth| nth + 1)];
    let taken_down = before.iter().any(|taken| taken.step.takes_down());
    insist(before.iter().all(|one| !one.step.takes_down() || one.at < until), "begun after the window");
    for restart in taken.iter().filter(|taken| taken.step == Step::Reboot) {
        insist(restart.at < until || restart.down, "restarted after the window although it was up");
        insist(restart.at < until || case.reboot == Reboots::WhenRequired, "restarted after the window");
    }
    let for_windows =
        matches!(outcome.end, End::Blocked(Blocker::WindowClosed { .. } | Blocker::WindowTooShort { .. }));
    let restarts = matches!(case.installer, Some(Fault::InstallerAsksForReboot | Fault::InstallerBeginsReboot));
    match installs {
        // A restart ends one outage, and the databases may need another.
        Some(_) => insist(fate(&outcome.end) == expected(case) || restarts && for_windows, "it did not go on"),
        None => insist(for_windows || fate(&outcome.end) == expected(case), "given up for another reason"),
    }
    if knows != Known::Nothing && case.installer.is_none() {
        insist(!taken_down || scene.now().clock <= until, "down after a window that was known to be too short");
        insist(!taken_down || fate(&outcome.end) == expected(case), "taken down without effect");
    }
    let steps: Vec<_> = taken.iter().map(|taken| format!("{} at {:.0}", taken.step, taken.at)).collect();
    none(&faults, &format!("{steps:?} {:?}", outcome.end))?;
    finishes(&mut scene, &format!("{steps:?} {:?}", outcome.end))
}

/// The run is asked to end at every decision while the window is open, and the next run comes when it is closed:
/// running services are left running, whatever work remains.
pub fn found_behind(case: &Case) -> Result<usize, String> {
    for moment in 0.. {
        let [open, ..] = always();
        let [closed, ..] = shut();
        let mut scene = in_windows(case, &open);
        let how = How { name: "run 1", interrupted: Some(moment), ..How::default() };
        let first = scene.run(&how).map_err(|error| error.to_string())?;
        if !matches!(first.end, End::Blocked(Blocker::Interrupted)) {
            return Ok(moment);
        }
        scene.counts_as_before();
        scene.goal.rules.maintenance = closed;
        let up = scene.now().services.iter().all(|service| service.is_running() || !scene.ran.contains(&service.name));
        let second = go(&mut scene, "run 2")?;
        let what =
            format!("asked to end at {moment} after {:?}, then {:?} {:?}", first.steps, second.steps, second.end);
        none(&faults(&mut scene, &second), &what)?;
        if up && takes_down(&second.steps) {
            return Err(format!("taken down outside of the window: {what}"));
        }
        finishes(&mut scene, &what)?;
    }
    Ok(0)
}

/// The run is killed in every effect, and the server is on hold before the next run: services that the first run
/// stopped come back, and nothing else is done. After the release, the work continues.
pub fn held(case: &Case) -> Result<usize, String> {
    let effects = {
        let mut scene = Scene::of(case);
        let earlier = scene.watch.effects.len();
        go(&mut scene, "run 1")?;
        scene.watch.effects.len() - earlier
    };
    let mut holds = 0;
    for (effect, when) in (0..effects).flat_map(|effect| [When::Before, When::Midway, When::After].map(|w| (effect, w)))
    {
        let mut scene = Scene::of(case);
        let kill = Kill { effect: u32::try_from(effect).unwrap(), when };
        let _ = scene.run(&How { name: "run 1", kill: Some(kill), ..How::default() });
        scene.tell(&[Mark::Held { reason: "an audit".into(), by: "somebody".into() }]);
        let outcome = go(&mut scene, "run 2")?;
        let what = format!("{kill:?}, then held: {:?} {:?}", outcome.steps, outcome.end);
        none(&faults(&mut scene, &outcome), &what)?;
        let only = outcome.steps.iter().all(|step| matches!(step, Step::StartWeb | Step::StartServices));
        if !only || !matches!(outcome.end, End::AtGoal | End::Blocked(Blocker::Held { .. })) {
            return Err(what);
        }
        let again = go(&mut scene, "run 3")?;
        if !again.steps.is_empty() {
            return Err(format!("another run does {:?}, {what}", again.steps));
        }
        scene.counts_as_before();
        scene.tell(&[Mark::Released { by: "somebody".into() }]);
        finishes(&mut scene, &what)?;
        holds += 1;
    }
    Ok(holds)
}

/// The clock is set one year back or ahead after every act.
///
/// Outages and lengths are measured by a clock that nobody can set, within one boot. With a wrong clock it is unknown
/// whether a window is open. A clock that is behind the journal can be detected, and then nothing is taken down until a
/// person has checked it. A clock that is ahead looks the same as a server on which nobody ran anything for a year.
pub fn clock_set(case: &Case) -> Result<usize, String> {
    let smooth = {
        let mut scene = Scene::of(case);
        let outcome = go(&mut scene, "run 1")?;
        (outcome, scene.host().marks().unwrap().durations)
    };
    let (steps, restarts) = (&smooth.0.steps, smooth.0.steps.contains(&Step::Reboot));
    let year = SignedDuration::from_hours(365 * 24);
    let [open, ..] = always();
    let mut runs = 0;
    for (after, by, windows) in (1..=steps.len())
        .flat_map(|after| [year, -year].map(|by| (after, by)))
        .flat_map(|(after, by)| [None, open.clone()].map(|windows| (after, by, windows)))
    {
        let mut scene = in_windows(case, &windows);
        let goal = scene.goal.clone();
        let act = |host: &mut Watched<'_>, goal: &Goal, seen: &Seen, step: &Step| {
            let acted = host.act(goal, seen, step, &mut |_| {});
            if host.watch.acts.len() == after {
                host.lab.lab().change(&goal.server, |server| server.clock += by)?;
            }
            acted
        };
        let mut host = Beside { host: scene.host(), act, pause: Act::pause };
        let outcome = run(&mut host, &goal, &How { name: "run 1", ..How::default() }, &mut |_| {})
            .map_err(|error| error.to_string())?;
        let what = format!("set by {by:#} after {after} of {steps:?}: {:?} {:?}", outcome.steps, outcome.end);
        none(&faults(&mut scene, &outcome), &what)?;
        let (done, rest) = steps.split_at(after);
        // In an outage in which the installer was started, the work continues.
        let goes_on = done.contains(&Step::Install) && !restarts;
        let must_stop = by.is_negative() && !goes_on && takes_down(rest);
        let behind = matches!(outcome.end, End::Blocked(Blocker::ClockBehind { .. }));
        let same = fate(&outcome.end) == fate(&smooth.0.end) && outcome.steps == *steps;
        if !(behind && must_stop || same && (!must_stop || restarts)) {
            return Err(what);
        }
        let durations = scene.host().marks().unwrap().durations;
        if same && !restarts && (outcome.outage != smooth.0.outage || durations != smooth.1) {
            return Err(format!("outage {:?}, {durations:?}, {what}", outcome.outage));
        }
        if behind {
            // A person has checked the clock and states that.
            let how = How { name: "run 2", forgive: true, ..How::default() };
            let outcome = scene.run(&how).map_err(|error| error.to_string())?;
            none(&faults(&mut scene, &outcome), &what)?;
            if fate(&outcome.end) != expected(case) {
                return Err(format!("forgiven, and {:?}, {what}", outcome.end));
            }
        }
        runs += 1;
    }
    Ok(runs)
}

/// Worlds in which no run has any effect.
pub fn vain() -> Vec<Case> {
    let faults = [Fault::ServiceHangsInStop, Fault::DatabaseUpdateDoesNothing];
    let installers = [Fault::InstallerDoesNothing, Fault::InstallerFails];
    let (mut cases, case) = (Vec::new(), Case { services: Services::ManualRuns, ..SMOOTH });
    for kind in KINDS {
        let case = Case { kind, ..case };
        cases.extend(faults.map(|fault| Case { fault: Some(fault), ..case }));
        cases.extend(installers.map(|fault| Case { installer: Some(fault), ..case }));
        let behind = Case { current: CURRENT, databases: Databases::Behind, ..case };
        cases.extend(faults.map(|fault| Case { fault: Some(fault), ..behind }));
        // The fault appears after the installer was started and its run was killed.
        cases.push(Case { installer: Some(Fault::InstallerStartsServices), ..case });
    }
    cases
}

/// Over any number of runs the server is taken down as often as is allowed, and then no more until somebody fixes the
/// cause and states that.
pub fn in_vain(case: &Case) -> Result<usize, String> {
    let mut runs = 0;
    for attempts in 1..=3 {
        let mut scene = Scene::of(case);
        scene.goal.rules.attempts = attempts;
        let name = scene.goal.server.clone();
        let mut outages = 0;
        if case.installer == Some(Fault::InstallerStartsServices) {
            let _ = scene.run(&How { name: "run 1", kill: Some(after_install(case)), ..How::default() });
            scene.lab.change(&name, |server| server.faults.extend([Fault::ServiceHangsInStop])).unwrap();
            outages += 1;
        }
        let mut go = |scene: &mut Scene, forgive: bool, nth: u32| -> Result<(bool, End), String> {
            let how = How { name: &format!("run {nth}"), forgive, ..How::default() };
            let outcome = scene.run(&how).map_err(|error| error.to_string())?;
            scene.watch.acts.clear();
            // The hanging service ends some time later, and runs again.
            let running = |server: &mut Simulated| {
                let hanging = server.services.iter_mut().filter(|one| one.is_pending());
                hanging.for_each(|service| service.state = ServiceState::Running);
            };
            scene.lab.change(&name, running).unwrap();
            let faults = faults(scene, &outcome);
            none(&faults, &format!("{:?} {:?}", outcome.steps, outcome.end))?;
            runs += 1;
            Ok((takes_down(&outcome.steps), outcome.end))
        };
        for nth in 2..12 {
            let (down, end) = go(&mut scene, false, nth)?;
            outages += u32::from(down);
            let spent = matches!(end, End::Blocked(Blocker::OutagesSpent { .. } | Blocker::AttemptsSpent { .. }));
            if outages > attempts || nth > 8 && (down || !spent || fate(&end) != Fate::Short(Class::Operator)) {
                return Err(format!("{outages} outages of {attempts} by run {nth}: {end:?}"));
            }
        }
        let (down, end) = go(&mut scene, true, 12)?;
        if !down {
            return Err(format!("forgiven, and nothing is tried: {end:?}"));
        }
        let fixed = scene.goal.server.clone();
        scene.lab.change(&fixed, |server| server.faults.clear()).unwrap();
        let (_, end) = go(&mut scene, true, 13)?;
        if fate(&end) != Fate::Goal {
            return Err(format!("fixed, and the attempt counter reset, and {end:?}"));
        }
    }
    Ok(runs)
}

/// The moment after the installer's end, before anybody recorded it.
fn after_install(case: &Case) -> Kill {
    let installs = |kill: &Kill| {
        let mut scene = Scene::of(case);
        let _ = scene.run(&How { name: "run 1", kill: Some(*kill), ..How::default() });
        scene.watch.acts.last() == Some(&Step::Install)
    };
    (0..).map(|effect| Kill { effect, when: When::After }).find(installs).unwrap()
}

/// One attempt is enough where nothing fails: a restart, and the outage for the databases after it, are not without
/// effect.
pub fn one_attempt(case: &Case) -> Result<usize, String> {
    if matches!(case.installer, Some(Fault::InstallerStopsHalfWay | Fault::InstallerFindsServices)) {
        return Ok(0); // These worlds need another one.
    }
    let mut scene = Scene::of(case);
    scene.goal.rules.attempts = 1;
    let outcome = go(&mut scene, "run 1")?;
    let mut faults = faults(&mut scene, &outcome);
    // An installer that failed may not be started again, and the blocker reports that instead of the failure.
    let spent = matches!(outcome.end, End::Blocked(Blocker::AttemptsSpent { .. }))
        && matches!(case.installer, Some(Fault::InstallerFails | Fault::InstallerDoesNothing));
    if fate(&outcome.end) != expected(case) && !spent {
        faults.push(format!("expected {:?}, found {:?} after {:?}", expected(case), outcome.end, outcome.steps));
    }
    none(&faults, "one attempt").map(|()| 1)
}
