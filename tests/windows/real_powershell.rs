//! The whole chain with a real PowerShell instead of its double: `reconcile.exe`, the scripts, and a module whose
//! cmdlets take the documented parameters.
//!
//! RECONCILE_POWERSHELL names the folder of a PowerShell for Windows. Without it, the tests print that they did not
//! run.

use std::process::Command;

use reconcile_schema::{State, Step};

use crate::machine::{Machine, POWERSHELL, RECONCILE};
use crate::reconcile::{APPLY, Ran};
use crate::server::{LYNC_2013, SFB_2015, SFB_2019, Server};

/// The cmdlets. The doubles do their work.
const MODULE: &str = r#"
function Invoke-Double { param ($Script, $Request)
    $said = (ConvertTo-Json -InputObject $Request -Compress) | & 'C:\lab\bin\cmdlet.exe' $Script
    if ($LASTEXITCODE -ne 0) { throw ($said -join ' ') }
    if ($said) { ConvertFrom-Json -InputObject ($said -join '') }
}
function Get-Form { param ($Given)
    $request = @{ form = 'central' }
    if ($Given.LocalDatabases -or $Given.LocalService) { $request.form = 'local' }
    if ($Given.ConfiguredDatabases) { $request.form = 'configured' }
    if ($Given.SqlServerFqdn) { $request.sqlServer = $Given.SqlServerFqdn }
    if ($Given.SqlInstanceName) { $request.instance = $Given.SqlInstanceName }
    $request
}
function Test-CsDatabase { [CmdletBinding()] param ([switch]$LocalService, [switch]$ConfiguredDatabases,
        [switch]$CentralManagementDatabase, [string]$SqlServerFqdn, [string]$SqlInstanceName, [string]$Report)
    Write-Warning 'la topología no se ha publicado'
    Write-Host -NoNewline 'Connecting...'
    Invoke-Double 'Test-CsDatabase.ps1' (Get-Form $PSBoundParameters)
}
function Install-CsDatabase { [CmdletBinding(SupportsShouldProcess, ConfirmImpact = 'High')] param ([switch]$Update, [switch]$Clean,
        [switch]$LocalDatabases, [switch]$ConfiguredDatabases, [switch]$CentralManagementDatabase, [string]$SqlServerFqdn,
        [string]$SqlInstanceName, [switch]$ExcludeCollocatedStores, [string]$Report)
    if (-not $Update -or $Clean) { throw 'not asked to update' }
    if (-not $PSCmdlet.ShouldProcess('databases')) { throw 'asked' }
    $request = Get-Form $PSBoundParameters
    $request.module = 'MODULE'
    $request.excludeCollocatedStores = [bool]$ExcludeCollocatedStores
    Invoke-Double 'Install-CsDatabase.ps1' $request
}
function Get-State { param ($Asks)
    Invoke-Double 'Test-Pool.ps1' @{ module = 'MODULE'; pool = 'POOL'; asks = $Asks }
}
function Get-Readiness { param ($Asks)
    $found = Get-State $Asks
    $domains = @($found.domains | ForEach-Object { [pscustomobject]@{ Frontends = $_.names; IsReadyForUpgrade = $_.ready -eq 'True' } })
    [pscustomobject]@{ PoolUpgradeState = $found.readiness; UpgradeDomains = $domains;
        TotalFrontends = $found.servers -as [int]; TotalActiveFrontends = $found.active -as [int] }
}
function Get-CsPoolUpgradeReadinessState { [CmdletBinding()] param ([switch]$Force) Get-Readiness 'readiness' }
function Get-CsUpgradeDomainInfo { [CmdletBinding()] param ([switch]$Force, [int]$QueryTimeout) Get-Readiness 'domains' }
function Get-CsPoolFabricState { [CmdletBinding()] param ([Parameter(Mandatory)] [string]$PoolFqdn, [string]$Type)
    foreach ($line in (Get-State 'ASKS').fabric) {
        switch ($line.stream) {
            'warning' { Write-Warning $line.text }
            'verbose' { Write-Verbose $line.text }
            default { $line.text }
        }
    }
}
function Move-Computer { param ($Computer, $Direction)
    Invoke-Double 'Move-Computer.ps1' @{ module = 'MODULE'; computer = $Computer; direction = $Direction }
}
function Invoke-CsComputerFailOver { [CmdletBinding(SupportsShouldProcess, ConfirmImpact = 'High')] param ([string]$ComputerName,
        [TimeSpan]$WaitTime, [switch]$NoStop, [switch]$Force, [string]$Report)
    if ($Force -or $WaitTime.TotalMinutes -ne 60) { throw 'forced, or without its wait' }
    if ($PSCmdlet.ShouldProcess($ComputerName)) { Move-Computer $ComputerName 'out' }
}
function Invoke-CsComputerFailBack { [CmdletBinding(SupportsShouldProcess, ConfirmImpact = 'High')] param ([string]$ComputerName,
        [TimeSpan]$WaitTime, [switch]$NoStart, [string]$Report)
    if ($PSCmdlet.ShouldProcess($ComputerName)) { Move-Computer $ComputerName 'back' }
}
Export-ModuleMember -Function *-Cs*
"#;

/// A machine with a real PowerShell, if there is one.
fn machine(server: Server) -> Option<Machine> {
    let Ok(folder) = std::env::var("RECONCILE_POWERSHELL") else {
        eprintln!("not run: no PowerShell");
        return None;
    };
    let machine = Machine::new(server);
    let shell = machine.path(POWERSHELL);
    std::fs::remove_file(&shell).expect("its double can be removed");
    let parent = shell.parent().expect("a folder");
    let linked = Command::new("cp").args(["-rsT", "--remove-destination", "--"]).arg(&folder).arg(parent).status();
    assert!(linked.expect("cp runs").success(), "cannot link {folder}");
    let lab = &machine.server().lab;
    let (pool, asks) = lab.pool.as_ref().map_or(("", "domains"), |pool| {
        (pool.fqdn.as_str(), if pool.asks == reconcile_doubles::Asks::Domains { "domains" } else { "readiness" })
    });
    let text = MODULE
        .replace("MODULE", &lab.module)
        .replace("'POOL'", &format!("'{pool}'"))
        .replace("'ASKS'", &format!("'{asks}'"));
    let (folder, name) = lab.module.rsplit_once('\\').expect("a path");
    let name = name.trim_end_matches(".psd1");
    machine
        .put(&lab.module, format!("@{{ RootModule = '{name}.psm1'; ModuleVersion = '1.0'; FunctionsToExport = '*' }}"));
    machine.put(&format!(r"{folder}\{name}.psm1"), text);
    // No group of a directory can be resolved here, so the script asks for this local one.
    machine.put(r"C:\lab\member.txt", "Administrators");
    machine.declare("{}");
    Some(machine)
}

/// .NET loads its own assemblies through a library of Wine that the other tests switch off.
fn run(machine: &Machine, args: &[&str]) -> Ran {
    Ran::of(machine.start_with(RECONCILE, args, &[("WINEDLLOVERRIDES", "mshtml=")]).end())
}

fn converges(server: Server, steps: &[&str]) {
    let Some(machine) = machine(server) else { return };
    let ran = run(&machine, &APPLY);
    ran.is(0, State::AtGoal);
    machine.assert_converged();
    let taken: Vec<_> = ran.server.steps.iter().map(ToString::to_string).collect();
    for step in steps {
        assert!(taken.iter().any(|taken| taken.contains(step)), "{step}: {taken:?}");
    }
    let again = run(&machine, &APPLY);
    again.is(0, State::AtGoal);
    assert_eq!(again.server.steps, Vec::<Step>::new());
    assert!(machine.calls().iter().all(|call| call.script().is_none()), "no script was played by the double");
}

#[test]
fn the_databases_of_a_standard_edition_and_the_central_management_store() {
    converges(
        Server::standard_edition(LYNC_2013).with_central_management(),
        &["local databases", "Central Management"],
    );
}

#[test]
fn the_databases_on_a_sql_server() {
    converges(Server::back_end(SFB_2015), &["databases on"]);
}

#[test]
fn a_pool_is_asked_takes_over_and_gives_back() {
    converges(Server::front_end(SFB_2019), &["failover", "failback"]);
}

#[test]
fn a_pool_that_only_warns_keeps_its_server() {
    let mut server = Server::front_end(SFB_2015);
    let said = [("output", "other-1.lab.example OK UP"), ("verbose", "Routing group 1 has missing replicas")];
    server.lab.pool.as_mut().unwrap().fabric = Some(said.map(|(stream, text)| (stream.into(), text.into())).to_vec());
    let Some(machine) = machine(server) else { return };
    let ran = run(&machine, &APPLY);
    ran.is(4, State::NeedsOperator);
    assert!(ran.why().ends_with("replicas are missing: Routing group 1 has missing replicas"), "{}", ran.why());
    machine.assert_up();
}
