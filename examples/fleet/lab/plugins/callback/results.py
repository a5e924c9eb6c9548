"""Writes each result of the module, as any engine receives it, as a line of the file RESULTS."""

import json
import os
import time

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = r"""
name: results
type: aggregate
short_description: Each result of the module as a line of JSON
description: For examples/fleet/check.
"""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "results"

    def __init__(self):
        super().__init__()
        self.began = {}

    def v2_runner_on_start(self, host, task):
        self.began[host.name, task._uuid] = time.time()

    def note(self, told, failed=False):
        task = told._task if hasattr(told, "_task") else told.task
        host = told._host if hasattr(told, "_host") else told.host
        result = told._result if hasattr(told, "_result") else told.result
        if task.action != "reconcile.lync.reconcile":
            return
        result = dict(result, failed=failed)
        line = {"host": host.name, "from": self.began[host.name, task._uuid], "until": time.time(), "result": result}
        with open(os.environ["RESULTS"], "a") as file:
            print(json.dumps(line), file=file)

    v2_runner_on_ok = v2_runner_on_unreachable = note

    def v2_runner_on_failed(self, told, ignore_errors=False):
        self.note(told, failed=True)
