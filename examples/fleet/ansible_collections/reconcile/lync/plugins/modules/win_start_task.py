# Copyright the reconcile maintainers. MIT (see LICENSE-MIT) or Apache-2.0 (see LICENSE-APACHE)
"""The documentation of win_start_task.ps1."""

from __future__ import annotations

DOCUMENTATION = r"""
module: win_start_task
short_description: Start the scheduled task of a server now, on Windows
version_added: 0.1.0
extends_documentation_fragment:
  - reconcile.lync.common
  - reconcile.lync.common.windows
  - reconcile.lync.common.fingerprint
seealso:
  - module: reconcile.lync.start_task
"""

EXAMPLES = r"""
- name: Start the task
  reconcile.lync.start_task:
    manifest: C:\Program Files\reconcile\manifest.yaml
    server: "{{ reconcile_server }}"
  register: begun
"""

RETURN = r"""
# As reconcile.lync.start_task has it.
"""
