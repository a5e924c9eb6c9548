use super::*;

#[test]
fn a_diagnostic_is_shown_as_a_compiler_would_show_it() {
    let line = "    targt: cu12   # the update";
    let error =
        Diagnostic::token("manifest.yaml", (12, line, 4..9), ManifestCode::UnknownField, "unknown field `targt`")
            .expected("one of `role`, `target`")
            .help("did you mean `target`?");
    let shown = "
error[unknown-field]: unknown field `targt`
  --> manifest.yaml:12:5
   |
12 |     targt: cu12   # the update
   |     ^^^^^ expected one of `role`, `target`
   |
   = help: did you mean `target`?";
    assert_eq!(error.render(false), shown.trim_start());
    assert!(error.render(true).contains("\u{1b}["), "colour on request");
}

#[test]
fn an_error_of_a_whole_file_has_no_line() {
    let error = Diagnostic::file("a.yaml", ManifestCode::TooLarge, "too large").expected("less");
    assert_eq!(error.render(false), "error[too-large]: too large\n--> a.yaml\n = note: expected less");
    assert_eq!(error.place.to_string(), "a.yaml");
}

#[test]
fn the_machine_form_is_flat_and_complete() {
    let error = Diagnostic::token("a.yaml", (3, "a: b", 3..4), ManifestCode::WrongType, "`a` is \"b\"");
    let json = serde_json::to_value(Diagnostics::from(error.expected("a number"))).unwrap();
    assert_eq!(
        json,
        serde_json::json!({"more": 0, "errors": [{
            "code": "wrong-type", "message": "`a` is \"b\"", "expected": "a number",
            "place": {"file": "a.yaml", "line": 3, "column": 4},
        }]})
    );
}

#[test]
fn nothing_that_acts_on_a_terminal_gets_through() {
    let hostile = "\u{1b}[2J \u{7} \u{7f} \u{9b}31m \u{202e} \u{2066} \u{200b} \u{feff} \u{2028} \u{e0041} \r";
    let error = Diagnostic::token(hostile, (1, hostile, 4..6), ManifestCode::WrongValue, hostile)
        .expected(hostile)
        .help(hostile);
    let shown = error.render(false) + &error.place.to_string();
    let bad: String = shown.chars().filter(|c| *c != '\n' && is_hidden(*c)).collect();
    assert_eq!(bad, "", "{shown}");
    assert!(shown.contains("\\u{1b}[2J"));
}

#[test]
fn nothing_is_a_command_of_github_wherever_a_line_is_wrapped() {
    for (text, shown) in [
        ("::error::x", "\\u{3a}:error::x"),
        (" ::error title=a::x.yaml", " \\u{3a}:error title=a::x.yaml"),
        ("\u{a0}\u{3000}::x", "\u{a0}\u{3000}\\u{3a}:x"),
        ("a word ::x :::y z", "a word \\u{3a}:x \\u{3a}::y z"),
        ("[Type]::Method(1), a::b, fe80::1: a : b", "[Type]::Method(1), a::b, fe80::1: a : b"),
    ] {
        assert_eq!(escape(text), shown);
    }
}

#[test]
fn finished_lines_keep_their_colours_and_nothing_else() {
    let ours = "\u{1b}[1m\u{1b}[31merror:\u{1b}[0m a::b # x\n\n  second ✓\n";
    assert_eq!(escape_lines(ours), ours);
    for (text, shown) in [
        ("a\r\n \u{1b}[2m::x\u{1b}[0m", "a\\u{d}\n \u{1b}[2m\\u{3a}:x\u{1b}[0m"),
        // A writer may remove the colours.
        (":\u{1b}[31m:x #\u{1b}[0m\u{1b}[1m#[y", "\\u{3a}\u{1b}[31m:x #\u{1b}[0m\u{1b}[1m\\u{23}[y"),
        ("\u{1b}[8mx\u{1b}[2J\u{1b}]0;t\u{7}", "\\u{1b}[8mx\\u{1b}[2J\\u{1b}]0;t\\u{7}"),
    ] {
        assert_eq!(escape_lines(text), shown);
    }
}

#[test]
fn every_character_without_a_shape_is_hidden() {
    // Those of the category Cf and those that are ignored by default, as Unicode 16 lists them.
    let ranges = [
        (0xad, 0xad),
        (0x34f, 0x34f),
        (0x600, 0x605),
        (0x61c, 0x61c),
        (0x6dd, 0x6dd),
        (0x70f, 0x70f),
        (0x890, 0x891),
        (0x8e2, 0x8e2),
        (0x115f, 0x1160),
        (0x17b4, 0x17b5),
        (0x180b, 0x180f),
        (0x200b, 0x200f),
        (0x202a, 0x202e),
        (0x2060, 0x206f),
        (0x3164, 0x3164),
        (0xfe00, 0xfe0f),
        (0xfeff, 0xfeff),
        (0xffa0, 0xffa0),
        (0xfff0, 0xfffb),
        (0x110bd, 0x110bd),
        (0x110cd, 0x110cd),
        (0x13430, 0x1343f),
        (0x1bca0, 0x1bca3),
        (0x1d173, 0x1d17a),
        (0xe0000, 0xe0fff),
    ];
    let listed = ranges.into_iter().flat_map(|(from, to)| from..=to).filter_map(char::from_u32);
    let shown: Vec<char> = listed.filter(|c| !is_hidden(*c)).collect();
    assert!(shown.is_empty(), "{shown:?}");
    assert!(!"aé٠☃😀\u{301}\u{a0}".chars().any(is_hidden));
}

#[test]
fn a_long_line_is_cut_around_the_token_and_keeps_its_column() {
    let line = format!("{}X{}", "a".repeat(100_000), "b".repeat(100_000));
    let error = Diagnostic::token("m.yaml", (1, &line, 100_000..100_001), ManifestCode::WrongValue, "here");
    let shown = error.render(false);
    assert!(shown.contains("m.yaml:1:100001"), "{shown}");
    assert!(shown.len() < 1000 && shown.contains("aX"), "{shown}");
}

#[test]
fn the_caret_stands_under_the_token_behind_wide_and_escaped_characters() {
    let place = |line: &str, at: usize| {
        let shown = Diagnostic::token("m", (1, line, at..at + 1), ManifestCode::WrongValue, "m").render(false);
        let at = shown.lines().find_map(|it| it.find('^'));
        let text = shown.lines().find(|it| it.starts_with("1 |")).unwrap_or_default().to_owned();
        (at, text)
    };
    assert_eq!(place("\u{202e}: X", 3), (Some("1 | \\u{202e}: ".len()), "1 | \\u{202e}: X".into()));
    // An emoji takes two columns of a terminal, an accented letter one.
    assert_eq!(place("😀é: X", 4).0, Some("1 | 00e: ".len()));
}

#[test]
fn twenty_errors_are_shown_in_the_order_of_the_document() {
    let at = |line| Diagnostic::token("m", (line, "x", 0..1), ManifestCode::WrongValue, format!("at {line}"));
    let all = Diagnostics::sorted((1..=25).rev().map(at).collect());
    assert_eq!((all.errors.len(), all.more), (20, 5));
    assert_eq!(all.errors.first().map(|it| it.message.as_str()), Some("at 1"));
    assert!(all.render(false).ends_with("\n\nand 5 more\n"));
}
