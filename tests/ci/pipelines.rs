//! Runs the shell steps of each pipeline unchanged, as its CI system would, and checks that every uploaded file exists.

use std::{fs, path::Path};

use serde_json::Value;
use tempfile::TempDir;

use crate::{AS_OF, PROGRAM, assert_reports, bash, code, said, scratch};

fn pipeline(scratch: &TempDir, name: &str) -> Value {
    let text = fs::read_to_string(scratch.path().join("examples/ci").join(name)).unwrap();
    serde_yaml::from_str(&text).unwrap()
}

fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).map(|value| value.as_str().unwrap_or_else(|| panic!("{key} is no text: {value}")))
}

/// The variables that a pipeline sets.
fn variables(value: Option<&Value>) -> Vec<(&str, &str)> {
    let set = value.into_iter().flat_map(|value| value.as_object().unwrap());
    set.map(|(name, value)| (name.as_str(), value.as_str().unwrap())).collect()
}

fn assert_there(folder: &Path, uploads: &[String]) {
    for upload in uploads {
        let path = folder.join(upload);
        let there = if path.is_dir() {
            fs::read_dir(&path).unwrap().count() > 0
        } else {
            path.metadata().is_ok_and(|it| it.len() > 0)
        };
        assert!(there, "{upload} is uploaded and is not there");
    }
}

#[test]
fn github() {
    let scratch = scratch();
    let workflow = pipeline(&scratch, "github.yml");
    let summary = scratch.path().join("summary.md");
    let simulated = [
        PROGRAM,
        ("CI", "true"),
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_OUTPUT", "/dev/null"),
        ("GITHUB_STEP_SUMMARY", summary.to_str().unwrap()),
    ];
    let (mut codes, mut log, mut uploads) = (Vec::new(), String::new(), Vec::new());
    let job = &workflow["jobs"]["drift"];
    for step in job["steps"].as_array().unwrap() {
        let failed = codes.iter().any(|code| *code != 0);
        assert!(
            !failed || text(step, "if").is_some_and(|it| it.contains("!cancelled()")),
            "it would be skipped: {step}"
        );
        if let Some(script) = text(step, "run") {
            let set = [&workflow, job, step].into_iter().flat_map(|it| variables(it.get("env")));
            let ran = bash(scratch.path(), script, &simulated.into_iter().chain(set).collect::<Vec<_>>());
            codes.push(code(&ran));
            log += &said(&ran);
        } else {
            let uses = text(step, "uses").unwrap();
            let (_, version) = uses.split_once("@v").unwrap_or_else(|| panic!("no version: {uses}"));
            assert!(version.parse::<u32>().is_ok(), "no major version: {uses}");
            let named =
                ["path", "sarif_file"].into_iter().filter_map(|key| step.get("with").and_then(|it| text(it, key)));
            uploads.extend(named.map(str::to_owned));
        }
    }
    assert_eq!(codes, [5, 0], "{log}");
    assert_eq!(uploads, ["drift-report/drift.sarif", "drift-report"]);
    assert_there(scratch.path(), &uploads);
    let report = scratch.path().join("drift-report");
    assert_reports(&report);
    assert_eq!(fs::read_to_string(summary).unwrap(), fs::read_to_string(report.join("drift.md")).unwrap());
    let annotations: Vec<_> = log.lines().filter(|line| line.starts_with("::error file=examples/ci/fleet/")).collect();
    assert_eq!(annotations.len(), 3, "{log}");
    assert!(log.contains("Start-CsWindowsService -Name RTCIMMCU"), "the report is in the log: {log}");
    let rights = workflow["permissions"].as_object().unwrap();
    assert_eq!(rights.len(), 2, "{rights:?}");
}

#[test]
fn azure() {
    let scratch = scratch();
    let pipeline = pipeline(&scratch, "azure-pipelines.yml");
    let staging = scratch.path().join("a");
    fs::create_dir(&staging).unwrap(); // The agent creates it empty.
    let simulated = [PROGRAM, ("TF_BUILD", "True"), ("BUILD_ARTIFACTSTAGINGDIRECTORY", staging.to_str().unwrap())];
    let (mut codes, mut log, mut uploads) = (Vec::new(), String::new(), Vec::new());
    for step in pipeline["steps"].as_array().unwrap() {
        let failed = codes.iter().any(|code| *code != 0);
        assert!(!failed || text(step, "condition") == Some("always()"), "it would be skipped: {step}");
        if let Some(script) = text(step, "bash") {
            let ran = bash(
                scratch.path(),
                script,
                &simulated.into_iter().chain(variables(step.get("env"))).collect::<Vec<_>>(),
            );
            codes.push(code(&ran));
            log += &said(&ran);
        } else if let Some(folder) = text(step, "publish") {
            uploads.push(folder.to_owned());
        } else {
            let inputs = &step["inputs"];
            uploads.push(format!(
                "{}/{}",
                text(inputs, "searchFolder").unwrap(),
                text(inputs, "testResultsFiles").unwrap()
            ));
        }
    }
    assert_eq!(codes, [5, 0], "{log}");
    assert_eq!(uploads.len(), 2);
    let uploads: Vec<_> = uploads.iter().map(|it| it.replace("$(Build.ArtifactStagingDirectory)", "a")).collect();
    assert_there(scratch.path(), &uploads);
    assert_reports(&staging.join("drift-report"));
    let commands: Vec<_> = log.lines().filter_map(|line| line.strip_prefix("##vso[task.uploadsummary]")).collect();
    assert_eq!(commands, [staging.join("drift-report/drift.md").to_str().unwrap()]);
    assert!(Path::new(commands[0]).is_file());
}

#[test]
fn gitlab() {
    let scratch = scratch();
    let pipeline = pipeline(&scratch, "gitlab-ci.yml");
    let job = &pipeline["drift"];
    let script: Vec<_> = job["script"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
    let simulated = [PROGRAM, ("CI", "true"), ("GITLAB_CI", "true"), ("CI_PIPELINE_SOURCE", "schedule")];
    let set = [&pipeline, job].into_iter().flat_map(|it| variables(it.get("variables")));
    let ran = bash(scratch.path(), &script.join("\n"), &simulated.into_iter().chain(set).collect::<Vec<_>>());
    assert_eq!(code(&ran), 5, "{}", said(&ran));
    let artifacts = &job["artifacts"];
    assert_eq!(text(artifacts, "when"), Some("always"), "they would be dropped when drift is found");
    let paths = artifacts["paths"].as_array().unwrap().iter();
    let reports = artifacts["reports"].as_object().unwrap().values();
    let uploads: Vec<_> = paths.chain(reports).map(|path| path.as_str().unwrap().to_owned()).collect();
    assert_eq!(uploads, ["drift-report/", "drift-report/drift.xml"]);
    assert_there(scratch.path(), &uploads);
    assert_reports(&scratch.path().join("drift-report"));
}

/// All three pipelines must contain the same time for the example.
#[test]
fn each_pipeline_judges_the_example_as_of_its_night() {
    let scratch = scratch();
    for name in ["github.yml", "azure-pipelines.yml", "gitlab-ci.yml"] {
        let text = fs::read_to_string(scratch.path().join("examples/ci").join(name)).unwrap();
        assert_eq!(text.matches(&format!("{}: \"{}\"", AS_OF.0, AS_OF.1)).count(), 1, "{name}");
    }
}
