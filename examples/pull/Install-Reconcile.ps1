#Requires -Version 3.0
<#
.SYNOPSIS
    Brings reconcile and its manifest from a share to this server and registers its scheduled task; for a startup script of Group Policy.
.DESCRIPTION
    What is there already is left as it is, so it can run at every start. It ends with 0, or with 1 and the reason: on
    standard error and in the event log (Application, source Install-Reconcile). For Windows PowerShell 3.0 to 5.1.
.PARAMETER Source
    The folder with reconcile.exe and manifest.yaml, such as \\files.contoso.example\reconcile.
.PARAMETER Sha256
    What Get-FileHash says of the program that you have tested.
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory = $true)] [string] $Source,
    [Parameter(Mandatory = $true)] [ValidatePattern('^[0-9A-Fa-f]{64}$')] [string] $Sha256,
    [string] $Folder = "$env:ProgramFiles\reconcile",
    [ValidateSet('apply', 'observe')] [string] $Mode = 'observe',
    [string] $Every = '1h',
    [string] $Jitter = '10m'
)
$ErrorActionPreference = 'Stop'
Set-StrictMode -Version 2.0

# Get-FileHash came with PowerShell 4. This class is there where a policy allows FIPS algorithms only, too.
function Get-Sha256([string] $Path) {
    $algorithm = New-Object Security.Cryptography.SHA256CryptoServiceProvider
    $file = [IO.File]::Open($Path, 'Open', 'Read', 'Read')
    try {
        [BitConverter]::ToString($algorithm.ComputeHash($file)).Replace('-', '')
    } finally {
        $file.Close()
    }
}

# SYSTEM, Administrators, and who owns the files of Windows.
$administrators = 'S-1-5-18', 'S-1-5-32-544', 'S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464'

# A folder that only administrators can write. Who made it before us could have kept a right to it.
function Protect-Folder([string] $Path) {
    if (-not (Test-Path -LiteralPath $Path)) {
        New-Item -ItemType Directory -Path $Path | Out-Null
    }
    $item = Get-Item -LiteralPath $Path -Force
    if (-not $item.PSIsContainer) { throw "expected $Path to be a folder, found a file: remove it" }
    if ($item.Attributes -band [IO.FileAttributes]::ReparsePoint) {
        throw "expected $Path to be a folder, found a link to another place: remove it"
    }
    $sid = [Security.Principal.SecurityIdentifier]
    $owner = [IO.Directory]::GetAccessControl($Path).GetOwner($sid).Value
    if ($administrators -notcontains $owner) {
        throw "$Path belongs to $owner, expected SYSTEM or Administrators: look who made it, remove it, then start again"
    }
    # Administrators and SYSTEM everything, users read and execute; nothing from the folder above.
    $access = New-Object Security.AccessControl.DirectorySecurity
    $access.SetSecurityDescriptorSddlForm('O:BAD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;0x1200a9;;;BU)')
    [IO.Directory]::SetAccessControl($Path, $access)
    $read = [Security.AccessControl.FileSystemRights] 'ReadAndExecute, Synchronize'
    foreach ($rule in [IO.Directory]::GetAccessControl($Path).GetAccessRules($true, $true, $sid)) {
        $more = [int] $rule.FileSystemRights -band -bnot [int] $read
        if ($rule.AccessControlType -eq 'Allow' -and $more -and $administrators -notcontains $rule.IdentityReference.Value) {
            throw "$Path can be written by $($rule.IdentityReference.Value), expected administrators only: look at icacls `"$Path`""
        }
    }
}

# Runs the program. What it says goes to whoever looks, and into the reason where it fails.
function Invoke-Program([string[]] $Arguments) {
    $ErrorActionPreference = 'Continue' # Windows PowerShell takes a line on standard error for an error.
    $said = (& $program @Arguments 2>&1 | ForEach-Object { "$_" }) -join "`n"
    $code = $LASTEXITCODE
    Write-Output $said
    if ($code -ne 0) { throw "reconcile $Arguments ended with ${code}: $said" }
}

# Replaces a file where it is not the expected one. It is hashed and asked about here, beside its place, where nobody else can
# change it any more; a program that is running can be renamed, and is removed by a later start.
function Update-File([string] $From, [string] $To, [string] $Expected, [scriptblock] $Check) {
    Get-ChildItem -LiteralPath $Folder -Filter '*.old' | Remove-Item -Force -ErrorAction SilentlyContinue
    if ((Test-Path -LiteralPath $To) -and (Get-Sha256 $To) -eq $Expected) { return } # -eq takes no notice of case
    $new, $old = "$To.new", "$To.$([Guid]::NewGuid().ToString('N')).old"
    Copy-Item -LiteralPath $From -Destination $new -Force
    $found = Get-Sha256 $new
    if ($found -ne $Expected) {
        Remove-Item -LiteralPath $new -Force
        throw "the SHA-256 of $From is $found, expected ${Expected}: copy the tested file there, or correct -Sha256"
    }
    if ($Check) { & $Check $new }
    if (Test-Path -LiteralPath $To) { Move-Item -LiteralPath $To -Destination $old }
    try {
        Move-Item -LiteralPath $new -Destination $To
    } catch {
        if (Test-Path -LiteralPath $old) { Move-Item -LiteralPath $old -Destination $To }
        throw
    }
    Write-Output "$To is new"
}

try {
    $program = Join-Path $Folder 'reconcile.exe'
    $manifest = Join-Path $Folder 'manifest.yaml'
    Protect-Folder $Folder
    Update-File (Join-Path $Source 'reconcile.exe') $program $Sha256
    # The manifest is the one on the share, whatever it says: but a wrong one does not replace a good one.
    $theirs = Join-Path $Source 'manifest.yaml'
    Update-File $theirs $manifest (Get-Sha256 $theirs) { param($new) Invoke-Program @('validate', $new) }
    # Does nothing where the task is as wanted already. It looks again who can change the program and the manifest.
    Invoke-Program @('schedule', 'install', $manifest, '--mode', $Mode, '--every', $Every, '--jitter', $Jitter)
    exit 0
} catch {
    $why = "Install-Reconcile: $_"
    [Console]::Error.WriteLine($why)
    # Nobody sees the standard error of a startup script. A quotation mark would end the argument.
    & "$env:SystemRoot\System32\eventcreate.exe" /L APPLICATION /T ERROR /SO Install-Reconcile /ID 1 /D $why.Replace('"', "'") | Out-Null
    exit 1
}
