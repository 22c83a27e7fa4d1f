"""Runs functions of a test module in a network namespace without uplink, where public-looking addresses are our own.

The parent starts one child a module (`python -m tests.net.inside tests.net.test_x`) and sends it the names of functions;
the child answers with what they return, as JSON, or with its traceback. Also what nobody would see fails a call: a task's
lost exception, an unclosed socket.
"""

import asyncio
import gc
import importlib
import inspect
import json
import logging
import os
import select
import socket
import subprocess
import sys
import tempfile
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pyroute2 import IPRoute

LOCAL_TABLE = 255
PREFIXES = ("2400::/16", "11.0.0.0/8")
OURS = ("2400:ffff::1", "11.255.0.1")
"""The prefixes that are local in the namespace; the addresses that packets of ours come from."""

UNSHARE = ("unshare", "-Urnm")
UNSHARE_AS_ROOT = ("unshare", "-nm")
ROOT = Path(__file__).parents[2]


class InsideError(Exception):
    """What a function in the namespace raised, told by its traceback."""


# The parent's side


def way_in() -> tuple[str, ...]:
    """How a namespace is made here; empty when it cannot be."""
    for command in (UNSHARE, UNSHARE_AS_ROOT):
        try:
            if subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0:
                return command
        except OSError:
            return ()
    return ()


class Namespace:
    """A child in a namespace of its own. Call it with the name of a function and its arguments (plain values)."""

    def __init__(self, module: str) -> None:
        self._module = module
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the child
        command = [*way_in(), sys.executable, "-X", "faulthandler", "-m", "tests.net.inside", module]
        self._child = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log, text=True
        )

    def __call__(self, function: str, *args: Any, timeout: float = 120.0) -> Any:
        """Run a function of the module in the namespace and return its result. Raises InsideError."""
        assert self._child.stdin
        assert self._child.stdout
        try:
            self._child.stdin.write(json.dumps([function, args]) + "\n")
            self._child.stdin.flush()
        except BrokenPipeError:
            raise InsideError(f"{self._module}: the child is gone\n{self._said()}") from None
        if not select.select([self._child.stdout], [], [], timeout)[0]:
            self._child.kill()
            raise InsideError(f"{function}: nothing after {timeout} s\n{self._said()}")
        line = self._child.stdout.readline()
        if not line:
            raise InsideError(f"{function}: the child died\n{self._said()}")
        outcome = json.loads(line)
        if "error" in outcome:
            raise InsideError(f"{function}{args}\n{outcome['error']}\n{self._said()}")
        return outcome["value"]

    def close(self) -> None:
        """End the child."""
        assert self._child.stdin
        assert self._child.stdout
        self._child.stdin.close()
        try:
            self._child.wait(10)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        self._child.stdout.close()
        self._log.close()

    def _said(self) -> str:
        self._log.seek(0)
        return self._log.read().decode(errors="replace")[-8000:]


# The child's side


def prepare() -> None:
    """Bring the loopback interface up and make our prefixes local."""
    interfaces = {name for _, name in socket.if_nameindex()}
    with IPRoute() as netlink:
        index = netlink.link_lookup(ifname="lo")[0]
        others = [link for link in netlink.get_links() if link["index"] != index and link["state"] == "up"]
        if others:
            raise SystemExit(f"not isolated: {interfaces}")
        netlink.link("set", index=index, state="up")
        for address in OURS:
            netlink.addr("replace", index=index, address=address, prefixlen=128 if ":" in address else 32)
    for prefix in PREFIXES:
        make_local(prefix)


def make_local(prefix: str) -> None:
    """Let every address of a prefix be our own, and packets to them come from one address of ours."""
    family, more = (socket.AF_INET6, {}) if ":" in prefix else (socket.AF_INET, {"scope": "host", "prefsrc": OURS[1]})
    with IPRoute() as netlink:
        index = netlink.link_lookup(ifname="lo")[0]
        netlink.route("replace", dst=prefix, family=family, type="local", table=LOCAL_TABLE, oif=index, **more)


def run(function: Callable[..., Any], *args: Any) -> Any:
    """Run a function (on a loop of its own when it is async), and raise what was lost on the way as well."""
    lost: list[str] = []
    sys.unraisablehook = lambda hook: lost.append(f"{hook.err_msg}: {hook.exc_value!r} in {hook.object!r}")

    def note(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        lost.append(f"{context.get('message')}: {context.get('exception')!r} {context}")

    if inspect.iscoroutinefunction(function):
        with asyncio.Runner() as runner:
            runner.get_loop().set_exception_handler(note)
            value = runner.run(function(*args))
            gc.collect()
    else:
        value = function(*args)
    gc.collect()
    if lost:
        raise AssertionError("\n".join(lost))
    return value


def serve(module: str) -> None:
    """Answer the parent's calls until it closes the pipe."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    warnings.simplefilter("error")
    logging.basicConfig(level=logging.ERROR)
    prepare()
    functions = importlib.import_module(module)
    for line in sys.stdin:
        name, args = json.loads(line)
        try:
            outcome = {"value": run(getattr(functions, name), *args)}
            text = json.dumps(outcome)
        except BaseException:
            text = json.dumps({"error": traceback.format_exc()})
        answers.write(text + "\n")
        answers.flush()


if __name__ == "__main__":
    serve(sys.argv[1])
