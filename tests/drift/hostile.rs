//! A host controls some of the texts in a report. These attack the viewer, and every form of the report must disarm
//! them.

use reconcile_support::readers::{self, visible};
use serde_json::json;

use crate::{Ended, drift_in, manifest_of, snapshot_of};

/// Attacks on every kind of viewer: terminals, the runners of CI systems, Markdown, HTML, XML, JSON, Prometheus,
/// spreadsheets.
pub const CORPUS: [&str; 40] = [
    "\u{1b}[2J\u{1b}]0;owned\u{7}the databases could not be reached",
    "##vso[task.setvariable variable=PATH]C:\\evil",
    "::error file=manifest.yaml::nothing to see\r\n::stop-commands::x",
    "</pre><script>alert(1)</script><img src=x onerror=alert(1)>",
    "evil\u{202e}elpmaxe.osotnoc",
    "[click](javascript:alert(1)) ![x](https://evil.example/x.png)",
    "a|b|c\n\n# heading\n- [ ] task @contoso/everyone #1 `code`",
    "RTC`SRV\" onmouseover=\"alert(1)",
    "rtcxds\", installed=\"1.2.3\"} 1\nreconcile_server_at_goal{server=\"x",
    "```\n~~~~\n````diff\n--- observed\n+++ desired\n```",
    "]]><!-- --><!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>&e;",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(1+1)",
    "%0A::warning::x%0D",
    "\u{0}\u{1}\u{8}\u{b}\u{c}\u{e}\u{1f}\u{7f}",
    "\u{80}\u{85}\u{9b}31mred\u{9c}",
    "\u{200b}zero\u{200d}width\u{feff}",
    "\u{2066}isolated\u{2069}\u{061c}",
    "\u{fffe}\u{ffff}\u{1fffe}",
    "\u{e0041}tag\u{e007f}",
    "line\u{2028}separator\u{2029}",
    "&amp;lt;&#60;&lt;b&gt;",
    "\\u0041\\n\\\\\"",
    "{{ 7*7 }}{% raw %}${7*7}#{7*7}",
    "<!--#exec cmd=\"id\"-->",
    "--- observed\n+++ desired\n@@ -1 +1 @@\n-a\n+b",
    "https://evil.example/?q=<x>&y=1 www.evil.example evil@evil.example",
    "*bold* _it_ ~~gone~~ <b>b</b> | \\| \\",
    "    indented code\n\ttab",
    "1. one\n2. two\n> quote\n\n***",
    "' OR 1=1; DROP TABLE servers; --",
    "$(reboot) `reboot` ; reboot & reboot | reboot",
    "..\\..\\..\\Windows\\System32\\cmd.exe",
    "\u{ad}soft\u{34f}joined\u{115f}filled",
    "ünïcödé – 日本語 – 😀",
    "a\r\nb\rc\nd",
    "unknown: unknown: ",
    "\u{1b}P+q\u{1b}\\\u{1b}_APC\u{1b}\\",
];

/// For each text, one server whose components cannot be read, with this text as the reason.
fn fleet() -> String {
    let line = |(number, text): (usize, &&str)| {
        let mut snapshot = snapshot_of(&format!("h-{number:02}.contoso.example"));
        snapshot["seen"]["components"] = json!({ "unknown": text });
        snapshot.to_string() + "\n"
    };
    CORPUS.iter().enumerate().map(line).collect()
}

/// In every form, an independent reader must find each text unchanged and in its own place.
#[test]
fn no_text_of_a_host_attacks_a_reader() {
    let folder = tempfile::tempdir().unwrap();
    let last = CORPUS.len() - 1;
    std::fs::write(folder.path().join("site.yaml"), manifest_of(&format!("h-[00-{last}].contoso.example"))).unwrap();
    std::fs::write(folder.path().join("fleet.ndjson"), fleet()).unwrap();
    for form in readers::FORMS {
        let Ended { code, out, err } = drift_in(folder.path(), &["--from", "fleet.ndjson", "--output", form]);
        assert_eq!(code, Some(5), "{form}: {err}");
        let read = readers::observed(form, &out);
        // GitHub shows at most ten annotations: nine servers, and one that counts the rest.
        let shown = if form == "github" { 9 } else { CORPUS.len() };
        assert_eq!(read.len(), shown, "{form}: {read:#?}");
        for (number, text) in CORPUS.iter().enumerate().take(shown) {
            let name = format!("h-{number:02}.contoso.example");
            let said = read.get(&name).unwrap_or_else(|| panic!("{form} does not name {name}:\n{out}"));
            // Metrics contain names and numbers, and no other text of a host.
            let shown = form == "prometheus" || said.contains(&visible(text));
            assert!(shown, "{form}, {name}: expected {:?} in {said:?}", visible(text));
        }
        for c in out.chars() {
            let fine = c == '\n' || !c.is_control() && visible(&c.to_string()) == c.to_string();
            assert!(fine || form == "json", "{form}: {c:?} reaches the reader");
            assert!(c == '\n' || !c.is_control(), "{form}: {c:?} reaches the reader");
        }
    }
}
