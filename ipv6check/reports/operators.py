"""Who operates a name server, as far as its name tells."""

from typing import Final

from ipv6check.facts import NameserverFacts, is_within

SHORTEST: Final = 2
"""Labels that a name must keep: the operator of a name right below a top-level domain is that name."""


def operator_of(host: str, facts: NameserverFacts) -> str:
    """The zone a name server's name lies in: `ns1.vnnic.vn` is of `vnnic.vn`; a server inside the zone is the zone's own.

    Where no way led to that zone, it is the name without its first label.
    """
    if is_within(host, facts.zone):
        return facts.zone
    way = next((way for way in facts.outside if way.name == host and not way.broken), None)
    zones = [step.zone for step in way.steps if is_within(host, step.zone)] if way else []
    if zones:
        return max(zones, key=len)
    _, _, above = host.partition(".")
    return above if above.count(".") + 1 >= SHORTEST else host
