#!/usr/bin/python
"""Brings a server to its declared update by running reconcile on it."""

from __future__ import annotations

DOCUMENTATION = r"""
module: reconcile
short_description: Bring a server to its declared cumulative update
description:
  - Runs C(reconcile apply) on the server, or C(reconcile plan) in check mode, and passes its JSON report on.
options:
  manifest:
    description: The path of the manifest on the server.
    type: path
    required: true
  server:
    description: The server's name in the manifest.
    type: str
    required: true
  program:
    description: The path of the program on the server.
    type: path
    default: reconcile
author: The reconcile maintainers
"""

EXAMPLES = r"""
- name: Bring the server to its update
  reconcile.lync.reconcile:
    manifest: /etc/reconcile/manifest.yaml
    server: "{{ reconcile_server }}"
"""

RETURN = r"""
exit_code:
  description: The exit code of the program.
  returned: always
  type: int
exit_name:
  description: What the exit code means.
  returned: always
  type: str
reboot_required:
  description: Whether the machine is restarting, and the next run goes on.
  returned: when the program could report
  type: bool
remaining_steps:
  description: How many steps remain.
  returned: when the program could report
  type: int
codes:
  description: How each server stands, or what keeps it from its goal, by the codes of schema/CODES.md. They never change; sentences may.
  returned: when the program could report
  type: list
  elements: str
servers:
  description: Beside the other fields of the report, the servers, as the program's JSON Schema says.
  returned: when the program could report
  type: list
  elements: dict
"""

import json

from ansible.module_utils.basic import AnsibleModule

NAMES = {
    0: "at-goal",
    1: "failed",
    2: "drift",
    3: "blocked",
    4: "needs-operator",
    5: "unknown",
    64: "wrong-usage",
    65: "wrong-input",
}


def run(module, command):
    """The exit code, the report, and what was said beside it."""
    params = module.params
    args = [params["program"], *command, params["manifest"], "--server", params["server"], "--output", "json"]
    code, out, err = module.run_command(args)
    try:
        return code, json.loads(out), err
    except ValueError:
        said = err.strip() or out.strip() or "nothing was printed"
        module.fail_json(msg=said, exit_code=code, exit_name=NAMES.get(code, "unknown"))


def diff(module, planned):
    """What differs, as a text before and after."""
    findings = [found for server in planned["servers"] for found in server["findings"]]
    lines = {side: "".join(f"{it['subject']} {it[side]}\n" for it in findings) for side in ("observed", "desired")}
    header = module.params["server"]
    return {
        "before": lines["observed"],
        "after": lines["desired"],
        "before_header": f"{header} observed",
        "after_header": f"{header} desired",
    }


def main():
    """Plans, and unless in check mode applies and plans again."""
    options = {
        "manifest": {"type": "path", "required": True},
        "server": {"type": "str", "required": True},
        "program": {"type": "path", "default": "reconcile"},
    }
    module = AnsibleModule(argument_spec=options, supports_check_mode=True)
    code, report, err = run(module, ["plan"])
    result = {"diff": diff(module, report)}
    remaining = sum(len(server["steps"]) for server in report["servers"])
    if module.check_mode:
        changed = remaining > 0
        failed = code not in (0, 2, 3)
    else:
        code, report, err = run(module, ["apply", "--yes"])
        remaining = sum(len(server["steps"]) for server in run(module, ["plan"])[1]["servers"])
        changed = any(server["changed"] for server in report["servers"])
        # A server that restarts goes on in its next run.
        failed = code != 0 and not any(server["restarting"] for server in report["servers"])
    result.update(report)
    result.update(
        changed=changed,
        failed=failed,
        exit_code=code,
        exit_name=NAMES.get(code, "unknown"),
        codes=sorted({server["code"] for server in report["servers"] if "code" in server}),
        reboot_required=any(server.get("restarting", False) for server in report["servers"]),
        remaining_steps=remaining,
    )
    blocked = [server["blockedBy"] for server in report["servers"] if "blockedBy" in server]
    if failed or blocked:
        result["msg"] = "; ".join(blocked) or err.strip() or result["exit_name"]
    module.exit_json(**result)


if __name__ == "__main__":
    main()
