# Moves a Front End Server out of its pool, or back into it (Microsoft Learn: Invoke-CsComputerFailOver,
# Invoke-CsComputerFailBack). Neither is ever forced: the pool must have room for what it takes over.
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
    [string]$computer = $request.computer
    [string]$direction = $request.direction
    Import-Module -Name $module
    if ($direction -eq 'out') {
        Invoke-CsComputerFailOver -ComputerName $computer
    }
    elseif ($direction -eq 'back') {
        Invoke-CsComputerFailBack -ComputerName $computer
    }
    else {
        throw ('unknown direction: ' + $direction)
    }
    exit 0
}
catch {
    [Console]::Error.WriteLine($_.ToString())
    exit 1
}
