//! The databases: tested and updated in each form, whatever is printed on the way.

use serde_json::json;

use crate::shell::Module;

const TEST: &str = "Test-CsDatabase.ps1";
const INSTALL: &str = "Install-CsDatabase.ps1";

const ROW: &str = "[pscustomobject]@{ DatabaseName = 'größe_数据库'; SqlServerFqdn = 'sql01.contoso.example'; SqlInstanceName = 'RTC';
    MirrorSqlServerFqdn = $null; ExpectedVersion = [version]'15.13.22'; InstalledVersion = '15.13.20'; Succeed = $true }";

/// Each form of a request, and how the cmdlets are called for it.
const FORMS: [(&str, &str); 4] = [
    (r#"{"form":"local"}"#, "-Local"),
    (
        r#"{"form":"configured","sqlServer":"sql01.contoso.example"}"#,
        "-ConfiguredDatabases True -SqlServerFqdn sql01.contoso.example",
    ),
    (
        r#"{"form":"central","sqlServer":"sql01.contoso.example"}"#,
        "-CentralManagementDatabase True -SqlServerFqdn sql01.contoso.example",
    ),
    (
        r#"{"form":"central","sqlServer":"sql01.contoso.example","instance":"RTC"}"#,
        "-CentralManagementDatabase True -SqlInstanceName RTC -SqlServerFqdn sql01.contoso.example",
    ),
];

#[test]
fn each_form_is_tested_by_its_own_parameters() {
    for (request, parameters) in FORMS {
        let ran = Module::new(&[("Test-CsDatabase", ROW)]).run(TEST, request);
        let expected = match parameters {
            "-Local" => "Test-CsDatabase -LocalService True".to_owned(),
            parameters => format!("Test-CsDatabase {parameters}"),
        };
        assert_eq!((ran.code, &ran.calls[..]), (0, &[expected][..]), "{ran:#?}");
        let row = json!([{
            "DatabaseName": "größe_数据库", "SqlServerFqdn": "sql01.contoso.example", "SqlInstanceName": "RTC",
            "MirrorSqlServerFqdn": "", "ExpectedVersion": "15.13.22", "InstalledVersion": "15.13.20", "Succeed": true,
        }]);
        assert_eq!(ran.answer, Some(row));
    }
}

#[test]
fn each_form_is_updated_by_its_own_parameters_and_never_cleaned_or_forced() {
    for (request, parameters) in FORMS {
        let ran = Module::new(&[]).run(INSTALL, request);
        let expected = match parameters {
            "-Local" => "Install-CsDatabase -LocalDatabases True -Update True".to_owned(),
            parameters => format!("Install-CsDatabase {parameters} -Update True"),
        };
        assert_eq!((ran.code, &ran.calls[..]), (0, &[expected][..]), "{ran:#?}");
    }
    let request = FORMS[1].0.replace('}', r#","excludeCollocatedStores":true}"#);
    let ran = Module::new(&[]).run(INSTALL, &request);
    let expected = "Install-CsDatabase -ConfiguredDatabases True -ExcludeCollocatedStores True -SqlServerFqdn sql01.contoso.example -Update True";
    assert_eq!((ran.code, &ran.calls[..]), (0, &[expected.to_owned()][..]), "{ran:#?}");
}

/// The manifest can say where a SQL Server puts the files of new databases.
#[test]
fn the_paths_of_a_pools_databases_are_passed_on() {
    let server = "-SqlServerFqdn sql01.contoso.example -Update True";
    for (given, expected) in [
        (
            r#""paths":["D:\\Sql Data","E:\\Logs"]"#,
            format!("-ConfiguredDatabases True -DatabasePaths D:\\Sql Data E:\\Logs {server}"),
        ),
        (
            r#""excludeCollocatedStores":true,"paths":["D:\\Sql"]"#,
            format!("-ConfiguredDatabases True -DatabasePaths D:\\Sql -ExcludeCollocatedStores True {server}"),
        ),
        (r#""useDefaultSqlPaths":true"#, format!("-ConfiguredDatabases True {server} -UseDefaultSqlPaths True")),
        (
            r#""excludeCollocatedStores":true,"useDefaultSqlPaths":true"#,
            format!("-ConfiguredDatabases True -ExcludeCollocatedStores True {server} -UseDefaultSqlPaths True"),
        ),
    ] {
        let request = FORMS[1].0.replace('}', &format!(",{given}}}"));
        let ran = Module::new(&[]).run(INSTALL, &request);
        assert_eq!((ran.code, &ran.calls[..]), (0, &[format!("Install-CsDatabase {expected}")][..]), "{ran:#?}");
    }
}

#[test]
fn whatever_is_printed_on_the_way_the_answer_is_the_rows() {
    let words = [
        "Write-Host -NoNewline 'Connecting...'",
        "Write-Warning 'la topología no se ha publicado'; Write-Verbose 'ausführlich' -Verbose; Write-Debug 'd'",
        "[Console]::Out.Write('Größe: [1] of {2} ')",
        "Write-Progress -Activity 'a' -Status 's'",
        "Write-Information 'i' -InformationAction Continue",
    ];
    for before in words {
        let ran = Module::new(&[("Test-CsDatabase", &format!("{before}; {ROW}; {ROW}"))]).run(TEST, FORMS[0].0);
        let rows = ran.answer.as_ref().and_then(|rows| rows.as_array()).map(Vec::len);
        assert_eq!((ran.code, rows), (0, Some(2)), "{before}: {ran:#?}");
    }
}

#[test]
fn no_rows_and_rows_without_versions_are_what_they_are() {
    let none = Module::new(&[]).run(TEST, FORMS[0].0);
    assert_eq!((none.code, none.answer), (0, Some(json!([]))));
    let bare = Module::new(&[("Test-CsDatabase", "[pscustomobject]@{ DatabaseName = 'xds' }")]).run(TEST, FORMS[0].0);
    let row = bare.answer.expect("rows")[0].clone();
    assert_eq!((&row["InstalledVersion"], &row["Succeed"]), (&json!(""), &json!(false)));
}

#[test]
fn what_fails_ends_with_1_and_its_own_words_in_any_language() {
    let acts = [
        ("throw 'no se puede abrir la conexión'", "no se puede abrir la conexión"),
        ("throw 'Zugriff verweigert: Größe'", "Zugriff verweigert: Größe"),
        ("throw '数据库无法访问'", "数据库无法访问"),
        ("$null.Missing()", "null-valued"),
        ("Write-Error 'the script ended' -ErrorAction Stop", "the script ended"),
        ("Read-Host 'Sure?'", "NonInteractive"),
        ("if ($PSCmdlet.ShouldContinue('Really?', 'Delete')) { }", "NonInteractive"),
        (
            "$Host.UI.PromptForChoice('c', 'm', [System.Management.Automation.Host.ChoiceDescription[]]@('&Yes', '&No'), 0)",
            "NonInteractive",
        ),
    ];
    for (act, words) in acts {
        for (script, cmdlet) in [(TEST, "Test-CsDatabase"), (INSTALL, "Install-CsDatabase")] {
            let ran = Module::new(&[(cmdlet, act)]).run(script, FORMS[0].0);
            assert!(ran.code == 1 && ran.said.contains(words), "{script}, {act}: {ran:#?}");
        }
    }
}

#[test]
fn an_unknown_form_calls_nothing() {
    for script in [TEST, INSTALL] {
        let ran = Module::new(&[]).run(script, r#"{"form":"all"}"#);
        assert!(
            ran.code == 1 && ran.calls.is_empty() && ran.said.contains("unknown form of databases: all"),
            "{ran:#?}"
        );
    }
}
