#!powershell

# Copyright the reconcile maintainers. MIT (see LICENSE-MIT) or Apache-2.0 (see LICENSE-APACHE)

#AnsibleRequires -CSharpUtil Ansible.Basic
#AnsibleRequires -PowerShell ansible_collections.reconcile.lync.plugins.module_utils.Program

# The same as start_task.py, which has the documentation.
$options = Get-ReconcileOption
$options.fingerprint = @{ type = 'str' }
$module = [Ansible.Basic.AnsibleModule]::Create($args, @{ options = $options; supports_check_mode = $true })
$manifest = $module.Params.manifest
$wanted = $module.Params.fingerprint

Function Set-ExitCode([int] $Code) {
    $module.Result.exit_code = $Code
    $module.Result.exit_name = Get-ReconcileExitName $Code
}

# A field of the answer, or nothing: an older program leaves it out.
Function Get-Answer($Ran, [string] $Name) {
    if ($Ran.answer -and $Ran.answer.PSObject.Properties[$Name]) { $Ran.answer.$Name }
}

# Whether the last run of the task has ended in this boot, with a restart that has not come yet.
Function Test-GoingDown($Status) {
    $last = Get-Answer $Status 'scheduledRun'
    $server = $Status.answer.servers | Select-Object -First 1
    if (-not $last -or -not $server.PSObject.Properties['scheduled'] -or -not $server.PSObject.Properties['bootedAt']) { return $false }
    $record = $server.scheduled
    $record.code -eq 'restarting' -and $record.run -eq $last.run -and $last.PSObject.Properties['ended'] -and
    [DateTime] $last.ended -gt [DateTime] $server.bootedAt
}

$status = Get-ReconcileReport $module status
if (-not $status.answer) { Stop-Reconcile $module $status }
$module.Result.boot = $status.answer.servers | Where-Object { $_.PSObject.Properties['boot'] } | ForEach-Object { $_.boot } | Select-Object -First 1
$found = Get-Answer $status 'manifestFingerprint'
if ($wanted -and $found -cne $wanted) {
    Set-ExitCode $status.code
    $module.Result.codes = @('manifest-other')
    $module.FailJson("$manifest is another manifest than the controller's: expected $wanted, found $found. " +
        "Bring the controller's manifest to the server (reconcile.lync.install).")
}
$standing = Get-Answer $status 'schedule'
if ($standing -and $standing.PSObject.Properties['task'] -and $standing.task -and $standing.task.PSObject.Properties['manifest']) {
    $followed = $standing.task.manifest
    if ($followed -ne $manifest) {
        Set-ExitCode $status.code
        $module.FailJson("the task follows $followed, expected $manifest. Register it again (reconcile.lync.install).")
    }
}
if (Test-GoingDown $status) {
    Set-ExitCode $status.code
    $module.Result.run = $status.answer.scheduledRun.run
    $module.ExitJson()
}
if ($module.CheckMode) {
    Set-ExitCode $status.code
    $module.Result.changed = $true
    $module.ExitJson()
}
$begun = Invoke-Reconcile $module @('schedule', 'run', '--output', 'json')
$run = Get-Answer $begun 'run'
if ($begun.code -eq 0 -and $run) {
    Set-ExitCode 0
    $module.Result.changed = $true
    $module.Result.run = $run
    $module.ExitJson()
}
if ($begun.code -eq 3) {
    # A run of the task is at work already.
    $at_work = Get-Answer (Get-ReconcileReport $module status) 'scheduledRun'
    if ($at_work -and $at_work.PSObject.Properties['going'] -and $at_work.going) {
        Set-ExitCode 3
        $module.Result.run = $at_work.run
        $module.ExitJson()
    }
}
Stop-Reconcile $module $begun
