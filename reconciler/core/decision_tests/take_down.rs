//! A Standard Edition server that is behind: what keeps it from being taken down.

use super::*;
use crate::{
    approved::Deviation,
    seen::{Forced, Halt, Spent},
};
use reconcile_schema::{Foreign, ForeignServices, Hold, Mirrored, Shell, Shells, Step};

#[test]
fn what_is_declared_must_fit_what_is_installed() {
    decided(
        standard,
        &[
            (
                "nothing is unusual",
                |_| {},
                "stopping the services: core-components is at 7.0.2046.0, must reach 7.0.2046.530",
            ),
            ("it is at the declared build", |it| it.core(CURRENT), "done"),
            (
                "it is at a later build",
                |it| it.core(LATER),
                "blocked: Core Components is at 7.0.2046.900, above the declared 7.0.2046.530; an update cannot be taken back",
            ),
            (
                "the components are unknown",
                |it| it.seen.host.components = unknown(),
                "blocked: the installed components: access denied",
            ),
            (
                "nothing is installed",
                |it| it.seen.host.components = Fact::Known(Vec::new().into()),
                "blocked: Skype for Business Server 2019 is not installed here: found no Skype for Business Server 2019, Core Components",
            ),
            (
                "another product is installed",
                |it| {
                    if let Fact::Known(all) = &mut it.seen.host.components {
                        all[0].product = Product::Lync2013;
                    }
                },
                "blocked: the manifest declares Skype for Business Server 2019, found Lync Server 2013",
            ),
            (
                "Core Components has another name",
                |it| {
                    if let Fact::Known(all) = &mut it.seen.host.components {
                        all[0].name = component("kernkomponenten");
                    }
                },
                "blocked: the build of Core Components: found none, but of Skype for Business Server 2019: kernkomponenten 7.0.2046.0",
            ),
            (
                "Core Components of another product stand beside it",
                |it| {
                    if let Fact::Known(all) = &mut it.seen.host.components {
                        let other = Component { product: Product::Lync2013, ..all[0].clone() };
                        all.insert(0, Component { build: build("5.0.8308.0"), ..other });
                    }
                },
                "stopping the services: core-components is at 7.0.2046.0, must reach 7.0.2046.530",
            ),
            (
                "a declared component is of another line",
                |it| {
                    it.goal.floors = alloc::sync::Arc::new([(component("web-components"), build(CURRENT))].into());
                    if let Fact::Known(all) = &mut it.seen.host.components {
                        let web = Component {
                            name: component("web-components"),
                            build: build("6.0.9319.0"),
                            ..all[0].clone()
                        };
                        all.push(web);
                    }
                },
                "blocked: web-components: expected a build of the line 7.0.2046, found 6.0.9319.0",
            ),
            (
                "a component that nobody declared is of another line",
                |it| {
                    if let Fact::Known(all) = &mut it.seen.host.components {
                        let web = Component {
                            name: component("web-components"),
                            build: build("6.0.9319.0"),
                            ..all[0].clone()
                        };
                        all.push(web);
                    }
                },
                "stopping the services: core-components is at 7.0.2046.0, must reach 7.0.2046.530",
            ),
            (
                "the services are unknown",
                |it| it.seen.host.services = unknown(),
                "blocked: the services: access denied",
            ),
        ],
    );
}

#[test]
fn an_installation_that_was_begun_decides_what_comes_next() {
    decided(
        standard,
        &[
            (
                "the last run tried, and failed",
                |it| it.attempt(Some(1603)).stopped_since = true,
                "stopping the services: core-components is at 7.0.2046.0, must reach 7.0.2046.530",
            ),
            (
                "the builds are reached, and the installer failed",
                |it| {
                    it.core(CURRENT);
                    it.attempt(Some(1603));
                },
                "stopping the services: the last installation ended with exit code 1603",
            ),
            (
                "the builds are reached, and nobody saw the end",
                |it| {
                    it.core(CURRENT);
                    it.attempt(None);
                },
                "stopping the services: the last installation was not seen to end",
            ),
            (
                "the builds are reached, and another target was tried",
                |it| {
                    it.core(CURRENT);
                    let attempt = it.attempt(None);
                    (attempt.target, attempt.stopped_since) = (build(ORIGINAL), true);
                },
                "done",
            ),
            (
                "a later update was begun",
                |it| it.attempt(None).target = build(LATER),
                "blocked: an installation of 7.0.2046.900 was begun here and was not seen to end, so components may be above the declared 7.0.2046.530; an update cannot be taken back",
            ),
            (
                "a later update was begun, and an operator says that it is repaired",
                |it| {
                    it.attempt(None).target = build(LATER);
                    it.seen.marks.attempts = 0;
                },
                "stopping the services: core-components is at 7.0.2046.0, must reach 7.0.2046.530",
            ),
            (
                "twice without effect",
                |it| {
                    it.attempt(Some(1603));
                    it.seen.marks.attempts = 2;
                },
                "stopping the services: core-components is at 7.0.2046.0, must reach 7.0.2046.530",
            ),
            (
                "three times without effect",
                |it| {
                    it.attempt(Some(1603));
                    it.seen.marks.attempts = 3;
                },
                "blocked: the installer was started 3 times for this target; the last exit code was 1603 (fatal error during installation)",
            ),
            (
                "three times without effect, of which four are allowed",
                |it| {
                    it.attempt(Some(1603));
                    (it.seen.marks.attempts, it.goal.rules.attempts) = (3, 4);
                },
                "stopping the services: core-components is at 7.0.2046.0, must reach 7.0.2046.530",
            ),
            (
                "three times without effect, for another target",
                |it| {
                    it.attempt(Some(1603)).target = build(ORIGINAL);
                    it.seen.marks.attempts = 3;
                },
                "stopping the services: core-components is at 7.0.2046.0, must reach 7.0.2046.530",
            ),
            (
                "it said success in this run, and moved nothing",
                |it| {
                    let attempt = it.attempt(Some(0));
                    (attempt.run, attempt.moved) = (RunId("run".into()), false);
                },
                "blocked: the installation reported success, but core-components is at 7.0.2046.0, must reach 7.0.2046.530",
            ),
            (
                "it said success in an earlier run, and moved nothing",
                |it| it.attempt(Some(0)).moved = false,
                "stopping the services: core-components is at 7.0.2046.0, must reach 7.0.2046.530",
            ),
            (
                "it said success in this run, and moved something",
                |it| it.attempt(Some(0)).run = RunId("run".into()),
                "stopping the services: core-components is at 7.0.2046.0, must reach 7.0.2046.530",
            ),
            (
                "it failed in this run, and moved nothing",
                |it| {
                    let attempt = it.attempt(Some(1603));
                    (attempt.run, attempt.moved) = (RunId("run".into()), false);
                },
                "blocked: the installer ended with exit code 1603 (fatal error during installation) and updated no component",
            ),
            (
                "it failed in this run, and moved something",
                |it| it.attempt(Some(1603)).run = RunId("run".into()),
                "stopping the services: core-components is at 7.0.2046.0, must reach 7.0.2046.530",
            ),
            (
                "a service ran when it looked, in this run",
                |it| {
                    let attempt = it.attempt(Some(2));
                    (attempt.run, attempt.moved) = (RunId("run".into()), false);
                },
                "stopping the services: core-components is at 7.0.2046.0, must reach 7.0.2046.530",
            ),
            (
                "services were taken down twice for this target",
                |it| {
                    it.aims_at(CURRENT);
                    it.seen.marks.outages = 2;
                },
                "stopping the services: core-components is at 7.0.2046.0, must reach 7.0.2046.530",
            ),
            (
                "services were taken down three times for this target",
                |it| {
                    it.aims_at(CURRENT);
                    it.seen.marks.outages = 3;
                },
                "blocked: the services were taken down 3 times for this target without reaching it",
            ),
            (
                "services were taken down three times for another target",
                |it| {
                    it.aims_at(LATER);
                    it.seen.marks.outages = 3;
                },
                "stopping the services: core-components is at 7.0.2046.0, must reach 7.0.2046.530",
            ),
            (
                "services were taken down three times for other components",
                |it| {
                    it.aims_at(CURRENT);
                    it.seen.marks.aim.as_mut().unwrap().components.insert(component("web-components"), build(CURRENT));
                    it.seen.marks.outages = 3;
                },
                "stopping the services: core-components is at 7.0.2046.0, must reach 7.0.2046.530",
            ),
            (
                "they are down for the third time",
                |it| {
                    it.aims_at(CURRENT);
                    it.seen.marks.outages = 3;
                    it.down();
                },
                "the installation: core-components is at 7.0.2046.0, must reach 7.0.2046.530",
            ),
        ],
    );
}

#[test]
fn somebody_may_have_said_no() {
    decided(
        standard,
        &[
            (
                "it is held",
                |it| {
                    let at = "2026-02-01T00:00:00Z".parse().unwrap();
                    it.seen.marks.hold = Some(Hold { reason: "a trial".into(), by: "CONTOSO\\admin".into(), at });
                },
                "blocked: held by CONTOSO\\admin since Sun 2026-02-01 00:00 (UTC): a trial",
            ),
            (
                "the run was interrupted",
                |it| it.seen.run.halt = Some(Halt::Interrupted),
                "blocked: the run was interrupted",
            ),
            (
                "the run was interrupted, and a look is needed",
                |it| {
                    (it.seen.run.halt, it.seen.host.package) = (Some(Halt::Interrupted), Fact::NotLooked);
                },
                "blocked: the run was interrupted",
            ),
            (
                "the run was interrupted, and the services are unknown",
                |it| {
                    (it.seen.run.halt, it.seen.host.services) = (Some(Halt::Interrupted), unknown());
                },
                "blocked: the run was interrupted",
            ),
            (
                "the run was interrupted, and it is newer",
                |it| {
                    it.seen.run.halt = Some(Halt::Interrupted);
                    it.core(LATER);
                },
                "blocked: Core Components is at 7.0.2046.900, above the declared 7.0.2046.530; an update cannot be taken back",
            ),
            (
                "the run was interrupted, and all is done",
                |it| {
                    it.seen.run.halt = Some(Halt::Interrupted);
                    it.core(CURRENT);
                },
                "done",
            ),
            (
                "the manifest cannot be used",
                |it| it.seen.run.halt = Some(Halt::NoManifest),
                "blocked: the manifest cannot be used",
            ),
            (
                "the run ends at once",
                |it| it.seen.run.halt = Some(Halt::Forced(Forced::Closed)),
                "blocked: the run was interrupted: its console was closed, and it left the services as they were",
            ),
            (
                "the run ends at once, and all is done",
                |it| {
                    it.seen.run.halt = Some(Halt::Forced(Forced::Closed));
                    it.core(CURRENT);
                },
                "blocked: the run was interrupted: its console was closed, and it left the services as they were",
            ),
            (
                "the approved plan says something else",
                |it| {
                    it.seen.run.halt = Some(Halt::Deviated(Deviation::Fact("the installer is another".into())));
                },
                "blocked: the approved plan is no longer valid: the installer is another",
            ),
            (
                "another installation is in progress",
                |it| it.seen.host.installing = Fact::Known(Some("msiexec.exe".into())),
                "blocked: another installation is in progress: msiexec.exe",
            ),
            (
                "nobody can tell of another installation",
                |it| it.seen.host.installing = unknown(),
                "blocked: whether another installation is in progress: access denied",
            ),
            (
                "nobody has looked for another installation",
                |it| it.seen.host.installing = Fact::NotLooked,
                "blocked: whether another installation is in progress: nobody looked",
            ),
            (
                "a service is stopping",
                |it| it.is("RTCCAS", ServiceState::StopPending),
                "starting the services: so that RTCCAS runs again",
            ),
            (
                "a service is stopping in an outage",
                |it| {
                    it.down();
                    it.is("RTCCAS", ServiceState::StopPending);
                },
                "stopping the services: core-components is at 7.0.2046.0, must reach 7.0.2046.530",
            ),
        ],
    );
}

#[test]
fn everything_that_can_be_asked_before_the_first_stop_is() {
    decided(
        standard,
        &[
            (
                "nobody has asked for the rights",
                |it| it.seen.host.rights = Fact::NotLooked,
                "look at the rights of the account",
            ),
            (
                "the rights are unknown",
                |it| it.seen.host.rights = unknown(),
                "blocked: the rights of this account: access denied",
            ),
            (
                "no administrator",
                |it| {
                    it.seen.host.rights =
                        Fact::Known(Rights { administrator: false, server_admin: None, confined: true })
                },
                "blocked: the account is not a member of Administrators, which stopping the services requires",
            ),
            (
                "no member of the domain's group",
                |it| {
                    it.seen.host.rights =
                        Fact::Known(Rights { administrator: true, server_admin: Some(false), confined: false });
                },
                "blocked: the account is not a member of RTCUniversalServerAdmins, which updating the local databases requires",
            ),
            (
                "no member of the domain's group, and confined",
                |it| {
                    it.seen.host.rights =
                        Fact::Known(Rights { administrator: true, server_admin: Some(false), confined: true });
                },
                "blocked: reconcile runs in a job that its children cannot leave, as in a remote session: the installer and the update of the databases would be cut off when the session ends",
            ),
            (
                "no member of the domain's group, where no step needs it",
                |it| {
                    it.seen.host.rights =
                        Fact::Known(Rights { administrator: true, server_admin: Some(false), confined: false });
                    it.goal.stores.clear();
                },
                "stopping the services: core-components is at 7.0.2046.0, must reach 7.0.2046.530",
            ),
            (
                "confined",
                |it| {
                    it.seen.host.rights =
                        Fact::Known(Rights { administrator: true, server_admin: Some(true), confined: true })
                },
                "blocked: reconcile runs in a job that its children cannot leave, as in a remote session: the installer and the update of the databases would be cut off when the session ends",
            ),
            (
                "nobody has looked at the package",
                |it| it.seen.host.package = Fact::NotLooked,
                "look at the update's package",
            ),
            (
                "the package is unknown",
                |it| it.seen.host.package = unknown(),
                "blocked: the update's package: access denied",
            ),
            (
                "the package lies at its source",
                |it| {
                    it.seen.host.package =
                        Fact::Known(PackageSeen::AtSource { sha256: it.goal.installer.sha256.clone() });
                },
                "staging the update: so that nobody changes the installer after its check",
            ),
            (
                "the package lies at its source, and copying it did nothing",
                |it| {
                    it.seen.host.package =
                        Fact::Known(PackageSeen::AtSource { sha256: it.goal.installer.sha256.clone() });
                    it.seen
                        .run
                        .spent
                        .push((Step::Stage, Spent::Stuck { refused: None, in_the_way: Vec::new(), since: None }));
                },
                "blocked: staging the update reported success but had no effect",
            ),
            (
                "another file lies at its source",
                |it| {
                    it.seen.host.package =
                        Fact::Known(PackageSeen::AtSource { sha256: "badbad00".repeat(8).parse().unwrap() });
                },
                "blocked: the package cannot be used: D:\\update.exe: expected SHA-256 c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00, found badbad00badbad00badbad00badbad00badbad00badbad00badbad00badbad00",
            ),
            (
                "the package is refused",
                |it| it.seen.host.package = Fact::Known(PackageSeen::Refused("no signature".into())),
                "blocked: the package cannot be used: no signature",
            ),
            (
                "the package is somebody else's",
                |it| it.seen.host.package = Fact::Known(PackageSeen::Foreign("of Evil Corp".into())),
                "blocked: the package is not the declared publisher's: of Evil Corp",
            ),
            ("nobody has looked at the disk", |it| it.seen.host.disk = Fact::NotLooked, "look at the free disk space"),
            (
                "the disk is full",
                |it| it.seen.host.disk = Fact::Known(1 << 30),
                "blocked: Install-CsDatabase needs 16 GB free on the system drive, where 1 GB are free",
            ),
            (
                "nobody has looked for shells",
                |it| it.seen.host.shells = Fact::NotLooked,
                "look at the open management shells",
            ),
            (
                "the shells are unknown",
                |it| it.seen.host.shells = unknown(),
                "blocked: the open management shells: access denied",
            ),
            (
                "a shell is open",
                open_shell,
                "blocked: management shells are open: powershell.exe (PID 7) of CONTOSO\\admin",
            ),
            (
                "a shell is open, and is waited for",
                |it| {
                    open_shell(it);
                    it.goal.rules.shells = Shells::Wait;
                },
                "wait: management shells are open: powershell.exe (PID 7) of CONTOSO\\admin",
            ),
            (
                "a shell is open, and was waited for",
                |it| {
                    open_shell(it);
                    (it.goal.rules.shells, it.seen.run.waited) = (Shells::Wait, Period::minutes(10));
                },
                "blocked: management shells are open: powershell.exe (PID 7) of CONTOSO\\admin",
            ),
            (
                "a shell is open, and will be closed",
                |it| {
                    open_shell(it);
                    it.goal.rules.shells = Shells::Close;
                },
                "stopping the services: core-components is at 7.0.2046.0, must reach 7.0.2046.530",
            ),
            (
                "a shell is open, and the installer comes next",
                |it| {
                    open_shell(it);
                    it.goal.rules.shells = Shells::Close;
                    it.down();
                },
                "closing the open shells: open shells use files that the installer replaces",
            ),
            (
                "nobody has looked for services of others",
                |it| it.seen.host.foreign = Fact::NotLooked,
                "look at the services of others",
            ),
            (
                "nobody has looked for services of others, and nobody asks",
                |it| {
                    (it.seen.host.foreign, it.goal.rules.foreign) = (Fact::NotLooked, None);
                },
                "stopping the services: core-components is at 7.0.2046.0, must reach 7.0.2046.530",
            ),
            (
                "the services of others are unknown",
                |it| it.seen.host.foreign = unknown(),
                "blocked: the services of others: access denied",
            ),
            (
                "the services of others are unknown, which is said only",
                |it| {
                    (it.seen.host.foreign, it.goal.rules.foreign) = (unknown(), Some(ForeignServices::Warn));
                },
                "stopping the services: core-components is at 7.0.2046.0, must reach 7.0.2046.530",
            ),
            (
                "a service of others holds a module",
                |it| {
                    let module = "C:\\x.dll".into();
                    it.seen.host.foreign = Fact::Known(vec![Foreign { service: "BACKUP".into(), pid: 7, module }]);
                },
                "blocked: services of other applications hold what the update replaces: BACKUP (process 7) holds C:\\x.dll",
            ),
            (
                "nobody has looked at the databases",
                |it| {
                    it.seen.host.databases.insert(Store::Local, Fact::NotLooked);
                },
                "look at the local databases",
            ),
            (
                "nobody has looked at the databases, and the services are down",
                |it| {
                    it.down();
                    it.seen.host.databases.insert(Store::Local, Fact::NotLooked);
                },
                "the installation: core-components is at 7.0.2046.0, must reach 7.0.2046.530",
            ),
            (
                "the databases are unknown",
                |it| {
                    it.seen.host.databases.insert(Store::Local, unknown());
                },
                "blocked: local databases: access denied",
            ),
            (
                "a database is out of reach",
                |it| it.databases(&Store::Local, |database| database.reachable = false),
                "blocked: database rtcxds of the local databases: it could not be reached",
            ),
            (
                "a database is behind",
                |it| it.databases(&Store::Local, |database| database.installed = Some([15, 13, 1].into())),
                "stopping the services: core-components is at 7.0.2046.0, must reach 7.0.2046.530",
            ),
            (
                "a database is mirrored",
                |it| it.databases(&Store::Local, |database| database.mirrored = true),
                "blocked: the local databases are mirrored, and the sources contradict each other: Install-CsDatabase -Update fails on mirrored databases (Microsoft Learn), or works with them since July 2013 (a blog of Microsoft's)",
            ),
            (
                "a database is mirrored, and may be updated",
                |it| {
                    it.databases(&Store::Local, |database| database.mirrored = true);
                    it.goal.mirrored = Mirrored::Update;
                },
                "stopping the services: core-components is at 7.0.2046.0, must reach 7.0.2046.530",
            ),
            (
                "a stop has failed",
                |it| it.seen.run.spent.push((Step::StopServices, Spent::Failed("error 5".into()))),
                "blocked: stopping the services failed: error 5",
            ),
            (
                "the stop of the web server has failed",
                |it| it.seen.run.spent.push((Step::StopWeb, Spent::Failed("error 5".into()))),
                "blocked: stopping the web server failed: error 5",
            ),
            (
                "the installation has failed",
                |it| it.seen.run.spent.push((Step::Install, Spent::Failed("error 5".into()))),
                "blocked: the installation failed: error 5",
            ),
            (
                "a start has failed",
                |it| it.seen.run.spent.push((Step::StartWeb, Spent::Failed("error 5".into()))),
                "stopping the services: core-components is at 7.0.2046.0, must reach 7.0.2046.530",
            ),
        ],
    );
}

fn open_shell(it: &mut Server) {
    it.seen.host.shells = Fact::Known(vec![Shell {
        pid: 7,
        program: "powershell.exe".into(),
        user: "CONTOSO\\admin".into(),
        session: None,
        path: None,
        module: None,
    }]);
}
