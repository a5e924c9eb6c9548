# Reports the versions of a set of databases as JSON on the last line (Microsoft Learn: Test-CsDatabase).
# The first line of the input names the module, the rest is the request: loading the module takes long, and anyone who
# starts this script ahead of the request has that time gone by when the request is known.
# An application control policy (AppLocker, WDAC) allows of a script like this one not much more than to say so.
if ($ExecutionContext.SessionState.LanguageMode -ne 'FullLanguage') {
    throw 'an application control policy (AppLocker, WDAC) forces PowerShell into Constrained Language Mode: the scripts of reconcile cannot run'
}
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
try {
    [Console]::OutputEncoding = New-Object -TypeName System.Text.UTF8Encoding -ArgumentList $false
    $first = ConvertFrom-Json -InputObject ([Console]::In.ReadLine())
    [string]$module = $first.module
    try {
        Import-Module -Name $module
    }
    catch {
        throw ('the module of the product cannot be loaded: ' + [string]$_)
    }
    $request = ConvertFrom-Json -InputObject ([Console]::In.ReadToEnd())
    [string]$form = $request.form
    [string]$sqlServer = $request.sqlServer
    [string]$instance = $request.instance
    if ($form -eq 'local') {
        $found = Test-CsDatabase -LocalService
    }
    elseif ($form -eq 'configured') {
        $found = Test-CsDatabase -ConfiguredDatabases -SqlServerFqdn $sqlServer
    }
    elseif (($form -eq 'central') -and ($instance -eq '')) {
        $found = Test-CsDatabase -CentralManagementDatabase -SqlServerFqdn $sqlServer
    }
    elseif ($form -eq 'central') {
        $found = Test-CsDatabase -CentralManagementDatabase -SqlServerFqdn $sqlServer -SqlInstanceName $instance
    }
    else {
        throw ('unknown form of databases: ' + $form)
    }
    $rows = @()
    foreach ($database in $found) {
        $rows += @{
            DatabaseName = [string]$database.DatabaseName
            SqlServerFqdn = [string]$database.SqlServerFqdn
            SqlInstanceName = [string]$database.SqlInstanceName
            MirrorSqlServerFqdn = [string]$database.MirrorSqlServerFqdn
            ExpectedVersion = [string]$database.ExpectedVersion
            InstalledVersion = [string]$database.InstalledVersion
            Succeed = [bool]$database.Succeed
        }
    }
    [Console]::Out.WriteLine('') # What was printed before may have no end of its line.
    [Console]::Out.WriteLine((ConvertTo-Json -InputObject $rows -Compress))
    exit 0
}
catch {
    [string]$_ # The cause, in its own words; written so, it is heard also where a policy forbids to call methods.
    exit 1
}
