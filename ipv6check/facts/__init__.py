"""What was seen: one frozen dataclass per probe, and Evidence, which joins them for one target.

The only language that probes and rules share. Every try keeps its start and end (aware UTC), address, port and transport,
and either what came back or the Failure; never None for an error. Fields are only ever added, with defaults.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from ipv6check.facts.attempt import ADDRESSES_PER_FAMILY, FAMILIES, Attempt, Family, family_of
from ipv6check.facts.dns import (
    Answer,
    AuthorityFacts,
    AuthorityTries,
    DnsFacts,
    DnsTry,
    Lookup,
    NameLookups,
    NameserverFacts,
    NameserverHost,
    ServerTries,
    usable_addresses,
)
from ipv6check.facts.vantage import Canary, VantageFacts
from ipv6check.facts.web import (
    AddressWeb,
    Certificate,
    Chain,
    Fetch,
    Hop,
    HostReach,
    NameWeb,
    PortTries,
    ReachabilityFacts,
    TcpTry,
    TlsTry,
    WebFacts,
)
from ipv6check.model import Target

__all__ = [
    "ADDRESSES_PER_FAMILY",
    "FAMILIES",
    "SCHEMA",
    "AddressWeb",
    "Answer",
    "Attempt",
    "AuthorityFacts",
    "AuthorityTries",
    "Canary",
    "Certificate",
    "Chain",
    "DnsFacts",
    "DnsTry",
    "Evidence",
    "Family",
    "Fetch",
    "Hop",
    "HostReach",
    "Lookup",
    "NameLookups",
    "NameWeb",
    "NameserverFacts",
    "NameserverHost",
    "PortTries",
    "ReachabilityFacts",
    "RunFacts",
    "ServerTries",
    "TcpTry",
    "TlsTry",
    "VantageFacts",
    "WebFacts",
    "family_of",
    "usable_addresses",
]

SCHEMA: Final = 1
"""Number of the shape of stored facts; a changed meaning would take a new number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """The conditions of a run that its verdicts rest on."""

    id: str
    started: datetime
    vantage: str
    country: str
    tries: int
    version: str
    planned: int = 0
    finished: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that was seen for one target in one run. What is None was not looked at."""

    target: Target | None = None
    run: RunFacts | None = None
    vantage: tuple[VantageFacts, ...] = ()
    opted_out: bool = False
    dns: DnsFacts | None = None
    nameservers: NameserverFacts | None = None
    authority: AuthorityFacts | None = None
    reachability: ReachabilityFacts | None = None
    web: WebFacts | None = None

    def with_facts(self, probe: str, facts: Any) -> "Evidence":
        """Return a copy in which one probe's facts are these."""
        if probe == "vantage":
            return replace(self, vantage=(*self.vantage, facts))
        return replace(self, **{probe: facts})
