//! The definitions of the scheduled task: files for an independent validator, and the output of the program.
//!
//! `tests/schedule/check` validates these files against `task.xsd`: all in `good` must be valid, and none in `bad`.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod print;

use std::fs;
use std::path::{Path, PathBuf};

use reconcile_hosts::task::{Request, file};
use reconcile_schema::{Mode, Period};

/// An empty folder for documents.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("schedule").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn request(mode: Mode, path: &str, account: &str, every: &str, jitter: &str, limit: Period) -> Request {
    let (every, jitter) = (every.parse().unwrap(), jitter.parse().unwrap());
    let (manifest, program) = (path.parse().unwrap(), path.parse().unwrap());
    let request = Request { mode, manifest, program, account: account.parse().unwrap(), every, jitter, limit };
    request.checked().unwrap()
}

/// Every mode, every kind of account, the ends of every range, and text that requires escaping.
#[test]
fn definitions_for_the_validator() {
    let folder = folder("good");
    let long = format!(r"C:\{}", "x".repeat(256));
    let paths = [r"C:\Program Files\reconcile\it's here & there.yaml", r"\\files\share$\Łódź 😀.yaml", &long];
    let mut count = 0;
    for mode in Mode::ALL {
        for path in paths {
            for account in ["SYSTEM", r"CONTOSO\svc & co", r"CONTOSO\gmsa$"] {
                for (every, jitter) in [("1m", "0s"), ("90s", "89s"), ("1h", "10m"), ("31d", "30d")] {
                    for limit in [Period::default(), Period::minutes(1555), Period::seconds(u32::MAX)] {
                        let task = request(mode, path, account, every, jitter, limit).definition();
                        fs::write(folder.join(format!("{count}.xml")), file(&task).unwrap()).unwrap();
                        count += 1;
                    }
                }
            }
        }
    }
    assert_eq!(count, 216);
}

/// Each definition has one mistake, and the validator must find it.
#[test]
fn bad_documents_for_the_validator() {
    let folder = folder("bad");
    let limit = Period::hours(12);
    let task = request(Mode::Apply, r"C:\manifest.yaml", "SYSTEM", "1h", "10m", limit).definition();
    let good = task.to_xml(None).unwrap();
    let mistakes = [
        ("another-version", "version=\"1.2\"", "version=\"9\""),
        ("another-namespace", "/mit/task\"", "/mit/job\""),
        ("too-often", "<Interval>PT1H<", "<Interval>PT59S<"),
        ("too-rarely", "<Interval>PT1H<", "<Interval>P32D<"),
        ("no-interval", "<Interval>PT1H</Interval>", ""),
        ("no-duration", "<RandomDelay>PT10M<", "<RandomDelay>10m<"),
        ("no-date", "<StartBoundary>2020-01-01T00:00:00Z<", "<StartBoundary>today<"),
        (
            "order-in-a-trigger",
            "<Enabled>true</Enabled>\n      <Delay>PT1M</Delay>",
            "<Delay>PT1M</Delay><Enabled>true</Enabled>",
        ),
        ("jitter-at-boot", "<Delay>PT1M</Delay>", "<RandomDelay>PT1M</RandomDelay>"),
        ("no-boolean", "<StartWhenAvailable>true<", "<StartWhenAvailable>yes<"),
        ("no-policy", "IgnoreNew", "Ignore"),
        ("no-priority", "<Priority>4<", "<Priority>11<"),
        ("no-limit", "<ExecutionTimeLimit>PT12H<", "<ExecutionTimeLimit>12h<"),
        ("no-run-level", "HighestAvailable", "Highest"),
        ("nobody", "<UserId>S-1-5-18<", "<UserId><"),
        ("no-command", "<Command>C:\\manifest.yaml</Command>", ""),
        ("another-context", "Context=\"Author\"", "Context=\"Nobody\""),
        ("twice", "<Hidden>false</Hidden>", "<Hidden>false</Hidden><Hidden>false</Hidden>"),
        ("unknown-setting", "<Hidden>false</Hidden>", "<Invisible>false</Invisible>"),
        ("no-actions", "Actions", "Acts"),
        ("no-path-of-a-task", "<URI>\\reconcile\\reconcile<", "<URI>reconcile<"),
    ];
    for (name, from, to) in mistakes {
        assert!(good.contains(from), "{name}: {good}");
        fs::write(folder.join(format!("{name}.xml")), good.replace(from, to)).unwrap();
    }
    let long = good.replace("<Command>C:\\", &format!("<Command>C:\\{}", "x".repeat(260)));
    fs::write(folder.join("long-path.xml"), long).unwrap();
}
