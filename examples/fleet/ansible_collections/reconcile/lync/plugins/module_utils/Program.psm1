# Copyright the reconcile maintainers. MIT (see LICENSE-MIT) or Apache-2.0 (see LICENSE-APACHE)

#AnsibleRequires -PowerShell Ansible.ModuleUtils.ArgvParser

# Runs the program reconcile and reads its answer, as program.py does. For Windows PowerShell 5.1.

# What every module here needs to know of a server.
Function Get-ReconcileOption {
    @{
        manifest = @{ type = 'path'; required = $true }
        server = @{ type = 'str'; required = $true }
        program = @{ type = 'path'; default = 'C:\Program Files\reconcile\reconcile.exe' }
    }
}

# What the exit code means.
Function Get-ReconcileExitName([int] $Code) {
    $names = @{
        0 = 'at-goal'
        1 = 'failed'
        2 = 'drift'
        3 = 'blocked'
        4 = 'needs-operator'
        5 = 'unknown'
        64 = 'wrong-usage'
        65 = 'wrong-input'
    }
    if ($names.ContainsKey($Code)) { $names[$Code] } else { 'other' }
}

# Runs the program to its end: its exit code, its JSON answer if there is one, and what it said besides. It needs no console, which a
# psrp connection does not have, and sends no line of standard error into the error stream, which would be a second answer.
Function Invoke-Reconcile($Module, [string[]] $Arguments) {
    $program = $Module.Params.program
    $start = New-Object -TypeName System.Diagnostics.ProcessStartInfo
    $start.FileName = $program
    $start.Arguments = Argv-ToString -arguments $Arguments
    $start.UseShellExecute = $false
    $start.CreateNoWindow = $true
    $start.RedirectStandardInput = $true
    $start.RedirectStandardOutput = $true
    $start.RedirectStandardError = $true
    $start.StandardOutputEncoding = $start.StandardErrorEncoding = New-Object -TypeName System.Text.UTF8Encoding -ArgumentList $false
    $process = New-Object -TypeName System.Diagnostics.Process
    $process.StartInfo = $start
    try {
        $process.Start() > $null
    }
    catch {
        $why = $_.Exception.GetBaseException().Message
        $Module.FailJson("$program did not start: $why. Install it (reconcile.lync.install), or name it with ``program``.")
    }
    $process.StandardInput.Close()
    # Both at once: a pipe that nobody reads fills up, and the program would wait.
    $out = $process.StandardOutput.ReadToEndAsync()
    $err = $process.StandardError.ReadToEndAsync()
    $process.WaitForExit()
    $answer = $null
    try {
        # An empty text is neither an answer nor an error to ConvertFrom-Json.
        $answer = ConvertFrom-Json -InputObject $out.Result
        if ($answer -isnot [System.Management.Automation.PSCustomObject]) { $answer = $null }
    }
    catch {
        $answer = $null
    }
    $said = $err.Result.Trim()
    if (-not $said -and -not $answer) { $said = $out.Result.Trim() }
    if (-not $said) { $said = "exit code $($process.ExitCode), and nothing was printed" }
    @{ code = $process.ExitCode; answer = $answer; said = $said }
}

# The same, of a command about the server whose answer lists servers: any other answer is none.
Function Get-ReconcileReport($Module, [string[]] $Command, [string[]] $Options) {
    $about = $Module.Params.manifest, '--server', $Module.Params.server, '--output', 'json'
    $ran = Invoke-Reconcile $Module ($Command + $about + $Options)
    $lists = $ran.answer -and $ran.answer.PSObject.Properties['servers'] -and $ran.answer.servers -is [array]
    if (-not $lists) { $ran.answer = $null }
    $ran
}

# Ends the module where the program gave no answer.
Function Stop-Reconcile($Module, $Ran) {
    $Module.Result.exit_code = $Ran.code
    $Module.Result.exit_name = Get-ReconcileExitName $Ran.code
    $Module.FailJson($Ran.said)
}

Export-ModuleMember -Function Get-ReconcileOption, Get-ReconcileExitName, Invoke-Reconcile, Get-ReconcileReport, Stop-Reconcile
