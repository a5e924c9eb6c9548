# Starts the named services of the product, in their order (Microsoft Learn: Start-CsWindowsService).
# One that cannot be started does not keep the others from being started.
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$ConfirmPreference = 'None'
$failed = 0
try {
    [Console]::OutputEncoding = New-Object -TypeName System.Text.UTF8Encoding -ArgumentList $false
    $request = ConvertFrom-Json -InputObject ([Console]::In.ReadToEnd())
    [string]$module = $request.module
    [string[]]$names = $request.names
    Import-Module -Name $module
    foreach ($name in $names) {
        try {
            Start-CsWindowsService -Name $name
        }
        catch {
            $failed = 1
            [Console]::Error.WriteLine($name + ': ' + $_.ToString())
        }
    }
    exit $failed
}
catch {
    [Console]::Error.WriteLine($_.ToString())
    exit 1
}
