# Copyright the reconcile maintainers. MIT (see LICENSE-MIT) or Apache-2.0 (see LICENSE-APACHE)
"""Runs the module that fits the shell of the server.

Ansible does not choose by itself: on a connection that prefers no kind of module it would take the one that comes first by its
file name, and `reconcile.ps1` comes before `reconcile.py`.
"""

from __future__ import annotations

from ansible.plugins.action import ActionBase


def module_for(connection, name):
    """The module for PowerShell on a Windows server, be its shell PowerShell or cmd, as ssh has it; else the one in Python."""
    windows = getattr(connection._shell, "_IS_WINDOWS", False)
    return f"reconcile.lync.{'win_' if windows else ''}{name}"


class ByShell(ActionBase):
    """An action that is nothing but the choice."""

    def run(self, tmp=None, task_vars=None):
        self._supports_async = True
        result = super().run(tmp, task_vars)
        module = module_for(self._connection, self._task.action.rpartition(".")[2])
        wrap_async = self._task.async_val and not self._connection.has_native_async
        result.update(
            self._execute_module(module_name=module, module_args=self._task.args, task_vars=task_vars, wrap_async=wrap_async)
        )
        if not wrap_async:
            self._remove_tmp_path(self._connection._shell.tmpdir)
        return result
