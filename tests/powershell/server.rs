//! What `doctor` asks of PowerShell: each part of the answer, and each part that fails alone.

use serde_json::{Value, json};

use crate::shell::{Module, Ran};

const SCRIPT: &str = "Test-Server.ps1";

/// A certificate with the properties of `Microsoft.Rtc.Management.Deployment.CertificateReference`: Subject and NotAfter by Microsoft's
/// page about Get-CsCertificate, the others recalled. The dates are local times.
const CERTIFICATE: &str =
    "[pscustomobject]@{ Use = 'Default'; Thumbprint = '2F0E63A1'; Subject = 'CN=größe.contoso.example';
    NotBefore = [DateTime]::new(2026, 1, 2, 3, 4, 5, [DateTimeKind]::Utc).ToLocalTime();
    NotAfter = [DateTime]::new(2027, 1, 2, 3, 4, 5, [DateTimeKind]::Utc).ToLocalTime() }";

/// Microsoft.Rtc.Management.Xds.ReplicaState (Microsoft Learn: Get-CsManagementStoreReplicationStatus).
const REPLICAS: &str = "[pscustomobject]@{ ReplicaFqdn = 'fe01.contoso.example'; UpToDate = $true },
    [pscustomobject]@{ ReplicaFqdn = 'fe02.contoso.example'; UpToDate = $false }";

fn cmdlet(name: &str, parameters: &[&str], properties: &[&str]) -> Value {
    json!({ "name": name, "parameters": parameters, "properties": properties })
}

fn asked(module: &Module, cmdlets: &[Value]) -> Ran {
    module.run(SCRIPT, &json!({ "inDomain": false, "cmdlets": cmdlets, "sqlServers": [] }).to_string())
}

#[test]
fn a_shell_says_what_it_is_and_what_the_product_reports() {
    let module =
        Module::new(&[("Get-CsCertificate", CERTIFICATE), ("Get-CsManagementStoreReplicationStatus", REPLICAS)]);
    let ran = asked(&module, &[]);
    let answer = ran.answer.as_ref().unwrap_or_else(|| panic!("{ran:#?}"));
    let shell = &answer["powerShell"]["value"];
    assert_eq!(shell["languageMode"], "FullLanguage");
    assert!(shell["version"].as_str().is_some_and(|version| version.starts_with("7.")), "{shell}");
    let policies = shell["policies"].as_array().unwrap();
    assert!(policies.iter().any(|one| one["scope"] == "MachinePolicy" && one["policy"].is_string()), "{policies:?}");
    assert_eq!(
        answer["certificates"]["value"],
        json!([{
            "usage": "Default", "thumbprint": "2F0E63A1", "subject": "CN=größe.contoso.example",
            "notBefore": "2026-01-02T03:04:05.0000000Z", "notAfter": "2027-01-02T03:04:05.0000000Z",
        }])
    );
    assert_eq!(
        answer["replicas"]["value"],
        json!([
            { "server": "fe01.contoso.example", "upToDate": true },
            { "server": "fe02.contoso.example", "upToDate": false },
        ])
    );
    assert_eq!((&answer["cmdlets"]["value"], &answer["backups"]), (&json!([]), &json!([])));
    assert!(answer.get("clock").is_none(), "nobody asked: {answer}");
    assert_eq!((ran.code, ran.calls.len()), (0, 2), "{ran:#?}");
}

/// `about_Functions_OutputTypeAttribute`: a type that a cmdlet declares has properties, or says nothing.
#[test]
fn a_cmdlet_is_described_and_not_run() {
    let module = Module::of(
        "class Answer { [string]$DatabaseName; [string]$Succeed }
        function Get-Typed { [OutputType([Answer])] param ([string]$Report) }
        function Get-List { [OutputType([Answer[]])] param ([string]$Report) }
        function Get-Bare { [OutputType([psobject])] param ([switch]$PoolFqdn) }
        function Get-Unknown { [OutputType('Microsoft.Rtc.Nobody.Knows')] param () }
        Add-Content -LiteralPath (Join-Path $PSScriptRoot 'calls.txt') -Value 'loaded'",
    );
    let properties = ["DatabaseName", "InstalledVersion"];
    let ran = asked(
        &module,
        &[
            cmdlet("Get-Typed", &["report", "Verbose", "Gone", "Also"], &properties),
            cmdlet("Get-List", &[], &["Succeed"]),
            cmdlet("Get-Bare", &["PoolFqdn"], &properties),
            cmdlet("Get-Unknown", &[], &properties),
            cmdlet("Get-Typed", &["Report"], &[]),
            cmdlet("Get-Missing", &["Report"], &properties),
        ],
    );
    let answer = ran.answer.as_ref().unwrap_or_else(|| panic!("{ran:#?}"));
    let row = |name: &str, exists: bool, parameters: Value, properties: Value| json!({ "name": name, "exists": exists, "lacksParameters": parameters, "lacksProperties": properties });
    assert_eq!(
        answer["cmdlets"]["value"],
        json!([
            row("Get-Typed", true, json!(["Verbose", "Gone", "Also"]), json!(["InstalledVersion"])),
            row("Get-List", true, json!([]), json!([])),
            row("Get-Bare", true, json!([]), Value::Null),
            row("Get-Unknown", true, json!([]), Value::Null),
            row("Get-Typed", true, json!([]), Value::Null),
            row("Get-Missing", false, json!([]), Value::Null),
        ]),
        "{ran:#?}"
    );
    assert_eq!(ran.calls, ["loaded"], "the module is loaded once, and nothing of it is run");
}

#[test]
fn each_part_fails_alone_and_in_its_own_words() {
    let module = Module::new(&[
        ("Get-CsCertificate", "throw 'Zugriff verweigert: Größe'"),
        ("Get-CsManagementStoreReplicationStatus", "Write-Warning 'alt'; Write-Host -NoNewline 'noch [1]'"),
    ]);
    let request = json!({
        "inDomain": true,
        "cmdlets": [cmdlet("Get-CsCertificate", &["Type"], &["NotAfter"])],
        "sqlServers": [r"127.0.0.1\RTC,1", r"127.0.0.1,2"],
    });
    let ran = module.run(SCRIPT, &request.to_string());
    let answer = ran.answer.as_ref().unwrap_or_else(|| panic!("{ran:#?}"));
    assert_eq!(ran.code, 0, "{ran:#?}");
    assert_eq!(answer["certificates"]["error"], "Zugriff verweigert: Größe");
    assert_eq!(answer["replicas"]["value"], json!([]));
    assert_eq!(answer["cmdlets"]["value"][0]["exists"], true);
    // There is no directory and no SQL Server here.
    assert!(answer["clock"]["error"].is_string(), "{answer}");
    let backups = answer["backups"].as_array().unwrap();
    assert_eq!(backups.len(), 2, "{answer}");
    for (one, server) in backups.iter().zip([r"127.0.0.1\RTC,1", "127.0.0.1,2"]) {
        assert_eq!(one["sqlServer"], server);
        assert!(one["databases"]["error"].as_str().is_some_and(|why| !why.is_empty()), "{one}");
    }
}

#[test]
fn a_module_that_does_not_load_hides_only_what_needs_it() {
    let ran = asked(&Module::of("throw 'die Assembly fehlt'"), &[cmdlet("Test-CsDatabase", &[], &[])]);
    let answer = ran.answer.as_ref().unwrap_or_else(|| panic!("{ran:#?}"));
    assert_eq!((ran.code, answer["powerShell"]["value"].is_object()), (0, true), "{ran:#?}");
    for part in ["cmdlets", "certificates", "replicas"] {
        let why = answer[part]["error"].as_str().unwrap_or_default();
        assert!(
            why.starts_with("the module of the product cannot be loaded: ") && why.contains("die Assembly fehlt"),
            "{part}: {why}"
        );
    }
}

#[test]
fn a_certificate_without_dates_has_none() {
    let module = Module::new(&[("Get-CsCertificate", "[pscustomobject]@{ Subject = 'CN=a' }")]);
    let ran = asked(&module, &[]);
    let answer = ran.answer.as_ref().unwrap_or_else(|| panic!("{ran:#?}"));
    let bare = json!([{ "usage": "", "thumbprint": "", "subject": "CN=a", "notBefore": "", "notAfter": "" }]);
    assert_eq!(answer["certificates"]["value"], bare);
}
