"""The listed name, www and the MX set resolved from the root by IPv6 alone, and the zones of the mail servers."""

import asyncio
from dataclasses import replace

from ipv6check.facts import AuthorityTries, DnsTry, Evidence, Iteration, MailZoneFacts, NameserverFacts, ResolutionFacts
from ipv6check.model import Target
from ipv6check.net.api import Net
from ipv6check.probes import delegation
from ipv6check.probes.iteration import Iterator, without_message
from ipv6check.probes.nameservers import is_iteration_unsettled, is_zone_unsettled, look_at_zone
from ipv6check.probes.records import mail_hosts
from ipv6check.scales import Scales


async def look(target: Target, seen: Evidence, net: Net) -> ResolutionFacts:
    """Resolve AAAA of the listed name, the MX set, and AAAA of www where it exists."""
    assert seen.dns is not None
    before = seen.resolution.iterations if seen.resolution else ()
    iterator = Iterator(net, Scales(seen, open_ended=True), before)
    wanted = [(target.domain, "AAAA"), (target.domain, "MX")] + [(seen.dns.www.name, "AAAA")] * seen.dns.www.exists
    return ResolutionFacts(iterations=tuple(await asyncio.gather(*(iterator.resolve(name, rdtype) for name, rdtype in wanted))))


def is_unsettled(seen: Evidence) -> bool:
    """Whether a zone that could not be passed was tried too seldom."""
    return _any_open(seen.resolution.iterations if seen.resolution else (), seen)


async def look_at_mail(target: Target, seen: Evidence, net: Net) -> MailZoneFacts:
    """Look at the zone of each mail server's name as at the target's own, and resolve its AAAA by IPv6 alone."""
    assert seen.dns is not None
    assert seen.dns.mx is not None
    before = seen.mail_zones or MailZoneFacts()
    hosts, scales = mail_hosts(seen.dns.mx), Scales(seen, open_ended=True)
    zone_of = dict(before.zone_of)
    for host in hosts:
        if not zone_of.get(host):
            zone_of[host], _ = await delegation.find_zone(host, net, tries=scales.definitive)
    known = {facts.zone: facts for facts in before.zones}
    zones = []
    for zone in dict.fromkeys(zone_of[host] for host in hosts if zone_of[host]):
        looked = await look_at_zone(zone, known.get(zone), Scales(seen, open_ended=True, zone=zone), net)
        zones.append(_without_messages(looked))
    iterator = Iterator(net, scales, before.hosts)
    return MailZoneFacts(
        zones=tuple(zones),
        hosts=tuple(await asyncio.gather(*(iterator.resolve(host, "AAAA") for host in hosts))),
        zone_of=tuple(zone_of.items()),
    )


def is_mail_unsettled(seen: Evidence) -> bool:
    """Whether a mail server's zone wants another pass."""
    facts = seen.mail_zones
    if facts is None:
        return False
    return _any_open(facts.hosts, seen) or any(
        is_zone_unsettled(zone, Scales(seen, open_ended=True, zone=zone.zone)) for zone in facts.zones
    )


def _any_open(iterations: tuple[Iteration, ...], seen: Evidence) -> bool:
    scales = Scales(seen, open_ended=True)
    return any(is_iteration_unsettled(iteration, scales) for iteration in iterations)


def _without_messages(facts: NameserverFacts) -> NameserverFacts:
    """The same without the messages as they came: every target of a mail provider would store its zone's."""
    hosts = [replace(h, soa=tuple(replace(s, tries=_lean(s.tries)) for s in h.soa)) for h in facts.hosts]
    asked: list[AuthorityTries] = [replace(a, tries=_lean(a.tries)) for a in facts.asked]
    return replace(facts, hosts=tuple(hosts), asked=tuple(asked))


def _lean(tries: tuple[DnsTry, ...]) -> tuple[DnsTry, ...]:
    return tuple(map(without_message, tries))
