#!powershell

#AnsibleRequires -CSharpUtil Ansible.Basic

# The same as reconcile.py, for Windows PowerShell 5.1. Read by the tests, never run by them.
$ErrorActionPreference = 'Stop'
$spec = @{
    options = @{
        manifest = @{ type = 'path'; required = $true }
        server = @{ type = 'str'; required = $true }
        program = @{ type = 'path'; default = 'C:\Program Files\reconcile\reconcile.exe' }
    }
    supports_check_mode = $true
}
$module = [Ansible.Basic.AnsibleModule]::Create($args, $spec)
$names = @{ 0 = 'at-goal'; 1 = 'failed'; 2 = 'drift'; 3 = 'blocked'; 4 = 'needs-operator'; 5 = 'unknown'; 64 = 'wrong-usage'; 65 = 'wrong-input' }

function Invoke-Reconcile([string[]] $Command) {
    $ErrorActionPreference = 'Continue'
    [Console]::OutputEncoding = [Text.Encoding]::UTF8
    $said = & $module.Params.program @Command $module.Params.manifest --server $module.Params.server --output json 2>&1
    $code = $LASTEXITCODE
    $out = ($said | Where-Object { $_ -isnot [Management.Automation.ErrorRecord] }) -join "`n"
    $err = ($said | Where-Object { $_ -is [Management.Automation.ErrorRecord] }) -join "`n"
    try {
        @{ code = $code; report = ConvertFrom-Json $out; err = $err }
    } catch {
        $module.Result.exit_code = $code
        $module.Result.exit_name = $names[$code]
        $module.FailJson("$err $out")
    }
}

function Measure-Step($Report) {
    ($Report.servers | ForEach-Object { @($_.steps).Count } | Measure-Object -Sum).Sum
}

$planned = Invoke-Reconcile plan
$findings = $planned.report.servers | ForEach-Object { $_.findings }
$module.Diff.before = ($findings | ForEach-Object { "$($_.subject) $($_.observed)`n" }) -join ''
$module.Diff.after = ($findings | ForEach-Object { "$($_.subject) $($_.desired)`n" }) -join ''
$remaining = Measure-Step $planned.report
if ($module.CheckMode) {
    $ran = $planned
    $changed = $remaining -gt 0
    $failed = $ran.code -notin 0, 2, 3
} else {
    $ran = Invoke-Reconcile apply, --yes
    $changed = [bool]($ran.report.servers | Where-Object changed)
    $failed = $ran.code -ne 0 -and -not ($ran.report.servers | Where-Object restarting)
    # A machine that is restarting is asked by the next run.
    if (-not ($ran.report.servers | Where-Object restarting)) {
        $remaining = Measure-Step (Invoke-Reconcile plan).report
    }
}
foreach ($field in $ran.report.PSObject.Properties) { $module.Result[$field.Name] = $field.Value }
$module.Result.changed = $changed
$module.Result.exit_code = $ran.code
$module.Result.exit_name = $names[$ran.code]
$module.Result.codes = @($ran.report.servers | Where-Object code | ForEach-Object code | Sort-Object -Unique)
$module.Result.reboot_required = [bool]($ran.report.servers | Where-Object restarting)
$module.Result.remaining_steps = $remaining
$blocked = ($ran.report.servers | Where-Object blockedBy | ForEach-Object blockedBy) -join '; '
if ($failed) { $module.FailJson("$blocked $($ran.err)".Trim()) }
if ($blocked) { $module.Result.msg = $blocked }
$module.ExitJson()
