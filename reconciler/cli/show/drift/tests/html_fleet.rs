//! An invented fleet for the page, in all states.

use reconcile_schema::{Shared, Store};

use super::*;

/// Thirty-one servers in all states, as a company could have them.
pub fn fleet() -> Page {
    let mut servers = Vec::new();
    for (site, pool, first, count) in [
        ("Berlin", "pool-ber1", 1, 6),
        ("Berlin", "pool-ber2", 7, 2),
        ("London", "pool-lon1", 21, 4),
        ("Singapore", "pool-sin1", 41, 3),
    ] {
        for number in first..first + count {
            servers.push(server(number, Some(site), Some(pool), "7.0.2046.530"));
        }
    }
    for (number, site) in [(61, Some("Berlin")), (62, Some("London")), (63, None)] {
        let mut one = server(number, site, None, "5.0.8308.1149");
        let lync = Declared {
            product: Product::Lync2013,
            role: Role::StandardEdition,
            target: "5.0.8308.1149".parse().unwrap(),
        };
        one.drift.declared = Some(lync);
        servers.push(one);
    }
    for number in 71..76 {
        servers.push(server(
            number,
            Some("Ulaanbaatar and the northern branch offices"),
            Some("branch"),
            "7.0.2046.530",
        ));
    }
    let behind = [(3, "7.0.2046.385"), (4, "7.0.2046.123"), (8, "7.0.2046.524"), (72, "7.0.2046.385")];
    for (number, found) in behind {
        fall_behind(by(&mut servers, number), found, number == 4);
    }
    services_down(by(&mut servers, 22));
    let one = by(&mut servers, 24);
    one.drift.state = DriftState::Stale;
    let snapshot = one.drift.snapshot.as_mut().unwrap();
    (snapshot.at, snapshot.age_seconds) = (Some(at("2026-10-14T23:05:00Z")), Some(1_653_000));
    one.drift.findings.push(finding(
        DriftCode::StaleSnapshot,
        "snapshot",
        "at most 24 h old",
        "19 days old",
        "snapshots/ldn/fe24.json",
        None,
    ));

    let one = by(&mut servers, 42);
    one.drift.state = DriftState::Unknown;
    one.drift.findings.push(finding(
        DriftCode::Unknown,
        "databases of sql41.contoso.example",
        "known",
        "Test-CsDatabase: Access is denied. (Exception from HRESULT: 0x80070005 (E_ACCESSDENIED))",
        "Test-CsDatabase -ConfiguredDatabases",
        None,
    ));
    one.drift.blocked_by = Some("databases of sql41.contoso.example: Access is denied".into());
    one.drift.help =
        Some("give the account the rights of RTCUniversalServerAdmins and a login on sql41, then look again".into());
    let one = by(&mut servers, 43);
    (one.drift.state, one.drift.found) = (DriftState::Ahead, Some("7.0.2046.553".parse().unwrap()));
    one.drift.findings.push(finding(
        DriftCode::Ahead,
        "Core Components",
        "7.0.2046.530",
        "7.0.2046.553",
        UNINSTALL,
        Some(Origin::NeverReached),
    ));
    one.drift.blocked_by = Some("Core Components is newer than declared".into());
    one.drift.help = Some("declare 7.0.2046.553 for it; an update cannot be taken back".into());

    let one = by(&mut servers, 63);
    (one.drift.state, one.drift.found) = (DriftState::WrongProduct, None);
    one.drift.findings.push(finding(
        DriftCode::WrongProduct,
        "product",
        "Lync Server 2013",
        "Skype for Business Server 2015",
        UNINSTALL,
        None,
    ));
    one.drift.blocked_by = Some("another product is installed".into());
    one.drift.help = Some("correct the manifest: an update does not turn one product into another".into());

    let one = by(&mut servers, 75);
    (one.drift.state, one.drift.found, one.drift.snapshot) = (DriftState::Missing, None, None);
    one.facts.clear();
    one.drift.findings.push(finding(DriftCode::MissingSnapshot, "snapshot", "one", "none", "snapshots/", None));
    by(&mut servers, 74).drift.snapshot.as_mut().unwrap().age_seconds = Some(-30);

    let mut one = server(99, None, Some("pool-ber1"), "7.0.2046.151");
    (one.drift.state, one.drift.declared, one.drift.place) = (DriftState::Unnamed, None, None);
    one.drift.findings.push(finding(
        DriftCode::UnnamedServer,
        "server",
        "named by the manifest",
        "not named",
        "snapshots/fe99.json",
        None,
    ));
    servers.push(one);
    let mut one = server(98, None, None, "7.0.2046.151");
    one.drift.name = "snapshots/incoming/2026-11-03T01-00-00Z-be07.contoso.example.json.partial".into();
    (one.drift.state, one.drift.declared, one.drift.place, one.drift.found) = (DriftState::Unknown, None, None, None);
    one.drift.findings.push(finding(
        DriftCode::UnreadableSnapshot,
        "snapshot",
        "a snapshot of version 1",
        "EOF while parsing a string at line 41 column 12",
        "snapshots/incoming/2026-11-03T01-00-00Z-be07.contoso.example.json.partial",
        None,
    ));
    one.facts.clear();
    servers.push(one);
    for number in 81..87 {
        let mut one = server(number, Some("London"), Some("pool-lon2"), "7.0.2046.879");
        one.drift.declared =
            Some(Declared { product: Product::SfbSe, role: Role::BackEnd, target: "7.0.2046.879".parse().unwrap() });
        servers.push(one);
    }
    let drifts: Vec<_> = servers.iter().map(|shown| shown.drift.clone()).collect();
    Page {
        made_by: "reconcile 0.1.0".into(),
        manifest: "manifests/fleet.yaml".into(),
        as_of: at(AS_OF),
        summary: summary(&drifts),
        servers,
        left_out: 3,
        progress: progress(),
    }
}

const UNINSTALL: &str = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall";

fn by(servers: &mut [Shown], number: u32) -> &mut Shown {
    let name = format!("be{number:02}.");
    servers.iter_mut().find(|shown| shown.drift.name.starts_with(&name)).unwrap()
}

/// A server at its goal.
fn server(number: u32, site: Option<&str>, pool: Option<&str>, found: &str) -> Shown {
    let name = format!("be{number:02}.contoso.example");
    let fact = |name: &str, value: &str, source: &str| FactRow {
        name: name.into(),
        value: value.into(),
        source: source.into(),
    };
    let facts = vec![
        fact("Core Components", found, UNINSTALL),
        fact("Web Components Server", found, UNINSTALL),
        fact("RTCSRV", "running, starts automatically", "service manager"),
        fact("W3SVC", "running, starts automatically", "service manager"),
        fact("restart", "not asked for", r"HKLM\SYSTEM\CurrentControlSet\Control\Session Manager"),
        fact("databases", "not looked at", "Test-CsDatabase"),
    ];
    let drift = ServerDrift {
        state: DriftState::AtGoal,
        place: Some(ManifestPlace { file: "manifests/fleet.yaml".into(), line: 38 + u64::from(number), column: 3 }),
        site: site.map(Into::into),
        pool: pool.map(|pool| if pool == "branch" { pool.into() } else { format!("{pool}.contoso.example") }),
        declared: Some(declared("7.0.2046.530")),
        found: Some(found.parse().unwrap()),
        snapshot: Some(Evidence {
            file: format!("snapshots/be{number:02}.json"),
            line: None,
            at: Some(at("2026-11-03T00:02:00Z")),
            age_seconds: Some(7920),
            made_by: "reconcile 0.1.0".into(),
            manifest_fingerprint: None,
            boot: Some("2026-10-11T04:12:09Z".into()),
            lab: false,
        }),
        findings: Shared::default(),
        diff: Shared::default(),
        steps: Shared::default(),
        code: None,
        blocked_by: None,
        help: None,
        name,
    };
    Shown { drift, facts }
}

fn finding(
    code: DriftCode,
    subject: &str,
    desired: &str,
    observed: &str,
    source: &str,
    origin: Option<Origin>,
) -> DriftFinding {
    let [subject, desired, observed, source] = [subject, desired, observed, source].map(Into::into);
    DriftFinding { code, phrase: code.phrase().into(), subject, desired, observed, source, note: false, origin }
}

/// Sets a server back to `found`.
fn fall_behind(shown: &mut Shown, found: &str, blocked: bool) {
    let (drift, target) = (&mut shown.drift, "7.0.2046.530");
    (drift.state, drift.found) = (DriftState::Drift, Some(found.parse().unwrap()));
    for fact in shown.facts.iter_mut().take(2) {
        fact.value = found.into();
    }
    let then = Origin::NewIntent { reached: at("2026-05-17T22:31:00Z"), then: found.into() };
    for name in
        ["Core Components", "Web Components Server", "Unified Communications Managed API 5.0, Core Runtime 64-bit"]
    {
        drift.findings.push(finding(DriftCode::ComponentBehind, name, target, found, UNINSTALL, Some(then.clone())));
    }
    drift.diff = format!(
        "--- observed/{name}\n+++ desired/{name}\n@@ -1,6 +1,6 @@\n product: sfb-2019\n components:\n\
         -  Core Components: {found}\n-  Web Components Server: {found}\n+  Core Components: {target}\n\
         +  Web Components Server: {target}\n   Unified Communications Managed API 5.0, Core Runtime 64-bit: {target}\n\
         \x20services: running",
        name = drift.name
    )
    .into();
    let update =
        "Install-CsDatabase -Update -ConfiguredDatabases -SqlServerFqdn sql01.contoso.example -ExcludeCollocatedStores";
    let behind = format!("Core Components is at {found}, must reach {target} (and 2 more)");
    let held = "services that still run may use files that the installer replaced";
    for (command, because, certain) in [
        (
            "copy and verify SkypeServerUpdateInstaller.exe",
            "so that nobody changes the installer after its check",
            true,
        ),
        ("Stop-CsWindowsService", &behind, true),
        ("net stop w3svc", &behind, true),
        ("SkypeServerUpdateInstaller.exe /silentmode", &behind, true),
        ("Stop-CsWindowsService", held, true),
        ("net start w3svc", "so that W3SVC runs again", true),
        (update, "below the version that the binaries expect", false),
        ("Start-CsWindowsService", "so that RTCSRV, RTCASMCU, RTCAVMCU and 6 more run again", true),
    ] {
        drift.steps.push(StepReport {
            step: Step::UpdateDatabases(Store::Local),
            command: command.into(),
            cause: Cause::AssembliesHeld,
            because: because.into(),
            certain,
        });
    }
    if blocked {
        drift.blocked_by = Some("a restart is requested by Windows Update".into());
        drift.help = Some(
            "restart the server when its users can spare it, or allow restarts in the manifest, then run again".into(),
        );
    }
}

fn services_down(shown: &mut Shown) {
    shown.drift.state = DriftState::Drift;
    let reached = Origin::FellBack { reached: at("2026-10-02T03:40:00Z") };
    for name in ["RTCSRV", "RTCAVMCU"] {
        shown.drift.findings.push(finding(
            DriftCode::ServiceDown,
            name,
            "running",
            "stopped, starts automatically",
            "service manager",
            Some(reached.clone()),
        ));
    }
    shown.drift.diff = "--- observed/be22\n+++ desired/be22\n@@ -9,4 +9,4 @@\n services:\n-  RTCSRV: stopped\n-  RTCAVMCU: stopped\n+  RTCSRV: running\n+  RTCAVMCU: running\n   W3SVC: running\n".to_owned().into();
    shown.drift.steps.push(StepReport {
        step: Step::StartServices,
        command: "Start-CsWindowsService".into(),
        cause: Cause::Down(vec![]),
        because: "so that RTCSRV, RTCAVMCU run again".into(),
        certain: true,
    });
}

fn progress() -> Vec<ProductProgress> {
    let lync = [
        ("RTM", "2012-10", "5.0.8308.0", 0),
        ("Cumulative Update 5", "2014-08", "5.0.8308.738", 0),
        ("Cumulative Update 10", "2018-07", "5.0.8308.1068", 0),
        ("Cumulative Update 10 Hotfix 5", "2020-07", "5.0.8308.1149", 2),
    ];
    let sfb = [
        ("RTM", "2018-10", "7.0.2046.0", 0),
        ("Cumulative Update 1", "2019-07", "7.0.2046.123", 1),
        ("Cumulative Update 2", "2019-12", "7.0.2046.151", 1),
        ("Cumulative Update 3", "2020-03", "7.0.2046.216", 0),
        ("Cumulative Update 4", "2020-09", "", 0),
        ("(February 2021 security)", "2021-02", "7.0.2046.252", 0),
        ("Cumulative Update 6", "2021-12", "7.0.2046.385", 2),
        ("(April 2022 security)", "2022-04", "7.0.2046.396", 0),
        ("Cumulative Update 7", "2023-06", "7.0.2046.521", 0),
        ("Cumulative Update 7 Hotfix 1", "2023-08", "7.0.2046.524", 1),
        ("(October 2023 security)", "2023-10", "7.0.2046.530", 14),
        ("(August 2025 hotfix)", "2025-08", "7.0.2046.553", 1),
        ("(October 2026 security)", "2026-10", "7.0.2046.583", 0),
    ];
    let se = [
        ("RTM", "2025", "", 0),
        ("(August 2025 hotfix)", "2025-08", "7.0.2046.820", 0),
        ("(September 2026 security)", "2026-09", "7.0.2046.879", 6),
        ("(October 2026 security)", "2026-10", "7.0.2046.890", 0),
    ];
    let of = |product: Product, rows: &[(&str, &str, &str, u64)], target: &str, other, unknown| ProductProgress {
        product: product.title().into(),
        releases: rows
            .iter()
            .map(|(name, date, build, servers)| release(name, date, build, *servers, *build == target))
            .collect(),
        other,
        unknown,
    };
    vec![
        of(Product::Lync2013, &lync, "5.0.8308.1149", 0, 1),
        of(Product::Sfb2019, &sfb, "7.0.2046.530", 0, 1),
        of(Product::SfbSe, &se, "7.0.2046.879", 0, 0),
    ]
}
