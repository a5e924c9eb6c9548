//! The page shows what servers report, and never executes it: it is read back by a parser that knows only the standard.

mod html_fleet;

use std::{collections::BTreeMap, fs, path::Path};

use html5gum::{DefaultEmitter, Token, Tokenizer};
use jiff::Timestamp;
use reconcile_schema::{
    Cause, Declared, DriftCode, DriftFinding, DriftState, DriftSummary, Evidence, ManifestPlace, Origin, Product, Role,
    ServerDrift, Step, StepReport,
};

use super::{
    content::{FactRow, ProductProgress, ReleaseRow, Shown},
    *,
};
use html_fleet::fleet;

/// The content of an HTML page for a reader that knows only the standard.
#[derive(Default)]
struct Parsed {
    /// The elements in order, each with the names of its attributes.
    elements: Vec<String>,
    /// The value of each attribute of each element.
    attributes: Vec<(String, String, String)>,
    /// All text, including that of scripts and styles.
    text: String,
    /// The content of each `<script>` and each `<style>`.
    raw: Vec<String>,
}

/// Reads a page. Rejects what the standard calls a mistake, comments, and elements that are not closed.
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

/// Strings that servers could report. Each is a way to make a report lie, or act.
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

/// A page with one server, and with `text` wherever a page can have text.
fn page(text: &str) -> Page {
    let text = || text.to_owned();
    let finding = DriftFinding {
        code: DriftCode::ComponentBehind,
        phrase: text(),
        subject: text(),
        desired: text(),
        observed: text(),
        source: text(),
        note: false,
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
            manifest_fingerprint: None,
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
        code: None,
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
    DriftSummary { servers: servers.len() as u64, states, steps, not_judged: Vec::new(), exit_code: 4 }
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
        // A tile splits a name at its first dot, and a flag of the chart is cut; every other place has the whole name.
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

/// A state without a rule of its own would be a tile without a frame.
#[test]
fn every_state_has_its_colours() {
    let style = include_str!("../html/report.css");
    for state in DriftState::ALL {
        let named =
            style.lines().filter(|line| line.starts_with('.') && line.contains(&format!(".is-{} ", state.key())));
        let listed = style.lines().filter(|line| line.contains(&format!(".is-{}, ", state.key())));
        assert_eq!(named.chain(listed).filter(|line| line.contains("--tint")).count(), 1, "{state:?}");
    }
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
        "fell back: the server was at its goal on 2026-10-02 03:40 UTC",
        "if Test-CsDatabase shows a difference at that point",
        "14 of 21 servers have a release that the manifest declares; the oldest in use is CU1 of 2019-07, 4 years 3 months \
         older than Oct 2023 security of 2023-10.",
        "Oct 2023 security, target: 14 servers",
        "3 more servers are not shown",
        "No site",
        "No pool",
    ] {
        assert!(page.text.contains(text), "{text}");
    }
    // For people, and for the test in a browser.
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

/// A page with one server for each hostile string.
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
