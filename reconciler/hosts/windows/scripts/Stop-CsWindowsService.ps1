# Stops every service of the product on this computer (Microsoft Learn: Stop-CsWindowsService).
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$ConfirmPreference = 'None'
try {
    [Console]::OutputEncoding = New-Object -TypeName System.Text.UTF8Encoding -ArgumentList $false
    $request = ConvertFrom-Json -InputObject ([Console]::In.ReadToEnd())
    [string]$module = $request.module
    Import-Module -Name $module
    Stop-CsWindowsService
    exit 0
}
catch {
    [Console]::Error.WriteLine($_.ToString())
    exit 1
}
