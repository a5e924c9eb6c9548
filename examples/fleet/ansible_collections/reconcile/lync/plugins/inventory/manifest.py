# Copyright the reconcile maintainers. MIT (see LICENSE-MIT) or Apache-2.0 (see LICENSE-APACHE)
"""The servers of a manifest, with their waves."""

from __future__ import annotations

DOCUMENTATION = r"""
name: manifest
short_description: The servers of a manifest of reconcile
version_added: 0.1.0
description:
  - Runs C(reconcile inventory) on the controller. It knows each server's wave, ring, pool, site, role and upgrade domain.
  - Every server is in the group C(reconcile). Put the variables of the connection there, and not into C(all), which localhost reads too.
  - The other groups are C(wave_*), C(ring_*), C(pool_*), C(site_*), C(role_*) and C(ud_*).
  - C(reconcile_manifest_fingerprint) tells whether a server follows the same manifest.
options:
  plugin:
    description: The name of this plugin.
    type: str
    required: true
    choices: [reconcile.lync.manifest]
  manifest:
    description: The manifest on the controller, from the folder of this file.
    type: str
    required: true
    env:
      - name: RECONCILE_MANIFEST
  program:
    description: The program on the controller, from the folder of this file if it has a slash in it.
    type: str
    default: reconcile
    env:
      - name: RECONCILE
  snapshots:
    description:
      - The folder of the snapshots that the playbooks collect on the controller, from the folder of this file. It is made where it is missing.
      - With it a ring does not begin before the one before it is done and was watched for C(rollout.soak).
    type: str
author: The reconcile maintainers (@reconcile)
"""

EXAMPLES = r"""
# fleet.yml, played as: ansible-playbook -i fleet.yml reconcile.lync.rolling
plugin: reconcile.lync.manifest
manifest: manifest.yaml
snapshots: snapshots
"""

import json
import os
import subprocess

from ansible.errors import AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin


class InventoryModule(BaseInventoryPlugin):
    """Asks the program, and passes its answer on."""

    NAME = "reconcile.lync.manifest"

    def verify_file(self, path):
        """Whether the file may be one of ours; `plugin:` decides."""
        return super().verify_file(path) and path.endswith((".yml", ".yaml"))

    def parse(self, inventory, loader, path, cache=True):
        """Reads the file and asks the program."""
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        folder = os.path.dirname(os.path.abspath(path))
        program = self.get_option("program")
        if os.sep in program:
            program = os.path.join(folder, program)
        manifest = os.path.join(folder, self.get_option("manifest"))
        command, more = [program, "inventory", manifest, "--list"], {}
        snapshots = self.get_option("snapshots")
        if snapshots:
            snapshots = os.path.join(folder, snapshots)
            os.makedirs(snapshots, exist_ok=True)
            more["reconcile_snapshots"] = snapshots
            more["reconcile_snapshots_known"] = any(name.endswith(".json") for name in os.listdir(snapshots))
            if more["reconcile_snapshots_known"]:
                command += ["--from", snapshots]
        answer = self.ask(command)

        hostvars = answer.pop("_meta")["hostvars"]
        self.inventory.add_group("reconcile")
        for host, variables in hostvars.items():
            self.inventory.add_host(host, group="reconcile")
            for name, value in variables.items():
                self.inventory.set_variable(host, name, value)
        more.update(reconcile_controller_program=program, reconcile_controller_manifest=manifest)
        for name, value in {**answer.pop("all", {}).get("vars", {}), **more}.items():
            self.inventory.set_variable("all", name, value)
        for group, content in answer.items():
            self.inventory.add_group(group)
            for host in content.get("hosts", []):
                self.inventory.add_host(host, group=group)
            for name, value in content.get("vars", {}).items():
                self.inventory.set_variable(group, name, value)

    def ask(self, command):
        """The answer of the program. A snapshot that cannot be used is a warning."""
        try:
            ran = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
        except OSError as error:
            raise AnsibleParserError(f"{command[0]} did not start: {error.strerror}. Install it on the controller, or name it with `program`.") from error
        if ran.returncode != 0:
            raise AnsibleParserError(f"{' '.join(command)} ended with {ran.returncode}: {ran.stderr.strip()}")
        if ran.stderr.strip():
            self.display.warning(ran.stderr.strip())
        return json.loads(ran.stdout)
