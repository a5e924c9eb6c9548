# In place of Ansible's own, which compiles: this loads ANSIBLE_BASIC, what was compiled of Ansible.Basic.cs before.
Function Add-CSharpType {
    param([Parameter(ValueFromRemainingArguments)] $Ignored)
    $null = $Ignored
    Add-Type -Path $env:ANSIBLE_BASIC
}
Export-ModuleMember -Function Add-CSharpType
