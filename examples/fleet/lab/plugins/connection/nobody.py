"""A connection that reaches nobody."""

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.connection import ConnectionBase

DOCUMENTATION = r"""
name: nobody
short_description: Reaches nobody
description: For examples/fleet/check.
options: {}
"""


class Connection(ConnectionBase):
    transport = "nobody"

    def _connect(self):
        raise AnsibleConnectionFailure("no route to host")

    def exec_command(self, cmd, in_data=None, sudoable=True):
        self._connect()

    def put_file(self, in_path, out_path):
        self._connect()

    def fetch_file(self, in_path, out_path):
        self._connect()

    def close(self):
        pass
