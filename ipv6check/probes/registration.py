"""The registration that a target's name rests on."""

from typing import Final

from ipv6check.facts import Evidence, RegistrationFacts
from ipv6check.model import Target
from ipv6check.net.api import Net
from ipv6check.net.rdap import Rdap
from ipv6check.probes import delegation

SECOND_LEVEL: Final = ("ac", "ai", "biz", "com", "edu", "gov", "health", "id", "info", "int", "io", "name", "net", "org", "pro")
SUFFIXES: Final = frozenset(f"{label}.vn" for label in SECOND_LEVEL)
"""Second-level names of the registry: names are registered below them (Circular 24/2015/TT-BTTTT, art. 5)."""


async def look(target: Target, seen: Evidence, net: Net, rdap: Rdap) -> RegistrationFacts:
    """Ask for the registration, once."""
    return seen.registration or await rdap.domain(registered_name(target.domain))


def registered_name(domain: str) -> str:
    """The name that was registered: the one right below a suffix of the registry."""
    names = [*delegation.ancestors(domain)]
    above = next((n for n, name in enumerate(names) if name in SUFFIXES), len(names) - 1)
    return names[max(0, above - 1)]
