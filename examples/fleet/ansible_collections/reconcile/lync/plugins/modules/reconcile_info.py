#!/usr/bin/python
# Copyright the reconcile maintainers. MIT (see LICENSE-MIT) or Apache-2.0 (see LICENSE-APACHE)
"""Asks reconcile on a server how the server stands."""

from __future__ import annotations

DOCUMENTATION = r"""
module: reconcile_info
short_description: Ask how a server stands
version_added: 0.1.0
description:
  - Runs C(reconcile status) or C(reconcile observe) on the server and returns its JSON answer. Nothing is changed.
attributes:
  check_mode:
    support: full
    description: Does the same.
  diff_mode:
    support: none
    description: Nothing is changed.
  platform:
    support: full
    platforms: windows, posix
    description: POSIX systems have simulated servers only.
extends_documentation_fragment:
  - reconcile.lync.common
  - reconcile.lync.common.posix
  - reconcile.lync.common.info
"""

EXAMPLES = r"""
- name: Get a snapshot
  reconcile.lync.reconcile_info:
    manifest: C:\Program Files\reconcile\manifest.yaml
    server: "{{ reconcile_server }}"
    gather: snapshot
  register: observed
"""

RETURN = r"""
answer:
  description: The JSON answer, as C(status.schema.json) or C(snapshot.schema.json) describes it.
  returned: success
  type: dict
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


def main():
    """Asks."""
    options = dict(OPTIONS, gather={"type": "str", "choices": ["status", "snapshot"], "default": "status"})
    module = AnsibleModule(argument_spec=options, supports_check_mode=True)
    if module.params["gather"] == "status":
        code, answer, said = report(module, ["status"])
    else:
        code, answer, said = ask(module, ["observe", module.params["manifest"], "--server", module.params["server"]])
    if answer is None:
        stop(module, code, said)
    module.exit_json(changed=False, answer=answer, exit_code=code, exit_name=exit_name(code))


if __name__ == "__main__":
    main()
