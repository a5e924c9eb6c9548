use super::*;

#[test]
fn the_nearest_name_is_found_whatever_the_spelling() {
    let names = ["role", "target", "sqlServerFqdn", "block", "wait"];
    for (written, meant) in [
        ("targt", Some("target")),
        ("Target", Some("target")),
        ("traget", Some("target")),
        ("sql-server-fqdn", Some("sqlServerFqdn")),
        ("sqlServer", Some("sqlServerFqdn")),
        ("blok", Some("block")),
        ("password", None),
        ("", None),
    ] {
        assert_eq!(nearest(written, names), meant, "{written}");
    }
    assert_eq!(nearest("cu", ["cu12", "cu13"]), Some("cu12"), "the first of equals");
    assert_eq!(nearest(&"x".repeat(1 << 20), names), None);
}
