//! The startup script of `examples/pull`: its words are compared with those that the program and PowerShell 3.0 know.
//! `tests/powershell` runs it.

use std::{fs, path::Path};

use crate::{folder, manifest, reconcile};

/// The script puts the manifest here.
const THERE: &str = r"C:\Program Files\reconcile\manifest.yaml";

fn script() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/pull/Install-Reconcile.ps1")).unwrap()
}

/// The texts in single quotes after `before`, up to the end of the line or the closing parenthesis.
fn quoted<'a>(text: &'a str, before: &str) -> Vec<&'a str> {
    let (_, after) = text.split_once(before).unwrap_or_else(|| panic!("{before} is not in the script"));
    after.split([')', '\n']).next().unwrap_or_default().split('\'').skip(1).step_by(2).collect()
}

/// The arguments of every call of the program, with `mode` and the script's own defaults.
fn calls(script: &str, mode: &str) -> Vec<Vec<String>> {
    let word = |word: &str| match word.trim() {
        "$manifest" | "$read" => "site.yaml".to_owned(),
        "$Mode" => mode.to_owned(),
        other => match other.strip_prefix('$') {
            Some(name) => quoted(script, &format!("[string] ${name} = "))[0].to_owned(),
            None => other.trim_matches('\'').to_owned(),
        },
    };
    let calls = script.split("Invoke-Program $").skip(1);
    let lists = calls.map(|rest| rest.split_once("@(").unwrap().1.split_once(')').unwrap().0);
    lists.map(|list| list.split(',').map(word).collect()).collect()
}

#[test]
fn the_startup_script_calls_the_program_with_arguments_that_it_has() {
    let script = script();
    // SYSTEM belongs to no group of the domain, and no step of this server requires one.
    let manifest = manifest("me01.contoso.example", "").replace("standard-edition", "mediation");
    let folder = folder(&manifest.replacen("updates:", "policy: { maintenance: always }\nupdates:", 1));
    assert!(script.contains("'observe', 'apply' -notcontains $Mode"));
    for mode in ["observe", "apply"] {
        let [version, validate, install] = calls(&script, mode).try_into().unwrap();
        let run = |args: &[String], more: &[&str]| {
            let args: Vec<_> = args.iter().map(String::as_str).chain(more.iter().copied()).collect();
            let ended = reconcile(folder.path(), &args);
            assert_eq!(ended.code, Some(0), "{args:?}: {}", ended.err);
            ended.out
        };
        assert!(run(&version, &[]).starts_with("reconcile "));
        run(&validate, &[]);
        assert_eq!(install[..2], ["schedule", "install"]);
        let task = run(&install, &["--print", "--as", THERE]).replace("&quot;", "\"");
        for part in [
            &format!(r#"<Arguments>{mode} "{THERE}" --unattended"#),
            "<Interval>PT1H</Interval>",
            "<RandomDelay>PT10M</RandomDelay>",
            r"C:\Program Files\reconcile\reconcile.exe",
        ] {
            assert!(task.contains(part), "{part}\n{task}");
        }
    }
}

/// Windows Server 2012 ships with PowerShell 3.0.
#[test]
fn the_startup_script_has_no_word_that_powershell_3_does_not_know() {
    let script = script();
    // Before it does anything, and in the event log: #Requires would be heard by nobody.
    assert!(script.contains("$PSVersionTable.PSVersion.Major -lt 3") && !script.contains("\n#Requires"));
    let (before, after) = script.split_once("<#").unwrap();
    let code = before.to_owned() + after.split_once("#>").unwrap().1;
    let code = code.lines().map(|line| if line.trim_start().starts_with('#') { "" } else { line });
    let newer = ["Get-FileHash", "::new(", "class ", "enum ", "??", "?.", "-AsByteStream", "Write-Information"];
    for (number, line) in code.enumerate() {
        assert!(line.is_ascii(), "a file without a byte order mark is read by the server's code page: {line}");
        for word in newer {
            assert!(!line.contains(word), "line {}: {word}", number + 1);
        }
    }
}
