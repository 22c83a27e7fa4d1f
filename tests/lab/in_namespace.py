"""Run inside a namespace, by hand or by test_lab: serves the city and looks at it through the real network.

    unshare -Urnm python -m tests.lab.in_namespace FOLDER [DOMAIN ...]

prints what came out, as JSON.
"""

import asyncio
import json
import sys
from collections.abc import Sequence
from ipaddress import ip_address
from pathlib import Path

from ipv6check.lab import load, namespace
from ipv6check.lab.paper import RESOLVER
from ipv6check.lab.servers import running
from ipv6check.net.network import Network, NetworkSettings
from ipv6check.net.pace import PaceLimits
from ipv6check.net.roots import read_roots
from tests.lab.observing import Result, observe

SPACING = 0.2
NO_GENTLENESS = PaceLimits(
    connections_per_address=8, connections_per_prefix=16, new_per_second=100.0, queries_per_second=1000.0
)


async def look(directory: Path, domains: Sequence[str]) -> dict[str, Result]:
    """Serve the city and look at it."""
    world = load()
    async with running(world, directory) as lab:
        settings = NetworkSettings(
            resolvers=(ip_address(RESOLVER),),
            root_servers=read_roots(lab.root_hints),
            ca_file=str(lab.ca_file),
            pace=NO_GENTLENESS,
        )
        return await observe(world, Network(settings), SPACING, lab.data, domains)


def main(directory: str, *domains: str) -> None:
    """Prepare this namespace, look, print."""
    namespace.prepare(load())
    results = asyncio.run(look(Path(directory), domains))
    json.dump({domain: result.plain() for domain, result in results.items()}, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
