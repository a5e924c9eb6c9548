//! Registry exports in all encodings, with everything that regedit can write into them.

use super::*;

const UNINSTALL: &str = r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall";

/// An export of the Uninstall key, followed by these lines.
fn of(lines: &str) -> String {
    format!("Windows Registry Editor Version 5.00\n\n[{UNINSTALL}]\n\n{lines}\n").replace('\n', "\r\n")
}

/// Each entry with its values.
fn read(bytes: &[u8]) -> Vec<String> {
    let shown = |key: &Key| {
        let name = key.path.rsplit('\\').next().unwrap();
        let values = key.values.iter().map(|(name, value)| match value {
            Value::Text(text) => format!(" {name}={text}"),
            Value::Other => format!(" {name}?"),
        });
        format!("{name}{}", values.collect::<String>())
    };
    keys(bytes).unwrap().values().filter(|key| is_entry(&key.path)).map(shown).collect()
}

fn why(text: &str) -> String {
    keys(text.as_bytes()).unwrap_err().to_string()
}

#[test]
fn every_encoding_is_read() {
    let text = of(&format!("[{UNINSTALL}\\{{é}}]\n\"DisplayName\"=\"Программа ©\"\n\"DisplayVersion\"=\"1.2\""));
    let units = || text.encode_utf16();
    let little: Vec<u8> = [0xff, 0xfe].into_iter().chain(units().flat_map(u16::to_le_bytes)).collect();
    let big: Vec<u8> = [0xfe, 0xff].into_iter().chain(units().flat_map(u16::to_be_bytes)).collect();
    let marked: Vec<u8> = [0xef, 0xbb, 0xbf].into_iter().chain(text.bytes()).collect();
    for bytes in [&little, &big, &marked, text.as_bytes()] {
        assert!(is_export(bytes));
        assert_eq!(read(bytes), ["{é} DisplayName=Программа © DisplayVersion=1.2"]);
    }

    let old = of(&format!("[{UNINSTALL}\\{{A}}]\n\"DisplayName\"=\"Caf?\"\n\"DisplayVersion\"=hex(2):31,2e,32,00"));
    let old = old.replacen("Windows Registry Editor Version 5.00", OLD, 1);
    let ansi: Vec<u8> = old.bytes().map(|byte| if byte == b'?' { 0xe9 } else { byte }).collect();
    assert!(is_export(&ansi));
    assert_eq!(read(&ansi), ["{A} DisplayName=Caf\u{fffd} DisplayVersion=1.2"]);
}

#[test]
fn names_are_found_in_any_case_and_lines_may_end_as_on_unix() {
    let text = of(&format!("[{}\\{{A}}]\n\"DISPLAYNAME\"=\"one\"", UNINSTALL.to_lowercase()));
    assert_eq!(read(text.as_bytes()), ["{A} DisplayName=one"]);
    assert_eq!(read(text.replace("\r\n", "\n").as_bytes()), ["{A} DisplayName=one"]);
}

#[test]
fn texts_in_hexadecimal_over_several_lines_are_read() {
    let text = of(&format!(
        "[{UNINSTALL}\\{{A}}]\n\"DisplayName\"=hex(2):6f,00,6e,00,\\\n  65,00,\\\n  00,00\n\"DisplayVersion\"=hex(1):31,00,00,00\n\
         [{UNINSTALL}\\{{B}}]\n\"DisplayName\"=hex:6f,00\n\"DisplayVersion\"=dword:00000001\n\
         [{UNINSTALL}\\{{C}}]\n\"DisplayName\"=hex(7):6f,00,00,00,00,00\n\"DisplayVersion\"=hex(1):"
    ));
    assert_eq!(
        read(text.as_bytes()),
        [
            "{A} DisplayName=one DisplayVersion=1",
            "{B} DisplayName? DisplayVersion?",
            "{C} DisplayName? DisplayVersion="
        ]
    );
}

#[test]
fn escapes_line_ends_comments_and_default_values_are_what_they_are() {
    let text = of(&format!(
        "; a comment\n[{UNINSTALL}\\a]b] ; another\n@=\"DisplayName\"\n\"@\"=\"x\"\n  \"DisplayName\" = \"a \\\\ \\\"b\\\"\" ; a comment\n\
         \"Comments\"=\"two\nlines\n[{UNINSTALL}\\{{inside a text}}]\n\"\n\"Display\\\\Name\"=\"x\"\n\"DisplayVersion\"=\"\""
    ));
    assert_eq!(read(text.as_bytes()), ["a]b DisplayName=a \\ \"b\" DisplayVersion="]);
}

#[test]
fn what_is_taken_away_is_not_there() {
    let entry = |name: &str| format!("[{UNINSTALL}\\{name}]\n\"DisplayName\"=\"{name}\"\n");
    let with = |lines: &str| read(of(&format!("{}{}{lines}", entry("one"), entry("two"))).as_bytes());
    assert_eq!(with(""), ["one DisplayName=one", "two DisplayName=two"]);
    assert_eq!(with(&format!("[-{}\\ONE]\n\"DisplayName\"=\"x\"", UNINSTALL)), ["two DisplayName=two"]);
    assert_eq!(with(&format!("[{UNINSTALL}\\One]\n\"displayname\"=-")), ["one", "two DisplayName=two"]);
    assert_eq!(with(&format!("[-{UNINSTALL}\\on]\n[-{UNINSTALL}\\one-more]")).len(), 2);
    assert_eq!(with(r"[-HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft]"), [""; 0]);
    assert_eq!(with("[-HKEY_LOCAL_MACHINE]"), [""; 0]);
    assert_eq!(with(&format!("[-HKEY_CURRENT_USER\\{UNINSTALL}]")).len(), 2);
    assert_eq!(with(&format!("[-{UNINSTALL}]\n[{UNINSTALL}\\three]")), ["three"]);
    let gone = keys(of(&format!("[-{UNINSTALL}]")).as_bytes()).unwrap();
    assert!(gone.is_empty(), "{gone:?}");
}

#[test]
fn only_entries_of_the_machines_64_bit_list_are_read() {
    let name = "\"DisplayName\"=\"x\"\n";
    let text = of(&format!(
        "[HKEY_LOCAL_MACHINE\\SOFTWARE\\WOW6432Node\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\{{A}}]\n{name}\
         [HKEY_CURRENT_USER\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\{{B}}]\n{name}\
         [{UNINSTALL}\\{{C}}\\Below]\n{name}[{UNINSTALL}More\\{{D}}]\n{name}"
    ));
    assert_eq!(read(text.as_bytes()), [""; 0]);
}

#[test]
fn a_line_that_no_export_has_is_refused_with_its_number() {
    for (line, expected) in [
        ("what is this", "a key in [ ], or a value"),
        ("[HKEY_LOCAL_MACHINE", "a key that ends with ]"),
        ("\"a\"", "a value as \"name\"=data"),
        ("\"a\"=b", "a text in quotes"),
        ("\"a\"=\"b\" c", "nothing after a text"),
        ("\"a\"=hex(1):4", "nothing"),
        ("\"a\"=hex(1):41,00,\\", "bytes as hex:00,01"),
        ("\"a\"=hex(x):41", "bytes as hex:00,01"),
    ] {
        let text = of(&format!("{line}\n[HKEY_CURRENT_USER\\x]"));
        if expected == "nothing" {
            assert!(keys(text.as_bytes()).is_ok(), "no value that is asked for");
            continue;
        }
        let error = why(&text);
        assert!(error.starts_with(&format!("line 5 of the registry export: expected {expected}")), "{error}");
        assert!(error.contains("Export again: `reg export HKLM"), "{error}");
    }
    let error = why(&of("\"a\"=\"b"));
    assert!(error.contains("line 5") && error.contains("a text that ends with a quote"), "{error}");
    let error = why(&format!("Windows Registry Editor Version 5.00\n[{UNINSTALL}]"));
    assert!(error.contains("line 2") && error.contains("a line that ends"), "{error}");
    assert!(why("Windows Registry Editor Version 6.00\n").contains("found \"Windows Registry Editor Version 6.00\""));
    assert!(why(&"x".repeat(1_000_000)).chars().count() < 500);
    assert!(why(&of(&"x".repeat(1_000_000))).chars().count() < 500);
}
