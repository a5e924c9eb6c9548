//! Guards that a change could remove without any other test noticing: `tests/mutants/run` found them.

use super::*;
use crate::{
    plan::ahead,
    seen::{Halt, Spent},
};
use reconcile_schema::{PoolRecord, Reboots, Step};

fn failed(it: &mut Server, step: Step) {
    it.seen.run.spent.push((step, Spent::Failed("error 5".into())));
}

#[test]
fn a_component_of_another_product_is_not_its_core_components() {
    decided(
        standard,
        &[(
            "only another product's web components are there",
            |it| {
                if let Fact::Known(all) = &mut it.seen.host.components {
                    (all[0].product, all[0].name) = (Product::Lync2013, component("web-components"));
                }
            },
            "blocked: Skype for Business Server 2019 is not installed here: found no Skype for Business Server 2019, Core Components",
        )],
    );
}

#[test]
fn a_run_that_is_to_end_waits_for_no_look() {
    decided(
        patched,
        &[(
            "the databases are not read yet",
            |it| {
                it.seen.host.databases.clear();
                it.seen.run.halt = Some(Halt::Interrupted);
            },
            "blocked: the run was interrupted",
        )],
    );
}

#[test]
fn a_stop_that_failed_forbids_only_what_needs_it() {
    decided(
        patched,
        &[(
            "databases are behind, and the web server did not stop",
            |it| {
                it.databases(&Store::Local, |database| database.expected = Some([15, 13, 23].into()));
                failed(it, Step::StopWeb);
            },
            "stopping the services: below the version that the binaries expect: rtcxds",
        )],
    );
    decided(
        installed,
        &[(
            "the services are down, and the web server did not stop",
            |it| failed(it, Step::StopWeb),
            "starting the web server: so that W3SVC runs again",
        )],
    );
}

#[test]
fn our_own_restart_asks_nothing_new() {
    decided(
        installed,
        &[
            (
                "the rights cannot be read any more",
                |it| {
                    it.attempt(Some(3010)).stopped_since = true;
                    it.seen.host.reboot = Fact::Known(vec![pending("setup", &[])]);
                    it.seen.host.rights = Fact::Unknown("access denied".into());
                    it.goal.rules.reboot = Reboots::WhenRequired;
                },
                "the restart: a restart is requested by the installer (exit code 3010), setup",
            ),
            (
                "the services run again, and no window is open",
                |it| {
                    it.attempt(Some(3010)).stopped_since = true;
                    it.seen.host.reboot = Fact::Known(vec![pending("setup", &[])]);
                    it.goal.rules.reboot = Reboots::WhenRequired;
                    it.services().iter_mut().for_each(|service| service.state = ServiceState::Running);
                    it.seen.marks.baseline = None;
                    it.window("22:00", "23:00");
                },
                "blocked: no maintenance window is open before Sun 2026-03-01 22:00 (UTC)",
            ),
        ],
    );
}

#[test]
fn a_pool_is_not_asked_about_a_server_that_does_not_serve() {
    decided(
        || {
            let mut server = server("fe1.contoso.example", Product::Sfb2019, (ORIGINAL, CURRENT));
            server.seen.host.claim = Fact::Known(PoolRecord::default());
            server.claim_of("fe1.contoso.example");
            server.down();
            server
        },
        &[
            (
                "its services are down, and the pool was not asked",
                |it| it.seen.host.pool = Fact::NotLooked,
                "the installation: core-components is at 7.0.2046.0, must reach 7.0.2046.530",
            ),
            (
                "somebody else stopped them, and the pool was not asked",
                |it| {
                    it.seen.host.pool = Fact::NotLooked;
                    it.seen.marks.baseline = None;
                },
                "the installation: core-components is at 7.0.2046.0, must reach 7.0.2046.530",
            ),
        ],
    );
}

#[test]
fn a_run_that_is_to_end_waits_for_no_answer_before_a_step() {
    decided(
        standard,
        &[
            (
                "the package is not read yet",
                |it| {
                    it.seen.host.package = Fact::NotLooked;
                    it.seen.run.halt = Some(Halt::Interrupted);
                },
                "blocked: the run was interrupted",
            ),
            (
                "the free disk space cannot be read",
                |it| {
                    it.seen.host.disk = Fact::Unknown("error 5".into());
                    it.seen.run.halt = Some(Halt::Interrupted);
                },
                "blocked: the run was interrupted",
            ),
        ],
    );
}

#[test]
fn the_web_server_does_not_wait_for_databases_only_in_an_outage_of_ours() {
    decided(
        patched,
        &[(
            "somebody stopped every service, and the databases are not read yet",
            |it| {
                it.services().iter_mut().for_each(|service| service.state = ServiceState::Stopped);
                it.seen.host.databases.clear();
            },
            "look at the local databases",
        )],
    );
}

#[test]
fn a_server_whose_services_cannot_be_read_does_not_release_its_pool() {
    decided(
        || {
            let mut server = server("fe1.contoso.example", Product::Sfb2019, (CURRENT, CURRENT));
            server.seen.host.claim = Fact::Known(PoolRecord::default());
            server.claim_of("fe1.contoso.example");
            server.seen.marks.claimed = true;
            server
        },
        &[(
            "the service manager does not answer",
            |it| it.seen.host.services = Fact::Unknown("error 1722".into()),
            "blocked: the services: error 1722",
        )],
    );
}

#[test]
fn a_restart_of_a_server_that_somebody_else_stopped_waits_for_its_window() {
    decided(
        patched,
        &[(
            "its services are down, no run took them down, and the installer asks for a restart",
            |it| {
                it.services().iter_mut().for_each(|service| service.state = ServiceState::Stopped);
                it.attempt(Some(3010)).stopped_since = true;
                it.goal.rules.reboot = Reboots::WhenRequired;
                it.window("22:00", "23:00");
            },
            "starting the web server: so that W3SVC runs again",
        )],
    );
}

#[test]
fn a_drive_must_have_room_for_what_is_put_there_and_no_more() {
    decided(
        standard,
        &[(
            "both drives have exactly what is needed",
            |it| (it.seen.host.disk, it.seen.host.private_disk) = (Fact::Known(16 << 30), Fact::Known(3 << 30)),
            "stopping the services: core-components is at 7.0.2046.0, must reach 7.0.2046.530",
        )],
    );
    decided(
        patched,
        &[(
            "databases are behind, and nobody knows the drive that takes the update",
            |it| {
                it.databases(&Store::Local, |database| database.expected = Some([15, 13, 23].into()));
                it.seen.host.private_disk = Fact::NotLooked;
            },
            "stopping the services: below the version that the binaries expect: rtcxds",
        )],
    );
}

/// The first step of what lies ahead once the account has the rights.
fn first(of: fn() -> Server) -> Option<Step> {
    let mut server = of();
    server.seen.host.rights = Fact::Unknown("error 5".into());
    server.seen.host.reboot = Fact::Known(vec![pending("setup", &[])]);
    server.goal.rules.reboot = Reboots::WhenRequired;
    ahead(&server.goal, &server.seen).first().map(|planned| planned.step.clone())
}

#[test]
fn what_lies_ahead_of_a_machine_that_waits_for_a_restart_begins_with_it() {
    assert_eq!(first(standard), Some(Step::Reboot));
    assert_eq!(first(patched), None, "there is no work");
    let unread = || {
        let mut server = patched();
        server.seen.host.services = Fact::Unknown("error 1722".into());
        server
    };
    assert_eq!(first(unread), None, "nobody knows of any work");
}
