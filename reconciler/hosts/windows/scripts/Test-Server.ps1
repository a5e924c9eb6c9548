# Reports what `reconcile doctor` reads through PowerShell, as JSON on the last line. It changes nothing, and each part fails alone.
# Of Get-CsCertificate, NotAfter and Subject are published (Microsoft Learn); that the others are called Use, Thumbprint and NotBefore
# is recalled. ReplicaFqdn and UpToDate are those of Microsoft.Rtc.Management.Xds.ReplicaState (Microsoft Learn:
# Get-CsManagementStoreReplicationStatus). A directory server has its time in currentTime of its RootDSE (Microsoft Learn: RootDSE), and
# a SQL Server its backups in msdb (Microsoft Learn: backupset), in its local time.
# An application control policy (AppLocker, WDAC) allows of a script like this one not much more than to say so.
if ($ExecutionContext.SessionState.LanguageMode -ne 'FullLanguage') {
    throw 'an application control policy (AppLocker, WDAC) forces PowerShell into Constrained Language Mode: the scripts of reconcile cannot run'
}
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'

# What a step needs of a cmdlet and the cmdlet does not have. Nothing is run.
function Get-Lack {
    param ($Wanted)
    $command = Get-Command -Name ([string]$Wanted.name) -ErrorAction SilentlyContinue
    if ($null -eq $command) {
        return @{ name = [string]$Wanted.name; exists = $false; lacksParameters = @(); lacksProperties = $null }
    }
    $parameters = @()
    foreach ($parameter in $Wanted.parameters) {
        if (-not $command.Parameters.ContainsKey([string]$parameter)) {
            $parameters += [string]$parameter
        }
    }
    $has = @()
    foreach ($output in $command.OutputType) {
        $type = $output.Type
        if (($null -ne $type) -and $type.IsArray) {
            $type = $type.GetElementType()
        }
        # A type of .NET or of PowerShell says nothing about what is in it.
        if (($null -ne $type) -and ([string]$type.Namespace -notlike 'System*')) {
            $has += @($type.GetProperties() | ForEach-Object { $_.Name })
        }
    }
    $properties = $null
    if (($has.Count -gt 0) -and (@($Wanted.properties).Count -gt 0)) {
        $properties = @($Wanted.properties | Where-Object { $has -notcontains $_ })
    }
    @{ name = [string]$Wanted.name; exists = $true; lacksParameters = $parameters; lacksProperties = $properties }
}

# A date in UTC, the same in every language; nothing where there is none.
function Get-UtcText {
    param ($Date)
    if ($null -eq $Date) {
        return ''
    }
    ([DateTime]$Date).ToUniversalTime().ToString('o')
}

# The databases of a SQL Server, each with the end of its last full backup in UTC.
function Get-LastBackup {
    param ([string]$SqlServer)
    $builder = New-Object -TypeName System.Data.SqlClient.SqlConnectionStringBuilder
    $builder['Data Source'] = $SqlServer
    $builder['Initial Catalog'] = 'msdb'
    $builder['Integrated Security'] = $true
    $builder['Connect Timeout'] = 5
    $builder['Pooling'] = $false
    $connection = New-Object -TypeName System.Data.SqlClient.SqlConnection -ArgumentList $builder.ToString()
    try {
        $connection.Open()
        $command = $connection.CreateCommand()
        $command.CommandTimeout = 30
        $command.CommandText = 'SELECT d.name, CONVERT(varchar(19), DATEADD(minute, DATEDIFF(minute, GETDATE(), GETUTCDATE()), MAX(b.backup_finish_date)), 126) FROM master.sys.databases AS d LEFT JOIN msdb.dbo.backupset AS b ON b.database_name = d.name AND b.type = ''D'' GROUP BY d.name'
        $reader = $command.ExecuteReader()
        while ($reader.Read()) {
            $last = if ($reader.IsDBNull(1)) { '' } else { $reader.GetString(1) }
            @{ database = $reader.GetString(0); last = $last }
        }
    }
    finally {
        $connection.Dispose()
    }
}

try {
    [Console]::OutputEncoding = New-Object -TypeName System.Text.UTF8Encoding -ArgumentList $false
    $request = ConvertFrom-Json -InputObject ([Console]::In.ReadToEnd())
    [string]$module = $request.module
    if ($module -eq '') {
        throw 'the request names no module'
    }
    $answer = @{}
    try {
        $policies = @()
        foreach ($one in (Get-ExecutionPolicy -List)) {
            $policies += @{ scope = [string]$one.Scope; policy = [string]$one.ExecutionPolicy }
        }
        $version = [string]$PSVersionTable.PSVersion
        $language = [string]$ExecutionContext.SessionState.LanguageMode
        $answer.powerShell = @{ value = @{ version = $version; languageMode = $language; policies = $policies } }
    }
    catch {
        $answer.powerShell = @{ error = [string]$_ }
    }
    if ($request.inDomain -eq $true) {
        try {
            $domain = [string]([ADSI]'LDAP://RootDSE').currentTime
            $answer.clock = @{ value = @{ domain = $domain; own = [DateTime]::UtcNow.ToString('o') } }
        }
        catch {
            $answer.clock = @{ error = [string]$_ }
        }
    }
    $backups = @()
    foreach ($server in $request.sqlServers) {
        try {
            $databases = @(Get-LastBackup -SqlServer $server)
            $backups += @{ sqlServer = [string]$server; databases = @{ value = $databases } }
        }
        catch {
            $backups += @{ sqlServer = [string]$server; databases = @{ error = [string]$_ } }
        }
    }
    $answer.backups = $backups
    $loaded = $null
    try {
        Import-Module -Name $module
    }
    catch {
        $loaded = 'the module of the product cannot be loaded: ' + [string]$_
    }
    try {
        if ($null -ne $loaded) {
            throw $loaded
        }
        $cmdlets = @()
        foreach ($wanted in $request.cmdlets) {
            $cmdlets += Get-Lack -Wanted $wanted
        }
        $answer.cmdlets = @{ value = $cmdlets }
    }
    catch {
        $answer.cmdlets = @{ error = [string]$_ }
    }
    try {
        if ($null -ne $loaded) {
            throw $loaded
        }
        $certificates = @()
        foreach ($one in (Get-CsCertificate)) {
            $certificates += @{
                usage = [string]$one.Use
                thumbprint = [string]$one.Thumbprint
                subject = [string]$one.Subject
                notBefore = Get-UtcText -Date $one.NotBefore
                notAfter = Get-UtcText -Date $one.NotAfter
            }
        }
        $answer.certificates = @{ value = $certificates }
    }
    catch {
        $answer.certificates = @{ error = [string]$_ }
    }
    try {
        if ($null -ne $loaded) {
            throw $loaded
        }
        $replicas = @()
        foreach ($one in (Get-CsManagementStoreReplicationStatus)) {
            $replicas += @{ server = [string]$one.ReplicaFqdn; upToDate = ($one.UpToDate -eq $true) }
        }
        $answer.replicas = @{ value = $replicas }
    }
    catch {
        $answer.replicas = @{ error = [string]$_ }
    }
    [Console]::Out.WriteLine('') # What was printed before may have no end of its line.
    [Console]::Out.WriteLine((ConvertTo-Json -InputObject $answer -Depth 6 -Compress))
    exit 0
}
catch {
    [string]$_ # The cause, in its own words; written so, it is heard also where a policy forbids to call methods.
    exit 1
}
