"""A look at ourselves: do canaries answer by each family, do root servers, is the resolver honest, is the clock right?"""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final, Literal

from ipv6check.addressing import Address, is_usable
from ipv6check.facts import FAMILIES, Canary, DnsTry, Family, TcpTry, VantageFacts, family_of
from ipv6check.net.api import Net
from ipv6check.net.url import Url

HTTPS: Final = 443
ROOTS_ASKED: Final = 3
"""So many root servers of a family are asked, at once: a look must not outlast an outage."""

IPV4_ONLY_NAME: Final = "ipv4only.arpa"
"""A name that has no AAAA record (RFC 7050): whoever gives one makes them of IPv4 addresses (DNS64)."""

HALF_A_SECOND: Final = 0.5
"""HTTP dates are cut to whole seconds: half of one is their mean error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Controls:
    """What to look at: dual-stack HTTPS hosts of different operators, a name that validates, one that must not (or "")."""

    canaries: tuple[str, ...]
    signed_name: str = "."
    bogus_name: str = ""


async def look(controls: Controls, net: Net, when: Literal["before", "during", "after"], number: int) -> VantageFacts:
    """Take one sample; `number` counts the samples of the run. The clock is compared before and after only."""
    start = datetime.now(UTC)
    with_clock = when != "during"
    canaries = asyncio.gather(*(_canary(host, net, number, with_clock) for host in controls.canaries))
    roots = asyncio.gather(*(_roots(net, family, number) for family in FAMILIES))
    signed, bogus, invented, synthetic = await asyncio.gather(
        net.lookup(controls.signed_name, "SOA", again=number),
        _maybe(net, controls.bogus_name, number),
        net.lookup(f"ipv6check-{random.getrandbits(48):012x}", "A", again=number),
        net.lookup(IPV4_ONLY_NAME, "AAAA", again=number),
    )
    return VantageFacts(
        start=start,
        canaries=tuple(await canaries),
        roots=tuple(tried for by_family in await roots for tried in by_family),
        end=datetime.now(UTC),
        when=when,
        signed=signed,
        bogus=bogus,
        random=invented,
        synthetic=synthetic,
    )


async def _maybe(net: Net, name: str, number: int) -> DnsTry | None:
    return await net.lookup(name, "A", again=number) if name else None


async def _canary(host: str, net: Net, number: int, with_clock: bool) -> Canary:
    lookups = await asyncio.gather(*(net.lookup(host, rdtype, again=number) for rdtype in ("AAAA", "A")))
    found = [next(filter(is_usable, try_.answer.addresses), None) if try_.answer else None for try_ in lookups]
    of_aaaa = lookups[0].answer
    is_without_aaaa = of_aaaa is not None and of_aaaa.rcode == "NOERROR" and not of_aaaa.addresses
    v6, v4 = await asyncio.gather(*(_connect(net, address, host, number) for address in found))
    offset = None
    if with_clock:
        answering = next((t.address for t in (v6, v4) if t is not None and t.failure is None), None)
        offset = await _clock_offset(net, host, answering, number) if answering else None
    return Canary(host=host, v6=v6, v4=v4, clock_offset=offset, is_without_aaaa=is_without_aaaa)


async def _connect(net: Net, address: Address | None, host: str, number: int) -> TcpTry | None:
    if address is None:
        return None
    return await net.connect(address, HTTPS, name=host, again=number)


async def _clock_offset(net: Net, host: str, address: Address, number: int) -> float | None:
    """Seconds by which the canary's clock is ahead of ours."""
    fetch, _ = await net.fetch(Url("https", host), address, again=number)
    try:
        date = parsedate_to_datetime(fetch.header("date") or "")
        return (date - fetch.end).total_seconds() + HALF_A_SECOND
    except (ValueError, TypeError):
        return None


async def _roots(net: Net, family: Family, number: int) -> Sequence[DnsTry]:
    servers = [server for server in net.root_servers if family_of(server) == family]
    asked = random.sample(servers, min(ROOTS_ASKED, len(servers)))
    return await asyncio.gather(
        *(net.ask(server, ".", "SOA", transport=way, again=number) for server in asked for way in ("udp", "tcp"))
    )
