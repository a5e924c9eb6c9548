//! Output for programs: JSON that matches its committed schema, and an approved plan that `apply` keeps to.

use std::{fs, path::Path};

use reconcile_schema::Product;
use serde_json::{Deserializer, Value, json};

#[cfg(not(windows))]
use crate::manifest;
use crate::{folder, lab, listing, reconcile};

/// Every JSON document in `text`; each must match a committed schema.
pub fn valid(format: &str, text: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("schema/{format}.schema.json"));
    let schema = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let documents: Vec<Value> = Deserializer::from_str(text).into_iter().collect::<Result<_, _>>().unwrap();
    for document in &documents {
        let errors: Vec<_> =
            validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{format}: {errors:#?}\n{text}");
    }
    documents
}

#[test]
fn every_answer_in_json_is_valid_by_its_schema() {
    let faults = [
        "",
        "shell-open",
        "reboot-pending",
        "installer-fails",
        "installer-asks-for-reboot",
        "service-hangs-in-stop",
        "database-unreachable",
        "database-version-empty",
        "components-unreadable",
        "newer-build",
    ];
    for fault in faults {
        let folder = folder(&lab(&format!(", faults: [{fault}]")));
        for (format, command) in [("plan", "plan"), ("run", "apply"), ("plan", "plan")] {
            let ended = reconcile(folder.path(), &[command, "site.yaml", "--output", "json"]);
            let [answer] = valid(format, &ended.out).try_into().unwrap();
            let state = match ended.code {
                Some(0) => "at-goal",
                Some(1) => "failed",
                Some(2) => "drift",
                Some(3) => "blocked",
                Some(4) => "needs-operator",
                Some(5) => "unknown",
                other => panic!("{fault} {command}: {other:?} {}", ended.err),
            };
            assert_eq!(answer["state"], state, "{fault} {command}");
            let server = &answer["servers"][0];
            let short = !matches!(state, "at-goal" | "drift");
            assert_eq!(server.get("blockedBy").is_some(), short, "{fault} {command}: {server}");
            assert_eq!(server.get("help").is_some(), short, "{fault} {command}: {server}");
        }
        let observed = valid("snapshot", &reconcile(folder.path(), &["observe", "site.yaml"]).out);
        assert_eq!(observed.len(), 1);
    }
}

#[test]
fn the_catalogue_in_json_is_valid_by_its_schema() {
    let folder = folder("");
    let all = reconcile(folder.path(), &["releases", "--output", "json"]);
    assert_eq!(valid("releases", &all.out)[0]["products"].as_object().unwrap().len(), Product::ALL.len());
    let some = reconcile(folder.path(), &["releases", "cu7", "--product", "sfb-2019", "--output", "json"]);
    let found = valid("releases", &some.out)[0]["products"]["sfb-2019"]["releases"].clone();
    let ids: Vec<_> = found.as_array().unwrap().iter().map(|release| release["id"].clone()).collect();
    assert_eq!(ids, ["sfb-2019/cu7", "sfb-2019/cu7hf1"]);
    let none = reconcile(folder.path(), &["releases", "frobnicate"]);
    assert_eq!((none.code, none.out.as_str()), (Some(0), "no release matches\n"));
}

#[test]
fn a_saved_plan_is_the_plan_that_was_printed_and_can_be_applied() {
    let folder = folder(&lab(""));
    let printed = reconcile(folder.path(), &["plan", "site.yaml", "--out", "plan.json", "--output", "json"]);
    assert_eq!(fs::read_to_string(folder.path().join("plan.json")).unwrap(), printed.out);
    let ended = reconcile(folder.path(), &["apply", "site.yaml", "--plan", "plan.json", "--output", "json"]);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    let [plan] = valid("plan", &printed.out).try_into().unwrap();
    let [run] = valid("run", &ended.out).try_into().unwrap();
    let planned: Vec<_> = plan["servers"][0]["steps"].as_array().unwrap().iter().map(|step| &step["step"]).collect();
    assert_eq!(run["servers"][0]["steps"].as_array().unwrap().iter().collect::<Vec<_>>(), planned);
}

#[test]
fn a_file_that_is_no_plan_for_this_manifest_is_refused() {
    let folder = folder(&lab(""));
    let plan = folder.path().join("plan.json");
    reconcile(folder.path(), &["plan", "site.yaml", "--out", "plan.json"]);
    let good = fs::read_to_string(&plan).unwrap();
    let cases = [
        ("missing", None, "plan.json"),
        ("empty", Some(String::new()), "expected a plan that `reconcile plan --out` wrote"),
        ("another version", Some(good.replacen("\"version\": 1", "\"version\": 2", 1)), "expected version 1, found 2"),
        ("an unknown field", Some(good.replacen("\"lab\"", "\"force\": true, \"lab\"", 1)), "unknown field `force`"),
        ("another server", Some(good.replace("fe01", "fe02")), "does not name fe01.contoso.example"),
    ];
    let before = listing(folder.path());
    for (what, text, why) in cases {
        match text {
            Some(text) => fs::write(&plan, text).unwrap(),
            None => fs::remove_file(&plan).unwrap(),
        }
        let ended = reconcile(folder.path(), &["apply", "site.yaml", "--plan", "plan.json"]);
        assert_eq!(ended.code, Some(65), "{what}: {}{}", ended.out, ended.err);
        assert!(ended.err.contains(why), "{what}: {}", ended.err);
        let world = folder.path().join("world.yaml");
        assert!(!world.exists(), "{what}: something was done");
    }
    assert!(before.contains(&"plan.json".to_owned()));
}

#[test]
fn a_plan_for_some_servers_is_refused_for_all_before_the_first_and_says_how_it_is_carried_out() {
    let folder = folder("");
    reconcile(folder.path(), &["init", "--lab"]);
    let planned = reconcile(folder.path(), &["plan", "lab.yaml", "--server", "lync-se", "--out", "plan.json"]);
    let (_, hint) = planned.out.trim_end().rsplit_once("Once it is approved: reconcile ").unwrap();

    let all = reconcile(folder.path(), &["apply", "lab.yaml", "--plan", "plan.json"]);
    assert_eq!((all.code, all.out.as_str()), (Some(65), ""), "{}", all.err);
    assert!(all.err.contains("does not name sfb15-se.lab.example"), "{}", all.err);
    assert!(!folder.path().join("lab.world").exists(), "something was done");

    let ended = reconcile(folder.path(), &hint.split(' ').collect::<Vec<_>>());
    assert_eq!(ended.code, Some(0), "{hint}: {}{}", ended.out, ended.err);
}

#[test]
fn a_plan_that_cannot_be_saved_is_a_failure() {
    let folder = folder(&lab(""));
    let ended = reconcile(folder.path(), &["plan", "site.yaml", "--out", "no/such/folder/plan.json"]);
    assert_eq!(ended.code, Some(1), "{}", ended.err);
    assert!(ended.err.contains("no/such/folder"), "{}", ended.err);
}

#[test]
fn looking_changes_nothing() {
    let folder = folder(&lab(""));
    for args in [&["plan", "site.yaml"] as &[&str], &["observe", "site.yaml"], &["lab", "show", "site.yaml"]] {
        reconcile(folder.path(), args);
        assert_eq!(listing(folder.path()), ["site.yaml"], "{args:?}");
    }
}

#[cfg(not(windows))]
#[test]
fn a_manifest_for_real_servers_is_refused_on_another_machine() {
    let folder = folder(&manifest("fe01.contoso.example", ""));
    for args in [
        &["plan", "site.yaml"] as &[&str],
        &["apply", "site.yaml", "--yes"],
        &["observe", "site.yaml"],
        &["drift", "site.yaml"],
        &["status", "site.yaml"],
    ] {
        let ended = reconcile(folder.path(), args);
        assert_eq!((ended.code, ended.out.as_str()), (Some(64), ""), "{args:?}: {}", ended.err);
        for way in ["run it there", "drift site.yaml --from", "plan --fleet site.yaml", "try a lab"] {
            assert!(ended.err.contains(way), "{way}: {}", ended.err);
        }
        assert_eq!(listing(folder.path()), ["site.yaml"]);
    }
    let ended = reconcile(folder.path(), &["lab", "show", "site.yaml"]);
    assert_eq!(ended.code, Some(64), "{}", ended.err);
    assert!(ended.err.contains("its servers are real"), "{}", ended.err);
}

/// A lab whose only server needs an update, and the approved plan for it.
fn approved() -> (tempfile::TempDir, Value) {
    let lab = folder(&lab(""));
    reconcile(lab.path(), &["plan", "site.yaml", "--out", "approved.json"]);
    let plan = serde_json::from_str(&fs::read_to_string(lab.path().join("approved.json")).unwrap()).unwrap();
    (lab, plan)
}

/// Applies the approved plan; returns the exit code and the report.
fn applied(folder: &Path) -> (Option<i32>, Value) {
    let ended = reconcile(folder, &["apply", "site.yaml", "--plan", "approved.json", "--output", "json"]);
    (ended.code, serde_json::from_str(&ended.out).unwrap_or(Value::Null))
}

#[test]
fn a_plan_is_refused_when_its_inputs_have_changed() {
    let (lab, _) = approved();
    let manifest = lab.path().join("site.yaml");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, format!("{text}# a word\n")).unwrap();
    let (code, run) = applied(lab.path());
    let server = &run["servers"][0];
    assert_eq!((code, &server["code"], &server["steps"]), (Some(4), &json!("deviated"), &json!([])), "{run:#}");
    assert!(server["blockedBy"].as_str().unwrap().ends_with("the manifest has changed since"), "{run:#}");

    fs::write(&manifest, text.replace("CU7", "CU6")).unwrap();
    let (code, run) = applied(lab.path());
    let why = "the approved plan is no longer valid: the target was 7.0.2046.521 and is now 7.0.2046.385";
    assert_eq!((code, run["servers"][0]["blockedBy"].as_str()), (Some(4), Some(why)));

    fs::write(&manifest, text).unwrap();
    let (code, _) = applied(lab.path());
    assert_eq!(code, Some(0), "as it was approved");
    fs::write(&manifest, fs::read_to_string(&manifest).unwrap() + "# another word\n").unwrap();
    let (code, run) = applied(lab.path());
    assert_eq!((code, &run["servers"][0]["steps"]), (Some(0), &json!([])), "at its goal the plan does not count");
}

#[test]
fn a_plan_with_an_unknown_field_or_without_its_inputs_is_refused() {
    let (lab, plan) = approved();
    let write = |plan: &Value| fs::write(lab.path().join("approved.json"), plan.to_string()).unwrap();
    for at in ["", "/servers/0", "/servers/0/steps/0", "/servers/0/restsOn"] {
        let mut plan = plan.clone();
        plan.pointer_mut(at).unwrap()["everything"] = json!(true);
        write(&plan);
        let ended = reconcile(lab.path(), &["apply", "site.yaml", "--plan", "approved.json"]);
        assert!(ended.code == Some(65) && ended.err.contains("everything"), "{at}: {}", ended.err);
    }
    let mut earlier = plan.clone();
    earlier["servers"][0].as_object_mut().unwrap().remove("restsOn").unwrap();
    write(&earlier);
    let ended = reconcile(lab.path(), &["apply", "site.yaml", "--plan", "approved.json"]);
    assert!(ended.code == Some(65) && ended.err.contains("plan again"), "{}", ended.err);
}

#[test]
fn a_step_that_nobody_approved_costs_no_outage() {
    let (lab, plan) = approved();
    let mut fewer = plan.clone();
    let steps = fewer["servers"][0]["steps"].as_array_mut().unwrap();
    steps.retain(|step| step["step"] != json!({ "updateDatabases": "local" }));
    assert!(steps.len() < plan["servers"][0]["steps"].as_array().unwrap().len());
    fs::write(lab.path().join("approved.json"), fewer.to_string()).unwrap();
    let (code, run) = applied(lab.path());
    let server = &run["servers"][0];
    assert_eq!((code, &server["outageSeconds"], &server["steps"]), (Some(4), &json!(0), &json!(["stage"])), "{run:#}");
    assert!(server["blockedBy"].as_str().unwrap().contains("the approved plan"), "{run:#}");
}
