"""Evidence as it would be if one fact of the name servers were different: what worked elsewhere is copied to where it should.

Nothing is invented: a server that is to serve over IPv6 says what it, or the server beside it, said over IPv4. What a change
does not reach stays as it was seen.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from ipaddress import IPv6Address
from typing import Final

from ipv6check.addressing import Address
from ipv6check.facts import (
    Answer,
    AuthorityTries,
    DnsTry,
    Evidence,
    Iteration,
    NameserverFacts,
    NameserverHost,
    family_of,
    is_within,
)
from ipv6check.scales import Scales

Change = Callable[[Evidence], Evidence]
Donor = tuple[str, Address]
"""A name server and one of its addresses that serves."""

LACKS_RECORD: Final = frozenset({"no-glue", "no-address"})
"""Why a server could not be asked by IPv6 alone where its own record, or its glue, is what lacks."""

IMAGINED: Final = 0x2400 << 112
"""Where the address of a server that has none yet is made up: global unicast, and no form of its IPv4 address (NS-13)."""


def imagined(address: Address) -> IPv6Address:
    """An IPv6 address for the server at this IPv4 address; never dialled, never shown."""
    return IPv6Address(IMAGINED | (int(address) ^ 0xFFFFFFFF) << 16 | 0x53)


def gets_aaaa(host: str) -> Change:
    """A name server gets an AAAA, with its glue, and serves there as it serves over IPv4."""

    def change(evidence: Evidence) -> Evidence:
        donor = donor_for(evidence, host, families=(4,), only_itself=True)
        if donor is None:
            return evidence
        address = imagined(donor[1])
        evidence = _in_zones(evidence, lambda facts: _glued(_addressed(facts, host, address), host))
        return resolved_again(_served(evidence, host, address, donor))

    return change


def answers(host: str, address: Address) -> Change:
    """An address of a name server answers as the server does over IPv4, or as another of the zone does."""

    def change(evidence: Evidence) -> Evidence:
        donor = donor_for(evidence, host)
        return evidence if donor is None else resolved_again(_served(evidence, host, address, donor))

    return change


def gets_glue(host: str) -> Change:
    """The parent hands out a name server's AAAA as the zone has it."""
    return lambda evidence: resolved_again(_in_zones(evidence, lambda facts: _glued(facts, host)))


def all_of(changes: Iterable[Change]) -> Change:
    """Several changes, one after another."""
    kept = tuple(changes)

    def change(evidence: Evidence) -> Evidence:
        for one in kept:
            evidence = one(evidence)
        return evidence

    return change


def donor_for(evidence: Evidence, host: str, *, families: Sequence[int] = (4, 6), only_itself: bool = False) -> Donor | None:
    """An address that serves the zone, from which a server's answers can be taken: its own first. None: nothing serves."""
    facts = evidence.nameservers
    if facts is None:
        return None
    scales = Scales(evidence, zone=facts.zone)
    serving = [
        (one.name, asked.server)
        for one in facts.hosts
        for asked in one.soa
        if asked.transport == "udp" and family_of(asked.server) in families and scales.soa(asked).is_up
    ]
    own = [donor for donor in serving if donor[0] == host]
    return next(iter(own if only_itself else (*own, *serving)), None)


def _in_zones(evidence: Evidence, change: Callable[[NameserverFacts], NameserverFacts]) -> Evidence:
    """The same change in the target's zone and in those of its mail servers."""
    if evidence.nameservers is not None:
        evidence = replace(evidence, nameservers=change(evidence.nameservers))
    if evidence.mail_zones is not None:
        zones = tuple(change(zone) for zone in evidence.mail_zones.zones)
        evidence = replace(evidence, mail_zones=replace(evidence.mail_zones, zones=zones))
    return evidence


def _each_host(facts: NameserverFacts, host: str, change: Callable[[NameserverHost], NameserverHost]) -> NameserverFacts:
    return replace(facts, hosts=tuple(change(one) if one.name == host else one for one in facts.hosts))


def _addressed(facts: NameserverFacts, host: str, address: Address) -> NameserverFacts:
    """A server's name with an AAAA record: the answer to the question for its A, with this record."""

    def change(one: NameserverHost) -> NameserverHost:
        tries = tuple(_with_record(t, str(address)) for t in one.lookups.a.tries if t.answer is not None)
        return replace(one, lookups=replace(one.lookups, aaaa=replace(one.lookups.aaaa, tries=tries, unchecked=())))

    facts = _each_host(facts, host, change)
    return replace(facts, outside=tuple(_found(one, str(address)) if one.name == host else one for one in facts.outside))


def _with_record(tried: DnsTry, record: str) -> DnsTry:
    return replace(tried, answer=replace(tried.answer, records=(record,)) if tried.answer is not None else None)


def _glued(facts: NameserverFacts, host: str) -> NameserverFacts:
    """The AAAA of a server in the parent's hands: as glue, or where the way to a server outside broke for want of it."""
    known = next((one for one in facts.hosts if one.name == host), None)
    texts = tuple(str(address) for address in known.lookups.aaaa.addresses) if known else ()
    if not texts:
        return facts
    if is_within(host, facts.zone) and host in facts.from_parent:
        return replace(
            facts,
            delegation=_with_glue(facts.delegation, host, texts),
            glue_over_tcp=_with_glue(facts.glue_over_tcp, host, texts),
        )
    outside = tuple(_led_on(one, host, texts) for one in facts.outside)
    return replace(facts, outside=outside)


def _with_glue(tried: DnsTry | None, host: str, texts: Sequence[str]) -> DnsTry | None:
    if tried is None or tried.answer is None or not tried.answer.referral:
        return tried
    others = tuple((name, text) for name, text in tried.answer.glue if name != host or ":" not in text)
    return replace(tried, answer=replace(tried.answer, glue=(*others, *((host, text) for text in texts))))


def _led_on(iteration: Iteration, host: str, texts: Sequence[str]) -> Iteration:
    """A way to a server's address that broke where this very server lacked its glue."""
    lacks = iteration.name == host and lacking_glue(iteration) is not None
    return _found(iteration, *texts) if lacks else iteration


def lacking_glue(iteration: Iteration) -> str | None:
    """The zone in which a server's own address was sought in vain for want of its glue, None where that was not so."""
    last = iteration.steps[-1] if iteration.broken and iteration.steps else None
    if last is None or last.zone != iteration.broken or not is_within(iteration.name, last.zone):
        return None
    return last.zone if any(name == iteration.name and why in LACKS_RECORD for name, why in last.unusable) else None


def _found(iteration: Iteration, *records: str) -> Iteration:
    """The address is there, unless the way to it breaks for another reason."""
    if iteration.broken and lacking_glue(iteration) is None:
        return iteration
    return _ended(iteration, Answer(rcode="NOERROR", records=records))


def _ended(iteration: Iteration, answer: Answer) -> Iteration:
    """The same way, with its last zone passed and this answer at its end."""
    steps = (*iteration.steps[:-1], *(replace(step, is_answered=True) for step in iteration.steps[-1:]))
    return replace(iteration, steps=steps, rcode=answer.rcode, records=answer.records, aliases=answer.aliases, broken="")


def _served(evidence: Evidence, host: str, address: Address, donor: Donor) -> Evidence:
    """Everything that was asked of the donor is answered by this address of this server in the same way."""
    evidence = _in_zones(evidence, lambda facts: _serving(facts, host, address, donor))
    if evidence.authority is not None:
        answers = _like(evidence.authority.answers, host, address, donor)
        evidence = replace(evidence, authority=replace(evidence.authority, answers=answers))
    if evidence.dnssec is not None:
        evidence = replace(evidence, dnssec=replace(evidence.dnssec, asked=_like(evidence.dnssec.asked, host, address, donor)))
    return evidence


def _serving(facts: NameserverFacts, host: str, address: Address, donor: Donor) -> NameserverFacts:
    name, server = donor
    given = [asked for one in facts.hosts if one.name == name for asked in one.soa if asked.server == server]
    soa = tuple(replace(asked, server=address, tries=_moved(asked.tries, address)) for asked in given)
    if not soa:
        return facts

    def change(one: NameserverHost) -> NameserverHost:
        return replace(one, soa=(*(asked for asked in one.soa if asked.server != address), *soa))

    return replace(_each_host(facts, host, change), asked=_like(facts.asked, host, address, donor))


def _like(asked: Sequence[AuthorityTries], host: str, address: Address, donor: Donor) -> tuple[AuthorityTries, ...]:
    copies = [
        replace(one, host=host, server=address, tries=_moved(one.tries, address))
        for one in asked
        if (one.host, one.server) == donor
    ]
    return (*(one for one in asked if one.server != address), *copies)


def _moved(tries: Iterable[DnsTry], address: Address) -> tuple[DnsTry, ...]:
    """The good tries, as if made to another address."""
    return tuple(replace(t, server=address) for t in tries if t.failure is None)


def resolved_again(evidence: Evidence) -> Evidence:
    """The ways by IPv6 alone that broke in a zone whose servers can now be found and asked: they reach their ends."""
    own = (evidence.nameservers,) if evidence.nameservers else ()
    zones = (*own, *(evidence.mail_zones.zones if evidence.mail_zones else ()))
    passable = [facts.zone for facts in zones if can_be_asked(facts, Scales(evidence, zone=facts.zone))]
    if evidence.resolution is not None:
        ways = tuple(_passed(way, passable, evidence) for way in evidence.resolution.iterations)
        evidence = replace(evidence, resolution=replace(evidence.resolution, iterations=ways))
    if evidence.mail_zones is not None:
        ways = tuple(_passed(way, passable, evidence) for way in evidence.mail_zones.hosts)
        evidence = replace(evidence, mail_zones=replace(evidence.mail_zones, hosts=ways))
    return evidence


def can_be_asked(facts: NameserverFacts, scales: Scales) -> bool:
    """Whether a server of the zone serves over IPv6 at an address that IPv6 alone leads to."""
    return any(
        scales.soa(asked).is_up and str(asked.server) in _known_by_ipv6(facts, host.name)
        for host in facts.hosts
        for asked in host.soa
        if asked.transport == "udp" and family_of(asked.server) == 6
    )


def _known_by_ipv6(facts: NameserverFacts, host: str) -> frozenset[str]:
    """The addresses of a server that whoever has only IPv6 learns: from glue, or from the way to its name."""
    if is_within(host, facts.zone):
        answer = facts.delegation.answer if facts.delegation else None
        return frozenset(text for name, text in (answer.glue if answer else ()) if name == host)
    return frozenset(record for way in facts.outside if way.name == host and not way.broken for record in way.records)


def _passed(way: Iteration, passable: Collection[str], evidence: Evidence) -> Iteration:
    """A way that broke in one of these zones, at the end that the resolver found; unless it leads out of the zone there."""
    answer = _known(way, evidence)
    is_last = bool(way.steps) and way.steps[-1].zone == way.broken
    if way.broken not in passable or not is_last or answer is None:
        return way
    leads_out = any(not is_within(alias, way.broken) for alias in answer.aliases)
    return way if leads_out else _ended(way, answer)


def _known(way: Iteration, evidence: Evidence) -> Answer | None:
    """What the resolver said to the same question."""
    facts = evidence.dns
    names = (facts.listed, facts.www, *facts.mail_hosts) if facts else ()
    lookups = [*(name.aaaa for name in names), *((facts.mx,) if facts and facts.mx else ())]
    found = next((one for one in lookups if (one.name, one.type) == (way.name, way.type)), None)
    return found.answer if found else None
