//! Other people's readers: what a program that knows each form only from its specification reads in a report.

use std::{collections::BTreeMap, fmt::Write as _, sync::LazyLock};

use html5gum::Token;
use jsonschema::Validator;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use serde_json::Value;

/// The forms of a report, as `--output` names them.
pub const FORMS: [&str; 8] = ["text", "json", "junit", "sarif", "markdown", "github", "prometheus", "html"];

/// What a report shows about each server that is not at its goal.
pub type Said = BTreeMap<String, String>;

/// What a reader of `form` reads.
pub fn observed(form: &str, report: &str) -> Said {
    match form {
        "text" => text(report),
        "json" => json(report),
        "junit" => junit(report),
        "sarif" => sarif(report),
        "markdown" => markdown(report),
        "github" => github(report),
        "prometheus" => prometheus(report),
        "html" => html(report),
        other => panic!("no reader for {other}"),
    }
}

/// A text as every report must show it: invisible and active characters are escaped.
pub fn visible(text: &str) -> String {
    let mut out = String::new();
    let mut before = None;
    for (at, c) in text.char_indices() {
        // `##` begins a command of Azure Pipelines; `::` one of GitHub, behind white space and where a line was wrapped.
        let command =
            c == '#' && before == Some('#') || text[at..].starts_with("::") && before.is_none_or(char::is_whitespace);
        let invisible = [
            0xad..=0xad,
            0x34f..=0x34f,
            0x600..=0x605,
            0x61c..=0x61c,
            0x6dd..=0x6dd,
            0x70f..=0x70f,
            0x890..=0x891,
            0x8e2..=0x8e2,
            0x115f..=0x1160,
            0x17b4..=0x17b5,
            0x180b..=0x180f,
            0x200b..=0x200f,
            0x2028..=0x202e,
            0x2060..=0x206f,
            0x3164..=0x3164,
            0xfdd0..=0xfdef,
            0xfe00..=0xfe0f,
            0xfeff..=0xfeff,
            0xffa0..=0xffa0,
            0xfff0..=0xfffb,
            0x110bd..=0x110bd,
            0x110cd..=0x110cd,
            0x13430..=0x1343f,
            0x1bca0..=0x1bca3,
            0x1d173..=0x1d17a,
            0xe0000..=0xe0fff,
        ];
        if command
            || c.is_control()
            || u32::from(c) & 0xfffe == 0xfffe
            || invisible.iter().any(|range: &std::ops::RangeInclusive<u32>| range.contains(&u32::from(c)))
        {
            write!(out, "\\u{{{:x}}}", u32::from(c)).unwrap();
        } else {
            out.push(c);
        }
        before = Some(c);
    }
    out
}

/// A block for each server; a patch program must accept its diff.
fn text(report: &str) -> Said {
    let blocks: Vec<&str> = report.split("\n\n").collect();
    let (_numbers, blocks) = blocks.split_last().unwrap();
    let of = |block: &&str| {
        let (name, _state) = block.lines().next().unwrap().rsplit_once("  ").unwrap();
        if let Some(at) = block.find("--- observed\n") {
            let lines = block[at..]
                .lines()
                .take_while(|line| line.starts_with(['-', '+', '@', ' ']) && !line.starts_with("   "));
            let diff: String = lines.map(|line| format!("{line}\n")).collect();
            let patch = diffy::Patch::from_str(&diff).unwrap_or_else(|error| panic!("{name}: {error}\n{diff}"));
            assert!(!patch.hunks().is_empty(), "{name}: {diff}");
        }
        (name.to_owned(), (*block).to_owned())
    };
    let at_goal = |block: &&&str| block.lines().next().unwrap().ends_with("  at goal");
    blocks.iter().filter(|block| !at_goal(block)).map(of).collect()
}

fn json(report: &str) -> Said {
    let report: Value = serde_json::from_str(report).unwrap();
    static SCHEMA: LazyLock<Validator> = LazyLock::new(|| by(include_str!("../../schema/drift.schema.json")));
    let errors: Vec<_> =
        SCHEMA.iter_errors(&report).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    let servers = report["servers"].as_array().unwrap().iter().filter(|server| server["state"] != "at-goal");
    let all = |server: &Value| -> String {
        let findings = server["findings"].as_array().into_iter().flatten();
        // Programs read the text itself.
        findings.map(|found| visible(found["observed"].as_str().unwrap()) + " ").collect()
    };
    servers.map(|server| (visible(server["name"].as_str().unwrap()), all(server))).collect()
}

/// Validates documents by a schema.
fn by(schema: &str) -> Validator {
    jsonschema::validator_for(&serde_json::from_str(schema).unwrap()).unwrap()
}

fn junit(report: &str) -> Said {
    let document = roxmltree::Document::parse(report).unwrap();
    let suites = document.root_element();
    let suite = suites.first_element_child().unwrap();
    assert_eq!((suites.tag_name().name(), suite.tag_name().name()), ("testsuites", "testsuite"));
    let cases: Vec<_> = suite.children().filter(roxmltree::Node::is_element).collect();
    assert!(cases.iter().all(|case| case.has_tag_name("testcase")));
    let count = |name: &str| suite.attribute(name).unwrap().parse::<usize>().unwrap();
    assert_eq!(count("tests"), cases.len(), "the number that stands before the cases");
    let problems = cases.iter().filter_map(|case| Some((case, case.first_element_child()?)));
    // Output about a server at its goal is no problem.
    let problems = problems.filter(|(_, said)| !said.has_tag_name("system-out"));
    let (mut failures, mut errors) = (0, 0);
    let said = problems.map(|(case, problem)| {
        match problem.tag_name().name() {
            "failure" => failures += 1,
            "error" => errors += 1,
            other => panic!("{other} in a test case"),
        }
        let text = format!("{}\n{}", problem.attribute("message").unwrap(), problem.text().unwrap());
        (case.attribute("name").unwrap().to_owned(), text)
    });
    let said = said.collect();
    assert_eq!((count("failures"), count("errors")), (failures, errors));
    said
}

/// By the schema that OASIS publishes with the standard; CI also uses the reader of its authors (`examples/ci/check`).
fn sarif(report: &str) -> Said {
    static SCHEMA: LazyLock<Validator> = LazyLock::new(|| by(include_str!("sarif-2.1.0.schema.json")));
    let report: Value = serde_json::from_str(report).unwrap();
    let wrong: Vec<_> = SCHEMA.iter_errors(&report).map(|error| error.to_string()).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    let [run] = list(&report["runs"]) else { panic!("expected one run: {report}") };
    let rules: Vec<_> = list(&run["tool"]["driver"]["rules"]).iter().map(|rule| &rule["id"]).collect();
    let mut said = Said::new();
    let mut fingerprints = Vec::new();
    for result in list(&run["results"]) {
        assert!(rules.contains(&&result["ruleId"]), "{result} breaks no rule that is declared");
        if result["level"] == "note" {
            continue;
        }
        let text = result["message"]["text"].as_str().unwrap();
        let region = &result["locations"][0]["physicalLocation"]["region"];
        assert!(region["startLine"].as_u64().unwrap() > 0);
        assert!(result["partialFingerprints"].is_object(), "{result} has no fingerprint");
        fingerprints.push(&result["partialFingerprints"]);
        let (name, text) = text.split_once(": ").unwrap();
        *said.entry(name.to_owned()).or_default() += text;
    }
    for (at, one) in fingerprints.iter().enumerate() {
        assert!(!fingerprints[at + 1..].contains(one), "two results are the same finding: {one:?}");
    }
    said
}

/// The values of an array that must exist.
fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

/// The rows of the only table. The document contains nothing except what we wrote.
fn markdown(report: &str) -> Said {
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS | Options::ENABLE_FOOTNOTES;
    let (mut said, mut row, mut cell) = (Said::new(), Vec::new(), String::new());
    for event in Parser::new_ext(report, options) {
        #[expect(clippy::wildcard_enum_match_arm, reason = "a report contains no other Markdown")]
        match event {
            Event::Start(Tag::TableCell) => cell.clear(),
            Event::End(TagEnd::TableCell) => row.push(cell.clone()),
            Event::End(TagEnd::TableHead) => row.clear(),
            Event::End(TagEnd::TableRow) => {
                assert_eq!(row.len(), 5, "{row:?}");
                if row[1] != "at goal" {
                    said.insert(row[0].clone(), row[4].clone());
                }
                row.clear();
            }
            Event::Text(text) => cell.push_str(&text),
            Event::Start(
                Tag::Table(_)
                | Tag::TableHead
                | Tag::TableRow
                | Tag::Paragraph
                | Tag::Heading { .. }
                | Tag::Strong
                | Tag::CodeBlock(_),
            )
            | Event::End(TagEnd::Table | TagEnd::Paragraph | TagEnd::Heading(_) | TagEnd::Strong | TagEnd::CodeBlock) =>
                {}
            other => panic!("{other:?} in the report"),
        }
    }
    said
}

/// Workflow commands, read as GitHub's runner reads them: `::name key=value,key=value::message` behind any white space,
/// then unescaped.
fn github(report: &str) -> Said {
    let mut said = Said::new();
    for line in report.lines() {
        assert!(!line.contains("##[") && !line.contains("##vso[") || line.starts_with("::"), "{line}");
        let Some(command) = line.trim_start().strip_prefix("::") else { continue };
        let (head, message) = command.split_once("::").unwrap();
        let (name, properties) = head.split_once(' ').unwrap();
        assert_eq!(name, "error", "{line}");
        let properties: BTreeMap<_, _> =
            properties.split(',').map(|property| property.split_once('=').unwrap()).collect();
        let plain = |text: &str| {
            let known = text.replace("%3A", ":").replace("%2C", ",").replace("%0D", "\r").replace("%0A", "\n");
            known.replace("%25", "%")
        };
        let title = plain(properties["title"]);
        if title.ends_with(" more") {
            continue;
        }
        assert!(properties["line"].parse::<u32>().unwrap() > 0);
        let name = title.rsplit_once(": ").unwrap().0.to_owned();
        said.insert(name, plain(message));
    }
    said
}

/// The text format as Prometheus documents it: `name{label="value",…} number`, with `\\`, `\"` and `\n` in values. (Crates that
/// read it split values at commas; `examples/ci/check` asks Prometheus' own reader.)
fn prometheus(report: &str) -> Said {
    assert!(report.ends_with('\n'), "a text file must end with a line end");
    let (mut said, mut families) = (Said::new(), Vec::new());
    for line in report.lines() {
        if let Some(comment) = line.strip_prefix("# ") {
            if let Some(family) = comment.strip_prefix("TYPE ") {
                families.push(family.strip_suffix(" gauge").unwrap().to_owned());
            }
            continue;
        }
        let name: String = line.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect();
        assert_eq!(families.last(), Some(&name), "the samples of a family stand together: {line}");
        let (labels, rest) = labels(&line[name.len()..]);
        rest.strip_prefix(' ').unwrap().parse::<f64>().unwrap();
        if name == "reconcile_server_state" && labels["state"] != "at-goal" {
            said.insert(labels["server"].clone(), labels["state"].clone());
        }
    }
    let mut known = families.clone();
    known.dedup();
    assert_eq!(known, families, "each family is declared once");
    said
}

/// The labels of a sample, and what follows them.
fn labels(text: &str) -> (BTreeMap<String, String>, &str) {
    let mut labels = BTreeMap::new();
    let Some(mut rest) = text.strip_prefix('{') else { return (labels, text) };
    loop {
        let (name, value) = rest.split_once("=\"").unwrap();
        let (mut plain, mut chars) = (String::new(), value.char_indices());
        let end = loop {
            match chars.next().unwrap() {
                (at, '"') => break at,
                (_, '\\') => plain.push(match chars.next().unwrap().1 {
                    'n' => '\n',
                    mark @ ('"' | '\\') => mark,
                    other => panic!("\\{other} in {text}"),
                }),
                (_, c) => plain.push(c),
            }
        };
        labels.insert(name.to_owned(), plain);
        match value[end + 1..].strip_prefix(',') {
            Some(more) => rest = more,
            None => return (labels, value[end + 1..].strip_prefix('}').unwrap()),
        }
    }
}

/// A section for each server, as a tokenizer of the standard reads it.
fn html(report: &str) -> Said {
    let mut emitter = html5gum::DefaultEmitter::default();
    emitter.naively_switch_states(true);
    let words = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let (mut said, mut open) = (Said::new(), Vec::new());
    let mut server: Option<(String, String)> = None;
    for token in html5gum::Tokenizer::new_with_emitter(report, emitter) {
        match token.unwrap() {
            Token::StartTag(tag) => {
                let name = words(&tag.name);
                let acting = ["iframe", "object", "embed", "img", "link", "base", "form"].contains(&name.as_str());
                assert!(!acting || name == "form", "<{name}> in the page");
                for (key, value) in &tag.attributes {
                    let (key, value) = (words(key), words(value));
                    assert!(!key.starts_with("on") && key != "src", "{key} in the page");
                    assert!(key != "href" || value.starts_with('#'), "a link to {value}");
                    if name == "details" && key == "class" && value.starts_with("server ") {
                        server = (!value.contains("is-at-goal")).then(Default::default);
                    }
                }
                if !tag.self_closing && !["br", "input", "meta"].contains(&name.as_str()) {
                    open.push(name);
                }
            }
            Token::EndTag(tag) => {
                let name = words(&tag.name);
                assert_eq!(open.pop(), Some(name.clone()), "every element is closed");
                if name == "details" && !open.contains(&name) {
                    said.extend(server.take());
                }
            }
            Token::String(text) => {
                if let Some((name, all)) = &mut server {
                    let text = words(&text);
                    if open.contains(&"h3".to_owned()) {
                        *name += &text;
                    }
                    *all += &text;
                }
            }
            Token::Doctype(_) => {}
            Token::Comment(text) => panic!("a comment: {text:?}"),
            Token::Error(error) => panic!("not HTML: {error:?}"),
        }
    }
    said
}
