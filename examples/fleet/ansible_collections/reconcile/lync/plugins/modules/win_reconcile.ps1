#!powershell

# Copyright the reconcile maintainers. MIT (see LICENSE-MIT) or Apache-2.0 (see LICENSE-APACHE)

#AnsibleRequires -CSharpUtil Ansible.Basic
#AnsibleRequires -PowerShell ansible_collections.reconcile.lync.plugins.module_utils.Program

# The same as reconcile.py, which has the documentation.
$options = Get-ReconcileOption
$options.fingerprint = @{ type = 'str' }
$options.lock_wait = @{ type = 'str' }
$options.when_blocked = @{ type = 'str'; choices = 'fail', 'warn'; default = 'fail' }
$module = [Ansible.Basic.AnsibleModule]::Create($args, @{ options = $options; supports_check_mode = $true })

# How many steps the servers of a report name.
Function Get-StepCount($Report) {
    [int] ($Report.servers | ForEach-Object { @($_.steps | Where-Object { $_ }).Count } | Measure-Object -Sum).Sum
}

# Whether the field is true for a server of the report. An older program leaves it out.
Function Test-Field($Report, [string] $Name) {
    [bool] @($Report.servers | Where-Object { $_.PSObject.Properties[$Name] -and $_.$Name })
}

# The values of a field, of the servers that have it.
Function Get-Field($Server, [string] $Name) {
    $Server | Where-Object { $_.PSObject.Properties[$Name] -and $_.$Name } | ForEach-Object { $_.$Name }
}

# What keeps the server from its goal, which services are down, and what to do next.
Function Get-Sentence($Server) {
    $parts = @($Server.blockedBy.TrimEnd('.'))
    $down = @(Get-Field $Server 'leftDown')
    if ($down) { $parts += 'Services that are down: ' + ($down -join ', ') }
    $help = Get-Field $Server 'help'
    if ($help) { $parts += $help.TrimEnd('.') }
    $parts -join '. '
}

# Ends the module with what the report of a plan or a run comes to.
Function Complete-Module($Ran, [int] $Remaining) {
    $report = $Ran.answer
    foreach ($field in $report.PSObject.Properties) { $module.Result[$field.Name] = $field.Value }
    $restarting = Test-Field $report 'restarting'
    $owed = Test-Field $report 'rebootRequired'
    $waiting = Test-Field $report 'waits'
    $module.Result.exit_code = $Ran.code
    $module.Result.exit_name = Get-ReconcileExitName $Ran.code
    $module.Result.codes = @(Get-Field $report.servers 'code' | Sort-Object -Unique)
    $module.Result.reboot_required = $restarting -or $owed
    $module.Result.restarting = $restarting
    $module.Result.waiting = $waiting
    $module.Result.remaining_steps = $Remaining
    $failed = if ($module.CheckMode) {
        $Ran.code -notin 0, 2, 3
    }
    else {
        -not ($Ran.code -eq 0 -or $restarting -or $owed -or ($waiting -and $module.Params.when_blocked -eq 'warn'))
    }
    $blocked = ($report.servers | Where-Object { Get-Field $_ 'blockedBy' } | ForEach-Object { Get-Sentence $_ }) -join '; '
    if ($failed) {
        if (-not $blocked) { $blocked = $module.Result.exit_name }
        $module.FailJson($blocked)
    }
    if ($blocked) { $module.Result.msg = $blocked }
    $module.ExitJson()
}

$same = @()
if ($module.Params.fingerprint) { $same = '--fingerprint', $module.Params.fingerprint }
$planned = Get-ReconcileReport $module plan $same
if (-not $planned.answer) { Stop-Reconcile $module $planned }
$findings = @($planned.answer.servers | ForEach-Object { $_.findings })
$module.Diff.before = ($findings | ForEach-Object { "$($_.subject) $($_.observed)`n" }) -join ''
$module.Diff.after = ($findings | ForEach-Object { "$($_.subject) $($_.desired)`n" }) -join ''
$module.Diff.before_header = "$($module.Params.server) observed"
$module.Diff.after_header = "$($module.Params.server) desired"
$remaining = Get-StepCount $planned.answer
if ($module.CheckMode) {
    $module.Result.changed = $remaining -gt 0
    Complete-Module $planned $remaining
}

$patience = @()
if ($module.Params.lock_wait) { $patience = '--lock-wait', $module.Params.lock_wait }
$ran = Get-ReconcileReport $module @('apply', '--yes') ($same + $patience)
if (-not $ran.answer -and $ran.code -eq 3) {
    # Another run works on the server.
    $module.Result.exit_code = 3
    $module.Result.exit_name = Get-ReconcileExitName 3
    $module.Result.codes = @('another-run')
    $module.Result.waiting = $true
    $module.Result.reboot_required = $module.Result.restarting = $false
    $module.Result.remaining_steps = $remaining
    if ($module.Params.when_blocked -ne 'warn') { $module.FailJson($ran.said) }
    $module.Result.msg = $ran.said
    $module.ExitJson()
}
# Known before anything else can fail. A run that ended without a report may have changed anything, unless its input was refused.
$module.Result.changed = if ($ran.answer) { Test-Field $ran.answer 'changed' } else { $ran.code -notin 64, 65 }
if (-not $ran.answer) { Stop-Reconcile $module $ran }
# A machine that is restarting is asked by the next run.
if ($ran.code -eq 0) {
    $remaining = 0
}
elseif (Test-Field $ran.answer 'restarting') {
    $remaining = [Math]::Max(0, $remaining - (Get-StepCount $ran.answer))
}
else {
    $closing = Get-ReconcileReport $module plan $same
    if (-not $closing.answer) { Stop-Reconcile $module $closing }
    $remaining = Get-StepCount $closing.answer
}
Complete-Module $ran $remaining
