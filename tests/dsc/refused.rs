//! What is asked wrongly: every error is a line for the engine, with its place and the exit code of the program.

use std::fs;

use serde_json::json;

use crate::{
    SERVER, before,
    engine::{Engine, asks, logged},
    files,
};

/// What an operation says to an input: the exit code, and the errors.
fn refused(engine: &Engine, operation: &str, input: Option<&[u8]>) -> (i32, Vec<String>) {
    let (code, out, err) = engine.process(&engine.resource.get.executable, &["dsc", operation], input);
    assert_eq!(out, b"", "{operation}");
    let lines = err.lines().map(|line| logged(line).unwrap_or_else(|| panic!("not to be read: {line}")));
    (
        code,
        lines
            .map(|(level, text)| {
                assert_eq!(level, "error");
                text
            })
            .collect(),
    )
}

#[test]
fn what_is_no_instance_is_refused_with_its_place() {
    let (folder, engine) = before("");
    let untouched = files(folder.path());
    let large = format!("{{\"manifest\": \"{}\"}}", "x".repeat(1 << 20));
    let cases: [(&[u8], &str); 13] = [
        (b"", "standard input: expected the properties of an instance"),
        (b" \r\n", "found nothing"),
        (b"{", "standard input:1:1: EOF while parsing an object"),
        (
            b"{\"manifest\": \"site.yaml\",\n  \"sever\": \"fe01\"}",
            "standard input:2:9: unknown field `sever`, expected one of",
        ),
        (b"{}", "standard input:1:2: missing field `manifest`"),
        (b"{\"manifest\": 1}", "standard input:1:14: manifest: invalid type: integer `1`, expected a string"),
        (b"{\"manifest\": \"site.yaml\", \"server\": \"no name\"}", "expected a server name"),
        (b"{\"manifest\": \"site.yaml\", \"manifest\": \"site.yaml\"}", "duplicate field `manifest`"),
        (b"{\"manifest\": \"site.yaml\"} {}", "standard input:1:27: trailing characters"),
        (b"[\"site.yaml\", \"fe01.contoso.example\"]", "standard input:1:1: expected a JSON object"),
        (b"manifest: site.yaml", "expected a JSON object"),
        (b"{\"manifest\": \"\xff\"}", "standard input: expected UTF-8"),
        (large.as_bytes(), "expected at most 1048576 bytes"),
    ];
    for operation in ["get", "test", "set", "export"] {
        for (input, why) in cases {
            let (code, errors) = refused(&engine, operation, Some(input));
            let [error] = errors.as_slice() else { panic!("{operation}: {errors:?}") };
            assert!(code == 65 && error.contains(why), "{operation}: {code}: {error}");
        }
        let (code, errors) = refused(&engine, operation, None);
        assert!(code == 65 && errors[0].contains("found nothing"), "{operation}: {errors:?}");
    }
    assert_eq!(files(folder.path()), untouched);
    // A mark at the beginning is what Windows PowerShell puts there.
    let marked = format!("\u{feff}{}", asks("site.yaml", SERVER));
    let (code, out, _) = engine.process(&engine.resource.get.executable, &["dsc", "get"], Some(marked.as_bytes()));
    assert!(code == 0 && out.starts_with(b"{\"manifest\""));
}

#[test]
fn a_wrong_manifest_is_told_with_line_and_column_of_every_error() {
    let (folder, engine) = before("");
    let good = fs::read_to_string(folder.path().join("site.yaml")).unwrap();
    let wrong = good
        .replace("role: standard-edition", "role: standard-edtion")
        .replace("product: sfb-2019", "produkt: sfb-2019");
    fs::write(folder.path().join("wrong.yaml"), wrong).unwrap();
    fs::write(folder.path().join("later.yaml"), format!("requires: \">=9\"\n{good}")).unwrap();
    for (manifest, server, code, errors) in [
        (
            "wrong.yaml",
            SERVER,
            65,
            ["wrong.yaml:3:3: ", "wrong.yaml:4:5: unknown field `produkt`", "wrong.yaml:8:33: "].as_slice(),
        ),
        ("later.yaml", SERVER, 65, &["later.yaml:1:11: the manifest requires reconcile >=9"]),
        (
            "site.yaml",
            "fe09.contoso.example",
            65,
            &["site.yaml:8:3: the manifest does not name the server fe09.contoso.example; the servers are: fe01"],
        ),
        ("missing.yaml", SERVER, 65, &["missing.yaml: "]),
        (".", SERVER, 65, &[".: this is a directory; expected a YAML file"]),
    ] {
        for operation in ["get", "test", "set", "export"] {
            let asked = asks(manifest, server).to_string();
            let (found, said) = refused(&engine, operation, Some(asked.as_bytes()));
            assert_eq!((found, said.len()), (code, errors.len()), "{operation} {manifest}: {said:#?}");
            for (said, expected) in said.iter().zip(errors) {
                assert!(said.starts_with(expected), "{operation} {manifest}: {said}");
            }
        }
    }
}

/// The engine asks `set` for that, since the resource offers no `delete`.
#[test]
fn nothing_is_ever_removed() {
    for fault in ["", "components-unreadable"] {
        let (folder, engine) = before(fault);
        let untouched = files(folder.path());
        let asked = json!({ "manifest": "site.yaml", "server": SERVER, "_exist": false });
        let tested = engine.test(&asked).unwrap();
        assert!(!tested.in_desired_state && tested.differing.contains(&"_exist".to_owned()), "{:?}", tested.differing);
        for what_if in [true, false] {
            let failed = engine.set(&asked, what_if).err().unwrap();
            assert_eq!(failed.code, 65, "{failed:?}");
            assert!(failed.errors[0].contains("reconcile removes no product"), "{failed:?}");
        }
        assert_eq!(files(folder.path()), untouched);
    }
    // At its build it is not in the desired state either: nobody is told that the product was gone.
    let (_folder, engine) = before("");
    engine.set(&asks("site.yaml", SERVER), false).unwrap();
    let tested = engine.test(&json!({ "manifest": "site.yaml", "server": SERVER, "_exist": false })).unwrap();
    assert_eq!((tested.in_desired_state, tested.differing), (false, vec!["_exist".to_owned()]));
}

/// An engine quotes what its schema refuses, and not where it stands.
#[test]
fn the_message_for_a_wrong_value_names_its_property() {
    let (_folder, engine) = before("");
    let asked = json!({ "manifest": "site.yaml", "server": "a b" });
    assert_eq!(engine.refuses(&asked), [""; 0]);
    for operation in ["get", "test", "set", "export"] {
        let (code, errors) = refused(&engine, operation, Some(asked.to_string().as_bytes()));
        assert!(code == 65 && errors.len() == 1, "{operation}: {errors:?}");
        assert!(errors[0].contains(": server: ") && errors[0].contains("a server name such as"), "{errors:?}");
        assert!(errors[0].contains("a b"), "{errors:?}");
    }
    for (wrong, path) in [
        (json!({ "manifest": 1 }), ": manifest: invalid type"),
        (json!({ "manifest": "site.yaml", "whenBlocked": "later" }), ": whenBlocked: unknown variant `later`"),
        (json!({ "manifest": "site.yaml", "_exist": "no" }), ": _exist: invalid type"),
        (json!({ "manifest": "site.yaml", "found": "7.0" }), ": found: "),
        (json!({ "manifest": "site.yaml", "_metadata": { "whatIf": [1] } }), ": _metadata.whatIf[0]: invalid type"),
    ] {
        let (code, errors) = refused(&engine, "get", Some(wrong.to_string().as_bytes()));
        assert!(code == 65 && errors[0].contains(path), "{errors:?}");
    }
    // No alternative hides what was expected.
    let schema = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/schema/dsc.schema.json")).unwrap();
    let schema: serde_json::Value = serde_json::from_str(&schema).unwrap();
    assert!(!schema["properties"].to_string().contains("anyOf"), "it says: not valid under any of the schemas");
}

#[cfg(not(windows))]
#[test]
fn a_manifest_for_real_servers_is_refused_on_a_machine_that_is_none() {
    let (folder, engine) = before("");
    let lab = fs::read_to_string(folder.path().join("site.yaml")).unwrap();
    fs::write(folder.path().join("real.yaml"), lab.split("lab:\n").next().unwrap()).unwrap();
    for operation in ["get", "test", "set", "export"] {
        let (code, errors) = refused(&engine, operation, Some(asks("real.yaml", SERVER).to_string().as_bytes()));
        assert!(code == 64 && errors[0].contains("run it there"), "{operation}: {errors:?}");
    }
}
