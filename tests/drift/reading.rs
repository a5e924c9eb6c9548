//! Readers that other people wrote, run on the reports of the fleet.

use std::collections::BTreeMap;

use reconcile_support::readers::{FORMS, observed};

use crate::{Ended, fleet_copy, judge};

/// Every form must show the same servers, with the same words about each.
#[test]
fn every_form_says_the_same_of_the_fleet() {
    let folder = fleet_copy();
    let reports: BTreeMap<_, _> = FORMS
        .iter()
        .map(|form| {
            let Ended { out, .. } = judge(folder.path(), &["--output", form]);
            (*form, observed(form, &out))
        })
        .collect();
    let truth = &reports["json"];
    assert_eq!(truth.len(), 28);
    for (form, said) in &reports {
        let names: Vec<_> = if *form == "github" { said.keys().collect() } else { truth.keys().collect() };
        assert_eq!(said.keys().collect::<Vec<_>>(), names, "{form}");
        assert!(said.keys().all(|name| truth.contains_key(name)), "{form}: {:?}", said.keys());
        if *form == "github" {
            assert_eq!(said.len(), 9);
        }
    }
}

/// A report shows a snapshot by its file name, and a file can have any name.
#[cfg(unix)]
#[test]
fn no_file_name_attacks_a_reader() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("site.yaml"), crate::manifest_of("fe1.contoso.example")).unwrap();
    std::fs::create_dir(folder.path().join("in")).unwrap();
    let names: Vec<String> = crate::hostile::CORPUS
        .iter()
        .map(|text| text.replace(['/', '\0'], "_").chars().take(60).collect::<String>() + ".json")
        .collect();
    for name in &names {
        std::fs::write(folder.path().join("in").join(name), "{}").unwrap();
    }
    for form in FORMS {
        let Ended { code, out, err } = crate::drift_in(folder.path(), &["--from", "in", "--output", form]);
        assert_eq!(code, Some(5), "{form}: {err}");
        let read = observed(form, &out);
        assert!(out.chars().all(|c| c == '\n' || !c.is_control()), "{form}");
        if form != "github" && form != "sarif" {
            for name in &names {
                let name = reconcile_support::readers::visible(&format!("in/{name}:1"));
                assert!(read.contains_key(&name), "{form} does not name {name:?}: {:#?}", read.keys());
            }
        }
    }
}
