use super::*;
use crate::{manifest::input::Input, work::site::Site};

/// A restart of a real machine ends the run; a simulated machine is back at once.
#[test]
fn what_is_foreseen_ends_with_the_machine() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("site.yaml");
    let sha256 = "c0ffee00".repeat(8);
    let manifest = format!(
        "version: 1
policy: {{ reboot: whenRequired }}
updates:
  cu7: {{ product: sfb-2019, release: CU7, installer: {{ path: 'D:\\x.exe', sha256: {sha256} }} }}
servers:
  fe01.contoso.example: {{ role: standard-edition, target: cu7 }}
lab:
  world: world.yaml
  servers:
    fe01.contoso.example: {{ build: \"7.0.2046.123\", faults: [reboot-pending] }}
"
    );
    std::fs::write(&path, manifest).unwrap();
    let (mut site, goals) = Site::open(&Input::read(&path).unwrap(), &[]).unwrap();
    let goal = goals.first().unwrap();
    let now = seen(&mut site, goal).unwrap();
    assert!(plan(goal, &now).steps.iter().any(|planned| planned.step == Step::Reboot));

    let core = |seen: &Seen| seen.host.core(goal.product).cloned();
    let (then, restart) = foreseen(goal, now.clone(), false);
    assert_eq!((core(&then), restart), (core(&now), true));
    let (then, restart) = foreseen(goal, now, true);
    assert_eq!((core(&then), restart), (Some(goal.core.clone()), false));
}

#[test]
fn a_restart_is_no_failure_whoever_begins_it() {
    let who = vec!["the installer (exit code 3010)".into()];
    assert_eq!(restart_due(&End::GoingDown), Ok(true));
    assert_eq!(restart_due(&End::Blocked(Blocker::Reboot { who })), Ok(true));
    assert_eq!(restart_due(&End::AtGoal), Ok(false));
    let spent = Blocker::RebootsSpent { reboots: 2 };
    assert_eq!(restart_due(&End::Blocked(spent.clone())), Err(&spent));
}
