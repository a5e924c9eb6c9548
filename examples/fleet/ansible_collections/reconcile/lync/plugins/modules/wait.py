#!/usr/bin/python
# Copyright the reconcile maintainers. MIT (see LICENSE-MIT) or Apache-2.0 (see LICENSE-APACHE)
"""The documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: wait
short_description: Wait until a server has restarted, or a run of its scheduled task has ended
version_added: 0.1.0
description:
  - Asks the server with M(reconcile.lync.reconcile_info), again and again, until what is waited for has happened. Nothing is changed.
  - A server that cannot be reached meanwhile is asked again.
  - A restart has happened when the server reports another boot, however long it takes to go down.
attributes:
  action:
    support: full
    description: This runs on the controller.
  check_mode:
    support: none
    description: The task is skipped.
  diff_mode:
    support: none
    description: Nothing is changed.
  platform:
    support: full
    platforms: windows, posix
    description: POSIX systems have simulated servers only.
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
  boot:
    description: The boot that has to be over, as C(servers[].boot) of a report names it.
    type: str
  run:
    description: The run of the scheduled task that has to be over, as M(reconcile.lync.start_task) returns it.
    type: str
  after:
    description: The time before which nobody needs to ask, such as C(servers[].restartAt) of a report. Ten minutes from now at most are waited for.
    type: str
  timeout:
    description: How long to wait, in seconds.
    type: int
    default: 1800
  sleep:
    description: How long to wait between two questions, in seconds.
    type: float
    default: 10
author: The reconcile maintainers (@reconcile)
"""

EXAMPLES = r"""
- name: Wait for another boot
  reconcile.lync.wait:
    manifest: C:\Program Files\reconcile\manifest.yaml
    server: "{{ reconcile_server }}"
    boot: "{{ update.servers[0].boot }}"
  when: update.restarting
"""

RETURN = r"""
answer:
  description: The last answer of C(reconcile status).
  returned: success
  type: dict
elapsed:
  description: How long it took, in seconds.
  returned: always
  type: float
"""
