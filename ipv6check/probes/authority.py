"""What each name server that answers for the zone says itself of the target's names (RFC 4074: AAAA questions break some)."""

from ipv6check.facts import AuthorityFacts, Evidence
from ipv6check.model import Target
from ipv6check.net.api import Net
from ipv6check.probes.asking import answering_servers, ask_all, doubtful, questions
from ipv6check.probes.dnssec import signed
from ipv6check.scales import Scales
from ipv6check.tries import is_unsettled as is_open


async def look(target: Target, seen: Evidence, net: Net) -> AuthorityFacts:
    """Ask every server address that gave a good SOA for AAAA and A of the listed name, and of www where it exists."""
    assert seen.nameservers is not None
    assert seen.dns is not None
    scales, zone = Scales(seen, open_ended=True), seen.dns.zone
    names = [target.domain] + [seen.dns.www.name] * seen.dns.www.exists
    servers = answering_servers(seen.nameservers, scales)
    wanted = [asked for name in names for rdtype in ("AAAA", "A") for asked in questions(servers, name, rdtype)]
    before = seen.authority.answers if seen.authority else ()
    answers = await ask_all(wanted, before, net, scales.authority, scales)
    keys = seen.dnssec.keys if seen.dnssec else ()
    return AuthorityFacts(zone=zone, answers=await signed(answers, zone, keys))


def is_unsettled(seen: Evidence) -> bool:
    """Whether a server that answers otherwise was silent too seldom to be believed."""
    answers = seen.authority.answers if seen.authority else ()
    scales = Scales(seen, open_ended=True)
    return bool(doubtful(answers, scales)) or any(is_open(scales.authority(asked)) for asked in answers)
