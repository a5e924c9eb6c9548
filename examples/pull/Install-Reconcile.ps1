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
.PARAMETER Folder
    A folder for these files alone: it is made, or it holds nothing but files whose names begin with reconcile. or manifest.
.PARAMETER Mode
    What the scheduled task does: observe or apply.
.PARAMETER Account
    The account of the task, such as CONTOSO\reconcile$, a managed service account. SYSTEM without it.
.PARAMETER Every
    How often it does that, such as 1h.
.PARAMETER Jitter
    By how much its time varies, such as 10m.
#>
# There is no #Requires and no attribute that refuses a value: what PowerShell refuses before the first statement reaches no event log.
[CmdletBinding()]
param(
    [string] $Source,
    [string] $Sha256,
    [string] $Folder = "$env:ProgramFiles\reconcile",
    [string] $Mode = 'observe',
    [string] $Account,
    [string] $Every = '1h',
    [string] $Jitter = '10m',
    [Parameter(ValueFromRemainingArguments = $true)] $Other
)
$ErrorActionPreference = 'Stop'
Set-StrictMode -Version 2.0
$private = $false # whether only administrators can write in the folder, as far as we know

function Assert-Usage {
    if ($ExecutionContext.SessionState.LanguageMode -ne 'FullLanguage') {
        throw "an application control policy (AppLocker, WDAC) holds scripts to $($ExecutionContext.SessionState.LanguageMode): sign this script, or allow it there"
    }
    if ($PSVersionTable.PSVersion.Major -lt 3) {
        throw "expected PowerShell 3.0 or later, found $($PSVersionTable.PSVersion): install Windows Management Framework 3.0 or later"
    }
    if ($Other) { throw "unexpected arguments: $Other; the parameters are -Source, -Sha256, -Folder, -Mode, -Account, -Every and -Jitter" }
    foreach ($path in @('Source', $Source), @('Folder', $Folder)) {
        if (-not $path[1] -or -not [IO.Path]::IsPathRooted($path[1])) {
            throw "expected a whole path as -$($path[0]), found '$($path[1])'"
        }
    }
    if ($Sha256 -notmatch '^[0-9A-Fa-f]{64}$') { throw "expected 64 hexadecimal digits as -Sha256, found '$Sha256'" }
    if ('observe', 'apply' -notcontains $Mode) { throw "expected observe or apply as -Mode, found '$Mode'" }
}

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

# What is asked of Windows alone stands in functions of one line.
function Get-Access([string] $Path) { (Get-Item -LiteralPath $Path -Force).GetAccessControl() }
function Set-Access([string] $Path, $Access) { [IO.Directory]::SetAccessControl($Path, $Access) }
function New-Folder([string] $Path, $Access) { [IO.Directory]::CreateDirectory($Path, $Access) | Out-Null }

# Why somebody who is no administrator may change a file or a folder. Nothing is said where nobody may.
function Get-Stranger([string] $Path) {
    if ((Get-Item -LiteralPath $Path -Force).Attributes -band [IO.FileAttributes]::ReparsePoint) { return "$Path is a link to another place" }
    $sid = [Security.Principal.SecurityIdentifier]
    $access = Get-Access $Path
    $owner = $access.GetOwner($sid).Value
    if ($administrators -notcontains $owner) { return "$Path belongs to $owner" }
    $read = [Security.AccessControl.FileSystemRights] 'ReadAndExecute, Synchronize'
    foreach ($rule in $access.GetAccessRules($true, $true, $sid)) {
        $more = [int] $rule.FileSystemRights -band -bnot [int] $read
        if ($rule.AccessControlType -eq 'Allow' -and $more -and $administrators -notcontains $rule.IdentityReference.Value) {
            return "$Path can be written by $($rule.IdentityReference.Value)"
        }
    }
}

# A folder that only administrators can write: made so, or taken over from an administrator where it holds nothing but our files.
function Protect-Folder([string] $Path) {
    # Administrators and SYSTEM everything, users read and execute; nothing from the folder above. Only these two sections are
    # written: the audit list of an administrator stays, and nobody needs the right to change it.
    $access = New-Object Security.AccessControl.DirectorySecurity
    $access.SetSecurityDescriptorSddlForm('O:BAD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;0x1200a9;;;BU)', 'Owner, Access')
    if (Test-Path -LiteralPath $Path) {
        $item = Get-Item -LiteralPath $Path -Force
        if (-not $item.PSIsContainer) { throw "expected $Path to be a folder, found a file: remove it" }
        if ($item.Attributes -band [IO.FileAttributes]::ReparsePoint) {
            throw "expected $Path to be a folder, found a link to another place: remove it"
        }
        $owner = (Get-Access $Path).GetOwner([Security.Principal.SecurityIdentifier]).Value
        if ($administrators -notcontains $owner) {
            throw "$Path belongs to $owner, expected SYSTEM or Administrators: look who made it, remove it, then start again"
        }
        $foreign = @(Get-ChildItem -LiteralPath $Path -Force | Where-Object { $_.Name -notmatch '^(reconcile|manifest)\.' })
        if ($foreign) {
            throw "expected $Path to hold reconcile and its manifest alone, found $($foreign[0].Name): name a folder of its own as -Folder"
        }
        Set-Access $Path $access
    } else {
        New-Folder $Path $access # Nobody can write in it, not even before this line has ended.
    }
    $stranger = Get-Stranger $Path
    if ($stranger) { throw "$stranger, expected administrators only: look at icacls `"$Path`"" }
}

# A startup and a scheduled task can meet. The file is free again when its holder has ended, however it ended.
function Lock-Folder {
    $path = Join-Path $Folder 'reconcile.install.lock'
    if ((Test-Path -LiteralPath $path) -and (Get-Stranger $path)) { Remove-Any $path }
    for ($left = 300; ; $left--) {
        try {
            return [IO.File]::Open($path, 'OpenOrCreate', 'ReadWrite', 'None')
        } catch [IO.IOException] {
            if ($left -eq 0) { throw "another Install-Reconcile holds $path for five minutes: $_" }
            Start-Sleep -Seconds 1
        }
    }
}

# Runs the program. Its output is shown, and is part of the reason if it fails.
function Invoke-Program([string] $Program, [string[]] $Arguments) {
    $ErrorActionPreference = 'Continue' # Windows PowerShell takes a line on standard error for an error.
    $encoding = $null
    try { # The program writes UTF-8. Without a console there is no encoding to set.
        $encoding = [Console]::OutputEncoding
        [Console]::OutputEncoding = New-Object Text.UTF8Encoding $false
    } catch { $encoding = $null }
    try {
        $said = (& $Program @Arguments 2>&1 | ForEach-Object { "$_" }) -join "`n"
        $code = $LASTEXITCODE
    } finally {
        if ($encoding) { [Console]::OutputEncoding = $encoding }
    }
    Write-Output $said
    if ($code -ne 0) { throw "$Program $Arguments ended with ${code}: $said" }
}

# Whatever lies there, a folder too. A link goes, and what it points to stays.
function Remove-Any([string] $Path) {
    if (-not (Test-Path -LiteralPath $Path)) { return }
    $item = Get-Item -LiteralPath $Path -Force
    if ($item.Attributes -band [IO.FileAttributes]::ReparsePoint) { $item.Delete() } else { Remove-Item -LiteralPath $Path -Recurse -Force }
}

# What was in the place of a file before, the latest first.
function Get-Old($Part) {
    $named = '^' + [regex]::Escape($Part.Name) + '\.[^.]+\.old$'
    Get-ChildItem -LiteralPath $Folder -Force | Where-Object { $_.Name -match $named } | Sort-Object -Property Name -Descending
}

# A run that was cut off between two renames has left a file under its old name only: it goes back before anything can fail.
function Restore-File($Part) {
    if (Test-Path -LiteralPath $Part.To) { return }
    $old = Get-Old $Part | Where-Object { -not (Get-Stranger $_.FullName) } | Select-Object -First 1
    if ($old) {
        [IO.File]::Move($old.FullName, $Part.To)
        Write-Output "$($Part.To) is there again: a run that replaced it was cut off"
    }
}

# Whether the file is there, is the expected one, and nobody but administrators can change it.
function Test-Part($Part, [string] $Expected) {
    (Test-Path -LiteralPath $Part.To -PathType Leaf) -and -not (Get-Stranger $Part.To) -and (Get-Sha256 $Part.To) -eq $Expected # -eq takes no notice of case
}

# Copies a file to where nobody else can change it any more, and says whether it has to be put in its place.
function Copy-Part($Part) {
    if (Test-Path -LiteralPath $Part.To -PathType Container) { throw "expected $($Part.To) to be a file, found a folder: remove it" }
    $Part.Hash = $Part.Expected
    if ($Part.Hash -and (Test-Part $Part $Part.Hash)) { return $false }
    if ($Part.Optional -and -not (Test-Path -LiteralPath $Part.From)) { return $false }
    if (-not (Test-Path -LiteralPath $Part.From -PathType Leaf)) {
        $found = if (Test-Path -LiteralPath $Part.From) { 'a folder' } else { 'none' }
        throw "expected a file $($Part.From), found ${found}: copy the tested file there, or see why the share does not answer"
    }
    foreach ($attempt in 1, 2) { # It may be written while we read it.
        if (-not $Part.Expected) {
            $Part.Hash = Get-Sha256 $Part.From
            if (Test-Part $Part $Part.Hash) { return $false }
        }
        Remove-Any $Part.New
        Copy-Item -LiteralPath $Part.From -Destination $Part.New -Force
        $found = Get-Sha256 $Part.New
        if ($found -eq $Part.Hash) { return $true }
    }
    if ($Part.Expected -and (Get-Sha256 $Part.From) -eq $found) {
        throw "the SHA-256 of $($Part.From) is $found, expected $($Part.Expected): copy the tested file there, or correct -Sha256"
    }
    throw "$($Part.From) changed while it was read, twice: start this again when it has been written"
}

# Puts the new file in its place. A program that is running can be renamed, and is removed by a later start.
function Switch-File($Part) {
    $old = "$($Part.To).$([DateTime]::UtcNow.Ticks).old"
    if (-not (Test-Path -LiteralPath $Part.To)) {
        [IO.File]::Move($Part.New, $Part.To)
    } elseif (Get-Stranger $Part.To) { # Replaced, it would hand its rights on.
        [IO.File]::Move($Part.To, $old)
        [IO.File]::Move($Part.New, $Part.To)
    } else {
        try {
            [IO.File]::Replace($Part.New, $Part.To, $old, $true)
        } catch { # Where the system cannot do it at once; the next start would restore what a cut between the two leaves.
            if (Test-Path -LiteralPath $Part.To) { [IO.File]::Move($Part.To, $old) }
            try { [IO.File]::Move($Part.New, $Part.To) } catch { [IO.File]::Move($old, $Part.To); throw }
        }
        $Part.Old = $old
    }
    Write-Output "$($Part.To) is new"
}

try {
    Assert-Usage
    $program = Join-Path $Folder 'reconcile.exe'
    $manifest = Join-Path $Folder 'manifest.yaml'
    # Where a set is tried before it replaces the one in use. The manifest is the one on the share, whatever it says: but a wrong
    # one does not replace a good one.
    $stage = Join-Path $Folder 'reconcile.new'
    $tried = Join-Path $stage 'reconcile.exe'
    $read = Join-Path $stage 'manifest.yaml'
    $parts = @(
        @{ Name = 'reconcile.exe'; Expected = $Sha256; Optional = $false }
        @{ Name = 'manifest.yaml'; Expected = $null; Optional = $false }
        @{ Name = 'manifest.yaml.minisig'; Expected = $null; Optional = $true } # for servers that have a key
    )
    foreach ($part in $parts) {
        $part.From, $part.To, $part.New = $Source, $Folder, $stage | ForEach-Object { Join-Path $_ $part.Name }
        $part.Hash, $part.Old = $null, $null
    }
    Protect-Folder $Folder
    $private = $true
    $lock = Lock-Folder
    try {
        # Without its key a server follows every manifest. So a key that is not the administrators' is left for a person.
        foreach ($key in Get-ChildItem -LiteralPath $Folder -Force | Where-Object { $_.Name -eq 'reconcile.pub' }) {
            $stranger = Get-Stranger $key.FullName
            if ($stranger) {
                throw "$stranger, expected administrators only, and without this key the server would follow every manifest. Compare it with your key. If it is the same, run icacls `"$($key.FullName)`" /setowner *S-1-5-32-544, then icacls `"$($key.FullName)`" /reset. If it is not, find out who put it there, remove it, and copy yours. Then start again"
            }
        }
        # Somebody may have left files here before the folder was ours. Those in use stay until others can take their place.
        $inUse = $parts | ForEach-Object { $_.Name }
        Get-ChildItem -LiteralPath $Folder -Force |
            Where-Object { $inUse -notcontains $_.Name -and (Get-Stranger $_.FullName) } |
            ForEach-Object { Remove-Any $_.FullName }
        foreach ($part in $parts) { Restore-File $part }
        Remove-Any $stage
        [IO.Directory]::CreateDirectory($stage) | Out-Null
        $new = @($parts | Where-Object { Copy-Part $_ })
        # The whole set is tried before any of it is put in its place: an application control policy, or a damaged build, shows here.
        if ($new) {
            $same = @($parts | Where-Object { $new -notcontains $_ } | ForEach-Object { $_.Name }) + 'reconcile.pub'
            foreach ($file in $same | ForEach-Object { Join-Path $Folder $_ } | Where-Object { Test-Path -LiteralPath $_ }) {
                Copy-Item -LiteralPath $file -Destination $stage
            }
            Invoke-Program $tried @('--version')
            Invoke-Program $tried @('validate', $read)
        }
        try {
            foreach ($part in $new) { Switch-File $part }
            # Does nothing where the task is as wanted already. It looks again who can change the program and the manifest.
            $as = if ($Account) { '--account', $Account }
            Invoke-Program $program (@('schedule', 'install', $manifest, '--mode', $Mode, '--every', $Every, '--jitter', $Jitter) + $as)
        } catch {
            foreach ($part in $new | Where-Object { $_.Old }) {
                [IO.File]::Move($part.To, $part.New)
                [IO.File]::Move($part.Old, $part.To)
            }
            throw
        }
        # Last, where the good ones are known to be there.
        foreach ($part in $parts | Where-Object { Test-Part $_ $_.Hash }) {
            Get-Old $part | Remove-Item -Force -ErrorAction SilentlyContinue
        }
        Remove-Any (Join-Path $Folder 'reconcile.failure.txt')
    } finally {
        # What holds such a file, a virus scanner perhaps, is no reason to fail: the next start removes it.
        try { Remove-Any $stage } catch { Write-Output "$_" }
        $lock.Close()
    }
    exit 0
} catch {
    # Nothing here may fail in its turn, nor need more than a policy of application control allows.
    $ErrorActionPreference = 'Continue'
    $why = "Install-Reconcile: $_"
    # A command line ends at 32,767 characters. The first say what failed, the last how.
    if ($why.Length -gt 2000) { $why = $why.Substring(0, 400) + "`n[...]`n" + $why.Substring($why.Length - 1500) }
    # Nobody sees the standard error of a startup script. A quotation mark, or a backslash before one, would not end the argument as meant.
    $unheard = try {
        $answer = & "$env:SystemRoot\System32\eventcreate.exe" /L APPLICATION /T ERROR /SO Install-Reconcile /ID 1 /D $why.Replace('"', "'").TrimEnd('\') 2>&1
        if ($LASTEXITCODE -ne 0) { "eventcreate ended with ${LASTEXITCODE}: $answer" }
    } catch { "eventcreate did not start: $_" }
    if ($unheard) {
        $why += "`nThe event log has nothing of it: $unheard"
        if ($private) {
            try {
                $file = Join-Path $Folder 'reconcile.failure.txt'
                Remove-Any $file # It may be a link that somebody left there.
                Set-Content -LiteralPath $file -Value $why -Encoding UTF8
            } catch { $why += "`nNor could $file be written: $_" }
        }
    }
    Write-Error -Message $why
    exit 1
}
