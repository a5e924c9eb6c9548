//! Restarts that Windows requests on servers at their builds, through the keys of Windows Update and of servicing.

use reconcile_schema::{State, Step};

use crate::machine::Machine;
use crate::reconcile::MANIFEST;
use crate::server::{SFB_2019, Server};

const UPDATE: &str = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update\RebootRequired";
const SERVICING: &str = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\RebootPending";
const PACKAGES: &str = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\PackagesPending";
const SESSION_MANAGER: &str = r"HKLM\SYSTEM\CurrentControlSet\Control\Session Manager";

fn registry(machine: &Machine, args: &[&str]) {
    let ended = machine.run(r"C:\Windows\System32\reg.exe", args);
    assert_eq!(ended.code, 0, "{ended:?}");
}

/// A server at its goal.
fn at_goal(server: Server) -> Machine {
    let machine = Machine::new(server);
    machine.declare("{}");
    machine.apply().is(0, State::AtGoal);
    machine
}

#[test]
fn a_requested_restart_is_shown_and_changes_nothing() {
    let machine = at_goal(Server::back_end(SFB_2019));
    registry(&machine, &["add", UPDATE, "/f"]);
    registry(&machine, &["add", SERVICING, "/f"]);
    let known = machine.calls().len();
    let ran = machine.apply();
    ran.is(0, State::AtGoal);
    let [note] = &ran.server.notes[..] else { panic!("one note: {ran:#?}") };
    assert_eq!(
        (note.code.as_str(), note.observed.as_str()),
        ("restart-due", "requested by Windows servicing, Windows Update")
    );
    let drift = machine.reconcile(&["drift", MANIFEST]);
    assert_eq!(drift.code, 0, "{drift:?}");
    assert!(drift.stdout.contains("requested by Windows servicing, Windows Update"), "{drift:?}");
    let status = machine.reconcile(&["status", MANIFEST]);
    assert!(status.stdout.contains("restart: requested by"), "{status:?}");
    machine.assert_untouched(known);
}

#[test]
fn a_requested_restart_is_made_if_the_policy_says_so() {
    let machine = at_goal(Server::front_end(SFB_2019));
    registry(&machine, &["add", UPDATE, "/f"]);
    machine.declare("{ pendingRestart: restart }");
    let never = machine.apply();
    never.is(3, State::Blocked);
    assert!(never.why().contains("Windows Update"), "{never:#?}");
    assert!(never.server.steps.is_empty(), "{never:#?}");
    assert_eq!(machine.reconcile(&["drift", MANIFEST]).code, 2);

    machine.declare("{ pendingRestart: restart, reboot: whenRequired }");
    let first = machine.apply();
    assert_eq!((first.code, first.server.state), (3, State::Blocked), "{first:#?}");
    assert!(first.server.restarting, "{first:#?}");
    assert_eq!(first.server.steps, [Step::FailOver], "{first:#?}");
    registry(&machine, &["delete", UPDATE, "/f"]); // Windows does this when it starts.
    machine.reboot();
    let again = machine.apply();
    again.is(0, State::AtGoal);
    assert_eq!(again.server.steps, [Step::FailBack], "{again:#?}");
    machine.assert_converged();
}

/// Nobody has shown that a restart clears these entries. If it did not, the server would be restarted without effect.
#[test]
fn waiting_files_and_packages_cause_no_restart() {
    let machine = at_goal(Server::back_end(SFB_2019));
    let file = r"\??\C:\Program Files\Skype for Business Server 2019\old.dll";
    let add = ["add", SESSION_MANAGER, "/v", "PendingFileRenameOperations", "/t", "REG_MULTI_SZ", "/d", file, "/f"];
    registry(&machine, &add);
    registry(&machine, &["add", PACKAGES, "/f"]);
    machine.declare("{ pendingRestart: restart, reboot: whenRequired }");
    let known = machine.calls().len();
    let ran = machine.apply();
    ran.is(0, State::AtGoal);
    assert!(ran.server.steps.is_empty() && ran.server.notes.is_empty(), "{ran:#?}");
    machine.assert_untouched(known);
}
