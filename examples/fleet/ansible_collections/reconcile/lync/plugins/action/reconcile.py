"""Runs the module that fits the shell of the server."""

from __future__ import annotations

from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    """A Windows server gets win_reconcile, any other one reconcile."""

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        family = getattr(self._connection._shell, "SHELL_FAMILY", "sh")
        module = "win_reconcile" if family == "powershell" else "reconcile"
        told = self._execute_module(
            module_name=f"reconcile.lync.{module}", module_args=self._task.args, task_vars=task_vars
        )
        result.update(told)
        return result
