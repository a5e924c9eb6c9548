# Copyright the reconcile maintainers. MIT (see LICENSE-MIT) or Apache-2.0 (see LICENSE-APACHE)
"""Runs the program reconcile and reads its answer."""

from __future__ import annotations

import json

NAMES = {
    0: "at-goal",
    1: "failed",
    2: "drift",
    3: "blocked",
    4: "needs-operator",
    5: "unknown",
    64: "wrong-usage",
    65: "wrong-input",
}

# What every module here needs to know of a server.
OPTIONS = {
    "manifest": {"type": "path", "required": True},
    "server": {"type": "str", "required": True},
    "program": {"type": "path", "default": "reconcile"},
}


def exit_name(code):
    """What the exit code means."""
    return NAMES.get(code, "other")


def ask(module, command, *options):
    """The exit code of the command, its JSON answer if there is one, and what it said besides."""
    program = module.params["program"]
    try:
        code, out, err = module.run_command([program, *command, *options], handle_exceptions=False)
    except OSError as error:
        module.fail_json(msg=f"{program} did not start: {error.strerror}. Install it (reconcile.lync.install), or name it with `program`.")
    try:
        answer = json.loads(out)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        answer = None
    return code, answer, err.strip() or ("" if answer else out.strip()) or f"exit code {code}, and nothing was printed"


def report(module, command, *options):
    """The same, of a command about the server whose answer lists servers: any other answer is none."""
    about = [module.params["manifest"], "--server", module.params["server"], "--output", "json"]
    code, answer, said = ask(module, command, *about, *options)
    return code, answer if answer and isinstance(answer.get("servers"), list) else None, said


def stop(module, code, said, **more):
    """Ends the module where the program gave no answer."""
    module.fail_json(msg=said, exit_code=code, exit_name=exit_name(code), **more)
