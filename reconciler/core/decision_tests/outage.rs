//! A Standard Edition server that is behind: how long it may be down, and commands of an earlier run that are still at
//! work.

use super::*;
use crate::{approved::Deviation, seen::Halt};
use reconcile_schema::{OnExceed, Phase};

#[test]
fn a_command_of_an_earlier_run_is_waited_for() {
    decided(
        standard,
        &[
            (
                "one is at work",
                |it| it.seen.host.at_work = Some("the installer".into()),
                "wait: a command of an earlier run is still at work: the installer",
            ),
            (
                "for almost as long as any may take",
                |it| {
                    (it.seen.host.at_work, it.seen.run.waited) =
                        (Some("the installer".into()), Period::seconds(100 * 60 - 1));
                },
                "wait: a command of an earlier run is still at work: the installer",
            ),
            (
                "for as long as any may take",
                |it| {
                    (it.seen.host.at_work, it.seen.run.waited) = (Some("the installer".into()), Period::minutes(100));
                },
                "blocked: a command of an earlier run is still at work: the installer",
            ),
            (
                "for as long as any may take, where databases may take longer",
                |it| {
                    (it.seen.host.at_work, it.seen.run.waited) = (Some("the installer".into()), Period::minutes(100));
                    it.goal.rules.database = Period::minutes(120);
                },
                "wait: a command of an earlier run is still at work: the installer",
            ),
            (
                "and the run is interrupted",
                |it| {
                    (it.seen.host.at_work, it.seen.run.halt) = (Some("the installer".into()), Some(Halt::Interrupted));
                },
                "blocked: the run was interrupted",
            ),
            (
                "and the manifest cannot be used",
                |it| {
                    (it.seen.host.at_work, it.seen.run.halt) = (Some("the installer".into()), Some(Halt::NoManifest));
                },
                "blocked: a command of an earlier run is still at work: the installer",
            ),
            (
                "and the run deviates",
                |it| {
                    let deviated = Halt::Deviated(Deviation::Fact("the installer is another".into()));
                    (it.seen.host.at_work, it.seen.run.halt) = (Some("the installer".into()), Some(deviated));
                },
                "wait: a command of an earlier run is still at work: the installer",
            ),
        ],
    );
}

#[test]
fn an_outage_has_its_time() {
    decided(
        standard,
        &[
            (
                "it is foreseen to fit its budget exactly",
                |it| it.estimates(5, 15, 10),
                "stopping the services: core-components is at 7.0.2046.0, must reach 7.0.2046.530",
            ),
            (
                "it is foreseen not to fit its budget",
                |it| it.estimates(5, 16, 10),
                "blocked: the services may be down for 31 min (one case in twenty takes longer); the budget is 30 min",
            ),
            (
                "it is foreseen not to fit its budget, which is said only",
                |it| {
                    it.estimates(5, 16, 10);
                    it.goal.rules.on_exceed = OnExceed::Warn;
                },
                "stopping the services: core-components is at 7.0.2046.0, must reach 7.0.2046.530",
            ),
            (
                "nobody estimates the start",
                |it| {
                    it.estimates(50, 50, 50);
                    it.goal.rules.estimates.start = None;
                },
                "stopping the services: core-components is at 7.0.2046.0, must reach 7.0.2046.530",
            ),
            (
                "the start took long here",
                |it| {
                    it.estimates(5, 15, 1);
                    it.seen.marks.durations.push(Phase::Start, Period::minutes(50));
                },
                "blocked: the services may be down for 1 h 10 min (one case in twenty takes longer); the budget is 30 min",
            ),
            (
                "what has passed counts",
                |it| {
                    it.estimates(5, 15, 10);
                    it.down();
                    it.is("W3SVC", ServiceState::Running);
                },
                "starting the services: so that RTCSRV, RTCCAS run again",
            ),
            (
                "the budget is spent to the second",
                |it| {
                    it.down();
                    it.baseline().since = "2026-03-01T20:30:00Z".parse().unwrap();
                },
                "the installation: core-components is at 7.0.2046.0, must reach 7.0.2046.530",
            ),
            (
                "the budget is overspent",
                |it| {
                    it.down();
                    it.baseline().since = "2026-03-01T20:29:59Z".parse().unwrap();
                },
                "starting the web server: so that W3SVC runs again",
            ),
            (
                "the budget is overspent, which is said only",
                |it| {
                    it.down();
                    it.baseline().since = "2026-03-01T20:29:59Z".parse().unwrap();
                    it.goal.rules.on_exceed = OnExceed::Warn;
                },
                "the installation: core-components is at 7.0.2046.0, must reach 7.0.2046.530",
            ),
            (
                "the budget is overspent, and the installer was started",
                |it| {
                    it.down();
                    (it.baseline().since, it.baseline().installing) = ("2026-03-01T20:29:59Z".parse().unwrap(), true);
                },
                "the installation: core-components is at 7.0.2046.0, must reach 7.0.2046.530",
            ),
            (
                "this run has seen a longer outage",
                |it| {
                    it.down();
                    it.seen.run.outage = Some(Period::minutes(31));
                },
                "starting the web server: so that W3SVC runs again",
            ),
            (
                "no window is open",
                |it| it.window("22:00", "23:00"),
                "blocked: no maintenance window is open before Sun 2026-03-01 22:00 (UTC)",
            ),
            (
                "no window is open, and the package lies at its source",
                |it| {
                    it.window("22:00", "23:00");
                    it.seen.host.package =
                        Fact::Known(PackageSeen::AtSource { sha256: it.goal.installer.sha256.clone() });
                },
                "staging the update: so that nobody changes the installer after its check",
            ),
            (
                "no window is open, and all is installed but a database",
                |it| {
                    it.window("22:00", "23:00");
                    (it.seen.host.package, it.seen.marks.attempt) = (Fact::NotLooked, None);
                    it.core(CURRENT);
                    it.databases(&Store::Local, |database| database.installed = Some([15, 13, 1].into()));
                },
                "blocked: no maintenance window is open before Sun 2026-03-01 22:00 (UTC)",
            ),
            (
                "a window is open for just long enough",
                |it| {
                    it.window("20:00", "21:30");
                    it.estimates(5, 15, 10);
                },
                "stopping the services: core-components is at 7.0.2046.0, must reach 7.0.2046.530",
            ),
            (
                "a window is open for too short",
                |it| {
                    it.window("20:00", "21:29");
                    it.estimates(5, 15, 10);
                },
                "blocked: the maintenance window closes in 29 min, and the outage may take 30 min; one that is long enough opens Sun 2026-03-08 20:00 (UTC)",
            ),
            (
                "a window is open for as long as the budget",
                |it| it.window("20:00", "21:30"),
                "stopping the services: core-components is at 7.0.2046.0, must reach 7.0.2046.530",
            ),
            (
                "a window is open for less than the budget",
                |it| it.window("20:00", "21:29"),
                "blocked: the maintenance window closes in 29 min, and the outage may take 30 min (the longest case is assumed: nobody has recorded or estimated stop, install, database, start); one that is long enough opens Sun 2026-03-08 20:00 (UTC)",
            ),
            (
                "no window is open any more, and the services are down",
                |it| {
                    it.window("10:00", "11:00");
                    it.down();
                },
                "starting the web server: so that W3SVC runs again",
            ),
            (
                "no window is open any more, and the installer was started",
                |it| {
                    it.window("10:00", "11:00");
                    it.down();
                    it.baseline().installing = true;
                },
                "the installation: core-components is at 7.0.2046.0, must reach 7.0.2046.530",
            ),
            (
                "no window is open any more, the installer was started, and a service came back",
                |it| {
                    it.window("10:00", "11:00");
                    it.down();
                    it.baseline().installing = true;
                    it.seen.run.taken_down = false;
                    it.is("RTCSRV", ServiceState::Running);
                },
                "starting the web server: so that W3SVC runs again",
            ),
            (
                "the clock is behind the journal by what a time service corrects",
                |it| {
                    it.seen.marks.latest = Some("2026-03-01T21:05:00Z".parse().unwrap());
                },
                "stopping the services: core-components is at 7.0.2046.0, must reach 7.0.2046.530",
            ),
            (
                "the clock is behind the journal",
                |it| it.seen.marks.latest = Some("2026-03-01T21:05:01Z".parse().unwrap()),
                "blocked: the clock says 2026-03-01T21:00:00Z, but the last entry of the journal is from 2026-03-01T21:05:01Z, which is later",
            ),
            (
                "the clock is behind the journal, and the services are down",
                |it| {
                    it.down();
                    it.seen.marks.latest = Some("2026-03-01T21:05:01Z".parse().unwrap());
                },
                "starting the web server: so that W3SVC runs again",
            ),
            (
                "the clock is behind the journal, and the installer was started",
                |it| {
                    it.down();
                    it.baseline().installing = true;
                    it.seen.marks.latest = Some("2026-03-01T21:05:01Z".parse().unwrap());
                },
                "the installation: core-components is at 7.0.2046.0, must reach 7.0.2046.530",
            ),
        ],
    );
}
