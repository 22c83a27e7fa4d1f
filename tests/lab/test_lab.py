"""The same city through the real network against servers on sockets, in a namespace: the same verdicts as without sockets."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ipv6check.lab import World, fake_network, load, namespace
from ipv6check.net.tls import build_contexts
from tests.lab.expecting import differences
from tests.lab.observing import Result, observe

pytestmark = pytest.mark.lab

ROOT = Path(__file__).parents[2]
SECONDS = 300
WITHOUT = frozenset() if build_contexts().legacy else frozenset({"WEB-07"})
"""What cannot be seen from here: old versions of TLS, when our own library lacks them."""

OUR_OWN = {"OPS-06"}
"""Checks whose arguments are a matter of the moment."""


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Result]:
    """What came out through sockets."""
    if why := namespace.obstacle():
        pytest.skip(f"no network namespace can be made here: {why}")
    command = [*namespace.UNSHARE, sys.executable, "-m", "tests.lab.in_namespace", str(tmp_path_factory.mktemp("lab"))]
    child = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert child.returncode == 0, child.stderr
    return {domain: Result(**plain) for domain, plain in json.loads(child.stdout).items()}


@pytest.fixture(scope="module")
def fake(city: World, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Result]:
    """What came out without."""
    return asyncio.run(observe(city, fake_network(city), spacing=0, directory=tmp_path_factory.mktemp("data")))


@pytest.mark.parametrize("domain", [agency.domain for agency in load().agencies])
def test_sockets_give_the_verdicts_of_the_catalogue(domain: str, city: World, real: dict[str, Result]) -> None:
    assert differences(city.agency(domain), real[domain], WITHOUT) == []


@pytest.mark.parametrize("domain", [agency.domain for agency in load().agencies])
def test_sockets_and_fake_agree_on_everything(domain: str, real: dict[str, Result], fake: dict[str, Result]) -> None:
    one, other = _comparable(real[domain]), _comparable(fake[domain])
    assert one == other


def _comparable(result: Result) -> dict[str, object]:
    plain = result.plain()
    plain["arguments"] = {id_: args for id_, args in plain["arguments"].items() if id_ not in OUR_OWN}
    for by_check in (plain[name] for name in ("outcomes", "reasons", "cases", "arguments")):
        for id_ in WITHOUT:
            by_check.pop(id_, None)
    plain["arguments"] = {id_: _in_order(args) for id_, args in plain["arguments"].items()}
    compared: dict[str, object] = json.loads(json.dumps(plain))
    return compared


def _in_order(args: dict[str, Any]) -> dict[str, Any]:
    """Arguments with every list sorted: servers give records in any order."""
    return {name: sorted(value) if isinstance(value, (list, tuple)) else value for name, value in args.items()}
