# Moves a Front End Server out of its pool, or back into it (Microsoft Learn: Invoke-CsComputerFailOver,
# Invoke-CsComputerFailBack). Neither is ever forced: the pool must have room for what it takes over. When its wait time is over,
# a failover fails and has done nothing.
# An application control policy (AppLocker, WDAC) allows of a script like this one not much more than to say so.
if ($ExecutionContext.SessionState.LanguageMode -ne 'FullLanguage') {
    throw 'an application control policy (AppLocker, WDAC) forces PowerShell into Constrained Language Mode: the scripts of reconcile cannot run'
}
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$ConfirmPreference = 'None'
try {
    [Console]::OutputEncoding = New-Object -TypeName System.Text.UTF8Encoding -ArgumentList $false
    $request = ConvertFrom-Json -InputObject ([Console]::In.ReadToEnd())
    [string]$module = $request.module
    [string]$computer = $request.computer
    [string]$direction = $request.direction
    try {
        Import-Module -Name $module
    }
    catch {
        throw ('the module of the product cannot be loaded: ' + [string]$_)
    }
    if ($direction -eq 'out') {
        Invoke-CsComputerFailOver -ComputerName $computer -WaitTime '01:00:00'
    }
    elseif ($direction -eq 'back') {
        Invoke-CsComputerFailBack -ComputerName $computer -WaitTime '01:00:00'
    }
    else {
        throw ('unknown direction: ' + $direction)
    }
    exit 0
}
catch {
    [string]$_ # The cause, in its own words; written so, it is heard also where a policy forbids to call methods.
    exit 1
}
