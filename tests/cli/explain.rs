//! `explain` with a manifest and a server shows each value and the line of the manifest that sets it.

use std::{fs, path::Path};

use reconcile_schema::Period;
use serde_json::Value;

use crate::{folder, lab, reconcile};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The manifests that ship with the program, without the catalogue. Labs store their worlds next to their manifests.
fn examples() -> Vec<String> {
    let names =
        fs::read_dir(root().join("manifests")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names
        .filter(|name| name.ends_with(".yaml") && !name.contains(".world.") && name != "releases.yaml")
        .map(|name| format!("manifests/{name}"))
        .collect()
}

fn explained(manifest: &str, server: &str) -> Value {
    let ended = reconcile(root(), &["explain", manifest, "--server", server, "--output", "json"]);
    assert_eq!(ended.code, Some(0), "{manifest}, {server}: {}", ended.err);
    serde_json::from_str(&ended.out).unwrap()
}

/// The text at a place, from its column to the end of the line.
fn written(text: &str, place: &Value) -> String {
    let number = |key: &str| usize::try_from(place[key].as_u64().unwrap()).unwrap();
    text.lines().nth(number("line") - 1).unwrap().chars().skip(number("column") - 1).collect()
}

/// The test checks every place against the text of the manifest, independently of the parsed tree.
#[test]
fn every_value_stands_at_the_place_that_is_named() {
    let schema = fs::read_to_string(root().join("schema/explain.schema.json")).unwrap();
    let schema = jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap();
    let mut values = 0;
    for manifest in examples() {
        let text = fs::read_to_string(root().join(&manifest)).unwrap();
        let parsed: Value = serde_yaml::from_str(&text).unwrap();
        for entry in parsed["servers"].as_object().unwrap().keys() {
            // A range stands for several servers; its first one is enough.
            let range = entry
                .split_once('[')
                .map(|(before, rest)| (before, rest.split_once('-').unwrap(), rest.split_once(']').unwrap().1));
            let server =
                range.map_or_else(|| entry.clone(), |(before, (first, _), after)| format!("{before}{first}{after}"));
            let report = explained(&manifest, &server);
            assert!(schema.is_valid(&report), "{manifest}: {entry}: {report:#}");
            assert!(
                written(&text, &report["place"]).starts_with(entry.as_str()),
                "{manifest}: {entry}: {}",
                report["place"]
            );
            for value in
                report["values"].as_array().unwrap().iter().filter(|value| value["source"]["kind"] == "declared")
            {
                values += 1;
                let field = value["field"].as_str().unwrap();
                let there = written(&text, &value["source"]["place"]);
                // The value follows its field or is an item of a list, with or without quotes. A name can lack its
                // domain.
                let name = field.split('.').next_back().unwrap();
                let rest = there.strip_prefix(name).and_then(|rest| rest.strip_prefix(':')).unwrap_or(&there);
                let rest = rest.trim_start().trim_start_matches(['\'', '"', '[']);
                let period = |text: &str| text.split([' ', ',', '}']).next()?.parse::<Period>().ok();
                let is_there =
                    |said: &str| rest.starts_with(said) || period(said).is_some_and(|said| period(rest) == Some(said));
                let known = match &value["value"] {
                    Value::String(said) => {
                        is_there(said) || said.split_once('.').is_some_and(|(host, _)| is_there(host))
                    }
                    // Windows, and the share of the claims with its writers, are mappings.
                    Value::Object(_) => rest.starts_with('{'),
                    plain @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_)) => {
                        is_there(&plain.to_string())
                    }
                };
                let is_settings = field == "rollout.claims" && rest.starts_with('{');
                let is_release = field == "components.core-components" && there.starts_with("release: ");
                assert!(
                    known || is_settings || is_release,
                    "{manifest}: {server}: {field}: {} at {there:?}",
                    value["value"]
                );
            }
        }
    }
    assert!(values > 400, "{values}: too few to prove anything");
}

/// Only a path or a command that is itself longer may exceed 80 columns, the width of a terminal.
#[test]
fn the_text_fits_a_terminal() {
    for (manifest, server) in
        [("site", "br07"), ("site", "be19"), ("every-field", "fe02"), ("fleet", "edge-1"), ("lab", "lync-se")]
    {
        let ended = reconcile(root(), &["explain", &format!("manifests/{manifest}.yaml"), "--server", server]);
        assert_eq!(ended.code, Some(0), "{}", ended.err);
        for line in ended.out.lines().filter(|line| line.chars().count() > 80) {
            // The name of the field can precede it on the line.
            let texts = line.trim().split("  ").filter(|text| !text.is_empty()).count();
            assert!(texts <= 2, "{line}");
        }
        assert!(ended.out.lines().all(|line| line == line.trim_end()), "{}", ended.out);
    }
}

#[test]
fn a_wrong_question_to_explain_names_the_missing_part() {
    let folder = folder(&lab(""));
    for (args, expected) in [
        (
            &["explain", "site.yaml"] as &[&str],
            "error: `site.yaml` is a manifest: name the server whose values you want to see\nreconcile explain site.yaml --server NAME\n",
        ),
        (
            &["explain", "site.yaml", "--server", "fe02"],
            "error: site.yaml does not name the server fe02\ndid you mean `fe01`?\n",
        ),
        (
            &["explain", "site.yaml", "--server", "fe11.contoso.example"],
            "error: site.yaml does not name the server fe11.contoso.example\ndid you mean `fe01.contoso.example`?\n",
        ),
        (
            &["explain", "site.yaml", "--server", "xyz"],
            "error: site.yaml does not name the server xyz\nthe servers are: fe01.contoso.example\n",
        ),
        (&["explain", "policy.reboot", "--output", "json"], "--server <NAME>"),
    ] {
        let ended = reconcile(folder.path(), args);
        assert_eq!((ended.code, ended.out.as_str()), (Some(64), ""), "{args:?}: {}", ended.err);
        assert!(ended.err.contains(expected), "{args:?}: {}", ended.err);
    }
}

#[test]
fn a_wrong_manifest_gets_the_errors_of_validate() {
    for (good, wrong) in [
        ("target: cu7", "target: cu8"),
        ("role: standard-edition", "role: standard-edtion"),
        ("version: 1", "version: one"),
    ] {
        let folder = folder(&lab("").replace(good, wrong));
        let (validated, explained) = (
            reconcile(folder.path(), &["validate", "site.yaml"]),
            reconcile(folder.path(), &["explain", "site.yaml", "--server", "fe01"]),
        );
        assert_eq!(explained.code, Some(65), "{wrong}: {}", explained.err);
        assert_eq!((explained.out.as_str(), explained.err), ("", validated.err), "{wrong}");
    }
}

/// Wherever a command takes a server, the host name is enough, with or without a `domain` in the manifest.
#[test]
fn a_host_name_is_enough_for_every_command() {
    let full = lab("");
    let short =
        full.replacen("version: 1", "version: 1\ndomain: contoso.example", 1).replace("fe01.contoso.example", "fe01");
    assert!(short.contains("domain:"), "{short}");
    for site in [full, short] {
        let folder = folder(&site);
        for (args, code) in [
            (&["plan", "site.yaml", "--server", "fe01"] as &[&str], 2),
            (&["status", "site.yaml", "--server", "fe01"], 0),
            (&["drift", "site.yaml", "--server", "fe01"], 2),
            (&["inventory", "site.yaml", "--host", "fe01"], 0),
            (&["observe", "site.yaml", "--server", "fe01"], 0),
            (&["lab", "break", "site.yaml", "fe01", "shell-open"], 0),
            (&["hold", "site.yaml", "--server", "fe01", "--reason", "new certificates"], 0),
            (&["history", "site.yaml", "--server", "fe01"], 0),
        ] {
            let ended = reconcile(folder.path(), args);
            assert_eq!(ended.code, Some(code), "{args:?}: {}{}", ended.out, ended.err);
            assert!(!ended.err.contains("fe01.contoso.example.contoso"), "{}", ended.err);
        }
    }
}
