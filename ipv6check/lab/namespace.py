"""A network namespace without uplink for the world to live in: no packet can leave it, whatever goes wrong inside.

Made with `unshare` (util-linux) and a user namespace, so that it needs no root; set up with netlink, so that it needs no `ip`.
"""

import os
import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NoReturn

from pyroute2 import IPRoute

from ipv6check.facts import family_of
from ipv6check.lab.world import World

UNSHARE: Final = ("unshare", "-Urnm")
"""User, root in it, network, mounts."""

ENTERED: Final = "IPV6LAB_ENTERED"
"""Set in the environment of what was started in a namespace: it is entered once. No setting, hence no name of one."""

LOOPBACK: Final = "lo"
LOCAL_TABLE: Final = 255
ROUTES: Final = ((Path("/proc/net/route"), 0), (Path("/proc/net/ipv6_route"), -1))
"""Where the kernel lists its routes, and the column of the interface."""


class NotIsolatedError(Exception):
    """The servers were about to be run where packets could leave."""


def obstacle() -> str:
    """Say why no namespace can be made here; "" when one can."""
    try:
        tried = subprocess.run([*UNSHARE, "true"], capture_output=True, text=True, check=False)
    except OSError as error:
        return f"cannot run unshare (package util-linux): {error.strerror}"
    return "" if tried.returncode == 0 else tried.stderr.strip() or f"unshare ended with {tried.returncode}"


def can_unshare() -> bool:
    """Whether a namespace can be made here."""
    return not obstacle()


def is_entered() -> bool:
    """Whether this process was started by `enter`."""
    return ENTERED in os.environ


def enter(argv: Sequence[str]) -> NoReturn:
    """Become `argv` in a fresh namespace. Raises NotIsolatedError when this process was started so already, OSError."""
    if is_entered():
        raise NotIsolatedError("already entered: a namespace in a namespace is not meant")
    os.execvpe(UNSHARE[0], [*UNSHARE, *argv], {**os.environ, ENTERED: "1"})


def is_isolated() -> bool:
    """Whether no packet can leave: no route by anything but the loopback interface."""
    return not any(_interfaces_with_routes() - {LOOPBACK})


def require_isolation() -> None:
    """Raise NotIsolatedError when packets could leave."""
    if not is_isolated():
        raise NotIsolatedError("the lab runs only in a network namespace without uplink")


def prepare(world: World) -> None:
    """Bring the loopback interface up and make the world's prefixes local, with an address of each family for ourselves.

    To be called while no event loop runs: netlink has one of its own. Raises NotIsolatedError.
    """
    require_isolation()
    with IPRoute() as netlink:
        index = netlink.link_lookup(ifname=LOOPBACK)[0]
        netlink.link("set", index=index, state="up")
        for prefix in world.prefixes:
            family = socket.AF_INET6 if family_of(prefix.network_address) == 6 else socket.AF_INET
            scope = {"scope": "host"} if family == socket.AF_INET else {}
            netlink.route("replace", dst=str(prefix), family=family, type="local", table=LOCAL_TABLE, oif=index, **scope)
        for address in (world.vantage.v6(1), world.vantage.v4(1)):
            netlink.addr("replace", index=index, address=str(address), prefixlen=address.max_prefixlen)


def _interfaces_with_routes() -> set[str]:
    found = set()
    for path, column in ROUTES:
        try:
            lines = path.read_text(encoding="ascii").splitlines()
        except FileNotFoundError:
            continue
        found |= {line.split()[column] for line in lines if line.strip() and not line.startswith("Iface")}
    return found
