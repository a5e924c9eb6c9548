//! Guards that a change could take out without any other test noticing: `tests/mutants/run` found them.

use super::*;
use crate::seen::{Halt, Spent};
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
            "starting the web server: should run and does not: W3SVC",
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
        &[(
            "its services are down, and the pool was not asked",
            |it| it.seen.host.pool = Fact::NotLooked,
            "the installation: core-components is at 7.0.2046.0, must reach 7.0.2046.530",
        )],
    );
}
