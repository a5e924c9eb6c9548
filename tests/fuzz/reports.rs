//! The drift report of a hostile fleet: an independent reader accepts every form, and no text attacks the viewer.

use std::sync::LazyLock;

use reconcile::fuzz;
use reconcile_hosts::snapshot::Piece;
use reconcile_support::readers::{self, visible};
use serde_json::{Value, json};

use crate::scratch::{Scratch, acts_on_nobody};

const MANIFEST: &str = "version: 1
updates:
  cu7:
    product: sfb-2019
    release: CU7
    installer: { path: 'D:\\SkypeServerUpdateInstaller.exe', sha256: c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00 }
servers:
  h-[0-3].contoso.example: { role: standard-edition, target: cu7 }
";

static SERVER: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../drift/fleet/snapshots/se-01.berlin.contoso.example.json")).unwrap()
});

/// A line of the fleet: the server with this number, and one changed value.
fn server(number: usize, at: &str, value: Value) -> Vec<u8> {
    let mut snapshot = SERVER.clone();
    snapshot["seen"]["host"] = format!("h-{number}.contoso.example").into();
    *snapshot.pointer_mut(at).unwrap() = value;
    snapshot.to_string().into_bytes()
}

pub fn check(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let hold = json!({ "reason": text, "by": text, "at": "2026-11-20T02:00:00Z" });
    let mut marks = SERVER["marks"].clone();
    marks["hold"] = hold;
    let file = |name: &str, bytes: Vec<u8>| Piece::Document { file: name.into(), bytes };
    let pieces = vec![
        file("0.json", server(0, "/seen/components", json!({ "unknown": text }))),
        file("1.json", server(1, "/marks", marks)),
        file("2.json", server(2, "/madeBy", json!(text))),
        file(&text, bytes.to_vec()), // Usually an invalid snapshot, shown by its file name.
    ];
    let scratch = Scratch::new();
    let manifest = scratch.file("site.yaml", MANIFEST.as_bytes());
    let reports = fuzz::reports(&manifest, "2026-11-22T06:00:00Z".parse().unwrap(), pieces).unwrap();
    assert!(reports.iter().map(|(form, _)| form).eq(readers::FORMS));
    for (form, report) in reports {
        let report = String::from_utf8(report).unwrap();
        for line in report.lines() {
            // GitHub's commands and a selector in the stylesheet of the page begin with `::`, and both are our own.
            let ours = form == "github" || form == "html";
            assert!(acts_on_nobody(line.strip_prefix("::").filter(|_| ours).unwrap_or(line)), "{form}: {line:?}");
        }
        // Each reader panics if the form is invalid.
        let said = readers::observed(&form, &report);
        let told = said.get("h-0.contoso.example").unwrap_or_else(|| panic!("{form} does not name h-0: {report}"));
        // Metrics contain names and numbers, and no other text of a host.
        assert!(form == "prometheus" || told.contains(&visible(&text)), "{form}: {text:?} is {told:?}");
    }
}
