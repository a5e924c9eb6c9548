//! A Standard Edition server whose services are down: the order in which they come back, and what prevents that.

use super::*;
use crate::seen::{Forced, Halt, Spent};
use reconcile_schema::{Checked, Hold, PendingRestart, Reboots, Started, Step};

#[test]
fn what_is_done_comes_back_in_order() {
    decided(
        installed,
        &[
            ("all of it is down", |_| {}, "starting the web server: so that W3SVC runs again"),
            (
                "the web server is up",
                |it| it.is("W3SVC", ServiceState::Running),
                "starting the services: so that RTCSRV, RTCCAS run again",
            ),
            (
                "the product's services are up",
                |it| {
                    for name in ["W3SVC", "RTCSRV", "RTCCAS"] {
                        it.is(name, ServiceState::Running);
                    }
                    it.services().push(other("BACKUP"));
                    it.is("BACKUP", ServiceState::Stopped);
                },
                "starting the services of others: so that BACKUP runs again",
            ),
            (
                "all of it is up",
                |it| it.services().iter_mut().for_each(|service| service.state = ServiceState::Running),
                "done",
            ),
            (
                "a service is starting",
                |it| {
                    for name in ["W3SVC", "RTCSRV"] {
                        it.is(name, ServiceState::Running);
                    }
                    it.is("RTCCAS", ServiceState::StartPending);
                },
                "starting the services: so that RTCCAS runs again",
            ),
            (
                "a service is started by hand, and ran before",
                |it| {
                    it.services().iter_mut().for_each(|service| service.state = ServiceState::Running);
                    it.services()[1].start = StartType::Manual;
                    it.services()[1].state = ServiceState::Stopped;
                },
                "starting the services: so that RTCCAS runs again",
            ),
            (
                "a service is started by hand, and did not run before",
                |it| {
                    it.services().iter_mut().for_each(|service| service.state = ServiceState::Running);
                    it.services()[1].start = StartType::Manual;
                    it.services()[1].state = ServiceState::Stopped;
                    it.baseline().running.retain(|name| name != "RTCCAS");
                },
                "done",
            ),
            (
                "a service is disabled",
                |it| {
                    it.services().iter_mut().for_each(|service| service.state = ServiceState::Running);
                    it.services()[1].start = StartType::Disabled;
                    it.services()[1].state = ServiceState::Stopped;
                },
                "done",
            ),
            (
                "the start of the services had no effect",
                |it| {
                    it.is("W3SVC", ServiceState::Running);
                    it.seen.run.spent.push((
                        Step::StartServices,
                        Spent::Stuck { refused: None, in_the_way: vec!["RTCSRV is stopped".into()], since: None },
                    ));
                },
                "blocked: starting the services reported success, but RTCSRV is stopped",
            ),
            (
                "a service has been starting since the services were started",
                |it| {
                    it.is("W3SVC", ServiceState::Running);
                    it.is("RTCSRV", ServiceState::StartPending);
                    let since = Some(it.seen.host.at - jiff::SignedDuration::from_mins(8));
                    let in_the_way = vec!["RTCSRV is starting".into()];
                    it.seen.run.spent.push((Step::StartServices, Spent::Stuck { refused: None, in_the_way, since }));
                },
                "blocked: RTCSRV has been starting for 8 min, although starting the services reported success",
            ),
            (
                "the same, and the command reported why",
                |it| {
                    it.is("W3SVC", ServiceState::Running);
                    it.is("RTCSRV", ServiceState::StartPending);
                    let since = Some(it.seen.host.at - jiff::SignedDuration::from_mins(8));
                    let refused = Some("the time is over".into());
                    let in_the_way = vec!["RTCSRV is starting".into()];
                    it.seen.run.spent.push((Step::StartServices, Spent::Stuck { refused, in_the_way, since }));
                },
                "blocked: RTCSRV has been starting for 8 min; starting the services reported: the time is over",
            ),
            (
                "a service died, for the second time",
                |it| {
                    it.is("W3SVC", ServiceState::Running);
                    let since = "2026-03-01T20:00:00Z".parse().unwrap();
                    it.seen.marks.started.insert("RTCSRV".into(), Started { runs: 2, since });
                    it.seen.run.spent.push((Step::StartServices, Spent::Died(vec!["RTCSRV".into()])));
                },
                "blocked: RTCSRV (started by 2 runs since Sun 2026-03-01 20:00 (UTC)) was started, and ended again by itself within seconds",
            ),
        ],
    );
}

#[test]
fn services_that_ran_while_the_installer_did_are_stopped_again() {
    decided(
        installed,
        &[
            (
                "none of them is up",
                |it| it.attempt(Some(0)).stopped_since = false,
                "stopping the services: services that still run may use files that the installer replaced",
            ),
            (
                "one of them is up",
                |it| {
                    it.attempt(Some(0)).stopped_since = false;
                    it.is("RTCSRV", ServiceState::Running);
                },
                "stopping the services: services that still run may use files that the installer replaced",
            ),
            (
                "a service of others is up",
                |it| {
                    it.attempt(Some(0)).stopped_since = false;
                    it.services().push(other("BACKUP"));
                },
                "stopping the services of others: services that still run may use files that the installer replaced",
            ),
            (
                "the machine has started since",
                |it| {
                    let attempt = it.attempt(Some(0));
                    attempt.boot = Some(BootId("an earlier boot".into()));
                },
                "starting the web server: so that W3SVC runs again",
            ),
            (
                "nobody knows whether the machine has started since",
                |it| {
                    it.attempt(Some(0)).boot = None;
                },
                "stopping the services: services that still run may use files that the installer replaced",
            ),
            (
                "the installer asked for a restart, and none is allowed",
                |it| it.attempt(Some(3010)).stopped_since = true,
                "starting the web server: so that W3SVC runs again",
            ),
            (
                "the installer asked for a restart",
                |it| {
                    it.attempt(Some(3010)).stopped_since = true;
                    it.goal.rules.reboot = Reboots::WhenRequired;
                },
                "the restart: a restart is requested by the installer (exit code 3010)",
            ),
            (
                "the installer began a restart, and the registry says so, too",
                |it| {
                    it.attempt(Some(1641)).stopped_since = true;
                    it.seen.host.reboot = Fact::Known(vec![pending("setup", &[])]);
                    it.goal.rules.reboot = Reboots::WhenRequired;
                },
                "the restart: a restart is requested by the installer (exit code 1641), setup",
            ),
            (
                "the installer left a file for the next start",
                |it| {
                    it.attempt(Some(0)).stopped_since = true;
                    it.seen.host.reboot = Fact::Known(vec![pending("files", &[("C:\\new.tmp", false)])]);
                    it.goal.rules.reboot = Reboots::WhenRequired;
                },
                "the restart: a restart is requested by files",
            ),
            (
                "a file waited for the next start before the installer",
                |it| {
                    let attempt = it.attempt(Some(0));
                    (attempt.stopped_since, attempt.queued) = (true, Some(vec!["C:\\new.tmp".into()]));
                    it.seen.host.reboot = Fact::Known(vec![pending("files", &[("C:\\new.tmp", false)])]);
                    it.goal.rules.reboot = Reboots::WhenRequired;
                },
                "starting the web server: so that W3SVC runs again",
            ),
        ],
    );
}

#[test]
fn databases_come_before_the_services_that_use_them() {
    decided(
        installed,
        &[
            (
                "nobody has looked at them",
                |it| {
                    it.seen.host.databases.insert(Store::Local, Fact::NotLooked);
                },
                "starting the web server: so that W3SVC runs again",
            ),
            (
                "nobody has looked at them, and the web server is up",
                |it| {
                    it.is("W3SVC", ServiceState::Running);
                    it.seen.host.databases.insert(Store::Local, Fact::NotLooked);
                },
                "look at the local databases",
            ),
            (
                "nobody has looked at them, and the web server does not start",
                |it| {
                    it.seen.run.spent.push((Step::StartWeb, Spent::Failed("error 5".into())));
                    it.seen.host.databases.insert(Store::Local, Fact::NotLooked);
                },
                "look at the local databases",
            ),
            (
                "they are behind",
                |it| it.databases(&Store::Local, |database| database.installed = Some([15, 13, 1].into())),
                "starting the web server: so that W3SVC runs again",
            ),
            (
                "they are behind, and the web server is up",
                |it| {
                    it.is("W3SVC", ServiceState::Running);
                    it.databases(&Store::Local, |database| database.installed = Some([15, 13, 1].into()));
                },
                "updating the local databases: below the version that the binaries expect: rtcxds",
            ),
            (
                "they are behind, and a service is up",
                |it| {
                    it.is("RTCSRV", ServiceState::Running);
                    it.databases(&Store::Local, |database| database.installed = Some([15, 13, 1].into()));
                },
                "stopping the services: below the version that the binaries expect: rtcxds",
            ),
            (
                "they are behind, and the web server does not start",
                |it| {
                    it.seen.run.spent.push((Step::StartWeb, Spent::Failed("error 5".into())));
                    it.databases(&Store::Local, |database| database.installed = Some([15, 13, 1].into()));
                },
                "updating the local databases: below the version that the binaries expect: rtcxds",
            ),
            (
                "they are unknown",
                |it| {
                    it.seen.host.databases.insert(Store::Local, Fact::Unknown("access denied".into()));
                },
                "starting the web server: so that W3SVC runs again",
            ),
            (
                "one is out of reach",
                |it| it.databases(&Store::Local, |database| database.reachable = false),
                "starting the web server: so that W3SVC runs again",
            ),
        ],
    );
}

#[test]
fn a_look_at_databases_counts_for_a_while() {
    fn checked(change: fn(&mut Server, &mut Checked)) -> String {
        let mut server = patched();
        server.seen.host.databases.insert(Store::Local, Fact::NotLooked);
        let version = Some([1, 2, 3].into());
        let database =
            Database { name: "rtcxds".into(), expected: version, installed: version, reachable: true, mirrored: false };
        let at = "2026-03-01T20:00:00Z".parse().unwrap();
        let mut checked = Checked { at, core: build(CURRENT), databases: vec![database] };
        change(&mut server, &mut checked);
        server.seen.marks.checked.insert(Store::Local, checked);
        helps(&server)
    }
    assert_eq!(checked(|_, _| {}), "nothing");
    assert_eq!(checked(|_, checked| checked.core = build(ORIGINAL)), "look at the local databases");
    assert_eq!(checked(|server, checked| checked.at = server.seen.host.at), "nothing");
    assert_eq!(
        checked(|_, checked| checked.at = "2026-03-01T21:00:01Z".parse().unwrap()),
        "look at the local databases"
    );
    assert_eq!(checked(|_, checked| checked.at = "2026-02-28T21:00:01Z".parse().unwrap()), "nothing");
    assert_eq!(
        checked(|_, checked| checked.at = "2026-02-28T21:00:00Z".parse().unwrap()),
        "look at the local databases"
    );
    assert_eq!(checked(|_, checked| checked.databases[0].reachable = false), "look at the local databases");
}

#[test]
fn a_run_that_may_do_no_more_brings_the_services_back() {
    decided(
        standard,
        &[
            (
                "it is held",
                |it| {
                    it.down();
                    it.seen.marks.hold = held();
                },
                "starting the web server: so that W3SVC runs again",
            ),
            (
                "it is held, and somebody else stopped them",
                |it| {
                    it.down();
                    (it.seen.marks.baseline, it.seen.marks.hold) = (None, held());
                },
                "blocked: held by CONTOSO\\admin since Sun 2026-02-01 00:00 (UTC): a trial",
            ),
            (
                "the package is refused",
                |it| {
                    it.down();
                    it.seen.host.package = Fact::Known(PackageSeen::Refused("no signature".into()));
                },
                "starting the web server: so that W3SVC runs again",
            ),
            (
                "the package is refused, and somebody else stopped them",
                |it| {
                    it.down();
                    it.seen.marks.baseline = None;
                    it.seen.host.package = Fact::Known(PackageSeen::Refused("no signature".into()));
                },
                "starting the web server: so that W3SVC runs again",
            ),
            (
                "the manifest does not fit, and somebody else stopped them",
                |it| {
                    it.down();
                    it.seen.marks.baseline = None;
                    it.core(LATER);
                },
                "blocked: Core Components is at 7.0.2046.900, above the declared 7.0.2046.530; an update cannot be taken back",
            ),
            (
                "the manifest does not fit",
                |it| {
                    it.down();
                    it.core(LATER);
                },
                "starting the web server: so that W3SVC runs again",
            ),
            (
                "the components are unknown, and somebody else stopped them",
                |it| {
                    it.down();
                    it.seen.marks.baseline = None;
                    it.seen.host.components = Fact::Unknown("access denied".into());
                },
                "blocked: the installed components: access denied",
            ),
            (
                "another installation is under way, and somebody else stopped them",
                |it| {
                    it.down();
                    it.seen.marks.baseline = None;
                    it.installs("msiexec.exe");
                },
                "blocked: another installation is in progress: msiexec.exe",
            ),
            (
                "another installation is in progress",
                |it| {
                    it.down();
                    it.installs("msiexec.exe");
                },
                "starting the web server: so that W3SVC runs again",
            ),
            (
                "our own installer is not seen to end",
                |it| {
                    it.down();
                    it.attempt(None);
                    it.installs("update.exe");
                },
                "blocked: another installation is in progress: update.exe",
            ),
            (
                "our own installer is over, and another one is under way",
                |it| {
                    it.down();
                    it.attempt(Some(1603));
                    it.installs("msiexec.exe");
                },
                "starting the web server: so that W3SVC runs again",
            ),
            (
                "the run was interrupted",
                |it| {
                    it.down();
                    it.seen.run.halt = Some(Halt::Interrupted);
                },
                "starting the web server: so that W3SVC runs again",
            ),
            (
                "the run ends at once",
                |it| {
                    it.down();
                    it.seen.run.halt = Some(Halt::Forced(Forced::Shutdown));
                },
                "blocked: the run was interrupted: the machine is shutting down, and it left the services as they were",
            ),
            (
                "the web server does not start",
                |it| {
                    it.down();
                    it.seen.run.halt = Some(Halt::Interrupted);
                    it.seen.run.spent.push((Step::StartWeb, Spent::Failed("error 5".into())));
                },
                "starting the services: so that RTCSRV, RTCCAS run again",
            ),
            (
                "nothing starts",
                |it| {
                    it.down();
                    it.seen.run.halt = Some(Halt::Interrupted);
                    for step in [Step::StartWeb, Step::StartServices] {
                        it.seen.run.spent.push((step, Spent::Failed("error 5".into())));
                    }
                },
                "blocked: the run was interrupted",
            ),
        ],
    );
}

fn held() -> Option<Hold> {
    Some(Hold { reason: "a trial".into(), by: "CONTOSO\\admin".into(), at: "2026-02-01T00:00:00Z".parse().unwrap() })
}

#[test]
fn services_of_others_are_stopped_first_and_the_web_server_last() {
    decided(
        standard,
        &[
            (
                "all of them are up",
                |it| it.services().push(other("BACKUP")),
                "stopping the services of others: core-components is at 7.0.2046.0, must reach 7.0.2046.530",
            ),
            (
                "others do not stop",
                |it| {
                    it.services().push(other("BACKUP"));
                    it.seen.run.spent.push((Step::StopOthers, Spent::Failed("error 5".into())));
                },
                "blocked: stopping the services of others failed: error 5",
            ),
            (
                "the product's do not stop",
                |it| {
                    it.services().push(other("BACKUP"));
                    it.seen.run.spent.push((Step::StopServices, Spent::Failed("error 5".into())));
                },
                "blocked: stopping the services failed: error 5",
            ),
            (
                "only the web server is up",
                |it| {
                    it.down();
                    it.is("W3SVC", ServiceState::Running);
                },
                "stopping the web server: core-components is at 7.0.2046.0, must reach 7.0.2046.530",
            ),
            (
                "the web server is stopping",
                |it| {
                    it.down();
                    it.is("W3SVC", ServiceState::StopPending);
                },
                "stopping the web server: core-components is at 7.0.2046.0, must reach 7.0.2046.530",
            ),
            (
                "only a service of others is up",
                |it| {
                    it.down();
                    it.services().push(other("BACKUP"));
                },
                "stopping the services of others: core-components is at 7.0.2046.0, must reach 7.0.2046.530",
            ),
            (
                "none of them is up",
                Server::down,
                "the installation: core-components is at 7.0.2046.0, must reach 7.0.2046.530",
            ),
        ],
    );
}

#[test]
fn a_restart_of_windows_is_work_as_any_other() {
    decided(
        patched,
        &[
            (
                "it is allowed",
                windows_asks,
                "blocked: a restart is pending (requested by Windows Update), and the policy does not allow one",
            ),
            (
                "it is allowed, when required",
                |it| {
                    windows_asks(it);
                    it.goal.rules.reboot = Reboots::WhenRequired;
                },
                "the restart: a restart is requested by Windows Update",
            ),
            (
                "no window is open",
                |it| {
                    windows_asks(it);
                    it.goal.rules.reboot = Reboots::WhenRequired;
                    it.window("22:00", "23:00");
                },
                "blocked: no maintenance window is open before Sun 2026-03-01 22:00 (UTC)",
            ),
            (
                "nobody has asked for the rights",
                |it| {
                    windows_asks(it);
                    it.goal.rules.reboot = Reboots::WhenRequired;
                    it.seen.host.rights = Fact::NotLooked;
                },
                "look at the rights of the account",
            ),
        ],
    );
}

fn windows_asks(it: &mut Server) {
    it.goal.rules.pending_restart = PendingRestart::Restart;
    it.seen.host.reboot = Fact::Known(vec![Pending { of_windows: true, ..pending("Windows Update", &[]) }]);
}
