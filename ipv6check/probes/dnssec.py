"""A zone's DNSSEC: the DS set, the keys, and what each of its servers signs."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Final, TypeVar

from ipv6check.addressing import Address
from ipv6check.facts import AuthorityTries, DnssecFacts, DnsTry, Evidence, Key, Lookup, NameserverFacts
from ipv6check.model import Target
from ipv6check.net.api import Net
from ipv6check.net.dnssec import SignatureReader, read_keys, read_signers
from ipv6check.probes import delegation
from ipv6check.probes.asking import answering_servers, ask_all, doubtful, questions
from ipv6check.scales import Scales
from ipv6check.tries import State
from ipv6check.tries import is_unsettled as is_open

KEYS_KEPT: Final = 16

_THREAD: Final = ThreadPoolExecutor(1, "dnssec")
"""One for all: several would keep the interpreter from the event loop."""

T = TypeVar("T")


async def look(target: Target, seen: Evidence, net: Net) -> DnssecFacts:
    """Look at the zone's DS at the parent, its keys and signatures at every server; ask again only what is not settled."""
    assert seen.nameservers is not None
    zone, scales = seen.nameservers.zone, Scales(seen, open_ended=True)
    before = seen.dnssec or DnssecFacts(zone=zone)
    servers = answering_servers(seen.nameservers, scales)

    async def ask(wanted: list[AuthorityTries], earlier: Sequence[AuthorityTries] = before.asked) -> tuple[AuthorityTries, ...]:
        return await ask_all(wanted, earlier, net, scales.reply, scales)

    async def look_up(known: Lookup | None, rdtype: str) -> Lookup:
        return await delegation.ask_until_answered(known or Lookup(name=zone, type=rdtype), seen, net)

    known = _soa(seen.nameservers, before, scales)  # asked there; asked here once more, in a later pass, if it is doubtful
    ds, soa, asked = await asyncio.gather(
        look_up(before.ds, "DS"),
        ask(known, earlier=known if before.asked else ()),
        ask(questions(servers, zone, "DNSKEY", purpose="dnskey")),
    )
    lost = [(a.host, a.server) for a in asked if scales.reply(a).state is State.FAILED]
    asked += await ask(questions(lost, zone, "DNSKEY", transport="tcp", purpose="dnskey"))
    keys, cds, cdnskey = await _aside(_keys, asked), before.cds, before.cdnskey
    if keys:
        cds, cdnskey, parameters = await asyncio.gather(
            look_up(cds, "CDS"),
            look_up(cdnskey, "CDNSKEY"),
            ask(questions(servers[:1], zone, "NSEC3PARAM", purpose="nsec3param")),
        )
        asked += parameters
    return DnssecFacts(
        zone=zone,
        ds=ds,
        signers=read_signers(ds.answer, zone, keys) if ds.answer is not None else (),
        keys=keys,
        asked=await signed((*soa, *asked), zone, keys),
        cds=cds,
        cdnskey=cdnskey,
    )


def is_unsettled(seen: Evidence) -> bool:
    """Whether a server or the resolver was silent too seldom to be believed, or said what is doubtful."""
    if seen.dnssec is None:
        return False
    scales = Scales(seen, open_ended=True)
    lookups = (seen.dnssec.ds, seen.dnssec.cds, seen.dnssec.cdnskey)
    if any(lookup is not None and delegation.wants_answer(lookup, seen) for lookup in lookups):
        return True
    return bool(doubtful(seen.dnssec.asked, scales)) or any(is_open(scales.reply(asked)) for asked in seen.dnssec.asked)


async def signed(asked: Sequence[AuthorityTries], zone: str, keys: tuple[Key, ...]) -> tuple[AuthorityTries, ...]:
    """The same tries with their signatures tried."""
    if not keys:
        return tuple(asked)
    reader = SignatureReader(zone, keys)
    return await _aside(lambda: tuple(_signed(a, reader) for a in asked))


async def _aside(work: Callable[..., T], *args: object) -> T:
    """Do it in the thread: large messages and keys would stop everybody."""
    return await asyncio.get_running_loop().run_in_executor(_THREAD, work, *args)


def _signed(asked: AuthorityTries, reader: SignatureReader) -> AuthorityTries:
    def read(tried: DnsTry) -> DnsTry:
        return replace(tried, answer=reader.with_signatures(tried.answer, asked.name)) if tried.answer is not None else tried

    return replace(asked, tries=tuple(read(tried) for tried in asked.tries))


def _soa(facts: NameserverFacts, before: DnssecFacts, scales: Scales) -> list[AuthorityTries]:
    """The good SOA answers of each server address: those looked at in an earlier pass, and what was seen since."""
    known = {asked.server: asked.tries for asked in before.asked if asked.purpose == "soa"}
    found: dict[Address, AuthorityTries] = {}
    for host, seen in ((h.name, s) for h in facts.hosts for s in h.soa):
        if seen.transport == "udp" and scales.soa(seen).is_up:
            tries = _together(known.get(seen.server, ()), seen.tries)
            asked = AuthorityTries(host=host, server=seen.server, name=facts.zone, type="SOA", tries=tries, purpose="soa")
            found.setdefault(seen.server, asked)
    return list(found.values())


def _together(looked_at: tuple[DnsTry, ...], seen: tuple[DnsTry, ...]) -> tuple[DnsTry, ...]:
    known = {tried.start for tried in looked_at}
    return (*looked_at, *(tried for tried in seen if tried.start not in known))


def _keys(asked: tuple[AuthorityTries, ...]) -> tuple[Key, ...]:
    """Every key that any server gave, each once."""
    answers = [t.answer for a in asked if a.type == "DNSKEY" for t in a.tries if t.answer is not None]
    keys = {key.rdata: key for answer in answers for key in read_keys(answer)}
    return tuple(keys[rdata] for rdata in sorted(keys))[:KEYS_KEPT]
