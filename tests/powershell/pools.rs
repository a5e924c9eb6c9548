//! Pools: asked on every stream, and never taken for sound because they say nothing.

use serde_json::{Value, json};

use crate::shell::{Module, Ran};

const TEST: &str = "Test-Pool.ps1";
const MOVE: &str = "Move-Computer.ps1";

/// Asks a pool whose cmdlets do this.
fn asked(asks: &str, state: &str, fabric: &str) -> Ran {
    let cmdlet = if asks == "domains" { "Get-CsUpgradeDomainInfo" } else { "Get-CsPoolUpgradeReadinessState" };
    let request = format!(r#"{{"pool":"pool01.contoso.example","asks":"{asks}"}}"#);
    Module::new(&[(cmdlet, state), ("Get-CsPoolFabricState", fabric)]).run(TEST, &request)
}

fn answer(state: &str, fabric: &str) -> Value {
    let ran = asked("domains", state, fabric);
    assert_eq!(ran.code, 0, "{ran:#?}");
    ran.answer.expect("an answer")
}

/// Each line of what is said of the fabric, behind its stream.
fn lines(answer: &Value) -> Vec<String> {
    let line = |line: &Value| format!("{}: {}", line["stream"].as_str().unwrap(), line["text"].as_str().unwrap());
    answer["fabric"].as_array().unwrap().iter().map(line).collect()
}

/// The flag of each upgrade domain, and whether it names this server.
fn domains(answer: &Value, server: &str) -> Vec<(String, bool)> {
    let domain = |domain: &Value| {
        let names = domain["names"].as_array().unwrap();
        let is_named = names.iter().any(|name| name.as_str().is_some_and(|name| name == server));
        (domain["ready"].as_str().unwrap().to_owned(), is_named)
    };
    answer["domains"].as_array().unwrap().iter().map(domain).collect()
}

const READY: &str = "[pscustomobject]@{ PoolUpgradeState = 'Ready'; TotalFrontends = 3; TotalActiveFrontends = 2 }";
const SOUND: &str = "'fe01.contoso.example  OK  UP'";

#[test]
fn each_product_is_asked_by_its_own_cmdlet_and_for_its_fabric_with_all_its_words() {
    for (asks, cmdlet) in [("readiness", "Get-CsPoolUpgradeReadinessState"), ("domains", "Get-CsUpgradeDomainInfo")] {
        let ran = asked(asks, READY, SOUND);
        let expected = [cmdlet, "Get-CsPoolFabricState -PoolFqdn pool01.contoso.example -Verbose True"];
        assert_eq!((ran.code, &ran.calls[..]), (0, &expected.map(String::from)[..]), "{ran:#?}");
        let found = ran.answer.expect("an answer");
        assert_eq!(
            (&found["readiness"], &found["servers"], &found["active"]),
            (&json!("Ready"), &json!("3"), &json!("2"))
        );
        assert_eq!(lines(&found), ["output: fe01.contoso.example  OK  UP"]);
    }
    let ran = asked("everything", READY, SOUND);
    assert!(ran.code == 1 && ran.calls.is_empty() && ran.said.contains("unknown question"), "{ran:#?}");
}

#[test]
fn what_is_said_of_the_fabric_is_told_by_its_stream() {
    let all = "'a'; Write-Warning 'w'; Write-Verbose 'v is missing'; Write-Debug 'd' -Debug; Write-Information 'i'; Write-Host 'h'
        \"b`r`n`r`n  c\"; $null; ''";
    let found = lines(&answer(READY, all));
    let expected = [
        "output: a",
        "warning: w",
        "verbose: v is missing",
        "verbose: d",
        "information: i",
        "information: h",
        "output: b",
        "output: c",
    ];
    assert_eq!(found, expected);
    assert_eq!(lines(&answer(READY, "")), [""; 0], "silence is silence");
    let words = ["El grupo está en buen estado", "Der Pool ist in Ordnung: Größe", "池运行正常"];
    for word in words {
        assert_eq!(lines(&answer(READY, &format!("'{word}'"))), [format!("output: {word}")]);
    }
    let objects = lines(&answer(READY, "[pscustomobject]@{ Server = 'fe01'; State = 'OK' }"));
    assert_eq!(objects, ["output: @{Server=fe01; State=OK}"], "an object is no line that anybody knows");
}

#[test]
fn upgrade_domains_are_found_wherever_they_hang_and_whatever_else_they_hold() {
    let own = "fe01.contoso.example";
    let states = [
        // As the documents have the name of the flag, and as a screen shows it.
        "[pscustomobject]@{ PoolUpgradeState = 'Ready'; UpgradeDomains = @(
            [pscustomobject]@{ Name = 'UD1'; Frontends = @('fe01.contoso.example'); ReadyforUpgrade = $true },
            [pscustomobject]@{ Name = 'UD2'; Frontends = @('fe02.contoso.example'); ReadyforUpgrade = $false }) }",
        "[pscustomobject]@{ PoolUpgradeState = 'Ready'; Details = [pscustomobject]@{ List = @(
            [pscustomobject]@{ Frontends = @([pscustomobject]@{ Fqdn = 'fe01.contoso.example' }); IsReadyForUpgrade = 'True' },
            @{ Frontends = 'fe02.contoso.example'; IsReadyForUpgrade = 'False' }) } }",
        // One after the other, behind the state.
        "[pscustomobject]@{ PoolUpgradeState = 'Ready' }
        [pscustomobject]@{ Server = 'fe01.contoso.example'; IsReadyForUpgrade = $true }
        [pscustomobject]@{ Server = 'fe02.contoso.example'; IsReadyForUpgrade = $false }",
    ];
    for state in states {
        let found = answer(state, SOUND);
        assert_eq!(found["readiness"], "Ready", "{state}");
        assert_eq!(domains(&found, own), [("True".into(), true), ("False".into(), false)], "{state}");
    }
    // A property that cannot be read is passed over, the flag is not.
    let odd = "$state = [pscustomobject]@{ PoolUpgradeState = 'Ready'; IsReadyForUpgrade = $false }
        $state | Add-Member -MemberType ScriptProperty -Name Broken -Value { throw 'no' } -PassThru";
    assert_eq!(domains(&answer(odd, SOUND), own), [("False".into(), false)]);
    // Nor does a ring keep it for ever.
    let ring = "$state = [pscustomobject]@{ PoolUpgradeState = 'Ready'; Own = $null }; $state.Own = $state; $state";
    assert_eq!(domains(&answer(ring, SOUND), own), []);
}

#[test]
fn what_is_no_answer_is_handed_on_as_none() {
    let states = [
        ("", ""),
        ("'Ready'", ""),
        ("[pscustomobject]@{ PoolUpgradeState = 'Bereit' }", "Bereit"),
        (
            "[pscustomobject]@{ PoolUpgradeState = 'Ready' }; [pscustomobject]@{ PoolUpgradeState = 'Busy' }",
            "Ready Busy",
        ),
    ];
    for (state, readiness) in states {
        let found = answer(state, SOUND);
        assert_eq!(found["readiness"], readiness, "{state}");
        assert!(found["active"].as_str().is_some_and(|active| active.trim().is_empty()), "{state}");
    }
    for (state, fabric) in
        [("throw 'the fabric does not answer'", SOUND), (READY, "throw 'the fabric does not answer'")]
    {
        let ran = asked("domains", state, fabric);
        assert!(ran.code == 1 && ran.answer.is_none() && ran.said.contains("the fabric does not answer"), "{ran:#?}");
    }
    let ran = asked("domains", READY, "Write-Error 'kein Zugriff'");
    assert!(ran.code == 1 && ran.said.contains("kein Zugriff"), "{ran:#?}");
}

#[test]
fn a_server_is_moved_with_an_explicit_wait_and_never_forced() {
    for (direction, cmdlet) in [("out", "Invoke-CsComputerFailOver"), ("back", "Invoke-CsComputerFailBack")] {
        let request = format!(r#"{{"computer":"fe01.contoso.example","direction":"{direction}"}}"#);
        let ran = Module::new(&[]).run(MOVE, &request);
        let expected = format!("{cmdlet} -ComputerName fe01.contoso.example -WaitTime 01:00:00");
        assert_eq!((ran.code, &ran.calls[..]), (0, &[expected][..]), "{ran:#?}");
        // What asks for confirmation by itself is not asked: somebody has said yes.
        let ran =
            Module::new(&[(cmdlet, "if (-not $PSCmdlet.ShouldProcess('fe01')) { throw 'asked' }")]).run(MOVE, &request);
        assert_eq!(ran.code, 0, "{ran:#?}");
        let ran = Module::new(&[(cmdlet, "throw 'la espera ha terminado'")]).run(MOVE, &request);
        assert!(ran.code == 1 && ran.said.contains("la espera ha terminado"), "{ran:#?}");
    }
    let ran = Module::new(&[]).run(MOVE, r#"{"computer":"fe01.contoso.example","direction":"away"}"#);
    assert!(ran.code == 1 && ran.calls.is_empty() && ran.said.contains("unknown direction: away"), "{ran:#?}");
}
