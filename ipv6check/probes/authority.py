"""What each name server that answers for the zone says itself of the target's names (RFC 4074: AAAA questions break some)."""

import asyncio
from dataclasses import replace

from ipv6check.facts import AuthorityFacts, AuthorityTries, Evidence
from ipv6check.model import Target
from ipv6check.net.api import Net
from ipv6check.scales import Scales
from ipv6check.tries import is_unsettled as is_open
from ipv6check.tries import wants_try


async def look(target: Target, seen: Evidence, net: Net) -> AuthorityFacts:
    """Ask every server address that gave a good SOA for the AAAA of the listed name, and of www where it exists."""
    assert seen.nameservers is not None
    assert seen.dns is not None
    names = [target.domain] + [seen.dns.www.name] * seen.dns.www.exists
    known = {(a.server, a.name): a for a in seen.authority.answers} if seen.authority else {}
    scales = Scales(seen, open_ended=True)
    wanted = [
        known.get((asked.server, name)) or AuthorityTries(host=host.name, server=asked.server, name=name, type="AAAA")
        for host in seen.nameservers.hosts
        for asked in host.soa
        if asked.transport == "udp" and scales.soa(asked).is_up
        for name in names
    ]
    answers = await asyncio.gather(*(_ask(asked, seen, net) for asked in wanted))
    return AuthorityFacts(zone=seen.dns.zone, answers=tuple(answers))


def is_unsettled(seen: Evidence) -> bool:
    """Whether a server that answers otherwise was silent too seldom to be believed."""
    answers = seen.authority.answers if seen.authority else ()
    scales = Scales(seen, open_ended=True)
    return any(is_open(scales.authority(asked)) or scales.is_slow_once(asked.tries) for asked in answers)


async def _ask(asked: AuthorityTries, seen: Evidence, net: Net) -> AuthorityTries:
    scales = Scales(seen, open_ended=True)
    if asked.tries and not wants_try(scales.authority(asked)) and not scales.is_slow_once(asked.tries):
        return asked
    tried = await net.ask(asked.server, asked.name, asked.type, host=asked.host, again=len(asked.tries))
    return replace(asked, tries=(*asked.tries, tried))
