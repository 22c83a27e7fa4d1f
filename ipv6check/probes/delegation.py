"""Zones and who serves them: the climb to a zone's apex, and the parent's side of a delegation."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from typing import Final

from ipv6check.addressing import Address
from ipv6check.facts import DnsTry, Evidence, Lookup, NameLookups, is_within
from ipv6check.net.api import Net
from ipv6check.scales import leads_down

SERVERS_TRIED: Final = 3
"""So many servers of a parent zone are asked until one says something."""


async def ask(lookup: Lookup, net: Net, tries: int = 1) -> Lookup:
    """Ask the resolver once more, and where it does not answer until it was asked `tries` times.

    What it was asked before by anybody, the run remembers: only the last of the tries of a later look is sent.
    """
    lookup = await _ask_once(lookup, net)
    while lookup.answer is None and len(lookup.tries) < tries:
        lookup = await _ask_once(lookup, net)
    return lookup


async def _ask_once(lookup: Lookup, net: Net) -> Lookup:
    """Ask the resolver; when it says SERVFAIL, also with CD=1: bogus and dead look alike otherwise."""
    tried = await net.lookup(lookup.name, lookup.type, again=len(lookup.tries))
    lookup = replace(lookup, tries=(*lookup.tries, tried))
    if tried.answer is not None and tried.answer.rcode == "SERVFAIL" and not lookup.is_bogus:
        again = len(lookup.unchecked)
        unchecked = await net.lookup(lookup.name, lookup.type, checking_disabled=True, again=again)
        lookup = replace(lookup, unchecked=(*lookup.unchecked, unchecked))
    return lookup


def wants_answer(lookup: Lookup, seen: Evidence) -> bool:
    """Whether a look-up has no answer yet and may be tried again."""
    return lookup.answer is None and len(lookup.tries) < (seen.run.tries if seen.run else 1)


async def ask_until_answered(lookup: Lookup, seen: Evidence, net: Net) -> Lookup:
    """Ask the resolver, unless it has answered or was asked often enough."""
    return await ask(lookup, net) if wants_answer(lookup, seen) else lookup


def not_asked(name: str) -> NameLookups:
    """A and AAAA of a name, before they are asked for."""
    return NameLookups(name=name, aaaa=Lookup(name=name, type="AAAA"), a=Lookup(name=name, type="A"))


async def look_up(name: str, net: Net, tries: int = 1) -> NameLookups:
    """Look up A and AAAA of a name."""
    lookups = not_asked(name)
    aaaa, a = await asyncio.gather(ask(lookups.aaaa, net, tries), ask(lookups.a, net, tries))
    return replace(lookups, aaaa=aaaa, a=a)


async def find_zone(name: str, net: Net, before: Sequence[Lookup] = (), tries: int = 1) -> tuple[str, tuple[Lookup, ...]]:
    """Climb from a name to the apex of its zone (RFC 1034): the owner of the SOA that speaks for it, "" when none does.

    Where a delegation exists but no server answers, the parent's servers tell it. What is not answered is asked for `tries`
    times, as in `ask`.
    """
    lookups = {lookup.name: lookup for lookup in before}
    asked: list[Lookup] = []
    silent = ""
    for candidate in ancestors(name):
        lookup = await ask(lookups.get(candidate, Lookup(name=candidate, type="SOA")), net, tries)
        asked.append(lookup)
        if lookup.answer is None:
            silent = silent or candidate
            continue
        zone = lookup.answer.soa
        if not zone or not is_within(name, zone) or (lookup.answer.aliases and zone != candidate):
            continue
        if silent and (deeper := await _delegated(silent, zone, net, tries)):
            zone = deeper
        elif zone != candidate:
            asked.append(await ask(Lookup(name=zone, type="SOA"), net, tries))
        return zone, tuple(asked)
    return "", tuple(asked)


async def _delegated(name: str, parent: str, net: Net, tries: int) -> str:
    """The zone below `parent` that its servers refer to for a name, "" when they know of none."""
    referred = await at_parent(name, parent, net, tries)
    referral = referred.answer.referral if referred is not None and referred.answer is not None else ""
    return referral if referral and referral != parent and is_within(name, referral) else ""


async def at_parent(zone: str, parent: str, net: Net, tries: int = 1) -> DnsTry | None:
    """Ask a server of the parent for the zone's NS set, without recursion; None when there is no server to ask.

    Where none of them says anything they are asked `tries` times, as in `ask`.
    """
    tried, servers = None, (await servers_of(parent, net, tries))[:SERVERS_TRIED]
    for again, (host, server) in product(range(tries), servers):
        tried = await net.ask(server, zone, "NS", host=host, again=again)
        answer = tried.answer
        if answer is not None and answer.speaks and (answer.authoritative or leads_down(answer, zone, parent)):
            break
    return tried


async def servers_of(zone: str, net: Net, tries: int = 1) -> list[tuple[str, Address]]:
    """The usable addresses of a zone's name servers as (host, address), IPv6 and IPv4 in turn."""
    if zone == ".":
        return [("", server) for server in net.root_servers]
    names = await ask(Lookup(name=zone, type="NS"), net, tries)
    hosts = await asyncio.gather(*(look_up(host, net, tries) for host in host_names(names)))
    by_family = [[(host.name, a) for host in hosts for a in host.of_family(family)] for family in (6, 4)]
    mixed = [pair for both in zip(*by_family, strict=False) for pair in both]
    return mixed + [pair for pairs in by_family for pair in pairs if pair not in mixed]


def host_names(lookup: Lookup) -> tuple[str, ...]:
    """The names in an NS answer, in a fixed order."""
    answer = lookup.answer
    return tuple(sorted(set(answer.names))) if answer else ()


def ancestors(name: str) -> list[str]:
    """The name and every name above it, without the root."""
    labels = name.split(".")
    return [".".join(labels[i:]) for i in range(len(labels))]


def parent_name(name: str) -> str:
    """The name one label up; "." above a top-level name."""
    return name.partition(".")[2] or "."
