use reconcile_schema::{Marks, RunId};

use super::*;

const WINDOWS: &str = r#", "policy": { "maintenance": { "timeZone": "Europe/Berlin", "windows": {} } }"#;

fn manifest(more: &str) -> Manifest {
    serde_json::from_str(&format!(r#"{{ "version": 1, "updates": {{}}, "servers": {{}}{more} }}"#)).unwrap()
}

fn sha256(digit: char) -> Sha256 {
    core::iter::repeat_n(digit, 64).collect::<String>().parse().unwrap()
}

fn at(time: &str) -> Timestamp {
    time.parse().unwrap()
}

fn accepted(serial: u64, digit: char) -> Accepted {
    Accepted { serial, sha256: sha256(digit), manifest: "m.yaml".into(), at: at("2026-01-10T00:00:00Z") }
}

#[test]
fn a_serial_only_rises() {
    let now = at("2026-02-01T00:00:00Z");
    let code = |more: &str, digit, last: Option<Accepted>| {
        stale(&manifest(more), &sha256(digit), last.as_ref(), now).map(|stale| stale.code())
    };
    let twelve = || Some(accepted(12, 'a'));
    for (more, digit, last, expected) in [
        ("", 'a', None, None),
        (r#", "serial": 1"#, 'a', None, None),
        (r#", "serial": 12"#, 'a', twelve(), None),
        (r#", "serial": 13"#, 'b', twelve(), None),
        (r#", "serial": 12"#, 'b', twelve(), Some(Code::ManifestOlder)),
        (r#", "serial": 11"#, 'a', twelve(), Some(Code::ManifestOlder)),
        ("", 'a', twelve(), Some(Code::ManifestOlder)),
        (r#", "serial": 13, "expires": "2026-01-31""#, 'b', twelve(), Some(Code::ManifestExpired)),
        (r#", "serial": 11, "expires": "2026-01-31""#, 'b', twelve(), Some(Code::ManifestOlder)),
    ] {
        assert_eq!(code(more, digit, last), expected, "{more} {digit}");
    }
}

#[test]
fn a_manifest_expires_at_the_end_of_its_day_on_its_own_clock() {
    for (windows, last, first) in [
        ("", "2027-06-30T23:59:59Z", "2027-07-01T00:00:00Z"),
        (r#", "policy": { "maintenance": "always" }"#, "2027-06-30T23:59:59Z", "2027-07-01T00:00:00Z"),
        (WINDOWS, "2027-06-30T21:59:59Z", "2027-06-30T22:00:00Z"),
    ] {
        let manifest = manifest(&format!(r#", "expires": "2027-06-30"{windows}"#));
        assert_eq!(expired(&manifest, at(last)), None, "{windows}");
        assert!(expired(&manifest, at(first)).is_some(), "{windows}");
    }
    assert_eq!(expired(&manifest(""), at("2099-01-01T00:00:00Z")), None);
}

/// Without signatures an older manifest is followed, but that does not lower the serial for the next one.
#[test]
fn the_highest_serial_is_remembered() {
    let mut marks = Marks::default();
    let follow = |marks: &mut Marks, serial: u64, digit| {
        let manifest = manifest(&format!(r#", "serial": {serial}"#));
        let mark = accepting(&manifest, &sha256(digit), "m.yaml", marks.accepted.as_ref());
        mark.iter().for_each(|mark| marks.take(&RunId("run".into()), at("2026-01-10T00:00:00Z"), mark));
        (mark.is_some(), marks.accepted.as_ref().map(|accepted| accepted.serial))
    };
    assert_eq!(follow(&mut marks, 12, 'a'), (true, Some(12)));
    assert_eq!(follow(&mut marks, 12, 'a'), (false, Some(12)));
    assert_eq!(follow(&mut marks, 12, 'b'), (true, Some(12)));
    assert_eq!(follow(&mut marks, 11, 'a'), (false, Some(12)));
    assert_eq!(follow(&mut marks, 13, 'a'), (true, Some(13)));
    assert_eq!(accepting(&manifest(""), &sha256('a'), "m.yaml", None), None);
}
