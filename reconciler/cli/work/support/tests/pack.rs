//! Which names are found in what was read, and what stays as it is.

use serde_json::json;

use super::*;

/// The names in a value of a server of contoso.example, and in a text.
fn names(value: &Value, text: &str) -> Names {
    let mut names = Names::new();
    names.reserve(value);
    names.domain("contoso.example");
    names.learn(value);
    names.learn_text(text);
    names
}

fn told(text: &str) -> String {
    names(&Value::Null, text).text(text)
}

#[test]
fn names_in_texts_are_told_by_their_form() {
    for (text, expected) in [
        (r"a file on \\nas7\Updates$\x.exe", r"a file on \\host-1-7\share-1\x.exe"),
        (r#"{"path":"\\\\nas7\\depot\\x"}"#, r#"{"path":"\\\\host-1-7\\share-1\\x"}"#),
        (r"CONTOSO\berta, contoso\BERTA and berta", r"domain-1\account-1, domain-1\account-1 and account-1"),
        (r#"{"by":"CONTOSO\\berta"}"#, r#"{"by":"domain-1\\account-1"}"#),
        ("berta.klein@contoso.example.", "account-1@domain-1.example."),
        ("to berta@fabrikam.example", "to account-1@domain-2.example"),
        ("dc07.contoso.example:5061 (DC07)", "host-1-07.domain-1.example:5061 (host-1-07)"),
        (r"C:\Users\berta\AppData\x.log", r"C:\Users\account-1\AppData\x.log"),
        ("10.1.2.3 and 10.1.2.30, 10.1.2.3", "192.0.2.1 and 192.0.2.2, 192.0.2.1"),
        ("fe80::1:2:3%4", "2001:db8::1%4"),
        ("S-1-5-21-1004336348-1177238915-682003330-512", "S-1-5-21-0-0-1"),
    ] {
        assert_eq!(told(text), expected);
    }
}

#[test]
fn builds_paths_and_times_are_not_names() {
    for text in [
        "5.0.8308.1149 6.3.9600.0 10.0.0.0 Version=15.0.0.1 version 16.0.10.1 127.0.0.1 0.0.0.0",
        "2026-01-04T02:00:40Z 02:00:40 ::1 std::io C::x KB2819565 C0FFEE00",
        r"C:\Windows\System32\drivers\etc\hosts C:\\Program Files\\Skype for Business Server 2019\\x",
        r"NT AUTHORITY\SYSTEM BUILTIN\Administrators S-1-5-18 \\.\pipe\x \\?\C:\x HKLM\SOFTWARE\Microsoft",
        "https://learn.microsoft.com/en-us/skypeforbusiness a.b@2x me@ @you Stop-CsWindowsService -Name RTCSRV",
    ] {
        assert_eq!(told(text), text);
    }
}

#[test]
fn certificates_and_reasons_are_replaced_as_a_whole() {
    let seen = json!({
        "services": [{ "name": "Wiesel", "displayName": "Contoso Backup" }],
        "certificates": [
            { "subject": "CN=fe01.contoso.example, O=\"Contoso, Ltd\", OU=Lync, C=DE", "thumbprint": "AB12" },
            { "subject": "CN=*.edge.contoso.example", "issuer": "CN=Contoso Root CA, DC=contoso, DC=example" },
        ],
        "hold": { "reason": "ask Berta (4711)", "by": "CONTOSO\\\\wiesel" },
        "other": "held: ask berta (4711); the service Wiesel of Contoso, Ltd",
        "manifestFingerprint": "sha256:00",
    });
    let names = names(&seen, "");
    let expected = json!({
        "services": [{ "name": "Wiesel", "displayName": "Contoso Backup" }],
        "certificates": [
            { "subject": "CN=host-1-01.domain-1.example, O=name-1, OU=name-2, C=DE", "thumbprint": "AB12" },
            { "subject": "CN=*.domain-3.example", "issuer": "CN=name-3, DC=domain-1, DC=domain-2" },
        ],
        "hold": { "reason": "text-1", "by": "domain-1\\\\wiesel" },
        "other": "held: text-1; the service Wiesel of name-1",
        "manifestFingerprint": "sha256:00",
    });
    assert_eq!(names.value(seen), expected);
}

#[test]
fn a_log_in_utf_16_is_a_text_and_a_picture_is_none() {
    let wide: Vec<u8> = "MSI (s): Müller".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(text_of(&wide).unwrap(), "MSI (s): Müller");
    assert_eq!(text_of(b"M\xfcller").unwrap(), "M\u{fffd}ller");
    assert_eq!(text_of(b"PNG\0\x01\x02 and more of it"), None);
    assert_eq!(text_of(b"").unwrap(), "");
}
