//! The configuration documents of the example: a document of three servers with something wrong in its middle.

use std::{fs, path::Path};

use serde_json::Value;

use crate::{
    engine::{Engine, Search},
    files, reconcile,
};

/// The instances of a document, in the order of their dependencies.
fn instances(name: &str, kind: &str) -> Vec<(String, Value)> {
    let path = example().join(name);
    let document: Value = serde_yaml::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!(document["$schema"], "https://aka.ms/dsc/schemas/v3/bundled/config/document.json");
    assert_eq!(document.as_object().unwrap().len(), 2);
    let mut instances: Vec<(String, Value)> = Vec::new();
    for resource in document["resources"].as_array().unwrap() {
        let known = ["name", "type", "dependsOn", "properties"];
        assert!(resource.as_object().unwrap().keys().all(|key| known.contains(&key.as_str())), "{resource}");
        assert_eq!(resource["type"], kind);
        for needed in resource["dependsOn"].as_array().into_iter().flatten() {
            let named = |name: &String| needed == &format!("[resourceId('{kind}', '{name}')]");
            assert!(instances.iter().any(|(name, _)| named(name)), "{needed} does not come before");
        }
        instances.push((resource["name"].as_str().unwrap().into(), resource["properties"].clone()));
    }
    instances
}

fn example() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/fleet/dsc"))
}

#[test]
fn of_three_servers_with_the_middle_one_failing_the_last_is_left_alone_until_it_is_mended() {
    let folder = tempfile::tempdir().unwrap();
    fs::copy(example().join("manifest.yaml"), folder.path().join("manifest.yaml")).unwrap();
    reconcile(folder.path(), &["dsc", "manifest", "-o", "."]);
    let engine = Engine::find(folder.path(), Search::Beside);
    let document = instances("lab.dsc.config.yaml", &engine.resource.kind);
    let state = |server: usize| engine.get(&document[server].1).unwrap()["state"].clone();

    let untouched = files(folder.path());
    let told = engine.run(&document, |engine, asked| engine.set(asked, true)).unwrap();
    assert_eq!(files(folder.path()), untouched);
    assert!(told[1].metadata["whatIf"].to_string().contains("another installation is in progress"));

    let (name, failed) = engine.run(&document, |engine, asked| engine.set(asked, false)).err().unwrap();
    assert_eq!((name.as_str(), failed.code), ("be02", 3));
    assert!(failed.errors[0].starts_with("be02.contoso.example: blocked: another installation"), "{failed:?}");
    assert_eq!([state(0), state(1), state(2)], ["at-goal", "drift", "drift"]);

    let world = folder.path().join("lab.world.yaml");
    let text = fs::read_to_string(&world).unwrap();
    let fixed = text.replace("faults:\n    - another-installation\n", "faults: []\n");
    assert_ne!(fixed, text);
    fs::write(&world, fixed).unwrap();
    engine.started.take();
    let done = engine.run(&document, |engine, asked| engine.set(asked, false)).unwrap();
    let sets = engine.started.borrow().iter().filter(|args| *args == "dsc set").count();
    assert_eq!(sets, 2, "only the servers that remain");
    assert!(done[0].changed.is_none() && done.iter().all(|set| set.after["state"] == "at-goal"));
    let tested = engine.run(&document, Engine::test).unwrap();
    assert!(tested.iter().all(|tested| tested.in_desired_state));
}

#[test]
fn the_document_for_one_server_names_what_the_resource_knows() {
    let folder = tempfile::tempdir().unwrap();
    reconcile(folder.path(), &["dsc", "manifest", "-o", "."]);
    let engine = Engine::find(folder.path(), Search::Path);
    let [(_, properties)] = instances("server.dsc.config.yaml", &engine.resource.kind).try_into().unwrap();
    let failed = engine.get(&properties).unwrap_err(); // It has no such file, and it is no such server.
    assert!(failed.errors[0].contains(r"C:\Program Files\reconcile\manifest.yaml"), "{failed:?}");
}
