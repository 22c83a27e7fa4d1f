"""The records beside the addresses, through the resolver: MX, HTTPS, CAA, and whether any name at all is answered."""

import asyncio
import secrets
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

from ipv6check.facts import DnsFacts, Lookup, NameLookups, plain_name
from ipv6check.net.api import Net
from ipv6check.probes import delegation

MAIL_HOSTS: Final = 10
"""Mail servers looked at, at most."""

ALIAS_MODE: Final = "0"

WantsTry = Callable[[Lookup], bool]


async def look(facts: DnsFacts, net: Net, wants_try: WantsTry) -> DnsFacts:
    """Add what is not known yet; ask again what is not settled."""
    names = [name.name for name in facts.names]
    caa = dict.fromkeys(candidate for name in names for candidate in delegation.ancestors(name))
    known = {(lookup.name, lookup.type): lookup for lookup in lookups(facts)}

    async def ask(name: str, rdtype: str) -> Lookup:
        lookup = known.get((name, rdtype), Lookup(name=name, type=rdtype))
        return await delegation.ask(lookup, net) if wants_try(lookup) else lookup

    async def ask_all(wanted: Iterable[str], rdtype: str) -> tuple[Lookup, ...]:
        return tuple(await asyncio.gather(*(ask(name, rdtype) for name in wanted)))

    async def addresses(wanted: Iterable[str]) -> tuple[NameLookups, ...]:
        both = [asyncio.gather(ask(name, "AAAA"), ask(name, "A")) for name in wanted]
        return tuple(NameLookups(name=aaaa.name, aaaa=aaaa, a=a) for aaaa, a in await asyncio.gather(*both))

    random_name = facts.wildcard.name if facts.wildcard else f"{secrets.token_hex(8)}.{facts.listed.name}"
    mx, https, climbed, wildcard = await asyncio.gather(
        ask(facts.listed.name, "MX"), ask_all(names, "HTTPS"), ask_all(caa, "CAA"), addresses([random_name])
    )
    return replace(
        facts,
        mx=mx,
        mail_hosts=await addresses(mail_hosts(mx)),
        https=https,
        https_targets=await addresses(_alias_targets(https)),
        caa=climbed,
        wildcard=wildcard[0],
    )


def lookups(facts: DnsFacts) -> list[Lookup]:
    """Every look-up of these records, in a fixed order."""
    named = (*facts.mail_hosts, *facts.https_targets, *((facts.wildcard,) if facts.wildcard else ()))
    return [
        *((facts.mx,) if facts.mx else ()),
        *facts.https,
        *facts.caa,
        *(lookup for name in named for lookup in (name.aaaa, name.a)),
    ]


def mail_hosts(mx: Lookup) -> tuple[str, ...]:
    """The hosts of an MX set, in a fixed order; a null MX (RFC 7505) is none."""
    answer = mx.answer
    hosts = {plain_name(record.split()[-1]) for record in answer.records} if answer else set()
    return tuple(sorted(hosts - {""}))[:MAIL_HOSTS]


def _alias_targets(https: Iterable[Lookup]) -> tuple[str, ...]:
    """The names that HTTPS records in AliasMode (RFC 9460 2.4.2) lead to."""
    records = [record.split() for lookup in https if lookup.answer for record in lookup.answer.records]
    return tuple(dict.fromkeys(plain_name(words[1]) for words in records if words[0] == ALIAS_MODE and plain_name(words[1])))
