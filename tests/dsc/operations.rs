//! The four operations: what they say of a server below, at and above its build, and what they do to it.

use std::fs;

use serde_json::{Value, json};

use crate::{
    SERVER, before,
    engine::{Engine, Search, asks},
    files, reconcile, site,
};

const OTHER: &str = "fe02.contoso.example";
const THIRD: &str = "fe03.contoso.example";

#[test]
fn a_server_below_its_build_is_brought_there_and_then_left_alone() {
    let (folder, engine) = before("");
    let asked = asks("site.yaml", SERVER);
    let tested = engine.test(&asked).unwrap();
    assert!(!tested.in_desired_state);
    assert_eq!(tested.differing, ["findings", "found", "state", "steps"]);
    let state = &tested.actual;
    assert_eq!([&state["target"], &state["found"]], ["7.0.2046.521", "7.0.2046.123"]);
    assert_eq!([&state["state"], &state["product"], &state["server"]], ["drift", "sfb-2019", SERVER]);
    assert_eq!([&state["_exist"], &state["lab"]], [true, true]);
    assert_eq!(state["steps"].as_array().unwrap().len(), 8);
    assert_eq!(state["findings"][0]["code"], "component-behind");

    engine.started.take();
    let set = engine.set(&asked, false).unwrap();
    assert_eq!(engine.started.take(), ["dsc test", "dsc get", "dsc set"]);
    assert_eq!(set.before["found"], "7.0.2046.123");
    assert_eq!([&set.after["found"], &set.after["state"]], ["7.0.2046.521", "at-goal"]);
    assert_eq!([&set.after["findings"], &set.after["steps"]], [&json!([]), &json!([])]);
    assert_eq!(set.after["_inDesiredState"], true);
    assert_eq!(set.after.get("_restartRequired"), None);
    assert_eq!(set.changed.unwrap(), ["findings", "found", "state", "steps"]);

    let at_goal = files(folder.path());
    let tested = engine.test(&asked).unwrap();
    assert!(tested.in_desired_state && tested.differing.is_empty(), "{}", tested.actual);
    engine.started.take();
    let set = engine.set(&asked, false).unwrap();
    assert_eq!(engine.started.take(), ["dsc test"], "in its desired state it costs one process");
    assert!(set.changed.is_none());
    // An engine that sets without asking first changes nothing either.
    let (code, out, err) = called(&engine, &["dsc", "set"], &asked);
    assert_eq!((code, out.lines().nth(1), err.as_str()), (0, Some("[]"), ""));
    assert_eq!(files(folder.path()), at_goal, "a second set starts no step");
}

#[test]
fn what_would_be_done_changes_no_file_and_is_what_is_done_then() {
    let (folder, engine) = before("");
    let asked = asks("site.yaml", SERVER);
    let untouched = files(folder.path());
    let what_if = engine.set(&asked, true).unwrap();
    assert_eq!(engine.started.take(), ["dsc test", "dsc get", "dsc set --what-if"]);
    assert_eq!(files(folder.path()), untouched);
    let sentences = what_if.metadata["whatIf"].as_array().unwrap();
    let steps = what_if.before["steps"].as_array().unwrap();
    assert!(sentences.len() >= steps.len());
    for (step, sentence) in steps.iter().zip(sentences) {
        assert!(sentence.as_str().unwrap().starts_with(step.as_str().unwrap()), "{sentence}");
    }
    let set = engine.set(&asked, false).unwrap();
    assert_eq!(set.metadata, Value::Null);
    assert_eq!((set.before, set.after, set.changed), (what_if.before, what_if.after, what_if.changed));
    let again = engine.set(&asked, true).unwrap();
    assert_eq!(again.changed.unwrap(), [""; 0]);
    assert_eq!(again.metadata["whatIf"], json!(["at its goal: nothing would be done"]));
}

/// A run that holds the lock does not keep anybody from looking.
#[test]
fn only_set_takes_the_lock() {
    let (folder, engine) = before("");
    let asked = asks("site.yaml", SERVER);
    let lock = fs::File::create(folder.path().join("world.lock")).unwrap();
    lock.try_lock().unwrap();
    engine.get(&asked).unwrap();
    engine.test(&asked).unwrap();
    engine.set(&asked, true).unwrap();
    engine.export(Some(&asked)).unwrap();
    let untouched = files(folder.path());
    let failed = engine.set(&asked, false).err().unwrap();
    assert_eq!((failed.code, failed.meaning.as_str()), (3, "blocked: try later"));
    assert!(failed.errors[0].contains("another run holds the lock"), "{failed:?}");
    assert_eq!(files(folder.path()), untouched);
}

/// A server that only waits for its turn ends no document that lets it wait, and its answer says that it is not done.
#[test]
fn a_server_that_waits_for_its_turn_is_a_warning_where_that_is_asked() {
    let lets_wait = |how: &str| {
        let mut asked = asks("site.yaml", SERVER);
        asked["whenBlocked"] = how.into();
        asked
    };
    let (folder, engine) = before("");
    let waits = |why: &str, code: &str| {
        for asked in [asks("site.yaml", SERVER), lets_wait("fail")] {
            let failed = engine.set(&asked, false).err().unwrap();
            assert_eq!(failed.code, 3, "{failed:?}");
            assert!(failed.errors[0].contains(why), "{failed:?}");
        }
        engine.logged.take();
        let set = engine.set(&lets_wait("warn"), false).unwrap();
        assert_eq!(
            (&set.after["state"], &set.after["_inDesiredState"]),
            (&"drift".into(), &false.into()),
            "{}",
            set.after
        );
        assert_eq!((set.after.get("_restartRequired"), set.changed.unwrap().len()), (None, 0));
        let logged = engine.logged.take();
        let said = |(level, text): &(String, String)| level == "warn" && text.contains(why) && text.contains(code);
        assert!(logged.iter().any(said), "{logged:?}");
    };
    let lock = fs::File::create(folder.path().join("world.lock")).unwrap();
    lock.try_lock().unwrap();
    waits("another run holds the lock", "code another-run");
    drop(lock);
    reconcile(folder.path(), &["hold", "site.yaml", "--reason", "a demo"]);
    waits("a demo", "code held");
    reconcile(folder.path(), &["unhold", "site.yaml"]);
    assert_eq!(engine.set(&lets_wait("warn"), false).unwrap().after["_inDesiredState"], true);

    // What somebody must look into stays a failure.
    let (_folder, engine) = before("shell-open");
    assert_eq!(engine.set(&lets_wait("warn"), false).err().unwrap().code, 3);
    // A pending restart is reported as such, in both cases.
    let (_folder, engine) = before("reboot-pending");
    for how in ["warn", "fail"] {
        let set = engine.set(&lets_wait(how), false).unwrap();
        assert_eq!(set.after["_restartRequired"], json!([{ "system": SERVER }]), "{how}");
    }
    assert_eq!(engine.get(&lets_wait("warn")).unwrap()["whenBlocked"], "warn", "it is no difference");
}

#[test]
fn where_the_product_is_missing_it_does_not_exist() {
    let (_folder, engine) = before("product-missing");
    let asked = asks("site.yaml", SERVER);
    let state = engine.get(&asked).unwrap();
    assert_eq!(state["_exist"], false);
    assert_eq!(state.get("found"), None);
    let tested = engine.test(&asked).unwrap();
    assert!(!tested.in_desired_state);
    assert!(tested.differing.contains(&"_exist".to_owned()), "{:?}", tested.differing);
    assert_eq!(engine.set(&asked, false).err().unwrap().code, 4);
}

#[test]
fn what_is_newer_or_unknown_is_not_the_desired_state_and_says_so() {
    for (fault, state, exist, why) in [
        ("newer-build", "ahead", Some(true), "above the declared 7.0.2046.521"),
        ("wrong-product", "wrong-product", Some(false), "found Skype for Business Server 2015"),
        ("components-unreadable", "unknown", None, "could not be read"),
        ("services-unreadable", "drift", Some(true), "did not answer"),
        ("database-unreachable", "drift", Some(true), "reached"),
    ] {
        let (_folder, engine) = before(fault);
        let tested = engine.test(&asks("site.yaml", SERVER)).unwrap();
        assert!(!tested.in_desired_state, "{fault}");
        assert_eq!(tested.actual["state"], state, "{fault}");
        assert_eq!(tested.actual.get("_exist").and_then(Value::as_bool), exist, "{fault}");
        assert!(tested.differing.contains(&"state".to_owned()), "{fault}: {:?}", tested.differing);
        let logged = engine.logged.take();
        let [(level, text)] = logged.as_slice() else { panic!("{fault}: {logged:?}") };
        assert_eq!(level, "warn", "{fault}");
        assert!(text.starts_with(SERVER) && text.contains(why), "{fault}: {text}");
    }
}

#[test]
fn export_tells_of_each_server_or_of_those_that_are_so() {
    let folder = site(&[(SERVER, ""), (OTHER, "newer-build")]);
    let engine = Engine::find(folder.path(), Search::Beside);
    let names = |filter: Value| -> Vec<String> {
        let all = engine.export(Some(&filter)).unwrap();
        all.iter().map(|instance| instance["_name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(json!({ "manifest": "site.yaml" })), [SERVER, OTHER]);
    assert_eq!(names(json!({ "manifest": "site.yaml", "server": OTHER })), [OTHER]);
    assert_eq!(names(json!({ "manifest": "site.yaml", "state": "drift" })), [SERVER]);
    assert_eq!(names(json!({ "manifest": "site.yaml", "_inDesiredState": false })), [SERVER, OTHER]);
    let failed = engine.export(None).unwrap_err();
    assert_eq!(failed.code, 65);
    assert!(failed.errors[0].contains("expected the properties of an instance"), "{failed:?}");
    let none = json!({ "manifest": "site.yaml", "state": "stale" }).to_string();
    let (code, out, _) = engine.process(&engine.resource.export.executable, &["dsc", "export"], Some(none.as_bytes()));
    assert_eq!((code, out.len()), (0, 0));
}

/// Also of servers without the product, of which an export says `_exist: false`.
#[test]
fn an_exported_document_can_be_asked_tested_and_set() {
    let folder = site(&[(SERVER, ""), (OTHER, "product-missing"), (THIRD, "wrong-product")]);
    let engine = Engine::find(folder.path(), Search::Beside);
    let document = engine.exported(&json!({ "manifest": "site.yaml" }));
    let exist: Vec<_> = document.iter().map(|(_, properties)| properties["_exist"].as_bool().unwrap()).collect();
    assert_eq!(exist, [true, false, false]);
    for (_, properties) in &document {
        assert_eq!(engine.get(properties).unwrap(), *properties);
    }
    let untouched = files(folder.path());
    for tested in engine.run(&document, Engine::test).unwrap() {
        assert!(!tested.in_desired_state && !tested.differing.is_empty(), "{}", tested.actual);
    }
    for what_if in engine.run(&document, |engine, asked| engine.set(asked, true)).unwrap() {
        assert!(!what_if.metadata["whatIf"].as_array().unwrap().is_empty());
    }
    assert_eq!(files(folder.path()), untouched);
    // `set` says of each what it says where it is asked without `_exist`.
    assert_eq!(engine.set(&document[0].1, false).unwrap().after["state"], "at-goal");
    for (name, properties) in &document[1..] {
        let (exported, plain) =
            (engine.set(properties, false).err(), engine.set(&asks("site.yaml", name), false).err());
        let (exported, plain) = (exported.unwrap(), plain.unwrap());
        assert_eq!((exported.code, exported.errors), (4, plain.errors));
    }
    let tested =
        engine.run(&engine.exported(&json!({ "manifest": "site.yaml", "server": SERVER })), Engine::test).unwrap();
    assert!(tested[0].in_desired_state);
}

#[test]
fn a_lab_of_one_server_needs_no_name_and_a_larger_one_does() {
    let (_folder, engine) = before("");
    assert_eq!(engine.get(&json!({ "manifest": "site.yaml" })).unwrap()["server"], SERVER);
    assert_eq!(engine.set(&json!({ "manifest": "site.yaml" }), false).unwrap().after["state"], "at-goal");
    let folder = site(&[(SERVER, ""), (OTHER, "")]);
    let failed = Engine::find(folder.path(), Search::Path).get(&json!({ "manifest": "site.yaml" })).unwrap_err();
    assert_eq!(failed.code, 65);
    assert!(failed.errors[0].contains("2 servers") && failed.errors[0].contains(OTHER), "{failed:?}");
}

/// Calls an operation directly.
fn called(engine: &Engine, args: &[&str], asked: &Value) -> (i32, String, String) {
    let asked = asked.to_string();
    let (code, out, err) = engine.process(&engine.resource.get.executable, args, Some(asked.as_bytes()));
    (code, String::from_utf8(out).unwrap(), err)
}
