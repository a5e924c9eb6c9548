use super::*;
use serde_json::json;

/// The codes and places of all errors, as `anchor 1:4`.
fn refused(text: &str) -> Vec<String> {
    match Source::parse("m", text.to_owned()) {
        Ok(source) => vec![format!("accepted as {}", source.value())],
        Err(faults) => faults
            .errors
            .iter()
            .map(|it| format!("{} {}", it.code.key(), it.place.to_string().trim_start_matches("m:")))
            .collect(),
    }
}

fn first(text: &str) -> String {
    refused(text).swap_remove(0)
}

#[test]
fn plain_yaml_becomes_a_value() {
    let text = "---\n# c\na: 1\nb: [x, 'it''s', \"q\\\"\"]\nc:\n- 1.5\n- no\n- true\n-\nd: {e: 5.0.8308.1149}\nf: |\n  two\n  lines\n\"5\": x\n'<<': y\n";
    let source = Source::parse("m", text.to_owned()).unwrap();
    assert_eq!(
        *source.value(),
        json!({"a": 1, "b": ["x", "it's", "q\""], "c": [1.5, "no", true, null],
            "d": {"e": "5.0.8308.1149"}, "f": "two\nlines\n", "5": "x", "<<": "y"})
    );
}

#[test]
fn every_key_and_value_has_its_place() {
    let text = "\u{feff}a/b:\r\n  - \"x\"   # c\r\n  - {é: 😀, k: 5.10}\r\n~: \r\n";
    let text = text.replace("~: \r\n", "e:\r\n");
    let source = Source::parse("m", text).unwrap();
    let found = |pointer| Some(source.find(pointer)).filter(|found| found.exact);
    let place = |span| source.text.place(span).to_string();
    let at = |pointer| found(pointer).map(|found| place(found.node.span));
    let key = |pointer| found(pointer).and_then(|found| found.key).map(place);
    assert_eq!(at("").as_deref(), Some("m:1:1"));
    assert_eq!(key("/a~1b").as_deref(), Some("m:1:1"));
    assert_eq!(at("/a~1b/0").as_deref(), Some("m:2:5"));
    assert_eq!(key("/a~1b/0"), None, "an item has no key");
    assert_eq!(at("/a~1b/1/k").as_deref(), Some("m:3:15"));
    assert_eq!(key("/a~1b/1/k").as_deref(), Some("m:3:12"));
    assert_eq!(source.written("/a~1b/0"), Some("\"x\""), "without the comment");
    assert_eq!(source.written("/a~1b/1"), Some("{é: 😀, k: 5.10}"));
    assert_eq!(source.written("/a~1b/1/k"), Some("5.10"), "as written, not as read");
    assert_eq!(at("/a~1b/2"), None);
    assert_eq!(at("/x/y"), None);
    // An error at a place that does not exist points to the closest one that does.
    assert_eq!(source.at("/a~1b/1/zz/3", ManifestCode::WrongValue, "y").place.to_string(), "m:3:5");
}

#[test]
fn ambiguous_yaml_is_refused_at_its_place() {
    for (text, errors) in [
        ("a: &x 1\nb: *x\n", &["anchor 1:4", "alias 2:4"][..]),
        ("a: &x\n  b: 1\n", &["anchor 1:4"]),
        ("a: *unknown\n", &["alias 1:4"]),
        ("&k a: 1\n", &["anchor 1:1"]),
        ("a:\n  <<: {b: 1}\n", &["merge-key 2:3"]),
        ("a: !t 1\nb: !!str 2\nc: ! 3\n", &["tag 1:4", "tag 2:4", "tag 3:4"]),
        (
            "5: a\ntrue: b\n~: c\n1.0: d\n",
            &["key-not-text 1:1", "key-not-text 2:1", "key-not-text 3:1", "key-not-text 4:1"],
        ),
        ("? [a, b]\n: c\n", &["key-not-text 1:3"]),
        (": c\n", &["key-not-text 1:1"]),
        ("a: 1\nb: 2\na: 3\n'a': 4\n", &["duplicate-key 3:1", "duplicate-key 4:1"]),
        ("😀: {a: 1, a: 2}\r\n", &["duplicate-key 1:11"]),
        ("a: 1\n---\nb: 1\n", &["several-documents 2:1"]),
        ("", &["empty-document 1:1"]),
        ("# only a comment\n", &["empty-document 1:1"]),
        ("---\n...\n", &["empty-document 1:1"]),
        ("a: .nan\nb: 1e999\n", &["not-a-number 1:4", "not-a-number 2:4"]),
        ("a: \"C:\\temp\"\n", &["control-character 1:4"]),
        ("a: \"\\0\"\n\"\\e\": 1\n", &["control-character 1:4", "control-character 2:1"]),
        ("a: \"C:\\Updates\"\n", &["yaml-syntax 1:4"]),
        ("a: [1,\n", &["yaml-syntax 1:7"]),
        ("a:\n\tb: 1\n", &["yaml-syntax 2:2"]),
        ("a: b: c\n", &["yaml-syntax 1:5"]),
        ("a: &x 1\nb: @\n", &["anchor 1:4", "yaml-syntax 2:4"]),
    ] {
        assert_eq!(refused(text), errors, "{text:?}");
    }
}

#[test]
fn limits_hold() {
    let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(first(&nested(32)).starts_with("accepted"));
    assert_eq!(refused(&nested(33)), ["too-deep 1:33"]);
    assert_eq!(refused(&"- ".repeat(1000)), ["too-deep 1:65"]);
    let list = |count| format!("[{}]", "1,".repeat(count));
    assert!(first(&list(99_000)).starts_with("accepted"));
    assert!(first(&list(100_001)).starts_with("too-many-nodes"));
    let text = |length| format!("a: {}\n", "x".repeat(length));
    assert!(first(&text(4096)).starts_with("accepted"));
    assert_eq!(refused(&text(4097)), ["text-too-long 1:4"]);
    assert_eq!(refused(&"#\n".repeat(600_000)), ["too-large m"]);
}

#[test]
fn alias_bombs_are_refused_before_they_expand() {
    let mut exponential = "a0: &a0 [x, x]\n".to_owned();
    for i in 1..64 {
        exponential += &format!("a{i}: &a{i} [*a{0}, *a{0}]\n", i - 1);
    }
    assert_eq!(first(&exponential), "anchor 1:5");
    let quadratic = format!("a: &a {}\nb: [{}]\n", "x".repeat(4000), "*a,".repeat(300_000));
    assert_eq!(first(&quadratic), "anchor 1:4");
}

#[test]
fn a_refusal_says_what_to_do() {
    let shown = Source::parse("manifest.yaml", "a: 1\n5.10: x   # c\na: 2\n".into());
    let expected = "
error[key-not-text]: this key is not text
 --> manifest.yaml:2:1
  |
2 | 5.10: x   # c
  | ^^^^ expected text
  |
  = help: write it in quotes: \"5.10\"

error[duplicate-key]: `a` is given twice
 --> manifest.yaml:3:1
  |
3 | a: 2
  | ^ expected each name once
  |
  = help: the first one is at manifest.yaml:1:1; remove or rename one of them";
    assert_eq!(shown.unwrap_err().to_string(), expected.trim_start());
}
