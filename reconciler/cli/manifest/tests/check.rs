use super::*;
use crate::manifest::diagnostic::Diagnostic;
use serde::Deserialize;
use serde_json::json;

/// A schema in the form of `schemars`.
fn schema() -> Value {
    let optional = |name: &str| json!({"anyOf": [{"$ref": format!("#/$defs/{name}")}, {"type": "null"}]});
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object", "additionalProperties": false, "required": ["version"],
        "properties": {
            "version": {"type": "integer", "minimum": 1, "maximum": 1},
            "defaults": optional("Defaults"),
            "shells": optional("Shells"),
            "reboot": optional("Reboot"),
            "source": optional("Source"),
            "password": false,
            "updates": {"type": "object", "additionalProperties": false,
                "patternProperties": {"^[a-z][a-z0-9-]*$": {"$ref": "#/$defs/Update"}}},
            "servers": {"type": "array", "items": {"$ref": "#/$defs/Server"}},
        },
        "$defs": {
            "Build": {"type": "string", "pattern": "^[0-9]+(\\.[0-9]+){3}$",
                "description": "Four numbers with dots, such as 5.0.8308.1149. A build."},
            "Range": {"type": "string", "x-expected": "a range such as `>=1.2`", "description": "No."},
            "Defaults": {"type": "object", "additionalProperties": false, "properties": {
                "requires": {"$ref": "#/$defs/Range"}, "shells": optional("Shells"),
                "minutes": {"type": ["integer", "null"], "minimum": 0}}},
            "Shells": {"oneOf": [{"type": "string", "enum": ["close"]},
                {"type": "string", "const": "block", "description": "Stop."},
                {"type": "string", "const": "wait", "description": "Wait."}]},
            "Reboot": {"oneOf": [
                {"type": "object", "additionalProperties": false, "required": ["kind"],
                    "properties": {"kind": {"type": "string", "const": "never"}}},
                {"type": "object", "additionalProperties": false, "required": ["kind", "after"],
                    "properties": {"kind": {"type": "string", "const": "allowed"},
                        "after": {"type": "integer"}}}]},
            "Source": {"oneOf": [{"type": "string", "enum": ["none"]},
                {"type": "object", "additionalProperties": false, "required": ["file"],
                    "properties": {"file": {"type": "object", "properties": {"size": {"type": "integer"}}}}},
                {"type": "object", "additionalProperties": false, "required": ["share"],
                    "properties": {"share": {"type": "string"}}}]},
            "Update": {"type": "object", "additionalProperties": false, "required": ["build", "path"],
                "properties": {"build": {"$ref": "#/$defs/Build"},
                    "path": {"type": "string", "description": "Where the installer is. A path."}}},
            "Server": {"type": "object", "additionalProperties": false, "required": ["name"],
                "properties": {"name": {"type": "string"}, "target": {"type": "string"}}},
        }
    })
}

/// The errors, one line each: `place code: message | expected | help`.
fn errors(text: &str) -> Vec<String> {
    let checked = Source::parse("m", text.to_owned()).and_then(|it| it.check::<Value>(&schema()));
    let faults = checked.err().unwrap_or_default();
    let line = |it: &Diagnostic| {
        let place = it.place.to_string();
        let mut line = format!("{} {}: {}", place.trim_start_matches("m:"), it.code.key(), it.message);
        for more in [&it.expected, &it.help].into_iter().flatten() {
            line += " | ";
            line += more;
        }
        line
    };
    faults.errors.iter().map(line).collect()
}

#[test]
fn a_valid_document_is_typed() {
    #[derive(Deserialize)]
    struct Manifest {
        version: u8,
    }
    let source = Source::parse("m", "version: 1\nshells: ~\nreboot: {kind: allowed, after: 3}\n".into());
    let manifest: Manifest = source.unwrap().check(&schema()).unwrap();
    assert_eq!(manifest.version, 1);
}

#[test]
fn each_kind_of_error_is_explained() {
    for (text, expected) in [
        ("defaults: {}", "1:1 missing-field: the document lacks the field `version` | `version` | add `version: …`"),
        ("version: 2", "1:10 out-of-range: `version` is the number 2 | at most 1"),
        (
            "version: \"1\" # c",
            "1:10 wrong-type: `version` is the text \"1\" | a whole number | write it without quotes: 1",
        ),
        (
            "version: 1\nshells: blok",
            "2:9 wrong-value: `shells` is \"blok\" | one of `block`, `close`, `wait` | did you mean `block`?",
        ),
        ("version: 1\nshells: 3", "2:9 wrong-type: `shells` is the number 3 | text | write it in quotes: \"3\""),
        (
            "version: 1\ndefaults: {shels: wait}",
            "2:12 unknown-field: unknown field `shels` | one of `minutes`, `requires`, `shells` | did you mean `shells`?",
        ),
        (
            "version: 1\ndefaults: {requires: 5.10}",
            "2:22 wrong-type: `requires` is the number 5.10 | text: a range such as `>=1.2` | write it in quotes: \"5.10\"",
        ),
        ("version: 1\ndefaults: {minutes: soon}", "2:21 wrong-type: `minutes` is the text \"soon\" | a whole number"),
        (
            "version: 1\ndefaults: []",
            "2:11 wrong-type: `defaults` is an empty list | fields with values | write `name: value` below, further to the right",
        ),
        (
            "version: 1\nupdates:\n",
            "2:8 wrong-type: `updates` is empty | fields with values | write a value, or remove the line",
        ),
        (
            "version: 1\nupdates: {CU: {build: 1.2.3.4, path: p}}",
            "2:11 wrong-name: `CU` is not allowed here | text that matches ^[a-z][a-z0-9-]*$ | correct the name",
        ),
        (
            "version: 1\nupdates: {cu: {build: '5.0', path: p}}",
            "2:23 wrong-format: `build` is \"5.0\" | four numbers with dots, such as 5.0.8308.1149",
        ),
        (
            "version: 1\nupdates:\n  cu:\n    build: 5.0.8308.1149",
            "3:3 missing-field: `cu` lacks the field `path` | `path`: where the installer is | add `path: …`",
        ),
        (
            "version: 1\nservers:\n  - target: x",
            "3:5 missing-field: item 1 lacks the field `name` | `name` | add `name: …`",
        ),
        (
            "version: 1\nservers: {a: b}",
            "2:10 wrong-type: `servers` is a group of fields | a list | start each item with `- ` on a line of its own",
        ),
        ("version: 1\npassword: x", "2:1 wrong-name: `password` is not allowed here | correct the name"),
        (
            "[]",
            "1:1 wrong-type: the document is an empty list | fields with values | write `name: value` below, further to the right",
        ),
    ] {
        assert_eq!(errors(text), [expected], "{text:?}");
    }
}

#[test]
fn of_alternatives_the_one_that_was_meant_is_explained() {
    for (text, expected) in [
        (
            "reboot: {kind: alowed}",
            "2:16 wrong-value: `kind` is \"alowed\" | one of `allowed`, `never` | did you mean `allowed`?",
        ),
        (
            "reboot: {kind: never, after: 1}",
            "2:23 unknown-field: unknown field `after` | `kind` | remove the field, or correct its name",
        ),
        ("reboot: {kind: allowed, after: x}", "2:32 wrong-type: `after` is the text \"x\" | a whole number"),
        (
            "source: {fil: {}}",
            "2:10 unknown-field: unknown field `fil` | one of `file`, `share` | did you mean `file`?",
        ),
        ("source: {file: {size: x}}", "2:23 wrong-type: `size` is the text \"x\" | a whole number"),
        ("source: non", "2:9 wrong-value: `source` is \"non\" | `none` | did you mean `none`?"),
        (
            "source: 1",
            "2:9 wrong-type: `source` is the number 1 | fields with values or text | write it in quotes: \"1\"",
        ),
    ] {
        assert_eq!(errors(&format!("version: 1\n{text}")), [expected], "{text:?}");
    }
}

#[test]
fn all_errors_are_reported_in_the_order_of_the_document() {
    let text = "versoin: 1\nupdates:\n  cu: {build: 8308.1150, path: 3}\ndefaults:\n  shells: 1\n  minutes: -1\n";
    let places: Vec<_> = errors(text).iter().map(|it| it.split(": ").next().unwrap_or("").to_owned()).collect();
    assert_eq!(
        places,
        [
            "1:1 unknown-field",
            "1:1 missing-field",
            "3:15 wrong-type",
            "3:32 wrong-type",
            "5:11 wrong-type",
            "6:12 out-of-range"
        ]
    );
    let many = format!("version: 1\nservers:\n{}", "- 1\n".repeat(500));
    let source = Source::parse("m", many).unwrap();
    let faults = source.check::<Value>(&schema()).unwrap_err();
    assert_eq!((faults.errors.len(), faults.more), (20, 480));
}

#[test]
fn what_only_the_type_refuses_has_its_place_too() {
    #[derive(Debug, Deserialize)]
    #[serde(try_from = "String")]
    struct Short;
    impl TryFrom<String> for Short {
        type Error = &'static str;
        fn try_from(_: String) -> Result<Self, Self::Error> {
            Err("longer than a name may be")
        }
    }
    #[derive(Debug, Deserialize)]
    struct Manifest {
        #[expect(dead_code, reason = "only read")]
        servers: Vec<std::collections::BTreeMap<String, Short>>,
    }
    let source = Source::parse("m.yaml", "version: 1\nservers:\n  - name:   abc # c\n".into());
    let faults = source.unwrap().check::<Manifest>(&schema()).unwrap_err();
    let expected = "
error[wrong-value]: `name`: longer than a name may be
 --> m.yaml:3:13
  |
3 |   - name:   abc # c
  |             ^^^";
    assert_eq!(faults.to_string(), expected.trim_start());
}

#[test]
fn a_schema_that_is_wrong_or_reaches_outside_is_an_error() {
    for schema in [json!({"type": 3}), json!({"$ref": "http://127.0.0.1:9/x.json"}), json!({"$ref": "file:///x"})] {
        let source = Source::parse("m", "a: 1".into()).unwrap();
        let faults = source.check::<Value>(&schema).unwrap_err();
        assert_eq!(faults.errors.first().map(|it| it.code), Some(ManifestCode::BrokenSchema));
    }
}

/// Documents one to four edits away from a good one: nothing panics, every error has a place
/// within the document, and nothing raw reaches the terminal.
#[test]
fn no_mutant_of_a_manifest_panics() {
    const GOOD: &str = "version: 1 # c\r\nupdates:\n  cu: {build: 5.0.8308.1149, path: 'C:\\x'}\nservers:\n  - name: \"é\"\n    target: cu\nreboot: {kind: allowed, after: 3}\nsource: {file: {size: 1}}\n";
    const PIECES: &[&str] = &[
        ":",
        " ",
        "\n",
        "- ",
        "\"",
        "'",
        "{",
        "}",
        "[",
        "]",
        "&a ",
        "*a",
        "<<: ",
        "!t ",
        "? ",
        "|\n",
        ">-\n",
        "#",
        ",",
        "\t",
        "\r",
        "\0",
        "\u{feff}",
        "\u{202e}",
        "😀",
        "5.10",
        "~",
        "---\n",
        "...\n",
        "%YAML 1.1\n",
        "\\",
        "1e999",
        "@",
        "`",
    ];
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut below = |limit: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 33).unwrap_or(0) % limit.max(1)
    };
    let schema = schema();
    let (mut parsed, mut refused) = (0, 0);
    for _ in 0..3000 {
        let mut text: Vec<char> = GOOD.chars().collect();
        for _ in 0..=below(4) {
            let at = below(text.len());
            let until = (at + below(6)).min(text.len());
            match below(3) {
                0 => drop(text.drain(at..until)),
                1 => drop(text.splice(at..at, PIECES[below(PIECES.len())].chars())),
                _ => {
                    let copy = text[at..until].to_vec();
                    let to = below(text.len());
                    drop(text.splice(to..to, copy));
                }
            }
        }
        let text: String = text.into_iter().collect();
        let lines = text.lines().count().max(1);
        let result = Source::parse("m", text.clone()).and_then(|source| {
            parsed += 1;
            source.check::<Value>(&schema)
        });
        let Err(faults) = result else { continue };
        refused += 1;
        let shown = faults.render(false);
        assert!(!shown.contains(|c: char| c.is_control() && c != '\n'), "{text:?}\n{shown}");
        for error in &faults.errors {
            let line = error.place.position.map_or(0, |it| it.line);
            assert!((1..=lines).contains(&line), "{text:?}\n{shown}");
        }
    }
    assert!(parsed > 300 && refused > 1000, "{parsed} parsed, {refused} refused: too few to show anything");
}
