//! The page says what servers say, and never does it: read back by a parser that knows only the standard.

use std::{collections::BTreeMap, fs, path::Path};

use html5gum::{DefaultEmitter, Token, Tokenizer};
use reconcile_schema::{
    Cause, Declared, DriftCode, DriftFinding, DriftState, Evidence, ManifestPlace, Origin, Product, Role, Shared, Step,
    StepReport, Store,
};

use super::*;

/// What an HTML page says to a reader that knows only the standard.
#[derive(Default)]
struct Parsed {
    /// The elements in their order, each with the names of its attributes.
    elements: Vec<String>,
    /// The value of each attribute of each element.
    attributes: Vec<(String, String, String)>,
    /// All text, also that of scripts and styles.
    text: String,
    /// What each `<script>` and each `<style>` holds.
    raw: Vec<String>,
}

/// Reads a page, and refuses what the standard calls a mistake, comments, and elements that are not closed.
fn parse(html: &str) -> Parsed {
    let mut emitter = DefaultEmitter::default();
    emitter.naively_switch_states(true);
    let mut page = Parsed::default();
    let mut open: Vec<String> = Vec::new();
    let words = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    for token in Tokenizer::new_with_emitter(html, emitter) {
        match token.unwrap() {
            Token::StartTag(tag) => {
                let name = words(&tag.name);
                let attributes: Vec<_> = tag.attributes.iter().map(|(key, value)| (words(key), words(value))).collect();
                let names: Vec<_> = attributes.iter().map(|(key, _)| key.as_str()).collect();
                page.elements.push(format!("{name} {}", names.join(" ")));
                page.attributes.extend(attributes.into_iter().map(|(key, value)| (name.clone(), key, value)));
                if !tag.self_closing && !["br", "input", "meta"].contains(&name.as_str()) {
                    open.push(name);
                }
            }
            Token::EndTag(tag) => assert_eq!(open.pop().as_deref(), Some(words(&tag.name).as_str())),
            Token::String(text) => {
                let text = words(&text);
                if open.last().is_some_and(|element| element == "script" || element == "style") {
                    page.raw.push(text);
                } else {
                    page.text += &text;
                }
            }
            Token::Doctype(_) => {}
            Token::Comment(text) => panic!("a comment: {text:?}"),
            Token::Error(error) => panic!("not HTML: {error:?}"),
        }
    }
    assert!(open.is_empty(), "not closed: {open:?}");
    page
}

impl Parsed {
    fn count(&self, element: &str) -> usize {
        self.elements.iter().filter(|it| it.split(' ').next() == Some(element)).count()
    }

    fn values(&self, attribute: &str) -> Vec<&str> {
        self.attributes.iter().filter(|(_, key, _)| key == attribute).map(|(_, _, value)| value.as_str()).collect()
    }
}

/// Strings that servers could report. Each stands for a way in which a report could be made to lie, or to act.
const HOSTILE: [&str; 12] = [
    "<script>alert(1)</script>",
    "</script><img src=x onerror=alert(2)>",
    "\"><svg onload=alert(3)>",
    "' autofocus onfocus='alert(4)",
    "javascript:alert(5)",
    "{{ page.servers }}{% raw %}",
    "&lt;b&gt; &amp; &#x1b;",
    "\u{1b}[31mred\u{1b}[0m\u{7}\u{8}\u{7f}\u{9b}2J",
    "fe01\u{202e}elpmaxe.live\u{202c}\u{2066}",
    "zero\u{200b}width\u{feff}\u{ad}joiner\u{200d}",
    "</title></style></textarea><!-- --!> ]]>",
    "a\r\nb\tc\u{0}d\u{2028}e",
];

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

const AS_OF: &str = "2026-11-03T02:14:00Z";

/// A page of one server, with `text` wherever a page can hold text.
fn page(text: &str) -> Page {
    let text = || text.to_owned();
    let finding = DriftFinding {
        code: DriftCode::ComponentBehind,
        phrase: text(),
        subject: text(),
        desired: text(),
        observed: text(),
        source: text(),
        origin: Some(Origin::NewIntent { reached: at("2026-05-01T00:00:00Z"), then: text() }),
    };
    let drift = ServerDrift {
        name: text(),
        state: DriftState::Drift,
        place: Some(ManifestPlace { file: text(), line: 12, column: 3 }),
        site: Some(text()),
        pool: Some(text()),
        declared: Some(declared("7.0.2046.524")),
        found: Some("7.0.2046.123".parse().unwrap()),
        snapshot: Some(Evidence {
            file: text(),
            line: Some(4),
            at: Some(at("2026-11-03T01:02:00Z")),
            age_seconds: Some(4320),
            made_by: text(),
            boot: Some(text()),
            lab: true,
        }),
        findings: vec![finding].into(),
        diff: format!("--- observed\n+++ desired\n@@ -1 +1 @@\n-{}\n+{}", text().replace('\n', " "), 1).into(),
        steps: vec![StepReport {
            step: Step::Install,
            command: text(),
            cause: Cause::NotStaged,
            because: text(),
            certain: true,
        }]
        .into(),
        blocked_by: Some(text()),
        help: Some(text()),
    };
    Page {
        made_by: text(),
        manifest: text(),
        as_of: at(AS_OF),
        summary: summary(std::slice::from_ref(&drift)),
        servers: vec![Shown { drift, facts: vec![FactRow { name: text(), value: text(), source: text() }] }],
        left_out: 0,
        progress: vec![ProductProgress {
            product: text(),
            releases: vec![
                release(&text(), "2023-10", "7.0.2046.530", 1, true),
                release(&text(), &text(), &text(), 0, false),
            ],
            other: 1,
            unknown: 2,
        }],
    }
}

fn declared(build: &str) -> Declared {
    Declared { product: Product::Sfb2019, role: Role::BackEnd, target: build.parse().unwrap() }
}

fn release(name: &str, date: &str, build: &str, servers: u64, target: bool) -> ReleaseRow {
    ReleaseRow { name: name.into(), date: date.into(), build: build.into(), servers, target }
}

fn summary(servers: &[ServerDrift]) -> DriftSummary {
    let mut states = BTreeMap::new();
    for server in servers {
        *states.entry(server.state).or_insert(0) += 1;
    }
    let steps = servers.iter().map(|server| server.steps.len() as u64).sum();
    DriftSummary { servers: servers.len() as u64, states, steps, exit_code: 4 }
}

#[test]
fn strings_of_servers_come_back_as_text_and_never_as_structure() {
    let harmless = parse(&render(&page("plain")).unwrap());
    for text in HOSTILE {
        let html = render(&page(text)).unwrap();
        let hostile = parse(&html);
        assert_eq!(hostile.elements, harmless.elements, "{text:?}");
        assert_eq!(hostile.raw, harmless.raw, "{text:?}");
        let (seen, times) = (escape(text), |page: &Parsed, text: &str| page.text.matches(text).count());
        // A tile parts a name at its first dot, and a flag of the chart is cut; every other place has it whole.
        assert!(times(&hostile, &seen) >= times(&harmless, "plain") - 4, "{text:?}");
        assert!(times(&hostile, &seen) > 25, "{text:?}");
        assert!(!html.chars().any(|c| c.is_control() && c != '\n'), "{text:?}");
        assert!(!html.contains(['\u{202e}', '\u{2066}', '\u{200b}', '\u{feff}', '\u{ad}', '\u{200d}', '\u{2028}']));
    }
}

#[test]
fn only_the_own_style_and_script_may_act() {
    let page = parse(&render(&page("plain")).unwrap());
    let [style, script] = page.raw.as_slice() else { panic!("one style and one script") };
    let policy = page.values("content").into_iter().find(|it| it.starts_with("default-src")).unwrap();
    let hash = |text: &str| format!("'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(text)));
    assert_eq!(
        policy,
        format!(
            "default-src 'none'; style-src {}; script-src {}; base-uri 'none'; form-action 'none'",
            hash(style),
            hash(script)
        )
    );
    assert!(page.attributes.iter().all(|(_, key, _)| key != "style" && key != "src" && !key.starts_with("on")));
    assert!(page.values("href").iter().all(|href| href.starts_with('#')));
    assert!(!style.contains("url(") && !style.contains("@import"));
}

#[test]
fn every_link_leads_to_a_place_of_the_page() {
    let page = parse(&render(&fleet()).unwrap());
    let mut ids = page.values("id");
    for link in page.values("href") {
        assert!(ids.contains(&&link[1..]), "{link}");
    }
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count, "an id is used twice");
}

#[test]
fn a_fleet_is_shown_whole() {
    let fleet = fleet();
    let html = render(&fleet).unwrap();
    let page = parse(&html);
    let servers = fleet.servers.len();
    for class in ["tile is-", "server is-"] {
        assert_eq!(page.values("class").iter().filter(|it| it.starts_with(class)).count(), servers, "{class}");
    }
    assert_eq!(page.values("data-state").len(), servers);
    let open = page.elements.iter().filter(|it| *it == "details class open").count();
    assert_eq!(open, fleet.servers.iter().filter(|it| it.drift.state != DriftState::AtGoal).count());
    for text in [
        "19 of 31 servers are at their goals. 33 steps remain.",
        "manifests/fleet.yaml:41:3",
        "2 h 12 min ago",
        "19 days ago",
        "30 s in the future",
        "fell back: it was at its goal on 2026-10-02 03:40 UTC",
        "if Test-CsDatabase then shows a difference",
        "14 of 21 servers have a release that the manifest declares; the oldest in use is CU1 of 2019-07, 4 years 3 months \
         older than Oct 2023 security of 2023-10.",
        "Oct 2023 security, target: 14 servers",
        "3 more servers are not shown",
        "No site",
        "No pool",
    ] {
        assert!(page.text.contains(text), "{text}");
    }
    // For a look at it, and for the test in a browser.
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tmp");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("drift-fleet.html"), html).unwrap();
    fs::write(folder.join("drift-hostile.html"), render(&hostile()).unwrap()).unwrap();
}

#[test]
fn an_empty_fleet_is_a_page_too() {
    let mut page = page("plain");
    page.servers.clear();
    page.progress.clear();
    page.summary = DriftSummary::default();
    let page = parse(&render(&page).unwrap());
    assert_eq!((page.count("table"), page.count("svg"), page.count("h1")), (0, 0, 1));
    assert!(page.text.contains("No server is shown."));
}

#[test]
fn what_is_left_out_is_said() {
    let mut page = page("plain");
    assert!(!render(&page).unwrap().contains("--output json"));
    page.left_out = 41_203;
    assert!(parse(&render(&page).unwrap()).text.contains("41203 more servers are not shown on this page."));
}

/// A page with a server for each hostile string.
fn hostile() -> Page {
    let mut all = page(HOSTILE[0]);
    for text in &HOSTILE[1..] {
        let one = page(text);
        all.servers.extend(one.servers);
        all.progress.extend(one.progress);
    }
    let drifts: Vec<_> = all.servers.iter().map(|shown| shown.drift.clone()).collect();
    Page { manifest: HOSTILE.concat(), made_by: "reconcile 0.1.0".into(), summary: summary(&drifts), ..all }
}

/// Thirty-one servers in all states, as a company could have them.
fn fleet() -> Page {
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
            boot: Some("2026-10-11T04:12:09Z".into()),
            lab: false,
        }),
        findings: Shared::default(),
        diff: Shared::default(),
        steps: Shared::default(),
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
    DriftFinding { code, phrase: code.phrase().into(), subject, desired, observed, source, origin }
}

/// Takes a server back to `found`.
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
    let held = "running services may hold assemblies that the installer replaced";
    for (command, because, certain) in [
        ("copy and verify SkypeServerUpdateInstaller.exe", "the installer must not change between check and run", true),
        ("Stop-CsWindowsService", &behind, true),
        ("net stop w3svc", &behind, true),
        ("SkypeServerUpdateInstaller.exe /silentmode", &behind, true),
        ("Stop-CsWindowsService", held, true),
        ("net start w3svc", "should run and does not: W3SVC", true),
        (update, "below the version that the binaries expect", false),
        ("Start-CsWindowsService", "should run and does not: RTCSRV, RTCASMCU, RTCAVMCU and 6 more", true),
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
        drift.blocked_by = Some("a restart is asked for by Windows Update".into());
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
    shown.drift.diff = "--- observed/be22\n+++ desired/be22\n@@ -9,4 +9,4 @@\n services:\n-  RTCSRV: stopped\n-  RTCAVMCU: stopped\n+  RTCSRV: running\n+  RTCAVMCU: running\n   W3SVC: running\n".into();
    shown.drift.steps.push(StepReport {
        step: Step::StartServices,
        command: "Start-CsWindowsService".into(),
        cause: Cause::Down(vec![]),
        because: "should run and does not: RTCSRV, RTCAVMCU".into(),
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
