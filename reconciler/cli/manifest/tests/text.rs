use super::*;

fn code<T>(result: Result<T, Diagnostics>) -> String {
    match result {
        Ok(_) => "accepted".to_owned(),
        Err(faults) => faults.errors.iter().map(|it| format!("{} {}", it.code.key(), it.place)).collect(),
    }
}

fn decoded(bytes: &[u8]) -> String {
    code(decode("m", bytes.to_vec()).and_then(|text| Text::new("m", text)))
}

#[test]
fn files_are_utf8_with_or_without_a_byte_order_mark() {
    assert_eq!(decoded(b"a: 1\r\n\tb"), "accepted");
    assert_eq!(decoded(b"\xef\xbb\xbfa: 1\n"), "accepted");
    assert_eq!(decoded(b"\xff\xfea\0:\0"), "not-utf8 m");
    assert_eq!(decoded(b"\xfe\xff\0a\0:"), "not-utf8 m");
    assert_eq!(decoded("é: 1\né: \u{1f600}".as_bytes()), "accepted");
    assert_eq!(decoded(b"\xc3\xa9: 1\n\xc3\xa9: \xe9\n"), "not-utf8 m:2:4");
    assert_eq!(decoded(b"\xe9"), "not-utf8 m:1:1");
}

#[test]
fn control_characters_are_refused_where_they_stand() {
    for c in ["\0", "\u{1b}", "\u{7f}", "\u{85}", "\u{9b}", "\r"] {
        assert_eq!(decoded(format!("a: 1\r\nb: {c}x").as_bytes()), "control-character m:2:4", "{c:?}");
    }
}

#[test]
fn what_is_no_readable_file_is_refused() {
    let missing = Path::new("no/such/manifest.yaml");
    assert_eq!(code(bytes(missing)), "unreadable-file no/such/manifest.yaml");
    let directory = std::env::temp_dir();
    assert!(code(bytes(&directory)).starts_with("unreadable-file"));
    let long = "#".repeat(MAX_BYTES);
    assert_eq!(decoded(long.as_bytes()), "accepted");
    assert_eq!(decoded(format!("{long}#").as_bytes()), "too-large m");
    #[cfg(unix)]
    assert_eq!(code(bytes(Path::new("/dev/zero"))), "too-large /dev/zero");
}

#[test]
fn a_quoted_text_ends_at_its_closing_quote() {
    assert_eq!(quoted_end(r#"a: "x" # c"#, 3), Some(6));
    assert_eq!(quoted_end(r#""a\"b" "c""#, 0), Some(6));
    assert_eq!(quoted_end(r"'it''s' 'x'", 0), Some(7));
    assert_eq!(quoted_end(r"'open", 0), None);
    assert_eq!(quoted_end("plain", 0), None);
}
