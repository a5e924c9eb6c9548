# Brings a set of databases up to date (Microsoft Learn: Install-CsDatabase, with -Update in each form).
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
    [string]$form = $request.form
    [string]$sqlServer = $request.sqlServer
    [string]$instance = $request.instance
    $exclude = $request.excludeCollocatedStores -eq $true
    $defaultPaths = $request.useDefaultSqlPaths -eq $true
    [string[]]$paths = $request.paths
    $given = ($null -ne $paths) -and ($paths.Count -gt 0)
    try {
        Import-Module -Name $module
    }
    catch {
        throw ('the module of the product cannot be loaded: ' + [string]$_)
    }
    if ($form -eq 'local') {
        Install-CsDatabase -Update -LocalDatabases
    }
    elseif (($form -eq 'configured') -and $exclude -and $given) {
        Install-CsDatabase -Update -ConfiguredDatabases -SqlServerFqdn $sqlServer -ExcludeCollocatedStores -DatabasePaths $paths
    }
    elseif (($form -eq 'configured') -and $given) {
        Install-CsDatabase -Update -ConfiguredDatabases -SqlServerFqdn $sqlServer -DatabasePaths $paths
    }
    elseif (($form -eq 'configured') -and $exclude -and $defaultPaths) {
        Install-CsDatabase -Update -ConfiguredDatabases -SqlServerFqdn $sqlServer -ExcludeCollocatedStores -UseDefaultSqlPaths
    }
    elseif (($form -eq 'configured') -and $defaultPaths) {
        Install-CsDatabase -Update -ConfiguredDatabases -SqlServerFqdn $sqlServer -UseDefaultSqlPaths
    }
    elseif (($form -eq 'configured') -and $exclude) {
        Install-CsDatabase -Update -ConfiguredDatabases -SqlServerFqdn $sqlServer -ExcludeCollocatedStores
    }
    elseif ($form -eq 'configured') {
        Install-CsDatabase -Update -ConfiguredDatabases -SqlServerFqdn $sqlServer
    }
    elseif (($form -eq 'central') -and ($instance -eq '')) {
        Install-CsDatabase -Update -CentralManagementDatabase -SqlServerFqdn $sqlServer
    }
    elseif ($form -eq 'central') {
        Install-CsDatabase -Update -CentralManagementDatabase -SqlServerFqdn $sqlServer -SqlInstanceName $instance
    }
    else {
        throw ('unknown form of databases: ' + $form)
    }
    exit 0
}
catch {
    [string]$_ # The cause, in its own words; written so, it is heard also where a policy forbids to call methods.
    exit 1
}
