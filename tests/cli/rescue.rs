//! A run that cannot use its manifest first brings back the services that an earlier run stopped, and then ends with
//! 65.

use std::{fs, path::Path};

use reconcile_core::{Goal, Request, apply};
use reconcile_hosts::lab::{Fault, Kill, Lab, LabError, When};
use reconcile_schema::{Manifest, Releases, RunId};
use tempfile::TempDir;

use crate::{Ended, folder, lab, reconcile};

pub const SERVER: &str = "fe01.contoso.example";

/// A lab whose run was killed in this effect.
pub fn killed(at: u32, when: When, also: &[Fault]) -> TempDir {
    let folder = folder(&lab(""));
    let manifest: Manifest =
        serde_yaml::from_str(&fs::read_to_string(folder.path().join("site.yaml")).unwrap()).unwrap();
    let releases: Releases = serde_yaml::from_str(include_str!("../../manifests/releases.yaml")).unwrap();
    let goal = Goal::of(&manifest, &releases, &SERVER.parse().unwrap()).unwrap();
    assert_eq!(reconcile(folder.path(), &["lab", "reset", "site.yaml"]).code, Some(0));
    let mut lab = Lab::open(&folder.path().join("world.yaml"), || unreachable!()).unwrap();
    let mut host = lab.host(&goal.server).unwrap();
    host.kill(Kill { effect: at, when });
    let request = Request {
        goal: &goal,
        run: RunId("killed".into()),
        version: "0",
        by: "a test",
        approved: None,
        forgive: false,
        interrupted: &|| None,
    };
    let ended = apply(&mut host, &request, &mut |_| {});
    assert!(matches!(ended, Err(LabError::Killed)), "{ended:?}");
    lab.change(&goal.server, |server| server.faults.extend(also)).unwrap();
    folder
}

/// The number of the effect, in an uninterrupted run, that is this step.
pub fn effect_of(step: &str) -> u32 {
    let takes = |effect: &u32| {
        let folder = killed(*effect, When::Before, &[]);
        let journal =
            fs::read_to_string(folder.path().join(format!("world.journal/{SERVER}.jsonl"))).unwrap_or_default();
        let last = journal.lines().last().unwrap_or_default();
        last.contains("\"began\"") && last.contains(step)
    };
    (0..40).find(takes).unwrap()
}

fn change(folder: &Path, from: &str, to: &str) {
    let path = folder.join("site.yaml");
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{text}");
    fs::write(path, text.replace(from, to)).unwrap();
}

pub fn services(folder: &Path) -> (usize, usize) {
    let lab = Lab::open(&folder.join("world.yaml"), || unreachable!()).unwrap();
    let server = lab.world().servers.values().next().unwrap();
    (server.services.iter().filter(|service| service.is_running()).count(), server.services.len())
}

pub fn assert_rescued(folder: &Path, ended: &Ended) {
    assert_eq!(ended.code, Some(65), "{}", ended.err);
    assert!(ended.err.contains("the services that an earlier run had stopped run again"), "{}", ended.err);
    let (up, all) = services(folder);
    assert_eq!(up, all, "{}", ended.err);
}

#[test]
fn a_damaged_journal_keeps_no_service_down_in_silence() {
    let journal = format!("world.journal/{SERVER}.jsonl");
    for (lost, comes_back) in [("\"runBegan\"", true), ("\"takingDown\"", false)] {
        let folder = killed(effect_of("\"stopServices\""), When::After, &[]);
        let path = folder.path().join(&journal);
        let text = fs::read_to_string(&path).unwrap();
        let place = text.find(lost).unwrap();
        let mut bytes = text.into_bytes();
        bytes[place + 2] ^= 1;
        if !comes_back {
            // Without its beginning as well, the journal does not show that a step took services down.
            let end = bytes.iter().rposition(|byte| *byte == b'{').unwrap();
            bytes.truncate(end);
        }
        fs::write(&path, bytes).unwrap();
        change(folder.path(), "version: 1", "version: 2");
        let ended = reconcile(folder.path(), &["apply", "site.yaml"]);
        if comes_back {
            assert_rescued(folder.path(), &ended);
        } else {
            assert_eq!(ended.code, Some(65), "{}", ended.err);
            assert!(ended.err.contains("its journal is damaged"), "{}", ended.err);
        }
    }
}

#[test]
fn whatever_is_wrong_with_the_manifest_the_services_come_back() {
    let wrong = [
        ("target: cu7", "targte: cu7"),
        ("version: 1", "version: 2"),
        ("version: 1", "version: 1\nrequires: \">=9\""),
        (SERVER, "another.contoso.example"),
    ];
    let stop = effect_of("stopServices");
    for (from, to) in wrong {
        for unattended in [false, true] {
            let folder = killed(stop, When::After, &[]);
            assert!(services(folder.path()).0 < 2, "all but the web server are down");
            change(folder.path(), from, to);
            let args = ["apply", "site.yaml", "--server", SERVER, "--unattended"];
            let ended = reconcile(folder.path(), if unattended { &args[..] } else { &args[..4] });
            assert_rescued(folder.path(), &ended);
            change(folder.path(), to, from);
            let again = reconcile(folder.path(), &["apply", "site.yaml"]);
            assert_eq!(again.code, Some(0), "{}", again.err);
        }
    }
}

#[test]
fn nothing_is_started_beneath_an_installer_that_works() {
    let folder = killed(effect_of("install"), When::Midway, &[Fault::AnotherInstallation]);
    change(folder.path(), "version: 1", "version: 2");
    let ended = reconcile(folder.path(), &["apply", "site.yaml"]);
    assert_eq!(ended.code, Some(65), "{}", ended.err);
    assert!(ended.err.contains("not running since an earlier run stopped services"), "{}", ended.err);
    assert!(ended.err.contains("installation is in progress"), "{}", ended.err);
    assert_eq!(services(folder.path()).0, 0, "{}", ended.err);
}

#[test]
fn services_that_nobody_stopped_are_left_alone_and_plan_changes_nothing() {
    let folder = folder(&lab(""));
    assert_eq!(reconcile(folder.path(), &["lab", "reset", "site.yaml"]).code, Some(0));
    change(folder.path(), "version: 1", "version: 2");
    let ended = reconcile(folder.path(), &["apply", "site.yaml"]);
    assert_eq!(ended.code, Some(65), "{}", ended.err);
    assert!(!ended.err.contains("run again") && !ended.err.contains("not running"), "{}", ended.err);

    let folder = killed(effect_of("stopServices"), When::After, &[]);
    let before = services(folder.path());
    change(folder.path(), "version: 1", "version: 2");
    assert_eq!(reconcile(folder.path(), &["plan", "site.yaml"]).code, Some(65));
    assert_eq!(services(folder.path()), before);
}
