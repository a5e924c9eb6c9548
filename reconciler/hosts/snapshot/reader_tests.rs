use reconcile_schema::Snapshot;

use super::*;

const LISTS: [(&str, &str); 3] = [
    (r#"{"known":[{"product":"sfb-2019","name":"core-components","build":"7.0.2046.530"}]}"#, r#"{"known":[]}"#),
    (
        r#"{"known":[{"name":"RTCSRV","state":"running","start":"automatic","needs":["FabricHostSvc"]}]}"#,
        r#"{"unknown":"no \"services\":[] here"}"#,
    ),
    (
        r#"[{"store":"local","seen":{"known":[{"name":"xds","expected":"1.2.3","installed":null,"reachable":true}]}}]"#,
        "[]",
    ),
];

/// A snapshot with these lists and marks.
fn line([components, services, databases]: [&str; 3], boot: &str, marks: &str) -> String {
    format!(
        r#"{{"version":1,"madeBy":"0.1.0","lab":false,"seen":{{"host":"fe01","at":"2026-11-22T06:00:00Z","boot":{boot},"#
    ) + &format!(r#""components":{components},"services":{services},"reboot":{{"known":[]}},"#)
        + &format!(r#""installing":{{"known":null}},"databases":{databases}}},"marks":{marks}}}"#)
}

/// Asserts that the reader gives the same as parsing, each time.
fn agrees(reader: &mut Reader, text: &str) {
    let (own, whole) = (reader.parse(text), serde_json::from_str::<Snapshot>(text));
    match (own, whole) {
        (Ok(own), Ok(whole)) => assert_eq!(own, whole, "{text}"),
        (own, whole) => {
            assert_eq!(own.map_err(|error| error.to_string()), whole.map_err(|error| error.to_string()), "{text}");
        }
    }
}

#[test]
fn what_is_known_is_read_as_what_is_not() {
    let mut reader = Reader::default();
    let [components, services, databases] = LISTS;
    for _ in 0..2 {
        for c in [components.0, components.1] {
            for s in [services.0, services.1] {
                for d in [databases.0, databases.1] {
                    agrees(&mut reader, &line([c, s, d], r#"{"known":"boot 1"}"#, r#"{"attempts":0,"reboots":0}"#));
                }
            }
        }
    }
    let both = line(LISTS.map(|(list, _)| list), r#""notLooked""#, "{}");
    let (one, other) = (reader.parse(&both).unwrap().seen, reader.parse(&both).unwrap().seen);
    assert!(one.databases.is(&other.databases), "it is kept once");
    assert!(matches!((one.components, other.components), (Fact::Known(one), Fact::Known(other)) if one.is(&other)));
}

/// Lists in the wrong place, twice, cut off, and as a part of a text.
#[test]
fn what_is_refused_whole_is_refused_in_parts() {
    let mut reader = Reader::default();
    let lists = LISTS.map(|(list, _)| list);
    let good = line(lists, r#"{"known":"boot 1"}"#, "{}");
    agrees(&mut reader, &good);
    assert!(reader.parse(&good).is_ok());
    let aim = |components: &str| format!(r#"{{"aim":{{"core":"7.0.2046.530","components":{components}}}}}"#);
    let checked = |databases: &str| {
        let look = r#""at":"2026-11-22T06:00:00Z","core":"7.0.2046.530""#;
        format!(r#"{{"checked":[{{"store":"local","seen":{{{look},"databases":{databases}}}}}]}}"#)
    };
    let boot = format!(r#"{{"known":{:?}}}"#, format!(r#""components":{}"#, lists[0]));
    for marks in [aim(lists[0]), aim("{}"), checked(lists[2]), checked("[]"), format!(r#"{{"services":{}}}"#, lists[1])]
    {
        agrees(&mut reader, &line(lists, r#"{"known":"boot 1"}"#, &marks));
        agrees(&mut reader, &line(lists, &boot, &marks));
        let seen = good.strip_prefix('{').and_then(|rest| rest.strip_suffix(r#","marks":{}}"#)).unwrap();
        agrees(&mut reader, &format!(r#"{{"marks":{marks},{seen}}}"#));
    }
    for (at, _) in good.char_indices() {
        let (before, behind) = good.split_at(at);
        agrees(&mut reader, before);
        agrees(&mut reader, &format!("{before},{behind}"));
        agrees(&mut reader, &format!("{before}\"{behind}"));
        agrees(&mut reader, &format!("{before}\\{behind}"));
        agrees(&mut reader, &format!("{before}{}", behind.get(1..).unwrap_or_default()));
    }
    for list in lists {
        agrees(&mut reader, &good.replace(list, &format!("{list}{list}")));
        agrees(&mut reader, &good.replace(list, &format!(" \n{list} ")));
        agrees(&mut reader, &good.replace(list, "\"notLooked\""));
        for key in ["components", "services", "databases"] {
            agrees(&mut reader, &good.replace(list, &format!(r#"{list},"{key}":{list}"#)));
        }
    }
}

/// A later version has added a field that contains lists with the same names: these are not the server's lists.
#[test]
fn lists_of_a_later_version_are_not_the_servers() {
    let mut reader = Reader::default();
    let lists = LISTS.map(|(list, _)| list);
    let [components, services, databases] = lists;
    let others = [
        format!(r#""planned":{{"components":{{"known":[]}},"services":{services},"databases":[]}}"#),
        format!(r#""planned":{{"databases":{databases}}}"#),
        format!(r#""planned":[{{"components":{components}}}]"#),
        format!(r#""note":"this list is read by itself","planned":{{"components":{components}}}"#),
    ];
    for other in others {
        for before in ["\"host\":\"fe01\",", "\"boot\":", "\"installing\":", "\"reboot\":"] {
            let text = line(lists, r#"{"known":"boot 1"}"#, "{}").replace(before, &format!("{other},{before}"));
            agrees(&mut reader, &text);
            let read = reader.parse(&text).unwrap();
            assert_eq!(read, reader.parse(&line(lists, r#"{"known":"boot 1"}"#, "{}")).unwrap(), "{text}");
        }
    }
}
