# Tells how a pool of Front End Servers stands, as JSON on the last line (Microsoft Learn: Get-CsPoolUpgradeReadinessState,
# Get-CsUpgradeDomainInfo, Get-CsPoolFabricState). The first two answer for the pool of this server, in objects of one type
# (Microsoft.Rtc.Management.Hadr.PoolUpgradeState) whose properties are not all published. So an upgrade domain is whatever has a
# property called ReadyforUpgrade (Microsoft's text) or IsReadyForUpgrade (a published screen), and all texts of it are handed on; that
# the counts are called TotalFrontends and TotalActiveFrontends is recalled. The third one answers with text, on several streams.
# An application control policy (AppLocker, WDAC) allows of a script like this one not much more than to say so.
if ($ExecutionContext.SessionState.LanguageMode -ne 'FullLanguage') {
    throw 'an application control policy (AppLocker, WDAC) forces PowerShell into Constrained Language Mode: the scripts of reconcile cannot run'
}
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$ConfirmPreference = 'None'

# Each text in a thing, as deep as it says.
function Get-Text {
    param ($Thing, [int]$Depth)
    if ($null -eq $Thing) {
        return
    }
    [string]$Thing
    if (($Depth -le 0) -or ($Thing -is [string]) -or ($Thing -is [ValueType])) {
        return
    }
    if ($Thing -is [System.Collections.IEnumerable]) {
        foreach ($one in $Thing) {
            Get-Text -Thing $one -Depth ($Depth - 1)
        }
        return
    }
    foreach ($property in $Thing.PSObject.Properties) {
        try {
            $value = $property.Value
        }
        catch {
            continue
        }
        Get-Text -Thing $value -Depth ($Depth - 1)
    }
}

# Each upgrade domain in a thing, as deep as it says.
function Find-UpgradeDomain {
    param ($Thing, [int]$Depth)
    if (($null -eq $Thing) -or ($Depth -le 0) -or ($Thing -is [string]) -or ($Thing -is [ValueType])) {
        return
    }
    if ($Thing -is [System.Collections.IDictionary]) {
        $Thing = New-Object -TypeName PSObject -Property $Thing
    }
    if ($Thing -is [System.Collections.IEnumerable]) {
        foreach ($one in $Thing) {
            Find-UpgradeDomain -Thing $one -Depth ($Depth - 1)
        }
        return
    }
    foreach ($property in $Thing.PSObject.Properties) {
        if ($property.Name -match '^(Is)?ReadyForUpgrade$') {
            @{ ready = [string]$property.Value; names = @(Get-Text -Thing $Thing -Depth 3) }
            continue
        }
        try {
            $value = $property.Value
        }
        catch {
            continue
        }
        Find-UpgradeDomain -Thing $value -Depth ($Depth - 1)
    }
}

try {
    [Console]::OutputEncoding = New-Object -TypeName System.Text.UTF8Encoding -ArgumentList $false
    $request = ConvertFrom-Json -InputObject ([Console]::In.ReadToEnd())
    [string]$module = $request.module
    [string]$pool = $request.pool
    [string]$asks = $request.asks
    try {
        Import-Module -Name $module
    }
    catch {
        throw ('the module of the product cannot be loaded: ' + [string]$_)
    }
    if ($asks -eq 'readiness') {
        $found = @(Get-CsPoolUpgradeReadinessState)
    }
    elseif ($asks -eq 'domains') {
        $found = @(Get-CsUpgradeDomainInfo)
    }
    else {
        throw ('unknown question to a pool: ' + $asks)
    }
    $states = @()
    foreach ($one in $found) {
        if (($null -ne $one) -and ($null -ne $one.PoolUpgradeState)) {
            $states += $one
        }
    }
    $domains = @(Find-UpgradeDomain -Thing $found -Depth 6)
    $fabric = @()
    foreach ($record in (Get-CsPoolFabricState -PoolFqdn $pool -Verbose *>&1)) {
        if ($null -eq $record) {
            continue
        }
        $stream = switch ($record.GetType().Name) {
            'WarningRecord' { 'warning' }
            'ErrorRecord' { 'error' }
            'VerboseRecord' { 'verbose' }
            'DebugRecord' { 'verbose' }
            'InformationRecord' { 'information' }
            default { 'output' }
        }
        foreach ($line in ([string]$record -split '[\r\n]+')) {
            if ($line.Trim() -ne '') {
                $fabric += @{ stream = $stream; text = $line.Trim() }
            }
        }
    }
    $answer = @{
        readiness = [string]$states.PoolUpgradeState
        domains = $domains
        servers = [string]$states.TotalFrontends
        active = [string]$states.TotalActiveFrontends
        fabric = $fabric
    }
    [Console]::Out.WriteLine('') # What was printed before may have no end of its line.
    [Console]::Out.WriteLine((ConvertTo-Json -InputObject $answer -Depth 5 -Compress))
    exit 0
}
catch {
    [string]$_ # The cause, in its own words; written so, it is heard also where a policy forbids to call methods.
    exit 1
}
