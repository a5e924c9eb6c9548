#!powershell

# Copyright the reconcile maintainers. MIT (see LICENSE-MIT) or Apache-2.0 (see LICENSE-APACHE)

#AnsibleRequires -CSharpUtil Ansible.Basic
#AnsibleRequires -PowerShell ansible_collections.reconcile.lync.plugins.module_utils.Program

# The same as reconcile_info.py, which has the documentation.
$options = Get-ReconcileOption
$options.gather = @{ type = 'str'; choices = 'status', 'snapshot'; default = 'status' }
$module = [Ansible.Basic.AnsibleModule]::Create($args, @{ options = $options; supports_check_mode = $true })

$ran = if ($module.Params.gather -eq 'status') {
    Get-ReconcileReport $module status
}
else {
    Invoke-Reconcile $module @('observe', $module.Params.manifest, '--server', $module.Params.server)
}
if (-not $ran.answer) { Stop-Reconcile $module $ran }
$module.Result.answer = $ran.answer
$module.Result.exit_code = $ran.code
$module.Result.exit_name = Get-ReconcileExitName $ran.code
$module.ExitJson()
