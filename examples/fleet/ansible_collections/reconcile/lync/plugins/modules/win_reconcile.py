# Copyright the reconcile maintainers. MIT (see LICENSE-MIT) or Apache-2.0 (see LICENSE-APACHE)
"""The documentation of win_reconcile.ps1."""

from __future__ import annotations

DOCUMENTATION = r"""
module: win_reconcile
short_description: Bring a server to its declared cumulative update, on Windows
version_added: 0.1.0
extends_documentation_fragment:
  - reconcile.lync.common
  - reconcile.lync.common.windows
  - reconcile.lync.common.fingerprint
  - reconcile.lync.common.update
seealso:
  - module: reconcile.lync.reconcile
"""

EXAMPLES = r"""
- name: Bring the server to its update
  reconcile.lync.reconcile:
    manifest: C:\Program Files\reconcile\manifest.yaml
    server: "{{ reconcile_server }}"
    fingerprint: "{{ reconcile_manifest_fingerprint }}"
  register: update
"""

RETURN = r"""
# As reconcile.lync.reconcile has it.
"""
