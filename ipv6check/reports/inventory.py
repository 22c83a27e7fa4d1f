"""The Internet resources that a run's domains rest on: prefixes, AS numbers, name servers and who operates them."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import ip_network
from typing import Final

from ipv6check.facts import AddressFacts, Evidence, Family, NameserverFacts, NameserverHost, RouteFact, family_of
from ipv6check.reports.operators import operator_of
from ipv6check.scales import Scales
from ipv6check.tries import State

WORST_FIRST: Final = ("Invalid", "NotFound", "Valid", "")
"""By RFC 6811; "" where no table could tell."""


@dataclass(slots=True)
class Prefix:
    """A routed prefix. `origins` are AS numbers, None for an AS_SET; `dates` the dates of the tables that spoke of it."""

    prefix: str
    holders: dict[str, None] = field(default_factory=dict)
    countries: dict[str, None] = field(default_factory=dict)
    origins: dict[int | None, None] = field(default_factory=dict)
    validity: str = ""
    dates: dict[str, datetime] = field(default_factory=dict)
    domains: set[str] = field(default_factory=set)

    @property
    def order(self) -> tuple[int, int, int]:
        """IPv6 first, then by address."""
        try:
            network = ip_network(self.prefix)
        except ValueError:
            return 0, 0, 0
        return -network.version, int(network.network_address), network.prefixlen


@dataclass(slots=True)
class Autonomous:
    """An AS number that originates a prefix; `hosted` are the domains whose own addresses are in it, name servers' apart."""

    number: int
    name: str = ""
    country: str = ""
    domains: set[str] = field(default_factory=set)
    hosted: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Operator:
    """Who operates name servers. `states` are how each of its servers does over IPv6, the worst over the zones."""

    name: str
    states: dict[str, str] = field(default_factory=dict)
    domains: dict[str, None] = field(default_factory=dict)
    agencies: Counter[str] = field(default_factory=Counter)


class Inventory:
    """Tallies one run's domains; holds names and counts, never evidence."""

    def __init__(self) -> None:
        self._prefixes: dict[str, Prefix] = {}
        self._numbers: dict[int, Autonomous] = {}
        self._operators: dict[str, Operator] = {}
        self.missing: dict[str, str] = {}
        """Tables that could not be asked, and why."""

    def add(self, evidence: Evidence) -> None:
        """Note what one domain rests on."""
        assert evidence.target is not None
        for facts in (evidence.resources, evidence.server_resources):
            for address in facts.addresses if facts else ():
                self._add_address(address, evidence.target.domain, is_own=facts is evidence.resources)
        if evidence.nameservers is not None:
            self._add_servers(evidence.nameservers, evidence)

    def _add_address(self, facts: AddressFacts, domain: str, *, is_own: bool) -> None:
        self.missing |= dict(facts.problems)
        for route in facts.followed:
            row = self._prefixes.setdefault(route.prefix, Prefix(route.prefix, validity=route.validity))
            row.domains.add(domain)
            row.origins[route.origin] = None
            row.holders |= dict.fromkeys(filter(None, (facts.holder,)))
            row.countries |= dict.fromkeys(filter(None, (facts.country,)))
            row.validity = _worse(row.validity, route.validity)
            row.dates |= dict(facts.dates)
            self._add_number(route, domain, is_own=is_own)

    def _add_number(self, route: RouteFact, domain: str, *, is_own: bool) -> None:
        if route.origin is not None:
            number = self._numbers.setdefault(route.origin, Autonomous(route.origin, route.as_name, route.origin_country))
            number.domains.add(domain)
            if is_own:
                number.hosted.add(domain)

    def _add_servers(self, facts: NameserverFacts, evidence: Evidence) -> None:
        assert evidence.target is not None
        scales = Scales(evidence, zone=facts.zone)
        hosts: dict[str, list[NameserverHost]] = {}
        for host in facts.hosts:
            hosts.setdefault(operator_of(host.name, facts), []).append(host)
        for name, own in hosts.items():
            operator = self._operators.setdefault(name, Operator(name))
            operator.domains[evidence.target.domain] = None
            operator.agencies[evidence.target.agency] += 1
            for host in own:
                state = state_by(host, 6, scales)
                operator.states[host.name] = min(operator.states.get(host.name, state), state, key=STATES.index)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is known."""
        return not (self._prefixes or self._operators)

    def prefixes(self) -> list[Prefix]:
        """IPv6 first, then by address."""
        return sorted(self._prefixes.values(), key=lambda row: row.order)

    def numbers(self) -> list[Autonomous]:
        """Those that most domains rest on first."""
        return sorted(self._numbers.values(), key=lambda row: (-len(row.domains), row.number))

    def operators(self) -> list[Operator]:
        """Those that most domains hang on first."""
        return sorted(self._operators.values(), key=lambda row: (-len(row.domains), row.name))

    @property
    def dates(self) -> dict[str, datetime]:
        """The date of each table that spoke."""
        return {table: date for row in self._prefixes.values() for table, date in row.dates.items()}


STATES: Final = ("bad", "none", "unsteady", "unseen", "good")
"""How a server does by one family, the worst first; `none`: it has no address."""


def state_by(host: NameserverHost, family: Family, scales: Scales) -> str:
    """How one server does by a family, a key of `STATES`: one address that fails is a fault."""
    weighed = [scales.soa(s).state for s in host.soa if family_of(s.server) == family and s.transport == "udp"]
    if not weighed:
        answer = (host.lookups.aaaa if family == 6 else host.lookups.a).answer
        return "none" if answer is not None and not host.lookups.of_family(family) else "unseen"
    if State.FAILED in weighed:
        return "bad"
    return "unseen" if State.UNSEEN in weighed else "unsteady" if State.UNSTABLE in weighed else "good"


def _worse(one: str, other: str) -> str:
    """The worse of two validities; a known one rather than an unknown one."""
    return min(one, other, key=_rank)


def _rank(validity: str) -> int:
    return WORST_FIRST.index(validity) if validity in WORST_FIRST else len(WORST_FIRST)
