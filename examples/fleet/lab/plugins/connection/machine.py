"""A connection to a machine of the lab: this one, unless it is down, or reaches nobody. A Windows machine has PowerShell as its shell."""

import json
import os
import time

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.connection.local import Connection as Local

DOCUMENTATION = r"""
name: machine
short_description: A machine of the lab
description: For examples/fleet/check.
options: {}
"""


class Connection(Local):
    transport = "machine"

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if getattr(self._shell, "_IS_WINDOWS", False):  # As ssh.py, winrm.py and psrp.py have it.
            self.has_native_async = True
            self.always_pipeline_modules = True
            self.module_implementation_preferences = (".ps1", ".exe", "")

    def look(self):
        name = self._play_context.remote_addr
        if name in os.environ.get("NOBODY", "").split():
            raise AnsibleConnectionFailure("no route to host")
        state = os.path.join(os.environ["MACHINES"], name + ".json")
        if os.path.exists(state):
            with open(state) as file:
                machine = json.load(file)
            if machine["down"] and machine["down"] <= time.time() < machine["up"]:
                raise AnsibleConnectionFailure("the machine is down")

    def exec_command(self, cmd, in_data=None, sudoable=True):
        self.look()
        return super().exec_command(cmd, in_data=in_data, sudoable=sudoable)

    def put_file(self, in_path, out_path):
        self.look()
        super().put_file(in_path, out_path)

    def fetch_file(self, in_path, out_path):
        self.look()
        super().fetch_file(in_path, out_path)
