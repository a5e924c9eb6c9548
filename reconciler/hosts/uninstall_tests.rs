//! The rules of the Uninstall list, without a registry.

use super::*;

const CORE: &str = "Skype for Business Server 2019, Core Components";
const PANEL: &str = "Skype for Business Server 2019, MACP Web Components";

fn entry(key: &str, name: &str, version: &str) -> Entry {
    Entry { key: key.to_owned(), name: name.to_owned(), version: Some(version.to_owned()) }
}

fn why(entries: Vec<Entry>, own: Option<&str>) -> String {
    match components(entries, own.map(str::to_owned)) {
        Ok(found) => format!("known: {found:?}"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn components_have_the_builds_of_the_list_and_other_programs_do_not_count() {
    let entries = [
        entry("A", CORE, "7.0.2046.530"),
        entry("B", "Microsoft Lync Server 2013, Administrative Tools", "5.0.8308.1149"),
        entry("C", "Skype for Business Server 2019, Resource Kit", "not a build"),
        Entry { key: "D".to_owned(), name: "Another program".to_owned(), version: None },
    ];
    let found = components(entries, None).unwrap_or_default();
    let shown: Vec<_> = found.iter().map(|one| format!("{} {} {}", one.product.key(), one.name, one.build)).collect();
    assert_eq!(shown, ["sfb-2019 core-components 7.0.2046.530", "lync-2013 administrative-tools 5.0.8308.1149"]);
    assert_eq!(components([], None), Ok(vec![]));
}

#[test]
fn a_build_that_cannot_be_told_is_an_error_that_names_the_key() {
    let none = Entry { key: r"U\{A}".to_owned(), name: CORE.to_owned(), version: None };
    assert_eq!(why(vec![none], None), r"U\{A}\DisplayVersion is missing; is an installation running?");
    let error = why(vec![entry(r"U\{A}", CORE, "7.0.2046")], None);
    assert!(error.starts_with(r"U\{A}\DisplayVersion: expected a build of four numbers"), "{error}");
    let error = why(vec![entry("A", CORE, "7.0.2046.530"), entry("B", &CORE.to_uppercase(), "7.0.2046.544")], None);
    assert!(error.ends_with(", found A and B"), "{error}");
}

#[test]
fn the_control_panel_must_say_the_same_in_both_places() {
    let listed = || vec![entry("A", PANEL, "7.0.2046.530"), entry("B", CORE, "7.0.2046.530")];
    assert!(why(listed(), None).starts_with("known"), "one place is enough");
    assert!(why(listed(), Some("7.0.2046.530")).starts_with("known"));
    assert!(why(vec![], Some("7.0.2046.216")).starts_with("known"), "it belongs to nothing that is listed");
    let error = why(listed(), Some("7.0.2046.216"));
    assert!(error.contains("is at 7.0.2046.530 by the Uninstall key and at 7.0.2046.216"), "{error}");
}

#[test]
fn an_error_repeats_only_the_start_of_a_long_value() {
    let long = "9é".repeat(50_000);
    for error in [
        why(vec![entry(&long, CORE, &long)], None),
        why(vec![entry(&long, CORE, "7.0.2046.1"), entry(&long, CORE, "")], None),
        why(vec![entry("A", PANEL, "7.0.2046.530")], Some(&long)),
    ] {
        assert!(error.contains('…') && error.chars().count() < 700, "{error}");
    }
}

#[test]
fn as_many_components_as_a_file_can_hold_take_no_more_than_a_moment() {
    let entries =
        || (0..200_000).map(|n| entry("K", &format!("Skype for Business Server 2019, Component {n}"), "7.0.2046.530"));
    let core = entry("K", CORE, "7.0.2046.530");
    assert_eq!(components(entries().chain([core]), None).map(|found| found.len()), Ok(200_001));
    let error = why(entries().collect(), None);
    assert!(error.ends_with("and 199994 more"), "{error}");
}

#[test]
fn a_product_whose_core_components_have_another_name_is_not_missing() {
    let front_end = "Skype for Business Server 2019, Front End Server";
    for name in [
        "Skype for Business Server 2019, Componentes principales",
        "Skype for Business Server 2019, Основные компоненты",
        "Skype for Business Server 2028, Core Components",
        "Skype for Business Server 2019 Kernkomponenten",
    ] {
        let error = why(vec![entry("A", name, "7.0.2046.530"), entry("B", front_end, "7.0.2046.530")], None);
        let found = format!("; found \"{name}\" 7.0.2046.530, \"{front_end}\" 7.0.2046.530");
        assert!(error.starts_with("no entry of the Uninstall key") && error.ends_with(&found), "{error}");
    }
    let known = why(vec![entry("A", CORE, "7.0.2046.530"), entry("B", "Lync Server 2010, Outil", "4")], None);
    assert!(known.starts_with("known"), "what is left of another product is no reason: {known}");
    let tools = vec![entry("A", "Microsoft Lync Server 2013, Debugging Tools", "5.0.8308.0")];
    assert_eq!(why(tools, None), "known: []", "they come without a server");
}
