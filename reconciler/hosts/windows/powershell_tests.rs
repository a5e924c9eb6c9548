//! The requests to the scripts and their answers. Tests of the whole program show that PowerShell runs them.

use super::*;

#[test]
fn each_form_of_a_request_is_what_the_scripts_read() {
    let sql = || "SQL01.contoso.example".parse().expect("a name");
    let collocated = Store::Configured { sql_server: sql(), exclude_collocated: true };
    let instance = Some("RTC".parse().expect("an instance"));
    let central = Store::CentralManagement { sql_server: sql(), instance };
    let update = |store: &Store| {
        let databases = Some(Databases::to_update(store, &SqlPaths::Chosen));
        ascii_json(&Request { module: r"C:\Lync.psd1", databases })
    };
    let requests = [
        (ascii_json(&Request { module: r"C:\Lync.psd1", databases: None }), r#"{"module":"C:\\Lync.psd1"}"#),
        (asking(&Store::Local), r#"{"form":"local"}"#),
        (update(&Store::Local), r#"{"module":"C:\\Lync.psd1","form":"local","excludeCollocatedStores":false}"#),
        (asking(&collocated), r#"{"form":"configured","sqlServer":"sql01.contoso.example"}"#),
        (
            update(&collocated),
            r#"{"module":"C:\\Lync.psd1","form":"configured","sqlServer":"sql01.contoso.example","excludeCollocatedStores":true}"#,
        ),
        (
            update(&central),
            r#"{"module":"C:\\Lync.psd1","form":"central","sqlServer":"sql01.contoso.example","instance":"RTC","excludeCollocatedStores":false}"#,
        ),
    ];
    for (found, expected) in requests {
        assert_eq!(found, expected);
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
fn an_answer_is_found_behind_a_text_without_an_end_of_its_line() {
    let found = |line: &str| within::<Membership>(line).map(|found| found.member);
    let answer = r#"{"member":true}"#;
    assert_eq!(found(answer), Some(true));
    for before in ["Connecting...", "[1] of {2} [", "größer: {", "{\"member\":false}"] {
        assert_eq!(found(&format!("{before}{answer}")), Some(true), "{before}");
    }
    for none in ["", "Connecting...", "{", "{\"member\":1}", "{\"member\":true} and more"] {
        assert_eq!(found(none), None, "{none}");
    }
}
