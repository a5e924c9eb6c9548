use super::*;

fn completed(text: &str) -> Value {
    Source::parse("manifest.yaml", text.to_owned()).unwrap().completed().value().clone()
}

#[test]
fn names_of_servers_pools_and_sql_servers_are_completed_and_no_others() {
    let text = "
domain: contoso.example
servers:
  fe[1-2]: { role: front-end, pool: pool, group: pool }
  be: { pool: pool.other.example, databases: { sqlServer: sql, centralManagementStore: { sqlServer: cms, instance: RTC } } }
  se.other.example: { alsoStop: [recorder] }
groups:
  pool: { pool: pool, databases: { sqlServer: sql } }
pools:
  pool: { site: berlin, pairedWith: other }
lab:
  world: world
  servers: { be: { build: x } }
";
    let expected = serde_json::json!({
        "domain": "contoso.example",
        "servers": {
            "fe[1-2].contoso.example": { "role": "front-end", "pool": "pool.contoso.example", "group": "pool" },
            "be.contoso.example": { "pool": "pool.other.example", "databases": {
                "sqlServer": "sql.contoso.example",
                "centralManagementStore": { "sqlServer": "cms.contoso.example", "instance": "RTC" },
            } },
            "se.other.example": { "alsoStop": ["recorder"] },
        },
        "groups": { "pool": { "pool": "pool.contoso.example", "databases": { "sqlServer": "sql.contoso.example" } } },
        "pools": { "pool.contoso.example": { "site": "berlin", "pairedWith": "other.contoso.example" } },
        "lab": { "world": "world", "servers": { "be.contoso.example": { "build": "x" } } },
    });
    assert_eq!(completed(text), expected);
}

/// A completed name may stand elsewhere among the others, and is found there with the place that it was written at.
#[test]
fn a_completed_name_keeps_its_place() {
    let text = "domain: b.example\nservers:\n  a: {}\n  a.a: {}\n  a-b: {}\n";
    let source = Source::parse("manifest.yaml", text.to_owned()).unwrap().completed();
    for (name, line) in [("a.b.example", 3), ("a.a", 4), ("a-b.b.example", 5)] {
        assert_eq!(source.order(&format!("/servers/{name}"), true), (line, 2), "{name}");
    }
}

#[test]
fn a_name_that_is_completed_to_one_that_is_there_is_given_twice() {
    let text = "domain: a.example\nservers:\n  fe: {}\n  FE.a.example: {}\n";
    let source = Source::parse("manifest.yaml", text.to_owned()).unwrap().completed();
    let twice: Vec<_> = source.twice("/servers").iter().map(ToString::to_string).collect();
    assert_eq!(twice.len(), 1, "{twice:?}");
    assert!(twice.iter().all(|error| error.starts_with("manifest.yaml:4:3: ")), "{twice:?}");
}

#[test]
fn without_a_domain_nothing_changes_and_short_names_of_pools_are_known() {
    let text = "servers: { fe: { pool: p, databases: { sqlServer: s } } }\npools: { p: {}, q.example: {} }\n";
    let source = Source::parse("manifest.yaml", text.to_owned()).unwrap().completed();
    assert_eq!(
        source.value(),
        &serde_json::json!({
            "servers": { "fe": { "pool": "p", "databases": { "sqlServer": "s" } } }, "pools": { "p": {}, "q.example": {} },
        })
    );
    let (values, keys) = source.short_names();
    assert_eq!(values, ["/servers/fe/pool", "/servers/fe/databases/sqlServer"]);
    assert_eq!(keys, ["/pools/p"]);
}
