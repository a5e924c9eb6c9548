# Copyright the reconcile maintainers. MIT (see LICENSE-MIT) or Apache-2.0 (see LICENSE-APACHE)
"""Runs the module that fits the shell of the server."""

from __future__ import annotations

from ansible_collections.reconcile.lync.plugins.plugin_utils.by_shell import ByShell


class ActionModule(ByShell):
    """Where Ansible looks for it."""
