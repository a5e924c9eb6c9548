//! What goes to the scripts and what comes back. That PowerShell runs them is shown with the whole program.

use super::*;

fn request(names: Option<&[String]>, databases: Option<Databases<'_>>) -> String {
    ascii_json(&Request { module: r"C:\Lync.psd1", names, databases })
}

#[test]
fn each_form_of_a_request_is_what_the_scripts_read() {
    let sql = || "SQL01.contoso.example".parse().expect("a name");
    let collocated = Store::Configured { sql_server: sql(), exclude_collocated: true };
    let instance = Some("RTC".parse().expect("an instance"));
    let central = Store::CentralManagement { sql_server: sql(), instance };
    let module = r#"{"module":"C:\\Lync.psd1""#;
    let requests = [
        (request(None, None), "}"),
        (request(Some(&["RTCSRV".into(), "FTA".into()]), None), r#","names":["RTCSRV","FTA"]}"#),
        (request(None, Some(Databases::to_test(&Store::Local))), r#","form":"local"}"#),
        (
            request(None, Some(Databases::to_update(&Store::Local))),
            r#","form":"local","excludeCollocatedStores":false}"#,
        ),
        (
            request(None, Some(Databases::to_test(&collocated))),
            r#","form":"configured","sqlServer":"sql01.contoso.example"}"#,
        ),
        (
            request(None, Some(Databases::to_update(&collocated))),
            r#","form":"configured","sqlServer":"sql01.contoso.example","excludeCollocatedStores":true}"#,
        ),
        (
            request(None, Some(Databases::to_update(&central))),
            r#","form":"central","sqlServer":"sql01.contoso.example","instance":"RTC","excludeCollocatedStores":false}"#,
        ),
    ];
    for (found, expected) in requests {
        assert_eq!(found, format!("{module}{expected}"));
    }
}

#[test]
fn whatever_a_text_holds_it_arrives_as_text_and_as_ascii() {
    for text in ["; Remove-Item C:\\", "$(whoami)", "\u{2019}", "\" | %x%", "-Force", "ÄÖ😀\u{7f}\n"] {
        let json = ascii_json(&[text]);
        assert!(json.is_ascii(), "{json}");
        assert_eq!(serde_json::from_str::<Vec<String>>(&json).expect("JSON"), [text]);
    }
}

#[test]
fn a_module_lies_where_its_product_puts_it() {
    let common = Path::new(r"C:\Program Files\Common Files");
    assert_eq!(module(common, Product::Lync2013), common.join(r"Microsoft Lync Server 2013\Modules\Lync\Lync.psd1"));
    assert_eq!(
        module(common, Product::Sfb2019),
        common.join(r"Skype for Business Server 2019\Modules\SkypeForBusiness\SkypeForBusiness.psd1")
    );
}

#[test]
fn an_empty_version_is_none_and_a_strange_one_is_an_error() {
    let row = |installed: &str| -> Row {
        let json = format!(
            r#"{{"DatabaseName":"rtcxds","SqlServerFqdn":"s","SqlInstanceName":"rtc","ExpectedVersion":"15.13.22","InstalledVersion":"{installed}","Succeed":true}}"#
        );
        serde_json::from_str(&json).expect("a row")
    };
    let folder = Path::new(r"C:\logs");
    let database = row("").database(folder).expect("a database");
    assert_eq!((database.installed, database.reachable), (None, true));
    let database = row("15.13.9").database(folder).expect("a database");
    assert_eq!(database.installed, "15.13.9".parse().ok());
    let error = row("15.13").database(folder).err().map(|error| error.to_string()).unwrap_or_default();
    assert!(error.contains("\"15.13\" for database rtcxds") && error.contains(r"C:\logs"), "{error}");
}
