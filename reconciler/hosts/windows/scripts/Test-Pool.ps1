# Tells how a pool of Front End Servers stands, as JSON on the last line (Microsoft Learn: Get-CsPoolUpgradeReadinessState,
# Get-CsUpgradeDomainInfo, Get-CsPoolFabricState). The first two answer for the pool of this server, in objects of one type
# (Microsoft.Rtc.Management.Hadr.PoolUpgradeState); that its counts are called TotalFrontends and TotalActiveFrontends is
# recalled: an answer without them is none. The third returns text; that it calls a replica missing is inferred.
# An application control policy (AppLocker, WDAC) allows of a script like this one not much more than to say so.
if ($ExecutionContext.SessionState.LanguageMode -ne 'FullLanguage') {
    throw 'an application control policy (AppLocker, WDAC) holds PowerShell to its constrained language: scripts cannot serve here'
}
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$ConfirmPreference = 'None'
try {
    [Console]::OutputEncoding = New-Object -TypeName System.Text.UTF8Encoding -ArgumentList $false
    $request = ConvertFrom-Json -InputObject ([Console]::In.ReadToEnd())
    [string]$module = $request.module
    [string]$pool = $request.pool
    [string]$asks = $request.asks
    [bool]$fabric = $request.fabric
    Import-Module -Name $module
    if ($asks -eq 'readiness') {
        $state = Get-CsPoolUpgradeReadinessState
    }
    elseif ($asks -eq 'domains') {
        $state = Get-CsUpgradeDomainInfo
    }
    else {
        throw ('unknown question to a pool: ' + $asks)
    }
    $missing = @()
    if ($fabric) {
        foreach ($line in (Get-CsPoolFabricState -PoolFqdn $pool)) {
            if ([string]$line -match 'missing') {
                $missing += ([string]$line).Trim()
            }
        }
    }
    $answer = @{
        readiness = [string]$state.PoolUpgradeState
        servers = $state.TotalFrontends
        active = $state.TotalActiveFrontends
        missing = $missing
    }
    [Console]::Out.WriteLine('') # What was printed before may have no end of its line.
    [Console]::Out.WriteLine((ConvertTo-Json -InputObject $answer -Compress))
    exit 0
}
catch {
    [Console]::Error.WriteLine($_.ToString())
    exit 1
}
