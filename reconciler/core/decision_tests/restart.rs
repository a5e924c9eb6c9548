//! A Standard Edition server that is behind, or on which a restart of Windows is pending: when it is restarted.

use super::*;
use reconcile_schema::{PendingRestart, Reboots};

#[test]
fn a_restart_comes_before_the_work_and_only_where_it_may() {
    decided(
        standard,
        &[
            (
                "nobody can tell whether one is pending",
                |it| it.seen.host.reboot = unknown(),
                "blocked: whether a restart is pending: access denied",
            ),
            (
                "one is pending",
                |it| it.seen.host.reboot = Fact::Known(vec![pending("setup", &[])]),
                "blocked: a restart is pending (requested by setup), and the policy does not allow one",
            ),
            (
                "one is pending that the policy forbids, and it would take longer than the budget leaves",
                |it| {
                    restart(it);
                    it.goal.rules.reboot = Reboots::Never;
                    it.estimates(5, 12, 7);
                },
                "blocked: a restart is pending (requested by setup), and the policy does not allow one",
            ),
            (
                "one is pending, when required",
                |it| {
                    restart(it);
                    it.goal.rules.reboot = Reboots::WhenRequired;
                },
                "the restart: a restart is requested by setup",
            ),
            (
                "one is pending, and one was taken",
                |it| {
                    restart(it);
                    (it.goal.rules.reboot, it.seen.marks.reboots) = (Reboots::WhenRequired, 1);
                },
                "the restart: a restart is requested by setup",
            ),
            (
                "one is pending, and two were taken",
                |it| {
                    restart(it);
                    (it.goal.rules.reboot, it.seen.marks.reboots) = (Reboots::WhenRequired, 2);
                },
                "blocked: a restart is pending again after 2 restarts for this target",
            ),
            (
                "one is pending, and the second was asked for in this boot",
                |it| {
                    restart(it);
                    (it.goal.rules.reboot, it.seen.marks.reboots) = (Reboots::WhenRequired, 2);
                    it.seen.marks.rebooting = Some(BootId("this boot".into()));
                },
                "the restart: a restart is requested by setup",
            ),
            (
                "one is pending, and two were taken; the services are down",
                |it| {
                    restart(it);
                    it.down();
                    (it.goal.rules.reboot, it.seen.marks.reboots) = (Reboots::WhenRequired, 2);
                },
                "starting the web server: so that W3SVC runs again",
            ),
            (
                "one is pending, in a window, and one is open",
                |it| {
                    restart(it);
                    it.window("20:00", "23:00");
                    it.goal.rules.reboot = Reboots::InWindow;
                },
                "the restart: a restart is requested by setup",
            ),
            (
                "one is pending, in a window, and none is open; the services are down",
                |it| {
                    restart(it);
                    it.down();
                    it.baseline().installing = true;
                    it.window("10:00", "11:00");
                    it.goal.rules.reboot = Reboots::InWindow;
                },
                "starting the web server: so that W3SVC runs again",
            ),
            (
                "one is pending, when required, and no window is open; the services are down",
                |it| {
                    restart(it);
                    it.down();
                    it.baseline().installing = true;
                    it.window("10:00", "11:00");
                    it.goal.rules.reboot = Reboots::WhenRequired;
                },
                "the restart: a restart is requested by setup",
            ),
            (
                "a file waits that matters",
                |it| files(it, &[("C:\\a.dll", true)]),
                "the restart: a restart is requested by files",
            ),
            (
                "a file waits that does not matter",
                |it| files(it, &[("C:\\a.dll", false)]),
                "stopping the services: core-components is at 7.0.2046.0, must reach 7.0.2046.530",
            ),
            (
                "a file waits that has outlasted a restart",
                |it| {
                    files(it, &[("C:\\a.dll", true)]);
                    it.seen.marks.awaited.push("C:\\a.dll".into());
                },
                "stopping the services: core-components is at 7.0.2046.0, must reach 7.0.2046.530",
            ),
            (
                "a file waits for a restart that has not happened yet",
                |it| {
                    files(it, &[("C:\\a.dll", true)]);
                    it.seen.marks.awaited.push("C:\\a.dll".into());
                    it.seen.marks.rebooting = Some(BootId("this boot".into()));
                },
                "the restart: a restart is requested by files",
            ),
            (
                "a file waits that outlasted a restart of an earlier boot",
                |it| {
                    files(it, &[("C:\\a.dll", true)]);
                    it.seen.marks.awaited.push("C:\\a.dll".into());
                    it.seen.marks.rebooting = Some(BootId("an earlier boot".into()));
                },
                "stopping the services: core-components is at 7.0.2046.0, must reach 7.0.2046.530",
            ),
        ],
    );
}

fn restart(it: &mut Server) {
    it.seen.host.reboot = Fact::Known(vec![pending("setup", &[])]);
}

fn files(it: &mut Server, files: &[(&str, bool)]) {
    it.seen.host.reboot = Fact::Known(vec![pending("files", files)]);
    it.goal.rules.reboot = Reboots::WhenRequired;
}

#[test]
fn a_restart_of_windows_is_taken_where_the_policy_says_so() {
    let windows = |it: &mut Server| {
        it.seen.host.reboot = Fact::Known(vec![Pending { of_windows: true, ..pending("Windows Update", &[]) }]);
    };
    let mut server = patched();
    windows(&mut server);
    assert_eq!(helps(&server), "nothing");
    server.goal.rules.pending_restart = PendingRestart::Restart;
    assert_eq!(helps(&server), "the restart: a restart is requested by Windows Update");
    server.seen.host.reboot = unknown();
    assert_eq!(helps(&server), "cannot: whether a restart is pending: access denied");
    server.goal.rules.pending_restart = PendingRestart::Report;
    assert_eq!(helps(&server), "nothing");
    server.seen.host.reboot = Fact::Known(vec![pending("setup", &[])]);
    server.goal.rules.pending_restart = PendingRestart::Restart;
    assert_eq!(helps(&server), "nothing");
}
