"""A look at ourselves: do canaries answer by each family, do root servers, is the resolver honest, is the clock right?"""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from ipv6check.addressing import Address, is_usable
from ipv6check.facts import (
    FAMILIES,
    Canary,
    DnsTry,
    FalseCertificate,
    Family,
    TcpTry,
    VantageFacts,
    When,
    false_certificate,
    family_of,
)
from ipv6check.model import FailureKind
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


async def look(controls: Controls, net: Net, when: When, number: int) -> VantageFacts:
    """Take one sample; `number` counts the samples of the run. HTTPS is spoken and the clock compared before and after only."""
    start = datetime.now(UTC)
    canaries = asyncio.gather(*(_canary(host, net, number, when != "during") for host in controls.canaries))
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


async def _canary(host: str, net: Net, number: int, talks: bool) -> Canary:
    lookups = await asyncio.gather(*(net.lookup(host, rdtype, again=number) for rdtype in ("AAAA", "A")))
    found = [next(filter(is_usable, try_.answer.addresses), None) if try_.answer else None for try_ in lookups]
    of_aaaa = lookups[0].answer
    is_without_aaaa = of_aaaa is not None and of_aaaa.rcode == "NOERROR" and not of_aaaa.addresses
    v6, v4 = await asyncio.gather(*(_connect(net, address, host, number) for address in found))
    canary = Canary(host=host, v6=v6, v4=v4, is_without_aaaa=is_without_aaaa)
    if not talks:
        return canary
    by_v6, by_v4 = await asyncio.gather(*(_talk(net, host, tried, number) for tried in (v6, v4)))
    return replace(
        canary,
        v6_talks=by_v6.goes_on,
        v4_talks=by_v4.goes_on,
        v6_false=by_v6.false,
        v4_false=by_v4.false,
        clock_offset=by_v6.clock_offset if by_v6.clock_offset is not None else by_v4.clock_offset,
    )


async def _connect(net: Net, address: Address | None, host: str, number: int) -> TcpTry | None:
    if address is None:
        return None
    return await net.connect(address, HTTPS, name=host, again=number)


@dataclass(frozen=True, slots=True)
class _Talk:
    """Whether HTTPS goes on after the handshake; the certificate, when it is no good; the seconds that its clock is ahead of
    ours."""

    goes_on: bool | None = None
    false: FalseCertificate | None = None
    clock_offset: float | None = None


async def _talk(net: Net, host: str, tried: TcpTry | None, number: int) -> _Talk:
    if tried is None or tried.failure is not None:
        return _Talk()
    fetch, certificates = await net.fetch(Url("https", host), tried.address, again=number)
    false = false_certificate(fetch.tls, certificates)
    if not fetch.answered:
        is_stalled = fetch.failure is not None and fetch.failure.kind is FailureKind.TIMEOUT
        return _Talk(False if is_stalled else None, false)
    try:
        date = parsedate_to_datetime(fetch.header("date") or "")
        return _Talk(True, false, (date - fetch.end).total_seconds() + HALF_A_SECOND)
    except (ValueError, TypeError):
        return _Talk(True, false)


async def _roots(net: Net, family: Family, number: int) -> Sequence[DnsTry]:
    servers = [server for server in net.root_servers if family_of(server) == family]
    asked = random.sample(servers, min(ROOTS_ASKED, len(servers)))
    return await asyncio.gather(
        *(net.ask(server, ".", "SOA", transport=way, again=number) for server in asked for way in ("udp", "tcp"))
    )
