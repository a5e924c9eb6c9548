//! Earlier and later versions read the files that programs leave for each other, so they ignore unknown fields.

use reconcile_schema::{LastRun, PoolRecord, RunReport, StatusReport};
use serde_json::{Value, json};

/// Adds unknown fields to every object with more than one field.
fn grown(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut all: serde_json::Map<_, _> =
                fields.iter().map(|(name, value)| (name.clone(), grown(value))).collect();
            if fields.len() > 1 {
                all.insert("later".into(), json!({ "since": 3, "why": ["a later version"] }));
            }
            Value::Object(all)
        }
        Value::Array(items) => items.iter().map(grown).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

fn read_alike<T: serde::de::DeserializeOwned + PartialEq + std::fmt::Debug>(written: &Value) {
    let today: T = serde_json::from_value(written.clone()).unwrap();
    let later: T = serde_json::from_value(grown(written)).unwrap();
    assert_eq!(later, today);
}

#[test]
fn the_last_run_of_a_later_version_is_read() {
    // The format of the first 0.1, without a code, an outage or a window.
    let first = json!({
        "version": 1, "madeBy": "0.1.0", "mode": "apply", "ended": "2026-11-22T04:00:00Z", "tookSeconds": 12, "state": "blocked",
        "exitCode": 3, "steps": 0, "event": "window-closed", "outcome": "no maintenance window is open",
    });
    read_alike::<LastRun>(&first);
    let mut now = first;
    now["code"] = "window-closed".into();
    now["outageSeconds"] = 0.into();
    now["leftDown"] = json!(["RTCSRV"]);
    now["reason"] = json!({ "step": "startServices", "said": "error 1053" });
    read_alike::<LastRun>(&now);
}

#[test]
fn the_claims_of_a_later_version_are_read() {
    let at = "2026-11-22T04:00:00Z";
    let claim = json!({ "server": "fe1.contoso.example", "pool": "pool01.contoso.example", "run": "a run", "at": at });
    let record = json!({
        "claims": [claim], "reached": { "fe2.contoso.example": "7.0.2046.521" },
        "released": { "pool01.contoso.example": { "server": "fe2.contoso.example", "at": at } },
    });
    let mut later = record.clone();
    later["claims"][0]["ticket"] = "CHG-7".into();
    later["order"] = json!(["fe1", "fe2"]);
    let read: PoolRecord = serde_json::from_value(later.clone()).unwrap();
    assert!(read.is_claimed_by(&"fe1.contoso.example".parse().unwrap()));
    assert_eq!(serde_json::to_value(read).unwrap(), later, "unknown fields survive the round trip");
    serde_json::from_value::<PoolRecord>(record).unwrap();
}

#[test]
fn reports_of_a_later_version_are_read() {
    let head = json!({ "name": "fe1.contoso.example", "product": "sfb-2019", "target": "7.0.2046.521", "lab": true });
    let with = |more: Value| {
        let mut all = head.as_object().unwrap().clone();
        all.extend(more.as_object().unwrap().clone());
        Value::Object(all)
    };
    let ran = with(json!({
        "state": "at-goal", "changed": true, "restarting": false, "steps": ["stage", "install"], "outageSeconds": 90, "leftDown": [],
    }));
    read_alike::<RunReport>(&json!({ "version": 1, "madeBy": "0.9.0", "state": "at-goal", "servers": [ran] }));
    let stands = with(json!({ "state": "at-goal", "findings": [], "attempts": 0, "outages": 0, "restarts": 0 }));
    read_alike::<StatusReport>(&json!({ "version": 1, "madeBy": "0.9.0", "servers": [stands] }));
}
