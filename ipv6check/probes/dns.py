"""The listed name and www through the validating resolver, the zone they lie in, and the records beside them."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Final

from ipv6check.addressing import Address
from ipv6check.facts import Answer, AuthorityFacts, DnsFacts, DnsTry, Evidence, Lookup, NameLookups, family_of
from ipv6check.model import Target
from ipv6check.net.api import Net
from ipv6check.probes import delegation, records
from ipv6check.tries import DEFINITIVE_TRIES

CHAIN_LIMIT: Final = 16
SEEN_TWICE: Final = frozenset({"HTTPS", "CAA"})
"""Types whose records may be held against somebody as they are: where nothing vouches for them they are asked for twice."""


async def look(target: Target, seen: Evidence, net: Net) -> DnsFacts:
    """Look up A and AAAA of the listed name and www, and climb to the zone; ask again only what is not settled."""
    before = seen.dns
    listed, www = await asyncio.gather(
        _name(target.domain, before.listed if before else None, seen, net, target.address),
        _name(f"www.{target.domain}", before.www if before else None, seen, net),
    )
    facts = replace(before, listed=listed, www=www) if before is not None else DnsFacts(listed=listed, www=www)
    if facts.zone:
        lookups = [await _again(known, seen, net) if known.name == facts.zone else known for known in facts.zone_lookups]
        facts = replace(facts, zone_lookups=tuple(lookups))
    else:
        zone, zone_lookups = await delegation.find_zone(target.domain, net, facts.zone_lookups)
        unanswered = [name.name for name in (listed, www) if name.aaaa.answer is None and name.a.answer is None]
        chain = [link for name in unanswered for link in await _chain(name, net)]
        facts = replace(facts, zone=zone, zone_lookups=zone_lookups, chain=tuple(chain))
    return await records.look(facts, net, lambda lookup: _wants_try(lookup, seen))


def is_unsettled(seen: Evidence) -> bool:
    """Whether a look-up of a name, its records or its zone failed too seldom, or a missing AAAA was seen only once."""
    facts = seen.dns
    if facts is None:
        return False
    lookups = [facts.listed.aaaa, facts.listed.a, facts.www.aaaa, facts.www.a, *records.lookups(facts)]
    lookups += [lookup for lookup in facts.zone_lookups if lookup.name == facts.zone]
    return not facts.zone or any(_wants_try(lookup, seen) for lookup in lookups)


async def _name(name: str, before: NameLookups | None, seen: Evidence, net: Net, address: str = "") -> NameLookups:
    if address:
        return _as_if_published(name, address, net)
    known = before or delegation.not_asked(name)
    aaaa, a = await asyncio.gather(*(_again(lookup, seen, net) for lookup in (known.aaaa, known.a)))
    return replace(known, aaaa=aaaa, a=a)


async def _again(lookup: Lookup, seen: Evidence, net: Net) -> Lookup:
    return await delegation.ask(lookup, net) if _wants_try(lookup, seen) else lookup


def _wants_try(lookup: Lookup, seen: Evidence) -> bool:
    """Whether to ask (again): never asked, no answer that says something yet, or "no AAAA" heard from one side only."""
    said = [t.answer for t in lookup.tries if t.answer is not None and t.answer.speaks]
    wanted = seen.run.tries if seen.run else 1
    if any(answer.records for answer in said):
        is_vouched_for = lookup.type not in SEEN_TWICE or said[-1].authenticated
        return not is_vouched_for and len(said) < min(wanted, DEFINITIVE_TRIES)
    if not said:
        refused = sum(t.answer is not None and t.answer.rcode == "SERVFAIL" for t in lookup.tries)
        return refused < min(wanted, DEFINITIVE_TRIES) if lookup.is_bogus else len(lookup.tries) < wanted
    if not _matters(lookup, seen):
        return False
    return len(said) < min(wanted, DEFINITIVE_TRIES) and not _agreed(lookup, seen.authority)


def _matters(lookup: Lookup, seen: Evidence) -> bool:
    """Whether a missing AAAA would be held against somebody: at the listed name, at a www that has A, where HTTPS leads."""
    facts = seen.dns
    if lookup.type != "AAAA":
        return False
    if facts is None or lookup.name == facts.listed.name:
        return True
    if lookup.name == facts.www.name:
        return bool(facts.www.a.addresses)
    return lookup.name in {target.name for target in facts.https_targets}


def _agreed(lookup: Lookup, authority: AuthorityFacts | None) -> bool:
    """Whether name servers said themselves that there is none: an alias alone leaves that to where it leads."""
    answers: list[Answer] = [
        try_.answer
        for asked in (authority.answers if authority else ())
        if asked.name == lookup.name and asked.type == lookup.type
        for try_ in asked.tries
        if try_.answer is not None and try_.answer.speaks and try_.answer.authoritative
    ]
    return any(not answer.aliases for answer in answers) and not any(answer.records for answer in answers)


async def _chain(name: str, net: Net) -> list[Lookup]:
    """Follow CNAME by CNAME what the resolver would not: a loop, or a chain that is too long."""
    links: list[Lookup] = []
    while len(links) < CHAIN_LIMIT and name not in {link.name for link in links}:
        link = await delegation.ask(Lookup(name=name, type="CNAME"), net)
        if link.answer is None or not link.answer.records:
            break
        links.append(link)
        name = link.answer.names[0]
    return links


def _as_if_published(name: str, address: str, net: Net) -> NameLookups:
    """The look-ups as they would be if this address were the name's only one: for a server before the switch."""
    published = ip_address(address)

    def made(rdtype: str, wanted: int) -> Lookup:
        records = (address,) if family_of(published) == wanted else ()
        return Lookup(name=name, type=rdtype, tries=(_pretend(published, records),))

    return NameLookups(name=name, aaaa=made("AAAA", 6), a=made("A", 4))


def _pretend(server: Address, records: tuple[str, ...]) -> DnsTry:
    now = datetime.now(UTC)
    return DnsTry(start=now, end=now, server=server, answer=Answer(rcode="NOERROR", records=records))
