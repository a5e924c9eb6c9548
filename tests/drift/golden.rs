//! The fleet in every form, compared with the committed files. `UPDATE_GOLDEN=1` writes them again; read the
//! difference.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::Path,
};

use reconcile_schema::{DriftCode, DriftReport, DriftState};
use reconcile_support::readers;

use crate::{Ended, fleet, fleet_copy, fleet_folder, judge};

/// The states of the fleet, counted by hand.
const STATES: [(DriftState, u64); 10] = [
    (DriftState::AtGoal, 9),
    (DriftState::Drift, 11),
    (DriftState::Unnamed, 1),
    (DriftState::Missing, 1),
    (DriftState::Stale, 2),
    (DriftState::BuildsOnly, 1),
    (DriftState::NotReadable, 1),
    (DriftState::Unknown, 8),
    (DriftState::Ahead, 1),
    (DriftState::WrongProduct, 2),
];

/// A server in each state, for the form with one page for each server. One state is missing here, because `--server`
/// cannot select a server that the manifest does not name.
const ONE_PER_STATE: [&str; 9] = [
    "branch-01.contoso.example",
    "se-04.berlin.contoso.example",
    "oslo-04.contoso.example",
    "oslo-02.contoso.example",
    "branch-06.contoso.example",
    "branch-05.contoso.example",
    "be-04.berlin.contoso.example",
    "lync-02.madrid.contoso.example",
    "lync-03.madrid.contoso.example",
];

/// The page without its style and script, which are files of the program, and without their hashes. A row of a table that stands
/// earlier on the page as well is only counted: most servers have the same components and services.
fn shortened(page: &str) -> String {
    let mut inside = false;
    let lines = page.lines().filter(|line| {
        inside |= line.starts_with("<style>") || line.starts_with("<script>");
        let stays = !inside && !line.contains("Content-Security-Policy");
        inside &= !(line.ends_with("</style>") || line.ends_with("</script>"));
        stays
    });
    let mut rows = BTreeSet::new();
    let lines: Vec<_> =
        lines.map(|line| (line, line.starts_with("<tr><th scope=\"row\">") && !rows.insert(line))).collect();
    let mut out = String::new();
    for lines in lines.chunk_by(|(_, one), (_, next)| *one && *next) {
        match lines {
            [(line, false)] => out += &format!("{line}\n"),
            again => out += &format!("… {} as above\n", again.len()),
        }
    }
    out
}

#[test]
fn the_fleet_in_every_form_is_as_committed() {
    if env::var_os("WRITE_FLEET").is_some() {
        fleet::write(&fleet_folder());
    }
    let folder = fleet_copy();
    let mut untrue = String::new();
    for form in readers::FORMS {
        let mut args = vec!["--output", form];
        if form == "html" {
            args.extend(ONE_PER_STATE.iter().flat_map(|server| ["--server", server]));
        }
        let Ended { code, out, err } = judge(folder.path(), &args);
        assert_eq!((code, err.as_str()), (Some(4), ""), "{form}");
        let out = if form == "html" { shortened(&out) } else { out };
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/drift/golden/drift.{form}"));
        if env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&path, &out).unwrap();
        }
        let golden = fs::read_to_string(&path).unwrap_or_default();
        if golden != out {
            let difference = similar::TextDiff::from_lines(&golden, &out);
            untrue += &difference.unified_diff().header(&path.display().to_string(), "now").to_string();
        }
    }
    assert!(untrue.is_empty(), "{untrue}\nUPDATE_GOLDEN=1 writes them again");
}

#[test]
fn the_fleet_is_in_every_state_and_has_every_finding() {
    let report: DriftReport = serde_json::from_str(&judge(fleet_copy().path(), &["--output", "json"]).out).unwrap();
    assert_eq!(report.summary.states, BTreeMap::from(STATES));
    assert_eq!(report.summary.exit_code, 4);
    for code in DriftCode::ALL {
        let told = report.servers.iter().flat_map(|server| &server.findings).any(|found| found.code == code);
        assert!(told, "nothing in the fleet is {code:?}");
    }
    for server in &report.servers {
        let at_goal = server.state == DriftState::AtGoal;
        assert_eq!(server.findings.iter().all(|found| found.note), at_goal, "{}", server.name);
        assert!(at_goal || server.place.is_some(), "{} is nowhere in the manifest", server.name);
        let is_equal = server.findings.iter().all(|found| found.code != DriftCode::PoolUnequal);
        let shown = !server.diff.is_empty() || !is_equal;
        assert!(server.state != DriftState::Drift || shown, "{} drifts invisibly", server.name);
    }
}

/// A report in a file must equal the printed one, whatever other reports are written.
#[test]
fn reports_in_files_are_those_that_are_printed() {
    let folder = fleet_copy();
    let files = [
        ("text", "txt"),
        ("json", "json"),
        ("junit", "xml"),
        ("sarif", "sarif"),
        ("markdown", "md"),
        ("prometheus", "prom"),
        ("html", "html"),
    ];
    let mut args = vec!["--output", "github"];
    let names = files.map(|(_, end)| format!("out.{end}"));
    names.iter().for_each(|name| args.extend(["--report", name]));
    assert_eq!(judge(folder.path(), &args).code, Some(4));
    for ((form, _), name) in files.iter().zip(&names) {
        let printed = judge(folder.path(), &["--output", form]).out;
        assert_eq!(fs::read_to_string(folder.path().join(name)).unwrap(), printed, "{form}");
    }
}
