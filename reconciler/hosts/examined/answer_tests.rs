use serde_json::json;

use super::*;

fn database(name: &str) -> Database {
    Database { name: name.into(), expected: None, installed: None, reachable: true, mirrored: false }
}

fn answer(parts: serde_json::Value) -> Answer {
    let mut all = json!({
        "powerShell": { "error": "-" },
        "cmdlets": { "error": "-" },
        "certificates": { "error": "-" },
        "replicas": { "error": "-" },
        "backups": [],
    });
    if let (Some(all), serde_json::Value::Object(parts)) = (all.as_object_mut(), parts) {
        all.extend(parts);
    }
    serde_json::from_value(all).expect("an answer")
}

/// The examples of Microsoft Learn: String(Generalized-Time) syntax; the others by its words.
#[test]
fn a_generalized_time_is_in_utc_or_says_how_far_from_it() {
    for (text, expected) in [
        ("20010928060000.0Z", Some("2001-09-28T06:00:00Z")),
        ("20261130221006.0Z", Some("2026-11-30T22:10:06Z")),
        ("20010928060000Z", Some("2001-09-28T06:00:00Z")),
        ("20010928060000.0+0200", Some("2001-09-28T04:00:00Z")),
        ("20010928060000.0-0930", Some("2001-09-28T15:30:00Z")),
        ("20010928060000.0", None),
        ("20010931060000.0Z", None),
        ("2001-09-28T06:00Z", None),
        ("20010928060000.0+02", None),
        ("20010928060000.0+ä0", None),
        ("", None),
    ] {
        assert_eq!(generalized_time(text).map(|time| time.to_string()).as_deref(), expected, "{text}");
    }
}

/// `ToString("o")` gives seven digits of a second (Microsoft Learn: Standard date and time format strings).
#[test]
fn the_clock_is_compared_with_the_domains_where_there_is_one() {
    let ahead = |clock| answer(json!({ "clock": clock })).facts(&[]).clock_ahead;
    let clock = |own: &str| json!({ "value": { "domain": "20261130221006.0Z", "own": own } });
    assert_eq!(ahead(clock("2026-11-30T22:10:07.1234567Z")), Fact::Known(1));
    assert_eq!(ahead(clock("2026-11-30T22:00:06.0000000Z")), Fact::Known(-600));
    assert_eq!(answer(json!({})).facts(&[]).clock_ahead, Fact::NotLooked);
    let why = ahead(json!({ "error": "The server is not operational." }));
    assert_eq!(why, Fact::Unknown("currentTime of a domain controller: The server is not operational.".into()));
    assert!(matches!(ahead(clock("30.11.2026")), Fact::Unknown(why) if why.contains("30.11.2026")));
    let strange = json!({ "value": { "domain": "now", "own": "2026-11-30T22:10:07Z" } });
    assert!(matches!(ahead(strange), Fact::Unknown(why) if why.contains("expected such as 20010928060000.0Z")));
}

#[test]
fn a_certificate_without_a_date_is_unknown_and_named() {
    let certificates = |not_after: &str, not_before: &str| {
        let one = json!({
            "usage": "Default", "thumbprint": "2F0E", "subject": "CN=pool.contoso.example",
            "notBefore": not_before, "notAfter": not_after,
        });
        answer(json!({ "certificates": { "value": [one] } })).facts(&[]).certificates
    };
    let Fact::Known(found) = certificates("2027-01-01T00:00:00.0000000Z", "") else { unreachable!("known") };
    assert!(found.iter().all(|one| one.not_before.is_none() && one.usage == "Default"), "{found:?}");
    let Fact::Unknown(why) = certificates("", "") else { unreachable!("unknown") };
    assert!(why.starts_with("Get-CsCertificate: NotAfter of 2F0E is \"\""), "{why}");
}

/// The columns are those of `msdb.dbo.backupset` (Microsoft Learn); the times are of style 126.
#[test]
fn each_database_has_its_last_backup_whatever_the_case_of_its_name() {
    let databases = |answer| json!([{ "sqlServer": r"(local)\RTC", "databases": answer }]);
    let rows = json!({ "value": [
        { "database": "RtcXds", "last": "2026-11-30T02:00:00" },
        { "database": "rtcab", "last": "" },
        { "database": "AnotherProduct", "last": "2020-01-01T00:00:00" },
    ] });
    let known = Fact::Known(vec![database("rtcxds"), database("rtcab"), database("lyss")]);
    let local = || (r"(local)\RTC".to_owned(), &known);
    let seen = |answered, stores: &[Asked<'_>]| answer(json!({ "backups": databases(answered) })).facts(stores).backups;
    let Fact::Known(found) = seen(rows.clone(), &[local(), local()]) else { unreachable!("known") };
    let told: Vec<_> = found.iter().map(|one| (one.database.as_str(), one.last.map(|last| last.to_string()))).collect();
    assert_eq!(told, [("rtcxds", Some("2026-11-30T02:00:00Z".to_owned())), ("rtcab", None)]);

    assert_eq!(seen(rows.clone(), &[]), Fact::NotLooked);
    let unknown = |answered, stores: &[Asked<'_>]| match seen(answered, stores) {
        Fact::Unknown(why) => why,
        Fact::Known(_) | Fact::NotLooked => String::new(),
    };
    let refused = json!({ "error": "Login failed for user" });
    assert_eq!(unknown(refused, &[local()]), r"msdb on (local)\RTC: Login failed for user");
    let strange = json!({ "value": [{ "database": "rtcxds", "last": "Nov 30 2026" }] });
    assert!(unknown(strange, &[local()]).contains("backup of rtcxds: \"Nov 30 2026\" is no time"));
    let elsewhere = json!({ "value": [{ "database": "master", "last": "" }] });
    assert!(unknown(elsewhere, &[local()]).starts_with("none of the databases is in the instance"));
    let unread = Fact::NotLooked;
    assert!(unknown(rows.clone(), &[(r"(local)\RTC".into(), &unread)]).ends_with("were not read"));
    let failed = Fact::Unknown("the module is missing".into());
    assert!(unknown(rows.clone(), &[(r"(local)\RTC".into(), &failed)]).ends_with("unknown: the module is missing"));
    assert!(unknown(rows, &[("sql01".into(), &known)]).starts_with("nobody asked"));
}

#[test]
fn without_an_answer_nothing_that_was_asked_for_is_known() {
    let facts = unknown("PowerShell is missing", false, true);
    assert_eq!((facts.clock_ahead, facts.backups), (Fact::NotLooked, Fact::Unknown("PowerShell is missing".into())));
    assert_eq!(facts.power_shell, Fact::Unknown("PowerShell is missing".into()));
    assert_eq!(unknown("-", true, false).backups, Fact::NotLooked);
}

#[test]
fn each_part_fails_alone() {
    let facts = answer(json!({
        "powerShell": { "value": {
            "version": "5.1.17763.1", "languageMode": "FullLanguage",
            "policies": [{ "scope": "MachinePolicy", "policy": "Undefined" }],
        } },
        "cmdlets": { "value": [
            { "name": "Test-CsDatabase", "exists": true, "lacksParameters": [], "lacksProperties": null },
            { "name": "Install-CsDatabase", "exists": false, "lacksParameters": [], "lacksProperties": [] },
        ] },
        "replicas": { "value": [{ "server": "fe01.contoso.example", "upToDate": false }] },
    }))
    .facts(&[]);
    assert_eq!(facts.power_shell.known().map(|seen| seen.policies.len()), Some(1));
    let lacks: Vec<_> =
        facts.cmdlets.known().into_iter().flatten().map(|one| (one.exists, one.lacks_properties.is_some())).collect();
    assert_eq!(lacks, [(true, false), (false, true)]);
    assert_eq!(facts.replicas.known().map(Vec::len), Some(1));
    assert_eq!(facts.certificates, Fact::Unknown("Get-CsCertificate: -".into()));
}
