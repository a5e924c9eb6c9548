//! What only older shells would show, by an analyzer that knows them: PSScriptAnalyzer.

use std::process::Command;

use serde_json::Value;

use crate::shell::{pwsh, root};

/// Every finding in a file of the project: the rule, the line and the message. More rules can be asked for.
fn findings(file: &str, more: &str) -> Vec<(String, usize, String)> {
    let Ok(analyzer) = std::env::var("RECONCILE_PSSCRIPTANALYZER") else {
        eprintln!("{file} is not analysed: RECONCILE_PSSCRIPTANALYZER names no PSScriptAnalyzer");
        return Vec::new();
    };
    let script = format!(
        "Import-Module '{analyzer}'
        $versions = @('3.0', '4.0', '5.1')
        $shells = @('desktop-3.0-windows', 'desktop-4.0-windows', 'desktop-5.1.14393.206-windows')
        $rules = @{{
            PSUseCompatibleSyntax = @{{ Enable = $true; TargetVersions = $versions }}
            PSUseCompatibleCmdlets = @{{ compatibility = $shells }}
            PSUseConstrainedLanguageMode = @{{ Enable = $true }}
            {more}
        }}
        $found = @(Invoke-ScriptAnalyzer -Path '{}' -Settings @{{ Rules = $rules }})
        $rows = @($found | ForEach-Object {{ @{{ rule = $_.RuleName; line = $_.Line; text = $_.Message }} }})
        ConvertTo-Json -InputObject $rows -Compress",
        root().join(file).display()
    );
    let ran = Command::new(pwsh()).args(["-NoProfile", "-NonInteractive", "-Command", &script]).output().unwrap();
    let text = String::from_utf8_lossy(&ran.stdout);
    let rows: Value = serde_json::from_str(text.trim()).unwrap_or_else(|error| panic!("{error}: {ran:?}"));
    let row = |row: &Value| {
        let (rule, text) = (row["rule"].as_str().unwrap(), row["text"].as_str().unwrap());
        (rule.to_owned(), usize::try_from(row["line"].as_u64().unwrap()).unwrap(), text.to_owned())
    };
    rows.as_array().unwrap().iter().map(row).collect()
}

/// The lines that must be able to run where scripts are held to the constrained language: the question for the language, and what is
/// done after an error.
fn must_run_constrained(text: &str) -> Vec<usize> {
    let (mut lines, mut inside) = (Vec::new(), false);
    for (number, line) in (1..).zip(text.lines()) {
        let begins = line.starts_with("if ($ExecutionContext") || line == "catch {";
        inside = begins || inside && line != "}";
        lines.extend(inside.then_some(number));
    }
    lines
}

#[test]
fn the_scripts_are_in_the_language_of_every_shell_that_they_may_meet() {
    let files = std::fs::read_dir(crate::shell::scripts()).unwrap();
    for file in files {
        let path = file.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let constrained = must_run_constrained(&text);
        assert!(constrained.len() >= 5, "{}", path.display());
        let found =
            findings(&format!("reconciler/hosts/windows/scripts/{}", path.file_name().unwrap().to_str().unwrap()), "");
        let counts = |(rule, line, _): &&(String, usize, String)| {
            rule != "PSUseConstrainedLanguageMode" || constrained.contains(line)
        };
        assert_eq!(found.iter().filter(counts).collect::<Vec<_>>(), Vec::<&_>::new(), "{}", path.display());
    }
}

#[test]
fn the_other_scripts_parse_on_every_shell_and_call_only_what_it_has() {
    for file in collection().into_iter().chain(["examples/pull/Install-Reconcile.ps1".to_owned()]) {
        let found = findings(&file, "");
        let compatible: Vec<_> = found.iter().filter(|(rule, ..)| rule.starts_with("PSUseCompatible")).collect();
        assert_eq!(compatible, Vec::<&_>::new(), "{file}");
    }
}

/// The modules of the Ansible collection and what they have in common.
fn collection() -> Vec<String> {
    let plugins = "examples/fleet/ansible_collections/reconcile/lync/plugins";
    let mut files = Vec::new();
    for folder in ["modules", "module_utils"] {
        for file in std::fs::read_dir(root().join(plugins).join(folder)).unwrap() {
            let name = file.unwrap().file_name().into_string().unwrap();
            if name.ends_with(".ps1") || name.ends_with(".psm1") {
                files.push(format!("{plugins}/{folder}/{name}"));
            }
        }
    }
    assert!(files.len() >= 4, "{files:?}");
    files
}

/// `ansible-test sanity --test pslint` asks for these.
#[test]
fn the_modules_for_ansible_are_written_as_ansible_wants_them() {
    let more = "PSPlaceCloseBrace = @{ Enable = $true; IgnoreOneLineBlock = $true; NewLineAfter = $true; NoEmptyLineBefore = $false }
                PSPlaceOpenBrace = @{ Enable = $true; OnSameLine = $true; IgnoreOneLineBlock = $true; NewLineAfter = $true }
                PSUseConsistentIndentation = @{ Enable = $true; IndentationSize = 4; Kind = 'space' }";
    for file in collection() {
        let found = findings(&file, more);
        let style: Vec<_> =
            found.iter().filter(|(rule, ..)| rule.starts_with("PSPlace") || rule.ends_with("Indentation")).collect();
        assert_eq!(style, Vec::<&_>::new(), "{file}");
    }
}

/// The analyzer is one that finds something.
#[test]
fn what_an_old_shell_does_not_know_is_found() {
    if std::env::var_os("RECONCILE_PSSCRIPTANALYZER").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new.ps1");
    std::fs::write(&path, "$a = $null ?? 1\nExpand-Archive -Path 'a'\n[Console]::Error.WriteLine('x')\n").unwrap();
    let rules: Vec<_> = findings(path.to_str().unwrap(), "").into_iter().map(|(rule, ..)| rule).collect();
    for rule in ["PSUseCompatibleSyntax", "PSUseCompatibleCmdlets", "PSUseConstrainedLanguageMode"] {
        assert!(rules.iter().any(|found| found == rule), "{rule}: {rules:?}");
    }
}
