# Copyright the reconcile maintainers. MIT (see LICENSE-MIT) or Apache-2.0 (see LICENSE-APACHE)
"""Waits until a server has restarted, or until a run of its scheduled task has ended."""

from __future__ import annotations

import datetime
import time

from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase
from ansible.plugins.connection import ConnectionBase
from ansible.utils.display import Display
from ansible_collections.reconcile.lync.plugins.plugin_utils.by_shell import module_for

display = Display()


def until(moment):
    """How many seconds there are until then: ten minutes at most, as the clocks of two machines differ."""
    if not moment:
        return 0
    at = datetime.datetime.fromisoformat(str(moment).replace("Z", "+00:00"))
    return max(0, min(600, (at - datetime.datetime.now(datetime.timezone.utc)).total_seconds()))


class ActionModule(ActionBase):
    """Asks until the answer is another one."""

    _requires_connection = True

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        if self._task.check_mode:
            return dict(result, skipped=True)
        _given, args = self.validate_argument_spec(
            argument_spec={
                "manifest": {"type": "str", "required": True},
                "server": {"type": "str", "required": True},
                "program": {"type": "str"},
                "boot": {"type": "str"},
                "run": {"type": "str"},
                "after": {"type": "str"},
                "timeout": {"type": "int", "default": 1800},
                "sleep": {"type": "float", "default": 10},
            },
            required_one_of=[("boot", "run")],
        )
        began = time.monotonic()
        ends = began + args["timeout"]
        time.sleep(until(args["after"]))
        while True:
            answer, why = self.ask(args, task_vars)
            if answer and self.is_over(args, answer):
                self.tidy()
                return dict(result, changed=False, answer=answer, elapsed=round(time.monotonic() - began, 1))
            if time.monotonic() > ends:
                awaited = f"another boot than {args['boot']}" if args["boot"] else f"the end of run {args['run']}"
                told = f"expected {awaited} within {args['timeout']} s, found {why or 'the same'}. Look at the server, then play again."
                return dict(result, failed=True, msg=told, elapsed=round(time.monotonic() - began, 1))
            time.sleep(args["sleep"])

    def ask(self, args, task_vars):
        """The status, or why there is none."""
        module_args = {name: args[name] for name in ("manifest", "server", "program") if args[name]}
        try:
            # A connection from before the restart is dead, and does not always notice. Some kinds keep none.
            if type(self._connection).reset is not ConnectionBase.reset:
                self._connection.reset()
            told = self._execute_module(module_for(self._connection, "reconcile_info"), module_args=module_args, task_vars=task_vars)
        except AnsibleError as error:
            # A machine that goes down or comes up fails in many ways.
            self._connection._shell.tmpdir = None
            display.vvv(f"the server does not answer: {error}")
            return None, str(error)
        return told.get("answer"), told.get("msg")

    def tidy(self):
        """Removes what is left on the server, unless it goes down right now."""
        try:
            self._remove_tmp_path(self._connection._shell.tmpdir)
        except AnsibleError as error:
            self._connection._shell.tmpdir = None  # Or Ansible tries again, and takes the server for lost.
            display.vvv(f"the server does not answer: {error}")

    @staticmethod
    def is_over(args, answer):
        """Whether what is waited for has happened."""
        servers = [it for it in answer["servers"] if it["name"] == args["server"]] or answer["servers"]
        boot = servers[0].get("boot") if servers else None
        if args["boot"] and (not boot or boot == args["boot"]):
            return False
        run = answer.get("scheduledRun")
        if args["run"] and (not run or run["run"] == args["run"] and run.get("going")):
            return False
        return True
