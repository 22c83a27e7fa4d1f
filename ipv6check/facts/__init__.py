"""What was seen: one frozen dataclass per probe, and Evidence, which joins them for one target.

The only language that probes and rules share. Every try keeps its start and end (aware UTC), address, port and transport,
and either what came back or the Failure; never None for an error. Fields are only ever added, with defaults.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from ipv6check.facts.attempt import ADDRESSES_PER_FAMILY, FAMILIES, Attempt, Family, family_of
from ipv6check.facts.dns import (
    NO_GLUE,
    UNREACHABLE_ERRORS,
    UNRESOLVED,
    Answer,
    AuthorityFacts,
    AuthorityTries,
    DnsFacts,
    DnsTry,
    Iteration,
    Lookup,
    MailZoneFacts,
    NameLookups,
    NameserverFacts,
    NameserverHost,
    ResolutionFacts,
    ServerTries,
    Signature,
    ZoneStep,
    is_within,
    plain_name,
    usable_addresses,
)
from ipv6check.facts.dnssec import DelegationSigner, DnssecFacts, Key
from ipv6check.facts.registration import RegistrationFacts
from ipv6check.facts.resources import AddressFacts, ResourceFacts, RouteFact
from ipv6check.facts.vantage import Canary, EffortFacts, VantageFacts, When
from ipv6check.facts.web import (
    LAST_DAYS,
    AddressWeb,
    Certificate,
    Chain,
    FalseCertificate,
    Fetch,
    Hop,
    HostReach,
    NameWeb,
    PortTries,
    ReachabilityFacts,
    TcpTry,
    TlsTry,
    WebFacts,
    false_certificate,
)
from ipv6check.model import Target

__all__ = [
    "ADDRESSES_PER_FAMILY",
    "FAMILIES",
    "LAST_DAYS",
    "NO_GLUE",
    "SCHEMA",
    "UNREACHABLE_ERRORS",
    "UNRESOLVED",
    "AddressFacts",
    "AddressWeb",
    "Answer",
    "Attempt",
    "AuthorityFacts",
    "AuthorityTries",
    "Canary",
    "Certificate",
    "Chain",
    "DelegationSigner",
    "DnsFacts",
    "DnsTry",
    "DnssecFacts",
    "EffortFacts",
    "Evidence",
    "FalseCertificate",
    "Family",
    "Fetch",
    "Hop",
    "HostReach",
    "Iteration",
    "Key",
    "Lookup",
    "MailZoneFacts",
    "NameLookups",
    "NameWeb",
    "NameserverFacts",
    "NameserverHost",
    "PortTries",
    "ReachabilityFacts",
    "RegistrationFacts",
    "ResolutionFacts",
    "ResourceFacts",
    "RouteFact",
    "RunFacts",
    "ServerTries",
    "Signature",
    "TcpTry",
    "TlsTry",
    "VantageFacts",
    "WebFacts",
    "When",
    "ZoneStep",
    "false_certificate",
    "family_of",
    "is_within",
    "plain_name",
    "usable_addresses",
]

SCHEMA: Final = 1
"""Number of the shape of stored facts; a changed meaning would take a new number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """The conditions of a run that its verdicts rest on, and what it took so far (`efforts`, which are observed).

    `is_partial`: only some of the lists' targets, or some families of checks, were asked for.
    """

    id: str
    started: datetime
    vantage: str
    country: str
    tries: int
    version: str
    planned: int = 0
    finished: int | None = None
    efforts: tuple[EffortFacts, ...] = ()
    is_partial: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that was seen for one target in one run. What is None was not looked at."""

    target: Target | None = None
    run: RunFacts | None = None
    vantage: tuple[VantageFacts, ...] = ()
    opted_out: bool = False
    dns: DnsFacts | None = None
    nameservers: NameserverFacts | None = None
    dnssec: DnssecFacts | None = None
    authority: AuthorityFacts | None = None
    resolution: ResolutionFacts | None = None
    mail_zones: MailZoneFacts | None = None
    resources: ResourceFacts | None = None
    server_resources: ResourceFacts | None = None
    registration: RegistrationFacts | None = None
    reachability: ReachabilityFacts | None = None
    web: WebFacts | None = None

    def with_facts(self, probe: str, facts: Any) -> "Evidence":
        """Return a copy in which one probe's facts are these."""
        if probe == "vantage":
            return replace(self, vantage=(*self.vantage, facts))
        return replace(self, **{probe: facts})
