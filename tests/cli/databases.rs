//! The databases of pools on a SQL Server of their own: what is wrong to declare, and what a run on a lab does.

use std::{fs, path::Path};

use reconcile_support::manifest::with_one_update;

use crate::{folder, reconcile};

/// A pool of two Front End Servers, with these databases.
fn site(databases: &str) -> String {
    with_one_update(&format!(
        "domain: contoso.example
rollout: {{ claims: '\\\\files\\claims' }}
pools:
  pool01:
    databases: {{ sqlServer: sql01{databases} }}
servers:
  fe[01-02]: {{ role: front-end, target: cu7, pool: pool01 }}
"
    ))
}

/// A lab of the same, whose servers are behind.
fn lab(manifest: &str) -> String {
    format!("{manifest}lab: {{ world: world.yaml, servers: {{ 'fe[01-02]': {{ build: '7.0.2046.123' }} }} }}\n")
}

fn write(folder: &Path, manifest: &str) {
    fs::write(folder.join("site.yaml"), manifest).unwrap();
}

#[test]
fn what_makes_no_sense_is_an_error_at_its_place() {
    let back_end = "  be01: { role: back-end, target: cu7, pool: other, databases: { sqlServer: sql01 } }\n";
    let pool = "  pool02: { databases: { sqlServer: sql01, collocated: true } }\nservers:\n  fe11: { role: front-end, target: cu7, pool: pool02 }\n";
    let cases = [
        ("a server of no pool", site(", from: fe03"), "site.yaml:11:42", "fe03.contoso.example is no Front End Server"),
        ("a form that does not exist", site(", cluster: true"), "site.yaml:11:36", "cluster"),
        ("an address", site("").replace("sql01", "10.0.0.1"), "site.yaml:11:29", "a fully qualified domain name"),
        (
            "an instance in the name",
            site("").replace("sql01", r"sql01\rtc"),
            "site.yaml:11:29",
            "a fully qualified domain name",
        ),
        (
            "a pool without Front End Servers",
            site("").replace("role: front-end", "role: director"),
            "site.yaml:11:16",
            "has no Front End Server from which its databases can be updated",
        ),
        (
            "no share",
            site("").replace("rollout: { claims: '\\\\files\\claims' }\n", ""),
            "site.yaml:10:16",
            "2 Front End Servers, which have no share to report on",
        ),
        (
            "a back end, too",
            format!("{}{back_end}", site("")),
            "site.yaml:11:16",
            "be01.contoso.example is the back end of the databases on sql01.contoso.example, too",
        ),
        (
            "two pools with two forms",
            site("").replace("servers:\n", pool),
            "site.yaml:12:24",
            "pool02.contoso.example and pool01.contoso.example have their databases on sql01.contoso.example",
        ),
        ("no reason", site(", without: { fe01: '' }"), "site.yaml:11:53", "is an empty text"),
        (
            "without a stranger",
            site(", without: { fe9: away }"),
            "site.yaml:11:52",
            "fe9.contoso.example is no Front End Server",
        ),
        (
            "without itself",
            site(", without: { fe02: away }"),
            "site.yaml:11:53",
            "from which the databases are updated",
        ),
        (
            "two kinds of paths",
            site(", useDefaultSqlPaths: true, paths: ['D:\\Sql']"),
            "site.yaml:11:69",
            "exclude each other",
        ),
        (
            "mirrored in a group",
            site(", mirrored: update, availabilityGroup: true"),
            "site.yaml:11:46",
            "are not mirrored",
        ),
        (
            "a group of Lync Server 2013",
            site(", availabilityGroup: true")
                .replace("sfb-2019", "lync-2013")
                .replace("release: CU7", "release: '5.0.8308.1149'"),
            "site.yaml:11:55",
            "knows no availability group",
        ),
    ];
    for (words, manifest, place, expected) in cases {
        let folder = folder("");
        write(folder.path(), &manifest);
        let ended = reconcile(folder.path(), &["validate", "site.yaml"]);
        assert_eq!(ended.code, Some(65), "{words}: {}{}", ended.out, ended.err);
        assert!(ended.err.contains(place), "{words}: expected {place} in\n{}", ended.err);
        assert!(ended.err.contains(expected), "{words}: expected {expected} in\n{}", ended.err);
    }
}

#[test]
fn a_back_end_that_is_its_own_sql_server_is_doubtful_where_front_end_servers_are() {
    let manifest = site("")
        .replace("    databases: { sqlServer: sql01 }\n", "    ring: all\n")
        .replace("'\\\\files\\claims' }", "'\\\\files\\claims', rings: [all] }")
        + "  sql01: { role: back-end, target: cu7, pool: pool01, databases: { sqlServer: sql01 } }\n";
    let folder = folder("");
    write(folder.path(), &manifest);
    let ended = reconcile(folder.path(), &["validate", "site.yaml"]);
    assert!(ended.err.contains("warning[bare-sql-server]"), "{}{}", ended.out, ended.err);
    assert!(
        ended
            .err
            .contains("write `pools: { pool01.contoso.example: { databases: { sqlServer: sql01.contoso.example } } }`"),
        "{}",
        ended.err
    );
}

#[test]
fn a_server_that_is_away_holds_the_databases_back_until_the_manifest_says_why() {
    let folder = folder("");
    write(folder.path(), &lab(&site("")));
    let apply = |server: &str| reconcile(folder.path(), &["apply", "site.yaml", "--server", server]);
    let waits = apply("fe02.contoso.example");
    assert_eq!(waits.code, Some(3), "{}", waits.out);
    assert!(waits.out.contains("fe01.contoso.example has not reported that it is at 7.0.2046.521"), "{}", waits.out);
    assert!(!waits.out.contains("Install-CsDatabase"), "{}", waits.out);
    let drift = reconcile(folder.path(), &["drift", "site.yaml", "--server", "fe02.contoso.example"]);
    assert_eq!(drift.code, Some(2), "{}", drift.out);
    assert!(drift.out.contains("rtcxds"), "{}", drift.out);
    write(folder.path(), &lab(&site(", without: { fe01: its board is broken }")));
    let plan = reconcile(folder.path(), &["plan", "site.yaml", "--server", "fe02.contoso.example"]);
    assert!(plan.out.contains("without fe01.contoso.example (its board is broken)"), "{}", plan.out);
    let done = apply("fe02.contoso.example");
    assert_eq!(done.code, Some(0), "{}", done.out);
    assert!(
        done.out.contains("Install-CsDatabase -Update -ConfiguredDatabases -SqlServerFqdn sql01.contoso.example"),
        "{}",
        done.out
    );
    assert!(done.out.contains("at its goal; nothing was taken down"), "{}", done.out);
    let history = reconcile(folder.path(), &["history", "site.yaml", "--server", "fe02.contoso.example"]);
    assert!(history.out.contains("without fe01.contoso.example (its board is broken)"), "{}", history.out);
}

/// One command covers all databases on a SQL Server, so it runs once, after the servers of all pools.
#[test]
fn several_pools_on_one_sql_server_are_updated_once() {
    let folder = folder("");
    let second = "  pool02: { databases: { sqlServer: sql01, centralManagementStore: { sqlServer: sql01, instance: rtc } } }\nservers:\n  fe11: { role: front-end, target: cu7, pool: pool02 }\n";
    let manifest = lab(&site("").replace("servers:\n", second))
        .replace("servers: { 'fe[01-02]'", "servers: { fe11: { build: '7.0.2046.123' }, 'fe[01-02]'");
    write(folder.path(), &manifest);
    let apply = |server: &str| reconcile(folder.path(), &["apply", "site.yaml", "--server", server]);
    assert_eq!(apply("fe01.contoso.example").code, Some(0));
    let first = apply("fe02.contoso.example");
    assert_eq!(first.code, Some(3), "{}", first.out);
    assert!(first.out.contains("fe11.contoso.example has not reported"), "{}", first.out);
    let other = apply("fe11.contoso.example");
    assert_eq!(other.code, Some(3), "{}", other.out);
    assert!(other.out.contains("belong to several pools and are updated from fe02.contoso.example"), "{}", other.out);
    let updated = apply("fe02.contoso.example");
    assert_eq!(updated.code, Some(0), "{}", updated.out);
    assert_eq!(updated.out.matches("Install-CsDatabase").count(), 1, "{}", updated.out);
    let central = apply("fe11.contoso.example");
    assert_eq!(central.code, Some(0), "{}", central.out);
    let only = "Install-CsDatabase -Update -CentralManagementDatabase -SqlServerFqdn sql01.contoso.example -SqlInstanceName rtc";
    assert!(central.out.contains(only) && central.out.matches("Install-CsDatabase").count() == 1, "{}", central.out);
    let again = reconcile(folder.path(), &["apply", "site.yaml"]);
    assert!(again.out.contains("3 servers: 3 at goal; 0 changed."), "{}", again.out);
}

#[test]
fn the_databases_have_a_turn_of_their_own_in_a_rollout() {
    let folder = folder("");
    write(folder.path(), &site(", from: fe01"));
    let plan = reconcile(folder.path(), &["plan", "--fleet", "site.yaml", "--as-of", "2026-11-23T12:00:00Z"]);
    assert!(plan.out.contains("pool01.contoso.example: fe01, fe02, databases on sql01"), "{}", plan.out);
    assert!(plan.out.contains("2 servers, 2 to update"), "{}", plan.out);
    let inventory = reconcile(folder.path(), &["inventory", "site.yaml", "--host", "fe01.contoso.example"]);
    let variables: serde_json::Value = serde_json::from_str(&inventory.out).unwrap();
    assert_eq!((&variables["reconcile_wave"], &variables["reconcile_databases_wave"]), (&1.into(), &3.into()));
    let played = reconcile(folder.path(), &["lab", "rollout", "site.yaml", "--as-of", "2026-11-23T12:00:00Z"]);
    assert_eq!(played.code, Some(0), "{}{}", played.out, played.err);
}
