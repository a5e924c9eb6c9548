//! A run of one script on a real PowerShell, with stand-ins for the cmdlets of the product.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// The cmdlets with the parameters that their documentation has (Microsoft Learn, module SkypeForBusiness). What a test has one of
/// them do stands in the place of the last `{}`.
const DOCUMENTED: [(&str, &str); 9] = [
    (
        "Test-CsDatabase",
        "[CmdletBinding(DefaultParameterSetName = 'ByLocal')] param (
            [Parameter(Mandatory, ParameterSetName = 'ByCMS')] [switch]$CentralManagementDatabase,
            [Parameter(Mandatory, ParameterSetName = 'ByConfigured')] [switch]$ConfiguredDatabases,
            [Parameter(Mandatory, ParameterSetName = 'ByType')] [string]$DatabaseType,
            [Parameter(Mandatory, ParameterSetName = 'ByLocal')] [switch]$LocalService,
            [Parameter(ParameterSetName = 'ByCMS')] [Parameter(Mandatory, ParameterSetName = 'ByConfigured')]
            [Parameter(Mandatory, ParameterSetName = 'ByType')] [string]$SqlServerFqdn,
            [Parameter(ParameterSetName = 'ByCMS')] [Parameter(ParameterSetName = 'ByType')] [string]$SqlInstanceName,
            [string]$Report)",
    ),
    (
        "Install-CsDatabase",
        "[CmdletBinding(DefaultParameterSetName = 'ByLocal', SupportsShouldProcess)] param (
            [Parameter(Mandatory, ParameterSetName = 'ByCMS')] [switch]$CentralManagementDatabase,
            [Parameter(Mandatory, ParameterSetName = 'ByConfigured')] [switch]$ConfiguredDatabases,
            [Parameter(Mandatory, ParameterSetName = 'ByLocal')] [switch]$LocalDatabases,
            [Parameter(Mandatory, ParameterSetName = 'ByCMS')] [Parameter(Mandatory, ParameterSetName = 'ByConfigured')]
            [string]$SqlServerFqdn,
            [Parameter(ParameterSetName = 'ByCMS')] [string]$SqlInstanceName,
            [Parameter(ParameterSetName = 'ByConfigured')] [switch]$ExcludeCollocatedStores,
            [switch]$Update, [switch]$Clean, [switch]$Force, [switch]$UseDefaultSqlPaths,
            [string[]]$DatabasePaths, [switch]$NoReindex, [string]$Report)",
    ),
    ("Get-CsCertificate", "[CmdletBinding()] param ([string[]]$Type, [string]$NetportId, [string]$Report, [string]$Identity)"),
    (
        "Get-CsManagementStoreReplicationStatus",
        "[CmdletBinding()] param ([string]$ReplicaFqdn, [switch]$CentralManagementStoreStatus)",
    ),
    ("Get-CsPoolUpgradeReadinessState", "[CmdletBinding()] param ([switch]$Force, [switch]$SkipIdleSecondaryVerification)"),
    ("Get-CsUpgradeDomainInfo", "[CmdletBinding()] param ([switch]$Force, [int]$QueryTimeout)"),
    (
        "Get-CsPoolFabricState",
        "[CmdletBinding()] param ([Parameter(Mandatory)] [string]$PoolFqdn, [string]$Type, [switch]$HealthState,
            [switch]$ShowAll, [string]$OutputCsvFile, [int]$QueryTimeout)",
    ),
    (
        "Invoke-CsComputerFailOver",
        "[CmdletBinding(SupportsShouldProcess, ConfirmImpact = 'High')] param ([string]$ComputerName, [TimeSpan]$WaitTime,
            [TimeSpan]$DrainingTimeout, [switch]$NoStop, [switch]$SkipFabricHealthCheck, [switch]$Force, [string]$Report)",
    ),
    (
        "Invoke-CsComputerFailBack",
        "[CmdletBinding(SupportsShouldProcess, ConfirmImpact = 'High')] param ([string]$ComputerName, [TimeSpan]$WaitTime,
            [switch]$NoStart, [switch]$SkipFabricHealthCheck, [string]$Report)",
    ),
];

/// How a script ended.
#[derive(Debug)]
pub struct Ran {
    /// Its exit code.
    pub code: i32,
    /// Everything that it printed, on both streams.
    pub said: String,
    /// The last line of standard output that is JSON, or ends with some.
    pub answer: Option<Value>,
    /// Each call of a cmdlet: its name, and what it was given, in the order of the names.
    pub calls: Vec<String>,
}

/// A module with stand-ins.
pub struct Module {
    folder: TempDir,
}

impl Module {
    /// Each of these cmdlets does what is said of it; the others of the product do nothing.
    pub fn new(acts: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut text = String::from("function Write-Call { param ($Name, $Given)\n");
        text += "  $given = ($Given.GetEnumerator() | Sort-Object -Property Key | ForEach-Object { '-' + $_.Key + ' ' + $_.Value }) -join ' '\n";
        text += "  Add-Content -LiteralPath (Join-Path $PSScriptRoot 'calls.txt') -Value (($Name + ' ' + $given).Trim()) -Encoding utf8 }\n";
        for (name, parameters) in DOCUMENTED {
            let act = acts.iter().find(|(known, _)| *known == name).map_or("", |(_, act)| act);
            text += &format!("function {name} {{ {parameters}\n Write-Call '{name}' $PSBoundParameters\n {act} }}\n");
        }
        let unknown: Vec<_> =
            acts.iter().filter(|(name, _)| !DOCUMENTED.iter().any(|(known, _)| known == name)).collect();
        assert!(unknown.is_empty(), "no such cmdlets: {unknown:?}");
        let module = Self { folder };
        fs::write(module.path(), text).unwrap();
        module
    }

    /// A module with this text.
    pub fn of(text: &str) -> Self {
        let module = Self { folder: tempfile::tempdir().unwrap() };
        fs::write(module.path(), text).unwrap();
        module
    }

    /// Where it lies: in a folder whose name is not plain, as a product's may be.
    pub fn path(&self) -> PathBuf {
        let folder = self.folder.path().join("Gemeinsame Dateien [größe]");
        fs::create_dir_all(&folder).unwrap();
        folder.join("SkypeForBusiness.psm1")
    }

    /// Runs a script, whose request this is, with the module's path added to it.
    pub fn run(&self, script: &str, request: &str) -> Ran {
        let module = serde_json::to_string(&self.path()).unwrap();
        let request = request.replacen('{', &format!("{{\"module\":{module},"), 1).replace(",}", "}");
        // The script that is started ahead reads the module first, and its request later.
        let first = if script == "Test-CsDatabase.ps1" { format!("{{\"module\":{module}}}\n") } else { String::new() };
        self.start(&[], script, &(first + &request))
    }

    /// Runs a script after these statements, by which a session is made another one.
    pub fn start(&self, before: &[&str], script: &str, input: &str) -> Ran {
        let script = scripts().join(script);
        let mut command = Command::new("timeout");
        command.args(["120", &pwsh()]).args(["-NoProfile", "-NonInteractive"]);
        if before.is_empty() {
            command.args(["-ExecutionPolicy", "RemoteSigned", "-File"]).arg(&script);
        } else {
            let call = format!("{}; & '{}'; exit $LASTEXITCODE", before.join("; "), script.display());
            command.args(["-Command", &call]);
        }
        command.env("POWERSHELL_TELEMETRY_OPTOUT", "1").env("NO_COLOR", "1").env("TERM", "dumb");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let _ = child.stdin.take().unwrap().write_all(ascii(input).as_bytes()); // It may end without reading.
        let ended = child.wait_with_output().unwrap();
        let (out, err) = (String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
        let json =
            |line: &str| line.match_indices(['[', '{']).find_map(|(at, _)| serde_json::from_str(&line[at..]).ok());
        let calls = self.path().with_file_name("calls.txt");
        Ran {
            code: ended.status.code().unwrap_or(-1),
            answer: out.lines().rev().find_map(json),
            said: format!("{out}{err}"),
            calls: fs::read_to_string(calls).unwrap_or_default().lines().map(String::from).collect(),
        }
    }
}

/// As the host writes a request: no character above ASCII.
fn ascii(text: &str) -> String {
    let escaped = |sign: char| match sign.is_ascii() {
        true => sign.to_string(),
        false => sign.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect(),
    };
    text.chars().map(escaped).collect()
}

/// The PowerShell that runs the scripts.
pub fn pwsh() -> String {
    std::env::var("RECONCILE_PWSH").expect("run this by .ci/run powershell, which finds a PowerShell")
}

/// Where the project is.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Where the scripts are.
pub fn scripts() -> PathBuf {
    root().join("reconciler/hosts/windows/scripts")
}
