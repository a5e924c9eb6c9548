#!/usr/bin/python
# Copyright the reconcile maintainers. MIT (see LICENSE-MIT) or Apache-2.0 (see LICENSE-APACHE)
"""Brings a server to its declared update by running reconcile on it."""

from __future__ import annotations

DOCUMENTATION = r"""
module: reconcile
short_description: Bring a server to its declared cumulative update
version_added: 0.1.0
description:
  - Runs C(reconcile apply) on the server and passes its JSON report on.
  - On a Windows server the same task runs M(reconcile.lync.win_reconcile).
notes:
  - With O(ignore:async) the run does not depend on the connection.
  - RV(ignore:changed) is true if anything on the server was changed, also by a run that failed afterwards. In check mode it is true if steps remain.
attributes:
  check_mode:
    support: full
    description: Runs C(reconcile plan) instead, which changes nothing.
  diff_mode:
    support: full
    description: Shows each difference between the server and the manifest.
  platform:
    support: full
    platforms: windows, posix
    description: POSIX systems have simulated servers only.
extends_documentation_fragment:
  - reconcile.lync.common
  - reconcile.lync.common.posix
  - reconcile.lync.common.fingerprint
  - reconcile.lync.common.update
"""

EXAMPLES = r"""
- name: Bring the server to its update
  reconcile.lync.reconcile:
    manifest: C:\Program Files\reconcile\manifest.yaml
    server: "{{ reconcile_server }}"
    fingerprint: "{{ reconcile_manifest_fingerprint }}"
  register: update

- name: Show what would be done
  reconcile.lync.reconcile:
    manifest: C:\Program Files\reconcile\manifest.yaml
    server: "{{ reconcile_server }}"
  check_mode: true
  diff: true
"""

RETURN = r"""
exit_code:
  description: The exit code of the program.
  returned: when the program could be started
  type: int
exit_name:
  description: What the exit code means; V(other) for a code that is not the program's own.
  returned: when the program could be started
  type: str
msg:
  description: What keeps the server from its goal, and what to do next.
  returned: when the server is not at its goal
  type: str
reboot_required:
  description:
    - Whether the server needs a restart before the next run can go on.
    - It comes by itself where RV(restarting) is true. Otherwise the policy leaves it to you.
  returned: when the program could report
  type: bool
restarting:
  description: Whether the machine is restarting. The next run goes on.
  returned: when the program could report
  type: bool
waiting:
  description: Whether the server has to be tried later and nothing is wrong.
  returned: when the program could report, or another run works on the server
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
  description: The servers, as the program's JSON Schema says. The other fields of the report stand next to it.
  returned: when the program could report
  type: list
  elements: dict
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.reconcile.lync.plugins.module_utils.program import OPTIONS, exit_name, report, stop


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


def steps(planned):
    """How many steps remain."""
    return sum(len(server["steps"]) for server in planned["servers"])


def sentence(server):
    """What keeps the server from its goal, which services are down, and what to do next."""
    parts = [server["blockedBy"].rstrip(".")]
    if server.get("leftDown"):
        parts.append("Services that are down: " + ", ".join(server["leftDown"]))
    if server.get("help"):
        parts.append(server["help"].rstrip("."))
    return ". ".join(parts)


def judge(module, code, answer, remaining):
    """The result that the report of a plan or a run comes to."""
    servers = answer["servers"]
    restarting = any(server.get("restarting") for server in servers)
    owed = any(server.get("rebootRequired") for server in servers)
    waiting = any(server.get("waits") for server in servers)
    result = dict(answer)
    result.update(
        exit_code=code,
        exit_name=exit_name(code),
        codes=sorted({server["code"] for server in servers if "code" in server}),
        reboot_required=restarting or owed,
        restarting=restarting,
        waiting=waiting,
        remaining_steps=remaining,
    )
    if module.check_mode:
        result["failed"] = code not in (0, 2, 3)
    else:
        result["failed"] = not (code == 0 or restarting or owed or waiting and module.params["when_blocked"] == "warn")
    blocked = [sentence(server) for server in servers if server.get("blockedBy")]
    if result["failed"] or blocked:
        result["msg"] = "; ".join(blocked) or result["exit_name"]
    return result


def main():
    """Plans, and unless in check mode applies."""
    options = dict(
        OPTIONS,
        fingerprint={"type": "str"},
        lock_wait={"type": "str"},
        when_blocked={"type": "str", "choices": ["fail", "warn"], "default": "fail"},
    )
    module = AnsibleModule(argument_spec=options, supports_check_mode=True)
    params = module.params
    same = ["--fingerprint", params["fingerprint"]] if params["fingerprint"] else []
    code, planned, said = report(module, ["plan"], *same)
    if planned is None:
        stop(module, code, said)
    shown = diff(module, planned)
    if module.check_mode:
        remaining = steps(planned)
        module.exit_json(**judge(module, code, planned, remaining), changed=remaining > 0, diff=shown)

    patience = ["--lock-wait", params["lock_wait"]] if params["lock_wait"] else []
    code, ran, said = report(module, ["apply", "--yes"], *same, *patience)
    if ran is None and code == 3:  # Another run works on the server.
        later = params["when_blocked"] == "warn"
        module.exit_json(
            changed=False, failed=not later, waiting=True, reboot_required=False, restarting=False, codes=["another-run"],
            exit_code=code, exit_name=exit_name(code), msg=said, remaining_steps=steps(planned), diff=shown,
        )
    if ran is None:  # A run that ended without a report may have changed anything, unless its input was refused.
        stop(module, code, said, changed=code not in (64, 65), diff=shown)
    changed = any(server["changed"] for server in ran["servers"])
    remaining = 0 if code == 0 else max(0, steps(planned) - sum(len(server["steps"]) for server in ran["servers"]))
    # A machine that is restarting is asked by the next run.
    if code != 0 and not any(server.get("restarting") for server in ran["servers"]):
        closing, planned, said = report(module, ["plan"], *same)
        if planned is None:
            stop(module, closing, said, changed=changed, diff=shown)
        remaining = steps(planned)
    module.exit_json(**judge(module, code, ran, remaining), changed=changed, diff=shown)


if __name__ == "__main__":
    main()
