# Copyright the reconcile maintainers. MIT (see LICENSE-MIT) or Apache-2.0 (see LICENSE-APACHE)
"""The options that modules have in common."""

from __future__ import annotations


class ModuleDocFragment:
    """What every module needs to know of a server, and what a run follows."""

    DOCUMENTATION = r"""
options:
  manifest:
    description: The path of the manifest on the server, such as C(C:\Program Files\reconcile\manifest.yaml).
    type: path
    required: true
  server:
    description: The server's name in the manifest.
    type: str
    required: true
author: The reconcile maintainers (@reconcile)
"""

    POSIX = r"""
options:
  program:
    description:
      - The path of the program on the server.
      - The default on Windows is C(C:\Program Files\reconcile\reconcile.exe).
    type: path
    default: reconcile
"""

    WINDOWS = r"""
description:
  - The module for Windows PowerShell 5.1, without the prefix in a task. The other one has examples and return values.
options:
  program:
    description: The path of the program on the server.
    type: path
    default: C:\Program Files\reconcile\reconcile.exe
attributes:
  check_mode:
    support: full
    description: As the other module has it.
  diff_mode:
    support: full
    description: As the other module has it.
  platform:
    support: full
    platforms: windows
    description: Windows Server 2016 and later.
"""

    FINGERPRINT = r"""
options:
  fingerprint:
    description: The fingerprint of the manifest that the server must have. A server with another one is refused, and nothing is done.
    type: str
"""

    UPDATE = r"""
options:
  lock_wait:
    description: How long to wait while another run works on the server, such as C(10m). The program's own default is two minutes.
    type: str
  when_blocked:
    description:
      - What to do where the server has to be tried later and nothing is wrong, such as a closed maintenance window, a hold, or a pool that is busy.
      - With V(warn) the task is not failed, and it returns C(waiting).
    type: str
    choices: [fail, warn]
    default: fail
"""

    INFO = r"""
options:
  gather:
    description:
      - V(status) is cheap. It has the boot, the last run, and a run of the scheduled task that is at work.
      - V(snapshot) is everything that was observed, from which C(reconcile drift --from) makes its reports.
    type: str
    choices: [status, snapshot]
    default: status
"""
