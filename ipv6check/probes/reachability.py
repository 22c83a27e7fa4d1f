"""TCP 443 and 80 at every usable address of the listed name and www."""

import asyncio
from dataclasses import replace
from typing import Final

from ipv6check.facts import Evidence, HostReach, NameLookups, PortTries, ReachabilityFacts
from ipv6check.model import Target
from ipv6check.net.api import Net
from ipv6check.scales import Scales
from ipv6check.tries import is_unsettled as is_open
from ipv6check.tries import wants_try

PORTS: Final = (443, 80)


async def look(target: Target, seen: Evidence, net: Net) -> ReachabilityFacts:
    """Complete a handshake with each port of each address; try again only what did not."""
    assert seen.dns is not None
    known = {host.name: host for host in seen.reachability.hosts} if seen.reachability else {}
    hosts = await asyncio.gather(*(_host(name, known.get(name.name), seen, net) for name in seen.dns.names))
    return ReachabilityFacts(hosts=tuple(hosts))


def is_unsettled(seen: Evidence) -> bool:
    """Whether a port failed too seldom to be believed."""
    hosts = seen.reachability.hosts if seen.reachability else ()
    scales = Scales(seen, open_ended=True)
    return any(is_open(scales.port(port)) for host in hosts for port in host.ports)


async def _host(lookups: NameLookups, before: HostReach | None, seen: Evidence, net: Net) -> HostReach:
    known = {(port.address, port.port): port for port in before.ports} if before else {}
    wanted = [
        known.get((address, port)) or PortTries(address=address, port=port) for address in lookups.usable for port in PORTS
    ]
    ports = await asyncio.gather(*(_port(port, lookups.name, seen, net) for port in wanted))
    return HostReach(name=lookups.name, ports=tuple(ports))


async def _port(port: PortTries, name: str, seen: Evidence, net: Net) -> PortTries:
    if port.tries and not wants_try(Scales(seen, open_ended=True).port(port)):
        return port
    tried = await net.connect(port.address, port.port, name=name, again=len(port.tries))
    return replace(port, tries=(*port.tries, tried))
