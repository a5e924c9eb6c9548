//! `help` and `explain` have a text for every command, field, error, finding, event and outcome, and an example for
//! every error.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use reconcile_schema::{Code, DriftCode, DriftState, EventKind, ManifestCode, ManifestExample};
use serde_json::Value;
use serde_yaml::Value as Yaml;

use crate::{folder, lab, manifest, reconcile};

/// The output of a command that must succeed without a warning.
fn printed(args: &[&str]) -> String {
    let ended = reconcile(Path::new("."), args);
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""), "{args:?}");
    ended.out
}

/// The commands that a help text lists.
fn commands(help: &str) -> Vec<String> {
    let listed = help.split("Commands:\n").nth(1).unwrap_or_default();
    let lines = listed.lines().take_while(|line| !line.is_empty()).filter(|line| !line.starts_with("   "));
    lines.map(|line| line.split_whitespace().next().unwrap().to_owned()).collect()
}

#[test]
fn the_help_of_a_command_is_its_help() {
    let top = printed(&["--help"]);
    assert_eq!(printed(&["help"]), top);
    let commands_of_top = commands(&top);
    assert!(commands_of_top.len() > 15, "{commands_of_top:?}");
    for command in &commands_of_top {
        let help = printed(&[command, "--help"]);
        assert_eq!(printed(&["help", command]), help, "{command}");
        for below in commands(&help) {
            assert_eq!(printed(&["help", command, &below]), printed(&[command, &below, "--help"]), "{command} {below}");
        }
    }
}

#[test]
fn every_topic_lists_its_words() {
    let errors = ManifestCode::ALL.map(ManifestCode::key).to_vec();
    let events = EventKind::ALL.map(EventKind::key).to_vec();
    let findings = DriftCode::ALL.map(DriftCode::key).into_iter().chain(DriftState::ALL.map(DriftState::key));
    let outcomes = Code::ALL.map(Code::key).to_vec();
    for (topic, words) in [
        ("exit-codes", vec!["0", "1", "2", "3", "4", "5", "64", "65"]),
        ("manifest", vec!["servers.*", "policy.maintenance.windows.*", "sha256", "together"]),
        ("outcomes", outcomes),
        ("events", events),
        ("findings", findings.collect()),
        ("errors", errors),
        ("faults", vec!["shell-open", "fail-back-times-out"]),
    ] {
        let list = printed(&["help", topic]);
        let listed: BTreeSet<_> = list.split_whitespace().collect();
        let missing: Vec<_> = words.into_iter().filter(|word| !listed.contains(word)).collect();
        assert!(missing.is_empty(), "help {topic} lacks {missing:?}:\n{list}");
        assert!(printed(&["--help"]).contains(&format!("\n  {topic} ")), "{topic}");
        // A command line that a reader would copy is never wrapped.
        let is_wide = |line: &&str| line.chars().count() > 80 && !line.contains(r"C:\");
        assert!(list.lines().find(is_wide).is_none(), "help {topic} is wide:\n{list}");
    }
}

#[test]
fn every_field_of_the_manifest_is_explained() {
    let schema: Value = serde_json::from_str(&printed(&["schema", "manifest"])).unwrap();
    let mut paths = BTreeSet::new();
    collect(&schema, &schema, "", &mut paths);
    assert!(paths.len() > 150 && paths.contains("servers.*.policy.reboot"), "{paths:?}");
    for path in &paths {
        let told = printed(&["explain", path]);
        let (head, rest) = told.split_once('\n').unwrap();
        assert!(head.ends_with("  (field of the manifest)"), "{path}: {told}");
        assert!(rest.lines().next().unwrap().trim().len() > 8 && rest.contains("  takes  "), "{path}: {told}");
        assert_eq!(told.matches("(field of the manifest)").count(), 1, "{path}: {told}");
        let has_fields = paths.iter().any(|other| other.starts_with(&format!("{path}.")));
        assert!(has_fields || told.contains("\n  such as\n    "), "{path} has no example: {told}");
        if path.starts_with("servers.*") {
            // The part that the user names freely can be left out, or be a real name.
            assert_eq!(printed(&["explain", &path.replace(".*", "")]), told, "{path}");
            assert_eq!(printed(&["explain", &path.replace('*', "a.contoso.example")]), told, "{path}");
        }
    }
}

/// Collects the paths of all fields.
fn collect(schema: &Value, rules: &Value, place: &str, paths: &mut BTreeSet<String>) {
    if let Some(target) = rules["$ref"].as_str() {
        return collect(schema, schema.pointer(target.trim_start_matches('#')).unwrap(), place, paths);
    }
    for (name, rules) in rules["properties"].as_object().into_iter().flatten() {
        let place = if place.is_empty() { name.clone() } else { format!("{place}.{name}") };
        collect(schema, rules, &place, paths);
        paths.insert(place);
    }
    for rules in rules["patternProperties"].as_object().into_iter().flat_map(|all| all.values()) {
        collect(schema, rules, &format!("{place}.*"), paths);
    }
    for rules in ["anyOf", "oneOf"].iter().filter_map(|key| rules[*key].as_array()).flatten() {
        collect(schema, rules, place, paths);
    }
}

#[test]
fn every_code_is_explained_in_each_of_its_meanings() {
    let errors = ManifestCode::ALL.map(|code| (code.key().to_owned(), "in a manifest)".to_owned()));
    let findings = DriftCode::ALL.map(|code| (code.key().to_owned(), "(finding in a drift report, ".to_owned()));
    let states =
        DriftState::ALL.map(|state| (state.key().to_owned(), "(state in a drift report, exit code ".to_owned()));
    let events = EventKind::ALL.map(|kind| (kind.key().to_owned(), format!("(event {}, ", kind.id())));
    let numbers = EventKind::ALL.map(|kind| (kind.id().to_string(), format!("{}  (event {}, ", kind.key(), kind.id())));
    let outcomes = Code::ALL.map(|code| (code.key().to_owned(), "(outcome, exit code ".to_owned()));
    let exits = ["0", "1", "2", "3", "4", "5", "64", "65"].map(|code| (code.to_owned(), "(exit code)".to_owned()));
    let all =
        errors.into_iter().chain(findings).chain(states).chain(events).chain(numbers).chain(outcomes).chain(exits);
    for (word, kind) in all {
        let told = printed(&["explain", &word]);
        let entry = told.split("\n\n").find(|entry| entry.lines().next().unwrap().contains(&kind));
        let entry = entry.unwrap_or_else(|| panic!("{word}: no `{kind}` in {told}"));
        assert!(entry.lines().nth(1).is_some_and(|text| text.trim().len() > 4), "{word}: {told}");
    }
    let drift = printed(&["explain", "drift"]);
    for kind in ["(state in a drift report, exit code 2)", "(event 200, warning)", "(outcome, exit code 2)"] {
        assert!(drift.contains(kind), "{drift}");
    }
    // Users paste the code as a message shows it.
    assert_eq!(printed(&["explain", "warning[no-share]"]), printed(&["explain", "no-share"]));
}

#[test]
fn every_example_of_an_error_causes_it() {
    let mut wrong = Vec::new();
    for code in ManifestCode::ALL {
        let files = match code.example() {
            ManifestExample::Case(_) => continue,
            ManifestExample::File(text) => vec![text.to_owned()],
            ManifestExample::Fields(text) => [merged(text), Some(replaced(text))].into_iter().flatten().collect(),
        };
        let level = if code.is_warning() { "warning" } else { "error" };
        let said: Vec<_> = files.iter().map(|text| said_of(text)).collect();
        let found = said.iter().any(|said| said.contains(&format!("{level}[{}]", code.key())));
        if !found {
            wrong.push(format!("{}:\n{}\n{}", code.key(), files.join("\n---\n"), said.join("\n---\n")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n======\n"));
}

/// The messages of `validate` for this manifest, or of its lab if the manifest is valid.
fn said_of(text: &str) -> String {
    let folder = folder(text);
    let validated = reconcile(folder.path(), &["validate", "site.yaml"]);
    if validated.code == Some(0) && text.contains("lab:") {
        return reconcile(folder.path(), &["lab", "show", "site.yaml"]).err;
    }
    validated.err
}

/// A valid manifest with these fields set, or nothing if the fields are not YAML.
fn merged(fields: &str) -> Option<String> {
    fn merge(into: &mut Yaml, from: Yaml) {
        match (into, from) {
            (Yaml::Mapping(into), Yaml::Mapping(from)) => {
                for (key, value) in from {
                    merge(into.entry(key).or_insert(Yaml::Null), value);
                }
            }
            (into, from) => *into = from,
        }
    }
    let mut all: Yaml = serde_yaml::from_str(&manifest("se01.contoso.example", "")).unwrap();
    merge(&mut all, serde_yaml::from_str(fields).ok()?);
    serde_yaml::to_string(&all).ok()
}

/// A valid manifest in which these fields, as written, replace its own fields of the same name.
fn replaced(fields: &str) -> String {
    let good: Yaml = serde_yaml::from_str(&manifest("se01.contoso.example", "")).unwrap();
    let kept = good
        .as_mapping()
        .unwrap()
        .iter()
        .filter(|(name, _)| !fields.lines().any(|line| line.starts_with(&format!("{}:", name.as_str().unwrap()))));
    let kept = Yaml::Mapping(kept.map(|(name, value)| (name.clone(), value.clone())).collect());
    format!("{}{fields}\n", serde_yaml::to_string(&kept).unwrap())
}

#[test]
fn an_unknown_word_gets_the_nearest_ones() {
    for (args, near) in [
        (&["explain", "polcy.reboot"] as &[&str], "Did you mean `policy.reboot`?"),
        (&["explain", "reebot"], "`reboot`"),
        (&["explain", "window-closd"], "`window-closed`"),
        (&["explain", "error[no-gaol]"], "`no-goal`"),
        (&["help", "aply"], "`apply`"),
        (&["help", "eror"], "`errors`"),
        (&["help", "lab", "brake"], "`break`"),
        (&["explain", "xyzzy"], "reconcile help"),
        (&["help", "xyzzy"], "exit-codes, manifest"),
        (&["help", "apply", "errors"], "there is no help for `errors`"),
    ] {
        let ended = reconcile(Path::new("."), args);
        assert_eq!((ended.code, ended.out.as_str()), (Some(64), ""), "{args:?}: {}", ended.err);
        assert!(ended.err.contains(near), "{args:?}: {}", ended.err);
        assert!(ended.err.lines().all(|line| line.chars().count() <= 80), "{args:?}: {}", ended.err);
    }
}

#[test]
fn the_faults_of_the_lab_are_listed_a_line_each_and_a_misspelt_one_gets_the_nearest() {
    let folder = folder(&lab(""));
    let listed = reconcile(folder.path(), &["lab", "break", "site.yaml"]).out;
    assert!(listed.contains("\n  shell-open  ") && listed.lines().all(|line| line.chars().count() <= 80), "{listed}");
    let ended = reconcile(folder.path(), &["lab", "break", "site.yaml", "fe01.contoso.example", "shell-opne"]);
    assert_eq!(ended.code, Some(64));
    assert!(ended.err.contains("did you mean `shell-open`?"), "{}", ended.err);
}

/// A command ends with one of the exit codes that `explain` and the page for the person on call give for its outcome.
#[test]
fn an_outcome_ends_with_an_exit_code_that_it_is_explained_with() {
    let faults = printed(&["help", "faults"]);
    let rows = faults.lines().filter_map(|line| line.strip_prefix("  ")).filter(|row| !row.starts_with(' '));
    let mut seen = BTreeMap::new();
    for fault in rows.filter_map(|row| row.split_whitespace().next()) {
        let folder = folder(&lab(&format!(", faults: [{fault}]")));
        for command in ["plan", "apply"] {
            let ended = reconcile(folder.path(), &[command, "site.yaml", "--output", "json"]);
            let report: Value = serde_json::from_str(&ended.out).unwrap();
            let code = report["servers"][0]["code"].as_str().unwrap().to_owned();
            let told = seen.entry(code).or_insert_with_key(|code| printed(&["explain", code]));
            let kind = told.lines().find(|line| line.contains("(outcome, exit code ")).unwrap();
            let numbers = kind.split("exit code ").nth(1).unwrap().trim_end_matches(')');
            let is_told = numbers.split(" or ").any(|number| number.parse() == Ok(ended.code.unwrap()));
            assert!(is_told, "{fault}: {command} ended with {:?}: {kind}", ended.code);
        }
    }
    assert!(seen.len() > 15, "{seen:?}");
}
