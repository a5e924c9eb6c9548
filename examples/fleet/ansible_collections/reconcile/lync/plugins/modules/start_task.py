#!/usr/bin/python
# Copyright the reconcile maintainers. MIT (see LICENSE-MIT) or Apache-2.0 (see LICENSE-APACHE)
"""Starts the scheduled task of reconcile on a server."""

from __future__ import annotations

DOCUMENTATION = r"""
module: start_task
short_description: Start the scheduled task of a server now
version_added: 0.1.0
description:
  - Runs C(reconcile schedule run) on the server, which starts the task that C(reconcile schedule install --mode apply) registered.
  - The task runs as its own account, so it reaches shares and SQL Server without a second hop, and it does not depend on the connection.
  - Where a run of the task is at work already, or has ended with a restart that is still to come, that one is returned, and nothing is changed.
  - M(reconcile.lync.wait) waits until the run has ended.
attributes:
  check_mode:
    support: full
    description: Reads whether a run could begin, and begins none.
  diff_mode:
    support: none
    description: A run that begins is no difference between two texts.
  platform:
    support: full
    platforms: windows
    description: Other systems have no scheduled task.
extends_documentation_fragment:
  - reconcile.lync.common
  - reconcile.lync.common.posix
  - reconcile.lync.common.fingerprint
"""

EXAMPLES = r"""
- name: Start the task
  reconcile.lync.start_task:
    manifest: C:\Program Files\reconcile\manifest.yaml
    server: "{{ reconcile_server }}"
  register: begun
"""

RETURN = r"""
run:
  description: The id of the run.
  returned: success, but for check mode
  type: str
boot:
  description: The boot of the machine in which the run was asked for.
  returned: success
  type: str
exit_code:
  description: The exit code of the program.
  returned: when the program could be started
  type: int
exit_name:
  description: What the exit code means; V(other) for a code that is not the program's own.
  returned: when the program could be started
  type: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.reconcile.lync.plugins.module_utils.program import OPTIONS, ask, exit_name, report, stop


def is_going_down(status):
    """Whether the last run of the task has ended in this boot, with a restart that has not come yet."""
    last = status.get("scheduledRun", {})
    for server in status["servers"]:
        record = server.get("scheduled", {})
        if record.get("code") == "restarting" and record.get("run") == last.get("run"):
            return last.get("ended", "") > server.get("bootedAt", "~")
    return False


def main():
    """Asks which manifest the server has, then starts the task."""
    module = AnsibleModule(argument_spec=dict(OPTIONS, fingerprint={"type": "str"}), supports_check_mode=True)
    params = module.params
    code, status, said = report(module, ["status"])
    if status is None:
        stop(module, code, said)
    boot = next((it["boot"] for it in status["servers"] if "boot" in it), None)
    found = status.get("manifestFingerprint")
    if params["fingerprint"] and found != params["fingerprint"]:
        module.fail_json(
            msg=f"{params['manifest']} is another manifest than the controller's: expected {params['fingerprint']}, found {found}. "
            "Bring the controller's manifest to the server (reconcile.lync.install).",
            exit_code=code, exit_name=exit_name(code), codes=["manifest-other"],
        )
    task = (status.get("schedule") or {}).get("task") or {}
    followed = task.get("manifest", params["manifest"])
    if followed.lower() != params["manifest"].lower():
        module.fail_json(
            msg=f"the task follows {followed}, expected {params['manifest']}. Register it again (reconcile.lync.install).",
            exit_code=code, exit_name=exit_name(code),
        )
    if is_going_down(status):
        module.exit_json(changed=False, run=status["scheduledRun"]["run"], boot=boot, exit_code=code, exit_name=exit_name(code))
    if module.check_mode:
        module.exit_json(changed=True, boot=boot, exit_code=code, exit_name=exit_name(code))
    code, begun, said = ask(module, ["schedule", "run", "--output", "json"])
    if code == 0 and begun and begun.get("run"):
        module.exit_json(changed=True, run=begun["run"], boot=boot, exit_code=code, exit_name=exit_name(code))
    if code == 3:  # A run of the task is at work already.
        run = (report(module, ["status"])[1] or {}).get("scheduledRun", {})
        if run.get("going"):
            module.exit_json(changed=False, run=run["run"], boot=boot, exit_code=code, exit_name=exit_name(code))
    stop(module, code, said)


if __name__ == "__main__":
    main()
