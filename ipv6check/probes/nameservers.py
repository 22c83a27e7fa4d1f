"""A zone's name servers: the delegation at the parent, the zone's own NS set, and an SOA answer from every address."""

import asyncio
from dataclasses import replace
from typing import Final, Literal

from ipv6check.addressing import Address
from ipv6check.facts import DnsTry, Evidence, Lookup, NameLookups, NameserverFacts, NameserverHost, ServerTries
from ipv6check.model import Target
from ipv6check.net.api import Net
from ipv6check.probes import delegation
from ipv6check.scales import Scales
from ipv6check.tries import is_unsettled as is_open
from ipv6check.tries import wants_try

HOSTS_LOOKED_AT: Final = 13
ADDRESSES_PER_HOST: Final = 4


async def look(target: Target, seen: Evidence, net: Net) -> NameserverFacts:
    """Look at the name servers of the target's zone; ask again only the servers that did not answer."""
    assert seen.dns is not None
    facts = seen.nameservers or await _delegation(seen.dns.zone, net)
    hosts = await asyncio.gather(*(_host(host, facts.zone, seen, net) for host in facts.hosts))
    return replace(facts, hosts=tuple(hosts))


def is_unsettled(seen: Evidence) -> bool:
    """Whether a server failed too seldom to be believed, or its name was not resolved."""
    facts = seen.nameservers
    if facts is None:
        return False
    scales = Scales(seen, open_ended=True)
    return any(is_open(scales.soa(asked)) or scales.is_slow_once(asked.tries) for host in facts.hosts for asked in host.soa)


async def _delegation(zone: str, net: Net) -> NameserverFacts:
    child = await delegation.ask(Lookup(name=zone, type="NS"), net)
    parent, tried = "", None
    if zone != ".":
        parent, _ = await delegation.find_zone(delegation.parent_name(zone), net)
        tried = await delegation.at_parent(zone, parent, net) if parent else None
    from_parent = _parent_set(tried, zone)
    from_child = delegation.host_names(child)
    names = tuple(dict.fromkeys((*from_child, *from_parent)))
    hosts = await asyncio.gather(*(delegation.look_up(name, net) for name in names[:HOSTS_LOOKED_AT]))
    return NameserverFacts(
        zone=zone,
        parent=parent,
        from_parent=from_parent,
        from_child=from_child,
        delegation=tried,
        child=child,
        hosts=tuple(NameserverHost(name=lookups.name, lookups=lookups) for lookups in hosts),
        over_cap=max(0, len(names) - HOSTS_LOOKED_AT),
    )


def _parent_set(tried: DnsTry | None, zone: str) -> tuple[str, ...]:
    """The NS names the parent's server gave: in a referral, or in an answer where it serves both zones."""
    answer = tried.answer if tried else None
    if answer is None:
        return ()
    if answer.referral == zone:
        return tuple(sorted(answer.referral_servers))
    return tuple(sorted(record.rstrip(".").lower() for record in answer.records))


async def _host(host: NameserverHost, zone: str, seen: Evidence, net: Net) -> NameserverHost:
    if not host.lookups.is_seen:
        host = replace(host, lookups=await _look_up_again(host, net))
    known = {(asked.server, asked.transport): asked for asked in host.soa}
    wanted: list[tuple[Address, Literal["udp", "tcp"]]] = [
        (address, "udp") for family in (6, 4) for address in host.lookups.of_family(family)[:ADDRESSES_PER_HOST]
    ]
    soa = await asyncio.gather(
        *(_soa(known.get(key) or ServerTries(server=key[0], transport=key[1]), host.name, zone, seen, net) for key in wanted)
    )
    return replace(host, soa=tuple(soa))


async def _look_up_again(host: NameserverHost, net: Net) -> NameLookups:
    aaaa, a = host.lookups.aaaa, host.lookups.a
    return replace(
        host.lookups,
        aaaa=aaaa if aaaa.answer else await delegation.ask(aaaa, net),
        a=a if a.answer else await delegation.ask(a, net),
    )


async def _soa(asked: ServerTries, host: str, zone: str, seen: Evidence, net: Net) -> ServerTries:
    scales = Scales(seen, open_ended=True)
    if asked.tries and not wants_try(scales.soa(asked)) and not scales.is_slow_once(asked.tries):
        return asked
    tried = await net.ask(asked.server, zone, "SOA", transport=asked.transport, host=host, again=len(asked.tries))
    return replace(asked, tries=(*asked.tries, tried))
