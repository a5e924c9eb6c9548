# Copyright the reconcile maintainers. MIT (see LICENSE-MIT) or Apache-2.0 (see LICENSE-APACHE)
"""The documentation of win_reconcile_info.ps1."""

from __future__ import annotations

DOCUMENTATION = r"""
module: win_reconcile_info
short_description: Ask how a server stands, on Windows
version_added: 0.1.0
extends_documentation_fragment:
  - reconcile.lync.common
  - reconcile.lync.common.windows
  - reconcile.lync.common.info
seealso:
  - module: reconcile.lync.reconcile_info
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
# As reconcile.lync.reconcile_info has it.
"""
