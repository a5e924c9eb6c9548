//! Servers of which only the registry is available. Its facts are judged as always, and the report leaves out all
//! others.

use std::{collections::BTreeMap, fs};

use reconcile_schema::{Component, DriftCode, DriftReport, DriftState, Fact, Snapshot};

use crate::{Ended, fleet_copy, judge, run_in};

const LIST: &str = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall";

/// The output of `reg export` for the Uninstall key of a server with these components.
pub fn export(components: &[Component]) -> String {
    let mut text = format!("Windows Registry Editor Version 5.00\r\n\r\n[HKEY_LOCAL_MACHINE\\{LIST}]\r\n\r\n");
    for (number, component) in components.iter().enumerate() {
        let (name, build) = (display_name(component), &component.build);
        text += &format!("[HKEY_LOCAL_MACHINE\\{LIST}\\{{{number:08}-0000-0000-0000-000000000000}}]\r\n");
        text += &format!(
            "\"DisplayName\"=\"{name}\"\r\n\"DisplayVersion\"=\"{build}\"\r\n\"NoModify\"=dword:00000001\r\n\r\n"
        );
    }
    text
}

/// The output of `reg save HKLM\SOFTWARE`, as far as it matters.
pub fn hive(components: &[Component]) -> Vec<u8> {
    let mut builder = regf::HiveBuilder::new_with_name("CMI-CreateHive").unwrap();
    let mut at = builder.root_offset();
    for part in LIST.split('\\').skip(1) {
        at = builder.add_key(at, part).unwrap();
    }
    for (number, component) in components.iter().enumerate() {
        let entry = builder.add_key(at, &format!("{{{number:08}-0000-0000-0000-000000000000}}")).unwrap();
        for (name, value) in [("DisplayName", display_name(component)), ("DisplayVersion", component.build.to_string())]
        {
            builder.add_value(entry, name, regf::DataType::String, &utf16(&value)).unwrap();
        }
    }
    builder.to_bytes().unwrap()
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect()
}

fn display_name(component: &Component) -> String {
    let title: Vec<_> = component.name.as_str().split('-').map(capital).collect();
    Component::display_name(component.product, &title.join(" "))
}

fn capital(word: &str) -> String {
    let (first, rest) = word.split_at(1);
    first.to_uppercase() + rest
}

/// Each server of the fleet with known components is judged again from its registry alone, in both forms.
#[test]
fn a_registry_alone_says_the_same_of_components_and_nothing_of_the_rest() {
    let whole = fleet_copy();
    let report: DriftReport = serde_json::from_str(&judge(whole.path(), &["--output", "json"]).out).unwrap();
    let by_name: BTreeMap<_, _> = report.servers.iter().map(|server| (server.name.clone(), server)).collect();
    for form in ["reg", "hiv"] {
        let folder = fleet_copy();
        let mut taken = 0;
        for path in fs::read_dir(whole.path().join("snapshots")).unwrap().map(|entry| entry.unwrap().path()) {
            fs::remove_file(folder.path().join("snapshots").join(path.file_name().unwrap())).unwrap();
            if path.extension().is_none_or(|end| end != "json") {
                continue;
            }
            let snapshot: Snapshot = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
            let Fact::Known(components) = &snapshot.seen.components else { continue };
            let to = folder.path().join(format!("snapshots/{}.{form}", snapshot.seen.host));
            let bytes = if form == "reg" { export(components).into_bytes() } else { hive(components) };
            fs::write(to, bytes).unwrap();
            taken += 1;
        }
        // These files have the current date, so the report is not judged as of the fixed time.
        let Ended { code, out, err } =
            run_in(folder.path(), &["drift", "manifest.yaml", "--from", "snapshots", "--output", "json"]);
        assert_eq!(code, Some(4), "one is ahead, two run another product: {err}");
        let alone: DriftReport = serde_json::from_str(&out).unwrap();
        let judged: Vec<_> = alone.servers.iter().filter(|server| server.state != DriftState::Missing).collect();
        assert_eq!(judged.len(), taken);
        for server in judged {
            let before = by_name[&server.name];
            let components = |server: &reconcile_schema::ServerDrift| -> Vec<_> {
                let mut all: Vec<_> =
                    server.findings.iter().filter(|found| found.source == "the Uninstall key").cloned().collect();
                all.iter_mut().for_each(|found| found.origin = None); // The registry does not show the origin.
                all
            };
            assert_eq!(components(server), components(before), "{}", server.name);
            assert_eq!(server.found, before.found, "{}", server.name);
            let fits = !matches!(server.state, DriftState::Ahead | DriftState::WrongProduct);
            let unknown = server.findings.iter().any(|found| {
                found.code == DriftCode::BuildsOnly
                    || found.subject == "services" && found.observed.contains("does not hold it")
            });
            assert_eq!(unknown, fits, "{}: {:?}", server.name, server.findings);
            let drifts = components(server).iter().any(|found| !found.note);
            let expected = if !fits {
                before.state
            } else if drifts {
                DriftState::Drift
            } else {
                DriftState::BuildsOnly
            };
            assert_eq!(server.state, expected, "{}", server.name);
        }
    }
}
