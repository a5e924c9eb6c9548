# Says whether this account is a member of a group, as JSON on the last line.
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
try {
    [Console]::OutputEncoding = New-Object -TypeName System.Text.UTF8Encoding -ArgumentList $false
    $request = ConvertFrom-Json -InputObject ([Console]::In.ReadToEnd())
    [string]$group = $request.group
    $identity = [System.Security.Principal.WindowsIdentity]::GetCurrent()
    $principal = New-Object -TypeName System.Security.Principal.WindowsPrincipal -ArgumentList $identity
    $answer = @{ member = $principal.IsInRole($group) }
    [Console]::Out.WriteLine((ConvertTo-Json -InputObject $answer -Compress))
    exit 0
}
catch {
    [Console]::Error.WriteLine($_.ToString())
    exit 1
}
