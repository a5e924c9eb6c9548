//! The scripts of the management shell, checked against the grammar of PowerShell and the documented cmdlets.
//!
//! No PowerShell runs here: these tests cover what can be known without it.
#![cfg(not(windows))]
#![expect(clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]

use std::collections::BTreeSet;
use std::path::PathBuf;

use tree_sitter::{Node, Parser, Tree};

/// One form of a cmdlet call.
struct Form {
    cmdlet: &'static str,
    needs: &'static [&'static str],
    may: &'static [&'static str],
}

const fn form(cmdlet: &'static str, needs: &'static [&'static str], may: &'static [&'static str]) -> Form {
    Form { cmdlet, needs, may }
}

/// Every cmdlet that a script may call, in every documented form that a script may need.
///
/// Microsoft Learn, module SkypeForBusiness: Install-CsDatabase, Test-CsDatabase, Get-CsPoolUpgradeReadinessState,
/// Get-CsUpgradeDomainInfo, Get-CsPoolFabricState, Invoke-CsComputerFailOver, Invoke-CsComputerFailBack, Get-CsCertificate,
/// Get-CsManagementStoreReplicationStatus (source: MicrosoftDocs/office-docs-powershell, skype/skype-ps/SkypeForBusiness). Module
/// Microsoft.PowerShell: Import-Module, ConvertFrom-Json, ConvertTo-Json, New-Object, as they are in PowerShell 3.0.
///
/// `-Clean` (deletes data) and `-Force` are documented and left out: no script may use them.
const DOCUMENTED: &[Form] = &[
    form("Install-CsDatabase", &["Update", "LocalDatabases"], INSTALL_MAY),
    form("Install-CsDatabase", &["Update", "ConfiguredDatabases", "SqlServerFqdn"], INSTALL_CONFIGURED_MAY),
    form("Install-CsDatabase", &["Update", "CentralManagementDatabase", "SqlServerFqdn"], INSTALL_CENTRAL_MAY),
    form("Test-CsDatabase", &["LocalService"], &["Report"]),
    form("Test-CsDatabase", &["ConfiguredDatabases", "SqlServerFqdn"], &["Report"]),
    form("Test-CsDatabase", &["CentralManagementDatabase"], &["SqlServerFqdn", "SqlInstanceName", "Report"]),
    form("Get-CsPoolUpgradeReadinessState", &[], &[]),
    form("Get-CsUpgradeDomainInfo", &[], &["QueryTimeout"]),
    form("Get-CsPoolFabricState", &["PoolFqdn", "Verbose"], &["Type", "QueryTimeout"]),
    form("Invoke-CsComputerFailOver", &["ComputerName", "WaitTime"], &["Report"]),
    form("Invoke-CsComputerFailBack", &["ComputerName", "WaitTime"], &["Report"]),
    form("Get-CsCertificate", &[], &["Type", "Report"]),
    form("Get-CsManagementStoreReplicationStatus", &[], &["ReplicaFqdn"]),
    form("Get-Command", &["Name", "ErrorAction"], &[]),
    form("Get-ExecutionPolicy", &["List"], &[]),
    form("ForEach-Object", &[""], &[]),
    form("Where-Object", &[""], &[]),
    form("Import-Module", &["Name"], &[]),
    form("ConvertFrom-Json", &["InputObject"], &[]),
    form("ConvertTo-Json", &["InputObject"], &["Compress", "Depth"]),
    form("New-Object", &["TypeName"], &["ArgumentList", "Property"]),
];
const INSTALL_MAY: &[&str] = &["UseDefaultSqlPaths", "DatabasePaths", "DatabasePathMap", "NoReindex", "Report"];
const INSTALL_CONFIGURED_MAY: &[&str] =
    &["ExcludeCollocatedStores", "UseDefaultSqlPaths", "DatabasePaths", "NoReindex", "Report"];
const INSTALL_CENTRAL_MAY: &[&str] = &["SqlInstanceName", "UseDefaultSqlPaths", "NoReindex", "Report"];

/// The types of .NET that a script may name.
const TYPES: &[&str] = &[
    "string",
    "string[]",
    "bool",
    "int",
    "ValueType",
    "ADSI",
    "Console",
    "DateTime",
    "System.Collections.IDictionary",
    "System.Collections.IEnumerable",
    "System.Security.Principal.WindowsIdentity",
];

/// The types that a script may create with New-Object.
const MADE: &[&str] = &[
    "PSObject",
    "System.Data.SqlClient.SqlConnection",
    "System.Data.SqlClient.SqlConnectionStringBuilder",
    "System.Security.Principal.WindowsPrincipal",
    "System.Text.UTF8Encoding",
];

/// A parameter's name and its values.
type Parameter<'a> = (&'a str, Vec<&'a str>);

struct Script {
    name: String,
    text: String,
    tree: Tree,
}

impl Script {
    fn parse(name: &str, text: &str) -> Self {
        let mut parser = Parser::new();
        parser.set_language(&tree_sitter_powershell::LANGUAGE.into()).expect("the grammar fits the parser");
        let tree = parser.parse(text, None).expect("a parser without a limit ends");
        Self { name: name.into(), text: text.into(), tree }
    }

    fn nodes(&self, kind: &str) -> Vec<Node<'_>> {
        let mut found = Vec::new();
        let mut open = vec![self.tree.root_node()];
        while let Some(node) = open.pop() {
            open.extend(children(node).into_iter().rev());
            found.extend((node.kind() == kind).then_some(node));
        }
        found
    }

    fn text_of(&self, node: Node<'_>) -> &str {
        node.utf8_text(self.text.as_bytes()).expect("text")
    }

    /// The cmdlet calls, each with its name, and the values of each parameter.
    fn calls(&self) -> Vec<(&str, Vec<Parameter<'_>>)> {
        self.nodes("command").into_iter().map(|command| self.call(command)).collect()
    }

    fn call(&self, command: Node<'_>) -> (&str, Vec<Parameter<'_>>) {
        let name = command.child_by_field_name("command_name").map_or("", |name| self.text_of(name));
        let mut parameters: Vec<Parameter<'_>> = Vec::new();
        for element in command.child_by_field_name("command_elements").map(children).unwrap_or_default() {
            match (element.kind(), parameters.last_mut()) {
                ("command_argument_sep", _) => {}
                ("command_parameter", _) => {
                    parameters.push((self.text_of(element).trim_start_matches('-'), Vec::new()))
                }
                (_, Some((_, values))) => values.push(self.text_of(element)),
                (_, None) => parameters.push(("", vec![self.text_of(element)])),
            }
        }
        (name, parameters)
    }

    /// The functions that the script itself defines.
    fn functions(&self) -> impl Iterator<Item = &str> {
        let names = self.nodes("function_statement").into_iter().flat_map(children);
        names.filter(|node| node.kind() == "function_name").map(|node| self.text_of(node))
    }

    /// What is wrong with the script.
    fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let mut fault = |text: String| faults.push(format!("{}: {text}", self.name));
        if self.tree.root_node().has_error() {
            fault("it does not parse".into());
        }
        if !self.text.is_ascii() {
            fault("older shells misread a script with characters beyond ASCII".into());
        }
        // If a script mentions `$input`, PowerShell takes standard input away from it.
        if self.text.to_ascii_lowercase().contains("$input") {
            fault("$input".into());
        }
        // No script is built from text, and none starts a program, so neither needs these.
        for kind in ["expandable_string_literal", "expandable_here_string_literal", "command_invokation_operator"] {
            for node in self.nodes(kind) {
                fault(format!("{kind} {}", self.text_of(node)));
            }
        }
        for node in self.nodes("type_literal") {
            let name = self.text_of(node).trim_start_matches('[').strip_suffix(']').unwrap_or_default();
            if !TYPES.contains(&name) {
                fault(format!("the type {name}"));
            }
        }
        for (cmdlet, parameters) in self.calls() {
            let given: BTreeSet<&str> = parameters.iter().map(|(name, _)| *name).collect();
            let fits = |form: &&Form| {
                form.cmdlet == cmdlet
                    && form.needs.iter().all(|name| given.contains(name))
                    && given.iter().all(|name| form.needs.contains(name) || form.may.contains(name))
            };
            let is_own = self.functions().any(|name| name == cmdlet);
            if !is_own && !DOCUMENTED.iter().any(|form| fits(&form)) || given.len() != parameters.len() {
                fault(format!("{cmdlet} with {given:?} is no documented form"));
            }
            let made = parameters.iter().filter(|(name, _)| cmdlet == "New-Object" && *name == "TypeName");
            for (_, types) in made.filter(|(_, types)| !types.iter().all(|name| MADE.contains(name))) {
                fault(format!("New-Object of {types:?}"));
            }
        }
        faults
    }
}

fn children(node: Node<'_>) -> Vec<Node<'_>> {
    (0..node.child_count()).filter_map(|at| node.child(at)).collect()
}

fn scripts() -> Vec<Script> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("windows/scripts");
    let files = std::fs::read_dir(folder).expect("the scripts are there");
    let mut scripts: Vec<_> = files
        .map(|file| {
            let path = file.expect("readable").path();
            let name = path.file_name().and_then(|name| name.to_str()).expect("a name").to_owned();
            Script::parse(&name, &std::fs::read_to_string(path).expect("text"))
        })
        .collect();
    scripts.sort_by(|a, b| a.name.cmp(&b.name));
    scripts
}

#[test]
fn every_script_parses_and_calls_documented_cmdlets_only() {
    let scripts = scripts();
    let names: Vec<_> = scripts.iter().map(|script| script.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "Install-CsDatabase.ps1",
            "Move-Computer.ps1",
            "Test-CsDatabase.ps1",
            "Test-Membership.ps1",
            "Test-Pool.ps1",
            "Test-Server.ps1"
        ]
    );
    for script in &scripts {
        assert_eq!(script.faults(), Vec::<String>::new());
    }
}

/// Each script first asks whether it may work at all, and ends the line of any earlier output before its answer.
#[test]
fn every_script_asks_for_its_language_and_begins_a_line_for_its_answer() {
    for Script { name, text, .. } in scripts() {
        let first = text.lines().find(|line| !line.starts_with('#')).expect("a statement");
        assert!(
            first.starts_with("if ($ExecutionContext.SessionState.LanguageMode -ne 'FullLanguage')"),
            "{name}: {first}"
        );
        let lines: Vec<_> = text.lines().map(str::trim_start).collect();
        for (at, _) in lines.iter().enumerate().filter(|(_, line)| line.contains("ConvertTo-Json")) {
            assert!(lines[at - 1].starts_with("[Console]::Out.WriteLine('')"), "{name}: {}", lines[at - 1]);
        }
    }
}

#[test]
fn each_script_calls_the_cmdlet_that_it_is_named_after() {
    for script in scripts().iter().filter(|script| script.name.contains("-Cs")) {
        let cmdlet = script.name.trim_end_matches(".ps1");
        let calls = script.calls();
        assert!(calls.iter().any(|(name, _)| *name == cmdlet), "{}", script.name);
        let others = calls.iter().filter(|(name, _)| name.contains("-Cs") && *name != cmdlet);
        assert_eq!(others.count(), 0, "{}", script.name);
    }
}

#[test]
fn every_form_of_the_database_cmdlets_is_reached() {
    let forms = |script: &str| -> Vec<Vec<String>> {
        let script = scripts().into_iter().find(|known| known.name == script).unwrap_or_else(|| panic!("{script}"));
        let calls = script.calls().into_iter().filter(|(name, _)| name.ends_with("-CsDatabase"));
        calls.map(|(_, given)| given.into_iter().map(|(name, _)| name.to_owned()).collect()).collect()
    };
    assert_eq!(
        forms("Install-CsDatabase.ps1"),
        [
            vec!["Update", "LocalDatabases"],
            vec!["Update", "ConfiguredDatabases", "SqlServerFqdn", "ExcludeCollocatedStores", "DatabasePaths"],
            vec!["Update", "ConfiguredDatabases", "SqlServerFqdn", "DatabasePaths"],
            vec!["Update", "ConfiguredDatabases", "SqlServerFqdn", "ExcludeCollocatedStores", "UseDefaultSqlPaths"],
            vec!["Update", "ConfiguredDatabases", "SqlServerFqdn", "UseDefaultSqlPaths"],
            vec!["Update", "ConfiguredDatabases", "SqlServerFqdn", "ExcludeCollocatedStores"],
            vec!["Update", "ConfiguredDatabases", "SqlServerFqdn"],
            vec!["Update", "CentralManagementDatabase", "SqlServerFqdn"],
            vec!["Update", "CentralManagementDatabase", "SqlServerFqdn", "SqlInstanceName"],
        ]
    );
    assert_eq!(
        forms("Test-CsDatabase.ps1"),
        [
            vec!["LocalService"],
            vec!["ConfiguredDatabases", "SqlServerFqdn"],
            vec!["CentralManagementDatabase", "SqlServerFqdn"],
            vec!["CentralManagementDatabase", "SqlServerFqdn", "SqlInstanceName"],
        ]
    );
}

#[test]
fn what_no_script_may_do_is_found() {
    let bad = [
        ("a parameter that deletes data", "Install-CsDatabase -Clean -LocalDatabases"),
        ("two forms in one", "Install-CsDatabase -Update -LocalDatabases -ConfiguredDatabases -SqlServerFqdn $s"),
        ("a form without its server", "Install-CsDatabase -Update -ConfiguredDatabases"),
        ("an unknown parameter", "Test-CsDatabase -LocalDatabases"),
        ("a failover whose wait time is somebody else's", "Invoke-CsComputerFailOver -ComputerName $computer"),
        ("a pool that is asked without its words", "Get-CsPoolFabricState -PoolFqdn $pool"),
        ("a forced failover", "Invoke-CsComputerFailOver -ComputerName $computer -WaitTime '01:00:00' -Force"),
        ("a failover that seems not to be one", "Invoke-CsComputerFailOver -ComputerName $computer -WhatIf"),
        ("a forced stop", "Stop-CsWindowsService -Force"),
        ("another cmdlet", "Invoke-Expression -Command $text"),
        ("another type", "[System.Diagnostics.Process]::Start('cmd')"),
        ("another object", "New-Object -TypeName System.Net.WebClient"),
        ("a program", "& $program"),
        ("a text with values in it", "Import-Module -Name \"$module\""),
        ("a bracket that is not closed", "if ($a) { exit 1"),
        ("a character beyond ASCII", "# \u{2019}"),
        ("the name that takes standard input away", "if ($false) { $Input }"),
    ];
    for (what, text) in bad {
        assert!(!Script::parse("bad.ps1", text).faults().is_empty(), "{what}: {text}");
    }
    assert_eq!(Script::parse("good.ps1", "Install-CsDatabase -Update -LocalDatabases").faults(), Vec::<String>::new());
}

/// The one query is a constant, and only reads.
#[test]
fn the_question_to_a_sql_server_only_reads() {
    let script = scripts().into_iter().find(|known| known.name == "Test-Server.ps1").expect("the script");
    let queries: Vec<_> = script.text.lines().filter(|line| line.contains("CommandText")).map(str::trim).collect();
    let [query] = queries.as_slice() else { panic!("{queries:?}") };
    assert!(query.starts_with("$command.CommandText = 'SELECT ") && query.ends_with("GROUP BY d.name'"), "{query}");
    for word in ["INSERT", "UPDATE", "DELETE", "EXEC", "INTO", ";", "$("] {
        assert!(!query.to_ascii_uppercase().contains(word), "{word} in {query}");
    }
}
