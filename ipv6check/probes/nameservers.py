"""A zone's name servers: the delegation at the parent, the zone's own NS set, and what every address answers."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from typing import Final, Literal

from ipv6check.addressing import Address
from ipv6check.facts import (
    DnsTry,
    Evidence,
    Iteration,
    Lookup,
    NameserverFacts,
    NameserverHost,
    ServerTries,
    is_within,
)
from ipv6check.model import Target
from ipv6check.net.api import Net
from ipv6check.probes import delegation
from ipv6check.probes.asking import answering_servers, ask_all, doubtful, questions
from ipv6check.probes.iteration import Iterator, wants_better
from ipv6check.scales import Scales
from ipv6check.tries import is_unsettled as is_open
from ipv6check.tries import wants_try

HOSTS_LOOKED_AT: Final = 13
ADDRESSES_PER_HOST: Final = 4
FOREIGN_NAME: Final = "www.example.com"
"""A name that is nobody's here: who resolves it for us resolves for strangers."""

Transport = Literal["udp", "tcp"]


async def look(target: Target, seen: Evidence, net: Net) -> NameserverFacts:
    """Look at the name servers of the target's zone; ask again only what is not settled."""
    assert seen.dns is not None
    return await look_at_zone(seen.dns.zone, seen.nameservers, Scales(seen, open_ended=True), net)


def is_unsettled(seen: Evidence) -> bool:
    """Whether a server failed too seldom to be believed, or was not named or its name not resolved."""
    return seen.nameservers is not None and is_zone_unsettled(seen.nameservers, Scales(seen, open_ended=True))


async def look_at_zone(zone: str, before: NameserverFacts | None, scales: Scales, net: Net) -> NameserverFacts:
    """Look at the name servers of one zone, going on from an earlier pass."""
    facts = before or NameserverFacts(zone=zone)
    if not _is_told(facts):
        facts = await _delegation(facts, net)
    hosts = await asyncio.gather(*(_host(host, zone, scales, net) for host in facts.hosts))
    facts = replace(facts, hosts=tuple(hosts))
    servers = answering_servers(facts, scales)
    wanted = [
        *questions(servers, zone, "NS", purpose="ns"),
        *questions(servers, zone, "SOA", purpose="edns"),
        *questions(servers, FOREIGN_NAME, "A", purpose="recursion"),
    ]
    asked = await ask_all(wanted, facts.asked, net, scales.reply, scales)
    outside = await _outside(facts, scales, net)
    return replace(facts, asked=asked, outside=outside, glue_over_tcp=await _glue_over_tcp(facts, net))


def is_zone_unsettled(facts: NameserverFacts, scales: Scales) -> bool:
    """Whether another pass over a zone's servers could tell more."""
    if facts.child is not None and len(facts.child.tries) < scales.wanted and not _is_told(facts):
        return True
    lookups = [lookup for host in facts.hosts for lookup in (host.lookups.aaaa, host.lookups.a)]
    if any(len(lookup.tries) < scales.wanted and lookup.answer is None for lookup in lookups):
        return True
    servers = [asked for host in facts.hosts for asked in host.soa]
    if any(is_open(scales.soa(asked)) or scales.is_doubtful_once(asked.tries) for asked in servers):
        return True
    if doubtful(facts.asked, scales) or any(is_open(scales.reply(asked)) for asked in facts.asked):
        return True
    return any(is_iteration_unsettled(iteration, scales) for iteration in facts.outside)


def is_iteration_unsettled(iteration: Iteration, scales: Scales) -> bool:
    """Whether the zone that could not be passed was tried too seldom to be believed."""
    last = iteration.steps[-1] if iteration.broken and iteration.steps else None
    return last is not None and any(is_open(scales.referral(asked)) or wants_better(asked, scales) for asked in last.asked)


def _is_told(facts: NameserverFacts) -> bool:
    """Whether the zone and its parent have said which servers it has."""
    return bool(facts.hosts) and facts.child is not None and facts.child.answer is not None and _is_told_above(facts)


def _is_told_above(facts: NameserverFacts) -> bool:
    answer = facts.delegation.answer if facts.delegation else None
    if answer is None or not answer.speaks:
        return facts.zone == "."
    return answer.authoritative or answer.referral == facts.zone


async def _delegation(facts: NameserverFacts, net: Net) -> NameserverFacts:
    """Ask the zone and its parent for its name servers; again for what was not told. The tries of `child` count these looks."""
    zone, parent, tried = facts.zone, facts.parent, facts.delegation
    child = await delegation.ask(facts.child or Lookup(name=zone, type="NS"), net)
    if not _is_told_above(facts):
        tries = len(child.tries)
        parent, _ = await delegation.find_zone(delegation.parent_name(zone), net, tries=tries)
        tried = await delegation.at_parent(zone, parent, net, tries) if parent else None
    from_parent = _parent_set(tried, zone)
    from_child = delegation.host_names(child)
    names = tuple(dict.fromkeys((*from_child, *from_parent)))
    known = {host.name: host for host in facts.hosts}
    hosts = (known.get(name, NameserverHost(name=name, lookups=delegation.not_asked(name))) for name in names)
    return replace(
        facts,
        parent=parent,
        from_parent=from_parent,
        from_child=from_child,
        delegation=tried,
        child=child,
        hosts=tuple(islice(hosts, HOSTS_LOOKED_AT)),
        over_cap=max(0, len(names) - HOSTS_LOOKED_AT),
    )


def _parent_set(tried: DnsTry | None, zone: str) -> tuple[str, ...]:
    """The NS names the parent's server gave: in a referral, or in an answer where it serves both zones."""
    answer = tried.answer if tried else None
    if answer is None:
        return ()
    if answer.referral == zone:
        return tuple(sorted(answer.referral_servers))
    return tuple(sorted(answer.names))


async def _glue_over_tcp(facts: NameserverFacts, net: Net) -> DnsTry | None:
    """Ask the parent's server once more, over TCP, when AAAA glue is missing: a reply over UDP may leave some out."""
    tried = facts.delegation
    if facts.glue_over_tcp is not None or tried is None or tried.answer is None or not tried.answer.referral:
        return facts.glue_over_tcp
    glued = {host for host, text in tried.answer.glue if ":" in text}
    lacking = [
        host
        for host in facts.hosts
        if host.name in facts.from_parent
        and is_within(host.name, facts.zone)
        and host.lookups.of_family(6)
        and host.name not in glued
    ]
    return await net.ask(tried.server, facts.zone, "NS", transport="tcp") if lacking else None


async def _outside(facts: NameserverFacts, scales: Scales, net: Net) -> tuple[Iteration, ...]:
    """Resolve the servers whose names lie outside the zone by IPv6 alone."""
    names = [host.name for host in facts.hosts if not is_within(host.name, facts.zone)]
    iterator = Iterator(net, scales, facts.outside)
    return tuple(await asyncio.gather(*(iterator.resolve(name, "AAAA") for name in names)))


async def _host(host: NameserverHost, zone: str, scales: Scales, net: Net) -> NameserverHost:
    aaaa, a = await asyncio.gather(*(_look_up(lookup, scales, net) for lookup in (host.lookups.aaaa, host.lookups.a)))
    host = replace(host, lookups=replace(host.lookups, aaaa=aaaa, a=a))
    known = {(asked.server, asked.transport): asked for asked in host.soa}
    transports: Sequence[Transport] = ("udp", "tcp")
    wanted: list[tuple[Address, Transport]] = [
        (address, transport)
        for family in (6, 4)
        for address in host.lookups.of_family(6 if family == 6 else 4)[:ADDRESSES_PER_HOST]
        for transport in transports
    ]
    soa = [_soa(known.get(key) or ServerTries(server=key[0], transport=key[1]), host.name, zone, scales, net) for key in wanted]
    return replace(host, soa=tuple(await asyncio.gather(*soa)))


async def _look_up(lookup: Lookup, scales: Scales, net: Net) -> Lookup:
    """Ask for a server's addresses; that it has none is to be heard twice, before that is held against the zone."""
    for _ in range(scales.definitive):
        if lookup.answer is None or (lookup.is_empty and len(lookup.tries) < scales.definitive):
            lookup = await delegation.ask(lookup, net)
    return lookup


async def _soa(asked: ServerTries, host: str, zone: str, scales: Scales, net: Net) -> ServerTries:
    if asked.tries and not wants_try(scales.soa(asked)) and not scales.is_doubtful_once(asked.tries):
        return asked
    tried = await net.ask(asked.server, zone, "SOA", transport=asked.transport, host=host, again=len(asked.tries))
    return replace(asked, tries=(*asked.tries, tried))
